//! The answers of a world to requests, as a function.

use super::{ASSETS, Bar, TextDomain, World, feed, market};
use crate::{DataPoint, UnixMillis, UnixSeconds, decimal::decimal, time::format_time, time::parse_time};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The most bars of an answer.
const MOST_BARS: u64 = 1_000;

/// The most texts of an answer.
const MOST_TEXTS: usize = 1_000;

/// The most days in a list of reference rates.
const MOST_DAYS: u64 = 4_000;

const DAY: u64 = 86_400;

/// The second of a day at which its reference rates are taken. It is after 16:00 in Frankfurt, all year.
pub(crate) const RATES_AT: u64 = 15 * 3_600 + 900;

/// The form in which a world tells its market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MarketForm {
    /// Objects with named members.
    #[default]
    World,
    /// JSON arrays of time, open, high, low and close, as exchanges publish them, at the path of the bars.
    Candles,
    /// Reference rates of each day in one file, as the European Central Bank publishes them, at `/rates.csv`.
    Ecb,
}

/// An answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// A refusal: the status, and a name for programs.
struct Refusal(u16, &'static str, String);

const NOT_YET: &str = "not-yet";

impl From<Refusal> for WorldAnswer {
    fn from(Refusal(status, name, message): Refusal) -> Self {
        Self::json(status, &json!({ "error": name, "message": message }))
    }
}

impl WorldAnswer {
    fn json(status: u16, content: &impl Serialize) -> Self {
        // Each content is made here and has no keys but texts, so that writing it cannot fail.
        let body = serde_json::to_string(content).unwrap_or_default();
        Self { status, content_type: "application/json", body }
    }
}

/// A bar in an answer.
#[derive(Serialize)]
struct BarRow {
    at: UnixSeconds,
    open: String,
    high: String,
    low: String,
    close: String,
}

impl From<Bar> for BarRow {
    fn from(Bar { at, open, high, low, close }: Bar) -> Self {
        let [open, high, low, close] = [open, high, low, close].map(decimal);
        Self { at, open, high, low, close }
    }
}

/// Answers a request for a path with its query. Equal worlds, forms, targets and times give equal answers.
///
/// The answer says nothing of the time after `now`: such a request is refused with 404 `not-yet`.
pub fn answer(world: &World, form: MarketForm, target: &str, now: UnixMillis) -> WorldAnswer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Query::parse(query).and_then(|query| route(world, form, path, &query, now)).unwrap_or_else(WorldAnswer::from)
}

fn route(
    world: &World,
    form: MarketForm,
    path: &str,
    query: &Query<'_>,
    now: UnixMillis,
) -> Result<WorldAnswer, Refusal> {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    match parts[..] {
        ["" | "v1"] => query.only(&[]).map(|()| description(world)),
        ["rates.csv"] if form == MarketForm::Ecb => query.only(&[]).map(|()| rates(world, now)),
        ["v1", "market", asset, what] => {
            let asset = market::asset(asset).ok_or_else(|| not_found("there is no such asset"))?;
            match what {
                "bars" => bars(world, form, asset, query, now),
                "points" => point(world, asset, query, now),
                "signals" => signals(world, asset, query, now),
                _ => Err(not_found("a market has `bars`, `points` and `signals`")),
            }
        }
        ["v1", "feed", name, "items"] => items(world, name, query, now),
        ["v1", "texts", domain] => texts(domain, query),
        _ => Err(not_found("there is no such path")),
    }
}

fn description(world: &World) -> WorldAnswer {
    let start = format_time(world.market.time_of(0));
    let texts = TextDomain::ALL.map(TextDomain::name);
    let content = json!({
        "form": "myelin-world/1", "start": start, "step": world.market.step(), "market": ASSETS, "feed": [feed::NAME],
        "texts": texts,
    });
    WorldAnswer::json(200, &content)
}

fn bars(
    world: &World,
    form: MarketForm,
    asset: usize,
    query: &Query<'_>,
    now: UnixMillis,
) -> Result<WorldAnswer, Refusal> {
    query.only(&["from", "to", "most"])?;
    let market = &world.market;
    let (from, to) = (query.time("from")?.unwrap_or(0), query.time("to")?.unwrap_or(now / 1_000));
    ensure_known(world, to, now)?;
    let most = query.number("most")?.unwrap_or(MOST_BARS).min(MOST_BARS);
    // Only whole bars, the last ones of the time asked for.
    let end = to.checked_add(1).and_then(|after| market.step_at(after)).unwrap_or(0);
    let first = if from <= market.time_of(0) {
        0
    } else {
        market.step_at(from.saturating_add(u64::from(market.step()) - 1)).unwrap_or(0)
    };
    let first = first.max(end.saturating_sub(most));
    let count = usize::try_from(end.saturating_sub(first)).unwrap_or(0);
    let bars = market.bars(asset, first, count).into_iter();
    Ok(match form {
        MarketForm::World | MarketForm::Ecb => WorldAnswer::json(
            200,
            &json!({ "step": market.step(), "bars": bars.map(BarRow::from).collect::<Vec<_>>() }),
        ),
        MarketForm::Candles => {
            let rows = bars.map(|bar| {
                let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(decimal);
                format!("[{},{open},{high},{low},{close}]", bar.at)
            });
            let body = format!("[{}]", rows.collect::<Vec<_>>().join(","));
            WorldAnswer { status: 200, content_type: "application/json", body }
        }
    })
}

fn point(world: &World, asset: usize, query: &Query<'_>, now: UnixMillis) -> Result<WorldAnswer, Refusal> {
    query.only(&["at"])?;
    let at = query.time("at")?.unwrap_or(now / 1_000);
    ensure_known(world, at, now)?;
    let DataPoint { at, micros } = world.market.point(asset, at).ok_or_else(too_early)?;
    Ok(WorldAnswer::json(200, &json!({ "at": at, "value": decimal(micros) })))
}

fn signals(world: &World, asset: usize, query: &Query<'_>, now: UnixMillis) -> Result<WorldAnswer, Refusal> {
    query.only(&["at"])?;
    let at = query.time("at")?.unwrap_or(now / 1_000);
    ensure_known(world, at, now)?;
    let step = world.market.step_at(at).ok_or_else(too_early)?;
    world.market.signals(asset, step).map(|signals| WorldAnswer::json(200, &signals)).ok_or_else(too_early)
}

fn items(world: &World, name: &str, query: &Query<'_>, now: UnixMillis) -> Result<WorldAnswer, Refusal> {
    query.only(&["after", "at", "most"])?;
    let most = query.number("most")?.map_or(feed::MOST_ITEMS, |most| usize::try_from(most).unwrap_or(usize::MAX));
    if most == 0 {
        return Err(bad_request("`most` is above 0"));
    }
    let page = match (query.get("after"), query.number("at")?) {
        (Some(_), Some(_)) => return Err(bad_request("give `after` or `at`, not both")),
        (Some(id), None) => {
            let id = feed::parse_id(id).ok_or_else(|| bad_request("`after` is the id of an item"))?;
            world.feed.after(name, Some(id), most, now)
        }
        (None, Some(at)) if at > now => return Err(Refusal(404, NOT_YET, "that time has not come".to_owned())),
        (None, Some(at)) => world.feed.from(name, at, most, now),
        (None, None) => world.feed.after(name, None, most, now),
    };
    page.map(|page| WorldAnswer::json(200, &page)).ok_or_else(|| not_found("there is no such feed"))
}

fn texts(domain: &str, query: &Query<'_>) -> Result<WorldAnswer, Refusal> {
    query.only(&["seed", "count"])?;
    let domain = TextDomain::ALL.into_iter().find(|known| known.name() == domain);
    let domain = domain.ok_or_else(|| not_found("the texts are `sum`, `days`, `counting` and `story`"))?;
    let seed = query.number("seed")?.ok_or_else(|| bad_request("`seed` is missing"))?;
    let count = query.number("count")?.map_or(Ok(1), usize::try_from).unwrap_or(usize::MAX);
    if !(1..=MOST_TEXTS).contains(&count) {
        return Err(bad_request("`count` is 1 to 1000"));
    }
    Ok(WorldAnswer::json(200, &json!({ "texts": domain.texts(seed, count) })))
}

/// Returns the rates of each day, the newest first.
fn rates(world: &World, now: UnixMillis) -> WorldAnswer {
    let mut body = format!("Date,{},\n", ASSETS.join(","));
    let taken = |day: u64| day.saturating_mul(DAY).saturating_add(RATES_AT);
    let last = (now / 1_000).checked_sub(RATES_AT).map(|then| then / DAY);
    let days = last.into_iter().flat_map(|last| (last.saturating_sub(MOST_DAYS)..=last).rev());
    for day in days.take_while(|day| world.market.step_at(taken(*day)).is_some()) {
        let date = format_time(day.saturating_mul(DAY));
        let points: Option<Vec<_>> = (0..ASSETS.len()).map(|asset| world.market.point(asset, taken(day))).collect();
        let Some(points) = points else { continue };
        let values: Vec<_> = points.iter().map(|point| decimal(point.micros)).collect();
        body.push_str(&[date.get(..10).unwrap_or_default(), ",", &values.join(","), ",\n"].concat());
    }
    WorldAnswer { status: 200, content_type: "text/csv", body }
}

fn ensure_known(world: &World, at: UnixSeconds, now: UnixMillis) -> Result<(), Refusal> {
    if at > now / 1_000 {
        return Err(Refusal(404, NOT_YET, "that time has not come".to_owned()));
    }
    if world.market.is_over_at(at) {
        let message = "the world has too many steps by then; begin it later, or lengthen its steps";
        return Err(Refusal(404, "too-late", message.to_owned()));
    }
    Ok(())
}

fn too_early() -> Refusal {
    Refusal(404, "too-early", "the world begins later".to_owned())
}

fn not_found(message: &str) -> Refusal {
    Refusal(404, "not-found", message.to_owned())
}

fn bad_request(message: &str) -> Refusal {
    Refusal(400, "bad-request", message.to_owned())
}

/// The parameters of a request.
struct Query<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Query<'a> {
    fn parse(text: &'a str) -> Result<Self, Refusal> {
        let mut parameters = BTreeMap::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            if parameters.insert(name, value).is_some() {
                return Err(bad_request("a parameter comes twice"));
            }
        }
        Ok(Self(parameters))
    }

    /// Refuses parameters that the path does not have, because they are errors of spelling.
    fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.0.keys().find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(_) if known.is_empty() => Err(bad_request("this path has no parameters")),
            Some(_) => Err(bad_request(&format!("the parameters are `{}`", known.join("`, `")))),
        }
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).copied()
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let parsed = self.get(name).map(str::parse).transpose();
        parsed.map_err(|_| bad_request(&format!("`{name}` is a number")))
    }

    fn time(&self, name: &str) -> Result<Option<UnixSeconds>, Refusal> {
        let parsed = self.get(name).map(|text| parse_time(text).ok_or(()));
        parsed.transpose().map_err(|()| bad_request(&format!("`{name}` is Unix seconds or a time in ISO 8601")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{DEFAULT_START, WorldOptions};
    use proptest::prelude::*;
    use serde_json::Value;

    const NOW: UnixMillis = (DEFAULT_START + 36_000) * 1_000;

    fn world() -> World {
        World::new(WorldOptions { seed: 7, ..WorldOptions::default() }).unwrap()
    }

    fn ask(target: &str) -> (u16, Value) {
        let answer = answer(&world(), MarketForm::World, target, NOW);
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }

    fn error(target: &str) -> (u16, String) {
        let (status, content) = ask(target);
        (status, content["error"].as_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn fw_62_the_future_is_not_told() {
        let (past, present, future) = (DEFAULT_START + 35_000, DEFAULT_START + 36_000, DEFAULT_START + 36_001);
        for what in ["bars?to", "points?at", "signals?at"] {
            for at in [past, present] {
                assert_eq!(ask(&format!("/v1/market/a0/{what}={at}")).0, 200, "{what} {at}");
            }
            assert_eq!(error(&format!("/v1/market/a0/{what}={future}")), (404, "not-yet".to_owned()));
        }
        let bars = ask("/v1/market/a3/bars").1;
        let last = bars["bars"].as_array().unwrap().last().unwrap();
        assert_eq!(last["at"].as_u64(), Some(DEFAULT_START + 36_000 - 12));
        assert_eq!(error(&format!("/v1/feed/posts/items?at={}", NOW + 1)), (404, "not-yet".to_owned()));
        assert_eq!(error(&format!("/v1/market/a0/points?at={}", DEFAULT_START - 1)), (404, "too-early".to_owned()));
    }

    #[test]
    fn fw_62_bars_are_those_of_the_time_asked_for() {
        let times = |query: &str| {
            let bars = ask(&format!("/v1/market/a1/bars?{query}")).1;
            let bars = bars["bars"].as_array().unwrap().iter().map(|bar| bar["at"].as_u64().unwrap() - DEFAULT_START);
            bars.collect::<Vec<_>>()
        };
        let from_to = |from, to| times(&format!("from={}&to={}", DEFAULT_START + from, DEFAULT_START + to));
        assert_eq!(from_to(0, 36), [0, 12, 24]);
        assert_eq!(from_to(0, 35), [0, 12, 24], "the last second of a bar ends it");
        assert_eq!(from_to(0, 34), [0, 12]);
        assert_eq!(from_to(1, 36), [12, 24]);
        assert_eq!(from_to(12, 36), [12, 24]);
        assert_eq!(from_to(36, 36), [0; 0]);
        assert_eq!(from_to(50, 36), [0; 0]);
        assert_eq!(times("from=99999999999"), [0; 0], "the steps up to then are not computed");
        assert_eq!(times("most=2"), [35_976, 35_988]);
        assert_eq!(times("").len(), 1_000);
        assert_eq!(times(&format!("to={}", DEFAULT_START - 5)), [0; 0]);
    }

    #[test]
    fn a_world_with_too_many_steps_is_refused() {
        let world = World::new(WorldOptions { start: 0, step: 1, ..WorldOptions::default() }).unwrap();
        for what in ["bars", "points", "signals"] {
            let answer = answer(&world, MarketForm::World, &format!("/v1/market/a0/{what}"), NOW);
            assert!(answer.status == 404 && answer.body.contains("too-late"), "{answer:?}");
        }
        assert_eq!(answer(&world, MarketForm::Ecb, "/rates.csv", u64::MAX).body.lines().count(), 1);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (target, status, name) in [
            ("/v2", 404, "not-found"),
            ("", 404, "not-found"),
            ("/rates.csv", 404, "not-found"),
            ("/v1/market/a6/bars", 404, "not-found"),
            ("/v1/market/a0/trades", 404, "not-found"),
            ("/v1/market/a0/bars?form=1", 400, "bad-request"),
            ("/v1/market/a0/bars?from=yesterday", 400, "bad-request"),
            ("/v1/market/a0/bars?from=1&from=2", 400, "bad-request"),
            ("/v1/feed/other/items", 404, "not-found"),
            ("/v1/feed/posts/items?after=07", 400, "bad-request"),
            ("/v1/feed/posts/items?after=7&at=8", 400, "bad-request"),
            ("/v1/feed/posts/items?most=0", 400, "bad-request"),
            ("/v1/texts/poems?seed=1", 404, "not-found"),
            ("/v1/texts/sum", 400, "bad-request"),
            ("/v1/texts/sum?seed=1&count=1001", 400, "bad-request"),
            ("/v1/texts/sum?seed=1&count=0", 400, "bad-request"),
        ] {
            assert_eq!(error(target), (status, name.to_owned()), "{target}");
        }
        assert_eq!(ask("/v1/texts/sum?seed=1&count=3").1["texts"].as_array().unwrap().len(), 3);
        assert_eq!(ask("/").1["market"].as_array().unwrap().len(), 6);
    }

    #[test]
    fn fw_61_other_forms_have_the_same_prices() {
        let world = world();
        let candles = answer(&world, MarketForm::Candles, "/v1/market/a2/bars?most=1", NOW).body;
        let bar = ask("/v1/market/a2/bars?most=1").1["bars"][0].clone();
        let text = |name: &str| bar[name].as_str().unwrap().to_owned();
        let expected = format!("[[{},{},{},{},{}]]", bar["at"], text("open"), text("high"), text("low"), text("close"));
        assert_eq!(candles, expected);

        let later = (DEFAULT_START + 2 * DAY + RATES_AT) * 1_000;
        let rates = answer(&world, MarketForm::Ecb, "/rates.csv", later).body;
        let lines: Vec<_> = rates.lines().collect();
        assert_eq!((lines.len(), lines[0]), (4, "Date,a0,a1,a2,a3,a4,a5,"));
        let value = world.market.point(1, DEFAULT_START + DAY + RATES_AT).unwrap().micros;
        assert!(lines[1].starts_with("2026-11-03,") && lines[2].starts_with("2026-11-02,"), "{lines:?}");
        assert_eq!(lines[2].split(',').nth(2), Some(decimal(value).as_str()));
        assert_eq!(answer(&world, MarketForm::Ecb, "/rates.csv", later - 1).body.lines().count(), 3);
    }

    proptest! {
        #[test]
        fn no_request_panics(target in "(/v1/(market/a0|feed/posts|texts/sum)/?(bars|points|items)?)?[?/a-z0-9=&-]{0,40}", now: u64) {
            let world = world();
            for form in [MarketForm::World, MarketForm::Candles] {
                let _ = answer(&world, form, &target, now % NOW);
            }
        }
    }
}
