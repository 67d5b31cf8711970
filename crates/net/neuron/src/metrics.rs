//! Metrics for Prometheus.

use core::fmt;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// The labels of answers. This program chooses them, never a peer, so the number of series is bounded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    protocol: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    protocol: &'static str,
    reason: &'static str,
}

/// The metrics of an axon.
pub struct Metrics {
    registry: Registry,
    answers: Family<AnswerLabels, Counter>,
    refusals: Family<RefusalLabels, Counter>,
    seconds: Histogram,
    /// Open connections.
    pub(crate) connections: Gauge,
    /// Connections that were closed at once, because a limit was reached.
    pub(crate) turned_away: Counter,
    /// Connections that were closed to make place for others.
    pub(crate) displaced: Counter,
    /// Signatures of requests that were checked.
    pub(crate) signatures_checked: Counter,
    /// TLS handshakes that failed.
    pub(crate) handshakes_failed: Counter,
    /// Received bytes of bodies.
    pub(crate) received: Counter,
    /// Requests that wait for a worker.
    pub(crate) waiting: Gauge,
}

impl Metrics {
    /// The content type of [`Self::text`].
    pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("myelin_axon");
        let (answers, refusals) = (Family::default(), Family::default());
        let seconds = Histogram::new(exponential_buckets(0.001, 4.0, 9));
        let [connections, waiting] = [Gauge::default(), Gauge::default()];
        let [turned_away, displaced, signatures_checked] = [Counter::default(), Counter::default(), Counter::default()];
        let [handshakes_failed, received] = [Counter::default(), Counter::default()];
        registry.register("answers", "Answers sent, by protocol and HTTP status", Family::clone(&answers));
        registry.register("refusals", "Requests not served, by protocol and reason", Family::clone(&refusals));
        registry.register("answer_seconds", "Time from the head of a request to that of its answer", seconds.clone());
        registry.register("connections", "Open connections", Gauge::clone(&connections));
        registry.register("turned_away", "Connections closed at once because there are too many", turned_away.clone());
        registry.register("displaced", "Connections closed to make place for others", displaced.clone());
        registry.register("signatures_checked", "Signatures of requests checked", signatures_checked.clone());
        registry.register("handshakes_failed", "TLS handshakes that failed", handshakes_failed.clone());
        registry.register("received_bytes", "Bytes of bodies received", received.clone());
        registry.register("waiting", "Requests that wait for a worker", Gauge::clone(&waiting));
        Self {
            registry,
            answers,
            refusals,
            seconds,
            connections,
            turned_away,
            displaced,
            signatures_checked,
            handshakes_failed,
            received,
            waiting,
        }
    }

    pub(crate) fn answered(&self, protocol: &'static str, status: u16, seconds: f64) {
        self.answers.get_or_create(&AnswerLabels { protocol, status }).inc();
        self.seconds.observe(seconds);
    }

    pub(crate) fn refused(&self, protocol: &'static str, reason: &'static str) {
        self.refusals.get_or_create(&RefusalLabels { protocol, reason }).inc();
    }

    /// Returns all metrics in the text format that Prometheus reads.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_reads_it() {
        let metrics = Metrics::new();
        metrics.answered("strict", 200, 0.002);
        metrics.refused("v1", "Busy");
        let text = metrics.text();
        for line in [
            "myelin_axon_answers_total{protocol=\"strict\",status=\"200\"} 1",
            "myelin_axon_refusals_total{protocol=\"v1\",reason=\"Busy\"} 1",
            "myelin_axon_answer_seconds_count 1",
            "myelin_axon_connections 0",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
        }
    }
}
