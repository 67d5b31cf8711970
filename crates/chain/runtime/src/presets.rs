//! The three genesis presets. A preset is a patch of the default genesis, as JSON.

use crate::{
    AccountId, AuthoritiesConfig, BalancesConfig, BlockNumber, RuntimeGenesisConfig, SessionConfig, SessionKeys,
    SlotTimeConfig, SubnetsConfig, SudoConfig,
};
use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use myelin_pallet_subnets::GenesisSubnet;
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO};
use myelin_records::{
    parameters::{NetworkParametersPatch, ParametersPatch},
    subnet::LaunchPhase,
};
use serde_json::Value;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// The public network: fair launch.
///
/// No account has TAO, no account may use sudo, and the operators that launch the network name the authorities.
pub const MAIN: &str = "main";

/// A network on one machine: a block a second, made and finalised by Alice, and development accounts with TAO.
pub const LOCAL: &str = "local";

/// A network as [`LOCAL`], with four blocks a second.
pub const TEST: &str = "test";

/// The names of all presets.
pub const NAMES: [&str; 3] = [MAIN, LOCAL, TEST];

/// The endowment of each development account of [`LOCAL`] and [`TEST`], in rao.
const ENDOWMENT: u64 = 10_000 * RAO_PER_TAO;

/// Returns the preset of this name, or `None` if there is none.
pub fn patch(name: &str) -> Option<Value> {
    match name {
        MAIN => Some(main()),
        LOCAL => Some(development(1_000, 60)),
        TEST => Some(development(250, 20)),
        _ => None,
    }
}

/// The launch phase of [`MAIN`]: registration opens after an hour, and the phase ends after 28 days.
///
/// It emits 0.96 % of the supply at most.
const LAUNCH: LaunchPhase = LaunchPhase { opens_at: 300, ends_at: 201_600, least_seats: 64 };

fn main() -> Value {
    build_struct_json_patch!(RuntimeGenesisConfig {
        slot_time: SlotTimeConfig { millis: 12_000 },
        subnets: SubnetsConfig { launch: LAUNCH, subnets: vec![launch_subnet()] },
    })
}

/// Returns the subnet of the public launch.
///
/// Its difficulty doubles in each full interval, so that it soon fits the power of the miners. Three seats in 60 blocks
/// are as many as 256 seats of 5 000 blocks can take.
fn launch_subnet() -> GenesisSubnet<AccountId> {
    let open = ParametersPatch {
        pow_registration_allowed: Some(true),
        adjustment_interval: Some(60),
        target_registrations_per_interval: Some(3),
        max_registrations_per_block: Some(3),
        adjustment_alpha: Some(0),
        immunity_period: Some(5_000),
        ..ParametersPatch::default()
    };
    GenesisSubnet { netuid: NetUid::new(1), owner: None, parameters: open }
}

/// Returns a preset with development accounts, in which days of the main network become minutes.
fn development(slot_millis: u64, session_blocks: BlockNumber) -> Value {
    let alice = Sr25519Keyring::Alice.to_account_id();
    let keys =
        SessionKeys { aura: Sr25519Keyring::Alice.public().into(), grandpa: Ed25519Keyring::Alice.public().into() };
    build_struct_json_patch!(RuntimeGenesisConfig {
        slot_time: SlotTimeConfig { millis: slot_millis },
        authorities: AuthoritiesConfig { session_blocks },
        session: SessionConfig { keys: vec![(alice.clone(), alice.clone(), keys)] },
        balances: BalancesConfig {
            balances: Sr25519Keyring::well_known().map(|key| (key.to_account_id(), ENDOWMENT)).collect::<Vec<_>>(),
        },
        sudo: SudoConfig { key: Some(alice) },
        subnets: SubnetsConfig {
            network_parameters: quick_network(),
            default_parameters: quick_subnet(),
            root_parameters: ParametersPatch { weights_set_rate_limit: Some(5), ..quick_subnet() },
            subnets: vec![first_subnet()],
        },
    })
}

/// Returns the subnet of a fair launch, which has no owner and which any hotkey can join by work.
fn first_subnet() -> GenesisSubnet<AccountId> {
    let open = ParametersPatch {
        pow_registration_allowed: Some(true),
        initial_difficulty: Some(1_000),
        min_difficulty: Some(1_000),
        ..ParametersPatch::default()
    };
    GenesisSubnet { netuid: NetUid::new(1), owner: None, parameters: open }
}

/// Returns the changes of a development chain to the parameters of a subnet.
fn quick_subnet() -> ParametersPatch {
    ParametersPatch {
        tempo: Some(20),
        immunity_period: Some(200),
        weights_set_rate_limit: Some(5),
        adjustment_interval: Some(20),
        target_registrations_per_interval: Some(20),
        max_registrations_per_block: Some(16),
        initial_burn: Some(Amount::from_rao(RAO_PER_TAO / 10)),
        commit_reveal: Some(false),
        serving_rate_limit: Some(5),
        ..ParametersPatch::default()
    }
}

/// Returns the changes of a development chain to the shared parameters.
fn quick_network() -> NetworkParametersPatch {
    NetworkParametersPatch {
        network_rate_limit: Some(0),
        network_immunity_period: Some(600),
        network_lock_reduction_interval: Some(600),
        network_lock_vesting: Some(1_200),
        owner_hotkey_rate_limit: Some(20),
        owner_hyperparam_rate_limit: Some(0),
        admin_freeze_window: Some(2),
        tx_rate_limit: Some(0),
        tx_delegate_take_rate_limit: Some(20),
        tx_childkey_take_rate_limit: Some(20),
        take_notice: Some(20),
        pending_childkey_cooldown: Some(20),
        min_lending_stake: Some(Amount::ZERO),
        target_stakes_per_interval: Some(1_000),
        coldkey_swap_announcement_delay: Some(40),
        coldkey_swap_reannouncement_delay: Some(20),
        min_rate_limit: Some(5),
        min_work_difficulty: Some(1_000),
        local_addresses: Some(true),
        ..NetworkParametersPatch::default()
    }
}
