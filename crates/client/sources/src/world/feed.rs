//! The feed: posts of many authors, with bursts, spam, edits and deletions.

use crate::{Item, ItemPage, UnixMillis, UnixSeconds, random::Random, random::unit};

/// The name of the only feed.
pub const NAME: &str = "posts";

/// The most items of a page.
pub(super) const MOST_ITEMS: usize = 1_000;

/// Ids of a minute. The largest burst of the largest feed has fewer posts.
const IDS_A_MINUTE: u64 = 100_000;

const MINUTE: UnixMillis = 60_000;

/// The most minutes that a page looks at, so that a feed with few posts costs no more than one with many.
const MINUTES_OF_A_PAGE: u64 = 10_000;

/// Spam, edits and deletions in thousandths of all posts.
const SPAM: usize = 50;
const EDITED: usize = 20;
const DELETED: usize = 10;

const AUTHORS: usize = 1_000;

const SUBJECTS: [&str; 10] = [
    "the ferry",
    "our mill",
    "the north gate",
    "the market",
    "the old bridge",
    "a storm",
    "the choir",
    "the library",
    "the harvest",
    "the new lamp",
];
const EVENTS: [&str; 10] = [
    "is late again",
    "opens on Monday",
    "was repaired",
    "needs two more hands",
    "has moved to the harbour",
    "was louder than last year",
    "is quiet today",
    "has a blue door now",
    "found its key",
    "starts at noon",
];
const REMARKS: [&str; 8] = [
    "Who else has seen it?",
    "I did not expect that.",
    "More on this tomorrow.",
    "It rained all the same.",
    "Ask at the mill.",
    "Nobody told us.",
    "A picture follows.",
    "That makes three this week.",
];
const LANGUAGES: [&str; 4] = ["en", "en", "en", ""];

/// The posts of a feed.
#[derive(Debug)]
pub(super) struct Feed {
    seed: u64,
    /// The first minute, counted from the Unix epoch.
    first: u64,
    /// The posts of a minute without a burst.
    rate: f64,
}

/// A post with its whole history.
struct Post {
    item: Item,
    edited: Option<(UnixMillis, String)>,
    gone: Option<UnixMillis>,
}

/// Returns the number of an id in its one spelling.
pub(super) fn parse_id(text: &str) -> Option<u64> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    is_canonical.then(|| text.parse().ok())?
}

impl Feed {
    pub(super) fn new(seed: u64, start: UnixSeconds, a_day: u32) -> Self {
        Self { seed, first: start.div_ceil(60), rate: f64::from(a_day) / 1_440.0 }
    }

    /// Returns the items after an id, or from the first one on, that are there now. `None` for another feed.
    pub(super) fn after(&self, feed: &str, id: Option<u64>, most: usize, now: UnixMillis) -> Option<ItemPage> {
        let from = id.map_or((self.first, 0), |id| (id / IDS_A_MINUTE, id % IDS_A_MINUTE + 1));
        (feed == NAME).then(|| self.page(from.max((self.first, 0)), most, now))
    }

    /// Returns the items from a time on that are there now. `None` for another feed.
    pub(super) fn from(&self, feed: &str, at: UnixMillis, most: usize, now: UnixMillis) -> Option<ItemPage> {
        let mut page = (feed == NAME).then(|| self.page((at / MINUTE, 0).max((self.first, 0)), most, now))?;
        page.items.retain(|item| item.at >= at);
        Some(page)
    }

    fn page(&self, (first, mut place): (u64, u64), most: usize, now: UnixMillis) -> ItemPage {
        let most = most.min(MOST_ITEMS);
        let mut items = Vec::new();
        for minute in first..first.saturating_add(MINUTES_OF_A_PAGE) {
            if minute.saturating_mul(MINUTE) > now {
                return ItemPage { items, next: None };
            }
            let count = self.count(minute);
            while place < count {
                let id = minute * IDS_A_MINUTE + place;
                let post = self.post(minute, place, count);
                if post.item.at > now {
                    return ItemPage { items, next: None };
                }
                if items.len() == most {
                    return ItemPage { items, next: Some((id.saturating_sub(1)).to_string()) };
                }
                items.extend(post.at(now));
                place += 1;
            }
            place = 0;
        }
        let last = first.saturating_add(MINUTES_OF_A_PAGE).saturating_mul(IDS_A_MINUTE).saturating_sub(1);
        ItemPage { items, next: Some(last.to_string()) }
    }

    /// Returns the number of posts in a minute. Half of the hours have a burst of some minutes.
    fn count(&self, minute: u64) -> u64 {
        let mut hour = Random::new("myelin-world/hour/1", &[self.seed, minute / 60]);
        let (has_burst, begin, length, factor) =
            (hour.below(2) == 0, hour.below(55), 1 + hour.below(5), 3 + hour.below(4));
        let place = usize::try_from(minute % 60).unwrap_or(0);
        let is_burst = has_burst && (begin..begin + length).contains(&place);
        let mut chance = Random::new("myelin-world/minute/1", &[self.seed, minute]);
        let expected = self.rate * (0.5 + unit(chance.next())) * if is_burst { small(factor) } else { 1.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the number is small and positive")]
        let count = libm::floor(expected + unit(chance.next())) as u64;
        count.min(IDS_A_MINUTE - 1)
    }

    /// Returns one of `count` posts of a minute.
    fn post(&self, minute: u64, place: u64, count: u64) -> Post {
        let id = minute * IDS_A_MINUTE + place;
        let mut random = Random::new("myelin-world/post/1", &[self.seed, id]);
        // Each post has a part of the minute to itself, so that times and ids rise together.
        let part = MINUTE * place / count.max(1);
        let room = (MINUTE * (place + 1) / count.max(1)).saturating_sub(part).max(1);
        let at = minute * MINUTE + part + random.next() % room;
        // Some authors write far more than others.
        let busy = 1 + random.below(AUTHORS);
        let author = format!("u{}", random.below(busy));
        let is_spam = random.below(1_000) < SPAM;
        let text = if is_spam { spam(&mut random) } else { remark(&mut random) };
        let edited = (random.below(1_000) < EDITED).then(|| {
            let delay = 60_000 + random.next() % 1_800_000;
            (at + delay, format!("{text} Edit: {}", random.choose(&REMARKS)))
        });
        let gone = (random.below(1_000) < DELETED).then(|| at + 60_000 + random.next() % 3_600_000);
        let lang = random.choose(&LANGUAGES).to_owned();
        let url = format!("https://world.invalid/{NAME}/{id}");
        Post { item: Item { id: id.to_string(), at, edited: 0, author, lang, text, url }, edited, gone }
    }
}

impl Post {
    /// Returns the post as it is at a time, unless it is gone.
    fn at(self, now: UnixMillis) -> Option<Item> {
        if self.gone.is_some_and(|gone| gone <= now) {
            return None;
        }
        match self.edited {
            Some((edited, text)) if edited <= now => Some(Item { edited, text, ..self.item }),
            _ => Some(self.item),
        }
    }
}

fn remark(random: &mut Random) -> String {
    let (subject, event) = (random.choose(&SUBJECTS), random.choose(&EVENTS));
    let mut text = format!("{subject} {event}.");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if random.below(2) == 0 { text } else { format!("{text} {}", random.choose(&REMARKS)) }
}

fn spam(random: &mut Random) -> String {
    format!("{}% off today only! https://deal{}.invalid", 50 + random.below(50), random.below(20))
}

/// Returns a small number as it is.
fn small(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixSeconds = 1_793_491_200;
    const HOUR: UnixMillis = 60 * MINUTE;
    const DAY: UnixMillis = 24 * HOUR;

    fn all(feed: &Feed, now: UnixMillis) -> Vec<Item> {
        let (mut items, mut after) = (Vec::<Item>::new(), None);
        loop {
            let page = feed.after(NAME, after, MOST_ITEMS, now).unwrap();
            items.extend(page.items);
            let Some(next) = page.next else { return items };
            after = parse_id(&next);
        }
    }

    #[test]
    fn fw_64_a_day_has_its_rate_and_its_parts() {
        let feed = Feed::new(3, START, 20_000);
        let now = START * 1_000 + DAY;
        let items = all(&feed, now + 2 * HOUR);
        let of_day: Vec<_> = items.iter().filter(|item| item.at < now).collect();
        assert!((19_000..27_000).contains(&of_day.len()), "{}", of_day.len());
        assert!(items.is_sorted_by_key(|item| item.at) && items.is_sorted_by_key(|item| parse_id(&item.id)));
        let part = |of: usize| of * 1_000 / of_day.len();
        let spam = of_day.iter().filter(|item| item.text.contains("% off")).count();
        assert!((40..60).contains(&part(spam)), "{spam}");
        let edited = of_day.iter().filter(|item| item.edited > item.at && item.text.contains("Edit:")).count();
        assert!((13..27).contains(&part(edited)), "{edited}");
        let minutes = (0..1_440).map(|minute| feed.count(START / 60 + minute));
        let (sum, most) = minutes.fold((0, 0), |(sum, most), count| (sum + count, most.max(count)));
        let gone = usize::try_from(sum).unwrap() - of_day.len();
        assert!((5..15).contains(&(gone * 1_000 / of_day.len())), "{gone}");
        assert!(most > 3 * sum / 1_440, "there is a burst");
    }

    #[test]
    fn pages_are_the_whole_and_know_nothing_of_the_future() {
        let feed = Feed::new(4, START, 100_000);
        let begin = START * 1_000;
        let now = begin + HOUR;
        let whole = all(&feed, now);
        assert!(whole.iter().all(|item| item.at <= now && item.edited <= now));
        let mut parts = Vec::new();
        let mut after = None;
        loop {
            let page = feed.after(NAME, after, 7, now).unwrap();
            assert!(page.items.len() <= 7);
            parts.extend(page.items);
            let Some(next) = page.next else { break };
            after = parse_id(&next);
        }
        assert_eq!(parts, whole);
        let from = begin + 30 * MINUTE + 123;
        let later = feed.from(NAME, from, 5, now).unwrap().items;
        let expected: Vec<_> = whole.iter().filter(|item| item.at >= from).take(later.len()).cloned().collect();
        assert!(!later.is_empty() && later == expected);
        assert!(feed.after("other", None, 7, now).is_none());
        assert!(all(&feed, begin - 1).is_empty());
    }

    #[test]
    fn a_feed_with_few_posts_ends_too() {
        let feed = Feed::new(5, START, 1);
        let items = all(&feed, START * 1_000 + 30 * DAY);
        assert!((5..90).contains(&items.len()), "{}", items.len());
    }

    #[test]
    fn ids_have_one_spelling() {
        assert_eq!((parse_id("0"), parse_id("17")), (Some(0), Some(17)));
        for other in ["", "007", "+7", "-7", "7 ", "x", "99999999999999999999999"] {
            assert_eq!(parse_id(other), None, "{other}");
        }
    }
}
