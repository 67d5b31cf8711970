//! The epoch as the specification describes it: dense, slow and without regard to cost.
//!
//! Numbers are plain 128-bit integers that count 2^-32, and `None` is a missing entry. Every step is a loop over all
//! neurons. Tests compare this epoch with `myelin_yuma::epoch`, and benches show the gain of the sparse form.

#![expect(
    clippy::many_single_char_names,
    clippy::needless_range_loop,
    clippy::too_many_lines,
    reason = "names, loops and order are those of the specification"
)]

use myelin_primitives::{Amount, Entry, Fraction, Q32, Uid};
use myelin_yuma::{Bonds, EpochOutcome, ExactShares, LiquidAlpha, Params, Snapshot, Stake};

type Vector = Vec<i128>;
type Matrix = Vec<Vec<Option<i128>>>;

const ONE: i128 = 1 << 32;

pub(crate) fn epoch<R: AsRef<[Entry]>>(subnet: &Snapshot<'_, R>, params: &Params) -> EpochOutcome {
    let n = subnet.stake.len();
    let block = i128::from(subnet.block);
    let is_owner = |i: usize| subnet.owner == Some(uid(i));
    // The meaning of missing elements: not registered long enough ago, never updated, committed at genesis.
    let registered_at = |j: usize| subnet.registered_at.get(j).map_or(i128::MAX, |block| i128::from(*block));
    let last_update = |i: usize| subnet.last_update.get(i).map(|block| i128::from(*block));

    // 3.1
    let cutoff = i128::from(params.activity_cutoff);
    let active: Vec<bool> = (0..n).map(|i| last_update(i).is_some_and(|update| update + cutoff >= block)).collect();

    // 3.2
    let counted: Vec<Stake> = (0..n)
        .map(|i| {
            let too_small = subnet.stake[i].whole() < params.stake_threshold;
            if too_small && !is_owner(i) { Stake::ZERO } else { subnet.stake[i] }
        })
        .collect();
    let s = stake_shares(&counted);

    // 3.3
    let mut by_stake: Vec<usize> = (0..n).collect();
    by_stake.sort_by_key(|i| (s[*i], *i));
    let largest = &by_stake[n.saturating_sub(usize::from(params.max_allowed_validators))..];
    let new: Vec<bool> = (0..n).map(|i| largest.contains(&i) && s[i] > 0 || is_owner(i)).collect();
    let old: Vec<bool> = (0..n).map(|i| subnet.permits.get(i) == Some(&true) || is_owner(i)).collect();

    // 3.4
    let a = norm((0..n).map(|i| if active[i] && old[i] { s[i] } else { 0 }).collect());

    // 3.5
    let mut w = dense(n, subnet.weights, i128::from);
    for i in 0..n {
        for j in 0..n {
            let without_permit = !old[i];
            let own = i == j && !is_owner(i);
            let outdated = last_update(i).is_none_or(|update| update <= registered_at(j));
            let committed_before = match subnet.commit_blocks {
                None => false,
                Some(blocks) => {
                    let commit = blocks.get(i).copied().unwrap_or(Some(0));
                    commit.is_some_and(|commit| i128::from(commit) < registered_at(j))
                }
            };
            if without_permit || own || outdated || committed_before {
                w[i][j] = None;
            }
        }
        let total: i128 = w[i].iter().flatten().sum();
        for value in w[i].iter_mut().flatten() {
            *value = div(*value, total);
        }
    }

    // 3.6
    let kappa = number(params.kappa);
    let c: Vector =
        (0..n).map(|j| weighted_median(&a, &(0..n).map(|i| w[i][j].unwrap_or(0)).collect(), kappa)).collect();

    // 3.7
    let mut wc = w.clone();
    for row in &mut wc {
        for j in 0..n {
            row[j] = match row[j] {
                Some(weight) if weight > 0 && c[j] == 0 => None,
                Some(weight) => Some(weight.min(c[j])),
                None => None,
            };
        }
    }
    let vtrust: Vector = wc.iter().map(|row| row.iter().flatten().sum()).collect();
    let r = (0..n).map(|j| (0..n).map(|i| mul(a[i], wc[i][j].unwrap_or(0))).sum()).collect();
    let incentive = norm(r);

    // 3.8
    let beta = number(params.bonds_penalty);
    let wb = if beta == 0 {
        w.clone()
    } else if beta == ONE {
        wc.clone()
    } else {
        let mut mixed = w.clone();
        for i in 0..n {
            for j in 0..n {
                if let Some(weight) = w[i][j] {
                    let value = weight + mul(beta, wc[i][j].unwrap_or(0) - weight);
                    mixed[i][j] = if value > 0 { Some(value) } else { None };
                }
            }
        }
        mixed
    };

    // 3.9
    let since = match subnet.last_epoch_block {
        Some(last) => i128::from(last) + 1,
        None => (block - i128::from(params.tempo)).max(0),
    };
    let mut stored = dense(n, subnet.bonds, i128::from);
    for row in &mut stored {
        for j in 0..n {
            if since <= registered_at(j) {
                row[j] = None;
            }
        }
    }
    let rate = ONE - number(params.bonds_moving_average);

    let (bonds, dividends) = match params.bonds {
        // 3.10
        Bonds::PerPair { liquid_alpha } => {
            let mut b = stored;
            for value in b.iter_mut().flatten().flatten() {
                *value = *value * ONE / 65_535;
            }
            let mut e = absent(n);
            for i in 0..n {
                for j in 0..n {
                    e[i][j] = match liquid_alpha {
                        Some(alpha) if c.iter().any(|c| *c > 0) => wb[i][j].map(|weight| {
                            let bond = b[i][j].unwrap_or(0);
                            let rate = liquid_rate(&alpha, c[j], weight, bond);
                            (mul(ONE - rate, bond) + mul(rate, weight).max(0)).min(ONE)
                        }),
                        _ => average(rate, wb[i][j], b[i][j]),
                    }
                    .filter(|bond| *bond > 0);
                }
            }
            let shares = colnorm(&e);
            let earned = (0..n).map(|i| (0..n).map(|j| mul(shares[i][j].unwrap_or(0), incentive[j])).sum::<i128>());
            let dividends = norm(earned.zip(&a).map(|(earned, stake)| mul(earned, *stake)).collect());
            (e, dividends)
        }
        // 3.11
        Bonds::Classic => {
            let b = colnorm(&stored);
            let mut bought = wb.clone();
            for i in 0..n {
                for value in bought[i].iter_mut().flatten() {
                    *value = mul(a[i], *value);
                }
            }
            let bought = colnorm(&bought);
            let mut e = absent(n);
            for i in 0..n {
                for j in 0..n {
                    e[i][j] = average(rate, bought[i][j], b[i][j]).filter(|bond| *bond > 0);
                }
            }
            let e = colnorm(&e);
            let earned = (0..n).map(|i| (0..n).map(|j| mul(e[i][j].unwrap_or(0), incentive[j])).sum());
            (colmax(&e), norm(earned.collect()))
        }
    };

    // 3.12
    let t: i128 = incentive.iter().chain(&dividends).sum();
    let (server, validator, combined): (Vector, Vector, Vector) = if t > 0 {
        (
            incentive.iter().map(|i| div(*i, t)).collect(),
            dividends.iter().map(|d| div(*d, t)).collect(),
            incentive.iter().zip(&dividends).map(|(i, d)| div(i + d, t)).collect(),
        )
    } else {
        let stake = if a.iter().sum::<i128>() > 0 { &a } else { &s };
        (incentive.clone(), stake.clone(), stake.clone())
    };
    let amounts = |parts: Vector| -> Vec<_> {
        parts
            .into_iter()
            .map(|part| Amount::from_rao(narrow((part * i128::from(subnet.emission.rao())) >> 32)))
            .collect()
    };

    // 3.14
    let mut rows = vec![Vec::new(); n];
    for i in (0..n).filter(|i| new[*i]) {
        for j in 0..n {
            if let Some(bond) = bonds[i][j] {
                rows[i].push(Entry::new(uid(j), quantised(bond)));
            }
        }
    }

    EpochOutcome {
        active,
        permits: new,
        stake_weight: s.iter().copied().map(quantised).collect(),
        consensus: c.iter().copied().map(quantised).collect(),
        validator_trust: vtrust.into_iter().map(quantised).collect(),
        incentive: incentive.iter().copied().map(quantised).collect(),
        dividends: dividends.iter().copied().map(quantised).collect(),
        emission: amounts(combined),
        server_emission: amounts(server),
        validator_emission: amounts(validator),
        bonds: rows,
        exact: ExactShares {
            stake: exact(s),
            active_stake: exact(a),
            incentive: exact(incentive),
            dividends: exact(dividends),
        },
    }
}

fn uid(number: usize) -> Uid {
    Uid::new(narrow(number))
}

fn narrow<A, B: TryFrom<A>>(number: A) -> B {
    B::try_from(number).unwrap_or_else(|_| panic!("a number left its range"))
}

fn mul(a: i128, b: i128) -> i128 {
    (a * b) >> 32
}

fn div(a: i128, b: i128) -> i128 {
    if b == 0 { 0 } else { a * ONE / b }
}

fn number(fraction: Fraction) -> i128 {
    i128::from(fraction.of(1 << 32))
}

fn quantised(value: i128) -> u16 {
    narrow(((value * 65_535) >> 32).clamp(0, 65_535))
}

fn exact(values: Vector) -> Vec<Q32> {
    values.into_iter().map(|value| Q32::from_bits(narrow(value))).collect()
}

fn norm(values: Vector) -> Vector {
    let total: i128 = values.iter().sum();
    if total == 0 { values } else { values.into_iter().map(|value| div(value, total)).collect() }
}

fn absent(n: usize) -> Matrix {
    vec![vec![None; n]; n]
}

fn dense<R: AsRef<[Entry]>>(n: usize, rows: &[R], value: impl Fn(u16) -> i128) -> Matrix {
    let mut matrix = absent(n);
    for (dense, row) in matrix.iter_mut().zip(rows) {
        for entry in row.as_ref() {
            if let Some(cell) = dense.get_mut(usize::from(entry.uid)) {
                cell.get_or_insert(value(entry.value));
            }
        }
    }
    matrix
}

fn colnorm(matrix: &Matrix) -> Matrix {
    by_column(matrix, |column| column.iter().flatten().sum())
}

fn colmax(matrix: &Matrix) -> Matrix {
    by_column(matrix, |column| column.iter().flatten().copied().max().unwrap_or(0))
}

fn by_column(matrix: &Matrix, divisor: impl Fn(&[Option<i128>]) -> i128) -> Matrix {
    let mut divided = matrix.clone();
    for j in 0..matrix.len() {
        let column: Vec<Option<i128>> = matrix.iter().map(|row| row[j]).collect();
        let divisor = divisor(&column);
        for row in divided.iter_mut().filter(|_| divisor != 0) {
            row[j] = row[j].map(|value| div(value, divisor));
        }
    }
    divided
}

fn average(rate: i128, new: Option<i128>, old: Option<i128>) -> Option<i128> {
    match (new, old) {
        (None, None) => None,
        _ => Some(mul(rate, new.unwrap_or(0)) + mul(ONE - rate, old.unwrap_or(0))),
    }
}

/// Returns the largest score with enough support, or the smallest. It tries all scores one by one.
fn weighted_median(stake: &Vector, score: &Vector, kappa: i128) -> i128 {
    let voters: Vec<usize> = (0..stake.len()).filter(|i| stake[*i] > 0).collect();
    let stakes = norm(voters.iter().map(|i| stake[*i]).collect());
    let scores: Vector = voters.iter().map(|i| score[*i]).collect();
    let support =
        |w: i128| -> i128 { stakes.iter().zip(&scores).filter(|(_, score)| **score >= w).map(|(v, _)| v).sum() };
    let supported = scores.iter().copied().filter(|score| support(*score) >= kappa).max();
    supported.or(scores.iter().copied().min()).unwrap_or(0)
}

fn liquid_rate(alpha: &LiquidAlpha, consensus: i128, weight: i128, bond: i128) -> i128 {
    let (low, high) = (number(alpha.low), number(alpha.high));
    let gap = if weight >= bond { weight - consensus } else { bond - weight }.clamp(0, ONE);
    let steepness = div(i128::from(alpha.steepness) * ONE, -100 * ONE);
    let rate = div(ONE, ONE + exp(mul(steepness, gap - ONE / 2).clamp(-20 * ONE, 20 * ONE)));
    (low + mul(rate, high - low)).min(high).max(low)
}

fn exp(x: i128) -> i128 {
    if x == 0 {
        return ONE;
    }
    if x == ONE {
        return 22_802_600 * ONE / (1 << 23);
    }
    let mut term = ONE;
    let mut sum = ONE;
    for k in 1..=31 {
        term = div(mul(term, x.abs()), k * ONE);
        sum += term;
    }
    if x < 0 { div(ONE, sum) } else { sum }
}

/// Returns `floor(stake * 2^32 / sum)`, found by halving the range of the quotient.
fn stake_shares(stake: &[Stake]) -> Vector {
    let sum = |shift: u32| stake.iter().try_fold(0_u128, |sum, stake| sum.checked_add(stake.to_bits() >> shift));
    let (shift, total) = match sum(0) {
        Some(total) => (0, total),
        None => (16, sum(16).unwrap()),
    };
    let share = |stake: &Stake| {
        let (mut below, mut above) = (0_u128, (1 << 32) + 1);
        while above - below > 1 {
            let middle = u128::midpoint(below, above);
            if wide(middle, total) <= wide(1 << 32, stake.to_bits() >> shift) {
                below = middle;
            } else {
                above = middle;
            }
        }
        narrow(below)
    };
    if total == 0 { vec![0; stake.len()] } else { stake.iter().map(share).collect() }
}

/// Returns the product of a small and a large number in two limbs, the lower of which has 64 bits.
fn wide(small: u128, large: u128) -> (u128, u128) {
    let low = small * (large & u128::from(u64::MAX));
    (small * (large >> 64) + (low >> 64), low & u128::from(u64::MAX))
}
