//! From a plan to a final block: the one way in which this program changes the chain.
//!
//! A command says what it wants as a [`Plan`] and as a call of `myelin_client::calls`, and hands both to
//! [`TransactionArgs::send`] with whoever signs. That finds out the fee, shows the plan, asks the policy and then whoever sits
//! there, opens the key, signs, submits and waits until a block with it is final:
//!
//! ```ignore
//! #[derive(Debug, clap::Args)]
//! pub struct Add {
//!     /// How much, such as `1.5` or `250rao`
//!     amount: Amount<Tao>,
//!     /// On whom: an address or the name of a hotkey
//!     #[arg(long, value_name = "HOTKEY")]
//!     to: Option<HotkeyArg>,
//!     #[command(flatten)]
//!     sending: TransactionArgs,
//! }
//!
//! impl Command for Add {
//!     const EFFECT: Effect = Effect::Chain;
//!     const CALLS: Calls = &[("Staking", "add_stake")];
//!     type Output = TransactionOutput<StakeAddOutput>;
//!
//!     async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
//!         let hotkey = HotkeyArg::or_default(self.to.as_ref(), context)?;
//!         let signer = WalletSigner::coldkey(context)?;
//!         let chain = context.chain().await?;
//!         let plan = Plan::new(format!("Stake {} on {hotkey}", self.amount)).spends(self.amount);
//!         let call = calls::add_stake(&hotkey.key, self.amount);
//!         let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
//!         Ok(output.show(&sent.output(|included| Ok(StakeAddOutput::of(included)))?)?)
//!     }
//! }
//! ```
//!
//! The key is opened last, so that all that can be known without the password is known before the password is asked for.
//! `--dry-run` stops before it, and prints the plan.

use crate::{
    context::Context,
    error::CliError,
    key::WalletSigner,
    output::{Format, ProgressLine, note_page},
    page::{Page, Render, Tone},
    plan::{ApprovedPlan, Plan},
    terminal::PromptError,
};
use myelin_client::{
    Account, Chain, IncludedTransaction, SentTransaction, SubmissionOutcome,
    subxt::{tx::Payload, utils::H256},
};
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;
use tokio::{
    signal::ctrl_c,
    time::{MissedTickBehavior, interval},
};

/// What every command understands that changes the chain.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Transaction")]
pub struct TransactionArgs {
    /// Show what would happen and what it would cost, and stop there
    #[arg(long)]
    dry_run: bool,

    /// How long to wait until it is final. Afterwards it may still happen, and the error says how to look for it
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    wait: u32,
}

/// What came of a plan.
#[derive(Debug)]
pub struct PlanOutcome {
    plan: Plan,
    /// The hash of the transaction, and where it is. Nothing after a dry run.
    done: Option<(H256, IncludedTransaction)>,
}

/// The output of a command that changes the chain.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TransactionOutput<T> {
    /// What was to happen, and what it was to cost.
    plan: Plan,
    /// Whether that is all, because of `--dry-run`.
    dry_run: bool,
    /// What happened. Nothing after `--dry-run`.
    done: Option<TransactionReceipt<T>>,
}

/// What happened, in a final block.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TransactionReceipt<T> {
    /// The height of the block.
    block: u64,
    /// The hash of the block, `0x` and 64 hex digits.
    block_hash: String,
    /// The hash of the transaction, `0x` and 64 hex digits.
    transaction: String,
    /// What was paid for it, in rao.
    #[schemars(with = "u64")]
    fee: Amount<Tao>,
    /// What came of it.
    result: T,
}

impl TransactionArgs {
    /// Carries a plan out, or with `--dry-run` shows it.
    ///
    /// # Errors
    /// Whatever keeps it from being carried out: no node, the policy, whoever was asked, the key, or the chain.
    /// [`CliError::Unseen`], if it may still happen.
    pub async fn send<Call: Payload>(
        &self,
        context: &Context,
        chain: &Chain,
        signer: &WalletSigner,
        call: &Call,
        plan: Plan,
    ) -> Result<PlanOutcome, CliError> {
        let fee = match plan.known_fee() {
            Some(fee) => fee,
            None => chain.fee(&signer.public(), call).await?,
        };
        match self.prepare(context, chain, signer, plan.costs(fee)).await? {
            PreparedPlan::Shown(plan) => Ok(PlanOutcome::shown(plan)),
            PreparedPlan::Ready(ready) => {
                let (transaction, included) = ready.submit(call).await?;
                Ok(ready.carried(transaction, included))
            }
        }
    }

    /// Does everything before the call: for those whose call takes long to find, and costs what the plan says.
    ///
    /// # Errors
    /// Whatever keeps it from being carried out: the policy, whoever was asked, the key, or too little TAO.
    pub async fn prepare(
        &self,
        context: &Context,
        chain: &Chain,
        signer: &WalletSigner,
        plan: Plan,
    ) -> Result<PreparedPlan, CliError> {
        let mut plan = plan;
        let needed = plan.spend.checked_add(plan.fee).unwrap_or(Amount::MAX);
        let free = chain.at_finalised().await?.balance(&signer.public()).await?.free;
        if needed > free {
            if !self.dry_run {
                return Err(CliError::TooLittle { who: signer.to_string(), free, needed });
            }
            plan = plan.risk(format!("{signer} has {free}, and this takes {needed}"));
        }
        let (terminal, format) = (context.terminal(), context.format());
        if !self.dry_run && (format == Format::Table || terminal.asks()) {
            note_page(&plan);
        }
        let admitted = context.policy()?.admit(plan)?;
        if self.dry_run {
            return Ok(PreparedPlan::Shown(admitted.into_plan()));
        }
        signer.check()?;
        let approved = admitted.confirm(terminal)?;
        let account = Account::new(chain, signer.open(terminal)?);
        let limit = Duration::from_secs(self.wait.into());
        Ok(PreparedPlan::Ready(ReadyPlan { approved, account, limit, network: context.chosen_network() }))
    }
}

/// A plan, once nothing but the call is missing.
#[derive(Debug)]
pub enum PreparedPlan {
    /// It was to be shown only.
    Shown(Plan),
    /// It may be carried out.
    Ready(ReadyPlan),
}

/// A plan that may be carried out, with the key open.
#[derive(Debug)]
pub struct ReadyPlan {
    approved: ApprovedPlan,
    account: Account,
    limit: Duration,
    /// The network, if somebody chose one.
    network: Option<String>,
}

impl ReadyPlan {
    /// The plan.
    pub const fn plan(&self) -> &Plan {
        self.approved.plan()
    }

    /// Transactions are valid for this many blocks, see [`Account::with_mortality`].
    #[must_use]
    pub fn with_mortality(mut self, blocks: u64) -> Self {
        self.account = self.account.with_mortality(blocks);
        self
    }

    /// Carries it out with this call. One that failed may be followed by another.
    ///
    /// # Errors
    /// Those of the chain; [`CliError::Unseen`], if it may still happen.
    pub async fn submit<Call: Payload>(&self, call: &Call) -> Result<(H256, IncludedTransaction), CliError> {
        let mut progress = ProgressLine::new("signed, sending");
        let sent = sign_and_send(&self.approved, &self.account, call).await?;
        progress.step("sent, waiting until it is final");
        Ok((sent.hash, self.ended(self.outcome(&progress, &sent).await?)?))
    }

    /// Waits for how it ends, or for Ctrl-C.
    async fn outcome(&self, progress: &ProgressLine, sent: &SentTransaction) -> Result<SubmissionOutcome, CliError> {
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let outcome = self.account.outcome(sent, self.limit);
        tokio::pin!(outcome);
        loop {
            tokio::select! {
                outcome = &mut outcome => return Ok(outcome),
                signal = ctrl_c() => {
                    signal.map_err(PromptError::Terminal)?;
                    return Err(CliError::LeftAlone { sent: Box::new(*sent), network: self.network.clone() });
                }
                _ = seconds.tick() => progress.tick(),
            }
        }
    }

    fn ended(&self, outcome: SubmissionOutcome) -> Result<IncludedTransaction, CliError> {
        match outcome {
            SubmissionOutcome::Finalised(included) => Ok(included),
            SubmissionOutcome::Failed { error, included } => Err(CliError::call(error, included)),
            SubmissionOutcome::Unseen(unseen) => {
                Err(CliError::Unseen { unseen: Box::new(unseen), network: self.network.clone() })
            }
        }
    }

    /// That it was carried out there.
    pub fn carried(self, transaction: H256, included: IncludedTransaction) -> PlanOutcome {
        PlanOutcome { plan: self.approved.into_plan(), done: Some((transaction, included)) }
    }
}

/// The one function of this program that signs transactions.
async fn sign_and_send<Call: Payload>(
    _: &ApprovedPlan,
    account: &Account,
    call: &Call,
) -> Result<SentTransaction, CliError> {
    account.send(call).await.map_err(|error| CliError::call(error, None))
}

impl PlanOutcome {
    /// That it was only shown.
    pub const fn shown(plan: Plan) -> Self {
        Self { plan, done: None }
    }

    /// Where it is. Nothing after a dry run.
    pub fn included(&self) -> Option<&IncludedTransaction> {
        self.done.as_ref().map(|(_, included)| included)
    }

    /// Makes the output of the command. `result` reads what came of the plan; it is not called after a dry run.
    ///
    /// # Errors
    /// Those of `result`.
    pub fn output<T>(
        self,
        result: impl FnOnce(&IncludedTransaction) -> Result<T, CliError>,
    ) -> Result<TransactionOutput<T>, CliError> {
        let Self { plan, done } = self;
        let done = match done {
            None => None,
            Some((transaction, included)) => Some(TransactionReceipt {
                block: included.height,
                block_hash: format!("{:?}", included.block),
                transaction: format!("{transaction:?}"),
                fee: included.fee,
                result: result(&included)?,
            }),
        };
        Ok(TransactionOutput { plan, dry_run: done.is_none(), done })
    }
}

impl<T: Render> Render for TransactionOutput<T> {
    fn render(&self, page: &mut Page) {
        let Some(done) = &self.done else {
            self.plan.render(page);
            page.line(Tone::Faint.paint("nothing was sent"));
            return;
        };
        done.result.render(page);
        let fee = if done.fee.is_zero() { "free".to_owned() } else { format!("fee {}", done.fee) };
        page.line(
            Tone::Faint.paint(&format!("final in block {}, {fee}, transaction {}", done.block, done.transaction)),
        );
    }
}
