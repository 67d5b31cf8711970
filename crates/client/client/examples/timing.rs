//! Times of the library against a local network. The page docs/benchmarks/client.md has the commands.

#![allow(clippy::print_stdout, reason = "it shows what it measures")]

use futures::{StreamExt, stream};
use myelin_client::{
    Account, Amount, Chain, Keypair, Metagraph, NetUid, NodeUrls, ParametersPatch, SubmissionOutcome, account, calls,
    runtime::{
        runtime_types::{
            myelin_pallet_keys::pallet::Call as Keys, myelin_pallet_neurons::pallet::Call as Neurons,
            myelin_pallet_subnets::pallet::Call as Subnets, myelin_runtime::RuntimeCall,
        },
        transactions,
    },
};
use myelin_keys::Secret;
use std::{
    env,
    error::Error,
    time::{Duration, Instant},
};

/// A limit that no step here reaches.
const LIMIT: Duration = Duration::from_mins(2);

/// The subnet whose seats are taken.
const NETUID: NetUid = NetUid::new(1);

/// The seats of a full subnet.
const SEATS: u16 = 256;

/// Registrations in one transaction.
const BATCH: usize = 64;

/// The number of reads of the metagraph.
const READS: usize = 50;

/// The number of transfers, and how many of them are in flight at a time.
const TRANSFERS: usize = 1_000;
const MAX_IN_FLIGHT: usize = 256;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let endpoints = env::args().nth(1).map_or_else(|| Ok(NodeUrls::local()), |urls| urls.parse())?;
    let chain = Chain::connect(endpoints).await?;
    let alice = Account::new(&chain, key("//Alice")?);
    fill(&chain, &alice).await?;
    read(&chain).await?;
    transfer(&alice).await
}

/// Returns the key of a development name. Such keys are public, because they follow from the name.
fn key(name: &str) -> Result<Keypair, Box<dyn Error>> {
    Ok(Secret::from_uri(name)?.into_keypair())
}

/// Takes every free seat of the subnet.
async fn fill(chain: &Chain, alice: &Account) -> Result<(), Box<dyn Error>> {
    let now = chain.at_finalised().await?;
    let taken = now.subnet(NETUID).await?.ok_or("there is no subnet 1")?.neurons;
    if taken >= SEATS {
        return Ok(());
    }
    println!("taking {} seats", SEATS - taken);
    let wide = ParametersPatch {
        target_registrations_per_interval: Some(SEATS),
        max_registrations_per_block: Some(SEATS),
        ..ParametersPatch::default()
    };
    let set = RuntimeCall::Subnets(Subnets::set_parameters { netuid: NETUID.into(), changed: Box::new(wide.into()) });
    alice.submit(&transactions().sudo().sudo(set), LIMIT).await.finalised()?;
    // One coldkey may not own so many hotkeys.
    let owners = [Account::new(chain, key("//Bob")?), Account::new(chain, key("//Charlie")?)];
    let seats: Vec<u16> = (taken..SEATS).collect();
    for (seats, owner) in seats.chunks(BATCH).zip(owners.iter().cycle()) {
        let registrations = seats.iter().map(|seat| {
            let key = key(&format!("//Alice//timing//{seat}"))?;
            let (hotkey, consent) = (account(&key.public()), chain.consent(&key, &owner.public(), &key.public()));
            Ok([
                RuntimeCall::Keys(Keys::try_associate_hotkey { hotkey, consent: Some(consent) }),
                RuntimeCall::Neurons(Neurons::burned_register { netuid: NETUID.into(), hotkey }),
            ])
        });
        let registrations = registrations.collect::<Result<Vec<_>, Box<dyn Error>>>()?.concat();
        owner.submit(&transactions().utility().batch_all(registrations), LIMIT).await.finalised()?;
    }
    Ok(())
}

/// Reads the whole metagraph [`READS`] times.
async fn read(chain: &Chain) -> Result<(), Box<dyn Error>> {
    let mut times = Vec::new();
    let mut neurons = 0;
    for _ in 0..READS {
        let began = Instant::now();
        neurons = Metagraph::sync(chain, NETUID).await?.neurons.len();
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let (least, middle, most) = (times[0], times[READS / 2], times[READS - 1]);
    println!(
        "a metagraph of {neurons} neurons, {READS} times: least {least:.2?}, median {middle:.2?}, most {most:.2?}"
    );
    Ok(())
}

/// Submits transfers and waits until all of them are final.
async fn transfer(alice: &Account) -> Result<(), Box<dyn Error>> {
    let bob = key("//Bob")?.public();
    let began = Instant::now();
    let done = stream::iter(0..TRANSFERS)
        .map(async |_| alice.submit(&calls::transfer(&bob, Amount::from_rao(1_000_000)), LIMIT).await)
        .buffer_unordered(MAX_IN_FLIGHT)
        .map(SubmissionOutcome::finalised)
        .collect::<Vec<_>>()
        .await;
    let took = began.elapsed();
    let failures: Vec<_> = done.iter().filter_map(|ended| ended.as_ref().err()).collect();
    let done = done.len() - failures.len();
    println!("{TRANSFERS} transfers, {MAX_IN_FLIGHT} at a time: {done} final after {took:.2?}");
    match failures.first() {
        None => Ok(()),
        Some(failure) => {
            Err(format!("some transfers did not become final, the first because of this: {failure}").into())
        }
    }
}
