//! All commands, and the parser made of them.

use crate::{
    command::Entry,
    commands::{config, network, shell, wallet},
    context::Globals,
};
use clap::{Args, Command};

/// Commands under one word.
#[derive(Debug)]
pub struct Group {
    /// The word.
    pub name: &'static str,
    /// One line, verb first, no full stop.
    pub summary: &'static str,
}

/// The groups, in the order in which they are listed.
pub static GROUPS: [Group; 3] = [
    Group { name: "wallet", summary: "Make, restore, show and use keys" },
    Group { name: "network", summary: "Run a network on this machine, and look after it" },
    Group { name: "config", summary: "Read and change the settings of this program" },
];

/// The commands, in the order in which they are listed.
pub static COMMANDS: [Entry; 20] = [
    Entry::of::<wallet::Create>(),
    Entry::of::<wallet::Restore>(),
    Entry::of::<wallet::NewHotkey>(),
    Entry::of::<wallet::List>(),
    Entry::of::<wallet::Show>(),
    Entry::of::<wallet::Sign>(),
    Entry::of::<wallet::Verify>(),
    Entry::of::<wallet::Export>(),
    Entry::of::<network::Up>(),
    Entry::of::<network::Down>(),
    Entry::of::<network::Status>(),
    Entry::of::<network::Logs>(),
    Entry::of::<network::Reset>(),
    Entry::of::<config::List>(),
    Entry::of::<config::Get>(),
    Entry::of::<config::Set>(),
    Entry::of::<config::Unset>(),
    Entry::of::<config::Path>(),
    Entry::of::<shell::Completions>(),
    Entry::of::<shell::Man>(),
];

/// The parser of the whole command line.
pub fn parser() -> Command {
    let mut root = Globals::augment_args(Command::new("myelin"))
        .about("The command line of Myelin")
        .long_about(
            "The command line of Myelin, a decentralised network in which machine intelligence is produced, judged \
             and paid for.",
        )
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help("Begin with:\n  myelin wallet create\n  myelin network up");
    for group in &GROUPS {
        let members = COMMANDS.iter().filter(|entry| entry.group() == Some(group.name)).map(Entry::parser);
        root = root.subcommand(
            Command::new(group.name)
                .about(group.summary)
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommands(members),
        );
    }
    let alone = COMMANDS.iter().filter(|entry| entry.group().is_none()).map(Entry::parser);
    root.subcommands(alone)
}

/// The command that was called, and what was said to it.
pub fn called(matches: &clap::ArgMatches) -> Option<(&'static Entry, &clap::ArgMatches)> {
    let (mut name, mut matches) = matches.subcommand()?;
    let mut group = None;
    if let Some((command, below)) = matches.subcommand() {
        group = Some(name);
        (name, matches) = (command, below);
    }
    let entry = COMMANDS.iter().find(|entry| entry.group() == group && entry.name() == name)?;
    Some((entry, matches))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_parser_is_in_order() {
        parser().debug_assert();
    }

    #[test]
    fn every_example_is_understood_by_its_command() {
        for entry in &COMMANDS {
            assert!(!entry.examples.is_empty(), "{} has no example", entry.path);
            for example in entry.examples {
                // What comes before a pipe, or after one, is another program's.
                let line = example.line.split('|').map(str::trim).find(|part| part.contains("myelin ")).unwrap();
                let words = line.split('>').next().unwrap().split_whitespace();
                let words = words.skip_while(|word| *word != "myelin").map(|word| word.trim_matches('\''));
                let matches = parser().try_get_matches_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
                assert_eq!(called(&matches).unwrap().0.path, entry.path, "{line}");
            }
        }
    }

    #[test]
    fn names_and_summaries_are_as_they_should_be() {
        let paths: BTreeSet<_> = COMMANDS.iter().map(|entry| entry.path).collect();
        assert_eq!(paths.len(), COMMANDS.len());
        for entry in &COMMANDS {
            assert!(!entry.summary.ends_with('.') && entry.summary.len() <= 72, "{}", entry.path);
            let group = entry.group();
            assert!(group.is_none_or(|group| GROUPS.iter().any(|known| known.name == group)), "{}", entry.path);
        }
    }
}
