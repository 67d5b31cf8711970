//! Tasks that end with their owner, and work on large data.

use super::AskError;
use tokio::task::{JoinHandle, spawn_blocking};

/// The most bytes of a peer that are parsed and checked on a thread that serves connections.
const MAX_IN_PLACE: usize = 64 * 1024;

/// A task. It ends when this value is dropped.
pub(super) struct OwnedTask<T>(JoinHandle<T>);

impl<T: Send + 'static> OwnedTask<T> {
    /// Begins a task.
    pub(super) fn spawn(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    /// Waits for the end of the task. Returns `None` if it panicked.
    pub(super) async fn join(mut self) -> Option<T> {
        (&mut self.0).await.ok()
    }
}

impl<T> Drop for OwnedTask<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Parses or checks this number of bytes of a peer. Above 64 KiB it uses a thread that may block.
pub(super) async fn examine<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T, AskError> + Send + 'static,
) -> Result<T, AskError> {
    if bytes <= MAX_IN_PLACE {
        return work();
    }
    spawn_blocking(work).await.unwrap_or_else(|_| Err(AskError::Content("the check of the answer failed".into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[tokio::test]
    async fn nh_46_large_data_is_examined_on_another_thread() {
        let here = thread::current().id();
        for (bytes, is_here) in [(0, true), (MAX_IN_PLACE, true), (MAX_IN_PLACE + 1, false)] {
            let examined = examine(bytes, || Ok(thread::current().id())).await.unwrap();
            assert_eq!(examined == here, is_here, "{bytes}");
        }
        let panicked = examine(MAX_IN_PLACE + 1, || -> Result<(), AskError> { panic!("as asked") }).await;
        assert!(matches!(panicked, Err(AskError::Content(_))), "{panicked:?}");
    }

    #[tokio::test]
    async fn a_task_ends_with_its_owner() {
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let task = OwnedTask::spawn(async move {
            let _sender = sender;
            std::future::pending::<()>().await;
        });
        drop(task);
        assert!(receiver.await.is_err());
        assert_eq!(OwnedTask::spawn(async { 7 }).join().await, Some(7));
    }
}
