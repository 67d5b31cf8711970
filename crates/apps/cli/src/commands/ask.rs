//! `myelin ask`

use super::{
    role::{SAME_MACHINE, time},
    text::{GenerateArgs, TextSubnet, ending, published_error},
};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::HotkeyArg,
    output::{Format, OutputError, Printer, note, note_page, write},
    page::{Page, Render, TableCell, Tone, plain, printable},
    share::u16_percent,
    terminal::PromptError,
};
use myelin_client::{ChainError, Keypair, MetagraphInfo};
use myelin_files::{Access, OnExisting};
use myelin_keys::{Mnemonic, Secret, WalletError, WordCount};
use myelin_neuron::{Dendrite, Peer, ServedAxon};
use myelin_subnet_text::{
    challenge::TextChallenge,
    consumer::{AskEvent, ConsumerAnswer, ask},
    evidence::Evidence,
    published::published,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    cmp::Reverse,
    fmt::Display,
    io::{IsTerminal, stdout},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::signal::ctrl_c;

/// The validators that are asked, one after the other.
const MAX_VALIDATORS: usize = 5;

/// `myelin ask`
#[derive(Debug, clap::Args)]
pub struct Ask {
    #[command(flatten)]
    writing: GenerateArgs,

    #[command(flatten)]
    subnet: TextSubnet,

    /// Ask this validator only: an address, or the name of a hotkey here [default: those with the highest stake]
    #[arg(long, value_name = "HOTKEY")]
    validator: Option<HotkeyArg>,

    /// How long to wait for the whole answer
    #[arg(long, default_value = "1m", value_name = "TIME", value_parser = time)]
    patience: Duration,

    /// Write what shows the answer to anybody to this file; `myelin text check` reads it
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
}

/// What is heard while an answer comes, and the answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum AskOutput {
    /// A miner is asked. What came before is void.
    Miner {
        /// Its seat.
        uid: u16,
        /// Its address.
        hotkey: String,
    },
    /// A token of the answer.
    Token {
        /// Its number in the model's vocabulary.
        token: u32,
        /// The natural logarithm of its probability, at temperature 1.
        logprob: f32,
        /// Its text.
        text: String,
    },
    /// This validator has no answer, and the next one is asked.
    NoAnswer {
        /// Its address.
        validator: String,
        /// Why.
        error: String,
    },
    /// The answer, and what is known about it.
    Answer(Box<AskAnswer>),
}

/// An answer, and what is known about it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AskAnswer {
    /// The text.
    text: String,
    /// The numbers of its tokens.
    tokens: Vec<u32>,
    /// Why there are no more: `stop` or `length`.
    finish: String,
    /// What decided between tokens. With it and the miner `myelin text run` writes the same.
    seed: u64,
    /// The hash of the model, 64 hex digits.
    model: String,
    /// The seat of the miner that answered.
    uid: u16,
    /// Its address.
    miner: String,
    /// The address of the validator.
    validator: String,
    /// Whether the validator proved that the model wrote it.
    proven: bool,
    /// How many tokens it recomputed for that.
    checked: u32,
    /// Whether a receipt shows, without trust in the validator, that the miner said this.
    miner_signed: bool,
    /// What the network thinks of the miner: its part of what miners earned, of 65 535.
    incentive: u16,
    /// Its consensus weight, of 65 535.
    consensus: u16,
    /// Microseconds to the first token, as the validator saw it.
    first_us: u64,
    /// Microseconds to the end, as the validator saw it.
    elapsed_us: u64,
    /// Tokens in 1 000 seconds, as the validator saw it.
    tokens_per_1000_s: u64,
}

impl AskAnswer {
    fn of(told: &ConsumerAnswer, challenge: &TextChallenge) -> Self {
        let report = &told.report;
        let per_1000_s = u64::from(report.tokens).saturating_mul(1_000_000_000);
        Self {
            text: told.text(),
            tokens: told.tokens.iter().map(|token| token.token).collect(),
            finish: ending(told.ending),
            seed: challenge.seed,
            model: report.model.clone(),
            uid: report.uid,
            miner: report.hotkey.clone(),
            validator: told.validator.to_string(),
            proven: report.proven,
            checked: report.checked,
            miner_signed: told.miner_signed,
            incentive: report.incentive,
            consensus: report.consensus,
            first_us: report.first_us,
            elapsed_us: report.elapsed_us,
            tokens_per_1000_s: per_1000_s / report.elapsed_us.max(1),
        }
    }
}

impl Render for AskAnswer {
    fn render(&self, page: &mut Page) {
        let proof = if self.proven {
            TableCell::new(format!("by the validator, {} of {} tokens", self.checked, self.tokens.len()), Tone::Good)
        } else {
            TableCell::new("no", Tone::Bad)
        };
        let signed = if self.miner_signed {
            TableCell::new("by the miner", Tone::Good)
        } else {
            TableCell::new("no", Tone::Warning)
        };
        let rate = self.tokens_per_1000_s / 100;
        page.fields([
            ("answered by", format!("miner {}, {}", self.uid, self.miner).into()),
            ("through", format!("validator {}", self.validator).into()),
            ("model", self.model.as_str().into()),
            ("proven", proof),
            ("signed", signed),
            (
                "standing",
                format!("incentive {}, consensus {}", u16_percent(self.incentive), u16_percent(self.consensus)).into(),
            ),
            ("first token", format!("{} ms", self.first_us / 1_000).into()),
            ("speed", format!("{}.{} tokens/s", rate / 10, rate % 10).into()),
            ("seed", self.seed.to_string().into()),
        ]);
    }
}

impl Render for AskOutput {
    fn render(&self, page: &mut Page) {
        match self {
            Self::Miner { uid, hotkey } => page.line(format!("asking miner {uid}, {hotkey}")),
            Self::Token { text, .. } => page.line(printable(text)),
            Self::NoAnswer { validator, error } => page.line(format!("validator {validator}: {}", plain(error))),
            Self::Answer(answered) => answered.render(page),
        }
    }
}

/// Text for people: as it comes at a terminal, and once it is known to count where nobody could take it back.
struct AnswerWriter {
    at_terminal: bool,
    is_inside_a_line: bool,
    closed: Option<OutputError>,
}

impl AnswerWriter {
    fn new() -> Self {
        Self { at_terminal: stdout().is_terminal(), is_inside_a_line: false, closed: None }
    }

    /// What another miner began is void.
    fn void(&mut self) {
        if self.is_inside_a_line {
            self.end();
            note("that miner failed; another one begins anew");
        }
    }

    fn push(&mut self, text: &str) {
        if self.at_terminal {
            self.say(text);
            self.is_inside_a_line = true;
        }
    }

    fn end(&mut self) {
        if self.is_inside_a_line {
            self.say("\n");
            self.is_inside_a_line = false;
        }
    }

    /// The text that counts.
    fn finish(&mut self, text: &str) {
        if self.at_terminal {
            self.end();
        } else {
            self.say(text);
            self.say("\n");
        }
    }

    fn say(&mut self, text: &str) {
        if self.closed.is_none() {
            self.closed = write(printable(text).as_bytes()).err();
        }
    }
}

impl Command for Ask {
    const PATH: &'static str = "ask";
    const SUMMARY: &'static str = "Ask the network to continue a text";
    const DETAILS: &'static str = "The question goes to the validator with the highest stake, and from there to its \
         best miners. At a terminal the answer comes as it is written; then follows who answered, how fast, and whether \
         it was proven that the model wrote it. Nobody needs a wallet for that: without a hotkey, a key is made for \
         this question.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "A story", line: "myelin ask 'Once there was'" },
        Example {
            purpose: "What anybody can write again with the model",
            line: "myelin ask 'Once there was' --temperature 0 --max-tokens 64 --output json",
        },
    ];
    type Output = AskOutput;

    async fn run(self, context: &Context, output: &Printer<AskOutput>) -> Result<(), CliError> {
        let only = self.validator.as_ref().map(|validator| validator.find(context)).transpose()?;
        let seed = self.writing.seed()?;
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let netuid = self.subnet.find(&now).await?;
        let snapshot = now.metagraph(netuid).await?;
        let snapshot = snapshot.ok_or_else(|| ChainError::NoNetwork { netuid, block: now.height() })?;
        let known = published(&now, netuid).await.map_err(published_error)?;
        let mut validators = validators(&snapshot);
        if let Some(only) = &only {
            validators.retain(|peer| *peer.hotkey.as_bytes() == only.key.to_bytes());
        }
        if validators.is_empty() {
            let what = only.map_or_else(|| "no validator".to_owned(), |only| format!("{only} is no validator that"));
            return Err(CliError::NotFound {
                message: format!("{what} of subnet {netuid} can be asked"),
                hint: "see who validates and serves with `myelin metagraph show`, and ask again".into(),
            });
        }
        let challenge = TextChallenge {
            model: known.model,
            prompt: self.writing.prompt(),
            seed,
            sampling: self.writing.sampling(),
            max_tokens: self.writing.max_tokens,
            miner: None,
        };
        challenge
            .check()
            .map_err(|error| CliError::Usage { message: error.to_string(), hint: "see `myelin ask --help`" })?;
        let dendrite = Dendrite::new(myelin_subnet_kit::signer_of(key(context)?)).at(SAME_MACHINE.into());

        let is_text = context.format() == Format::Table;
        let mut writer = AnswerWriter::new();
        let mut heard = |heard: AskEvent| {
            if is_text {
                match heard {
                    AskEvent::Asking(_) => writer.void(),
                    AskEvent::Token(token) => writer.push(&token.text),
                    AskEvent::NoAnswer { .. } => {
                        writer.end();
                        note_page(&said(heard));
                    }
                }
            } else if let Err(error) = output.show(&said(heard)) {
                writer.closed.get_or_insert(error);
            }
        };
        let told = tokio::select! {
            told = ask(&dendrite, &validators, &challenge, self.patience, &mut heard) => told,
            signal = ctrl_c() => {
                signal.map_err(PromptError::Terminal)?;
                return Err(CliError::Interrupted);
            }
        };
        if is_text {
            match &told {
                Ok(told) => writer.finish(&told.text()),
                Err(_) => writer.end(),
            }
        }
        if let Some(error) = writer.closed {
            return Err(error.into());
        }
        let told = told.map_err(CliError::other)?;
        let answered = AskAnswer::of(&told, &challenge);
        if is_text {
            note_page(&answered);
        } else {
            output.show(&AskOutput::Answer(Box::new(answered)))?;
        }
        match &self.evidence {
            None => Ok(()),
            Some(path) => keep(told.evidence.as_ref(), path),
        }
    }
}

/// Writes what shows the answer to anybody.
fn keep(evidence: Option<&Evidence>, path: &Path) -> Result<(), CliError> {
    let refused =
        |why: &dyn Display| CliError::plain("evidence", why, Some("ask another validator with `--validator`".into()));
    let evidence = evidence.ok_or_else(|| refused(&"this validator signs nothing that could be kept"))?;
    // What is kept is what `myelin text check` believes.
    evidence.check().map_err(|error| refused(&error))?;
    let text = serde_json::to_string_pretty(evidence).map_err(|error| OutputError::Write(error.into()))?;
    let written = myelin_files::write(path, text.as_bytes(), Access::Shared, OnExisting::Replace);
    written.map_err(|error| CliError::file("write", path)(error.source))
}

fn said(heard: AskEvent) -> AskOutput {
    match heard {
        AskEvent::Asking(whom) => AskOutput::Miner { uid: whom.uid, hotkey: whom.hotkey },
        AskEvent::Token(token) => AskOutput::Token { token: token.token, logprob: token.logprob, text: token.text },
        AskEvent::NoAnswer { validator, why } => {
            AskOutput::NoAnswer { validator: validator.to_string(), error: why.to_string() }
        }
    }
}

/// The validators that can be asked, those with the highest stake first.
fn validators(snapshot: &MetagraphInfo) -> Vec<Peer> {
    let mut validators: Vec<_> = snapshot.serving().filter(|(neuron, _)| neuron.validator_permit).collect();
    validators.sort_by_key(|(neuron, _)| (Reverse(neuron.stake_weight), neuron.uid));
    let peer = |(neuron, axon): (&myelin_client::NeuronInfo, &myelin_client::AxonInfo)| {
        let certificate = axon.certificate.as_ref().map(|certificate| certificate.to_vec());
        let address = axon.endpoint.socket_address()?;
        ServedAxon { address, placeholder: axon.protocol, certificate }.peer(neuron.hotkey).ok()
    };
    validators.into_iter().filter_map(peer).take(MAX_VALIDATORS).collect()
}

/// The hotkey that is meant, or a key for this question where there is none.
fn key(context: &Context) -> Result<Keypair, CliError> {
    match WalletSigner::hotkey(context) {
        Ok(signer) => signer.open(context.terminal()),
        Err(CliError::Wallet(WalletError::NoWallet { .. } | WalletError::NoHotkey { .. })) => {
            Ok(Secret::from_mnemonic(Mnemonic::generate(WordCount::Twelve)?).into_keypair())
        }
        Err(error) => Err(error),
    }
}
