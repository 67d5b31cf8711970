//! Whom an axon serves, and whom first.

use crate::{Directory, DirectoryEntry};
use myelin_primitives::{Amount, Tao};
use myelin_wire::{Protocol, PublicKey};
use std::net::IpAddr;

/// A request before its body is read.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Who asks. Proven wherever a rule says so.
    pub hotkey: PublicKey,
    /// From where.
    pub address: IpAddr,
    /// For which class.
    pub endpoint: &'a str,
    /// In which protocol.
    pub mode: Protocol,
}

/// What goes first when an axon is busy: the higher one. Usually the stake, in rao.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority(pub u64);

impl From<Amount<Tao>> for Priority {
    fn from(stake: Amount<Tao>) -> Self {
        Self(stake.rao())
    }
}

/// Why a caller has no priority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriorityError {
    /// It cannot be served in time.
    #[error("there is no room in time")]
    Late,
    /// The rule itself failed; for the log, never for the peer.
    #[error("{0}")]
    Failed(String),
}

/// What an operator decides about callers, after the checks of the protocol and never instead of them.
/// spec neuron-protocol §7, signed-requests §3
///
/// Rules are asked for every request, on the thread that serves it: they look up what the process already knows, and
/// wait for nothing. Strict requests are judged by [`Rules::blacklist`] twice: by who they claim to be from, before their body
/// is read, and by who they are from.
pub trait Rules: Send + Sync + 'static {
    /// A check of one's own of a caller whose signature is good; the text says what fails.
    ///
    /// # Errors
    /// What the caller is told: answered 401.
    fn verify(&self, caller: &Caller<'_>) -> Result<(), String> {
        let _ = caller;
        Ok(())
    }

    /// Whether a caller is turned away; the text says why.
    ///
    /// # Errors
    /// What the caller is told: answered 403.
    fn blacklist(&self, caller: &Caller<'_>) -> Result<(), String> {
        let _ = caller;
        Ok(())
    }

    /// How important a caller is.
    ///
    /// # Errors
    /// [`PriorityError`]: answered 408 or 500.
    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        let _ = caller;
        Ok(Priority::default())
    }
}

/// Serves everybody who signs, in order. For tests and for public services: anybody can make a thousand hotkeys, so limits
/// for each of them mean little.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServeAnyone;

impl Rules for ServeAnyone {}

/// Serves the hotkeys with a seat in the subnet and at least this much stake, the highest stake first.
#[derive(Clone, Debug)]
pub struct ServeNeurons<D> {
    /// Who has a seat.
    pub directory: D,
    /// The stake that is asked for.
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
}

/// A permit counts from this part of the highest stake on.
///
/// While places for validators are free, any stake at all is enough for a permit, also what a miner earned with one lucky
/// answer, and whoever is served lets others work for it.
const MIN_PART: u64 = 100;

/// Serves the neurons of the subnet that may validate and have a hundredth of the highest stake, and those with at least this
/// much stake, the highest stake first.
#[derive(Clone, Debug)]
pub struct ServeValidators<D> {
    /// Who has a seat.
    pub directory: D,
    /// The stake that stands in for a permit, if any does.
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
        rules.enough_stake = None;
        assert_eq!(served(&rules), [true, false, false, true, false, false]);
        // Beside nobody with more it would be served.
        rules.directory.set([(PublicKey::from_bytes([5; 32]), seat(1, true))]);
        assert_eq!(served(&rules), [false, false, false, false, true, false]);
    }
}
