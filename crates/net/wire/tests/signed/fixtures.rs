//! Fixtures of our own formats.
//!
//! A change here breaks programs of other authors and stored receipts.

use crate::{NOW, asked, caller, neuron};
use myelin_wire::{
    Sign,
    strict::{Content, Receipt, StreamOutcome, StreamWriter, sign_answer},
};

/// A receipt made once by this crate. Signatures differ each time, so whole receipts are kept.
const ANSWER: &str = include_str!("fixtures/answer.json");
const STREAM: &str = include_str!("fixtures/stream.json");

#[test]
fn signed_texts_have_their_lines() {
    let (_, request) = asked("/a?b", b"hello");
    let (caller, neuron_address) = (caller().hotkey().to_string(), neuron().hotkey().to_string());
    assert_eq!(caller, "5CcyqxXnJucaCnQQvvUg5EPzj1uoNAxACZvzArHw5aVDvgNH");
    let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    assert_eq!(
        request.text(),
        format!("btauth/1\nsr25519\nPOST\n/a?b\n{hello}\n1760000000123456789\n{caller}\n{neuron_address}")
    );
    let digest = "ee52ec4ec9be2bc9d9a24c7b65944f7846af967e9f6489af1bfac0bd93295808";
    assert_eq!(hex::encode(request.digest()), digest);
    let answer = sign_answer(&neuron(), &request, (200, "text/plain"), b"hello", NOW + 1).unwrap();
    assert_eq!(
        answer.proof.text(),
        format!("myelin-answer/1\n{neuron_address}\n{caller}\n1760000000123456790\n{digest}\n200\ntext/plain\n{hello}")
    );
    let (head, mut writer) = StreamWriter::new(neuron(), &request, (200, "text/event-stream"), NOW).unwrap();
    assert_eq!(
        head.proof.text(),
        format!("myelin-stream/1\n{neuron_address}\n{caller}\n1760000000123456789\n{digest}\n200\ntext/event-stream")
    );
    let frame = writer.group(b"hello").unwrap();
    assert_eq!((&frame[..10], frame.len()), (&b"\x01\x00\x00\x00\x05hello"[..], 74));
    let (frame, end) = writer.end(StreamOutcome::Broken);
    assert_eq!((&frame[..2], frame.len()), (&[2, 1][..], 66));
    let stream = "0b924ae347bed1d6bc6579ad4cb9cf5a22d03dd5ea93d6673ecff9776d65139e";
    let running = "79541f3a2b7f0fe15c368a5c3b252ba5840c10064f4e44e8aab74176c0192fd8";
    assert_eq!(end.text(), format!("myelin-end/1\n{stream}\n1\n{running}\nbroken"));
}

#[test]
fn kept_receipts_stay_good() {
    let statement = serde_json::from_str::<Receipt>(ANSWER).unwrap().verify().unwrap();
    assert_eq!((statement.caller, statement.responder), (caller().hotkey(), neuron().hotkey()));
    assert!(statement.is_request(b"hello") && statement.is_answer(b"world"));
    let statement = serde_json::from_str::<Receipt>(STREAM).unwrap().verify().unwrap();
    assert_eq!(statement.content, Content::Stream { groups: 2, outcome: StreamOutcome::Complete });
    assert!(statement.is_stream([&b"one"[..], b" two"]));
}

#[test]
fn a_receipt_is_written_as_it_was_read() {
    for text in [ANSWER, STREAM] {
        let receipt: Receipt = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string_pretty(&receipt).unwrap(), text.trim_end());
    }
}
