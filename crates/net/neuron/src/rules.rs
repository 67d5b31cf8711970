//! Rules: the callers that an axon serves, and their priorities.

use crate::{Directory, DirectoryEntry};
use myelin_primitives::{Amount, Tao};
use myelin_wire::{Protocol, PublicKey};
use std::net::IpAddr;

/// The caller of a request, before its body is read.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The hotkey of the caller, proven unless a rule says otherwise.
    pub hotkey: PublicKey,
    /// The IP address of the caller.
    pub address: IpAddr,
    /// The class of the message.
    pub endpoint: &'a str,
    /// The protocol of the request.
    pub mode: Protocol,
}

/// The priority of a caller in the queue of a busy axon, usually its stake in rao. The highest goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority(pub u64);

impl From<Amount<Tao>> for Priority {
    fn from(stake: Amount<Tao>) -> Self {
        Self(stake.rao())
    }
}

/// The reason for which a caller has no priority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriorityError {
    /// A request that cannot be served in time.
    #[error("there is no room in time")]
    Late,
    /// A failure of the rule itself, for the log and never for the peer.
    #[error("{0}")]
    Failed(String),
}

/// The rules of an operator for callers, applied after the checks of the protocol and never instead of them.
///
/// spec neuron-protocol §7, signed-requests §3.
///
/// Rules run for every request, on the thread that serves it. They look up values that the process already has, and
/// wait for nothing. [`Rules::blacklist`] judges a strict request twice: by its claimed sender before its body is read,
/// and by its proven sender.
pub trait Rules: Send + Sync + 'static {
    /// Checks a caller whose signature is valid, by a rule of the operator.
    ///
    /// # Errors
    /// A text for the caller, answered 401.
    fn verify(&self, caller: &Caller<'_>) -> Result<(), String> {
        let _ = caller;
        Ok(())
    }

    /// Checks that a caller may be served.
    ///
    /// # Errors
    /// A text for the caller, answered 403.
    fn blacklist(&self, caller: &Caller<'_>) -> Result<(), String> {
        let _ = caller;
        Ok(())
    }

    /// Returns the priority of a caller.
    ///
    /// # Errors
    /// [`PriorityError::Late`], answered 408, or [`PriorityError::Failed`], answered 500.
    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        let _ = caller;
        Ok(Priority::default())
    }

    /// Returns true if a caller has a seat, so that callers without one take none of its room in the replay window.
    fn has_seat(&self, caller: &Caller<'_>) -> bool {
        let _ = caller;
        false
    }
}

/// Rules that serve each signed request, in order of arrival, for tests and public services.
///
/// One person can make a thousand hotkeys, so limits per hotkey mean little here.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServeAnyone;

impl Rules for ServeAnyone {}

/// Rules that serve hotkeys with a seat on the subnet and enough stake, the highest stake first.
#[derive(Clone, Debug)]
pub struct ServeNeurons<D> {
    /// The seats of the subnet.
    pub directory: D,
    /// The least stake of a caller.
    pub least_stake: Amount<Tao>,
}

impl<D: Directory> Rules for ServeNeurons<D> {
    fn blacklist(&self, caller: &Caller<'_>) -> Result<(), String> {
        match self.directory.seat(caller.hotkey) {
            None => Err("it has no seat in this subnet".to_owned()),
            Some(seat) if seat.stake < self.least_stake => Err("its stake is too low".to_owned()),
            Some(_) => Ok(()),
        }
    }

    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        Ok(self.directory.seat(caller.hotkey).map(|seat| seat.stake.into()).unwrap_or_default())
    }

    fn has_seat(&self, caller: &Caller<'_>) -> bool {
        self.directory.seat(caller.hotkey).is_some()
    }
}

/// The divisor of the highest stake of a validator, from which on a permit counts.
///
/// While seats for validators are free, any stake is enough for a permit, also the pay of a miner for one lucky answer.
/// A miner that is served could let other miners work for it.
const MIN_PART: u64 = 100;

/// Rules that serve validators with a hundredth of the highest stake, and neurons with enough stake.
///
/// The highest stake is served first.
#[derive(Clone, Debug)]
pub struct ServeValidators<D> {
    /// The seats of the subnet.
    pub directory: D,
    /// The stake that replaces a permit, if any does.
    pub enough_stake: Option<Amount<Tao>>,
}

impl<D: Directory> Rules for ServeValidators<D> {
    fn blacklist(&self, caller: &Caller<'_>) -> Result<(), String> {
        let enough = |seat: &DirectoryEntry| self.enough_stake.is_some_and(|enough| seat.stake >= enough);
        match self.directory.seat(caller.hotkey) {
            None => Err("it has no seat in this subnet".to_owned()),
            Some(seat) if enough(&seat) => Ok(()),
            Some(seat) if !seat.may_validate => Err("it may not validate, and its stake is too low".to_owned()),
            Some(seat) if seat.stake.rao() < self.directory.most_stake().rao() / MIN_PART => {
                Err("its stake is too low beside that of other validators".to_owned())
            }
            Some(_) => Ok(()),
        }
    }

    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        Ok(self.directory.seat(caller.hotkey).map(|seat| seat.stake.into()).unwrap_or_default())
    }

    fn has_seat(&self, caller: &Caller<'_>) -> bool {
        self.directory.seat(caller.hotkey).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryDirectory;
    use myelin_primitives::Uid;

    #[test]
    fn a_permit_with_stake_or_enough_stake_opens_the_door() {
        let tao = |tao| Amount::from_tao(tao).unwrap();
        let seat =
            |stake, may_validate| DirectoryEntry { uid: Uid::new(0), stake: tao(stake), may_validate, announced: None };
        let seats = [seat(2, true), seat(50, false), seat(49, false), seat(200, true), seat(1, true)];
        let directory = MemoryDirectory::default();
        directory.set((1..).map(|key| PublicKey::from_bytes([key; 32])).zip(seats));
        let mut rules = ServeValidators { directory, enough_stake: Some(tao(50)) };
        let served = |rules: &ServeValidators<MemoryDirectory>| {
            [1, 2, 3, 4, 5, 6].map(|key| {
                let hotkey = PublicKey::from_bytes([key; 32]);
                let address = IpAddr::from([127, 0, 0, 1]);
                rules.blacklist(&Caller { hotkey, address, endpoint: "Echo", mode: Protocol::Strict }).is_ok()
            })
        };
        assert_eq!(served(&rules), [true, true, false, true, false, false]);
        let has_seat = |key: u8| {
            let (hotkey, address) = (PublicKey::from_bytes([key; 32]), IpAddr::from([127, 0, 0, 1]));
            rules.has_seat(&Caller { hotkey, address, endpoint: "Echo", mode: Protocol::V1 })
        };
        // A seat is one with any stake.
        assert_eq!([1, 3, 5, 6].map(has_seat), [true, true, true, false]);
        rules.enough_stake = None;
        assert_eq!(served(&rules), [true, false, false, true, false, false]);
        // Beside no validator with more stake, it would be served.
        rules.directory.set([(PublicKey::from_bytes([5; 32]), seat(1, true))]);
        assert_eq!(served(&rules), [false, false, false, false, true, false]);
    }
}
