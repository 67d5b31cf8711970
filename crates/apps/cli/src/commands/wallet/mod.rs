//! Commands about keys, whose files are those of `myelin-keys`, and about what accounts have.

mod balance;
mod identity;
mod make;
mod read;
mod rows;
mod sign;
mod swap;
mod transfer;

pub use balance::{AccountBalance, Balance, Balances};
pub use identity::{AssociateHotkey, Associated, Said, SetIdentity, ShowIdentity};
pub use make::{Create, NewHotkey, Restore};
pub use read::{Export, List, Show};
pub use rows::{Exported, KeyRow, Keys, Made, Signed, Verified};
pub use sign::{Sign, Verify};
pub use swap::{AnnounceSwap, ClearSwap, DisputeSwap, ExecuteSwap, ShowSwap, State, Swap};
pub use transfer::{Transfer, Transferred};
