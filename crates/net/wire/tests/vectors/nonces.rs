//! `nonces.json`: a sequence of requests against one axon.
//!
//! The recorded library accepts requests that this crate refuses. Each such step must have one of the weaknesses that
//! the specification names, found here from the step alone. All other steps must end as recorded.

use crate::{class_of, file, flag, get, int, list, optional, pairs, replay, same, text};
use myelin_wire::{
    Headers, ReceivedRequest,
    python::{Value, parse_float, parse_int},
    replay::{ReplayLimits, ReplayWindow},
    v1::{Classes, Freshness, UnsignedFields, V1Door, V1Refusal},
};

/// The first version that the recorded library asks for its time.
const FIRST_WITH_WINDOW: i128 = 7_002_000;

/// Rounding of the recorded library, in nanoseconds. spec neuron-protocol §6.
const ROUNDING: i128 = 256;

/// Limits wide enough for the timeouts of the file, so that its edges are the edges here.
const WIDE: Freshness =
    Freshness { grace: 4_000_000_000, longest_timeout: 2_000_000_000_000_000_000, ahead: 4_000_000_000 };

#[test]
fn steps() {
    let Some(file) = file("nonces.json") else { return };
    let classes = Classes::new([class_of("OneStr", [("text", "str = \"\"")], &["text"])]);
    let here = myelin_wire::from_ss58(text(&file, "axon_hotkey")).unwrap();
    let door = V1Door { here, classes: &classes, freshness: WIDE, unsigned_fields: UnsignedFields::Pass };
    let keep = WIDE.grace + WIDE.longest_timeout;
    let mut window = ReplayWindow::new(ReplayLimits { keep, ..ReplayLimits::default() });
    // The nonces that this crate should store, by the key of the recorded library.
    let mut stored = std::collections::BTreeMap::<String, i128>::new();

    replay("nonces.json steps", list(&file, "steps"), |step| {
        let headers: Headers =
            pairs(get(step, "headers")).map(|(name, value)| (name, value.as_text().unwrap())).collect();
        let received = ReceivedRequest { method: "POST", target: "/OneStr", headers: &headers };
        let now = u64::try_from(int(get(step, "now_ns"))).unwrap();
        let ours = door.open(received, now).and_then(|authentic| authentic.admit(&mut window, now));

        let header = |name: &str| headers.get(&format!("bt_header_dendrite_{name}"));
        let number = |name: &str| header(name).and_then(parse_int).and_then(|number| number.to_i128());
        let nonce = number("nonce");
        let key = format!("{}:{}", header("hotkey").unwrap_or_default(), header("uuid").unwrap_or_default());
        let timeout = headers.get("timeout").map_or(0.0, |text| parse_float(text).unwrap());
        let age = nonce.map_or(0, |nonce| i128::from(now) - nonce);
        #[expect(clippy::cast_possible_truncation, reason = "infinite timeouts are handled apart")]
        let allowed = i128::from(WIDE.grace).saturating_add((timeout * 1e9) as i128);

        let has_window = number("version").is_some_and(|version| version >= FIRST_WITH_WINDOW);
        let known = int_or_none(step, "stored_before");
        // The recorded rule, rounding included, so that the reasons below are those of the recording.
        #[expect(clippy::cast_precision_loss, reason = "the recorded library rounds as well")]
        let edge = (i128::from(now) - i128::from(WIDE.grace)) as f64 - timeout * 1e9;
        #[expect(clippy::cast_possible_truncation, reason = "a whole number of nanoseconds")]
        let is_late = |nonce: i128| match timeout {
            0.0 => age >= i128::from(WIDE.grace),
            _ => edge.is_finite() && nonce <= edge as i128,
        };
        let recorded = nonce.is_some_and(|nonce| match known {
            Some(last) => nonce > last,
            None => !(has_window && is_late(nonce)),
        });
        let error = optional(step, "error").and_then(Value::as_text).unwrap_or("Nonce");
        if error.contains("Nonce") {
            same("recorded", flag(step, "accepted"), recorded)?;
        }
        let known = known.is_some();
        let weakness = [
            ("unsigned", header("signature").unwrap_or_default().is_empty()),
            ("from the future", -age > i128::from(WIDE.ahead)),
            ("timeout without end", !timeout.is_finite()),
            ("no window for old versions", !has_window && age >= allowed),
            ("no window for known clients", known && age >= allowed),
            ("rounding", (allowed.saturating_sub(ROUNDING)..allowed.saturating_add(ROUNDING)).contains(&age)),
        ]
        .into_iter()
        .find_map(|(name, holds)| holds.then_some(name));
        // Recorded as a replay of a request that was never accepted here.
        let follows_weakness = int_or_none(step, "stored_before") != stored.get(&key).copied();

        if ours.is_ok() {
            stored.insert(key, nonce.ok_or("accepted without a nonce")?);
        }
        match (flag(step, "accepted"), &ours) {
            (true, Ok(_)) => Ok(()),
            (true, Err(refused)) => {
                weakness.map(|_| ()).ok_or_else(|| format!("refused: {}", refused.refusal.reason()))
            }
            (false, Ok(_)) if follows_weakness => Ok(()),
            (false, Ok(_)) => Err("accepted".to_owned()),
            // Refused here for the weakness, before the recorded reason.
            (false, Err(_)) if weakness.is_some() => Ok(()),
            (false, Err(refused)) => {
                let V1Refusal::Unverified(reason) = &refused.refusal else { return Err("another refusal".to_owned()) };
                // Our text does not repeat the text to sign.
                same("text", error.starts_with(&reason.to_string()), true)
            }
        }
    });
}

fn int_or_none(step: &Value, key: &str) -> Option<i128> {
    optional(step, key).map(int)
}

#[test]
fn edges() {
    let Some(file) = file("nonces.json") else { return };
    replay("nonces.json window", list(&file, "window"), |case| {
        let now = u64::try_from(int(get(case, "now_ns"))).unwrap();
        let timeout = optional(case, "timeout").map(|timeout| match timeout {
            Value::Float(seconds) => *seconds,
            other => panic!("not a float: {other:?}"),
        });
        let largest_refused = int(get(case, "oldest_rejected_ns"));
        let rounding = if text(case, "python_type") == "float" { ROUNDING } else { 0 };
        let is_fresh = |nonce| WIDE.check(Some(nonce), timeout, now).is_ok();
        same("at the edge", is_fresh(largest_refused - rounding), false)?;
        same("past the edge", is_fresh(largest_refused + 1 + rounding), true)
    });
}
