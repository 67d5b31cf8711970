//! Chain specifications: presets of the runtime, and files.

use myelin_runtime::{SS58_PREFIX, WASM_BINARY, presets};
use sc_service::{ChainType, GenericChainSpec, Properties};
use serde_json::{Value, json};
use sp_core::{crypto::Ss58Codec, ed25519, sr25519};
use std::{path::Path, str::FromStr};

/// A chain specification. All differences between chains are in the runtime's genesis.
pub(crate) type ChainSpec = GenericChainSpec;

/// The two public keys of an authority, for making and for finalising blocks.
#[derive(Clone, Debug)]
pub(crate) struct AuthorityKeys {
    aura: sr25519::Public,
    grandpa: ed25519::Public,
}

/// Reads `SR25519,ED25519`, both as addresses.
impl FromStr for AuthorityKeys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (aura, grandpa) = text.split_once(',').ok_or("write both keys, separated by a comma: SR25519,ED25519")?;
        Ok(Self {
            aura: Ss58Codec::from_ss58check(aura).map_err(|error| format!("`{aura}`: {error}"))?,
            grandpa: Ss58Codec::from_ss58check(grandpa).map_err(|error| format!("`{grandpa}`: {error}"))?,
        })
    }
}

/// An account of the chain.
#[derive(Clone, Debug)]
pub(crate) struct GenesisAccount(sr25519::Public);

impl FromStr for GenesisAccount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ss58Codec::from_ss58check(text).map(Self).map_err(|error| format!("`{text}`: {error}"))
    }
}

/// Returns the chain that `id` names: one of the runtime's presets, or a file.
pub(crate) fn load(id: &str) -> Result<ChainSpec, String> {
    match ChainPreset::named(id) {
        Some(preset) => preset.begin(preset.genesis()),
        None if Path::new(id).is_file() => ChainSpec::from_json_file(id.into()),
        None => Err(unknown(id, "neither a chain nor a file")),
    }
}

/// Returns the preset `id` with these authorities, and optionally this sudo account, in place of its own.
pub(crate) fn with_authorities(
    id: &str,
    authorities: &[AuthorityKeys],
    sudo: Option<&GenesisAccount>,
) -> Result<ChainSpec, String> {
    let preset =
        ChainPreset::named(id).ok_or_else(|| unknown(id, "no preset, and only a preset can be given authorities"))?;
    let keys = authorities.iter().map(|authority| {
        let account = authority.aura.to_ss58check();
        json!([account, account, { "aura": account, "grandpa": authority.grandpa.to_ss58check() }])
    });
    let mut genesis = preset.genesis();
    genesis["session"] = json!({ "keys": keys.collect::<Vec<_>>() });
    if let Some(GenesisAccount(key)) = sudo {
        genesis["sudo"] = json!({ "key": key.to_ss58check() });
    }
    preset.begin(genesis)
}

fn unknown(id: &str, what: &str) -> String {
    let names = presets::NAMES.map(|name| format!("`{name}`")).join(", ");
    format!("`{id}` is {what}; the chains are {names}")
}

/// The description of a preset as a chain.
struct ChainPreset {
    id: &'static str,
    name: &'static str,
    chain_type: ChainType,
}

impl ChainPreset {
    fn named(id: &str) -> Option<Self> {
        let (id, name, chain_type) = match id {
            "" | presets::MAIN => (presets::MAIN, "Myelin", ChainType::Live),
            "dev" | presets::LOCAL => (presets::LOCAL, "Myelin Local", ChainType::Local),
            presets::TEST => (presets::TEST, "Myelin Test", ChainType::Development),
            _ => return None,
        };
        Some(Self { id, name, chain_type })
    }

    fn genesis(&self) -> Value {
        presets::patch(self.id).unwrap_or_default()
    }

    fn begin(&self, genesis: Value) -> Result<ChainSpec, String> {
        let wasm = WASM_BINARY.ok_or("this node was built without its runtime; build it without `SKIP_WASM_BUILD`")?;
        let mut properties = Properties::new();
        properties.insert("tokenSymbol".into(), "TAO".into());
        properties.insert("tokenDecimals".into(), 9.into());
        properties.insert("ss58Format".into(), SS58_PREFIX.into());
        Ok(ChainSpec::builder(wasm, None)
            .with_name(self.name)
            .with_id(&format!("myelin_{}", self.id))
            .with_protocol_id(&format!("myelin-{}", self.id))
            .with_chain_type(self.chain_type.clone())
            .with_properties(properties)
            .with_genesis_config_patch(genesis)
            .build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_runtime::{Balances, Runtime, SlotTime};
    use sc_service::ChainSpec as _;
    use sp_io::TestExternalities;
    use sp_runtime::{BuildStorage, traits::Get};

    /// Runs a function on the genesis of a chain, as the runtime's blob built it.
    fn genesis<T>(spec: &ChainSpec, look: impl FnOnce() -> T) -> T {
        TestExternalities::new(spec.build_storage().expect("the runtime builds its genesis")).execute_with(look)
    }

    fn endowed() -> u64 {
        frame_system::Account::<Runtime>::iter_values().map(|account| account.data.free).sum()
    }

    #[test]
    fn the_main_chain_begins_with_nothing_and_nobody() {
        let spec = load(presets::MAIN).expect("a preset is a chain");
        assert_eq!(spec.chain_type(), ChainType::Live);
        genesis(&spec, || {
            assert_eq!(Balances::total_issuance(), 0);
            assert_eq!(frame_system::Account::<Runtime>::iter().count(), 0);
            assert_eq!(pallet_sudo::Key::<Runtime>::get(), None);
            assert!(pallet_aura::Authorities::<Runtime>::get().is_empty());
            assert_eq!(<SlotTime as Get<u64>>::get(), 12_000);
        });
    }

    #[test]
    fn development_chains_endow_development_accounts_and_count_it() {
        for name in [presets::LOCAL, presets::TEST] {
            let spec = load(name).expect("a preset is a chain");
            assert_ne!(spec.chain_type(), ChainType::Live);
            genesis(&spec, || {
                assert!(endowed() > 0);
                assert_eq!(Balances::total_issuance(), endowed());
                assert_eq!(pallet_aura::Authorities::<Runtime>::get().len(), 1);
            });
        }
    }

    #[test]
    fn a_slot_time_out_of_range_is_refused() {
        for millis in [0, 99, 60_001] {
            let patch = serde_json::json!({ "slotTime": { "millis": millis } });
            let spec = ChainSpec::builder(WASM_BINARY.expect("tests have a runtime"), None)
                .with_genesis_config_patch(patch)
                .build();
            assert!(spec.build_storage().is_err(), "{millis} ms were accepted");
        }
    }

    #[test]
    fn what_is_neither_a_chain_nor_a_file_is_said_to_be_so() {
        let error = load("mian").err().expect("there is no such chain");
        assert!(error.contains("`mian`") && error.contains("`main`"), "{error}");
    }
}
