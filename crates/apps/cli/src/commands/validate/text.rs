//! The command `myelin validate text`.

use crate::{
    command::{Calls, Command, Effect, Example, outputs},
    commands::{
        role::{ComputeArgs, RoleArgs, RoleEvent, stop, time, tolerance, work},
        text::load,
    },
    context::Context,
    error::CliError,
    key::WalletSigner,
    output::Printer,
    share::million,
};
use myelin_neuron::V1Policy;
use myelin_primitives::{BlockNumber, Fraction};
use myelin_subnet_kit::ValidatingOptions;
use myelin_subnet_text::{
    challenge::MAX_TOKENS,
    draw::Prompts,
    gate::GateLimits,
    judge::CHECKED,
    proof::Tolerance,
    roles::{self, TextValidatorOptions},
};
use std::{fs, ops::RangeInclusive, path::PathBuf, time::Duration};

/// Maximum size of a file of prompts, in bytes.
const MAX_PROMPTS: u64 = 64 * 1024 * 1024;

/// Arguments of `myelin validate text`.
#[derive(Debug, clap::Args)]
pub struct ValidateText {
    #[command(flatten)]
    post: RoleArgs,

    #[command(flatten)]
    computing: ComputeArgs,

    #[command(flatten)]
    rounds: Rounds,

    #[command(flatten)]
    questions: Questions,
}

/// Rounds, weights and their parameters.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Rounds")]
struct Rounds {
    /// Time in which the challenges of a round are sent, each at a random moment, such as `12s` or `500ms`
    #[arg(long, default_value = "12s", value_name = "TIME", value_parser = time)]
    every: Duration,

    /// Time to wait for an answer, of a challenge or of a consumer's question
    #[arg(long, default_value = "12s", value_name = "TIME", value_parser = time)]
    patience: Duration,

    /// Number of miners that are asked in a round
    #[arg(long, default_value = "16", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    sample: u16,

    /// Number of tokens that are requested
    #[arg(long, default_value = "32-128", value_name = "LEAST-MOST", value_parser = lengths)]
    lengths: RangeInclusive<u16>,

    /// Number of tokens of each answer that are recomputed
    #[arg(long, default_value_t = CHECKED, value_name = "COUNT")]
    checked: usize,

    /// Tolerance of the logarithm of a token's probability against the recomputed value; a token may fall short of the
    /// drawn one by twice that
    #[arg(long, default_value = "0.001", value_name = "NUMBER", value_parser = tolerance)]
    tolerance: Tolerance,

    /// File with a text on each line, to take prompts from [default: generated texts]
    #[arg(long, value_name = "FILE")]
    prompts: Option<PathBuf>,

    /// Weight of the newest score in an average
    #[arg(long, default_value = "10%", value_name = "PERCENT", value_parser = million)]
    newest: u32,

    /// Ask miners of protocol v1 too; their answers are not signed, and are worth at most a half
    #[arg(long)]
    ask_v1: bool,

    /// Number of blocks before an epoch at which weights are due [default: a third of the blocks between two, 3 to 25]
    #[arg(long, value_name = "BLOCKS")]
    lead: Option<BlockNumber>,

    /// Version key [default: the one that the subnet asks for]
    #[arg(long, value_name = "VERSION")]
    version_key: Option<u64>,
}

/// Limits for consumers.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Consumers")]
struct Questions {
    /// Number of questions of one consumer that are answered per minute
    #[arg(long, default_value = "20", value_name = "COUNT")]
    per_minute: u32,

    /// Number of questions that are answered at the same time
    #[arg(long, default_value = "8", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    at_a_time: u16,
}

fn lengths(text: &str) -> Result<RangeInclusive<u16>, String> {
    let refused = || format!("write two numbers from 1 to {MAX_TOKENS} such as `32-128`");
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse().ok().filter(|number| (1..=MAX_TOKENS).contains(number));
    match (number(least), number(most)) {
        (Some(least), Some(most)) if least <= most => Ok(least..=most),
        _ => Err(refused()),
    }
}

impl Rounds {
    fn prompts(&self) -> Result<Prompts, CliError> {
        let Some(path) = &self.prompts else { return Ok(Prompts::Made) };
        let failed = || CliError::file("read", path);
        if fs::metadata(path).map_err(failed())?.len() > MAX_PROMPTS {
            return Err(CliError::Usage {
                message: format!("{} is larger than {} MiB", path.display(), MAX_PROMPTS >> 20),
                hint: "use fewer prompts",
            });
        }
        let text = fs::read_to_string(path).map_err(failed())?;
        Prompts::of(text.lines().map(str::to_owned)).map_err(|error| CliError::Usage {
            message: format!("{}: {error}", path.display()),
            hint: "write a text on each line",
        })
    }
}

outputs! {
    /// An event of a validator.
    ValidateTextOutput(RoleEvent);
}

impl Command for ValidateText {
    const PATH: &'static str = "validate text";
    const SUMMARY: &'static str = "Run a validator: judge miners, set weights, answer consumers";
    const DETAILS: &'static str = "The validator runs until Ctrl-C. The hotkey needs a seat on the subnet, enough \
         stake for a validator permit, and the model that the subnet's owner has published. Scores and pending \
         reveals are saved: after a restart or an outage the validator continues. It sets weights before each epoch, \
         or commits and reveals them if the subnet requires that. It answers the questions of `myelin ask`.";
    const EFFECT: Effect = Effect::Work;
    const CALLS: Calls = &[
        ("Neurons", "serve_axon"),
        ("Neurons", "serve_axon_tls"),
        ("Weights", "set_weights"),
        ("Weights", "commit_weights"),
        ("Weights", "reveal_weights"),
    ];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Validate on the local network", line: "myelin validate text --model model" },
        Example {
            purpose: "One round per second, as a test",
            line: "myelin validate text --model model --port 0 --every 1s --lengths 16-48",
        },
    ];
    type Output = ValidateTextOutput;

    async fn run(self, context: &Context, _: &Printer<ValidateTextOutput>) -> Result<(), CliError> {
        let Self { post, computing, rounds, questions } = self;
        let prompts = rounds.prompts()?;
        let signer = WalletSigner::hotkey(context)?;
        let chain = context.chain().await?;
        let model = load(&computing.model, computing.threads).await?;
        let (told, teller) = post.report(context.format());
        let member = post.join(context, &signer, &chain, &told).await?;
        let defaults = ValidatingOptions::default();
        let options = TextValidatorOptions {
            rounds: ValidatingOptions {
                sample: rounds.sample.into(),
                every: rounds.every,
                patience: rounds.patience,
                newest: Fraction::from_ppm(rounds.newest).unwrap_or(defaults.newest),
                version_key: rounds.version_key,
                lead: rounds.lead,
                v1: if rounds.ask_v1 { V1Policy::Served } else { V1Policy::Refused },
                ..defaults
            },
            serving: post.serving(),
            limits: GateLimits {
                per_minute: questions.per_minute,
                at_a_time: questions.at_a_time.into(),
                ..GateLimits::default()
            },
            prompts,
            lengths: rounds.lengths,
            checked: rounds.checked,
            tolerance: rounds.tolerance,
        };
        let judged = told.clone();
        let working = roles::validate(&member, model, options, move |judged_one| judged.send(judged_one), stop());
        Box::pin(work((told, teller), &member, working)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_a_range() {
        assert_eq!(lengths("16-48"), Ok(16..=48));
        assert_eq!(lengths("16"), Ok(16..=16));
        for wrong in ["", "0-4", "8-4", "1-99999", "a-b"] {
            assert!(lengths(wrong).is_err(), "{wrong}");
        }
    }
}
