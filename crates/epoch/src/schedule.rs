//! The epochs that run in a block, for a caller without a chain. spec tokenomics §3.2 and §4.1.

use alloc::vec::Vec;
use myelin_economics::schedule::Schedule;
use myelin_primitives::{BlockNumber, NetUid};

/// Returns the subnets whose epochs run in block `number`, in their order.
///
/// Those that wait since an earlier block come first, in the order given; then those that are due, netuids ascending.
/// `tempos` lists the networks that exist. Root is passed over, see [`root_is_due`]. A block without room for all
/// epochs puts off the last of them; this depends on block weight and is not known here.
///
/// ```
/// use myelin_epoch::schedule::due;
/// use myelin_primitives::NetUid;
///
/// let tempos = [(0, 100), (1, 360), (2, 357), (3, 9)].map(|(netuid, tempo)| (NetUid::new(netuid), tempo));
/// assert_eq!(due(tempos, 358, &[NetUid::new(3)]), [3, 1].map(NetUid::new));
/// ```
pub fn due(tempos: impl IntoIterator<Item = (NetUid, u16)>, number: BlockNumber, waiting: &[NetUid]) -> Vec<NetUid> {
    let is_new = |netuid: NetUid| !netuid.is_root() && !waiting.contains(&netuid);
    let due = tempos.into_iter().filter(|(netuid, tempo)| Schedule::new(*netuid, *tempo).is_due(number));
    let mut new: Vec<NetUid> = due.map(|(netuid, _)| netuid).filter(|netuid| is_new(*netuid)).collect();
    new.sort_unstable();
    let mut all = waiting.to_vec();
    all.append(&mut new);
    all
}

/// Returns true if the root epoch runs in block `number`.
pub fn root_is_due(tempos: impl IntoIterator<Item = (NetUid, u16)>, number: BlockNumber) -> bool {
    tempos.into_iter().any(|(netuid, tempo)| netuid.is_root() && Schedule::new(netuid, tempo).is_due(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tempos(tempos: &[(u16, u16)]) -> Vec<(NetUid, u16)> {
        tempos.iter().map(|(netuid, tempo)| (NetUid::new(*netuid), *tempo)).collect()
    }

    fn numbers(netuids: &[NetUid]) -> Vec<u16> {
        netuids.iter().map(|netuid| netuid.get()).collect()
    }

    /// Checks the table of spec tokenomics §4.1.
    #[test]
    fn epochs_are_due_as_specified() {
        for (tempo, netuid, first, period) in [(1, 1, 1, 2), (2, 1, 0, 3), (100, 1, 98, 101), (360, 2, 357, 361)] {
            for number in 0..800 {
                let expected = number % period == first % period;
                assert_eq!(!due(tempos(&[(netuid, tempo)]), number, &[]).is_empty(), expected, "{netuid} in {number}");
            }
        }
    }

    #[test]
    fn those_that_wait_run_first_and_once() {
        // With tempo 2, netuid 1 is due in block 0, netuid 4 too.
        let all = tempos(&[(4, 2), (1, 2), (2, 2)]);
        assert_eq!(numbers(&due(all.clone(), 0, &[])), [1, 4]);
        assert_eq!(numbers(&due(all.clone(), 0, &[NetUid::new(9), NetUid::new(4)])), [9, 4, 1]);
        assert_eq!(numbers(&due(all, 1, &[NetUid::new(1)])), [1]);
    }

    #[test]
    fn root_runs_apart() {
        let all = tempos(&[(0, 1), (2, 1)]);
        assert!(root_is_due(all.clone(), 0) && !root_is_due(all.clone(), 1));
        assert_eq!(numbers(&due(all, 0, &[])), [2]);
        assert!(!root_is_due(tempos(&[(2, 1)]), 0));
    }
}
