//! Neurons of a local network: a subnet that pays for text, its owner, validators, and miners of every kind.
//!
//! They are made and run by this program as anybody would: the chain and the sockets between them are all they share.

mod follow;
mod people;
mod report;
mod settle;

pub use report::{EpochPay, NeuronPay, NeuronReport, SubnetReport};

use super::{NetworkEvent, NetworkFolder, NeuronLaunch, NodeRole, Sequel, SupervisorOrder};
use crate::{commands::text::model_error, error::CliError};
use follow::follow;
use myelin_client::{Chain, NetUid, NodeUrls};
use myelin_keys::Wallets;
use myelin_subnet_text::ModelHash;
use people::{LocalMischief, LocalNeuron, LocalRole, OWNER, RESIDENTS};
use settle::{NeuronSetup, set_up_neurons};
use std::{
    convert::Infallible,
    ffi::OsString,
    path::{Path, PathBuf},
};
use tokio::sync::mpsc::UnboundedSender;

/// The models of a text subnet.
#[derive(Clone, Debug)]
pub struct Models {
    /// The one that its owner publishes.
    pub published: PathBuf,
    /// The one that a cheat serves instead.
    pub smaller: PathBuf,
}

/// Settles a text subnet on a network that is up, runs its neurons, and follows how they are paid.
pub fn text(directory: &NetworkFolder, models: Models) -> Sequel {
    let wallets = directory.wallets();
    Box::new(move |nodes, orders| {
        Box::pin(async move {
            match live(nodes, wallets, models, &orders).await {
                Err(error) => error,
            }
        })
    })
}

async fn live(
    nodes: Vec<String>,
    wallets: PathBuf,
    models: Models,
    orders: &UnboundedSender<SupervisorOrder>,
) -> Result<Infallible, CliError> {
    let chain = Chain::connect(endpoints(&nodes)?).await?;
    let say = |step: &str| drop(orders.send(SupervisorOrder::Report(NetworkEvent::Settling { step: step.to_owned() })));
    let model = ModelHash::of(&models.published).map_err(|error| model_error(&error))?;
    let NeuronSetup { netuid, hotkeys, owner } = set_up_neurons(&chain, &Wallets::at(&wallets), model, say).await?;
    // Each speaks to a node of its own, as far as there are enough.
    let launches = RESIDENTS.iter().zip(nodes.iter().cycle());
    let launches = launches.map(|(resident, node)| launch(resident, node, netuid, &wallets, &models)).collect();
    let _ = orders.send(SupervisorOrder::Run(launches));
    let names = hotkeys.into_iter().zip(RESIDENTS.iter().map(|resident| resident.name)).chain([(owner, OWNER)]);
    follow(&chain, netuid, &names.collect(), orders).await
}

fn endpoints(nodes: &[String]) -> Result<NodeUrls, CliError> {
    NodeUrls::new(nodes).map_err(|error| CliError::task("node", &error, None))
}

/// What this program is told to become a resident.
fn launch(resident: &LocalNeuron, node: &str, netuid: NetUid, wallets: &Path, models: &Models) -> NeuronLaunch {
    let (work, mischief): (_, Option<OsString>) = match resident.conduct {
        LocalRole::Validates { .. } => ("validate", None),
        LocalRole::Mines(LocalMischief::None) => ("mine", None),
        LocalRole::Mines(LocalMischief::Slow) => ("mine", Some("slow=3".into())),
        LocalRole::Mines(LocalMischief::Smaller) => {
            let mut smaller = OsString::from("smaller=");
            smaller.push(&models.smaller);
            ("mine", Some(smaller))
        }
        LocalRole::Mines(LocalMischief::Copies) => ("mine", Some("copy".into())),
        LocalRole::Mines(LocalMischief::Drops) => ("mine", Some("drop=3".into())),
    };
    let mut arguments: Vec<OsString> = vec![work.into(), "text".into()];
    if resident.role() == NodeRole::Validator {
        // Epochs are minutes apart elsewhere, and seconds here.
        arguments.extend(["--every", "3s", "--newest", "20%", "--lengths", "24-64"].map(OsString::from));
    }
    if let Some(mischief) = mischief {
        arguments.extend(["--mischief".into(), mischief]);
    }
    let netuid = netuid.to_string();
    for (name, value) in [
        ("--netuid", netuid.as_str().as_ref()),
        ("--model", models.published.as_os_str()),
        ("--network", node.as_ref()),
        ("--wallet", resident.name.as_ref()),
        ("--wallet-path", wallets.as_os_str()),
        ("--port", "0".as_ref()),
        ("--output", "json".as_ref()),
    ] {
        arguments.extend([name.into(), value.to_owned()]);
    }
    NeuronLaunch { name: resident.name.to_owned(), role: resident.role(), arguments }
}
