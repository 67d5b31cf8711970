//! Random calls, with the invariants after each, against an observer that keeps a ledger row by row.
//!
//! The observer sees only events and payouts. It divides payouts among rows by the rules of spec tokenomics §7, one row
//! after the other, and must reach the same stakes as the pools, except for their rounding.

use crate::{
    Call, Event,
    children::REQUEST_INTERVAL,
    mock::*,
    traits::{ReadStake, ReleaseStake},
};
use frame_support::{BoundedVec, weights::Weight};
use myelin_economics::children::Proportion;
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{NetUid, RAO_PER_TAO, Take};
use myelin_records::stake::FamilyMember;
use proptest::{collection::vec, prelude::*, sample::select};
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;

/// The coldkeys of the actions, of which the first three are endowed.
const COLDKEYS: [AccountId; 5] = [OWNER, NOMINATOR, OTHER, FRESH, FRESH + 1];
/// The greatest take, 18 %.
const MAX_TAKE: u16 = 11_796;
const HOTKEYS: [AccountId; 4] = [HOT, HOT_TOO, HOT_THREE, SYSTEM_ACCOUNT];

#[derive(Clone, Debug)]
enum Action {
    Sign(AccountId, Call<Test>),
    /// A removal or move by this coldkey of so many hundredths of its stake on the hotkey.
    Part(AccountId, AccountId, u64, Way),
    /// A new pair of coldkey and hotkey.
    Pair(AccountId, AccountId),
    /// A transfer of free TAO to this account, from an account without other actions.
    Fund(AccountId),
    SwapColdkey(AccountId, AccountId),
    /// The announcement of a swap of the coldkey, or its end.
    Lock(AccountId, bool),
    SwapHotkey(AccountId, AccountId, AccountId),
    Pay(AccountId, u64, u64),
    Activate,
    Release(AccountId),
    Minimum(u64),
    Threshold(u64),
    /// This many blocks, with all their weight left or none.
    Blocks(u32, bool),
    /// The blocks until children may be requested again.
    LongAfter,
}

/// The destination of stake that leaves a row.
#[derive(Clone, Copy, Debug)]
enum Way {
    Back,
    ToHotkey(AccountId),
    ToColdkey(AccountId),
}

/// Generates amounts from zero to more than any balance, most of them plausible.
fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![
        20 => MIN_STAKE..10 * RAO_PER_TAO,
        2 => 0..2 * MIN_STAKE,
        1 => any::<u64>(),
        1 => Just(ENDOWMENT),
    ]
}

fn call() -> impl Strategy<Value = Call<Test>> {
    let coldkey = || select(&COLDKEYS[..]);
    let hotkey = || select(&HOTKEYS[..]);
    let take = || (0..12_000_u16).prop_map(Take::new);
    let relative = (any::<u64>(), hotkey())
        .prop_map(|(parts, hotkey)| FamilyMember { proportion: Proportion::from_parts(parts / 2), hotkey });
    prop_oneof![
        8 => (hotkey(), amount()).prop_map(|(hotkey, amount)| Call::add_stake { hotkey, amount: rao(amount) }),
        1 => (hotkey(), amount()).prop_map(|(hotkey, amount)| Call::remove_stake { hotkey, amount: rao(amount) }),
        2 => hotkey().prop_map(|hotkey| Call::unstake_all { hotkey }),
        1 => (hotkey(), hotkey(), amount()).prop_map(|(origin_hotkey, destination_hotkey, amount)| {
            Call::move_stake { origin_hotkey, destination_hotkey, amount: rao(amount) }
        }),
        1 => (coldkey(), hotkey(), amount()).prop_map(|(destination_coldkey, hotkey, amount)| {
            Call::transfer_stake { destination_coldkey, hotkey, amount: rao(amount) }
        }),
        3 => hotkey().prop_map(|hotkey| Call::become_delegate { hotkey }),
        1 => (hotkey(), take()).prop_map(|(hotkey, take)| Call::increase_take { hotkey, take }),
        2 => (hotkey(), take()).prop_map(|(hotkey, take)| Call::decrease_take { hotkey, take }),
        6 => (hotkey(), vec(relative, 0..3)).prop_map(|(hotkey, children)| {
            Call::set_children { hotkey, netuid: SUBNET, children: BoundedVec::truncate_from(children) }
        }),
        1 => (hotkey(), take())
            .prop_map(|(hotkey, take)| Call::set_childkey_take { hotkey, netuid: SUBNET, take }),
        2 => hotkey().prop_map(|hotkey| Call::root_register { hotkey }),
    ]
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![
        Just(Way::Back),
        select(&HOTKEYS[..]).prop_map(Way::ToHotkey),
        select(&COLDKEYS[..]).prop_map(Way::ToColdkey),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let coldkey = || select(&COLDKEYS[..]);
    let hotkey = || select(&HOTKEYS[..]);
    prop_oneof![
        30 => (coldkey(), call()).prop_map(|(who, call)| Action::Sign(who, call)),
        12 => (coldkey(), hotkey(), 1..=110_u64, way()).prop_map(|(who, hotkey, part, way)| {
            Action::Part(who, hotkey, part, way)
        }),
        4 => (coldkey(), hotkey()).prop_map(|(who, hotkey)| Action::Pair(who, hotkey)),
        3 => coldkey().prop_map(Action::Fund),
        3 => (coldkey(), coldkey()).prop_map(|(old, new)| Action::SwapColdkey(old, new)),
        2 => (coldkey(), prop::bool::weighted(0.3)).prop_map(|(who, locked)| Action::Lock(who, locked)),
        5 => (coldkey(), hotkey(), hotkey()).prop_map(|(who, old, new)| Action::SwapHotkey(who, old, new)),
        8 => (hotkey(), 0..RAO_PER_TAO / 100, 0..RAO_PER_TAO / 100)
            .prop_map(|(hotkey, miner, validator)| Action::Pay(hotkey, miner, validator)),
        2 => Just(Action::Activate),
        1 => hotkey().prop_map(Action::Release),
        1 => (0..RAO_PER_TAO).prop_map(Action::Minimum),
        1 => (0..RAO_PER_TAO).prop_map(Action::Threshold),
        8 => (1..4_u32, any::<bool>()).prop_map(|(count, idle)| Action::Blocks(count, idle)),
        1 => Just(Action::LongAfter),
    ]
}

/// A coldkey and a hotkey.
type Row = (AccountId, AccountId);

/// The state of the observer.
#[derive(Default)]
struct Ledger {
    rows: BTreeMap<Row, u64>,
    /// Parts of released pools.
    returning: BTreeMap<Row, Vec<u64>>,
    /// The allowed difference of a row from the chain since its last event, in rao.
    slack: BTreeMap<Row, u64>,
}

impl Ledger {
    fn stake(&self, row: Row) -> u64 {
        self.rows.get(&row).copied().unwrap_or(0)
    }

    fn of_hotkey(&self, hotkey: AccountId) -> Vec<(Row, u64)> {
        self.rows.iter().filter(|(row, _)| row.1 == hotkey).map(|(row, stake)| (*row, *stake)).collect()
    }

    /// Takes over the stake of a row from an event, and checks that it is close to the expected stake.
    fn settle(&mut self, row: Row, expected: u64, told: u64) {
        let slack = self.slack.remove(&row).unwrap_or(0) + 2;
        assert!(expected.abs_diff(told) <= slack, "{row:?} has {told}, not {expected}");
        self.rows.insert(row, told);
    }

    /// Reads the events of a call, or of the hook at the end of a block.
    fn read(&mut self, events: Vec<Event<Test>>, hook: bool) {
        for event in events {
            match event {
                Event::StakeAdded { coldkey, hotkey, added, total } => {
                    let row = (coldkey, hotkey);
                    self.settle(row, self.stake(row) + added.rao(), total.rao());
                }
                Event::StakeRemoved { coldkey, hotkey, removed, total } => {
                    let row = (coldkey, hotkey);
                    let returned = self.returning.get_mut(&row).filter(|parts| hook && !parts.is_empty());
                    if let Some(parts) = returned {
                        let part = parts.remove(0);
                        assert!(part.abs_diff(removed.rao()) <= 1_000, "{row:?} is returned {removed}, not {part}");
                    } else {
                        let slack = self.slack.get(&row).copied().unwrap_or(0) + 2;
                        assert!(self.stake(row) + slack >= removed.rao(), "{row:?} has not had {removed}");
                        self.settle(row, self.stake(row).saturating_sub(removed.rao()), total.rao());
                    }
                }
                Event::StakeRecycled { amount, .. } => expect_recycled(amount.rao()),
                Event::StakeReleased { hotkey, .. } => {
                    for (row, stake) in self.of_hotkey(hotkey) {
                        self.rows.remove(&row);
                        self.slack.remove(&row);
                        if stake > 0 {
                            self.returning.entry(row).or_default().push(stake);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn swap_hotkey(&mut self, old: AccountId, new: AccountId) {
        self.rename(|(coldkey, hotkey)| (coldkey, if hotkey == old { new } else { hotkey }));
    }

    fn swap_coldkey(&mut self, old: AccountId, new: AccountId) {
        let renamed = |coldkey| if coldkey == old { new } else { coldkey };
        self.rename(|(coldkey, hotkey)| (renamed(coldkey), hotkey));
        let returning = std::mem::take(&mut self.returning);
        for ((coldkey, hotkey), parts) in returning {
            self.returning.entry((renamed(coldkey), hotkey)).or_default().extend(parts);
        }
    }

    fn rename(&mut self, new: impl Fn(Row) -> Row) {
        let rows = std::mem::take(&mut self.rows).into_iter().filter(|(_, stake)| *stake > 0);
        self.rows = rows.map(|(row, stake)| (new(row), stake)).collect();
        self.slack = std::mem::take(&mut self.slack).into_iter().map(|(row, slack)| (new(row), slack)).collect();
    }

    /// Pays a neuron and its parents. spec tokenomics §7.2, staking §9.4
    fn pay(&mut self, hotkey: AccountId, miner: u64, validator: u64) {
        let family = crate::Families::<Test>::get(SUBNET, hotkey);
        let weight = u128::from(Staking::weight(SUBNET, &hotkey).rao());
        let (mut own, mut taken, mut parts) = (validator, 0, Vec::new());
        for parent in &family.parents {
            let lent = u128::from(on(parent.hotkey)) * u128::from(parent.proportion.parts()) / u128::from(u64::MAX);
            let earned = (u128::from(validator) * lent).checked_div(weight).unwrap_or(0);
            let earned = u64::try_from(earned).unwrap().min(own);
            let child = u64::from(family.take_at(System::block_number(), Take::new(MAX_TAKE)).get());
            // A parent that is a delegate and its child take 18 % together.
            let room = Staking::take(&parent.hotkey).map_or(u16::MAX, |take| MAX_TAKE - take.get());
            let share = if owner(parent.hotkey) == owner(hotkey) { 0 } else { child.min(room.into()) };
            let kept = earned * share / 65_535;
            (own, taken) = (own - earned, taken + kept);
            parts.push((parent.hotkey, earned - kept));
        }
        for (parent, part) in parts {
            self.pay_rows(parent, 0, part);
        }
        self.pay_rows(hotkey, miner + taken, own);
    }

    /// Pays the rows of one hotkey. spec tokenomics §7.1
    fn pay_rows(&mut self, hotkey: AccountId, miner: u64, validator: u64) {
        if miner + validator == 0 {
            return;
        }
        let take = Staking::take(&hotkey).map_or(u16::MAX, Take::get);
        let taken = validator * u64::from(take) / 65_535;
        let rows = self.of_hotkey(hotkey);
        let total: u128 = rows.iter().map(|(_, stake)| u128::from(*stake)).sum();
        let mut dust = validator - taken;
        // A payout multiplies the differences of rows: where little stake is left, one rao is a large part of it.
        let slack: u64 = rows.iter().map(|(row, _)| self.slack.get(row).copied().unwrap_or(0) + 2).sum();
        let grown = (2 * u128::from(validator - taken) * u128::from(slack)).div_ceil(total.max(1));
        // The rows share this much, so none is off by more.
        let shared = validator - taken;
        let grown = u64::try_from(grown).map_or(shared, |grown| grown.min(shared)) + 4;
        for (row, stake) in &rows {
            let share = u128::from(validator - taken) * u128::from(*stake) / total.max(1);
            let share = u64::try_from(share).unwrap();
            dust -= share;
            *self.rows.get_mut(row).unwrap() += share;
            *self.slack.entry(*row).or_default() += grown;
        }
        let owners = (owner(hotkey).unwrap(), hotkey);
        *self.rows.entry(owners).or_default() += taken + dust + miner;
        *self.slack.entry(owners).or_default() += grown;
    }

    /// Compares the ledger with the chain.
    fn compare(&self) {
        for hotkey in HOTKEYS {
            for coldkey in COLDKEYS {
                let row = (coldkey, hotkey);
                let slack = self.slack.get(&row).copied().unwrap_or(0) + 2;
                let (expected, told) = (self.stake(row), stake(coldkey, hotkey));
                assert!(expected.abs_diff(told) <= slack, "{row:?} has {told}, not {expected}");
            }
        }
    }
}

/// Carries an action out. TAO that it recycles without an event is announced to the mock.
fn run(action: Action, ledger: &mut Ledger) {
    match action {
        Action::Sign(who, call) => {
            // Events show if the call succeeds.
            let _ = RuntimeCall::StakingPallet(call).dispatch(origin(who));
        }
        Action::Part(who, hotkey, part, way) => {
            let amount = rao(if part >= 100 { stake(who, hotkey) } else { stake(who, hotkey) / 100 * part });
            let call = match way {
                Way::Back => Call::remove_stake { hotkey, amount },
                Way::ToHotkey(to) => Call::move_stake { origin_hotkey: hotkey, destination_hotkey: to, amount },
                Way::ToColdkey(to) => Call::transfer_stake { destination_coldkey: to, hotkey, amount },
            };
            run(Action::Sign(who, call), ledger);
        }
        Action::Pair(who, hotkey) => {
            // The hotkey may belong to another coldkey.
            let _ = Tables::pair(&who, &hotkey);
        }
        Action::Fund(who) => {
            // The funding account may have nothing left.
            let _ = Balances::transfer_allow_death(origin(LAST_ENDOWED), who, 30 * RAO_PER_TAO);
        }
        Action::SwapColdkey(old, new) => {
            if swap_coldkey(old, new).is_ok() {
                ledger.swap_coldkey(old, new);
            }
        }
        Action::Lock(who, true) => Swapping::insert(who, 0),
        Action::Lock(who, false) => Swapping::remove(who),
        Action::SwapHotkey(who, old, new) => {
            if swap_hotkey(who, old, new).is_ok() {
                ledger.swap_hotkey(old, new);
            }
        }
        Action::Pay(hotkey, miner, validator) => {
            if owner(hotkey).is_some() {
                ledger.pay(hotkey, miner, validator);
                pay(SUBNET, hotkey, miner, validator).unwrap();
            }
        }
        Action::Activate => activate(SUBNET),
        Action::Release(hotkey) => Staking::release(&hotkey),
        Action::Minimum(minimum) => set_global(|network| network.nominator_min_required_stake = rao(minimum)),
        Action::Threshold(threshold) => set_global(|network| network.stake_threshold = rao(threshold)),
        Action::LongAfter => System::set_block_number(System::block_number() + REQUEST_INTERVAL),
        Action::Blocks(count, idle) => {
            for _ in 0..count {
                // The check at the end of a block needs the TAO that the block recycles.
                ledger.read(events(), false);
                let idle = if idle { Weight::MAX } else { Weight::zero() };
                end_block_with(idle);
                ledger.read(events(), true);
                check();
                System::set_block_number(System::block_number() + 1);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn an_observer_of_events_and_payouts_knows_every_stake(actions in vec(action(), 1..150)) {
        let first = [(OWNER, HOT), (NOMINATOR, HOT), (OTHER, HOT_TOO), (NOMINATOR, HOT_TOO), (OTHER, HOT)];
        let builder = first.into_iter().fold(ExtBuilder::default(), |builder, (coldkey, hotkey)| {
            builder.staked(coldkey, hotkey, RAO_PER_TAO)
        });
        builder.build_and_execute(|| {
            set_global(|network| {
                network.tx_rate_limit = 3;
                network.stake_interval = 2;
                network.tx_delegate_take_rate_limit = 2;
                network.tx_childkey_take_rate_limit = 2;
                network.take_notice = 2;
                network.pending_childkey_cooldown = 3;
                network.coldkey_swap_announcement_delay = 3;
                network.coldkey_swap_reannouncement_delay = 2;
            });
            set_parameters(NetUid::ROOT, |root| root.max_allowed_uids = 2);
            let rows = first.into_iter().map(|row| (row, RAO_PER_TAO)).collect();
            let mut ledger = Ledger { rows, ..Ledger::default() };
            for action in actions {
                run(action, &mut ledger);
                ledger.read(events(), false);
                ledger.compare();
                check();
            }
        });
    }
}
