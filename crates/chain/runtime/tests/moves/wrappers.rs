//! Random calls with others in them, and what governance does.

use super::{
    Move,
    accounts::{account, heir},
    arguments::{address, anyone, coldkey, destination, hotkey, likely, netuid, patch, rao},
    by,
    engine::{delegate, pair_of_signatories},
    moved,
};
use frame_support::weights::Weight;
use myelin_pallet_keys::Call as KeysCall;
use myelin_pallet_subnets::Call as SubnetsCall;
use myelin_primitives::Amount;
use myelin_records::parameters::{NetworkParameters, Parameters};
use myelin_runtime::{OriginCaller, Runtime, RuntimeCall, authorities};
use pallet_balances::Call as BalancesCall;
use pallet_multisig::Call as MultisigCall;
use pallet_preimage::Call as PreimageCall;
use pallet_proxy::Call as ProxyCall;
use pallet_safe_mode::Call as SafeModeCall;
use pallet_scheduler::Call as SchedulerCall;
use pallet_sudo::Call as SudoCall;
use pallet_tx_pause::Call as TxPauseCall;
use pallet_utility::Call as UtilityCall;
use proptest::{prelude::*, sample::select, strategy::Union};
use sp_io::hashing::blake2_256;

/// Returns moves that wrap others: batches, proxies, multisigs and derived accounts.
pub(crate) fn wrapped(plain: impl Strategy<Value = Move> + Clone + 'static) -> BoxedStrategy<Move> {
    let two = || (plain.clone(), plain.clone());
    let batch = (two(), 0_u8..3).prop_map(|((one, other), kind)| {
        let calls = vec![one.call, other.call];
        let call = match kind {
            0 => UtilityCall::batch { calls },
            1 => UtilityCall::batch_all { calls },
            _ => UtilityCall::force_batch { calls },
        };
        moved(one.signer, call)
    });
    let either = two().prop_map(|(one, other)| {
        let (main, fallback) = (Box::new(one.call), Box::new(other.call));
        moved(one.signer, UtilityCall::if_else { main, fallback })
    });
    let derived = plain
        .clone()
        .prop_map(|inner| moved(inner.signer, UtilityCall::as_derivative { index: 0, call: Box::new(inner.call) }));
    let by_proxy = (plain.clone(), likely()).prop_map(|(inner, acts)| {
        let signer = if acts { delegate(inner.signer) } else { inner.signer };
        let call = Box::new(inner.call);
        moved(signer, ProxyCall::proxy { real: address(inner.signer), force_proxy_type: None, call })
    });
    let alone = (plain, pair_of_signatories()).prop_map(|(inner, (one, other))| {
        let (other_signatories, call) = (vec![account(other)], Box::new(inner.call));
        moved(one, MultisigCall::as_multi_threshold_1 { other_signatories, call })
    });
    Union::new_weighted(vec![
        (4, batch.boxed()),
        (2, either.boxed()),
        (2, derived.boxed()),
        (6, by_proxy.boxed()),
        (1, alone.boxed()),
    ])
    .boxed()
}

/// Returns moves of governance, now and then by an account that is not.
pub(crate) fn governance(plain: impl Strategy<Value = Move> + Clone + 'static) -> BoxedStrategy<Move> {
    let governed = governed(plain);
    let sudo = (governed.clone(), prop::bool::weighted(0.1)).prop_map(|(call, unchecked)| {
        let call = Box::new(call);
        if unchecked {
            SudoCall::sudo_unchecked_weight { call, weight: Weight::from_parts(1_000, 0) }
        } else {
            SudoCall::sudo { call }
        }
    });
    let governor = || prop_oneof![9 => Just(0_u8), 1 => anyone()];
    Union::new_weighted(vec![(8, by(governor(), sudo)), (2, by(anyone(), governed))]).boxed()
}

/// Calls that governance may make.
fn governed(plain: impl Strategy<Value = Move> + Clone + 'static) -> BoxedStrategy<RuntimeCall> {
    /// A call of its strategy.
    fn of<Call: Into<RuntimeCall> + std::fmt::Debug + 'static>(
        calls: impl Strategy<Value = Call> + 'static,
    ) -> BoxedStrategy<RuntimeCall> {
        calls.prop_map(Into::into).boxed()
    }
    let origin = anyone().prop_map(|who| OriginCaller::system(frame_system::RawOrigin::Signed(account(who))));
    let inner = || plain.clone().prop_map(|inner| Box::new(inner.call));
    Union::new_weighted(vec![
        (
            3,
            of(patch::<NetworkParameters, _>()
                .prop_map(|changed| SubnetsCall::set_network_parameters { changed: Box::new(changed) })),
        ),
        (
            2,
            of(patch::<Parameters, _>()
                .prop_map(|changed| SubnetsCall::set_default_parameters { changed: Box::new(changed) })),
        ),
        (
            4,
            of((netuid(), patch::<Parameters, _>())
                .prop_map(|(netuid, changed)| SubnetsCall::set_parameters { netuid, changed: Box::new(changed) })),
        ),
        (1, of(netuid().prop_map(|netuid| SubnetsCall::root_dissolve_network { netuid }))),
        (
            1,
            of((netuid(), hotkey())
                .prop_map(|(netuid, hotkey)| SubnetsCall::set_subnet_owner_hotkey { netuid, hotkey: account(hotkey) })),
        ),
        (2, of(coldkey().prop_map(|coldkey| KeysCall::reset_coldkey_swap { coldkey: account(coldkey) }))),
        (
            2,
            of((coldkey(), anyone(), rao(), likely()).prop_map(|(old, other, cost, heirs)| KeysCall::swap_coldkey {
                old_coldkey: account(old),
                new_coldkey: account(if heirs { heir(old) } else { other }),
                cost: Amount::from_rao(cost),
            })),
        ),
        (
            1,
            of(prop::collection::vec(anyone(), 0..3).prop_map(|who| authorities::Call::swap_authorities {
                authorities: who.into_iter().map(account).collect(),
            })),
        ),
        (3, of(transfer().prop_map(|call| *call))),
        (
            3,
            of(select(&[true, false][..]).prop_map(|request| {
                let hash = blake2_256(&[2; 10]).into();
                if request {
                    PreimageCall::request_preimage { hash }
                } else {
                    PreimageCall::unrequest_preimage { hash }
                }
            })),
        ),
        (
            1,
            of((origin.clone(), inner())
                .prop_map(|(as_origin, call)| UtilityCall::dispatch_as { as_origin: Box::new(as_origin), call })),
        ),
        (
            3,
            of((origin, inner()).prop_map(|(as_origin, call)| UtilityCall::dispatch_as_fallible {
                as_origin: Box::new(as_origin),
                call,
            })),
        ),
        (1, of(transfer().prop_map(|call| UtilityCall::with_weight { call, weight: Weight::from_parts(1_000, 0) }))),
        (1, of(Just(pallet_grandpa::Call::note_stalled { delay: 1, best_finalized_block_number: 1 }))),
        (1, of((anyone(), inner()).prop_map(|(who, call)| SudoCall::sudo_as { who: address(who), call }))),
        (12, of(scheduled())),
        (6, of(safe_mode())),
        (2, of(paused())),
    ])
    .boxed()
}

/// Calls of safe mode. It ends soon, because it closes most calls.
fn safe_mode() -> impl Strategy<Value = SafeModeCall<Runtime>> + Clone {
    prop_oneof![
        2 => Just(SafeModeCall::force_enter {}),
        3 => Just(SafeModeCall::force_extend {}),
        6 => Just(SafeModeCall::force_exit {}),
        1 => Just(SafeModeCall::enter {}),
        1 => Just(SafeModeCall::extend {}),
        1 => anyone().prop_map(|who| SafeModeCall::release_deposit { account: account(who), block: 1 }),
        1 => anyone().prop_map(|who| SafeModeCall::force_release_deposit { account: account(who), block: 1 }),
        1 => anyone().prop_map(|who| SafeModeCall::force_slash_deposit { account: account(who), block: 1 }),
    ]
}

/// Calls that pause a call and open it again.
fn paused() -> impl Strategy<Value = TxPauseCall<Runtime>> + Clone {
    let name = |text: &str| text.as_bytes().to_vec().try_into().expect("it is short");
    let full_name = move || (name("System"), name("remark_with_event"));
    any::<bool>().prop_map(move |pause| {
        if pause { TxPauseCall::pause { full_name: full_name() } } else { TxPauseCall::unpause { ident: full_name() } }
    })
}

/// A transfer that governance makes, now or later.
fn transfer() -> impl Strategy<Value = Box<RuntimeCall>> + Clone {
    (destination(), destination(), rao())
        .prop_map(|(source, dest, value)| Box::new(BalancesCall::force_transfer { source, dest, value }.into()))
}

/// Calls of the scheduler.
fn scheduled() -> impl Strategy<Value = SchedulerCall<Runtime>> + Clone {
    let call = transfer;
    let id = || Just([0; 32]);
    let often = || prop::option::of((1_u32..3, 1_u32..3));
    let task = || (1_u32..90, 0_u32..2);
    prop_oneof![
        3 => (1_u32..90, often(), call()).prop_map(|(when, maybe_periodic, call)| SchedulerCall::schedule {
            when,
            maybe_periodic,
            priority: 0,
            call
        }),
        1 => task().prop_map(|(when, index)| SchedulerCall::cancel { when, index }),
        6 => (id(), 1_u32..90, often(), call()).prop_map(|(id, when, maybe_periodic, call)| {
            SchedulerCall::schedule_named { id, when, maybe_periodic, priority: 0, call }
        }),
        2 => id().prop_map(|id| SchedulerCall::cancel_named { id }),
        3 => (0_u32..20, often(), call()).prop_map(|(after, maybe_periodic, call)| {
            SchedulerCall::schedule_after { after, maybe_periodic, priority: 0, call }
        }),
        3 => (id(), 0_u32..20, often(), call()).prop_map(|(id, after, maybe_periodic, call)| {
            SchedulerCall::schedule_named_after { id, after, maybe_periodic, priority: 0, call }
        }),
        1 => task().prop_map(|task| SchedulerCall::set_retry { task, retries: 1, period: 1 }),
        3 => id().prop_map(|id| SchedulerCall::set_retry_named { id, retries: 1, period: 1 }),
        1 => task().prop_map(|task| SchedulerCall::cancel_retry { task }),
        3 => id().prop_map(|id| SchedulerCall::cancel_retry_named { id }),
    ]
}
