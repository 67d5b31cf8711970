//! Markdown, as far as the rules of the house read it.

use std::{collections::BTreeSet, mem};

/// The kind of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing.
    Blank,
    /// In a fence of code, a comment, or the fence itself.
    Code,
    /// A row of a table.
    Table,
    /// A heading.
    Heading,
    /// Anything else.
    Text,
}

/// A line with its number, which begins at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The number in the page.
    pub number: usize,
    /// The kind.
    pub kind: LineKind,
    /// The text as it is.
    pub text: &'a str,
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The path from the root of the workspace.
    pub path: String,
    text: String,
}

impl Page {
    /// Makes a page of this text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Returns the text as it is.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the lines with their kinds.
    pub fn lines(&self) -> Vec<Line<'_>> {
        let (mut fence, mut in_comment) = (None::<&str>, false);
        let mut lines = Vec::new();
        for (index, text) in self.text.lines().enumerate() {
            let trimmed = text.trim_start();
            let opened = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
            let kind = if fence.is_some() || opened.is_some() && !in_comment {
                match (fence, opened) {
                    (Some(mark), Some(found)) if mark == found => fence = None,
                    (None, found) => fence = found,
                    _ => {}
                }
                LineKind::Code
            } else if in_comment || trimmed.starts_with("<!--") {
                in_comment = !trimmed.contains("-->");
                LineKind::Code
            } else if trimmed.is_empty() {
                LineKind::Blank
            } else if trimmed.starts_with('|') {
                LineKind::Table
            } else if text.starts_with('#') {
                LineKind::Heading
            } else {
                LineKind::Text
            };
            lines.push(Line { number: index + 1, kind, text });
        }
        lines
    }

    /// Returns the paragraphs and list items outside of code and tables, with the number of their first line.
    pub fn paragraphs(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        let mut open: Option<(usize, String)> = None;
        for line in self.lines() {
            let text = line.text.trim();
            if line.kind != LineKind::Text || starts_item(text) {
                found.extend(open.take());
            }
            if line.kind == LineKind::Text {
                let (_, paragraph) = open.get_or_insert_with(|| (line.number, String::new()));
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(without_mark(text));
            }
        }
        found.extend(open);
        found
    }

    /// Returns all anchors that a link may name after `#`.
    pub fn anchors(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for line in self.lines() {
            if line.kind == LineKind::Heading {
                let first = slug(line.text.trim_start_matches('#').trim());
                let mut name = first.clone();
                let mut copies = 0;
                while !found.insert(name) {
                    copies += 1;
                    name = format!("{first}-{copies}");
                }
            } else if line.kind != LineKind::Code {
                let named = line.text.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next());
                found.extend(named.map(str::to_owned));
            }
        }
        found
    }

    /// Returns the targets of all links, with the number of their line.
    pub fn links(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for line in self.lines().into_iter().filter(|line| line.kind != LineKind::Code) {
            let text = without_code(line.text, "");
            for rest in text.split("](").skip(1) {
                let mut depth = 1;
                let end = rest.find(|letter| {
                    depth += match letter {
                        '(' => 1,
                        ')' => -1,
                        _ => 0,
                    };
                    depth == 0
                });
                if let Some(target) = end.and_then(|end| rest[..end].split_whitespace().next()) {
                    found.push((line.number, target.trim_matches(['<', '>']).to_owned()));
                }
            }
            let definition = text.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
            if let Some((_, target)) = definition {
                found.extend(target.split_whitespace().next().map(|target| (line.number, target.to_owned())));
            }
        }
        found
    }
}

fn starts_item(text: &str) -> bool {
    without_mark(text).len() < text.len()
}

/// Returns the text of a list item or quotation without its mark.
fn without_mark(text: &str) -> &str {
    for mark in ["* ", "- ", "+ ", "> "] {
        if let Some(rest) = text.strip_prefix(mark) {
            return rest;
        }
    }
    let digits = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    match digits.strip_prefix(". ") {
        Some(rest) if digits.len() < text.len() => rest,
        _ => text,
    }
}

/// Replaces code in a text.
pub fn without_code(text: &str, instead: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let marks = rest[start..].bytes().take_while(|byte| *byte == b'`').count();
        let (fence, after) = rest[start..].split_at(marks);
        out.push_str(&rest[..start]);
        if let Some(end) = after.find(fence) {
            out.push_str(instead);
            rest = &after[end + marks..];
        } else {
            out.push_str(fence);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Removes targets of links and marks of emphasis; code becomes one word.
pub fn plain(text: &str) -> String {
    let text = without_code(text, "code");
    let mut out = String::new();
    let mut parts = text.split("](");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str(part.split_once(')').map_or(part, |(_, after)| after));
    }
    out.replace(['[', ']', '*'], "")
}

/// Splits a paragraph into sentences.
pub fn sentences(paragraph: &str) -> Vec<String> {
    let text = plain(paragraph);
    let mut sentences = vec![String::new()];
    let mut ended = false;
    for word in text.split_whitespace() {
        if mem::take(&mut ended) {
            sentences.push(String::new());
        }
        if let Some(sentence) = sentences.last_mut() {
            sentence.push_str(word);
            sentence.push(' ');
        }
        let bare = word.trim_end_matches(['"', '\'', ')']);
        ended = bare.ends_with(['.', '?', '!']) && !matches!(bare, "e.g." | "i.e." | "cf." | "vs.");
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// Returns the anchor of a heading.
fn slug(heading: &str) -> String {
    let mut out = String::new();
    let text = heading.replace('`', "");
    let mut parts = text.split("](");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once(')').map_or(part, |(_, after)| after));
    }
    for letter in text.to_lowercase().chars() {
        if letter == ' ' {
            out.push('-');
        } else if letter.is_alphanumeric() || letter == '-' || letter == '_' {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use LineKind::{Blank, Code, Heading, Table, Text};

    #[test]
    fn lines_have_kinds() {
        let page = Page::new("a.md", "# A\n\ntext\n| a |\n```sh\n# no\n\n```\n<!-- a\n\nb -->\nend\n");
        let kinds: Vec<_> = page.lines().iter().map(|line| line.kind).collect();
        assert_eq!(kinds, [Heading, Blank, Text, Table, Code, Code, Code, Code, Code, Code, Code, Text]);
    }

    #[test]
    fn paragraphs_end_where_items_begin() {
        let page = Page::new("a.md", "One\ntwo.\n\n* three\n  four\n* five\n1. six\n| no |\nseven\n");
        let expected = [(1, "One two."), (4, "three four"), (6, "five"), (7, "six"), (9, "seven")];
        let found = page.paragraphs();
        let found: Vec<_> = found.iter().map(|(number, text)| (*number, &**text)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn anchors_are_those_of_the_forge() {
        let text =
            "# A page\n## `make check` (scripts/check)\n## 4. Two, *three*\n## Same\n## Same\n<a id=\"here\"></a>\n";
        let expected = ["4-two-three", "a-page", "here", "make-check-scriptscheck", "same", "same-1"];
        assert_eq!(Page::new("a.md", text).anchors().into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn links_are_read_outside_of_code() {
        let text = "[a](b.md#c) `[x](y)` [d\ne](f(1).md \"title\")\n```\n[x](y)\n```\n[g]: <h.md>\n";
        let found = Page::new("a.md", text).links();
        let found: Vec<_> = found.iter().map(|(number, target)| (*number, &**target)).collect();
        assert_eq!(found, [(1, "b.md#c"), (2, "f(1).md"), (6, "<h.md>")]);
    }

    #[test]
    fn sentences_end_at_marks_before_spaces() {
        let found = sentences("It is 1.5 TAO (see [a](b. c.md)). `a. b` is e.g. **one**. Is it? Yes");
        assert_eq!(found, ["It is 1.5 TAO (see a). ", "code is e.g. one. ", "Is it? ", "Yes "]);
    }
}
