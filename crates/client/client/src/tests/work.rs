//! A search for proof of work that follows the chain.

use super::node::{World, metagraph, patient};
use crate::{
    error::ChainError,
    work::{SearchEvent, SearchState, WorkSearch},
};
use myelin_economics::work::WorkChallenge;
use myelin_keys::PublicKey;
use myelin_primitives::NetUid;
use std::num::NonZeroUsize;

const NETUID: NetUid = NetUid::new(1);

fn hotkey() -> PublicKey {
    PublicKey::from_bytes([7; 32])
}

/// Returns a chain with one network of this difficulty.
fn world(nodes: usize, difficulty: Option<u64>) -> World {
    let world = World::new(nodes);
    set_difficulty(&world, difficulty);
    world
}

fn set_difficulty(world: &World, difficulty: Option<u64>) {
    let mut metagraph = metagraph(1, Vec::new());
    metagraph.subnet.registration.difficulty = difficulty;
    world.set_metagraph(Some(metagraph));
}

async fn begin(world: &World, before: Option<SearchState>) -> WorkSearch {
    let chain = world.connect().await.unwrap();
    WorkSearch::begin(&chain, NETUID, hotkey(), NonZeroUsize::MIN, before).unwrap()
}

async fn block(work: &mut WorkSearch) -> SearchState {
    match work.next().await.unwrap() {
        SearchEvent::Block(position) => position,
        found @ SearchEvent::Found(_) => panic!("{found:?}"),
    }
}

#[tokio::test]
async fn what_is_found_is_a_seal_of_the_best_block() {
    let world = world(1, Some(50));
    // The best block, which is not final.
    let best = world.make(Vec::new(), Vec::new());
    let mut work = begin(&world, None).await;
    let position = block(&mut work).await;
    assert_eq!((position.block, position.hash, position.difficulty), (2, world.hash(best), 50));
    let SearchEvent::Found(proof) = work.next().await.unwrap() else { panic!("nothing else happens") };
    assert_eq!(proof.block, 2);
    assert!(proof.seal == WorkChallenge::new(&world.hash(best).0, &[7; 32]).seal(proof.nonce) && proof.seal.meets(50));
    assert_eq!(proof.nonce, position.next_nonce.wrapping_add(work.tried() - 1));
    // The search continues with the next block.
    world.make(Vec::new(), Vec::new());
    assert_eq!(block(&mut work).await.block, 3);
    assert!(matches!(work.next().await, Ok(SearchEvent::Found(_))));
}

#[tokio::test]
async fn each_block_is_worked_on_as_it_asks() {
    let world = world(1, Some(u64::MAX));
    let mut work = begin(&world, None).await;
    let first = block(&mut work).await;
    set_difficulty(&world, Some(u64::MAX - 1));
    world.make(Vec::new(), Vec::new());
    world.make(Vec::new(), Vec::new());
    let second = block(&mut work).await;
    assert_eq!((first.block, first.difficulty), (1, u64::MAX));
    assert_eq!((second.block, second.difficulty), (3, u64::MAX - 1), "what is not the newest is passed over");
}

#[tokio::test]
async fn a_search_goes_on_where_another_was_if_its_block_is_the_newest() {
    let world = world(1, Some(u64::MAX));
    let before = SearchState { block: 1, hash: world.hash(1), difficulty: 1, next_nonce: 4_711 };
    let mut work = begin(&world, Some(before)).await;
    assert_eq!(block(&mut work).await, SearchState { difficulty: u64::MAX, ..before });
    drop(work);
    world.make(Vec::new(), Vec::new());
    let mut work = begin(&world, Some(before)).await;
    let position = block(&mut work).await;
    assert_eq!(position.block, 2);
    assert_ne!(position.next_nonce, 4_711, "elsewhere, with all but certainty");
}

#[tokio::test]
async fn a_node_that_is_lost_does_not_end_it() {
    let world = world(2, Some(u64::MAX));
    let mut work = begin(&world, None).await;
    let position = block(&mut work).await;
    world.kill(1);
    // The next node begins with the same block, and no nonce is tried again.
    let again = block(&mut work).await;
    assert_eq!((again.block, again.hash), (position.block, position.hash));
    assert!(again.next_nonce.wrapping_sub(position.next_nonce) < u64::MAX / 2);
    world.make(Vec::new(), Vec::new());
    assert_eq!(block(&mut work).await.block, 2);

    world.kill(2);
    assert!(work.next().await.is_err_and(|error| error.is_outage()));
    world.revive(1);
    assert_eq!(block(&mut work).await.block, 2);
}

#[tokio::test]
async fn a_network_without_work_is_an_error() {
    let world = world(1, None);
    let chain = world.connect_within(patient()).await.unwrap();
    let mut work = WorkSearch::begin(&chain, NETUID, hotkey(), NonZeroUsize::MIN, None).unwrap();
    assert!(matches!(work.next().await, Err(ChainError::NoWork(NETUID))));
    set_difficulty(&world, Some(1));
    assert!(matches!(work.next().await, Ok(SearchEvent::Block(_))), "the same block is looked at again");
    world.set_metagraph(None);
    world.make(Vec::new(), Vec::new());
    let mut next = work.next().await;
    while let Ok(SearchEvent::Found(_)) = next {
        next = work.next().await;
    }
    assert!(matches!(next, Err(ChainError::NoNetwork { .. })), "{next:?}");
}
