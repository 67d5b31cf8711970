//! Changes of nodes.

use super::node::{Lie, World, patient, url};
use crate::{
    error::{ChainError, LaggingNode},
    link::Timeouts,
};
use std::time::Duration;

#[tokio::test]
async fn the_first_node_that_answers_is_asked() {
    let world = World::new(3);
    world.kill(1);
    let chain = world.connect().await.unwrap();
    assert_eq!(chain.node().await.unwrap(), url(2));
    assert_eq!(chain.genesis(), world.hash(0));
    assert_eq!([1, 2, 3].map(|node| world.connections(node)), [1, 1, 0]);
}

#[tokio::test]
async fn a_node_is_asked_until_it_is_lost_and_then_the_next() {
    let world = World::new(3);
    world.kill(1);
    let chain = world.connect().await.unwrap();
    world.revive(1);
    assert_eq!(chain.at_finalised().await.unwrap().height(), 1);
    assert_eq!(chain.node().await.unwrap(), url(2));

    world.kill(2);
    assert_eq!(chain.at_best().await.unwrap().height(), 1);
    assert_eq!(chain.node().await.unwrap(), url(3));

    world.kill(3);
    assert_eq!(chain.at(1).await.unwrap().hash(), world.hash(1));
    assert_eq!(chain.node().await.unwrap(), url(1));
}

#[tokio::test]
async fn a_node_of_another_chain_is_passed_over() {
    let world = World::new(3);
    let chain = world.connect().await.unwrap();
    world.stray(2);
    world.kill(1);
    chain.at_finalised().await.unwrap();
    assert_eq!(chain.node().await.unwrap(), url(3));

    world.kill(3);
    let Err(ChainError::Unreachable(error)) = chain.at_finalised().await else { panic!("all nodes are down") };
    assert!(error.to_string().contains("another chain"), "{error}");
}

#[tokio::test]
async fn an_outage_names_every_node_and_its_reason_and_passes() {
    let world = World::new(2);
    let chain = world.connect().await.unwrap();
    for node in [1, 2] {
        world.kill(node);
    }
    let error = chain.at_finalised().await.unwrap_err();
    assert!(error.is_outage());
    let ChainError::Unreachable(unreachable) = &error else { panic!("{error}") };
    let tried: Vec<_> = unreachable.tried.iter().map(|(url, _)| url.clone()).collect();
    assert_eq!(tried, [url(2), url(1)]);
    assert!(unreachable.tried.iter().all(|(_, why)| why.contains("refused")), "{error}");

    world.revive(2);
    assert_eq!(chain.at_finalised().await.unwrap().height(), 1);
}

#[tokio::test]
async fn the_next_node_is_asked_beyond_a_rate_limit() {
    let world = World::new(2);
    let chain = world.connect_within(Timeouts { outage: Duration::from_mins(1), ..patient() }).await.unwrap();
    world.limit(1, usize::MAX);
    assert_eq!(chain.at_finalised().await.unwrap().height(), 1);
    assert_eq!(chain.node().await.unwrap(), url(2));
    // Both nodes limit requests, and one of them only for a time.
    world.limit(2, 30);
    assert_eq!(chain.at_best().await.unwrap().height(), 1);
    assert_eq!((chain.node().await.unwrap(), world.limited(2)), (url(2), 0));
}

#[tokio::test]
async fn a_rate_limit_that_does_not_pass_is_an_outage() {
    let world = World::new(2);
    let chain = world.connect().await.unwrap();
    for node in [1, 2] {
        world.limit(node, usize::MAX);
    }
    let error = chain.at_finalised().await.unwrap_err();
    assert!(error.is_outage() && error.to_string().contains("rate limit"), "{error}");
}

#[tokio::test]
async fn a_node_that_lags_is_passed_over() {
    for (lag, is_behind) in [(20, false), (21, true)] {
        let world = World::new(2);
        let chain = world.connect().await.unwrap();
        world.pause(1);
        world.empty_blocks(lag);
        world.kill(1);
        assert_eq!(chain.at_finalised().await.unwrap().height(), 1 + lag as u64);
        world.revive(1);
        world.kill(2);
        let read = chain.at_finalised().await;
        assert_eq!(read.is_err(), is_behind, "{lag}");
        if let Err(error) = read {
            assert!(error.is_outage() && error.to_string().contains("its best block is 1"), "{error}");
            world.revive(2);
            assert_eq!(chain.at_finalised().await.unwrap().height(), 22);
            assert_eq!(chain.node().await.unwrap(), url(2));
        }
    }
}

#[tokio::test]
async fn a_node_that_lies_about_its_height_shuts_no_other_out() {
    let world = World::new(3);
    world.claim(1, 1_000_000);
    world.pause(2);
    let chain = world.connect().await.unwrap();
    assert_eq!(chain.node().await.unwrap(), url(1));
    world.kill(1);
    // The others may lag, so they have to show that the chain goes on there.
    let error = chain.at_finalised().await.unwrap_err();
    assert!(error.to_string().contains("its best block is 1, the highest known block 1000000"), "{error}");
    world.empty_blocks(1);
    assert_eq!(chain.at_finalised().await.unwrap().height(), 2);
    assert_eq!(chain.node().await.unwrap(), url(3));
}

#[tokio::test]
async fn the_height_of_an_untrue_node_does_not_count() {
    let world = World::new(2);
    world.claim(1, 1_000_000);
    world.lie(1, Lie::Body);
    let chain = world.connect().await.unwrap();
    world.block(vec![vec![1, 2, 3]], Vec::new());
    assert_eq!(chain.blocks_from(2).next_body().await.unwrap().height, 2);
    assert_eq!(chain.node().await.unwrap(), url(2));
}

#[tokio::test]
async fn the_stream_leaves_a_node_that_gets_no_more_blocks() {
    let world = World::new(2);
    let limits = Timeouts { silence: Duration::ZERO, ..patient() };
    let mut blocks = world.connect_within(limits).await.unwrap().blocks().await.unwrap();
    world.pause(1);
    world.empty_blocks(30);
    for height in 2..=31 {
        assert_eq!(blocks.next().await.unwrap().height(), height);
    }
}

#[tokio::test]
async fn nodes_that_synchronise_are_an_outage_that_passes() {
    let world = World::new(2);
    world.pause(1);
    world.empty_blocks(2);
    for node in [1, 2] {
        world.set_syncing(node, true);
    }
    let error = world.connect().await.unwrap_err();
    let ChainError::Behind(behind) = &error else { panic!("{error}") };
    assert_eq!(*behind, LaggingNode { node: url(1), block: 1, highest: 3 });
    assert!(error.is_outage());
    world.set_syncing(2, false);
    assert_eq!(world.connect().await.unwrap().node().await.unwrap(), url(2));
}
