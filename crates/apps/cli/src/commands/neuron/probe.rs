//! The command `myelin neuron probe`.

use crate::{
    command::{Command, Effect, Example, outputs},
    context::Context,
    error::{CliError, Exit},
    key::WalletSigner,
    named_key::HotkeyArg,
    output::Printer,
    page::{Page, Render, Tone},
};
use myelin_client::{MetagraphInfo, NetUid, NeuronInfo, Uid};
use myelin_neuron::{
    AskError, Caller, Dendrite, DirectoryEntry, MemoryDirectory, PeerProtocol, Place, ProbeReport, Protocol, Rules,
    ServeValidators, ServedAxon,
};
use myelin_primitives::AddressScope;
use myelin_subnet_kit::{dial_rules, signer_of};
use schemars::JsonSchema;
use serde::Serialize;
use std::{net::SocketAddr, str::FromStr, sync::Arc, time::Duration};

/// The longest time of a probe.
const TIMEOUT: Duration = Duration::from_secs(12);

/// The greatest difference of clocks that is no reason for a warning, in milliseconds.
const CLOCK_TOLERANCE: i64 = 2_000;

/// A seat, by its uid or its hotkey.
#[derive(Clone, Debug)]
enum SeatArg {
    Uid(Uid),
    Hotkey(HotkeyArg),
}

impl FromStr for SeatArg {
    type Err = <HotkeyArg as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse().map(Uid::new) {
            Ok(uid) => Ok(Self::Uid(uid)),
            Err(_) => text.parse().map(Self::Hotkey),
        }
    }
}

/// Arguments of `myelin neuron probe`.
#[derive(Debug, clap::Args)]
pub struct Probe {
    /// Seat: its uid, the address of its hotkey, or the name of a hotkey on this machine [default: the own seat]
    seat: Option<SeatArg>,

    /// Number of the subnet
    #[arg(long)]
    netuid: NetUid,
}

/// The end of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ProbeOutcome {
    /// Others reach the neuron.
    Reachable,
    /// Something listens, and a part of it is not as it should be.
    Doubtful,
    /// Others do not reach the neuron.
    Unreachable,
}

/// The steps on the way to a neuron.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NeuronProbe {
    /// Number of the subnet.
    netuid: u16,
    /// Uid of the seat.
    uid: u16,
    /// Address of the hotkey.
    hotkey: String,
    /// End of the probe.
    outcome: ProbeOutcome,
    /// Announced address, if there is one.
    address: Option<String>,
    /// True if the chain takes the address.
    in_scope: bool,
    /// Block of the announcement.
    announced_at: Option<u32>,
    /// Time until the connection was established, in microseconds.
    connected_us: Option<u64>,
    /// Time of the TLS handshake, in microseconds, if the chain has a key of the neuron.
    encrypted_us: Option<u64>,
    /// Time from the request to the signed answer, in microseconds.
    answered_us: Option<u64>,
    /// Clock of the neuron less that of this machine, in milliseconds.
    clock_offset_ms: Option<i64>,
    /// Neurons with a validator permit that the usual rules of a miner serve.
    served_validators: u16,
    /// Neurons with a validator permit, besides this one.
    validators: u16,
    /// Error that ended the probe.
    error: Option<String>,
}

impl Render for NeuronProbe {
    fn render(&self, page: &mut Page) {
        page.line(format!(
            "seat {}:{}   {}   {}",
            self.netuid,
            self.uid,
            self.hotkey,
            self.address.as_deref().unwrap_or("no address")
        ));
        let time = |micros: u64| format!("{} ms", micros / 1_000);
        if let Some(block) = self.announced_at {
            let scope = if self.in_scope { "taken by the chain" } else { "not taken by the chain" };
            page.line(format!("address      {scope}, as announced in block {block}"));
        }
        if let Some(connected) = self.connected_us {
            let tls = self.encrypted_us.map_or_else(
                || "no TLS".to_owned(),
                |encrypted| format!("TLS {}, key is the one on the chain", time(encrypted)),
            );
            page.line(format!("connection   {}      {tls}", time(connected)));
        }
        if let Some(answered) = self.answered_us {
            let offset = self.clock_offset_ms.unwrap_or_default();
            let sign = if offset < 0 { '−' } else { '+' };
            let tenths = offset.unsigned_abs() / 100;
            let clock = format!("clock {sign}{}.{} s", tenths / 10, tenths % 10);
            page.line(format!("signed ping  {}      {clock}", time(answered)));
        }
        page.line(format!(
            "validators   {} of {} permitted neurons are served by the usual rules of a miner",
            self.served_validators, self.validators
        ));
        if let Some(error) = &self.error {
            page.line(Tone::Warning.paint(error));
        }
    }
}

outputs! {
    /// The steps on the way to a neuron.
    NeuronProbeOutput(NeuronProbe);
}

impl Command for Probe {
    const PATH: &'static str = "neuron probe";
    const SUMMARY: &'static str = "Try whether others reach the axon of a neuron";
    const DETAILS: &'static str = "The neuron is asked for a signed answer to an empty message, from outside of its \
         process, at the address that the chain has. Exit code 0 says that it is reached, 10 that something listens \
         there and a part is not as it should be, and 11 that it is not reached. A miner answers its own hotkey and \
         the callers of its rules, so a probe of another miner may end with 10.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Your own miner", line: "myelin neuron probe --netuid 1" },
        Example { purpose: "The neuron on a seat", line: "myelin neuron probe 7 --netuid 1" },
    ];
    type Output = NeuronProbeOutput;

    async fn run(self, context: &Context, output: &Printer<NeuronProbeOutput>) -> Result<(), CliError> {
        let own = WalletSigner::hotkey(context)?;
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let snapshot = now.metagraph(self.netuid).await?.ok_or_else(|| CliError::NotFound {
            message: format!("there is no subnet {}", self.netuid),
            hint: "list the subnets with `myelin subnet list`".into(),
        })?;
        let neuron = match &self.seat {
            Some(SeatArg::Uid(uid)) => snapshot.neurons.iter().find(|neuron| neuron.uid == *uid),
            Some(SeatArg::Hotkey(hotkey)) => snapshot.by_hotkey(&hotkey.find(context)?.key),
            None => snapshot.by_hotkey(&own.public()),
        };
        let neuron = neuron.ok_or_else(|| CliError::NotFound {
            message: format!("subnet {} has no such seat", self.netuid),
            hint: format!("list its neurons with `myelin metagraph show {}`", self.netuid).into(),
        })?;
        let parameters = now.network_parameters().await?;
        let block = snapshot.block;
        let dendrite = Dendrite::new(signer_of(own.open(context.terminal())?))
            .on_chain(Arc::new(dial_rules(&parameters, move || block)))
            .place(Place::new(&chain.genesis().0, self.netuid));
        let probe =
            probe(&dendrite, (self.netuid, neuron), &snapshot, AddressScope::new(parameters.local_addresses)).await;
        let end = (probe.outcome, probe.error.clone().unwrap_or_default());
        output.show(&NeuronProbeOutput(probe))?;
        match end {
            (ProbeOutcome::Reachable, _) => Ok(()),
            (ProbeOutcome::Doubtful, why) => Err(CliError::Probe { message: why, exit: Exit::Doubtful }),
            (ProbeOutcome::Unreachable, why) => Err(CliError::Probe { message: why, exit: Exit::Unreachable }),
        }
    }
}

/// Probes a neuron at the address that the chain has.
async fn probe(
    dendrite: &Dendrite,
    (netuid, neuron): (NetUid, &NeuronInfo),
    snapshot: &MetagraphInfo,
    scope: AddressScope,
) -> NeuronProbe {
    let announced = neuron.axon.as_ref().and_then(|axon| {
        let address = axon.endpoint.socket_address().filter(|address| address.port() != 0)?;
        let certificate = axon.certificate.as_ref().map(|certificate| certificate.to_vec());
        Some(ServedAxon { address, placeholder1: axon.placeholder1, certificate, announced_at: axon.block })
    });
    let failed = |error| ProbeReport {
        connected: None,
        encrypted: None,
        answered: None,
        clock_offset: None,
        error: Some(error),
    };
    let report = match announced.as_ref().map(|axon| axon.peer(neuron.hotkey)) {
        None => failed(AskError::NotServing),
        Some(Err(error)) => failed(AskError::Tls(error.to_string().into())),
        Some(Ok(peer)) if peer.speaks == PeerProtocol::V1 => failed(AskError::V1Refused),
        Some(Ok(peer)) => dendrite.probe(&peer, TIMEOUT).await,
    };
    let address = announced.as_ref().map(|axon| axon.address);
    let offset = report.clock_offset.map(|nanos| nanos / 1_000_000);
    let (outcome, error) = judged(&report, offset);
    let (served_validators, validators) = served(neuron, snapshot, address);
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    NeuronProbe {
        netuid: netuid.get(),
        uid: neuron.uid.get(),
        hotkey: neuron.hotkey.to_string(),
        outcome,
        address: address.map(|address| address.to_string()),
        in_scope: address.is_some_and(|address| scope.contains(address.ip())),
        announced_at: announced.map(|axon| axon.announced_at),
        connected_us: report.connected.map(micros),
        encrypted_us: report.encrypted.map(micros),
        answered_us: report.answered.map(micros),
        clock_offset_ms: offset,
        served_validators,
        validators,
        error,
    }
}

/// Returns the end of a probe, and its reason unless all is well.
fn judged(report: &ProbeReport, offset: Option<i64>) -> (ProbeOutcome, Option<String>) {
    match &report.error {
        None if offset.is_some_and(|offset| offset.abs() > CLOCK_TOLERANCE) => (
            ProbeOutcome::Doubtful,
            Some("the clocks of the neuron and of this machine differ by more than 2 s".to_owned()),
        ),
        None => (ProbeOutcome::Reachable, None),
        Some(error @ AskError::Unproven { status: 403, .. }) => {
            (ProbeOutcome::Doubtful, Some(format!("it does not serve your hotkey, and proves nothing: {error}")))
        }
        Some(AskError::Unproven { status: 401, .. }) => (
            ProbeOutcome::Doubtful,
            Some("it calls the request stale: it began a moment ago, or a clock is wrong".to_owned()),
        ),
        Some(error) if report.connected.is_some() => (ProbeOutcome::Doubtful, Some(error.to_string())),
        Some(error) => (ProbeOutcome::Unreachable, Some(error.to_string())),
    }
}

/// Returns how many of the neurons with a permit the usual rules of a miner serve, and their number.
fn served(neuron: &NeuronInfo, snapshot: &MetagraphInfo, address: Option<SocketAddr>) -> (u16, u16) {
    let directory = MemoryDirectory::default();
    directory.set(snapshot.neurons.iter().map(|other| {
        let (uid, stake, may_validate) = (other.uid, other.stake_weight, other.validator_permit);
        (other.hotkey, DirectoryEntry { uid, stake, may_validate, announced: None })
    }));
    let rules = ServeValidators { directory, enough_stake: None };
    let permitted = snapshot.neurons.iter().filter(|other| other.validator_permit && other.hotkey != neuron.hotkey);
    let address = address.map_or([0, 0, 0, 0].into(), |address| address.ip());
    let is_served = |other: &&NeuronInfo| {
        rules.blacklist(&Caller { hotkey: other.hotkey, address, endpoint: "Synapse", mode: Protocol::Strict }).is_ok()
    };
    let count = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    (count(permitted.clone().filter(is_served).count()), count(permitted.count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(connected: bool, error: Option<AskError>) -> ProbeReport {
        let time = connected.then_some(Duration::from_millis(1));
        ProbeReport { connected: time, encrypted: None, answered: time, clock_offset: None, error }
    }

    #[test]
    fn the_end_of_a_probe_follows_from_its_steps() {
        let outcome = |connected, error, offset| judged(&report(connected, error), offset).0;
        assert_eq!(outcome(true, None, Some(-2_000)), ProbeOutcome::Reachable);
        assert_eq!(outcome(true, None, Some(2_001)), ProbeOutcome::Doubtful);
        assert_eq!(outcome(true, Some(AskError::TimedOut(12.0)), None), ProbeOutcome::Doubtful);
        for error in [AskError::Closed, AskError::NotServing, AskError::OutOfScope, AskError::V1Refused] {
            assert_eq!(outcome(false, Some(error), None), ProbeOutcome::Unreachable);
        }
    }

    #[test]
    fn a_seat_is_a_uid_or_a_hotkey() {
        assert!(matches!("7".parse(), Ok(SeatArg::Uid(uid)) if uid == Uid::new(7)));
        assert!(matches!("65536".parse::<SeatArg>(), Ok(SeatArg::Hotkey(_)) | Err(_)));
        assert!(matches!("miner".parse(), Ok(SeatArg::Hotkey(_))));
    }
}
