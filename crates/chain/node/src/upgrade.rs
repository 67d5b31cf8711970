//! The pool at an upgrade of the runtime.

use crate::service::{Client, TransactionPool};
use futures::StreamExt;
use myelin_runtime::Hash;
use sc_client_api::BlockchainEvents;
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool as _, TransactionSource};
use sp_api::ProvideRuntimeApi;
use sp_runtime::{DigestItem, OpaqueExtrinsic, traits::Header as _};
use sp_transaction_pool::runtime_api::TaggedTransactionQueue;
use std::sync::Arc;

/// Removes the transactions that an upgrade makes invalid from the pool, right after the upgrade.
///
/// Each transaction is signed for one version of the runtime. The pool itself would notice it blocks later, and answer
/// with nonces that follow those of transactions which can never be included.
pub(crate) async fn drop_outdated_transactions(client: Arc<Client>, pool: Arc<TransactionPool>) {
    let mut blocks = client.import_notification_stream();
    while let Some(block) = blocks.next().await {
        let upgrade = block.header.digest().logs().contains(&DigestItem::RuntimeEnvironmentUpdated);
        if !upgrade || !block.is_new_best {
            continue;
        }
        let waiting = pool.futures().into_iter().map(|waiting| (*waiting.hash(), waiting.data().as_ref().clone()));
        let ready = pool.ready().map(|ready| (*ready.hash(), ready.data().as_ref().clone()));
        let invalid = ready.chain(waiting).filter(|(_, bytes)| is_invalid(&client, block.hash, bytes.clone()));
        let invalid = invalid.map(|(hash, _)| (hash, None)).collect();
        pool.report_invalid(Some(block.hash), invalid).await;
    }
}

/// Returns true if the runtime at this block refuses a transaction. One that it cannot check stays.
fn is_invalid(client: &Client, block: Hash, transaction: OpaqueExtrinsic) -> bool {
    let checked: Result<_, _> =
        client.runtime_api().validate_transaction(block, TransactionSource::External, transaction, block);
    matches!(checked, Ok(Err(_)))
}
