//! Proof of work for a seat: a search on the newest block, on many threads. spec subnets-and-neurons §8.
//!
//! The three blocks after a block accept proof of work on it. All nonces are equally likely to succeed, on any block. The
//! search therefore moves to each new block at once and loses nothing, and a found seal has the most time to be
//! included.
//!
//! ```no_run
//! use myelin_client::{Account, Chain, NetUid, work::{SearchEvent, WorkSearch}};
//! use myelin_keys::Keypair;
//! use std::{error::Error, thread, time::Duration};
//!
//! # async fn run(chain: Chain, hotkey: Account, coldkey: Keypair) -> Result<(), Box<dyn Error>> {
//! let netuid = NetUid::new(1);
//! let consent = chain.consent(&coldkey, &coldkey.public(), &hotkey.public());
//! let mut work = WorkSearch::begin(&chain, netuid, hotkey.public(), thread::available_parallelism()?, None)?;
//! loop {
//!     if let SearchEvent::Found(proof) = work.next().await? {
//!         let call = proof.call(netuid, &hotkey.public(), &coldkey.public(), Some(consent));
//!         if hotkey.submit(&call, Duration::from_secs(60)).await.finalised().is_ok() {
//!             break;
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod search;

pub use search::{SealSearch, SearchTask};

use crate::{
    calls::{self, Call},
    chain::{Chain, ChainConfig, Methods},
    error::ChainError,
    link::{Connection, NodeError},
    runtime::neurons::calls as neurons,
};
use futures::FutureExt;
use myelin_economics::work::{Seal, WorkChallenge};
use myelin_keys::PublicKey;
use myelin_primitives::{BlockNumber, NetUid};
use myelin_records::consent::KeyConsent;
use std::{fmt, io, num::NonZeroUsize};
use subxt::{rpcs::client::RpcSubscription, utils::H256};
use tokio::time::{Instant, timeout};

pub use myelin_economics::work::expected_attempts;

type Header = <ChainConfig as subxt::Config>::Header;

/// The mortality, in blocks, of a transaction with proof of work.
///
/// No block accepts the work much later, and a search that goes on needs a new transaction sooner. See
/// [`Account::with_mortality`](crate::Account::with_mortality).
pub const MORTALITY: u64 = 16;

/// The state of a search, with all that another process needs to continue it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchState {
    /// The block on which the search works.
    pub block: BlockNumber,
    /// Its hash.
    pub hash: H256,
    /// The difficulty that a seal must meet. spec subnets-and-neurons §8.3.
    pub difficulty: u64,
    /// The first nonce that no thread has begun.
    pub next_nonce: u64,
}

/// The proof of work that pays for a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatWork {
    /// The block on which the search worked. The three blocks after it accept the work.
    pub block: BlockNumber,
    /// The nonce that was found.
    pub nonce: u64,
    /// The seal of the nonce.
    pub seal: Seal,
}

impl SeatWork {
    /// Returns the call that takes the seat. It is free, and the hotkey signs it.
    ///
    /// The coldkey agrees to a new pair with its consent.
    pub fn call(
        &self,
        netuid: NetUid,
        hotkey: &PublicKey,
        coldkey: &PublicKey,
        consent: Option<KeyConsent>,
    ) -> Call<neurons::Register> {
        calls::register(netuid, self.block, self.nonce, *self.seal.as_bytes(), hotkey, coldkey, consent)
    }
}

/// An event of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchEvent {
    /// The search moved to a new block.
    Block(SearchState),
    /// The search found a seal. It goes on with the next block.
    Found(SeatWork),
}

/// A search for proof of work that pays for a seat, always on the newest block.
pub struct WorkSearch {
    chain: Chain,
    netuid: NetUid,
    hotkey: PublicKey,
    search: SealSearch,
    /// The first nonce on each block. It is random, because others may search with the same hotkey.
    first_nonce: u64,
    /// The state of an earlier search, until the search knows whether its block is still the newest.
    before: Option<SearchState>,
    at: Option<SearchState>,
    heads: Option<Heads>,
    /// True if there is a block that the search has not read yet.
    unseen: bool,
}

/// The best blocks, as one node has them.
struct Heads {
    connection: Connection,
    headers: RpcSubscription<Header>,
}

impl fmt::Debug for WorkSearch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { netuid, hotkey, at, .. } = self;
        out.debug_struct("Work").field("netuid", netuid).field("hotkey", hotkey).field("at", at).finish_non_exhaustive()
    }
}

impl WorkSearch {
    /// Begins a search on this number of threads.
    ///
    /// `before` is the state of an earlier search. If its block is still the newest, its nonces are not tried again.
    ///
    /// # Errors
    /// [`io::Error`] if the system has no more threads, or no randomness.
    pub fn begin(
        chain: &Chain,
        netuid: NetUid,
        hotkey: PublicKey,
        threads: NonZeroUsize,
        before: Option<SearchState>,
    ) -> io::Result<Self> {
        Ok(Self {
            chain: chain.clone(),
            netuid,
            hotkey,
            search: SealSearch::on(threads)?,
            first_nonce: getrandom::u64()?,
            before,
            at: None,
            heads: None,
            unseen: false,
        })
    }

    /// Waits for the next event. The future may be dropped while it waits, and the call repeated after an error.
    ///
    /// # Errors
    /// [`ChainError::NoWork`] if the network has no registration by work, [`ChainError::NoNetwork`] if there is no such
    /// network. [`ChainError::Unreachable`] or [`ChainError::Silent`] if no node answers or makes progress in time. The
    /// search goes on meanwhile.
    pub async fn next(&mut self) -> Result<SearchEvent, ChainError> {
        while !self.unseen {
            tokio::select! {
                biased;
                (nonce, seal) = self.search.found() => {
                    let Some(SearchState { block, .. }) = self.at else { continue };
                    return Ok(SearchEvent::Found(SeatWork { block, nonce, seal }));
                }
                headed = newest(&self.chain, &mut self.heads) => headed?,
            }
            self.unseen = true;
        }
        let position = self.go_over().await?;
        self.unseen = false;
        Ok(SearchEvent::Block(position))
    }

    /// Moves to the best block.
    async fn go_over(&mut self) -> Result<SearchState, ChainError> {
        let best = self.chain.at_best().await?;
        let gone = || ChainError::NoNetwork { netuid: self.netuid, block: best.height() };
        let subnet = best.subnet(self.netuid).await?.ok_or_else(gone)?;
        let difficulty = subnet.registration.difficulty.ok_or(ChainError::NoWork(self.netuid))?;
        let block = BlockNumber::try_from(best.height()).map_err(|_| ChainError::NoBlock(best.height().to_string()))?;
        let hash = best.hash();
        let here = |position: &SearchState| position.hash == hash;
        let here = self.before.take().filter(here).or_else(|| self.position().filter(here));
        let next_nonce = here.map_or(self.first_nonce, |position| position.next_nonce);
        let position = SearchState { block, hash, difficulty, next_nonce };
        let challenge = WorkChallenge::new(&hash.0, &self.hotkey.to_bytes());
        self.search.take_up(SearchTask { challenge, difficulty, from: next_nonce });
        self.at = Some(position);
        Ok(position)
    }

    /// Returns the state of the search.
    ///
    /// Nonces that threads have begun are skipped when it is continued. All other nonces are equally likely to succeed.
    pub fn position(&self) -> Option<SearchState> {
        let at = self.at?;
        Some(SearchState { next_nonce: self.search.next_nonce().unwrap_or(at.next_nonce), ..at })
    }

    /// Returns the number of seals that were made.
    pub fn tried(&self) -> u64 {
        self.search.tried()
    }

    /// Returns the number of threads.
    pub fn threads(&self) -> usize {
        self.search.threads()
    }
}

/// Waits for a new best block of the present node, or of the next one.
async fn newest(chain: &Chain, heads: &mut Option<Heads>) -> Result<(), ChainError> {
    let link = chain.link();
    let began = Instant::now();
    let mut losses = 0;
    while losses <= link.nodes() {
        if heads.is_none() {
            let connection = link.connection().await?;
            let methods = Methods::new(connection.rpc.clone());
            match link.ask(&connection, methods.chain_subscribe_new_heads()).await {
                Ok(headers) => *heads = Some(Heads { connection, headers }),
                Err(NodeError::Answered(error)) => return Err(error.into()),
                Err(NodeError::Limited(_)) if link.may_wait(began) => continue,
                Err(NodeError::Limited(why)) => return Err(why.into()),
                Err(NodeError::Connection(_)) => {
                    losses += 1;
                    continue;
                }
            }
        }
        let Some(Heads { connection, headers }) = heads else { continue };
        if let Ok(Some(Ok(_))) = timeout(link.limits().silence, headers.next()).await {
            // Blocks that were announced meanwhile are older than the best block as well.
            while let Some(Some(Ok(_))) = headers.next().now_or_never() {}
            return Ok(());
        }
        link.lost(connection).await;
        *heads = None;
        losses += 1;
    }
    Err(ChainError::Silent(link.limits().silence))
}
