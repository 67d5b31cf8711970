//! The outcome of a transaction that was sent earlier.

use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::{Printer, ProgressLine},
    page::{Page, Render, Tone},
};
use myelin_client::{SentTransaction, SubmissionOutcome as Ended, subxt::utils::H256};
use myelin_keys::Address;
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// Arguments of `myelin chain outcome`.
#[derive(Debug, clap::Args)]
pub struct Outcome {
    /// The hash of the transaction, `0x` and 64 hex digits
    hash: H256,

    /// Signer of the transaction
    #[arg(long, value_name = "ADDRESS")]
    signer: Address,

    /// Nonce of the transaction
    #[arg(long)]
    nonce: u64,

    /// The transaction is in no block up to this one
    #[arg(long, value_name = "BLOCK")]
    after: u64,

    /// The transaction is in no block after this one
    #[arg(long, value_name = "BLOCK")]
    until: u64,

    /// Time to wait for the outcome
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    wait: u32,
}

/// A successful transaction and its block.
///
/// A transaction that failed is an error.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChainOutcomeOutput {
    /// The hash of the transaction, `0x` and 64 hex digits.
    transaction: String,
    /// The height of the block.
    block: u64,
    /// The hash of the block, `0x` and 64 hex digits.
    block_hash: String,
    /// Fee of the transaction, in rao.
    #[schemars(with = "u64")]
    fee: Amount<Tao>,
}

impl Render for ChainOutcomeOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{}, final in block {}, fee {}", Tone::Good.paint("done"), self.block, self.fee));
    }
}

impl Command for Outcome {
    const PATH: &'static str = "chain outcome";
    const SUMMARY: &'static str = "Look for a transaction that was sent and not seen in time";
    const DETAILS: &'static str = "A transaction is valid up to one block. Once that block is final, the outcome is \
         certain. The error that leaves the outcome open prints this command line.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "The command line that the error printed",
        line: "myelin chain outcome 0x7d87a94cf4215e7c470f0b0c1f31777db897f73d8f1190e86dd38140a71cadc2 --signer 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --nonce 7 --after 100 --until 163",
    }];
    type Output = ChainOutcomeOutput;

    async fn run(self, context: &Context, output: &Printer<ChainOutcomeOutput>) -> Result<(), CliError> {
        let Self { hash, signer, nonce, after, until: valid_until, wait } = self;
        let sent = SentTransaction { hash, signer: signer.public(), nonce, after, valid_until, spec_version: None };
        let chain = context.chain().await?;
        let progress = ProgressLine::new("searching the final blocks");
        let ended = chain.outcome(&sent, Duration::from_secs(wait.into())).await;
        drop(progress);
        match ended {
            Ended::Finalised(included) => Ok(output.show(&ChainOutcomeOutput {
                transaction: format!("{hash:?}"),
                block: included.height,
                block_hash: format!("{:?}", included.block),
                fee: included.fee,
            })?),
            Ended::Failed { error, included } => Err(CliError::call(error, included)),
            Ended::Unseen(unseen) => {
                Err(CliError::Unseen { unseen: Box::new(unseen), network: context.chosen_network() })
            }
        }
    }
}
