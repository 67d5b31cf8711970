//! The command `myelin ask`.

use super::{
    role::time,
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
use myelin_client::{BlockNumber, ChainError, Keypair, MetagraphInfo, NetworkParameters};
use myelin_files::{Access, OnExisting};
use myelin_keys::{Mnemonic, Secret, WalletError, WordCount};
use myelin_neuron::{Dendrite, Peer, Place, ServedAxon};
use myelin_subnet_kit::{dial_rules, signer_of};
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
    sync::Arc,
    time::Duration,
};
use tokio::signal::ctrl_c;

/// Maximum number of validators that are asked, one after the other.
const MAX_VALIDATORS: usize = 5;

/// Arguments of `myelin ask`.
#[derive(Debug, clap::Args)]
pub struct Ask {
    #[command(flatten)]
    writing: GenerateArgs,

    #[command(flatten)]
    subnet: TextSubnet,

    /// Ask this validator only: an address, or the name of a hotkey here [default: those with the highest stake]
    #[arg(long, value_name = "HOTKEY")]
    validator: Option<HotkeyArg>,

    /// Time to wait for the whole answer
    #[arg(long, default_value = "1m", value_name = "TIME", value_parser = time)]
    patience: Duration,

    /// Write the evidence that proves the answer offline to this file; `myelin text check` verifies it
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
}

/// An event while an answer arrives, or the answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum AskOutput {
    /// A request to a miner, which makes earlier tokens void.
    Miner {
        /// Uid of the miner.
        uid: u16,
        /// Address of the miner's hotkey.
        hotkey: String,
    },
    /// A token of the answer.
    Token {
        /// Number of the token in the model's vocabulary.
        token: u32,
        /// Natural logarithm of its probability, at temperature 1.
        logprob: f32,
        /// Text of the token.
        text: String,
    },
    /// A validator without an answer; the next validator is asked.
    NoAnswer {
        /// Address of the validator's hotkey.
        validator: String,
        /// Error of the request.
        error: String,
    },
    /// The answer, with its proof and its timing.
    Answer(Box<AskAnswer>),
}

/// An answer, with its proof and its timing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AskAnswer {
    /// Text of the answer.
    text: String,
    /// Numbers of the tokens.
    tokens: Vec<u32>,
    /// Finish reason: `stop` or `length`.
    finish: String,
    /// Seed of the sampling; with it and the miner, `myelin text run` generates the same answer.
    seed: u64,
    /// Hash of the model, 64 hex digits.
    model: String,
    /// Uid of the miner that answered.
    uid: u16,
    /// Address of the miner's hotkey.
    miner: String,
    /// Address of the validator's hotkey.
    validator: String,
    /// True if the validator proved that the model generated the answer.
    proven: bool,
    /// Number of tokens that the validator recomputed for the proof.
    checked: u32,
    /// True if a receipt proves that the miner gave this answer, without trust in the validator.
    miner_signed: bool,
    /// Incentive of the miner: its part of the miners' emission, of 65 535.
    incentive: u16,
    /// Consensus weight of the miner, of 65 535.
    consensus: u16,
    /// Time to the first token, measured by the validator, in microseconds.
    first_us: u64,
    /// Time to the end, measured by the validator, in microseconds.
    elapsed_us: u64,
    /// Tokens in 1 000 seconds, measured by the validator.
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

/// A writer of answers: token by token at a terminal, elsewhere only the final text.
///
/// Output outside of a terminal cannot be taken back, so it waits until the answer counts.
struct AnswerWriter {
    at_terminal: bool,
    is_inside_a_line: bool,
    closed: Option<OutputError>,
}

impl AnswerWriter {
    fn new() -> Self {
        Self { at_terminal: stdout().is_terminal(), is_inside_a_line: false, closed: None }
    }

    /// Ends the text of a miner that failed.
    fn void(&mut self) {
        if self.is_inside_a_line {
            self.end();
            note("the miner failed; another miner starts from the beginning");
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

    /// Writes the final text.
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
    const DETAILS: &'static str = "The question goes to the validator with the highest stake weight, which passes it \
         to its best miners. A terminal shows the answer while it is generated; the miner, the speed and the proof \
         that the model generated it follow. No wallet is needed: without a hotkey, a key is generated for this \
         question.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "A story", line: "myelin ask 'Once there was'" },
        Example {
            purpose: "An answer that the model reproduces",
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
            let what =
                only.map_or_else(|| "there is no validator".to_owned(), |only| format!("{only} is no validator"));
            return Err(CliError::NotFound {
                message: format!("{what} of subnet {netuid} that serves consumers"),
                hint: "list serving validators with `myelin metagraph show NETUID --validators --serving`".into(),
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
        let dendrite = dendrite(key(context)?, &now.network_parameters().await?, snapshot.block);
        let place = Place::new(&chain.genesis().0, netuid);
        let dendrite = dendrite.place(place);

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
            Some(path) => keep(told.evidence.as_ref(), place, path),
        }
    }
}

/// Writes the evidence of an answer to a file.
fn keep(evidence: Option<&Evidence>, place: Place, path: &Path) -> Result<(), CliError> {
    let refused =
        |why: &dyn Display| CliError::plain("evidence", why, Some("ask another validator with `--validator`".into()));
    let evidence = evidence.ok_or_else(|| refused(&"this validator returned no signed evidence"))?;
    // Only evidence that `myelin text check` accepts is kept.
    evidence.check_at(place).map_err(|error| refused(&error))?;
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

/// Returns the validators that serve, the highest stake weight first.
fn validators(snapshot: &MetagraphInfo) -> Vec<Peer> {
    let mut validators: Vec<_> = snapshot.serving().filter(|(neuron, _)| neuron.validator_permit).collect();
    validators.sort_by_key(|(neuron, _)| (Reverse(neuron.stake_weight), neuron.uid));
    let peer = |(neuron, axon): (&myelin_client::NeuronInfo, &myelin_client::AxonInfo)| {
        let certificate = axon.certificate.as_ref().map(|certificate| certificate.to_vec());
        let address = axon.endpoint.socket_address()?;
        ServedAxon { address, placeholder1: axon.placeholder1, certificate, announced_at: axon.block }
            .peer(neuron.hotkey)
            .ok()
    };
    validators.into_iter().filter_map(peer).take(MAX_VALIDATORS).collect()
}

/// Returns a dendrite that dials by the rules of a chain with these parameters, as of this block.
fn dendrite(key: Keypair, parameters: &NetworkParameters, block: BlockNumber) -> Dendrite {
    Dendrite::new(signer_of(key)).on_chain(Arc::new(dial_rules(parameters, move || block)))
}

/// Opens the hotkey of the wallet, or generates a key for this question if there is none.
fn key(context: &Context) -> Result<Keypair, CliError> {
    match WalletSigner::hotkey(context) {
        Ok(signer) => signer.open(context.terminal()),
        Err(CliError::Wallet(WalletError::NoWallet { .. } | WalletError::NoHotkey { .. })) => {
            Ok(Secret::from_mnemonic(Mnemonic::generate(WordCount::Twelve)?).into_keypair())
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::metagraph::example::{neuron, subnet};
    use myelin_client::NetUid;
    use myelin_neuron::{AskError, SPEAKS_STRICT};
    use myelin_subnet_text::{ModelHash, Sampling};
    use std::net::SocketAddr;

    /// Returns the one validator of a subnet that serves at this address.
    fn validator(address: SocketAddr) -> Peer {
        let mut neuron = neuron(0);
        neuron.validator_permit = true;
        let axon = neuron.axon.as_mut().unwrap();
        (axon.block, axon.endpoint, axon.placeholder1) = (77, address.into(), SPEAKS_STRICT);
        let snapshot = MetagraphInfo { block: 99, subnet: subnet(NetUid::new(1)), neurons: vec![neuron] };
        validators(&snapshot).remove(0)
    }

    #[test]
    fn a_validator_has_the_address_and_the_block_of_its_announcement() {
        let address = ([198, 51, 100, 7], 8_091).into();
        let peer = validator(address);
        assert_eq!((peer.address, peer.announced_at), (address, 77));
    }

    #[tokio::test]
    async fn only_addresses_in_the_scope_of_the_chain_are_dialled() {
        let peer = validator(([127, 0, 0, 2], 1).into());
        let challenge = TextChallenge {
            model: ModelHash::from_bytes([1; 32]),
            prompt: "Once".to_owned(),
            seed: 1,
            sampling: Sampling::default(),
            max_tokens: 1,
            miner: None,
        };
        for (local_addresses, expected) in [(false, AskError::OutOfScope), (true, AskError::Closed)] {
            let key = Secret::from_uri("//Alice").unwrap().into_keypair();
            let parameters = NetworkParameters { local_addresses, ..NetworkParameters::default() };
            let dendrite = dendrite(key, &parameters, 1);
            let peers = std::slice::from_ref(&peer);
            let failure = ask(&dendrite, peers, &challenge, Duration::from_secs(1), &mut |_| {}).await.unwrap_err();
            assert_eq!(failure.to_string(), expected.to_string());
        }
    }
}
