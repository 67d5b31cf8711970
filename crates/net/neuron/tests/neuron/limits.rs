//! The defaults, as the documentation has them.

use myelin_neuron::AxonLimits;
use std::{fs, path::Path, time::Duration};

/// Returns a number with thin groups of three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(" ")
}

fn bytes(number: usize) -> String {
    if number.is_multiple_of(1 << 20) { format!("{} MiB", number >> 20) } else { format!("{} KiB", number >> 10) }
}

fn time(time: Duration) -> String {
    if time.as_secs() > 120 { format!("{} min", time.as_secs() / 60) } else { format!("{} s", time.as_secs_f64()) }
}

#[test]
fn nh_m11_the_defaults_are_those_of_the_documentation() {
    // Each field is named here, so that a new one is not forgotten.
    let AxonLimits {
        connections,
        connections_each,
        known_time,
        first_head_time,
        head_time,
        body_time,
        write_stall,
        connection_time,
        head,
        headers,
        body,
        bodies,
        bodies_each,
        unproven_body,
        unproven,
        unproven_each,
        failures,
        failure_refill,
        per_caller,
        workers,
        waiting,
        answer_time,
        stop_time,
        replay,
    } = AxonLimits::default();
    let failure_count = usize::try_from(failures).unwrap();
    let refill = 1_000 / failure_refill.as_millis();
    let keep = Duration::from_nanos(replay.keep);
    let lines = [
        format!(
            "| Connections | {}, a quarter of them for known addresses | {connections_each}; {} for a block of 2^80 |",
            grouped(connections),
            4 * connections_each
        ),
        format!("| Known addresses | | {} from the last admitted request |", time(known_time)),
        format!("| First head of a connection, with the TLS handshake | {} |", time(first_head_time)),
        format!(
            "| Head of a request | {}, {headers} headers, {} from the answer before it |",
            bytes(head),
            time(head_time)
        ),
        format!("| Body | {}, and less for most classes; {} |", bytes(body), time(body_time)),
        format!(
            "| Body of an unknown address before its signature is verified | {}, {} of all |  {} |",
            bytes(unproven_body),
            bytes(unproven),
            bytes(unproven_each)
        )
        .replace("|  ", "| "),
        format!(
            "| Bytes after a refused request | {}, {}; {} of all | {} |",
            bytes(body),
            time(body_time),
            bytes(bodies),
            bytes(bodies_each)
        ),
        format!("| Bodies in memory, and 64 bytes for each value | {} | {} |", bytes(bodies), bytes(bodies_each)),
        format!(
            "| Requests that fail before admission | | {failure_count}, and {refill} more a second; four times as many for a block of 2^80 |"
        ),
        format!("| Requests of one hotkey at a time | | {per_caller}, of which {} run |", workers / 8),
        format!("| Running requests, waiting requests | {workers}, {waiting} |"),
        format!("| Answer | {} from the head of the request to the last byte", time(answer_time)),
        format!("| A peer that reads nothing | {} |", time(write_stall)),
        format!("| Age of a connection | {} |", time(connection_time)),
        format!(
            "| Nonces in the replay window | {} of {} callers with a seat, and as many of others; {} | {} of each caller |",
            grouped(replay.total),
            grouped(replay.callers),
            time(keep),
            grouped(replay.per_caller)
        ),
        format!("| Stop | {} |", time(stop_time)),
    ];
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/neurons.md");
    let page = fs::read_to_string(page).unwrap();
    for line in lines {
        assert!(
            page.lines().any(|other| other.starts_with(&line)),
            "docs/neurons.md has no line that begins with\n{line}"
        );
    }
}
