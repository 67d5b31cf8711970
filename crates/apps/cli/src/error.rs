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
    /// A neuron that is reached, with a part that is not as it should be.
    Doubtful = 10,
    /// A neuron that others do not reach.
    Unreachable = 11,
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
    /// A neuron that is not reached as it should be.
    #[error("{message}")]
    Probe {
        /// Text of the error.
        message: String,
        /// Exit code of the program.
        exit: Exit,
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
            Self::Probe { exit, .. } => *exit,
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
            Self::Probe { .. } => "probe",
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
            Self::Probe { exit: Exit::Doubtful, .. } => out.push("compare it with the log of the neuron"),
            Self::Probe { .. } => out.push("check that the neuron runs, and that its port is open to the outside"),
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
    let SentTransaction { hash, signer, nonce, after, valid_until, .. } = sent;
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
    use myelin_client::{NetUid, NodeUrlError, PoolRefusal, PublicKey, Unreachable, subxt::utils::H256};
    use myelin_keys::UriError;
    use myelin_local::LocalPreset;
    use myelin_subnet_text::ModelError;
    use std::{io, time::Duration};

    const NETUID: NetUid = NetUid::new(1);

    fn broken() -> io::Error {
        io::Error::other("broken")
    }

    fn sent() -> SentTransaction {
        SentTransaction {
            hash: H256::zero(),
            signer: PublicKey::from([1; 32]),
            nonce: 0,
            after: 1,
            valid_until: 2,
            spec_version: None,
        }
    }

    fn unseen() -> Box<UnseenTransaction> {
        Box::new(UnseenTransaction { sent: sent(), waited: Duration::ZERO, trouble: None })
    }

    fn unreachable() -> ChainError {
        Unreachable { tried: Vec::new() }.into()
    }

    fn assert_codes(errors: impl IntoIterator<Item = (CliError, &'static str, Exit)>) {
        for (error, code, exit) in errors {
            assert_eq!((error.code(), error.exit()), (code, exit), "{error:?}");
        }
    }

    #[test]
    fn exit_codes_stay() {
        let exits = [
            (Exit::Done, 0),
            (Exit::Failed, 1),
            (Exit::Usage, 2),
            (Exit::Refused, 3),
            (Exit::NoTerminal, 4),
            (Exit::Unseen, 5),
            (Exit::Doubtful, 10),
            (Exit::Unreachable, 11),
            (Exit::Interrupted, 130),
        ];
        for (exit, code) in exits {
            assert_eq!(exit as u8, code, "{exit:?}");
        }
    }

    #[test]
    fn codes_of_commands_stay() {
        let amount = Amount::ZERO;
        let prompt = |error: PromptError| CliError::from(error);
        assert_codes([
            (CliError::Usage { message: String::new(), hint: "" }, "usage", Exit::Usage),
            (CliError::Probe { message: String::new(), exit: Exit::Doubtful }, "probe", Exit::Doubtful),
            (CliError::Probe { message: String::new(), exit: Exit::Unreachable }, "probe", Exit::Unreachable),
            (
                prompt(PromptError::NoTerminal { question: String::new(), hint: "".into() }),
                "no-terminal",
                Exit::NoTerminal,
            ),
            (prompt(PromptError::Declined), "declined", Exit::Refused),
            (prompt(PromptError::PasswordsDiffer), "password", Exit::Failed),
            (prompt(PromptError::PasswordTooShort { length: 1 }), "password", Exit::Failed),
            (prompt(PromptError::Terminal(broken())), "io", Exit::Failed),
            (prompt(PromptError::Interrupted), "interrupted", Exit::Interrupted),
            (
                CliError::BadSignature { address: PublicKey::from([1; 32]).to_string().parse().unwrap() },
                "bad-signature",
                Exit::Failed,
            ),
            (CliError::NotKept { what: "a seed" }, "not-kept", Exit::Failed),
            (PolicyRefusal::Spend { spend: amount, limit: amount }.into(), "policy", Exit::Refused),
            (PolicyRefusal::Fee { fee: amount, limit: amount }.into(), "policy", Exit::Refused),
            (PolicyRefusal::Subnet { netuid: NETUID }.into(), "policy", Exit::Refused),
            (ConfigError::NoHome.into(), "config", Exit::Usage),
            (ConfigError::Unknown { name: "x".into() }.into(), "config", Exit::Usage),
            (CliError::NotFound { message: String::new(), hint: "".into() }, "not-found", Exit::Failed),
            (CliError::Impossible { message: String::new(), hint: "".into() }, "impossible", Exit::Failed),
            (CliError::TooLittle { who: String::new(), free: amount, needed: amount }, "funds", Exit::Failed),
            (CliError::Unseen { unseen: unseen(), network: None }, "unseen", Exit::Unseen),
            (CliError::LeftAlone { sent: Box::new(sent()), network: None }, "interrupted", Exit::Interrupted),
            (CliError::NoHome, "io", Exit::Failed),
            (CliError::file("read", "x")(broken()), "io", Exit::Failed),
            (OutputError::Closed.into(), "io", Exit::Done),
            (OutputError::Write(broken()).into(), "io", Exit::Failed),
            (CliError::Interrupted, "interrupted", Exit::Interrupted),
            (CliError::plain("evidence", &"", None), "evidence", Exit::Failed),
        ]);
    }

    #[test]
    fn codes_of_keys_stay() {
        let path = PathBuf::new;
        let name = || "alice".parse().unwrap();
        assert_codes([
            (WalletError::NoHome.into(), "wallet-file", Exit::Failed),
            (WalletError::NoWallet { name: name(), folder: path() }.into(), "no-wallet", Exit::Failed),
            (WalletError::NoColdkey { name: name() }.into(), "no-key", Exit::Failed),
            (WalletError::Exists { path: path() }.into(), "exists", Exit::Failed),
            (WalletError::PasswordNeeded { path: path() }.into(), "no-terminal", Exit::NoTerminal),
            (WalletError::WrongPassword { path: path() }.into(), "password", Exit::Failed),
            (PasswordError::Asking(broken()).into(), "password", Exit::Failed),
            (NameError::Empty.into(), "name", Exit::Usage),
            // A name in an error of a wallet comes from a file or a variable, not from an argument.
            (WalletError::Name(NameError::Empty).into(), "name", Exit::Failed),
            (MnemonicError::Checksum.into(), "secret", Exit::Failed),
            (SecretError::Seed.into(), "secret", Exit::Failed),
            (ImportError::Json.into(), "secret", Exit::Failed),
            (AddressError::Checksum.into(), "address", Exit::Usage),
            (SignatureError::Text.into(), "signature", Exit::Usage),
        ]);
    }

    #[test]
    fn codes_of_the_chain_stay() {
        let call = |error: CallError| CliError::call(error, None);
        assert_codes([
            (unreachable().into(), "unreachable", Exit::Failed),
            (ChainError::Silent(Duration::ZERO).into(), "unreachable", Exit::Failed),
            (ChainError::Endpoint(NodeUrlError::None).into(), "endpoint", Exit::Failed),
            (ChainError::NoBlock(String::new()).into(), "node", Exit::Failed),
            (ChainError::NoNetwork { netuid: NETUID, block: 1 }.into(), "not-found", Exit::Failed),
            (ChainError::NoWork(NETUID).into(), "impossible", Exit::Failed),
            (ChainError::Incompatible(String::new()).into(), "incompatible", Exit::Failed),
            (ExplainError::Chain(unreachable()).into(), "unreachable", Exit::Failed),
            (ExplainError::NoNetwork { netuid: NETUID, block: 1 }.into(), "not-found", Exit::Failed),
            (ExplainError::NoEpochYet(NETUID).into(), "not-found", Exit::Failed),
            (ExplainError::Scheduled(1).into(), "impossible", Exit::Failed),
            (ExplainError::Contradiction { block: 1, what: String::new() }.into(), "node", Exit::Failed),
            (call(CallError::NotSent(unreachable())), "unreachable", Exit::Failed),
            (call(PoolRefusal::Payment.into()), "funds", Exit::Failed),
            (call(PoolRefusal::Full.into()), "refused", Exit::Failed),
            (call(CallError::Expired { valid_until: 1 }), "expired", Exit::Failed),
        ]);
    }

    #[test]
    fn codes_of_the_local_network_stay() {
        let text = String::new;
        let path = PathBuf::new;
        let different = LocalError::Different { directory: path(), preset: LocalPreset::Local, authorities: 1 };
        let failed = LocalError::Call { error: Box::new(PoolRefusal::Payment.into()), included: None };
        assert_codes(
            [
                (LocalError::NoHome, "io", Exit::Failed),
                (LocalError::NoNodeProgram, "no-node-program", Exit::Failed),
                (LocalError::Up { directory: path(), supervisor: 1 }, "network-up", Exit::Failed),
                (different, "network-different", Exit::Failed),
                (LocalError::NoChain { said: text() }, "no-node-program", Exit::Failed),
                (LocalError::NotReady { waiting: text(), seconds: 1, log: path() }, "network-failed", Exit::Failed),
                (LocalError::AllGivenUp { how: text(), log: path() }, "network-failed", Exit::Failed),
                (LocalError::Immortal { pid: 1 }, "process", Exit::Failed),
                (LocalError::Background { said: text(), log: path() }, "network-failed", Exit::Failed),
                (LocalError::Unfair { netuid: NETUID, block: 1, rao: 1 }, "unfair", Exit::Failed),
                (LocalError::NoSuchNode { name: text(), known: text() }, "no-node", Exit::Failed),
                (LocalError::NoSubnet, "usage", Exit::Usage),
                (LocalError::Interrupted, "interrupted", Exit::Interrupted),
                (LocalError::NodeUrl(NodeUrlError::None), "node", Exit::Failed),
                (unreachable().into(), "unreachable", Exit::Failed),
                (ExplainError::NoEpochYet(NETUID).into(), "not-found", Exit::Failed),
                (failed, "funds", Exit::Failed),
                (LocalError::Unseen(unseen()), "unseen", Exit::Unseen),
                (WalletError::NoHome.into(), "wallet-file", Exit::Failed),
                (NameError::Empty.into(), "name", Exit::Usage),
                (MnemonicError::Checksum.into(), "secret", Exit::Failed),
                (UriError::Empty.into(), "key", Exit::Failed),
                (ModelError::EmptyPrompt.into(), "model", Exit::Failed),
                (LocalError::io("read", "x")(broken()), "io", Exit::Failed),
            ]
            .map(|(error, code, exit)| (CliError::from(error), code, exit)),
        );
    }

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
