//! The rate limits and delays of key swaps.

use myelin_primitives::BlockNumber;
use sp_runtime::traits::{BlakeTwo256, Hash};

/// The hash of the new account of a coldkey swap. spec staking §10.3
pub type ColdkeyHash = <BlakeTwo256 as Hash>::Output;

/// The rate limits and delays of key swaps, in blocks. spec staking §10
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRules {
    /// Blocks from a stake operation or swap of a coldkey to the swap of one of its hotkeys. 0 is no limit.
    pub swap_rate_limit: BlockNumber,
    /// Blocks from the announcement of a coldkey swap to the swap.
    pub announcement_delay: BlockNumber,
    /// Blocks from the block in which a coldkey swap is due to its repetition or withdrawal.
    pub reannouncement_delay: BlockNumber,
}
