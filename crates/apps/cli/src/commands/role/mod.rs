//! The shared parts of miners and validators: arguments, events, and the run until Ctrl-C.

mod event;
mod printer;
mod values;

pub(super) use event::RoleEvent;
pub(super) use printer::{EventPrinter, EventSender};
pub(super) use values::{time, tolerance};

use crate::{
    commands::text::TextSubnet, context::Context, error::CliError, folders, key::WalletSigner, log::LogLevel,
    output::Format,
};
use myelin_client::{Chain, NetUid};
use myelin_neuron::V1Policy;
use myelin_primitives::AddressScope;
use myelin_subnet_kit::{AxonTls, Member, ServingOptions};
use myelin_subnet_text::roles::RoleError;
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
    sync::Arc,
};
use tokio::signal::unix::{SignalKind, signal};

/// Subnet, addresses and state of a neuron.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct RoleArgs {
    #[command(flatten)]
    subnet: TextSubnet,

    /// Port to listen on; 0 is any free one
    #[arg(long, default_value = "8091", value_name = "PORT")]
    port: u16,

    /// IP address to listen on; the default is loopback, for a network on one machine
    #[arg(long, default_value = "127.0.0.2", value_name = "IP")]
    listen: IpAddr,

    /// Address to announce, with a port if it differs [default: the address to listen on]
    #[arg(long, value_name = "IP[:PORT]", value_parser = announced)]
    announce: Option<SocketAddr>,

    /// Serve TLS too, with a key that is published on the chain
    #[arg(long)]
    encrypt: bool,

    /// Refuse requests of protocol v1
    #[arg(long)]
    refuse_v1: bool,

    /// Serve metrics for Prometheus at this address
    #[arg(long, value_name = "IP:PORT")]
    metrics: Option<SocketAddr>,

    /// Lines of the log to show, down to this importance
    #[arg(long, default_value = "warn", value_name = "LEVEL")]
    log: LogLevel,

    /// Folder for state that outlives the process [default: a folder for each chain, subnet and hotkey below the
    /// platform's data folder]
    #[arg(long, value_name = "PATH")]
    state: Option<PathBuf>,
}

/// Parses an address, with or without a port.
fn announced(text: &str) -> Result<SocketAddr, String> {
    let with_port = text.parse().or_else(|_| text.parse().map(|ip: IpAddr| SocketAddr::new(ip, 0)));
    with_port.map_err(|_| "write an address such as `203.0.113.9` or `203.0.113.9:8091`".to_owned())
}

impl RoleArgs {
    /// Starts to print events, and the log as events.
    pub(super) fn report(&self, format: Format) -> (EventSender, EventPrinter) {
        EventPrinter::start(format, self.log)
    }

    /// Takes the seat of the hotkey, and reports events.
    pub(super) async fn join(
        &self,
        context: &Context,
        signer: &WalletSigner,
        chain: &Chain,
        told: &EventSender,
    ) -> Result<Member, CliError> {
        let now = chain.at_finalised().await?;
        let scope = AddressScope::new(now.network_parameters().await?.local_addresses);
        check_announced(self.announce.map_or(self.listen, |announced| announced.ip()), scope)?;
        let netuid = self.subnet.find(&now).await?;
        let state = match &self.state {
            Some(path) => path.clone(),
            None => own_folder(chain, netuid, signer)?,
        };
        let hotkey = signer.open(context.terminal())?;
        let joined = Member::join(chain, netuid, hotkey, state, told.report()).await;
        joined.map_err(CliError::other)
    }

    pub(super) fn serving(&self) -> ServingOptions {
        ServingOptions {
            listen: (self.listen, self.port).into(),
            announce: self.announce,
            encryption: if self.encrypt { AxonTls::Optional } else { AxonTls::Off },
            v1: if self.refuse_v1 { V1Policy::Refused } else { V1Policy::Served },
            metrics: self.metrics,
            ..ServingOptions::default()
        }
    }
}

/// Checks that the chain takes the address of a neuron, before anything is started for it.
fn check_announced(address: IpAddr, scope: AddressScope) -> Result<(), CliError> {
    if scope.contains(address) {
        return Ok(());
    }
    let hint = match scope {
        AddressScope::Global => "pass `--announce IP` with the address at which all machines reach this one",
        AddressScope::Local => "pass `--announce 127.0.0.2`, or the address of this machine in its own network",
    };
    Err(CliError::Usage { message: format!("the chain takes no neuron at {address}"), hint })
}

/// Returns the default state folder of a neuron of a chain.
fn own_folder(chain: &Chain, netuid: NetUid, signer: &WalletSigner) -> Result<PathBuf, CliError> {
    let data = folders::data().map_err(|_| CliError::Usage {
        message: "there is no home folder for the state of the neuron".into(),
        hint: "name a folder with `--state`",
    })?;
    let chain = format!("{:?}", chain.genesis());
    let chain = chain.trim_start_matches("0x").get(..16).unwrap_or_default().to_owned();
    let name = format!("{chain}-{netuid}-{}", signer.public());
    Ok(data.join("neurons").join(name))
}

/// Model and threads that compute it.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ComputeArgs {
    /// Model: a folder with safetensors, or a `.gguf` file
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,

    /// Number of threads; a small model is fastest with one
    #[arg(long, default_value = "1", value_name = "COUNT")]
    pub(crate) threads: NonZeroUsize,
}

/// Waits for Ctrl-C or SIGTERM.
pub(super) async fn stop() {
    let (Ok(mut interrupt), Ok(mut end)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        // Without signal handlers the system ends the process, which has saved its state.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = end.recv() => {}
    }
}

/// Runs a neuron and reports the payment of each epoch, until the work ends or the output is closed.
pub(super) async fn work(
    (told, mut teller): (EventSender, EventPrinter),
    member: &Member,
    working: impl Future<Output = Result<(), RoleError>>,
) -> Result<(), CliError> {
    let done = tokio::select! {
        done = working => done.map_err(CliError::other),
        error = teller.closed() => return Err(error),
        never = follow_pay(&told, member) => match never {},
    };
    // A failure of the work matters more than one of the output.
    done.and(teller.end().await)
}

/// Reports the payment of each epoch.
///
/// It never returns. The work ends when the subnet has ended.
async fn follow_pay(told: &EventSender, member: &Member) -> Infallible {
    let mut seen = member.seen();
    let mut last_epoch = seen.borrow().subnet.last_epoch;
    while seen.changed().await.is_ok() {
        let snapshot = Arc::clone(&seen.borrow_and_update());
        if snapshot.subnet.last_epoch == last_epoch {
            continue;
        }
        last_epoch = snapshot.subnet.last_epoch;
        if let (Some(epoch), Some(neuron)) = (last_epoch, snapshot.by_hotkey(&member.hotkey())) {
            let (incentive, dividends, emission) = (neuron.incentive, neuron.dividends, neuron.emission);
            told.send(RoleEvent::Paid { block: epoch.block, incentive, dividends, emission });
        }
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nh_63_an_address_that_the_chain_refuses_is_named() {
        let refused = |address: &str, scope| match check_announced(address.parse().unwrap(), scope) {
            Err(CliError::Usage { message, hint }) => Some((message, hint)),
            _ => None,
        };
        for address in ["127.0.0.2", "0.0.0.0", "10.0.0.1", "::1", "::ffff:8.8.8.8"] {
            let (message, hint) = refused(address, AddressScope::Global).unwrap();
            assert!(message.ends_with(address) && hint.contains("--announce"), "{message}: {hint}");
        }
        assert_eq!(refused("8.8.8.8", AddressScope::Global), None);
        for address in ["127.0.0.2", "10.0.0.1", "8.8.8.8"] {
            assert_eq!(refused(address, AddressScope::Local), None, "{address}");
        }
        for address in ["127.0.0.1", "0.0.0.0", "::"] {
            assert!(refused(address, AddressScope::Local).unwrap().1.contains("127.0.0.2"), "{address}");
        }
    }
}
