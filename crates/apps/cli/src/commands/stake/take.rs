//! The takes of delegates.

use super::{own, owned};
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::HotkeyArg,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    share::{take, u16_percent},
    time::in_about,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{ChainState, calls, records::stake::TakeRaise, runtime::staking::events::TakeRaiseAnnounced};
use myelin_primitives::{BlockNumber, Take};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin stake take show`.
#[derive(Debug, clap::Args)]
pub struct ShowTake {
    /// Hotkey: an address, the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(value_name = "HOTKEY")]
    hotkey: Option<HotkeyArg>,
}

/// The take of a delegate, and the bounds of takes. Takes are fractions `v / 65535`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StakeTakeShowOutput {
    /// Address of the hotkey.
    hotkey: String,
    /// Its take from its validator emission; absent if it is not a delegate.
    take: Option<u16>,
    /// The lowest take that is allowed.
    least: u16,
    /// The highest take that is allowed.
    most: u16,
    /// Higher take that was announced.
    raise: Option<AnnouncedTake>,
    /// Blocks from the last change to the next rise.
    rises_after: BlockNumber,
    /// Blocks from the announcement of a higher take to its effect.
    notice: BlockNumber,
}

/// A higher take that was announced and is in force later.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AnnouncedTake {
    /// The take, as a fraction `v / 65535`.
    pub(super) take: u16,
    /// First block in which it is in force.
    pub(super) from: BlockNumber,
}

impl From<TakeRaise> for AnnouncedTake {
    fn from(raise: TakeRaise) -> Self {
        Self { take: raise.take.get(), from: raise.from }
    }
}

impl Render for StakeTakeShowOutput {
    fn render(&self, page: &mut Page) {
        match self.take {
            Some(take) => page.line(format!("{} has a take of {}", self.hotkey, u16_percent(take))),
            None => page.line(format!("{} is not a delegate", self.hotkey)),
        }
        if let Some(AnnouncedTake { take, from }) = &self.raise {
            page.line(format!("a take of {} is announced, in force from block {from} on", u16_percent(*take)));
        }
        let Self { least, most, rises_after, notice, .. } = self;
        let (least, most) = (u16_percent(*least), u16_percent(*most));
        page.line(format!(
            "{least} to {most} are allowed; a rise is possible {rises_after} blocks after the last change, and in force \
             {notice} blocks later"
        ));
    }
}

impl Command for ShowTake {
    const PATH: &'static str = "stake take show";
    const SUMMARY: &'static str = "Show the take of a delegate and the allowed range";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The hotkey of the wallet", line: "myelin stake take show" }];
    type Output = StakeTakeShowOutput;

    async fn run(self, context: &Context, output: &Printer<StakeTakeShowOutput>) -> Result<(), CliError> {
        let hotkey = HotkeyArg::or_default(self.hotkey.as_ref(), context)?;
        let now = context.chain().await?.at_finalised().await?;
        let known = owned(&now, &hotkey).await?;
        let parameters = now.network_parameters().await?;
        Ok(output.show(&StakeTakeShowOutput {
            hotkey: hotkey.key.to_string(),
            take: known.take.map(Take::get),
            least: parameters.min_delegate_take.get(),
            most: parameters.max_delegate_take.get(),
            raise: known.take_raise.map(AnnouncedTake::from),
            rises_after: parameters.tx_delegate_take_rate_limit,
            notice: parameters.take_notice,
        })?)
    }
}

/// Arguments of `myelin stake take set`.
#[derive(Debug, clap::Args)]
pub struct SetTake {
    /// Take in percent, such as `9%`, or as a number `v` of the fraction `v / 65535`
    #[arg(value_parser = take)]
    take: Take,

    /// Hotkey: the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(value_name = "HOTKEY")]
    hotkey: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// The new take of a delegate.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StakeTakeSetOutput {
    /// Address of the hotkey.
    hotkey: String,
    /// Its take, as a fraction `v / 65535`.
    take: u16,
    /// First block in which a higher take is in force; absent if the take is in force now.
    from: Option<BlockNumber>,
}

impl Render for StakeTakeSetOutput {
    fn render(&self, page: &mut Page) {
        let Self { hotkey, take, from } = self;
        let later = from.map_or_else(String::new, |from| format!(" from block {from} on"));
        page.line(format!("{hotkey} has a take of {}{later}", u16_percent(*take)));
    }
}

/// Returns the effect of a higher take in a plan: the block and the time after which it is in force.
pub(super) async fn in_force_later(now: &ChainState, notice: BlockNumber) -> Result<String, CliError> {
    let from = now.height().saturating_add(1).saturating_add(notice.into());
    let time = in_about(now, notice.into()).await?;
    Ok(format!("in force from block {from} on, {time}; nominators and parents see the announcement"))
}

impl Command for SetTake {
    const PATH: &'static str = "stake take set";
    const SUMMARY: &'static str = "Raise or lower the take of a delegate";
    const DETAILS: &'static str = "A lower take is in force at once, and withdraws a higher one that was announced. A \
         higher take is in force after a notice, so that nominators can leave before.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "increase_take"), ("Staking", "decrease_take")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "A take of 9 %", line: "myelin stake take set 9% myself" }];
    type Output = TransactionOutput<StakeTakeSetOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer, take) =
            (HotkeyArg::or_default(self.hotkey.as_ref(), context)?, WalletSigner::coldkey(context)?, self.take);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let before = own(&now, &hotkey, &signer.public()).await?.take.ok_or_else(|| CliError::Impossible {
            message: format!("{hotkey} is not a delegate"),
            hint: "make it a delegate with `myelin stake become-delegate`".into(),
        })?;
        let [from, to] = [before, take].map(|take| u16_percent(take.get()));
        let parameters = now.network_parameters().await?;
        let (least, most) = (parameters.min_delegate_take, parameters.max_delegate_take);
        let message = if take == before {
            Some(format!("the take of {hotkey} is already {from}"))
        } else if take < least || take > most {
            Some(format!("a take of {to} is not allowed"))
        } else {
            None
        };
        if let Some(message) = message {
            let [least, most] = [least, most].map(|take| u16_percent(take.get()));
            return Err(CliError::Impossible { message, hint: format!("choose a take from {least} to {most}").into() });
        }
        let verb = if take > before { "Raise" } else { "Lower" };
        let plan = Plan::new(format!("{verb} the take of {hotkey} from {from} to {to}"))
            .effect("the next rise is possible only some time after this");
        let sent = if take > before {
            let limit = parameters.tx_delegate_take_rate_limit;
            let plan = plan
                .effect(in_force_later(&now, parameters.take_notice).await?)
                .risk(format!("it fails within {limit} blocks of the last change"));
            self.sending.send(context, &chain, &signer, &calls::increase_take(&hotkey.key, take), plan).await?
        } else {
            self.sending.send(context, &chain, &signer, &calls::decrease_take(&hotkey.key, take), plan).await?
        };
        Ok(output.show(&sent.output(|included| {
            let from = included.event::<TakeRaiseAnnounced>().map(|announced| announced.from);
            Ok(StakeTakeSetOutput { hotkey: hotkey.key.to_string(), take: take.get(), from })
        })?)?)
    }
}
