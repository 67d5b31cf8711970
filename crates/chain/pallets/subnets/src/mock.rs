//! A chain of this pallet and balances, with tables in place of the other pallets.
//!
//! The tables are storage, so that a failed call undoes their changes too, as on the real chain.

use crate::{
    self as pallet_subnets, CleanupProgress, CountSeats, Event, GenesisConfig, GenesisSubnet, OnSubnet, Pallet,
    ReadEmission, ReadSubnets, WeightInfo, weights::SubstrateWeight,
};
use codec::{Decode, Encode};
use frame_support::{
    Identity, derive_impl,
    dispatch::{DispatchResult, DispatchResultWithPostInfo},
    pallet_prelude::ValueQuery,
    parameter_types,
    storage::with_storage_layer,
    storage_alias,
    traits::{ConstU64, fungible::Inspect as _},
    weights::{Weight, WeightMeter, constants::ParityDbWeight},
};
use frame_system::{EnsureRoot, mocking::MockBlockU32};
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{Amount, BlockNumber, NetUid, Tao};
use myelin_records::{
    consent::KeyConsent,
    parameters::{NetworkParametersPatch, ParametersPatch},
    pool_code::PoolCode,
};
use pallet_balances::AccountData;
use sp_io::TestExternalities;
use sp_runtime::{BuildStorage, DispatchError};

pub(crate) type AccountId = u64;

/// The first of the coldkeys that have [`ENDOWMENT`] each.
pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const CAROL: AccountId = 3;
/// A coldkey without anything.
pub(crate) const PAUPER: AccountId = 9;
/// The first of the hotkeys without owner.
pub(crate) const HOT_A: AccountId = 101;
pub(crate) const HOT_B: AccountId = 102;
pub(crate) const HOT_C: AccountId = 103;
/// An account of the runtime, which cannot be a hotkey.
pub(crate) const SYSTEM_ACCOUNT: AccountId = 999;

pub(crate) const ENDOWMENT: u64 = 10_000_000_000_000;
pub(crate) const EXISTENTIAL_DEPOSIT: u64 = 500;
/// The price of the first subnet.
pub(crate) const PRICE: u64 = 100_000_000_000;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;

    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances;

    #[runtime::pallet_index(2)]
    pub type Subnets = pallet_subnets;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountData = AccountData<u64>;
    type Block = MockBlockU32<Self>;
    type DbWeight = ParityDbWeight;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type ExistentialDeposit = ConstU64<EXISTENTIAL_DEPOSIT>;
}

parameter_types! {
    pub static RefundLockOnRemoval: bool = true;
    /// The weight of two pages of [`Others`] and of this pallet's part.
    pub MaxCleaningWeight: Weight = PAGE
        .saturating_mul(2)
        .saturating_add(<Test as pallet_subnets::Config>::WeightInfo::look_for_removed())
        .saturating_add(<Test as pallet_subnets::Config>::WeightInfo::end_clearing().saturating_mul(2));
}

impl pallet_subnets::Config for Test {
    type Currency = Balances;
    type Emission = Others;
    type Governance = EnsureRoot<AccountId>;
    type Keys = Others;
    type MaxCleaningWeight = MaxCleaningWeight;
    type OnSubnet = (Others, ());
    type RefundLockOnRemoval = RefundLockOnRemoval;
    type Seats = Others;
    type WeightInfo = SubstrateWeight<Self>;
}

/// A stand-in for all other pallets.
pub struct Others;

/// The weight of one page of [`Others`].
const PAGE: Weight = Weight::from_parts(1_000_000_000, 0);

/// The number of pages that [`Others`] store for each subnet.
pub(crate) const PAGES: u32 = 3;

/// A change of a network that [`Others`] were told.
#[allow(clippy::cast_possible_truncation, reason = "the derived encoding numbers variants that way")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Told {
    /// A new network, with a first seat for this coldkey and hotkey.
    Created(NetUid, Option<(AccountId, AccountId)>),
    /// The end of a network.
    Ended(NetUid),
    /// A change of parameters, with the tempo after it.
    Changed(NetUid, u16),
}

#[storage_alias]
pub(crate) type OwnerOf = StorageMap<Others, Identity, AccountId, AccountId>;
#[storage_alias]
pub(crate) type Swapping = StorageMap<Others, Identity, AccountId, ()>;
#[storage_alias]
pub(crate) type EmissionOf = StorageMap<Others, Identity, NetUid, u64, ValueQuery>;
#[storage_alias]
pub(crate) type SeatsOf = StorageMap<Others, Identity, NetUid, u16, ValueQuery>;
#[storage_alias]
pub(crate) type PagesOf = StorageMap<Others, Identity, NetUid, u32, ValueQuery>;
#[storage_alias]
pub(crate) type NoSeats = StorageValue<Others, bool, ValueQuery>;
/// The changes that were told, each with the number of events before it.
#[storage_alias]
type Log = StorageValue<Others, Vec<(Told, u32)>, ValueQuery>;
/// The issuance at the beginning.
#[storage_alias]
type Endowed = StorageValue<Others, u64, ValueQuery>;

pub(crate) const NOT_ASSOCIATED: DispatchError = DispatchError::Other("NonAssociatedColdKey");
pub(crate) const RESERVED: DispatchError = DispatchError::Other("CannotUseSystemAccount");
pub(crate) const ANNOUNCED: DispatchError = DispatchError::Other("ColdkeySwapAnnounced");
pub(crate) const NO_SEAT: DispatchError = DispatchError::Other("NoNeuronIdAvailable");

fn log(told: Told) {
    Log::append((told, System::event_count()));
}

impl Keys<AccountId> for Others {
    fn owner(hotkey: &AccountId) -> Option<AccountId> {
        OwnerOf::get(hotkey)
    }

    fn owned(coldkey: &AccountId) -> Vec<AccountId> {
        OwnerOf::iter().filter(|(_, owner)| owner == coldkey).map(|(hotkey, _)| hotkey).collect()
    }

    fn latest_successor(hotkey: &AccountId) -> AccountId {
        *hotkey
    }

    fn ensure_pair(coldkey: &AccountId, hotkey: &AccountId) -> DispatchResult {
        if OwnerOf::get(hotkey) == Some(*coldkey) { Ok(()) } else { Err(NOT_ASSOCIATED) }
    }

    fn ensure_pairable(_: &AccountId, _: &AccountId, _: Option<&KeyConsent>) -> DispatchResult {
        unimplemented!("subnets make pairs at genesis only")
    }

    fn pair_code(_: &AccountId, _: &AccountId, _: Option<&KeyConsent>) -> Option<PoolCode> {
        unimplemented!("subnets make pairs at genesis only")
    }

    fn pair(coldkey: &AccountId, hotkey: &AccountId) -> DispatchResult {
        if OwnerOf::contains_key(hotkey) {
            return Self::ensure_pair(coldkey, hotkey);
        }
        if *hotkey == SYSTEM_ACCOUNT {
            return Err(RESERVED);
        }
        OwnerOf::insert(hotkey, coldkey);
        Ok(())
    }

    fn ensure_not_swapping(coldkey: &AccountId) -> DispatchResult {
        if Swapping::contains_key(coldkey) { Err(ANNOUNCED) } else { Ok(()) }
    }

    fn ensure_not_reserved(_: &AccountId) -> DispatchResult {
        Ok(())
    }

    fn swap_code(coldkey: &AccountId) -> Option<PoolCode> {
        Swapping::contains_key(coldkey).then_some(PoolCode::ColdkeySwapAnnounced)
    }
}

/// Makes a pair if the hotkey has no owner, and a call. The pair is gone if the call fails.
pub(crate) fn paired(
    coldkey: AccountId,
    hotkey: AccountId,
    call: impl FnOnce() -> DispatchResultWithPostInfo,
) -> DispatchResultWithPostInfo {
    with_storage_layer(|| {
        if !OwnerOf::contains_key(hotkey) {
            Others::pair(&coldkey, &hotkey)?;
        }
        call()
    })
}

/// Creates a subnet, after its keys are a pair.
pub(crate) fn create(coldkey: AccountId, hotkey: AccountId) -> DispatchResultWithPostInfo {
    paired(coldkey, hotkey, || Subnets::register_network(signed(coldkey), hotkey))
}

impl CountSeats for Others {
    fn count(netuid: NetUid) -> u16 {
        SeatsOf::get(netuid)
    }
}

impl ReadEmission for Others {
    fn of_subnet(netuid: NetUid) -> Amount<Tao> {
        Amount::from_rao(EmissionOf::get(netuid))
    }
}

impl OnSubnet<AccountId> for Others {
    fn created(netuid: NetUid, first: Option<(&AccountId, &AccountId)>) -> DispatchResult {
        assert!(Subnets::exists(netuid) && Subnets::parameters(netuid).is_some(), "it can be read already");
        assert_eq!(PagesOf::get(netuid), 0, "nothing is left of an earlier one");
        if let Some((coldkey, hotkey)) = first {
            assert_eq!(OwnerOf::get(hotkey), Some(*coldkey), "the keys are a pair already");
        }
        if NoSeats::get() {
            return Err(NO_SEAT);
        }
        SeatsOf::insert(netuid, u16::from(first.is_some()));
        PagesOf::insert(netuid, PAGES);
        log(Told::Created(netuid, first.map(|(coldkey, hotkey)| (*coldkey, *hotkey))));
        Ok(())
    }

    fn ended(netuid: NetUid) {
        assert!(!Subnets::exists(netuid) && !Subnets::netuids().contains(&netuid), "it cannot be read any more");
        log(Told::Ended(netuid));
    }

    fn remove_page(netuid: NetUid, meter: &mut WeightMeter) -> CleanupProgress {
        assert!(!Subnets::exists(netuid), "only what has ended is removed");
        while PagesOf::get(netuid) > 0 {
            if meter.try_consume(PAGE).is_err() {
                return CleanupProgress::More;
            }
            PagesOf::mutate(netuid, |pages| *pages -= 1);
        }
        SeatsOf::remove(netuid);
        CleanupProgress::Done
    }

    fn parameters_changed(netuid: NetUid, set: &ParametersPatch) {
        let parameters = Subnets::parameters(netuid).expect("only existing networks are set");
        assert_eq!(set.applied_to(&parameters), parameters, "the new values are in place");
        log(Told::Changed(netuid, parameters.tempo));
    }
}

/// The state a test begins with.
pub(crate) struct ExtBuilder {
    genesis: GenesisConfig<Test>,
}

impl Default for ExtBuilder {
    /// Returns a chain of root alone, and the coldkeys with their endowment.
    fn default() -> Self {
        Self { genesis: GenesisConfig { subnets: Vec::new(), ..GenesisConfig::default() } }
    }
}

impl ExtBuilder {
    pub(crate) fn genesis(genesis: GenesisConfig<Test>) -> Self {
        Self { genesis }
    }

    pub(crate) fn network(mut self, network_parameters: NetworkParametersPatch) -> Self {
        self.genesis.network_parameters = network_parameters;
        self
    }

    pub(crate) fn network_patch(mut self, change: impl FnOnce(&mut NetworkParametersPatch)) -> Self {
        change(&mut self.genesis.network_parameters);
        self
    }

    pub(crate) fn defaults(mut self, default_parameters: ParametersPatch) -> Self {
        self.genesis.default_parameters = default_parameters;
        self
    }

    /// Adds this many subnets without owner, from netuid 1 on.
    pub(crate) fn subnets(mut self, count: u16) -> Self {
        let subnet = |netuid| GenesisSubnet { netuid: NetUid::new(netuid), owner: None, parameters: <_>::default() };
        self.genesis.subnets = (1..=count).map(subnet).collect();
        self
    }

    /// Runs `test` in block 1, then the invariants. There is no other way into a test.
    pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            check();
            test();
            check();
        });
    }

    fn build(self) -> TestExternalities {
        RefundLockOnRemoval::set(true);
        let balances = [ALICE, BOB, CAROL].map(|coldkey| (coldkey, ENDOWMENT)).to_vec();
        let genesis = RuntimeGenesisConfig {
            balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
            subnets: self.genesis,
            ..Default::default()
        };
        let mut state = TestExternalities::new(genesis.build_storage().expect("the genesis is valid"));
        state.execute_with(|| {
            System::set_block_number(1);
            Endowed::put(Balances::total_issuance());
        });
        state
    }
}

/// Builds the chain on which benchmarks run as tests.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_test_ext() -> TestExternalities {
    ExtBuilder::default().build()
}

/// Checks the invariants, and that no TAO appeared or vanished. spec tokenomics §9.2
pub(crate) fn check() {
    Pallet::<Test>::do_try_state().expect("the state holds what it must");
    let recycled: u64 = events()
        .into_iter()
        .map(|event| if let Event::NetworkRemoved { recycled, .. } = event { recycled.rao() } else { 0 })
        .sum();
    assert_eq!(Balances::total_issuance() + Subnets::locked().rao() + recycled, Endowed::get(), "TAO is conserved");
}

/// Makes blocks up to this one, checking each.
pub(crate) fn run_to_block(block: BlockNumber) {
    while System::block_number() < block {
        System::run_to_block::<AllPalletsWithSystem>(System::block_number() + 1);
        check();
    }
}

/// Begins a later block. The blocks in between have no calls and are skipped.
pub(crate) fn skip_to_block(block: BlockNumber) {
    System::set_block_number(block);
}

pub(crate) fn next_block() {
    run_to_block(System::block_number() + 1);
}

/// Returns all events of this pallet so far.
pub(crate) fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}

/// Takes the changes that the others were told since the last call.
pub(crate) fn told() -> Vec<Told> {
    Log::take().into_iter().map(|(told, _)| told).collect()
}

/// Returns the number of events before the others were told of a change, or `None` if they were not told.
pub(crate) fn events_before(wanted: Told) -> Option<u32> {
    Log::get().into_iter().find_map(|(told, events)| (told == wanted).then_some(events))
}

pub(crate) fn netuid(number: u16) -> NetUid {
    NetUid::new(number)
}

pub(crate) fn balance(who: AccountId) -> u64 {
    Balances::total_balance(&who)
}

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}
