//! Commands about keys, whose files `myelin-keys` reads and writes, and about the balances of accounts.

mod associate_hotkey;
mod balance;
mod create;
mod export;
mod identity;
mod list;
mod new_hotkey;
mod restore;
mod rows;
mod show;
mod sign;
mod swap_coldkey;
mod transfer;
mod verify;

pub use associate_hotkey::AssociateHotkey;
pub use balance::Balance;
pub use create::Create;
pub use export::Export;
pub use identity::{SetIdentity, ShowIdentity};
pub use list::List;
pub use new_hotkey::NewHotkey;
pub use restore::Restore;
pub use show::Show;
pub use sign::Sign;
pub use swap_coldkey::{AnnounceSwap, ClearSwap, DisputeSwap, ExecuteSwap, ShowSwap};
pub use transfer::Transfer;
pub use verify::Verify;
