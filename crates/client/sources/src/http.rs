//! Sources that answer over HTTP.

use crate::{
    DataPoint, DataSource, ItemPage, SourceError, UnixSeconds, decimal::micros, time::parse_time, world::RATES_AT,
};
use myelin_primitives::AddressScope;
use reqwest::{
    Client, Response, StatusCode, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{self, HeaderMap},
    redirect::Policy,
};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    error::Error,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{net::lookup_host, runtime::Runtime, time::sleep};

/// The longest answer, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// The longest time of one try.
const TRY_TIME: Duration = Duration::from_secs(10);

/// The number of tries.
const TRIES: u32 = 5;

/// The most redirects of a request.
const REDIRECTS: u32 = 3;

/// The longest wait that a server may ask for. A longer one is an error, so that the caller can do something else.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The form of the answers of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpForm {
    /// That of a [world](crate::world), which the address is the beginning of.
    World,
    /// JSON arrays of time, open, high, low and close. The address has `{series}` and may have `{to}`, in Unix seconds.
    Candles,
    /// A file of reference rates, as the European Central Bank publishes it. A series is a column.
    Ecb,
}

impl HttpForm {
    /// Returns the form of this name: `world`, `candles` or `ecb`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "world" => Some(Self::World),
            "candles" => Some(Self::Candles),
            "ecb" => Some(Self::Ecb),
            _ => None,
        }
    }
}

/// The behaviour of a source.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// True if addresses of this machine and its network are asked, and without TLS.
    pub is_local: bool,
    /// The pause after the first try that failed. It doubles with each other one.
    pub pause: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { is_local: false, pause: Duration::from_millis(500) }
    }
}

/// A source that answers over HTTP.
///
/// It asks addresses that all machines reach, by TLS, and follows redirects to the same host only. A call waits, so it
/// belongs on a blocking thread; on a thread that runs async code it would panic.
pub struct HttpSource {
    form: HttpForm,
    url: String,
    options: HttpOptions,
    client: Client,
    /// `None` only while the source is dropped.
    runtime: Option<Runtime>,
    last: Mutex<Option<KnownAnswer>>,
}

/// The last answer with a tag, which the server need not send again.
struct KnownAnswer {
    url: Url,
    tag: header::HeaderValue,
    body: Arc<[u8]>,
}

/// The answer to a request that the server understood.
enum Answer {
    Content(Arc<[u8]>),
    NotFound(Arc<[u8]>),
}

impl HttpSource {
    /// Returns the source at an address.
    ///
    /// # Errors
    /// [`SourceError::Form`] for an address that may not be asked, and [`SourceError::Unreachable`] if this machine has no
    /// trusted certificates.
    pub fn new(form: HttpForm, url: &str, options: HttpOptions) -> Result<Self, SourceError> {
        let url = url.trim_end_matches('/').to_owned();
        if form == HttpForm::Candles && !url.contains("{series}") {
            return Err(SourceError::Form("the address of candles has no `{series}`".to_owned()));
        }
        check(&parse(&filled(&url, "x", 0))?, options.is_local)?;
        let unreachable = |error: &dyn fmt::Display| SourceError::Unreachable(error.to_string());
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(BuilderVerifierExt::with_platform_verifier)
            .map_err(|error| unreachable(&error))?
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Resolver { is_local: options.is_local })
            .no_proxy()
            .redirect(Policy::none())
            .timeout(TRY_TIME)
            .user_agent(concat!("myelin/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| unreachable(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = Some(runtime.map_err(|error| unreachable(&error))?);
        Ok(Self { form, url, options, client, runtime, last: Mutex::default() })
    }

    /// Asks an address, in several tries.
    fn get(&self, url: &str) -> Result<Answer, SourceError> {
        let url = parse(url)?;
        let Some(runtime) = &self.runtime else { return Err(SourceError::Unreachable("it ends".to_owned())) };
        runtime.block_on(async {
            let mut pause = self.options.pause;
            let mut last = SourceError::Unreachable("no try".to_owned());
            for _ in 0..TRIES {
                last = match self.get_once(url.clone()).await {
                    Err(error @ (SourceError::Unreachable(_) | SourceError::Limited { .. })) => error,
                    answered => return answered,
                };
                let wait = if let SourceError::Limited { retry } = last { retry } else { pause };
                if wait > LONGEST_WAIT {
                    break;
                }
                sleep(wait).await;
                pause = pause.saturating_mul(2);
            }
            Err(last)
        })
    }

    async fn get_once(&self, first: Url) -> Result<Answer, SourceError> {
        let mut url = first.clone();
        for _ in 0..=REDIRECTS {
            check(&url, self.options.is_local)?;
            let known = self.known(&first);
            let mut request = self.client.get(url.clone());
            if let Some((tag, _)) = &known {
                request = request.header(header::IF_NONE_MATCH, tag);
            }
            let response = request.send().await.map_err(|error| SourceError::Unreachable(cause(&error)))?;
            let (status, headers) = (response.status(), response.headers().clone());
            match (status, known) {
                (StatusCode::NOT_MODIFIED, Some((_, body))) => return Ok(Answer::Content(body)),
                (StatusCode::OK, _) => {
                    let body = whole(response).await?;
                    self.keep(first, &headers, &body);
                    return Ok(Answer::Content(body));
                }
                (StatusCode::NOT_FOUND, _) => return whole(response).await.map(Answer::NotFound),
                (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, _) => {
                    return Err(SourceError::Limited { retry: retry(&headers).unwrap_or(self.options.pause) });
                }
                _ if status.is_redirection() => url = redirected(&url, &headers)?,
                _ if status.is_server_error() => return Err(SourceError::Unreachable(format!("status {status}"))),
                _ => return Err(SourceError::Form(format!("status {status}"))),
            }
        }
        Err(SourceError::Form("too many redirects".to_owned()))
    }

    fn known(&self, url: &Url) -> Option<(header::HeaderValue, Arc<[u8]>)> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|last| last.url == *url).map(|last| (last.tag.clone(), Arc::clone(&last.body)))
    }

    fn keep(&self, url: Url, headers: &HeaderMap, body: &Arc<[u8]>) {
        let known = headers.get(header::ETAG).map(|tag| KnownAnswer { url, tag: tag.clone(), body: Arc::clone(body) });
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

impl Drop for HttpSource {
    fn drop(&mut self) {
        // A runtime must not wait for its tasks on a thread that runs async code.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl DataSource for HttpSource {
    fn name(&self) -> &str {
        &self.url
    }

    /// Returns no names: the source is not asked for them.
    fn series(&self) -> Vec<String> {
        Vec::new()
    }

    fn value(&self, series: &str, at: UnixSeconds) -> Result<Option<DataPoint>, SourceError> {
        if series.is_empty() || !series.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
            return Err(SourceError::NoSuchSeries);
        }
        match self.form {
            HttpForm::World => match self.get(&format!("{}/v1/market/{series}/points?at={at}", self.url))? {
                Answer::Content(body) => world_point(&body).map(Some),
                Answer::NotFound(body) => world_refusal(&body),
            },
            HttpForm::Candles => match self.get(&filled(&self.url, series, at))? {
                Answer::Content(body) => candle(&body, at),
                Answer::NotFound(body) => world_refusal(&body),
            },
            HttpForm::Ecb => match self.get(&self.url)? {
                Answer::Content(body) => rate(&body, series, at),
                Answer::NotFound(_) => Err(SourceError::NoSuchSeries),
            },
        }
    }

    fn items(&self, feed: &str, after: Option<&str>, most: usize) -> Result<ItemPage, SourceError> {
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if self.form != HttpForm::World || !is_name(feed) {
            return Err(SourceError::NoSuchSeries);
        }
        let after = match after {
            None => String::new(),
            Some(id) if is_name(id) => format!("&after={id}"),
            Some(_) => return Err(SourceError::Form("the id is no number".to_owned())),
        };
        match self.get(&format!("{}/v1/feed/{feed}/items?most={most}{after}", self.url))? {
            Answer::Content(body) => {
                let page: ItemPage = serde_json::from_slice(&body).map_err(form)?;
                if page.items.len() > most {
                    return Err(SourceError::Form("more items than asked for".to_owned()));
                }
                Ok(page)
            }
            Answer::NotFound(_) => Err(SourceError::NoSuchSeries),
        }
    }
}

/// Reads a point of a world.
fn world_point(body: &[u8]) -> Result<DataPoint, SourceError> {
    #[derive(Deserialize)]
    struct Point<'a> {
        at: UnixSeconds,
        value: &'a str,
    }
    let Point { at, value } = serde_json::from_slice(body).map_err(form)?;
    let micros = micros(value).ok_or_else(|| SourceError::Form("the value is no decimal".to_owned()))?;
    Ok(DataPoint { at, micros })
}

/// Reads the reason for which a world has no point.
fn world_refusal(body: &[u8]) -> Result<Option<DataPoint>, SourceError> {
    #[derive(Deserialize)]
    struct Refusal<'a> {
        error: &'a str,
    }
    match serde_json::from_slice::<Refusal<'_>>(body) {
        Ok(Refusal { error: "not-yet" }) => Ok(None),
        Ok(Refusal { error: "too-early" }) => Err(SourceError::NotKnown),
        _ => Err(SourceError::NoSuchSeries),
    }
}

/// Returns the first price of the last candle that begins at or before a time.
///
/// The first price is the only one that is known when the candle begins.
fn candle(body: &[u8], at: UnixSeconds) -> Result<Option<DataPoint>, SourceError> {
    /// A time from here on is in milliseconds.
    const MILLIS: u64 = 100_000_000_000;
    let rows: Vec<Vec<&RawValue>> = serde_json::from_slice(body).map_err(form)?;
    let wrong = || SourceError::Form("a candle is not time, open, high, low and close".to_owned());
    let mut found: Option<DataPoint> = None;
    let mut is_later_known = false;
    for row in &rows {
        let [time, open, high, low, close, ..] = row[..] else { return Err(wrong()) };
        let number = |value: &RawValue| micros(value.get().trim_matches('"'));
        let prices = [open, high, low, close].map(number);
        let [Some(open), Some(high), Some(low), Some(close)] = prices else { return Err(wrong()) };
        if low > open.min(close) || high < open.max(close) {
            return Err(wrong());
        }
        let time: u64 = time.get().trim_matches('"').parse().map_err(|_| wrong())?;
        let time = if time >= MILLIS { time / 1_000 } else { time };
        is_later_known |= time > at;
        if time <= at && found.is_none_or(|last| last.at < time) {
            found = Some(DataPoint { at: time, micros: open });
        }
    }
    // Without any candle at or before the time, the source knows later ones only, or none yet.
    if found.is_none() && is_later_known { Err(SourceError::NotKnown) } else { Ok(found) }
}

/// Returns the last rate of a column at or before a time. A rate is of 15:15 UTC on its day.
fn rate(body: &[u8], series: &str, at: UnixSeconds) -> Result<Option<DataPoint>, SourceError> {
    let text = std::str::from_utf8(body).map_err(form)?;
    let mut lines = text.lines();
    let mut names = lines.next().unwrap_or_default().split(',').map(str::trim);
    if names.next() != Some("Date") {
        return Err(SourceError::Form("the first column is not `Date`".to_owned()));
    }
    let column = names.position(|name| name == series).ok_or(SourceError::NoSuchSeries)?;
    let mut found: Option<DataPoint> = None;
    let mut is_later_known = false;
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let mut cells = line.split(',').map(str::trim);
        let date = cells.next().filter(|date| date.len() == 10 && date.contains('-')).and_then(parse_time);
        let time = date.ok_or_else(|| SourceError::Form("a date is not of ISO 8601".to_owned()))? + RATES_AT;
        let cell = cells.nth(column).unwrap_or_default();
        if matches!(cell, "" | "N/A") {
            continue;
        }
        let micros = micros(cell).ok_or_else(|| SourceError::Form("a rate is no decimal".to_owned()))?;
        is_later_known |= time > at;
        if time <= at && found.is_none_or(|last| last.at < time) {
            found = Some(DataPoint { at: time, micros });
        }
    }
    if found.is_none() && is_later_known { Err(SourceError::NotKnown) } else { Ok(found) }
}

fn form(error: impl fmt::Display) -> SourceError {
    SourceError::Form(error.to_string())
}

fn parse(url: &str) -> Result<Url, SourceError> {
    Url::parse(url).map_err(|error| SourceError::Form(format!("the address is wrong: {error}")))
}

/// Returns an address with the values of its places.
fn filled(url: &str, series: &str, to: UnixSeconds) -> String {
    url.replace("{series}", series).replace("{to}", &to.to_string())
}

/// Checks that an address may be asked.
fn check(url: &Url, is_local: bool) -> Result<(), SourceError> {
    let refused = |why: &str| Err(SourceError::Form(why.to_owned()));
    match url.scheme() {
        "https" => {}
        "http" if is_local => {}
        _ => return refused("the address does not begin with `https://`"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("the address has a password");
    }
    // Names are checked when they are resolved.
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse::<IpAddr>() {
        Ok(ip) if !may_ask(ip, is_local) => refused("the address is not one that all machines reach"),
        _ => Ok(()),
    }
}

fn may_ask(ip: IpAddr, is_local: bool) -> bool {
    is_local || AddressScope::Global.contains(ip)
}

/// Returns where a redirect leads, if it stays with the host.
fn redirected(from: &Url, headers: &HeaderMap) -> Result<Url, SourceError> {
    let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| from.join(to).ok());
    let to = to.ok_or_else(|| SourceError::Form("a redirect leads nowhere".to_owned()))?;
    let origin = |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default());
    if origin(from) == origin(&to) { Ok(to) } else { Err(SourceError::Form("it redirects to another host".to_owned())) }
}

/// Returns the time that a server asks to wait, if it says so in seconds.
fn retry(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

/// Reads a whole body within its limit.
async fn whole(mut response: Response) -> Result<Arc<[u8]>, SourceError> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| SourceError::Unreachable(cause(&error)))? {
        if body.len().saturating_add(part.len()) > MAX_ANSWER {
            return Err(SourceError::Form(format!("it has more than {MAX_ANSWER} bytes")));
        }
        body.extend_from_slice(&part);
    }
    Ok(body.into())
}

/// Returns the innermost cause of an error, which says more than the error.
fn cause(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// A resolver that drops addresses that may not be asked, so that the checked address is the one that is dialled.
struct Resolver {
    is_local: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_local = self.is_local;
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|address| may_ask(address.ip(), is_local)).collect();
            if allowed.is_empty() {
                return Err("the name leads to no address that all machines reach".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
