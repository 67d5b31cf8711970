//! Arrows between crates: levels, groups and chains. docs/architecture.md
//!
//! A crate depends on crates of lower levels, and on those of its own group that stand left of it in a chain. Dependencies
//! of tests are free.

use crate::{Failure, Finding, Rule};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Each crate is in a folder that has a level.
pub const FOLDERS: Rule = Rule {
    key: "arrows.folders",
    advice: "move the crate into a folder of the table, or give its folder a level in crates/house/src/arrows.rs",
    source: "CONTRIBUTING.md, rule H-1",
};

/// Arrows point down.
pub const UPWARD: Rule = Rule {
    key: "arrows.upward",
    advice: "depend on crates below only, or move what both need down",
    source: "CONTRIBUTING.md, rules H-1 to H-4",
};

/// Crates of one level that may depend on each other along chains.
struct Group {
    level: u8,
    /// Folders below `crates`; `x/*` is any folder of `x` that no other member names.
    members: &'static [&'static str],
    /// A crate may depend on those to its left.
    chains: &'static [&'static [&'static str]],
}

const GROUPS: &[Group] = &[
    Group { level: 0, members: &["primitives", "diagnostic", "files"], chains: &[&["diagnostic", "files"]] },
    Group { level: 1, members: &["logic/economics", "logic/mixture", "logic/yuma"], chains: &[] },
    Group { level: 2, members: &["records"], chains: &[] },
    Group { level: 3, members: &["epoch"], chains: &[] },
    Group {
        level: 4,
        members: &[
            "chain/pallets/authorities",
            "chain/pallets/emission",
            "chain/pallets/keys",
            "chain/pallets/market",
            "chain/pallets/neurons",
            "chain/pallets/rewards",
            "chain/pallets/staking",
            "chain/pallets/subnets",
            "chain/pallets/weights",
            "chain/runtime-api",
            "chain/runtime",
            "chain/node",
        ],
        chains: &[
            &[
                "chain/pallets/keys",
                "chain/pallets/subnets",
                "chain/pallets/staking",
                "chain/pallets/neurons",
                "chain/pallets/weights",
                "chain/pallets/market",
                "chain/pallets/emission",
                "chain/pallets/rewards",
                "chain/runtime",
                "chain/node",
            ],
            &[
                "chain/pallets/keys",
                "chain/pallets/subnets",
                "chain/pallets/staking",
                "chain/pallets/neurons",
                "chain/pallets/authorities",
                "chain/runtime",
            ],
            &["chain/runtime-api", "chain/runtime", "chain/node"],
        ],
    },
    Group {
        level: 4,
        members: &["client/keys", "client/client", "client/explain", "client/watch", "client/sources"],
        chains: &[&["client/keys", "client/client", "client/explain", "client/watch"]],
    },
    Group {
        level: 4,
        members: &["net/wire", "net/neuron", "net/content"],
        chains: &[&["net/wire", "net/neuron", "net/content"]],
    },
    Group {
        level: 5,
        members: &["subnets/kit", "subnets/model", "subnets/*"],
        chains: &[&["subnets/kit", "subnets/*"], &["subnets/model", "subnets/*"]],
    },
    Group {
        level: 6,
        members: &[
            "apps/local",
            "apps/explorer",
            "apps/gateway",
            "apps/simulator",
            "apps/python",
            "apps/cli",
            "apps/*",
        ],
        chains: &[
            &["apps/local", "apps/cli"],
            &["apps/explorer", "apps/cli"],
            &["apps/gateway", "apps/cli"],
            &["apps/simulator", "apps/python"],
        ],
    },
    Group { level: 7, members: &["testing", "house", "fuzz"], chains: &[] },
];

/// Arrows that are forbidden although they point down: from, to, the reason.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("net/", "chain/", "the network of neurons knows no chain (H-2)"),
    ("net/", "client/", "the network of neurons knows no chain (H-2)"),
    ("net/", "records", "the network of neurons knows no chain (H-2)"),
    ("net/", "epoch", "the network of neurons knows no chain (H-2)"),
    ("net/", "subxt", "the network of neurons knows no chain (H-2)"),
    ("client/", "chain/", "the chain is met through its metadata and `records` (H-4)"),
    ("subnets/", "chain/", "the chain is met through its metadata and `records` (H-4)"),
    ("apps/", "chain/", "the chain is met through its metadata and `records` (H-4)"),
    ("house", "", "the tests of the house depend on no other crate, so that they run in seconds"),
];

/// A crate of the workspace.
#[derive(Clone, Debug)]
pub struct Member {
    /// The name of the package.
    pub name: String,
    /// The folder below `crates`.
    pub folder: String,
    /// Names of packages that the library or program depends on, or its build.
    pub needs: BTreeSet<String>,
    /// Names of packages that only its tests depend on.
    pub tests_need: BTreeSet<String>,
}

/// Reads the manifests of the workspace, without resolving them.
///
/// # Errors
/// The text of cargo if it cannot read a manifest.
pub fn metadata(root: &Path) -> Result<Metadata, Failure> {
    Ok(MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec()?)
}

/// Returns all crates of the workspace.
pub fn members(metadata: &Metadata) -> Vec<Member> {
    let crates = metadata.workspace_root.join("crates");
    let names = |package: &cargo_metadata::Package, tests: bool| {
        let needed = package.dependencies.iter();
        let needed = needed.filter(|needed| (needed.kind == DependencyKind::Development) == tests);
        needed.map(|needed| needed.name.clone()).collect()
    };
    let member = |package: &cargo_metadata::Package| {
        let manifest = package.manifest_path.parent().unwrap_or(&package.manifest_path);
        Member {
            name: package.name.to_string(),
            folder: manifest.strip_prefix(&crates).unwrap_or(manifest).to_string(),
            needs: names(package, false),
            tests_need: names(package, true),
        }
    };
    metadata.packages.iter().map(member).collect()
}

fn matches(pattern: &str, folder: &str, group: &Group) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => {
            folder.strip_prefix(prefix).is_some_and(|name| !name.contains('/')) && !group.members.contains(&folder)
        }
        None => pattern == folder,
    }
}

fn group(folder: &str) -> Option<(usize, &'static Group)> {
    let is_in = |group: &&Group| group.members.iter().any(|member| matches(member, folder, group));
    GROUPS.iter().enumerate().find(|(_, group)| is_in(group))
}

/// Returns true if the table allows an arrow from one folder to another, `None` if one of them has no level.
fn is_allowed(from: &str, to: &str) -> Option<bool> {
    let ((from_group, group_of_from), (to_group, group_of_to)) = (group(from)?, group(to)?);
    if group_of_to.level < group_of_from.level {
        return Some(true);
    }
    let in_chain = |chain: &&[&str]| {
        let place = |folder| chain.iter().position(|pattern| matches(pattern, folder, group_of_from));
        place(to).zip(place(from)).is_some_and(|(to, from)| to < from)
    };
    Some(from_group == to_group && group_of_from.chains.iter().any(in_chain))
}

/// Finds crates in folders without a level.
pub fn folders(members: &[Member]) -> Vec<Finding> {
    let lost = members.iter().filter(|member| group(&member.folder).is_none());
    lost.map(|member| {
        Finding::new(
            &member.folder,
            format!("`{}` is in a folder without a level: crates/{}", member.name, member.folder),
        )
    })
    .collect()
}

/// Finds arrows that point up or sideways, or that are forbidden.
pub fn upward(members: &[Member]) -> Vec<Finding> {
    let folders: BTreeMap<_, _> = members.iter().map(|member| (&*member.name, &*member.folder)).collect();
    let mut found = Vec::new();
    for member in members {
        let from = &*member.folder;
        for needed in &member.needs {
            let inside = folders.get(&**needed).copied();
            let to = inside.unwrap_or(needed);
            let forbidden = FORBIDDEN.iter().find(|(source, target, _)| {
                let is_ours = inside.is_some() || *target == "subxt";
                is_ours && from.starts_with(source) && to.starts_with(target)
            });
            let reason = match forbidden {
                Some((.., reason)) => *reason,
                None if inside.is_some() && is_allowed(from, to) == Some(false) => "the arrow does not point down",
                None => continue,
            };
            let text = format!("`{}` depends on `{needed}`: crates/{from}/Cargo.toml: {reason}", member.name);
            found.push(Finding::new(format!("{from} -> {to}"), text));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(arrows: &[(&str, &[&str])]) -> Vec<Member> {
        let member = |(folder, needs): &(&str, &[&str])| Member {
            name: (*folder).to_owned(),
            folder: (*folder).to_owned(),
            needs: needs.iter().map(|name| (*name).to_owned()).collect(),
            tests_need: BTreeSet::new(),
        };
        arrows.iter().map(member).collect()
    }

    fn subjects(arrows: &[(&str, &[&str])]) -> Vec<String> {
        upward(&planted(arrows)).into_iter().map(|finding| finding.subject).collect()
    }

    #[test]
    fn a_folder_without_a_level_is_found() {
        let found =
            folders(&planted(&[("primitives", &[]), ("neuron", &[]), ("logic/wire", &[]), ("apps/agent", &[])]));
        let found: Vec<_> = found.into_iter().map(|finding| finding.subject).collect();
        assert_eq!(found, ["neuron", "logic/wire"]);
    }

    #[test]
    fn an_upward_arrow_is_found() {
        let tree: &[(&str, &[&str])] = &[
            ("primitives", &["records"]),
            ("records", &["primitives"]),
            ("epoch", &["records", "client/keys"]),
            ("client/keys", &[]),
        ];
        assert_eq!(subjects(tree), ["primitives -> records", "epoch -> client/keys"]);
        let found = upward(&planted(tree));
        assert_eq!(
            found[0].text,
            "`primitives` depends on `records`: crates/primitives/Cargo.toml: the arrow does not point down"
        );
    }

    #[test]
    fn groups_of_one_level_do_not_meet() {
        let tree: &[(&str, &[&str])] =
            &[("net/neuron", &["client/client"]), ("client/client", &["net/wire"]), ("net/wire", &[])];
        assert_eq!(subjects(tree), ["net/neuron -> client/client", "client/client -> net/wire"]);
    }

    #[test]
    fn chains_have_one_direction() {
        let down: &[(&str, &[&str])] = &[
            ("files", &["diagnostic"]),
            ("diagnostic", &[]),
            ("chain/pallets/weights", &["chain/pallets/keys", "chain/pallets/neurons"]),
            ("chain/pallets/neurons", &["chain/pallets/keys"]),
            ("chain/pallets/keys", &[]),
            ("chain/pallets/authorities", &["chain/pallets/neurons"]),
            ("subnets/text", &["subnets/kit"]),
            ("subnets/kit", &[]),
            ("apps/cli", &["apps/local", "subnets/text"]),
            ("apps/local", &["subnets/kit"]),
        ];
        assert_eq!(subjects(down), [""; 0]);
        let up: &[(&str, &[&str])] = &[
            ("diagnostic", &["files"]),
            ("files", &[]),
            ("chain/pallets/keys", &["chain/pallets/staking"]),
            ("chain/pallets/staking", &[]),
            ("subnets/kit", &["subnets/text"]),
            ("subnets/text", &["subnets/images"]),
            ("subnets/images", &[]),
            ("logic/yuma", &["logic/economics"]),
            ("logic/economics", &[]),
            ("apps/local", &["apps/cli"]),
            ("apps/cli", &["apps/agent"]),
            ("apps/agent", &[]),
        ];
        let expected = [
            "diagnostic -> files",
            "chain/pallets/keys -> chain/pallets/staking",
            "subnets/kit -> subnets/text",
            "subnets/text -> subnets/images",
            "logic/yuma -> logic/economics",
            "apps/local -> apps/cli",
            "apps/cli -> apps/agent",
        ];
        assert_eq!(subjects(up), expected);
    }

    #[test]
    fn arrows_that_point_down_may_be_forbidden() {
        let tree: &[(&str, &[&str])] = &[
            ("net/neuron", &["records", "subxt-signer", "primitives"]),
            ("apps/cli", &["chain/runtime", "records"]),
            ("subnets/kit", &["chain/pallets/keys"]),
            ("house", &["primitives", "subxt"]),
            ("testing", &["chain/runtime"]),
            ("chain/runtime", &[]),
            ("chain/pallets/keys", &[]),
            ("records", &[]),
            ("primitives", &[]),
        ];
        let expected = [
            "net/neuron -> records",
            "net/neuron -> subxt-signer",
            "apps/cli -> chain/runtime",
            "subnets/kit -> chain/pallets/keys",
            "house -> primitives",
        ];
        assert_eq!(subjects(tree), expected);
    }
}
