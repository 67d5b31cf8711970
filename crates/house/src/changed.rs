//! The crates that a change affects.

use crate::arrows::Member;
use std::collections::BTreeSet;

/// Files that affect every crate.
const SHARED_FILES: &[&str] = &[".cargo/config.toml", "Cargo.lock", "Cargo.toml", "clippy.toml", "rust-toolchain.toml"];

/// Crates that are slow to build and that only `make test` compiles for a change below them.
const SLOW: &[&str] = &["myelin-node", "myelin-runtime", "myelin-testing"];

/// The reach of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The crates with changed files.
    Direct,
    /// Those that depend on them too, but for the slow ones.
    Dependents,
    /// Those that depend on them too.
    All,
}

/// Returns the names of crates that changed files affect, as far as `reach`. Paths are from the root of the workspace.
pub fn affected<'a>(members: &'a [Member], files: &[String], reach: Reach) -> BTreeSet<&'a str> {
    if files.iter().any(|file| SHARED_FILES.contains(&&**file)) {
        return members.iter().map(|member| &*member.name).collect();
    }
    let direct: BTreeSet<_> = files.iter().filter_map(|file| member_of(members, file)).collect();
    let is_left_out = |name: &str| reach == Reach::Dependents && SLOW.contains(&name) && !direct.contains(name);
    let mut found = direct.clone();
    if reach == Reach::Direct {
        return found;
    }
    loop {
        let dependents = members.iter().filter(|member| {
            let name = &*member.name;
            !found.contains(name) && !is_left_out(name) && member.needs.iter().any(|needed| found.contains(&**needed))
        });
        let dependents: Vec<_> = dependents.map(|member| &*member.name).collect();
        if dependents.is_empty() {
            break;
        }
        found.extend(dependents);
    }
    let tested = members.iter().filter(|member| {
        !is_left_out(&member.name) && member.tests_need.iter().any(|needed| found.contains(&**needed))
    });
    let tested: Vec<_> = tested.map(|member| &*member.name).collect();
    found.extend(tested);
    found
}

/// Returns the crate that a file is of.
fn member_of<'a>(members: &'a [Member], file: &str) -> Option<&'a str> {
    let inside = file.strip_prefix("crates/")?;
    let owners =
        members.iter().filter(|member| inside.strip_prefix(&*member.folder).is_some_and(|rest| rest.starts_with('/')));
    owners.max_by_key(|member| member.folder.len()).map(|member| &*member.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Vec<Member> {
        let member = |name: &str, folder: &str, needs: &[&str], tests_need: &[&str]| Member {
            name: name.to_owned(),
            folder: folder.to_owned(),
            needs: needs.iter().map(|name| (*name).to_owned()).collect(),
            tests_need: tests_need.iter().map(|name| (*name).to_owned()).collect(),
        };
        vec![
            member("myelin-primitives", "primitives", &[], &[]),
            member("myelin-pallet-keys", "chain/pallets/keys", &["myelin-primitives"], &[]),
            member("myelin-runtime", "chain/runtime", &["myelin-pallet-keys"], &[]),
            member("myelin-runtime-api", "chain/runtime-api", &[], &[]),
            member("myelin-node", "chain/node", &["myelin-runtime"], &["myelin-client"]),
            member("myelin-client", "client/client", &["myelin-primitives"], &[]),
            member("myelin-testing", "testing", &["myelin-runtime", "myelin-client"], &[]),
            member("myelin-cli", "apps/cli", &["myelin-client"], &["myelin-testing"]),
        ]
    }

    fn names(files: &[&str], reach: Reach) -> Vec<String> {
        let files: Vec<_> = files.iter().map(|file| (*file).to_owned()).collect();
        affected(&workspace(), &files, reach).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn dependents_are_followed_but_the_slow_ones() {
        let file = ["crates/chain/pallets/keys/src/lib.rs"];
        assert_eq!(names(&file, Reach::Direct), ["myelin-pallet-keys"]);
        assert_eq!(names(&file, Reach::Dependents), ["myelin-pallet-keys"]);
        let all = ["myelin-cli", "myelin-node", "myelin-pallet-keys", "myelin-runtime", "myelin-testing"];
        assert_eq!(names(&file, Reach::All), all);
        let client = ["myelin-cli", "myelin-client"];
        assert_eq!(names(&["crates/client/client/metadata.scale"], Reach::Dependents), client);
    }

    #[test]
    fn a_slow_crate_that_changed_is_followed() {
        let with_tests = ["myelin-cli", "myelin-testing"];
        assert_eq!(names(&["crates/testing/src/lib.rs"], Reach::Dependents), with_tests);
        assert_eq!(names(&["crates/chain/runtime-api/src/lib.rs"], Reach::Dependents), ["myelin-runtime-api"]);
    }

    #[test]
    fn the_root_manifest_affects_all_and_pages_affect_none() {
        assert_eq!(names(&["Cargo.lock", "README.md"], Reach::Dependents).len(), workspace().len());
        assert_eq!(names(&["README.md", "docs/cli.md", "crates/new/src/lib.rs"], Reach::All), [""; 0]);
    }
}
