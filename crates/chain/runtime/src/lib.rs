//! The Myelin runtime: the state machine that every node runs, composed of pallets.
//!
//! It is compiled twice: to WebAssembly, which is what the chain stores and nodes execute, and natively, for the types
//! that the node is built with. [`WASM_BINARY`] is the first inside the second. The three genesis presets are in
//! [`presets`]; what differs between a 12-second main network and a fast local one is state, never code.

#![cfg_attr(not(feature = "std"), no_std)]
#![allow(missing_docs, clippy::pedantic, reason = "FRAME's macros expand to code that these lints refuse")]

extern crate alloc;

mod apis;
mod configs;
pub mod presets;
pub mod slot_time;

use alloc::{borrow::Cow, vec::Vec};
use frame_support::weights::Weight;
use sp_runtime::{
    MultiAddress, MultiSignature, generic,
    traits::{BlakeTwo256, IdentifyAccount, Verify},
};
use sp_version::RuntimeVersion;

pub use apis::RuntimeApi;
pub use configs::{EXISTENTIAL_DEPOSIT, SS58_PREFIX};

/// The runtime as WebAssembly, or `None` where the build was told to leave it out.
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

/// What signs a transaction.
pub type Signature = MultiSignature;
/// Who an account belongs to.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// How a transaction names an account.
pub type Address = MultiAddress<AccountId, ()>;
/// Rao. spec tokenomics §1
pub type Balance = u64;
/// How many transactions an account has sent.
pub type Nonce = u32;
/// A hash of a block, a transaction or state.
pub type Hash = sp_core::H256;
/// Where a block stands.
pub type BlockNumber = myelin_primitives::BlockNumber;
/// The header of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// A transaction as it travels.
pub type UncheckedExtrinsic = generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a transaction is checked for, in this order, before it is dispatched.
pub type TxExtension = (
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckEra<Runtime>,
    frame_system::CheckNonce<Runtime>,
    frame_system::CheckWeight<Runtime>,
    pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
);

type Executive =
    frame_executive::Executive<Runtime, Block, frame_system::ChainContext<Runtime>, Runtime, AllPalletsWithSystem>;

/// What this runtime is and what it is compatible with.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("myelin"),
    impl_name: Cow::Borrowed("myelin"),
    authoring_version: 1,
    spec_version: 1,
    impl_version: 1,
    apis: apis::RUNTIME_API_VERSIONS,
    transaction_version: 1,
    system_version: 1,
};

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
}

/// The execution time of an average block: two seconds, also where slots are long, so that a slow machine keeps up.
const MAXIMUM_BLOCK_WEIGHT: Weight =
    Weight::from_parts(2 * frame_support::weights::constants::WEIGHT_REF_TIME_PER_SECOND, u64::MAX);
