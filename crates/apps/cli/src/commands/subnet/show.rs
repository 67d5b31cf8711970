//! The command `myelin subnet show`.

use super::{find, rows::SubnetRow};
use crate::{
    command::{Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    output::Printer,
};
use myelin_client::NetUid;

/// Arguments of `myelin subnet show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Number of the network; 0 is root
    netuid: NetUid,
}

outputs! {
    /// A network.
    SubnetShowOutput(SubnetRow);
}

impl Command for Show {
    const PATH: &'static str = "subnet show";
    const SUMMARY: &'static str = "Show one subnet";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "Subnet 1", line: "myelin subnet show 1" }];
    type Output = SubnetShowOutput;

    async fn run(self, context: &Context, output: &Printer<SubnetShowOutput>) -> Result<(), CliError> {
        let now = context.chain().await?.at_finalised().await?;
        Ok(output.show(&SubnetShowOutput(find(&now, self.netuid).await?.into()))?)
    }
}
