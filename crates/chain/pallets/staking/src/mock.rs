//! A chain with this pallet, real balances, and tables in place of the other pallets.

use crate::{
    self as pallet_staking, Event, Hotkeys, Pallet, TotalStake,
    traits::{OnKeySwap, PayStake, ReadStake, ReleaseStake, RootSeats},
    types::{Delegation, FamilyMember},
    weights::SubstrateWeight,
};
use codec::{Decode, Encode};
use frame_support::{
    Identity, derive_impl,
    dispatch::DispatchResult,
    ensure,
    pallet_prelude::ValueQuery,
    parameter_types,
    storage::with_storage_layer,
    storage_alias,
    traits::{BuildGenesisConfig, ConstU64, Contains, Hooks},
    weights::{Weight, WeightMeter, constants::RocksDbWeight},
};
use frame_system::{EnsureRoot, EventRecord, Phase};
use myelin_economics::{children::Proportion, division::Emission};
use myelin_pallet_subnets::{
    parameters::{NetworkParameters, Parameters},
    traits::{Keys, ReadSubnets},
    types::Subnet,
};
use myelin_primitives::{Amount, BlockNumber, NetUid, RAO_PER_TAO, Take, Tao, Uid};
use sp_io::TestExternalities;
use sp_runtime::{BuildStorage, DispatchError};

pub(crate) type AccountId = u64;
pub(crate) type Staking = Pallet<Test>;
type Block = frame_system::mocking::MockBlockU32<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        StakingPallet: pallet_staking,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountData = pallet_balances::AccountData<u64>;
    type Block = Block;
    type DbWeight = RocksDbWeight;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type ExistentialDeposit = ConstU64<EXISTENTIAL_DEPOSIT>;
}

parameter_types! {
    pub const KeySwapCost: Amount<Tao> = Amount::from_rao(KEY_SWAP_COST);
    pub static LeastStake: Amount<Tao> = Amount::from_rao(MIN_STAKE);
    pub static UnstakeOnDeregistration: bool = true;
}

impl pallet_staking::Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Tables;
    type Currency = Balances;
    type Governance = EnsureRoot<AccountId>;
    type KeySwapCost = KeySwapCost;
    type MinStake = LeastStake;
    type OnKeySwap = Tables;
    type Seats = Tables;
    type Subnets = Tables;
    type SystemAccounts = Tables;
    type UnstakeOnDeregistration = UnstakeOnDeregistration;
    type WeightInfo = SubstrateWeight<Self>;
}

pub(crate) const EXISTENTIAL_DEPOSIT: u64 = 500;
pub(crate) const MIN_STAKE: u64 = 2_000_000;
pub(crate) const KEY_SWAP_COST: u64 = RAO_PER_TAO / 10;

/// What coldkeys of the mock are endowed with.
pub(crate) const ENDOWMENT: u64 = 1_000 * RAO_PER_TAO;

// Coldkeys that are endowed.
pub(crate) const OWNER: AccountId = 1;
pub(crate) const NOMINATOR: AccountId = 2;
pub(crate) const OTHER: AccountId = 3;
/// Coldkeys up to this one are endowed.
pub(crate) const LAST_ENDOWED: AccountId = 9;

// Accounts without anything.
pub(crate) const HOT: AccountId = 11;
pub(crate) const HOT_TOO: AccountId = 12;
pub(crate) const HOT_THREE: AccountId = 13;
pub(crate) const FRESH: AccountId = 21;

/// Belongs to the runtime.
pub(crate) const SYSTEM_ACCOUNT: AccountId = 99;

/// The subnet that exists from the start.
pub(crate) const SUBNET: NetUid = NetUid::new(1);

/// A network of the mock.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Network {
    pub(crate) record: Subnet<AccountId>,
    pub(crate) parameters: Parameters,
}

/// What was told about keys.
#[allow(clippy::cast_possible_truncation, reason = "the encoding of an enum numbers its variants")]
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Told {
    Hotkey(AccountId, AccountId),
    Coldkey(AccountId, AccountId),
}

// The tables are storage, so that a call that fails leaves no trace in them either.
#[storage_alias]
pub(crate) type Networks = StorageMap<Mock, Identity, NetUid, Network>;
#[storage_alias]
type NetUids = StorageValue<Mock, Vec<NetUid>, ValueQuery>;
#[storage_alias]
type Global = StorageValue<Mock, NetworkParameters, ValueQuery>;
#[storage_alias]
pub(crate) type RootMembers = StorageValue<Mock, Vec<AccountId>, ValueQuery>;
#[storage_alias]
pub(crate) type Seated = StorageMap<Mock, Identity, AccountId, ()>;
#[storage_alias]
pub(crate) type RootIsCrowded = StorageValue<Mock, bool, ValueQuery>;
#[storage_alias]
pub(crate) type RefuseSwaps = StorageValue<Mock, bool, ValueQuery>;
#[storage_alias]
type ToldOf = StorageValue<Mock, Vec<Told>, ValueQuery>;
/// All TAO there should be: what there was at first, and what was emitted since, less what was recycled.
#[storage_alias]
type Expected = StorageValue<Mock, u64, ValueQuery>;

/// Stands for all other pallets.
pub struct Tables;

/// Errors that other pallets would give.
pub(crate) const NO_ROOT: DispatchError = DispatchError::Other("RootNetworkDoesNotExist");
pub(crate) const CROWDED: DispatchError = DispatchError::Other("TooManyRegistrationsThisBlock");
pub(crate) const ON_ROOT_ALREADY: DispatchError = DispatchError::Other("HotKeyAlreadyRegisteredInSubNet");
pub(crate) const SWAP_REFUSED: DispatchError = DispatchError::Other("the swap is refused");

impl ReadSubnets<AccountId> for Tables {
    fn exists(netuid: NetUid) -> bool {
        Networks::contains_key(netuid)
    }

    fn netuids() -> Vec<NetUid> {
        NetUids::get()
    }

    fn tempos() -> Vec<(NetUid, u16)> {
        Vec::new()
    }

    fn subnet(netuid: NetUid) -> Option<Subnet<AccountId>> {
        Networks::get(netuid).map(|network| network.record)
    }

    fn parameters(netuid: NetUid) -> Option<Parameters> {
        Networks::get(netuid).map(|network| network.parameters)
    }

    fn network() -> NetworkParameters {
        Global::get()
    }

    fn locked() -> Amount<Tao> {
        Amount::ZERO
    }
}

impl RootSeats<AccountId> for Tables {
    fn members() -> Vec<(Uid, AccountId)> {
        (0..).map(Uid::new).zip(RootMembers::get()).collect()
    }

    fn ensure_open(hotkey: &AccountId) -> DispatchResult {
        ensure!(Networks::contains_key(NetUid::ROOT), NO_ROOT);
        ensure!(!RootIsCrowded::get(), CROWDED);
        ensure!(!RootMembers::get().contains(hotkey), ON_ROOT_ALREADY);
        Ok(())
    }

    fn seat(hotkey: &AccountId, replaced: Option<Uid>) -> Result<Uid, DispatchError> {
        let mut members = RootMembers::get();
        let uid = replaced.unwrap_or_else(|| Uid::new(u16::try_from(members.len()).unwrap()));
        if replaced.is_some() {
            let old = core::mem::replace(&mut members[usize::from(uid)], *hotkey);
            if !Seated::contains_key(old) {
                Staking::release(&old);
            }
        } else {
            members.push(*hotkey);
        }
        RootMembers::put(members);
        Ok(uid)
    }

    fn is_seated_anywhere(hotkey: &AccountId) -> bool {
        Seated::contains_key(hotkey) || RootMembers::get().contains(hotkey)
    }
}

impl OnKeySwap<AccountId> for Tables {
    fn hotkey_swapped(old: &AccountId, new: &AccountId) -> DispatchResult {
        ensure!(!RefuseSwaps::get(), SWAP_REFUSED);
        ToldOf::append(Told::Hotkey(*old, *new));
        Ok(())
    }

    fn coldkey_swapped(old: &AccountId, new: &AccountId) -> DispatchResult {
        ensure!(!RefuseSwaps::get(), SWAP_REFUSED);
        ToldOf::append(Told::Coldkey(*old, *new));
        Ok(())
    }
}

impl Contains<AccountId> for Tables {
    fn contains(account: &AccountId) -> bool {
        *account == SYSTEM_ACCOUNT
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for Tables {
    fn subnet() -> NetUid {
        create_network(SUBNET, Parameters::default());
        SUBNET
    }

    fn root() -> u32 {
        let root = Parameters::root();
        create_network(NetUid::ROOT, root.clone());
        root.max_allowed_uids.into()
    }

    fn sit_on_root(hotkey: &AccountId) {
        RootMembers::append(hotkey);
    }

    fn sit(_: NetUid, hotkey: &AccountId) {
        Seated::insert(hotkey, ());
    }

    fn set_minima(threshold: Amount<Tao>, nomination: Amount<Tao>) {
        set_global(|network| {
            network.stake_threshold = threshold;
            network.nominator_min_required_stake = nomination;
        });
    }
}

/// Makes a network of the mock.
pub(crate) fn create_network(netuid: NetUid, parameters: Parameters) {
    let record = Subnet { registered_at: 0, owner: None, owner_hotkey: None, locked: Amount::ZERO };
    Networks::insert(netuid, Network { record, parameters });
    NetUids::mutate(|netuids| {
        netuids.push(netuid);
        netuids.sort_unstable();
        netuids.dedup();
    });
}

/// Ends a network of the mock.
pub(crate) fn end_network(netuid: NetUid) {
    Networks::remove(netuid);
    NetUids::mutate(|netuids| netuids.retain(|listed| *listed != netuid));
}

/// Changes a parameter that all networks share.
pub(crate) fn set_global(change: impl FnOnce(&mut NetworkParameters)) {
    Global::mutate(change);
}

/// Changes a parameter of a network.
pub(crate) fn set_parameters(netuid: NetUid, change: impl FnOnce(&mut Parameters)) {
    Networks::mutate(netuid, |network| change(&mut network.as_mut().unwrap().parameters));
}

/// What other pallets were told since this was last asked.
pub(crate) fn told() -> Vec<Told> {
    ToldOf::take()
}

#[derive(Default)]
pub(crate) struct ExtBuilder {
    stakes: Vec<(AccountId, AccountId, Amount<Tao>)>,
}

impl ExtBuilder {
    /// Stake from the first block on.
    pub(crate) fn staked(mut self, coldkey: AccountId, hotkey: AccountId, stake: u64) -> Self {
        self.stakes.push((coldkey, hotkey, rao(stake)));
        self
    }

    pub(crate) fn build(self) -> TestExternalities {
        let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
        let balances = (OWNER..=LAST_ENDOWED).map(|account| (account, ENDOWMENT)).collect();
        let balances = pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() };
        balances.assimilate_storage(&mut storage).unwrap();
        let mut ext = TestExternalities::new(storage);
        ext.execute_with(|| {
            // Networks are there before the stake of genesis is made, as in the runtime.
            create_network(NetUid::ROOT, Parameters::root());
            create_network(SUBNET, Parameters::default());
            let genesis = pallet_staking::GenesisConfig::<Test> { stakes: self.stakes };
            genesis.build();
            Expected::put(issuance());
            System::set_block_number(1);
        });
        ext
    }

    /// Runs `test` on the built state, then the invariants. There is no other way into a test.
    pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            test();
            check();
        });
    }
}

/// The TAO that this pallet and accounts hold.
pub(crate) fn issuance() -> u64 {
    Balances::total_issuance() + TotalStake::<Test>::get().rao()
}

/// What must hold whenever a block, or a test, is over.
pub(crate) fn check() {
    Staking::do_try_state().expect("the state is broken");
    assert_eq!(issuance(), Expected::get(), "TAO appeared or vanished");
}

/// Says that this much is to be recycled.
pub(crate) fn expect_recycled(amount: u64) {
    Expected::mutate(|expected| *expected -= amount);
}

/// Does what the chain does at the end of a block, with this much weight left.
pub(crate) fn end_block_with(idle: Weight) {
    let used = <Staking as Hooks<BlockNumber>>::on_idle(System::block_number(), idle);
    assert!(used.all_lte(idle), "the hook took {used:?} of {idle:?}");
}

/// Ends the block, with this much weight left, and begins the next one.
pub(crate) fn next_block_with(idle: Weight) {
    end_block_with(idle);
    check();
    System::set_block_number(System::block_number() + 1);
}

/// Ends the block and begins the next one.
pub(crate) fn next_block() {
    next_block_with(Weight::MAX);
}

/// Begins a block much later. Nothing happens in between, which is what would happen in blocks without calls.
pub(crate) fn skip_to_block(block: BlockNumber) {
    next_block();
    System::set_block_number(block.max(System::block_number()));
}

/// Begins the block that is this many later.
pub(crate) fn skip(blocks: BlockNumber) {
    skip_to_block(System::block_number() + blocks);
}

pub(crate) fn rao(rao: u64) -> Amount<Tao> {
    Amount::from_rao(rao)
}

pub(crate) fn origin(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub(crate) fn free(who: AccountId) -> u64 {
    Balances::free_balance(who)
}

/// What a coldkey has on a hotkey, in rao.
pub(crate) fn stake(coldkey: AccountId, hotkey: AccountId) -> u64 {
    Staking::of(&coldkey, &hotkey).rao()
}

/// All stake on a hotkey, in rao.
pub(crate) fn on(hotkey: AccountId) -> u64 {
    Staking::on(&hotkey).rao()
}

/// Makes a hotkey of the coldkey.
pub(crate) fn pair(coldkey: AccountId, hotkey: AccountId) {
    Staking::pair(&coldkey, &hotkey).unwrap();
}

/// Makes a delegate of the coldkey with this take, whatever the limits.
pub(crate) fn delegate(coldkey: AccountId, hotkey: AccountId, take: u16) {
    pair(coldkey, hotkey);
    let delegation = Delegation { take: Take::new(take), changed_at: System::block_number() };
    Hotkeys::<Test>::mutate(hotkey, |record| record.as_mut().unwrap().delegation = Some(delegation));
}

/// Pays emission, which comes into being by that.
pub(crate) fn pay(netuid: NetUid, hotkey: AccountId, miner: u64, validator: u64) -> DispatchResult {
    let emission = Emission { miner: rao(miner), validator: rao(validator) };
    with_storage_layer(|| Staking::pay(netuid, &hotkey, emission))?;
    Expected::mutate(|expected| *expected += miner + validator);
    Ok(())
}

/// Ends an epoch of a subnet: pending children whose time has come take effect.
pub(crate) fn activate(netuid: NetUid) {
    Staking::activate_children(netuid, &mut WeightMeter::new());
}

/// A child with this many hundredths of the stake weight.
pub(crate) fn child(hundredths: u64, hotkey: AccountId) -> FamilyMember<AccountId> {
    FamilyMember { proportion: Proportion::from_parts(u64::MAX / 100 * hundredths), hotkey }
}

/// The events of this pallet since this was last asked.
pub(crate) fn events() -> Vec<Event<Test>> {
    let records: Vec<EventRecord<RuntimeEvent, _>> = System::events();
    System::reset_events();
    let ours = records.into_iter().filter_map(|record| match (record.phase, record.event) {
        (
            Phase::Initialization | Phase::ApplyExtrinsic(_) | Phase::Finalization,
            RuntimeEvent::StakingPallet(event),
        ) => Some(event),
        _ => None,
    });
    ours.collect()
}
