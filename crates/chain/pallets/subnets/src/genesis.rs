//! The networks of genesis: the shared parameters, root, and subnets. spec tokenomics §10

use crate::{Config, DefaultParameters, GenesisConfig, GenesisSubnet, Launch, Network, Pallet, ReadSubnets};
use myelin_primitives::{Amount, NetUid};
use myelin_records::{
    parameters::{NetworkParameters, Parameters, ParametersPatch},
    subnet::Subnet,
};

impl<T: Config> GenesisConfig<T> {
    /// Writes all networks of genesis.
    ///
    /// # Panics
    /// If the genesis breaks a rule. The message names the rule.
    pub(crate) fn write(&self) {
        let network = self.network_parameters.applied_to(&NetworkParameters::default());
        assert_eq!(network.validate(), Ok(()), "subnets.networkParameters do not go together");
        Network::<T>::put(&network);
        // The listeners to the networks of genesis read it.
        Launch::<T>::put(self.launch);

        let first = NetUid::new(1);
        let default =
            checked(first, &self.default_parameters, &Parameters::default(), &network, "subnets.defaultParameters");
        DefaultParameters::<T>::put(&default);

        let root =
            checked(NetUid::ROOT, &self.root_parameters, &Parameters::root(), &network, "subnets.rootParameters");
        begin::<T>(NetUid::ROOT, (None, None), &root);

        for GenesisSubnet { netuid, owner, parameters } in &self.subnets {
            assert!(!Pallet::<T>::exists(*netuid), "subnets.subnets has netuid {netuid} twice; 0 is root");
            let what = "the parameters of a subnet in subnets.subnets";
            let parameters = checked(*netuid, parameters, &default, &network, what);
            let owner = owner.as_ref().map(|owner| (owner.coldkey.clone(), owner.hotkey.clone()));
            begin::<T>(*netuid, owner.unzip(), &parameters);
        }
    }
}

/// Returns the patched parameters, after checking that they are consistent.
fn checked(
    netuid: NetUid,
    patch: &ParametersPatch,
    record: &Parameters,
    network: &NetworkParameters,
    what: &str,
) -> Parameters {
    let parameters = patch.applied_to(record);
    assert_eq!(parameters.validate_on(netuid, network), Ok(()), "{what} do not go together");
    parameters
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
