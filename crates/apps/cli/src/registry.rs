//! The list of all commands, and the parser that is made from it.

use crate::{
    command::CommandEntry,
    commands::{
        ask, chain, completions, config, explain, man, metagraph, mine, network, neuron, root, stake, subnet, text,
        validate, wallet, weights, world,
    },
    context::Globals,
};
use clap::{Args, Command};

/// A group of commands.
#[derive(Debug)]
pub struct Group {
    /// Words of the group: `stake`, and below it `stake take`.
    pub name: &'static str,
    /// Summary in one line: verb first, no full stop.
    pub summary: &'static str,
}

/// All groups, in the order in which they are listed.
pub static GROUPS: &[Group] = &[
    Group { name: "wallet", summary: "Create, restore, show and use keys, and transfer TAO" },
    Group { name: "wallet identity", summary: "Show and set the identity of a coldkey" },
    Group { name: "wallet swap-coldkey", summary: "Swap a coldkey for another one" },
    Group { name: "subnet", summary: "Create, show and configure subnets" },
    Group { name: "subnet parameters", summary: "Show and set the parameters of a subnet" },
    Group { name: "subnet identity", summary: "Show and set the identity of a subnet" },
    Group { name: "neuron", summary: "Register a hotkey on a subnet, and manage its neuron" },
    Group { name: "neuron commitment", summary: "Show and set the commitment of a neuron" },
    Group { name: "metagraph", summary: "Show, follow and export the neurons of a network" },
    Group { name: "stake", summary: "Stake TAO on hotkeys, unstake it, and set takes and children" },
    Group { name: "stake take", summary: "Show and set the take of a delegate" },
    Group { name: "stake children", summary: "Lend stake weight to other hotkeys" },
    Group { name: "root", summary: "Register on root, and divide the emission among subnets" },
    Group { name: "root weights", summary: "Show and set the weights of root validators" },
    Group { name: "weights", summary: "Set, commit, reveal and show the weights of a subnet" },
    Group { name: "text", summary: "Train, publish and test the model of a text subnet" },
    Group { name: "mine", summary: "Run a miner" },
    Group { name: "validate", summary: "Run a validator" },
    Group { name: "explain", summary: "Explain the payments of an epoch, and the risk of losing a seat" },
    Group { name: "chain", summary: "Show the chain: blocks, accounts, emission and runtime" },
    Group { name: "network", summary: "Run and manage a network on this machine" },
    Group { name: "config", summary: "Read and change the settings of this program" },
];

/// All commands, in the order in which they are listed.
pub static COMMANDS: &[CommandEntry] = &[
    CommandEntry::of::<wallet::Create>(),
    CommandEntry::of::<wallet::Restore>(),
    CommandEntry::of::<wallet::NewHotkey>(),
    CommandEntry::of::<wallet::List>(),
    CommandEntry::of::<wallet::Show>(),
    CommandEntry::of::<wallet::Balance>(),
    CommandEntry::of::<wallet::Transfer>(),
    CommandEntry::of::<wallet::Sign>(),
    CommandEntry::of::<wallet::Verify>(),
    CommandEntry::of::<wallet::Export>(),
    CommandEntry::of::<wallet::AssociateHotkey>(),
    CommandEntry::of::<wallet::ShowIdentity>(),
    CommandEntry::of::<wallet::SetIdentity>(),
    CommandEntry::of::<wallet::ShowSwap>(),
    CommandEntry::of::<wallet::AnnounceSwap>(),
    CommandEntry::of::<wallet::ExecuteSwap>(),
    CommandEntry::of::<wallet::ClearSwap>(),
    CommandEntry::of::<wallet::DisputeSwap>(),
    CommandEntry::of::<subnet::List>(),
    CommandEntry::of::<subnet::Show>(),
    CommandEntry::of::<subnet::Price>(),
    CommandEntry::of::<subnet::Create>(),
    CommandEntry::of::<subnet::Remove>(),
    CommandEntry::of::<subnet::Transfer>(),
    CommandEntry::of::<subnet::OwnerHotkey>(),
    CommandEntry::of::<subnet::ShowParameters>(),
    CommandEntry::of::<subnet::SetParameters>(),
    CommandEntry::of::<subnet::ShowIdentity>(),
    CommandEntry::of::<subnet::SetIdentity>(),
    CommandEntry::of::<neuron::Register>(),
    CommandEntry::of::<neuron::Show>(),
    CommandEntry::of::<neuron::Probe>(),
    CommandEntry::of::<neuron::Serve>(),
    CommandEntry::of::<neuron::SwapHotkey>(),
    CommandEntry::of::<neuron::ShowCommitment>(),
    CommandEntry::of::<neuron::SetCommitment>(),
    CommandEntry::of::<metagraph::Show>(),
    CommandEntry::of::<metagraph::Watch>(),
    CommandEntry::of::<metagraph::Export>(),
    CommandEntry::of::<stake::Add>(),
    CommandEntry::of::<stake::Remove>(),
    CommandEntry::of::<stake::Move>(),
    CommandEntry::of::<stake::Transfer>(),
    CommandEntry::of::<stake::Show>(),
    CommandEntry::of::<stake::Delegates>(),
    CommandEntry::of::<stake::BecomeDelegate>(),
    CommandEntry::of::<stake::ShowTake>(),
    CommandEntry::of::<stake::SetTake>(),
    CommandEntry::of::<stake::ShowChildren>(),
    CommandEntry::of::<stake::SetChildren>(),
    CommandEntry::of::<stake::SetChildTake>(),
    CommandEntry::of::<root::Register>(),
    CommandEntry::of::<root::ShowWeights>(),
    CommandEntry::of::<root::SetWeights>(),
    CommandEntry::of::<root::Shares>(),
    CommandEntry::of::<weights::Set>(),
    CommandEntry::of::<weights::Commit>(),
    CommandEntry::of::<weights::Reveal>(),
    CommandEntry::of::<weights::Show>(),
    CommandEntry::of::<text::Train>(),
    CommandEntry::of::<text::Hash>(),
    CommandEntry::of::<text::Publish>(),
    CommandEntry::of::<text::Show>(),
    CommandEntry::of::<text::Run>(),
    CommandEntry::of::<text::Check>(),
    CommandEntry::of::<mine::MineText>(),
    CommandEntry::of::<validate::ValidateText>(),
    CommandEntry::of::<ask::Ask>(),
    CommandEntry::of::<explain::Emission>(),
    CommandEntry::of::<explain::Seat>(),
    CommandEntry::of::<chain::Status>(),
    CommandEntry::of::<chain::Emission>(),
    CommandEntry::of::<chain::Blocks>(),
    CommandEntry::of::<chain::Account>(),
    CommandEntry::of::<chain::Runtime>(),
    CommandEntry::of::<chain::Parameters>(),
    CommandEntry::of::<chain::Outcome>(),
    CommandEntry::of::<network::Up>(),
    CommandEntry::of::<network::Down>(),
    CommandEntry::of::<network::Status>(),
    CommandEntry::of::<network::Logs>(),
    CommandEntry::of::<network::Reset>(),
    CommandEntry::of::<config::List>(),
    CommandEntry::of::<config::Get>(),
    CommandEntry::of::<config::Set>(),
    CommandEntry::of::<config::Unset>(),
    CommandEntry::of::<config::Path>(),
    CommandEntry::of::<world::World>(),
    CommandEntry::of::<completions::Completions>(),
    CommandEntry::of::<man::Man>(),
];

/// Returns the parser of the whole command line.
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
        .after_help("Start with:\n  myelin wallet create\n  myelin network up");
    let groups = GROUPS.iter().filter(|group| !group.name.contains(' ')).map(group_parser);
    let alone = COMMANDS.iter().filter(|entry| entry.group().is_none()).map(CommandEntry::parser);
    root.subcommands(groups).subcommands(alone)
}

/// Returns the parser of a group, with its commands and the groups below it.
fn group_parser(group: &Group) -> Command {
    let word = group.name.rsplit(' ').next().unwrap_or(group.name);
    let members = COMMANDS.iter().filter(|entry| entry.group() == Some(group.name)).map(CommandEntry::parser);
    let below = GROUPS.iter().filter(|below| below.name.rsplit_once(' ').is_some_and(|(above, _)| above == group.name));
    Command::new(word)
        .about(group.summary)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(members)
        .subcommands(below.map(group_parser))
}

/// Returns the command that was called, with its arguments.
pub fn called(matches: &clap::ArgMatches) -> Option<(&'static CommandEntry, &clap::ArgMatches)> {
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
    use crate::command::Effect;
    use myelin_client::NetUid;
    use myelin_local::{
        NetworkFolder, NeuronLaunch,
        neurons::{Models, launches},
    };
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
                // The part before a pipe, or after one, belongs to another program.
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

    #[test]
    fn neurons_of_a_local_network_are_told_what_this_program_understands() {
        let folder = NetworkFolder::at(Some("/tmp/network")).unwrap();
        let models = Models { published: "/tmp/model".into(), smaller: "/tmp/smaller".into() };
        let launches = launches(&folder, &["ws://127.0.0.1:9944".into()], NetUid::new(1), &models);
        assert!(!launches.is_empty());
        for NeuronLaunch { name, arguments, .. } in launches {
            let words = std::iter::once("myelin".into()).chain(arguments);
            let matches = parser().try_get_matches_from(words).unwrap_or_else(|error| panic!("{name}: {error}"));
            let (entry, matches) = called(&matches).unwrap();
            assert_eq!(entry.effect, Effect::Work, "{name}");
            assert!(matches.value_source("state").is_some(), "{name} keeps nothing in the folder of the network");
        }
    }

    /// Returns the segments of the path of a type, without its generics.
    fn segments(name: &str) -> Vec<&str> {
        name.split("::").map(|segment| segment.trim_start_matches("r#")).collect()
    }

    #[test]
    fn commands_stand_in_files_of_their_words() {
        for entry in COMMANDS {
            let [command, _] = (entry.type_names)();
            let path = segments(command);
            let [_, "commands", file @ .., _] = path.as_slice() else { panic!("{command} is no command's type") };
            let words = entry.path.split(' ').map(|word| word.replace('-', "_"));
            assert!(!file.is_empty() && file.len() <= words.clone().count(), "{}: {command}", entry.path);
            assert!(words.zip(file).all(|(word, name)| word == **name), "{}: {command}", entry.path);
        }
    }

    #[test]
    fn outputs_are_named_after_the_words_of_their_command() {
        for entry in COMMANDS {
            let [_, output] = (entry.type_names)();
            // A command that changes the chain wraps its output.
            let inner = output.split_once('<').map_or(output, |(_, inner)| inner.trim_end_matches('>'));
            let capitalised = |word: &str| format!("{}{}", word[..1].to_uppercase(), &word[1..]);
            let expected: String = entry.path.split([' ', '-']).map(capitalised).collect();
            assert_eq!(segments(inner).pop(), Some(format!("{expected}Output").as_str()), "{}: {output}", entry.path);
            assert_eq!(output.contains("::TransactionOutput<"), entry.effect == Effect::Chain, "{}", entry.path);
        }
    }
}
