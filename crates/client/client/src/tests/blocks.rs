//! Final blocks, each once and in order.

use super::node::{World, patient, url};
use crate::{blocks::Blocks, error::ChainError, link::Timeouts, state::ChainState};
use futures::FutureExt;
use std::time::Duration;

async fn heights(world: &World, blocks: &mut Blocks, count: usize) -> Vec<u64> {
    let mut heights = Vec::new();
    for _ in 0..count {
        let moment = blocks.next().await.unwrap();
        assert_eq!(moment.hash(), world.hash(usize::try_from(moment.height()).unwrap()));
        heights.push(moment.height());
    }
    heights
}

#[tokio::test]
async fn past_blocks_come_at_once_and_later_ones_as_they_become_final() {
    let world = World::new(1);
    let chain = world.connect().await.unwrap();
    let mut blocks = chain.blocks_from(0);
    assert_eq!(heights(&world, &mut blocks, 2).await, [0, 1]);
    assert!(blocks.next().now_or_never().is_none());
    world.empty_blocks(1);
    assert_eq!(heights(&world, &mut blocks, 1).await, [2]);
}

#[tokio::test]
async fn a_block_without_state_is_named_as_it_was_asked_for() {
    let world = World::new(1);
    let chain = world.connect().await.unwrap();
    world.empty_blocks(2);
    world.discard(2);
    let named = |read: Result<_, ChainError>| match read.map(|_: ChainState| ()).unwrap_err() {
        ChainError::StateDiscarded(block) => block,
        other => panic!("{other}"),
    };
    assert_eq!(named(chain.at(2).await), "2");
    let hash = named(chain.at_hash(world.hash(2)).await);
    assert_eq!(hash, format!("{:?}", world.hash(2)));
    assert_eq!(hash.len(), 66);
    assert_eq!(chain.at(3).await.unwrap().height(), 3);
}

#[tokio::test]
async fn blocks_that_become_final_together_come_one_by_one() {
    let world = World::new(1);
    let mut blocks = world.connect().await.unwrap().blocks().await.unwrap();
    for _ in 0..4 {
        world.make(Vec::new(), Vec::new());
    }
    world.finalise(1, 5);
    assert_eq!(heights(&world, &mut blocks, 4).await, [2, 3, 4, 5]);
}

#[tokio::test]
async fn no_block_is_lost_with_a_node() {
    let world = World::new(2);
    let chain = world.connect().await.unwrap();
    let mut blocks = chain.blocks().await.unwrap();
    world.empty_blocks(2);
    assert_eq!(heights(&world, &mut blocks, 1).await, [2]);

    world.kill(1);
    world.empty_blocks(3);
    assert_eq!(heights(&world, &mut blocks, 4).await, [3, 4, 5, 6]);
    assert_eq!(chain.node().await.unwrap(), url(2));
}

#[tokio::test]
async fn a_node_that_lags_gives_out_only_what_it_holds_for_final() {
    let world = World::new(2);
    let mut blocks = world.connect().await.unwrap().blocks().await.unwrap();
    world.empty_blocks(1);
    for _ in 0..2 {
        let height = world.make(Vec::new(), Vec::new());
        world.finalise(1, height);
    }
    assert_eq!(heights(&world, &mut blocks, 2).await, [2, 3]);
    world.kill(1);
    assert!(blocks.next().now_or_never().is_none());
    world.finalise(2, 4);
    assert_eq!(heights(&world, &mut blocks, 1).await, [4]);
}

#[tokio::test]
async fn nodes_without_progress_are_an_error_that_passes() {
    let world = World::new(2);
    let limits = Timeouts { silence: Duration::ZERO, ..patient() };
    let mut blocks = world.connect_within(limits).await.unwrap().blocks().await.unwrap();
    let error = blocks.next().await.unwrap_err();
    assert!(matches!(error, ChainError::Silent(_)) && error.is_outage(), "{error}");
    world.empty_blocks(1);
    assert_eq!(heights(&world, &mut blocks, 1).await, [2]);
}

#[tokio::test]
async fn the_latest_block_passes_over_those_before() {
    let world = World::new(1);
    let mut blocks = world.connect().await.unwrap().blocks().await.unwrap();
    world.empty_blocks(3);
    assert_eq!(blocks.latest().await.unwrap().height(), 4);
    assert!(blocks.latest().now_or_never().is_none());
    world.empty_blocks(1);
    assert_eq!(blocks.latest().await.unwrap().height(), 5);
    world.empty_blocks(3);
    assert_eq!(blocks.latest().await.unwrap().height(), 8);
}
