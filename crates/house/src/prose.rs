//! Counts of prose: summaries, pronouns, lines, sentences. docs/style.md

use crate::{
    Finding, Rule,
    markdown::{LineKind, Page, plain, sentences, without_code},
    source::crate_folder,
};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::str::FromStr;

/// A summary says what something is or does.
pub const SUMMARIES: Rule = Rule {
    key: "prose.summaries",
    advice: "begin the summary of a type with a noun, of a function with a verb (\"Returns …\", \"Returns true if …\")",
    source: "docs/style.md, rule P-21",
};

/// The actor is named.
pub const INDEFINITE_PRONOUNS: Rule = Rule {
    key: "prose.pronouns",
    advice: "name the actor: the miner, the caller, \"any hotkey\"; one such word in a thousand is allowed",
    source: "docs/style.md, rule P-2",
};

/// Markdown is wrapped.
pub const LONG_LINES: Rule =
    Rule { key: "prose.lines", advice: "wrap the text at 120 columns", source: "docs/style.md, rule P-9" };

/// Sentences are short.
pub const LONG_SENTENCES: Rule = Rule {
    key: "prose.sentences",
    advice: "split the sentence: one statement, at most 25 words; five sentences of a page may have more than 35",
    source: "docs/style.md, rule P-1",
};

/// A guide explains in text.
pub const TABLE_SHARE: Rule = Rule {
    key: "prose.tables",
    advice: "move statements out of tables into paragraphs",
    source: "docs/style.md, section Checks",
};

/// Libraries do not know the command line.
pub const COMMAND_LITERALS: Rule = Rule {
    key: "prose.commands",
    advice: "name what is missing; the command line adds the command to the hint (crates/apps/cli/src/hints.rs)",
    source: "docs/style.md, rule P-33, and CONTRIBUTING.md, rule H-12",
};

const MAX_COLUMNS: usize = 120;
const MAX_WORDS: usize = 35;

/// Sentences of a page that may have more words.
const LONG_SENTENCES_ALLOWED: usize = 5;

/// Pages that explain, and that are read from the beginning to the end.
pub const GUIDES: &[&str] = &[
    "CONTRIBUTING.md",
    "README.md",
    "docs/architecture.md",
    "docs/neurons.md",
    "docs/subnet-guide.md",
    "docs/text-subnet.md",
];

/// Other pages for users and developers.
pub const PAGES: &[&str] = &[
    "SECURITY.md",
    "docs/cli.md",
    "docs/operations.md",
    "docs/runtime-upgrade-checklist.md",
    "docs/style.md",
    "docs/vision.md",
];

const GENERATED_PAGE: &str = "docs/cli.md";

const QUESTION_WORDS: &[&str] =
    &["How", "What", "When", "Where", "Whether", "Which", "Who", "Whoever", "Whom", "Whose", "Why"];

const PRONOUNS: &[&str] =
    &["anybody", "anyone", "everybody", "everyone", "nobody", "somebody", "someone", "whatever", "whoever"];

/// Finds rustdoc summaries of a source that begin with a question word.
pub fn summaries(path: &str, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut before = "";
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let mark = ["///", "//!"].into_iter().find(|mark| line.starts_with(mark));
        if let Some(mark) = mark.filter(|mark| !before.starts_with(mark)) {
            let summary = line[mark.len()..].trim_start();
            let first = summary.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default();
            if QUESTION_WORDS.contains(&first) {
                let text = format!("the summary begins with \"{first}\": {path}:{}", index + 1);
                found.push(Finding::new(crate_folder(path), text));
            }
        }
        before = line;
    }
    found
}

/// Counts indefinite pronouns of a page outside of code and tables, beyond one in a thousand words.
pub fn indefinite_pronouns(page: &Page) -> Option<Finding> {
    let mut words = 0;
    let mut places = Vec::new();
    for line in page.lines().into_iter().filter(|line| matches!(line.kind, LineKind::Text | LineKind::Heading)) {
        for word in plain(&without_code(line.text, "")).split(|letter: char| !letter.is_alphanumeric()) {
            words += usize::from(!word.is_empty());
            if PRONOUNS.contains(&&*word.to_lowercase()) {
                places.push(format!("{word}:{}", line.number));
            }
        }
    }
    let count = places.len().saturating_sub(words / 1_000);
    let shown = places.join(", ");
    (count > 0).then(|| Finding { subject: page.path.clone(), count, text: format!("{} says {shown}", page.path) })
}

/// Finds lines of text that are too long and can be wrapped.
pub fn long_lines(page: &Page) -> Vec<Finding> {
    if page.path == GENERATED_PAGE {
        return Vec::new();
    }
    let long = page.lines().into_iter().filter(|line| {
        let can_break = line.text.trim().trim_start_matches(['*', '-', '>', ' ']).contains(' ');
        matches!(line.kind, LineKind::Text | LineKind::Heading) && line.text.chars().count() > MAX_COLUMNS && can_break
    });
    long.map(|line| {
        let columns = line.text.chars().count();
        Finding::new(&page.path, format!("a line of {columns} columns: {}:{}", page.path, line.number))
    })
    .collect()
}

/// Counts sentences of a page that are too long, beyond those that are allowed.
pub fn long_sentences(page: &Page) -> Option<Finding> {
    if page.path == GENERATED_PAGE {
        return None;
    }
    let mut places = Vec::new();
    for (number, paragraph) in page.paragraphs() {
        for sentence in sentences(&paragraph) {
            let words = sentence.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
            if words > MAX_WORDS {
                let start: String = sentence.chars().take(30).collect();
                places.push(format!("\"{start}…\" ({words} words, :{number})"));
            }
        }
    }
    let count = places.len().saturating_sub(LONG_SENTENCES_ALLOWED);
    let text = format!("{} long sentences in {}: {}", places.len(), page.path, places.join(", "));
    (count > 0).then(|| Finding { subject: page.path.clone(), count, text })
}

/// Finds a guide that has more words in tables than outside of them.
pub fn table_share(page: &Page) -> Option<Finding> {
    let (mut inside, mut outside) = (0, 0);
    for line in page.lines() {
        let words = line.text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
        match line.kind {
            LineKind::Table => inside += words,
            LineKind::Text | LineKind::Heading => outside += words,
            LineKind::Code | LineKind::Blank => {}
        }
    }
    let text = format!("{inside} words of {} are in tables: {}", inside + outside, page.path);
    (inside > outside).then(|| Finding::new(&page.path, text))
}

/// Finds literals of a library that name a command of `myelin`.
///
/// Documentation is no literal here. Programs and the tests of the house may name commands.
pub fn command_literals(path: &str, text: &str) -> Vec<Finding> {
    if path.starts_with("crates/apps/") || path.starts_with("crates/house/") {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Ok(tokens) = TokenStream::from_str(text) {
        literals(tokens, &mut |literal, line| {
            if names_command(literal) {
                let text = format!("a literal names a command of `myelin`: {path}:{line}");
                found.push(Finding::new(path, text));
            }
        });
    }
    found
}

/// Returns true if a text has `` `myelin `` and a word after it.
fn names_command(text: &str) -> bool {
    text.split("`myelin ").skip(1).any(|rest| rest.starts_with(|letter: char| letter.is_ascii_lowercase()))
}

/// Visits all string literals but those of documentation, with their lines.
pub fn literals(tokens: TokenStream, visit: &mut impl FnMut(&str, usize)) {
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket && is_doc(&group.stream()) => {}
            TokenTree::Group(group) => literals(group.stream(), visit),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if text.contains('"') {
                    visit(&text, literal.span().start().line);
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

fn is_doc(attribute: &TokenStream) -> bool {
    matches!(attribute.clone().into_iter().next(), Some(TokenTree::Ident(ident)) if ident == "doc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrogative_summary_is_found() {
        let text = "//! Who asks.\n//! What else.\n\n/// A head.\n///\n/// How it is read.\n    /// Whether it is.\n/// Whole.\n";
        let text = format!("{text}struct A;\n    /// When, at last.\n");
        let found = summaries("crates/client/keys/src/a.rs", &text);
        let expected = [
            ("crates/client/keys", "the summary begins with \"Who\": crates/client/keys/src/a.rs:1"),
            ("crates/client/keys", "the summary begins with \"When\": crates/client/keys/src/a.rs:10"),
        ];
        assert_eq!(found, expected.map(|(subject, text)| Finding::new(subject, text)));
    }

    #[test]
    fn pronouns_are_counted_beyond_one_in_a_thousand_words() {
        let text = "Everybody's key. `nobody` [whoever](nobody.md)\n| somebody |\n```\nsomeone\n```\n";
        let finding = indefinite_pronouns(&Page::new("README.md", text)).unwrap();
        assert_eq!((finding.count, &*finding.text), (2, "README.md says Everybody:1, whoever:1"));
        let long = format!("{text}{}", "word ".repeat(2_000));
        assert_eq!(indefinite_pronouns(&Page::new("README.md", long)), None);
    }

    #[test]
    fn long_lines_that_can_be_wrapped_are_found() {
        let (long, link) = ("ä ".repeat(61), format!("* [a](https://{}.org)", "a".repeat(120)));
        let text = format!("{long}\n| {long} |\n```\n{long}\n```\n{link}\n{}\n", "é".repeat(120));
        let found = long_lines(&Page::new("docs/a.md", text.clone()));
        assert_eq!(found, [Finding::new("docs/a.md", "a line of 122 columns: docs/a.md:1")]);
        assert_eq!(long_lines(&Page::new("docs/cli.md", text)), []);
    }

    #[test]
    fn an_over_long_sentence_is_found() {
        let long = format!("{}end. ", "word ".repeat(35));
        let page = |count| Page::new("docs/a.md", format!("Short.\n\n{}", long.repeat(count)));
        assert_eq!(long_sentences(&page(5)), None);
        let finding = long_sentences(&page(7)).unwrap();
        assert_eq!(finding.count, 2);
        assert!(finding.text.starts_with("7 long sentences in docs/a.md: \"word"), "{}", finding.text);
        let short = format!("{}end. ", "word ".repeat(34)).repeat(7);
        assert_eq!(long_sentences(&Page::new("docs/a.md", short)), None);
    }

    #[test]
    fn a_guide_in_tables_is_found() {
        assert_eq!(table_share(&Page::new("README.md", "one two\n| one | two |\n")), None);
        let found = table_share(&Page::new("README.md", "one two\n| one | two | three |\n")).unwrap();
        assert_eq!(found.text, "3 words of 5 are in tables: README.md");
    }

    #[test]
    fn a_command_in_a_literal_of_a_library_is_found() {
        let text = "/// See `myelin ask`.\n#[error(\"see `myelin stake add`\")]\nenum A {}\nfn f() { g!(\"a\", r#\"`myelin up`\"#); }";
        let lines = |path| command_literals(path, text).into_iter().map(|finding| finding.text).collect::<Vec<_>>();
        let place = "a literal names a command of `myelin`: crates/neuron/src/a.rs";
        assert_eq!(lines("crates/neuron/src/a.rs"), [format!("{place}:2"), format!("{place}:4")]);
        assert_eq!(lines("crates/apps/cli/src/a.rs"), [""; 0]);
        assert_eq!(command_literals("crates/neuron/src/a.rs", "const A: &str = \"`myelin --help`, `myelin`\";"), []);
    }
}
