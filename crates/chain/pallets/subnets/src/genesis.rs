//! The networks of genesis: the shared parameters, root, and subnets. spec tokenomics §10

use crate::{Config, DefaultParameters, GenesisConfig, GenesisSubnet, Launch, Network, Pallet, ReadSubnets};
use myelin_primitives::{Amount, NetUid};
use myelin_records::{
    parameters::{NetworkParameters, Parameters},
    subnet::Subnet,
};

impl<T: Config> GenesisConfig<T> {
    /// Writes all networks of genesis.
    ///
    /// # Panics
    /// If the genesis breaks a rule. The message names the rule.
    pub(crate) fn write(&self) {
        let default = self.default_parameters.applied_to(&Parameters::default());
        let network = self.network(&default);
        assert_eq!(network.validate(), Ok(()), "subnets.networkParameters do not go together");
        Network::<T>::put(&network);
        // The listeners to the networks of genesis read it.
        Launch::<T>::put(self.launch);

        assert_eq!(default.validate(&network), Ok(()), "subnets.defaultParameters do not go together");
        DefaultParameters::<T>::put(&default);
        let root = self.root_parameters.applied_to(&Parameters::root());
        check(NetUid::ROOT, &root, &network, "subnets.rootParameters");
        begin::<T>(NetUid::ROOT, (None, None), &root);

        for GenesisSubnet { netuid, owner, parameters } in &self.subnets {
            assert!(!Pallet::<T>::exists(*netuid), "subnets.subnets has netuid {netuid} twice; 0 is root");
            let parameters = parameters.applied_to(&default);
            check(*netuid, &parameters, &network, "the parameters of a subnet in subnets.subnets");
            let owner = owner.as_ref().map(|owner| (owner.coldkey.clone(), owner.hotkey.clone()));
            begin::<T>(*netuid, owner.unzip(), &parameters);
        }
    }

    /// Returns the parameters of all networks. A floor that genesis does not name is at most what it names for new
    /// subnets. spec subnets-and-neurons §18
    fn network(&self, default: &Parameters) -> NetworkParameters {
        let patch = &self.network_parameters;
        let mut network = patch.applied_to(&NetworkParameters::default());
        if patch.min_rate_limit.is_none() {
            let lower = default.weights_set_rate_limit.min(default.serving_rate_limit);
            network.min_rate_limit = network.min_rate_limit.min(lower);
        }
        if patch.min_work_difficulty.is_none() {
            network.min_work_difficulty = network.min_work_difficulty.min(default.min_difficulty);
        }
        network
    }
}

/// Checks that parameters are consistent.
fn check(netuid: NetUid, parameters: &Parameters, network: &NetworkParameters, what: &str) {
    assert_eq!(parameters.validate_on(netuid, network), Ok(()), "{what} do not go together");
}

/// Creates a network in block 0, for which nothing is locked.
fn begin<T: Config>(
    netuid: NetUid,
    (owner, owner_hotkey): (Option<T::AccountId>, Option<T::AccountId>),
    parameters: &Parameters,
) {
    let subnet = Subnet { registered_at: 0, owner, owner_hotkey, locked: Amount::ZERO };
    assert_eq!(Pallet::<T>::begin_network(netuid, &subnet, parameters), Ok(()), "network {netuid} cannot begin");
}
