//! Commands about stake: TAO lent to hotkeys, and on what terms.

mod change;
mod children;
mod delegates;
mod history;
mod show;
mod take;

pub use change::{Add, Move, Remove, StakeChangeOutput, Transfer};
pub use children::{
    ChildRow, ChildTake, SetChildTake, SetChildren, ShowChildren, StakeChildrenOutput, StakeChildrenSetOutput,
};
pub use delegates::{BecomeDelegate, Delegate, DelegateRow, Delegates, StakeDelegatesOutput};
pub use show::{Show, StakeShowOutput};
pub use take::{SetTake, ShowTake, StakeTakeSetOutput, StakeTakeShowOutput};

use crate::{error::CliError, named_key::NamedKey};
use myelin_client::{ChainState, HotkeyInfo, StakeInfo};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, Tao};

/// A hotkey that somebody owns.
async fn owned(now: &ChainState, hotkey: &NamedKey) -> Result<HotkeyInfo, CliError> {
    now.hotkey(&hotkey.key).await?.ok_or_else(|| CliError::NotFound {
        message: format!("nobody owns the hotkey {hotkey}"),
        hint: "check the address; a hotkey is known to the chain once it is registered or associated".into(),
    })
}

/// A hotkey that this coldkey owns.
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

/// What a coldkey has on a hotkey.
async fn staked(now: &ChainState, coldkey: &PublicKey, hotkey: &PublicKey) -> Result<Amount<Tao>, CliError> {
    let on = |position: &StakeInfo| position.hotkey == *hotkey;
    Ok(now.positions(coldkey).await?.iter().find(|position| on(position)).map_or(Amount::ZERO, |found| found.stake))
}
