//! Prose of code and pages.

use myelin_house::{Failure, all, check, markdown::Page, prose, tree};

fn read(paths: &[impl AsRef<str>]) -> Result<Vec<Page>, Failure> {
    let root = tree::root();
    let existing = paths.iter().map(AsRef::as_ref).filter(|path| root.join(path).is_file());
    existing.map(|path| Ok(Page::new(path, tree::read(&root, path)?))).collect()
}

#[test]
fn summaries_are_no_questions() -> Result<(), Failure> {
    let root = tree::root();
    let mut found = Vec::new();
    for path in tree::files(&root, "crates", "rs")? {
        found.extend(prose::summaries(&path, &tree::read(&root, &path)?));
    }
    check(&prose::SUMMARIES, &found)
}

#[test]
fn libraries_name_no_commands() -> Result<(), Failure> {
    let root = tree::root();
    let mut found = Vec::new();
    for path in tree::files(&root, "crates", "rs")?.iter().filter(|path| path.contains("/src/")) {
        found.extend(prose::command_literals(path, &tree::read(&root, path)?));
    }
    check(&prose::COMMAND_LITERALS, &found)
}

#[test]
fn markdown_is_wrapped() -> Result<(), Failure> {
    let pages = read(&tree::pages(&tree::root())?)?;
    assert!(pages.len() > 30, "{} pages: the tree was not read", pages.len());
    let found: Vec<_> = pages.iter().flat_map(prose::long_lines).collect();
    check(&prose::LONG_LINES, &found)
}

#[test]
fn pages_name_actors_in_short_sentences() -> Result<(), Failure> {
    let guides = read(prose::GUIDES)?;
    let pages: Vec<_> = guides.iter().cloned().chain(read(prose::PAGES)?).collect();
    let found = |finding: fn(&Page) -> Option<_>, pages: &[Page]| pages.iter().filter_map(finding).collect::<Vec<_>>();
    let checks = [
        check(&prose::INDEFINITE_PRONOUNS, &found(prose::indefinite_pronouns, &pages)),
        check(&prose::LONG_SENTENCES, &found(prose::long_sentences, &pages)),
        check(&prose::TABLE_SHARE, &found(prose::table_share, &guides)),
    ];
    all(checks)
}
