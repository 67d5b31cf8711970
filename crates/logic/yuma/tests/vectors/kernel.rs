//! Vectors of single functions.

use myelin_primitives::{Amount, Entry, Fraction, Q32, Uid};
use myelin_yuma::{
    LiquidAlpha, MechanismShares,
    kernel::{Cell, Rates, Scratch, Voters, at_rates, logistic, mix, top_k},
    max_upscale, split_emission,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

#[derive(Deserialize)]
pub(crate) struct Kernel {
    function: String,
    tolerance: f64,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "in")]
    input: Value,
    out: Value,
    tolerance: Option<f64>,
}

pub(crate) fn replay(kernel: Kernel) -> Result<(), String> {
    let function = match kernel.function.as_str() {
        "bond_rates" => bond_rates,
        "liquid_alpha_q32" => liquid_alpha,
        "logistic" => logistic_at,
        "max_upscale_u16" => upscale,
        "mix" => mixture,
        "split_emission" => split,
        "top_k" => largest,
        "weighted_median" => median_of_decimals,
        "weighted_median_q32" => median,
        unknown => return Err(format!("malformed: no function `{unknown}`")),
    };
    if kernel.cases.is_empty() {
        return Err("malformed: no cases".into());
    }
    for (number, case) in kernel.cases.into_iter().enumerate() {
        let got = function(case.input).map_err(|error| format!("case {number}: {error}"))?;
        let tolerance = case.tolerance.unwrap_or(kernel.tolerance);
        if !close(&got, &case.out, tolerance) {
            return Err(format!("case {number}: got {got}, expected {} within {tolerance}", case.out));
        }
    }
    Ok(())
}

/// Returns true if both values are equal in shape, and number by number within the tolerance.
fn close(got: &Value, expected: &Value, tolerance: f64) -> bool {
    match (got, expected) {
        (Value::Array(got), Value::Array(expected)) => {
            got.len() == expected.len() && got.iter().zip(expected).all(|(g, e)| close(g, e, tolerance))
        }
        (Value::Number(got), Value::Number(expected)) => match (got.as_i64(), expected.as_i64(), tolerance) {
            (Some(got), Some(expected), 0.0) => got == expected,
            _ => got.as_f64().zip(expected.as_f64()).is_some_and(|(got, expected)| (got - expected).abs() <= tolerance),
        },
        _ => got == expected,
    }
}

fn read<T: DeserializeOwned>(input: Value) -> Result<T, String> {
    serde_json::from_value(input).map_err(|error| format!("malformed: {error}"))
}

#[expect(clippy::cast_possible_truncation, reason = "vectors hold small decimals")]
fn q32(decimal: f64) -> Q32 {
    Q32::from_bits((decimal * 2_f64.powi(32)).round() as i64)
}

#[expect(clippy::cast_precision_loss, reason = "compared with a tolerance")]
fn decimal(number: Q32) -> f64 {
    number.to_bits() as f64 / 2_f64.powi(32)
}

fn bond_rates(input: Value) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Input {
        weights: Vec<Vec<(u16, f64)>>,
        bonds: Vec<Vec<(u16, f64)>>,
        rates: Vec<Vec<f64>>,
    }
    let Input { weights, bonds, rates } = read(input)?;
    let cells =
        |line: &[(u16, f64)]| -> Vec<Cell> { line.iter().map(|(at, value)| Cell::new(*at, q32(*value))).collect() };
    // The rule is the same along rows, which the vectors give, as along columns.
    let renewed = weights.iter().zip(&bonds).zip(&rates).map(|((weights, bonds), rates)| {
        let rate = |at: u16, _, _| rates.get(usize::from(at)).copied().map(q32).unwrap_or_default();
        let mut renewed = Vec::new();
        at_rates(&cells(weights), &cells(bonds), Some, rate, &mut renewed);
        renewed.into_iter().map(|cell| (cell.row(), decimal(cell.value()))).collect()
    });
    Ok(renewed.collect::<Vec<Vec<(u16, f64)>>>().into_iter().map(|row| serde_json::json!(row)).collect())
}

fn liquid_alpha(input: Value) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Input {
        consensus: i64,
        weight: i64,
        bond: i64,
        alpha_low: u16,
        alpha_high: u16,
        alpha_sigmoid_steepness: i16,
    }
    let input: Input = read(input)?;
    let rates = Rates::from(LiquidAlpha {
        low: Fraction::from_u16(input.alpha_low),
        high: Fraction::from_u16(input.alpha_high),
        steepness: input.alpha_sigmoid_steepness,
    });
    let [consensus, weight, bond] = [input.consensus, input.weight, input.bond].map(Q32::from_bits);
    Ok(rates.rate(consensus, weight, bond).to_bits().into())
}

fn logistic_at(input: Value) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Input {
        x: f64,
        slope: f64,
        centre: f64,
    }
    let Input { x, slope, centre } = read(input)?;
    Ok(decimal(logistic(q32(x), q32(slope), q32(centre))).into())
}

fn upscale(input: Value) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Input {
        values: Vec<u16>,
    }
    let Input { values } = read(input)?;
    let mut row: Vec<Entry> = (0..).map(Uid::new).zip(values).map(|(uid, value)| Entry::new(uid, value)).collect();
    max_upscale(&mut row);
    Ok(row.into_iter().map(|entry| entry.value).collect())
}

fn mixture(input: Value) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Input {
        from: f64,
        to: f64,
        ratio: f64,
    }
    let Input { from, to, ratio } = read(input)?;
    Ok(decimal(mix(q32(from), q32(to), q32(ratio))).into())
}

fn split(input: Value) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Input {
        emission: u64,
        mechanisms: u16,
        shares: Option<Vec<u16>>,
    }
    let Input { emission, mechanisms, shares } = read(input)?;
    let shares: Option<Vec<Fraction>> = shares.map(|shares| shares.into_iter().map(Fraction::from_u16).collect());
    let parts = split_emission(
        Amount::from_rao(emission),
        shares.as_deref().map_or(MechanismShares::Equal(mechanisms), MechanismShares::Fixed),
    );
    Ok(parts.into_iter().map(Amount::rao).collect())
}

fn largest(input: Value) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Input {
        values: Vec<u64>,
        k: usize,
        require_nonzero: bool,
    }
    let Input { values, k, require_nonzero } = read(input)?;
    let top = top_k(&values, k);
    Ok(top.into_iter().zip(values).map(|(top, value)| top && (value > 0 || !require_nonzero)).collect())
}

fn median_of_decimals(input: Value) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Input {
        stake: Vec<f64>,
        score: Vec<f64>,
        kappa: f64,
    }
    let Input { stake, score, kappa } = read(input)?;
    let of = |decimals: Vec<f64>| -> Vec<Q32> { decimals.into_iter().map(q32).collect() };
    Ok(decimal(agreed(&of(stake), &of(score), q32(kappa))).into())
}

fn median(input: Value) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Input {
        stake: Vec<i64>,
        score: Vec<i64>,
        kappa: u16,
    }
    let Input { stake, score, kappa } = read(input)?;
    let of = |bits: Vec<i64>| -> Vec<Q32> { bits.into_iter().map(Q32::from_bits).collect() };
    Ok(agreed(&of(stake), &of(score), Q32::from_u16_fraction(kappa)).to_bits().into())
}

fn agreed(stake: &[Q32], score: &[Q32], kappa: Q32) -> Q32 {
    let column: Vec<Cell> = (0..).zip(score).map(|(row, score)| Cell::new(row, *score)).collect();
    Voters::new(stake, kappa).consensus(&column, &mut Scratch::new())
}
