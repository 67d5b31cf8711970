//! A priority queue of requests. At most `slots` run and `room` wait; the highest stake is served first.

use crate::Priority;
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::oneshot;

/// The order of waiting requests: higher priorities first, then earlier arrivals.
type QueueKey = (Reverse<Priority>, u64);

#[derive(Debug)]
struct QueueState {
    free: usize,
    next: u64,
    waiting: BTreeMap<QueueKey, oneshot::Sender<QueueSlot>>,
}

/// A priority queue with a number of slots.
#[derive(Clone, Debug)]
pub(crate) struct RequestQueue {
    room: usize,
    line: Arc<Mutex<QueueState>>,
}

/// An error for a queue that is full of requests with at least the same priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

/// The right to run, which passes to the next request when it is dropped. It is empty once it was passed on.
#[derive(Debug)]
pub(crate) struct QueueSlot(Option<RequestQueue>);

/// A place in the queue, which is freed when its caller gives up.
struct QueueTicket<'a> {
    queue: &'a RequestQueue,
    place: QueueKey,
}

impl RequestQueue {
    pub(crate) fn new(slots: usize, room: usize) -> Self {
        let line = QueueState { free: slots.max(1), next: 0, waiting: BTreeMap::new() };
        Self { room, line: Arc::new(Mutex::new(line)) }
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
    pub(crate) async fn enter(&self, priority: Priority) -> Result<QueueSlot, QueueFull> {
        let (sender, slot) = oneshot::channel();
        let place = self.with(|line| {
            if line.free > 0 {
                line.free -= 1;
                return Ok(None);
            }
            // This drops a sender, whose receiver then reads `QueueFull`. No slot is involved.
            if line.waiting.len() >= self.room {
                let last = line.waiting.last_key_value().map(|(&(Reverse(last), _), _)| last);
                if last.is_none_or(|last| last >= priority) {
                    return Err(QueueFull);
                }
                line.waiting.pop_last();
            }
            let place = (Reverse(priority), line.next);
            line.next += 1;
            line.waiting.insert(place, sender);
            Ok(Some(place))
        })?;
        let Some(place) = place else { return Ok(QueueSlot(Some(self.clone()))) };
        let _waiting = QueueTicket { queue: self, place };
        slot.await.map_err(|_| QueueFull)
    }
}

impl Drop for QueueTicket<'_> {
    fn drop(&mut self) {
        let sender = self.queue.with(|line| line.waiting.remove(&self.place));
        drop(sender);
    }
}

impl Drop for QueueSlot {
    fn drop(&mut self) {
        let Some(queue) = self.0.take() else { return };
        loop {
            let next = queue.with(|line| {
                let next = line.waiting.pop_first();
                if next.is_none() {
                    line.free += 1;
                }
                next
            });
            let Some((_, next)) = next else { return };
            // A request that has just given up cannot take the slot. The next one is tried, and the returned slot is
            // not passed on again.
            match next.send(Self(Some(queue.clone()))) {
                Ok(()) => return,
                Err(mut back) => back.0 = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, future::join_all};

    fn priority(number: u64) -> Priority {
        Priority(number)
    }

    #[tokio::test]
    async fn stake_goes_first_then_who_came_first() {
        let queue = RequestQueue::new(1, 10);
        let busy = queue.enter(priority(0)).await.unwrap();
        let order = Mutex::new(Vec::new());
        let entering = [(1, 'a'), (5, 'b'), (5, 'c'), (9, 'd')].map(|(stake, name)| {
            let (queue, order) = (&queue, &order);
            async move {
                let _slot = queue.enter(priority(stake)).await.unwrap();
                order.lock().unwrap().push(name);
            }
        });
        let all = join_all(entering);
        tokio::pin!(all);
        assert!(all.as_mut().now_or_never().is_none());
        assert_eq!(queue.waiting(), 4);
        drop(busy);
        all.await;
        assert_eq!(*order.lock().unwrap(), ['d', 'b', 'c', 'a']);
        assert_eq!(queue.line.lock().unwrap().free, 1);
    }

    #[tokio::test]
    async fn a_full_queue_turns_the_least_away() {
        let queue = RequestQueue::new(1, 1);
        let busy = queue.enter(priority(0)).await.unwrap();
        let low = queue.enter(priority(3));
        tokio::pin!(low);
        assert!(low.as_mut().now_or_never().is_none());
        assert_eq!(queue.enter(priority(3)).await.unwrap_err(), QueueFull);
        let high = queue.enter(priority(4));
        tokio::pin!(high);
        assert!(high.as_mut().now_or_never().is_none());
        assert_eq!(low.await.unwrap_err(), QueueFull);
        drop(busy);
        assert!(high.await.is_ok());
    }

    #[tokio::test]
    async fn who_gives_up_leaves_no_trace() {
        let queue = RequestQueue::new(1, 2);
        let busy = queue.enter(priority(0)).await.unwrap();
        assert!(queue.enter(priority(1)).now_or_never().is_none());
        assert_eq!(queue.waiting(), 0);
        drop(busy);
        assert_eq!(queue.line.lock().unwrap().free, 1);
    }
}
