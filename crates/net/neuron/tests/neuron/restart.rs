//! A request is served once, also across restarts and crashes of the axon.

use crate::{AXON, CALLER, builder, echo_endpoint, signer, soon, wire};
use myelin_neuron::{Axon, AxonBuilder, ManualClock, ServeAnyone};
use std::{path::Path, sync::Arc};

const SECOND: u64 = 1_000_000_000;
const NOW: u64 = 1_760_000_000 * SECOND;

async fn start(clock: &Arc<ManualClock>, path: &Path) -> Axon {
    builder(ServeAnyone).clock(Arc::clone(clock)).remember_in(path).start().await.unwrap()
}

/// Returns the builder of an axon that may have served before, and does not know it.
fn lost(clock: &Arc<ManualClock>) -> AxonBuilder {
    Axon::builder(signer(AXON), ServeAnyone).port(0).endpoint(echo_endpoint()).clock(Arc::clone(clock))
}

async fn status(axon: &Axon, nonce: u64) -> u16 {
    let mut raw = wire::Raw::open(axon.address()).await;
    raw.say(&wire::strict(CALLER, AXON, "/Echo", br#"{"text": "x"}"#, nonce)).await;
    raw.hear().await.unwrap().status
}

#[tokio::test]
async fn nh_72_a_clock_that_jumps_and_comes_back_refuses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replay");
    let clock = Arc::new(ManualClock::new(NOW));
    let axon = builder(ServeAnyone).clock(Arc::clone(&clock)).start().await.unwrap();
    assert_eq!(status(&axon, NOW).await, 200);
    let hour = 3_600 * SECOND;
    clock.advance(hour);
    assert_eq!(status(&axon, NOW + hour).await, 200);
    clock.set(NOW + SECOND);
    assert_eq!(status(&axon, NOW + SECOND).await, 200);
    // What was accepted is still known, at both times.
    assert_eq!(status(&axon, NOW).await, 403);
    clock.set(NOW + hour);
    assert_eq!(status(&axon, NOW + hour).await, 403);
    drop(axon);

    // An axon that stops while its clock is ahead, and starts once it is set right.
    let axon = start(&clock, &path).await;
    soon(axon.stop()).await.unwrap();
    clock.set(NOW);
    let axon = start(&clock, &path).await;
    clock.advance(5 * SECOND);
    assert_eq!(status(&axon, NOW + 5 * SECOND).await, 200);
}

#[tokio::test]
async fn nh_75_a_start_without_memory_refuses_what_is_older_than_the_last_final_block() {
    let hour = 3_600 * SECOND;
    let clock = Arc::new(ManualClock::new(NOW - hour));
    let folder = tempfile::tempdir().unwrap();
    for builder in [lost(&clock), lost(&clock).remember_in(folder.path().join("replay"))] {
        clock.set(NOW - hour);
        let axon = builder.final_block_at(NOW).start().await.unwrap();
        clock.set(NOW);
        // It may have been accepted before the crash.
        assert_eq!(status(&axon, NOW - SECOND).await, 401);
        clock.advance(5 * SECOND);
        assert_eq!(status(&axon, NOW + 5 * SECOND).await, 200);
    }
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
