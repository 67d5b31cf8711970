//! Networks of genesis, and the progress of clearing the storage of an ended one.

use myelin_primitives::NetUid;
use myelin_records::parameters::ParametersPatch;
use serde::{Deserialize, Serialize};

/// How far the storage of an ended subnet has been cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanupProgress {
    /// Nothing is left.
    Done,
    /// The meter did not allow all of it; ask again in a later block.
    More,
}

/// A subnet that exists from the first block on. It pays no price and nothing is locked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisSubnet<AccountId> {
    /// Its number, 1 or above.
    pub netuid: NetUid,
    /// Who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<GenesisOwner<AccountId>>,
    /// What differs from the default parameters of the chain.
    #[serde(default)]
    pub parameters: ParametersPatch,
}

/// The owner of a subnet of genesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisOwner<AccountId> {
    /// The owner.
    pub coldkey: AccountId,
    /// Its hotkey, which takes the first seat.
    pub hotkey: AccountId,
}
