//! Mining with somebody else's server: one that speaks the completions of `OpenAI`, as servers of open models do.
//!
//! Answers are proven, so the server has to compute the same model as precisely as everybody else, and it has to give
//! what a proof is made of: the numbers of tokens, and the probabilities of the likeliest ones. It need not know our
//! seeds. It is asked for the likeliest continuation with the [`TOP_K`] likeliest tokens of each position, and the
//! tokens are drawn here; where the one drawn is not the likeliest, the rest of the continuation is void, and it is
//! asked again from there. What is asked:
//!
//! ```json
//! {"model":"…","prompt":[1,17],"max_tokens":62,"temperature":0,"logprobs":20,"stream":true,
//!  "return_tokens_as_token_ids":true,"ignore_eos":true}
//! ```
//!
//! The last two are extensions, of vLLM for one: tokens come as `token_id:17`, and a position at which the text may end
//! is told like any other. A server without them cannot be used, and is told apart at the first answer.
//!
//! Connections are plain HTTP. Let a proxy on this machine speak TLS with a server that is elsewhere.

#[cfg(test)]
mod tests;

use crate::{
    GeneratedToken, GenerationEnd, Model, Query, Sampling,
    challenge::TOP_K,
    miner::{TokenBackend, failed},
    sampling::{Noise, TokenDraw},
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode, Uri,
    body::Incoming,
    client::conn::http1,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_neuron::{Failure, Lines};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, ops::ControlFlow, time::Duration};
use tokio::{net::TcpStream, runtime::Handle, task::JoinHandle, time::timeout};

/// How long the server may say nothing.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The bytes of an event of the server.
const MAX_EVENT: usize = 256 * 1024;

/// The bytes of an error of the server that go to the log.
const MAX_ERROR: usize = 300;

/// The prefix of a token that is told by its number.
const BY_NUMBER: &str = "token_id:";

/// A server that draws the tokens of a miner.
#[derive(Clone)]
pub struct Upstream {
    /// The words and the end of the model.
    model: Model,
    place: CompletionsUrl,
    /// What the server calls the model.
    name: String,
    /// What it wants to see before it answers.
    authorization: Option<HeaderValue>,
    runtime: Handle,
}

/// Why a server cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The address is none.
    #[error("`{0}` is not the address of a server: it should be like http://127.0.0.1:8000/v1")]
    Address(String),
    /// The key has characters that cannot be sent.
    #[error("the key of the server cannot be sent: it has characters that are not printable")]
    Key,
}

impl Diagnostic for UpstreamError {
    fn code(&self) -> &'static str {
        "usage"
    }

    fn hints(&self, _: &mut Hints) {}
}

/// Where completions are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CompletionsUrl {
    /// Host and port.
    host: String,
    path: String,
}

impl CompletionsUrl {
    fn parse(address: &str) -> Result<Self, UpstreamError> {
        let wrong = || UpstreamError::Address(address.to_owned());
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(wrong()) };
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(wrong());
        }
        let base = uri.path().trim_end_matches('/');
        let version = if base.ends_with("/v1") { "" } else { "/v1" };
        let host = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80));
        Ok(Self { host, path: format!("{base}{version}/completions") })
    }
}

#[derive(Serialize)]
struct CompletionRequest<'a> {
    model: &'a str,
    prompt: &'a [u32],
    max_tokens: usize,
    temperature: u8,
    logprobs: u32,
    stream: bool,
    return_tokens_as_token_ids: bool,
    ignore_eos: bool,
}

#[derive(Deserialize)]
struct CompletionEvent {
    choices: Vec<CompletionChoice>,
}

#[derive(Deserialize)]
struct CompletionChoice {
    logprobs: Option<Logprobs>,
}

#[derive(Deserialize)]
struct Logprobs {
    tokens: Vec<String>,
    top_logprobs: Vec<BTreeMap<String, f32>>,
}

/// What the server says of one position.
struct TokenPosition {
    /// The token with which it goes on.
    next: u32,
    /// The likeliest tokens, with the logarithms of their probabilities.
    likeliest: Vec<(u32, f32)>,
}

impl Upstream {
    /// A server at this address, which calls the model by this name and may want a key.
    ///
    /// # Errors
    /// [`UpstreamError`], when it cannot be asked.
    pub fn new(
        model: Model,
        address: &str,
        name: impl Into<String>,
        key: Option<&str>,
        runtime: Handle,
    ) -> Result<Self, UpstreamError> {
        let place = CompletionsUrl::parse(address)?;
        let authorization = key.map(|key| {
            let mut value = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| UpstreamError::Key)?;
            value.set_sensitive(true);
            Ok(value)
        });
        Ok(Self { model, place, name: name.into(), authorization: authorization.transpose()?, runtime })
    }

    async fn write(
        &self,
        query: &Query<'_>,
        steps: &mut dyn FnMut(GeneratedToken) -> ControlFlow<()>,
    ) -> Result<GenerationEnd, Failure> {
        let Query { prompt, seed, sampling, max_tokens: most } = *query;
        let sampling = drawable(sampling)?;
        let mut text = prompt.to_vec();
        loop {
            let before = text.len();
            let mut positions = self.complete(&text, most.saturating_sub(before.saturating_sub(prompt.len()))).await?;
            while let Some(position) = positions.next().await? {
                let at = text.len().saturating_sub(prompt.len());
                let step = self.draw(&position, sampling, Noise::new(seed, at))?;
                text.push(step.token);
                let flow = steps(step);
                if self.model.ends(step.token) {
                    return Ok(GenerationEnd::Stop);
                }
                if at.saturating_add(1) >= most {
                    return Ok(GenerationEnd::Length);
                }
                if flow.is_break() {
                    return Ok(GenerationEnd::Interrupted);
                }
                if step.token != position.next {
                    break;
                }
            }
            if text.len() == before {
                return Err(Failure::from("the server gives no tokens"));
            }
        }
    }

    /// The token that a position and its noise give.
    fn draw(&self, position: &TokenPosition, sampling: Sampling, noise: Noise) -> Result<GeneratedToken, Failure> {
        let mut logits = vec![f32::NEG_INFINITY; self.model.vocabulary()];
        for (token, logprob) in &position.likeliest {
            let Some(slot) = usize::try_from(*token).ok().and_then(|token| logits.get_mut(token)) else {
                return Err(Failure(format!("the server has another vocabulary: it gives token {token}")));
            };
            *slot = *logprob;
        }
        // What all logits have in common makes no difference to a draw, so logarithms of probabilities are as good.
        let token = TokenDraw::new(&logits, sampling, noise).token();
        let step = token.and_then(|token| {
            let logprob = *logits.get(usize::try_from(token).ok()?)?;
            Some(GeneratedToken { token, logprob })
        });
        step.filter(|step| step.logprob.is_finite()).ok_or_else(|| Failure::from("the server gives no probabilities"))
    }

    /// Asks for the likeliest continuation.
    async fn complete(&self, text: &[u32], max_tokens: usize) -> Result<TokenPositions, Failure> {
        let asked = CompletionRequest {
            model: &self.name,
            prompt: text,
            max_tokens,
            temperature: 0,
            logprobs: TOP_K,
            stream: true,
            return_tokens_as_token_ids: true,
            ignore_eos: true,
        };
        let body = serde_json::to_vec(&asked).map_err(|error| failed(&error))?;
        timeout(STALL_TIMEOUT, self.send(body)).await.map_err(|_| stalled())?
    }

    async fn send(&self, body: Vec<u8>) -> Result<TokenPositions, Failure> {
        let unreachable = |error: &dyn fmt::Display| Failure(format!("the server cannot be asked: {error}"));
        let stream = TcpStream::connect(&self.place.host).await.map_err(|error| unreachable(&error))?;
        // A question is written in one go, so waiting for more to send only delays it.
        let _ = stream.set_nodelay(true);
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| unreachable(&error))?;
        let driver = UpstreamTask(tokio::spawn(async move {
            // What goes wrong is reported to whoever waits for the answer.
            let _ = connection.await;
        }));
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&self.place.path)
            .header(HOST, &self.place.host)
            .header(CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| unreachable(&error))?;
        let answer = sender.send_request(request).await.map_err(|error| unreachable(&error))?;
        let (status, body) = (answer.status(), answer.into_body());
        let mut positions = TokenPositions { body, lines: Lines::new(MAX_EVENT), ready: Vec::new(), driver };
        if status == StatusCode::OK { Ok(positions) } else { Err(positions.refusal(status).await) }
    }
}

/// What is drawn from, if the likeliest tokens of a server are enough for it.
fn drawable(sampling: Sampling) -> Result<Sampling, Failure> {
    match (sampling.temperature_milli, sampling.top_k) {
        (0, _) => Ok(Sampling::GREEDY),
        (_, 1..=TOP_K) => Ok(sampling),
        _ => Err(Failure(format!(
            "asked to draw from more than the {TOP_K} likeliest tokens, which the server does not give"
        ))),
    }
}

fn stalled() -> Failure {
    Failure(format!("the server says nothing for {} s", STALL_TIMEOUT.as_secs()))
}

/// The task that moves the bytes; it ends with whoever waits for them, and the server sees that nobody does.
struct UpstreamTask(JoinHandle<()>);

impl Drop for UpstreamTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The positions of a continuation as they come.
struct TokenPositions {
    body: Incoming,
    lines: Lines,
    /// Those that have come, the next one last.
    ready: Vec<TokenPosition>,
    #[expect(dead_code, reason = "kept for its drop")]
    driver: UpstreamTask,
}

impl TokenPositions {
    async fn next(&mut self) -> Result<Option<TokenPosition>, Failure> {
        loop {
            if let Some(position) = self.ready.pop() {
                return Ok(Some(position));
            }
            let line = self.lines.next_line().map_err(|_| Failure::from("the server says too much at once"))?;
            if let Some(line) = line {
                let line = line.trim_ascii();
                if line == b"data: [DONE]" {
                    return Ok(None);
                }
                if let Some(event) = line.strip_prefix(b"data:") {
                    self.ready = read_event(event)?;
                    self.ready.reverse();
                }
                continue;
            }
            let Some(frame) = timeout(STALL_TIMEOUT, self.body.frame()).await.map_err(|_| stalled())? else {
                return Ok(None);
            };
            let frame = frame.map_err(|error| Failure(format!("the server broke off: {error}")))?;
            // What is no data is a trailer, which says nothing that counts.
            if let Ok(data) = frame.into_data() {
                self.lines.push(&data);
            }
        }
    }

    /// What the server says instead of an answer.
    async fn refusal(&mut self, status: StatusCode) -> Failure {
        let mut said = Vec::new();
        while let Ok(Some(Ok(frame))) = timeout(STALL_TIMEOUT, self.body.frame()).await {
            said.extend(frame.into_data().unwrap_or_default());
            if said.len() > MAX_ERROR {
                break;
            }
        }
        said.truncate(MAX_ERROR);
        Failure(format!("the server refuses with status {status}: {}", String::from_utf8_lossy(&said).escape_debug()))
    }
}

/// What an event says of positions.
fn read_event(event: &[u8]) -> Result<Vec<TokenPosition>, Failure> {
    let event: CompletionEvent = serde_json::from_slice(event)
        .map_err(|error| Failure(format!("the server says what is no completion: {error}")))?;
    let number = |token: &str| {
        let number = token.strip_prefix(BY_NUMBER).and_then(|number| number.parse().ok());
        number.ok_or_else(|| Failure::from("the server does not know `return_tokens_as_token_ids`"))
    };
    let mut positions = Vec::new();
    for Logprobs { tokens, top_logprobs } in event.choices.into_iter().take(1).filter_map(|choice| choice.logprobs) {
        for (token, likeliest) in tokens.iter().zip(&top_logprobs) {
            let likeliest = likeliest.iter().map(|(token, logprob)| Ok((number(token)?, *logprob)));
            positions
                .push(TokenPosition { next: number(token)?, likeliest: likeliest.collect::<Result<_, Failure>>()? });
        }
    }
    Ok(positions)
}

impl TokenBackend for Upstream {
    fn generate(
        &self,
        query: &Query<'_>,
        steps: &mut dyn FnMut(GeneratedToken) -> ControlFlow<()>,
    ) -> Result<GenerationEnd, Failure> {
        self.runtime.block_on(self.write(query, steps))
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Upstream").field("place", &self.place).field("name", &self.name).finish_non_exhaustive()
    }
}
