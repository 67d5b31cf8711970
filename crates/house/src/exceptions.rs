//! Exceptions from rules, which `house.toml` holds, and failed checks.
//!
//! | Environment | Effect |
//! |---|---|
//! | none | a finding that is not excepted fails, and so does an exception that is not needed any more |
//! | `HOUSE_ACCEPT=1` | exceptions are lowered to what is found; what is new still fails |
//! | `HOUSE_ACCEPT=1 HOUSE_RESET=1` | exceptions are replaced by what is found |

use crate::{arrows, docs, files, manifests, names, prose, tree};
use std::{
    collections::BTreeMap,
    env,
    fmt::{self, Write as _},
    fs::{File, OpenOptions},
    io::{Read, Seek, Write as _},
    path::Path,
};

/// The file of exceptions, from the root of the workspace.
pub const PATH: &str = "crates/house/house.toml";

const HEADER: &str = "\
# What breaks a rule of the house today: for each rule, subjects and how often they break it. Counts may only fall.
# A count that is higher or lower than what is found fails the test of its rule. `make accept` lowers counts.
";

/// The findings that a failure prints of one subject.
const MAX_SHOWN: usize = 12;

/// All rules that have exceptions.
const RULES: &[&Rule] = &[
    &arrows::FOLDERS,
    &arrows::UPWARD,
    &docs::CHANGE_NOTES,
    &docs::CITATIONS,
    &docs::COMMANDS,
    &docs::CRATES,
    &docs::DECISIONS,
    &docs::LINKS,
    &docs::MEASUREMENTS,
    &docs::REQUIRED,
    &docs::SUMMARY,
    &files::PURE,
    &files::ROLES,
    &files::ROOT_IMPORTS,
    &files::STORAGE_VERSION,
    &manifests::FOLDER_NAMES,
    &manifests::VERSIONS,
    &names::HOMONYMS,
    &names::NOUNS,
    &prose::COMMAND_LITERALS,
    &prose::INDEFINITE_PRONOUNS,
    &prose::LONG_LINES,
    &prose::LONG_SENTENCES,
    &prose::SUMMARIES,
    &prose::TABLE_SHARE,
];

/// A rule, and where a reader finds it.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its table in `house.toml`: the test file and the rule, as `names.homonyms`.
    pub key: &'static str,
    /// The advice, as an imperative or a principle.
    pub advice: &'static str,
    /// The page and number of the rule, as `docs/glossary.md, rule GL-4`.
    pub source: &'static str,
}

/// A place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name, file or crate by which exceptions are counted.
    pub subject: String,
    /// The number of breaches.
    pub count: usize,
    /// The fault and its place, as path and line.
    pub text: String,
}

impl Finding {
    /// Makes one breach of a rule.
    pub fn new(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { subject: subject.into(), count: 1, text: text.into() }
    }
}

/// A failed check; shown as it is, so that a test may return it.
pub struct Failure(String);

impl Failure {
    /// Makes a failure with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Subjects and counts of one rule.
type Counts = BTreeMap<String, usize>;

/// All exceptions, by the key of their rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Exceptions(BTreeMap<String, Counts>);

impl Exceptions {
    fn parse(text: &str) -> Result<Self, Failure> {
        let table: toml::Table = text.parse().map_err(|error| Failure::new(format!("{PATH}: {error}")))?;
        let mut rules = BTreeMap::new();
        for (file, rule, counts) in table.iter().flat_map(|(file, rules)| {
            rules.as_table().into_iter().flatten().map(move |(rule, counts)| (file, rule, counts))
        }) {
            let key = format!("{file}.{rule}");
            if !RULES.iter().any(|rule| rule.key == key) {
                return Err(Failure::new(format!("{PATH}: `{key}` is no rule; remove its table")));
            }
            let counts = counts.clone().try_into().map_err(|error| Failure::new(format!("{PATH}: {key}: {error}")))?;
            rules.insert(key, counts);
        }
        Ok(Self(rules))
    }

    fn of(&self, rule: &Rule) -> Counts {
        self.0.get(rule.key).cloned().unwrap_or_default()
    }

    fn write(&self) -> String {
        let mut text = String::from(HEADER);
        for rule in RULES {
            let counts = self.of(rule);
            if counts.is_empty() {
                continue;
            }
            let _ = write!(text, "\n# {}: {}\n[{}]\n", rule.source, rule.advice, rule.key);
            for (subject, count) in counts {
                let _ = writeln!(text, "{} = {count}", quoted(&subject));
            }
        }
        text
    }
}

/// Returns a key of TOML.
fn quoted(subject: &str) -> String {
    let bare = subject.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if bare && !subject.is_empty() { subject.to_owned() } else { toml::Value::from(subject).to_string() }
}

/// Returns the line of a subject in the file of exceptions.
fn line_of(text: &str, rule: &Rule, subject: &str) -> usize {
    let (table, entry) = (format!("[{}]", rule.key), format!("{} = ", quoted(subject)));
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            inside = line == table;
        } else if inside && line.starts_with(&entry) {
            return number + 1;
        }
    }
    1
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acceptance {
    Nothing,
    Lower,
    Replace,
}

impl Acceptance {
    fn of_environment() -> Self {
        let is_set = |name| env::var_os(name).is_some_and(|value| value == "1");
        match (is_set("HOUSE_ACCEPT"), is_set("HOUSE_RESET")) {
            (true, true) => Self::Replace,
            (true, false) => Self::Lower,
            (false, _) => Self::Nothing,
        }
    }
}

/// Compares what was found with what is excepted, and writes exceptions where the environment accepts.
///
/// # Errors
/// Findings that are not excepted and exceptions that are not found, each with advice.
pub fn check(rule: &Rule, findings: &[Finding]) -> Result<(), Failure> {
    check_in(&tree::root().join(PATH), rule, findings, Acceptance::of_environment())
}

/// Joins checks into one that fails with the texts of all failed ones.
///
/// # Errors
/// The failures of the checks.
pub fn all(checks: impl IntoIterator<Item = Result<(), Failure>>) -> Result<(), Failure> {
    let failures: String = checks.into_iter().filter_map(Result::err).map(|failure| failure.0).collect();
    if failures.is_empty() { Ok(()) } else { Err(Failure(failures)) }
}

fn check_in(path: &Path, rule: &Rule, findings: &[Finding], acceptance: Acceptance) -> Result<(), Failure> {
    let accepts = acceptance != Acceptance::Nothing;
    let mut file = OpenOptions::new().read(true).write(accepts).create(accepts).truncate(false).open(path)?;
    // Tests run as processes of their own, and each rewrites the table of its rule.
    if accepts {
        file.lock()?;
    } else {
        file.lock_shared()?;
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut exceptions = match Exceptions::parse(&text) {
        Err(_) if acceptance == Acceptance::Replace => Exceptions::default(),
        parsed => parsed?,
    };
    let allowed = exceptions.of(rule);
    let mut found = Counts::new();
    for finding in findings {
        *found.entry(finding.subject.clone()).or_default() += finding.count;
    }
    let accepted = match acceptance {
        Acceptance::Nothing => return compare(rule, findings, &found, &allowed, &text),
        Acceptance::Lower => lowered(&allowed, &found),
        Acceptance::Replace => found.clone(),
    };
    if accepted != allowed || !text.starts_with(HEADER) {
        exceptions.0.insert(rule.key.to_owned(), accepted.clone());
        text = exceptions.write();
        replace(&mut file, &text)?;
    }
    compare(rule, findings, &found, &accepted, &text)
}

fn replace(file: &mut File, text: &str) -> Result<(), Failure> {
    file.set_len(0)?;
    file.rewind()?;
    Ok(file.write_all(text.as_bytes())?)
}

/// Returns the smaller of both counts, without subjects that break the rule no more.
fn lowered(allowed: &Counts, found: &Counts) -> Counts {
    let both = allowed.iter().filter_map(|(subject, most)| Some((subject.clone(), *found.get(subject)?.min(most))));
    both.collect()
}

fn compare(rule: &Rule, findings: &[Finding], found: &Counts, allowed: &Counts, text: &str) -> Result<(), Failure> {
    let group = rule.key.split('.').next().unwrap_or(rule.key);
    let indent = " ".repeat(group.len() + 2);
    let mut report = String::new();
    for (subject, count) in found {
        let most = allowed.get(subject).copied().unwrap_or(0);
        if *count <= most {
            continue;
        }
        let mut label = format!("{group}: ");
        if most > 0 {
            let _ = writeln!(report, "{label}{subject}: {count} found, {most} excepted");
            label.clone_from(&indent);
        }
        let mut places = findings.iter().filter(|finding| finding.subject == *subject);
        for finding in places.by_ref().take(MAX_SHOWN) {
            let _ = writeln!(report, "{label}{}", finding.text);
            label.clone_from(&indent);
        }
        let more = places.count();
        if more > 0 {
            let _ = writeln!(report, "{indent}and {more} more");
        }
        let _ = writeln!(report, "{indent}{}: {}", rule.advice, rule.source);
    }
    for (subject, most) in allowed {
        let count = found.get(subject).copied().unwrap_or(0);
        if count >= *most {
            continue;
        }
        let line = line_of(text, rule, subject);
        let (key, entry) = (rule.key, quoted(subject));
        let _ = match count {
            0 => writeln!(
                report,
                "{group}: `{subject}` no longer breaks `{key}`\n{indent}remove {PATH}:{line}, or run `make accept`"
            ),
            _ => writeln!(
                report,
                "{group}: `{subject}` breaks `{key}` {count} times, {most} are excepted\n\
                 {indent}write `{entry} = {count}` in {PATH}:{line}, or run `make accept`",
            ),
        };
    }
    if report.is_empty() { Ok(()) } else { Err(Failure(report)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs,
        path::PathBuf,
        process,
        sync::atomic::{AtomicUsize, Ordering},
    };

    const RULE: Rule = names::HOMONYMS;

    /// A file of exceptions that goes when the test ends.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(text: &str) -> Self {
            static NUMBER: AtomicUsize = AtomicUsize::new(0);
            let name = format!("myelin-house-{}-{}.toml", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
            let path = env::temp_dir().join(name);
            fs::write(&path, text).unwrap();
            Self(path)
        }

        fn check(&self, found: &[(&str, usize)], acceptance: Acceptance) -> Result<(), String> {
            let findings: Vec<_> = found
                .iter()
                .map(|(subject, count)| Finding {
                    count: *count,
                    ..Finding::new(*subject, format!("`{subject}`: a.rs:1"))
                })
                .collect();
            check_in(&self.0, &RULE, &findings, acceptance).map_err(|failure| failure.0)
        }

        fn text(&self) -> String {
            fs::read_to_string(&self.0).unwrap()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    #[test]
    fn a_new_finding_fails_with_place_rule_and_advice() {
        let failed = Scratch::new("").check(&[("Outcome", 1)], Acceptance::Nothing).unwrap_err();
        assert_eq!(failed, "names: `Outcome`: a.rs:1\n       one word for one thing: docs/glossary.md, rule GL-4\n");
    }

    #[test]
    fn an_exception_holds_up_to_its_count() {
        let scratch = Scratch::new("[names.homonyms]\nOutcome = 2\n");
        scratch.check(&[("Outcome", 2)], Acceptance::Nothing).unwrap();
        let failed = scratch.check(&[("Outcome", 3)], Acceptance::Nothing).unwrap_err();
        assert!(failed.starts_with("names: Outcome: 3 found, 2 excepted\n"), "{failed}");
    }

    #[test]
    fn an_exception_that_is_not_needed_fails_with_its_line() {
        let scratch = Scratch::new("[names.nouns]\nOutcome = 1\n\n[names.homonyms]\n\"a b\" = 4\nOutcome = 1\n");
        let failed = scratch.check(&[("a b", 3), ("Outcome", 1)], Acceptance::Nothing).unwrap_err();
        assert!(failed.contains("write `\"a b\" = 3` in crates/house/house.toml:5"), "{failed}");
        let failed = scratch.check(&[("a b", 4)], Acceptance::Nothing).unwrap_err();
        assert!(failed.contains("remove crates/house/house.toml:6"), "{failed}");
    }

    #[test]
    fn accepting_only_lowers() {
        let scratch = Scratch::new("[names.homonyms]\nGone = 1\nLess = 4\nMore = 1\n[names.nouns]\nTold = 1\n");
        let failed = scratch.check(&[("Less", 3), ("More", 2), ("New", 1)], Acceptance::Lower).unwrap_err();
        assert!(failed.contains("More: 2 found, 1 excepted") && failed.contains("`New`"), "{failed}");
        let expected = Exceptions(BTreeMap::from([
            ("names.homonyms".to_owned(), BTreeMap::from([("Less".to_owned(), 3), ("More".to_owned(), 1)])),
            ("names.nouns".to_owned(), BTreeMap::from([("Told".to_owned(), 1)])),
        ]));
        assert_eq!(Exceptions::parse(&scratch.text()).unwrap(), expected);
        let failed = scratch.check(&[("Less", 3), ("More", 2)], Acceptance::Nothing).unwrap_err();
        assert!(!failed.contains("Less"), "{failed}");
    }

    #[test]
    fn a_reset_takes_what_is_found() {
        let scratch = Scratch::new("[names.gone]\nA = 1\n");
        assert!(scratch.check(&[], Acceptance::Nothing).unwrap_err().contains("`names.gone` is no rule"));
        scratch.check(&[("b/c.rs", 2), ("A", 1)], Acceptance::Replace).unwrap();
        let table = "# docs/glossary.md, rule GL-4: one word for one thing\n[names.homonyms]\nA = 1\n\"b/c.rs\" = 2\n";
        assert_eq!(scratch.text(), format!("{HEADER}\n{table}"));
        scratch.check(&[("b/c.rs", 2), ("A", 1)], Acceptance::Nothing).unwrap();
    }
}
