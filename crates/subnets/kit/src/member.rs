//! A hotkey with a seat in a subnet, and what it knows of the others there.

use super::{
    event::{EventSink, NeuronEvent},
    state::{StateError, StateFolder},
};
use crate::signer::signer_of;
use core::fmt;
use myelin_client::{
    Account, Chain, ChainError, Keypair, Metagraph, MetagraphChanges, MetagraphInfo, NetUid, PublicKey,
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_neuron::{DirectoryEntry, MemoryDirectory, Peer, ServedAxon, Signer};
use myelin_primitives::{BlockNumber, Uid};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{sync::watch, task::AbortHandle, time::sleep};

/// For how many blocks what a neuron submits is valid: long enough for a chain that is slow to make blocks, and short
/// enough that what was lost is soon known to be.
const MORTALITY: u64 = 32;

/// The longest wait for a submission, after which it is looked for again.
pub(super) const SUBMIT_TIMEOUT: Duration = Duration::from_mins(2);

/// How long to wait after a failure that nodes answer at once.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// A neuron cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The chain does not say.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The hotkey has no seat.
    #[error("hotkey {hotkey} has no seat on subnet {netuid}")]
    NoSeat {
        /// The hotkey.
        hotkey: PublicKey,
        /// The subnet.
        netuid: NetUid,
    },
    /// The folder for what it keeps cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Diagnostic for JoinError {
    fn code(&self) -> &'static str {
        "neuron"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Chain(error) => error.hints(out),
            Self::NoSeat { netuid, .. } => out.push(format!("register the hotkey on subnet {netuid}")),
            Self::State(error) => error.hints(out),
        }
    }
}

/// Why a neuron ends that nobody asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// Its seat was given to another, or it was never final.
    #[error("hotkey {hotkey} has no seat on subnet {netuid} any more, as of block {block}")]
    SeatLost {
        /// The hotkey.
        hotkey: PublicKey,
        /// The subnet.
        netuid: NetUid,
        /// The block.
        block: BlockNumber,
    },
    /// The subnet is gone.
    #[error("subnet {0} has ended")]
    NoSubnet(NetUid),
}

impl Diagnostic for MemberError {
    fn code(&self) -> &'static str {
        "neuron"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::SeatLost { netuid, .. } => out.push(format!("register the hotkey on subnet {netuid} again")),
            Self::NoSubnet(_) => out.push("list the subnets there are"),
        }
    }
}

/// A hotkey with a seat in a subnet. It follows the chain until the last copy of it is dropped.
#[derive(Clone)]
pub struct Member(Arc<Inner>);

struct Inner {
    chain: Chain,
    netuid: NetUid,
    account: Account,
    signer: Signer,
    table: Arc<MemoryDirectory>,
    seen: watch::Receiver<Arc<MetagraphInfo>>,
    state: StateFolder,
    report: EventSink,
    follower: AbortHandle,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

impl Member {
    /// Looks up the seat of a hotkey, and begins to follow the subnet. What the neuron keeps goes to the folder `state`,
    /// which is its own.
    ///
    /// # Errors
    /// [`JoinError`], for one if the hotkey has no seat.
    pub async fn join(
        chain: &Chain,
        netuid: NetUid,
        hotkey: Keypair,
        state: impl Into<PathBuf>,
        report: EventSink,
    ) -> Result<Self, JoinError> {
        let public = hotkey.public();
        let metagraph = Metagraph::sync(chain, netuid).await?;
        let Some(seat) = metagraph.by_hotkey(&public) else {
            return Err(JoinError::NoSeat { hotkey: public, netuid });
        };
        report.send(NeuronEvent::Joined { uid: seat.uid, block: metagraph.block });
        let state = StateFolder::open(state)?;
        let table = Arc::new(MemoryDirectory::default());
        table.set(seats(&metagraph));
        let (see, seen) = watch::channel(Arc::new(metagraph.snapshot().clone()));
        let follower = tokio::spawn(follow(metagraph, Arc::clone(&table), see, report.clone())).abort_handle();
        let signer = signer_of(hotkey.clone());
        let account = Account::new(chain, hotkey).with_mortality(MORTALITY);
        let chain = chain.clone();
        Ok(Self(Arc::new(Inner { chain, netuid, account, signer, table, seen, state, report, follower })))
    }

    /// The chain.
    pub fn chain(&self) -> &Chain {
        &self.0.chain
    }

    /// The subnet.
    pub fn netuid(&self) -> NetUid {
        self.0.netuid
    }

    /// Who it is, as the chain calls it.
    pub fn public(&self) -> PublicKey {
        self.0.account.public()
    }

    /// Who it is, as neurons call it.
    pub fn hotkey(&self) -> PublicKey {
        self.public()
    }

    /// What it signs messages with.
    pub fn signer(&self) -> Signer {
        self.0.signer.clone()
    }

    /// What it submits calls with.
    pub fn account(&self) -> &Account {
        &self.0.account
    }

    /// Who has a seat, as of the last final block that was seen.
    pub fn table(&self) -> Arc<MemoryDirectory> {
        Arc::clone(&self.0.table)
    }

    /// The subnet, as of the last final block that was seen.
    pub fn snapshot(&self) -> Arc<MetagraphInfo> {
        Arc::clone(&self.0.seen.borrow())
    }

    /// The subnet block by block, for whoever waits for a change. Nothing more comes once the subnet has ended.
    pub fn seen(&self) -> watch::Receiver<Arc<MetagraphInfo>> {
        self.0.seen.clone()
    }

    /// Its seat, as of the last final block that was seen.
    ///
    /// # Errors
    /// [`MemberError::SeatLost`].
    pub fn uid(&self) -> Result<Uid, MemberError> {
        self.uid_in(&self.snapshot())
    }

    pub(super) fn uid_in(&self, snapshot: &MetagraphInfo) -> Result<Uid, MemberError> {
        let (hotkey, netuid, block) = (self.public(), self.netuid(), snapshot.block);
        let seat = snapshot.by_hotkey(&hotkey).map(|neuron| neuron.uid);
        seat.ok_or(MemberError::SeatLost { hotkey, netuid, block })
    }

    /// The folder for what it keeps.
    pub fn state(&self) -> &StateFolder {
        &self.0.state
    }

    pub(super) fn report(&self) -> &EventSink {
        &self.0.report
    }

    pub(super) fn send(&self, event: NeuronEvent) {
        self.0.report.send(event);
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Member({} on {})", self.public(), self.netuid())
    }
}

/// Goes with the chain, block by block, until the subnet ends.
async fn follow(
    mut metagraph: Metagraph,
    table: Arc<MemoryDirectory>,
    see: watch::Sender<Arc<MetagraphInfo>>,
    report: EventSink,
) {
    let mut is_out = false;
    loop {
        match metagraph.follow().await {
            Ok(MetagraphChanges { replaced, .. }) => {
                let block = metagraph.block;
                if is_out {
                    report.send(NeuronEvent::Back { block });
                    is_out = false;
                }
                table.set(seats(&metagraph));
                if !replaced.is_empty() {
                    report.send(NeuronEvent::Replaced { uids: replaced, block });
                }
                report.send(NeuronEvent::Block { block, next_epoch: metagraph.subnet.next_epoch });
                see.send_replace(Arc::new(metagraph.snapshot().clone()));
            }
            Err(ChainError::NoNetwork { .. }) => return,
            Err(error) => {
                if !is_out {
                    report.send(NeuronEvent::Outage { error: error.to_string() });
                    is_out = true;
                }
                // Nodes that answer, but not what was asked, do so at once, and nothing tells when they have thought better.
                sleep(RETRY_DELAY).await;
            }
        }
    }
}

/// The neurons of a subnet as axons and dendrites know them.
fn seats(snapshot: &MetagraphInfo) -> impl Iterator<Item = (PublicKey, DirectoryEntry)> {
    snapshot.neurons.iter().map(|neuron| {
        let announced = neuron.axon.as_ref().map(|axon| ServedAxon {
            address: axon.address,
            placeholder: axon.protocol,
            certificate: axon.certificate.clone(),
        });
        let (stake, may_validate) = (neuron.stake_weight, neuron.validator_permit);
        (neuron.hotkey, DirectoryEntry { uid: neuron.uid, stake, may_validate, announced })
    })
}

/// The neuron on a seat, as it is to be asked; `None` if it does not serve, or cannot be reached.
pub(super) fn peer((hotkey, seat): &(PublicKey, DirectoryEntry)) -> Option<Peer> {
    seat.announced.as_ref()?.peer(*hotkey).ok()
}
