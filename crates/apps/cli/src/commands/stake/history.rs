//! Recent earnings of stake, as far back as nodes keep states.

use crate::error::CliError;
use futures::{StreamExt, TryStreamExt, stream};
use myelin_client::{Chain, ChainError, ChainState};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, Tao};

/// Blocks over which earnings are computed.
///
/// Nodes keep the states of 1 024 blocks by default, older nodes those of 256. The rest is a margin for the blocks that
/// are made during the read.
const BLOCKS: u64 = 240;

/// The most requests to the node at the same time.
const MAX_IN_FLIGHT: usize = 16;

/// The chain at the last final block, and up to [`BLOCKS`] before it.
pub(super) struct History {
    pub(super) now: ChainState,
    then: Option<ChainState>,
}

impl History {
    /// Reads both states; the earlier one is missing if the node has discarded it.
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

    /// Returns the number of blocks between the two states, or 0 without an earlier one.
    pub(super) fn blocks(&self) -> u64 {
        self.then.as_ref().map_or(0, |then| self.now.height().saturating_sub(then.height()))
    }

    /// Returns the earnings of each of these stakes between the two states, after the takes of delegates.
    ///
    /// An item is `None` if the stake pool did not exist all the time, or the node has discarded the earlier state.
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

/// Returns true if the node has discarded the state.
fn forgotten(error: &ChainError) -> bool {
    matches!(error, ChainError::NoBlock(_) | ChainError::StateDiscarded(_))
}
