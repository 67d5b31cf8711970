//! What goes wrong, what to do about it, and the exit code that says so to a script.

use crate::{config::ConfigError, network::NetworkError, plan::PolicyRefusal};
use myelin_client::{
    CallError, ChainError, Diagnostic, DispatchFailure, Hints, IncludedTransaction, PoolRefusal, SentTransaction,
    UnseenTransaction,
};
use myelin_explain::ExplainError;
use myelin_keys::{
    Address, AddressError, ImportError, MnemonicError, NameError, PasswordError, SecretError, SignatureError,
    WalletError,
};
use myelin_primitives::{Amount, Tao};
use serde::Serialize;
use std::{borrow::Cow, fmt, io, path::PathBuf};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It did what was asked.
    Done = 0,
    /// It could not.
    Failed = 1,
    /// What was typed makes no sense.
    Usage = 2,
    /// The policy, or whoever was asked, said no. Nothing was changed.
    Refused = 3,
    /// Somebody had to be asked, and there is no terminal. Nothing was changed.
    NoTerminal = 4,
    /// It was sent, and not seen within the limit. It may still happen.
    Unseen = 5,
    /// Ctrl-C.
    Interrupted = 130,
}

/// Why a command failed. Its text says what, [`CliError::hint`] what to do next.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The words are in order, but not together.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What would be right.
        hint: &'static str,
    },
    /// A question cannot be asked.
    #[error("{question} There is no terminal to answer at")]
    NoTerminal {
        /// The question.
        question: String,
        /// How to answer it otherwise.
        hint: Cow<'static, str>,
    },
    /// The answer was not yes.
    #[error("stopped, because the answer was not yes")]
    Declined,
    /// Two passwords that should be the same are not.
    #[error("the two passwords differ")]
    PasswordsDiffer,
    /// A new password that is guessed in no time.
    #[error("a password of {length} characters is too short")]
    PasswordTooShort {
        /// How long it is.
        length: usize,
    },
    /// The signature is a signature, but of something else or by somebody else.
    #[error("the signature is not {address}'s, or not of this message")]
    BadSignature {
        /// Who was said to have signed.
        address: Address,
    },
    /// The key was not made from what was asked for.
    #[error("this key was not made from {what}, or its file does not keep it")]
    NotKept {
        /// Words or a seed.
        what: &'static str,
    },
    /// The policy says no.
    #[error(transparent)]
    Refused(#[from] PolicyRefusal),
    /// A wallet.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The name of a wallet or a hotkey.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A mnemonic.
    #[error(transparent)]
    Mnemonic(#[from] MnemonicError),
    /// A seed or a private key.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A file of a Polkadot wallet.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// An address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A signature or a text to be signed.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The local network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The chain has no answer.
    #[error(transparent)]
    Chain(Box<ChainError>),
    /// An epoch or a seat cannot be explained.
    #[error(transparent)]
    Explain(Box<ExplainError>),
    /// There is nothing of that name on the chain.
    #[error("{message}")]
    NotFound {
        /// What there is not.
        message: String,
        /// Where to look.
        hint: Cow<'static, str>,
    },
    /// The chain would refuse it, or it would change nothing, as can be seen beforehand.
    #[error("{message}")]
    Impossible {
        /// Why.
        message: String,
        /// What would be possible.
        hint: Cow<'static, str>,
    },
    /// Whoever signs has too little.
    #[error("{who} has {free}, and this takes {needed}")]
    TooLittle {
        /// Who signs.
        who: String,
        /// What it may spend.
        free: Amount<Tao>,
        /// What it would have to.
        needed: Amount<Tao>,
    },
    /// A call was not carried out.
    #[error("{error}{}", paid(.included.as_ref()))]
    Call {
        /// Why.
        error: Box<CallError>,
        /// Where it failed, if it was included.
        included: Option<(u64, Amount<Tao>)>,
    },
    /// A call was sent, and not seen.
    #[error("{unseen}")]
    Unseen {
        /// What was sent, and until when it may happen.
        unseen: Box<UnseenTransaction>,
        /// The network, if somebody chose one.
        network: Option<String>,
    },
    /// A call was sent, and then came Ctrl-C.
    #[error("interrupted; {:?} was sent, and may be included until block {}", .sent.hash, .sent.valid_until)]
    LeftAlone {
        /// What was sent.
        sent: Box<SentTransaction>,
        /// The network, if somebody chose one.
        network: Option<String>,
    },
    /// A neuron, its model or its task.
    #[error("{message}")]
    Task {
        /// The name of the cause.
        code: &'static str,
        /// What went wrong.
        message: String,
        /// What to do next, if the library knows.
        hint: Option<String>,
    },
    /// A file.
    #[error("could not {doing} {}: {source}", .path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The terminal.
    #[error("could not ask at the terminal: {0}")]
    Terminal(io::Error),
    /// Whoever read the output has enough of it. Said to nobody.
    #[error("nobody reads the output any more")]
    OutputClosed,
    /// The output cannot be written.
    #[error("could not write the output: {0}")]
    Output(io::Error),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

/// What a call paid that failed.
fn paid(included: Option<&(u64, Amount<Tao>)>) -> String {
    included.map_or_else(String::new, |(block, fee)| format!(" (in block {block}, for a fee of {fee})"))
}

impl From<ChainError> for CliError {
    fn from(error: ChainError) -> Self {
        Self::Chain(Box::new(error))
    }
}

impl From<ExplainError> for CliError {
    fn from(error: ExplainError) -> Self {
        match error {
            ExplainError::Chain(error) => error.into(),
            ExplainError::NoNetwork { netuid, block } => ChainError::NoNetwork { netuid, block }.into(),
            other => Self::Explain(Box::new(other)),
        }
    }
}

impl From<PasswordError> for CliError {
    fn from(error: PasswordError) -> Self {
        Self::Wallet(error.into())
    }
}

impl CliError {
    /// That a library of neurons says no.
    pub(crate) fn task(code: &'static str, error: &dyn fmt::Display, hint: Option<String>) -> Self {
        Self::Task { code, message: error.to_string(), hint }
    }

    /// That a call was not carried out.
    pub(crate) fn call(error: CallError, included: Option<IncludedTransaction>) -> Self {
        Self::Call { error: Box::new(error), included: included.map(|included| (included.height, included.fee)) }
    }

    /// A name of the cause that stays the same when the text becomes better.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "usage",
            Self::NoTerminal { .. } => "no-terminal",
            Self::Declined => "declined",
            Self::PasswordsDiffer | Self::PasswordTooShort { .. } => "password",
            Self::BadSignature { .. } => "bad-signature",
            Self::NotKept { .. } => "not-kept",
            Self::Refused(_) => "policy",
            Self::Wallet(error) => match error {
                WalletError::NoWallet { .. } => "no-wallet",
                WalletError::NoColdkey { .. }
                | WalletError::NoColdkeyAddress { .. }
                | WalletError::NoHotkey { .. }
                | WalletError::NoSecret { .. } => "no-key",
                WalletError::Exists { .. } => "exists",
                WalletError::PasswordNeeded { .. } => "no-terminal",
                WalletError::WrongPassword { .. } | WalletError::Password(_) | WalletError::EmptyPassword => "password",
                WalletError::Name(_) => "name",
                _ => "wallet-file",
            },
            Self::Name(_) => "name",
            Self::Mnemonic(_) | Self::Secret(_) | Self::Import(_) => "secret",
            Self::Address(_) => "address",
            Self::Signature(_) => "signature",
            Self::Config(_) => "config",
            Self::Network(error) => error.code(),
            Self::Chain(error) => chain_code(error),
            Self::Explain(error) => explain_code(error),
            Self::NotFound { .. } => "not-found",
            Self::Impossible { .. } => "impossible",
            Self::TooLittle { .. } => "funds",
            Self::Call { error, .. } => call_code(error),
            Self::Unseen { .. } => "unseen",
            Self::Task { code, .. } => code,
            Self::File { .. } | Self::Terminal(_) | Self::OutputClosed | Self::Output(_) => "io",
            Self::LeftAlone { .. } | Self::Interrupted => "interrupted",
        }
    }

    /// What a script sees.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. } | Self::Config(_) | Self::Name(_) | Self::Address(_) | Self::Signature(_) => Exit::Usage,
            Self::Declined | Self::Refused(_) => Exit::Refused,
            Self::NoTerminal { .. } | Self::Wallet(WalletError::PasswordNeeded { .. }) => Exit::NoTerminal,
            // As for `myelin … | head`: it got what it wanted.
            Self::OutputClosed => Exit::Done,
            Self::Unseen { .. } => Exit::Unseen,
            Self::LeftAlone { .. } | Self::Interrupted => Exit::Interrupted,
            _ => Exit::Failed,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Usage { hint, .. } => Cow::Borrowed(*hint),
            Self::Declined | Self::OutputClosed | Self::Interrupted => return None,
            Self::PasswordsDiffer => "type the same password twice".into(),
            Self::PasswordTooShort { .. } => "take eight characters or more; a few unrelated words are best".into(),
            Self::BadSignature { .. } => {
                "look at the address, and that the message is the same to the last character".into()
            }
            Self::NotKept { .. } => "export the private key instead, with `--form private-key`".into(),
            Self::Refused(refusal) => refusal.hint(),
            Self::Wallet(error) => return wallet_hint(error),
            Self::Name(error) => return first_hint(error),
            Self::Mnemonic(error) => return first_hint(error),
            Self::Secret(error) => return first_hint(error),
            Self::Import(error) => return first_hint(error),
            Self::Address(error) => return first_hint(error),
            Self::Signature(error) => return first_hint(error),
            Self::Config(error) => error.hint(),
            Self::Network(error) => error.hint(),
            Self::Chain(error) => return chain_hint(error),
            Self::Explain(error) => return explain_hint(error),
            Self::NoTerminal { hint, .. } | Self::NotFound { hint, .. } | Self::Impossible { hint, .. } => hint.clone(),
            Self::TooLittle { .. } => "lower the amount, or add TAO to the account".into(),
            Self::Call { error, .. } => return call_hint(error),
            Self::Unseen { unseen, network } => look_again(&unseen.sent, network.as_deref()),
            Self::Task { hint, .. } => return hint.clone().map(Cow::Owned),
            Self::LeftAlone { sent, network } => look_again(sent, network.as_deref()),
            Self::File { .. } => "look at the path, and whether you may use it".into(),
            Self::Terminal(_) => "run it in an ordinary terminal".into(),
            Self::Output(_) => "look at where the output goes, and whether the disk is full".into(),
        })
    }

    /// As a program reads it.
    pub fn report(&self) -> ErrorReport {
        ErrorReport {
            error: ErrorBody {
                code: self.code().into(),
                message: self.to_string(),
                hint: self.hint().map(Cow::into_owned),
            },
        }
    }
}

fn chain_code(error: &ChainError) -> &'static str {
    match error {
        ChainError::Endpoint(_) => "endpoint",
        ChainError::Unreachable(_) | ChainError::Silent(_) => "unreachable",
        ChainError::NoNetwork { .. } => "not-found",
        ChainError::NoWork(_) => "impossible",
        ChainError::Node { .. } | ChainError::NoBlock(_) => "node",
        ChainError::Incompatible(_) | ChainError::Unreadable(_) => "incompatible",
    }
}

fn explain_code(error: &ExplainError) -> &'static str {
    match error {
        ExplainError::Chain(error) => chain_code(error),
        ExplainError::NoNetwork { .. }
        | ExplainError::NoEpochYet(_)
        | ExplainError::NoEpoch { .. }
        | ExplainError::NoNeuron { .. } => "not-found",
        ExplainError::Failed { .. } | ExplainError::Scheduled(_) => "impossible",
        ExplainError::Contradiction { .. } => "node",
    }
}

fn call_code(error: &CallError) -> &'static str {
    match error {
        CallError::NotSent(error) => chain_code(error),
        CallError::Refused(PoolRefusal::Payment)
        | CallError::Dispatch(DispatchFailure::Funds | DispatchFailure::BelowMinimum) => "funds",
        CallError::Refused(_) => "refused",
        CallError::Pallet { .. } | CallError::Dispatch(_) => "call-failed",
        CallError::Inner { error, .. } => call_code(error),
        CallError::Expired { .. } => "expired",
    }
}

/// The hints of the libraries name what they offer; here that is a command.
fn chain_hint(error: &ChainError) -> Option<Cow<'static, str>> {
    Some(match error {
        ChainError::Unreachable(_) => {
            "see that a node runs there, begin a local network with `myelin network up`, or name a node with `--network`"
                .into()
        }
        ChainError::NoNetwork { .. } => "see which there are with `myelin subnet list`".into(),
        error => return first_hint(error),
    })
}

fn explain_hint(error: &ExplainError) -> Option<Cow<'static, str>> {
    Some(match error {
        ExplainError::Chain(error) => return chain_hint(error),
        ExplainError::NoEpoch { .. } => {
            "leave `--epoch` out for the last one, or look for one with `myelin chain blocks`".into()
        }
        ExplainError::NoNeuron { netuid, .. } => {
            format!("see who is there with `myelin metagraph show {netuid}`").into()
        }
        error => return first_hint(error),
    })
}

fn call_hint(error: &CallError) -> Option<Cow<'static, str>> {
    match error {
        CallError::NotSent(error) => chain_hint(error),
        error => first_hint(error),
    }
}

fn first_hint(error: &impl Diagnostic) -> Option<Cow<'static, str>> {
    Hints::of(error).into_iter().next()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_safe = |character: char| character.is_ascii_alphanumeric() || "-._:/,[]".contains(character);
    if word.chars().all(is_safe) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")).into() }
}

/// How to find out what came of it.
fn look_again(sent: &SentTransaction, network: Option<&str>) -> Cow<'static, str> {
    let SentTransaction { hash, signer, nonce, after, valid_until } = sent;
    let network = network.map(|network| format!(" --network {}", quoted(network))).unwrap_or_default();
    format!(
        "before signing another, look again with `myelin chain outcome {hash:?} --signer {signer} --nonce {nonce} \
         --after {after} --until {valid_until}{network}`"
    )
    .into()
}

fn wallet_hint(error: &WalletError) -> Option<Cow<'static, str>> {
    Some(match error {
        WalletError::NoWallet { name, .. } => {
            format!("make it with `myelin wallet create --wallet {name}`, or see which there are with `myelin wallet list`")
                .into()
        }
        WalletError::NoHotkey { name, wallet } => format!(
            "make it with `myelin wallet new-hotkey {name} --wallet {wallet}`, or see which there are with `myelin wallet list`"
        )
        .into(),
        WalletError::NoColdkey { .. } | WalletError::NoColdkeyAddress { .. } => {
            "restore it with `myelin wallet restore`, or do this on the machine that has it".into()
        }
        other => return first_hint(other),
    })
}

/// An error as JSON, one line on standard error.
#[derive(Debug, Serialize, serde::Deserialize)]
pub struct ErrorReport {
    /// The error.
    pub error: ErrorBody,
}

/// What an error says.
#[derive(Debug, Serialize, serde::Deserialize)]
pub struct ErrorBody {
    /// A name that does not change.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}
