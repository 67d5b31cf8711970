//! The interface of the runtime, generated from its metadata, with the records of the chain in it.

use subxt::Metadata;

/// The metadata from which the interface is generated.
///
/// The macro reads the file unseen by cargo. Without this line the crate would not be built again for another file.
const METADATA: &[u8] = include_bytes!("../metadata.scale");

/// Returns true if the interface was generated from a runtime with this metadata.
///
/// The pallet `System` is not compared: the default of its accounts has the number of the block, and its constants have
/// the version of the runtime.
pub fn is_generated_from(metadata: &Metadata) -> bool {
    let Ok(own) = Metadata::decode_from(METADATA) else { return false };
    let pallets: Vec<&str> = own.pallets().map(|pallet| pallet.name()).filter(|name| *name != "System").collect();
    let apis: Vec<&str> = own.runtime_api_traits().map(|api| api.name()).collect();
    let hash =
        |metadata: &Metadata| metadata.hasher().only_these_pallets(&pallets).only_these_runtime_apis(&apis).hash();
    hash(&own) == hash(metadata)
}

/// Generates the interface. The listed types, by crate and module, are replaced by those of their crates.
macro_rules! generate {
    ($($records:ident::$module:ident: $($record:ident)*;)*) => {
        /// The interface of the runtime, generated from its metadata.
        ///
        /// Records are those of [`records`](crate::records), each in a [`Static`](subxt::utils::Static): `.0` unwraps
        /// it, and `.into()` wraps it. Before subxt decodes a storage entry, call, constant or answer, it compares the
        /// layout with that of the node.
        #[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, reason = "generated")]
        #[subxt::subxt(
            runtime_metadata_path = "metadata.scale",
            derive_for_all_types = "Clone, Eq, PartialEq",
            substitute_type(
                path = myelin_primitives::amount::Amount,
                with = ::subxt::utils::Static::<::myelin_primitives::Amount<::myelin_primitives::Tao>>
            ),
            substitute_type(
                path = myelin_primitives::fraction::Take,
                with = ::subxt::utils::Static::<::myelin_primitives::Take>
            ),
            substitute_type(
                path = myelin_primitives::id::NetUid,
                with = ::subxt::utils::Static::<::myelin_primitives::NetUid>
            ),
            substitute_type(
                path = myelin_primitives::id::Uid,
                with = ::subxt::utils::Static::<::myelin_primitives::Uid>
            ),
            substitute_type(
                path = myelin_primitives::row::Entry,
                with = ::subxt::utils::Static::<::myelin_primitives::Entry>
            ),
            $($(substitute_type(
                path = $records::$module::$record,
                with = ::subxt::utils::Static::<::$records::$module::$record>
            ),)*)*
        )]
        pub mod runtime {}

        /// Returns the listed types with their layouts in this library.
        #[cfg(test)]
        pub(crate) fn records() -> Vec<scale_info::MetaType> {
            vec![$($(scale_info::MetaType::new::<::$records::$module::$record>(),)*)*]
        }
    };
}

generate! {
    myelin_economics::adjustment: SeatPrice;
    myelin_economics::pool: Holding Pool;
    myelin_economics::root: Share;
    myelin_economics::subnet_price: LastCreation;
    myelin_records::commitment: Commitment CommitmentData;
    myelin_records::endpoint: ServedEndpoints;
    myelin_records::epoch: Accrual EmissionAccount EpochRecord NeuronRecord;
    myelin_records::info: CommitInfo DelegatePage HotkeyInfo IssuanceInfo MetagraphInfo NeuronInfo RatingsInfo StakeInfo
        SubnetInfo;
    myelin_records::key: ChainIdentity ColdkeySwap;
    myelin_records::parameters: NetworkParameters NetworkParametersPatch Parameter Parameters ParametersPatch;
    myelin_records::seat: Admission Seat;
    myelin_records::stake: Family FamilyMember HotkeyRecord PoolId StakePool;
    myelin_records::subnet: LaunchPhase Subnet SubnetIdentity;
    myelin_records::weights: StorageIndex WeightsCommit WeightsRow;
}
