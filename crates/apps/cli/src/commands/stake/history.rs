//! What stake has earned of late, as far back as nodes remember.

use crate::error::CliError;
use futures::{StreamExt, TryStreamExt, stream};
use myelin_client::{Chain, ChainError, ChainState};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, Tao};

/// Nodes keep the states of 256 blocks unless told otherwise. Some are left for those made while one reads.
const BLOCKS: u64 = 240;

/// How many questions are asked at a time.
const MAX_IN_FLIGHT: usize = 16;

/// The last final block, and one some time before.
pub(super) struct History {
    pub(super) now: ChainState,
    then: Option<ChainState>,
}

impl History {
    /// As far back as the node at hand goes.
    pub(super) async fn of(chain: &Chain) -> Result<Self, CliError> {
        let now = chain.at_finalised().await?;
        let then = match now.height().saturating_sub(BLOCKS).max(1) {
            height if height < now.height() => match chain.at(height).await {
                Ok(then) => Some(then),
                Err(error) if forgotten(&error) => None,
                Err(error) => return Err(error.into()),
            },
            _ => None,
        };
        Ok(Self { now, then })
    }

    /// How many blocks it spans.
    pub(super) fn blocks(&self) -> u64 {
        self.then.as_ref().map_or(0, |then| self.now.height().saturating_sub(then.height()))
    }

    /// What each of these stakes has earned meanwhile, what delegates keep left out. `None` where it was not there all
    /// the time, or nobody remembers.
    pub(super) async fn earned(
        &self,
        stakes: impl IntoIterator<Item = (PublicKey, Amount<Tao>)>,
    ) -> Result<Vec<Option<Amount<Tao>>>, CliError> {
        let questions = stakes.into_iter().map(|(hotkey, stake)| self.earned_on(hotkey, stake));
        stream::iter(questions).buffered(MAX_IN_FLIGHT).try_collect().await
    }

    async fn earned_on(&self, hotkey: PublicKey, stake: Amount<Tao>) -> Result<Option<Amount<Tao>>, CliError> {
        let Some(then) = &self.then else { return Ok(None) };
        match self.now.stake_growth(then, &hotkey, stake).await {
            Ok(grown) => Ok(grown.map(|grown| grown.checked_sub(stake).unwrap_or_default())),
            Err(error) if forgotten(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether the node has let go of the state.
fn forgotten(error: &ChainError) -> bool {
    match error {
        ChainError::NoBlock(_) => true,
        ChainError::Node { message, .. } => message.contains("discarded"),
        _ => false,
    }
}
