//! Rules of the house that no compiler checks. docs/architecture.md

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Crates may depend on crates of a lower level only, or of their own group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Primitives,
    Logic,
    ChainClientOrNet,
    Subnet,
    Program,
    Testing,
}

/// Where a crate's folder stands, and the group within which crates may depend on each other.
fn place(folder: &str) -> Option<(Level, &str)> {
    let group = folder.split('/').next()?;
    let level = match group {
        "primitives" => Level::Primitives,
        "logic" => Level::Logic,
        "chain" | "client" | "net" => Level::ChainClientOrNet,
        "subnets" => Level::Subnet,
        "apps" => Level::Program,
        "testing" => Level::Testing,
        _ => return None,
    };
    Some((level, group))
}

fn workspace() -> Metadata {
    MetadataCommand::new().no_deps().exec().expect("the workspace can be read")
}

fn folder(metadata: &Metadata, package: &Package) -> String {
    let manifest = package.manifest_path.parent().expect("a manifest is in a folder");
    let crates = metadata.workspace_root.join("crates");
    manifest.strip_prefix(&crates).unwrap_or_else(|_| panic!("{manifest} is outside of {crates}")).to_string()
}

#[test]
fn arrows_point_down() {
    let metadata = workspace();
    let folders: BTreeMap<_, _> =
        metadata.packages.iter().map(|package| (package.name.to_string(), folder(&metadata, package))).collect();
    let mut upward = Vec::new();
    let mut arrows = 0;
    for package in &metadata.packages {
        let (level, group) = place(&folders[&*package.name])
            .unwrap_or_else(|| panic!("{} is in a folder without a level: {}", package.name, folders[&*package.name]));
        let needed = package.dependencies.iter().filter(|needed| needed.kind != DependencyKind::Development);
        for needed in needed.filter_map(|needed| folders.get(&needed.name)) {
            arrows += 1;
            let (below, other) = place(needed).expect("every crate was placed above");
            let same_group = group == other && level != Level::Logic;
            if below >= level && !same_group {
                upward.push(format!("{group}: {} -> {needed}", package.name));
            }
        }
    }
    assert!(upward.is_empty(), "these crates depend on what is not below them: {upward:#?}");
    assert!(arrows > 0, "no crate depends on another: the workspace was not read");
}

#[test]
fn versions_stand_in_one_place() {
    let metadata = workspace();
    for package in &metadata.packages {
        let text = fs::read_to_string(&package.manifest_path).expect("a manifest can be read");
        let manifest: toml::Table = text.parse().expect("cargo has read it before");
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(dependencies) = manifest.get(table).and_then(toml::Value::as_table) else { continue };
            for (name, dependency) in dependencies {
                let from_workspace = dependency.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                assert!(from_workspace, "{}: {table}.{name} has a version of its own", package.manifest_path);
            }
        }
    }
}

#[test]
fn crates_are_named_after_their_folders() {
    let metadata = workspace();
    for package in &metadata.packages {
        let folder = folder(&metadata, package);
        let noun = folder.rsplit('/').next().expect("a folder has a name");
        let expected = match folder.split('/').rev().nth(1) {
            Some("pallets") => format!("myelin-pallet-{noun}"),
            Some("subnets") => format!("myelin-subnet-{noun}"),
            _ => format!("myelin-{noun}"),
        };
        assert_eq!(*package.name, expected, "in crates/{folder}");
    }
}

/// The features that each dependency is compiled with, for dependencies of these kinds.
fn features(kinds: &str) -> BTreeMap<String, BTreeSet<String>> {
    let tree = ["tree", "--workspace", "--locked", "--prefix", "none", "--format", "{p}|{f}", "--edges"];
    let tree = Command::new(env!("CARGO")).args(tree).arg(kinds).output().expect("cargo runs");
    assert!(tree.status.success(), "{tree:?}");
    let mut features = BTreeMap::<_, BTreeSet<_>>::new();
    for line in String::from_utf8(tree.stdout).expect("cargo writes text").lines().filter(|line| !line.is_empty()) {
        let (package, chosen) = line.trim_end_matches(" (*)").split_once('|').expect("that is the format");
        features.entry(package.to_owned()).or_default().insert(chosen.to_owned());
    }
    features
}

/// What runs and what is tested are compiled from the same dependencies, each of them once. decision 0003
#[test]
fn tests_choose_no_features() {
    let (runs, tested) = (features("normal,build"), features("normal,build,dev"));
    let twice = tested.iter().filter(|(package, chosen)| runs.get(*package).is_some_and(|had| !chosen.is_subset(had)));
    let twice: Vec<_> = twice.collect();
    assert!(twice.is_empty(), "let myelin-testing depend on what chooses these features too: {twice:#?}");
    assert!(runs.len() > 100, "no dependencies: the tree was not read");
}

/// All Rust sources below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("its entries too").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What a source cites as `spec PAGE §SECTION`.
fn citations(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("spec ").skip(1).filter_map(|after| {
        let (page, after) = after.split_once(" §")?;
        let page_is_a_name = page.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let end = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
        let section = after[..end].trim_end_matches('.');
        (page_is_a_name && !section.is_empty()).then_some((page, section))
    })
}

/// The numbers of the headings of a page.
fn sections(page: &str) -> BTreeSet<&str> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings.filter_map(|line| line.split_whitespace().nth(1)).map(|number| number.trim_end_matches('.')).collect()
}

#[test]
fn every_section_that_code_cites_is_in_the_specification() {
    let root = workspace().workspace_root.into_std_path_buf();
    let mut files = Vec::new();
    sources(&root.join("crates"), &mut files);
    let mut missing = BTreeSet::new();
    let mut cited = 0;
    for file in files {
        let text = fs::read_to_string(&file).expect("a source is text");
        for (page, section) in citations(&text) {
            let rules = fs::read_to_string(root.join("docs/spec").join(page).with_extension("md")).unwrap_or_default();
            cited += 1;
            if !sections(&rules).contains(section) {
                missing.insert(format!("{}: spec {page} §{section}", file.display()));
            }
        }
    }
    assert!(missing.is_empty(), "not in docs/spec: {missing:#?}");
    assert!(cited > 0, "no source cites the specification: the sources were not read");
}
