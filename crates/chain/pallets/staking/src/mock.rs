//! A chain with this pallet, real balances, and tables in place of the other pallets.

use crate::{
    self as pallet_staking, Event, Hotkeys, Pallet, TotalStake,
    traits::{PayStake, ReadStake, ReleaseStake, RootSeats},
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
    traits::{BuildGenesisConfig, ConstU64, Hooks},
    weights::{Weight, constants::ParityDbWeight},
};
use frame_system::{EventRecord, Phase};
use myelin_economics::{children::Proportion, division::Emission};
use myelin_pallet_keys::traits::{Keys, OnKeySwap, ReadKeyUse};
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, BlockNumber, NetUid, RAO_PER_TAO, Take, Tao, Uid};
use myelin_records::{
    bounds::MAX_HOTKEYS,
    consent::KeyConsent,
    parameters::{NetworkParameters, Parameters},
    pool_code::PoolCode,
    stake::{Delegation, FamilyMember},
    subnet::{LaunchPhase, Subnet},
};
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
    type DbWeight = ParityDbWeight;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type ExistentialDeposit = ConstU64<EXISTENTIAL_DEPOSIT>;
}

parameter_types! {
    pub static LeastStake: Amount<Tao> = Amount::from_rao(MIN_STAKE);
    pub static UnstakeOnDeregistration: bool = true;
    pub static MaxActivationWeight: Weight = Weight::MAX;
}

impl pallet_staking::Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Tables;
    type Currency = Balances;
    type Keys = Tables;
    type MaxActivationWeight = MaxActivationWeight;
    type MinStake = LeastStake;
    type Seats = Tables;
    type Subnets = Tables;
    type UnstakeOnDeregistration = UnstakeOnDeregistration;
    type WeightInfo = SubstrateWeight<Self>;
}

pub(crate) const EXISTENTIAL_DEPOSIT: u64 = 500;
pub(crate) const MIN_STAKE: u64 = 2_000_000;

/// The endowment of each endowed coldkey, in rao.
pub(crate) const ENDOWMENT: u64 = 1_000 * RAO_PER_TAO;

// Coldkeys that are endowed.
pub(crate) const OWNER: AccountId = 1;
pub(crate) const NOMINATOR: AccountId = 2;
pub(crate) const OTHER: AccountId = 3;
/// The last endowed coldkey; the first is [`OWNER`].
pub(crate) const LAST_ENDOWED: AccountId = 9;

// Accounts without anything.
pub(crate) const HOT: AccountId = 11;
pub(crate) const HOT_TOO: AccountId = 12;
pub(crate) const HOT_THREE: AccountId = 13;
pub(crate) const FRESH: AccountId = 21;

/// An account of the runtime.
pub(crate) const SYSTEM_ACCOUNT: AccountId = 99;

/// The subnet that exists from the start.
pub(crate) const SUBNET: NetUid = NetUid::new(1);

/// A network of the mock.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Network {
    pub(crate) record: Subnet<AccountId>,
    pub(crate) parameters: Parameters,
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
pub(crate) type RootBurn = StorageValue<Mock, u64, ValueQuery>;
#[storage_alias]
pub(crate) type RootIsCrowded = StorageValue<Mock, bool, ValueQuery>;
#[storage_alias]
pub(crate) type Owners = StorageMap<Mock, Identity, AccountId, AccountId>;
#[storage_alias]
type Owned = StorageMap<Mock, Identity, AccountId, Vec<AccountId>, ValueQuery>;
#[storage_alias]
type Successors = StorageMap<Mock, Identity, AccountId, AccountId>;
/// The coldkeys under swap, and the pool code with which the transaction pool refuses them.
#[storage_alias]
pub(crate) type Swapping = StorageMap<Mock, Identity, AccountId, u8>;
#[storage_alias]
pub(crate) type Reserved = StorageMap<Mock, Identity, AccountId, ()>;
/// The expected issuance: the genesis issuance and the emission since, less recycled TAO.
#[storage_alias]
type Expected = StorageValue<Mock, u64, ValueQuery>;

/// True while the parameters of all networks cannot be decoded.
#[storage_alias]
pub(crate) type Unreadable = StorageValue<Mock, bool, ValueQuery>;
#[storage_alias]
pub(crate) type Launch = StorageValue<Mock, LaunchPhase, ValueQuery>;

/// A stand-in for all other pallets.
pub struct Tables;

/// The error of the seats pallet without root. The following are errors of other pallets too.
pub(crate) const NO_ROOT: DispatchError = DispatchError::Other("RootNetworkDoesNotExist");
pub(crate) const CROWDED: DispatchError = DispatchError::Other("TooManyRegistrationsThisBlock");
pub(crate) const ON_ROOT_ALREADY: DispatchError = DispatchError::Other("HotKeyAlreadyRegisteredInSubNet");
pub(crate) const NOT_YOURS: DispatchError = DispatchError::Other("NonAssociatedColdKey");
pub(crate) const RESERVED: DispatchError = DispatchError::Other("CannotUseSystemAccount");
pub(crate) const IN_SWAP: DispatchError = DispatchError::Other("ColdkeySwapAnnounced");
pub(crate) const KEPT: DispatchError = DispatchError::Other("ColdkeyReserved");
pub(crate) const IN_USE: DispatchError = DispatchError::Other("NewHotKeyInUse");
pub(crate) const ASSOCIATED: DispatchError = DispatchError::Other("ColdKeyAlreadyAssociated");

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

    fn is_readable() -> bool {
        !Unreadable::get()
    }

    fn network() -> NetworkParameters {
        Global::get()
    }

    fn launch() -> LaunchPhase {
        Launch::get()
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

    fn price() -> Amount<Tao> {
        rao(RootBurn::get())
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
}

impl Keys<AccountId> for Tables {
    fn owner(hotkey: &AccountId) -> Option<AccountId> {
        Owners::get(hotkey)
    }

    fn owned(coldkey: &AccountId) -> Vec<AccountId> {
        Owned::get(coldkey)
    }

    fn latest_successor(hotkey: &AccountId) -> AccountId {
        std::iter::successors(Some(*hotkey), |key| Successors::get(*key)).last().unwrap_or(*hotkey)
    }

    fn ensure_pair(coldkey: &AccountId, hotkey: &AccountId) -> DispatchResult {
        ensure!(Owners::get(hotkey).as_ref() == Some(coldkey), NOT_YOURS);
        Ok(())
    }

    fn ensure_pairable(_: &AccountId, _: &AccountId, _: Option<&KeyConsent>) -> DispatchResult {
        unimplemented!("staking makes pairs at genesis only")
    }

    fn pair_code(_: &AccountId, _: &AccountId, _: Option<&KeyConsent>) -> Option<PoolCode> {
        unimplemented!("staking makes pairs at genesis only")
    }

    fn pair(coldkey: &AccountId, hotkey: &AccountId) -> DispatchResult {
        if Owners::contains_key(hotkey) {
            Self::ensure_pair(coldkey, hotkey)?;
        } else {
            ensure!(*hotkey != SYSTEM_ACCOUNT, RESERVED);
            ensure!(Owned::get(coldkey).len() < MAX_HOTKEYS as usize, DispatchError::Other("TooManyHotkeys"));
            Owners::insert(hotkey, coldkey);
            Owned::append(coldkey, hotkey);
            Successors::remove(hotkey);
        }
        Ok(())
    }

    fn ensure_not_swapping(coldkey: &AccountId) -> DispatchResult {
        ensure!(!Swapping::contains_key(coldkey), IN_SWAP);
        Ok(())
    }

    fn ensure_not_reserved(account: &AccountId) -> DispatchResult {
        ensure!(!Reserved::contains_key(account), KEPT);
        Ok(())
    }

    fn swap_code(coldkey: &AccountId) -> Option<PoolCode> {
        PoolCode::from_number(Swapping::get(coldkey)?).ok()
    }
}

/// Swaps a hotkey as the pallet of keys does, and returns the weight of this pallet's listener.
pub(crate) fn swap_hotkey(coldkey: AccountId, old: AccountId, new: AccountId) -> Result<Weight, DispatchError> {
    with_storage_layer(|| {
        ensure!(Owners::get(old) == Some(coldkey) && old != new && new != SYSTEM_ACCOUNT, NOT_YOURS);
        ensure!(Owners::get(new).is_none_or(|owner| owner == coldkey), NOT_YOURS);
        ensure!(!RootMembers::get().contains(&new), ON_ROOT_ALREADY);
        ensure!(!Staking::hotkey_in_use(&new), IN_USE);
        Owners::remove(old);
        Owners::insert(new, coldkey);
        Owned::mutate(coldkey, |owned| {
            owned.retain(|hotkey| *hotkey != new);
            *owned.iter_mut().find(|hotkey| **hotkey == old).unwrap() = new;
        });
        Successors::remove(new);
        Successors::insert(old, new);
        Staking::hotkey_swapped(&coldkey, &old, &new)
    })
}

/// Swaps a coldkey as the pallet of keys does: hotkeys and free balance move, then this pallet follows.
pub(crate) fn swap_coldkey(old: AccountId, new: AccountId) -> DispatchResult {
    with_storage_layer(|| {
        ensure!(old != new && Owned::get(new).is_empty() && !Staking::coldkey_in_use(&new), ASSOCIATED);
        ensure!(!Owners::contains_key(new), ASSOCIATED);
        let hotkeys = Owned::take(old);
        for hotkey in &hotkeys {
            Owners::insert(hotkey, new);
        }
        Owned::insert(new, hotkeys);
        Swapping::remove(old);
        Balances::transfer_all(origin(old), new, false)?;
        Staking::coldkey_swapped(&old, &new)
    })
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

    fn networks(count: u32) {
        for netuid in (0..count).map(|number| NetUid::new(number as u16)) {
            create_network(netuid, Parameters::default());
        }
    }

    fn sit_on_root(hotkey: &AccountId) {
        RootMembers::append(hotkey);
    }

    fn set_minima(threshold: Amount<Tao>, nomination: Amount<Tao>) {
        set_global(|network| {
            network.stake_threshold = threshold;
            network.nominator_min_required_stake = nomination;
        });
    }
}

/// Creates a network of the mock.
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

#[derive(Default)]
pub(crate) struct ExtBuilder {
    stakes: Vec<(AccountId, AccountId, Amount<Tao>)>,
}

impl ExtBuilder {
    /// Adds stake to the genesis.
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
            // Networks exist before the stake of genesis, as in the runtime.
            create_network(NetUid::ROOT, Parameters::root());
            create_network(SUBNET, Parameters::default());
            // Tests lend less than the public network allows.
            set_global(|network| network.min_lending_stake = Amount::ZERO);
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

/// Returns the rao that this pallet and accounts hold.
pub(crate) fn issuance() -> u64 {
    Balances::total_issuance() + TotalStake::<Test>::get().rao()
}

/// Checks all that must hold at the end of a block and of a test.
pub(crate) fn check() {
    Staking::do_try_state().expect("the state is broken");
    assert_eq!(issuance(), Expected::get(), "TAO appeared or vanished");
}

/// Notes that this much comes into being.
pub(crate) fn expect_minted(amount: u64) {
    Expected::mutate(|expected| *expected += amount);
}

/// Notes that this much is recycled.
pub(crate) fn expect_recycled(amount: u64) {
    Expected::mutate(|expected| *expected -= amount);
}

/// Runs the hook at the end of a block, with this much weight left.
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

/// Begins a later block. The blocks in between have no calls and are skipped.
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

/// Returns the stake of a coldkey on a hotkey, in rao.
pub(crate) fn stake(coldkey: AccountId, hotkey: AccountId) -> u64 {
    Staking::of(&coldkey, &hotkey).rao()
}

/// Returns all stake on a hotkey, in rao.
pub(crate) fn on(hotkey: AccountId) -> u64 {
    Staking::on(&hotkey).rao()
}

/// Makes a hotkey of the coldkey.
pub(crate) fn pair(coldkey: AccountId, hotkey: AccountId) {
    Tables::pair(&coldkey, &hotkey).unwrap();
}

/// Makes a delegate of the coldkey with this take, without the checks of takes.
pub(crate) fn delegate(coldkey: AccountId, hotkey: AccountId, take: u16) {
    pair(coldkey, hotkey);
    let delegation = Delegation { take: Take::new(take), changed_at: System::block_number(), raise: None };
    Hotkeys::<Test>::mutate(hotkey, |record| record.get_or_insert_default().delegation = Some(delegation));
}

/// Pays emission, which adds to the issuance.
pub(crate) fn pay(netuid: NetUid, hotkey: AccountId, miner: u64, validator: u64) -> DispatchResult {
    pay_all(netuid, &[(hotkey, miner, validator)])
}

/// Pays the emission of one epoch to these hotkeys: for mining, and for validating.
pub(crate) fn pay_all(netuid: NetUid, payments: &[(AccountId, u64, u64)]) -> DispatchResult {
    let emissions = payments
        .iter()
        .map(|(hotkey, miner, validator)| (hotkey, Emission { miner: rao(*miner), validator: rao(*validator) }));
    with_storage_layer(|| Staking::pay(netuid, emissions))?;
    let paid: u64 = payments.iter().map(|(_, miner, validator)| miner + validator).sum();
    Expected::mutate(|expected| *expected += paid);
    Ok(())
}

/// Ends an epoch of a subnet: pending children that are due take effect.
pub(crate) fn activate(netuid: NetUid) {
    Staking::queue_children(netuid);
    Staking::activate_children();
}

/// Returns a child with this many hundredths of the stake weight.
pub(crate) fn child(hundredths: u64, hotkey: AccountId) -> FamilyMember<AccountId> {
    FamilyMember { proportion: Proportion::from_parts(u64::MAX / 100 * hundredths), hotkey }
}

/// Returns the owner of a hotkey.
pub(crate) fn owner(hotkey: AccountId) -> Option<AccountId> {
    Owners::get(hotkey)
}

/// Takes the events of this pallet since the last call.
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
