//! A chain of this pallet and balances, with tables in place of the other pallets.
//!
//! The tables are storage, so a failed operation is rolled back in them too.

use crate::{
    self as pallet_emission, RootRatings,
    pallet::{Accrued, Event, Pallet},
    weights::SubstrateWeight,
};
use codec::{Decode, Encode};
use frame_support::{
    derive_impl,
    dispatch::DispatchResult,
    pallet_prelude::{OptionQuery, ValueQuery},
    parameter_types, storage_alias,
    traits::{ConstU64, Hooks},
    weights::{
        Weight,
        constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_MILLIS},
    },
};
use myelin_economics::{division::Emission as NeuronEmission, issuance::block_emission};
use myelin_epoch::accrual::takes_part;
use myelin_pallet_keys::traits::IssuanceTerm;
use myelin_pallet_neurons::traits::{OnSeat, ReadSeats};
use myelin_pallet_staking::traits::{PayStake, ReadStake};
use myelin_pallet_subnets::traits::{OnSubnet, ReadSubnets};
use myelin_pallet_weights::traits::ReadWeights;
use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, Take, Tao, Uid};
use myelin_records::{
    epoch::EpochRecord,
    parameters::{NetworkParameters, Parameters, ParametersPatch},
    seat::Seat,
    subnet::{LaunchPhase, Subnet},
    weights::WeightsRow,
};
use sp_runtime::{BuildStorage, DispatchError};
use std::collections::BTreeMap;

pub(crate) type AccountId = u64;
type Block = frame_system::mocking::MockBlockU32<Test>;

/// The minimum balance of an account, in rao. spec tokenomics §1
pub(crate) const EXISTENTIAL_DEPOSIT: u64 = 500;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Emission: pallet_emission,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountData = pallet_balances::AccountData<u64>;
    type AccountId = AccountId;
    type Block = Block;
    type DbWeight = ParityDbWeight;
    type Lookup = sp_runtime::traits::IdentityLookup<AccountId>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = u64;
    type ExistentialDeposit = ConstU64<EXISTENTIAL_DEPOSIT>;
}

parameter_types! {
    /// TAO that other pallets hold outside of accounts.
    pub static Escrowed: Amount<Tao> = Amount::ZERO;
    /// The number of parents of each hotkey that has any.
    pub static Parents: BTreeMap<AccountId, u32> = BTreeMap::new();
    /// The most block weight that a tick may use; tests lower it.
    pub static MaxTickWeight: Weight = Weight::from_parts(1_500 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);
}

impl crate::Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Tables;
    type Currency = Balances;
    type MaxTickWeight = MaxTickWeight;
    type Outside = Tables;
    type Seats = Tables;
    type Shares = RootRatings<Self>;
    type Stake = Tables;
    type Subnets = Tables;
    type WeightInfo = SubstrateWeight<Self>;
    type Weights = Tables;
}

/// A stand-in for all other pallets.
pub struct Tables;

/// A network in the table.
#[derive(Clone, Encode, Decode)]
struct Network {
    subnet: Subnet<AccountId>,
    parameters: Parameters,
}

/// A payment to a neuron: netuid, hotkey, rao for mining, rao for validating.
pub(crate) type Payment = (u16, AccountId, u64, u64);

#[storage_alias]
type Networks = StorageValue<Mock, BTreeMap<NetUid, Network>, ValueQuery>;
#[storage_alias]
pub(crate) type Launch = StorageValue<Mock, LaunchPhase, ValueQuery>;
#[storage_alias]
type Shared = StorageValue<Mock, NetworkParameters, ValueQuery>;
#[storage_alias]
type Stakes = StorageValue<Mock, BTreeMap<AccountId, u64>, ValueQuery>;
#[storage_alias]
type Seated = StorageValue<Mock, BTreeMap<NetUid, Vec<Seat<AccountId>>>, ValueQuery>;
#[storage_alias]
type Rows = StorageValue<Mock, BTreeMap<(NetUid, Uid), WeightsRow>, ValueQuery>;
#[storage_alias]
type Updates = StorageValue<Mock, BTreeMap<(NetUid, Uid), BlockNumber>, ValueQuery>;
#[storage_alias]
type Commits = StorageValue<Mock, BTreeMap<(NetUid, Uid), BlockNumber>, OptionQuery>;
#[storage_alias]
type RootRows = StorageValue<Mock, BTreeMap<AccountId, BTreeMap<NetUid, u16>>, ValueQuery>;
#[storage_alias]
type Payments = StorageValue<Mock, Vec<Payment>, ValueQuery>;
#[storage_alias]
type Queued = StorageValue<Mock, Vec<NetUid>, ValueQuery>;
#[storage_alias]
type Activated = StorageValue<Mock, Vec<NetUid>, ValueQuery>;
#[storage_alias]
type Unpayable = StorageValue<Mock, AccountId, OptionQuery>;
#[storage_alias]
type Embezzler = StorageValue<Mock, AccountId, OptionQuery>;

impl IssuanceTerm for Tables {
    fn amount() -> Amount<Tao> {
        Escrowed::get()
    }
}

impl ReadSubnets<AccountId> for Tables {
    fn exists(netuid: NetUid) -> bool {
        Networks::get().contains_key(&netuid)
    }
    fn netuids() -> Vec<NetUid> {
        Networks::get().into_keys().collect()
    }
    fn tempos() -> Vec<(NetUid, u16)> {
        Networks::get().into_iter().map(|(netuid, network)| (netuid, network.parameters.tempo)).collect()
    }
    fn subnet(netuid: NetUid) -> Option<Subnet<AccountId>> {
        Networks::get().remove(&netuid).map(|network| network.subnet)
    }
    fn parameters(netuid: NetUid) -> Option<Parameters> {
        Networks::get().remove(&netuid).map(|network| network.parameters)
    }
    fn network() -> NetworkParameters {
        Shared::get()
    }
    fn launch() -> LaunchPhase {
        Launch::get()
    }
    fn locked() -> Amount<Tao> {
        let locks = Networks::get().into_values().map(|network| network.subnet.locked);
        Amount::checked_sum(locks).expect("tests lock little")
    }
}

impl ReadStake<AccountId> for Tables {
    fn total() -> Amount<Tao> {
        Amount::from_rao(Stakes::get().into_values().sum())
    }
    fn on(hotkey: &AccountId) -> Amount<Tao> {
        Amount::from_rao(Stakes::get().get(hotkey).copied().unwrap_or(0))
    }
    fn of(_: &AccountId, hotkey: &AccountId) -> Amount<Tao> {
        Self::on(hotkey)
    }
    fn weight(_: NetUid, hotkey: &AccountId) -> Amount<Tao> {
        Self::on(hotkey)
    }
    fn parents(_: NetUid, hotkey: &AccountId) -> u32 {
        Parents::get().get(hotkey).copied().unwrap_or(0)
    }
    fn take(_: &AccountId) -> Option<Take> {
        None
    }
}

impl PayStake<AccountId> for Tables {
    fn pay<'a>(netuid: NetUid, payments: impl IntoIterator<Item = (&'a AccountId, NeuronEmission)>) -> DispatchResult {
        for (hotkey, emission) in payments {
            if Unpayable::get() == Some(*hotkey) {
                return Err(DispatchError::Unavailable);
            }
            let (miner, validator) = (emission.miner.rao(), emission.validator.rao());
            let kept = u64::from(Embezzler::get() == Some(*hotkey));
            add_stake(*hotkey, miner + validator - kept);
            Payments::append((netuid.get(), *hotkey, miner, validator));
        }
        Ok(())
    }
    fn queue_children(netuid: NetUid) {
        Queued::append(netuid);
    }
    fn activate_children() -> Weight {
        Activated::mutate(|activated| activated.extend(Queued::take()));
        Weight::zero()
    }
}

impl ReadSeats<AccountId> for Tables {
    fn seats(netuid: NetUid) -> Vec<Seat<AccountId>> {
        Seated::get().remove(&netuid).unwrap_or_default()
    }
    fn count(netuid: NetUid) -> u16 {
        Self::seats(netuid).len().try_into().expect("tests take few seats")
    }
    fn uid(netuid: NetUid, hotkey: &AccountId) -> Option<Uid> {
        (0..).map(Uid::new).zip(Self::seats(netuid)).find(|(_, seat)| seat.hotkey == *hotkey).map(|(uid, _)| uid)
    }
    fn hotkey(netuid: NetUid, uid: Uid) -> Option<AccountId> {
        Self::seats(netuid).get(usize::from(uid)).map(|seat| seat.hotkey)
    }
}

/// Returns the value of each seat in a table by seat.
fn by_seat<V: Clone>(table: &BTreeMap<(NetUid, Uid), V>, netuid: NetUid, seats: usize) -> Vec<Option<V>> {
    (0..).map(Uid::new).take(seats).map(|uid| table.get(&(netuid, uid)).cloned()).collect()
}

impl ReadWeights<AccountId> for Tables {
    fn rows(netuid: NetUid, seats: &[Seat<AccountId>]) -> Vec<WeightsRow> {
        let rows = by_seat(&Rows::get(), netuid, seats.len()).into_iter().zip(seats);
        rows.map(|(row, seat)| row.unwrap_or(WeightsRow { fixed_at: seat.registered_at, ..WeightsRow::default() }))
            .collect()
    }
    fn last_updates(netuid: NetUid, seats: &[Seat<AccountId>]) -> Vec<BlockNumber> {
        let updates = by_seat(&Updates::get(), netuid, seats.len());
        updates.into_iter().zip(seats).map(|(update, seat)| update.unwrap_or(seat.registered_at)).collect()
    }
    fn pending_commits(netuid: NetUid, seats: &[Seat<AccountId>]) -> Option<Vec<Option<BlockNumber>>> {
        Commits::get().map(|commits| by_seat(&commits, netuid, seats.len()))
    }
    fn root_rows() -> Vec<(AccountId, BTreeMap<NetUid, u16>)> {
        RootRows::get().into_iter().collect()
    }
}

/// The genesis of a test's chain.
pub(crate) struct ExtBuilder {
    launch: LaunchPhase,
    balances: Vec<(AccountId, u64)>,
    subnets: Vec<(u16, Option<AccountId>, Parameters)>,
}

/// Root and subnet 1 without an owner, as genesis has them, and no TAO at all. spec tokenomics §10
impl Default for ExtBuilder {
    fn default() -> Self {
        Self { launch: LaunchPhase::default(), balances: Vec::new(), subnets: Vec::new() }
            .subnet(0, None, Parameters::root())
            .subnet(1, None, Parameters::default())
    }
}

impl ExtBuilder {
    /// Begins the chain with a launch phase.
    pub(crate) fn launch(mut self, ends_at: BlockNumber, least_seats: u16) -> Self {
        self.launch = LaunchPhase { opens_at: 0, ends_at, least_seats };
        self
    }

    /// Endows an account.
    pub(crate) fn balance(mut self, who: AccountId, rao: u64) -> Self {
        self.balances.push((who, rao));
        self
    }

    /// Adds a subnet, or sets the one of that number anew.
    pub(crate) fn subnet(mut self, netuid: u16, owner: Option<AccountId>, parameters: Parameters) -> Self {
        self.subnets.retain(|(other, ..)| *other != netuid);
        self.subnets.push((netuid, owner, parameters));
        self
    }

    fn build(self) -> sp_io::TestExternalities {
        let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().expect("system has defaults");
        pallet_balances::GenesisConfig::<Test> { balances: self.balances, ..Default::default() }
            .assimilate_storage(&mut storage)
            .expect("balances are above the existential deposit");
        let mut ext = sp_io::TestExternalities::new(storage);
        ext.execute_with(|| {
            Launch::put(self.launch);
            for (netuid, owner, parameters) in self.subnets {
                create_subnet(netuid, owner, 0, parameters);
            }
            System::set_block_number(1);
        });
        ext
    }

    /// Runs `test` on the built state, then the invariants. There is no other way to enter a test.
    pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            test();
            check();
        });
    }

    /// Runs `test` on the built state without the invariants, for tests that break them.
    pub(crate) fn build_and_break(self, test: impl FnOnce()) {
        self.build().execute_with(test);
    }
}

fn check() {
    Pallet::<Test>::do_try_state().expect("the state is in order");
}

/// Returns the parameters of a subnet whose epochs run every `tempo + 1` blocks.
pub(crate) fn with_tempo(tempo: u16) -> Parameters {
    Parameters { tempo, ..Parameters::default() }
}

/// Creates a subnet and tells this pallet.
pub(crate) fn create_subnet(netuid: u16, owner: Option<AccountId>, locked: u64, parameters: Parameters) {
    record_subnet(netuid, owner, locked, parameters);
    <Emission as OnSubnet<_>>::created(NetUid::new(netuid), None).expect("there is room for the subnet");
}

/// Creates a subnet in the table alone.
pub(crate) fn record_subnet(netuid: u16, owner: Option<AccountId>, locked: u64, parameters: Parameters) {
    let netuid = NetUid::new(netuid);
    let subnet =
        Subnet { registered_at: System::block_number(), owner, owner_hotkey: None, locked: Amount::from_rao(locked) };
    Networks::mutate(|networks| networks.insert(netuid, Network { subnet, parameters }));
}

/// Ends a subnet as the subnets pallet does: it is gone before listeners are called. Its lock is recycled.
pub(crate) fn end_subnet(netuid: u16) {
    let netuid = NetUid::new(netuid);
    Networks::mutate(|networks| networks.remove(&netuid));
    <Emission as OnSubnet<_>>::ended(netuid);
    Seated::mutate(|seated| seated.remove(&netuid));
    Rows::mutate(|rows| rows.retain(|(of, _), _| *of != netuid));
    Updates::mutate(|updates| updates.retain(|(of, _), _| *of != netuid));
}

/// Changes parameters of a network and tells this pallet.
pub(crate) fn set_parameters(netuid: u16, patch: &ParametersPatch) {
    let netuid = NetUid::new(netuid);
    Networks::mutate(|networks| {
        let network = networks.get_mut(&netuid).expect("the network exists");
        network.parameters = patch.applied_to(&network.parameters);
    });
    <Emission as OnSubnet<_>>::parameters_changed(netuid, patch);
}

pub(crate) fn set_network(change: impl FnOnce(&mut NetworkParameters)) {
    Shared::mutate(change);
}

/// Gives a hotkey the next free seat, in this block.
pub(crate) fn take_seat(netuid: u16, hotkey: AccountId) -> Uid {
    let netuid = NetUid::new(netuid);
    let uid = Uid::new(Tables::count(netuid));
    Seated::mutate(|seated| seated.entry(netuid).or_default().push(seat_of(hotkey)));
    <Emission as OnSeat<_>>::taken(netuid, uid, &hotkey);
    uid
}

/// Gives a seat to another hotkey, in this block.
pub(crate) fn replace_seat(netuid: u16, uid: Uid, new: AccountId) {
    let netuid = NetUid::new(netuid);
    let old = Tables::hotkey(netuid, uid).expect("the seat is taken");
    Seated::mutate(|seated| seated.get_mut(&netuid).expect("as above")[usize::from(uid)] = seat_of(new));
    Rows::mutate(|rows| rows.remove(&(netuid, uid)));
    Updates::mutate(|updates| updates.remove(&(netuid, uid)));
    <Emission as OnSeat<_>>::replaced(netuid, uid, &old, &new);
}

fn seat_of(hotkey: AccountId) -> Seat<AccountId> {
    Seat { hotkey, registered_at: System::block_number() }
}

pub(crate) fn add_stake(hotkey: AccountId, rao: u64) {
    Stakes::mutate(|stakes| *stakes.entry(hotkey).or_default() += rao);
}

pub(crate) fn stake_on(hotkey: AccountId) -> u64 {
    Tables::on(&hotkey).rao()
}

/// Sets the weights of a seat, in this block.
pub(crate) fn set_weights(netuid: u16, uid: u16, weights: &[(u16, u16)]) {
    let seat = (NetUid::new(netuid), Uid::new(uid));
    let entries: Vec<Entry> = weights.iter().copied().map(Entry::from).collect();
    let row = WeightsRow {
        entries: entries.try_into().expect("tests have few seats"),
        fixed_at: System::block_number(),
        missed_at: None,
    };
    Rows::mutate(|rows| rows.insert(seat, row));
    Updates::mutate(|updates| updates.insert(seat, System::block_number()));
}

/// Records a call of a seat that left its row as it was, such as a commit, in this block.
pub(crate) fn touch(netuid: u16, uid: u16) {
    Updates::mutate(|updates| updates.insert((NetUid::new(netuid), Uid::new(uid)), System::block_number()));
}

/// Switches commit-reveal on, with these pending commits.
pub(crate) fn set_commits(commits: &[(u16, u16, BlockNumber)]) {
    let of = |(netuid, uid, block): &(u16, u16, BlockNumber)| ((NetUid::new(*netuid), Uid::new(*uid)), *block);
    Commits::put(commits.iter().map(of).collect::<BTreeMap<_, _>>());
}

pub(crate) fn set_root_weights(hotkey: AccountId, weights: &[(u16, u16)]) {
    let row = weights.iter().map(|(netuid, weight)| (NetUid::new(*netuid), *weight)).collect();
    RootRows::mutate(|rows| rows.insert(hotkey, row));
}

/// Makes payments to a hotkey fail.
pub(crate) fn refuse_payments_to(hotkey: Option<AccountId>) {
    Unpayable::set(hotkey);
}

/// Makes one rao of each payment to a hotkey vanish.
pub(crate) fn short_payments_to(hotkey: AccountId) {
    Embezzler::put(hotkey);
}

/// Takes the payments to neurons since the last call.
pub(crate) fn payments() -> Vec<Payment> {
    Payments::take()
}

/// Takes the subnets whose children were activated since the last call.
pub(crate) fn activated() -> Vec<u16> {
    Activated::take().into_iter().map(NetUid::get).collect()
}

/// Returns the events of this pallet in this block.
pub(crate) fn events() -> Vec<Event<Test>> {
    let of_this_pallet = |record: frame_system::EventRecord<RuntimeEvent, _>| match record.event {
        RuntimeEvent::Emission(event) => Some(event),
        _ => None,
    };
    System::events().into_iter().filter_map(of_this_pallet).collect()
}

/// Returns the netuids of the epochs that ran in this block.
pub(crate) fn epochs_run() -> Vec<u16> {
    let run = |event| match event {
        Event::EpochRun { netuid, .. } => Some(netuid.get()),
        _ => None,
    };
    events().into_iter().filter_map(run).collect()
}

pub(crate) fn pending(netuid: u16) -> u64 {
    Emission::pending(NetUid::new(netuid)).rao()
}

pub(crate) fn last_epoch(netuid: u16) -> EpochRecord {
    crate::LastEpochs::<Test>::get(NetUid::new(netuid)).expect("an epoch has run")
}

/// Returns the rao that block initialisation recycled, from the events of the block.
fn recycled() -> u64 {
    let amount = |event| match event {
        Event::EmissionRecycled { amount, .. } => amount.rao(),
        _ => 0,
    };
    events().into_iter().map(amount).sum()
}

/// Begins the next block, and checks the invariants, the limit and the issuance. spec tokenomics §9.2, I4
pub(crate) fn next_block() {
    let before = Emission::total_issuance();
    let emission = block_emission(before).rao();
    System::reset_events();
    System::set_block_number(System::block_number() + 1);
    let weight = Emission::on_initialize(System::block_number());
    assert!(weight.all_lte(MaxTickWeight::get()), "the tick took {weight}");
    // Shares and eligibility of this block are those of the ledger, because only calls change them later.
    let ledger = crate::Ledger::<Test>::get();
    let minted = if ledger.values().any(takes_part(&ledger)) { emission } else { 0 };
    assert_eq!(Emission::total_issuance().rao(), before.rao() + minted - recycled(), "the issuance is off");
    check();
}

/// Begins blocks until `block` has begun.
pub(crate) fn run_to_block(block: BlockNumber) {
    while System::block_number() < block {
        next_block();
    }
}

/// Begins blocks until one in which the epoch of a subnet is due.
pub(crate) fn run_to_epoch(netuid: u16) {
    next_block();
    while Emission::blocks_until_epoch(NetUid::new(netuid)) != Some(0) {
        next_block();
    }
}

/// Returns the number of accrued blocks.
pub(crate) fn accrued_blocks() -> BlockNumber {
    Accrued::<Test>::get().blocks
}

/// Builds a chain without any network, for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn benchmark_ext() -> sp_io::TestExternalities {
    ExtBuilder { launch: LaunchPhase::default(), balances: Vec::new(), subnets: Vec::new() }.build()
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for Tables {
    fn networks(count: u32) {
        for netuid in 0..u16::try_from(count).expect("netuids have 16 bits") {
            create_subnet(netuid, None, 0, Parameters::default());
        }
    }

    fn root_validators(count: u32, networks: u32) {
        let ratings: Vec<_> =
            (1..u16::try_from(networks).expect("netuids have 16 bits")).map(|to| (to, 1 + to)).collect();
        for hotkey in 0..u64::from(count) {
            take_seat(0, hotkey);
            add_stake(hotkey, 1_000_000 + hotkey);
            set_root_weights(hotkey, &ratings);
        }
    }

    fn neurons(netuid: NetUid, count: u32, validators: u32) {
        let count = u16::try_from(count).expect("uids have 16 bits");
        let ratings: Vec<_> = (0..count).map(|to| (to, 1 + to)).collect();
        for uid in 0..count {
            take_seat(netuid.get(), uid.into());
            if u32::from(uid) < validators {
                add_stake(uid.into(), 1_000_000_000 + u64::from(uid));
            }
        }
        System::set_block_number(System::block_number() + 1);
        for uid in 0..count {
            set_weights(netuid.get(), uid, &ratings);
        }
    }
}
