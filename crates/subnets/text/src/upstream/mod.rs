//! Mining with a server that implements `OpenAI`'s completions API, as servers of open models do.
//!
//! Answers are proven, so the server must compute the same model with the same precision. It must also return the
//! numbers of tokens and the probabilities of the likeliest ones. It does not need the seeds of challenges: the miner
//! asks for the likeliest continuation with the [`TOP_K`] likeliest tokens of each position, and draws the tokens
//! itself. If the drawn token is not the likeliest, the rest of the continuation is void, and the miner asks again from
//! there. The request is:
//!
//! ```json
//! {"model":"…","prompt":[1,17],"max_tokens":62,"temperature":0,"logprobs":20,"stream":true,
//!  "return_tokens_as_token_ids":true,"ignore_eos":true}
//! ```
//!
//! The last two members are extensions, of vLLM for example. With them tokens have the form `token_id:17`, and a
//! position at which the text may end is reported like any other. A server without them cannot be used, which the miner
//! notices at the first answer.
//!
//! Connections are plain HTTP. For a server on another machine, run a proxy on this machine that uses TLS.

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

/// The longest silence of the server.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The greatest length of an event of the server, in bytes.
const MAX_EVENT: usize = 256 * 1024;

/// The greatest length of a server's error in the log, in bytes.
const MAX_ERROR: usize = 300;

/// The prefix of a token that is given by its number.
const BY_NUMBER: &str = "token_id:";

/// A server that draws the tokens of a miner.
#[derive(Clone)]
pub struct Upstream {
    /// The model, for its vocabulary and its end tokens.
    model: Model,
    place: CompletionsUrl,
    /// The server's name of the model.
    name: String,
    /// The authorization header for the server, if it needs one.
    authorization: Option<HeaderValue>,
    runtime: Handle,
}

/// A server that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The address is invalid.
    #[error("`{0}` is not the address of a server like http://127.0.0.1:8000/v1")]
    Address(String),
    /// The key has characters that HTTP cannot carry.
    #[error("the key of the server has characters that are not printable")]
    Key,
}

impl Diagnostic for UpstreamError {
    fn code(&self) -> &'static str {
        "usage"
    }

    fn hints(&self, _: &mut Hints) {}
}

/// The URL of the completions of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CompletionsUrl {
    /// The host and the port.
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

/// The data of the server for one position.
struct TokenPosition {
    /// The token with which the server continues.
    next: u32,
    /// The likeliest tokens, with the logarithms of their probabilities.
    likeliest: Vec<(u32, f32)>,
}

impl Upstream {
    /// Returns a backend for the server at this address, with its name of the model and its key.
    ///
    /// # Errors
    /// [`UpstreamError`] if the address or the key is invalid.
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

    /// Returns the token that a position and its noise give.
    fn draw(&self, position: &TokenPosition, sampling: Sampling, noise: Noise) -> Result<GeneratedToken, Failure> {
        let mut logits = vec![f32::NEG_INFINITY; self.model.vocabulary()];
        for (token, logprob) in &position.likeliest {
            let Some(slot) = usize::try_from(*token).ok().and_then(|token| logits.get_mut(token)) else {
                return Err(Failure(format!("the server has another vocabulary: it gives token {token}")));
            };
            *slot = *logprob;
        }
        // A constant that is added to all logits does not change a draw, so logarithms of probabilities can replace
        // them.
        let token = TokenDraw::new(&logits, sampling, noise).token();
        let step = token.and_then(|token| {
            let logprob = *logits.get(usize::try_from(token).ok()?)?;
            Some(GeneratedToken { token, logprob })
        });
        step.filter(|step| step.logprob.is_finite()).ok_or_else(|| Failure::from("the server gives no probabilities"))
    }

    /// Requests the likeliest continuation.
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
        // A request is written in one go, so waiting for more to send only delays it.
        let _ = stream.set_nodelay(true);
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| unreachable(&error))?;
        let driver = UpstreamTask(tokio::spawn(async move {
            // The code that waits for the answer reports errors.
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

/// Returns the sampling, if the likeliest tokens of a server suffice for it.
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
    Failure(format!("the server sent nothing for {} s", STALL_TIMEOUT.as_secs()))
}

/// The task that moves the bytes. It ends with the value that waits for them, which closes the connection.
struct UpstreamTask(JoinHandle<()>);

impl Drop for UpstreamTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The positions of a continuation, as they arrive.
struct TokenPositions {
    body: Incoming,
    lines: Lines,
    /// Positions that have arrived, the next one last.
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
            let line = self.lines.next_line().map_err(|_| Failure::from("an event of the server is too long"))?;
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
            let frame = frame.map_err(|error| Failure(format!("the server broke the stream off: {error}")))?;
            // A frame without data is a trailer, which does not count.
            if let Ok(data) = frame.into_data() {
                self.lines.push(&data);
            }
        }
    }

    /// Reads the error that the server sends instead of an answer.
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

/// Parses the positions of an event.
fn read_event(event: &[u8]) -> Result<Vec<TokenPosition>, Failure> {
    let event: CompletionEvent =
        serde_json::from_slice(event).map_err(|error| Failure(format!("the server sent no completion: {error}")))?;
    let number = |token: &str| {
        let number = token.strip_prefix(BY_NUMBER).and_then(|number| number.parse().ok());
        number.ok_or_else(|| Failure::from("the server does not support `return_tokens_as_token_ids`"))
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
