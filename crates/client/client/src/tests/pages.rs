//! Answers in pages.

use super::node::World;
use crate::error::ChainError;
use myelin_keys::PublicKey;

/// Sets pages of delegates: the key after which each begins, and the key that it names as the next.
fn set_pages(world: &World, pages: &[(Option<u8>, Option<u8>)]) {
    let key = |number: u8| PublicKey::from_bytes([number; 32]);
    let pages: Vec<_> = pages.iter().map(|(after, next)| (after.map(key), next.map(key))).collect();
    world.set_delegate_pages(&pages);
}

#[tokio::test]
async fn pages_are_read_until_the_last() {
    let world = World::new(1);
    // The order of pages is that of hashes, not of keys.
    set_pages(&world, &[(None, Some(7)), (Some(7), Some(3)), (Some(3), Some(9)), (Some(9), None)]);
    let now = world.connect().await.unwrap().at_finalised().await.unwrap();
    assert!(now.delegates().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_page_that_does_not_advance_is_an_error() {
    for pages in [
        [(None, Some(7)), (Some(7), Some(7)), (Some(3), None)],
        [(None, Some(7)), (Some(7), Some(3)), (Some(3), Some(7))],
    ] {
        let world = World::new(1);
        set_pages(&world, &pages);
        let now = world.connect().await.unwrap().at_finalised().await.unwrap();
        assert!(matches!(now.delegates().await, Err(ChainError::RepeatedPage("delegates"))), "{pages:?}");
    }
}
