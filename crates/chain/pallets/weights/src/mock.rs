//! A chain with this pallet, and tables in place of the other pallets.

use crate::{
    self as pallet_weights, Rows,
    rules::commit_hash,
    traits::ReadPermits,
    types::{Salt, UidList, ValueList},
    weights::SubstrateWeight,
};
use frame_support::{
    derive_impl,
    dispatch::DispatchResult,
    ensure,
    pallet_prelude::{Decode, Encode, Identity, OptionQuery, ValueQuery},
    storage_alias,
    traits::Hooks,
    weights::constants::ParityDbWeight,
};
use myelin_pallet_keys::traits::Keys;
use myelin_pallet_neurons::traits::{OnSeat, ReadSeats};
use myelin_pallet_staking::traits::ReadStake;
use myelin_pallet_subnets::traits::{OnSubnet, ReadSubnets};
use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, Take, Tao, Uid};
use myelin_records::{
    consent::KeyConsent,
    parameters::{NetworkParameters, Parameters},
    pool_code::PoolCode,
    seat::Seat,
    subnet::{LaunchPhase, Subnet},
    weights::StorageIndex,
};
use sp_core::H256;
use sp_io::TestExternalities;
use sp_runtime::{BuildStorage, DispatchError};
use std::cell::Cell;

pub(crate) type AccountId = u64;
type Block = frame_system::mocking::MockBlockU32<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Weights: pallet_weights,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type DbWeight = ParityDbWeight;
}

impl pallet_weights::Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Tables;
    type Keys = Tables;
    type Permits = Tables;
    type Seats = Tables;
    type Stake = Tables;
    type Subnets = Tables;
    type WeightInfo = SubstrateWeight<Self>;
}

/// The subnet that exists from the start.
pub(crate) const SUBNET: NetUid = NetUid::new(1);

/// The hotkeys with seats on [`SUBNET`] from the start, by uid. [`coldkey_of`] gives their owners.
pub(crate) const HOTKEYS: [AccountId; 4] = [10, 11, 12, 13];

/// The first of [`HOTKEYS`].
pub(crate) const ALICE: AccountId = HOTKEYS[0];

/// The second of [`HOTKEYS`].
pub(crate) const BOB: AccountId = HOTKEYS[1];

/// A hotkey without a seat.
pub(crate) const STRANGER: AccountId = 99;

/// The error of a coldkey under swap.
pub(crate) const IN_SWAP: DispatchError = DispatchError::Other("ColdkeySwapAnnounced");

/// A network of the mock.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Network {
    record: Subnet<AccountId>,
    parameters: Parameters,
}

// The tables are storage, so that a call that fails leaves no trace in them either.
#[storage_alias]
type Networks = StorageMap<Mock, Identity, NetUid, Network, OptionQuery>;
#[storage_alias]
type SeatsOf = StorageMap<Mock, Identity, NetUid, Vec<Seat<AccountId>>, ValueQuery>;
#[storage_alias]
type PermitsOf = StorageMap<Mock, Identity, (NetUid, Uid), (), OptionQuery>;
#[storage_alias]
type StakeOn = StorageMap<Mock, Identity, AccountId, Amount<Tao>, ValueQuery>;
#[storage_alias]
type StakeWeights = StorageMap<Mock, Identity, (NetUid, AccountId), Amount<Tao>, OptionQuery>;
#[storage_alias]
type Threshold = StorageValue<Mock, Amount<Tao>, ValueQuery>;
#[storage_alias]
type Owners = StorageMap<Mock, Identity, AccountId, AccountId, OptionQuery>;
#[storage_alias]
type Swapping = StorageMap<Mock, Identity, AccountId, (), OptionQuery>;

#[storage_alias]
pub(crate) type Launch = StorageValue<Mock, LaunchPhase, ValueQuery>;
thread_local! {
    /// The reads of the number of neurons of a network. A call that fails does not take them back.
    static COUNTS_READ: Cell<u32> = const { Cell::new(0) };
}

/// Returns the reads of the number of neurons so far.
pub(crate) fn counts_read() -> u32 {
    COUNTS_READ.get()
}

/// A stand-in for all other pallets.
#[allow(unreachable_pub, reason = "FRAME makes the runtime public, and what it is configured with must be as well")]
pub struct Tables;

impl ReadSubnets<AccountId> for Tables {
    fn exists(netuid: NetUid) -> bool {
        Networks::contains_key(netuid)
    }

    fn netuids() -> Vec<NetUid> {
        let mut netuids: Vec<_> = Networks::iter_keys().collect();
        netuids.sort_unstable();
        netuids
    }

    fn tempos() -> Vec<(NetUid, u16)> {
        Self::netuids().into_iter().map(|netuid| (netuid, Self::parameters(netuid).unwrap().tempo)).collect()
    }

    fn subnet(netuid: NetUid) -> Option<Subnet<AccountId>> {
        Networks::get(netuid).map(|network| network.record)
    }

    fn parameters(netuid: NetUid) -> Option<Parameters> {
        Networks::get(netuid).map(|network| network.parameters)
    }

    fn network() -> NetworkParameters {
        // Tests submit as often as they like.
        NetworkParameters { stake_threshold: Threshold::get(), min_rate_limit: 0, ..NetworkParameters::default() }
    }

    fn launch() -> LaunchPhase {
        Launch::get()
    }

    fn locked() -> Amount<Tao> {
        Amount::ZERO
    }
}

impl Keys<AccountId> for Tables {
    fn owner(hotkey: &AccountId) -> Option<AccountId> {
        Owners::get(hotkey)
    }

    fn owned(_: &AccountId) -> Vec<AccountId> {
        unimplemented!("weights ask for owners")
    }

    fn latest_successor(_: &AccountId) -> AccountId {
        unimplemented!("weights follow no swaps")
    }

    fn ensure_pair(_: &AccountId, _: &AccountId) -> DispatchResult {
        unimplemented!("weights make no pairs")
    }

    fn pair_code(_: &AccountId, _: &AccountId, _: Option<&KeyConsent>) -> Option<PoolCode> {
        unimplemented!("weights make no pairs")
    }

    fn ensure_pairable(_: &AccountId, _: &AccountId, _: Option<&KeyConsent>) -> DispatchResult {
        unimplemented!("weights make no pairs")
    }

    fn pair(_: &AccountId, _: &AccountId) -> DispatchResult {
        unimplemented!("weights make no pairs")
    }

    fn ensure_not_swapping(coldkey: &AccountId) -> DispatchResult {
        ensure!(!Swapping::contains_key(coldkey), IN_SWAP);
        Ok(())
    }

    fn ensure_not_reserved(_: &AccountId) -> DispatchResult {
        Ok(())
    }

    fn swap_code(coldkey: &AccountId) -> Option<PoolCode> {
        Swapping::contains_key(coldkey).then_some(PoolCode::ColdkeySwapAnnounced)
    }
}

impl ReadStake<AccountId> for Tables {
    fn total() -> Amount<Tao> {
        unimplemented!("weights ask for single stakes")
    }

    fn on(hotkey: &AccountId) -> Amount<Tao> {
        StakeOn::get(hotkey)
    }

    fn of(_: &AccountId, _: &AccountId) -> Amount<Tao> {
        unimplemented!("weights ask for all of a hotkey's stake")
    }

    fn weight(netuid: NetUid, hotkey: &AccountId) -> Amount<Tao> {
        StakeWeights::get((netuid, *hotkey)).unwrap_or_else(|| StakeOn::get(hotkey))
    }

    fn parents(_: NetUid, _: &AccountId) -> u32 {
        unimplemented!("weights ask for stake")
    }

    fn take(_: &AccountId) -> Option<Take> {
        unimplemented!("weights do not ask for takes")
    }
}

impl ReadSeats<AccountId> for Tables {
    fn seats(netuid: NetUid) -> Vec<Seat<AccountId>> {
        SeatsOf::get(netuid)
    }

    fn count(netuid: NetUid) -> u16 {
        COUNTS_READ.set(COUNTS_READ.get() + 1);
        SeatsOf::get(netuid).len().try_into().unwrap()
    }

    fn uid(netuid: NetUid, hotkey: &AccountId) -> Option<Uid> {
        let position = SeatsOf::get(netuid).iter().position(|seat| seat.hotkey == *hotkey)?;
        Networks::contains_key(netuid).then(|| Uid::new(position.try_into().unwrap()))
    }

    fn hotkey(netuid: NetUid, uid: Uid) -> Option<AccountId> {
        SeatsOf::get(netuid).get(usize::from(uid)).map(|seat| seat.hotkey)
    }
}

impl ReadPermits for Tables {
    fn has_permit(netuid: NetUid, uid: Uid) -> bool {
        PermitsOf::contains_key((netuid, uid))
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for Tables {
    fn subnet(netuid: NetUid, parameters: Parameters, validator: &AccountId, neurons: u16) {
        end(netuid);
        SeatsOf::remove(netuid);
        create(netuid, parameters);
        seat(netuid, *validator);
        permit(netuid, *validator);
        for hotkey in 1..neurons {
            seat(netuid, 1_000_000 + u64::from(hotkey));
        }
    }

    fn root(validator: &AccountId, networks: u16) -> AccountId {
        create(NetUid::ROOT, Parameters::root());
        for netuid in 1..networks {
            create(NetUid::new(netuid), Parameters::default());
        }
        seat(NetUid::ROOT, *validator);
        coldkey_of(*validator)
    }
}

/// Returns the coldkey that owns a hotkey of the mock.
pub(crate) const fn coldkey_of(hotkey: AccountId) -> AccountId {
    hotkey + 1_000
}

/// Creates a network. A subnet belongs to [`ALICE`].
pub(crate) fn create(netuid: NetUid, parameters: Parameters) {
    parameters.validate_on(netuid, &Tables::network()).unwrap();
    let record = Subnet {
        registered_at: Weights::now(),
        owner: (!netuid.is_root()).then_some(coldkey_of(ALICE)),
        owner_hotkey: (!netuid.is_root()).then_some(ALICE),
        locked: Amount::ZERO,
    };
    Networks::insert(netuid, Network { record, parameters });
    Weights::created(netuid, None).unwrap();
}

/// Ends a network. Its seats stay until [`clear`] has removed them.
pub(crate) fn end(netuid: NetUid) {
    Networks::remove(netuid);
    Weights::ended(netuid);
}

/// Removes the seats of a network that has ended.
pub(crate) fn clear(netuid: NetUid) {
    SeatsOf::remove(netuid);
    let _ = PermitsOf::clear(u32::MAX, None);
}

/// Changes parameters of a network.
pub(crate) fn set(netuid: NetUid, change: impl FnOnce(&mut Parameters)) {
    Networks::mutate(netuid, |network| {
        let parameters = &mut network.as_mut().unwrap().parameters;
        change(parameters);
        parameters.validate_on(netuid, &Tables::network()).unwrap();
    });
}

/// Gives a hotkey a fresh seat.
pub(crate) fn seat(netuid: NetUid, hotkey: AccountId) -> Uid {
    Owners::insert(hotkey, coldkey_of(hotkey));
    let uid = Uid::new(Tables::count(netuid));
    SeatsOf::append(netuid, Seat { hotkey, registered_at: Weights::now() });
    Weights::taken(netuid, uid, &hotkey);
    uid
}

/// Gives a hotkey the seat of another.
pub(crate) fn replace(netuid: NetUid, uid: u16, hotkey: AccountId) {
    Owners::insert(hotkey, coldkey_of(hotkey));
    let old = SeatsOf::mutate(netuid, |seats| {
        let seat = Seat { hotkey, registered_at: Weights::now() };
        std::mem::replace(&mut seats[usize::from(uid)], seat).hotkey
    });
    PermitsOf::remove((netuid, Uid::new(uid)));
    Weights::replaced(netuid, Uid::new(uid), &old, &hotkey);
}

/// Swaps the hotkey on a seat.
pub(crate) fn swap(netuid: NetUid, uid: u16, new: AccountId) {
    Owners::insert(new, coldkey_of(new));
    let old = SeatsOf::mutate(netuid, |seats| std::mem::replace(&mut seats[usize::from(uid)].hotkey, new));
    Weights::hotkey_swapped(netuid, Uid::new(uid), &old, &new);
}

/// Gives a hotkey the validator permit.
pub(crate) fn permit(netuid: NetUid, hotkey: AccountId) {
    PermitsOf::insert((netuid, Tables::uid(netuid, &hotkey).unwrap()), ());
}

/// Takes the validator permit from a hotkey.
pub(crate) fn forbid(netuid: NetUid, hotkey: AccountId) {
    PermitsOf::remove((netuid, Tables::uid(netuid, &hotkey).unwrap()));
}

/// Sets the stake on a hotkey.
pub(crate) fn stake(hotkey: AccountId, rao: u64) {
    StakeOn::insert(hotkey, Amount::<Tao>::from_rao(rao));
}

/// Sets the stake weight of a hotkey on one subnet, in place of its stake.
pub(crate) fn lend(netuid: NetUid, hotkey: AccountId, rao: u64) {
    StakeWeights::insert((netuid, hotkey), Amount::<Tao>::from_rao(rao));
}

/// Sets the threshold of stake weight for setting weights.
pub(crate) fn ask_stake(rao: u64) {
    Threshold::put(Amount::<Tao>::from_rao(rao));
}

/// Announces a swap of a coldkey.
pub(crate) fn announce_swap(coldkey: AccountId) {
    Swapping::insert(coldkey, ());
}

/// Returns a vector as a list of uids and a list of values.
pub(crate) fn lists(vector: &[(u16, u16)]) -> (UidList, ValueList) {
    let uids: Vec<_> = vector.iter().map(|(uid, _)| Uid::new(*uid)).collect();
    let values: Vec<_> = vector.iter().map(|(_, value)| *value).collect();
    (uids.try_into().unwrap(), values.try_into().unwrap())
}

/// Returns the salt of all commits of the mock.
pub(crate) fn salt() -> Salt {
    vec![1, 2, 3, 4, 5, 6, 7, 8].try_into().unwrap()
}

/// Returns the hash of a vector with [`salt`].
pub(crate) fn hash(hotkey: AccountId, netuid: NetUid, vector: &[(u16, u16)], version_key: u64) -> H256 {
    let (uids, values) = lists(vector);
    commit_hash(&hotkey, StorageIndex::from(netuid), &uids, &values, &salt(), version_key)
}

/// Sets weights with version key 0.
pub(crate) fn set_weights(hotkey: AccountId, netuid: NetUid, vector: &[(u16, u16)]) -> DispatchResult {
    let (uids, values) = lists(vector);
    Weights::set_weights(RuntimeOrigin::signed(hotkey), netuid, uids, values, 0)
}

/// Commits to a vector with [`salt`] and version key 0.
pub(crate) fn commit(hotkey: AccountId, netuid: NetUid, vector: &[(u16, u16)]) -> DispatchResult {
    Weights::commit_weights(RuntimeOrigin::signed(hotkey), netuid, hash(hotkey, netuid, vector, 0))
}

/// Reveals a vector with [`salt`] and version key 0.
pub(crate) fn reveal(hotkey: AccountId, netuid: NetUid, vector: &[(u16, u16)]) -> DispatchResult {
    let (uids, values) = lists(vector);
    Weights::reveal_weights(RuntimeOrigin::signed(hotkey), netuid, uids, values, salt(), 0)
}

/// Returns a row as it is stored.
pub(crate) fn stored(netuid: NetUid, uid: u16) -> Option<Vec<(u16, u16)>> {
    Rows::<Test>::get(StorageIndex::from(netuid), Uid::new(uid)).map(|row| pairs(&row.entries))
}

/// Returns entries as pairs.
pub(crate) fn pairs(entries: &[Entry]) -> Vec<(u16, u16)> {
    entries.iter().map(|entry| (*entry).into()).collect()
}

/// Takes the events of this pallet in the current block since the last call, oldest first.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
    let ours = |event| if let RuntimeEvent::Weights(event) = event { Some(event) } else { None };
    let events = System::events().into_iter().filter_map(|record| ours(record.event)).collect();
    System::reset_events();
    events
}

/// Checks the invariants.
pub(crate) fn check() {
    Weights::do_try_state().unwrap();
}

/// Ends the current block and begins the next one.
pub(crate) fn next_block() {
    check();
    let number = System::block_number() + 1;
    System::reset_events();
    System::initialize(&number, &H256::zero(), &sp_runtime::Digest::default());
    Weights::on_initialize(number);
    check();
}

/// Makes blocks until this one has begun.
pub(crate) fn run_to_block(number: BlockNumber) {
    while System::block_number() < number {
        next_block();
    }
}

/// The state a test begins with: root, and one subnet with [`HOTKEYS`], all since genesis.
///
/// No rate limit applies to neurons of genesis. Weights are set directly and `tempo` is 5 by default.
pub(crate) struct ExtBuilder {
    parameters: Parameters,
    root: bool,
}

impl Default for ExtBuilder {
    fn default() -> Self {
        let parameters =
            Parameters { commit_reveal: false, tempo: 5, weights_set_rate_limit: 5, ..Parameters::default() };
        Self { parameters, root: false }
    }
}

impl ExtBuilder {
    /// Switches commit-reveal on.
    pub(crate) fn commit_reveal(self) -> Self {
        self.parameters(|parameters| parameters.commit_reveal = true)
    }

    /// Changes parameters of the subnet.
    pub(crate) fn parameters(mut self, change: impl FnOnce(&mut Parameters)) -> Self {
        change(&mut self.parameters);
        self
    }

    /// Seats [`ALICE`] on root, and adds subnets 2 and 3 without neurons.
    pub(crate) fn root(mut self) -> Self {
        self.root = true;
        self
    }

    pub(crate) fn build(self) -> TestExternalities {
        let storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
        let mut externalities = TestExternalities::from(storage);
        externalities.execute_with(|| {
            create(NetUid::ROOT, Parameters::root());
            create(SUBNET, self.parameters);
            for hotkey in HOTKEYS {
                seat(SUBNET, hotkey);
                permit(SUBNET, hotkey);
            }
            if self.root {
                seat(NetUid::ROOT, ALICE);
                create(NetUid::new(2), Parameters::default());
                create(NetUid::new(3), Parameters::default());
            }
            next_block();
        });
        externalities
    }

    /// Runs `test` on the built state, in block 1, then the invariants. There is no other way to enter a test.
    pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            test();
            check();
        });
    }
}
