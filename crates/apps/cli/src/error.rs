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

/// Exit code of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Success.
    Done = 0,
    /// Failure.
    Failed = 1,
    /// Invalid arguments or settings.
    Usage = 2,
    /// Refusal by the policy or at a question; nothing was changed.
    Refused = 3,
    /// Question without a terminal; nothing was changed.
    NoTerminal = 4,
    /// Transaction that was sent and not seen within the limit; it may still be included.
    Unseen = 5,
    /// Interruption by Ctrl-C.
    Interrupted = 130,
}

/// A failure of a command.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Arguments that do not fit together.
    #[error("{message}")]
    Usage {
        /// Text of the error.
        message: String,
        /// Next step for the user.
        hint: &'static str,
    },
    /// A question without an answer.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// A signature of another message, or by another key.
    #[error("the signature does not match {address} and this message")]
    BadSignature {
        /// Address of the expected signer.
        address: Address,
    },
    /// A key that was not made from the requested secret, or whose file does not keep it.
    #[error("the key was not made from {what}, or its file does not keep it")]
    NotKept {
        /// Requested secret: words or a seed.
        what: &'static str,
    },
    /// A refusal by the policy.
    #[error(transparent)]
    Refused(#[from] PolicyRefusal),
    /// An error of a wallet.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// An invalid name of a wallet or a hotkey.
    #[error(transparent)]
    Name(#[from] NameError),
    /// An invalid mnemonic.
    #[error(transparent)]
    Mnemonic(#[from] MnemonicError),
    /// An invalid seed or private key.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// An error of a file of a Polkadot wallet.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// An invalid address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// An invalid signature, or a text that cannot be signed.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// An error of the configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An error of the local network.
    #[error(transparent)]
    Local(LocalError),
    /// An error of a request to the chain.
    #[error(transparent)]
    Chain(Box<ChainError>),
    /// An epoch or a seat that cannot be explained.
    #[error(transparent)]
    Explain(Box<ExplainError>),
    /// An item that the chain does not have.
    #[error("{message}")]
    NotFound {
        /// Text of the error.
        message: String,
        /// Next step for the user.
        hint: Cow<'static, str>,
    },
    /// An action that the chain would refuse, or that would change nothing, found beforehand.
    #[error("{message}")]
    Impossible {
        /// Text of the error.
        message: String,
        /// Next step for the user.
        hint: Cow<'static, str>,
    },
    /// A balance that is too low.
    #[error("the balance of {who} is {free}; this command spends {needed}")]
    TooLittle {
        /// Account that signs.
        who: String,
        /// Balance that it may spend.
        free: Amount<Tao>,
        /// Amount that the command spends, with its fee.
        needed: Amount<Tao>,
    },
    /// A call that failed.
    #[error("{error}{}", paid(.included.as_ref()))]
    Call {
        /// Cause of the failure.
        error: Box<CallError>,
        /// Block and fee, if the call was included.
        included: Option<(u64, Amount<Tao>)>,
    },
    /// A transaction that was sent and not seen.
    #[error("{unseen}")]
    Unseen {
        /// The transaction, and the last block that may include it.
        unseen: Box<UnseenTransaction>,
        /// Network, if it is not the default.
        network: Option<String>,
    },
    /// A transaction that was sent before Ctrl-C.
    #[error("interrupted; {:?} was sent, and may be included until block {}", .sent.hash, .sent.valid_until)]
    LeftAlone {
        /// The transaction.
        sent: Box<SentTransaction>,
        /// Network, if it is not the default.
        network: Option<String>,
    },
    /// Lack of a home folder, and so of a folder for data.
    #[error("there is no home folder for data")]
    NoHome,
    /// A file that cannot be used.
    #[error("cannot {doing} {}: {source}", .path.display())]
    File {
        /// Action that failed, as a verb.
        doing: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// Cause of the failure.
        source: FileFault,
    },
    /// An output that cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Interruption by Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// Any other error with a code and hints.
    #[error("{0}")]
    Other(Box<dyn Diagnostic + Send + Sync>),
}

/// An error from a code, a text and a hint.
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

/// Describes the block and the fee of a failed call.
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
            // As for `myelin … | head`: the reader has enough.
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
                // Nodes, neurons and files put their own texts into errors.
                let hint = self.hint().map(|hint| format!("\n{} {}\n", Tone::Good.paint("hint:"), printable(&hint)));
                let error = printable(&self.to_string());
                format!("{} {error}\n{}", Tone::Bad.paint("error:"), hint.unwrap_or_default())
            }
        };
        say(&text);
    }

    /// Returns the error in the form for programs.
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
                out.push("check the address, and that the message is identical");
            }
            Self::NotKept { .. } => out.push("export the private key instead: add `--form private-key`"),
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
            Self::File { .. } => out.push("check the path and its permissions"),
            Self::Output(error) => error.hints(out),
            Self::Other(error) => hints::all(&**error, out),
            Self::Interrupted => {}
        }
    }
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_safe = |character: char| character.is_ascii_alphanumeric() || "-._:/,[]".contains(character);
    if word.chars().all(is_safe) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")).into() }
}

/// Makes the hint with the command that looks for a transaction.
fn look_again(sent: &SentTransaction, network: Option<&str>) -> Cow<'static, str> {
    let SentTransaction { hash, signer, nonce, after, valid_until } = sent;
    let network = network.map(|network| format!(" --network {}", quoted(network))).unwrap_or_default();
    format!(
        "before signing another transaction, look for this one with `myelin chain outcome {hash:?} \
         --signer {signer} --nonce {nonce} --after {after} --until {valid_until}{network}`"
    )
    .into()
}

/// An error as JSON, one line on standard error.
#[derive(Debug, Serialize, serde::Deserialize)]
pub struct ErrorReport {
    /// Code, message and hint.
    pub error: ErrorBody,
}

/// Contents of an error.
#[derive(Debug, Serialize, serde::Deserialize)]
pub struct ErrorBody {
    /// Stable code.
    pub code: String,
    /// Text of the error.
    pub message: String,
    /// Next step for the user.
    pub hint: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error is no missing answer, so that no hint names a terminal.
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
        assert_eq!(error.hint().as_deref(), Some("list the subnets with `myelin subnet list`"));
        assert!(Hints::of(&error).iter().count() > 1, "the hints of the library are gone");
    }
}
