//! Commands about stake, delegates, takes and child hotkeys.

mod add;
mod amount;
mod become_delegate;
mod children;
mod delegates;
mod history;
mod r#move;
mod remove;
mod show;
mod take;
mod transfer;

pub use add::Add;
pub use become_delegate::BecomeDelegate;
pub use children::{SetChildTake, SetChildren, ShowChildren};
pub use delegates::Delegates;
pub use r#move::Move;
pub use remove::Remove;
pub use show::Show;
pub use take::{SetTake, ShowTake};
pub use transfer::Transfer;

use crate::{error::CliError, named_key::NamedKey};
use myelin_client::{ChainState, HotkeyInfo, StakeInfo};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, Tao};

/// Reads a hotkey that has an owner.
async fn owned(now: &ChainState, hotkey: &NamedKey) -> Result<HotkeyInfo, CliError> {
    now.hotkey(&hotkey.key).await?.ok_or_else(|| CliError::NotFound {
        message: format!("the hotkey {hotkey} has no owner on the chain"),
        // An association cannot be undone, so that the hint does not offer it for a mistyped address.
        hint: "check the address; only if the hotkey is your own, associate it with `myelin wallet associate-hotkey`"
            .into(),
    })
}

/// Reads a hotkey that this coldkey owns.
async fn own(now: &ChainState, hotkey: &NamedKey, coldkey: &PublicKey) -> Result<HotkeyInfo, CliError> {
    let known = owned(now, hotkey).await?;
    if known.coldkey == *coldkey {
        return Ok(known);
    }
    Err(CliError::Impossible {
        message: format!("the hotkey {hotkey} belongs to another coldkey, {}", known.coldkey),
        hint: "choose the wallet that owns it with `--wallet`".into(),
    })
}

/// Returns the stake of a coldkey on a hotkey.
async fn staked(now: &ChainState, coldkey: &PublicKey, hotkey: &PublicKey) -> Result<Amount<Tao>, CliError> {
    let on = |position: &StakeInfo| position.hotkey == *hotkey;
    Ok(now.positions(coldkey).await?.iter().find(|position| on(position)).map_or(Amount::ZERO, |found| found.stake))
}
