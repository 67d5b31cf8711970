//! The rules of key swaps in time.

use myelin_primitives::BlockNumber;
use sp_runtime::traits::{BlakeTwo256, Hash};

/// The hash of the account that a coldkey is to be swapped for. spec staking §10.3
pub type ColdkeyHash = <BlakeTwo256 as Hash>::Output;

/// The limits in time of key swaps, in blocks. spec staking §10
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRules {
    /// Blocks that must pass between a stake operation or swap of a coldkey and the swap of one of its hotkeys. 0 is no
    /// limit.
    pub swap_rate_limit: BlockNumber,
    /// Blocks from the announcement of a coldkey swap to the swap.
    pub announcement_delay: BlockNumber,
    /// Blocks from when a coldkey swap is due to when it may be announced anew or withdrawn.
    pub reannouncement_delay: BlockNumber,
}
