//! A metagraph that is kept up to date.

use super::node::{World, metagraph};
use crate::{
    error::ChainError,
    metagraph::{Metagraph, MetagraphChanges},
};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, IpEndpoint, NetUid, Uid};
use myelin_records::info::{AxonInfo, NeuronInfo};

pub(super) fn neuron(uid: u16, hotkey: u8) -> NeuronInfo {
    NeuronInfo {
        uid: Uid::new(uid),
        hotkey: PublicKey::from_bytes([hotkey; 32]),
        coldkey: None,
        registered_at: 1,
        last_update: 1,
        stake: Amount::from_rao(5),
        stake_weight: Amount::from_rao(5),
        active: true,
        validator_permit: uid == 0,
        consensus: 0,
        incentive: 0,
        dividends: 0,
        validator_trust: 0,
        emission: Amount::ZERO,
        score: Amount::ZERO,
        axon: None,
        metrics: None,
    }
}

pub(super) fn serving(mut neuron: NeuronInfo, address: &str) -> NeuronInfo {
    let endpoint = IpEndpoint::from(address.parse::<std::net::SocketAddr>().unwrap());
    let axon = AxonInfo { block: 2, version: 1, endpoint, protocol: 4, placeholder1: 1, certificate: None };
    neuron.axon = Some(axon);
    neuron
}

#[tokio::test]
async fn it_syncs_once_and_says_what_changes() {
    let world = World::new(1);
    world.set_metagraph(Some(metagraph(1, (0..4).map(|uid| neuron(uid, 10)).collect())));
    let chain = world.connect().await.unwrap();
    let mut network = Metagraph::sync(&chain, NetUid::new(1)).await.unwrap();
    assert_eq!((network.block, network.neurons.len(), &*network.subnet.name()), (1, 4, "one"));
    assert_eq!(network.validators().map(|neuron| neuron.uid.get()).collect::<Vec<_>>(), [0]);

    let mut updated = neuron(2, 10);
    updated.incentive = 7;
    let seats = vec![serving(neuron(0, 10), "1.2.3.4:8091"), neuron(1, 99), updated, neuron(3, 10), neuron(4, 10)];
    world.set_metagraph(Some(metagraph(3, seats)));
    world.empty_blocks(2);
    let changes = network.follow().await.unwrap();
    let uids = |uids: &[u16]| uids.iter().copied().map(Uid::new).collect::<Vec<_>>();
    let expected = MetagraphChanges { replaced: uids(&[1, 4]), moved: uids(&[0]), updated: uids(&[2]), epoch: false };
    assert_eq!(changes, expected);
    assert_eq!(network.block, 3);
    let addresses: Vec<_> = network.serving().filter_map(|(_, axon)| axon.endpoint.socket_address()).collect();
    assert_eq!(addresses, ["1.2.3.4:8091".parse().unwrap()]);
    assert_eq!(network.by_hotkey(&PublicKey::from_bytes([99; 32])).unwrap().uid, Uid::new(1));

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
