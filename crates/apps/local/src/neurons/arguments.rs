//! The arguments of the program `myelin` that runs as a neuron of a local network.

use super::{
    Models,
    people::{LocalMischief, LocalNeuron, LocalRole, RESIDENTS},
};
use crate::{NetworkFolder, NeuronLaunch, NodeRole};
use myelin_client::NetUid;
use std::ffi::OsString;

/// Returns the launch of each neuron of a text subnet. The neurons are spread over the nodes.
pub fn launches(directory: &NetworkFolder, nodes: &[String], netuid: NetUid, models: &Models) -> Vec<NeuronLaunch> {
    let neurons = RESIDENTS.iter().zip(nodes.iter().cycle());
    neurons
        .map(|(neuron, node)| NeuronLaunch {
            name: neuron.name.to_owned(),
            role: neuron.role(),
            arguments: arguments(neuron, directory, node, netuid, models),
        })
        .collect()
}

/// Returns the arguments after the name of the program.
fn arguments(
    neuron: &LocalNeuron,
    directory: &NetworkFolder,
    node: &str,
    netuid: NetUid,
    models: &Models,
) -> Vec<OsString> {
    let command = match neuron.role() {
        NodeRole::Validator => "validate",
        _ => "mine",
    };
    let mut arguments: Vec<OsString> = vec![command.into(), "text".into()];
    match neuron.conduct {
        // Epochs are seconds apart here, and minutes apart on other networks.
        LocalRole::Validates { .. } => {
            arguments.extend(["--every", "3s", "--newest", "20%", "--lengths", "24-64"].map(OsString::from));
        }
        LocalRole::Mines(mischief) => {
            arguments
                .extend(self::mischief(mischief, models).into_iter().flat_map(|value| ["--mischief".into(), value]));
        }
    }
    let (netuid, wallets, state) = (netuid.to_string(), directory.wallets(), directory.base(neuron.name));
    for (name, value) in [
        ("--netuid", netuid.as_str().as_ref()),
        ("--model", models.published.as_os_str()),
        ("--network", node.as_ref()),
        ("--wallet", neuron.name.as_ref()),
        ("--wallet-path", wallets.as_os_str()),
        ("--port", "0".as_ref()),
        ("--output", "json".as_ref()),
        // The supervisor identifies the process by this folder, too.
        ("--state", state.as_os_str()),
    ] {
        arguments.extend([name.into(), value.to_owned()]);
    }
    arguments
}

/// Returns the value of `--mischief`, or `None` for an honest miner.
fn mischief(mischief: LocalMischief, models: &Models) -> Option<OsString> {
    match mischief {
        LocalMischief::None => None,
        LocalMischief::Slow => Some("slow=3".into()),
        LocalMischief::Smaller => {
            let mut smaller = OsString::from("smaller=");
            smaller.push(&models.smaller);
            Some(smaller)
        }
        LocalMischief::Copies => Some("copy".into()),
        LocalMischief::Drops => Some("drop=3".into()),
    }
}
