//! Transfers of TAO from one account to another.

use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::ColdkeyArg,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{calls, runtime::balances};
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin wallet transfer`.
#[derive(Debug, clap::Args)]
pub struct Transfer {
    /// Amount in TAO, such as `1.5`, or in rao, such as `250rao`
    #[arg(required_unless_present = "all")]
    amount: Option<Amount<Tao>>,

    /// Account that receives it: an address, or the name of a wallet
    #[arg(long, value_name = "COLDKEY")]
    to: ColdkeyArg,

    /// Transfer the whole balance, which ends the account
    #[arg(long, conflicts_with = "amount")]
    all: bool,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A transfer of TAO.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WalletTransferOutput {
    /// Address of the sender.
    from: String,
    /// Address of the recipient.
    to: String,
    /// Amount, in rao.
    #[schemars(with = "u64")]
    amount: Amount<Tao>,
}

impl Render for WalletTransferOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} transferred to {}", self.amount, self.to));
    }
}

impl Command for Transfer {
    const PATH: &'static str = "wallet transfer";
    const SUMMARY: &'static str = "Transfer TAO to another account";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Balances", "transfer_keep_alive"), ("Balances", "transfer_all")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "To another wallet", line: "myelin wallet transfer 1.5 --to savings" },
        Example {
            purpose: "Show the fee first",
            line: "myelin wallet transfer 10 --to 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --dry-run",
        },
        Example { purpose: "The whole balance", line: "myelin wallet transfer --all --to savings" },
    ];
    type Output = TransactionOutput<WalletTransferOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (to, signer) = (self.to.find(context)?, WalletSigner::coldkey(context)?);
        if to.key == signer.public() {
            return Err(CliError::Usage {
                message: "both accounts are the same".into(),
                hint: "name another account with `--to`",
            });
        }
        let chain = context.chain().await?;
        let sent = if let Some(amount) = self.amount {
            let plan = Plan::new(format!("Transfer {amount} from {signer} to {to}")).spends(amount);
            self.sending.send(context, &chain, &signer, &calls::transfer(&to.key, amount), plan).await?
        } else {
            let call = calls::transfer_all(&to.key);
            let fee = chain.fee(&signer.public(), &call).await?;
            let balance = chain.at_finalised().await?.balance(&signer.public()).await?.free;
            let plan = Plan::new(format!("Transfer the whole balance of {signer} to {to}"))
                .spends(balance.checked_sub(fee).unwrap_or_default())
                .costs(fee)
                .effect("the account is empty and ends")
                .risk("a reserved balance keeps the account from ending");
            self.sending.send(context, &chain, &signer, &call, plan).await?
        };
        Ok(output.show(&sent.output(|included| {
            let moved = included.event::<balances::events::Transfer>();
            Ok(WalletTransferOutput {
                from: signer.public().to_string(),
                to: to.key.to_string(),
                amount: moved.map_or(Amount::ZERO, |moved| Amount::from_rao(moved.amount)),
            })
        })?)?)
    }
}
