//! A tour of the library on a local network: `cargo run -p myelin-client --example tour -- ws://127.0.0.1:9944`.

#![allow(clippy::print_stdout, reason = "it shows what it does")]

use myelin_client::{Account, Amount, Chain, Metagraph, NetUid, NodeUrls, SubmissionOutcome, calls};
use myelin_keys::Secret;
use std::{env, error::Error, time::Duration};

/// A limit above the time in which a block becomes final on a local network.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let endpoints = env::args().nth(1).map_or_else(|| Ok(NodeUrls::local()), |urls| urls.parse())?;
    let chain = Chain::connect(endpoints).await?;
    let now = chain.at_finalised().await?;
    println!("block {} of {:?} at {}", now.height(), chain.genesis(), chain.node().await?);
    println!("{} exist", now.issuance().await?.total);
    for network in now.subnets().await? {
        println!("network {} has {} neurons", network.netuid, network.neurons);
    }

    // These keys are public, because they follow from the names.
    let key = |name| Secret::from_uri(name).map(Secret::into_keypair);
    let (coldkey, hotkey) = (Account::new(&chain, key("//Alice")?), key("//Alice//tour")?);
    let consent = chain.consent(&hotkey, &coldkey.public(), &hotkey.public());
    let transfer = calls::transfer(&key("//Bob")?.public(), Amount::ONE_TAO);
    println!("a transfer costs {}", coldkey.fee(&transfer).await?);
    match coldkey.submit(&transfer, LIMIT).await {
        SubmissionOutcome::Finalised(included) => {
            println!("transferred in block {} for {}", included.height, included.fee);
        }
        SubmissionOutcome::Failed { error, .. } => println!("not transferred: {error}"),
        SubmissionOutcome::Unseen(unseen) => println!("{unseen}"),
    }

    let netuid = NetUid::new(1);
    let register = calls::burned_register(netuid, &hotkey.public());
    let register = calls::associate_first(&hotkey.public(), Some(consent), &register);
    match coldkey.submit(&register, LIMIT).await.finalised() {
        Ok(included) => println!("registered in block {} for {}", included.height, included.fee),
        Err(error) => println!("not registered: {error}"),
    }
    let mut metagraph = Metagraph::sync(&chain, netuid).await?;
    println!("the hotkey has seat {:?}", metagraph.by_hotkey(&hotkey.public()).map(|neuron| neuron.uid));
    let rated = Account::new(&chain, hotkey).submit(&calls::set_weights(netuid, &[], 0), LIMIT).await.finalised();
    println!("weights: {}", rated.map_or_else(|error| error.to_string(), |set| format!("set in block {}", set.height)));
    for _ in 0..3 {
        let changes = metagraph.follow().await?;
        println!("block {}: {changes:?}", metagraph.block);
    }
    Ok(())
}
