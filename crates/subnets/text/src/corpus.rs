//! Text to train on: written by a program, or one's own.
//!
//! The program writes little stories, sums and questions about what it just told. They have a grammar and a state, so a small
//! model that learns them gives answers in which a reader sees at once whether it did.

use crate::random::Random;
use myelin_diagnostic::{Diagnostic, Hints};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// The file that [`write`] makes.
const FILE: &str = "corpus.txt";
/// Files of a folder that are read.
const EXTENSIONS: [&str; 2] = ["txt", "md"];
/// Text that is read at most, of all files together.
const MAX_BYTES: u64 = 1 << 30;

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A file or folder cannot be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A folder has no text.
    #[error("{} has no .txt or .md files with text", .0.display())]
    Empty(PathBuf),
    /// A folder has more than is read.
    #[error("{} has more than {MAX_BYTES} bytes of text", .0.display())]
    TooMuch(PathBuf),
}

impl Diagnostic for CorpusError {
    fn code(&self) -> &'static str {
        "training"
    }

    fn hints(&self, out: &mut Hints) {
        out.push("Name a folder with .txt or .md files in UTF-8; a blank line ends a document.");
    }
}

/// Writes a corpus of about `size` bytes into a folder, and says where.
///
/// The same seed and size give the same bytes.
///
/// # Errors
/// [`CorpusError::File`].
pub fn write(folder: &Path, seed: u64, size: usize) -> Result<PathBuf, CorpusError> {
    let path = folder.join(FILE);
    let text = generate(seed, size).join("\n\n");
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text + "\n"));
    match written {
        Ok(()) => Ok(path),
        Err(error) => Err(CorpusError::File { path, error }),
    }
}

/// Documents of about `size` bytes together.
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

/// Documents in the `.txt` and `.md` files of a folder, in the order of their names. A blank line ends a document.
///
/// # Errors
/// When a file cannot be read or is no UTF-8, or there is no text, or more than 1 GiB.
pub fn read(folder: &Path) -> Result<Vec<String>, CorpusError> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |error| CorpusError::File { path, error }
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let path = entry.map_err(at(folder))?.path();
        let known = path.extension().and_then(|extension| extension.to_str());
        if known.is_some_and(|extension| EXTENSIONS.contains(&extension)) {
            paths.push(path);
        }
    }
    paths.sort();
    let (mut documents, mut bytes) = (Vec::new(), 0);
    for path in paths {
        bytes += fs::metadata(&path).map_err(at(&path))?.len();
        if bytes > MAX_BYTES {
            return Err(CorpusError::TooMuch(folder.into()));
        }
        let text = fs::read_to_string(&path).map_err(at(&path))?.replace("\r\n", "\n");
        documents.extend(text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned));
    }
    if documents.is_empty() { Err(CorpusError::Empty(folder.into())) } else { Ok(documents) }
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
    match random.below(4) {
        0 => sum(random),
        1 => days(random),
        2 => counting(random),
        _ => Story::new(random).tell(random),
    }
}

/// `a` or `an`, as the word after it wants.
fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// The word for that many things.
fn several(count: usize, thing: &str) -> String {
    let number = NUMBERS.get(count).copied().unwrap_or("many");
    if count == 1 { format!("one {thing}") } else { format!("{number} {thing}s") }
}

/// What a story is about.
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

/// Where the text of a training comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Corpus {
    /// A program writes it.
    Generated {
        /// What it writes follows from this.
        seed: u64,
        /// About how many bytes.
        size: usize,
    },
    /// A folder of one's own.
    Folder(PathBuf),
}

impl Corpus {
    /// Its documents.
    ///
    /// # Errors
    /// As [`read`].
    pub fn documents(&self) -> Result<Vec<String>, CorpusError> {
        match self {
            Self::Generated { seed, size } => Ok(generate(*seed, *size)),
            Self::Folder(folder) => read(folder),
        }
    }
}

impl fmt::Display for Corpus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generated { seed, size } => write!(out, "{size} bytes, generated from seed {seed}"),
            Self::Folder(folder) => folder.display().fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_text() {
        assert_eq!(generate(1, 10_000), generate(1, 10_000));
        assert_ne!(generate(1, 10_000), generate(2, 10_000));
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 3, 5_000).unwrap();
        assert_eq!(read(folder.path()).unwrap(), generate(3, 5_000));
    }

    #[test]
    fn sums_are_right() {
        let all = generate(5, 100_000);
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
    fn folders_without_text_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Err(CorpusError::Empty(_))));
        fs::write(folder.path().join("a.txt"), " \n\n \r\n\r\n").unwrap();
        fs::write(folder.path().join("b.bin"), "text").unwrap();
        assert!(matches!(read(folder.path()), Err(CorpusError::Empty(_))));
        fs::write(folder.path().join("c.md"), "one\r\n\r\ntwo").unwrap();
        assert_eq!(read(folder.path()).unwrap(), ["one", "two"]);
        assert!(matches!(read(&folder.path().join("none")), Err(CorpusError::File { .. })));
    }
}
