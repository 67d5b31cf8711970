//! The only way in which a command with [`Effect::Chain`](crate::command::Effect::Chain) changes the chain: from a plan
//! to a final block.
//!
//! A command makes a [`Plan`] and a call of `myelin_client::calls`, and passes both to [`TransactionArgs::send`] with a
//! signer. The function asks the chain for the fee, shows the plan, applies the policy, asks the user, opens the key,
//! signs, submits and waits until a block with the transaction is final:
//!
//! ```ignore
//! #[derive(Debug, clap::Args)]
//! pub struct Add {
//!     /// Amount, such as `1.5` or `250rao`
//!     amount: Amount<Tao>,
//!     /// Hotkey: an address, or the name of a hotkey on this machine
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
//! The key is opened last, so that all facts without the password are known before the question for it. `--dry-run`
//! stops before the key is opened, and prints the plan.
//!
//! Two parts of this program sign transactions without a plan. A neuron of `mine` or `validate` signs with its hotkey,
//! through `myelin_subnet_kit`. The set-up of a local network signs with keys that are made for this machine only
//! (`myelin_local::neurons`).

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

/// Arguments of every command that changes the chain.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Transaction")]
pub struct TransactionArgs {
    /// Show the plan and its cost, and stop
    #[arg(long)]
    dry_run: bool,

    /// Time to wait for finality. The transaction may still be included afterwards; the error names the command that
    /// looks for it
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    wait: u32,
}

/// Outcome of a plan.
#[derive(Debug)]
pub struct PlanOutcome {
    plan: Plan,
    /// Hash of the transaction, and its block; `None` after a dry run.
    done: Option<(H256, IncludedTransaction)>,
}

/// The output of a command that changes the chain.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TransactionOutput<T> {
    /// The plan.
    plan: Plan,
    /// True if nothing was sent because of `--dry-run`.
    dry_run: bool,
    /// Receipt of the transaction; absent after `--dry-run`.
    done: Option<TransactionReceipt<T>>,
}

/// Receipt of a transaction in a final block.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TransactionReceipt<T> {
    /// Height of the block.
    block: u64,
    /// Hash of the block, `0x` and 64 hex digits.
    block_hash: String,
    /// Hash of the transaction, `0x` and 64 hex digits.
    transaction: String,
    /// Fee that was paid, in rao.
    #[schemars(with = "u64")]
    fee: Amount<Tao>,
    /// Result of the command.
    result: T,
}

impl TransactionArgs {
    /// Executes a plan, or with `--dry-run` shows it.
    ///
    /// # Errors
    /// As [`Self::prepare`]; [`CliError::Chain`] if no node answers; [`CliError::Call`] if the call fails;
    /// [`CliError::Unseen`] if it may still be included.
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

    /// Prepares a plan up to the call.
    ///
    /// For commands whose call takes long to find, and whose fee is that of the plan.
    ///
    /// # Errors
    /// [`CliError::TooLittle`] if the balance is too low; [`CliError::Refused`] from the policy; [`CliError::Prompt`]
    /// from the question; [`CliError::Wallet`] from the key.
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
            plan = plan.risk(format!("the balance of {signer} is {free}; this command spends {needed}"));
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

/// A plan that lacks only the call.
#[derive(Debug)]
pub enum PreparedPlan {
    /// A plan that is only shown.
    Shown(Plan),
    /// A plan that may be executed.
    Ready(ReadyPlan),
}

/// A plan that may be executed, with its key open.
#[derive(Debug)]
pub struct ReadyPlan {
    approved: ApprovedPlan,
    account: Account,
    limit: Duration,
    /// Network, if it is not the default.
    network: Option<String>,
}

impl ReadyPlan {
    /// Returns the plan.
    pub const fn plan(&self) -> &Plan {
        self.approved.plan()
    }

    /// Sets the validity of transactions in blocks, see [`Account::with_mortality`].
    #[must_use]
    pub fn with_mortality(mut self, blocks: u64) -> Self {
        self.account = self.account.with_mortality(blocks);
        self
    }

    /// Executes the plan with a call; after a failure another call may follow.
    ///
    /// # Errors
    /// [`CliError::Call`] if the call fails; [`CliError::Unseen`] if it may still be included; [`CliError::LeftAlone`]
    /// after Ctrl-C.
    pub async fn submit<Call: Payload>(&self, call: &Call) -> Result<(H256, IncludedTransaction), CliError> {
        let mut progress = ProgressLine::new("signed, sending the transaction");
        let sent = sign_and_send(&self.approved, &self.account, call).await?;
        progress.step("sent, waiting for finality");
        Ok((sent.hash, self.ended(self.outcome(&progress, &sent).await?)?))
    }

    /// Waits for the outcome, or for Ctrl-C.
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

    /// Makes the outcome of a plan that was executed.
    pub fn carried(self, transaction: H256, included: IncludedTransaction) -> PlanOutcome {
        PlanOutcome { plan: self.approved.into_plan(), done: Some((transaction, included)) }
    }
}

/// Signs and sends a call: the one function that signs for commands with a plan.
async fn sign_and_send<Call: Payload>(
    _: &ApprovedPlan,
    account: &Account,
    call: &Call,
) -> Result<SentTransaction, CliError> {
    account.send(call).await.map_err(|error| CliError::call(error, None))
}

impl PlanOutcome {
    /// Makes the outcome of a plan that was only shown.
    pub const fn shown(plan: Plan) -> Self {
        Self { plan, done: None }
    }

    /// Returns the transaction in its block; `None` after a dry run.
    pub fn included(&self) -> Option<&IncludedTransaction> {
        self.done.as_ref().map(|(_, included)| included)
    }

    /// Makes the output of the command.
    ///
    /// `result` reads the result of the plan; it is not called after a dry run.
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
