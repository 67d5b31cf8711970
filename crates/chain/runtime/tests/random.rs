//! Random blocks on the composed runtime: after each one the state of every pallet is sound, and the books are exact.
//! spec tokenomics §9.2
//!
//! A case follows from its seed alone, so a failure names the seed. The test plays 64 cases. `scripts/soak` plays one
//! case after the other until it is stopped: `BOOKS_SEED` is the first seed, and `BOOKS_CASES` the number of cases,
//! 0 for no end.

mod chain;
mod moves;

use chain::{Applied, Chain};
use frame_support::traits::{GetCallMetadata, PalletsInfoAccess, TryDecodeEntireStorage, TryState, TryStateSelect};
use moves::{
    Move,
    accounts::{Setup, crowd, setup},
    movement, signed,
};
use myelin_pallet_emission::Event as EmissionEvent;
use myelin_pallet_staking::Event as StakingEvent;
use myelin_pallet_subnets::Event as SubnetsEvent;
use myelin_runtime::{AllPalletsWithSystem, RuntimeCall, RuntimeEvent, System, presets};
use pallet_balances::Event as BalancesEvent;
use pallet_sudo::{Call as SudoCall, Event as SudoEvent};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fmt,
    ops::Range,
    panic::{self, AssertUnwindSafe},
    time::{Duration, Instant},
};

/// Cases of a run, if `BOOKS_CASES` does not say otherwise.
const CASES: u64 = 64;

/// Blocks of a case.
const BLOCKS: usize = 80;

/// The most transactions of a block.
const MOVES: usize = 5;

/// The longest time in which a failure is made smaller.
const MAX_SHRINK_TIME: Duration = Duration::from_mins(2);

/// Calls that no transaction can contain: their proof has a type without values.
const IMPOSSIBLE: [&str; 2] = ["Grandpa.report_equivocation", "Grandpa.report_equivocation_unsigned"];

/// Calls that succeed in no case.
const FAILING: [&str; 19] = [
    // They make or destroy TAO, take deposits or replace the state, so governance does not make them here.
    "Balances.force_adjust_total_issuance",
    "Balances.force_set_balance",
    "Balances.force_unreserve",
    "System.apply_authorized_upgrade",
    "System.authorize_upgrade",
    "System.authorize_upgrade_without_checks",
    "System.kill_prefix",
    "System.kill_storage",
    "System.set_code",
    "System.set_code_without_checks",
    "System.set_heap_pages",
    "System.set_storage",
    // Only the block itself sets its time.
    "Timestamp.set",
    // The place in the chain at which an account without a key was made is not guessed.
    "Proxy.kill_pure",
    // No account has a deposit for safe mode.
    "SafeMode.enter",
    "SafeMode.extend",
    "SafeMode.force_release_deposit",
    "SafeMode.force_slash_deposit",
    "SafeMode.release_deposit",
];

/// A random chain.
#[derive(Clone)]
struct Case {
    setup: Setup,
    blocks: Vec<Vec<Move>>,
}

impl Case {
    /// Returns the case without these moves, counted over all blocks.
    fn without(&self, moves: Range<usize>) -> Self {
        let mut place = 0..;
        let mut case = self.clone();
        for block in &mut case.blocks {
            block.retain(|_| !place.next().is_some_and(|place| moves.contains(&place)));
        }
        case
    }
}

/// A line for each transaction: the report of a failure has hundreds.
impl fmt::Debug for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", format_args!("{:?}", self.setup))?;
        // The first block of a chain is made by its beginning.
        for (number, block) in (2..).zip(&self.blocks) {
            for Move { signer, call, aimed } in block {
                writeln!(out, "block {number}, account {signer}, aimed {aimed}: {}", format_args!("{call:?}"))?;
            }
        }
        Ok(())
    }
}

fn case() -> impl Strategy<Value = Case> {
    let block = prop_oneof![1 => Just(Vec::new()), 4 => vec(movement(), 1..=MOVES)];
    (setup(), vec(block, BLOCKS)).prop_map(|(setup, blocks)| Case { setup, blocks })
}

/// The calls and features that the cases of a run had, so that the test is known to test them.
#[derive(Debug, Default)]
struct Coverage {
    tried: BTreeSet<String>,
    succeeded: BTreeSet<String>,
    features: BTreeMap<&'static str, u32>,
}

impl Coverage {
    fn count(&mut self, call: &RuntimeCall, applied: &Applied) {
        self.tried.insert(name(call));
        if *applied == Ok(Ok(())) {
            self.succeeded.insert(name(call));
        }
        // What governance calls counts too.
        let RuntimeCall::Sudo(SudoCall::sudo { call } | SudoCall::sudo_unchecked_weight { call, .. }) = call else {
            return;
        };
        self.tried.insert(name(call));
        let done = System::events().into_iter().rev().find_map(|record| match record.event {
            RuntimeEvent::Sudo(SudoEvent::Sudid { sudo_result }) => Some(sudo_result),
            _ => None,
        });
        if done == Some(Ok(())) && applied.is_ok() {
            self.succeeded.insert(name(call));
        }
    }

    fn look(&mut self) {
        for feature in System::events().iter().filter_map(|record| feature(&record.event)) {
            *self.features.entry(feature).or_default() += 1;
        }
    }
}

/// Returns the name of a call with its pallet.
fn name(call: &RuntimeCall) -> String {
    let call = call.get_call_metadata();
    format!("{}.{}", call.pallet_name, call.function_name)
}

/// Returns the name of an event that a run must have.
fn feature(event: &RuntimeEvent) -> Option<&'static str> {
    Some(match event {
        RuntimeEvent::Balances(BalancesEvent::Burned { .. }) => "burnt",
        RuntimeEvent::Balances(BalancesEvent::DustLost { .. }) => "dust",
        RuntimeEvent::Subnets(SubnetsEvent::NetworkRemoved { .. }) => "ended subnet",
        RuntimeEvent::Subnets(SubnetsEvent::NetworkCleared { .. }) => "cleared subnet",
        RuntimeEvent::Staking(StakingEvent::StakeReleased { .. }) => "released stake",
        RuntimeEvent::Staking(StakingEvent::StakeRecycled { .. }) => "recycled stake",
        RuntimeEvent::Staking(StakingEvent::SetChildren { .. }) => "children",
        RuntimeEvent::Staking(StakingEvent::TakeRaiseAnnounced { .. }) => "announced take",
        RuntimeEvent::Emission(EmissionEvent::BlockEmissionSet { .. }) => "halving",
        RuntimeEvent::Emission(EmissionEvent::SharesSet { .. }) => "shares",
        RuntimeEvent::Emission(EmissionEvent::EmissionRecycled { .. }) => "recycled emission",
        RuntimeEvent::Emission(EmissionEvent::EpochRun { owner_cut, .. }) if !owner_cut.is_zero() => "owner's cut",
        RuntimeEvent::Emission(EmissionEvent::EpochRun { .. }) => "epoch",
        _ => return None,
    })
}

/// The events that a run must have.
const FEATURES: [&str; 13] = [
    "announced take",
    "burnt",
    "children",
    "cleared subnet",
    "dust",
    "ended subnet",
    "epoch",
    "halving",
    "owner's cut",
    "recycled emission",
    "recycled stake",
    "released stake",
    "shares",
];

/// Makes the blocks of a case, and checks the state after each.
fn play(case: &Case, coverage: &mut Coverage) {
    let mut chain = Chain::begin(presets::TEST, case.setup.genesis());
    check_state(&mut chain);
    for block in &case.blocks {
        chain.begin_block();
        for movement in block {
            let (call, transaction) = signed(&mut chain, movement);
            let applied = chain.apply(transaction);
            chain.look(|| coverage.count(&call, &applied));
        }
        chain.end_block();
        chain.look(|| coverage.look());
        check_state(&mut chain);
    }
    let decoded = chain.look(AllPalletsWithSystem::try_decode_entire_state);
    assert!(decoded.is_ok(), "stored values cannot be read: {decoded:?}");
}

/// Asks each pallet for its invariants.
fn check_state(chain: &mut Chain) {
    let number = chain.height();
    for pallet in AllPalletsWithSystem::infos() {
        let only = TryStateSelect::Only(vec![pallet.name.into()]);
        let checked = chain.look(|| AllPalletsWithSystem::try_state(number, only));
        assert_eq!(checked, Ok(()), "{} after block {number}", pallet.name);
    }
}

/// Draws the case of a seed and plays it. One that fails is made smaller and shown.
fn run(seed: u64, coverage: &mut Coverage) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let drawn = case().new_tree(&mut TestRunner::new_with_rng(Config::default(), rng)).expect("any case will do");
    let case = drawn.current();
    if let Err(error) = played(&case, coverage) {
        let (case, error) = smaller(case, error);
        panic!("seed {seed}: {error}\n{case:?}");
    }
}

/// Plays a case, and returns the message of a failure.
fn played(case: &Case, coverage: &mut Coverage) -> Result<(), String> {
    let result = panic::catch_unwind(AssertUnwindSafe(|| play(case, coverage)));
    result.map_err(|message| message.downcast_ref().cloned().unwrap_or_else(|| "it failed".to_owned()))
}

/// Leaves out moves for as long as the case still fails: first many at once, then few, then one.
///
/// proptest would try one after the other, which takes too long for hundreds of them.
fn smaller(mut case: Case, mut error: String) -> (Case, String) {
    let began = Instant::now();
    let count = |case: &Case| case.blocks.iter().map(Vec::len).sum::<usize>();
    let mut length = count(&case);
    while length > 0 {
        let mut from = 0;
        while from < count(&case) && began.elapsed() < MAX_SHRINK_TIME {
            let smaller = case.without(from..from + length);
            match played(&smaller, &mut Coverage::default()) {
                Ok(()) => from += length,
                Err(message) => (case, error) = (smaller, message),
            }
        }
        length /= 2;
    }
    (case, error)
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn the_state_is_sound_and_the_books_are_exact_after_every_block() {
    let mut coverage = Coverage::default();
    let (first, cases) = (number("BOOKS_SEED"), number("BOOKS_CASES").unwrap_or(CASES));
    for seed in (first.unwrap_or(0)..).take(if cases == 0 { usize::MAX } else { cases.try_into().expect("few cases") })
    {
        if first.is_some() {
            eprintln!("seed {seed}");
        }
        run(seed, &mut coverage);
    }
    if first.is_some() {
        return;
    }
    let Coverage { tried, succeeded, features } = coverage;
    let all: BTreeSet<String> = RuntimeCall::get_module_names()
        .iter()
        .flat_map(|pallet| RuntimeCall::get_call_names(pallet).iter().map(move |call| format!("{pallet}.{call}")))
        .filter(|call| !IMPOSSIBLE.contains(&call.as_str()))
        .collect();
    let untried: Vec<_> = all.difference(&tried).collect();
    assert!(untried.is_empty(), "no case tried {untried:?}");
    let failed: Vec<_> = all.difference(&succeeded).filter(|call| !FAILING.contains(&call.as_str())).collect();
    assert!(failed.is_empty(), "in no case succeeded {failed:?}");
    assert!(features.keys().eq(FEATURES.iter()), "a feature was in no case: {features:?}");
}

#[test]
fn the_state_of_many_accounts_is_sound() {
    let accounts = number("BOOKS_ACCOUNTS").unwrap_or(100);
    let timed = |step: &mut dyn FnMut()| {
        let began = Instant::now();
        step();
        began.elapsed()
    };
    let mut chain = Chain::begin(presets::TEST, crowd(accounts));
    let block = timed(&mut || {
        chain.begin_block();
        chain.end_block();
    });
    let checks = timed(&mut || check_state(&mut chain));
    eprintln!("{accounts} accounts: an empty block with its books {block:?}, the checks {checks:?}");
}
