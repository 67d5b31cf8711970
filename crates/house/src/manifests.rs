//! Versions of dependencies, names of crates, and features that are chosen once.

use crate::{Failure, Finding, Rule, arrows::Member};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// Versions stand in the root manifest.
pub const VERSIONS: Rule = Rule {
    key: "manifests.versions",
    advice: "put the version into the root manifest and write `workspace = true`",
    source: "docs/decisions/0003-build-time.md",
};

/// A crate is named after its folder.
pub const FOLDER_NAMES: Rule = Rule {
    key: "manifests.names",
    advice: "name the crate after its folder",
    source: "docs/architecture.md, section Crates",
};

/// Finds dependencies of a manifest that have a version of their own.
///
/// # Errors
/// A manifest that is no TOML.
pub fn versions(path: &str, text: &str) -> Result<Vec<Finding>, Failure> {
    let manifest: toml::Table = text.parse().map_err(|error| Failure::new(format!("{path}: {error}")))?;
    let mut found = Vec::new();
    for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (name, dependency) in manifest.get(table).and_then(toml::Value::as_table).into_iter().flatten() {
            if dependency.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                let subject = format!("{path}: {name}");
                found.push(Finding::new(subject, format!("`{table}.{name}` has a version of its own: {path}")));
            }
        }
    }
    Ok(found)
}

/// Finds crates whose names do not follow from their folders.
pub fn folder_names(members: &[Member]) -> Vec<Finding> {
    let mut found = Vec::new();
    for Member { name, folder, .. } in members {
        let (parent, noun) = folder.rsplit_once('/').unwrap_or(("", folder));
        let expected = match parent.rsplit('/').next() {
            Some("pallets") => format!("myelin-pallet-{noun}"),
            Some("subnets") => format!("myelin-subnet-{noun}"),
            _ => format!("myelin-{noun}"),
        };
        if *name != expected {
            found.push(Finding::new(folder, format!("`{name}` should be `{expected}`: crates/{folder}/Cargo.toml")));
        }
    }
    found
}

/// Reads the features that each dependency is compiled with, for dependencies of these kinds.
///
/// # Errors
/// The text of cargo if it cannot resolve the workspace.
pub fn features(kinds: &str) -> Result<BTreeMap<String, BTreeSet<String>>, Failure> {
    let tree = ["tree", "--workspace", "--locked", "--prefix", "none", "--format", "{p}|{f}", "--edges"];
    let tree = Command::new(env!("CARGO")).args(tree).arg(kinds).output()?;
    if !tree.status.success() {
        return Err(Failure::new(String::from_utf8_lossy(&tree.stderr)));
    }
    let mut features = BTreeMap::<_, BTreeSet<_>>::new();
    for line in String::from_utf8(tree.stdout)?.lines() {
        if let Some((package, chosen)) = line.trim_end_matches(" (*)").split_once('|') {
            features.entry(package.to_owned()).or_default().insert(chosen.to_owned());
        }
    }
    Ok(features)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_outside_of_the_root_is_found() {
        let text = "[dependencies]\nserde.workspace = true\ntoml = { workspace = true }\nhex = \"1\"\n[dev-dependencies]\na.path = \"../a\"\n";
        let found = versions("crates/x/Cargo.toml", text).unwrap();
        let found: Vec<_> = found.iter().map(|finding| &*finding.subject).collect();
        assert_eq!(found, ["crates/x/Cargo.toml: hex", "crates/x/Cargo.toml: a"]);
    }

    #[test]
    fn a_crate_with_another_name_than_its_folder_is_found() {
        let member = |name: &str, folder: &str| Member {
            name: name.to_owned(),
            folder: folder.to_owned(),
            needs: BTreeSet::new(),
            tests_need: BTreeSet::new(),
        };
        let right = [
            member("myelin-pallet-keys", "chain/pallets/keys"),
            member("myelin-subnet-kit", "subnets/kit"),
            member("myelin-files", "files"),
        ];
        assert_eq!(folder_names(&right), []);
        let found = folder_names(&[member("myelin-keys", "chain/pallets/keys")]);
        assert_eq!(found[0].text, "`myelin-keys` should be `myelin-pallet-keys`: crates/chain/pallets/keys/Cargo.toml");
    }
}
