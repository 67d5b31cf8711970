//! The command `myelin metagraph watch`.

use super::{MetagraphShowOutput, MetagraphWatchOutput, NeuronFilter};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::{Format, Printer, note},
    screen::Screen,
};
use myelin_client::{Metagraph, NetUid};

/// Arguments of `myelin metagraph watch`.
#[derive(Debug, clap::Args)]
pub struct Watch {
    /// Number of the network; 0 is root
    netuid: NetUid,

    #[command(flatten)]
    choice: NeuronFilter,

    /// Show keys and addresses too, on a terminal
    #[arg(long)]
    long: bool,
}

impl Command for Watch {
    const PATH: &'static str = "metagraph watch";
    const SUMMARY: &'static str = "Follow the neurons of a network, until Ctrl-C";
    const DETAILS: &'static str = "A terminal shows a table that is redrawn with each final block. Elsewhere, and \
         with `--output json`, each change is a line.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The neurons, by emission", line: "myelin metagraph watch 1 --sort emission" },
        Example {
            purpose: "Each seat that changes hands, for a script",
            line: "myelin metagraph watch 1 --output json | grep seated",
        },
    ];
    type Output = MetagraphWatchOutput;

    async fn run(self, context: &Context, output: &Printer<MetagraphWatchOutput>) -> Result<(), CliError> {
        let chosen = self.choice.find(context)?;
        let chain = context.chain().await?;
        let mut metagraph = Metagraph::sync(&chain, self.netuid).await?;
        let mut screen = if context.format() == Format::Table { Screen::of_process() } else { None };
        loop {
            if let Some(screen) = &mut screen {
                // The title, the headings and the line of the cursor take three rows.
                let most = screen.rows().saturating_sub(3);
                screen.draw(&MetagraphShowOutput::of(&metagraph, &chosen, most, self.long))?;
            }
            let before = metagraph.snapshot().clone();
            let changes = match metagraph.follow().await {
                Ok(changes) => changes,
                Err(error) if error.is_outage() => {
                    note(&format!("{error}; trying again"));
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if screen.is_none() {
                for change in MetagraphWatchOutput::all(&changes, &before, &metagraph) {
                    let uid = change.neuron().map(|neuron| neuron.uid);
                    if uid.and_then(|uid| metagraph.neuron(uid)).is_none_or(|neuron| chosen.has(neuron)) {
                        output.show(&change)?;
                    }
                }
            }
        }
    }
}
