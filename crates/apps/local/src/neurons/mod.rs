//! Neurons of a local network: a text subnet, its owner, validators, honest and dishonest miners.
//!
//! Each neuron is a process of the program `myelin` with a wallet of its own. Neurons communicate only through the
//! chain and through sockets.

mod arguments;
mod follow;
mod people;
mod report;
mod settle;

pub use arguments::launches;
pub use report::{EpochPay, NeuronPay, NeuronReport, SubnetReport};

use crate::{LocalError, NetworkEvent, NetworkFolder, Sequel, SupervisorOrder};
use follow::follow;
use myelin_client::{Chain, NodeUrls};
use myelin_keys::Wallets;
use myelin_subnet_text::ModelHash;
use people::{OWNER, RESIDENTS};
use settle::{NeuronSetup, set_up_neurons};
use std::{convert::Infallible, path::PathBuf};
use tokio::sync::mpsc::UnboundedSender;

/// The models of a text subnet.
#[derive(Clone, Debug)]
pub struct Models {
    /// Path of the model that the owner publishes.
    pub published: PathBuf,
    /// Path of the model that a dishonest miner serves instead.
    pub smaller: PathBuf,
}

/// Sets up a text subnet on a network that is up, runs its neurons, and audits their payments.
pub fn text(directory: &NetworkFolder, models: Models) -> Sequel {
    let directory = directory.clone();
    Box::new(move |nodes, orders| {
        Box::pin(async move {
            match live(&directory, nodes, models, &orders).await {
                Err(error) => error,
            }
        })
    })
}

async fn live(
    directory: &NetworkFolder,
    nodes: Vec<String>,
    models: Models,
    orders: &UnboundedSender<SupervisorOrder>,
) -> Result<Infallible, LocalError> {
    let chain = Chain::connect(NodeUrls::new(&nodes)?).await?;
    let say = |step: &str| drop(orders.send(SupervisorOrder::Report(NetworkEvent::Settling { step: step.to_owned() })));
    let model = ModelHash::of(&models.published)?;
    let wallets = Wallets::at(directory.wallets());
    let NeuronSetup { netuid, hotkeys, owner } = set_up_neurons(&chain, &wallets, model, say).await?;
    let _ = orders.send(SupervisorOrder::Run(launches(directory, &nodes, netuid, &models)));
    let names = hotkeys.into_iter().zip(RESIDENTS.iter().map(|resident| resident.name)).chain([(owner, OWNER)]);
    follow(&chain, netuid, &names.collect(), orders).await
}
