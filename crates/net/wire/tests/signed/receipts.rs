//! Receipts.

use crate::{Key, NOW, asked, caller, flipped, key, neuron};
use myelin_primitives::NetUid;
use myelin_wire::{
    Sign, SignedProof, UnixNanos,
    strict::{
        Content, Place, Receipt, ReceiptError, RequestTarget, SignedText, StreamOutcome, StreamReader, StreamWriter,
        sign_answer, sign_request,
    },
};
use proptest::prelude::*;

fn whole(target: &str, body: &[u8]) -> (Receipt, SignedProof) {
    let (_, request) = asked(target, b"hello");
    let answer = sign_answer(&neuron(), &request, (200, "text/plain"), body, NOW + 9).unwrap();
    (Receipt::of_answer(&request, &answer.proof), request)
}

fn streamed(groups: &[&[u8]], now: UnixNanos) -> Receipt {
    let (_, request) = asked("/stream", b"go");
    let (mut head, mut writer) = StreamWriter::new(neuron(), &request, (200, "text/event-stream"), now).unwrap();
    head.headers.push("content-type", "text/event-stream");
    let mut reader = StreamReader::new(&request, neuron().hotkey(), 200, &head.headers).unwrap();
    for group in groups {
        reader.push(&writer.group(group).unwrap()).unwrap();
    }
    reader.push(&writer.end(StreamOutcome::Complete).0).unwrap();
    Receipt::of_stream(&request, &reader.finish().unwrap())
}

#[test]
fn a_receipt_says_who_asked_and_who_answered_what() {
    let (receipt, _) = whole("/a?b", b"world");
    let json = serde_json::to_string(&receipt).unwrap();
    let statement = serde_json::from_str::<Receipt>(&json).unwrap().verify().unwrap();
    assert_eq!((statement.caller, statement.responder), (caller().hotkey(), neuron().hotkey()));
    assert_eq!((statement.method.as_str(), statement.target.as_str()), ("POST", "/a?b"));
    assert_eq!((statement.asked_at, statement.answered_at, statement.status), (NOW, NOW + 9, 200));
    assert!(statement.is_request(b"hello") && !statement.is_request(b"hell"));
    assert!(statement.is_answer(b"world") && !statement.is_answer(b"word"));
    assert!(!statement.is_stream([&b"world"[..]]));
}

#[test]
fn a_receipt_of_a_stream_knows_its_groups() {
    let statement = streamed(&[b"one", b" two"], NOW).verify().unwrap();
    assert_eq!(statement.content, Content::Stream { groups: 2, outcome: StreamOutcome::Complete });
    assert!(statement.is_stream([&b"one"[..], b" two"]));
    for groups in [&[&b"one"[..]][..], &[b"one two"], &[b" two", b"one"], &[b"one", b" two", b""]] {
        assert!(!statement.is_stream(groups.iter().copied()), "{groups:?}");
    }
    assert!(!statement.is_answer(b"one two"));
}

#[test]
fn parts_of_two_exchanges_make_no_receipt() {
    let with = |receipt: &Receipt, change: &dyn Fn(&mut Receipt)| {
        let mut changed = receipt.clone();
        change(&mut changed);
        changed.verify().map(|_| ())
    };
    let ((one, _), (other, _)) = (whole("/a", b"1"), whole("/b", b"2"));
    let (first, second) = (streamed(&[b"one"], NOW), streamed(&[b"one"], NOW + 1));
    for (receipt, change, error) in [
        (&one, &|one: &mut Receipt| one.answer = other.answer.clone(), ReceiptError::Stranger("answer")),
        (&one, &|one: &mut Receipt| one.end.clone_from(&first.end), ReceiptError::Form("answer")),
        (&first, &|first: &mut Receipt| first.end = None, ReceiptError::Form("answer")),
        (&first, &|first: &mut Receipt| first.end.clone_from(&second.end), ReceiptError::Stranger("end")),
    ] as [(&Receipt, &dyn Fn(&mut Receipt), ReceiptError); 4]
    {
        assert_eq!(with(receipt, change), Err(error));
    }

    // Another hotkey answers a request that was for the neuron.
    let (_, request) = asked("/a", b"hello");
    let answer = sign_answer(&key(3), &request, (200, "text/plain"), b"1", NOW).unwrap();
    assert_eq!(Receipt::of_answer(&request, &answer.proof).verify(), Err(ReceiptError::Stranger("answer")));
    // An unbound request may be answered by any hotkey.
    let (_, unbound) = sign_request(&caller(), ("GET", "/"), b"", NOW, None).unwrap();
    let answer = sign_answer(&key(3), &unbound, (200, "text/plain"), b"1", NOW).unwrap();
    assert_eq!(Receipt::of_answer(&unbound, &answer.proof).verify().unwrap().responder, key(3).hotkey());
}

fn place(netuid: u16) -> Place {
    Place::new(&[7; 32], NetUid::new(netuid))
}

/// Returns the receipt of an answer to a request at a place.
fn placed(place: Place) -> Receipt {
    let target = RequestTarget { place: Some(place), class: "Echo", is_streamed: false }.to_string();
    whole(&target, b"world").0
}

#[test]
fn nh_67_a_receipt_belongs_to_its_place() {
    let receipt = placed(place(1));
    let statement = receipt.verify_at(place(1)).unwrap();
    assert_eq!((statement.place, statement.class.as_str()), (Some(place(1)), "Echo"));
    assert_eq!(receipt.verify(), Ok(statement));
    let stranger = |receipt: &Receipt, place| receipt.verify_at(place).map(|_| ());
    assert_eq!(stranger(&receipt, place(2)), Err(ReceiptError::Stranger("place")));
    let elsewhere = Place { genesis: [8; 8], ..place(1) };
    assert_eq!(stranger(&receipt, elsewhere), Err(ReceiptError::Stranger("place")));
    let (unplaced, _) = whole("/Echo", b"world");
    assert_eq!(unplaced.verify().unwrap().place, None);
    assert_eq!(stranger(&unplaced, place(1)), Err(ReceiptError::Stranger("place")));
}

#[test]
fn nh_68_an_answer_is_not_older_than_its_request() {
    let (_, request) = asked("/a", b"hello");
    let verify = |answered_at| {
        let answer = sign_answer(&neuron(), &request, (200, "text/plain"), b"1", answered_at).unwrap();
        Receipt::of_answer(&request, &answer.proof).verify().map(|_| ())
    };
    assert_eq!(verify(NOW - 12_000_000_000), Ok(()));
    assert_eq!(verify(NOW - 12_000_000_001), Err(ReceiptError::Form("answer")));
}

#[test]
fn nh_68_two_answers_to_one_request_contradict_each_other() {
    let (_, request) = asked("/a", b"hello");
    let answer = |signer: &Key, body: &[u8], at| {
        let answer = sign_answer(signer, &request, (200, "text/plain"), body, at).unwrap();
        Receipt::of_answer(&request, &answer.proof)
    };
    let one = answer(&neuron(), b"1", NOW);
    let contradictions = [answer(&neuron(), b"2", NOW), answer(&neuron(), b"1", NOW + 1)];
    for other in &contradictions {
        assert!(one.contradicts(other) && other.contradicts(&one));
    }
    // The same answer, signed twice, is one answer.
    assert!(!one.contradicts(&answer(&neuron(), b"1", NOW)));
    let (elsewhere, _) = whole("/b", b"2");
    assert!(!one.contradicts(&elsewhere), "another request");
    let mut forged = contradictions[0].clone();
    forged.answer.text = forged.answer.text.replace("text/plain", "text/html");
    assert!(!one.contradicts(&forged) && !forged.contradicts(&one), "an invalid receipt");
    // An unbound request may have an answer of each hotkey.
    let (_, unbound) = sign_request(&caller(), ("GET", "/"), b"", NOW, None).unwrap();
    let of = |signer: &Key, body: &[u8]| {
        let answer = sign_answer(signer, &unbound, (200, "text/plain"), body, NOW).unwrap();
        Receipt::of_answer(&unbound, &answer.proof)
    };
    assert!(!of(&neuron(), b"1").contradicts(&of(&key(3), b"2")));
    // Two streams that begin alike end once.
    let (short, long) = (streamed(&[b"one"], NOW), streamed(&[b"one", b"two"], NOW));
    assert_eq!(short.answer.text, long.answer.text);
    assert!(short.contradicts(&long) && !short.contradicts(&short));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bit_flipped_is_refused(part in 0..3_usize, in_signature: bool, bit: usize) {
        let mut receipt = streamed(&[b"one"], NOW);
        let mut end = receipt.end.clone().unwrap();
        let signed: &mut SignedText = match part {
            0 => &mut receipt.request,
            1 => &mut receipt.answer,
            _ => &mut end,
        };
        let text = if in_signature { &mut signed.signature } else { &mut signed.text };
        let Some(changed) = flipped(text, bit) else { return Ok(()) };
        prop_assume!(!in_signature || !changed.eq_ignore_ascii_case(text));
        *text = changed;
        receipt.end = Some(end);
        prop_assert!(receipt.verify().is_err());
    }

    #[test]
    fn garbage_never_panics(text: String, signature: String, json: String) {
        let garbage = SignedText { text, signature };
        let (mut receipt, _) = whole("/a", b"1");
        receipt.end = Some(garbage.clone());
        prop_assert!(receipt.verify().is_err());
        receipt.answer = garbage.clone();
        receipt.request = garbage;
        prop_assert!(receipt.verify().is_err());
        prop_assert!(serde_json::from_str::<Receipt>(&json).is_err());
    }
}
