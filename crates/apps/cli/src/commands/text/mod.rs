//! Commands about the model of the text subnet.

mod check;
mod hash;
mod publish;
mod run;
mod show;
mod train;

pub use check::Check;
pub use hash::Hash;
pub use publish::Publish;
pub use run::Run;
pub(crate) use run::ending;
pub use show::Show;
pub use train::Train;
pub(crate) use train::trained;

use crate::{error::CliError, output::ProgressLine, share::decimal};
use myelin_client::{ChainState, NetUid, RandomnessError};
use myelin_subnet_text::{
    Model, Sampling,
    challenge::TOP_K,
    published::{PublishedModelError, first},
};
use std::{fmt::Display, num::NonZeroUsize, path::Path};
use tokio::task::spawn_blocking;

/// Which text subnet is meant.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct TextSubnet {
    /// The subnet [default: the first whose owner has published a model]
    #[arg(long, value_name = "NETUID")]
    netuid: Option<NetUid>,
}

impl TextSubnet {
    /// The one that was named, or else the first there is.
    pub(crate) async fn find(self, now: &ChainState) -> Result<NetUid, CliError> {
        let found = match self.netuid {
            Some(netuid) => Some(netuid),
            None => first(now).await?,
        };
        found.ok_or_else(|| CliError::NotFound {
            message: "no subnet has a model to write text with".into(),
            hint: "start a network that has one with `myelin network up --subnet text`, or publish one with `myelin text publish`"
                .into(),
        })
    }
}

/// How a text is written. What is the same here gives the same text, here and everywhere.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct GenerateArgs {
    /// What is to be continued; words are joined by spaces
    #[arg(required = true, value_name = "PROMPT")]
    prompt: Vec<String>,

    /// How many tokens at most
    #[arg(long, default_value = "128", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=2_048))]
    pub(crate) max_tokens: u16,

    /// How freely tokens are drawn, from 0, always the likeliest, to 10
    #[arg(long, default_value = "0.8", value_name = "NUMBER", value_parser = temperature)]
    pub(crate) temperature: u32,

    /// How many of the likeliest tokens are drawn from; 0 is all
    #[arg(long, default_value_t = TOP_K, value_name = "COUNT")]
    pub(crate) top_k: u32,

    /// What decides between tokens [default: chance]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

/// A temperature in thousandths, as it is typed: `0.8`.
fn temperature(text: &str) -> Result<u32, String> {
    let milli = decimal(text, 3).filter(|milli| *milli <= Sampling::MAX_TEMPERATURE_MILLI);
    milli.ok_or_else(|| "write a number from 0 to 10 with at most three decimals, such as `0.8`".to_owned())
}

impl GenerateArgs {
    pub(crate) fn prompt(&self) -> String {
        self.prompt.join(" ")
    }

    pub(crate) const fn sampling(&self) -> Sampling {
        Sampling { temperature_milli: self.temperature, top_k: self.top_k }
    }

    /// The seed that was given, or one that nobody has chosen.
    pub(crate) fn seed(&self) -> Result<u64, CliError> {
        if let Some(seed) = self.seed {
            return Ok(seed);
        }
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(RandomnessError::from)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// Reads a model, on a thread that may wait.
pub(crate) async fn load(path: &Path, threads: NonZeroUsize) -> Result<Model, CliError> {
    let progress = ProgressLine::new("reading the model");
    let path = path.to_owned();
    let loaded = spawn_blocking(move || Model::load(&path)?.with_threads(threads)).await;
    drop(progress);
    loaded.map_err(|error| model_failed(&error))?.map_err(CliError::other)
}

/// Makes an error of a computation that ended without a result.
fn model_failed(error: &dyn Display) -> CliError {
    CliError::plain("model", error, None)
}

/// Makes an error of a model that is not known, or is another one.
pub(crate) fn published_error(error: PublishedModelError) -> CliError {
    match error {
        PublishedModelError::Chain(error) => error.into(),
        error => CliError::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperatures_are_thousandths() {
        assert_eq!(temperature("0"), Ok(0));
        assert_eq!(temperature("0.8"), Ok(800));
        assert_eq!(temperature("1.025"), Ok(1_025));
        assert_eq!(temperature("10"), Ok(10_000));
        for wrong in ["", ".", ".5", "-1", "10.001", "0.0001", "1e1", "1.2.3", "99999999999"] {
            assert!(temperature(wrong).is_err(), "{wrong}");
        }
    }
}
