//! Texts: small stories, sums, and questions about days and counts.
//!
//! They have a grammar and a state. A reader therefore sees at once whether a small model has learned them.

use crate::random::Random;

/// A kind of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextDomain {
    /// Sums and differences.
    Sum,
    /// Days of the week.
    Days,
    /// Numbers of things.
    Counting,
    /// Stories with a question.
    Story,
}

impl TextDomain {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Sum, Self::Days, Self::Counting, Self::Story];

    /// Returns the name of the kind.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Days => "days",
            Self::Counting => "counting",
            Self::Story => "story",
        }
    }

    /// Returns texts of this kind. The same seed gives the same texts, and a larger count begins with those of a smaller.
    pub fn texts(self, seed: u64, count: usize) -> Vec<String> {
        let mut random = Random::new("myelin-world/texts/1", &[seed]);
        (0..count).map(|_| self.text(&mut random)).collect()
    }

    fn text(self, random: &mut Random) -> String {
        match self {
            Self::Sum => sum(random),
            Self::Days => days(random),
            Self::Counting => counting(random),
            Self::Story => Story::new(random).tell(random),
        }
    }
}

/// Returns documents of all kinds, of about `size` bytes together.
///
/// The same seed and size give the same documents.
pub fn generate(seed: u64, size: usize) -> Vec<String> {
    let mut random = Random::new("myelin-corpus/1", &[seed]);
    let (mut documents, mut bytes) = (Vec::new(), 0);
    while bytes < size {
        let document = document(&mut random);
        bytes += document.len();
        documents.push(document);
    }
    documents
}

const NAMES: [&str; 12] = ["Ada", "Ben", "Clara", "Dov", "Emil", "Freya", "Gus", "Hana", "Ivo", "Juno", "Kofi", "Lena"];
const ANIMALS: [&str; 10] = ["fox", "hare", "owl", "bear", "mouse", "crow", "otter", "wolf", "deer", "badger"];
const TRAITS: [&str; 8] = ["small", "old", "clever", "quiet", "brave", "young", "patient", "curious"];
const PLACES: [&str; 8] = ["forest", "valley", "village", "garden", "harbour", "tower", "meadow", "mill"];
const COLOURS: [&str; 7] = ["red", "green", "blue", "white", "black", "golden", "grey"];
const THINGS: [&str; 10] = ["lamp", "key", "stone", "book", "bell", "boat", "apple", "map", "coin", "basket"];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const NUMBERS: [&str; 21] = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

fn document(random: &mut Random) -> String {
    let domains = TextDomain::ALL;
    domains.get(random.below(domains.len())).copied().unwrap_or(TextDomain::Story).text(random)
}

/// Returns `a` or `an`, by the word after it.
fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// Returns the words for this many things.
fn several(count: usize, thing: &str) -> String {
    let number = NUMBERS.get(count).copied().unwrap_or("many");
    if count == 1 { format!("one {thing}") } else { format!("{number} {thing}s") }
}

/// The subjects of a story.
struct Story<'a> {
    name: &'a str,
    friend: &'a str,
    animal: &'a str,
    nature: &'a str,
    place: &'a str,
    colour: &'a str,
    thing: &'a str,
}

impl Story<'static> {
    fn new(random: &mut Random) -> Self {
        let first = random.below(NAMES.len());
        let second = (first + 1 + random.below(NAMES.len() - 1)) % NAMES.len();
        let named = |place: usize| NAMES.get(place).copied().unwrap_or_default();
        Self {
            name: named(first),
            friend: named(second),
            animal: random.choose(&ANIMALS),
            nature: random.choose(&TRAITS),
            place: random.choose(&PLACES),
            colour: random.choose(&COLOURS),
            thing: random.choose(&THINGS),
        }
    }

    fn tell(&self, random: &mut Random) -> String {
        let Self { name, friend, animal, nature, place, colour, thing } = self;
        let day = random.choose(&DAYS);
        let beginning =
            format!("Once there was {} {nature} {animal} called {name}, who lived in the {place}.", article(nature));
        let event = match random.below(3) {
            0 => format!("On {day} {name} found a {colour} {thing}."),
            1 => format!("One {day}, {friend} gave {name} a {colour} {thing}."),
            _ => format!("{name} had a {colour} {thing}, and on {day} it was gone."),
        };
        let middle = match random.below(4) {
            0 => format!("\"What a fine {thing},\" said {friend}."),
            1 => format!("{friend} wanted the {thing} too, and they looked at it together."),
            2 => format!("{name} asked {friend} whose {thing} it was."),
            _ => format!("Everybody in the {place} talked about the {colour} {thing}."),
        };
        let end = match random.below(4) {
            0 => format!("Then {name} put the {thing} away and went home."),
            1 => format!("At night {name} and {friend} sat in the {place} and were happy."),
            2 => format!("The {nature} {animal} smiled, and {friend} smiled too."),
            _ => format!("Since then {name} and {friend} are friends."),
        };
        let question = match random.below(6) {
            0 => format!("\nQuestion: Who lived in the {place}?\nAnswer: {name}, the {animal}."),
            1 => format!("\nQuestion: Which colour was the {thing}?\nAnswer: The {thing} was {colour}."),
            2 => format!("\nQuestion: What is {name}?\nAnswer: {name} is {} {nature} {animal}.", article(nature)),
            _ => String::new(),
        };
        format!("{beginning} {event} {middle} {end}{question}")
    }
}

fn sum(random: &mut Random) -> String {
    let (a, b) = (random.below(20), random.below(20));
    let (sign, word, result) = if random.below(2) == 0 { ("+", "plus", a + b) } else { ("-", "minus", a.abs_diff(b)) };
    let (a, b) = if sign == "-" { (a.max(b), a.min(b)) } else { (a, b) };
    match random.below(2) {
        0 => format!("Question: What is {a} {word} {b}?\nAnswer: {a} {sign} {b} = {result}."),
        _ => format!("Question: How much is {a} {sign} {b}?\nAnswer: It is {result}."),
    }
}

fn days(random: &mut Random) -> String {
    let today = random.below(DAYS.len());
    let (word, step) = match random.below(3) {
        0 => ("tomorrow", 1),
        1 => ("yesterday", 6),
        _ => ("the day after tomorrow", 2),
    };
    let named = |place: usize| DAYS.get(place % DAYS.len()).copied().unwrap_or_default();
    let tense = if step == 6 { "was" } else { "will be" };
    let (today, then) = (named(today), named(today + step));
    format!(
        "Question: Today is {today}. Which day {tense} {word}?\nAnswer: If today is {today}, {word} {tense} {then}."
    )
}

fn counting(random: &mut Random) -> String {
    let (name, thing) = (random.choose(&NAMES), random.choose(&THINGS));
    let (had, more) = (1 + random.below(10), 1 + random.below(10));
    let (verb, left) = if random.below(2) == 0 || more > had { ("finds", had + more) } else { ("loses", had - more) };
    format!(
        "{name} has {} and {verb} {}.\nQuestion: How many {thing}s does {name} have now?\nAnswer: {name} has {} now.",
        several(had, thing),
        several(more, thing),
        several(left, thing)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_text() {
        assert_eq!(generate(1, 10_000), generate(1, 10_000));
        assert_ne!(generate(1, 10_000), generate(2, 10_000));
        for domain in TextDomain::ALL {
            let texts = domain.texts(1, 20);
            assert_eq!(texts[..7], domain.texts(1, 7));
            assert_ne!(texts, domain.texts(2, 20));
            assert_eq!(texts.len(), 20);
        }
    }

    #[test]
    fn sums_are_right() {
        let all = TextDomain::Sum.texts(5, 200);
        let sums: Vec<_> = all.iter().filter_map(|text| text.split_once("\nAnswer: ")?.1.split_once(" = ")).collect();
        assert!(sums.len() > 20);
        for (sum, result) in sums {
            let (a, rest) = sum.split_once(' ').unwrap();
            let (sign, b) = rest.split_once(' ').unwrap();
            let [a, b]: [i32; 2] = [a.parse().unwrap(), b.parse().unwrap()];
            let expected = if sign == "+" { a + b } else { a - b };
            assert_eq!(result, format!("{expected}."), "{sum}");
        }
    }

    #[test]
    fn each_kind_is_in_the_mixture() {
        let all = generate(5, 20_000);
        for mark in [" plus ", "Which day", " does ", "Once there was"] {
            assert!(all.iter().any(|text| text.contains(mark)), "{mark}");
        }
    }
}
