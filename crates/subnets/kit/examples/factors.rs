//! A subnet that factors numbers. Finding a factor is costly, and checking one is cheap.
//!
//! `try` runs it in memory. The other arguments run its parts on a local network.

#![allow(clippy::print_stdout, reason = "it is a program")]

use myelin_client::{Account, Amount, Chain, Keypair, NetUid, NodeUrls, calls};
use myelin_keys::{Secret, UriError};
use myelin_neuron::Failure;
use myelin_primitives::Fraction;
use myelin_subnet_kit::{
    EventSink, JsonTask, Judge, Member, Miner, MiningOptions, Reply, ValidatingOptions, Validator, mine, seed_for,
    simulation::{SimulatedLink, SimulatedMischief, Trial, World},
};
use myelin_wire::PublicKey;
use std::{env, error::Error, sync::Arc, time::Duration};

const SUBNET: NetUid = NetUid::new(1);

/// The challenge is a number, the answer one of its factors.
type Factors = JsonTask<u64, u64>;

/// Returns the smallest factor of a number other than 1 and itself.
fn factor(number: u64) -> Option<u64> {
    (2..=number.isqrt()).find(|candidate| number.is_multiple_of(*candidate))
}

struct Divides;

impl Miner<Factors> for Divides {
    fn answer(&self, number: u64) -> Result<u64, Failure> {
        factor(number).ok_or(Failure::from("it has none"))
    }
}

struct Divisible;

impl Judge<Factors> for Divisible {
    /// Returns the product of two primes, which differ for each miner.
    fn draw(&self, seed: u64, miner: PublicKey) -> u64 {
        let seed = seed_for(seed, miner);
        let prime = |above: u64| (above % 50_000 + 10_000..70_000).find(|number| factor(*number).is_none());
        prime(seed >> 32).unwrap_or(2) * prime(seed & 0xffff_ffff).unwrap_or(2)
    }

    /// Scores 0 for a number that is no factor. A factor scores 1 at once, 1/2 after a second, 1/3 after two.
    fn score(&self, number: &u64, reply: &Reply<u64>) -> Fraction {
        let is_factor = (2..*number).contains(&reply.answer) && number.is_multiple_of(reply.answer);
        let millis = u32::try_from(reply.elapsed.as_millis()).unwrap_or(u32::MAX).saturating_add(1_000);
        Fraction::from_ppm(if is_factor { 1_000_000_000 / millis } else { 0 }).unwrap_or(Fraction::HALF)
    }
}

fn key(uri: &str) -> Result<Keypair, UriError> {
    Secret::from_uri(uri).map(Secret::into_keypair)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (task, judge) = (Factors::new("Factors")?, Divisible);
    let words: Vec<String> = env::args().skip(1).collect();
    let (doing, hotkey) = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["try"] => {
            let slow = SimulatedLink {
                delay: Duration::from_millis(400)..Duration::from_millis(900),
                ..SimulatedLink::default()
            };
            let world = World::new(task, 1, Duration::from_secs(2))
                .named("quick", Divides, SimulatedLink::default(), SimulatedMischief::None)
                .named("slow", Divides, slow, SimulatedMischief::None)
                .named("copies", Divides, SimulatedLink::default(), SimulatedMischief::Copies(0))
                .named("silent", Divides, SimulatedLink::default(), SimulatedMischief::Silent);
            print!("{}", world.try_out(&judge, &Trial::default())?);
            return Ok(());
        }
        [doing @ ("seat" | "mine" | "validate"), hotkey] => (doing, hotkey),
        _ => return Err("pass `try`, or `seat`, `mine` or `validate` and a hotkey like `//Alice//miner`".into()),
    };
    let (chain, stop) = (Chain::connect(NodeUrls::local()).await?, async { drop(tokio::signal::ctrl_c().await) });
    if doing == "seat" {
        // Development keys like Alice's are public, and hold TAO on a local network.
        let (alice, hotkey, limit) = (Account::new(&chain, key("//Alice")?), key(hotkey)?, Duration::from_mins(1));
        let consent = chain.consent(&hotkey, &alice.public(), &hotkey.public());
        let seat = calls::burned_register(SUBNET, &hotkey.public());
        alice.submit(&calls::associate_first(&hotkey.public(), Some(consent), &seat), limit).await.finalised()?;
        alice.submit(&calls::add_stake(&hotkey.public(), Amount::ONE_TAO), limit).await.finalised()?;
        return Ok(());
    }
    let (folder, report) =
        (env::temp_dir().join(hotkey.replace('/', "_")), EventSink::new(|event| println!("{event}")));
    let member = Member::join(&chain, SUBNET, key(hotkey)?, folder, report).await?;
    if doing == "mine" {
        let mut options = MiningOptions::default();
        options.serving.listen = "127.0.0.2:0".parse()?;
        return Ok(mine(&member, Arc::new(task), Arc::new(Divides), options, stop).await?);
    }
    let options = ValidatingOptions { every: Duration::from_secs(3), ..ValidatingOptions::default() };
    Ok(Validator::open(&member, Arc::new(task), Arc::new(judge), options)?.run(stop).await?)
}
