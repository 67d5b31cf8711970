//! The command `myelin world`.

use crate::{
    command::{Command, Effect, Example, outputs},
    commands::role::stop,
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render},
};
use clap::ValueEnum;
use myelin_sources::{
    ServerOptions, format_time, parse_time, serve, serve_at_socket,
    world::{ASSETS, DEFAULT_START, FEED, MarketForm, TextDomain, World as SharedWorld, WorldOptions, system_clock},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    borrow::Cow,
    fs::{self, Permissions},
    io,
    net::SocketAddr,
    num::NonZeroU32,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::net::{TcpListener, UnixListener};

/// Form of the market.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormArg {
    /// Objects with named members
    World,
    /// JSON arrays of time, open, high, low and close
    Candles,
    /// A file of daily reference rates
    Ecb,
}

impl From<FormArg> for MarketForm {
    fn from(form: FormArg) -> Self {
        match form {
            FormArg::World => Self::World,
            FormArg::Candles => Self::Candles,
            FormArg::Ecb => Self::Ecb,
        }
    }
}

/// Arguments of `myelin world`.
#[derive(Debug, clap::Args)]
pub struct World {
    /// Seed of all data; equal seeds give equal data
    #[arg(long, value_name = "NUMBER")]
    seed: u64,

    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:8400", value_name = "IP:PORT")]
    listen: SocketAddr,

    /// Time of the first step: Unix seconds or ISO 8601 [default: 2026-11-01]
    #[arg(long, value_name = "TIME", value_parser = start)]
    start: Option<u64>,

    /// Time of a step of the market, in whole seconds
    #[arg(long, default_value = "12s", value_name = "TIME", value_parser = step)]
    step: u32,

    /// Strength of the signals, 0 to 10; 1 is as in a real market
    #[arg(long, default_value = "1", value_name = "NUMBER")]
    loud: f64,

    /// Number of posts of a day in the feed
    #[arg(long, default_value = "100000", value_name = "COUNT")]
    feed_rate: u32,

    /// Form in which the market is served
    #[arg(long = "as", default_value = "world", value_name = "FORM")]
    form: FormArg,

    /// Number of requests that are answered in a second; others get status 429
    #[arg(long, value_name = "COUNT", value_parser = limit)]
    limit: Option<NonZeroU32>,

    /// Path of a Unix socket that also tells the future, for tests
    #[arg(long, value_name = "PATH")]
    truth: Option<PathBuf>,
}

fn start(text: &str) -> Result<u64, String> {
    parse_time(text).ok_or_else(|| "write Unix seconds, or a time such as `2026-11-01T00:00:00Z`".to_owned())
}

fn step(text: &str) -> Result<u32, String> {
    let time = super::role::time(text)?;
    let is_whole = time == Duration::from_secs(time.as_secs());
    u32::try_from(time.as_secs()).ok().filter(|_| is_whole).ok_or_else(|| "write whole seconds".to_owned())
}

/// Parses a number of requests, with or without `/s`.
fn limit(text: &str) -> Result<NonZeroU32, String> {
    text.strip_suffix("/s").unwrap_or(text).parse().map_err(|_| "write a number such as `50/s`".to_owned())
}

/// A world that is served.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ServedWorld {
    /// Seed of the data.
    seed: u64,
    /// Address of the server.
    address: String,
    /// Time of the first step, in ISO 8601.
    start: String,
    /// Seconds of a step.
    step: u32,
    /// Names of the assets of the market.
    market: Vec<String>,
    /// Names of the feeds.
    feed: Vec<String>,
    /// Kinds of the texts.
    texts: Vec<String>,
}

impl Render for ServedWorld {
    fn render(&self, page: &mut Page) {
        let Self { seed, address, market, feed, texts, .. } = self;
        let ends = [market.first(), market.last()].map(|name| name.map_or("", String::as_str));
        page.line(format!(
            "world    seed {seed} at {address}   market {} … {}, feed {}, texts {}",
            ends[0],
            ends[1],
            feed.join(" "),
            texts.join(" ")
        ));
    }
}

outputs! {
    /// A world that is served.
    WorldOutput(ServedWorld);
}

impl Command for World {
    const PATH: &'static str = "world";
    const SUMMARY: &'static str = "Serve data that every process agrees on: markets, posts and texts";
    const DETAILS: &'static str = "Prices, signals, posts and texts follow from the seed, the start, the step and the \
         strength of the signals alone, so that all processes and machines have the same ones. Nothing after the \
         present is told. A subnet is tried out with such data before it uses real sources.";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Data for a local network", line: "myelin world --seed 7" },
        Example {
            purpose: "Louder signals, as an exchange tells prices",
            line: "myelin world --seed 7 --loud 2 --as candles",
        },
    ];
    type Output = WorldOutput;

    async fn run(self, _: &Context, output: &Printer<WorldOutput>) -> Result<(), CliError> {
        let Self { seed, listen, start, step, loud, feed_rate, form, limit, truth } = self;
        let start = start.unwrap_or(DEFAULT_START);
        let options = WorldOptions { seed, start, step, loud, feed_rate };
        let world = SharedWorld::new(options)
            .map_err(|error| CliError::Usage { message: error.to_string(), hint: "see `myelin world --help`" })?;
        let world = Arc::new(world);
        let failed = |error: io::Error| {
            let message = format!("cannot listen on {listen}: {error}");
            CliError::plain("listen", &message, Cow::from("choose a free address of this machine with `--listen`"))
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?.to_string();
        let socket = truth.as_deref().map(TruthSocket::bind).transpose()?;
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        output.show(&WorldOutput(ServedWorld {
            seed,
            address,
            start: format_time(start),
            step,
            market: names(&ASSETS),
            feed: names(&[FEED]),
            texts: names(&TextDomain::ALL.map(TextDomain::name)),
        }))?;
        let options = ServerOptions { form: form.into(), limit, clock: system_clock() };
        let serving = serve(Arc::clone(&world), listener, options.clone(), stop());
        match socket {
            None => serving.await,
            Some((listener, _removed_at_the_end)) => {
                let all = ServerOptions { clock: Arc::new(|| u64::MAX), ..options };
                tokio::select! {
                    () = serving => {}
                    () = serve_at_socket(world, listener, all, std::future::pending()) => {}
                }
            }
        }
        Ok(())
    }
}

/// A Unix socket that is removed when it is dropped.
struct TruthSocket(PathBuf);

impl TruthSocket {
    /// Listens at a path that no file has, for this user alone.
    fn bind(path: &Path) -> Result<(UnixListener, Self), CliError> {
        let listener = UnixListener::bind(path).map_err(CliError::file("listen at", path))?;
        let socket = Self(path.to_owned());
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(CliError::file("protect", path))?;
        Ok((listener, socket))
    }
}

impl Drop for TruthSocket {
    fn drop(&mut self) {
        // The world ends; a socket that cannot be removed is reported when the next one wants its path.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_whole_seconds() {
        assert_eq!((step("12s"), step("2m")), (Ok(12), Ok(120)));
        for wrong in ["500ms", "1500ms", "0s", "12"] {
            assert!(step(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn limits_are_requests_of_a_second() {
        let number = |number| NonZeroU32::new(number);
        assert_eq!((limit("50/s").ok(), limit("7").ok()), (number(50), number(7)));
        for wrong in ["0", "-1", "x/s", "5/m", ""] {
            assert!(limit(wrong).is_err(), "{wrong}");
        }
    }
}
