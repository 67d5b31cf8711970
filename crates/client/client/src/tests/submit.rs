//! Nonces, and outcomes of submissions.

use super::node::{Answer, Lie, METADATA, World, patient, url};
use crate::{
    account::Account,
    calls,
    chain::ChainConfig,
    error::{ChainError, UntrueNode},
    key::account,
    link::Timeouts,
    metagraph::Metagraph,
    refusal::PoolRefusal,
    runtime::{
        Event,
        runtime_types::{
            frame_support::dispatch::{DispatchClass, Pays},
            frame_system::{DispatchEventInfo, pallet::Event as System},
            pallet_multisig::{Timepoint, pallet::Event as Multisig},
            pallet_proxy::pallet::Event as Proxy,
            pallet_sudo::pallet::Event as Sudo,
            pallet_transaction_payment::pallet::Event as Payment,
            pallet_utility::pallet::Event as Utility,
            sp_runtime::{DispatchError, ModuleError},
            sp_weights::weight_v2::Weight,
        },
        system::events::ExtrinsicSuccess,
    },
    state::ChainState,
    submission::{CallError, SentTransaction, SubmissionOutcome, SubmitError, UnseenTransaction},
};
use futures::{FutureExt, future::join_all};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_keys::{Keypair, PublicKey, Secret, Signature};
use myelin_primitives::{Amount, NetUid};
use myelin_records::pool_code::PoolCode;
use std::{collections::BTreeSet, time::Duration};
use subxt::{config::DefaultExtrinsicParamsBuilder, utils::H256};

const LONG: Duration = Duration::from_mins(1);

/// A limit that is long enough for a search through blocks in memory.
const SHORT: Duration = Duration::from_millis(100);

fn alice() -> Keypair {
    Secret::from_uri("//Alice").expect("a key can be derived from every name").into_keypair()
}

async fn account_on(world: &World) -> Account {
    Account::new(&world.connect().await.expect("the nodes are up"), alice())
}

fn call() -> calls::Call<crate::runtime::staking::calls::UnstakeAll> {
    calls::unstake_all(&alice().public())
}

fn info() -> DispatchEventInfo {
    let weight = Weight { ref_time: 0, proof_size: 0 };
    DispatchEventInfo { weight, class: DispatchClass::Normal, pays_fee: Pays::Yes }
}

fn success() -> Event {
    Event::System(System::ExtrinsicSuccess { dispatch_info: info() })
}

fn paid(fee: u64) -> Event {
    let who = account(&alice().public());
    Event::TransactionPayment(Payment::TransactionFeePaid { who, actual_fee: fee, tip: 0 })
}

/// Returns `Staking::AmountTooLow`, as the chain encodes it.
fn too_low() -> DispatchError {
    let pallet = METADATA.pallet_by_name("Staking").unwrap();
    let variant = pallet.error_variants().unwrap().iter().find(|variant| variant.name == "AmountTooLow").unwrap();
    DispatchError::Module(ModuleError { index: pallet.error_index(), error: [variant.index, 0, 0, 0] })
}

/// Returns true if Alice signed this transaction with nonce 0, this birth, and the versions of this block.
fn is_signed_for(transaction: &[u8], versions: &ChainState, mortality: u64, birth: u64, hash: H256) -> bool {
    let parameters = DefaultExtrinsicParamsBuilder::<ChainConfig>::new()
        .nonce(0)
        .mortal_from_unchecked(mortality, birth, hash)
        .build();
    let call = call();
    let signable = versions.client().transactions().create_signable_offline(&call, parameters).unwrap();
    // The length in two bytes, the version, the kind of address, 32 bytes of it, and the kind of signature.
    let signature: [u8; 64] = transaction[37..101].try_into().unwrap();
    Signature::from_bytes(signature).verify(&alice().public(), &signable.signer_payload().unwrap())
}

/// Sends a transaction, includes it with these events, and returns the outcome.
async fn ends_with(events: Vec<Event>) -> SubmissionOutcome {
    let world = World::new(1);
    let account = account_on(&world).await;
    ends_on(&world, &account, events).await
}

async fn ends_on(world: &World, account: &Account, events: Vec<Event>) -> SubmissionOutcome {
    let sent = account.send(&call()).await.unwrap();
    let other = (0, success());
    let mine = events.into_iter().map(|event| (1, event));
    let body = vec![vec![4, 0], world.pool().pop().unwrap()];
    world.block(body, [other].into_iter().chain(mine).collect());
    account.outcome(&sent, LONG).await
}

#[tokio::test]
async fn success_is_a_final_block_with_the_fee_and_the_events() {
    let SubmissionOutcome::Finalised(included) = ends_with(vec![paid(123), success()]).await else {
        panic!("it succeeded")
    };
    assert_eq!((included.height, included.index, included.fee), (2, 1, Amount::from_rao(123)));
    assert_eq!(included.events().count(), 2);
    assert!(included.event::<ExtrinsicSuccess>().is_some());
}

#[tokio::test]
async fn failure_names_pallet_and_error_and_explains_it() {
    let failed = Event::System(System::ExtrinsicFailed { dispatch_error: too_low(), dispatch_info: info() });
    let SubmissionOutcome::Failed { error, included } = ends_with(vec![paid(5), failed]).await else {
        panic!("it failed")
    };
    assert!(error.is("Staking", "AmountTooLow"));
    assert_eq!(included.unwrap().fee, Amount::from_rao(5));
    let CallError::Pallet { explanation, .. } = &error else { panic!("{error}") };
    assert!(explanation.len() > 20 && !explanation.ends_with('.'), "{explanation}");
}

#[tokio::test]
async fn a_call_inside_of_a_call_may_fail_too() {
    let sudid = Event::Sudo(Sudo::Sudid { sudo_result: Err(too_low()) });
    let SubmissionOutcome::Failed { error, .. } = ends_with(vec![sudid, success()]).await else { panic!("it failed") };
    assert!(matches!(error, CallError::Inner { by: "sudo", .. }) && error.is("Staking", "AmountTooLow"), "{error}");

    let fine = Event::Sudo(Sudo::Sudid { sudo_result: Ok(()) });
    assert!(matches!(ends_with(vec![fine, success()]).await, SubmissionOutcome::Finalised(_)));
}

/// Returns each event by which a call tells the result of a call inside of it, with its name in errors.
fn wrappers(result: Result<(), DispatchError>) -> Vec<(&'static str, Event)> {
    let someone = account(&alice().public());
    let mut events = vec![
        ("sudo", Event::Sudo(Sudo::Sudid { sudo_result: result.clone() })),
        ("sudo", Event::Sudo(Sudo::SudoAsDone { sudo_result: result.clone() })),
        ("the proxy", Event::Proxy(Proxy::ProxyExecuted { result: result.clone() })),
        (
            "the multisig account",
            Event::Multisig(Multisig::MultisigExecuted {
                approving: someone,
                timepoint: Timepoint { height: 1, index: 1 },
                multisig: someone,
                call_hash: [0; 32],
                result: result.clone(),
            }),
        ),
        ("another origin", Event::Utility(Utility::DispatchedAs { result: result.clone() })),
    ];
    events.extend(match result {
        Ok(()) => vec![
            ("the batch", Event::Utility(Utility::ItemCompleted)),
            ("the batch", Event::Utility(Utility::BatchCompleted)),
            ("the call with a fallback", Event::Utility(Utility::IfElseMainSuccess)),
        ],
        Err(error) => vec![
            ("the batch", Event::Utility(Utility::BatchInterrupted { index: 1, error: error.clone() })),
            ("the batch", Event::Utility(Utility::ItemFailed { error: error.clone() })),
            ("the call with a fallback", Event::Utility(Utility::IfElseFallbackCalled { main_error: error })),
        ],
    });
    events
}

#[tokio::test]
async fn every_call_with_a_call_inside_tells_its_failure() {
    let world = World::new(1);
    let account = account_on(&world).await;
    for (name, event) in wrappers(Err(too_low())) {
        let outcome = ends_on(&world, &account, vec![event.clone(), success()]).await;
        let SubmissionOutcome::Failed { error, included } = outcome else { panic!("{event:?}") };
        assert!(matches!(error, CallError::Inner { by, .. } if by == name), "{event:?}: {error}");
        assert!(error.is("Staking", "AmountTooLow") && included.is_some(), "{event:?}: {error}");
    }
    for (_, event) in wrappers(Ok(())) {
        let outcome = ends_on(&world, &account, vec![event.clone(), success()]).await;
        assert!(matches!(outcome, SubmissionOutcome::Finalised(_)), "{event:?}");
    }
}

#[tokio::test]
async fn what_was_not_seen_is_found_when_looked_for_again() {
    let world = World::new(1);
    let account = account_on(&world).await;
    let unseen = account.submit(&call(), Duration::ZERO).await;
    let SubmissionOutcome::Unseen(unseen) = unseen else { panic!("no block was made") };
    assert!(unseen.trouble.is_none());
    assert_eq!((unseen.sent.after, unseen.sent.valid_until), (1, 64));

    world.block(vec![world.pool().pop().unwrap()], vec![(0, success())]);
    // Another process would continue in this way, from a stored record.
    let sent = SentTransaction { ..unseen.sent };
    let outcome = world.connect().await.unwrap().outcome(&sent, LONG).await;
    assert_eq!(outcome.finalised().unwrap().height, 2);
}

#[tokio::test]
async fn what_was_not_seen_is_looked_for_until_it_is_known() {
    let world = World::new(1);
    let account = account_on(&world).await;
    let mut looks = 0;
    let on_unseen = |unseen: &UnseenTransaction| {
        assert_eq!(unseen.sent.after, 1);
        looks += 1;
        if looks == 3 {
            world.block(vec![world.pool().pop().unwrap()], vec![(0, success())]);
        }
    };
    let included = account.submit_until_known(&call(), SHORT, on_unseen).await.unwrap();
    assert_eq!((included.height, looks, world.pool().len()), (2, 3, 1));
}

#[tokio::test]
async fn nh_50_what_nodes_have_forgotten_is_not_looked_for() {
    let world = World::new(1);
    let account = account_on(&world).await;
    let mut looks = 0;
    let on_unseen = |unseen: &UnseenTransaction| {
        looks += 1;
        assert_eq!(unseen.trouble.as_ref().is_some_and(ChainError::is_forgotten), looks == 2, "{unseen}");
        if looks == 1 {
            let height = world.block(vec![world.pool().pop().unwrap()], vec![(0, success())]);
            world.discard(height);
        }
    };
    let error = account.submit_until_known(&call(), SHORT, on_unseen).await.unwrap_err();
    assert!(matches!(error, CallError::Forgotten { .. }), "{error}");
    assert_eq!((looks, error.code(), Hints::of(&error).iter().count()), (2, "unseen", 1));
    // The next call takes the nonce that the chain gives.
    assert_eq!(account.send(&call()).await.unwrap().nonce, 0);
}

#[tokio::test]
async fn what_failed_is_not_looked_for() {
    let world = World::new(1);
    let account = account_on(&world).await;
    world.answers(1, [Answer::Refuse(1_010, "Custom error: 6")]);
    let error = account.submit_until_known(&call(), LONG, |unseen| panic!("{unseen}")).await.unwrap_err();
    assert!(matches!(error, CallError::Refused(PoolRefusal::Call(Ok(PoolCode::TooSoon)))), "{error}");
}

#[tokio::test]
async fn a_transaction_whose_time_is_over_has_failed() {
    let world = World::new(1);
    let account = account_on(&world).await.with_mortality(3);
    let sent = account.send(&call()).await.unwrap();
    assert_eq!((sent.after, sent.valid_until), (1, 4));
    world.empty_blocks(2);
    assert!(account.outcome(&sent, LONG).now_or_never().is_none());
    world.empty_blocks(1);
    let outcome = account.outcome(&sent, LONG).await;
    let SubmissionOutcome::Failed { error: CallError::Expired { valid_until: 4 }, included: None } = outcome else {
        panic!("{outcome:?}")
    };
}

#[tokio::test]
async fn waiting_outlives_a_node() {
    let world = World::new(2);
    let account = account_on(&world).await;
    let sent = account.send(&call()).await.unwrap();
    world.kill(1);
    world.empty_blocks(1);
    world.block(vec![world.pool().pop().unwrap()], vec![(0, success())]);
    assert_eq!(account.outcome(&sent, LONG).await.finalised().unwrap().height, 3);
}

#[tokio::test]
async fn a_node_that_hides_a_transaction_does_not_decide() {
    for lie in [Lie::Body, Lie::Header] {
        let world = World::new(1);
        let account = account_on(&world).await.with_mortality(4);
        let sent = account.send(&call()).await.unwrap();
        world.lie(1, lie);
        world.block(vec![world.pool().pop().unwrap()], vec![(0, success())]);
        world.empty_blocks(4);
        // The mortality is over, but a transaction that has failed would be signed again and paid twice.
        let outcome = account.outcome(&sent, SHORT).await;
        let SubmissionOutcome::Unseen(unseen) = outcome else { panic!("{lie:?}: {outcome:?}") };
        let Some(ChainError::Untrue(UntrueNode { node })) = unseen.trouble else { panic!("{:?}", unseen.trouble) };
        assert_eq!(node, url(1));
    }
}

#[tokio::test]
async fn the_next_node_takes_the_place_of_one_that_lies() {
    for lie in [Lie::Body, Lie::Header] {
        let world = World::new(2);
        let account = account_on(&world).await;
        let chain = world.connect().await.unwrap();
        let sent = account.send(&call()).await.unwrap();
        world.lie(1, lie);
        world.block(vec![world.pool().pop().unwrap()], vec![(0, success())]);
        assert_eq!(chain.outcome(&sent, LONG).await.finalised().unwrap().height, 2);
        assert_eq!(chain.node().await.unwrap(), url(2));
        // It is not used again, also if no other node is left.
        world.kill(2);
        let Err(ChainError::Unreachable(error)) = chain.at_finalised().await else { panic!("{lie:?}") };
        assert!(error.to_string().contains("not those of their block"), "{error}");
    }
}

#[tokio::test]
async fn a_rate_limit_ends_no_submission() {
    // The limit refuses the first requests of the submission, and later those of the search.
    for passed in [1, 4, 9, 30] {
        let world = World::new(1);
        let chain = world.connect_within(Timeouts { outage: LONG, ..patient() }).await.unwrap();
        let account = Account::new(&chain, alice());
        let limit = |requests| world.limit(1, requests);
        limit(passed);
        let sent = account.send(&call()).await.unwrap();
        assert_eq!(world.pool().len(), 1);
        world.block(vec![world.pool().pop().unwrap()], vec![(0, success())]);
        limit(passed);
        assert_eq!(account.outcome(&sent, LONG).await.finalised().unwrap().height, 2);
        assert_eq!(world.limited(1), 0, "{passed}");
    }
}

#[tokio::test]
async fn transactions_go_on_while_no_block_is_final() {
    let world = World::new(1);
    let chain = world.connect().await.unwrap();
    let mut best = 1;
    // The blocks that are not final, the mortality, and the block from which it counts.
    for (open, mortality, after) in [
        (0, 64, 1),
        (1, 4, 1),
        (2, 4, 2),
        (16, 64, 1),
        (17, 64, 10),
        (70, 64, 63),
        (70, 4_096, 1),
        (1_024, 4_096, 1),
        (1_025, 4_096, 1_018),
    ] {
        while best < 1 + open {
            best = world.make(Vec::new(), Vec::new());
        }
        let account = Account::new(&chain, alice()).with_mortality(mortality);
        let sent = account.send(&call()).await.unwrap();
        assert_eq!((sent.after, sent.valid_until), (after, after + mortality - 1), "{open} {mortality}");
        let versions = chain.at_best().await.unwrap();
        let birth = world.hash(usize::try_from(after).unwrap());
        assert!(is_signed_for(&world.pool().pop().unwrap(), &versions, mortality, after, birth), "{open} {mortality}");
    }
    let account = Account::new(&chain, alice());
    let sent = account.send(&call()).await.unwrap();
    let included = world.make(vec![world.pool().pop().unwrap()], vec![(0, success())]);
    assert!(account.outcome(&sent, LONG).now_or_never().is_none());
    world.finalise(1, included);
    assert_eq!(account.outcome(&sent, LONG).await.finalised().unwrap().height, included as u64);
}

#[tokio::test]
async fn every_submission_has_its_own_nonce() {
    let world = World::new(1);
    world.set_next_index(7);
    let account = account_on(&world).await;
    let copies: Vec<_> = (0..20).map(|_| account.clone()).collect();
    let call = call();
    let sent = join_all(copies.iter().map(|account| account.send(&call))).await;
    let nonces: BTreeSet<_> = sent.into_iter().map(|sent| sent.unwrap().nonce).collect();
    assert_eq!(nonces, (7..27).collect());
    assert_eq!(world.pool().len(), 20);
}

#[tokio::test]
async fn a_refused_transaction_uses_no_nonce_up() {
    let world = World::new(1);
    let account = account_on(&world).await;
    world.answers(1, [Answer::Accept, Answer::Refuse(1_010, "Custom error: 6")]);
    assert_eq!(account.send(&call()).await.unwrap().nonce, 0);
    // The current node may not know of the first transaction yet.
    world.set_next_index(0);
    let SubmissionOutcome::Failed { error, included: None } = account.submit(&call(), LONG).await else {
        panic!("refused")
    };
    assert!(matches!(error, CallError::Refused(PoolRefusal::Call(Ok(PoolCode::TooSoon)))), "{error}");
    assert!(Hints::of(&error).first().is_some());
    assert_eq!(account.send(&call()).await.unwrap().nonce, 1);
}

#[tokio::test]
async fn what_a_new_runtime_refuses_is_signed_anew() {
    let world = World::new(1);
    let account = account_on(&world).await;
    let bad = || Answer::Refuse(1_010, "Transaction has a bad signature");
    world.answers(1, [Answer::Accept, bad()]);
    assert_eq!(account.send(&call()).await.unwrap().nonce, 0);
    assert_eq!(account.send(&call()).await.unwrap().nonce, 1);
    // One failure suffices: the other transaction was signed at the last final block.
    world.answers(1, [bad(), bad()]);
    let error = account.send(&call()).await.unwrap_err();
    assert!(matches!(error, CallError::Refused(PoolRefusal::Signature)), "{error}");
}

#[tokio::test]
async fn a_change_of_the_runtime_is_signed_for_once() {
    let world = World::new(1);
    let account = account_on(&world).await;
    world.answers(1, [Answer::Upgrade]);
    assert_eq!(account.send(&call()).await.unwrap().nonce, 0);
    let best = world.connect().await.unwrap().at_best().await.unwrap();
    assert_eq!(best.client().spec_version(), 2);
    assert!(is_signed_for(&world.pool()[0], &best, 64, 1, world.hash(1)));

    world.answers(1, [Answer::Upgrade, Answer::Upgrade]);
    let error = account.send(&call()).await.unwrap_err();
    assert!(matches!(error, CallError::Refused(PoolRefusal::Version)), "{error}");
    assert_eq!((error.code(), world.pool().len()), ("refused", 1));
    assert_eq!(account.send(&call()).await.unwrap().nonce, 1);
}

/// Waits until the nodes were asked to take this many transactions.
async fn asked(world: &World, count: usize) {
    while world.asked().len() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_an_upgrade_overtakes_is_signed_again_with_its_nonce() {
    let (waits, used) = ((1_014, "The transaction has too low priority"), (1_010, "Transaction is outdated"));
    // The node keeps the outdated transaction for a moment; or another process takes its nonce.
    for ((code, said), next_index, expected) in [(waits, 1, 0), (used, 1, 1)] {
        let world = World::new(1);
        let account = account_on(&world).await;
        let call = call();
        let upgrade = async {
            asked(&world, 1).await;
            // The node counts the transactions in its pool.
            world.set_next_index(next_index);
            world.answers(1, [Answer::Refuse(code, said)]);
            world.upgrade();
            asked(&world, 3).await;
            world.block(world.pool(), vec![(0, success())]);
        };
        let (outcome, ()) = futures::join!(account.submit(&call, LONG), upgrade);
        assert!(matches!(outcome, SubmissionOutcome::Finalised(_)), "{said}: {outcome:?}");
        assert_eq!(world.asked().len(), 3, "{said}");
        assert_eq!(account.send(&call).await.unwrap().nonce, expected + 1, "{said}");
    }
}

#[tokio::test]
async fn an_upgrade_ends_the_search_for_what_was_signed_before_it() {
    let world = World::new(1);
    let account = account_on(&world).await;
    let sent = account.send(&call()).await.unwrap();
    world.upgrade();
    let outcome = account.outcome(&sent, LONG).await;
    let error = |outcome| {
        matches!(outcome, SubmissionOutcome::Failed { error: CallError::Refused(refusal), .. }
        if refusal == PoolRefusal::Version)
    };
    assert!(error(outcome));
    // Of what was signed elsewhere only the end of its mortality is known.
    let unknown = SentTransaction { spec_version: None, ..sent };
    let outcome = account.outcome(&unknown, SHORT).await;
    assert!(matches!(outcome, SubmissionOutcome::Unseen(_)), "{outcome:?}");
}

#[tokio::test]
async fn what_expired_before_it_was_sent_is_signed_anew() {
    let world = World::new(1);
    let account = account_on(&world).await;
    let old = || Answer::Refuse(1_010, "Transaction has an ancient birth block");
    world.answers(1, [Answer::Accept, old()]);
    assert_eq!(account.send(&call()).await.unwrap().nonce, 0);
    assert_eq!(account.send(&call()).await.unwrap().nonce, 1);
    world.answers(1, [old(), old()]);
    let error = account.send(&call()).await.unwrap_err();
    assert!(matches!(error, CallError::Refused(PoolRefusal::Expired)), "{error}");
}

#[tokio::test]
async fn what_the_pool_bans_is_signed_anew_once() {
    let world = World::new(1);
    let account = account_on(&world).await;
    let banned = || Answer::Refuse(1_012, "Transaction is temporarily banned");
    world.answers(1, [banned()]);
    assert_eq!(account.send(&call()).await.unwrap().nonce, 0);
    let asked = world.asked();
    assert_eq!(asked.len(), 2);
    assert_ne!(asked[0], asked[1], "the pool bans bytes");

    world.answers(1, [banned(), banned()]);
    let error = account.send(&call()).await.unwrap_err();
    assert!(matches!(error, CallError::Refused(PoolRefusal::Banned)), "{error}");
    assert_eq!(account.send(&call()).await.unwrap().nonce, 1);
}

#[tokio::test]
async fn a_nonce_that_somebody_else_used_is_replaced() {
    for (code, said) in [(1_010, "Transaction is outdated"), (1_014, "The transaction has too low priority")] {
        let world = World::new(1);
        let account = account_on(&world).await;
        assert_eq!(account.send(&call()).await.unwrap().nonce, 0);
        // Another process has sent two.
        world.set_next_index(3);
        world.answers(1, [Answer::Refuse(code, said)]);
        assert_eq!(account.send(&call()).await.unwrap().nonce, 3, "{said}");
        assert_eq!(account.send(&call()).await.unwrap().nonce, 4, "{said}");
    }
}

#[tokio::test]
async fn a_refusal_that_is_not_about_the_nonce_is_not_retried() {
    let world = World::new(1);
    let account = account_on(&world).await;
    // A free call of the same kind waits. The pool gives the same answer as for a used nonce.
    world.answers(1, [Answer::Refuse(1_014, "The transaction has too low priority")]);
    let error = account.send(&call()).await.unwrap_err();
    assert!(matches!(error, CallError::Refused(PoolRefusal::Waiting)), "{error}");
    assert_eq!(world.pool().len(), 0);
}

/// Returns the reply of a pool that holds another call of the kind, or one with the nonce.
fn waiting() -> Answer {
    Answer::Refuse(1_014, "The transaction has too low priority")
}

#[tokio::test]
async fn a_later_call_takes_the_nonce_of_an_earlier_one_of_its_kind() {
    let world = World::new(1);
    let account = account_on(&world).await;
    let weights = |netuid| calls::set_weights(NetUid::new(netuid), &[], 0);
    let sent = async |netuid| account.send(&weights(netuid)).await.map(|sent| sent.nonce);
    assert_eq!((sent(1).await.unwrap(), sent(2).await.unwrap()), (0, 1));
    // The pool counts both calls, and holds one for each network.
    world.set_next_index(2);
    world.answers(1, [waiting()]);
    assert_eq!(sent(1).await.unwrap(), 0);
    assert_eq!(sent(3).await.unwrap(), 2, "the nonce that was tried first is free");
    // The earlier call is in a block by then.
    world.set_next_index(3);
    world.answers(1, [waiting(), Answer::Refuse(1_010, "Transaction is outdated")]);
    assert_eq!(sent(2).await.unwrap(), 3);
    // The earlier call has waited as long.
    world.set_next_index(4);
    world.answers(1, [waiting(), waiting(), waiting()]);
    let error = sent(2).await.unwrap_err();
    assert!(matches!(error, CallError::Refused(PoolRefusal::Waiting)), "{error}");
    assert_eq!(sent(4).await.unwrap(), 4);
}

#[tokio::test]
async fn no_call_takes_the_nonce_of_another_kind() {
    let world = World::new(1);
    let account = account_on(&world).await;
    let (hotkey, netuid) = (alice().public(), NetUid::new(1));
    account.send(&calls::set_weights(netuid, &[], 0)).await.unwrap();
    account.send(&calls::unstake_all(&hotkey)).await.unwrap();
    account.send(&calls::transfer(&hotkey, Amount::ZERO)).await.unwrap();
    world.set_next_index(3);
    world.answers(1, std::iter::repeat_n(waiting(), 4));
    let others = [
        account.send(&calls::set_weights(NetUid::new(2), &[], 0)).await,
        account.send(&calls::commit_weights(netuid, H256::zero())).await,
        account.send(&calls::unstake_all(&PublicKey::from_bytes([7; 32]))).await,
        account.send(&calls::transfer(&hotkey, Amount::ZERO)).await,
    ];
    for sent in others {
        assert!(matches!(sent, Err(CallError::Refused(PoolRefusal::Waiting))), "{sent:?}");
    }
    assert_eq!((world.pool().len(), world.asked().len()), (3, 7));
}

#[tokio::test]
async fn nonces_are_not_replaced_forever() {
    let world = World::new(1);
    let account = account_on(&world).await;
    world.answers(1, std::iter::repeat_n(Answer::Refuse(1_010, "Transaction is outdated"), 10));
    let error = account.send(&call()).await.unwrap_err();
    assert!(matches!(error, CallError::Refused(PoolRefusal::Stale)), "{error}");
}

#[tokio::test]
async fn the_gap_that_a_lost_transaction_leaves_is_filled() {
    let world = World::new(1);
    let account = account_on(&world).await;
    assert!(matches!(account.submit(&call(), Duration::ZERO).await, SubmissionOutcome::Unseen(_)));
    // The pool has dropped the transaction.
    world.set_next_index(0);
    assert_eq!(account.send(&call()).await.unwrap().nonce, 0);
}

#[tokio::test]
async fn the_same_transaction_goes_to_the_next_node() {
    for (answer, copies) in [(Answer::Die, 1), (Answer::AcceptAndDie, 1)] {
        let world = World::new(2);
        let account = account_on(&world).await;
        world.answers(1, [answer]);
        let sent = account.send(&call()).await.unwrap();
        assert_eq!(world.pool().len(), copies);
        world.block(vec![world.pool().pop().unwrap()], vec![(0, success())]);
        assert!(account.outcome(&sent, LONG).await.finalised().is_ok());
        assert_eq!(account.send(&call()).await.unwrap().nonce, 1);
    }
}

#[tokio::test]
async fn a_refusal_after_doubt_is_no_proof() {
    let world = World::new(2);
    let account = account_on(&world).await;
    world.answers(1, [Answer::AcceptAndDie]);
    world.answers(2, [Answer::Refuse(1_010, "Transaction is outdated")]);
    // The first node has included it meanwhile, so the second node calls it outdated.
    let sent = account.send(&call()).await.unwrap();
    world.block(vec![world.pool().pop().unwrap()], vec![(0, success())]);
    assert!(matches!(account.outcome(&sent, LONG).await, SubmissionOutcome::Finalised(_)));
}

#[tokio::test]
async fn what_no_node_was_given_was_not_sent() {
    let world = World::new(2);
    let account = account_on(&world).await;
    for node in [1, 2] {
        world.kill(node);
    }
    let outcome = account.submit(&call(), LONG).await;
    let Err(SubmitError::Failed(CallError::NotSent(error))) = outcome.finalised() else { panic!("all nodes are down") };
    assert!(error.is_outage());
}

#[tokio::test]
async fn everything_can_be_awaited_in_a_task() {
    fn is_send(_: &impl Send) {}
    let world = World::new(1);
    let account = account_on(&world).await;
    let chain = world.connect().await.unwrap();
    let mut blocks = chain.blocks_from(0);
    let call = call();
    is_send(&account.submit(&call, LONG));
    is_send(&account.submit_until_known(&call, LONG, |_| {}));
    is_send(&account.fee(&call));
    is_send(&chain.at_best());
    is_send(&blocks.next());
    is_send(&blocks.latest());
    is_send(&Metagraph::sync(&chain, NetUid::new(1)));
}
