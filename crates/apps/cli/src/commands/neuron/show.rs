//! The command `myelin neuron show`.

use super::seat;
use crate::{
    command::{Command, Effect, Example, outputs},
    commands::metagraph::MetagraphRow,
    context::Context,
    error::CliError,
    named_key::HotkeyArg,
    output::Printer,
    page::{Page, Render},
};
use myelin_client::{NetUid, Uid};

/// Arguments of `myelin neuron show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Hotkey of the neuron: an address, the name of a hotkey on this machine, or `myself` [default: myself]
    hotkey: Option<HotkeyArg>,

    /// Number of the network
    #[arg(long)]
    netuid: NetUid,

    /// Neuron on this seat
    #[arg(long, conflicts_with = "hotkey")]
    uid: Option<Uid>,
}

impl Render for MetagraphRow {
    fn render(&self, page: &mut Page) {
        page.fields(self.fields());
    }
}

outputs! {
    /// A neuron.
    NeuronShowOutput(MetagraphRow);
}

impl Command for Show {
    const PATH: &'static str = "neuron show";
    const SUMMARY: &'static str = "Show a neuron: its keys, its axon and its emission";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Your own neuron", line: "myelin neuron show --netuid 1" },
        Example { purpose: "The neuron on the first seat", line: "myelin neuron show --netuid 1 --uid 0" },
        Example {
            purpose: "The emission in rao, for a script",
            line: "myelin neuron show --netuid 1 --output json | jq .emission",
        },
    ];
    type Output = NeuronShowOutput;

    async fn run(self, context: &Context, output: &Printer<NeuronShowOutput>) -> Result<(), CliError> {
        let hotkey = self.hotkey.as_ref();
        let party = if self.uid.is_none() { Some(HotkeyArg::or_default(hotkey, context)?) } else { None };
        let now = context.chain().await?.at_finalised().await?;
        let neuron = match (party, self.uid) {
            (Some(party), _) => seat(&now, self.netuid, &party).await?,
            (None, uid) => {
                let uid = uid.unwrap_or_default();
                let neuron = now.neuron(self.netuid, uid).await?;
                neuron.ok_or_else(|| CliError::NotFound {
                    message: format!("network {} has no neuron {uid}", self.netuid),
                    hint: format!("list its neurons with `myelin metagraph show {}`", self.netuid).into(),
                })?
            }
        };
        Ok(output.show(&NeuronShowOutput(MetagraphRow::from(&neuron)))?)
    }
}
