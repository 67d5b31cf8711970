//! Pages: links, lists of pages, decisions, change notes, and what code and pages cite. CONTRIBUTING.md

use crate::{
    Finding, Rule,
    arrows::Member,
    markdown::{LineKind, Page},
    prose::literals,
};
use proc_macro2::TokenStream;
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

/// Links resolve.
pub const LINKS: Rule =
    Rule { key: "docs.links", advice: "name a file or heading that exists", source: "docs/style.md, section Checks" };

/// Pages that a project has.
pub const REQUIRED: Rule = Rule { key: "docs.required", advice: "write the page", source: "docs/SUMMARY.md" };

/// One list has all pages.
pub const SUMMARY: Rule =
    Rule { key: "docs.summary", advice: "add the page to docs/SUMMARY.md", source: "docs/SUMMARY.md, rule D-12" };

/// One table has all crates.
pub const CRATES: Rule = Rule {
    key: "docs.crates",
    advice: "add a row to the table of docs/architecture.md",
    source: "docs/architecture.md, section Crates",
};

/// Decisions have one form.
pub const DECISIONS: Rule = Rule {
    key: "docs.decisions",
    advice: "give the page the form of docs/decisions/README.md and list it there",
    source: "docs/decisions/README.md, rule D-30",
};

/// Change notes have one form.
pub const CHANGE_NOTES: Rule = Rule {
    key: "docs.changes",
    advice: "write `audience:`, `do:`, `---` and one paragraph",
    source: "CONTRIBUTING.md, rule D-17",
};

/// Citations of code resolve.
pub const CITATIONS: Rule = Rule {
    key: "docs.citations",
    advice: "cite a section, decision or page that exists",
    source: "docs/style.md, rule P-25",
};

/// Commands in pages and programs exist.
pub const COMMANDS: Rule =
    Rule { key: "docs.commands", advice: "write a command of docs/cli.md", source: "docs/cli.md" };

/// Measured numbers can be measured again.
pub const MEASUREMENTS: Rule = Rule {
    key: "docs.measurements",
    advice: "name the machine, the command and the raw output",
    source: "docs/style.md, rule P-42",
};

/// Pages that each reader looks for.
pub const REQUIRED_PAGES: &[&str] = &[
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "docs/SUMMARY.md",
    "docs/architecture.md",
    "docs/glossary.md",
    "docs/runtime-upgrade-checklist.md",
    "docs/style.md",
    "docs/vision.md",
];

/// The people for whom something changes, in the order of the changelog.
pub const AUDIENCES: &[&str] =
    &["holder", "miner", "validator", "subnet creator", "consumer", "node operator", "client author", "developer"];

/// A page among the measurements that lists exceptions and measures nothing.
const MUTANTS_PAGE: &str = "docs/benchmarks/mutants.md";

const DECISION_HEADINGS: &[&str] =
    &["**Context.**", "**Decision.**", "**Consequences.**", "**Rejected.**", "**Revisit when**"];

const MAX_DECISION_LINES: usize = 60;

/// Finds links to files and headings that do not exist. `exists` tells of files and folders, by path from the root.
pub fn links(pages: &[Page], exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let anchors: BTreeMap<_, _> = pages.iter().map(|page| (&*page.path, page.anchors())).collect();
    let mut found = Vec::new();
    for page in pages {
        for (number, target) in page.links() {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = if file.is_empty() { page.path.clone() } else { resolve(&page.path, file) };
            let problem = if !exists(&path) {
                "no such file"
            } else if !anchor.is_empty() && anchors.get(&*path).is_some_and(|names| !names.contains(anchor)) {
                "no such heading"
            } else {
                continue;
            };
            let text = format!("the link to `{target}` is broken, {problem}: {}:{number}", page.path);
            found.push(Finding::new(format!("{}: {target}", page.path), text));
        }
    }
    found
}

/// Returns the path from the root for the target of a link.
fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<_> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Finds required pages that are not there.
pub fn required(pages: &[Page]) -> Vec<Finding> {
    let missing = REQUIRED_PAGES.iter().filter(|path| !pages.iter().any(|page| page.path == **path));
    missing.map(|path| Finding::new(*path, format!("the page is missing: {path}"))).collect()
}

/// Finds pages that the list of pages does not have.
pub fn summary(pages: &[Page]) -> Vec<Finding> {
    const LIST: &str = "docs/SUMMARY.md";
    let list = pages.iter().find(|page| page.path == LIST);
    let listed: BTreeSet<_> =
        list.iter().flat_map(|page| page.links()).map(|(_, target)| resolve(LIST, &target)).collect();
    let is_page = |path: &str| {
        path.starts_with("docs/") && path != LIST || matches!(path, "CONTRIBUTING.md" | "README.md" | "SECURITY.md")
    };
    let missing = pages.iter().filter(|page| is_page(&page.path) && !listed.contains(&page.path));
    missing.map(|page| Finding::new(&page.path, format!("{LIST} does not list {}", page.path))).collect()
}

/// Finds crates that the table of the architecture does not have.
pub fn crates(members: &[Member], architecture: &Page) -> Vec<Finding> {
    let rows: Vec<_> = architecture.lines().into_iter().filter(|line| line.kind == LineKind::Table).collect();
    let is_listed = |folder: &str| rows.iter().any(|row| row.text.contains(&format!("`crates/{folder}`")));
    let missing = members.iter().filter(|member| !is_listed(&member.folder));
    missing
        .map(|member| {
            let text = format!("{} has no row for `crates/{}`", architecture.path, member.folder);
            Finding::new(&member.folder, text)
        })
        .collect()
}

/// Finds decisions that lack their form, or that the list of decisions lacks.
pub fn decisions(pages: &[Page]) -> Vec<Finding> {
    const LIST: &str = "docs/decisions/README.md";
    let list = pages.iter().find(|page| page.path == LIST);
    let listed: BTreeSet<_> =
        list.iter().flat_map(|page| page.links()).map(|(_, target)| resolve(LIST, &target)).collect();
    let mut found = Vec::new();
    let mut numbers = BTreeMap::new();
    for page in pages.iter().filter(|page| page.path.starts_with("docs/decisions/") && page.path != LIST) {
        let mut report = |problem: &str| {
            found.push(Finding::new(&page.path, format!("the decision {problem}: {}", page.path)));
        };
        let number: String = page.path["docs/decisions/".len()..].chars().take_while(char::is_ascii_digit).collect();
        if number.len() != 4 {
            report("has no number of four digits in its name");
        }
        if !page.text().starts_with(&format!("# {number} ")) {
            report(&format!("does not begin with `# {number} Title`"));
        }
        if let Some(other) = numbers.insert(number, &page.path) {
            report(&format!("has the number of {other}"));
        }
        let mut from = 0;
        for heading in DECISION_HEADINGS {
            match headings(page.text(), heading)[..] {
                [place] if place >= from => from = place,
                [] => report(&format!("has no {heading}")),
                [_] => report(&format!("has {heading} too early")),
                _ => report(&format!("has {heading} more than once")),
            }
        }
        let lines = page.text().lines().count();
        if lines > MAX_DECISION_LINES {
            report(&format!("has {lines} lines, at most {MAX_DECISION_LINES} are allowed"));
        }
        if !listed.contains(&page.path) {
            report(&format!("is not in {LIST}"));
        }
    }
    found
}

/// Returns the lines that begin with a heading.
fn headings(text: &str, heading: &str) -> Vec<usize> {
    let lines = text.lines().enumerate();
    lines.filter(|(_, line)| line.starts_with(heading)).map(|(number, _)| number).collect()
}

/// Finds change notes that lack their form.
pub fn change_notes(pages: &[Page]) -> Vec<Finding> {
    let notes = pages.iter().filter(|page| page.path.starts_with("changes/"));
    notes
        .filter_map(|page| {
            let problem = note_problem(page.text())?;
            Some(Finding::new(&page.path, format!("the note {problem}: {}", page.path)))
        })
        .collect()
}

/// Returns the first fault of a change note.
fn note_problem(text: &str) -> Option<String> {
    let mut lines = text.lines();
    let Some(audiences) = lines.next().and_then(|line| line.strip_prefix("audience: ")) else {
        return Some("does not begin with `audience: `".to_owned());
    };
    for audience in audiences.split(", ") {
        if !AUDIENCES.contains(&audience) {
            return Some(format!("has the unknown audience `{audience}`; there are {}", AUDIENCES.join(", ")));
        }
    }
    if lines.next().is_none_or(|line| line.strip_prefix("do: ").is_none_or(|rest| rest.trim().is_empty())) {
        return Some("has no `do: ` in its second line; write `do: nothing` if nothing is to be done".to_owned());
    }
    if lines.next() != Some("---") {
        return Some("has no `---` in its third line".to_owned());
    }
    let body: Vec<_> = lines.collect();
    let is_paragraph = !body.is_empty() && body.iter().all(|line| !line.trim().is_empty());
    (!is_paragraph).then(|| "has not exactly one paragraph after `---`".to_owned())
}

/// Finds sections, decisions and pages that a source cites and that do not exist.
pub fn citations(path: &str, text: &str, pages: &[Page]) -> Vec<Finding> {
    let page = |path: &str| pages.iter().find(|page| page.path == path);
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut report = |cited: String| {
            let text = format!("`{cited}` does not exist: {path}:{}", index + 1);
            found.push(Finding::new(format!("{path}: {cited}"), text));
        };
        for (name, section) in sections_cited(line) {
            let is_there = page(&format!("docs/spec/{name}.md")).is_some_and(|page| sections(page).contains(section));
            if !is_there {
                report(format!("spec {name} §{section}"));
            }
        }
        for number in line.split("decision ").skip(1).filter_map(|rest| rest.get(..4)) {
            let prefix = format!("docs/decisions/{number}-");
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
            if is_number && !pages.iter().any(|page| page.path.starts_with(&prefix)) {
                report(format!("decision {number}"));
            }
        }
        for rest in line.split("docs/").skip(1) {
            let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_./".contains(letter)));
            let name = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
            if name.rsplit('.').next() == Some("md") && page(&format!("docs/{name}")).is_none() {
                report(format!("docs/{name}"));
            }
        }
    }
    found
}

/// Returns all citations of a line in the form `spec PAGE §SECTION`.
fn sections_cited(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split("spec ").skip(1).filter_map(|after| {
        let (page, after) = after.split_once(" §")?;
        let page_is_a_name = page.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let end = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
        let section = after[..end].trim_end_matches('.');
        (page_is_a_name && !section.is_empty()).then_some((page, section))
    })
}

/// Returns the numbers of the headings of a page.
fn sections(page: &Page) -> BTreeSet<&str> {
    let headings = page.text().lines().filter(|line| line.starts_with('#'));
    headings.filter_map(|line| line.split_whitespace().nth(1)).map(|number| number.trim_end_matches('.')).collect()
}

/// Returns the commands that the reference page describes, as their words.
pub fn known_commands(reference: &Page) -> BTreeSet<String> {
    let headings = reference.lines().into_iter().filter(|line| line.kind == LineKind::Heading);
    let commands = headings.filter_map(|line| line.text.split_once("`myelin ")?.1.split_once('`'));
    commands.map(|(words, _)| words.to_owned()).collect()
}

/// Finds commands that a page writes and the reference page does not describe.
pub fn commands_of_page(page: &Page, known: &BTreeSet<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    for line in page.lines() {
        let typed = (line.kind == LineKind::Code).then(|| line.text.trim_start_matches("$ ").strip_prefix("myelin "));
        let quoted = line.text.split("`myelin ").skip(1).filter(|_| line.kind != LineKind::Code);
        for rest in typed.flatten().into_iter().chain(quoted) {
            found.extend(command(&page.path, line.number, rest, known));
        }
    }
    found
}

/// Finds commands that literals of a source write in back-ticks and the reference page does not describe.
pub fn commands_of_source(path: &str, text: &str, known: &BTreeSet<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Ok(tokens) = TokenStream::from_str(text) {
        literals(tokens, &mut |literal, line| {
            for rest in literal.split("`myelin ").skip(1) {
                found.extend(command(path, line, rest, known));
            }
        });
    }
    found
}

/// Returns a finding unless a text begins with a known command, or is the first words of one.
fn command(path: &str, line: usize, text: &str, known: &BTreeSet<String>) -> Option<Finding> {
    let is_word = |word: &&str| {
        word.starts_with(|letter: char| letter.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    let typed = text.split('`').next().unwrap_or_default();
    let words: Vec<_> = typed.split(' ').take_while(is_word).collect();
    let begins_with = |command: &str| {
        let mut parts = command.split(' ');
        words.iter().all(|word| parts.next().is_none_or(|part| part == *word))
    };
    if known.iter().any(|command| begins_with(command)) {
        return None;
    }
    let command = format!("myelin {}", words.join(" "));
    Some(Finding::new(format!("{path}: {command}"), format!("`{command}` is no command: {path}:{line}")))
}

/// Finds pages of measurements that lack the machine, a command or the raw output.
pub fn measurements(pages: &[Page]) -> Vec<Finding> {
    let mut found = Vec::new();
    let is_measured = |path: &str| path.starts_with("docs/benchmarks/") && path != MUTANTS_PAGE;
    for page in pages.iter().filter(|page| is_measured(&page.path)) {
        let text = page.text();
        let has_raw = page.links().iter().any(|(_, target)| target.starts_with("raw/"));
        for (is_there, what) in [
            (text.to_lowercase().contains("machine"), "the machine"),
            (
                ["`cargo ", "`make ", "`myelin ", ".ci/run", "\ncargo "].iter().any(|start| text.contains(start)),
                "a command",
            ),
            (has_raw, "a link to its raw output"),
        ] {
            if !is_there {
                found.push(Finding::new(&page.path, format!("the page lacks {what}: {}", page.path)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(found: &[Finding]) -> Vec<&str> {
        found.iter().map(|finding| &*finding.text).collect()
    }

    #[test]
    fn a_broken_link_is_found() {
        let pages = [
            Page::new("README.md", "# A b\n[x](docs/a.md#c-d) [x](#a-b) [x](https://x.y/z) [x](docs/b.md)\n"),
            Page::new("docs/a.md", "# C d\n[x](../README.md#a)\n[x](#c-d) [x](raw)\n"),
        ];
        let found = links(&pages, |path| matches!(path, "README.md" | "docs/a.md" | "docs/raw"));
        let expected = [
            "the link to `docs/b.md` is broken, no such file: README.md:2",
            "the link to `../README.md#a` is broken, no such heading: docs/a.md:2",
        ];
        assert_eq!(texts(&found), expected);
    }

    #[test]
    fn a_missing_page_is_found() {
        let pages: Vec<_> = REQUIRED_PAGES.iter().skip(1).map(|path| Page::new(*path, "")).collect();
        assert_eq!(texts(&required(&pages)), ["the page is missing: CHANGELOG.md"]);
    }

    #[test]
    fn a_page_that_the_list_lacks_is_found() {
        let pages = [
            Page::new("docs/SUMMARY.md", "* [Use](../README.md)\n* [A](spec/a.md)\n"),
            Page::new("README.md", ""),
            Page::new("SECURITY.md", ""),
            Page::new("CHANGELOG.md", ""),
            Page::new("docs/spec/a.md", ""),
            Page::new("docs/spec/b.md", ""),
        ];
        let expected = ["docs/SUMMARY.md does not list SECURITY.md", "docs/SUMMARY.md does not list docs/spec/b.md"];
        assert_eq!(texts(&summary(&pages)), expected);
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        let member = |folder: &str| Member {
            name: String::new(),
            folder: folder.to_owned(),
            needs: BTreeSet::new(),
            tests_need: BTreeSet::new(),
        };
        let page = Page::new("docs/architecture.md", "`crates/files`\n| `crates/testing`, `crates/house` | a |\n");
        let found = crates(&["testing", "house", "files"].map(member), &page);
        assert_eq!(texts(&found), ["docs/architecture.md has no row for `crates/files`"]);
    }

    const DECISION: &str = "# 0016 Records\n\n**Context.** A.\n\n**Decision.** B.\n\n**Consequences.** C.\n\n\
        **Rejected.** *D*: e.\n\n**Revisit when** f.\n";

    fn decided(path: &str, text: &str) -> Vec<String> {
        let list = Page::new("docs/decisions/README.md", "[0016](0016-records.md)\n");
        let found = decisions(&[list, Page::new(path, text)]);
        found.into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn a_decision_without_its_form_is_found() {
        let path = "docs/decisions/0016-records.md";
        assert_eq!(decided(path, DECISION), [""; 0]);
        let found = decided(path, &DECISION.replace("**Rejected.**", "**Lost.**"));
        assert_eq!(found, ["the decision has no **Rejected.**: docs/decisions/0016-records.md"]);
        let found = decided(path, &DECISION.replace("# 0016", "# 16."));
        assert_eq!(found, ["the decision does not begin with `# 0016 Title`: docs/decisions/0016-records.md"]);
        let swapped = DECISION.replace("**Context.**", "**X**").replace("**Rejected.**", "**Context.**");
        let swapped = swapped.replace("**X**", "**Rejected.**");
        assert!(decided(path, &swapped).iter().any(|text| text.contains("has **Decision.** too early")), "{swapped}");
        let found = decided(path, &format!("{DECISION}{}", "line\n".repeat(50)));
        assert_eq!(found, ["the decision has 61 lines, at most 60 are allowed: docs/decisions/0016-records.md"]);
    }

    #[test]
    fn a_decision_that_is_not_listed_is_found() {
        let found = decided("docs/decisions/0017-other.md", &DECISION.replace("0016", "0017"));
        assert_eq!(found, ["the decision is not in docs/decisions/README.md: docs/decisions/0017-other.md"]);
        let one = Page::new("docs/decisions/0016-records.md", DECISION);
        let two = Page::new("docs/decisions/0016-twice.md", DECISION);
        let found = decisions(&[one, two]);
        assert!(texts(&found).iter().any(|text| text.contains("has the number of")), "{found:?}");
    }

    #[test]
    fn a_change_note_without_its_form_is_found() {
        let problem = |text: &str| note_problem(text);
        let note = "audience: validator, node operator\ndo: nothing\n---\nAn epoch waits.\nIt is announced.\n";
        assert_eq!(problem(note), None);
        assert_eq!(problem(&note.replace("audience", "for")).unwrap(), "does not begin with `audience: `");
        assert!(
            problem(&note.replace("validator", "staker")).unwrap().starts_with("has the unknown audience `staker`")
        );
        assert!(problem(&note.replace("do: nothing", "do: ")).unwrap().starts_with("has no `do: `"));
        assert_eq!(problem(&note.replace("---", "")).unwrap(), "has no `---` in its third line");
        let two = format!("{note}\nAnother.\n");
        assert_eq!(problem(&two).unwrap(), "has not exactly one paragraph after `---`");
        let pages = [Page::new("changes/a.md", ""), Page::new("docs/a.md", "")];
        assert_eq!(change_notes(&pages)[0].subject, "changes/a.md");
    }

    #[test]
    fn a_citation_of_nothing_is_found() {
        let pages = [
            Page::new("docs/spec/yuma.md", "## 3. A\n### 3.6 B\n"),
            Page::new("docs/decisions/0003-build-time.md", ""),
            Page::new("docs/a.md", ""),
        ];
        let text = "// spec yuma §3.6, spec yuma §4.1. decision 0003\n// decision 0099, a decision made, docs/a.md and docs/b.md.\n";
        let found = citations("crates/a/src/b.rs", text, &pages);
        let expected = [
            "`spec yuma §4.1` does not exist: crates/a/src/b.rs:1",
            "`decision 0099` does not exist: crates/a/src/b.rs:2",
            "`docs/b.md` does not exist: crates/a/src/b.rs:2",
        ];
        assert_eq!(texts(&found), expected);
    }

    #[test]
    fn a_command_that_does_not_exist_is_found() {
        let known =
            known_commands(&Page::new("docs/cli.md", "## `myelin stake`\n### `myelin stake add`\n### `myelin ask`\n"));
        let text = "Type `myelin stake add 10` or `myelin stake`, `myelin --help`.\n```sh\nmyelin ask 'a' # b\n$ myelin stakes add\n```\n`myelin stake take`\n";
        let found = commands_of_page(&Page::new("README.md", text), &known);
        assert_eq!(texts(&found), ["`myelin stakes add` is no command: README.md:4"]);
        let known = known_commands(&Page::new("docs/cli.md", "### `myelin stake add`\n"));
        let found = commands_of_page(&Page::new("README.md", text), &known);
        assert!(texts(&found).contains(&"`myelin stake take` is no command: README.md:6"), "{found:?}");
        let source = "/// `myelin no`\nconst A: &str = \"see `myelin stake add {}`, `myelin wallet`\";";
        let found = commands_of_source("crates/apps/cli/src/a.rs", source, &known);
        assert_eq!(texts(&found), ["`myelin wallet` is no command: crates/apps/cli/src/a.rs:2"]);
    }

    #[test]
    fn a_measurement_without_its_machine_is_found() {
        let page = |text: &str| [Page::new("docs/benchmarks/a.md", text)];
        assert_eq!(measurements(&page("Machine: two cores. `cargo bench` [raw](raw/a.txt)\n")), []);
        let found = measurements(&page("`cargo bench`, fast.\n"));
        let expected = [
            "the page lacks the machine: docs/benchmarks/a.md",
            "the page lacks a link to its raw output: docs/benchmarks/a.md",
        ];
        assert_eq!(texts(&found), expected);
        assert_eq!(measurements(&[Page::new(MUTANTS_PAGE, "")]), []);
    }
}
