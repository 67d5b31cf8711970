//! Networks of genesis, and the progress of clearing the storage of an ended one.

use myelin_primitives::NetUid;
use myelin_records::parameters::ParametersPatch;
use serde::{Deserialize, Serialize};

/// The progress of clearing the storage of an ended subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanupProgress {
    /// All of it is cleared.
    Done,
    /// The meter did not allow all of it; the caller must call again in a later block.
    More,
}

/// A subnet that exists from the first block on. It pays no price and nothing is locked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisSubnet<AccountId> {
    /// The netuid, 1 or above.
    pub netuid: NetUid,
    /// The owner, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<GenesisOwner<AccountId>>,
    /// The changes to the default parameters of the chain.
    #[serde(default)]
    pub parameters: ParametersPatch,
}

/// The owner of a subnet of genesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisOwner<AccountId> {
    /// The coldkey of the owner.
    pub coldkey: AccountId,
    /// Its hotkey, which takes the first seat.
    pub hotkey: AccountId,
}
