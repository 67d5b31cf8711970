//! The pool at an upgrade of the runtime.

use crate::service::{Client, TransactionPool};
use futures::StreamExt;
use myelin_runtime::Hash;
use sc_client_api::BlockchainEvents;
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool as _, TransactionSource};
use sp_api::ProvideRuntimeApi;
use sp_runtime::{
    DigestItem, OpaqueExtrinsic,
    traits::Header as _,
    transaction_validity::{InvalidTransaction, TransactionValidityError},
};
use sp_transaction_pool::runtime_api::TaggedTransactionQueue;
use std::{mem, sync::Arc};

/// Removes the transactions that an upgrade makes invalid from the pool.
///
/// Each transaction is signed for one version of the runtime. The pool itself would notice many blocks later, and until
/// then it would answer with nonces that follow those of transactions which can never be included.
pub(crate) async fn drop_outdated_transactions(client: Arc<Client>, pool: Arc<TransactionPool>) {
    let mut blocks = client.import_notification_stream();
    let mut upgraded = false;
    while let Some(block) = blocks.next().await {
        if !block.is_new_best {
            continue;
        }
        // The pool needs time to forget the transactions of the upgrade's own block, so this is the block after it.
        if mem::take(&mut upgraded) {
            let waiting = pool.futures().into_iter().map(|waiting| (*waiting.hash(), waiting.data().clone()));
            let ready = pool.ready().map(|ready| (*ready.hash(), ready.data().clone()));
            let outdated = ready.chain(waiting).filter(|(_, bytes)| has_bad_proof(&client, block.hash, bytes));
            let outdated = outdated.map(|(hash, _)| (hash, None)).collect();
            pool.report_invalid(Some(block.hash), outdated).await;
        }
        upgraded = block.header.digest().logs().contains(&DigestItem::RuntimeEnvironmentUpdated);
    }
}

/// Returns true if a transaction is signed for another runtime than that of this block.
fn has_bad_proof(client: &Client, block: Hash, transaction: &OpaqueExtrinsic) -> bool {
    let (source, transaction) = (TransactionSource::External, transaction.clone());
    let checked = client.runtime_api().validate_transaction(block, source, transaction, block);
    matches!(checked, Ok(Err(TransactionValidityError::Invalid(InvalidTransaction::BadProof))))
}
