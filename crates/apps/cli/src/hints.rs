//! Hints that name a command of this program, for errors of libraries, which know no commands.

use myelin_client::{CallError, ChainError};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_explain::ExplainError;
use myelin_keys::WalletError;
use myelin_local::LocalError;
use myelin_subnet_kit::{JoinError, MemberError, ServeError, ValidateError};
use myelin_subnet_text::{ModelError, consumer::AskFailure, published::PublishedModelError, roles::RoleError};
use std::{borrow::Cow, error::Error};

/// Adds the hints of an error.
///
/// A hint of this program comes first, because it names the exact command.
pub(crate) fn all(error: &(dyn Diagnostic + 'static), out: &mut Hints) {
    if let Some(hint) = of(error) {
        out.push(hint);
    }
    error.hints(out);
}

/// Returns the hint of this program for an error of a library.
///
/// Only the type of `error` itself is examined: its source may be private, or say less than the error.
fn of(error: &(dyn Error + 'static)) -> Option<Cow<'static, str>> {
    let client = || error.downcast_ref().and_then(of_chain).or_else(|| error.downcast_ref().and_then(of_call));
    let explain = || error.downcast_ref().and_then(of_explain);
    let local = || error.downcast_ref().and_then(of_local);
    let neuron = || error.downcast_ref().and_then(of_join).or_else(|| error.downcast_ref().and_then(of_role));
    let text = || error.downcast_ref().and_then(of_model).or_else(|| error.downcast_ref().and_then(of_published));
    let ask = || error.downcast_ref().map(of_ask).map(Cow::Borrowed);
    let keys = error.downcast_ref().and_then(of_wallet);
    keys.or_else(client).or_else(explain).or_else(local).or_else(neuron).or_else(text).or_else(ask)
}

fn of_wallet(error: &WalletError) -> Option<Cow<'static, str>> {
    Some(match error {
        WalletError::NoWallet { name, .. } => format!(
            "create it with `myelin wallet create --wallet {name}`, or list the wallets with `myelin wallet list`"
        )
        .into(),
        WalletError::NoHotkey { name, wallet } => format!(
            "create it with `myelin wallet new-hotkey {name} --wallet {wallet}`, or list the hotkeys with \
             `myelin wallet list`"
        )
        .into(),
        WalletError::NoColdkey { .. } | WalletError::NoColdkeyAddress { .. } => {
            "restore it with `myelin wallet restore`, or run the command on the machine that has it".into()
        }
        _ => return None,
    })
}

fn of_chain(error: &ChainError) -> Option<Cow<'static, str>> {
    Some(match error {
        ChainError::Unreachable(_) => {
            "check that a node runs there, start one with `myelin network up`, or name a node with `--network`".into()
        }
        ChainError::Incompatible(_) => {
            "update this program; on a local network, begin a new chain with `myelin network reset` and \
             `myelin network up`"
                .into()
        }
        ChainError::NoNetwork { .. } => "list the subnets with `myelin subnet list`".into(),
        _ => return None,
    })
}

fn of_call(error: &CallError) -> Option<Cow<'static, str>> {
    match error {
        CallError::NotSent(error) => of_chain(error),
        _ => None,
    }
}

fn of_explain(error: &ExplainError) -> Option<Cow<'static, str>> {
    Some(match error {
        ExplainError::Chain(error) => return of_chain(error),
        ExplainError::NoEpoch { .. } => {
            "leave out `--epoch` for the last epoch, or find an epoch with `myelin chain blocks`".into()
        }
        ExplainError::NoNeuron { netuid, .. } => {
            format!("list the neurons with `myelin metagraph show {netuid}`").into()
        }
        _ => return None,
    })
}

fn of_local(error: &LocalError) -> Option<Cow<'static, str>> {
    Some(match error {
        LocalError::NoHome => "set `HOME`, or name a folder with `--directory`".into(),
        LocalError::NoNodeProgram => {
            "build it with `cargo build -p myelin-node`, or name it with `--node PATH` or `MYELIN_NODE`".into()
        }
        LocalError::Up { .. } => "show it with `myelin network status`, or stop it with `myelin network down`".into(),
        LocalError::Different { .. } => {
            "leave out `--preset` and `--authorities` to continue it, delete it with `myelin network reset`, or name \
             another `--directory`"
                .into()
        }
        LocalError::NoChain { .. } => "name a `myelin-node` of this version with `--node PATH`".into(),
        LocalError::Unfair { netuid, block, .. } => format!(
            "start the network again, and show each term with `myelin explain emission {netuid} --epoch {block}`"
        )
        .into(),
        LocalError::NoSuchNode { .. } => "list the nodes with `myelin network status`".into(),
        LocalError::Model(error) => return of_model(error),
        _ => return None,
    })
}

fn of_published(error: &PublishedModelError) -> Option<Cow<'static, str>> {
    Some(match error {
        PublishedModelError::NoSubnet(_) => "list the subnets with `myelin subnet list`".into(),
        PublishedModelError::Chain(_) | PublishedModelError::NoOwner(_) => return None,
        PublishedModelError::Nothing(netuid) | PublishedModelError::Other(netuid) => {
            format!("as the owner of the subnet, publish one with `myelin text publish MODEL --netuid {netuid}`").into()
        }
        PublishedModelError::Differs { netuid, .. } => {
            format!("use the model with the hash of `myelin text show --netuid {netuid}`").into()
        }
    })
}

fn of_join(error: &JoinError) -> Option<Cow<'static, str>> {
    match error {
        JoinError::NoSeat { netuid, .. } => {
            Some(format!("register the hotkey with `myelin neuron register --netuid {netuid}`").into())
        }
        _ => None,
    }
}

fn of_member(error: &MemberError) -> Option<Cow<'static, str>> {
    match error {
        MemberError::SeatLost { netuid, .. } => {
            Some(format!("register the hotkey again with `myelin neuron register --netuid {netuid}`").into())
        }
        MemberError::NoSubnet(_) => None,
    }
}

fn of_role(error: &RoleError) -> Option<Cow<'static, str>> {
    match error {
        RoleError::Published(error) => of_published(error),
        RoleError::Changed(error) => of_published(error),
        RoleError::Serve(ServeError::Ended(error)) | RoleError::Validate(ValidateError::Ended(error)) => {
            of_member(error)
        }
        _ => None,
    }
}

fn of_ask(error: &AskFailure) -> &'static str {
    match error {
        AskFailure::NoValidator | AskFailure::Asking(_) => {
            "list serving validators with `myelin metagraph show NETUID --validators --serving`"
        }
        AskFailure::Refused(_) => "ask again, or ask another validator with `--validator`",
        AskFailure::Nonsense(_) => "ask another validator with `--validator`",
        AskFailure::Question(_) => "see `myelin ask --help`",
    }
}

fn of_model(error: &ModelError) -> Option<Cow<'static, str>> {
    match error {
        ModelError::File { .. } => Some(
            "name a folder with `config.json`, `tokenizer.json` and safetensors files, or a `.gguf` file; \
             `myelin text train` makes one"
                .into(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_client::NetUid;
    use std::sync::Arc;

    #[test]
    fn an_error_inside_of_an_error_has_the_same_hint() {
        let netuid = NetUid::new(3);
        let published = || PublishedModelError::Nothing(netuid);
        let hint = of(&published());
        assert!(hint.as_ref().is_some_and(|hint| hint.contains("`myelin text publish MODEL --netuid 3`")), "{hint:?}");
        assert_eq!(of(&RoleError::Published(published())), hint);
        assert_eq!(of(&RoleError::Changed(Arc::new(published()))), hint);
        let ended = RoleError::Serve(ServeError::Ended(MemberError::NoSubnet(netuid)));
        assert_eq!(of(&ended), None);
    }

    #[test]
    fn a_chain_of_another_version_needs_another_program_or_on_one_machine_a_new_chain() {
        let changed = || ChainError::Incompatible("a storage entry differs".into());
        let expected = "update this program; on a local network, begin a new chain with `myelin network reset` and \
                        `myelin network up`";
        assert_eq!(of(&changed()).as_deref(), Some(expected));
        assert_eq!(of(&CallError::NotSent(changed())).as_deref(), Some(expected));
        let mut hints = Hints::default();
        all(&changed(), &mut hints);
        assert_eq!(hints.first(), Some(expected), "it is the hint that is shown");
    }

    #[test]
    fn an_error_without_a_command_has_no_hint_here() {
        assert_eq!(of(&std::io::Error::other("broken")), None);
        assert_eq!(of(&ModelError::EmptyPrompt), None);
    }
}
