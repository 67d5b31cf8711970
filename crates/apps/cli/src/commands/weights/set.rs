//! The command `myelin weights set`.

use super::{WeightArg, WeightRow, WeightsToSet};
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    output::Printer,
    page::{Page, Render},
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{NetUid, calls};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin weights set`.
#[derive(Debug, clap::Args)]
pub struct Set {
    /// Number of the subnet
    netuid: NetUid,

    /// Weights by uid; only the proportions count
    #[arg(value_name = "UID=WEIGHT", required = true)]
    weights: Vec<WeightArg>,

    /// Version key of the validator [default: the one that the subnet requires]
    #[arg(long, value_name = "NUMBER")]
    version_key: Option<u64>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// Weights that were set.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WeightsSetOutput {
    /// Number of the subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Uid of the validator.
    uid: u16,
    /// New weights.
    weights: Vec<WeightRow>,
}

impl Render for WeightsSetOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("uid {} has set weights on subnet {}", self.uid, self.netuid));
        for weight in &self.weights {
            page.line(format!("  {}", weight.line()));
        }
    }
}

impl Command for Set {
    const PATH: &'static str = "weights set";
    const SUMMARY: &'static str = "Set weights for neurons of a subnet";
    const DETAILS: &'static str = "The weights replace all earlier weights of the hotkey. Signed by the hotkey, free. \
         On a subnet with commit-reveal, use `weights commit`.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Weights", "set_weights")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Three quarters to one, a quarter to another", line: "myelin weights set 1 3=75 4=25" },
        Example { purpose: "Show the effects first", line: "myelin weights set 1 3=1 --dry-run" },
    ];
    type Output = TransactionOutput<WeightsSetOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let wanted = WeightsToSet::new(self.netuid, &self.weights)?;
        let signer = WalletSigner::hotkey(context)?;
        let chain = context.chain().await?;
        let rater = wanted.rater(&chain.at_finalised().await?, &signer.public()).await?;
        if rater.parameters.commit_reveal {
            return Err(CliError::Impossible {
                message: format!(
                    "subnet {} uses commit-reveal, and takes no weights that were not committed first",
                    self.netuid
                ),
                hint: format!("commit the weights with `myelin weights commit {} UID=WEIGHT`", self.netuid).into(),
            });
        }
        let version_key = self.version_key.unwrap_or(rater.parameters.weights_version_key);
        let uid = rater.neuron.uid;
        let plan = wanted.plan(format!("Set weights for {} of subnet {}", wanted.count(), self.netuid), &rater);
        let call = calls::set_weights(self.netuid, &wanted.weights, version_key);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(
            &sent.output(|_| Ok(WeightsSetOutput { netuid: self.netuid, uid: uid.get(), weights: wanted.rows() }))?,
        )?)
    }
}
