//! The parts that miners and validators share: arguments, events, and work until Ctrl-C.

mod event;
mod printer;
mod values;

pub(super) use event::RoleEvent;
pub(super) use printer::{EventPrinter, EventSender};
pub(super) use values::{time, tolerance};

use crate::{commands::text::TextSubnet, context::Context, error::CliError, key::WalletSigner};
use myelin_client::{Chain, NetUid};
use myelin_neuron::V1Policy;
use myelin_subnet_kit::{AxonTls, Member, ServingOptions};
use myelin_subnet_text::roles::RoleError;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
    sync::Arc,
};
use tokio::signal::unix::{SignalKind, signal};

/// How neurons of one machine are announced: an address that leads nowhere else, and that the chain accepts.
/// spec subnets-and-neurons §14.1
pub(crate) const SAME_MACHINE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Where a neuron works and serves.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct RoleArgs {
    #[command(flatten)]
    subnet: TextSubnet,

    /// The port to serve at; 0 is any free one
    #[arg(long, default_value = "8091", value_name = "PORT")]
    port: u16,

    /// The address to listen at
    #[arg(long, default_value = "127.0.0.1", value_name = "IP")]
    listen: IpAddr,

    /// The address at which others find it, with a port if that is another one [default: that to listen at]
    #[arg(long, value_name = "IP[:PORT]", value_parser = announced)]
    announce: Option<SocketAddr>,

    /// Speak TLS too, with a key that is published on the chain
    #[arg(long)]
    encrypt: bool,

    /// Refuse neurons of the older protocol
    #[arg(long)]
    refuse_v1: bool,

    /// Serve metrics to Prometheus at this address
    #[arg(long, value_name = "IP:PORT")]
    metrics: Option<SocketAddr>,

    /// The folder for what outlives the process [default: by chain, subnet and hotkey, at the platform's place for
    /// data]
    #[arg(long, value_name = "PATH")]
    state: Option<PathBuf>,
}

/// An address, with or without a port.
fn announced(text: &str) -> Result<SocketAddr, String> {
    let with_port = text.parse().or_else(|_| text.parse().map(|ip: IpAddr| SocketAddr::new(ip, 0)));
    with_port.map_err(|_| "write an address such as `203.0.113.9` or `203.0.113.9:8091`".to_owned())
}

impl RoleArgs {
    /// Takes the seat of the hotkey that is meant. What happens is told.
    pub(super) async fn join(
        &self,
        context: &Context,
        signer: &WalletSigner,
        chain: &Chain,
        told: &EventSender,
    ) -> Result<Member, CliError> {
        let netuid = self.subnet.find(&chain.at_finalised().await?).await?;
        let state = match &self.state {
            Some(path) => path.clone(),
            None => own_folder(chain, netuid, signer)?,
        };
        let hotkey = signer.open(context.terminal())?;
        let joined = Member::join(chain, netuid, hotkey, state, told.report()).await;
        joined.map_err(CliError::other)
    }

    pub(super) fn serving(&self) -> ServingOptions {
        let is_here = self.listen.is_loopback();
        let same_machine = is_here.then(|| SocketAddr::from((SAME_MACHINE, 0)));
        ServingOptions {
            listen: (self.listen, self.port).into(),
            announce: self.announce.or(same_machine),
            encryption: if self.encrypt { AxonTls::Optional } else { AxonTls::Off },
            v1: if self.refuse_v1 { V1Policy::Refused } else { V1Policy::Served },
            metrics: self.metrics,
            ..ServingOptions::default()
        }
    }

    /// Where this machine is seen from outside: neurons there are asked on the loopback interface.
    pub(super) fn seen_at(&self) -> IpAddr {
        self.announce.map_or(SAME_MACHINE.into(), |announced| announced.ip())
    }
}

/// A folder for each neuron of each chain.
fn own_folder(chain: &Chain, netuid: NetUid, signer: &WalletSigner) -> Result<PathBuf, CliError> {
    let place = directories::ProjectDirs::from("", "", "myelin").ok_or_else(|| CliError::Usage {
        message: "there is no home folder to keep anything in".into(),
        hint: "name a folder with `--state`",
    })?;
    let chain = format!("{:?}", chain.genesis());
    let chain = chain.trim_start_matches("0x").get(..16).unwrap_or_default().to_owned();
    let name = format!("{chain}-{netuid}-{}", signer.public());
    Ok(place.data_dir().join("neurons").join(name))
}

/// How a model is computed.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ComputeArgs {
    /// The model: a folder with safetensors, or a `.gguf` file
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,

    /// Threads to compute with; a small model is quickest with one
    #[arg(long, default_value = "1", value_name = "COUNT")]
    pub(crate) threads: NonZeroUsize,
}

/// Waits for Ctrl-C, or to be ended.
pub(super) async fn stop() {
    let (Ok(mut interrupt), Ok(mut end)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        // Without signals it is ended as the system does it, and keeps what it has.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = end.recv() => {}
    }
}

/// Works, and tells what each epoch paid, until the work is done or nobody is there to be told.
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
    // What went wrong is more than that it could not be told.
    done.and(teller.end().await)
}

/// Tells what each epoch paid. Has no end of its own: when the subnet has ended, others say so.
async fn follow_pay(told: &EventSender, member: &Member) -> Infallible {
    let mut seen = member.seen();
    let mut last_epoch = seen.borrow().subnet.last_epoch;
    while seen.changed().await.is_ok() {
        let snapshot = Arc::clone(&seen.borrow_and_update());
        if snapshot.subnet.last_epoch == last_epoch {
            continue;
        }
        last_epoch = snapshot.subnet.last_epoch;
        if let (Some(epoch), Some(neuron)) = (last_epoch, snapshot.by_hotkey(&member.public())) {
            let (incentive, dividends, emission) = (neuron.incentive, neuron.dividends, neuron.emission);
            told.send(RoleEvent::Paid { block: epoch.block, incentive, dividends, emission });
        }
    }
    std::future::pending().await
}
