//! Signed streams and receipts.

use crate::signing::{FuzzKey, answer_stream, is_signed, question};
use myelin_wire::{
    Scheme, Sign,
    strict::{Receipt, StreamOutcome, StreamReader},
};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// Bytes of a signature.
const SIGNATURE: usize = 64;

/// Bytes of the longest group (spec signed-requests §7).
const MAX_GROUP: usize = 1 << 20;

/// A stream whose head is good, before its first byte.
struct OpenStream {
    reader: StreamReader,
    /// SHA-256 of the signed head.
    head: [u8; 32],
}

fn stream() -> &'static OpenStream {
    static STREAM: OnceLock<OpenStream> = OnceLock::new();
    STREAM.get_or_init(|| {
        let ((_, request), (head, _)) = (question(), answer_stream());
        let reader = StreamReader::new(&request, FuzzKey::neuron().hotkey(), 200, &head.headers);
        OpenStream { reader: reader.expect("the head is signed"), head: Sha256::digest(head.proof.text()).into() }
    })
}

/// The frames of a stream, read without the crate under test.
#[derive(Debug, Default)]
struct FrameWalk {
    /// The groups, and the number of bytes at which each is whole.
    groups: Vec<(Vec<u8>, usize)>,
    end: Option<StreamOutcome>,
    /// True if a frame is wrong, or something follows the end.
    is_broken: bool,
}

fn walk(bytes: &[u8]) -> FrameWalk {
    let mut found = FrameWalk::default();
    let head = stream().head;
    let (mut running, mut taken) = (head, 0);
    let text = |domain: &str, groups: usize, running: &[u8; 32]| {
        [domain, &hex::encode(head), &groups.to_string(), &hex::encode(running)].join("\n")
    };
    let is_signed = |text: &str, signature: &[u8]| {
        let signature = signature.try_into();
        signature
            .is_ok_and(|signature| is_signed(Scheme::Sr25519, FuzzKey::neuron().hotkey(), text.as_bytes(), signature))
    };
    while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
        if found.end.is_some() {
            found.is_broken = true;
            break;
        }
        match rest {
            [1, a, b, c, d, rest @ ..] => {
                let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
                found.is_broken = length == 0 || length > MAX_GROUP;
                if found.is_broken || rest.len() < length + SIGNATURE {
                    break;
                }
                let (group, rest) = rest.split_at(length);
                let number = found.groups.len() as u64 + 1;
                running = Sha256::new()
                    .chain_update(running)
                    .chain_update(number.to_be_bytes())
                    .chain_update(Sha256::digest(group))
                    .finalize()
                    .into();
                taken += 5 + length + SIGNATURE;
                let text = text("myelin-group/1", found.groups.len() + 1, &running);
                found.is_broken = !is_signed(&text, &rest[..SIGNATURE]);
                if found.is_broken {
                    break;
                }
                found.groups.push((group.to_vec(), taken));
            }
            [2, outcome, rest @ ..] => {
                let (outcome, word) = match outcome {
                    0 => (StreamOutcome::Complete, "complete"),
                    1 => (StreamOutcome::Broken, "broken"),
                    _ => {
                        found.is_broken = true;
                        break;
                    }
                };
                if rest.len() < SIGNATURE {
                    break;
                }
                let text = format!("{}\n{word}", text("myelin-end/1", found.groups.len(), &running));
                taken += 2 + SIGNATURE;
                found.is_broken = !is_signed(&text, &rest[..SIGNATURE]);
                if found.is_broken {
                    break;
                }
                found.end = Some(outcome);
            }
            [1 | 2, ..] => break,
            _ => {
                found.is_broken = true;
                break;
            }
        }
    }
    found
}

/// Checks a stream, cut into pieces whose size the first byte gives.
///
/// No byte is returned before its group is whole and signed, and a stream ends only with a signed end.
pub fn stream_reader(bytes: &[u8]) {
    let Some((cut, frames)) = bytes.split_first() else { return };
    let expected = walk(frames);
    let mut reader = stream().reader.clone();
    let (mut given, mut fed) = (0, 0);
    for piece in frames.chunks(usize::from(*cut) + 1) {
        fed += piece.len();
        let Ok(groups) = reader.push(piece) else {
            assert!(expected.is_broken, "a good stream is refused");
            return;
        };
        for group in groups {
            let (whole, at) = expected.groups.get(given).expect("a group without a good signature is handed out");
            assert_eq!(&group, whole);
            assert!(*at <= fed, "a group is handed out before it is whole");
            given += 1;
        }
    }
    match reader.finish() {
        Ok(end) => {
            assert!(!expected.is_broken, "a broken stream ends well");
            assert_eq!(Some(end.outcome), expected.end);
            assert_eq!((end.groups, given), (expected.groups.len() as u64, expected.groups.len()));
        }
        Err(_) => assert!(expected.is_broken || expected.end.is_none(), "a whole stream is refused"),
    }
}

/// The genuine receipts. All others are altered.
const GENUINE: [&str; 2] = [
    include_str!("../../../../vectors/formats/receipt/1/answer.json"),
    include_str!("../../../../vectors/formats/receipt/1/stream.json"),
];

fn genuine() -> &'static [Receipt] {
    static RECEIPTS: OnceLock<Vec<Receipt>> = OnceLock::new();
    RECEIPTS.get_or_init(|| GENUINE.map(|text| serde_json::from_str(text).expect("it is a receipt")).into())
}

/// Checks a receipt: it is written as it was read, and an altered one proves nothing.
pub fn receipt(bytes: &[u8]) {
    let Ok(receipt) = serde_json::from_slice::<Receipt>(bytes) else { return };
    let written = serde_json::to_vec(&receipt).expect("a receipt has a text");
    assert_eq!(serde_json::from_slice::<Receipt>(&written).ok().as_ref(), Some(&receipt));
    let Ok(statement) = receipt.verify() else { return };
    let texts = |receipt: &Receipt| {
        let end = receipt.end.as_ref().map(|end| end.text.clone());
        (receipt.request.text.clone(), receipt.answer.text.clone(), end)
    };
    let original = genuine().iter().find(|genuine| texts(genuine) == texts(&receipt));
    let original = original.expect("an altered receipt verifies");
    assert_eq!(original.verify().as_ref(), Ok(&statement));
}
