//! Free calls: calls without a fee, which are checked before inclusion. spec events-and-errors §8.1.

/// The free calls by pallet.
///
/// A call is free as the call of a transaction. Inside of another call it is part of a call with a fee. Those of `Keys`
/// are free only while a swap of the coldkey is announced. A repeated `announce_coldkey_swap` is free then too; the
/// first one has a fee, so the call is not listed.
pub const FREE_CALLS: &[(&str, &[&str])] = &[
    ("Keys", &["clear_coldkey_swap_announcement", "dispute_coldkey_swap", "swap_coldkey_announced"]),
    ("Neurons", &["register", "serve_axon", "serve_axon_tls", "serve_prometheus", "set_commitment"]),
    ("Staking", &["remove_stake", "unstake_all"]),
    (
        "Weights",
        &[
            "batch_commit_weights",
            "batch_reveal_weights",
            "batch_set_weights",
            "commit_weights",
            "reveal_weights",
            "set_weights",
        ],
    ),
];

/// The most free calls of one key that wait in the transaction pool. They pay no fee, so the pool keeps few of them.
/// spec events-and-errors §8.2.
pub const FREE_CALLS_AHEAD: u32 = 8;

/// Returns true if the call of this pallet is free.
pub fn is_free(pallet: &str, call: &str) -> bool {
    FREE_CALLS.iter().any(|(name, calls)| *name == pallet && calls.contains(&call))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, fs, path::Path};

    /// Returns the free calls of the specification, by pallet. A pallet's name stands in its first row only.
    fn specified() -> BTreeMap<String, Vec<String>> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/events-and-errors.md");
        let page = fs::read_to_string(page).unwrap();
        let section = page.split("### 8.1 ").nth(1).unwrap().split("### 8.2 ").next().unwrap();
        let (mut free, mut pallet) = (BTreeMap::<_, Vec<_>>::new(), String::new());
        for row in section.lines().filter(|line| line.starts_with('|')) {
            let columns: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            if !columns[0].is_empty() {
                columns[0].clone_into(&mut pallet);
            }
            if columns[3].contains("free") {
                let calls = columns[1].split('`').skip(1).step_by(2).filter_map(|call| call.split_once('('));
                free.entry(pallet.clone()).or_default().extend(calls.map(|(name, _)| name.to_owned()));
            }
        }
        for calls in free.values_mut() {
            calls.sort();
        }
        free
    }

    #[test]
    fn free_calls_are_those_of_the_specification() {
        let ours = FREE_CALLS.iter().map(|(pallet, calls)| {
            ((*pallet).to_owned(), calls.iter().map(|call| (*call).to_owned()).collect::<Vec<_>>())
        });
        assert_eq!(ours.collect::<BTreeMap<_, _>>(), specified());
    }

    #[test]
    fn a_call_is_free_in_its_pallet_only() {
        assert!(is_free("Staking", "unstake_all"));
        assert!(!is_free("Staking", "add_stake"));
        assert!(!is_free("Neurons", "unstake_all"));
        assert!(!is_free("staking", "unstake_all"));
    }
}
