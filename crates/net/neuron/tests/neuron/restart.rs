//! A request is served once, also across restarts and crashes of the axon.

use crate::{AXON, CALLER, builder, soon, wire};
use myelin_neuron::{Axon, ManualClock, ServeAnyone};
use std::{path::Path, sync::Arc};

const SECOND: u64 = 1_000_000_000;
const NOW: u64 = 1_760_000_000 * SECOND;

async fn start(clock: &Arc<ManualClock>, path: &Path) -> Axon {
    builder(ServeAnyone).clock(Arc::clone(clock)).remember_in(path).start().await.unwrap()
}

async fn status(axon: &Axon, nonce: u64) -> u16 {
    let mut raw = wire::Raw::open(axon.address()).await;
    raw.say(&wire::strict(CALLER, AXON, "/Echo", br#"{"text": "x"}"#, nonce)).await;
    raw.hear().await.unwrap().status
}

#[tokio::test]
async fn a_replay_is_refused_before_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replay");
    let clock = Arc::new(ManualClock::new(NOW));
    let axon = start(&clock, &path).await;
    // The accepted requests of the past are unknown, so requests that are not newer than the start are refused.
    assert_eq!(status(&axon, NOW).await, 401);
    clock.advance(5 * SECOND);
    let nonce = NOW + 5 * SECOND;
    assert_eq!(status(&axon, nonce).await, 200);
    assert_eq!(status(&axon, nonce).await, 403);
    soon(axon.stop()).await.unwrap();
    assert!(path.exists());

    let axon = start(&clock, &path).await;
    assert!(!path.exists(), "a stored window is valid for one start");
    assert_eq!(status(&axon, nonce).await, 403);
    // The window is stored, so older requests need not be refused.
    assert_eq!(status(&axon, nonce - 1).await, 200);
    drop(axon);

    // After a crash no window is stored.
    let axon = start(&clock, &path).await;
    assert_eq!(status(&axon, nonce).await, 401);
    assert_eq!(status(&axon, nonce + SECOND).await, 401);
    clock.advance(4 * SECOND);
    assert_eq!(status(&axon, nonce + 4 * SECOND + 1).await, 200);
}
