//! Reads of many storage entries of one block.

use crate::ExplainError;
use futures::{StreamExt, TryStreamExt, stream};
use myelin_client::{
    ChainState,
    subxt::{
        self,
        storage::{Address, PrefixOf},
    },
};
use std::future::Future;

/// The number of concurrent requests.
const MAX_IN_FLIGHT: usize = 32;

/// Reads a storage entry, or its default; `None` if there is neither.
pub(crate) async fn storage_value<Place: Address>(
    at: &ChainState,
    place: Place,
    keys: Place::KeyParts,
) -> Result<Option<Place::Value>, ExplainError> {
    Ok(at.try_read(place, keys).await?)
}

/// Reads all entries below a prefix, with their keys.
pub(crate) async fn storage_prefix<Place: Address, Prefix: PrefixOf<Place::KeyParts>>(
    at: &ChainState,
    place: Place,
    prefix: Prefix,
) -> Result<Vec<(Place::KeyParts, Place::Value)>, ExplainError> {
    let storage = at.client().storage();
    let mut entries = storage.iter(place, prefix).await.map_err(|error| at.failure(error))?;
    let mut found = Vec::new();
    while let Some(entry) = entries.next().await {
        let entry = entry.map_err(|error| at.failure(error))?;
        let key = entry.key().and_then(|key| key.decode()).map_err(unreadable)?;
        found.push((key, entry.value().decode().map_err(unreadable)?));
    }
    Ok(found)
}

/// Returns the answers to several requests, in the order of the requests.
pub(crate) async fn buffered<Of, Answer, Asked>(
    of: impl IntoIterator<Item = Of>,
    ask: impl FnMut(Of) -> Asked,
) -> Result<Vec<Answer>, ExplainError>
where
    Asked: Future<Output = Result<Answer, ExplainError>>,
{
    stream::iter(of).map(ask).buffered(MAX_IN_FLIGHT).try_collect().await
}

fn unreadable(error: impl Into<subxt::Error>) -> myelin_client::ChainError {
    error.into().into()
}
