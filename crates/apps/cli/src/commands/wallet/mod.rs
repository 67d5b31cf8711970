//! Commands about keys, whose files are those of `myelin-keys`, and about what accounts have.

mod answer;
mod balance;
mod identity;
mod make;
mod read;
mod sign;
mod swap;
mod transfer;

pub use answer::{Exported, KeyRow, Keys, Made, Signed, Verified};
pub use balance::{AccountBalance, Balance, Balances};
pub use identity::{AssociateHotkey, Associated, Said, SetIdentity, ShowIdentity};
pub use make::{Create, NewHotkey, Restore};
pub use read::{Export, List, Show};
pub use sign::{Sign, Verify};
pub use swap::{AnnounceSwap, ClearSwap, DisputeSwap, ExecuteSwap, ShowSwap, State, Swap};
pub use transfer::{Transfer, Transferred};
