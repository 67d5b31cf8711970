//! All commands, and the parser made of them.

use crate::{
    command::Entry,
    commands::{
        ask, chain, config, explain, metagraph, network, neuron, outcome, role, root, shell, stake, subnet, text,
        wallet, weights,
    },
    context::Globals,
};
use clap::{Args, Command};

/// Commands under one word, or under some.
#[derive(Debug)]
pub struct Group {
    /// The words: `stake`, and below it `stake take`.
    pub name: &'static str,
    /// One line, verb first, no full stop.
    pub summary: &'static str,
}

/// The groups, in the order in which they are listed.
pub static GROUPS: &[Group] = &[
    Group { name: "wallet", summary: "Make, restore, show and use keys, and give TAO to others" },
    Group { name: "wallet identity", summary: "Say who a coldkey is" },
    Group { name: "wallet swap-coldkey", summary: "Put another coldkey in the place of one" },
    Group { name: "subnet", summary: "Create subnets, look at them and set them" },
    Group { name: "subnet parameters", summary: "How a subnet is set" },
    Group { name: "subnet identity", summary: "What a subnet says of itself" },
    Group { name: "neuron", summary: "Take a seat on a subnet, and look after it" },
    Group { name: "neuron commitment", summary: "What a neuron publishes under its name" },
    Group { name: "metagraph", summary: "Look at a network and its neurons" },
    Group { name: "stake", summary: "Lend TAO to hotkeys, take it back, and set the terms" },
    Group { name: "stake take", summary: "What a delegate keeps of what it earns" },
    Group { name: "stake children", summary: "Lend stake weight to other hotkeys" },
    Group { name: "root", summary: "Share the emission among subnets" },
    Group { name: "root weights", summary: "What root validators say that subnets are worth" },
    Group { name: "weights", summary: "Say what the neurons of a subnet are worth, and see what others say" },
    Group { name: "text", summary: "Make, publish and try the model of a text subnet" },
    Group { name: "mine", summary: "Work as a miner" },
    Group { name: "validate", summary: "Work as a validator" },
    Group { name: "explain", summary: "Ask why: what an epoch paid, and how safe a seat is" },
    Group { name: "chain", summary: "Look at the chain" },
    Group { name: "network", summary: "Run a network on this machine, and look after it" },
    Group { name: "config", summary: "Read and change the settings of this program" },
];

/// The commands, in the order in which they are listed.
pub static COMMANDS: &[Entry] = &[
    Entry::of::<wallet::Create>(),
    Entry::of::<wallet::Restore>(),
    Entry::of::<wallet::NewHotkey>(),
    Entry::of::<wallet::List>(),
    Entry::of::<wallet::Show>(),
    Entry::of::<wallet::Balance>(),
    Entry::of::<wallet::Transfer>(),
    Entry::of::<wallet::Sign>(),
    Entry::of::<wallet::Verify>(),
    Entry::of::<wallet::Export>(),
    Entry::of::<wallet::AssociateHotkey>(),
    Entry::of::<wallet::ShowIdentity>(),
    Entry::of::<wallet::SetIdentity>(),
    Entry::of::<wallet::ShowSwap>(),
    Entry::of::<wallet::AnnounceSwap>(),
    Entry::of::<wallet::ExecuteSwap>(),
    Entry::of::<wallet::ClearSwap>(),
    Entry::of::<wallet::DisputeSwap>(),
    Entry::of::<subnet::List>(),
    Entry::of::<subnet::Show>(),
    Entry::of::<subnet::Price>(),
    Entry::of::<subnet::Create>(),
    Entry::of::<subnet::Remove>(),
    Entry::of::<subnet::Transfer>(),
    Entry::of::<subnet::OwnerHotkey>(),
    Entry::of::<subnet::ShowParameters>(),
    Entry::of::<subnet::SetParameters>(),
    Entry::of::<subnet::ShowIdentity>(),
    Entry::of::<subnet::SetIdentity>(),
    Entry::of::<neuron::Register>(),
    Entry::of::<neuron::Show>(),
    Entry::of::<neuron::Serve>(),
    Entry::of::<neuron::SwapHotkey>(),
    Entry::of::<neuron::ShowCommitment>(),
    Entry::of::<neuron::SetCommitment>(),
    Entry::of::<metagraph::Show>(),
    Entry::of::<metagraph::Watch>(),
    Entry::of::<metagraph::Export>(),
    Entry::of::<stake::Add>(),
    Entry::of::<stake::Remove>(),
    Entry::of::<stake::Move>(),
    Entry::of::<stake::Transfer>(),
    Entry::of::<stake::Show>(),
    Entry::of::<stake::Delegates>(),
    Entry::of::<stake::BecomeDelegate>(),
    Entry::of::<stake::ShowTake>(),
    Entry::of::<stake::SetTake>(),
    Entry::of::<stake::ShowChildren>(),
    Entry::of::<stake::SetChildren>(),
    Entry::of::<stake::SetChildTake>(),
    Entry::of::<root::Register>(),
    Entry::of::<root::ShowWeights>(),
    Entry::of::<root::SetWeights>(),
    Entry::of::<root::Shares>(),
    Entry::of::<weights::Set>(),
    Entry::of::<weights::Commit>(),
    Entry::of::<weights::Reveal>(),
    Entry::of::<weights::Show>(),
    Entry::of::<text::Train>(),
    Entry::of::<text::Hash>(),
    Entry::of::<text::Publish>(),
    Entry::of::<text::Show>(),
    Entry::of::<text::Run>(),
    Entry::of::<text::Check>(),
    Entry::of::<role::MineText>(),
    Entry::of::<role::ValidateText>(),
    Entry::of::<ask::Ask>(),
    Entry::of::<explain::Emission>(),
    Entry::of::<explain::Seat>(),
    Entry::of::<chain::Status>(),
    Entry::of::<chain::Emission>(),
    Entry::of::<chain::Blocks>(),
    Entry::of::<chain::Account>(),
    Entry::of::<chain::Runtime>(),
    Entry::of::<chain::Parameters>(),
    Entry::of::<outcome::Outcome>(),
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
    let root = Globals::augment_args(Command::new("myelin"))
        .about("The command line of Myelin")
        .long_about(
            "The command line of Myelin, a decentralised network in which machine intelligence is produced, judged \
             and paid for.",
        )
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help("Begin with:\n  myelin wallet create\n  myelin network up");
    let groups = GROUPS.iter().filter(|group| !group.name.contains(' ')).map(group_parser);
    let alone = COMMANDS.iter().filter(|entry| entry.group().is_none()).map(Entry::parser);
    root.subcommands(groups).subcommands(alone)
}

/// The part of a group: its commands, and the groups below it.
fn group_parser(group: &Group) -> Command {
    let word = group.name.rsplit(' ').next().unwrap_or(group.name);
    let members = COMMANDS.iter().filter(|entry| entry.group() == Some(group.name)).map(Entry::parser);
    let below = GROUPS.iter().filter(|below| below.name.rsplit_once(' ').is_some_and(|(above, _)| above == group.name));
    Command::new(word)
        .about(group.summary)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(members)
        .subcommands(below.map(group_parser))
}

/// The command that was called, and what was said to it.
pub fn called(matches: &clap::ArgMatches) -> Option<(&'static Entry, &clap::ArgMatches)> {
    let mut words = Vec::new();
    let mut matches = matches;
    while let Some((word, below)) = matches.subcommand() {
        words.push(word);
        matches = below;
    }
    let entry = COMMANDS.iter().find(|entry| entry.path.split(' ').eq(words.iter().copied()))?;
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
        for entry in COMMANDS {
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
        for entry in COMMANDS {
            assert!(!entry.summary.ends_with('.') && entry.summary.len() <= 72, "{}", entry.path);
            let group = entry.group();
            assert!(group.is_none_or(|group| GROUPS.iter().any(|known| known.name == group)), "{}", entry.path);
        }
    }
}
