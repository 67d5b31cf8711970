//! The Myelin runtime: the state machine that every node runs, composed of pallets.
//!
//! The crate is compiled twice: to WebAssembly, which the chain stores and nodes execute, and natively, for the types
//! that the node is built with. [`WASM_BINARY`] is the WebAssembly inside the native build. The three genesis presets
//! are in [`presets`]. A 12-second main network and a fast local network differ in state, never in code.

#![cfg_attr(not(feature = "std"), no_std)]
// The macro of the composition recurses once for each pallet and each of its parts.
#![recursion_limit = "256"]
#![allow(missing_docs, clippy::pedantic, reason = "FRAME's macros expand to code that these lints refuse")]

extern crate alloc;

mod apis;
pub mod authorities;
mod configs;
mod extensions;
pub mod free_calls;
#[cfg(feature = "next-version")]
mod next_version;
mod pallets;
mod pauses;
pub mod presets;
mod proxies;
#[cfg(feature = "std")]
pub mod signing;
pub mod slot_time;
mod spendable;
mod views;

use alloc::{borrow::Cow, vec::Vec};
use frame_metadata_hash_extension::CheckMetadataHash;
use frame_support::weights::Weight;
use pallet_skip_feeless_payment::SkipCheckIfFeeless;
use pallet_transaction_payment::ChargeTransactionPayment;
use sp_runtime::{
    MultiAddress, MultiSignature, generic,
    traits::{BlakeTwo256, IdentifyAccount, Verify},
};
use sp_version::RuntimeVersion;

pub use apis::{RuntimeApi, SessionKeys};
pub use configs::{EXISTENTIAL_DEPOSIT, SS58_PREFIX};
pub use extensions::{CheckCall, CheckNonceUnlessFree};
pub use proxies::ProxyType;

/// The runtime as WebAssembly, or `None` if the build left it out.
#[cfg(feature = "std")]
pub const WASM_BINARY: Option<&[u8]> = {
    #[cfg(wasm_binary)]
    {
        Some(include_bytes!(env!("WASM_BINARY_PATH")))
    }
    #[cfg(not(wasm_binary))]
    {
        None
    }
};

/// The version after this one, to which tests upgrade a chain, or `None` if the build left it out.
#[cfg(feature = "std")]
pub const NEXT_WASM_BINARY: Option<&[u8]> = {
    #[cfg(next_wasm_binary)]
    {
        Some(include_bytes!(env!("NEXT_WASM_BINARY_PATH")))
    }
    #[cfg(not(next_wasm_binary))]
    {
        None
    }
};

/// The signature of a transaction.
pub type Signature = MultiSignature;
/// The public key of an account.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// The form in which a transaction names an account.
pub type Address = MultiAddress<AccountId, ()>;
/// An amount in rao. spec tokenomics §1
pub type Balance = u64;
/// The number of transactions that an account has sent.
pub type Nonce = u32;
/// A hash of a block, a transaction or state.
pub type Hash = sp_core::H256;
/// The height of a block.
pub type BlockNumber = myelin_primitives::BlockNumber;
/// The header of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// A block as a node passes it on, with encoded transactions.
pub type OpaqueBlock = generic::Block<Header, sp_runtime::OpaqueExtrinsic>;
/// A transaction before its checks.
pub type UncheckedExtrinsic = generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// The checks of a transaction before its dispatch, in this order.
pub type TxExtension = (
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckEra<Runtime>,
    CheckNonceUnlessFree,
    frame_system::CheckWeight<Runtime>,
    CheckCall,
    SkipCheckIfFeeless<Runtime, ChargeTransactionPayment<Runtime>>,
    CheckMetadataHash<Runtime>,
);

/// The executor of blocks of this runtime.
pub type Executive =
    frame_executive::Executive<Runtime, Block, frame_system::ChainContext<Runtime>, Runtime, AllPalletsWithSystem>;

/// Defines [`VERSION`] with this `spec_version`, which has to be a literal where `sp_version` reads it.
macro_rules! define_version {
    ($spec_version:tt) => {
        /// The version of this runtime, and its compatibility.
        #[sp_version::runtime_version]
        pub const VERSION: RuntimeVersion = RuntimeVersion {
            spec_name: Cow::Borrowed("myelin"),
            impl_name: Cow::Borrowed("myelin"),
            authoring_version: 1,
            spec_version: $spec_version,
            impl_version: 1,
            apis: apis::RUNTIME_API_VERSIONS,
            transaction_version: 1,
            system_version: 1,
        };
    };
}
#[cfg(not(feature = "next-version"))]
define_version!(1);
#[cfg(feature = "next-version")]
define_version!(2);

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
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;

    #[runtime::pallet_index(1)]
    pub type SlotTime = slot_time;

    #[runtime::pallet_index(2)]
    pub type Timestamp = pallet_timestamp;

    #[runtime::pallet_index(3)]
    pub type Aura = pallet_aura;

    #[runtime::pallet_index(4)]
    pub type Grandpa = pallet_grandpa;

    #[runtime::pallet_index(5)]
    pub type Balances = pallet_balances;

    #[runtime::pallet_index(6)]
    pub type TransactionPayment = pallet_transaction_payment;

    #[runtime::pallet_index(7)]
    pub type Sudo = pallet_sudo;

    #[runtime::pallet_index(8)]
    pub type Authorities = authorities;

    #[runtime::pallet_index(9)]
    pub type Session = pallet_session;

    #[runtime::pallet_index(10)]
    pub type SkipFeelessPayment = pallet_skip_feeless_payment;

    #[runtime::pallet_index(11)]
    pub type Utility = pallet_utility;

    #[runtime::pallet_index(12)]
    pub type Proxy = pallet_proxy;

    #[runtime::pallet_index(13)]
    pub type Multisig = pallet_multisig;

    #[runtime::pallet_index(14)]
    pub type Preimage = pallet_preimage;

    #[runtime::pallet_index(15)]
    pub type Scheduler = pallet_scheduler;

    #[runtime::pallet_index(16)]
    pub type FreeCalls = free_calls;

    #[runtime::pallet_index(17)]
    pub type SafeMode = pallet_safe_mode;

    #[runtime::pallet_index(18)]
    pub type TxPause = pallet_tx_pause;

    #[runtime::pallet_index(19)]
    pub type Keys = myelin_pallet_keys;

    #[runtime::pallet_index(20)]
    pub type Subnets = myelin_pallet_subnets;

    #[runtime::pallet_index(21)]
    pub type Staking = myelin_pallet_staking;

    // Neurons come before emission: prices of seats are adjusted before a block's epochs run. spec tokenomics §3.2
    #[runtime::pallet_index(22)]
    pub type Neurons = myelin_pallet_neurons;

    #[runtime::pallet_index(23)]
    pub type Weights = myelin_pallet_weights;

    #[runtime::pallet_index(24)]
    pub type Emission = myelin_pallet_emission;
}

/// The most execution time of a block: two seconds, also with long slots, so that a slow machine keeps up.
pub const MAXIMUM_BLOCK_WEIGHT: Weight =
    Weight::from_parts(2 * frame_support::weights::constants::WEIGHT_REF_TIME_PER_SECOND, u64::MAX);
