//! The storage that code touches, against the weight that it is charged for. spec events-and-errors §8.2

use frame_support::storage::storage_prefix;
use myelin_runtime::Runtime;
use sp_io::TestExternalities;
use sp_trie::recorder::Recorder;
use std::collections::BTreeSet;

/// The items that each transaction and each block touches. The base weights of transactions and blocks pay for them.
const ALWAYS: [(&str, &str); 14] = [
    ("FreeCalls", "Used"),
    ("SafeMode", "EnteredUntil"),
    ("System", "BlockSize"),
    ("System", "BlockWeight"),
    ("System", "Digest"),
    ("System", "EventCount"),
    ("System", "Events"),
    ("System", "ExecutionPhase"),
    ("System", "ExtrinsicCount"),
    ("System", "InherentsApplied"),
    ("System", "LastRuntimeUpgrade"),
    ("System", "Number"),
    ("System", "ParentHash"),
    ("TransactionPayment", "NextFeeMultiplier"),
];

/// Runs code and returns its result, and the least weight of the storage that it touches, in picoseconds.
///
/// A key that was changed before in the same block is neither counted as read nor as written again.
pub(crate) fn touched<R>(state: &mut TestExternalities, run: impl FnOnce() -> R) -> (R, u64) {
    let changed = |state: &TestExternalities| -> BTreeSet<Vec<u8>> {
        state.overlayed_changes().changes().map(|(key, _)| key.clone()).collect()
    };
    let before = changed(state);
    let recorder = Recorder::default();
    let result = state.execute_with_recorder(recorder.clone(), run);
    let read: Vec<_> =
        recorder.recorded_keys().into_values().flat_map(|keys| keys.into_keys().collect::<Vec<_>>()).collect();
    let reads = read.iter().filter(|key| counts(key)).count();
    let writes = changed(state).difference(&before).filter(|key| counts(key)).count();
    let weights = <Runtime as frame_system::Config>::DbWeight::get();
    (result, weights.reads_writes(reads as u64, writes as u64).ref_time())
}

fn counts(key: &[u8]) -> bool {
    let always =
        || ALWAYS.iter().any(|(pallet, item)| key.starts_with(&storage_prefix(pallet.as_bytes(), item.as_bytes())));
    !key.starts_with(b":") && !always()
}
