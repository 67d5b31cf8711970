//! Sparse rows of u16 values.

use crate::Uid;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One entry of a sparse row: the value that one neuron gives another, as a weight or a bond.
///
/// An entry of value zero differs from no entry. spec yuma §1.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(from = "(u16, u16)", into = "(u16, u16)")]
pub struct Entry {
    /// The neuron that receives the value.
    pub uid: Uid,
    /// The value, as a u16 fraction or as a proportion within the row.
    pub value: u16,
}

impl Entry {
    /// Returns the entry that gives `value` to `uid`.
    pub const fn new(uid: Uid, value: u16) -> Self {
        Self { uid, value }
    }
}

impl From<(u16, u16)> for Entry {
    fn from((uid, value): (u16, u16)) -> Self {
        Self { uid: Uid::new(uid), value }
    }
}

impl From<Entry> for (u16, u16) {
    fn from(entry: Entry) -> Self {
        (entry.uid.get(), entry.value)
    }
}
