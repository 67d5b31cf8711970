//! The room for connections: shares of addresses, and the choice of the connection that makes place for another one.

use crate::{
    AxonLimits,
    failures::BLOCK_SHARES,
    http::{block, shared},
};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    sync::oneshot,
    time::{Duration, Instant},
};

/// The number of addresses that are known at a time.
const MAX_KNOWN: usize = 4_096;

/// The number of known addresses in a block of 2^80 of IPv6, so that no block drives the others out.
const MAX_KNOWN_OF_BLOCK: usize = 64;

/// The part of the room that only known addresses have.
const KNOWN_PART: usize = 4;

/// The room of an axon for connections.
#[derive(Clone, Debug)]
pub(super) struct ConnectionRoom {
    size: usize,
    each: usize,
    known_time: Duration,
    state: Arc<Mutex<RoomState>>,
}

#[derive(Debug, Default)]
struct RoomState {
    next: u64,
    /// The open connections, the oldest first.
    open: BTreeMap<u64, OpenConnection>,
    /// The last admitted request of each known address.
    known: BTreeMap<IpAddr, Instant>,
}

#[derive(Debug)]
struct OpenConnection {
    address: IpAddr,
    block: Option<IpAddr>,
    /// True if the address was known when it connected.
    is_known: bool,
    is_admitted: bool,
    /// Requests and streams in progress.
    busy: usize,
    idle_since: Instant,
    #[expect(dead_code, reason = "its drop closes the connection")]
    close: oneshot::Sender<()>,
}

/// The place of one connection, free again once it is dropped.
#[derive(Debug)]
pub(super) struct ConnectionPlace {
    room: ConnectionRoom,
    number: u64,
    pub(super) address: IpAddr,
}

/// A request in progress. Its connection is not idle.
#[derive(Debug)]
pub(super) struct BusyConnection {
    room: ConnectionRoom,
    number: u64,
}

/// A place, and the signal with which the room takes it back.
pub(super) type Entrance = (ConnectionPlace, oneshot::Receiver<()>);

impl RoomState {
    fn is_known(&self, address: IpAddr, now: Instant, time: Duration) -> bool {
        self.known.get(&address).is_some_and(|&last| now.saturating_duration_since(last) < time)
    }

    /// Notes an admitted request of an address, in place of the oldest one of its block or of all if there is no room.
    fn know(&mut self, address: IpAddr, now: Instant) {
        if !self.known.contains_key(&address) {
            let own = block(address);
            let of_block = self.known.iter().filter(|(other, _)| own.is_some() && block(**other) == own);
            let is_block_full = of_block.clone().count() >= MAX_KNOWN_OF_BLOCK;
            let oldest = if is_block_full {
                of_block.min_by_key(|(_, last)| **last)
            } else if self.known.len() >= MAX_KNOWN {
                self.known.iter().min_by_key(|(_, last)| **last)
            } else {
                None
            };
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.known.remove(&oldest);
            }
        }
        self.known.insert(address, now);
    }

    /// Returns the connection that makes place: the oldest without an admitted request, and if there is none, the one
    /// that is idle longest.
    fn victim(&self, only_strangers: bool) -> Option<u64> {
        let oldest = self.open.iter().find(|(_, open)| !(open.is_admitted || (only_strangers && open.is_known)));
        let idle = || self.open.iter().filter(|(_, open)| open.busy == 0).min_by_key(|(_, open)| open.idle_since);
        oldest.or_else(idle).map(|(number, _)| *number)
    }
}

impl ConnectionRoom {
    pub(super) fn new(limits: &AxonLimits) -> Self {
        Self {
            size: limits.connections,
            each: limits.connections_each,
            known_time: limits.known_time,
            state: Arc::default(),
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut RoomState) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a place for a connection, if necessary from another connection, which is then closed.
    ///
    /// Returns `None` if the address has its share, or if requests are in progress on all connections.
    pub(super) fn enter(&self, address: IpAddr, now: Instant) -> Option<Entrance> {
        let (close, closed) = oneshot::channel();
        let (own, block) = (shared(address), block(address));
        let block_share = self.each.saturating_mul(BLOCK_SHARES as usize);
        let number = self.with(|state| {
            let of_address = state.open.values().filter(|open| open.address == own).count();
            let of_block = state.open.values().filter(|open| block.is_some() && open.block == block).count();
            if of_address >= self.each || of_block >= block_share {
                return None;
            }
            let is_known = state.is_known(own, now, self.known_time);
            let strangers = state.open.values().filter(|open| !open.is_known).count();
            let for_known = self.size / KNOWN_PART;
            let no_room_for_strangers = strangers >= self.size - for_known;
            if state.open.len() >= self.size || (!is_known && no_room_for_strangers) {
                // Neither strangers nor known addresses take the part of the others.
                let known = state.open.len() - strangers;
                let only_strangers = if is_known { known < for_known } else { no_room_for_strangers };
                let victim = state.victim(only_strangers)?;
                state.open.remove(&victim);
            }
            let number = state.next;
            state.next += 1;
            let open =
                OpenConnection { address: own, block, is_known, is_admitted: false, busy: 0, idle_since: now, close };
            state.open.insert(number, open);
            Some(number)
        })?;
        Some((ConnectionPlace { room: self.clone(), number, address }, closed))
    }
}

impl ConnectionPlace {
    /// Returns true if a request of this address was admitted lately.
    pub(super) fn is_known(&self, now: Instant) -> bool {
        self.room.with(|state| state.is_known(shared(self.address), now, self.room.known_time))
    }

    /// Notes that a request of this connection was admitted. Its address is known from now on.
    pub(super) fn admitted(&self, now: Instant) {
        let address = shared(self.address);
        self.room.with(|state| {
            if let Some(open) = state.open.get_mut(&self.number) {
                (open.is_known, open.is_admitted) = (true, true);
            }
            state.know(address, now);
        });
    }

    /// Counts a request in progress until the guard is dropped.
    pub(super) fn busy(&self) -> BusyConnection {
        self.room.with(|state| {
            if let Some(open) = state.open.get_mut(&self.number) {
                open.busy += 1;
            }
        });
        BusyConnection { room: self.room.clone(), number: self.number }
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        let open = self.room.with(|state| state.open.remove(&self.number));
        drop(open);
    }
}

impl Drop for BusyConnection {
    fn drop(&mut self) {
        self.room.with(|state| {
            if let Some(open) = state.open.get_mut(&self.number) {
                open.busy = open.busy.saturating_sub(1);
                open.idle_since = Instant::now();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn room(connections: usize, connections_each: usize) -> ConnectionRoom {
        ConnectionRoom::new(&AxonLimits { connections, connections_each, ..AxonLimits::default() })
    }

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    fn is_closed((_, closed): &mut Entrance) -> bool {
        closed.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    fn closed(entered: &mut [Entrance]) -> Vec<usize> {
        (0..).zip(entered).filter_map(|(number, entrance)| is_closed(entrance).then_some(number)).collect()
    }

    #[test]
    fn nh_10_the_oldest_connection_without_an_admitted_request_makes_place() {
        let (room, now) = (room(8, 8), Instant::now());
        let mut entered: Vec<_> = (0..6).map(|number| room.enter(address(number), now).unwrap()).collect();
        entered[0].0.admitted(now);
        assert!(closed(&mut entered).is_empty());
        // Strangers have three quarters of the room, and the first connection is no stranger's any more.
        entered.push(room.enter(address(6), now).unwrap());
        assert!(closed(&mut entered).is_empty());
        entered.push(room.enter(address(7), now).unwrap());
        assert_eq!(closed(&mut entered), [1]);
        // The rest of the room is for the known address.
        entered.push(room.enter(address(0), now).unwrap());
        assert_eq!(closed(&mut entered), [1]);
        entered.push(room.enter(address(0), now).unwrap());
        assert_eq!(closed(&mut entered), [1, 2]);
    }

    #[test]
    fn nh_10_known_addresses_leave_the_room_of_strangers() {
        let (room, now) = (room(8, 8), Instant::now());
        let attacker = room.enter(address(1), now).unwrap();
        attacker.0.admitted(now);
        let mut flood: Vec<_> = (0..7).map(|_| room.enter(address(1), now).unwrap()).collect();
        let mut honest = room.enter(address(2), now).unwrap();
        assert_eq!(closed(&mut flood), [0]);
        // The oldest connection makes place, and the stranger's is not the oldest.
        flood.extend((0..6).filter_map(|_| room.enter(address(1), now)));
        assert!(!is_closed(&mut honest));
        assert_eq!(closed(&mut flood), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn nh_10_an_address_is_known_for_ten_minutes() {
        let (room, now) = (room(4, 4), Instant::now());
        let (place, _closed) = room.enter(address(1), now).unwrap();
        assert!(!place.is_known(now));
        place.admitted(now);
        assert!(place.is_known(now + Duration::from_secs(599)) && !place.is_known(now + Duration::from_mins(10)));
        let later = now + Duration::from_mins(10);
        let mut strangers: Vec<_> = (2..5).map(|number| room.enter(address(number), later).unwrap()).collect();
        let _again = room.enter(address(1), later).unwrap();
        assert_eq!(closed(&mut strangers), [0]);
    }

    #[tokio::test(start_paused = true)]
    async fn nh_10_among_admitted_connections_the_one_idle_longest_makes_place() {
        let room = room(4, 4);
        let mut entered = Vec::new();
        for _ in 0..4 {
            let entrance = room.enter(address(1), Instant::now()).unwrap();
            entrance.0.admitted(Instant::now());
            entered.push(entrance);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let (busy, now) = (entered[0].0.busy(), Instant::now());
        drop(entered[1].0.busy());
        entered.push(room.enter(address(2), now).unwrap());
        assert_eq!(closed(&mut entered), [2]);
        // The newcomer has no admitted request yet.
        entered.push(room.enter(address(3), now).unwrap());
        assert_eq!(closed(&mut entered), [2, 4]);
        let guards: Vec<_> = [1, 3, 5].map(|number| entered[number].0.busy()).into();
        entered[5].0.admitted(now);
        assert!(room.enter(address(4), now).is_none(), "a request in progress is not interrupted");
        drop((busy, guards));
        assert!(room.enter(address(4), now).is_some());
    }

    #[test]
    fn nh_12_addresses_and_blocks_have_shares() {
        let (room, now) = (room(1_024, 64), Instant::now());
        let at = |block: u16, number| Ipv6Addr::new(0x2001, 0xdb8, 1, block, 0, 0, 0, number).into();
        let enter = |block: u16| (0..64).filter_map(|number| room.enter(at(block, number), now)).collect::<Vec<_>>();
        let entered: Vec<_> = (0..5).map(enter).collect();
        assert_eq!(entered.iter().map(Vec::len).collect::<Vec<_>>(), [64, 64, 64, 64, 0]);
        let other = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1).into();
        assert!(room.enter(other, now).is_some());
        let old: Vec<_> = (0..70).filter_map(|_| room.enter(address(9), now)).collect();
        assert_eq!(old.len(), 64);
        let mapped = Ipv4Addr::from(9).to_ipv6_mapped().into();
        assert!(room.enter(mapped, now).is_none() && room.enter(address(10), now).is_some());
        drop(old);
        assert!(room.enter(mapped, now).is_some());
    }

    #[test]
    fn known_addresses_without_end_take_no_memory() {
        let (room, now) = (room(8, 8), Instant::now());
        for number in 0..5_000_u32 {
            let (place, _closed) = room.enter(address(number), now).unwrap();
            place.admitted(now + Duration::from_millis(number.into()));
        }
        assert_eq!(room.with(|state| state.known.len()), MAX_KNOWN);
        let (first, _closed) = room.enter(address(0), now).unwrap();
        assert!(!first.is_known(now));
        // A block of IPv6 drives out its own addresses only.
        for number in 0..100_u16 {
            let at = Ipv6Addr::new(0x2001, 0xdb8, 1, number, 0, 0, 0, 1).into();
            room.enter(at, now).unwrap().0.admitted(now + Duration::from_secs(10 + u64::from(number)));
        }
        let of_block = room.with(|state| state.known.keys().filter(|known| known.is_ipv6()).count());
        assert_eq!((of_block, room.with(|state| state.known.len())), (MAX_KNOWN_OF_BLOCK, MAX_KNOWN));
    }
}
