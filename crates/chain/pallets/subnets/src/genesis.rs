//! The networks of genesis: the shared parameters, root, and subnets. spec tokenomics §10

use crate::{Config, DefaultParameters, GenesisConfig, GenesisSubnet, Launch, Network, Pallet, ReadSubnets};
use alloc::vec::Vec;
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
        let root = self.root_parameters.applied_to(&Parameters::root());
        let subnets: Vec<_> =
            self.subnets.iter().map(|subnet| (subnet, subnet.parameters.applied_to(&default))).collect();

        let every = [&default, &root].into_iter().chain(subnets.iter().map(|(_, parameters)| parameters));
        let network = self.network(every);
        assert_eq!(network.validate(), Ok(()), "subnets.networkParameters do not go together");
        Network::<T>::put(&network);
        // The listeners to the networks of genesis read it.
        Launch::<T>::put(self.launch);

        check(NetUid::new(1), &default, &network, "subnets.defaultParameters");
        DefaultParameters::<T>::put(&default);
        check(NetUid::ROOT, &root, &network, "subnets.rootParameters");
        begin::<T>(NetUid::ROOT, (None, None), &root);

        for (GenesisSubnet { netuid, owner, .. }, parameters) in subnets {
            assert!(!Pallet::<T>::exists(*netuid), "subnets.subnets has netuid {netuid} twice; 0 is root");
            check(*netuid, &parameters, &network, "the parameters of a subnet in subnets.subnets");
            let owner = owner.as_ref().map(|owner| (owner.coldkey.clone(), owner.hotkey.clone()));
            begin::<T>(*netuid, owner.unzip(), &parameters);
        }
    }

    /// Returns the parameters of all networks, given those of every network.
    ///
    /// A floor that genesis does not name makes room for the values that it names. spec subnets-and-neurons §18
    fn network<'a>(&self, every: impl Iterator<Item = &'a Parameters>) -> NetworkParameters {
        let patch = &self.network_parameters;
        let mut network = patch.applied_to(&NetworkParameters::default());
        for parameters in every {
            let rates = [parameters.tempo.into(), parameters.weights_set_rate_limit, parameters.serving_rate_limit];
            if patch.min_rate_limit.is_none() {
                network.min_rate_limit = rates.into_iter().fold(network.min_rate_limit, Ord::min);
            }
            if patch.min_work_difficulty.is_none() {
                network.min_work_difficulty = network.min_work_difficulty.min(parameters.min_difficulty);
            }
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
