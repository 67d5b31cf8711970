//! The accounts of a random chain and its genesis.

use myelin_primitives::RAO_PER_TAO;
use myelin_runtime::{AccountId, signing};
use proptest::prelude::*;
use serde_json::{Value, json};
use sp_core::{Pair, sr25519};
use std::sync::LazyLock;

/// Accounts. The first [`COLDKEYS`] of them own the hotkeys of genesis and have TAO.
pub(crate) const ACCOUNTS: u8 = 12;

/// Accounts that own hotkeys at genesis.
pub(crate) const COLDKEYS: u8 = 4;

/// The issuance of the first halving, in rao. spec tokenomics §2.2
const FIRST_HALVING: u64 = 10_500_000 * RAO_PER_TAO;

static KEYS: LazyLock<Vec<sr25519::Pair>> = LazyLock::new(|| {
    let seeds = (0..ACCOUNTS).map(|number| [number; 32]);
    seeds.map(|seed| sr25519::Pair::from_seed(&seed)).collect()
});

/// Returns the key of an account.
pub(crate) fn key(number: u8) -> &'static sr25519::Pair {
    &KEYS[usize::from(number)]
}

/// Returns an account.
pub(crate) fn account(number: u8) -> AccountId {
    signing::account(key(number))
}

/// Returns the coldkey that owns a hotkey at genesis, or could.
pub(crate) const fn owner(hotkey: u8) -> u8 {
    hotkey % COLDKEYS
}

/// Returns the account that a coldkey is swapped for. The heirs of the first coldkeys have nothing at genesis.
pub(crate) const fn heir(coldkey: u8) -> u8 {
    ACCOUNTS - 1 - coldkey
}

/// The ways in which genesis differs from case to case.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Tempos of the first four subnets.
    tempos: [u16; 4],
    /// Seats of these subnets.
    seats: [u16; 4],
    /// True if the subnet takes weights by commit and reveal.
    commits: [bool; 4],
    /// True if the first halving is near.
    halving: bool,
    /// True if bonds are held per pair.
    yuma3: bool,
    /// True if each bond has a rate of its own.
    liquid_alpha: bool,
}

/// Returns any setup.
pub(crate) fn setup() -> impl Strategy<Value = Setup> {
    let numbers = || prop::array::uniform4(1_u16..8);
    let drawn = (numbers(), numbers(), any::<[bool; 4]>(), any::<(bool, bool, bool)>());
    drawn.prop_map(|(tempos, seats, commits, (halving, yuma3, liquid_alpha))| Setup {
        tempos,
        seats: seats.map(|seats| seats.min(4)),
        commits,
        halving,
        yuma3,
        liquid_alpha,
    })
}

impl Setup {
    /// Returns the patch of genesis: quick subnets with few seats, of which one has no owner.
    pub(crate) fn genesis(&self) -> Value {
        // A few rao above and below the existential deposit, and nothing for the last accounts.
        let mut balances = [0, 3_000, 100, 100, 3, 3, 0, 0].map(|tao| tao * RAO_PER_TAO);
        balances[6] = 600;
        balances[7] = 1_000_000;
        let stakes = [(0, 4, 50), (1, 5, 40), (2, 6, 30), (3, 7, 20), (0, 5, 10), (2, 5, 1), (1, 4, 7)];
        let stakes = stakes.map(|(coldkey, hotkey, tao)| (account(coldkey), account(hotkey), tao * RAO_PER_TAO));
        // Holders without an account, whose stake is too little to open one.
        let poor = (COLDKEYS..2 * COLDKEYS).map(|hotkey| (AccountId::new([0xff; 32]), account(hotkey), 100));
        let stakes: Vec<_> = stakes.into_iter().chain(poor).collect();
        let others = balances.iter().sum::<u64>() + stakes.iter().map(|(_, _, stake)| stake).sum::<u64>();
        balances[0] = if self.halving { FIRST_HALVING - others - 20 * RAO_PER_TAO } else { 5_000 * RAO_PER_TAO };
        let balances = (0..).zip(balances).filter(|(_, balance)| *balance > 0);
        let balances: Vec<_> = balances.map(|(number, balance)| (account(number), balance)).collect();
        let subnets = (1..).zip(self.tempos.into_iter().zip(self.seats).zip(self.commits));
        let subnets = subnets.map(|(netuid, ((tempo, seats), commit_reveal))| {
            let parameters = json!({
                "tempo": tempo, "maxAllowedUids": seats, "maxAllowedValidators": seats.min(3),
                "commitReveal": commit_reveal,
            });
            let mut subnet = json!({ "netuid": netuid, "parameters": parameters });
            if netuid < 4 {
                let hotkey = COLDKEYS + netuid;
                subnet["owner"] = json!({ "coldkey": account(owner(hotkey)), "hotkey": account(hotkey) });
            }
            subnet
        });
        json!({
            "balances": { "balances": balances },
            "sudo": { "key": account(0) },
            "staking": { "stakes": stakes },
            "subnets": {
                "networkParameters": {
                    "subnetLimit": 6, "networkImmunityPeriod": 5, "networkMinLockCost": 5 * RAO_PER_TAO,
                    "networkLockReductionInterval": 10, "networkLockVesting": 20, "takeNotice": 3,
                    "ownerHotkeyRateLimit": 2, "adminFreezeWindow": 1,
                    "txDelegateTakeRateLimit": 2, "txChildkeyTakeRateLimit": 2, "pendingChildkeyCooldown": 3,
                    "targetStakesPerInterval": 8, "stakeInterval": 8, "nominatorMinRequiredStake": RAO_PER_TAO / 10,
                    "coldkeySwapAnnouncementDelay": 3, "coldkeySwapReannouncementDelay": 2, "minRateLimit": 1,
                    "minWorkDifficulty": 4,
                },
                "defaultParameters": {
                    "tempo": 4, "immunityPeriod": 16, "weightsSetRateLimit": 1, "servingRateLimit": 1,
                    "adjustmentInterval": 5, "targetRegistrationsPerInterval": 4, "maxRegistrationsPerBlock": 4,
                    "maxAllowedUids": 3, "maxAllowedValidators": 3, "powRegistrationAllowed": true,
                    "initialDifficulty": 4, "minDifficulty": 4, "maxDifficulty": 64, "maxBurn": RAO_PER_TAO,
                    "yuma3": self.yuma3, "liquidAlpha": self.liquid_alpha,
                },
                "rootParameters": {
                    "tempo": 6, "weightsSetRateLimit": 1, "maxAllowedUids": 3, "maxAllowedValidators": 3,
                    "maxRegistrationsPerBlock": 4, "targetRegistrationsPerInterval": 4, "adjustmentInterval": 5,
                },
                "subnets": subnets.collect::<Vec<_>>(),
            },
        })
    }
}

/// Returns the patch of a genesis with so many accounts, each of which nominates a hotkey.
pub(crate) fn crowd(accounts: u64) -> Value {
    let names = (0..accounts).map(|number| {
        let mut name = [1; 32];
        name[..8].copy_from_slice(&number.to_le_bytes());
        AccountId::new(name)
    });
    let names: Vec<AccountId> = names.collect();
    let balances: Vec<_> = names.iter().map(|name| (name.clone(), RAO_PER_TAO)).collect();
    let stakes: Vec<_> = names.into_iter().map(|name| (name, account(COLDKEYS), RAO_PER_TAO)).collect();
    json!({ "balances": { "balances": balances }, "staking": { "stakes": stakes } })
}
