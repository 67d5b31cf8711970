//! Bodies of requests: received within their limits, charged for their memory, dropped after a refusal.

use super::{core::AxonCore, endpoint::WorkPlace, room::ConnectionPlace};
use crate::{http::shared, quota::QuotaHold};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use myelin_wire::v1::V1Refusal;
use std::{future::pending, net::IpAddr, panic::resume_unwind, sync::Arc};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

/// The bytes that a value takes in the quota of bodies.
const VALUE_CHARGE: usize = 64;

/// The length from which on a body is read on a blocking thread, in bytes.
const MAX_INLINE: usize = 64 * 1024;

/// The share of a body in memory.
pub(super) struct BodyShare {
    hold: QuotaHold<IpAddr>,
    length: usize,
    /// True if the share is one of the quota of verified and known senders.
    is_trusted: bool,
}

/// The sender of a body, as far as it is known before the body is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BodySender {
    /// A caller whose signature was verified.
    Verified,
    /// A caller that the signature over the body has yet to prove.
    Claimed,
}

impl AxonCore {
    /// Receives a body within the limits of its class, of time and of memory.
    pub(super) async fn receive(
        &self,
        body: &mut Incoming,
        of_class: usize,
        (place, sender): (&ConnectionPlace, BodySender),
    ) -> Result<(Vec<u8>, BodyShare), V1Refusal> {
        let limits = &self.limits;
        let is_trusted = sender == BodySender::Verified || place.is_known(Instant::now());
        let of_class = of_class.min(limits.body);
        let (limit, quota) =
            if is_trusted { (of_class, &self.bodies) } else { (of_class.min(limits.unproven_body), &self.unproven) };
        let announced = body.size_hint().exact().map(|exact| usize::try_from(exact).unwrap_or(usize::MAX));
        if announced.is_some_and(|announced| announced > limit) {
            return Err(V1Refusal::TooLarge);
        }
        let until = Instant::now() + limits.body_time;
        let mut hold = quota.take(shared(place.address), 0).ok_or(V1Refusal::Busy)?;
        // The system gives the memory as the bytes arrive. A buffer that grows would take it twice.
        let mut bytes = Vec::with_capacity(announced.unwrap_or(0));
        while let Some(frame) = timeout_at(until, body.frame()).await.map_err(|_| V1Refusal::Late)? {
            let frame = frame.map_err(|error| V1Refusal::Cut(error.to_string()))?;
            // A frame without data is a trailer, which does not count.
            let Ok(data) = frame.into_data() else { continue };
            let length = bytes.len().saturating_add(data.len());
            if length > limit {
                return Err(V1Refusal::TooLarge);
            }
            if !hold.grow(data.len()) {
                return Err(V1Refusal::Busy);
            }
            self.metrics.received.inc_by(u64::try_from(data.len()).unwrap_or(u64::MAX));
            bytes.extend_from_slice(&data);
        }
        let share = BodyShare { hold, length: bytes.len(), is_trusted };
        Ok((bytes, share))
    }

    /// Moves the share of a body to the quota of verified senders.
    pub(super) fn trusted(&self, body: BodyShare, from: IpAddr) -> Result<QuotaHold<IpAddr>, V1Refusal> {
        let BodyShare { hold, length, is_trusted } = body;
        if is_trusted { Ok(hold) } else { self.bodies.take(shared(from), length).ok_or(V1Refusal::Busy) }
    }

    /// Reads the rests of refused bodies beside the answers, and drops them. It never ends.
    ///
    /// A connection that closes before its peer has sent all bytes can lose the answer. The limits of time and size are
    /// those of a body. The quota of these rests is another one, so that they take nothing from bodies in memory.
    pub(super) async fn forget(&self, from: IpAddr, refused: &mut mpsc::Receiver<Incoming>) {
        while let Some(mut body) = refused.recv().await {
            let (until, mut left) = (Instant::now() + self.limits.body_time, self.limits.body);
            let Some(mut hold) = self.rests.take(shared(from), 0) else { continue };
            while let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await {
                let length = frame.data_ref().map_or(0, Bytes::len);
                let Some(rest) = left.checked_sub(length).filter(|_| hold.grow(length)) else { break };
                left = rest;
            }
        }
        pending::<()>().await;
    }

    /// Reads a message of this many bytes, on a blocking thread if it is large.
    ///
    /// The place goes along, so that the reading is counted until its end even if the caller has gone. There are as many
    /// readers of large messages as processors: more of them would only take memory.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        mut place: WorkPlace,
        length: usize,
        read: impl FnOnce(&mut WorkPlace) -> T + Send + 'static,
    ) -> (T, WorkPlace) {
        if length <= MAX_INLINE {
            let read = read(&mut place);
            return (read, place);
        }
        let reader = Arc::clone(&self.readers).acquire_owned().await;
        let reading = tokio::task::spawn_blocking(move || {
            let read = read(&mut place);
            drop(reader);
            (read, place)
        });
        match reading.await {
            Ok(read) => read,
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            // The runtime ends.
            Err(_) => pending().await,
        }
    }
}

impl WorkPlace {
    /// Charges the quota of bodies for the values in this JSON, before they are read, up to the limit of the class.
    ///
    /// Reading ends at the limit, with an error that names it.
    pub(super) fn charge(&mut self, json: &[u8], max_values: usize) -> Result<(), V1Refusal> {
        let values = most_values(json).min(max_values);
        if self.memory.grow(values.saturating_mul(VALUE_CHARGE)) { Ok(()) } else { Err(V1Refusal::Busy) }
    }
}

/// Returns the most values that JSON of these bytes can have. A list, an object and each of their items is one.
fn most_values(json: &[u8]) -> usize {
    let (mut values, mut in_text, mut is_escaped) = (1_usize, false, false);
    for byte in json {
        match (in_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => in_text = !in_text,
            // Each item follows one of these.
            (false, b'[' | b'{' | b',') => values = values.saturating_add(1),
            _ => {}
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_wire::python::{Value, json};
    use proptest::prelude::*;

    fn number_of(value: &Value) -> usize {
        match value {
            Value::List(values) | Value::Tuple(values) => 1 + values.iter().map(number_of).sum::<usize>(),
            Value::Dict(fields) => 1 + fields.iter().map(|(_, value)| number_of(value)).sum::<usize>(),
            _ => 1,
        }
    }

    #[test]
    fn nh_3_values_are_counted_before_they_are_read() {
        for (text, number) in
            [("7", 1), ("\"a,b:[{\\\",,\"", 1), ("[0,0,0]", 4), ("[[[]]]", 4), (r#"{"a": "\\", "b": [1, {}]}"#, 6)]
        {
            assert_eq!(most_values(text.as_bytes()), number, "{text}");
        }
        assert_eq!(most_values("0,".repeat(1 << 19).as_bytes()), (1 << 19) + 1);
    }

    proptest! {
        #[test]
        fn nh_3_no_json_has_more_values_than_are_counted(text in "[\\[\\]{}\",:0a\\\\ ]{0,40}") {
            if let Ok(value) = json::read(text.as_bytes()) {
                prop_assert!(number_of(&value) <= most_values(text.as_bytes()));
            }
        }
    }
}
