//! A hotkey with a seat on a subnet, and the state of the subnet.

use super::{
    event::{EventSink, NeuronEvent},
    state::{StateError, StateFolder},
};
use crate::{signer::signer_of, validator::SeatView};
use core::fmt;
use myelin_client::{
    Account, Chain, ChainError, Keypair, Metagraph, MetagraphChanges, MetagraphInfo, NetUid, NetworkParameters,
    NeuronInfo, PublicKey,
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_neuron::{
    AskError, Clock, Dendrite, DialRules, DirectoryEntry, MemoryDirectory, Peer, PeerProtocol, ServedAxon, Signer,
    SystemClock, V1Policy,
};
use myelin_primitives::{AddressScope, BlockNumber, Uid};
use myelin_wire::{UnixNanos, strict::Place};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{sync::watch, task::AbortHandle, time::sleep};

/// The mortality of submissions in blocks.
///
/// It is long enough for a chain that is slow to make blocks, and short enough that the loss of a transaction is known
/// soon.
const MORTALITY: u64 = 32;

/// The longest wait for a submission. After it the search for the transaction is repeated.
pub(super) const SUBMIT_TIMEOUT: Duration = Duration::from_mins(2);

/// The time by which the clock of a neuron may be behind a final block.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);

/// The pause after an error that a node returns at once.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// A failure to start a neuron.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// A read from the chain failed.
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
    /// The state folder is not usable.
    #[error(transparent)]
    State(#[from] StateError),
    /// The clock of this machine is behind the time of a final block, so its requests would be refused.
    #[error(
        "the clock of this machine is at least {}.{} s behind block {block}",
        .behind.as_secs(),
        .behind.subsec_millis() / 100
    )]
    Clock {
        /// The block.
        block: u64,
        /// The time of the block, less that of the clock.
        behind: Duration,
    },
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
            Self::Clock { .. } => out.push("set the clock, for instance with `timedatectl set-ntp true`"),
        }
    }
}

/// An event that ends a neuron without a request to stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// The seat was taken over, or its registration never became final.
    #[error("hotkey {hotkey} has no seat on subnet {netuid} any more, as of block {block}")]
    SeatLost {
        /// The hotkey.
        hotkey: PublicKey,
        /// The subnet.
        netuid: NetUid,
        /// The block.
        block: BlockNumber,
    },
    /// The subnet has ended.
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
            Self::NoSubnet(_) => out.push("list the subnets"),
        }
    }
}

/// A hotkey with a seat on a subnet. It follows the chain until its last copy is dropped.
#[derive(Clone)]
pub struct Member(Arc<Inner>);

struct Inner {
    chain: Chain,
    netuid: NetUid,
    account: Account,
    signer: Signer,
    rules: Arc<DialRules>,
    /// The time of the last final block at the start.
    started_after: UnixNanos,
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
    /// Reads the seat of a hotkey, and begins to follow the subnet.
    ///
    /// The state of the neuron is in the folder `state`, which no other neuron may use.
    ///
    /// # Errors
    /// [`JoinError::NoSeat`] if the hotkey has no seat; [`JoinError::Chain`] and [`JoinError::State`] for failures.
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
        let now = chain.at_finalised().await?;
        let (made_at, clock) = (now.timestamp().await?, Duration::from_nanos(SystemClock.now()));
        if let Some(behind) = behind(clock, made_at) {
            return Err(JoinError::Clock { block: now.height(), behind });
        }
        let parameters = now.network_parameters().await?;
        let started_after = u64::try_from(made_at.as_nanos()).unwrap_or(u64::MAX);
        let state = StateFolder::open(state)?;
        let table = Arc::new(MemoryDirectory::default());
        table.set(seats(&metagraph));
        let (see, seen) = watch::channel(Arc::new(metagraph.snapshot().clone()));
        let follower = tokio::spawn(follow(metagraph, Arc::clone(&table), see, report.clone())).abort_handle();
        let heard = seen.clone();
        let rules = Arc::new(dial_rules(&parameters, move || heard.borrow().block));
        let signer = signer_of(hotkey.clone());
        let account = Account::new(chain, hotkey).with_mortality(MORTALITY);
        let chain = chain.clone();
        let inner =
            Inner { chain, netuid, account, signer, rules, started_after, table, seen, state, report, follower };
        Ok(Self(Arc::new(inner)))
    }

    /// Returns the chain.
    pub fn chain(&self) -> &Chain {
        &self.0.chain
    }

    /// Returns the netuid of the subnet.
    pub fn netuid(&self) -> NetUid {
        self.0.netuid
    }

    /// Returns the hotkey.
    pub fn hotkey(&self) -> PublicKey {
        self.0.account.public()
    }

    /// Returns the signer of messages.
    pub fn signer(&self) -> Signer {
        self.0.signer.clone()
    }

    /// Returns a dendrite that dials by the rules of the chain, and asks at the place of the subnet.
    pub fn dendrite(&self) -> Dendrite {
        Dendrite::new(self.signer()).on_chain(Arc::clone(&self.0.rules)).place(self.place())
    }

    /// Returns the place of the subnet, which requests of its neurons name.
    pub fn place(&self) -> Place {
        Place::new(&self.0.chain.genesis().0, self.0.netuid)
    }

    /// Returns the time of the last final block when the neuron joined, in nanoseconds since the Unix epoch.
    pub fn started_after(&self) -> UnixNanos {
        self.0.started_after
    }

    /// Returns the scope of addresses that neurons of the chain may announce, as of the start of the neuron.
    pub fn addresses(&self) -> AddressScope {
        self.0.rules.scope()
    }

    /// Returns the account that submits calls.
    pub fn account(&self) -> &Account {
        &self.0.account
    }

    /// Returns the directory of seats, as of the last final block that was read.
    pub fn table(&self) -> Arc<MemoryDirectory> {
        Arc::clone(&self.0.table)
    }

    /// Returns the state of the subnet, as of the last final block that was read.
    pub fn snapshot(&self) -> Arc<MetagraphInfo> {
        Arc::clone(&self.0.seen.borrow())
    }

    /// Returns a receiver of the subnet's state, which changes with each block. It closes once the subnet has ended.
    pub fn seen(&self) -> watch::Receiver<Arc<MetagraphInfo>> {
        self.0.seen.clone()
    }

    /// Returns the uid of the neuron, as of the last final block that was read.
    ///
    /// # Errors
    /// [`MemberError::SeatLost`] if the hotkey has no seat any more.
    pub fn uid(&self) -> Result<Uid, MemberError> {
        self.uid_in(&self.snapshot())
    }

    pub(super) fn uid_in(&self, snapshot: &MetagraphInfo) -> Result<Uid, MemberError> {
        let (hotkey, netuid, block) = (self.hotkey(), self.netuid(), snapshot.block);
        let seat = snapshot.by_hotkey(&hotkey).map(|neuron| neuron.uid);
        seat.ok_or(MemberError::SeatLost { hotkey, netuid, block })
    }

    /// Returns the state folder.
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
        write!(out, "Member({} on {})", self.hotkey(), self.netuid())
    }
}

/// Returns the time by which a clock is behind that of a final block, if it is more than the tolerance.
///
/// A final block was made in the past, so its time is the least that a right clock shows.
fn behind(clock: Duration, made_at: Duration) -> Option<Duration> {
    made_at.checked_sub(clock).filter(|behind| *behind > CLOCK_TOLERANCE)
}

/// Follows the chain block by block until the subnet ends.
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
                // A node that answers with an error does so at once, and no event announces that it has recovered.
                sleep(RETRY_DELAY).await;
            }
        }
    }
}

/// Returns the dial rules of a chain with these parameters. `block` returns the height of its last known block.
pub fn dial_rules(
    parameters: &NetworkParameters,
    block: impl Fn() -> BlockNumber + Send + Sync + 'static,
) -> DialRules {
    DialRules::new(AddressScope::new(parameters.local_addresses), block)
}

/// Returns the neurons of a subnet as directory entries.
fn seats(snapshot: &MetagraphInfo) -> impl Iterator<Item = (PublicKey, DirectoryEntry)> {
    snapshot.neurons.iter().map(|neuron| {
        let (stake, may_validate) = (neuron.stake_weight, neuron.validator_permit);
        (neuron.hotkey, DirectoryEntry { uid: neuron.uid, stake, may_validate, announced: announced(neuron) })
    })
}

/// Returns the axon that a neuron announced.
fn announced(neuron: &NeuronInfo) -> Option<ServedAxon> {
    let axon = neuron.axon.as_ref()?;
    Some(ServedAxon {
        address: axon.endpoint.socket_address()?,
        placeholder1: axon.placeholder1,
        certificate: axon.certificate.as_ref().map(|certificate| certificate.to_vec()),
        announced_at: axon.block,
    })
}

/// Returns all seats of a subnet as a validator sees them.
pub(super) fn seat_views(snapshot: &MetagraphInfo, scope: AddressScope, v1: V1Policy) -> Vec<SeatView> {
    let view = |neuron: &NeuronInfo| SeatView {
        uid: neuron.uid,
        hotkey: neuron.hotkey,
        since: neuron.registered_at,
        stake: neuron.stake_weight,
        may_validate: neuron.validator_permit,
        reach: reach(neuron, scope, v1),
    };
    snapshot.neurons.iter().map(view).collect()
}

/// Returns a neuron as a peer, or the reason for which it cannot be asked.
fn reach(neuron: &NeuronInfo, scope: AddressScope, v1: V1Policy) -> Result<Peer, AskError> {
    let announced = announced(neuron).filter(|axon| axon.address.port() != 0).ok_or(AskError::NotServing)?;
    if !scope.contains(announced.address.ip()) {
        return Err(AskError::OutOfScope);
    }
    let peer = announced.peer(neuron.hotkey).map_err(|error| AskError::Tls(error.to_string().into()))?;
    if peer.speaks == PeerProtocol::V1 && v1 == V1Policy::Refused {
        return Err(AskError::V1Refused);
    }
    Ok(peer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_client::{Amount, AxonInfo, RegistrationInfo, SubnetInfo};
    use myelin_keys::Secret;
    use myelin_neuron::{AskError, PeerProtocol};
    use myelin_wire::{Synapse, class::Class, python::Dict};
    use std::net::SocketAddr;

    /// Returns a subnet with one neuron, which announced this address in block 77.
    fn snapshot(address: SocketAddr) -> MetagraphInfo {
        let axon = AxonInfo {
            block: 77,
            version: 1,
            endpoint: address.into(),
            protocol: 4,
            placeholder1: 1,
            certificate: None,
        };
        let neuron = NeuronInfo {
            uid: Uid::new(0),
            hotkey: PublicKey::from_bytes([1; 32]),
            coldkey: None,
            registered_at: 3,
            last_update: 4,
            stake: Amount::ZERO,
            stake_weight: Amount::ZERO,
            active: true,
            validator_permit: true,
            consensus: 0,
            incentive: 0,
            dividends: 0,
            validator_trust: 0,
            emission: Amount::ZERO,
            score: Amount::ZERO,
            axon: Some(axon),
            metrics: None,
        };
        let subnet = SubnetInfo {
            netuid: NetUid::new(1),
            name: Vec::new(),
            owner: None,
            owner_hotkey: None,
            registered_at: 0,
            locked: Amount::ZERO,
            tempo: 20,
            neurons: 1,
            max_neurons: 256,
            emission: Amount::ZERO,
            pending: Amount::ZERO,
            last_epoch: None,
            next_epoch: None,
            registration: RegistrationInfo::default(),
        };
        MetagraphInfo { block: 99, subnet, neurons: vec![neuron] }
    }

    /// Returns the neuron of a snapshot as a validator dials it that also asks v1 miners.
    fn dialled(snapshot: &MetagraphInfo) -> Peer {
        seat_views(snapshot, AddressScope::Local, V1Policy::Served).remove(0).reach.unwrap()
    }

    #[test]
    fn nh_35_a_clock_behind_a_final_block_is_refused() {
        let seconds = Duration::from_secs;
        assert_eq!(behind(seconds(100), seconds(102)), None);
        assert_eq!(behind(seconds(100), Duration::from_millis(102_100)), Some(Duration::from_millis(2_100)));
        assert_eq!(behind(seconds(100), seconds(90)), None, "a final block is old");
        let error = JoinError::Clock { block: 7, behind: Duration::from_millis(11_260) };
        assert_eq!(error.to_string(), "the clock of this machine is at least 11.2 s behind block 7");
        assert_eq!(Hints::of(&error).iter().count(), 1);
    }

    fn axon(neuron: &mut NeuronInfo) -> &mut AxonInfo {
        neuron.axon.as_mut().unwrap()
    }

    #[test]
    fn nh_30_a_seat_that_cannot_be_asked_has_a_reason() {
        let address = ([198, 51, 100, 7], 8_091).into();
        let reach = |change: fn(&mut NeuronInfo), scope| {
            let mut snapshot = snapshot(address);
            change(&mut snapshot.neurons[0]);
            seat_views(&snapshot, scope, V1Policy::Refused).remove(0).reach
        };
        let global = AddressScope::Global;
        assert!(reach(|_| (), global).is_ok());
        assert_eq!(reach(|neuron| neuron.axon = None, global), Err(AskError::NotServing));
        assert_eq!(reach(|neuron| axon(neuron).endpoint.port = 0, global), Err(AskError::NotServing));
        let local = |neuron: &mut NeuronInfo| axon(neuron).endpoint = SocketAddr::from(([10, 0, 0, 1], 80)).into();
        assert_eq!(reach(local, global), Err(AskError::OutOfScope));
        assert!(reach(local, AddressScope::Local).is_ok());
        let unreadable = |neuron: &mut NeuronInfo| axon(neuron).certificate = Some(vec![0xff].try_into().unwrap());
        assert!(matches!(reach(unreadable, global), Err(AskError::Tls(_))));
    }

    #[test]
    fn nh_52_a_v1_miner_is_asked_only_if_the_validator_allows_it() {
        let mut snapshot = snapshot(([198, 51, 100, 7], 8_091).into());
        snapshot.neurons[0].axon.as_mut().unwrap().placeholder1 = 0;
        let reach = |v1| seat_views(&snapshot, AddressScope::Global, v1).remove(0).reach;
        assert_eq!(reach(V1Policy::Refused), Err(AskError::V1Refused));
        assert_eq!(reach(V1Policy::Served).unwrap().speaks, PeerProtocol::V1);
        assert_eq!(crate::ValidatingOptions::default().v1, V1Policy::Refused);
    }

    #[test]
    fn a_peer_has_the_address_and_the_block_of_its_announcement() {
        let address = ([198, 51, 100, 7], 8_091).into();
        let peer = dialled(&snapshot(address));
        assert_eq!((peer.address, peer.announced_at), (address, 77));
    }

    #[test]
    fn nh_53_an_announcement_by_the_documents_is_asked_strictly() {
        let mut snapshot = snapshot(([198, 51, 100, 7], 8_091).into());
        let mut speaks = |protocol, placeholder1| {
            let axon = snapshot.neurons[0].axon.as_mut().unwrap();
            (axon.protocol, axon.placeholder1) = (protocol, placeholder1);
            dialled(&snapshot).speaks
        };
        assert_eq!(speaks(4, 1), PeerProtocol::Strict { certificate: None });
        // The protocol decides nothing.
        assert_eq!(speaks(0, 1), PeerProtocol::Strict { certificate: None });
        assert_eq!(speaks(1, 0), PeerProtocol::V1);
        assert_eq!(speaks(4, 0), PeerProtocol::V1);
    }

    #[tokio::test]
    async fn only_addresses_in_the_scope_of_the_chain_are_dialled() {
        let peer = dialled(&snapshot(([127, 0, 0, 2], 1).into()));
        let hello = Synapse::new(Class::synapse().into(), &Dict::default()).unwrap();
        for (local_addresses, expected) in [(false, AskError::OutOfScope), (true, AskError::Closed)] {
            let rules = dial_rules(&NetworkParameters { local_addresses, ..NetworkParameters::default() }, || 1);
            assert_eq!(rules.scope(), AddressScope::new(local_addresses));
            let signer = signer_of(Secret::from_uri("//Alice").unwrap().into_keypair());
            let asked = Dendrite::new(signer).on_chain(Arc::new(rules)).ask(&peer, &hello).await;
            assert_eq!(asked.result, Err(expected));
        }
    }
}
