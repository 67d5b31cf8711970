//! A chain with this pallet, real balances, and tables in place of the other pallets.

#![allow(clippy::cast_possible_truncation, reason = "FRAME's macros write so")]

use crate::{
    self as pallet_neurons, Admissions,
    traits::{OnSeat, ReadScores},
    weights::SubstrateWeight,
};
use codec::{Decode, Encode};
use frame_support::{
    Identity, derive_impl,
    dispatch::DispatchResult,
    ensure,
    pallet_prelude::{OptionQuery, ValueQuery},
    storage::with_storage_layer,
    storage_alias,
    traits::{ConstU32, ConstU64, Hooks, fungible::Inspect},
    weights::{Weight, WeightMeter, constants::RocksDbWeight},
};
use myelin_pallet_keys::traits::{Keys, OnKeySwap, ReadSeated};
use myelin_pallet_staking::traits::ReleaseStake;
use myelin_pallet_subnets::{
    traits::{OnSubnet, ReadSubnets},
    types::CleanupProgress,
};
use myelin_primitives::{Amount, BlockNumber, NetUid, RAO_PER_TAO, Tao, Uid};
use myelin_records::{
    consent::KeyConsent,
    parameters::{NetworkParameters, Parameters, ParametersPatch},
    pool_code::PoolCode,
    subnet::{LaunchPhase, Subnet},
};
use sp_io::TestExternalities;
use sp_runtime::{AccountId32, BuildStorage, DispatchError, traits::IdentityLookup};

pub(crate) type AccountId = AccountId32;
type Block = frame_system::mocking::MockBlockU32<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Neurons: pallet_neurons,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountData = pallet_balances::AccountData<u64>;
    type AccountId = AccountId;
    type Block = Block;
    type BlockHashCount = ConstU32<2_400>;
    type DbWeight = RocksDbWeight;
    type Lookup = IdentityLookup<AccountId>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type ExistentialDeposit = ConstU64<EXISTENTIAL_DEPOSIT>;
}

/// An address of version 4 that any neuron may announce.
pub(crate) const PUBLIC_V4: u128 = 0x0808_0808;

impl pallet_neurons::Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Tables;
    type CommitmentInterval = ConstU32<COMMITMENT_INTERVAL>;
    type Currency = Balances;
    type Scores = Tables;
    type Keys = Tables;
    type OnSeat = Tables;
    type Stake = Tables;
    type Subnets = Tables;
    type WeightInfo = SubstrateWeight<Self>;
}

pub(crate) const EXISTENTIAL_DEPOSIT: u64 = 500;
pub(crate) const COMMITMENT_INTERVAL: BlockNumber = 100;

/// The endowment of each endowed account of the mock, in rao.
pub(crate) const ENDOWMENT: u64 = 1_000 * RAO_PER_TAO;

/// The last endowed account; the first is 0.
const ENDOWED: u16 = 32;

/// The subnet that exists from the start.
pub(crate) const SUBNET: NetUid = NetUid::new(1);

/// A network of the mock.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Network {
    pub(crate) record: Subnet<AccountId>,
    pub(crate) parameters: Parameters,
}

/// A change of a seat that a listener was told.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Told {
    Taken(NetUid, Uid, AccountId),
    Replaced(NetUid, Uid, AccountId, AccountId),
    Swapped(NetUid, Uid, AccountId, AccountId),
}

// The tables are storage, so that a call that fails leaves no trace in them either.
#[storage_alias]
pub(crate) type Networks = StorageMap<Mock, Identity, NetUid, Network>;
#[storage_alias]
pub(crate) type LeastDifficulty = StorageValue<Mock, u64, ValueQuery>;
#[storage_alias]
type NetUids = StorageValue<Mock, Vec<NetUid>, ValueQuery>;
#[storage_alias]
pub(crate) type Owners = StorageMap<Mock, Identity, AccountId, AccountId>;
#[storage_alias]
pub(crate) type Earned = StorageMap<Mock, Identity, NetUid, Vec<Amount<Tao>>, ValueQuery>;
#[storage_alias]
pub(crate) type Swapping = StorageMap<Mock, Identity, AccountId, (), OptionQuery>;
#[storage_alias]
type ToldOf = StorageValue<Mock, Vec<Told>, ValueQuery>;
#[storage_alias]
pub(crate) type LocalAddresses = StorageValue<Mock, bool, ValueQuery>;
#[storage_alias]
type Released = StorageValue<Mock, Vec<AccountId>, ValueQuery>;
/// The TAO that ended networks had recycled.
#[storage_alias]
type RecycledBefore = StorageValue<Mock, Amount<Tao>, ValueQuery>;

#[storage_alias]
pub(crate) type Launch = StorageValue<Mock, LaunchPhase, ValueQuery>;

/// A stand-in for all other pallets.
pub struct Tables;

/// The error of the keys pallet for a hotkey of another coldkey.
pub(crate) const NOT_YOURS: DispatchError = DispatchError::Other("NonAssociatedColdKey");
pub(crate) const NO_CONSENT: DispatchError = DispatchError::Other("KeyConsentMissing");
pub(crate) const SEATED: DispatchError = DispatchError::Other("HotKeyAlreadyRegisteredInSubNet");
pub(crate) const IN_SWAP: DispatchError = DispatchError::Other("ColdkeySwapAnnounced");

impl ReadSubnets<AccountId> for Tables {
    fn exists(netuid: NetUid) -> bool {
        Networks::contains_key(netuid)
    }

    fn netuids() -> Vec<NetUid> {
        NetUids::get()
    }

    fn tempos() -> Vec<(NetUid, u16)> {
        NetUids::get().into_iter().map(|netuid| (netuid, Networks::get(netuid).unwrap().parameters.tempo)).collect()
    }

    fn subnet(netuid: NetUid) -> Option<Subnet<AccountId>> {
        Networks::get(netuid).map(|network| network.record)
    }

    fn parameters(netuid: NetUid) -> Option<Parameters> {
        Networks::get(netuid).map(|network| network.parameters)
    }

    fn network() -> NetworkParameters {
        NetworkParameters {
            min_work_difficulty: LeastDifficulty::get(),
            local_addresses: LocalAddresses::get(),
            // Tests announce as often as they like.
            min_rate_limit: 0,
            ..NetworkParameters::default()
        }
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

    fn owned(coldkey: &AccountId) -> Vec<AccountId> {
        Owners::iter().filter(|(_, owner)| owner == coldkey).map(|(hotkey, _)| hotkey).collect()
    }

    fn latest_successor(hotkey: &AccountId) -> AccountId {
        hotkey.clone()
    }

    fn ensure_pair(coldkey: &AccountId, hotkey: &AccountId) -> DispatchResult {
        ensure!(Owners::get(hotkey).as_ref() == Some(coldkey), NOT_YOURS);
        Ok(())
    }

    // Any signature but zeros is one.
    fn ensure_pairable(coldkey: &AccountId, hotkey: &AccountId, consent: Option<&KeyConsent>) -> DispatchResult {
        if Owners::contains_key(hotkey) {
            return Self::ensure_pair(coldkey, hotkey);
        }
        ensure!(consent.is_some_and(|consent| *consent != [0; 64]), NO_CONSENT);
        Ok(())
    }

    fn pair_code(coldkey: &AccountId, hotkey: &AccountId, consent: Option<&KeyConsent>) -> Option<PoolCode> {
        let error = Self::ensure_pairable(coldkey, hotkey, consent).err()?;
        Some(if error == NO_CONSENT { PoolCode::KeyConsentMissing } else { PoolCode::ForeignHotkey })
    }

    fn pair(coldkey: &AccountId, hotkey: &AccountId) -> DispatchResult {
        if Owners::contains_key(hotkey) {
            return Self::ensure_pair(coldkey, hotkey);
        }
        Owners::insert(hotkey, coldkey);
        Ok(())
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

impl ReleaseStake<AccountId> for Tables {
    fn release(hotkey: &AccountId) {
        assert!(!Neurons::is_seated_anywhere(hotkey), "stake of a seated hotkey was released");
        Released::append(hotkey);
    }
}

impl ReadScores for Tables {
    fn of_neurons(netuid: NetUid) -> Vec<Amount<Tao>> {
        Earned::get(netuid)
    }
}

impl OnSeat<AccountId> for Tables {
    fn taken(netuid: NetUid, uid: Uid, hotkey: &AccountId) {
        ToldOf::append(Told::Taken(netuid, uid, hotkey.clone()));
    }

    fn replaced(netuid: NetUid, uid: Uid, old: &AccountId, new: &AccountId) {
        ToldOf::append(Told::Replaced(netuid, uid, old.clone(), new.clone()));
    }

    fn hotkey_swapped(netuid: NetUid, uid: Uid, old: &AccountId, new: &AccountId) {
        ToldOf::append(Told::Swapped(netuid, uid, old.clone(), new.clone()));
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for Tables {
    fn network(parameters: Parameters) -> NetUid {
        let netuid = NetUids::get().last().copied().and_then(NetUid::next).unwrap();
        create(netuid, parameters, None);
        netuid
    }
}

/// Returns the account with this number.
pub(crate) fn account(number: u16) -> AccountId {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    AccountId::new(bytes)
}

/// Takes the changes of seats told since the last call.
pub(crate) fn told() -> Vec<Told> {
    ToldOf::take()
}

/// Takes the hotkeys whose stake was released since the last call.
pub(crate) fn released() -> Vec<AccountId> {
    Released::take()
}

/// Returns the events of this pallet in the current block, oldest first.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
    let ours = |event| if let RuntimeEvent::Neurons(event) = event { Some(event) } else { None };
    System::events().into_iter().filter_map(|record| ours(record.event)).collect()
}

/// Creates a network, with the coldkey and hotkey of its owner if it has one.
pub(crate) fn create(netuid: NetUid, parameters: Parameters, owner: Option<(AccountId, AccountId)>) {
    parameters.validate_on(netuid, &Tables::network()).unwrap();
    let (coldkey, hotkey) = owner.unzip();
    let record = Subnet {
        registered_at: Neurons::now(),
        owner: coldkey.clone(),
        owner_hotkey: hotkey.clone(),
        locked: Amount::ZERO,
    };
    Networks::insert(netuid, Network { record, parameters });
    NetUids::mutate(|netuids| {
        netuids.push(netuid);
        netuids.sort();
    });
    let first = coldkey.as_ref().zip(hotkey.as_ref());
    if let Some((coldkey, hotkey)) = first {
        Tables::pair(coldkey, hotkey).unwrap();
    }
    Neurons::created(netuid, first).unwrap();
}

/// Ends a network. Its seats stay until [`clear`] has removed them.
pub(crate) fn end(netuid: NetUid) {
    Networks::remove(netuid);
    NetUids::mutate(|netuids| netuids.retain(|other| *other != netuid));
    let recycled = Admissions::<Test>::get(netuid).unwrap().recycled;
    RecycledBefore::mutate(|before| *before = before.checked_add(recycled).unwrap());
    Neurons::ended(netuid);
}

/// Removes all that is left of a network.
pub(crate) fn clear(netuid: NetUid) {
    assert_eq!(Neurons::remove_page(netuid, &mut WeightMeter::new()), CleanupProgress::Done);
}

/// Changes parameters of a network.
pub(crate) fn set(netuid: NetUid, patch: &ParametersPatch) {
    Networks::mutate(netuid, |network| {
        let parameters = &mut network.as_mut().unwrap().parameters;
        *parameters = patch.applied_to(parameters);
        parameters.validate_on(netuid, &Tables::network()).unwrap();
    });
    Neurons::parameters_changed(netuid, patch);
}

/// The consent of any coldkey to any pair, for this mock.
pub(crate) const CONSENT: Option<KeyConsent> = Some([1; 64]);

/// Makes a pair if the hotkey has no owner, and a call. The pair is gone if the call fails.
pub(crate) fn paired(coldkey: u16, hotkey: u16, call: impl FnOnce() -> DispatchResult) -> DispatchResult {
    with_storage_layer(|| {
        if !Owners::contains_key(account(hotkey)) {
            Tables::pair(&account(coldkey), &account(hotkey))?;
        }
        call()
    })
}

/// Raises the limits of registrations of a network to the most possible.
pub(crate) fn open_wide(netuid: NetUid) {
    let patch = ParametersPatch {
        max_registrations_per_block: Some(u16::MAX),
        target_registrations_per_interval: Some(u16::MAX),
        ..ParametersPatch::default()
    };
    set(netuid, &patch);
}

/// Seats this many hotkeys, accounts 1 000 and following, each owned by the account 2 000 above it.
pub(crate) fn fill(netuid: NetUid, seats: u16) {
    open_wide(netuid);
    for number in 1_000..1_000 + seats {
        let (coldkey, hotkey) = (account(number + 2_000), account(number));
        seat(netuid, &coldkey, &hotkey);
    }
}

/// Swaps a hotkey as the pallet of keys does: the pair moves, then the seats.
pub(crate) fn swap(coldkey: u16, old: u16, new: u16) -> Result<Weight, DispatchError> {
    let (coldkey, old, new) = (account(coldkey), account(old), account(new));
    with_storage_layer(|| {
        ensure!(Owners::get(&old).as_ref() == Some(&coldkey), NOT_YOURS);
        ensure!(Owners::get(&new).is_none_or(|owner| owner == coldkey), NOT_YOURS);
        ensure!(!Neurons::is_seated_anywhere(&new), SEATED);
        Owners::remove(&old);
        Owners::insert(&new, &coldkey);
        Neurons::hotkey_swapped(&coldkey, &old, &new)
    })
}

/// Seats a hotkey without any check.
pub(crate) fn seat(netuid: NetUid, coldkey: &AccountId, hotkey: &AccountId) -> Uid {
    Tables::pair(coldkey, hotkey).unwrap();
    let seats = crate::SeatsOf::<Test>::get(netuid);
    Neurons::take_seat(netuid, seats, crate::state::Vacancy::Free, hotkey).unwrap()
}

/// Checks the invariants, and that registrations recycled all TAO that left the balances.
pub(crate) fn check() {
    Neurons::do_try_state().unwrap();
    // The staking pallet takes the burn of root.
    let subnets = Admissions::<Test>::iter().filter(|(netuid, _)| !netuid.is_root());
    let recycled = subnets.map(|(_, admission)| admission.recycled);
    let recycled = Amount::checked_sum(recycled.chain([RecycledBefore::get()])).unwrap();
    let endowed = ENDOWMENT * u64::from(ENDOWED + 1);
    assert_eq!(<Balances as Inspect<AccountId>>::total_issuance() + recycled.rao(), endowed, "TAO came or went");
}

/// Ends the current block and begins the next one. The hash of a block follows from its number.
pub(crate) fn next_block() {
    check();
    let number = System::block_number();
    System::reset_events();
    System::initialize(&(number + 1), &block_hash(number).into(), &sp_runtime::Digest::default());
    Neurons::on_initialize(number + 1);
    check();
}

/// Returns the hash of a block of the mock.
pub(crate) fn block_hash(number: BlockNumber) -> [u8; 32] {
    let mut bytes = [0xb1; 32];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// Makes blocks until this one has begun.
pub(crate) fn run_to_block(number: BlockNumber) {
    while System::block_number() < number {
        next_block();
    }
}

/// The state a test begins with: root, and one subnet.
#[derive(Default)]
pub(crate) struct ExtBuilder {
    parameters: Parameters,
    owner: Option<(AccountId, AccountId)>,
}

impl ExtBuilder {
    /// Changes parameters of the subnet.
    pub(crate) fn parameters(mut self, patch: &ParametersPatch) -> Self {
        self.parameters = patch.applied_to(&self.parameters);
        self
    }

    /// Sets the owner of the subnet.
    pub(crate) fn owner(mut self, coldkey: AccountId, hotkey: AccountId) -> Self {
        self.owner = Some((coldkey, hotkey));
        self
    }

    pub(crate) fn build(self) -> TestExternalities {
        let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
        let balances = (0..=ENDOWED).map(|number| (account(number), ENDOWMENT)).collect();
        pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
            .assimilate_storage(&mut storage)
            .unwrap();
        let mut externalities = TestExternalities::from(storage);
        externalities.execute_with(|| {
            create(NetUid::ROOT, Parameters::root(), None);
            create(SUBNET, self.parameters, self.owner);
            next_block();
            told();
        });
        // Benchmarks go back to the committed state.
        externalities.commit_all().unwrap();
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
