//! The aim of moves: keys and networks that would make a move fail give way to some of the state, so that moves reach
//! deep into the chain. A move that is not aimed mostly shows which error it meets.

use super::{
    Move,
    accounts::{ACCOUNTS, COLDKEYS, account},
    engine::delegate,
    house::{SALT, Vector, promise, vectors},
};
use codec::{Compact, Encode};
use frame_support::BoundedVec;
use myelin_economics::schedule::RevealPhase;
use myelin_pallet_keys::{Call as KeysCall, ColdkeySwaps, OwnedHotkeys, Owners};
use myelin_pallet_neurons::{Call as NeuronsCall, SeatsOf};
use myelin_pallet_staking::{Call as StakingCall, Holdings, Hotkeys, Pools, traits::ReadStake};
use myelin_pallet_subnets::{Call as SubnetsCall, Network, Subnets, Tempos};
use myelin_pallet_weights::{Call as WeightsCall, Commits};
use myelin_primitives::{Amount, NetUid, Take, Tao, Uid};
use myelin_runtime::{
    AccountId, Address, Balances, EXISTENTIAL_DEPOSIT, Runtime, RuntimeCall, Staking, System, authorities,
};
use pallet_balances::Call as BalancesCall;
use pallet_proxy::{Announcements, Call as ProxyCall, Proxies};
use pallet_scheduler::{Agenda, Call as SchedulerCall};
use pallet_session::{Call as SessionCall, NextKeys};
use pallet_sudo::Call as SudoCall;
use sp_io::hashing::blake2_256;

/// Aims a move at the present state. A signer that gives way decides by its number which one takes its place.
pub(crate) fn aim(Move { mut signer, mut call, aimed }: Move) -> Move {
    match &mut call {
        RuntimeCall::Keys(call) => keys(&mut signer, call),
        RuntimeCall::Subnets(call) => subnets(&mut signer, call),
        RuntimeCall::Staking(call) => staking(&mut signer, call),
        RuntimeCall::Neurons(call) => neurons(&mut signer, call),
        RuntimeCall::Weights(call) => weights(&mut signer, call),
        RuntimeCall::Proxy(call) => proxies(&mut signer, call),
        RuntimeCall::Session(SessionCall::purge_keys {}) => {
            let registered = nth(NextKeys::<Runtime>::iter_keys(), signer);
            sign_as(&mut signer, registered);
        }
        RuntimeCall::Sudo(SudoCall::sudo { call } | SudoCall::sudo_unchecked_weight { call, .. }) => {
            governance(signer, call);
            sign_as(&mut signer, pallet_sudo::Key::<Runtime>::get());
        }
        _ => {}
    }
    Move { signer, call, aimed }
}

/// Returns one of these, if there are any.
fn nth<Item>(items: impl Iterator<Item = Item>, number: u8) -> Option<Item> {
    let mut items: Vec<Item> = items.collect();
    (!items.is_empty()).then(|| items.swap_remove(usize::from(number) % items.len()))
}

fn known(who: &AccountId) -> Option<u8> {
    (0..ACCOUNTS).find(|number| account(*number) == *who)
}

/// Puts an account that the test has the key of in the place of a signer.
fn sign_as(signer: &mut u8, who: Option<AccountId>) {
    if let Some(number) = who.and_then(|who| known(&who)) {
        *signer = number;
    }
}

fn aim_at_subnet(netuid: &mut NetUid) {
    let subnets = Tempos::<Runtime>::get().into_inner().into_keys().filter(|netuid| !netuid.is_root());
    if (netuid.is_root() || !Subnets::<Runtime>::contains_key(*netuid))
        && let Some(subnet) = nth(subnets, netuid.get().to_le_bytes()[0])
    {
        *netuid = subnet;
    }
}

/// Puts a hotkey that has an owner in the place of one that has none, and signs as the owner.
fn aim_at_owned(signer: &mut u8, hotkey: &mut AccountId) {
    if !Owners::<Runtime>::contains_key(&*hotkey)
        && let Some(owned) = nth(Owners::<Runtime>::iter_keys(), *signer)
    {
        *hotkey = owned;
    }
    sign_as(signer, Owners::<Runtime>::get(hotkey));
}

/// Aims at stake that a coldkey has, and at no more of it than there is.
fn aim_at_stake(signer: &mut u8, hotkey: &mut AccountId, amount: Option<&mut Amount<Tao>>) {
    let stakes = Holdings::<Runtime>::iter().filter_map(|(id, coldkey, holding)| {
        let stake = Pools::<Runtime>::get(id)?;
        let present = Hotkeys::<Runtime>::get(&stake.hotkey)?.pool == Some(id);
        present.then(|| (coldkey, stake.hotkey, stake.pool.worth(&holding).unwrap_or_default()))
    });
    let Some((coldkey, held_on, worth)) = nth(stakes.filter(|(coldkey, ..)| known(coldkey).is_some()), *signer) else {
        return;
    };
    sign_as(signer, Some(coldkey));
    *hotkey = held_on;
    if let Some(amount) = amount {
        *amount = worth.min(*amount);
    }
}

/// Signs as a hotkey with a seat on a network.
fn aim_at_seat(signer: &mut u8, netuid: &mut NetUid) {
    aim_at_subnet(netuid);
    sign_as(signer, nth(SeatsOf::<Runtime>::get(*netuid).into_iter(), *signer).map(|seat| seat.hotkey));
}

/// Signs as a coldkey whose swap is announced.
fn aim_at_announced(signer: &mut u8) {
    sign_as(signer, nth(ColdkeySwaps::<Runtime>::iter_keys(), *signer));
}

fn keys(signer: &mut u8, call: &mut KeysCall<Runtime>) {
    match call {
        KeysCall::swap_hotkey { hotkey, .. } => aim_at_owned(signer, hotkey),
        KeysCall::dispute_coldkey_swap {} | KeysCall::clear_coldkey_swap_announcement {} => aim_at_announced(signer),
        KeysCall::swap_coldkey_announced { new_coldkey } => {
            aim_at_announced(signer);
            let swap = ColdkeySwaps::<Runtime>::get(account(*signer));
            let is_announced =
                |who: &AccountId| swap.is_some_and(|swap| blake2_256(&who.encode()) == swap.new_coldkey_hash.0);
            if let Some(announced) = (0..ACCOUNTS).map(account).find(is_announced) {
                *new_coldkey = announced;
            }
        }
        _ => {}
    }
}

fn subnets(signer: &mut u8, call: &mut SubnetsCall<Runtime>) {
    match call {
        SubnetsCall::dissolve_network { netuid }
        | SubnetsCall::transfer_network { netuid, .. }
        | SubnetsCall::set_subnet_identity { netuid, .. }
        | SubnetsCall::set_subnet_owner_hotkey { netuid, .. }
        | SubnetsCall::set_parameters { netuid, .. } => {
            aim_at_subnet(netuid);
            sign_as(signer, Subnets::<Runtime>::get(*netuid).and_then(|subnet| subnet.owner));
        }
        SubnetsCall::register_network { hotkey } | SubnetsCall::register_network_with_identity { hotkey, .. } => {
            sign_as(signer, Owners::<Runtime>::get(hotkey));
        }
        _ => {}
    }
    if let SubnetsCall::set_subnet_owner_hotkey { hotkey, .. } = call
        && let Some(owned) = nth(OwnedHotkeys::<Runtime>::get(account(*signer)).into_iter(), *signer)
    {
        *hotkey = owned;
    }
}

fn staking(signer: &mut u8, call: &mut StakingCall<Runtime>) {
    match call {
        StakingCall::add_stake { hotkey, .. } => {
            let nominator = *signer;
            aim_at_owned(signer, hotkey);
            if Hotkeys::<Runtime>::get(hotkey).is_some_and(|record| record.delegation.is_some()) {
                *signer = nominator;
            }
        }
        StakingCall::remove_stake { hotkey, amount } | StakingCall::transfer_stake { hotkey, amount, .. } => {
            aim_at_stake(signer, hotkey, Some(amount));
        }
        StakingCall::unstake_all { hotkey } => aim_at_stake(signer, hotkey, None),
        StakingCall::move_stake { origin_hotkey, destination_hotkey, amount } => {
            aim_at_stake(signer, origin_hotkey, Some(amount));
            aim_at_owned(&mut signer.clone(), destination_hotkey);
        }
        StakingCall::become_delegate { hotkey } => aim_at_owned(signer, hotkey),
        StakingCall::increase_take { hotkey, take } => {
            let most = Network::<Runtime>::get().expect("genesis writes it").max_delegate_take;
            let lower = Hotkeys::<Runtime>::iter_keys().filter_map(|hotkey| {
                let take = <Staking as ReadStake<_>>::take(&hotkey)?;
                Some((hotkey, take))
            });
            if let Some((delegate, lower)) = nth(lower.filter(|(_, take)| *take < most), *signer) {
                *hotkey = delegate;
                *take = most.min(Take::new(lower.get().saturating_add(1)).max(*take));
            }
            aim_at_owned(signer, hotkey);
        }
        StakingCall::decrease_take { hotkey, take } => {
            aim_at_owned(signer, hotkey);
            let lower = <Staking as ReadStake<_>>::take(hotkey).map(|take| Take::new(take.get().saturating_sub(1)));
            *take = lower.map_or(*take, |lower| lower.min(*take));
        }
        StakingCall::set_children { hotkey, netuid, .. } | StakingCall::set_childkey_take { hotkey, netuid, .. } => {
            aim_at_subnet(netuid);
            aim_at_owned(signer, hotkey);
        }
        StakingCall::root_register { hotkey } => sign_as(signer, Owners::<Runtime>::get(hotkey)),
        _ => {}
    }
}

fn neurons(signer: &mut u8, call: &mut NeuronsCall<Runtime>) {
    match call {
        NeuronsCall::burned_register { netuid, hotkey } | NeuronsCall::register_limit { netuid, hotkey, .. } => {
            aim_at_subnet(netuid);
            sign_as(signer, Owners::<Runtime>::get(hotkey));
        }
        NeuronsCall::register { netuid, hotkey, coldkey, .. } => {
            aim_at_subnet(netuid);
            *coldkey = Owners::<Runtime>::get(&*hotkey).unwrap_or_else(|| coldkey.clone());
            sign_as(signer, Some(hotkey.clone()));
        }
        NeuronsCall::serve_axon { netuid, .. }
        | NeuronsCall::serve_axon_tls { netuid, .. }
        | NeuronsCall::serve_prometheus { netuid, .. }
        | NeuronsCall::set_commitment { netuid, .. } => aim_at_seat(signer, netuid),
        _ => {}
    }
}

fn weights(signer: &mut u8, call: &mut WeightsCall<Runtime>) {
    match call {
        WeightsCall::set_weights { netuid, dests, weights, .. } => {
            aim_at_seat(signer, netuid);
            let seats = SeatsOf::<Runtime>::get(*netuid).len();
            let kept = dests.iter().zip(&*weights).filter(|(uid, _)| usize::from(**uid) < seats);
            let (uids, values): (Vec<Uid>, Vec<u16>) = kept.unzip();
            (*dests, *weights) = (BoundedVec::truncate_from(uids), BoundedVec::truncate_from(values));
        }
        WeightsCall::batch_set_weights { netuids, .. } => {
            if let Some(first) = netuids.first() {
                aim_at_seat(signer, &mut NetUid::new(first.0));
            }
        }
        WeightsCall::commit_weights { netuid, commit_hash } => {
            aim_at_seat(signer, netuid);
            *commit_hash = promise(*signer, *netuid, &vectors()[usize::from(*signer) % vectors().len()]);
        }
        WeightsCall::batch_commit_weights { netuids, commit_hashes } => {
            if let Some(first) = netuids.first() {
                let mut netuid = NetUid::new(first.0);
                aim_at_seat(signer, &mut netuid);
                *netuids = BoundedVec::truncate_from(vec![Compact(netuid.get())]);
                *commit_hashes = BoundedVec::truncate_from(vec![promise(*signer, netuid, &vectors()[0])]);
            }
        }
        WeightsCall::reveal_weights { netuid, uids, values, .. } => {
            if let Some((author, network, vector)) = open_commit(*signer) {
                (*signer, *netuid) = (author, network);
                *uids = BoundedVec::truncate_from(vector.0.into_iter().map(Uid::new).collect());
                *values = BoundedVec::truncate_from(vector.1);
            }
        }
        WeightsCall::batch_reveal_weights { netuid, uids_list, values_list, salts_list, version_keys } => {
            if let Some((author, network, (uids, values))) = open_commit(*signer) {
                (*signer, *netuid) = (author, network);
                let uids = uids.into_iter().map(Uid::new).collect();
                *uids_list = BoundedVec::truncate_from(vec![BoundedVec::truncate_from(uids)]);
                *values_list = BoundedVec::truncate_from(vec![BoundedVec::truncate_from(values)]);
                *salts_list = BoundedVec::truncate_from(vec![BoundedVec::truncate_from(SALT.to_vec())]);
                *version_keys = BoundedVec::truncate_from(vec![0]);
            }
        }
        WeightsCall::set_root_weights { hotkey, dests, .. } => {
            if let Some(seat) = nth(SeatsOf::<Runtime>::get(NetUid::ROOT).into_iter(), *signer) {
                *hotkey = seat.hotkey;
                sign_as(signer, Owners::<Runtime>::get(hotkey));
            }
            dests.iter_mut().for_each(aim_at_subnet);
        }
        _ => {}
    }
}

/// Returns the author, the network and the vector of a commit that can be revealed now.
fn open_commit(number: u8) -> Option<(u8, NetUid, Vector)> {
    let now = System::block_number();
    let open = Commits::<Runtime>::iter().flat_map(|(index, hotkey, commits)| {
        let netuid = index.netuid();
        let author = known(&hotkey);
        commits.into_iter().filter_map(move |commit| {
            let author = author?;
            let is_open = commit.phase(now) == RevealPhase::Open;
            let vector = vectors().into_iter().find(|vector| promise(author, netuid, vector) == commit.hash)?;
            is_open.then_some((author, netuid, vector))
        })
    });
    nth(open, number)
}

fn proxies(signer: &mut u8, call: &mut ProxyCall<Runtime>) {
    let number = *signer;
    let granted = || nth(Proxies::<Runtime>::iter().filter(|(real, _)| known(real).is_some()), number);
    match call {
        ProxyCall::proxy { real, call, .. } => {
            let Address::Id(who) = &*real else { return };
            let inner = aim(Move { signer: known(who).unwrap_or_default(), call: (**call).clone(), aimed: true });
            // A coldkey with a proxy, if the one that the call needs has none.
            let acting = Some(account(inner.signer)).filter(|who| Proxies::<Runtime>::contains_key(who));
            if let Some(acting) = acting.or_else(|| granted().map(|(acting, _)| acting)) {
                sign_as(signer, known(&acting).map(|number| account(delegate(number))));
                *real = Address::Id(acting);
            }
            **call = inner.call;
        }
        ProxyCall::remove_proxy { delegate, proxy_type, delay } => {
            if let Some((real, (definitions, _))) = granted()
                && let Some(definition) = definitions.first()
            {
                sign_as(signer, Some(real));
                *delegate = Address::Id(definition.delegate.clone());
                (*proxy_type, *delay) = (definition.proxy_type, definition.delay);
            }
        }
        ProxyCall::remove_announcement { real, .. } => {
            if let Some((by, for_whom)) = announcement(*signer) {
                (*signer, *real) = (by, Address::Id(account(for_whom)));
            }
        }
        ProxyCall::announce { real, .. } => {
            if let Some((granting, _)) = granted() {
                sign_as(signer, known(&granting).map(|number| account(delegate(number))));
                *real = Address::Id(granting);
            }
        }
        ProxyCall::reject_announcement { delegate, .. } => {
            if let Some((by, for_whom)) = announcement(*signer) {
                (*signer, *delegate) = (for_whom, Address::Id(account(by)));
            }
        }
        ProxyCall::proxy_announced { delegate, real, .. } => {
            if let Some((by, for_whom)) = announcement(*signer) {
                (*delegate, *real) = (Address::Id(account(by)), Address::Id(account(for_whom)));
            }
        }
        _ => {}
    }
}

/// Returns who announced a call, and for whom.
fn announcement(number: u8) -> Option<(u8, u8)> {
    let announced = (0..COLDKEYS).map(|real| (delegate(real), real));
    nth(announced.filter(|(by, _)| Announcements::<Runtime>::contains_key(account(*by))), number)
}

fn governance(number: u8, call: &mut RuntimeCall) {
    let task = || {
        let tasks = Agenda::<Runtime>::iter().flat_map(|(when, tasks)| {
            let places = (0..).zip(tasks).filter(|(_, task)| task.is_some());
            places.map(move |(index, _)| (when, index))
        });
        nth(tasks, number)
    };
    match call {
        RuntimeCall::Subnets(
            SubnetsCall::set_parameters { netuid, .. } | SubnetsCall::root_dissolve_network { netuid },
        ) => aim_at_subnet(netuid),
        RuntimeCall::Scheduler(SchedulerCall::cancel { when, index }) => {
            (*when, *index) = task().unwrap_or((*when, *index));
        }
        RuntimeCall::Scheduler(
            SchedulerCall::set_retry { task: aimed, .. } | SchedulerCall::cancel_retry { task: aimed },
        ) => *aimed = task().unwrap_or(*aimed),
        RuntimeCall::Authorities(authorities::Call::swap_authorities { authorities }) => {
            authorities.extend(nth(NextKeys::<Runtime>::iter_keys(), number));
            authorities.retain(|who| NextKeys::<Runtime>::contains_key(who));
        }
        // Leaves less than an account can exist with.
        RuntimeCall::Balances(BalancesCall::force_transfer { source: Address::Id(source), value, .. })
            if (1..EXISTENTIAL_DEPOSIT).contains(value) =>
        {
            *value = Balances::free_balance(&*source).saturating_sub(*value);
        }
        RuntimeCall::Keys(KeysCall::reset_coldkey_swap { coldkey }) => {
            *coldkey = nth(ColdkeySwaps::<Runtime>::iter_keys(), number).unwrap_or_else(|| coldkey.clone());
        }
        _ => {}
    }
}
