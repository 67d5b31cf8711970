//! Bonds: their movement towards weights, and the dividends that they earn.

use crate::{
    Snapshot,
    alpha::{Rates, mix},
    consensus::clipped,
    params::{Bonds, Params, q32},
    share::{Divisor, fraction, product},
    sparse::{Cell, Columns, Rows, RowsBuilder, normalise, union},
    trace::{BondObserver, BondTrace},
    vector,
};
use alloc::vec::Vec;
use myelin_primitives::{BlockNumber, Entry, Q32};

/// The results of an epoch before its bonds.
pub(crate) struct BondInputs<'a> {
    /// Weights that count, `W`.
    pub(crate) weights: &'a Columns,
    /// Consensus weights, `C`.
    pub(crate) consensus: &'a [Q32],
    /// Active stake, `A`.
    pub(crate) active_stake: &'a [Q32],
    /// Incentive, `I`.
    pub(crate) incentive: &'a [Q32],
    /// New permits. Only rows with a permit are stored.
    pub(crate) permits: &'a [bool],
}

impl BondInputs<'_> {
    /// Returns the columns of each miner, in the order of uids.
    fn miners<'b>(&'b self, old: &'b Columns) -> impl Iterator<Item = MinerColumn<'b>> {
        let columns = self.weights.iter().zip(old.iter()).zip(self.consensus.iter().zip(self.incentive));
        (0..=u16::MAX).zip(columns).map(|(uid, ((weights, bonds), (consensus, incentive)))| MinerColumn {
            uid,
            weights,
            bonds,
            consensus: *consensus,
            incentive: *incentive,
        })
    }
}

/// The columns of one miner in all matrices and vectors.
struct MinerColumn<'a> {
    uid: u16,
    weights: &'a [Cell],
    bonds: &'a [Cell],
    consensus: Q32,
    incentive: Q32,
}

/// Bonds after an epoch.
pub(crate) struct RenewedBonds {
    /// Rows to store, `E`. In the classic form the largest value of each column is scaled to one.
    pub(crate) bonds: Vec<Vec<Entry>>,
    /// Each row's part of the dividends, `D`.
    pub(crate) dividends: Vec<Q32>,
}

/// Returns new bonds and dividends. spec yuma §3.8 to §3.11.
pub(crate) fn renew<R: AsRef<[Entry]>>(
    subnet: &Snapshot<'_, R>,
    params: &Params,
    evidence: &BondInputs<'_>,
    witness: &mut impl BondObserver,
) -> RenewedBonds {
    let old = surviving(subnet, params.tempo);
    let sizes = subnet.weight_rows().zip(subnet.bond_rows()).map(|(weights, bonds)| weights.len().max(bonds.len()));
    let ledger = RowsBuilder::new(evidence.permits, sizes);
    let penalty = Penalty::from(q32(params.bonds_penalty));
    let rate = Q32::ONE - q32(params.bonds_moving_average);
    match params.bonds {
        Bonds::Classic => classic(evidence, old, ledger, penalty, rate, witness),
        Bonds::PerPair { liquid_alpha } => {
            let agreed = evidence.consensus.iter().any(|consensus| consensus.is_positive());
            let pace = match liquid_alpha.filter(|_| agreed) {
                Some(alpha) => Pace::Individual(alpha.into()),
                None => Pace::Common(rate),
            };
            per_pair(evidence, old, ledger, penalty, &pace, witness)
        }
    }
}

/// Returns old bonds as stored, without those on miners registered since the epoch before. spec yuma §3.9.
fn surviving<R: AsRef<[Entry]>>(subnet: &Snapshot<'_, R>, tempo: BlockNumber) -> Rows {
    let since = match subnet.last_epoch_block {
        Some(block) => block.saturating_add(1),
        None => subnet.block.saturating_sub(tempo),
    };
    let registered_at = subnet.registrations();
    let entries = subnet.bond_rows().map(<[Entry]>::len).fold(0, usize::saturating_add);
    let mut rows = Rows::with_capacity(subnet.neurons(), entries);
    for row in subnet.bond_rows() {
        rows.push(row, |column| registered_at.get(column).is_some_and(|block| *block < since));
    }
    rows
}

/// The treatment of weights above consensus by bonds. spec yuma §3.8.
#[derive(Clone, Copy)]
enum Penalty {
    /// No penalty: bonds follow the given weight.
    None,
    /// Full penalty: bonds follow the clipped weight.
    Full,
    /// Partial penalty: bonds follow a weight this far from the given to the clipped one.
    Part(Q32),
}

impl From<Q32> for Penalty {
    fn from(beta: Q32) -> Self {
        match beta {
            Q32::ZERO => Self::None,
            Q32::ONE => Self::Full,
            part => Self::Part(part),
        }
    }
}

impl Penalty {
    /// Returns the weight that bonds follow, `Wb`, or `None` if no entry is left.
    fn apply(self, weight: Q32, consensus: Q32) -> Option<Q32> {
        match self {
            Self::None => Some(weight),
            Self::Full => clipped(weight, consensus),
            Self::Part(beta) => {
                let mixed = mix(weight, clipped(weight, consensus).unwrap_or_default(), beta);
                mixed.is_positive().then_some(mixed)
            }
        }
    }
}

/// The rate at which per-pair bonds move.
enum Pace {
    Common(Q32),
    Individual(Rates),
}

/// Returns per-pair bonds and their dividends. spec yuma §3.10.
fn per_pair(
    evidence: &BondInputs<'_>,
    old: Rows,
    mut ledger: RowsBuilder,
    penalty: Penalty,
    pace: &Pace,
    witness: &mut impl BondObserver,
) -> RenewedBonds {
    let old = old.transposed(|_| fraction);
    let mut earned = alloc::vec![Q32::ZERO; evidence.active_stake.len()];
    let mut renewed: Vec<Cell> = Vec::new();
    for miner in evidence.miners(&old) {
        renewed.clear();
        let followed = |weight| penalty.apply(weight, miner.consensus);
        match pace {
            Pace::Common(rate) => at_common_rate(miner.weights, miner.bonds, *rate, followed, &mut renewed),
            Pace::Individual(rates) => {
                let rate = |_, weight, bond| rates.rate(miner.consensus, weight, bond);
                at_rates(miner.weights, miner.bonds, followed, rate, &mut renewed);
            }
        }
        if miner.incentive.is_positive() {
            let total = Divisor::new(renewed.iter().map(|cell| cell.value()).sum());
            for cell in &renewed {
                let share = total.divide(cell.value());
                let pays = product(share, miner.incentive);
                vector::add(&mut earned, cell.row(), pays);
                witness.bond(BondTrace::new(*cell, miner.uid, share, pays));
            }
        }
        ledger.enter(miner.uid, &renewed);
    }
    let by_stake = earned.into_iter().zip(evidence.active_stake).map(|(earned, stake)| earned * *stake);
    RenewedBonds { bonds: ledger.into_rows(), dividends: vector::normalised(by_stake.collect()) }
}

/// Appends to `renewed` one column of bonds, which all move at one rate. spec yuma §3.10, §3.11.
///
/// The column moves from `old` to the part of `new` that `followed` returns.
#[inline]
fn at_common_rate(
    new: &[Cell],
    old: &[Cell],
    rate: Q32,
    followed: impl Fn(Q32) -> Option<Q32>,
    renewed: &mut Vec<Cell>,
) {
    let rest = Q32::ONE - rate;
    union(new, old, |row, new, old| {
        let new = new.and_then(&followed).unwrap_or_default();
        let bond = product(rate, new) + product(rest, old.unwrap_or_default());
        if bond.is_positive() {
            renewed.push(Cell::new(row, bond));
        }
    });
}

/// Appends to `renewed` one column of bonds, each of which moves at its own rate. spec yuma §3.10.
///
/// The bonds move to the part of the weights that `followed` returns. The function `rate` receives a row, its weight
/// and its old bond, and returns the rate. A bond without a weight disappears; with a weight of zero it decays. A pair
/// without bond and weight has no rate, because its new bond is zero.
#[inline]
pub fn at_rates(
    weights: &[Cell],
    bonds: &[Cell],
    followed: impl Fn(Q32) -> Option<Q32>,
    rate: impl Fn(u16, Q32, Q32) -> Q32,
    renewed: &mut Vec<Cell>,
) {
    union(weights, bonds, |row, weight, bond| {
        let Some(weight) = weight.and_then(&followed) else { return };
        let bond = bond.unwrap_or_default();
        if weight == Q32::ZERO && bond == Q32::ZERO {
            return;
        }
        let rate = rate(row, weight, bond);
        let mixed = (product(Q32::ONE - rate, bond) + product(rate, weight).max(Q32::ZERO)).min(Q32::ONE);
        if mixed.is_positive() {
            renewed.push(Cell::new(row, mixed));
        }
    });
}

/// Returns classic bonds and their dividends. spec yuma §3.11.
fn classic(
    evidence: &BondInputs<'_>,
    old: Rows,
    mut ledger: RowsBuilder,
    penalty: Penalty,
    rate: Q32,
    witness: &mut impl BondObserver,
) -> RenewedBonds {
    // Only proportions within a column matter, so stored integers count as themselves times 2^-32.
    let old = old.transposed(|_| |value| Q32::from_bits(value.into()));
    let mut earned = alloc::vec![Q32::ZERO; evidence.active_stake.len()];
    let [mut held, mut bought, mut renewed] = [const { Vec::<Cell>::new() }; 3];
    for miner in evidence.miners(&old) {
        held.clear();
        held.extend_from_slice(miner.bonds);
        normalise(&mut held);
        bought.clear();
        bought.extend(miner.weights.iter().filter_map(|cell| {
            let stake = evidence.active_stake.get(usize::from(cell.row())).copied().unwrap_or_default();
            Some(Cell::new(cell.row(), product(stake, penalty.apply(cell.value(), miner.consensus)?)))
        }));
        normalise(&mut bought);
        renewed.clear();
        at_common_rate(&bought, &held, rate, Some, &mut renewed);
        normalise(&mut renewed);
        let largest = Divisor::new(renewed.iter().map(|cell| cell.value()).max().unwrap_or_default());
        for cell in &mut renewed {
            let pays = product(cell.value(), miner.incentive);
            vector::add(&mut earned, cell.row(), pays);
            witness.bond(BondTrace::new(*cell, miner.uid, cell.value(), pays));
            *cell = Cell::new(cell.row(), largest.divide(cell.value()));
        }
        ledger.enter(miner.uid, &renewed);
    }
    RenewedBonds { bonds: ledger.into_rows(), dividends: vector::normalised(earned) }
}
