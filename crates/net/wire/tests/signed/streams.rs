//! Streamed answers.

use crate::{NOW, asked, key, neuron};
use myelin_wire::{
    Headers, Sign, SignedProof,
    strict::{AnswerError, MAX_GROUP, StreamEnd, StreamError, StreamOutcome, StreamReader, StreamWriter},
};
use proptest::prelude::*;

/// Returns a stream of these groups: its headers, its frames, and the request.
fn stream(groups: &[Vec<u8>], outcome: StreamOutcome) -> (Headers, Vec<Vec<u8>>, SignedProof) {
    let (_, request) = asked("/stream", b"go");
    let (mut head, mut writer) = StreamWriter::new(neuron(), &request, (200, "text/event-stream"), NOW).unwrap();
    head.headers.push("content-type", "text/event-stream");
    let mut frames: Vec<Vec<u8>> = groups.iter().map(|group| writer.group(group).unwrap()).collect();
    frames.push(writer.end(outcome).0);
    (head.headers, frames, request)
}

/// Returns the groups and the end that a reader finds in bytes received in pieces of this size.
fn read(
    headers: &Headers,
    request: &SignedProof,
    bytes: &[u8],
    piece: usize,
) -> Result<(Vec<Vec<u8>>, StreamEnd), StreamError> {
    let mut reader = StreamReader::new(request, neuron().hotkey(), 200, headers)?;
    let mut groups = Vec::new();
    for part in bytes.chunks(piece) {
        groups.extend(reader.push(part)?);
    }
    Ok((groups, reader.finish()?))
}

fn three() -> Vec<Vec<u8>> {
    [&b"one"[..], b" two", b" three"].map(<[u8]>::to_vec).into()
}

#[test]
fn a_stream_says_how_it_ended() {
    for outcome in [StreamOutcome::Complete, StreamOutcome::Broken] {
        let (headers, frames, request) = stream(&three(), outcome);
        let (groups, end) = read(&headers, &request, &frames.concat(), 7).unwrap();
        assert_eq!((groups, end.outcome, end.groups), (three(), outcome, 3));
    }
}

/// Checks the end of a broken stream by its bytes. The fixture of streams has a complete one.
#[test]
fn the_end_of_a_broken_stream_is_signed_with_its_hashes() {
    let (_, request) = asked("/a?b", b"hello");
    let (_, mut writer) = StreamWriter::new(neuron(), &request, (200, "text/event-stream"), NOW).unwrap();
    let frame = writer.group(b"hello").unwrap();
    assert_eq!((&frame[..10], frame.len()), (&b"\x01\x00\x00\x00\x05hello"[..], 74));
    let (frame, end) = writer.end(StreamOutcome::Broken);
    assert_eq!((&frame[..2], frame.len()), (&[2, 1][..], 66));
    let stream = "0b924ae347bed1d6bc6579ad4cb9cf5a22d03dd5ea93d6673ecff9776d65139e";
    let running = "79541f3a2b7f0fe15c368a5c3b252ba5840c10064f4e44e8aab74176c0192fd8";
    assert_eq!(end.text(), format!("myelin-end/1\n{stream}\n1\n{running}\nbroken"));
}

#[test]
fn no_group_is_left_out_repeated_or_moved() {
    let (headers, frames, request) = stream(&three(), StreamOutcome::Complete);
    let of = |order: &[usize]| order.iter().flat_map(|&index| frames[index].clone()).collect::<Vec<u8>>();
    assert!(read(&headers, &request, &of(&[0, 1, 2, 3]), 1_000).is_ok());
    for order in [&[0, 2, 3][..], &[1, 0, 2, 3], &[0, 0, 1, 2, 3], &[0, 1, 3], &[3], &[1, 2, 3]] {
        assert_eq!(read(&headers, &request, &of(order), 1_000), Err(StreamError::BadSignature), "{order:?}");
    }
    for order in [&[0, 1, 2, 3, 3][..], &[0, 1, 2, 3, 0]] {
        assert_eq!(read(&headers, &request, &of(order), 1_000), Err(StreamError::AfterEnd), "{order:?}");
    }
    assert_eq!(read(&headers, &request, &of(&[0, 1, 2]), 1_000), Err(StreamError::Truncated));
}

#[test]
fn a_group_of_another_stream_does_not_fit() {
    let (headers, frames, request) = stream(&three(), StreamOutcome::Complete);
    let (_, other) = asked("/stream", b"again");
    let (_, mut writer) = StreamWriter::new(neuron(), &other, (200, "text/event-stream"), NOW).unwrap();
    let foreign = [writer.group(b"one").unwrap(), frames[1..].concat()].concat();
    assert_eq!(read(&headers, &request, &foreign, 1_000), Err(StreamError::BadSignature));
    assert_eq!(read(&headers, &other, &frames.concat(), 1_000), Err(StreamError::Head(AnswerError::WrongRequest)));
    let reader = StreamReader::new(&request, key(3).hotkey(), 200, &headers);
    assert_eq!(reader.map(|_| ()), Err(AnswerError::WrongResponder));
}

#[test]
fn a_group_has_a_limit() {
    let (headers, _, request) = stream(&[], StreamOutcome::Complete);
    let (_, mut writer) = StreamWriter::new(neuron(), &request, (200, "text/event-stream"), NOW).unwrap();
    assert_eq!(writer.group(&vec![0; MAX_GROUP + 1]), Err(StreamError::Frame));
    assert!(writer.group(&vec![0; MAX_GROUP]).is_ok());
    let length = u32::try_from(MAX_GROUP + 1).unwrap().to_be_bytes();
    assert_eq!(read(&headers, &request, &[&[1][..], &length].concat(), 9), Err(StreamError::Frame));
}

#[test]
fn nh_6_an_empty_group_is_refused_before_its_signature() {
    let (headers, _, request) = stream(&[], StreamOutcome::Complete);
    let (_, mut writer) = StreamWriter::new(neuron(), &request, (200, "text/event-stream"), NOW).unwrap();
    assert_eq!(writer.group(b""), Err(StreamError::Frame));
    // No signature follows, so none was checked.
    assert_eq!(read(&headers, &request, &[1, 0, 0, 0, 0], 5), Err(StreamError::Frame));
}

#[test]
fn nh_6_the_length_of_an_answer_bounds_its_groups() {
    let many = |count: usize| stream(&vec![vec![7]; count], StreamOutcome::Complete);
    let last = |count: usize, max: usize| {
        let (headers, frames, request) = many(count);
        let reader = StreamReader::new(&request, neuron().hotkey(), 200, &headers).unwrap();
        reader.max_answer(max).push(&frames.concat()).map(|groups| groups.len())
    };
    assert_eq!((last(64, 0), last(65, 0), last(65, 255)), (Ok(64), Err(StreamError::Frame), Err(StreamError::Frame)));
    assert_eq!((last(66, 512), last(67, 512)), (Ok(66), Err(StreamError::Frame)));
    // The limit of a reader that is told none is that of 8 MiB.
    let (headers, frames, request) = many(130);
    assert!(read(&headers, &request, &frames.concat(), 1_000).is_ok());
}

fn groups() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..30), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_stream_reads_back_however_it_is_cut(groups in groups(), piece in 1..200_usize) {
        let (headers, frames, request) = stream(&groups, StreamOutcome::Complete);
        let (read, end) = read(&headers, &request, &frames.concat(), piece).unwrap();
        prop_assert_eq!(end.groups, u64::try_from(groups.len()).unwrap());
        prop_assert_eq!(read, groups);
    }

    #[test]
    fn a_stream_cut_short_is_no_stream(groups in groups(), cut: proptest::sample::Index) {
        let (headers, frames, request) = stream(&groups, StreamOutcome::Complete);
        let bytes = frames.concat();
        let cut = &bytes[..cut.index(bytes.len())];
        prop_assert_eq!(read(&headers, &request, cut, 64), Err(StreamError::Truncated));
    }

    #[test]
    fn any_bit_flipped_is_refused(groups in groups(), at: proptest::sample::Index, bit in 0..8_u8) {
        let (headers, frames, request) = stream(&groups, StreamOutcome::Complete);
        let mut bytes = frames.concat();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(read(&headers, &request, &bytes, 64).is_err());
    }

    #[test]
    fn garbage_never_panics(bytes: Vec<u8>) {
        let (headers, _, request) = stream(&[], StreamOutcome::Complete);
        prop_assert!(read(&headers, &request, &bytes, 5).is_err());
    }
}
