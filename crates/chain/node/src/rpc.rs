//! RPC methods beyond the stock methods of every Substrate node.

use crate::service::{Backend, Client, GrandpaLink, TransactionPool};
use jsonrpsee::RpcModule;
use myelin_runtime::{BlockNumber, Hash, OpaqueBlock as Block};
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_consensus_grandpa::{FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use std::{error::Error, sync::Arc};
use substrate_frame_rpc_system::{System, SystemApiServer};

/// The parts of the node that answer.
pub(crate) struct Sources {
    pub(crate) client: Arc<Client>,
    pub(crate) pool: Arc<TransactionPool>,
    pub(crate) finality: Finality,
}

/// The state of finality.
#[derive(Clone)]
pub(crate) struct Finality {
    justifications: GrandpaJustificationStream<Block>,
    authorities: SharedAuthoritySet<Hash, BlockNumber>,
    pub(crate) voter_state: SharedVoterState,
    proofs: Arc<FinalityProofProvider<Backend, Block>>,
}

impl Finality {
    pub(crate) fn new(link: &GrandpaLink, backend: Arc<Backend>) -> Self {
        let authorities = link.shared_authority_set().clone();
        let proofs = FinalityProofProvider::new_for_service(backend, Some(authorities.clone()));
        Self {
            justifications: link.justification_stream(),
            authorities,
            voter_state: SharedVoterState::empty(),
            proofs,
        }
    }
}

/// Returns the methods for the nonce of an account, the fee of a transaction and the state of finality.
pub(crate) fn module(
    Sources { client, pool, finality }: Sources,
    executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, Box<dyn Error + Send + Sync>> {
    let mut module = RpcModule::new(());
    module.merge(System::new(client.clone(), pool).into_rpc())?;
    module.merge(TransactionPayment::new(client).into_rpc())?;
    let Finality { justifications, authorities, voter_state, proofs } = finality;
    module.merge(Grandpa::new(executor, authorities, voter_state, justifications, proofs).into_rpc())?;
    Ok(module)
}
