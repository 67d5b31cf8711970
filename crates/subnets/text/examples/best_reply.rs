//! The pay of each way of mining beside honest miners, and a check that none pays better than honest work.
//!
//! ```text
//! cargo run -p myelin-subnet-text --example best_reply
//! ```
//!
//! Four honest miners and one with another strategy run in memory. Tokens, proofs, scores, averages and weights are
//! those of the real subnet, and time is that of the simulation. Honest work costs half of its pay. The costs of other
//! strategies are guesses in their favour. The same seed prints the same table.

use myelin_primitives::{Fraction, MILLION};
use myelin_subnet_kit::simulation::{SimulatedLink, SimulatedMischief as Way, Trial, World};
use myelin_subnet_text::{
    Model, Shape,
    draw::{ChallengeDraw, Prompts},
    judge::TextJudge,
    miner::TextMiner,
    mischief::{Mischief, MischievousMiner},
    reputation::Reputations,
    task::TextTask,
    train,
};
use std::{error::Error, io::Write, sync::Arc, time::Duration};

/// Milliseconds from one token to the next of an honest miner.
const PACE: u64 = 10;
/// Milliseconds to its first token.
const FIRST: u64 = 60;
/// The cost of honest work, in percent of its pay.
const COST: u64 = 50;
/// The spread of waits, in percent.
const JITTERS: [u64; 4] = [0, 10, 30, 60];

/// A way of mining.
struct Strategy {
    name: &'static str,
    /// The cost of its computation, in percent of honest work.
    spends: u64,
    /// The time of its answers, in percent of honest work.
    time: u64,
    way: Way,
    mischief: fn(&Model) -> Option<Mischief>,
}

const fn strategy(
    name: &'static str,
    (spends, time): (u64, u64),
    way: Way,
    mischief: fn(&Model) -> Option<Mischief>,
) -> Strategy {
    Strategy { name, spends, time, way, mischief }
}

static STRATEGIES: [Strategy; 13] = [
    strategy("honest", (100, 100), Way::None, |_| None),
    strategy("honest, half the speed at half the cost", (50, 200), Way::None, |_| None),
    strategy("a smaller model", (20, 30), Way::None, |other| Some(Mischief::Smaller(other.clone()))),
    strategy("a smaller model, every second time", (60, 65), Way::None, |other| {
        Some(Mischief::sometimes(2, Mischief::Smaller(other.clone())))
    }),
    strategy("a smaller model, every tenth time", (92, 93), Way::None, |other| {
        Some(Mischief::sometimes(10, Mischief::Smaller(other.clone())))
    }),
    strategy("ends answers in the middle", (50, 60), Way::None, |_| Some(Mischief::Truncates)),
    strategy("nonsense", (0, 20), Way::None, |_| Some(Mischief::Nonsense)),
    strategy("replays an old answer", (0, 20), Way::Replays, |_| None),
    strategy("copies another's answer", (0, 110), Way::Copies(0), |_| None),
    strategy("relays challenges to another miner", (0, 20), Way::Relays(0), |_| None),
    strategy("answers every second challenge", (50, 100), Way::None, |_| Some(Mischief::drops(2))),
    strategy("answers nine of ten challenges", (90, 100), Way::None, |_| Some(Mischief::misses(10))),
    strategy("holds every answer back by 30 %", (100, 130), Way::None, |_| None),
];

fn link(time: u64, jitter: u64) -> SimulatedLink {
    let first = |percent: u64| Duration::from_micros(FIRST * time * percent / 10);
    SimulatedLink {
        delay: first(100 - jitter.min(99))..first(100 + jitter),
        pace: Duration::from_micros(PACE * time * 10),
        loss_ppm: 2_000,
    }
}

/// Returns the pay of a strategy, in percent of an honest miner beside it.
fn paid(strategy: &Strategy, jitter: u64, (model, other): (&Model, &Model)) -> Result<u64, Box<dyn Error>> {
    let drawing = ChallengeDraw { model: model.hash(), prompts: Prompts::Made, lengths: 8..=16 };
    let examiner = TextJudge::new(model.clone(), drawing, 5, Arc::new(Reputations::default())).with_checked_tokens(8);
    let mut world = World::new(TextTask, 7, Duration::from_secs(10));
    let honest = |number| TextMiner::local(model.clone(), World::<TextTask>::hotkey(number));
    for number in 0..4 {
        world = world.with(honest(number), link(100, jitter), Way::None);
    }
    let (honest, its_link) = (honest(4), link(strategy.time, jitter));
    let world = match (strategy.mischief)(other) {
        None => world.with(honest, its_link, strategy.way),
        Some(mischief) => world.with(MischievousMiner::new(honest, mischief), its_link, strategy.way),
    };
    let trial = Trial { rounds: 80, newest: Fraction::from_ppm(MILLION / 20)?, ..Trial::default() };
    let rows = world.try_out(&examiner, &trial)?.rows;
    let weight = |index: usize| rows.get(index).map_or(0, |row| u64::from(row.weight));
    let honest: u64 = (0..4).map(weight).sum();
    Ok((weight(4) * 400).checked_div(honest).unwrap_or(0))
}

fn main() -> Result<(), Box<dyn Error>> {
    let load = |seed| -> Result<Model, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        train::initialise(folder.path(), &Shape::TINY, seed)?;
        Ok(Model::load(folder.path())?)
    };
    let (model, other) = (load(1)?, load(2)?);
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "| Strategy | Costs | {} |",
        JITTERS.map(|jitter| format!("Paid, profit at ±{jitter} %")).join(" | ")
    )?;
    writeln!(out, "|---|---:|{}", "---:|".repeat(JITTERS.len()))?;
    for strategy in &STRATEGIES {
        let cost = COST * strategy.spends / 100;
        let mut cells = Vec::new();
        for jitter in JITTERS {
            let paid = paid(strategy, jitter, (&model, &other))?;
            cells.push(format!("{paid}, {:+}", i64::try_from(paid)? - i64::try_from(cost)?));
        }
        writeln!(out, "| {} | {cost} | {} |", strategy.name, cells.join(" | "))?;
    }
    Ok(())
}
