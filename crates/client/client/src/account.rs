//! Signing and sending.

use crate::{
    blocks::Blocks,
    calls::{self, blake2_256},
    chain::{Chain, ChainConfig, Methods},
    error::ChainError,
    link::NodeError,
    mirror,
    refusal::PoolRefusal,
    state::ChainState,
    submission::{self, CallError, SentTransaction, SubmissionOutcome, UnseenTransaction},
};
use myelin_keys::{Keypair, PublicKey, SIGNATURE_LENGTH};
use myelin_primitives::{Amount, Tao};
use std::{sync::Arc, time::Duration};
use subxt::{
    config::DefaultExtrinsicParamsBuilder,
    error::ExtrinsicError,
    ext::codec::{Compact, Decode, Encode},
    rpcs::Error as RpcsError,
    tx::{Payload, Signer},
    utils::{AccountId32, MultiSignature},
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

/// For how many blocks a transaction is valid, unless told otherwise.
const MORTALITY: u64 = 64;

/// What the encoding of a mortality can say exactly.
const MORTALITIES: std::ops::RangeInclusive<u64> = 4..=4_096;

/// How often a transaction is signed anew because its nonce was taken.
const ATTEMPTS: usize = 3;

/// For how long transactions are signed at the same block. Far below what any of them is valid for.
const SAME_BIRTH: Duration = Duration::from_secs(1);

/// A key that submits calls to a chain.
///
/// Copies share the count of nonces, so one key can submit from any number of tasks at the same time. Two processes with
/// one key get in each other's way now and then; a nonce that the other one took is replaced by the next free one.
///
/// Transactions are mortal: each can be included for a number of blocks only, 64 unless told otherwise. So one that was
/// not seen has an end, after which it may be signed again without fear that both happen.
#[derive(Clone, Debug)]
pub struct Account {
    chain: Chain,
    key: Arc<Keypair>,
    mortality: u64,
    /// Held while one transaction is handed over, so that nonces arrive in order and one that was refused is not used up.
    next: Arc<Mutex<NextNonce>>,
}

/// What the next transaction is signed with.
#[derive(Debug, Default)]
struct NextNonce {
    /// Its nonce, or `None` if the chain is to be asked.
    nonce: Option<u64>,
    /// The final block that the last one was signed at, and since when that is known.
    birth: Option<(Instant, ChainState)>,
}

/// Stands in for a key that is not at hand. What it signs is as long as what the key would sign, and worth nothing.
struct DummySigner<'a>(&'a PublicKey);

impl Signer<ChainConfig> for DummySigner<'_> {
    fn account_id(&self) -> AccountId32 {
        mirror::account(self.0)
    }

    fn sign(&self, _: &[u8]) -> MultiSignature {
        MultiSignature::Sr25519([0; SIGNATURE_LENGTH])
    }
}

/// Lends a key to the library that makes transactions.
struct KeypairSigner<'a>(&'a Keypair);

impl Signer<ChainConfig> for KeypairSigner<'_> {
    fn account_id(&self) -> AccountId32 {
        mirror::account(&self.0.public())
    }

    fn sign(&self, payload: &[u8]) -> MultiSignature {
        MultiSignature::Sr25519(self.0.sign(payload).to_bytes())
    }
}

impl Account {
    /// This key on this chain. Make one for each key, and clone it.
    pub fn new(chain: &Chain, key: Keypair) -> Self {
        Self { chain: chain.clone(), key: Arc::new(key), mortality: MORTALITY, next: Arc::default() }
    }

    /// Transactions are valid for this many blocks, rounded up to a power of two between 4 and 4 096.
    #[must_use]
    pub fn with_mortality(mut self, blocks: u64) -> Self {
        let (least, most) = (*MORTALITIES.start(), *MORTALITIES.end());
        self.mortality = blocks.clamp(least, most).next_power_of_two();
        self
    }

    /// Whose account it is.
    pub fn public(&self) -> PublicKey {
        self.key.public()
    }

    /// What a call would cost at present, like [`Chain::fee`].
    ///
    /// # Errors
    /// If no node answers, or the call is none of this chain's.
    pub async fn fee<Call: Payload>(&self, call: &Call) -> Result<Amount<Tao>, ChainError> {
        self.chain.fee(&self.public(), call).await
    }

    /// Signs a call, sends it, and waits for how it ends.
    ///
    /// The future may be dropped; whether the call is carried out is then unknown.
    pub async fn submit<Call: Payload>(&self, call: &Call, limit: Duration) -> SubmissionOutcome {
        let began = Instant::now();
        let sent = match self.send(call).await {
            Ok(sent) => sent,
            Err(error) => return SubmissionOutcome::Failed { error, included: None },
        };
        self.outcome(&sent, limit.saturating_sub(began.elapsed())).await
    }

    /// Waits for how what this account sent ends, like [`Chain::outcome`].
    pub async fn outcome(&self, sent: &SentTransaction, limit: Duration) -> SubmissionOutcome {
        let outcome = self.chain.outcome(sent, limit).await;
        let lost = matches!(outcome, SubmissionOutcome::Unseen(_) | SubmissionOutcome::Failed { included: None, .. });
        if lost {
            // Those after it may wait for it forever: the next one fills the gap, if there is one.
            self.next.lock().await.nonce = None;
        }
        outcome
    }

    /// Signs a call and sends it, without waiting for how it ends.
    ///
    /// When this succeeds, the transaction has been sent; a node that failed at that very moment may have lost it.
    ///
    /// # Errors
    /// If it was not sent, or not let in.
    pub async fn send<Call: Payload>(&self, call: &Call) -> Result<SentTransaction, CallError> {
        let mut next = self.next.lock().await;
        let mut attempts = 1..=ATTEMPTS;
        loop {
            let known = next.birth.take().filter(|(since, _)| since.elapsed() < SAME_BIRTH);
            let is_known = known.is_some();
            let (known_since, birth) = if let Some(known) = known {
                known
            } else {
                let birth = self.chain.at_finalised().await.map_err(CallError::NotSent)?;
                (Instant::now(), birth)
            };
            let nonce = match next.nonce {
                Some(nonce) => nonce,
                None => self.chain_nonce().await.map_err(CallError::NotSent)?,
            };
            let transaction = self.sign(&birth, call, nonce).map_err(|error| CallError::NotSent(error.into()))?;
            let sent = SentTransaction {
                hash: blake2_256(&transaction),
                signer: self.public(),
                nonce,
                after: birth.height(),
                // The block it is born in counts.
                valid_until: birth.height() + self.mortality - 1,
            };
            // Until the node has it, who knows.
            next.nonce = None;
            let refusal = match self.hand_over(&transaction).await {
                PoolResponse::Accepted => {
                    *next = NextNonce { nonce: Some(nonce + 1), birth: Some((known_since, birth)) };
                    return Ok(sent);
                }
                PoolResponse::Unknown => return Ok(sent),
                PoolResponse::Unreachable(error) => return Err(CallError::NotSent(error)),
                PoolResponse::Refused(refusal) => refusal,
            };
            attempts.next();
            if matches!(refusal, PoolRefusal::Stale | PoolRefusal::Future | PoolRefusal::Waiting) {
                if attempts.is_empty() {
                    return Err(refusal.into());
                }
                let free = self.chain_nonce().await.map_err(CallError::NotSent)?;
                next.nonce = Some(free);
                if free == nonce {
                    // It was the right one, so another one would not help.
                    return Err(refusal.into());
                }
            } else {
                next.nonce = Some(nonce);
                // Since the block it was signed at, the runtime may have become another one.
                let newer_helps = is_known && matches!(refusal, PoolRefusal::Signature | PoolRefusal::Expired);
                if !newer_helps {
                    return Err(refusal.into());
                }
            }
        }
    }

    fn sign<Call: Payload>(&self, birth: &ChainState, call: &Call, nonce: u64) -> Result<Vec<u8>, ExtrinsicError> {
        sign(birth, call, nonce, self.mortality, &KeypairSigner(&self.key))
    }

    /// The next nonce as the node at hand knows it, with what waits in its pool.
    async fn chain_nonce(&self) -> Result<u64, ChainError> {
        self.chain.nonce(&self.public()).await
    }

    /// Hands a transaction to a node, and to the next if that is lost on the way.
    async fn hand_over(&self, transaction: &[u8]) -> PoolResponse {
        let link = self.chain.link();
        let mut doubt = false;
        for _ in 0..=link.nodes() {
            let connection = match link.connection().await {
                Ok(connection) => connection,
                Err(error) if !doubt => return PoolResponse::Unreachable(error.into()),
                Err(_) => break,
            };
            let methods = Methods::new(connection.rpc.clone());
            let refusal = match link.ask(&connection, methods.author_submit_extrinsic(transaction)).await {
                Ok(_) => return PoolResponse::Accepted,
                Err(NodeError::Answered(RpcsError::User(error))) => PoolRefusal::from(&error),
                Err(NodeError::Answered(_) | NodeError::Connection(_)) => {
                    doubt = true;
                    continue;
                }
            };
            return match refusal {
                PoolRefusal::Known => PoolResponse::Accepted,
                // The node that was lost may have accepted what this one refuses, even for that very reason.
                _ if doubt => PoolResponse::Unknown,
                refusal => PoolResponse::Refused(refusal),
            };
        }
        PoolResponse::Unknown
    }
}

fn sign<Call: Payload>(
    birth: &ChainState,
    call: &Call,
    nonce: u64,
    mortality: u64,
    signer: &impl Signer<ChainConfig>,
) -> Result<Vec<u8>, ExtrinsicError> {
    let parameters = DefaultExtrinsicParamsBuilder::<ChainConfig>::new()
        .nonce(nonce)
        .mortal_from_unchecked(mortality, birth.height(), birth.hash())
        .build();
    let mut transaction = birth.client().transactions().create_signable_offline(call, parameters)?;
    Ok(transaction.sign(signer)?.into_encoded())
}

/// What a call takes, as the runtime foretells it.
#[derive(Decode)]
#[codec(crate = subxt::ext::codec)]
struct DispatchInfo {
    _weight: (Compact<u64>, Compact<u64>),
    _class: u8,
    fee: u64,
}

/// What came of handing a transaction over.
enum PoolResponse {
    Accepted,
    Refused(PoolRefusal),
    /// No node answered, and none was given the transaction.
    Unreachable(ChainError),
    /// A node was given the transaction, and was lost before it answered.
    Unknown,
}

impl Chain {
    /// What a call of this key would cost at present: nothing, if it is free. The key itself is not needed for that.
    ///
    /// # Errors
    /// If no node answers, or the call is none of this chain's.
    pub async fn fee<Call: Payload>(&self, signer: &PublicKey, call: &Call) -> Result<Amount<Tao>, ChainError> {
        if calls::is_free(call) {
            return Ok(Amount::ZERO);
        }
        let now = self.at_finalised().await?;
        let transaction = sign(&now, call, self.nonce(signer).await?, MORTALITY, &DummySigner(signer))?;
        let length =
            u32::try_from(transaction.len()).map_err(|_| ChainError::Incompatible("calls have grown".into()))?;
        // The library underneath takes fees for numbers of 128 bits.
        let question = [transaction, length.encode()].concat();
        let answer =
            now.client().runtime_apis().call_raw("TransactionPaymentApi_query_info", Some(question.as_slice())).await?;
        let info = DispatchInfo::decode(&mut answer.as_slice());
        info.map(|info| Amount::from_rao(info.fee)).map_err(|error| subxt::Error::from(error).into())
    }

    /// The next nonce of a key as the node at hand knows it, with what waits in its pool.
    async fn nonce(&self, key: &PublicKey) -> Result<u64, ChainError> {
        Ok(self.methods().system_account_next_index(&mirror::account(key)).await?)
    }

    /// Looks for what was sent, in final blocks from the one it was signed at, and waits for it up to `limit`.
    ///
    /// It ends as [`SubmissionOutcome::Unseen`] if the limit is over, or nodes do not have the blocks any more; that can be called
    /// again. After [`SentTransaction::valid_until`] it ends otherwise.
    pub async fn outcome(&self, sent: &SentTransaction, limit: Duration) -> SubmissionOutcome {
        let began = Instant::now();
        let mut blocks = self.blocks_from(sent.after + 1);
        let mut trouble = None;
        let search = async {
            loop {
                match search(self, &mut blocks, sent).await {
                    // Nodes may be back before the limit is over.
                    Err(error) if error.is_outage() => {
                        trouble = Some(error);
                        sleep(self.link().limits().pause).await;
                    }
                    ended => return ended,
                }
            }
        };
        match timeout(limit, search).await {
            Ok(Ok(outcome)) => return outcome,
            Ok(Err(error)) => trouble = Some(error),
            Err(_) => {}
        }
        SubmissionOutcome::Unseen(UnseenTransaction { sent: *sent, waited: began.elapsed(), trouble })
    }
}

/// Goes on through the blocks in which the transaction may be.
async fn search(chain: &Chain, blocks: &mut Blocks, sent: &SentTransaction) -> Result<SubmissionOutcome, ChainError> {
    while blocks.height() <= sent.valid_until {
        let block = blocks.next_body().await?;
        let Some(place) = block.body.index_of(sent.hash) else { continue };
        // Not to be passed over if a node is lost now.
        blocks.go_to(block.height);
        let moment = chain.at_block(block.hash, block.height).await?;
        let events = block.body.events(&moment, place).await?;
        return submission::classify(&moment, place, events);
    }
    Ok(SubmissionOutcome::Failed { error: CallError::Expired { valid_until: sent.valid_until }, included: None })
}
