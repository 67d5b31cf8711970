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
pub use identity::{AssociateHotkey, SetIdentity, ShowIdentity, WalletAssociateHotkeyOutput, WalletIdentityOutput};
pub use make::{Create, NewHotkey, Restore};
pub use read::{Export, List, Show};
pub use rows::{KeyRow, NewKeysOutput, WalletExportOutput, WalletKeysOutput, WalletSignOutput, WalletVerifyOutput};
pub use sign::{Sign, Verify};
pub use swap::{AnnounceSwap, ClearSwap, DisputeSwap, ExecuteSwap, ShowSwap, SwapState, WalletSwapColdkeyOutput};
pub use transfer::{Transfer, WalletTransferOutput};
