//! Work for a seat: searched for on the newest block, on as many cores as there are. spec subnets-and-neurons §8
//!
//! Work is accepted in the two blocks after the one worked on. Every nonce is as good as any other, on whatever block,
//! so nothing is lost by going over to each new block at once, and what is found has the most time to get in.
//!
//! ```no_run
//! use myelin_client::{Account, Chain, NetUid, PublicKey, work::{Event, Work}};
//! use std::{error::Error, thread, time::Duration};
//!
//! # async fn run(chain: Chain, hotkey: Account, coldkey: PublicKey) -> Result<(), Box<dyn Error>> {
//! let netuid = NetUid::new(1);
//! let mut work = Work::begin(&chain, netuid, hotkey.public(), thread::available_parallelism()?, None)?;
//! loop {
//!     if let Event::Found(proof) = work.next().await? {
//!         let call = proof.call(netuid, &hotkey.public(), &coldkey);
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
use std::{fmt, io, num::NonZeroUsize};
use subxt::{rpcs::client::RpcSubscription, utils::H256};
use tokio::time::timeout;

pub use myelin_economics::work::expected_attempts;

type Header = <ChainConfig as subxt::Config>::Header;

/// For how many blocks a transaction with work should be valid, see
/// [`Account::with_mortality`](crate::Account::with_mortality): no block takes the work much later, and a search that
/// goes on sooner.
pub const MORTALITY: u64 = 16;

/// How far a search is, with all that is needed to go on with it in another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchState {
    /// The block that is worked on.
    pub block: BlockNumber,
    /// Its hash.
    pub hash: H256,
    /// What a seal has to meet. spec subnets-and-neurons §8.3
    pub difficulty: u64,
    /// The first nonce that nobody has begun with.
    pub next_nonce: u64,
}

/// What pays for a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatWork {
    /// The block that was worked on. The two after it accept this.
    pub block: BlockNumber,
    /// What was searched for.
    pub nonce: u64,
    /// What shows that it was.
    pub seal: Seal,
}

impl SeatWork {
    /// The call that takes the seat. By the hotkey; free.
    pub fn call(&self, netuid: NetUid, hotkey: &PublicKey, coldkey: &PublicKey) -> Call<neurons::Register> {
        calls::register(netuid, self.block, self.nonce, *self.seal.as_bytes(), hotkey, coldkey)
    }
}

/// What happens in a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchEvent {
    /// It went over to a new block.
    Block(SearchState),
    /// Something was found. The search goes on with the next block.
    Found(SeatWork),
}

/// A search for work that pays for a seat, on whatever block is the newest.
pub struct WorkSearch {
    chain: Chain,
    netuid: NetUid,
    hotkey: PublicKey,
    search: SealSearch,
    /// Where to begin on a block. Others may search with the same hotkey, so each begins elsewhere.
    first_nonce: u64,
    /// Where an earlier search was, until it is known whether its block is still the newest.
    before: Option<SearchState>,
    at: Option<SearchState>,
    heads: Option<Heads>,
    /// Whether there is a block that was not looked at yet.
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
    /// Begins a search on so many threads. `before` is where an earlier one was: if its block is still the newest, what
    /// was tried is not tried again.
    ///
    /// # Errors
    /// If the system has no more threads, or no randomness.
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

    /// Waits for what happens next. May be dropped while it waits, and called again after an error.
    ///
    /// # Errors
    /// [`ChainError::NoWork`], if the network gives no seats for work; if there is no such network, or no node answers or
    /// makes progress within the limits. The search goes on meanwhile.
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

    /// Takes up the best block.
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

    /// How far the search is. Nonces that threads have begun with are left behind it; every other one is as good.
    pub fn position(&self) -> Option<SearchState> {
        let at = self.at?;
        Some(SearchState { next_nonce: self.search.next_nonce().unwrap_or(at.next_nonce), ..at })
    }

    /// How many seals were made.
    pub fn tried(&self) -> u64 {
        self.search.tried()
    }

    /// On how many threads.
    pub fn threads(&self) -> usize {
        self.search.threads()
    }
}

/// Waits for a best block that is new, of the node at hand or of the next.
async fn newest(chain: &Chain, heads: &mut Option<Heads>) -> Result<(), ChainError> {
    let link = chain.link();
    for _ in 0..=link.nodes() {
        if heads.is_none() {
            let connection = link.connection().await?;
            let methods = Methods::new(connection.rpc.clone());
            match link.ask(&connection, methods.chain_subscribe_new_heads()).await {
                Ok(headers) => *heads = Some(Heads { connection, headers }),
                Err(NodeError::Answered(error)) => return Err(error.into()),
                Err(NodeError::Connection(_)) => continue,
            }
        }
        let Some(Heads { connection, headers }) = heads else { continue };
        if let Ok(Some(Ok(_))) = timeout(link.limits().silence, headers.next()).await {
            // Those that have come meanwhile are older than the best block as well.
            while let Some(Some(Ok(_))) = headers.next().now_or_never() {}
            return Ok(());
        }
        link.lost(connection).await;
        *heads = None;
    }
    Err(ChainError::Silent(link.limits().silence))
}
