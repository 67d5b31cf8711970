//! Transactions signed natively, for tools and tests that are built with the runtime. Clients use its metadata.

use crate::{
    AccountId, Address, Hash, Nonce, RuntimeCall, SS58_PREFIX, Signature, UncheckedExtrinsic, VERSION,
    extensions::checks,
};
use codec::{Decode, Encode};
use frame_metadata::RuntimeMetadataPrefixed;
use merkleized_metadata::{ExtraInfo, generate_metadata_digest};
use sp_core::{Pair, sr25519};
use sp_runtime::{
    generic::{Era, SignedPayload},
    traits::{IdentifyAccount, Verify},
};

/// Returns the account of a key.
pub fn account(key: &sr25519::Pair) -> AccountId {
    <Signature as Verify>::Signer::from(key.public()).into_account()
}

/// Returns the hash of encoded metadata, which a signing device signs with a call (RFC-78).
///
/// # Errors
/// The reason, if the bytes are no metadata of a version with runtime APIs.
pub fn metadata_hash(metadata: &[u8]) -> Result<[u8; 32], String> {
    let metadata = RuntimeMetadataPrefixed::decode(&mut &metadata[..]).map_err(|error| error.to_string())?;
    let properties = ExtraInfo {
        spec_version: VERSION.spec_version,
        spec_name: VERSION.spec_name.to_string(),
        base58_prefix: SS58_PREFIX.into(),
        decimals: 9,
        token_symbol: "TAO".to_owned(),
    };
    Ok(generate_metadata_digest(&metadata.1, properties)?.hash())
}

/// Signs a call for the chain with this block 0. The transaction does not expire and has no tip.
pub fn signed(key: &sr25519::Pair, call: RuntimeCall, nonce: Nonce, genesis: Hash) -> UncheckedExtrinsic {
    signed_with_metadata(key, call, nonce, genesis, None)
}

/// Signs a call like [`signed`], and with it the hash of the metadata by which a signing device read the call.
///
/// A runtime of other metadata refuses the transaction.
pub fn signed_with_metadata(
    key: &sr25519::Pair,
    call: RuntimeCall,
    nonce: Nonce,
    genesis: Hash,
    metadata_hash: Option<[u8; 32]>,
) -> UncheckedExtrinsic {
    let extension = checks(Era::Immortal, nonce, metadata_hash);
    let versions = (VERSION.spec_version, VERSION.transaction_version);
    let implicit = ((), versions.0, versions.1, genesis, genesis, (), (), (), (), metadata_hash);
    let payload = SignedPayload::from_raw(call.clone(), extension.clone(), implicit);
    let signature = Signature::Sr25519(payload.using_encoded(|bytes| key.sign(bytes)));
    UncheckedExtrinsic::new_signed(call, Address::Id(account(key)), signature, extension)
}
