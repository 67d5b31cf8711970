//! The configuration of Myelin's own pallets in this runtime.
//!
//! The order from the bottom is keys, subnets, staking, neurons, weights, emission. Each pallet reads the pallets below
//! it, which call its listeners after changes.

use crate::{
    AccountId, Authorities, Balances, Emission, Keys, MAXIMUM_BLOCK_WEIGHT, Neurons, Runtime, Staking, Subnets,
    Weights,
    extensions::{checks, payment_weight},
    free_calls,
};
use alloc::vec::Vec;
use frame_support::{
    dispatch::DispatchClass,
    parameter_types,
    traits::{ConstBool, ConstU32, Get, Nothing},
    weights::Weight,
};
use frame_system::EnsureRoot;
use myelin_pallet_keys::traits::VerifyConsent;
use myelin_pallet_neurons::weights::WeightInfo as _;
use myelin_pallet_weights::weights::WeightInfo as _;
use myelin_primitives::{Amount, Tao};
use myelin_records::{
    bounds::MAX_UIDS,
    consent::KeyConsent,
    parameters::{NetworkParameters, Parameters},
};
use sp_core::sr25519;
use sp_runtime::{
    generic::Era,
    traits::{TransactionExtension, Verify},
};

/// The minimum of a stake operation, in rao. spec staking §3
const MIN_STAKE: u64 = 2_000_000;

/// The cost of a key swap, in rao. spec staking §10
const KEY_SWAP_COST: u64 = 100_000_000;

/// The cost of a pair that a coldkey makes, in rao. spec staking §2
const PAIR_COST: u64 = 5_000_000;

/// The cost of an identity, in rao. spec subnets-and-neurons §15.2
const IDENTITY_COST: u64 = 10_000_000;

/// Blocks between two commitments of a neuron. spec subnets-and-neurons §16
const COMMITMENT_INTERVAL: u32 = 100;

parameter_types! {
    pub const MinStake: Amount<Tao> = Amount::from_rao(MIN_STAKE);
    pub const KeySwapCost: Amount<Tao> = Amount::from_rao(KEY_SWAP_COST);
    pub const PairCost: Amount<Tao> = Amount::from_rao(PAIR_COST);
    pub const IdentityCost: Amount<Tao> = Amount::from_rao(IDENTITY_COST);
    /// The most weight for clearing removed subnets: a twentieth of a block, because no call waits for it.
    pub MaxCleaningWeight: Weight = MAXIMUM_BLOCK_WEIGHT / 20;
    /// The most weight for the activation of children: a twentieth of a block. Its callers have paid for it.
    pub MaxActivationWeight: Weight = MAXIMUM_BLOCK_WEIGHT / 20;
    /// The most weight of a tick: 64 % of a block, so that the largest epoch fits beside its other work.
    pub MaxTickWeight: Weight = MAXIMUM_BLOCK_WEIGHT / 100 * 64;
}

/// The weight of the transactions of a block in which each seat of each network sends as often as it may.
///
/// Both endpoints and for validators a vector of all entries at the least rate limit, and commitments. Each is a
/// transaction with its base and its checks, but for the payment.
pub struct GreatestDemand;

/// Returns the weight of a free transaction around its call.
fn free_envelope() -> Weight {
    // The checks of all calls that hold no other call weigh the same. A transaction with an end is dearer than one
    // without.
    let call = frame_system::Call::remark { remark: Vec::new() }.into();
    let mortal = checks(Era::mortal(64, 0), 0, None).weight(&call).saturating_sub(payment_weight());
    let base = <Runtime as frame_system::Config>::BlockWeights::get().get(DispatchClass::Normal).base_extrinsic;
    base.saturating_add(mortal)
}

impl Get<Weight> for GreatestDemand {
    fn get() -> Weight {
        type Neurons = myelin_pallet_neurons::weights::SubstrateWeight<Runtime>;
        type Weights = myelin_pallet_weights::weights::SubstrateWeight<Runtime>;
        let network = NetworkParameters::default();
        let on_all = |seats: u16| u64::from(network.subnet_limit).saturating_mul(seats.into());
        let (seats, validators) = (on_all(MAX_UIDS), on_all(Parameters::default().max_allowed_validators));
        let sent = |call: Weight| call.saturating_add(free_envelope());
        let vectors = sent(Weights::set_weights(MAX_UIDS.into())).saturating_mul(validators);
        let endpoints = sent(Neurons::serve_axon_tls()).saturating_add(sent(Neurons::serve_prometheus()));
        let often = vectors.saturating_add(endpoints.saturating_mul(seats)) / u64::from(network.min_rate_limit);
        let rarely = sent(Neurons::set_commitment()).saturating_mul(seats);
        often.saturating_add(rarely / u64::from(COMMITMENT_INTERVAL))
    }
}

/// The consent of keys, which are sr25519.
pub struct Sr25519Consent;

impl VerifyConsent<AccountId> for Sr25519Consent {
    fn has_signed(account: &AccountId, bytes: &[u8], consent: &KeyConsent) -> bool {
        let public = sr25519::Public::from_raw(*account.as_ref());
        sr25519::Signature::from_raw(*consent).verify(bytes, &public)
    }
}

impl free_calls::Config for Runtime {
    type GreatestDemand = GreatestDemand;
}

impl myelin_pallet_keys::Config for Runtime {
    type Currency = Balances;
    type Governance = EnsureRoot<AccountId>;
    type IdentityCost = IdentityCost;
    type KeySwapCost = KeySwapCost;
    // The listeners run in this order. The first failure undoes the call.
    type OnKeySwap = (Subnets, Staking, Neurons, Authorities);
    type PairCost = PairCost;
    type Rules = Subnets;
    type Seats = Neurons;
    type Signatures = Sr25519Consent;
    type SystemAccounts = Nothing;
    type Uses = Staking;
    type WeightInfo = myelin_pallet_keys::weights::SubstrateWeight<Self>;
}

impl myelin_pallet_subnets::Config for Runtime {
    type Currency = Balances;
    type Emission = Emission;
    type Governance = EnsureRoot<AccountId>;
    type Keys = Keys;
    type MaxCleaningWeight = MaxCleaningWeight;
    type OnSubnet = (Neurons, Weights, Emission, Staking);
    type RefundLockOnRemoval = ConstBool<true>;
    type Seats = Neurons;
    type WeightInfo = myelin_pallet_subnets::weights::SubstrateWeight<Self>;
}

impl myelin_pallet_staking::Config for Runtime {
    type Currency = Balances;
    type Keys = Keys;
    type MaxActivationWeight = MaxActivationWeight;
    type MinStake = MinStake;
    type Seats = Neurons;
    type Subnets = Subnets;
    type UnstakeOnDeregistration = ConstBool<true>;
    type WeightInfo = myelin_pallet_staking::weights::SubstrateWeight<Self>;
}

impl myelin_pallet_neurons::Config for Runtime {
    type CommitmentInterval = ConstU32<COMMITMENT_INTERVAL>;
    type Currency = Balances;
    type Scores = Emission;
    type Keys = Keys;
    type OnSeat = (Weights, Emission);
    type Stake = Staking;
    type Subnets = Subnets;
    type WeightInfo = myelin_pallet_neurons::weights::SubstrateWeight<Self>;
}

impl myelin_pallet_weights::Config for Runtime {
    type Keys = Keys;
    type Permits = Emission;
    type Seats = Neurons;
    type Stake = Staking;
    type Subnets = Subnets;
    type WeightInfo = myelin_pallet_weights::weights::SubstrateWeight<Self>;
}

impl myelin_pallet_emission::Config for Runtime {
    type Currency = Balances;
    type MaxTickWeight = MaxTickWeight;
    type Outside = (Keys,);
    type Seats = Neurons;
    type Shares = myelin_pallet_emission::RootRatings<Self>;
    type Stake = Staking;
    type Subnets = Subnets;
    type WeightInfo = myelin_pallet_emission::weights::SubstrateWeight<Self>;
    type Weights = Weights;
}
