//! A priority queue of requests. At most `slots` run and `room` wait; the highest stake is served first.
//!
//! A caller has at most an eighth of the slots. A waiting request gains one step of priority class in each
//! [`CLASS_STEP`], so that callers with much stake delay the others and do not shut them out.

use crate::Priority;
use myelin_wire::PublicKey;
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    sync::oneshot,
    time::{Duration, Instant},
};

/// The time of waiting that counts as much as one class of priority.
const CLASS_STEP: Duration = Duration::from_secs(5);

/// The part of the slots that one caller has at a time.
const CALLER_PART: usize = 8;

#[derive(Debug)]
struct WaitingRequest {
    caller: PublicKey,
    priority: Priority,
    since: Instant,
    sender: oneshot::Sender<QueueSlot>,
}

impl WaitingRequest {
    /// Returns the rank of this request, by which the next one is chosen: class with steps, then stake.
    fn rank(&self, now: Instant) -> (u64, Priority) {
        let waited = now.saturating_duration_since(self.since).as_secs();
        (u64::from(self.priority.class()).saturating_add(waited / CLASS_STEP.as_secs()), self.priority)
    }
}

#[derive(Debug)]
struct QueueState {
    free: usize,
    next: u64,
    /// The running requests of each caller that has any.
    running: BTreeMap<PublicKey, usize>,
    /// The waiting requests, in order of arrival.
    waiting: BTreeMap<u64, WaitingRequest>,
}

impl QueueState {
    fn has_share(&self, caller: PublicKey, each: usize) -> bool {
        self.running.get(&caller).is_some_and(|&running| running >= each)
    }

    fn start(&mut self, caller: PublicKey) {
        self.free -= 1;
        *self.running.entry(caller).or_default() += 1;
    }

    fn end(&mut self, caller: PublicKey) {
        self.free += 1;
        if let Some(running) = self.running.get_mut(&caller) {
            *running -= 1;
            if *running == 0 {
                self.running.remove(&caller);
            }
        }
    }

    /// Removes the request that runs next, if one may run.
    fn pop_next(&mut self, each: usize, now: Instant) -> Option<WaitingRequest> {
        let may_run = self.waiting.iter().filter(|(_, waiting)| !self.has_share(waiting.caller, each));
        let next = may_run.max_by_key(|(arrival, waiting)| (waiting.rank(now), Reverse(**arrival)));
        let arrival = *next?.0;
        self.waiting.remove(&arrival)
    }

    /// Removes the request with the lowest priority, the latest of these, if its priority is lower than this one.
    fn pop_lowest_below(&mut self, priority: Priority) -> Option<WaitingRequest> {
        let lowest = self.waiting.iter().min_by_key(|(arrival, waiting)| (waiting.priority, Reverse(**arrival)));
        let arrival = lowest.filter(|(_, waiting)| waiting.priority < priority).map(|(arrival, _)| *arrival);
        self.waiting.remove(&arrival?)
    }
}

/// A priority queue with a number of slots.
#[derive(Clone, Debug)]
pub(crate) struct RequestQueue {
    each: usize,
    room: usize,
    line: Arc<Mutex<QueueState>>,
}

/// An error for a queue that is full of requests with at least the same priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

/// The right to run, which passes to the next request when it is dropped.
#[derive(Debug)]
pub(crate) struct QueueSlot {
    queue: RequestQueue,
    caller: PublicKey,
}

/// A place in the queue, which is freed when its caller gives up.
struct QueueTicket<'a> {
    queue: &'a RequestQueue,
    arrival: u64,
}

impl RequestQueue {
    pub(crate) fn new(slots: usize, room: usize) -> Self {
        let slots = slots.max(1);
        let line = QueueState { free: slots, next: 0, running: BTreeMap::new(), waiting: BTreeMap::new() };
        Self { each: (slots / CALLER_PART).max(1), room, line: Arc::new(Mutex::new(line)) }
    }

    fn with<T>(&self, change: impl FnOnce(&mut QueueState) -> T) -> T {
        change(&mut self.line.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.with(|line| line.waiting.len())
    }

    /// Waits for a slot.
    ///
    /// # Errors
    /// [`QueueFull`], at once or if a request with a higher priority takes the place.
    pub(crate) async fn enter(&self, caller: PublicKey, priority: Priority) -> Result<QueueSlot, QueueFull> {
        let (sender, slot) = oneshot::channel();
        let arrival = self.with(|line| {
            // While a slot is free, no waiting request may run: each of their callers has its share.
            if line.free > 0 && !line.has_share(caller, self.each) {
                line.start(caller);
                return Ok(None);
            }
            if line.waiting.len() >= self.room && line.pop_lowest_below(priority).is_none() {
                return Err(QueueFull);
            }
            let arrival = line.next;
            line.next += 1;
            line.waiting.insert(arrival, WaitingRequest { caller, priority, since: Instant::now(), sender });
            Ok(Some(arrival))
        })?;
        let Some(arrival) = arrival else { return Ok(QueueSlot { queue: self.clone(), caller }) };
        let _waiting = QueueTicket { queue: self, arrival };
        slot.await.map_err(|_| QueueFull)
    }

    /// Lets requests run that wait for a free slot.
    fn fill(&self) {
        loop {
            let next = self.with(|line| {
                let next = if line.free > 0 { line.pop_next(self.each, Instant::now()) } else { None }?;
                line.start(next.caller);
                Some(next)
            });
            let Some(next) = next else { return };
            // A request that has just given up cannot take the slot, which then comes back by its drop.
            let _ = next.sender.send(QueueSlot { queue: self.clone(), caller: next.caller });
        }
    }
}

impl Drop for QueueTicket<'_> {
    fn drop(&mut self) {
        let waiting = self.queue.with(|line| line.waiting.remove(&self.arrival));
        drop(waiting);
    }
}

impl Drop for QueueSlot {
    fn drop(&mut self) {
        self.queue.with(|line| line.end(self.caller));
        self.queue.fill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, future::join_all};

    fn seat(stake: u64) -> Priority {
        Priority::Seat(stake)
    }

    fn caller(number: u8) -> PublicKey {
        PublicKey::from_bytes([number; 32])
    }

    /// Lets requests wait for the only slot from these milliseconds on, and returns the order in which they run once it
    /// is free.
    async fn order(requests: &[(u64, Priority, char)], free_at: u64) -> String {
        let queue = RequestQueue::new(1, 10);
        let (busy, start) = (queue.enter(caller(0), seat(0)).await.unwrap(), Instant::now());
        let until = |millis| tokio::time::sleep_until(start + Duration::from_millis(millis));
        let order = Mutex::new(String::new());
        let all = join_all((1..).zip(requests).map(|(number, &(at, priority, name))| {
            let (queue, order, until) = (&queue, &order, &until);
            async move {
                until(at).await;
                let _slot = queue.enter(caller(number), priority).await.unwrap();
                order.lock().unwrap().push(name);
            }
        }));
        let free = async {
            until(free_at).await;
            assert_eq!(queue.waiting(), requests.len());
            drop(busy);
        };
        tokio::join!(all, free);
        assert_eq!((queue.with(|line| line.free), queue.with(|line| line.running.len())), (1, 0));
        order.into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn stake_goes_first_then_who_came_first() {
        let requests =
            [(0, seat(1), 'a'), (0, Priority::Stranger, 'x'), (0, seat(5), 'b'), (0, seat(5), 'c'), (0, seat(9), 'd')];
        assert_eq!(order(&requests, 1).await, "dbcax");
        // Requests that wait for the same time keep their order.
        assert_eq!(order(&requests, 60_000).await, "dbcax");
    }

    #[tokio::test(start_paused = true)]
    async fn nh_15_a_waiting_request_gains_a_class_in_5_s() {
        let requests = |rich| [(0, Priority::Stranger, 's'), (5_000, seat(0), 'p'), (rich, seat(u64::MAX), 'r')];
        assert_eq!(order(&requests(14_000), 14_900).await, "rps");
        assert_eq!(order(&requests(14_000), 15_000).await, "psr");
        assert_eq!(order(&requests(6_000), 15_000).await, "rps");
    }

    #[tokio::test]
    async fn nh_15_a_caller_has_an_eighth_of_the_slots() {
        let queue = RequestQueue::new(64, 100);
        let mut slots: Vec<_> = (0..8).map(|_| queue.enter(caller(1), seat(9)).now_or_never().unwrap()).collect();
        let ninth = queue.enter(caller(1), seat(9));
        tokio::pin!(ninth);
        assert!(ninth.as_mut().now_or_never().is_none());
        // Others pass it by, and do not make place for it when they end.
        drop(queue.enter(caller(2), Priority::Stranger).now_or_never().unwrap().unwrap());
        assert!(ninth.as_mut().now_or_never().is_none());
        slots.pop();
        assert!(ninth.await.is_ok());
        drop(slots);
        assert_eq!((queue.with(|line| line.free), queue.with(|line| line.running.len())), (64, 0));
    }

    #[tokio::test]
    async fn a_full_queue_turns_the_least_away() {
        let queue = RequestQueue::new(1, 1);
        let busy = queue.enter(caller(0), seat(0)).await.unwrap();
        let low = queue.enter(caller(1), seat(3));
        tokio::pin!(low);
        assert!(low.as_mut().now_or_never().is_none());
        assert_eq!(queue.enter(caller(2), seat(3)).await.unwrap_err(), QueueFull);
        let high = queue.enter(caller(3), seat(4));
        tokio::pin!(high);
        assert!(high.as_mut().now_or_never().is_none());
        assert_eq!(low.await.unwrap_err(), QueueFull);
        drop(busy);
        assert!(high.await.is_ok());
    }

    #[tokio::test]
    async fn who_gives_up_leaves_no_trace() {
        let queue = RequestQueue::new(1, 2);
        let busy = queue.enter(caller(0), seat(0)).await.unwrap();
        assert!(queue.enter(caller(1), seat(1)).now_or_never().is_none());
        assert_eq!(queue.waiting(), 0);
        // This request gives up after the slot was sent to it.
        let mut late = Box::pin(queue.enter(caller(2), seat(1)));
        assert!(late.as_mut().now_or_never().is_none());
        drop(busy);
        drop(late);
        assert_eq!((queue.with(|line| line.free), queue.with(|line| line.running.len())), (1, 0));
    }
}
