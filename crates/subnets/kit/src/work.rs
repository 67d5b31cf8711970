//! Work of tasks and judges on threads of their own, with a limit of time.

use futures::FutureExt as _;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};
use tokio::{
    sync::{Semaphore, oneshot},
    time::{Instant, timeout_at},
};

/// Threads on which the code of a task or judge works, each in one of a bounded number of places.
///
/// Such code may panic, take long or never end, and nothing else may wait for it. The thread of work beyond its limit
/// is left to end by itself and keeps its place. A thread of the runtime would keep the process from ending.
#[derive(Clone, Debug)]
pub(crate) struct WorkThreads {
    places: Arc<Semaphore>,
    name: &'static str,
}

/// Work without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WorkError {
    /// The work panicked.
    #[error("it panicked")]
    Panicked,
    /// The work has not ended within the limit.
    #[error("it takes too long")]
    Slow,
    /// Earlier work beyond its limit has all places.
    #[error("earlier work still runs")]
    Full,
}

impl WorkThreads {
    /// Returns threads with this name, up to this many at a time.
    pub(crate) fn new(name: &'static str, places: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), name }
    }

    /// Works on a thread, and waits for the result up to `limit`.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, WorkError> {
        let until = Instant::now() + limit;
        let place = timeout_at(until, Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(WorkError::Full) };
        let (done, result) = oneshot::channel();
        let worked = move || {
            // The payload of a panic is dropped here, since it may panic too.
            let worked = catch_unwind(AssertUnwindSafe(work)).map_err(drop);
            drop(place);
            // A caller that waits no longer needs no result.
            drop(done.send(worked));
        };
        let thread = thread::Builder::new().name(self.name.to_owned());
        // The system may have no thread at present.
        thread.spawn(worked).map_err(|_| WorkError::Full)?;
        match timeout_at(until, result).await {
            Ok(Ok(Ok(result))) => Ok(result),
            Ok(Ok(Err(())) | Err(_)) => Err(WorkError::Panicked),
            Err(_) => Err(WorkError::Slow),
        }
    }
}

/// Returns the result of a future, or `None` if it panics.
pub(crate) async fn unpanicked<R>(work: impl Future<Output = R>) -> Option<R> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn nh_48_a_panic_is_a_result() {
        let threads = WorkThreads::new("test", 1);
        assert_eq!(threads.run(LONG, || 7).await, Ok(7));
        assert_eq!(threads.run(LONG, || panic!("it is a test")).await, Err::<(), _>(WorkError::Panicked));
        assert_eq!(threads.run(LONG, || 8).await, Ok(8));
        assert_eq!(unpanicked(async { panic!("it is a test") }).await, None::<()>);
    }

    #[tokio::test]
    async fn nh_49_no_second_one_begins_before_the_first_has_ended() {
        let threads = WorkThreads::new("test", 1);
        let (end, is_over) = mpsc::channel::<()>();
        let hangs = move || {
            let _ = is_over.recv();
        };
        assert_eq!(threads.run(Duration::from_millis(20), hangs).await, Err(WorkError::Slow));
        assert_eq!(threads.run(Duration::from_millis(20), || ()).await, Err(WorkError::Full));
        end.send(()).unwrap();
        assert_eq!(threads.run(LONG, || ()).await, Ok(()));
    }
}
