//! Codes of errors, which scripts match on.

use crate::{
    error::{ChainError, LaggingNode, Unreachable, UntrueNode},
    node_urls::NodeUrlError,
    refusal::PoolRefusal,
    submission::{CallError, DispatchFailure, SubmitError},
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::NetUid;
use myelin_records::pool_code::PoolCode;
use std::time::Duration;

fn unreachable() -> Unreachable {
    Unreachable { tried: vec![("ws://127.0.0.1:9944".to_owned(), "closed".to_owned())] }
}

#[test]
fn codes_of_the_chain_stay() {
    let netuid = NetUid::new(1);
    let node = ChainError::Node { code: -32_000, message: "no".to_owned() };
    for (error, code) in [
        (NodeUrlError::None.into(), "endpoint"),
        (unreachable().into(), "unreachable"),
        (ChainError::Silent(Duration::ZERO), "unreachable"),
        (node, "node"),
        (LaggingNode { node: "ws://127.0.0.1:9944".to_owned(), block: 1, highest: 30 }.into(), "unreachable"),
        (UntrueNode { node: "ws://127.0.0.1:9944".to_owned() }.into(), "untrue"),
        (ChainError::NoBlock("1".to_owned()), "node"),
        (ChainError::StateDiscarded("1".to_owned()), "node"),
        (ChainError::RepeatedPage("delegates"), "node"),
        (ChainError::NoParameters(1), "impossible"),
        (ChainError::NoNetwork { netuid, block: 1 }, "not-found"),
        (ChainError::NoWork(netuid), "impossible"),
        (ChainError::Incompatible("it is newer".to_owned()), "incompatible"),
    ] {
        assert_eq!(error.code(), code, "{error}");
        assert!(Hints::of(&error).first().is_some(), "{error}");
    }
}

#[test]
fn a_discarded_state_is_named_with_its_block_and_the_flag() {
    let said = |message: &str| ChainError::Node { code: -32_000, message: message.to_owned() };
    let error = said("Client error: UnknownBlock: State already discarded for 0x01").of(&361);
    assert_eq!(error.to_string(), "the node has discarded the state of block 361");
    let hints = Hints::of(&error);
    assert!(hints.first().is_some_and(|hint| hint.contains("--state-pruning archive")), "{hints:?}");
    assert!(matches!(said("no").of(&361), ChainError::Node { .. }));
}

#[test]
fn codes_of_calls_stay() {
    let pallet =
        CallError::Pallet { pallet: "Staking".to_owned(), name: "AmountTooLow".to_owned(), explanation: String::new() };
    for (error, code) in [
        (CallError::NotSent(unreachable().into()), "unreachable"),
        (PoolRefusal::Payment.into(), "funds"),
        (PoolRefusal::Call(Ok(PoolCode::TooLittle)).into(), "refused"),
        (PoolRefusal::Full.into(), "refused"),
        (CallError::Dispatch(DispatchFailure::Funds), "funds"),
        (CallError::Dispatch(DispatchFailure::BelowMinimum), "funds"),
        (CallError::Dispatch(DispatchFailure::BadOrigin), "call-failed"),
        (CallError::Inner { by: "sudo", error: Box::new(PoolRefusal::Payment.into()) }, "funds"),
        (pallet, "call-failed"),
        (CallError::Expired { valid_until: 1 }, "expired"),
    ] {
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(SubmitError::from(error).code(), code);
    }
}
