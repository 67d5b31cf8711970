//! Strict requests and whole answers.

use crate::{Key, NOW, asked, caller, empty, flipped, key, neuron, receive, with};
use myelin_primitives::NetUid;
use myelin_wire::{
    Headers, Protocol, ReceivedRequest, Scheme, Sign,
    replay::{ReplayLimits, ReplayWindow},
    strict::{
        AnswerError, Place, RequestTarget, StrictDoor, StrictRefusal, TargetError, UnplacedRequests, header,
        sign_answer, sign_request, verify_answer,
    },
};
use proptest::prelude::*;

const HERE: (&str, &str) = ("POST", "/generate?n=2");

#[test]
fn a_request_is_valid_once() {
    let (headers, _) = asked(HERE.1, b"hello");
    let mut window = empty();
    let request = receive(neuron().hotkey(), HERE, &headers, b"hello", &mut window).unwrap();
    assert_eq!(request.sender(), caller().hotkey());
    assert_eq!(request.content().body, b"hello");
    let again = receive(neuron().hotkey(), HERE, &headers, b"hello", &mut window);
    assert_eq!(again, Err(StrictRefusal::ReplayedRequest));
    // Also after a restart, and at no other neuron.
    let mut stored = ReplayWindow::from_bytes(&window.to_bytes(), ReplayLimits::default()).unwrap();
    assert_eq!(receive(neuron().hotkey(), HERE, &headers, b"hello", &mut stored), Err(StrictRefusal::ReplayedRequest));
    assert_eq!(receive(key(3).hotkey(), HERE, &headers, b"hello", &mut empty()), Err(StrictRefusal::WrongReceiver));
}

#[test]
fn a_lost_memory_lets_nothing_old_pass() {
    let (headers, _) = asked(HERE.1, b"hello");
    let mut window = ReplayWindow::after_loss(ReplayLimits::default(), NOW, StrictDoor::new(neuron().hotkey()).ahead);
    assert_eq!(receive(neuron().hotkey(), HERE, &headers, b"hello", &mut window), Err(StrictRefusal::StaleRequest));
}

#[test]
fn no_header_is_believed_twice() {
    let (mut headers, _) = asked(HERE.1, b"hello");
    let nonce = headers.get(header::NONCE).unwrap().to_owned();
    headers.push(header::NONCE.to_lowercase(), nonce);
    let refused = receive(neuron().hotkey(), HERE, &headers, b"hello", &mut empty());
    assert_eq!(refused.map_err(|refusal| refusal.name()), Err("MalformedAuth"));
}

#[test]
fn a_line_break_never_enters_a_signed_text() {
    for target in ["/a\nb", "", "/\r"] {
        assert_eq!(sign_request(&caller(), ("GET", target), b"", NOW, None).map(|_| ()), Err(TargetError));
    }
    let (headers, _) = asked("/a", b"");
    let refused = receive(neuron().hotkey(), ("POST", "/a\nb"), &headers, b"", &mut empty());
    assert_eq!(refused.map_err(|refusal| refusal.name()), Err("MalformedAuth"));
}

#[test]
fn nh_65_a_request_is_for_one_place() {
    use UnplacedRequests::{Refused, Served};
    let place = |netuid| Place::new(&[7; 32], NetUid::new(netuid));
    let open = |target: &str, place, unplaced| {
        let (headers, _) = asked(target, b"hello");
        let door = StrictDoor { place, unplaced, ..StrictDoor::new(neuron().hotkey()) };
        let request = ReceivedRequest { method: "POST", target, headers: &headers };
        door.open(request, NOW).map(|claimed| claimed.target().class.to_owned()).map_err(|refusal| refusal.status())
    };
    let here = RequestTarget { place: Some(place(1)), class: "Echo", is_streamed: true }.to_string();
    let echo = Ok("Echo".to_owned());
    for (target, own, unplaced, expected) in [
        (here.as_str(), Some(place(1)), Refused, &echo),
        (&here, Some(place(2)), Served, &Err(403)),
        (&here, None, Served, &Err(403)),
        ("/Echo", Some(place(1)), Served, &echo),
        ("/Echo", None, Served, &echo),
        ("/Echo", Some(place(1)), Refused, &Err(403)),
        ("/myelin/0707070707070707/01/Echo", Some(place(1)), Served, &Err(403)),
    ] {
        assert_eq!(&open(target, own, unplaced), expected, "{target} {own:?}");
    }
    assert_eq!((StrictRefusal::WrongPlace.name(), StrictRefusal::WrongPlace.status()), ("WrongPlace", 403));
}

#[test]
fn nh_17_the_key_of_zeros_signs_nothing() {
    // Its secret is zero, which is no secret.
    let secret = schnorrkel::SecretKey::from_bytes(&[0; 64]).unwrap();
    let zeros = Key(schnorrkel::Keypair { public: secret.to_public(), secret });
    assert_eq!(zeros.hotkey().as_bytes(), &[0; 32]);
    let (headers, request) = sign_request(&zeros, HERE, b"hello", NOW, Some(neuron().hotkey())).unwrap();
    let signature = request.signature();
    let (key, message) = (schnorrkel::PublicKey::from_bytes(&[0; 32]).unwrap(), request.text().as_bytes());
    let of_library = schnorrkel::Signature::from_bytes(signature.as_bytes()).unwrap();
    assert!(key.verify_simple(b"substrate", message, &of_library).is_ok());
    assert!(!signature.is_good(Scheme::Sr25519, zeros.hotkey(), message));
    assert!(!signature.is_good_plain_or_wrapped(zeros.hotkey(), message));
    let refused = receive(neuron().hotkey(), HERE, &headers, b"hello", &mut empty());
    assert_eq!(refused.map_err(|refusal| refusal.name()), Err("MalformedAuth"));
    // It answers nothing either.
    let (_, asked) = sign_request(&caller(), HERE, b"hello", NOW, Some(zeros.hotkey())).unwrap();
    let mut signed = sign_answer(&zeros, &asked, (200, "text/plain"), b"world", NOW).unwrap();
    signed.headers.push("content-type", "text/plain");
    let answer = verify_answer(&asked, zeros.hotkey(), 200, &signed.headers, b"world".to_vec());
    assert_eq!(answer.map(|_| ()), Err(AnswerError::BadSignature));
}

#[test]
fn nobody_is_led_back_to_the_old_protocol() {
    let mode = |headers: &Headers| ReceivedRequest { method: "POST", target: "/", headers }.mode();
    assert_eq!(mode(&asked("/", b"").0), Protocol::Strict);
    assert_eq!(mode(&[("x-bittensor-version", "")].into_iter().collect()), Protocol::Strict);
    assert_eq!(mode(&[("bt_header_dendrite_nonce", "1")].into_iter().collect()), Protocol::V1);
}

fn answered(status: u16, body: &[u8]) -> (Headers, myelin_wire::SignedProof) {
    let (_, proof) = asked(HERE.1, b"hello");
    let mut signed = sign_answer(&neuron(), &proof, (status, "text/plain"), body, NOW + 5).unwrap();
    signed.headers.push("content-type", "text/plain");
    (signed.headers, proof)
}

#[test]
fn an_answer_belongs_to_its_request_and_neuron() {
    let (headers, proof) = answered(200, b"world");
    let check = |proof, responder, status, headers: &Headers, body: &[u8]| {
        verify_answer(proof, responder, status, headers, body.to_vec()).map(|answer| answer.sender())
    };
    let here = neuron().hotkey();
    assert_eq!(check(&proof, here, 200, &headers, b"world"), Ok(here));
    assert_eq!(check(&proof, here, 201, &headers, b"world"), Err(AnswerError::BadSignature));
    assert_eq!(check(&proof, here, 200, &headers, b"World"), Err(AnswerError::WrongContent));
    assert_eq!(check(&proof, key(3).hotkey(), 200, &headers, b"world"), Err(AnswerError::WrongResponder));
    assert_eq!(check(&proof, here, 200, &Headers::new(), b"world"), Err(AnswerError::Unsigned));
    let html = with(&headers, "content-type", "text/html");
    assert_eq!(check(&proof, here, 200, &html, b"world"), Err(AnswerError::BadSignature));
    let (_, other) = asked("/other", b"hello");
    assert_eq!(check(&other, here, 200, &headers, b"world"), Err(AnswerError::WrongRequest));
}

proptest! {
    #[test]
    fn any_request_reads_back(target in "/[!-~]{0,40}", method in "[A-Z]{3,7}", body: Vec<u8>) {
        let (headers, proof) = sign_request(&caller(), (&method, &target), &body, NOW, Some(neuron().hotkey())).unwrap();
        let request = receive(neuron().hotkey(), (&method, &target), &headers, &body, &mut empty()).unwrap();
        prop_assert_eq!(request.proof(), &proof);
        prop_assert_eq!(&request.content().target, &target);
    }

    /// Flips a bit of a header, the path or the body. Only the case of hex digits may change.
    #[test]
    fn any_bit_flipped_is_refused(part in 0..7_usize, bit: usize, body in proptest::collection::vec(any::<u8>(), 1..40)) {
        let (headers, _) = asked(HERE.1, &body);
        let names = [header::VERSION, header::HOTKEY, header::NONCE, header::SIGNATURE, header::RECEIVER];
        let (mut changed, mut target, mut other) = (headers.clone(), HERE.1.to_owned(), body.clone());
        match names.get(part) {
            Some(name) => {
                let value = headers.get(name).unwrap();
                let Some(text) = flipped(value, bit) else { return Ok(()) };
                prop_assume!(!text.eq_ignore_ascii_case(value));
                changed = with(&headers, name, &text);
            }
            None if part == 5 => {
                let Some(text) = flipped(HERE.1, bit) else { return Ok(()) };
                target = text;
            }
            None => other[bit / 8 % body.len()] ^= 1 << (bit % 8),
        }
        prop_assert!(receive(neuron().hotkey(), ("POST", &target), &changed, &other, &mut empty()).is_err());
    }

    #[test]
    fn any_bit_of_an_answer_flipped_is_refused(part in 0..7_usize, bit: usize) {
        let (headers, proof) = answered(200, b"world");
        let names = [
            header::ANSWER_VERSION, header::ANSWER_HOTKEY, header::ANSWER_NONCE, header::ANSWER_REQUEST,
            header::ANSWER_CONTENT, header::ANSWER_SIGNATURE, "content-type",
        ];
        let value = headers.get(names[part]).unwrap();
        let Some(text) = flipped(value, bit) else { return Ok(()) };
        prop_assume!(part != 5 || !text.eq_ignore_ascii_case(value));
        let changed = with(&headers, names[part], &text);
        prop_assert!(verify_answer(&proof, neuron().hotkey(), 200, &changed, b"world".to_vec()).is_err());
    }

    #[test]
    fn garbage_never_panics(values in proptest::collection::vec(any::<String>(), 12), target: String, body: Vec<u8>) {
        let names = [
            header::VERSION, header::HOTKEY, header::NONCE, header::SIGNATURE, header::RECEIVER, header::CRYPTO,
            header::ANSWER_VERSION, header::ANSWER_HOTKEY, header::ANSWER_NONCE, header::ANSWER_REQUEST,
            header::ANSWER_CONTENT, header::ANSWER_SIGNATURE,
        ];
        let headers: Headers = names.into_iter().zip(values).collect();
        prop_assert!(receive(neuron().hotkey(), ("POST", &target), &headers, &body, &mut empty()).is_err());
        let (_, proof) = asked("/", b"");
        prop_assert!(verify_answer(&proof, neuron().hotkey(), 200, &headers, body).is_err());
    }
}
