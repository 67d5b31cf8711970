//! A chain with this pallet, real balances, and tables in place of the other pallets.

use crate::{
    self as pallet_keys, Event,
    traits::{IssuanceTerm, Keys, OnKeySwap, ReadKeyRules, ReadKeyUse, ReadSeated, VerifyConsent},
    types::KeyRules,
    weights::SubstrateWeight,
};
use codec::{Decode, Encode};
use frame_support::{
    Identity, derive_impl,
    dispatch::DispatchResult,
    ensure,
    pallet_prelude::ValueQuery,
    parameter_types, storage_alias,
    traits::{ConstU32, ConstU64, Contains},
    weights::{Weight, constants::RocksDbWeight},
};
use frame_system::{EnsureRoot, EventRecord, Phase};
use myelin_primitives::{Amount, BlockNumber, RAO_PER_TAO, Tao};
use myelin_records::consent::{KeyConsent, pair_text};
use sp_io::TestExternalities;
use sp_runtime::{BuildStorage, DispatchError};

pub(crate) type AccountId = u64;
type Block = frame_system::mocking::MockBlockU32<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        KeysPallet: pallet_keys,
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
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxFreezes = ConstU32<8>;
    type RuntimeFreezeReason = RuntimeFreezeReason;
}

parameter_types! {
    pub const KeySwapCost: Amount<Tao> = Amount::from_rao(KEY_SWAP_COST);
    pub const PairCost: Amount<Tao> = Amount::from_rao(PAIR_COST);
    pub const IdentityCost: Amount<Tao> = Amount::from_rao(IDENTITY_COST);
    pub static SwapRateLimit: BlockNumber = 1_000;
    /// The number of swaps of which listeners were told. Not in storage, so a failed call does not undo it.
    pub static TimesTold: u32 = 0;
}

impl pallet_keys::Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Tables;
    type Currency = Balances;
    type Governance = EnsureRoot<AccountId>;
    type IdentityCost = IdentityCost;
    type KeySwapCost = KeySwapCost;
    // The second listener may refuse a swap that the first one has followed.
    type OnKeySwap = (Tables, Refuser);
    type PairCost = PairCost;
    type Rules = Tables;
    type Seats = Tables;
    type Signatures = Tables;
    type SystemAccounts = Tables;
    type Uses = Tables;
    type WeightInfo = SubstrateWeight<Self>;
}

pub(crate) const EXISTENTIAL_DEPOSIT: u64 = 500;
pub(crate) const KEY_SWAP_COST: u64 = RAO_PER_TAO / 10;
pub(crate) const PAIR_COST: u64 = RAO_PER_TAO / 200;
pub(crate) const IDENTITY_COST: u64 = RAO_PER_TAO / 100;

/// Blocks from an announcement to the swap.
pub(crate) const DELAY: BlockNumber = 36_000;

/// Blocks from the block in which a swap is due to another announcement.
pub(crate) const AGAIN: BlockNumber = 7_200;

/// The endowment of the first coldkeys of the mock.
pub(crate) const ENDOWMENT: u64 = 1_000 * RAO_PER_TAO;

// Coldkeys that are endowed.
pub(crate) const OWNER: AccountId = 1;
pub(crate) const NOMINATOR: AccountId = 2;
pub(crate) const OTHER: AccountId = 3;

// Accounts without anything.
pub(crate) const HOT: AccountId = 11;
pub(crate) const HOT_TOO: AccountId = 12;
pub(crate) const HOT_THREE: AccountId = 13;
pub(crate) const FRESH: AccountId = 21;

/// An account of the runtime.
pub(crate) const SYSTEM_ACCOUNT: AccountId = 99;

/// A swap of which the listeners were told.
#[allow(clippy::cast_possible_truncation, reason = "the encoding of an enum numbers its variants")]
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Told {
    /// The owner, the old hotkey and the new one.
    Hotkey(AccountId, AccountId, AccountId),
    /// The old coldkey, the new one, and the hotkeys that the new one had when the listener was told.
    Coldkey(AccountId, AccountId, Vec<AccountId>),
}

// The tables are storage, so that a call that fails leaves no trace in them either.
#[storage_alias]
pub(crate) type Seated = StorageMap<Mock, Identity, AccountId, ()>;
#[storage_alias]
pub(crate) type UsedHotkeys = StorageMap<Mock, Identity, AccountId, ()>;
#[storage_alias]
pub(crate) type UsedColdkeys = StorageMap<Mock, Identity, AccountId, ()>;
#[storage_alias]
pub(crate) type LastActive = StorageMap<Mock, Identity, AccountId, BlockNumber>;
#[storage_alias]
pub(crate) type RefuseSwaps = StorageValue<Mock, bool, ValueQuery>;
#[storage_alias]
type ToldOf = StorageValue<Mock, Vec<Told>, ValueQuery>;
/// The expected issuance: the endowments, less recycled TAO.
#[storage_alias]
type Expected = StorageValue<Mock, u64, ValueQuery>;

/// A stand-in for all other pallets.
pub struct Tables;

/// A stand-in for a listener that can fail.
pub struct Refuser;

/// The error of [`Refuser`].
pub(crate) const SWAP_REFUSED: DispatchError = DispatchError::Other("the swap is refused");

/// The weight of the listeners at most.
pub(crate) const MAX_TOLD: Weight = Weight::from_parts(9_000, 90);

/// The weight of the listeners for the swaps of the tests.
pub(crate) const TOLD: Weight = Weight::from_parts(5_000, 50);

impl ReadKeyRules for Tables {
    fn key_rules() -> KeyRules {
        KeyRules { swap_rate_limit: SwapRateLimit::get(), announcement_delay: DELAY, reannouncement_delay: AGAIN }
    }
}

impl ReadSeated<AccountId> for Tables {
    fn is_seated_anywhere(hotkey: &AccountId) -> bool {
        Seated::contains_key(hotkey)
    }
}

impl ReadKeyUse<AccountId> for Tables {
    fn hotkey_in_use(hotkey: &AccountId) -> bool {
        UsedHotkeys::contains_key(hotkey)
    }

    fn coldkey_in_use(coldkey: &AccountId) -> bool {
        UsedColdkeys::contains_key(coldkey)
    }

    fn last_active(coldkey: &AccountId) -> Option<BlockNumber> {
        LastActive::get(coldkey)
    }
}

impl OnKeySwap<AccountId> for Tables {
    fn hotkey_swapped(coldkey: &AccountId, old: &AccountId, new: &AccountId) -> Result<Weight, DispatchError> {
        TimesTold::mutate(|times| *times += 1);
        assert_eq!((KeysPallet::owner(old), KeysPallet::owner(new)), (None, Some(*coldkey)), "the pair has moved");
        LastActive::insert(coldkey, System::block_number());
        ToldOf::append(Told::Hotkey(*coldkey, *old, *new));
        Ok(TOLD)
    }

    fn coldkey_swapped(old: &AccountId, new: &AccountId) -> DispatchResult {
        TimesTold::mutate(|times| *times += 1);
        assert!(KeysPallet::owned(old).is_empty(), "the hotkeys have moved");
        LastActive::remove(old);
        LastActive::insert(new, System::block_number());
        ToldOf::append(Told::Coldkey(*old, *new, KeysPallet::owned(new)));
        Ok(())
    }

    fn hotkey_swap_weight() -> Weight {
        MAX_TOLD
    }

    fn coldkey_swap_weight() -> Weight {
        MAX_TOLD
    }
}

impl OnKeySwap<AccountId> for Refuser {
    fn hotkey_swapped(_: &AccountId, _: &AccountId, _: &AccountId) -> Result<Weight, DispatchError> {
        ensure!(!RefuseSwaps::get(), SWAP_REFUSED);
        Ok(Weight::zero())
    }

    fn coldkey_swapped(_: &AccountId, _: &AccountId) -> DispatchResult {
        ensure!(!RefuseSwaps::get(), SWAP_REFUSED);
        Ok(())
    }

    fn hotkey_swap_weight() -> Weight {
        Weight::zero()
    }

    fn coldkey_swap_weight() -> Weight {
        Weight::zero()
    }
}

impl VerifyConsent<AccountId> for Tables {
    fn has_signed(account: &AccountId, bytes: &[u8], consent: &KeyConsent) -> bool {
        *consent == signature(*account, bytes)
    }
}

/// A stand-in for the signature of an account.
pub(crate) fn signature(account: AccountId, bytes: &[u8]) -> KeyConsent {
    let half = sp_io::hashing::blake2_256(&(account, bytes).encode());
    core::array::from_fn(|place| half[place % half.len()])
}

/// Returns the consent of one key to a pair.
#[expect(clippy::unnecessary_wraps, reason = "calls take an option")]
pub(crate) fn consent(signer: AccountId, coldkey: AccountId, hotkey: AccountId) -> Option<KeyConsent> {
    Some(signature(signer, &pair_text(&System::block_hash(0), &coldkey, &hotkey)))
}

impl Contains<AccountId> for Tables {
    fn contains(account: &AccountId) -> bool {
        *account == SYSTEM_ACCOUNT
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for Tables {
    fn sit(hotkey: &AccountId) {
        Seated::insert(hotkey, ());
    }

    fn agreeing(coldkey: &AccountId) -> (AccountId, KeyConsent) {
        (FRESH, consent(FRESH, *coldkey, FRESH).expect("it agrees"))
    }
}

/// Takes the swaps of which the listeners were told since the last call.
pub(crate) fn told() -> Vec<Told> {
    ToldOf::take()
}

/// The state a test begins with.
#[derive(Default)]
pub(crate) struct ExtBuilder {
    pairs: Vec<(AccountId, AccountId)>,
}

impl ExtBuilder {
    /// Pairs a coldkey with a hotkey from the start.
    pub(crate) fn paired(mut self, coldkey: AccountId, hotkey: AccountId) -> Self {
        self.pairs.push((coldkey, hotkey));
        self
    }

    pub(crate) fn build(self) -> TestExternalities {
        let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
        let balances = [OWNER, NOMINATOR, OTHER].map(|account| (account, ENDOWMENT)).to_vec();
        let balances = pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() };
        balances.assimilate_storage(&mut storage).unwrap();
        let mut ext = TestExternalities::new(storage);
        ext.execute_with(|| {
            Expected::put(Balances::total_issuance());
            for (coldkey, hotkey) in self.pairs {
                pair(coldkey, hotkey);
            }
            // Events before block 1 are dropped.
            System::reset_events();
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

/// Checks all that must hold at the end of a block and of a test.
pub(crate) fn check() {
    KeysPallet::do_try_state().expect("the state is broken");
    assert_eq!(
        Balances::total_issuance() + <KeysPallet as IssuanceTerm>::amount().rao(),
        Expected::get(),
        "TAO appeared or vanished"
    );
}

/// Notes that this much is recycled.
pub(crate) fn expect_recycled(amount: u64) {
    Expected::mutate(|expected| *expected -= amount);
}

/// Begins a later block. The blocks in between have no calls and are skipped.
pub(crate) fn skip_to_block(block: BlockNumber) {
    check();
    System::set_block_number(block.max(System::block_number()));
}

/// Begins the block that is this many later.
pub(crate) fn skip(blocks: BlockNumber) {
    skip_to_block(System::block_number() + blocks);
}

pub(crate) fn origin(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub(crate) fn free(who: AccountId) -> u64 {
    Balances::free_balance(who)
}

/// Makes a hotkey of the coldkey.
pub(crate) fn pair(coldkey: AccountId, hotkey: AccountId) {
    KeysPallet::pair(&coldkey, &hotkey).unwrap();
}

/// Returns what the events say was burnt, and whose it was.
pub(crate) fn burnt() -> Vec<(AccountId, u64)> {
    let burnt = System::events().into_iter().filter_map(|record| match record.event {
        RuntimeEvent::Balances(pallet_balances::Event::Burned { who, amount }) => Some((who, amount)),
        _ => None,
    });
    burnt.collect()
}

/// Takes the events of this pallet since the last call.
pub(crate) fn events() -> Vec<Event<Test>> {
    let records: Vec<EventRecord<RuntimeEvent, _>> = System::events();
    System::reset_events();
    let ours = records.into_iter().filter_map(|record| match (record.phase, record.event) {
        (Phase::Initialization | Phase::ApplyExtrinsic(_) | Phase::Finalization, RuntimeEvent::KeysPallet(event)) => {
            Some(event)
        }
        _ => None,
    });
    ours.collect()
}
