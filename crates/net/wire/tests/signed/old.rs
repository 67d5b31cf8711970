//! Requests of the existing neurons.

use crate::{NOW, caller, empty, flipped, key, neuron, with};
use myelin_wire::{
    Headers, ReceivedRequest, Sign, Synapse, Verified,
    class::{Class, Field, Type},
    python::Value,
    replay::ReplayWindow,
    v1::{
        AnswerTime, AuthenticationError, Classes, ClientReport, Freshness, HttpResponse, PreparedRequest,
        RefusedRequest, TransportEvent, UnsignedFields, V1Client, V1Door, V1Refusal, V1Server, V1Target,
    },
};
use proptest::prelude::*;
use std::sync::Arc;

fn class() -> Class {
    let fields = vec![Field::required("text", Type::Text), Field::with_default("extra", Type::Text, Value::from(""))];
    Class::new("Echo", fields).unwrap().hashing(&["text"]).unwrap()
}

fn prepare(text: &str) -> PreparedRequest {
    let message = Synapse::new(Arc::new(class()), &[("text", Value::from(text))].into_iter().collect()).unwrap();
    let target = V1Target { ip: "203.0.113.7".parse().unwrap(), port: 8_091, hotkey: neuron().hotkey() };
    let dendrite = V1Client { signer: caller(), uuid: "client".to_owned(), ip: "203.0.113.9".parse().unwrap() };
    dendrite.prepare(message, &target, NOW)
}

fn receive(
    headers: &Headers,
    body: &[u8],
    window: &mut ReplayWindow,
    unsigned_fields: UnsignedFields,
) -> Result<Verified<Synapse>, RefusedRequest> {
    let classes = Classes::new([class()]);
    let door = V1Door { here: neuron().hotkey(), classes: &classes, freshness: Freshness::default(), unsigned_fields };
    let received = ReceivedRequest { method: "POST", target: "/Echo", headers };
    door.open(received, NOW)?.admit(window, NOW)?.read(body)
}

fn refusal(headers: &Headers, body: &[u8]) -> Option<V1Refusal> {
    receive(headers, body, &mut empty(), UnsignedFields::Pass).err().map(|refused| refused.refusal)
}

fn axon() -> V1Server<crate::Key> {
    V1Server { signer: neuron(), uuid: "axon".to_owned(), ip: "203.0.113.7".to_owned(), port: 8_091 }
}

const AT: AnswerTime = AnswerTime { now: NOW, process_time: 0.25, incident: 1 };

#[test]
fn a_request_goes_there_and_back_once() {
    let prepared = prepare("hello");
    let mut window = empty();
    let message = receive(&prepared.headers, &prepared.body, &mut window, UnsignedFields::Pass).unwrap();
    assert_eq!(message.sender(), caller().hotkey());
    assert_eq!(message.content().get("text"), Some(&Value::from("hello")));
    let mut reply = message.content().clone();
    reply.set("extra", Value::from("world")).unwrap();
    let answer = axon().answer(reply.into(), AT);
    let response = HttpResponse { status: answer.status, headers: answer.headers, body: answer.body };
    let report = ClientReport::new(&prepared.message, "", TransportEvent::Answered(response));
    assert!(report.is_success());
    assert_eq!(report.message.get("extra"), Some(&Value::from("world")));

    let again = receive(&prepared.headers, &prepared.body, &mut window, UnsignedFields::Pass);
    assert_eq!(again.map_err(|refused| refused.refusal), Err(V1Refusal::Unverified(AuthenticationError::Replayed)));
}

#[test]
fn a_missing_or_empty_signature_is_refused() {
    let prepared = prepare("hello");
    let name = "bt_header_dendrite_signature";
    let without: Headers = prepared.headers.iter().filter(|(own, _)| *own != name).collect();
    for headers in [without, with(&prepared.headers, name, "")] {
        assert_eq!(refusal(&headers, &prepared.body), Some(V1Refusal::Unverified(AuthenticationError::Unsigned)));
    }
}

#[test]
fn the_caller_is_whoever_signed() {
    let prepared = prepare("hello");
    let other = key(5).hotkey().to_string();
    let forged = String::from_utf8(prepared.body.clone()).unwrap().replace(&caller().hotkey().to_string(), &other);
    let refused = refusal(&prepared.headers, forged.as_bytes());
    assert_eq!(refused, Some(V1Refusal::Unverified(AuthenticationError::BodyCaller)));
    // A body without a caller gets the caller from the signature.
    let message = receive(&prepared.headers, br#"{"text": "hello"}"#, &mut empty(), UnsignedFields::Pass).unwrap();
    let in_message = message.content().dendrite.as_ref().and_then(|claim| claim.hotkey.clone());
    assert_eq!(in_message, Some(caller().hotkey().to_string()));
}

#[test]
fn unsigned_fields_pass_only_where_the_operator_lets_them() {
    let prepared = prepare("hello");
    let body = br#"{"text": "hello", "extra": "changed on the way"}"#;
    assert!(receive(&prepared.headers, body, &mut empty(), UnsignedFields::Pass).is_ok());
    let refused = receive(&prepared.headers, body, &mut empty(), UnsignedFields::Refuse);
    let reason = AuthenticationError::UnsignedField("extra".to_owned());
    assert_eq!(refused.map_err(|refused| refused.refusal), Err(V1Refusal::Unverified(reason)));
}

#[test]
fn nothing_is_signed_in_answer_to_a_stranger() {
    let prepared = prepare("hello");
    let signed = |headers: &Headers| {
        let refused = receive(headers, b"{", &mut empty(), UnsignedFields::Pass).unwrap_err();
        axon().refuse(&refused, AT).headers.contains("bt_header_axon_signature")
    };
    let spoilt = with(&prepared.headers, "bt_header_dendrite_uuid", "other");
    assert!(!signed(&spoilt));
    let refused = receive(&prepared.headers, b"{}", &mut empty(), UnsignedFields::Pass).unwrap_err();
    assert!(axon().refuse(&refused, AT).headers.contains("bt_header_axon_signature"));
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let numbers = Class::new("Numbers", vec![Field::required("x", Type::Float)]).unwrap();
    let fields = [("x", Value::Float(f64::NAN))].into_iter().collect();
    let answer = axon().answer(Synapse::new(Arc::new(numbers), &fields).unwrap().into(), AT);
    assert_eq!(answer.status, 500);
    assert_eq!(answer.headers.get("bt_header_axon_status_code"), Some("500"));
}

proptest! {
    #[test]
    fn any_bit_of_what_is_signed_flipped_is_refused(part in 0..5_usize, bit: usize) {
        let prepared = prepare("hello");
        let names = [
            "bt_header_dendrite_nonce", "bt_header_dendrite_uuid", "bt_header_dendrite_hotkey",
            "bt_header_dendrite_signature", "computed_body_hash",
        ];
        let value = prepared.headers.get(names[part]).unwrap();
        let Some(text) = flipped(value, bit) else { return Ok(()) };
        prop_assume!(names[part] != "bt_header_dendrite_signature" || !text.eq_ignore_ascii_case(value));
        prop_assert!(refusal(&with(&prepared.headers, names[part], &text), &prepared.body).is_some());
    }

    #[test]
    fn another_text_is_refused(text: String) {
        prop_assume!(text != "hello");
        let (prepared, other) = (prepare("hello"), prepare(&text));
        prop_assert_eq!(refusal(&prepared.headers, &other.body), Some(V1Refusal::BodyHash));
    }

    #[test]
    fn garbage_never_panics(target: String, method: String, pairs: Vec<(String, String)>, body: Vec<u8>) {
        let headers = Headers::from_iter(pairs);
        let classes = Classes::new([class()]);
        let door = V1Door {
            here: neuron().hotkey(),
            classes: &classes,
            freshness: Freshness::default(),
            unsigned_fields: UnsignedFields::Pass,
        };
        let target = format!("/Echo{target}");
        let refused = door.open(ReceivedRequest { method: &method, target: &target, headers: &headers }, NOW).unwrap_err();
        prop_assert!(axon().refuse(&refused, AT).status >= 400);
        let prepared = prepare("hello");
        if let Err(refused) = receive(&prepared.headers, &body, &mut empty(), UnsignedFields::Pass) {
            prop_assert!(axon().refuse(&refused, AT).headers.can_be_sent());
        }
        let response = HttpResponse { status: 200, headers, body };
        prop_assert!(!ClientReport::new(&prepared.message, "", TransportEvent::Answered(response)).is_success());
    }
}
