//! A miner whose tokens a server computes. The server is part of the test, and its model is untrained.

use super::*;
use crate::{Shape, answer::AnswerLine, challenge::TextChallenge, miner::TextMiner, model::Session, train};
use futures::stream;
use http_body_util::StreamBody;
use hyper::{Response, body::Frame, server, service::service_fn};
use myelin_wire::PublicKey;
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::net::TcpListener;

const HOTKEY: PublicKey = PublicKey::from_bytes([1; 32]);

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        train::initialise(folder.path(), &Shape::TINY, 1).unwrap();
        Model::load(folder.path()).unwrap()
    })
}

/// Returns the likeliest tokens after a text, with the logarithms of their probabilities.
fn likeliest(text: &[u32]) -> Vec<(u32, f32)> {
    let mut session = Session::new(model(), text.len()).unwrap();
    let hidden = session.feed(text).unwrap();
    let logits = session.logits(&hidden, &[text.len() - 1]).unwrap().remove(0);
    let sum = libm::log(logits.iter().map(|logit| libm::exp(f64::from(*logit))).sum());
    #[allow(clippy::cast_possible_truncation, reason = "servers say 32 bits")]
    let mut all: Vec<_> = (0..).zip(logits.iter().map(|logit| (f64::from(*logit) - sum) as f32)).collect();
    all.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    all.truncate(usize::try_from(TOP_K).unwrap());
    all
}

/// Returns the events of the server for a request, one for each position.
fn events(question: &Value, by_number: bool) -> Vec<String> {
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    let mut text: Vec<u32> = question["prompt"].as_array().unwrap().iter().map(number).collect();
    let name = |token: u32| if by_number { format!("token_id:{token}") } else { format!("t{token}") };
    let mut events = Vec::new();
    for _ in 0..question["max_tokens"].as_u64().unwrap() {
        let likeliest = likeliest(&text);
        let next = likeliest[0].0;
        text.push(next);
        let top: serde_json::Map<_, _> =
            likeliest.iter().map(|(token, logprob)| (name(*token), json!(logprob))).collect();
        let logprobs = json!({ "tokens": [name(next)], "token_logprobs": [likeliest[0].1], "top_logprobs": [top] });
        events.push(format!("data: {}\n\n", json!({ "choices": [{ "text": "", "logprobs": logprobs }] })));
    }
    events.push("data: [DONE]\n\n".to_owned());
    events
}

/// Starts a server that counts its requests.
async fn server(by_number: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<AtomicUsize> = Arc::default();
    let count = Arc::clone(&asked);
    let answer = move |request: Request<Incoming>| {
        let count = Arc::clone(&count);
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            assert_eq!(
                (request.uri().path(), &request.headers()["authorization"]),
                ("/v1/completions", &"Bearer s3cret".parse().unwrap())
            );
            let question: Value =
                serde_json::from_slice(&request.into_body().collect().await.unwrap().to_bytes()).unwrap();
            assert_eq!(
                (&question["model"], &question["temperature"], &question["logprobs"]),
                (&json!("tiny"), &json!(0), &json!(TOP_K))
            );
            // The pieces do not end at the ends of events.
            let bytes = events(&question, by_number).concat().into_bytes();
            let pieces: Vec<_> = bytes
                .chunks(1_000)
                .map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(piece))))
                .collect();
            Ok::<_, Infallible>(Response::new(StreamBody::new(stream::iter(pieces))))
        }
    };
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service_fn(answer.clone());
            // A miner with enough tokens closes the connection early.
            tokio::spawn(async move {
                server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await
            });
        }
    });
    (address, asked)
}

fn challenge(temperature_milli: u32, top_k: u32) -> TextChallenge {
    TextChallenge {
        model: model().hash(),
        prompt: "Once there was".into(),
        seed: 11,
        sampling: Sampling { temperature_milli, top_k },
        max_tokens: 16,
        miner: None,
    }
}

async fn mined(address: &str, challenge: &TextChallenge) -> Result<Vec<GeneratedToken>, Failure> {
    let upstream = Upstream::new(model().clone(), address, "tiny", Some("s3cret"), Handle::current()).unwrap();
    let miner = TextMiner::with_backend(model().clone(), HOTKEY, upstream);
    let challenge = challenge.clone();
    let mining = tokio::task::spawn_blocking(move || {
        let mut steps = Vec::new();
        miner.lines(&challenge, &mut |line| {
            if let AnswerLine::Token(token) = line {
                steps.push(GeneratedToken { token: token.token, logprob: token.logprob });
            }
            ControlFlow::Continue(())
        })?;
        Ok(steps)
    });
    mining.await.unwrap()
}

#[tokio::test]
async fn a_server_that_knows_no_seeds_gives_what_the_model_gives() {
    let (address, asked) = server(true).await;
    for (sampling, questions) in [((0, 0), 1..=1), ((800, TOP_K), 2..=16)] {
        let challenge = challenge(sampling.0, sampling.1);
        let prompt = model().encode(&challenge.prompt).unwrap();
        let mut expected = Vec::new();
        let mut take = |step| {
            expected.push(step);
            ControlFlow::Continue(())
        };
        model().generate(&challenge.query(&prompt, HOTKEY), &mut take).unwrap();
        let before = asked.load(Ordering::SeqCst);
        let steps = mined(&address, &challenge).await.unwrap();
        let tokens = |steps: &[GeneratedToken]| steps.iter().map(|step| step.token).collect::<Vec<_>>();
        assert_eq!(tokens(&steps), tokens(&expected));
        assert!(steps.iter().zip(&expected).all(|(one, other)| (one.logprob - other.logprob).abs() < 1e-3));
        assert!(questions.contains(&(asked.load(Ordering::SeqCst) - before)));
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_used_says_why() {
    let (by_text, _) = server(false).await;
    let failure = mined(&by_text, &challenge(0, 0)).await.unwrap_err();
    assert_eq!(failure.0, "the server does not support `return_tokens_as_token_ids`");
    let (address, _) = server(true).await;
    let failure = mined(&address, &challenge(800, 0)).await.unwrap_err();
    assert!(failure.0.starts_with("asked to draw from more than"), "{failure}");
    let failure = mined("http://127.0.0.1:1", &challenge(0, 0)).await.unwrap_err();
    assert!(failure.0.starts_with("the server cannot be asked"), "{failure}");
}

#[test]
fn addresses_lead_to_completions() {
    let place = |address| CompletionsUrl::parse(address).map(|place| format!("{}{}", place.host, place.path));
    assert_eq!(place("http://127.0.0.1:8000").unwrap(), "127.0.0.1:8000/v1/completions");
    assert_eq!(place("http://127.0.0.1:8000/v1/").unwrap(), "127.0.0.1:8000/v1/completions");
    assert_eq!(place("http://host/a").unwrap(), "host:80/a/v1/completions");
    for wrong in ["", "127.0.0.1:8000", "https://host", "http://me:secret@host/", "http://host/?a=b"] {
        assert_eq!(place(wrong), Err(UpstreamError::Address(wrong.to_owned())));
    }
}

#[test]
fn a_server_that_cannot_be_used_is_told_apart() {
    let wrong = |event: &str| read_event(event.as_bytes()).err().map(|failure| failure.0);
    let by_text = r#"{"choices":[{"logprobs":{"tokens":[" a"],"top_logprobs":[{" a":-0.5}]}}]}"#;
    assert_eq!(wrong(by_text).unwrap(), "the server does not support `return_tokens_as_token_ids`");
    assert!(wrong("{").unwrap().starts_with("the server sent no completion"));
    assert_eq!(wrong(r#"{"choices":[{"text":"","finish_reason":"length"}]}"#), None);
    assert!(drawable(Sampling { temperature_milli: 700, top_k: 0 }).is_err());
    assert!(drawable(Sampling { temperature_milli: 0, top_k: 0 }).is_ok());
    assert!(drawable(Sampling { temperature_milli: 700, top_k: 20 }).is_ok());
}
