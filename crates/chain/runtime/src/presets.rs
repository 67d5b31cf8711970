//! The three ways a chain can begin. A preset is a patch of the default genesis, as JSON.

use crate::{AuraConfig, BalancesConfig, GrandpaConfig, RuntimeGenesisConfig, SlotTimeConfig, SudoConfig};
use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use myelin_primitives::RAO_PER_TAO;
use serde_json::Value;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// The public network: fair launch. Nobody is endowed, nobody may use sudo, and the authorities are for whoever
/// launches it to name.
pub const MAIN: &str = "main";

/// A network on one machine: a block a second, made and finalised by Alice, and development accounts with TAO.
pub const LOCAL: &str = "local";

/// As [`LOCAL`], four blocks a second.
pub const TEST: &str = "test";

/// All of them.
pub const NAMES: [&str; 3] = [MAIN, LOCAL, TEST];

/// What each development account of [`LOCAL`] and [`TEST`] begins with.
const ENDOWMENT: u64 = 10_000 * RAO_PER_TAO;

/// The preset of this name, or `None` if there is none.
pub fn patch(name: &str) -> Option<Value> {
    match name {
        MAIN => Some(main()),
        LOCAL => Some(development(1_000)),
        TEST => Some(development(250)),
        _ => None,
    }
}

fn main() -> Value {
    build_struct_json_patch!(RuntimeGenesisConfig { slot_time: SlotTimeConfig { millis: 12_000 } })
}

fn development(slot_millis: u64) -> Value {
    build_struct_json_patch!(RuntimeGenesisConfig {
        slot_time: SlotTimeConfig { millis: slot_millis },
        aura: AuraConfig { authorities: vec![Sr25519Keyring::Alice.public().into()] },
        grandpa: GrandpaConfig { authorities: vec![(Ed25519Keyring::Alice.public().into(), 1)] },
        balances: BalancesConfig {
            balances: Sr25519Keyring::well_known().map(|key| (key.to_account_id(), ENDOWMENT)).collect::<Vec<_>>(),
        },
        sudo: SudoConfig { key: Some(Sr25519Keyring::Alice.to_account_id()) },
    })
}
