//! Answers of hostile neurons, and the time of an answer.

use crate::{
    AXON, CALLER, dendrite_of, echo,
    fake::{ECHO, Fake, Reply, answer, read, signed, signed_headers, stream_of},
    key, message, signer, soon, tokens,
};
use myelin_neuron::{Answer, AskError, Dendrite, Peer, TlsIdentity, UnsignedAnswers};
use myelin_wire::{
    PeerText, Sign,
    strict::{AnswerError, header},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{io::AsyncWriteExt, net::TcpListener};

fn dendrite() -> Dendrite {
    dendrite_of(signer(CALLER))
}

async fn asked(fake: &Fake) -> Result<Answer, AskError> {
    soon(dendrite().ask(&fake.peer(), &message(echo(), "x"))).await.result
}

/// A body that no buffer of the system holds.
const HUGE: usize = 64 << 20;

#[tokio::test]
async fn nh_5_only_the_beginning_of_a_refusal_is_read() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = Peer::strict(key(AXON).hotkey(), listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = read(&mut stream, &mut Vec::new()).await.unwrap();
        stream.write_all(&signed(&asked, 500, &vec![b'['; HUGE])).await.is_ok()
    });
    let result = soon(dendrite().ask(&peer, &message(echo(), "x"))).await.result;
    assert_eq!(result, Err(AskError::Refused { status: 500, text: PeerText::default() }));
    assert!(!soon(serving).await.unwrap(), "all of the refusal was read");
}

#[tokio::test]
async fn nh_5_a_refusal_that_is_not_read_to_its_end_is_proven_by_its_head() {
    const LONG: [u8; 5_000] = [b'['; 5_000];
    let unsigned = Fake::start(|_| Reply::Close(answer(500, &[("content-type", "x")].into_iter().collect(), &LONG)));
    let unproven = |reason| Err(AskError::Unproven { status: 500, reason });
    assert_eq!(asked(&unsigned.await).await, unproven(AnswerError::Unsigned));
    // The signature is of another status.
    let forged = Fake::start(|asked| Reply::Close(answer(500, &signed_headers(&asked, 429, &LONG), &LONG)));
    assert_eq!(asked(&forged.await).await, unproven(AnswerError::BadSignature));
    // A refusal of up to 4 KiB is read, and compared with its signature.
    let text = [br#"{"message": ""#, [b'x'; 4_000].as_slice(), br#""}"#].concat();
    let whole = Fake::start(move |asked| Reply::Close(signed(&asked, 500, &text))).await;
    let Err(AskError::Refused { status: 500, text }) = asked(&whole).await else { panic!("not refused") };
    assert!(!text.is_empty());
    let changed = Fake::start(|asked| Reply::Close(answer(500, &signed_headers(&asked, 500, b"{}"), b"[]"))).await;
    assert_eq!(asked(&changed).await, unproven(AnswerError::WrongContent));
}

#[tokio::test]
async fn half_a_signature_is_a_broken_one() {
    for left_out in [header::ANSWER_VERSION, header::ANSWER_SIGNATURE] {
        let fake = Fake::start(move |asked| {
            let headers = signed_headers(&asked, 200, ECHO);
            let headers = headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(left_out)).collect();
            Reply::Close(answer(200, &headers, ECHO))
        })
        .await;
        let dendrite = dendrite().unsigned_answers(UnsignedAnswers::Accepted);
        let asked = soon(dendrite.ask(&fake.peer(), &message(echo(), "x"))).await.result;
        assert!(matches!(asked, Err(AskError::Unproven { reason: AnswerError::Malformed(_), .. })), "{asked:?}");
        let asked = soon(dendrite.ask_stream(&fake.peer(), &message(echo(), "x"))).await;
        assert!(matches!(asked, Err(AskError::Unproven { .. })), "{asked:?}");
    }
}

#[tokio::test]
async fn nh_5_an_answer_with_too_many_values_is_no_message() {
    for body in ["[0],", "{\"a\":0},", "[[[[[[[[0]]]]]]]],"] {
        let body = [r#"{"text": ["#, &body.repeat(100_000), "0]}"].concat();
        let fake = Fake::start(move |asked| Reply::Close(signed(&asked, 200, body.as_bytes()))).await;
        let asked = asked(&fake).await;
        assert!(matches!(asked, Err(AskError::Content(_))), "{asked:?}");
    }
}

#[tokio::test]
async fn nh_45_connecting_does_not_count() {
    const DELAY: Duration = Duration::from_millis(200);
    let (config, certificate) = crate::tls::server(&TlsIdentity::generate().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = Peer::encrypted(key(AXON).hotkey(), listener.local_addr().unwrap(), certificate);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::time::sleep(DELAY).await;
        let mut stream = tokio_rustls::TlsAcceptor::from(config).accept(stream).await.unwrap();
        let asked = read(&mut stream, &mut Vec::new()).await.unwrap();
        stream.write_all(&signed(&asked, 200, ECHO)).await.unwrap();
        stream.flush().await.unwrap();
    });
    let started = Instant::now();
    let asked = soon(dendrite().ask(&peer, &message(echo(), "x"))).await;
    assert!(asked.result.is_ok(), "{asked:?}");
    assert!(asked.elapsed + DELAY <= started.elapsed(), "{asked:?}");
    assert!(asked.elapsed > Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nh_45_an_answer_is_read_without_the_task_that_asks() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = Peer::strict(key(AXON).hotkey(), listener.local_addr().unwrap());
    let (receive, received) = tokio::sync::oneshot::channel();
    let (go, gone) = tokio::sync::oneshot::channel();
    let (finish, read_to_its_end) = std::sync::mpsc::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = read(&mut stream, &mut Vec::new()).await.unwrap();
        receive.send(()).unwrap();
        gone.await.unwrap();
        stream.write_all(&signed(&asked, 200, ECHO)).await.unwrap();
        // The other side closes the connection after it has read the answer.
        assert!(read(&mut stream, &mut Vec::new()).await.is_none());
        finish.send(()).unwrap();
    });
    let (dendrite, question) = (dendrite(), message(echo(), "x"));
    let mut asking = Box::pin(dendrite.ask(&peer, &question));
    tokio::select! {
        biased;
        received = soon(received) => received.unwrap(),
        asked = &mut asking => panic!("{asked:?}"),
    }
    // From here on the task that asks is blocked.
    go.send(()).unwrap();
    read_to_its_end.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(soon(asking).await.result.is_ok());
}

#[tokio::test]
async fn nh_45_the_way_of_a_large_request_does_not_count() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = Peer::strict(key(AXON).hotkey(), listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let mut begun = Instant::now();
        for body in [b"{}".as_slice(), ECHO] {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::time::sleep(Duration::from_millis(500)).await;
            // The request is larger than all buffers of the system, so its last byte is sent after this time.
            begun = Instant::now();
            let asked = read(&mut stream, &mut Vec::new()).await.unwrap();
            stream.write_all(&signed(&asked, 200, body)).await.unwrap();
        }
        begun
    });
    let question = message(echo(), &"x".repeat(HUGE / 2));
    let asked = soon(dendrite().ask(&peer, &question)).await;
    let ended = Instant::now();
    assert!(asked.result.is_ok(), "{:?}", asked.result.err());
    assert!(asked.elapsed <= ended - soon(serving).await.unwrap(), "{:?}", asked.elapsed);
}

#[tokio::test]
async fn nh_45_an_answer_takes_the_time_that_the_neuron_takes() {
    const DELAY: Duration = Duration::from_millis(100);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = Peer::strict(key(AXON).hotkey(), listener.local_addr().unwrap());
    tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let asked = read(&mut stream, &mut Vec::new()).await.unwrap();
            tokio::time::sleep(DELAY).await;
            let is_stream = asked.target.ends_with("?stream=1");
            let bytes = if is_stream { stream_of(&asked, &[b"one", b"two"]) } else { signed(&asked, 200, ECHO) };
            stream.write_all(&bytes).await.unwrap();
        }
    });
    let asked = soon(dendrite().ask(&peer, &message(echo(), "x"))).await;
    assert!(asked.result.is_ok() && asked.elapsed >= DELAY, "{asked:?}");
    let mut stream = soon(dendrite().ask_stream(&peer, &message(tokens(), "x"))).await.unwrap();
    assert_eq!(soon(stream.next()).await, Ok(Some("one".into())));
    assert!(stream.elapsed() >= DELAY);
}

#[tokio::test]
async fn nh_46_many_groups_at_once_are_checked_like_single_ones() {
    let fake = Fake::start(|asked| Reply::Close(stream_of(&asked, &[b"x".as_slice(); 300]))).await;
    let mut stream = soon(dendrite().ask_stream(&fake.peer(), &message(tokens(), "x"))).await.unwrap();
    let mut bytes = 0;
    loop {
        // A future that is dropped loses no bytes.
        let piece = tokio::select! {
            biased;
            piece = stream.next() => piece,
            () = tokio::task::yield_now() => continue,
        };
        match piece.unwrap() {
            Some(piece) => bytes += piece.len(),
            None => break,
        }
    }
    assert_eq!(bytes, 300);
    assert!(stream.is_complete() && stream.receipt().unwrap().verify().is_ok());

    // One of the last groups is changed.
    let fake = Fake::start(|asked| {
        let mut bytes = stream_of(&asked, &[b"x".as_slice(); 300]);
        let last = bytes.len() - 200;
        bytes[last] ^= 1;
        Reply::Close(bytes)
    })
    .await;
    let mut stream = soon(dendrite().ask_stream(&fake.peer(), &message(tokens(), "x"))).await.unwrap();
    let end = loop {
        match soon(stream.next()).await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert!(matches!(end, Err(AskError::Stream(_))), "{end:?}");
    assert_eq!(soon(stream.next()).await, Ok(None));
    assert!(!stream.is_complete() && stream.receipt().is_none());
}

#[tokio::test]
async fn nh_7_a_large_request_follows_a_small_one() {
    let large = "x".repeat(70_000);
    let (sender, mut targets) = tokio::sync::mpsc::unbounded_channel();
    let refused = Arc::new(AtomicUsize::new(0));
    let (count, limit) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&refused));
    let fake = Fake::start(move |asked| {
        sender.send(asked.target.clone()).unwrap();
        if count.fetch_add(1, Ordering::SeqCst) < limit.load(Ordering::SeqCst) {
            return Reply::Close(answer(404, &[("content-type", "x")].into_iter().collect(), b""));
        }
        Reply::Close(match asked.target.as_str() {
            "/Synapse" => signed(&asked, 200, b"{}"),
            "/Tokens?stream=1" => stream_of(&asked, &[b"x"]),
            _ => signed(&asked, 200, ECHO),
        })
    })
    .await;
    let mut heard = || std::iter::from_fn(|| targets.try_recv().ok()).collect::<Vec<_>>();
    let ask = async |dendrite: &Dendrite, text: &str| {
        assert!(soon(dendrite.ask(&fake.peer(), &message(echo(), text))).await.result.is_ok());
    };
    let known = dendrite();
    ask(&known, &large).await;
    assert_eq!(heard(), ["/Synapse", "/Echo"]);
    ask(&known, &large).await;
    assert_eq!(heard(), ["/Echo"]);
    // A small request is an exchange too.
    let other = dendrite();
    ask(&other, "x").await;
    ask(&other, &large).await;
    assert_eq!(heard(), ["/Echo", "/Echo"]);
    // So is the head of a stream.
    let other = dendrite();
    assert!(soon(other.ask_stream(&fake.peer(), &message(tokens(), "x"))).await.is_ok());
    ask(&other, &large).await;
    assert_eq!(heard(), ["/Tokens?stream=1", "/Echo"]);
    // A neuron may have no such class.
    refused.store(usize::MAX, Ordering::SeqCst);
    let asked = soon(dendrite().ask(&fake.peer(), &message(echo(), &large))).await.result;
    assert!(matches!(asked, Err(AskError::Unproven { status: 404, .. })), "{asked:?}");
    assert_eq!(heard(), ["/Synapse", "/Echo"]);
}
