//! Answers in pages.

use super::node::World;
use crate::error::ChainError;
use myelin_keys::PublicKey;

fn key(number: u8) -> Option<PublicKey> {
    Some(PublicKey::from_bytes([number; 32]))
}

#[tokio::test]
async fn pages_are_read_until_the_last() {
    let world = World::new(1);
    // The order of pages is that of hashes, not of keys.
    world.set_delegate_pages(&[(None, key(7)), (key(7), key(3)), (key(3), key(9)), (key(9), None)]);
    let now = world.connect().await.unwrap().at_finalised().await.unwrap();
    assert!(now.delegates().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_page_that_does_not_advance_is_an_error() {
    for pages in
        [[(None, key(7)), (key(7), key(7)), (key(3), None)], [(None, key(7)), (key(7), key(3)), (key(3), key(7))]]
    {
        let world = World::new(1);
        world.set_delegate_pages(&pages);
        let now = world.connect().await.unwrap().at_finalised().await.unwrap();
        assert!(matches!(now.delegates().await, Err(ChainError::RepeatedPage("delegates"))), "{pages:?}");
    }
}
