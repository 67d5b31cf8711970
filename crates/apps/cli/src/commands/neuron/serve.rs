//! `myelin neuron serve`

use super::seat;
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::HotkeyArg,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{IpEndpoint, NetUid, calls};
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// The most bytes of a certificate. spec subnets-and-neurons §14.3
const MAX_CERTIFICATE: usize = 65;

/// `myelin neuron serve`
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Where: an IP address and a port that others can reach, `203.0.113.5:8091` or `[2001:db8::5]:8091`
    #[arg(value_parser = reachable)]
    address: SocketAddr,

    /// On which network
    #[arg(long)]
    netuid: NetUid,

    /// It is metrics that are offered there, for Prometheus, and not answers
    #[arg(long, conflicts_with_all = ["certificate", "protocol"])]
    metrics: bool,

    /// With what it proves who answers: a byte for the algorithm, then the public key, as hex digits
    #[arg(long, value_name = "HEX")]
    certificate: Option<CertificateArg>,

    /// What is spoken there; the chain does not care
    #[arg(long, value_name = "NUMBER", default_value = "4")]
    protocol: u8,

    /// The version of the neuron's software
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    software_version: u32,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// The key of a TLS certificate, as it stands on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CertificateArg(Vec<u8>);

impl FromStr for CertificateArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|error| error.to_string())?;
        match bytes.len() {
            1..=MAX_CERTIFICATE => Ok(Self(bytes)),
            length => Err(format!("{length} bytes, and it has 1 to {MAX_CERTIFICATE}")),
        }
    }
}

/// An address that the chain takes. spec subnets-and-neurons §14.1
fn reachable(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "not an IP address and a port".to_owned())?;
    let ip = address.ip();
    let refused = match ip {
        IpAddr::V4(four) => four.is_unspecified() || four.is_broadcast() || four == std::net::Ipv4Addr::LOCALHOST,
        IpAddr::V6(six) => six.is_unspecified() || six.is_loopback() || six.to_bits() == u128::MAX,
    };
    if refused {
        return Err(format!("{ip} is nowhere that others can reach"));
    }
    if address.port() == 0 {
        return Err("port 0 is none".into());
    }
    Ok(address)
}

/// What was announced.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NeuronServeOutput {
    /// On which network.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// The seat.
    uid: u16,
    /// The address of the hotkey.
    hotkey: String,
    /// Where it answers requests, as address and port.
    axon: Option<String>,
    /// Where it offers its metrics, as address and port.
    metrics: Option<String>,
    /// Whether it proves there who answers.
    certificate: bool,
}

impl Render for NeuronServeOutput {
    fn render(&self, page: &mut Page) {
        let (what, place) = match (&self.axon, &self.metrics) {
            (Some(axon), _) => ("answers requests", axon),
            (None, Some(metrics)) => ("offers its metrics", metrics),
            (None, None) => return,
        };
        let proof = if self.certificate { ", with a certificate" } else { "" };
        page.line(format!("neuron {} of network {} {what} at {place}{proof}", self.uid, self.netuid));
    }
}

impl Command for Serve {
    const PATH: &'static str = "neuron serve";
    const SUMMARY: &'static str = "Announce where a neuron answers requests, or offers its metrics";
    const DETAILS: &'static str = "It only announces: a program that answers there is another matter. A certificate \
                                   stays until another one comes.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Neurons", "serve_axon"), ("Neurons", "serve_axon_tls"), ("Neurons", "serve_prometheus")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Where it answers", line: "myelin neuron serve 203.0.113.5:8091 --netuid 1" },
        Example { purpose: "Where its metrics are", line: "myelin neuron serve 203.0.113.5:9615 --netuid 1 --metrics" },
    ];
    type Output = TransactionOutput<NeuronServeOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) = (HotkeyArg::or_default(None, context)?, WalletSigner::hotkey(context)?);
        let (netuid, at, version) = (self.netuid, self.address, self.software_version);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let neuron = seat(&now, netuid, &hotkey).await?;
        let before = if self.metrics { neuron.metrics } else { neuron.axon.as_ref().map(|axon| axon.endpoint) };
        let before = before.and_then(IpEndpoint::socket_address);
        let before = before.map_or_else(|| "nowhere".to_owned(), |before| before.to_string());
        let what = if self.metrics { "offers its metrics" } else { "answers requests" };
        let limit = now.parameters(netuid).await?.map_or(0, |parameters| parameters.serving_rate_limit);
        let plan = Plan::new(format!("Announce that neuron {} of network {netuid} {what} at {at}", neuron.uid))
            .touches(netuid)
            .effect(format!("until now it is {before}"))
            .risk(format!("can be announced once in {limit} blocks, and is refused if it was lately"));
        let certificate = self.certificate.map(|certificate| certificate.0);
        let proves = certificate.is_some();
        let (signer, sending) = (&signer, &self.sending);
        let sent = match certificate {
            _ if self.metrics => {
                sending.send(context, &chain, signer, &calls::serve_prometheus(netuid, version, at), plan).await?
            }
            Some(certificate) => {
                let call = calls::serve_axon_tls(netuid, version, at, self.protocol, certificate);
                sending.send(context, &chain, signer, &call, plan).await?
            }
            None => {
                let call = calls::serve_axon(netuid, version, at, self.protocol);
                sending.send(context, &chain, signer, &call, plan).await?
            }
        };
        Ok(output.show(&sent.output(|_| {
            let at = at.to_string();
            let (axon, metrics) = if self.metrics { (None, Some(at)) } else { (Some(at), None) };
            let (uid, hotkey) = (neuron.uid.get(), hotkey.key.to_string());
            Ok(NeuronServeOutput { netuid, uid, hotkey, axon, metrics, certificate: proves })
        })?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// spec subnets-and-neurons §14.1
    #[test]
    fn addresses_are_those_that_the_chain_takes() {
        for good in ["203.0.113.5:8091", "10.0.0.1:1", "127.0.0.2:80", "[2001:db8::5]:8091"] {
            assert!(reachable(good).is_ok(), "{good}");
        }
        for bad in
            ["0.0.0.0:1", "127.0.0.1:1", "255.255.255.255:1", "[::]:1", "[::1]:1", "10.0.0.1:0", "10.0.0.1", "host:80"]
        {
            assert!(reachable(bad).is_err(), "{bad}");
        }
    }

    /// spec subnets-and-neurons §14.3
    #[test]
    fn certificates_have_one_to_sixty_five_bytes() {
        assert_eq!("0x0102".parse(), Ok(CertificateArg(vec![1, 2])));
        assert_eq!("01".repeat(65).parse::<CertificateArg>().unwrap().0.len(), 65);
        assert!("01".repeat(66).parse::<CertificateArg>().is_err());
        assert!("".parse::<CertificateArg>().is_err() && "0x1".parse::<CertificateArg>().is_err());
    }
}
