//! A search for seals on several threads.

use myelin_economics::work::{Seal, WorkChallenge};
use std::{
    io, mem,
    num::NonZeroUsize,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The number of nonces that a thread takes at once.
///
/// They take a few milliseconds, so a thread is soon free for another task. They are too many for threads to wait for
/// each other.
const PORTION: u64 = 4_096;

/// A task: a challenge, a difficulty and a first nonce. The first nonce follows the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchTask {
    /// The challenge of the seals.
    pub challenge: WorkChallenge,
    /// The difficulty that a seal must meet.
    pub difficulty: u64,
    /// The first nonce.
    pub from: u64,
}

/// Threads that search for a seal, each with nonces of its own. spec subnets-and-neurons §8.2.
///
/// The threads are idle without a task, and after it is done. The rule is that of the chain, [`WorkChallenge::seal`]. A
/// thread does nothing else, so it tries as many nonces as the library can hash.
#[derive(Debug)]
pub struct SealSearch {
    shared: Arc<SearchBoard>,
    threads: Vec<JoinHandle<()>>,
    finds: UnboundedReceiver<FoundSeal>,
}

/// The board on which threads find their task.
#[derive(Debug, Default)]
struct SearchBoard {
    desk: Mutex<Desk>,
    changed: Condvar,
    tried: AtomicU64,
}

#[derive(Debug, Default)]
struct Desk {
    job: Option<Arc<Job>>,
    closed: bool,
}

/// A task in progress.
#[derive(Debug)]
struct Job {
    task: SearchTask,
    next: AtomicU64,
    over: AtomicBool,
}

#[derive(Debug)]
struct FoundSeal {
    job: Arc<Job>,
    nonce: u64,
    seal: Seal,
}

impl SealSearch {
    /// Returns a search with this number of idle threads.
    ///
    /// # Errors
    /// [`io::Error`] if the system has no more threads.
    pub fn on(threads: NonZeroUsize) -> io::Result<Self> {
        let (sender, finds) = unbounded_channel();
        let mut search = Self { shared: Arc::default(), threads: Vec::new(), finds };
        for number in 0..threads.get() {
            let (shared, sender) = (Arc::clone(&search.shared), sender.clone());
            let thread = thread::Builder::new().name(format!("work-{number}"));
            search.threads.push(thread.spawn(move || shared.work(&sender))?);
        }
        Ok(search)
    }

    /// Begins a task, and drops the one before.
    pub fn take_up(&mut self, task: SearchTask) {
        let job = Job { task, next: AtomicU64::new(task.from), over: AtomicBool::new(false) };
        self.replace(Some(Arc::new(job)));
    }

    /// Drops the present task.
    pub fn drop_task(&mut self) {
        self.replace(None);
    }

    fn replace(&self, job: Option<Arc<Job>>) {
        let before = mem::replace(&mut self.shared.desk().job, job);
        if let Some(before) = before {
            before.over.store(true, Ordering::Relaxed);
        }
        self.shared.changed.notify_all();
    }

    /// Waits for a nonce that solves the present task, which is then done.
    ///
    /// Without a task it waits for ever. The future may be dropped while it waits.
    pub async fn found(&mut self) -> (u64, Seal) {
        loop {
            // The threads keep the sender as long as this search exists.
            let Some(find) = self.finds.recv().await else { std::future::pending().await };
            let mut desk = self.shared.desk();
            if desk.job.as_ref().is_some_and(|job| Arc::ptr_eq(job, &find.job)) {
                desk.job = None;
                return (find.nonce, find.seal);
            }
        }
    }

    /// Returns the number of seals made for all tasks together.
    pub fn tried(&self) -> u64 {
        self.shared.tried.load(Ordering::Relaxed)
    }

    /// Returns the first nonce of the present task that no thread has taken.
    pub fn next_nonce(&self) -> Option<u64> {
        self.shared.desk().job.as_ref().map(|job| job.next.load(Ordering::Relaxed))
    }

    /// Returns the number of threads.
    pub fn threads(&self) -> usize {
        self.threads.len()
    }
}

/// Ends all threads after their present portion, within milliseconds.
impl Drop for SealSearch {
    fn drop(&mut self) {
        self.shared.desk().closed = true;
        self.replace(None);
        for thread in self.threads.drain(..) {
            // A thread that panicked has reported it already.
            let _ = thread.join();
        }
    }
}

impl SearchBoard {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        // No holder of the lock leaves the desk in a half-changed state.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job that is not over. Returns `None` after the search was closed.
    fn job(&self) -> Option<Arc<Job>> {
        let mut desk = self.desk();
        loop {
            if desk.closed {
                return None;
            }
            if let Some(job) = desk.job.as_ref().filter(|job| !job.over.load(Ordering::Relaxed)) {
                return Some(Arc::clone(job));
            }
            desk = self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self, finds: &UnboundedSender<FoundSeal>) {
        while let Some(job) = self.job() {
            while !job.over.load(Ordering::Relaxed) {
                let first = job.next.fetch_add(PORTION, Ordering::Relaxed);
                let nonces = (0..PORTION).map(|offset| first.wrapping_add(offset));
                let Some((nonce, seal)) = job.task.challenge.search(nonces, job.task.difficulty) else {
                    self.tried.fetch_add(PORTION, Ordering::Relaxed);
                    continue;
                };
                self.tried.fetch_add(nonce.wrapping_sub(first).wrapping_add(1), Ordering::Relaxed);
                if !job.over.swap(true, Ordering::Relaxed) {
                    // A receiver that was dropped has another task.
                    let _ = finds.send(FoundSeal { job: Arc::clone(&job), nonce, seal });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge() -> WorkChallenge {
        WorkChallenge::new(&[0x11; 32], &[0x22; 32])
    }

    fn threads(threads: usize) -> SealSearch {
        SealSearch::on(NonZeroUsize::new(threads).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn it_finds_what_one_loop_finds() {
        let task = SearchTask { challenge: challenge(), difficulty: 100_000, from: 0 };
        let expected = challenge().search(0.., task.difficulty).unwrap();
        // One thread goes through the nonces in their order.
        let mut search = threads(1);
        search.take_up(task);
        assert_eq!(search.found().await, expected);
        assert_eq!(search.tried(), expected.0 + 1);
        assert_eq!(search.next_nonce(), None);
        // Several threads try them in some order, each to the end of its portion or to a solution in it.
        let mut search = threads(3);
        search.take_up(task);
        let (shared, job) = (Arc::clone(&search.shared), search.shared.job().unwrap());
        let (nonce, seal) = search.found().await;
        assert!(seal == challenge().seal(nonce) && seal.meets(task.difficulty));
        drop(search);
        let portions = (0..job.next.load(Ordering::Relaxed)).step_by(usize::try_from(PORTION).unwrap());
        let tried = portions.map(|first| {
            let found = challenge().search(first..first + PORTION, task.difficulty);
            found.map_or(PORTION, |(nonce, _)| nonce - first + 1)
        });
        assert_eq!(shared.tried.load(Ordering::Relaxed), tried.sum::<u64>());
    }

    #[tokio::test]
    async fn it_goes_on_where_it_is_told_to() {
        let mut search = threads(1);
        let second = challenge().search(1_694.., 1_000).unwrap();
        search.take_up(SearchTask { challenge: challenge(), difficulty: 1_000, from: 1_694 });
        assert_eq!(search.found().await, second);
        // The first nonce follows the last one.
        let nonces = (u64::MAX - 1..=u64::MAX).chain(0..);
        let around = challenge().search(nonces, 1_000).unwrap();
        search.take_up(SearchTask { challenge: challenge(), difficulty: 1_000, from: u64::MAX - 1 });
        assert_eq!(search.found().await, around);
    }

    #[tokio::test]
    async fn a_new_task_takes_the_place_of_the_old_one() {
        let mut search = threads(2);
        let hopeless = SearchTask { challenge: challenge(), difficulty: u64::MAX, from: 0 };
        search.take_up(hopeless);
        // Found, but for a task that is not the present one any more.
        search.take_up(SearchTask { difficulty: 1, ..hopeless });
        while search.finds.is_empty() {
            tokio::task::yield_now().await;
        }
        let other = WorkChallenge::new(&[0x33; 32], &[0x22; 32]);
        search.take_up(SearchTask { challenge: other, difficulty: 1_000, from: 0 });
        let (nonce, seal) = search.found().await;
        assert!(seal == other.seal(nonce));
    }

    #[test]
    fn threads_end_with_the_search() {
        let mut search = threads(2);
        let shared = Arc::downgrade(&search.shared);
        search.take_up(SearchTask { challenge: challenge(), difficulty: u64::MAX, from: 0 });
        drop(search);
        assert!(shared.upgrade().is_none());
    }
}
