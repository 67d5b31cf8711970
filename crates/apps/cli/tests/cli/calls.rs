//! Tests that every call of the chain has a command, or a reason for having none.

use crate::support::crate_folder;
use myelin_cli::{call_gaps::UNCALLED, command::Effect, registry::COMMANDS};
use myelin_client::subxt::Metadata;
use std::{collections::BTreeSet, fs};

/// Reads the calls of the chain from the committed metadata.
fn on_chain() -> BTreeSet<(String, String)> {
    let bytes = fs::read(crate_folder().join("../../client/client/metadata.scale")).unwrap();
    let metadata = Metadata::decode_from(&bytes).unwrap();
    let calls = metadata.pallets().flat_map(|pallet| {
        let variants = pallet.call_variants().unwrap_or_default().iter();
        variants.map(move |call| (pallet.name().to_owned(), call.name.clone())).collect::<Vec<_>>()
    });
    calls.collect()
}

fn listed<'a>(calls: impl IntoIterator<Item = &'a (&'a str, &'a str)>) -> BTreeSet<(String, String)> {
    calls.into_iter().map(|(pallet, call)| ((*pallet).to_owned(), (*call).to_owned())).collect()
}

#[test]
fn every_call_has_a_command_or_a_reason_for_having_none() {
    let on_chain = on_chain();
    let commanded = listed(COMMANDS.iter().flat_map(|entry| entry.calls));
    let mut missing: BTreeSet<_> = on_chain.difference(&commanded).cloned().collect();
    for uncalled in UNCALLED {
        let named = |(pallet, call): &(String, String)| {
            pallet == uncalled.pallet && (uncalled.calls.is_empty() || uncalled.calls.contains(&call.as_str()))
        };
        let excused: Vec<_> = missing.iter().filter(|call| named(call)).cloned().collect();
        let expected = if uncalled.calls.is_empty() { excused.len().max(1) } else { uncalled.calls.len() };
        assert_eq!(excused.len(), expected, "{uncalled:?} names calls that do not exist, or have a command");
        for call in excused {
            missing.remove(&call);
        }
    }
    assert_eq!(missing, BTreeSet::new(), "these have neither a command nor a reason");
}

#[test]
fn commands_make_calls_that_exist_and_say_so() {
    let on_chain = on_chain();
    for entry in COMMANDS {
        let unknown: Vec<_> = listed(entry.calls).difference(&on_chain).cloned().collect();
        assert!(unknown.is_empty(), "{} makes {unknown:?}", entry.path);
        match entry.effect {
            Effect::Chain => assert!(!entry.calls.is_empty(), "{}", entry.path),
            Effect::Nothing | Effect::LocalFiles => assert!(entry.calls.is_empty(), "{}", entry.path),
            Effect::Work => {}
        }
    }
}
