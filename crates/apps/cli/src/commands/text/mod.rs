//! Commands about the model of a text subnet.

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

/// The choice of a text subnet.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct TextSubnet {
    /// Number of the subnet [default: the first one whose owner has published a model]
    #[arg(long, value_name = "NETUID")]
    netuid: Option<NetUid>,
}

impl TextSubnet {
    /// Returns the subnet that was named, or the first one with a model.
    pub(crate) async fn find(self, now: &ChainState) -> Result<NetUid, CliError> {
        let found = match self.netuid {
            Some(netuid) => Some(netuid),
            None => first(now).await?,
        };
        found.ok_or_else(|| CliError::NotFound {
            message: "no subnet has published a text model".into(),
            hint: "start a network with a text subnet, `myelin network up --subnet text`, or publish a model with `myelin text publish`"
                .into(),
        })
    }
}

/// The settings of a text generation. Equal settings give equal texts on every machine.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct GenerateArgs {
    /// Text to continue; words are joined with spaces
    #[arg(required = true, value_name = "PROMPT")]
    prompt: Vec<String>,

    /// Largest number of tokens
    #[arg(long, default_value = "128", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=2_048))]
    pub(crate) max_tokens: u16,

    /// Sampling temperature, from 0, which takes the most probable token, to 10
    #[arg(long, default_value = "0.8", value_name = "NUMBER", value_parser = temperature)]
    pub(crate) temperature: u32,

    /// Number of the most probable tokens to sample from; 0 is all
    #[arg(long, default_value_t = TOP_K, value_name = "COUNT")]
    pub(crate) top_k: u32,

    /// Seed of the sampling [default: random]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

/// Parses a temperature such as `0.8` into thousandths.
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

    /// Returns the seed that was given, or a random one.
    pub(crate) fn seed(&self) -> Result<u64, CliError> {
        if let Some(seed) = self.seed {
            return Ok(seed);
        }
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(RandomnessError::from)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// Reads a model on a blocking thread.
pub(crate) async fn load(path: &Path, threads: NonZeroUsize) -> Result<Model, CliError> {
    let progress = ProgressLine::new("reading the model");
    let path = path.to_owned();
    let loaded = spawn_blocking(move || Model::load(&path)?.with_threads(threads)).await;
    drop(progress);
    loaded.map_err(|error| model_failed(&error))?.map_err(CliError::other)
}

/// Makes an error of a computation that failed.
fn model_failed(error: &dyn Display) -> CliError {
    CliError::plain("model", error, None)
}

/// Makes an error of a missing or different published model.
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
