//! Vectors of one or more consecutive epochs of a subnet.

use myelin_primitives::{Amount, BlockNumber, Entry, Fraction, Tao, Uid};
use myelin_yuma::{Bonds, EpochOutcome, LiquidAlpha, Params, Snapshot, Stake, epoch};
use serde::Deserialize;
use std::{collections::BTreeMap, fmt::Debug};

#[derive(Deserialize)]
pub(crate) struct Scenario {
    params: Parameters,
    epochs: Vec<Epoch>,
}

#[derive(Deserialize)]
struct Parameters {
    n: usize,
    profile: Profile,
    kappa: u16,
    bonds_penalty: u16,
    alpha_low: u16,
    alpha_high: u16,
    alpha_sigmoid_steepness: i16,
    bonds_moving_average: u32,
    yuma3: bool,
    liquid_alpha: bool,
    max_allowed_validators: u16,
    activity_cutoff: BlockNumber,
    tempo: BlockNumber,
    stake_threshold: u64,
    owner_uid: Option<Uid>,
    emission: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Profile {
    Current,
}

#[derive(Deserialize)]
struct Epoch {
    block: i64,
    stake: Vec<u64>,
    registered_at: Vec<i64>,
    last_update: Vec<i64>,
    weights: Vec<Vec<Entry>>,
    last_epoch_block: Option<i64>,
    commit_blocks: Option<Vec<Option<i64>>>,
    emission: Option<u64>,
    permits: Option<Vec<bool>>,
    bonds: Option<Vec<Vec<Entry>>>,
    #[serde(default)]
    replaced: Vec<Uid>,
    #[serde(default)]
    reset_bonds_for: Vec<Uid>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    active: Vec<bool>,
    permits: Vec<bool>,
    stake_weight: Vec<u16>,
    consensus: Vec<u16>,
    validator_trust: Vec<u16>,
    incentive: Vec<u16>,
    dividends: Vec<u16>,
    emission: Vec<u64>,
    server_emission: Vec<u64>,
    validator_emission: Vec<u64>,
    bonds: Vec<Vec<Entry>>,
}

impl Epoch {
    fn blocks(&self) -> impl Iterator<Item = i64> {
        let commits = self.commit_blocks.iter().flatten().flatten();
        [&self.block].into_iter().chain(&self.registered_at).chain(&self.last_update).chain(commits).copied()
    }
}

/// A first block from which blocks are counted, so that all blocks of a scenario are block numbers.
///
/// Scenarios may start in the middle of a story whose earlier blocks are below zero. The rules only compare blocks and
/// take their differences. The one exception is the first epoch's limit of recent registrations, which is never below
/// zero.
#[derive(Clone, Copy)]
struct Calendar {
    start: i64,
}

impl Calendar {
    fn of(epochs: &[Epoch]) -> Self {
        Self { start: epochs.iter().flat_map(Epoch::blocks).min().unwrap_or(0).min(0) }
    }

    fn block(self, block: i64) -> Result<BlockNumber, String> {
        BlockNumber::try_from(block - self.start).map_err(|_| format!("malformed: block {block}"))
    }

    fn blocks(self, blocks: &[i64]) -> Result<Vec<BlockNumber>, String> {
        blocks.iter().map(|block| self.block(*block)).collect()
    }

    /// Returns the block of the epoch before.
    ///
    /// With another first block, the first epoch gets one that makes the same registrations recent.
    fn last_epoch(self, now: &Epoch, tempo: BlockNumber) -> Result<Option<BlockNumber>, String> {
        let before = now.last_epoch_block.filter(|block| *block > 0);
        let first = (self.start < 0).then(|| (now.block - i64::from(tempo)).max(0) - 1);
        self.maybe(before.or(first))
    }

    /// Returns a block number if there is a block.
    fn maybe(self, block: Option<i64>) -> Result<Option<BlockNumber>, String> {
        block.map(|block| self.block(block)).transpose()
    }
}

pub(crate) fn replay(scenario: Scenario) -> Result<(), String> {
    let Scenario { params: parameters, epochs } = scenario;
    let params = params(&parameters)?;
    let mut permits = vec![false; parameters.n];
    let mut bonds = vec![Vec::new(); parameters.n];
    if epochs.is_empty() {
        return Err("malformed: no epochs".into());
    }
    let calendar = Calendar::of(&epochs);
    for (number, now) in epochs.iter().enumerate() {
        let rao = now.stake.iter().map(|stake| Stake::from(Amount::from_rao(*stake)));
        let stake: Vec<Stake> = rao.collect();
        if stake.len() != parameters.n {
            return Err(format!("malformed: epoch {number} has {} stakes for {} neurons", stake.len(), parameters.n));
        }
        permits = now.permits.clone().unwrap_or(permits);
        bonds = now.bonds.clone().unwrap_or(bonds);
        for uid in &now.replaced {
            let known = permits.get_mut(usize::from(*uid)).zip(bonds.get_mut(usize::from(*uid)));
            let (permit, row) = known.ok_or_else(|| format!("malformed: epoch {number} replaces uid {uid}"))?;
            *permit = false;
            row.clear();
        }
        for row in &mut bonds {
            row.retain(|entry| !now.reset_bonds_for.contains(&entry.uid));
        }
        let last_epoch_block = calendar.last_epoch(now, parameters.tempo)?;
        let commit_blocks: Option<Vec<_>> = now
            .commit_blocks
            .as_ref()
            .map(|blocks| blocks.iter().map(|block| calendar.maybe(*block)).collect::<Result<_, _>>())
            .transpose()?;
        let outcome = epoch(
            &Snapshot {
                block: calendar.block(now.block)?,
                last_epoch_block,
                emission: Amount::from_rao(now.emission.unwrap_or(parameters.emission)),
                owner: parameters.owner_uid,
                stake: &stake,
                registered_at: &calendar.blocks(&now.registered_at)?,
                last_update: &calendar.blocks(&now.last_update)?,
                weights: &now.weights,
                bonds: &bonds,
                permits: &permits,
                commit_blocks: commit_blocks.as_deref(),
            },
            &params,
        );
        compare(&outcome, &now.expected).map_err(|fault| format!("epoch {number}: {fault}"))?;
        permits = outcome.permits;
        bonds = outcome.bonds;
    }
    Ok(())
}

fn params(parameters: &Parameters) -> Result<Params, String> {
    let Profile::Current = parameters.profile;
    let liquid_alpha = LiquidAlpha {
        low: Fraction::from_u16(parameters.alpha_low),
        high: Fraction::from_u16(parameters.alpha_high),
        steepness: parameters.alpha_sigmoid_steepness,
    };
    Ok(Params {
        kappa: Fraction::from_u16(parameters.kappa),
        activity_cutoff: parameters.activity_cutoff,
        max_allowed_validators: parameters.max_allowed_validators,
        stake_threshold: parameters.stake_threshold,
        tempo: parameters.tempo,
        bonds_penalty: Fraction::from_u16(parameters.bonds_penalty),
        bonds_moving_average: Fraction::from_ppm(parameters.bonds_moving_average)
            .map_err(|error| format!("malformed: bonds_moving_average: {error}"))?,
        bonds: if parameters.yuma3 {
            Bonds::PerPair { liquid_alpha: parameters.liquid_alpha.then_some(liquid_alpha) }
        } else {
            Bonds::Classic
        },
    })
}

fn compare(outcome: &EpochOutcome, expected: &Expected) -> Result<(), String> {
    let rao = |amounts: &[Amount<Tao>]| -> Vec<u64> { amounts.iter().map(|amount| amount.rao()).collect() };
    same("active", &outcome.active, &expected.active)?;
    same("permits", &outcome.permits, &expected.permits)?;
    same("stake_weight", &outcome.stake_weight, &expected.stake_weight)?;
    same("consensus", &outcome.consensus, &expected.consensus)?;
    same("validator_trust", &outcome.validator_trust, &expected.validator_trust)?;
    same("incentive", &outcome.incentive, &expected.incentive)?;
    same("dividends", &outcome.dividends, &expected.dividends)?;
    same("emission", &rao(&outcome.emission), &expected.emission)?;
    same("server_emission", &rao(&outcome.server_emission), &expected.server_emission)?;
    same("validator_emission", &rao(&outcome.validator_emission), &expected.validator_emission)?;
    let entries = |rows: &[Vec<Entry>]| -> Vec<BTreeMap<Uid, u16>> {
        let listed = |row: &Vec<Entry>| row.iter().filter(|entry| entry.value > 0).map(|e| (e.uid, e.value)).collect();
        rows.iter().map(listed).collect()
    };
    same("bonds", &entries(&outcome.bonds), &entries(&expected.bonds))
}

fn same<T: PartialEq + Debug>(what: &str, got: &[T], expected: &[T]) -> Result<(), String> {
    if got.len() != expected.len() {
        return Err(format!("{what} has {} elements, expected {}", got.len(), expected.len()));
    }
    match got.iter().zip(expected).enumerate().find(|(_, (got, expected))| got != expected) {
        None => Ok(()),
        Some((uid, (got, expected))) => Err(format!("{what} of uid {uid} is {got:?}, expected {expected:?}")),
    }
}
