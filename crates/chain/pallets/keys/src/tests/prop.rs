//! Random calls, with the invariants after each, against a plain model of owners.

use crate::{Call, ColdkeySwaps, Event, Owners, mock::*, traits::Keys, types::ColdkeyHash};
use myelin_primitives::{Amount, RAO_PER_TAO};
use proptest::{collection::vec, prelude::*, sample::select};
use sp_runtime::traits::{BlakeTwo256, Dispatchable, Hash};
use std::collections::{BTreeMap, BTreeSet};

/// The coldkeys of the actions, of which the first three are endowed.
const COLDKEYS: [AccountId; 5] = [OWNER, NOMINATOR, OTHER, FRESH, FRESH + 1];
/// The hotkeys of the actions, of which two are coldkeys too.
const HOTKEYS: [AccountId; 6] = [HOT, HOT_TOO, HOT_THREE, OWNER, FRESH, SYSTEM_ACCOUNT];

#[derive(Clone, Debug)]
enum Action {
    Sign(AccountId, Call<Test>),
    /// A call as the one before, to which the new hotkey agrees.
    Agree(AccountId, Call<Test>),
    /// The announced swap of this coldkey.
    CarryOut(AccountId),
    /// A swap by governance, at this cost.
    SwapColdkey(AccountId, AccountId, u64),
    Reset(AccountId),
    Seat(AccountId, bool),
    Use(AccountId, bool),
    /// A switch: the second listener to swaps refuses them, or not any more.
    Refuse(bool),
    Blocks(u32),
}

fn hash(account: AccountId) -> ColdkeyHash {
    BlakeTwo256::hash_of(&account)
}

fn call() -> impl Strategy<Value = Call<Test>> {
    let hotkey = || select(&HOTKEYS[..]);
    prop_oneof![
        6 => hotkey().prop_map(|hotkey| Call::try_associate_hotkey { hotkey, consent: None }),
        6 => (hotkey(), hotkey())
            .prop_map(|(hotkey, new_hotkey)| Call::swap_hotkey { hotkey, new_hotkey, consent: None }),
        2 => select(&COLDKEYS[..]).prop_map(|new| Call::announce_coldkey_swap { new_coldkey_hash: hash(new) }),
        1 => Just(Call::dispute_coldkey_swap {}),
        1 => Just(Call::clear_coldkey_swap_announcement {}),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let coldkey = || select(&COLDKEYS[..]);
    let hotkey = || select(&HOTKEYS[..]);
    prop_oneof![
        4 => (coldkey(), call()).prop_map(|(who, call)| Action::Sign(who, call)),
        16 => (coldkey(), call()).prop_map(|(who, call)| Action::Agree(who, call)),
        3 => coldkey().prop_map(Action::CarryOut),
        2 => (coldkey(), coldkey(), 0..RAO_PER_TAO).prop_map(|(old, new, cost)| Action::SwapColdkey(old, new, cost)),
        2 => coldkey().prop_map(Action::Reset),
        1 => (hotkey(), any::<bool>()).prop_map(|(hotkey, seated)| Action::Seat(hotkey, seated)),
        1 => (hotkey(), any::<bool>()).prop_map(|(hotkey, used)| Action::Use(hotkey, used)),
        1 => any::<bool>().prop_map(Action::Refuse),
        4 => (1..2 * DELAY).prop_map(Action::Blocks),
    ]
}

/// Carries an action out. Returns true if it succeeded.
fn run(action: Action) -> bool {
    match action {
        Action::Sign(who, call) => {
            let first = !ColdkeySwaps::<Test>::contains_key(who);
            let cost = match &call {
                Call::announce_coldkey_swap { .. } if first => KEY_SWAP_COST,
                Call::swap_hotkey { .. } => KEY_SWAP_COST,
                Call::try_associate_hotkey { hotkey, .. } if !Owners::<Test>::contains_key(hotkey) => PAIR_COST,
                _ => 0,
            };
            let done = RuntimeCall::KeysPallet(call).dispatch(origin(who)).is_ok();
            if done {
                expect_recycled(cost);
            }
            done
        }
        Action::Agree(who, mut call) => {
            match &mut call {
                Call::try_associate_hotkey { hotkey: new, consent: agreed }
                | Call::swap_hotkey { new_hotkey: new, consent: agreed, .. } => *agreed = consent(*new, who, *new),
                _ => {}
            }
            run(Action::Sign(who, call))
        }
        Action::CarryOut(who) => {
            let announced = ColdkeySwaps::<Test>::get(who).map(|swap| swap.new_coldkey_hash);
            let new = COLDKEYS.into_iter().find(|coldkey| Some(hash(*coldkey)) == announced);
            run(Action::Sign(who, Call::swap_coldkey_announced { new_coldkey: new.unwrap_or(who) }))
        }
        Action::SwapColdkey(old, new, cost) => {
            let done = KeysPallet::swap_coldkey(RuntimeOrigin::root(), old, new, Amount::from_rao(cost)).is_ok();
            if done {
                expect_recycled(cost);
            }
            done
        }
        Action::Reset(who) => KeysPallet::reset_coldkey_swap(RuntimeOrigin::root(), who).is_ok(),
        Action::Seat(hotkey, true) => {
            Seated::insert(hotkey, ());
            true
        }
        Action::Seat(hotkey, false) => {
            Seated::remove(hotkey);
            true
        }
        Action::Use(hotkey, true) => {
            UsedHotkeys::insert(hotkey, ());
            true
        }
        Action::Use(hotkey, false) => {
            UsedHotkeys::remove(hotkey);
            true
        }
        Action::Refuse(refuse) => {
            RefuseSwaps::put(refuse);
            true
        }
        Action::Blocks(count) => {
            skip(count);
            true
        }
    }
}

/// Applies events to the model. Owners change by events alone.
fn follow(owners: &mut BTreeMap<AccountId, AccountId>, events: Vec<Event<Test>>) {
    for event in events {
        match event {
            Event::HotkeyAssociated { coldkey, hotkey } => {
                assert_eq!(owners.insert(hotkey, coldkey), None, "a hotkey was taken from its owner");
            }
            Event::HotkeySwapped { coldkey, old_hotkey, new_hotkey } => {
                assert_eq!(owners.remove(&old_hotkey), Some(coldkey), "a hotkey of another coldkey was swapped");
                let before = owners.insert(new_hotkey, coldkey);
                assert!(before.is_none_or(|owner| owner == coldkey), "a hotkey of another coldkey was taken");
            }
            Event::ColdkeySwapped { old_coldkey, new_coldkey } => {
                assert!(!owners.values().any(|owner| *owner == new_coldkey), "the new coldkey had hotkeys");
                for owner in owners.values_mut().filter(|owner| **owner == old_coldkey) {
                    *owner = new_coldkey;
                }
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn events_tell_who_owns_what_and_a_failed_call_changes_nothing(actions in vec(action(), 1..120)) {
        ExtBuilder::default().build_and_execute(|| {
            let mut owners = BTreeMap::new();
            for action in actions {
                let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
                let locked: BTreeSet<_> = COLDKEYS.into_iter().filter(|key| KeysPallet::swap_code(key).is_some()).collect();
                let acts = match &action {
                    Action::Sign(who, call) | Action::Agree(who, call)
                        if matches!(call, Call::try_associate_hotkey { .. } | Call::swap_hotkey { .. }) =>
                    {
                        Some(*who)
                    }
                    _ => None,
                };
                let text = format!("{action:?}");
                let done = run(action);
                assert!(!done || acts.is_none_or(|who| !locked.contains(&who)), "{text} by a coldkey under swap");
                let after = sp_io::storage::root(sp_runtime::StateVersion::V1);
                assert!(done || before == after, "{text} failed and left a trace");
                follow(&mut owners, events());
                assert_eq!(Owners::<Test>::iter().collect::<BTreeMap<_, _>>(), owners, "{text}");
                check();
            }
        });
    }
}
