//! Changes of nodes.

use super::node::{World, patient, url};
use crate::{error::ChainError, link::Timeouts};
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
