//! A world whose data are a pure function of its seed: markets, feeds and texts that every process agrees on.

mod answers;
mod feed;
mod market;
mod texts;

pub use feed::NAME as FEED;

pub(crate) use answers::RATES_AT;
pub use answers::{MarketForm, WorldAnswer, answer};
pub use market::{ASSETS, Bar, Signals};
pub use texts::{TextDomain, generate};

use crate::{DataPoint, DataSource, ItemPage, SourceError, UnixMillis, UnixSeconds};
use feed::Feed;
use market::Market;
use std::{sync::Arc, time::SystemTime};

/// The beginning of a world, if nothing else is said: 1 November 2026.
pub const DEFAULT_START: UnixSeconds = 1_793_491_200;

/// The parameters of a world. Equal ones give equal data, on every machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorldOptions {
    /// The seed.
    pub seed: u64,
    /// The time of the first step.
    pub start: UnixSeconds,
    /// The seconds of a step of the market, from 1 to 86 400.
    pub step: u32,
    /// The strength of the signals; 1 as in a real market, at most 10.
    pub loud: f64,
    /// The posts of a day in a feed, at most 10 000 000.
    pub feed_rate: u32,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self { seed: 1, start: DEFAULT_START, step: 12, loud: 1.0, feed_rate: 100_000 }
    }
}

/// A parameter out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WorldError(&'static str);

/// A world.
#[derive(Debug)]
pub struct World {
    market: Market,
    feed: Feed,
}

impl World {
    /// Returns the world of these parameters.
    ///
    /// # Errors
    /// [`WorldError`] for a parameter out of its range.
    pub fn new(options: WorldOptions) -> Result<Self, WorldError> {
        let WorldOptions { seed, start, step, loud, feed_rate } = options;
        if !(1..=86_400).contains(&step) {
            return Err(WorldError("a step has 1 to 86 400 seconds"));
        }
        if !(0.0..=10.0).contains(&loud) {
            return Err(WorldError("the strength of signals is 0 to 10"));
        }
        if !(1..=10_000_000).contains(&feed_rate) {
            return Err(WorldError("a day has 1 to 10 000 000 posts"));
        }
        if start > u64::from(u32::MAX) {
            return Err(WorldError("a world begins before the year 2106"));
        }
        Ok(Self { market: Market::new(seed, start, step, loud), feed: Feed::new(seed, start, feed_rate) })
    }
}

/// A clock in milliseconds since the Unix epoch.
pub type WorldClock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// Returns the clock of the machine.
pub fn system_clock() -> WorldClock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// A world as a source in the same process.
pub struct WorldSource {
    world: Arc<World>,
    clock: WorldClock,
}

impl WorldSource {
    /// Returns the source of a world. It knows what lies before the clock.
    pub fn new(world: Arc<World>, clock: WorldClock) -> Self {
        Self { world, clock }
    }
}

impl DataSource for WorldSource {
    fn name(&self) -> &'static str {
        "world"
    }

    fn series(&self) -> Vec<String> {
        ASSETS.map(str::to_owned).into()
    }

    fn value(&self, series: &str, at: UnixSeconds) -> Result<Option<DataPoint>, SourceError> {
        let asset = market::asset(series).ok_or(SourceError::NoSuchSeries)?;
        if at.saturating_mul(1_000) > (self.clock)() {
            return Ok(None);
        }
        self.world.market.point(asset, at).map(Some).ok_or(SourceError::NotKnown)
    }

    fn items(&self, feed: &str, after: Option<&str>, most: usize) -> Result<ItemPage, SourceError> {
        let after = match after {
            None => None,
            Some(id) => Some(feed::parse_id(id).ok_or_else(|| SourceError::Form("the id is no number".to_owned()))?),
        };
        self.world.feed.after(feed, after, most, (self.clock)()).ok_or(SourceError::NoSuchSeries)
    }
}
