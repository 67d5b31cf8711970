//! A network, kept up to date.

use super::node::{World, metagraph};
use crate::{
    error::ChainError,
    metagraph::{Metagraph, MetagraphChanges},
    mirror,
    runtime::runtime_types::myelin_runtime_api as api,
    views::NeuronInfo,
};
use myelin_primitives::{NetUid, Uid};
use subxt::utils::AccountId32;

fn neuron(uid: u16, hotkey: u8) -> api::NeuronInfo<AccountId32> {
    let amount = |parts| mirror::Amount { parts };
    api::NeuronInfo {
        uid: mirror::Uid(uid),
        hotkey: AccountId32([hotkey; 32]),
        coldkey: None,
        registered_at: 1,
        last_update: 1,
        stake: amount(5),
        stake_weight: amount(5),
        active: true,
        validator_permit: uid == 0,
        consensus: 0,
        incentive: 0,
        dividends: 0,
        validator_trust: 0,
        emission: amount(0),
        axon: None,
        metrics: None,
    }
}

fn serving(mut neuron: api::NeuronInfo<AccountId32>, ip: u128, ip_type: u8) -> api::NeuronInfo<AccountId32> {
    let endpoint = api::IpEndpoint { ip, ip_type, port: 8091 };
    neuron.axon = Some(api::AxonInfo { block: 2, version: 1, endpoint, protocol: 4, certificate: None });
    neuron
}

#[tokio::test]
async fn it_syncs_once_and_says_what_changes() {
    let world = World::new(1);
    world.set_metagraph(Some(metagraph(1, (0..4).map(|uid| neuron(uid, 10)).collect())));
    let chain = world.connect().await.unwrap();
    let mut network = Metagraph::sync(&chain, NetUid::new(1)).await.unwrap();
    assert_eq!((network.block, network.neurons.len(), network.subnet.name.as_str()), (1, 4, "one"));
    assert_eq!(network.validators().map(|neuron| neuron.uid.get()).collect::<Vec<_>>(), [0]);

    let mut updated = neuron(2, 10);
    updated.incentive = 7;
    let seats = vec![serving(neuron(0, 10), 0x0102_0304, 4), neuron(1, 99), updated, neuron(3, 10), neuron(4, 10)];
    world.set_metagraph(Some(metagraph(3, seats)));
    world.empty_blocks(2);
    let changes = network.follow().await.unwrap();
    let uids = |uids: &[u16]| uids.iter().copied().map(Uid::new).collect::<Vec<_>>();
    let expected = MetagraphChanges { replaced: uids(&[1, 4]), moved: uids(&[0]), updated: uids(&[2]), epoch: false };
    assert_eq!(changes, expected);
    assert_eq!(network.block, 3);
    let addresses: Vec<_> = network.serving().map(|(_, axon)| axon.address.to_string()).collect();
    assert_eq!(addresses, ["1.2.3.4:8091"]);
    assert_eq!(network.by_hotkey(&mirror::key(AccountId32([99; 32]))).unwrap().uid, Uid::new(1));

    world.empty_blocks(1);
    assert!(network.follow().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_network_that_ends_is_an_error() {
    let world = World::new(1);
    let chain = world.connect().await.unwrap();
    let missing = Metagraph::sync(&chain, NetUid::new(9)).await.unwrap_err();
    assert!(matches!(missing, ChainError::NoNetwork { netuid, block: 1 } if netuid == NetUid::new(9)), "{missing}");

    world.set_metagraph(Some(metagraph(1, Vec::new())));
    let mut network = Metagraph::sync(&chain, NetUid::new(1)).await.unwrap();
    world.set_metagraph(None);
    world.empty_blocks(1);
    assert!(matches!(network.follow().await, Err(ChainError::NoNetwork { block: 2, .. })));
}

#[test]
fn addresses_are_of_either_version() {
    let six = serving(neuron(0, 1), u128::from(std::net::Ipv6Addr::LOCALHOST), 6);
    assert_eq!(NeuronInfo::from(six).axon.unwrap().address.to_string(), "[::1]:8091");
}
