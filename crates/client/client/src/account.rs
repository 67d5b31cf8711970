//! Accounts that sign and submit transactions.

use crate::{
    blocks::Blocks,
    calls::blake2_256,
    chain::{Chain, ChainConfig, Methods},
    error::ChainError,
    key::account,
    link::NodeError,
    refusal::PoolRefusal,
    state::ChainState,
    submission::{self, CallError, SentTransaction, SubmissionOutcome, UnseenTransaction},
};
use myelin_keys::{Keypair, PublicKey, SIGNATURE_LENGTH};
use myelin_primitives::{Amount, NetUid, Tao};
use myelin_records::{
    consent::KeyConsent,
    free_calls::{FREE_CALLS_AHEAD, is_free},
};
use std::{collections::BTreeMap, fmt::Debug, sync::Arc, time::Duration};
use subxt::{
    config::{DefaultExtrinsicParamsBuilder, Header as _},
    error::ExtrinsicError,
    ext::codec::{Compact, Decode, Encode},
    rpcs::Error as RpcsError,
    tx::{Payload, Signer},
    utils::{AccountId32, H256, MultiSignature},
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

/// The default mortality of transactions, in blocks.
const MORTALITY: u64 = 64;

/// Mortalities, in blocks, that have an exact encoding.
const MORTALITIES: std::ops::RangeInclusive<u64> = 4..=4_096;

/// The depth of the block at which transactions are signed while finality lags. Blocks of this depth are seldom replaced.
const SAFE_DEPTH: u64 = 8;

/// The number of attempts to sign a transaction whose nonce was taken.
const ATTEMPTS: usize = 3;

/// The length of the indices of pallet and call, with which a call begins.
const CALL_INDEX_LENGTH: usize = 2;

/// The time in which transactions are signed at the same block. It is far below the mortality of any transaction.
const SAME_BIRTH: Duration = Duration::from_secs(1);

/// An account of a chain: a key that signs and submits calls.
///
/// Copies share the next nonce, so tasks may submit with one key at the same time. If another process with the same key
/// has taken a nonce, the transaction is signed again with the next free one.
///
/// Transactions are mortal: each can be included for a limited number of blocks, by default 64. After the last of them,
/// a transaction that was not seen can be signed again without the risk that both are included.
#[derive(Clone, Debug)]
pub struct Account {
    chain: Chain,
    key: Arc<Keypair>,
    mortality: u64,
    /// The next nonce, locked while a transaction is handed over: nonces arrive in order, and a refused one is reused.
    next: Arc<Mutex<NextNonce>>,
}

/// The blocks with which a transaction is signed.
#[derive(Debug)]
struct Birth {
    /// The block from which its mortality counts.
    height: u64,
    hash: H256,
    /// The best block, with the versions of the runtime.
    best: ChainState,
}

/// The nonce and the block with which the next transaction is signed.
#[derive(Debug, Default)]
struct NextNonce {
    /// The next nonce, or `None` if the chain must be asked.
    nonce: Option<u64>,
    /// The blocks with which the last transaction was signed, and the time of reading them.
    birth: Option<(Instant, Birth)>,
    /// The nonce of the last free call of each kind that may still wait in the pool.
    waiting: BTreeMap<FreeCallKind, u64>,
}

impl NextNonce {
    /// Notes the nonce of a free call that a node was given.
    fn given(&mut self, kind: Option<FreeCallKind>, nonce: u64) {
        // A free call further behind does not wait any more.
        self.waiting.retain(|_, earlier| nonce.saturating_sub(*earlier) < FREE_CALLS_AHEAD.into());
        if let Some(kind) = kind {
            self.waiting.insert(kind, nonce);
        }
    }
}

/// A free call and its network or hotkey, as the chain encodes them.
///
/// The pool holds one free call of each kind and key (spec events-and-errors §8.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FreeCallKind(Vec<u8>);

impl FreeCallKind {
    /// Returns the kind of a call, or `None` if it is not free.
    fn of<Call: Payload>(call: &Call, state: &ChainState) -> Result<Option<Self>, ExtrinsicError> {
        let (pallet, name) = (call.pallet_name(), call.call_name());
        if !is_free(pallet, name) {
            return Ok(None);
        }
        let subject = match (pallet, name) {
            ("Keys", _) | ("Weights", "batch_commit_weights" | "batch_set_weights") => 0,
            ("Staking", _) => size_of::<PublicKey>(),
            _ => size_of::<NetUid>(),
        };
        let mut bytes = state.client().transactions().call_data(call)?;
        bytes.truncate(CALL_INDEX_LENGTH.saturating_add(subject));
        Ok(Some(Self(bytes)))
    }
}

/// A signer without the key. Its signatures have the right length and are invalid.
struct DummySigner<'a>(&'a PublicKey);

impl Signer<ChainConfig> for DummySigner<'_> {
    fn account_id(&self) -> AccountId32 {
        account(self.0)
    }

    fn sign(&self, _: &[u8]) -> MultiSignature {
        MultiSignature::Sr25519([0; SIGNATURE_LENGTH])
    }
}

/// An adapter from a key pair to the signer trait of subxt.
struct KeypairSigner<'a>(&'a Keypair);

impl Signer<ChainConfig> for KeypairSigner<'_> {
    fn account_id(&self) -> AccountId32 {
        account(&self.0.public())
    }

    fn sign(&self, payload: &[u8]) -> MultiSignature {
        MultiSignature::Sr25519(self.0.sign(payload).to_bytes())
    }
}

impl Account {
    /// Returns the account of this key on this chain. Make one for each key, and clone it.
    pub fn new(chain: &Chain, key: Keypair) -> Self {
        Self { chain: chain.clone(), key: Arc::new(key), mortality: MORTALITY, next: Arc::default() }
    }

    /// Sets the mortality in blocks, rounded up to a power of two between 4 and 4 096.
    #[must_use]
    pub fn with_mortality(mut self, blocks: u64) -> Self {
        let (least, most) = (*MORTALITIES.start(), *MORTALITIES.end());
        self.mortality = blocks.clamp(least, most).next_power_of_two();
        self
    }

    /// Returns the public key of the account.
    pub fn public(&self) -> PublicKey {
        self.key.public()
    }

    /// Signs the consent of this key to a pair of which it is one, see [`Chain::consent`].
    pub fn consent(&self, coldkey: &PublicKey, hotkey: &PublicKey) -> KeyConsent {
        self.chain.consent(&self.key, coldkey, hotkey)
    }

    /// Returns the present fee of a call, like [`Chain::fee`].
    ///
    /// # Errors
    /// [`ChainError`] if no node answers, or the chain has no such call.
    pub async fn fee<Call: Payload>(&self, call: &Call) -> Result<Amount<Tao>, ChainError> {
        self.chain.fee(&self.public(), call).await
    }

    /// Signs a call, sends it, and waits for its outcome.
    ///
    /// The call is signed again once if an upgrade of the runtime comes before its inclusion.
    ///
    /// The future may be dropped. It is then unknown whether the call is executed.
    pub async fn submit<Call: Payload>(&self, call: &Call, limit: Duration) -> SubmissionOutcome {
        let began = Instant::now();
        let (mut was_renewed, mut nonce) = (false, None);
        loop {
            let sent = match self.send_with(call, nonce).await {
                Ok(sent) => sent,
                // A node may keep the outdated transaction, which has the same nonce, for some blocks.
                Err(CallError::Refused(PoolRefusal::Waiting)) if nonce.is_some() && began.elapsed() < limit => {
                    sleep(self.chain.link().limits().pause).await;
                    continue;
                }
                // Another transaction of the key has taken the nonce meanwhile.
                Err(CallError::Refused(PoolRefusal::Stale)) if nonce.is_some() => {
                    nonce = None;
                    continue;
                }
                Err(error) => return SubmissionOutcome::Failed { error, included: None },
            };
            match self.outcome(&sent, limit.saturating_sub(began.elapsed())).await {
                SubmissionOutcome::Failed { error: CallError::Refused(PoolRefusal::Version), .. } if !was_renewed => {
                    (was_renewed, nonce) = (true, Some(sent.nonce));
                }
                outcome => return outcome,
            }
        }
    }

    /// Waits for the outcome of a transaction that this account sent, like [`Chain::outcome`].
    pub async fn outcome(&self, sent: &SentTransaction, limit: Duration) -> SubmissionOutcome {
        let outcome = self.chain.outcome(sent, limit).await;
        let lost = matches!(outcome, SubmissionOutcome::Unseen(_) | SubmissionOutcome::Failed { included: None, .. });
        if lost {
            // Later transactions may wait for this nonce for ever. The next one therefore takes it, if it is free.
            self.next.lock().await.nonce = None;
        }
        outcome
    }

    /// Signs a call and sends it, without waiting for its outcome.
    ///
    /// The call is signed again once if the runtime changed meanwhile, if the mortality of the first transaction is over,
    /// or if the pool refuses its bytes for some time.
    ///
    /// The pool holds one free call of each kind, so a later one is refused while an earlier one waits. If this account
    /// sent the earlier one, the later one is sent with its nonce, and takes its place if the priority is higher. One of
    /// the two is always included.
    ///
    /// Success means that the transaction was sent. A node that fails at that moment may have lost it.
    ///
    /// # Errors
    /// [`CallError::NotSent`] if no node was given the transaction, [`CallError::Refused`] if the pool refused it.
    pub async fn send<Call: Payload>(&self, call: &Call) -> Result<SentTransaction, CallError> {
        self.send_with(call, None).await
    }

    /// Sends a call like [`Account::send`], with this nonce if one is given.
    async fn send_with<Call: Payload>(&self, call: &Call, only: Option<u64>) -> Result<SentTransaction, CallError> {
        let mut next = self.next.lock().await;
        next.nonce = only.or(next.nonce);
        let mut attempts = 1..=ATTEMPTS;
        let mut was_renewed = false;
        // The free nonce that is left for the next transaction, if this one takes that of an earlier call.
        let mut spared: Option<u64> = None;
        loop {
            let known = next.birth.take().filter(|(since, _)| since.elapsed() < SAME_BIRTH);
            let is_known = known.is_some();
            let (known_since, birth) = if let Some(known) = known {
                known
            } else {
                let birth = self.chain.birth(self.mortality).await.map_err(CallError::NotSent)?;
                (Instant::now(), birth)
            };
            let nonce = match next.nonce {
                Some(nonce) => nonce,
                None => self.chain_nonce().await.map_err(CallError::NotSent)?,
            };
            let transaction = self.sign(&birth, call, nonce).map_err(|error| CallError::NotSent(error.into()))?;
            let kind = FreeCallKind::of(call, &birth.best).map_err(|error| CallError::NotSent(error.into()))?;
            let sent = SentTransaction {
                hash: blake2_256(&transaction),
                signer: self.public(),
                nonce,
                after: birth.height,
                // The block at which it was signed counts too.
                valid_until: birth.height + self.mortality - 1,
                spec_version: Some(birth.best.client().spec_version()),
            };
            // Until the node has accepted it, the next nonce is unknown.
            next.nonce = None;
            let refusal = match self.hand_over(&transaction).await {
                PoolResponse::Accepted => {
                    next.nonce = spared.max(Some(nonce + 1));
                    next.birth = Some((known_since, birth));
                    next.given(kind, nonce);
                    return Ok(sent);
                }
                PoolResponse::Unknown => {
                    next.given(kind, nonce);
                    return Ok(sent);
                }
                PoolResponse::Unreachable(error) => return Err(CallError::NotSent(error)),
                PoolResponse::Refused(refusal) => refusal,
            };
            attempts.next();
            if matches!(refusal, PoolRefusal::Stale | PoolRefusal::Future | PoolRefusal::Waiting) {
                if attempts.is_empty() || only.is_some() {
                    return Err(refusal.into());
                }
                let free = self.chain_nonce().await.map_err(CallError::NotSent)?;
                next.nonce = Some(free);
                if free == nonce {
                    // The nonce was right, so only that of an earlier call of the same kind can help.
                    let earlier = kind.and_then(|kind| next.waiting.get(&kind).copied());
                    let earlier = earlier.filter(|earlier| *earlier < nonce && spared.is_none());
                    if refusal != PoolRefusal::Waiting || earlier.is_none() {
                        return Err(refusal.into());
                    }
                    (spared, next.nonce) = (Some(nonce), earlier);
                }
            } else {
                next.nonce = Some(nonce);
                let refusal = self.chain.explain(refusal, &birth).await;
                let newer_helps = match refusal {
                    // A signature with fresh randomness makes other bytes, and other versions another payload.
                    PoolRefusal::Version | PoolRefusal::Banned => true,
                    // The blocks were read for an earlier transaction.
                    PoolRefusal::Signature | PoolRefusal::Expired => is_known,
                    _ => false,
                };
                if was_renewed || !newer_helps {
                    next.nonce = spared.max(Some(nonce));
                    return Err(refusal.into());
                }
                was_renewed = true;
            }
        }
    }

    fn sign<Call: Payload>(&self, birth: &Birth, call: &Call, nonce: u64) -> Result<Vec<u8>, ExtrinsicError> {
        sign(birth, call, nonce, self.mortality, &KeypairSigner(&self.key))
    }

    /// Returns the next nonce according to the current node, which counts the transactions in its pool.
    async fn chain_nonce(&self) -> Result<u64, ChainError> {
        self.chain.nonce(&self.public()).await
    }

    /// Hands a transaction to a node, and to the next one if the connection is lost meanwhile.
    async fn hand_over(&self, transaction: &[u8]) -> PoolResponse {
        let link = self.chain.link();
        let began = Instant::now();
        let mut doubt = false;
        let mut losses = 0;
        while losses <= link.nodes() {
            let connection = match link.connection().await {
                Ok(connection) => connection,
                Err(error) if !doubt => return PoolResponse::Unreachable(error.into()),
                Err(_) => break,
            };
            let methods = Methods::new(connection.rpc.clone());
            let refusal = match link.ask(&connection, methods.author_submit_extrinsic(transaction)).await {
                Ok(_) => return PoolResponse::Accepted,
                Err(NodeError::Answered(RpcsError::User(error))) => PoolRefusal::from(&error),
                // The node has not read the transaction.
                Err(NodeError::Limited(_)) if link.may_wait(began) => continue,
                Err(NodeError::Limited(why)) if !doubt => return PoolResponse::Unreachable(why.into()),
                Err(NodeError::Limited(_)) => break,
                Err(NodeError::Answered(_) | NodeError::Connection(_)) => {
                    doubt = true;
                    losses += 1;
                    continue;
                }
            };
            return match refusal {
                PoolRefusal::Known => PoolResponse::Accepted,
                // The lost node may have accepted the transaction, and this node may refuse it for that very reason.
                _ if doubt => PoolResponse::Unknown,
                refusal => PoolResponse::Refused(refusal),
            };
        }
        PoolResponse::Unknown
    }
}

fn sign<Call: Payload>(
    birth: &Birth,
    call: &Call,
    nonce: u64,
    mortality: u64,
    signer: &impl Signer<ChainConfig>,
) -> Result<Vec<u8>, ExtrinsicError> {
    let parameters = DefaultExtrinsicParamsBuilder::<ChainConfig>::new()
        .nonce(nonce)
        .mortal_from_unchecked(mortality, birth.height, birth.hash)
        .build();
    let mut transaction = birth.best.client().transactions().create_signable_offline(call, parameters)?;
    Ok(transaction.sign(signer)?.into_encoded())
}

/// The weight and the fee of a call, as the runtime estimates them.
#[derive(Decode)]
#[codec(crate = subxt::ext::codec)]
struct DispatchInfo {
    _weight: (Compact<u64>, Compact<u64>),
    _class: u8,
    fee: u64,
}

/// The response to a transaction that was handed over.
enum PoolResponse {
    Accepted,
    Refused(PoolRefusal),
    /// No node answered, and no node was given the transaction.
    Unreachable(ChainError),
    /// A node was given the transaction, and its connection was lost before it answered.
    Unknown,
}

impl Chain {
    /// Returns the present fee of a call by this key. It is zero for a free call. The secret key is not needed.
    ///
    /// # Errors
    /// [`ChainError`] if no node answers, or the chain has no such call.
    pub async fn fee<Call: Payload>(&self, signer: &PublicKey, call: &Call) -> Result<Amount<Tao>, ChainError> {
        if is_free(call.pallet_name(), call.call_name()) {
            return Ok(Amount::ZERO);
        }
        let now = self.birth(MORTALITY).await?;
        let transaction = sign(&now, call, self.nonce(signer).await?, MORTALITY, &DummySigner(signer))?;
        // The node refuses a transaction that is as long.
        let length = u32::try_from(transaction.len()).unwrap_or(u32::MAX);
        // subxt declares fees as numbers of 128 bits; the chain's have 64.
        let question = [transaction, length.encode()].concat();
        let answer = now
            .best
            .client()
            .runtime_apis()
            .call_raw("TransactionPaymentApi_query_info", Some(question.as_slice()))
            .await?;
        let info = DispatchInfo::decode(&mut answer.as_slice());
        info.map(|info| Amount::from_rao(info.fee)).map_err(|error| subxt::Error::from(error).into())
    }

    /// Returns the blocks with which a transaction of this mortality is signed now.
    ///
    /// The last final block is never replaced, so a transaction that counts from it stays valid on every fork. If it is
    /// more than a quarter of the mortality behind the best block, finality lags. The transaction then counts from a
    /// block that is not final, because it would expire before its inclusion.
    async fn birth(&self, mortality: u64) -> Result<Birth, ChainError> {
        let missing = |what: &dyn Debug| ChainError::NoBlock(format!("{what:?}"));
        let methods = self.methods();
        let last = methods.chain_get_finalized_head().await?;
        let header = methods.chain_get_header(Some(last)).await?.ok_or_else(|| missing(&last))?;
        let best = self.at_best().await?;
        let most = mortality / 4;
        if best.height().saturating_sub(header.number()) <= most {
            return Ok(Birth { height: header.number(), hash: last, best });
        }
        let height = best.height() - most.min(SAFE_DEPTH);
        let hash = methods.chain_get_block_hash(Some(height.into())).await?.ok_or_else(|| missing(&height))?;
        Ok(Birth { height, hash, best })
    }

    /// Returns [`PoolRefusal::Version`] if the signature was refused and the runtime is another than that of the birth.
    async fn explain(&self, refusal: PoolRefusal, birth: &Birth) -> PoolRefusal {
        let versions = |state: &ChainState| (state.client().spec_version(), state.client().transaction_version());
        match refusal {
            PoolRefusal::Signature => match self.at_best().await {
                Ok(now) if versions(&now) != versions(&birth.best) => PoolRefusal::Version,
                _ => PoolRefusal::Signature,
            },
            other => other,
        }
    }

    /// Returns the next nonce of a key according to the current node, which counts the transactions in its pool.
    async fn nonce(&self, key: &PublicKey) -> Result<u64, ChainError> {
        Ok(self.methods().system_account_next_index(&account(key)).await?)
    }

    /// Searches final blocks for a sent transaction, and waits for it up to `limit`.
    ///
    /// The search begins after the block at which the transaction was signed. It ends as [`SubmissionOutcome::Unseen`]
    /// if the limit is over, or if the nodes have discarded the blocks; it can then be repeated. Once
    /// [`SentTransaction::valid_until`] is final, it ends with another outcome.
    pub async fn outcome(&self, sent: &SentTransaction, limit: Duration) -> SubmissionOutcome {
        let began = Instant::now();
        let mut blocks = self.blocks_from(sent.after + 1);
        let mut trouble = None;
        let search = async {
            loop {
                match search(self, &mut blocks, sent).await {
                    // Nodes may answer again before the limit is over.
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

/// Reads the blocks in which the transaction may be, until one contains it.
async fn search(chain: &Chain, blocks: &mut Blocks, sent: &SentTransaction) -> Result<SubmissionOutcome, ChainError> {
    while blocks.height() <= sent.valid_until {
        let block = blocks.next_body().await?;
        let place = block.body.index_of(sent.hash);
        if place.is_none() && !block.body.has_upgrade() {
            continue;
        }
        // If a node is lost now, the same block is read again.
        blocks.go_to(block.height);
        let moment = chain.at_block(block.hash, block.height).await?;
        let Some(place) = place else {
            if sent.is_outdated(&moment) {
                return Ok(SubmissionOutcome::Failed { error: PoolRefusal::Version.into(), included: None });
            }
            blocks.go_to(block.height + 1);
            continue;
        };
        let events = block.body.events(&moment, place).await?;
        return submission::classify(&moment, place, events);
    }
    Ok(SubmissionOutcome::Failed { error: CallError::Expired { valid_until: sent.valid_until }, included: None })
}
