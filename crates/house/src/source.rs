//! Parsed Rust sources.

use crate::{Failure, tree};
use proc_macro2::{TokenStream, TokenTree};
use std::{collections::BTreeSet, path::Path};
use syn::{Attribute, File, Item, Meta};

/// A source of a crate's library or program, without its unit tests.
pub struct SourceFile {
    /// The path from the root of the workspace.
    pub path: String,
    /// The text as it is.
    pub text: String,
    /// The parsed text.
    pub syntax: File,
}

impl SourceFile {
    /// Parses a source.
    ///
    /// # Errors
    /// The place of a syntax error.
    pub fn new(path: &str, text: &str) -> Result<Self, Failure> {
        let syntax = syn::parse_file(text)
            .map_err(|error| Failure::new(format!("{path}:{}: {error}", error.span().start().line)))?;
        Ok(Self { path: path.to_owned(), text: text.to_owned(), syntax })
    }

    /// Returns the folder of the crate.
    pub fn crate_folder(&self) -> &str {
        crate_folder(&self.path)
    }

    /// Returns the path from the crate's `src`, empty for a file outside of it.
    pub fn in_crate(&self) -> &str {
        self.path.split_once("/src/").map_or("", |(_, file)| file)
    }
}

/// Returns the folder of the crate that a source is of.
pub fn crate_folder(path: &str) -> &str {
    let ends = ["/src/", "/tests/", "/benches/", "/examples/", "/build.rs"];
    ends.iter().filter_map(|end| path.find(end)).min().map_or(path, |end| &path[..end])
}

/// Parses all sources of libraries and programs, without modules that only tests compile.
///
/// # Errors
/// A file that cannot be read or parsed.
pub fn sources(root: &Path) -> Result<Vec<SourceFile>, Failure> {
    let mut sources = Vec::new();
    for path in tree::files(root, "crates", "rs")? {
        if path.contains("/src/") {
            sources.push(SourceFile::new(&path, &tree::read(root, &path)?)?);
        }
    }
    Ok(without_tests(sources))
}

/// Leaves out files of modules that are declared with `#[cfg(test)]`, with what is below them.
pub fn without_tests(mut sources: Vec<SourceFile>) -> Vec<SourceFile> {
    let mut tests = BTreeSet::new();
    for source in &sources {
        for item in &source.syntax.items {
            let Item::Mod(module) = item else { continue };
            if module.content.is_none() && is_test(&module.attrs) {
                tests.insert(format!("{}/{}", module_folder(&source.path), module.ident));
            }
        }
    }
    let is_kept = |path: &str| {
        let stem = path.trim_end_matches(".rs");
        !tests.iter().any(|test| stem == test || stem.starts_with(&format!("{test}/")))
    };
    sources.retain(|source| is_kept(&source.path));
    sources
}

/// Returns the folder in which the modules of a source are.
fn module_folder(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name {
        "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
        _ => path.trim_end_matches(".rs").to_owned(),
    }
}

/// Returns true if only tests compile what has these attributes.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else { return false };
        list.path.is_ident("cfg") && idents(&list.tokens).first().is_some_and(|first| first == "test")
    })
}

/// Returns all identifiers of a token stream, in order.
pub fn idents(tokens: &TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(ident) => found.push(ident.to_string()),
            TokenTree::Group(group) => found.extend(idents(&group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

/// Returns all items of a source and of its inline modules but those of tests.
pub fn items(file: &File) -> Vec<&Item> {
    fn add<'a>(items: &'a [Item], found: &mut Vec<&'a Item>) {
        for item in items {
            if let Item::Mod(module) = item
                && let (Some((_, inner)), false) = (&module.content, is_test(&module.attrs))
            {
                add(inner, found);
            }
            found.push(item);
        }
    }
    let mut found = Vec::new();
    add(&file.items, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_tests_are_left_out() {
        let source = |path: &str, text: &str| SourceFile::new(path, text).unwrap();
        let kept = without_tests(vec![
            source("crates/a/src/lib.rs", "#[cfg(test)] mod tests; #[cfg(feature = \"test\")] mod b; mod c;"),
            source("crates/a/src/tests/mod.rs", ""),
            source("crates/a/src/tests/deep.rs", ""),
            source("crates/a/src/b.rs", ""),
            source("crates/a/src/c.rs", "#[cfg(test)] mod mock;"),
            source("crates/a/src/c/mock.rs", ""),
        ]);
        let paths: Vec<_> = kept.iter().map(SourceFile::in_crate).collect();
        assert_eq!(paths, ["lib.rs", "b.rs", "c.rs"]);
    }

    #[test]
    fn a_syntax_error_has_its_line() {
        let error = SourceFile::new("a.rs", "fn a() {}\nfn {").err().unwrap();
        assert!(format!("{error:?}").contains("a.rs:2"), "{error:?}");
    }
}
