//! Commitments, which neurons publish.

use super::seat;
use crate::{
    command::{Calls, Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::HotkeyArg,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use clap::ValueEnum;
use myelin_client::{BlockNumber, CommitmentData, NetUid, calls};
use schemars::JsonSchema;
use serde::Serialize;

/// Data of a commitment. spec subnets-and-neurons §16
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum CommitmentItem {
    /// No data.
    Nothing {},
    /// Raw bytes.
    Raw {
        /// Bytes as hex digits.
        hex: String,
        /// Bytes as text, if they are UTF-8 without control characters.
        text: Option<String>,
    },
    /// A hash.
    Hash {
        /// Function that made the hash.
        function: Function,
        /// Hash as hex digits.
        hex: String,
    },
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Function {
    /// BLAKE2 with 256 bits
    #[value(name = "blake2-256")]
    #[serde(rename = "blake2-256")]
    Blake2,
    /// SHA-2 with 256 bits
    #[value(name = "sha2-256")]
    #[serde(rename = "sha2-256")]
    Sha2,
    /// Keccak with 256 bits
    #[value(name = "keccak-256")]
    #[serde(rename = "keccak-256")]
    Keccak,
    /// SHA-3 with 256 bits
    #[value(name = "sha3-256")]
    #[serde(rename = "sha3-256")]
    Sha3,
}

impl Function {
    const fn name(self) -> &'static str {
        match self {
            Self::Blake2 => "BLAKE2-256",
            Self::Sha2 => "SHA2-256",
            Self::Keccak => "Keccak-256",
            Self::Sha3 => "SHA3-256",
        }
    }
}

impl From<&CommitmentData> for CommitmentItem {
    fn from(data: &CommitmentData) -> Self {
        let raw = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control));
            Self::Raw { hex: hex::encode(bytes), text: text.map(str::to_owned) }
        };
        let hash = |function, hash: &[u8; 32]| Self::Hash { function, hex: hex::encode(hash) };
        match data {
            CommitmentData::None => Self::Nothing {},
            CommitmentData::Raw(bytes) => raw(bytes),
            CommitmentData::BlakeTwo256(bytes) => hash(Function::Blake2, bytes),
            CommitmentData::Sha256(bytes) => hash(Function::Sha2, bytes),
            CommitmentData::Keccak256(bytes) => hash(Function::Keccak, bytes),
            CommitmentData::ShaThree256(bytes) => hash(Function::Sha3, bytes),
        }
    }
}

impl CommitmentItem {
    /// Returns the data in words.
    fn words(&self) -> String {
        match self {
            Self::Nothing {} => "nothing".into(),
            Self::Raw { text: Some(text), .. } => format!("\"{text}\""),
            Self::Raw { hex, text: None } => format!("0x{hex}"),
            Self::Hash { function, hex } => format!("the {} hash 0x{hex}", function.name()),
        }
    }
}

/// Commitment of one neuron.
#[derive(Debug, Serialize, JsonSchema)]
struct NeuronCommitmentRow {
    /// Number of the network.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Uid of the neuron.
    uid: u16,
    /// Address of the hotkey.
    hotkey: String,
    /// Block in which it was published; absent if nothing was.
    block: Option<BlockNumber>,
    /// Published data.
    item: CommitmentItem,
}

impl Render for NeuronCommitmentRow {
    fn render(&self, page: &mut Page) {
        let Self { uid, netuid, item, .. } = self;
        let when = self.block.map_or_else(String::new, |block| format!(", in block {block}"));
        page.line(format!("neuron {uid} of network {netuid} publishes {}{when}", item.words()));
    }
}

outputs! {
    /// The commitment of a neuron.
    NeuronCommitmentShowOutput(NeuronCommitmentRow);
    /// The commitment that was published.
    NeuronCommitmentSetOutput(NeuronCommitmentRow);
}

/// Arguments of `myelin neuron commitment show`.
#[derive(Debug, clap::Args)]
pub struct ShowCommitment {
    /// Hotkey of the neuron: an address, the name of a hotkey on this machine, or `myself` [default: myself]
    hotkey: Option<HotkeyArg>,

    /// Number of the network
    #[arg(long)]
    netuid: NetUid,
}

impl Command for ShowCommitment {
    const PATH: &'static str = "neuron commitment show";
    const SUMMARY: &'static str = "Show the commitment of a neuron";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Your own neuron", line: "myelin neuron commitment show --netuid 1" }];
    type Output = NeuronCommitmentShowOutput;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let hotkey = HotkeyArg::or_default(self.hotkey.as_ref(), context)?;
        let now = context.chain().await?.at_finalised().await?;
        let uid = seat(&now, self.netuid, &hotkey).await?.uid;
        let commitment = now.commitment(self.netuid, uid).await?;
        Ok(output.show(&NeuronCommitmentShowOutput(NeuronCommitmentRow {
            netuid: self.netuid,
            uid: uid.get(),
            hotkey: hotkey.key.to_string(),
            block: commitment.as_ref().map(|commitment| commitment.block),
            item: commitment
                .as_ref()
                .map_or(CommitmentItem::Nothing {}, |commitment| CommitmentItem::from(&commitment.info)),
        }))?)
    }
}

/// Arguments of `myelin neuron commitment set`.
#[derive(Debug, clap::Args)]
pub struct SetCommitment {
    /// Data to publish: a text, or bytes as hex digits after `0x`
    item: String,

    /// Number of the network
    #[arg(long)]
    netuid: NetUid,

    /// Publish the data as a hash of this function
    #[arg(long, value_enum, value_name = "FUNCTION")]
    hash: Option<Function>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// Converts an argument to the data of a commitment.
fn data(item: &str, hash: Option<Function>) -> Result<CommitmentData, CliError> {
    let usage = |message: String, hint| CliError::Usage { message, hint };
    let bytes = match item.strip_prefix("0x") {
        Some(digits) => hex::decode(digits)
            .map_err(|error| usage(format!("`{item}`: {error}"), "write two hex digits for each byte"))?,
        None => item.as_bytes().to_vec(),
    };
    if let Some(function) = hash {
        let hash = bytes.as_slice().try_into();
        let hash = hash.map_err(|_| {
            usage(
                format!("the hash has {} bytes instead of 32", bytes.len()),
                "write the hash as `0x` and 64 hex digits",
            )
        })?;
        return Ok(match function {
            Function::Blake2 => CommitmentData::BlakeTwo256(hash),
            Function::Sha2 => CommitmentData::Sha256(hash),
            Function::Keccak => CommitmentData::Keccak256(hash),
            Function::Sha3 => CommitmentData::ShaThree256(hash),
        });
    }
    if bytes.is_empty() {
        return Ok(CommitmentData::None);
    }
    let long = || {
        usage(
            format!("the data has {} bytes; at most 128 are stored", bytes.len()),
            "publish a hash instead, with `--hash`",
        )
    };
    CommitmentData::raw(&bytes).ok_or_else(long)
}

impl Command for SetCommitment {
    const PATH: &'static str = "neuron commitment set";
    const SUMMARY: &'static str = "Set the commitment of a neuron, up to 128 bytes";
    const DETAILS: &'static str = "The call is free, and replaces the commitment. An empty text removes it.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Neurons", "set_commitment")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "A text", line: "myelin neuron commitment set model-7 --netuid 1" },
        Example {
            purpose: "The hash of a model",
            line: "myelin neuron commitment set --netuid 1 --hash blake2-256 \
                   0x0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8",
        },
    ];
    type Output = TransactionOutput<NeuronCommitmentSetOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (netuid, data) = (self.netuid, data(&self.item, self.hash)?);
        let (hotkey, signer) = (HotkeyArg::or_default(None, context)?, WalletSigner::hotkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let uid = seat(&now, netuid, &hotkey).await?.uid;
        let before = now.commitment(netuid, uid).await?;
        let (item, was) = (
            CommitmentItem::from(&data),
            before.map_or(CommitmentItem::Nothing {}, |before| CommitmentItem::from(&before.info)),
        );
        let plan = Plan::new(format!("Publish {} as the commitment of neuron {uid} of network {netuid}", item.words()))
            .touches(netuid)
            .effect(format!("the present commitment is {}", was.words()))
            .risk("fails if the commitment changed in the last 100 blocks");
        let sent = self.sending.send(context, &chain, &signer, &calls::set_commitment(netuid, data), plan).await?;
        Ok(output.show(&sent.output(|included| {
            let (uid, hotkey) = (uid.get(), hotkey.key.to_string());
            let block = BlockNumber::try_from(included.height).ok();
            Ok(NeuronCommitmentSetOutput(NeuronCommitmentRow { netuid, uid, hotkey, block, item }))
        })?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_what_is_published() {
        let words = |item: &str, hash| CommitmentItem::from(&data(item, hash).unwrap()).words();
        let hash = format!("0x{}", "ab".repeat(32));
        assert_eq!(words("model-7", None), "\"model-7\"");
        assert_eq!(words("0x00ff", None), "0x00ff");
        assert_eq!(words("0x6869", None), "\"hi\"");
        assert_eq!(words("", None), "nothing");
        assert_eq!(words(&hash, Some(Function::Sha3)), format!("the SHA3-256 hash {hash}"));
        for (item, hash) in [("0x0", None), ("0xzz", None), ("0xab", Some(Function::Sha2)), (&*"x".repeat(129), None)] {
            assert!(matches!(data(item, hash), Err(CliError::Usage { .. })), "{item}");
        }
    }
}
