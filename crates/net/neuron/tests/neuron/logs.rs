//! The content of the logs, and values that must not be in them.

use crate::{AXON, CALLER, axon, wire};
use myelin_neuron::{Clock, SystemClock};
use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// A subscriber that stores events as lines.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(Level, String)>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("myelin")
    }

    fn new_span(&self, _attributes: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push((*event.metadata().level(), line.0));
    }

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

impl Log {
    fn lines(&self, level: Level) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|(of, _)| *of == level).map(|(_, line)| line.clone()).collect()
    }
}

#[tokio::test]
async fn a_failure_is_found_by_the_number_that_the_peer_was_given() {
    let log = Log::default();
    let _here = tracing::subscriber::set_default(log.clone());
    let axon = axon().await;
    let mut raw = wire::Raw::open(axon.address()).await;
    raw.say(&wire::strict(CALLER, AXON, "/Echo", br#"{"text": "fail"}"#, SystemClock.now())).await;
    let answer = String::from_utf8(raw.hear().await.unwrap().body).unwrap();
    let number = answer.split('#').nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let errors = log.lines(Level::ERROR);
    let [error] = &errors[..] else { panic!("{errors:?}") };
    assert!(error.contains(number) && error.contains("as asked"), "{error}");
    assert!(!answer.contains("as asked"), "{answer}");
}

#[tokio::test]
async fn strangers_write_no_errors_and_nothing_of_their_own() {
    let log = Log::default();
    let _here = tracing::subscriber::set_default(log.clone());
    let axon = axon().await;
    let good = String::from_utf8(wire::strict(CALLER, AXON, "/Echo", br#"{"text": "hello"}"#, SystemClock.now()));
    let good = good.unwrap();
    let signature = good.split("X-Bittensor-Signature: ").nth(1).unwrap().split("\r\n").next().unwrap();
    for request in [good.replace("hello", "jello"), good.replace("Content-Length: 17", "Content-Length: 99")] {
        let mut raw = wire::Raw::open(axon.address()).await;
        raw.say(request.as_bytes()).await;
        raw.finish().await;
        raw.hear().await;
    }
    let mut raw = wire::Raw::open(axon.address()).await;
    raw.say(b"POST /Echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\njello").await;
    raw.hear().await;
    for level in [Level::ERROR, Level::WARN] {
        assert_eq!(log.lines(level), Vec::<String>::new());
    }
    let refusals = log.lines(Level::DEBUG);
    assert!(refusals.iter().filter(|line| line.contains("request refused")).count() >= 3, "{refusals:?}");
    for line in refusals {
        assert!(!line.contains(signature) && !line.contains("jello"), "{line}");
    }
}
