//! Commands about stake: TAO lent to hotkeys, and on what terms.

mod change;
mod children;
mod delegates;
mod history;
mod show;
mod take;

pub use change::{Add, Changed, Move, Remove, Transfer};
pub use children::{ChildTake, Children, Lent, Scheduled, SetChildTake, SetChildren, ShowChildren};
pub use delegates::{BecomeDelegate, Delegate, DelegateRow, Delegates, Delegation};
pub use show::{Positions, Show};
pub use take::{SetTake, ShowTake, TakeSet, Terms};

use crate::{error::CliError, named_key::Party};
use myelin_client::{Hotkey, Moment, Position};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, Tao};

/// A hotkey that somebody owns.
async fn owned(now: &Moment, hotkey: &Party) -> Result<Hotkey, CliError> {
    now.hotkey(&hotkey.key).await?.ok_or_else(|| CliError::NotFound {
        message: format!("nobody owns the hotkey {hotkey}"),
        hint: "check the address; a hotkey is known to the chain once it is registered or associated".into(),
    })
}

/// A hotkey that this coldkey owns.
async fn own(now: &Moment, hotkey: &Party, coldkey: &PublicKey) -> Result<Hotkey, CliError> {
    let known = owned(now, hotkey).await?;
    if known.coldkey == *coldkey {
        return Ok(known);
    }
    Err(CliError::Impossible {
        message: format!("the hotkey {hotkey} belongs to another coldkey, {}", known.coldkey),
        hint: "choose the wallet that owns it with `--wallet`".into(),
    })
}

/// What a coldkey has on a hotkey.
async fn staked(now: &Moment, coldkey: &PublicKey, hotkey: &PublicKey) -> Result<Amount<Tao>, CliError> {
    let on = |position: &Position| position.hotkey == *hotkey;
    Ok(now.positions(coldkey).await?.iter().find(|position| on(position)).map_or(Amount::ZERO, |found| found.stake))
}
