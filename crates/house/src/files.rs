//! Roles of files: one file for each role in every pallet, pure crates, imports. docs/architecture.md

use crate::{
    Finding, Rule,
    source::{SourceFile, idents, items},
};
use std::collections::{BTreeMap, BTreeSet};
use syn::{Attribute, ImplItem, Item, Meta, Type, UseTree};

/// The same role has the same file in every pallet.
pub const ROLES: Rule =
    Rule { key: "files.roles", advice: "put each role into its file", source: "CONTRIBUTING.md, rule H-9" };

/// Each pallet has a storage version.
pub const STORAGE_VERSION: Rule = Rule {
    key: "files.storage-version",
    advice: "declare `#[pallet::storage_version]`, and keep a migration in migrations/v<n>.rs until its release has run",
    source: "CONTRIBUTING.md, rule H-13, and decision 0017",
};

/// Siblings import from the module that defines a type.
pub const ROOT_IMPORTS: Rule = Rule {
    key: "files.root-imports",
    advice: "import from the module that defines the type; lib.rs only declares and re-exports",
    source: "CONTRIBUTING.md, rule H-14",
};

/// Pure crates forbid what the primitives forbid.
pub const PURE: Rule = Rule {
    key: "files.pure",
    advice: "copy the attributes from the top of crates/primitives/src/lib.rs",
    source: "CONTRIBUTING.md, rule H-5",
};

const PALLETS: &str = "crates/chain/pallets/";

/// The crate whose modules import from each other, not from its root.
const CLIENT: &str = "crates/client/client";

const MAX_PALLET_LINES: usize = 800;
const MAX_ERRORS: usize = 40;

/// Files of roles under names of before, and what they are called now.
const OLD_NAMES: &[(&str, &str)] = &[("idle.rs", "hooks.rs"), ("read.rs", "reads.rs"), ("tick.rs", "hooks.rs")];

/// Files that every pallet has.
const PALLET_FILES: &[&str] = &["benchmarking.rs", "invariants.rs", "lib.rs", "mock.rs", "tests/mod.rs", "weights.rs"];

/// Finds roles of pallets in other files than theirs. `files` are the paths of all sources, `sources` those without tests.
pub fn roles(files: &[String], sources: &[SourceFile]) -> Vec<Finding> {
    let mut pallets = BTreeMap::<_, BTreeSet<_>>::new();
    for file in files {
        let inside = file.strip_prefix(PALLETS).and_then(|rest| rest.split_once("/src/"));
        if let Some((pallet, file)) = inside {
            pallets.entry(pallet).or_default().insert(file);
        }
    }
    let mut found = Vec::new();
    for (pallet, files) in &pallets {
        let folder = format!("{PALLETS}{pallet}/src");
        for file in PALLET_FILES.iter().filter(|file| !files.contains(**file)) {
            found
                .push(Finding::new(format!("{folder}/{file}"), format!("every pallet has this file: {folder}/{file}")));
        }
        for (old, new) in OLD_NAMES.iter().filter(|(old, _)| files.contains(old)) {
            let text = format!("`{old}` is called `{new}` in every pallet: {folder}/{old}");
            found.push(Finding::new(format!("{folder}/{old}"), text));
        }
        let of_pallet: Vec<_> =
            sources.iter().filter(|source| source.path.starts_with(&format!("{folder}/"))).collect();
        let has_hooks = of_pallet.iter().any(|source| defines_hook(source));
        match (has_hooks, files.contains("hooks.rs")) {
            (true, false) => {
                let text = format!("what `on_initialize` and `on_idle` run is in hooks.rs: {folder}/lib.rs");
                found.push(Finding::new(format!("{folder}/hooks.rs"), text));
            }
            (false, true) => {
                let text =
                    format!("without hooks of FRAME, reactions to pallets are in listeners.rs: {folder}/hooks.rs");
                found.push(Finding::new(format!("{folder}/hooks.rs"), text));
            }
            _ => {}
        }
        for source in of_pallet {
            misplaced(source, &mut found);
            oversized(source, &mut found);
        }
    }
    found
}

fn defines_hook(source: &SourceFile) -> bool {
    items(&source.syntax).iter().any(|item| {
        let Item::Impl(item) = item else { return false };
        let is_hooks =
            item.trait_.as_ref().and_then(|(_, of, _)| of.segments.last()).is_some_and(|of| of.ident == "Hooks");
        is_hooks
            && item.items.iter().any(|item| {
                matches!(item, ImplItem::Fn(item) if item.sig.ident == "on_initialize" || item.sig.ident == "on_idle")
            })
    })
}

/// Finds implementations and functions of a source that have a file of their own.
fn misplaced(source: &SourceFile, found: &mut Vec<Finding>) {
    let file = source.in_crate();
    for item in items(&source.syntax) {
        let Item::Impl(item) = item else { continue };
        let of = item.trait_.as_ref().and_then(|(_, of, _)| of.segments.last()).map(|of| of.ident.to_string());
        let on_pallet = matches!(&*item.self_ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Pallet"));
        let line = item.impl_token.span.start().line;
        let mut report = |what: &str, role: &str, line: usize| {
            if role != file {
                let subject = format!("{}: {what}", source.path);
                found.push(Finding::new(subject, format!("`{what}` belongs into {role}: {}:{line}", source.path)));
            }
        };
        if let Some(of) = &of
            && let Some(role) = role_of(of, on_pallet, &item.self_ty)
        {
            report(of, role, line);
        }
        for function in &item.items {
            let ImplItem::Fn(function) = function else { continue };
            let line = function.sig.ident.span().start().line;
            match function.sig.ident.to_string().as_str() {
                "check_free_call" => report("check_free_call", "free.rs", line),
                "do_try_state" => report("do_try_state", "invariants.rs", line),
                _ => {}
            }
        }
    }
}

/// Returns the file in which a pallet implements a trait.
fn role_of(of: &str, on_pallet: bool, self_type: &Type) -> Option<&'static str> {
    let continues =
        |prefix: &str| of.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    if on_pallet && (continues("Read") || matches!(of, "CountSeats" | "Keys" | "RootSeats")) {
        return Some("reads.rs");
    }
    if on_pallet && continues("On") {
        return Some("listeners.rs");
    }
    let is_code =
        matches!(self_type, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "PoolCode"));
    (of == "From" && is_code).then_some("free.rs")
}

/// Finds a pallet with too many lines in its root, or too many errors.
fn oversized(source: &SourceFile, found: &mut Vec<Finding>) {
    if source.in_crate() != "lib.rs" {
        return;
    }
    let lines = source.text.lines().count();
    if lines > MAX_PALLET_LINES {
        let text = format!("{lines} lines, at most {MAX_PALLET_LINES} are allowed: {}", source.path);
        found.push(Finding::new(format!("{}: lines", source.path), text));
    }
    for item in items(&source.syntax) {
        if let Item::Enum(item) = item
            && item.ident == "Error"
            && item.variants.len() > MAX_ERRORS
        {
            let line = item.ident.span().start().line;
            let text =
                format!("{} errors, at most {MAX_ERRORS} are allowed: {}:{line}", item.variants.len(), source.path);
            found.push(Finding::new(format!("{}: errors", source.path), text));
        }
    }
}

/// Finds pallets without a storage version, and migrations to versions that they do not have.
pub fn storage_versions(files: &[String], sources: &[SourceFile]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources {
        if !source.path.starts_with(PALLETS) || source.in_crate() != "lib.rs" {
            continue;
        }
        let folder = source.path.trim_end_matches("/lib.rs");
        let Some(version) = storage_version(source) else {
            found.push(Finding::new(&source.path, format!("the pallet declares no storage version: {}", source.path)));
            continue;
        };
        let migrations = format!("{folder}/migrations/");
        for file in files.iter().filter(|file| file.starts_with(&migrations) && !file.ends_with("/mod.rs")) {
            let number = file[migrations.len()..].strip_prefix('v').and_then(|rest| rest.strip_suffix(".rs"));
            if !number
                .and_then(|number| number.parse().ok())
                .is_some_and(|number: u64| number >= 1 && number <= version)
            {
                let text = format!("a migration is called v<n>.rs, up to v{version}.rs: {file}");
                found.push(Finding::new(file, text));
            }
        }
    }
    found
}

/// Returns the number in `StorageVersion::new` if the pallet has the attribute.
fn storage_version(source: &SourceFile) -> Option<u64> {
    let has_attribute = items(&source.syntax).iter().any(|item| {
        matches!(item, Item::Struct(item) if item.attrs.iter().any(|attribute| {
            attribute.path().segments.last().is_some_and(|last| last.ident == "storage_version")
        }))
    });
    let (_, after) = source.text.split_once("StorageVersion::new(")?;
    let number = after.split(')').next()?.trim().parse().ok()?;
    (has_attribute && number >= 1).then_some(number)
}

/// Finds imports of types through the root of the client, and definitions in its root.
pub fn root_imports(sources: &[SourceFile]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.crate_folder() == CLIENT) {
        for item in items(&source.syntax) {
            if let Item::Use(item) = item {
                let line = item.use_token.span.start().line;
                for name in from_root(&item.tree) {
                    let text = format!("`{name}` is imported through the crate root: {}:{line}", source.path);
                    found.push(Finding::new(&source.path, text));
                }
            }
        }
        if source.in_crate() == "lib.rs" {
            let defined = source.syntax.items.iter().filter_map(defined_name);
            for name in defined {
                let text = format!("`{name}` is defined in the crate root: {}", source.path);
                found.push(Finding::new(format!("{}: {name}", source.path), text));
            }
        }
    }
    found
}

/// Returns the capitalised names that an import takes from the root of the crate.
fn from_root(tree: &UseTree) -> Vec<String> {
    fn names(tree: &UseTree, found: &mut Vec<String>) {
        match tree {
            UseTree::Name(name) => found.push(name.ident.to_string()),
            UseTree::Rename(name) => found.push(name.ident.to_string()),
            UseTree::Path(path) => found.push(path.ident.to_string()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| names(tree, found)),
            UseTree::Glob(_) => {}
        }
    }
    let mut found = Vec::new();
    if let UseTree::Path(path) = tree
        && path.ident == "crate"
    {
        names(&path.tree, &mut found);
    }
    found.retain(|name| name.starts_with(|letter: char| letter.is_ascii_uppercase()));
    found
}

/// Returns the name that an item of the root defines.
fn defined_name(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Trait(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        Item::Fn(item) => Some(item.sig.ident.to_string()),
        Item::Const(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

/// Returns true if a folder below `crates` has rules that build without the standard library.
pub fn is_pure(folder: &str) -> bool {
    matches!(folder, "crates/diagnostic" | "crates/epoch" | "crates/primitives" | "crates/records")
        || folder.starts_with("crates/logic/")
}

/// Finds pure crates that do not forbid what the primitives forbid.
pub fn pure(sources: &[SourceFile]) -> Vec<Finding> {
    let roots = || sources.iter().filter(|source| source.in_crate() == "lib.rs");
    let Some(primitives) = roots().find(|source| source.crate_folder() == "crates/primitives") else {
        return vec![Finding::new("crates/primitives", "there are no primitives to compare with")];
    };
    let model = inner_words(&primitives.syntax.attrs);
    let mut found = Vec::new();
    for source in roots().filter(|source| is_pure(source.crate_folder())) {
        let words = inner_words(&source.syntax.attrs);
        let missing: Vec<_> = model.difference(&words).map(|word| &**word).collect();
        if !missing.is_empty() {
            let text = format!("attributes without {}: {}", missing.join(", "), source.path);
            found.push(Finding::new(&source.path, text));
        }
    }
    found
}

/// Returns all words of the attributes at the top of a crate, but for documentation.
fn inner_words(attributes: &[Attribute]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for attribute in attributes {
        if let Meta::List(list) = &attribute.meta {
            words.extend(list.path.segments.iter().map(|segment| segment.ident.to_string()));
            words.extend(idents(&list.tokens));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "crates/chain/pallets/keys/src/lib.rs";

    fn planted(files: &[(&str, &str)]) -> (Vec<String>, Vec<SourceFile>) {
        let path = |file: &str| format!("{PALLETS}keys/src/{file}");
        let sources = files.iter().map(|(file, text)| SourceFile::new(&path(file), text).unwrap()).collect();
        (files.iter().map(|(file, _)| path(file)).chain(PALLET_FILES.iter().map(|file| path(file))).collect(), sources)
    }

    fn texts(found: &[Finding]) -> Vec<&str> {
        found.iter().map(|finding| &*finding.text).collect()
    }

    fn misplaced_in(files: &[(&str, &str)]) -> Vec<String> {
        let (files, sources) = planted(files);
        roles(&files, &sources).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn a_role_in_another_file_is_found() {
        let text = "impl<T: Config> ReadSeats<T::AccountId> for Pallet<T> {} impl<T> OnSeat for Pallet<T> {}
            impl<T> Pallet<T> { fn check_free_call() {}\n fn do_try_state() {} } impl<T> From<&Error<T>> for PoolCode {}
            impl ReadSeats for Table {} impl<T> Once for Pallet<T> {} impl<T> Ready for Pallet<T> {}";
        let expected = [
            "`ReadSeats` belongs into reads.rs: crates/chain/pallets/keys/src/state.rs:1",
            "`OnSeat` belongs into listeners.rs: crates/chain/pallets/keys/src/state.rs:1",
            "`check_free_call` belongs into free.rs: crates/chain/pallets/keys/src/state.rs:2",
            "`do_try_state` belongs into invariants.rs: crates/chain/pallets/keys/src/state.rs:3",
            "`From` belongs into free.rs: crates/chain/pallets/keys/src/state.rs:3",
        ];
        assert_eq!(misplaced_in(&[("state.rs", text)]), expected);
        assert_eq!(misplaced_in(&[("reads.rs", "impl<T> CountSeats for Pallet<T> {}")]), [""; 0]);
    }

    #[test]
    fn files_of_before_and_missing_files_are_found() {
        let hook = "impl<T> Hooks<u32> for Pallet<T> { fn on_idle() {} }";
        assert_eq!(misplaced_in(&[("lib.rs", hook), ("hooks.rs", "")]), [""; 0]);
        let expected = [
            "`tick.rs` is called `hooks.rs` in every pallet: crates/chain/pallets/keys/src/tick.rs",
            "what `on_initialize` and `on_idle` run is in hooks.rs: crates/chain/pallets/keys/src/lib.rs",
        ];
        assert_eq!(misplaced_in(&[("lib.rs", hook), ("tick.rs", "")]), expected);
        assert!(misplaced_in(&[("hooks.rs", "")])[0].contains("listeners.rs"));
        let found = roles(&[LIB.to_owned()], &[]);
        assert_eq!(found.len(), PALLET_FILES.len() - 1);
        assert_eq!(found[1].text, "every pallet has this file: crates/chain/pallets/keys/src/invariants.rs");
    }

    #[test]
    fn a_large_pallet_is_found() {
        let errors = (0..41).map(|number| format!("E{number}")).collect::<Vec<_>>().join(",\n");
        let found = misplaced_in(&[("lib.rs", &format!("{}enum Error {{ {errors} }}", "\n".repeat(790)))]);
        let expected = [
            "831 lines, at most 800 are allowed: crates/chain/pallets/keys/src/lib.rs",
            "41 errors, at most 40 are allowed: crates/chain/pallets/keys/src/lib.rs:791",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_pallet_without_a_storage_version_is_found() {
        let versioned = "mod pallet { const V: StorageVersion = StorageVersion::new(2); #[pallet::pallet]
            #[pallet::storage_version(V)] pub struct Pallet<T>(T); }";
        let (mut files, sources) = planted(&[("lib.rs", versioned)]);
        files.extend(["migrations/mod.rs", "migrations/v2.rs"].map(|file| format!("{PALLETS}keys/src/{file}")));
        assert_eq!(storage_versions(&files, &sources), []);
        files.push(format!("{PALLETS}keys/src/migrations/v3.rs"));
        let found = storage_versions(&files, &sources);
        let expected = "a migration is called v<n>.rs, up to v2.rs: crates/chain/pallets/keys/src/migrations/v3.rs";
        assert_eq!(texts(&found), [expected]);
        for text in [versioned.replace("#[pallet::storage_version(V)]", ""), versioned.replace("new(2)", "new(0)")] {
            let (files, sources) = planted(&[("lib.rs", &text)]);
            let expected = format!("the pallet declares no storage version: {LIB}");
            assert_eq!(texts(&storage_versions(&files, &sources)), [&*expected]);
        }
    }

    #[test]
    fn an_import_through_the_root_is_found() {
        let source = |file: &str, text: &str| SourceFile::new(&format!("{CLIENT}/src/{file}"), text).unwrap();
        let sources = [
            source(
                "a.rs",
                "use crate::{ChainError, calls::Call, link}; use crate::Chain as C; use crate::error::Hint;",
            ),
            source("lib.rs", "mod a; pub use a::Call; pub type Client = u8;"),
        ];
        let expected = [
            "`ChainError` is imported through the crate root: crates/client/client/src/a.rs:1",
            "`Chain` is imported through the crate root: crates/client/client/src/a.rs:1",
            "`Client` is defined in the crate root: crates/client/client/src/lib.rs",
        ];
        assert_eq!(texts(&root_imports(&sources)), expected);
    }

    #[test]
    fn a_pure_crate_that_forbids_less_is_found() {
        let source = |folder: &str, text: &str| SourceFile::new(&format!("{folder}/src/lib.rs"), text).unwrap();
        let attributes = "#![cfg_attr(not(feature = \"std\"), no_std)]\n#![forbid(unsafe_code, clippy::panic)]";
        let sources = [
            source("crates/primitives", attributes),
            source("crates/records", &format!("//! A.\n{attributes}")),
            source("crates/epoch", "#![forbid(unsafe_code)]"),
            source("crates/net/wire", ""),
        ];
        let found = pure(&sources);
        assert_eq!(found.len(), 1);
        assert!(found[0].text.ends_with("clippy, feature, no_std, not, panic: crates/epoch/src/lib.rs"), "{found:?}");
    }
}
