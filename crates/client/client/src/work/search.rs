//! Threads that try nonces.

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

/// How many nonces a thread takes at once: few milliseconds' work, so that it is soon free for something else, and too
/// many for threads to wait for each other.
const PORTION: u64 = 4_096;

/// What is searched for, and from which nonce on. After the last nonce comes the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchTask {
    /// What seals are made of.
    pub challenge: WorkChallenge,
    /// What a seal has to meet.
    pub difficulty: u64,
    /// Where to begin.
    pub from: u64,
}

/// Threads that search for a seal, each with nonces of its own. spec subnets-and-neurons §8.2
///
/// Nothing is searched for until there is a task, and nothing more once it is done. The rule is that of the chain,
/// [`WorkChallenge::seal`]; a thread does nothing else, so it tries as many nonces as the library can hash.
#[derive(Debug)]
pub struct SealSearch {
    shared: Arc<SearchBoard>,
    threads: Vec<JoinHandle<()>>,
    finds: UnboundedReceiver<FoundSeal>,
}

/// Where threads find what to do.
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

/// A task that is being worked on.
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
    /// So many threads, with nothing to do.
    ///
    /// # Errors
    /// If the system has no more threads.
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

    /// Takes up a task, and drops the one before.
    pub fn take_up(&mut self, task: SearchTask) {
        let job = Job { task, next: AtomicU64::new(task.from), over: AtomicBool::new(false) };
        self.replace(Some(Arc::new(job)));
    }

    /// Drops the task there is.
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

    /// Waits for a nonce that solves the task at hand, which is then done. Without a task it waits for ever. May be
    /// dropped while it waits.
    pub async fn found(&mut self) -> (u64, Seal) {
        loop {
            // The threads keep the other end for as long as this one is there.
            let Some(find) = self.finds.recv().await else { std::future::pending().await };
            let mut desk = self.shared.desk();
            if desk.job.as_ref().is_some_and(|job| Arc::ptr_eq(job, &find.job)) {
                desk.job = None;
                return (find.nonce, find.seal);
            }
        }
    }

    /// How many seals were made, for all tasks together.
    pub fn tried(&self) -> u64 {
        self.shared.tried.load(Ordering::Relaxed)
    }

    /// The first nonce that no thread has taken yet, of the task at hand.
    pub fn next_nonce(&self) -> Option<u64> {
        self.shared.desk().job.as_ref().map(|job| job.next.load(Ordering::Relaxed))
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.threads.len()
    }
}

/// Threads end with what they have taken, within milliseconds.
impl Drop for SealSearch {
    fn drop(&mut self) {
        self.shared.desk().closed = true;
        self.replace(None);
        for thread in self.threads.drain(..) {
            // One that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl SearchBoard {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Nothing is left half done while it is held.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job that is not over, until there will be none.
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
                    // Whoever does not listen any more has another task.
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
        // More go through them in some order, each to the end of its portion or to what it finds there.
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
        // After the last nonce comes the first.
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
        // Found, but for a task that is not at hand any more.
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
