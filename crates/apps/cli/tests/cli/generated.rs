//! Tests that compare generated help, schemas, pages and tables with the committed files.

use crate::support::{Home, accept, crate_folder};
use clap::error::ErrorKind;
use myelin_cli::{
    page::{Page, Render},
    reference,
    registry::{self, COMMANDS, GROUPS},
};
use myelin_local::{LocalPreset, NetworkEvent, NetworkStatus, NodePhase, NodeRole, NodeState, NodeStatus};
use std::{
    collections::BTreeSet,
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn the_reference_page_is_committed() {
    accept(&crate_folder().join("../../../docs/cli.md"), &reference::page());
}

#[test]
fn the_schemas_are_committed_and_no_others() {
    let folder = crate_folder().join("schemas");
    let mut names = BTreeSet::new();
    for entry in COMMANDS {
        let (name, schema) = reference::schema(entry);
        accept(&folder.join(&name), &schema);
        names.insert(name);
    }
    for file in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        let known = names.contains(file.file_name().to_str().unwrap());
        if !known && env::var_os("ACCEPT").is_some() {
            fs::remove_file(file.path()).unwrap();
        } else {
            assert!(known, "{} is no command's", file.path().display());
        }
    }
}

#[test]
fn help_is_as_committed() {
    let mut help = String::new();
    let paths = COMMANDS.iter().flat_map(|entry| entry.group().into_iter().chain([entry.path]));
    let mut seen = BTreeSet::new();
    for path in std::iter::once("").chain(paths).filter(|path| seen.insert(*path)) {
        let words = ["myelin"].into_iter().chain(path.split_whitespace()).chain(["--help"]);
        let shown = registry::parser().term_width(100).try_get_matches_from(words).unwrap_err();
        writeln!(help, "$ myelin {path}{}--help\n\n{shown}", if path.is_empty() { "" } else { " " }).unwrap();
    }
    accept(&crate_folder().join("tests/snapshots/help.txt"), &help);
}

/// Returns the words of a shell line, with the syntax that the documents use.
fn words(line: &str) -> Vec<&str> {
    let line = [" #", " | ", " > "].into_iter().fold(line, |line, end| line.split(end).next().unwrap());
    let parts = line.split('\'').enumerate();
    parts
        .flat_map(|(place, part)| if place % 2 == 1 { vec![part] } else { part.split_whitespace().collect() })
        .collect()
}

#[test]
fn what_documents_say_to_type_is_understood() {
    let root = crate_folder().join("../../..");
    let mut pages = vec![root.join("README.md")];
    for folder in ["docs", "docs/benchmarks"] {
        let files = fs::read_dir(root.join(folder)).unwrap().map(|file| file.unwrap().path());
        pages.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    let mut lines = 0;
    for page in pages {
        for line in fs::read_to_string(&page).unwrap().lines().filter(|line| line.starts_with("myelin ")) {
            let understood = registry::parser().try_get_matches_from(words(line));
            assert!(understood.is_ok(), "{}: {line}: {}", page.display(), understood.unwrap_err());
            lines += 1;
        }
    }
    assert!(lines > 100, "{lines} lines: the documents were not read");
}

/// Returns the sources below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// Values in place of the placeholders of a command line.
const PLACEHOLDERS: [(&str, &str); 19] = [
    ("{network}", ""),
    ("{hash:?}", "0x0000000000000000000000000000000000000000000000000000000000000000"),
    ("{signer}", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
    ("{nonce}", "0"),
    ("{after}", "1"),
    ("{valid_until}", "2"),
    ("{block}", "1"),
    ("{netuid}", "1"),
    ("{}", "1"),
    ("{name}", "alice"),
    ("{key}", "coldkey"),
    ("{wallet}", "alice"),
    ("{node}", "alice"),
    ("NETUID", "1"),
    ("UID=WEIGHT", "3=60"),
    ("PARAMETER", "tempo"),
    ("ADDRESS:PORT", "203.0.113.9:8091"),
    ("GROUP", "wallet"),
    ("COMMAND", "create"),
];

/// Returns the command lines that hints, outputs and help of a source name in backticks, without the program.
fn named_commands(source: &str) -> Vec<String> {
    let lines = source.lines().map(str::trim).filter_map(|line| match line.strip_prefix("///") {
        // The comment of an argument is its help.
        Some(help) => Some(help),
        None if line.starts_with("//") => None,
        None => Some(line.trim_end_matches('\\')),
    });
    let text = lines.collect::<Vec<_>>().join(" ");
    let commands = text.split("`myelin ").skip(1).filter_map(|after| Some(after.split_once('`')?.0));
    commands.map(|command| command.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// A command line is complete, or it is the name of a command or a group.
#[test]
fn what_hints_and_help_say_to_type_is_understood() {
    let names: BTreeSet<_> =
        COMMANDS.iter().map(|entry| entry.path).chain(GROUPS.iter().map(|group| group.name)).collect();
    let (mut lines, mut wrong) = (0, String::new());
    for path in ["src", "../local/src"].into_iter().flat_map(|folder| sources(&crate_folder().join(folder))) {
        for command in named_commands(&fs::read_to_string(&path).unwrap()) {
            lines += 1;
            // The headings of the reference page are names too.
            if command == "{}" || names.contains(command.as_str()) {
                continue;
            }
            let line = PLACEHOLDERS.iter().fold(command.clone(), |line, (name, value)| line.replace(name, value));
            match registry::parser().try_get_matches_from(["myelin"].into_iter().chain(line.split_whitespace())) {
                Err(error) if error.kind() != ErrorKind::DisplayHelp => {
                    writeln!(wrong, "{}: {command}: {error}", path.display()).unwrap();
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(lines > 100, "{lines} lines: the sources were not read");
}

#[test]
fn the_built_program_has_this_help() {
    let home = Home::new();
    let said = home.run("network up --help");
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    for word in ["Usage: myelin network up", "--output", "--network", "--wallet", "--yes", "Examples:"] {
        assert!(said.out.contains(word), "no {word} in {}", said.out);
    }
    let said = home.run("network");
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert_eq!(home.run("--version").out.trim(), format!("myelin {}", env!("CARGO_PKG_VERSION")));
}

fn node(name: &str, phase: NodePhase) -> NodeState {
    NodeState {
        name: name.into(),
        role: if name.starts_with("full") { NodeRole::Full } else { NodeRole::Authority },
        phase,
        pid: Some(4711),
        rpc: (phase == NodePhase::Running).then(|| "ws://127.0.0.1:9944".into()),
        metrics: Some("http://127.0.0.1:40363/metrics".into()),
        restarts: 2,
        last_end: (phase != NodePhase::Running).then(|| "killed by signal 9".into()),
    }
}

fn status() -> NetworkStatus {
    let of = |node: NodeState, height: Option<u64>| NodeStatus {
        height,
        finalised: height.map(|height| height - 2),
        peers: height.map(|_| 2),
        runtime: Some("myelin 1".into()),
        memory: Some(207_896_576),
        disk: 1_275_989,
        node,
    };
    NetworkStatus {
        directory: "/home/user/.local/share/myelin/network".into(),
        up: true,
        supervisor: Some(4710),
        nodes: vec![
            of(node("alice", NodePhase::Running), Some(123_456)),
            of(node("bob", NodePhase::Running), None),
            of(node("full-1", NodePhase::Restarting), None),
            of(node("full-2", NodePhase::GivenUp), None),
        ],
    }
}

fn shown(title: &str, answer: &impl Render, width: usize) -> String {
    let mut page = Page::new(width);
    answer.render(&mut page);
    format!("== {title}\n{}\n", anstream::adapter::strip_str(&page.into_text()))
}

#[test]
fn tables_are_as_committed() {
    let up = NetworkEvent::Up {
        directory: "/home/user/.local/share/myelin/network".into(),
        preset: LocalPreset::Local,
        nodes: vec![node("alice", NodePhase::Running), node("full-1", NodePhase::Running)],
    };
    let died = NetworkEvent::Died { node: "bob".into(), how: "killed by signal 9".into(), restarts: 1, restart_in: 2 };
    let given_up = NetworkEvent::GivenUp { node: "bob".into(), how: "failed with exit code 1".into() };
    let down = NetworkStatus { up: false, supervisor: None, nodes: Vec::new(), ..status() };
    let text = [
        shown("network status", &status(), 120),
        shown("network status, in a narrow terminal", &status(), 60),
        shown("network status, when it is down", &down, 120),
        shown("network up", &up, 120),
        shown("network up, a node dies", &died, 120),
        shown("network up, a node is given up", &given_up, 120),
    ];
    accept(&crate_folder().join("tests/snapshots/tables.txt"), &text.concat());
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.run(&format!("completions {shell}"));
        assert_eq!(script.code, 0);
        for entry in COMMANDS {
            assert!(script.out.contains(entry.name()), "{shell} does not know {}", entry.path);
        }
    }
    assert!(home.run("man").out.contains(".TH myelin 1"));
    let folder = home.path().join("man");
    let written = home.json(&format!("man --folder {}", folder.display()));
    let pages = written["files"].as_array().unwrap().len();
    assert_eq!(pages, fs::read_dir(&folder).unwrap().count());
    for entry in COMMANDS {
        let page = fs::read_to_string(folder.join(format!("myelin-{}.1", entry.path.replace(' ', "-")))).unwrap();
        assert!(page.contains("Examples"), "{}", entry.path);
    }
}
