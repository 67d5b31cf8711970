//! Errors of commands: their codes, hints and exit codes.

use crate::{
    config::ConfigError,
    hints,
    output::{Format, OutputError, say},
    page::{Tone, printable},
    plan::PolicyRefusal,
    terminal::PromptError,
};
use myelin_client::{CallError, ChainError, IncludedTransaction, RandomnessError, SentTransaction, UnseenTransaction};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_explain::ExplainError;
use myelin_files::FileFault;
use myelin_keys::{
    Address, AddressError, ImportError, MnemonicError, NameError, PasswordError, SecretError, SignatureError,
    WalletError,
};
use myelin_local::LocalError;
use myelin_primitives::{Amount, Tao};
use serde::Serialize;
use std::{borrow::Cow, fmt, path::PathBuf};

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

/// A failure of a command.
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
    /// A question has no answer.
    #[error(transparent)]
    Prompt(#[from] PromptError),
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
    Local(LocalError),
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
    /// There is no home folder, so no folder for data.
    #[error("there is no home folder for data")]
    NoHome,
    /// A file cannot be used.
    #[error("could not {doing} {}: {source}", .path.display())]
    File {
        /// The action that failed, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: FileFault,
    },
    /// The output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// Any other error that knows its code and its hints.
    #[error("{0}")]
    Other(Box<dyn Diagnostic + Send + Sync>),
}

/// An error that is made where it is found: a code, a text and a hint.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct PlainError {
    code: &'static str,
    message: String,
    hint: Option<Cow<'static, str>>,
}

impl Diagnostic for PlainError {
    fn code(&self) -> &'static str {
        self.code
    }

    fn hints(&self, out: &mut Hints) {
        self.hint.iter().for_each(|hint| out.push(hint.clone()));
    }
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

impl From<LocalError> for CliError {
    fn from(error: LocalError) -> Self {
        match error {
            LocalError::Interrupted => Self::Interrupted,
            LocalError::Chain(error) => Self::Chain(error),
            LocalError::Explain(error) => (*error).into(),
            LocalError::Call { error, included } => Self::Call { error, included },
            LocalError::Unseen(unseen) => Self::Unseen { unseen, network: None },
            LocalError::Wallet(error) => error.into(),
            LocalError::Name(error) => error.into(),
            LocalError::Mnemonic(error) => error.into(),
            other => Self::Local(other),
        }
    }
}

impl From<RandomnessError> for CliError {
    fn from(error: RandomnessError) -> Self {
        Self::other(error)
    }
}

impl From<PasswordError> for CliError {
    fn from(error: PasswordError) -> Self {
        Self::Wallet(error.into())
    }
}

impl CliError {
    /// Makes an error of a code, a text and a hint.
    pub(crate) fn plain(
        code: &'static str,
        message: &dyn fmt::Display,
        hint: impl Into<Option<Cow<'static, str>>>,
    ) -> Self {
        Self::other(PlainError { code, message: message.to_string(), hint: hint.into() })
    }

    /// Makes an error of any error that knows its code and its hints.
    pub(crate) fn other(error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self::Other(Box::new(error))
    }

    /// Returns a closure that makes an error of a file's fault.
    pub(crate) fn file<F: Into<FileFault>>(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(F) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source: source.into() }
    }

    /// Makes an error of a call that was not carried out.
    pub(crate) fn call(error: CallError, included: Option<IncludedTransaction>) -> Self {
        Self::Call { error: Box::new(error), included: included.map(|included| (included.height, included.fee)) }
    }

    /// Returns the exit code for scripts.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. }
            | Self::Config(_)
            | Self::Name(_)
            | Self::Address(_)
            | Self::Signature(_)
            | Self::Local(LocalError::NoSubnet) => Exit::Usage,
            Self::Prompt(PromptError::Declined) | Self::Refused(_) => Exit::Refused,
            Self::Prompt(PromptError::NoTerminal { .. }) | Self::Wallet(WalletError::PasswordNeeded { .. }) => {
                Exit::NoTerminal
            }
            // As for `myelin … | head`: it got what it wanted.
            Self::Output(OutputError::Closed) => Exit::Done,
            Self::Unseen { .. } => Exit::Unseen,
            Self::LeftAlone { .. } | Self::Interrupted | Self::Prompt(PromptError::Interrupted) => Exit::Interrupted,
            _ => Exit::Failed,
        }
    }

    /// Returns the most promising hint.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Hints::of(self).into_iter().next()
    }

    /// Writes the error to standard error, unless the output was closed.
    pub fn show(&self, format: Format) {
        if matches!(self, Self::Output(OutputError::Closed)) {
            return;
        }
        let text = match format {
            Format::Json => serde_json::to_string(&self.report()).unwrap_or_default() + "\n",
            Format::Table => {
                // Nodes, neurons and files put texts of their own into errors.
                let hint = self.hint().map(|hint| format!("\n{} {}\n", Tone::Good.paint("hint:"), printable(&hint)));
                let error = printable(&self.to_string());
                format!("{} {error}\n{}", Tone::Bad.paint("error:"), hint.unwrap_or_default())
            }
        };
        say(&text);
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

impl Diagnostic for CliError {
    fn code(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "usage",
            Self::Prompt(error) => error.code(),
            Self::BadSignature { .. } => "bad-signature",
            Self::NotKept { .. } => "not-kept",
            Self::Refused(refusal) => refusal.code(),
            Self::Wallet(error) => error.code(),
            Self::Name(error) => error.code(),
            Self::Mnemonic(error) => error.code(),
            Self::Secret(error) => error.code(),
            Self::Import(error) => error.code(),
            Self::Address(error) => error.code(),
            Self::Signature(error) => error.code(),
            Self::Config(error) => error.code(),
            Self::Local(error) => error.code(),
            Self::Chain(error) => error.code(),
            Self::Explain(error) => error.code(),
            Self::NotFound { .. } => "not-found",
            Self::Impossible { .. } => "impossible",
            Self::TooLittle { .. } => "funds",
            Self::Call { error, .. } => error.code(),
            Self::Unseen { .. } => "unseen",
            Self::NoHome | Self::File { .. } => "io",
            Self::Output(error) => error.code(),
            Self::Other(error) => error.code(),
            Self::LeftAlone { .. } | Self::Interrupted => "interrupted",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Usage { hint, .. } => out.push(*hint),
            Self::Prompt(error) => error.hints(out),
            Self::BadSignature { .. } => {
                out.push("look at the address, and that the message is the same to the last character");
            }
            Self::NotKept { .. } => out.push("export the private key instead, with `--form private-key`"),
            Self::Refused(refusal) => refusal.hints(out),
            Self::Wallet(error) => hints::all(error, out),
            Self::Name(error) => error.hints(out),
            Self::Mnemonic(error) => error.hints(out),
            Self::Secret(error) => error.hints(out),
            Self::Import(error) => error.hints(out),
            Self::Address(error) => error.hints(out),
            Self::Signature(error) => error.hints(out),
            Self::Config(error) => error.hints(out),
            Self::Local(error) => hints::all(error, out),
            Self::Chain(error) => hints::all(&**error, out),
            Self::Explain(error) => hints::all(&**error, out),
            Self::Call { error, .. } => hints::all(&**error, out),
            Self::NotFound { hint, .. } | Self::Impossible { hint, .. } => out.push(hint.clone()),
            Self::TooLittle { .. } => out.push("lower the amount, or add TAO to the account"),
            Self::Unseen { unseen, network } => out.push(look_again(&unseen.sent, network.as_deref())),
            Self::LeftAlone { sent, network } => out.push(look_again(sent, network.as_deref())),
            Self::NoHome => out.push("set `HOME`"),
            Self::File { .. } => out.push("look at the path, and whether you may use it"),
            Self::Output(error) => error.hints(out),
            Self::Other(error) => hints::all(&**error, out),
            Self::Interrupted => {}
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// It is no question that had no answer, so no terminal would help.
    #[test]
    fn missing_randomness_is_named() {
        let error = CliError::from(RandomnessError::from(getrandom::Error::UNSUPPORTED));
        assert!(error.to_string().starts_with("the system gives no random numbers: "), "{error}");
        assert_eq!((error.code(), error.exit()), ("randomness", Exit::Failed));
        assert!(Hints::of(&error).iter().all(|hint| !hint.contains("terminal")));
    }

    #[test]
    fn an_error_of_a_library_keeps_its_code_and_gets_the_hint_with_a_command() {
        let error = CliError::from(ChainError::NoNetwork { netuid: myelin_client::NetUid::new(7), block: 9 });
        assert_eq!(error.code(), "not-found");
        assert_eq!(error.hint().as_deref(), Some("see which there are with `myelin subnet list`"));
        assert!(Hints::of(&error).iter().count() > 1, "the hints of the library are gone");
    }
}
