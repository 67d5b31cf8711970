//! The configuration of the pallets of Substrate in this runtime.

use crate::{
    AccountId, Aura, Authorities, Balance, Balances, Block, MAXIMUM_BLOCK_WEIGHT, Nonce, OriginCaller, PalletInfo,
    Preimage, ProxyType, Runtime, RuntimeCall, RuntimeEvent, RuntimeFreezeReason, RuntimeHoldReason, RuntimeOrigin,
    RuntimeTask, SafeMode, SessionKeys, System, TxPause, VERSION,
    authorities::{self, SessionLength},
    pauses::{ReadableStateCalls, SafeModeCalls, UnpausableCalls},
    slot_time,
    spendable::SpendableCurrency,
};
use frame_support::{
    derive_impl, parameter_types,
    traits::{
        ConstBool, ConstU8, ConstU32, ConstU64, EqualPrivilegeOnly, InsideBoth, LinearStoragePrice,
        fungible::HoldConsideration,
    },
    weights::{Weight, WeightToFee, constants::ParityDbWeight},
};
use frame_system::{
    EnsureRoot, EnsureRootWithSuccess,
    limits::{BlockLength, BlockWeights},
};
use pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_runtime::{
    FixedPointNumber, Perbill, Perquintill,
    traits::{BlakeTwo256, ConvertInto, Get, OpaqueKeys},
    type_with_default::TypeWithDefault,
};
use sp_version::RuntimeVersion;

/// The minimum balance of an account, in rao; below it the account is removed. spec tokenomics §1
pub const EXISTENTIAL_DEPOSIT: Balance = 500;

/// The SS58 prefix of addresses. spec tokenomics §1
pub const SS58_PREFIX: u8 = 42;

/// The share of a block for normal transactions; the rest is for operational ones.
const NORMAL_SHARE: Perbill = Perbill::from_percent(75);

/// The most bytes of a block.
const MAXIMUM_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;

/// The number of block hashes that stay readable on chain. spec subnets-and-neurons §8.2
const BLOCK_HASHES_KEPT: u32 = 2_400;

/// The most authorities, for making and for finalising blocks.
const MAXIMUM_AUTHORITIES: u32 = 64;

parameter_types! {
    pub const Version: RuntimeVersion = VERSION;
    pub RuntimeBlockWeights: BlockWeights = BlockWeights::with_sensible_defaults(MAXIMUM_BLOCK_WEIGHT, NORMAL_SHARE);
    pub RuntimeBlockLength: BlockLength = BlockLength::builder()
        .max_length(MAXIMUM_BLOCK_LENGTH)
        .modify_max_length_for_class(frame_support::dispatch::DispatchClass::Normal, |length| {
            *length = NORMAL_SHARE * *length;
        })
        .build();
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type AccountData = pallet_balances::AccountData<Balance>;
    type AccountId = AccountId;
    type BaseCallFilter = InsideBoth<InsideBoth<SafeMode, TxPause>, ReadableStateCalls>;
    type Block = Block;
    type BlockHashCount = ConstU32<BLOCK_HASHES_KEPT>;
    type BlockLength = RuntimeBlockLength;
    type BlockWeights = RuntimeBlockWeights;
    type DbWeight = ParityDbWeight;
    type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Self>;
    type MaxConsumers = ConstU32<16>;
    type Nonce = TypeWithDefault<Nonce, FirstNonce>;
    type SS58Prefix = ConstU16Prefix;
    type SingleBlockMigrations = Migrations;
    type SystemWeightInfo = frame_system::weights::SubstrateWeight<Self>;
    type Version = Version;
}

/// The migrations of this release, each a `VersionedMigration` of one block. docs/decisions/0017
#[cfg(not(feature = "next-version"))]
type Migrations = ();
#[cfg(feature = "next-version")]
use crate::next_version::Migrations;

/// The first nonce of an account: the number of the block that creates it.
///
/// An account that was removed and comes back begins above each nonce that it used, if it sent no more transactions
/// than one in each block of its life. So its earlier transactions are not valid again. spec events-and-errors §8.2
#[derive(Debug)]
pub struct FirstNonce;

impl Get<Nonce> for FirstNonce {
    fn get() -> Nonce {
        System::block_number()
    }
}

impl slot_time::Config for Runtime {}

impl pallet_timestamp::Config for Runtime {
    type MinimumPeriod = slot_time::HalfASlot<Self>;
    type Moment = u64;
    type OnTimestampSet = Aura;
    type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Self>;
}

impl pallet_aura::Config for Runtime {
    type AllowMultipleBlocksPerSlot = ConstBool<false>;
    type AuthorityId = AuraId;
    type DisabledValidators = ();
    type MaxAuthorities = ConstU32<MAXIMUM_AUTHORITIES>;
    type SlotDuration = crate::SlotTime;
}

impl pallet_grandpa::Config for Runtime {
    type EquivocationReportSystem = ();
    type KeyOwnerProof = sp_core::Void;
    type MaxAuthorities = ConstU32<MAXIMUM_AUTHORITIES>;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = ConstU64<0>;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
}

impl pallet_balances::Config for Runtime {
    type AccountStore = System;
    type Balance = Balance;
    type DoneSlashHandler = ();
    // Dust is dropped, which recycles it: the issuance falls by as much. spec tokenomics §9.3
    type DustRemoval = ();
    type ExistentialDeposit = ConstU64<EXISTENTIAL_DEPOSIT>;
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxFreezes = ConstU32<8>;
    type MaxLocks = ConstU32<8>;
    type MaxReserves = ConstU32<8>;
    type ReserveIdentifier = [u8; 8];
    type RuntimeEvent = RuntimeEvent;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = pallet_balances::weights::SubstrateWeight<Self>;
}

/// The price of execution: one rao for this many picoseconds, which makes a transfer cost about 0.0001 TAO.
const PICOSECONDS_PER_RAO: u64 = 2_000;

/// The price of block space, in rao per byte.
const RAO_PER_BYTE: u64 = 100;

/// Fees for execution time.
pub struct ExecutionFee;

impl WeightToFee for ExecutionFee {
    type Balance = Balance;

    fn weight_to_fee(weight: &Weight) -> Balance {
        weight.ref_time() / PICOSECONDS_PER_RAO
    }
}

/// Fees for block space.
pub struct LengthFee;

impl WeightToFee for LengthFee {
    type Balance = Balance;

    fn weight_to_fee(length: &Weight) -> Balance {
        length.ref_time().saturating_mul(RAO_PER_BYTE)
    }
}

parameter_types! {
    /// The part of the Normal class above which fees rise. It is above that of free calls, which so cannot raise fees.
    pub FeeTarget: Perquintill = Perquintill::from_percent(50);
    /// The speed of fees: full blocks double them in 1 386 blocks.
    pub FeeVariability: Multiplier = Multiplier::saturating_from_rational(1, 1_000);
    pub LeastFeeMultiplier: Multiplier = Multiplier::saturating_from_integer(1);
    pub GreatestFeeMultiplier: Multiplier = Multiplier::saturating_from_integer(10_000);
}

impl pallet_transaction_payment::Config for Runtime {
    type FeeMultiplierUpdate =
        TargetedFeeAdjustment<Self, FeeTarget, FeeVariability, LeastFeeMultiplier, GreatestFeeMultiplier>;
    type LengthToFee = LengthFee;
    // Fees are dropped, which recycles them. spec tokenomics §9.5
    type OnChargeTransaction = FungibleAdapter<Balances, ()>;
    type OperationalFeeMultiplier = ConstU8<5>;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Self>;
    type WeightToFee = ExecutionFee;
}

impl pallet_sudo::Config for Runtime {
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_sudo::weights::SubstrateWeight<Self>;
}

impl authorities::Config for Runtime {
    type MaxAuthorities = ConstU32<MAXIMUM_AUTHORITIES>;
}

/// Sessions of a fixed number of blocks.
type Sessions = pallet_session::PeriodicSessions<SessionLength<Runtime>, ConstU32<0>>;

impl pallet_session::Config for Runtime {
    type Currency = Balances;
    type DisablingStrategy = ();
    type KeyDeposit = ConstU64<0>;
    type Keys = SessionKeys;
    type NextSessionRotation = Sessions;
    type RuntimeEvent = RuntimeEvent;
    type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
    type SessionManager = Authorities;
    type ShouldEndSession = Sessions;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type WeightInfo = pallet_session::weights::SubstrateWeight<Self>;
}

impl pallet_skip_feeless_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
}

impl pallet_utility::Config for Runtime {
    type PalletsOrigin = OriginCaller;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_utility::weights::SubstrateWeight<Self>;
}

/// The base deposit of a stored item of any length, in rao.
const DEPOSIT: Balance = 10_000_000;

/// The deposit for each stored byte, in rao.
const DEPOSIT_PER_BYTE: Balance = 10_000;

/// The encoded length of an account, in bytes.
const ACCOUNT_BYTES: Balance = 32;

impl pallet_proxy::Config for Runtime {
    type AnnouncementDepositBase = ConstU64<DEPOSIT>;
    type AnnouncementDepositFactor = ConstU64<{ 68 * DEPOSIT_PER_BYTE }>;
    type BlockNumberProvider = System;
    type CallHasher = BlakeTwo256;
    type Currency = SpendableCurrency<Balances>;
    type MaxPending = ConstU32<32>;
    type MaxProxies = ConstU32<32>;
    type ProxyDepositBase = ConstU64<DEPOSIT>;
    type ProxyDepositFactor = ConstU64<{ (ACCOUNT_BYTES + 5) * DEPOSIT_PER_BYTE }>;
    type ProxyType = ProxyType;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_proxy::weights::SubstrateWeight<Self>;
}

impl pallet_multisig::Config for Runtime {
    type BlockNumberProvider = System;
    type Currency = SpendableCurrency<Balances>;
    type DepositBase = ConstU64<DEPOSIT>;
    type DepositFactor = ConstU64<{ ACCOUNT_BYTES * DEPOSIT_PER_BYTE }>;
    type MaxSignatories = ConstU32<64>;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_multisig::weights::SubstrateWeight<Self>;
}

parameter_types! {
    pub const PreimageHold: RuntimeHoldReason = RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
    pub MaximumSchedulerWeight: Weight = MAXIMUM_BLOCK_WEIGHT / 5;
}

impl pallet_preimage::Config for Runtime {
    type Consideration = HoldConsideration<
        AccountId,
        SpendableCurrency<Balances>,
        PreimageHold,
        LinearStoragePrice<ConstU64<DEPOSIT>, ConstU64<DEPOSIT_PER_BYTE>, Balance>,
    >;
    type Currency = SpendableCurrency<Balances>;
    type ManagerOrigin = EnsureRoot<AccountId>;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_preimage::weights::SubstrateWeight<Self>;
}

impl pallet_scheduler::Config for Runtime {
    type BlockNumberProvider = System;
    type MaxScheduledPerBlock = ConstU32<64>;
    type MaximumWeight = MaximumSchedulerWeight;
    type OriginPrivilegeCmp = EqualPrivilegeOnly;
    type PalletsOrigin = OriginCaller;
    type Preimages = Preimage;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type RuntimeOrigin = RuntimeOrigin;
    type ScheduleOrigin = EnsureRoot<AccountId>;
    type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Self>;
}

/// Blocks of safe mode, unless governance extends it or ends it: a day of the main network.
const SAFE_MODE_DURATION: u32 = 7_200;

parameter_types! {
    /// No account enters safe mode for a deposit.
    pub const NoDeposit: Option<Balance> = None;
    pub const NoRelease: Option<u32> = None;
}

impl pallet_safe_mode::Config for Runtime {
    type Currency = Balances;
    type EnterDepositAmount = NoDeposit;
    type EnterDuration = ConstU32<0>;
    type ExtendDepositAmount = NoDeposit;
    type ExtendDuration = ConstU32<0>;
    type ForceDepositOrigin = EnsureRoot<AccountId>;
    type ForceEnterOrigin = EnsureRootWithSuccess<AccountId, ConstU32<SAFE_MODE_DURATION>>;
    type ForceExitOrigin = EnsureRoot<AccountId>;
    type ForceExtendOrigin = EnsureRootWithSuccess<AccountId, ConstU32<SAFE_MODE_DURATION>>;
    type Notify = ();
    type ReleaseDelay = NoRelease;
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = pallet_safe_mode::weights::SubstrateWeight<Self>;
    type WhitelistedCalls = SafeModeCalls;
}

impl pallet_tx_pause::Config for Runtime {
    type MaxNameLen = ConstU32<256>;
    type PauseOrigin = EnsureRoot<AccountId>;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type UnpauseOrigin = EnsureRoot<AccountId>;
    type WeightInfo = pallet_tx_pause::weights::SubstrateWeight<Self>;
    type WhitelistedCalls = UnpausableCalls;
}

/// [`SS58_PREFIX`] in the width that the system pallet reads.
pub struct ConstU16Prefix;

impl Get<u16> for ConstU16Prefix {
    fn get() -> u16 {
        SS58_PREFIX.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Address, TransactionPayment,
        pallets::{MaxActivationWeight, MaxCleaningWeight, MaxTickWeight},
    };
    use codec::Encode;
    use frame_support::{
        dispatch::{DispatchClass, DispatchInfo, GetDispatchInfo},
        traits::OnRuntimeUpgrade,
        weights::constants::WEIGHT_REF_TIME_PER_MILLIS,
    };
    use frame_system::limits::BlockWeights;
    use myelin_pallet_emission::{types::EpochSize, weights::WeightInfo as _};
    use myelin_pallet_neurons::weights::WeightInfo as _;
    use myelin_records::bounds::{MAX_NETWORKS, MAX_UIDS};
    use sp_runtime::{BuildStorage, traits::Convert};

    /// Bytes of a signed transaction around its call: address, signature, era, nonce and tip.
    const ENVELOPE: u32 = 110;

    fn fee(call: &RuntimeCall) -> Balance {
        let length = u32::try_from(call.encoded_size()).expect("a call is short") + ENVELOPE;
        let info: DispatchInfo = call.get_dispatch_info();
        let storage = frame_system::GenesisConfig::<Runtime>::default().build_storage().expect("nothing to go wrong");
        sp_io::TestExternalities::new(storage).execute_with(|| TransactionPayment::compute_fee(length, &info, 0))
    }

    #[test]
    fn a_transfer_costs_about_a_ten_thousandth_of_a_tao() {
        let dest = Address::Id(AccountId::new([1; 32]));
        let transfer = fee(&pallet_balances::Call::transfer_keep_alive { dest, value: 1 }.into());
        assert!((50_000..200_000).contains(&transfer), "{transfer} rao");
    }

    #[test]
    fn migrations_take_at_most_half_a_block() {
        let storage = frame_system::GenesisConfig::<Runtime>::default().build_storage().expect("nothing to go wrong");
        let weight = sp_io::TestExternalities::new(storage).execute_with(Migrations::on_runtime_upgrade);
        assert!(weight.all_lte(MAXIMUM_BLOCK_WEIGHT / 2), "{weight} of {MAXIMUM_BLOCK_WEIGHT}");
    }

    /// The end of a session is left out: FRAME charges it with a whole block, once in a session.
    #[test]
    fn hooks_leave_room_for_transactions() {
        type Adjustment = myelin_pallet_neurons::weights::SubstrateWeight<Runtime>;
        let adjustments = Adjustment::adjust_network().saturating_mul(MAX_NETWORKS.into());
        let hooks = [
            MaxTickWeight::get(),
            MaxCleaningWeight::get(),
            MaxActivationWeight::get(),
            MaximumSchedulerWeight::get(),
            adjustments.saturating_add(Adjustment::adjust_none()),
            <Runtime as frame_system::Config>::DbWeight::get().writes(1),
        ];
        let hooks = hooks.into_iter().fold(Weight::zero(), Weight::saturating_add);
        assert!(hooks.ref_time() <= MAXIMUM_BLOCK_WEIGHT.ref_time() / 100 * 95, "{hooks} of {MAXIMUM_BLOCK_WEIGHT}");
    }

    #[test]
    fn eight_epochs_of_full_size_fit_into_a_block() {
        type Epochs = myelin_pallet_emission::weights::SubstrateWeight<Runtime>;
        let size = EpochSize { neurons: MAX_UIDS.into(), permits: 64, parents: 0, permit_parents: 0 };
        let epoch = Epochs::measure_epoch(size.neurons).saturating_add(Epochs::epoch(size));
        assert!(epoch.ref_time() <= 187 * WEIGHT_REF_TIME_PER_MILLIS, "{epoch}");
        let eight = Epochs::tick(MAX_NETWORKS).saturating_add(epoch.saturating_mul(8));
        assert!(eight.all_lte(MaxTickWeight::get()), "{eight} of {}", MaxTickWeight::get());
    }

    #[test]
    fn space_costs_something() {
        let remark = |length| fee(&frame_system::Call::remark { remark: vec![0; length] }.into());
        assert!(remark(10_000) >= remark(0) + 10_000 * RAO_PER_BYTE);
    }

    /// Returns the fee multiplier after blocks in which normal calls take this part of their class.
    fn multiplier_after(blocks: u32, share: Perbill) -> Multiplier {
        type Update = <Runtime as pallet_transaction_payment::Config>::FeeMultiplierUpdate;
        let normal = RuntimeBlockWeights::get().get(DispatchClass::Normal).max_total.expect("the class has a limit");
        sp_io::TestExternalities::default().execute_with(|| {
            System::set_block_consumed_resources(share * normal, 0);
            (0..blocks).fold(LeastFeeMultiplier::get(), |before, _| Update::convert(before))
        })
    }

    #[test]
    fn full_blocks_raise_fees_and_free_calls_do_not() {
        let full = multiplier_after(1_386, Perbill::one());
        assert_eq!(
            (full * Multiplier::saturating_from_integer(100)).trunc().into_inner() / Multiplier::accuracy(),
            199
        );
        let full = multiplier_after(1_387, Perbill::one());
        assert!(full > Multiplier::saturating_from_integer(2), "{full:?}");
        assert_eq!(multiplier_after(1_387, crate::free_calls::FREE_SHARE), LeastFeeMultiplier::get());
        assert_eq!(multiplier_after(100_000, Perbill::one()), GreatestFeeMultiplier::get());
    }

    #[test]
    fn block_limits_are_consistent() {
        let weights: BlockWeights = RuntimeBlockWeights::get();
        weights.validate().expect("block limits contradict each other");
    }
}
