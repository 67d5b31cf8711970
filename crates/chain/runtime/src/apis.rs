//! The runtime APIs, which nodes and clients call.

use crate::{
    AccountId, Aura, Balance, Block, BlockNumber, Emission, Executive, FreeCalls, Grandpa, InherentDataExt, Neurons,
    Nonce, Runtime, RuntimeCall, SlotTime, Staking, Subnets, System, TransactionPayment, VERSION, Weights, presets,
    views,
};
use alloc::{string::ToString, vec::Vec};
use frame_support::{
    genesis_builder_helper::{build_state, get_preset},
    traits::Get,
    weights::Weight,
};
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, NetUid, Tao, Uid};
use myelin_records::{
    info::{
        CommitInfo, DelegatePage, HotkeyInfo, IssuanceInfo, MetagraphInfo, NeuronInfo, RatingsInfo, StakeInfo,
        SubnetInfo,
    },
    parameters::{NetworkParameters, Parameters},
};
use pallet_grandpa::AuthorityId as GrandpaId;
use sp_api::impl_runtime_apis;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::OpaqueMetadata;
use sp_runtime::{
    ApplyExtrinsicResult, ExtrinsicInclusionMode, Perbill,
    traits::Block as BlockT,
    transaction_validity::{TransactionSource, TransactionValidity},
};
use sp_version::RuntimeVersion;

sp_runtime::impl_opaque_keys! {
    /// The keys with which an authority takes part in consensus.
    pub struct SessionKeys {
        /// The key for making blocks.
        pub aura: Aura,
        /// The key for finalising blocks.
        pub grandpa: Grandpa,
    }
}

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            VERSION
        }

        fn execute_block(block: <Block as BlockT>::LazyBlock) {
            Executive::execute_block(block);
        }

        fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            OpaqueMetadata::new(Runtime::metadata().into())
        }

        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            Runtime::metadata_at_version(version)
        }

        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            Executive::apply_extrinsic(extrinsic)
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            Executive::finalize_block()
        }

        fn inherent_extrinsics(data: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            data.create_extrinsics()
        }

        fn check_inherents(
            block: <Block as BlockT>::LazyBlock,
            data: sp_inherents::InherentData,
        ) -> sp_inherents::CheckInherentsResult {
            data.check_extrinsics(&block)
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            source: TransactionSource,
            transaction: <Block as BlockT>::Extrinsic,
            block_hash: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            Executive::validate_transaction(source, transaction, block_hash)
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(header: &<Block as BlockT>::Header) {
            Executive::offchain_worker(header);
        }
    }

    impl sp_consensus_aura::AuraApi<Block, AuraId> for Runtime {
        fn slot_duration() -> sp_consensus_aura::SlotDuration {
            sp_consensus_aura::SlotDuration::from_millis(SlotTime::get())
        }

        fn authorities() -> Vec<AuraId> {
            pallet_aura::Authorities::<Runtime>::get().into_inner()
        }
    }

    impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
        fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
            Grandpa::grandpa_authorities()
        }

        fn current_set_id() -> sp_consensus_grandpa::SetId {
            pallet_grandpa::CurrentSetId::<Runtime>::get()
        }

        // Equivocations are not punished on chain: authorities hold no stake as authorities.
        fn submit_report_equivocation_unsigned_extrinsic(
            _equivocation_proof: sp_consensus_grandpa::EquivocationProof<
                <Block as BlockT>::Hash,
                sp_runtime::traits::NumberFor<Block>,
            >,
            _key_owner_proof: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            None
        }

        fn generate_key_ownership_proof(
            _set_id: sp_consensus_grandpa::SetId,
            _authority_id: GrandpaId,
        ) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
            None
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> sp_session::OpaqueGeneratedSessionKeys {
            SessionKeys::generate(&owner, seed).into()
        }

        fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, sp_core::crypto::KeyTypeId)>> {
            SessionKeys::decode_into_raw_public_keys(&encoded)
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(account: AccountId) -> Nonce {
            *System::account_nonce(account)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
        fn query_info(
            extrinsic: <Block as BlockT>::Extrinsic,
            length: u32,
        ) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_info(extrinsic, length)
        }

        fn query_fee_details(
            extrinsic: <Block as BlockT>::Extrinsic,
            length: u32,
        ) -> pallet_transaction_payment::FeeDetails<Balance> {
            TransactionPayment::query_fee_details(extrinsic, length)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<Block, Balance, RuntimeCall>
        for Runtime
    {
        fn query_call_info(
            call: RuntimeCall,
            length: u32,
        ) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_call_info(call, length)
        }

        fn query_call_fee_details(
            call: RuntimeCall,
            length: u32,
        ) -> pallet_transaction_payment::FeeDetails<Balance> {
            TransactionPayment::query_call_fee_details(call, length)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl myelin_runtime_api::MyelinApi<Block, AccountId> for Runtime {
        fn issuance() -> IssuanceInfo {
            Emission::issuance()
        }

        fn free_share() -> Perbill {
            FreeCalls::share()
        }

        fn subnets() -> Vec<SubnetInfo<AccountId>> {
            views::subnets()
        }

        fn subnet(netuid: NetUid) -> Option<SubnetInfo<AccountId>> {
            views::subnet(netuid)
        }

        fn parameters(netuid: NetUid) -> Option<Parameters> {
            <Subnets as ReadSubnets<AccountId>>::parameters(netuid)
        }

        fn network_parameters() -> Option<NetworkParameters> {
            myelin_pallet_subnets::Network::<Runtime>::get()
        }

        fn subnet_price() -> Amount<Tao> {
            Subnets::lock_cost()
        }

        fn subnet_to_prune() -> Option<NetUid> {
            Subnets::subnet_to_prune()
        }

        fn metagraph(netuid: NetUid) -> Option<MetagraphInfo<AccountId>> {
            views::metagraph(netuid)
        }

        fn neuron(netuid: NetUid, uid: Uid) -> Option<NeuronInfo<AccountId>> {
            views::neuron(netuid, uid)
        }

        fn uid(netuid: NetUid, hotkey: AccountId) -> Option<Uid> {
            Neurons::uid(netuid, &hotkey)
        }

        fn ratings(netuid: NetUid, uid: Uid) -> Option<RatingsInfo> {
            views::ratings(netuid, uid)
        }

        fn next_epoch(netuid: NetUid) -> Option<BlockNumber> {
            views::next_epoch(netuid)
        }

        fn positions(coldkey: AccountId) -> Vec<StakeInfo<AccountId>> {
            Staking::positions(&coldkey)
        }

        fn hotkeys(coldkey: AccountId) -> Vec<HotkeyInfo<AccountId>> {
            views::hotkeys(&coldkey)
        }

        fn hotkey(hotkey: AccountId) -> Option<HotkeyInfo<AccountId>> {
            views::hotkey(hotkey)
        }

        fn delegates(after: Option<AccountId>) -> DelegatePage<AccountId> {
            views::delegates(after)
        }

        fn commits(netuid: NetUid, hotkey: AccountId) -> Vec<CommitInfo> {
            Weights::commits_of(netuid, &hotkey)
        }
    }

    // Only in a blob that is built with the feature. The version and the metadata of native builds are those of the
    // ordinary blob, which has no such API; tests call `Executive` instead.
    #[cfg(all(feature = "try-runtime", not(feature = "std")))]
    impl frame_try_runtime::TryRuntime<Block> for Runtime {
        // The API has no result for a failed check, so a check that fails ends in a panic.
        fn on_runtime_upgrade(checks: frame_try_runtime::UpgradeCheckSelect) -> (Weight, Weight) {
            let weight = Executive::try_runtime_upgrade(checks).expect("a check of the upgrade failed");
            (weight, crate::MAXIMUM_BLOCK_WEIGHT)
        }

        fn execute_block(
            block: <Block as BlockT>::LazyBlock,
            state_root_check: bool,
            signature_check: bool,
            select: frame_try_runtime::TryStateSelect,
        ) -> Weight {
            Executive::try_execute_block(block, state_root_check, signature_check, select)
                .expect("a check of the block failed")
        }
    }

    impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
        fn build_state(json: Vec<u8>) -> sp_genesis_builder::Result {
            build_state::<crate::RuntimeGenesisConfig>(json)
        }

        fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
            get_preset::<crate::RuntimeGenesisConfig>(id, |name| {
                presets::patch(name.as_ref()).map(|patch| patch.to_string().into_bytes())
            })
        }

        fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
            presets::NAMES.map(Into::into).into()
        }
    }
}
