//! Pages, decisions, change notes and citations.

use myelin_house::{Failure, all, arrows, check, docs, markdown::Page, tree};

fn pages() -> Result<Vec<Page>, Failure> {
    let root = tree::root();
    tree::pages(&root)?.into_iter().map(|path| Ok(Page::new(path.clone(), tree::read(&root, &path)?))).collect()
}

fn page<'a>(pages: &'a [Page], path: &str) -> Result<&'a Page, Failure> {
    pages.iter().find(|page| page.path == path).ok_or_else(|| Failure::new(format!("there is no {path}")))
}

#[test]
fn links_resolve() -> Result<(), Failure> {
    let (root, pages) = (tree::root(), pages()?);
    check(&docs::LINKS, &docs::links(&pages, |path| root.join(path).exists()))
}

#[test]
fn pages_are_there_and_listed() -> Result<(), Failure> {
    let pages = pages()?;
    let required = check(&docs::REQUIRED, &docs::required(&pages));
    all([required, check(&docs::SUMMARY, &docs::summary(&pages))])
}

#[test]
fn crates_are_in_the_architecture() -> Result<(), Failure> {
    let members = arrows::members(&arrows::metadata(&tree::root())?);
    let pages = pages()?;
    check(&docs::CRATES, &docs::crates(&members, page(&pages, "docs/architecture.md")?))
}

#[test]
fn decisions_notes_and_measurements_have_their_form() -> Result<(), Failure> {
    let pages = pages()?;
    let checks = [
        check(&docs::DECISIONS, &docs::decisions(&pages)),
        check(&docs::CHANGE_NOTES, &docs::change_notes(&pages)),
        check(&docs::MEASUREMENTS, &docs::measurements(&pages)),
    ];
    all(checks)
}

#[test]
fn sources_cite_what_is_there() -> Result<(), Failure> {
    let (root, pages) = (tree::root(), pages()?);
    let mut found = Vec::new();
    for path in tree::files(&root, "crates", "rs")?.iter().filter(|path| !path.starts_with("crates/house/")) {
        found.extend(docs::citations(path, &tree::read(&root, path)?, &pages));
    }
    check(&docs::CITATIONS, &found)
}

#[test]
fn commands_exist() -> Result<(), Failure> {
    let (root, pages) = (tree::root(), pages()?);
    let known = docs::known_commands(page(&pages, "docs/cli.md")?);
    assert!(known.len() > 80, "{} commands: the reference was not read", known.len());
    let mut found: Vec<_> = pages.iter().flat_map(|page| docs::commands_of_page(page, &known)).collect();
    for path in tree::files(&root, "crates", "rs")?.iter().filter(|path| !path.starts_with("crates/house/")) {
        found.extend(docs::commands_of_source(path, &tree::read(&root, path)?, &known));
    }
    check(&docs::COMMANDS, &found)
}
