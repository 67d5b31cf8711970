//! The command `myelin neuron serve`.

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
use myelin_primitives::{AddressScope, CertificateKey};
use schemars::JsonSchema;
use serde::Serialize;
use std::{net::SocketAddr, str::FromStr};

/// Arguments of `myelin neuron serve`.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// IP address and port that other machines can reach: `203.0.113.5:8091` or `[2001:db8::5]:8091`
    #[arg(value_parser = reachable)]
    address: SocketAddr,

    /// Number of the network
    #[arg(long)]
    netuid: NetUid,

    /// Announce metrics for Prometheus instead of an axon
    #[arg(long, conflicts_with_all = ["certificate", "protocol", "strict"])]
    metrics: bool,

    /// TLS certificate of the axon: a byte for the algorithm, then the public key, as hex digits
    #[arg(long, value_name = "HEX")]
    certificate: Option<CertificateArg>,

    /// Protocol number of the axon; the chain does not check it
    #[arg(long, value_name = "NUMBER", default_value = "4")]
    protocol: u8,

    /// Announce that the axon serves signed requests, and is asked by no other protocol
    #[arg(long)]
    strict: bool,

    /// Version of the neuron's software
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    software_version: u32,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// The key of a TLS certificate, as stored on the chain. spec subnets-and-neurons §14.3
#[derive(Clone, Debug, PartialEq, Eq)]
struct CertificateArg(Vec<u8>);

impl FromStr for CertificateArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|error| error.to_string())?;
        CertificateKey::from_bytes(&bytes).map_err(|error| error.to_string())?;
        Ok(Self(bytes))
    }
}

/// Parses an address that the chain accepts. spec subnets-and-neurons §14.1
fn reachable(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "not an IP address and a port".to_owned())?;
    // The chain may accept fewer addresses, and refuses the others with a reason of its own.
    if !AddressScope::Local.contains(address.ip()) {
        return Err(format!("other machines cannot reach {}", address.ip()));
    }
    if address.port() == 0 {
        return Err("port 0 is not valid".into());
    }
    Ok(address)
}

/// Result of an announcement.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NeuronServeOutput {
    /// Number of the network.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Uid of the neuron.
    uid: u16,
    /// Address of the hotkey.
    hotkey: String,
    /// Address and port of the axon.
    axon: Option<String>,
    /// Address and port of the metrics.
    metrics: Option<String>,
    /// True if a TLS certificate was announced.
    certificate: bool,
}

impl Render for NeuronServeOutput {
    fn render(&self, page: &mut Page) {
        let (what, place) = match (&self.axon, &self.metrics) {
            (Some(axon), _) => ("serves its axon", axon),
            (None, Some(metrics)) => ("serves its metrics", metrics),
            (None, None) => return,
        };
        let proof = if self.certificate { ", with a certificate" } else { "" };
        page.line(format!("neuron {} of network {} {what} at {place}{proof}", self.uid, self.netuid));
    }
}

impl Command for Serve {
    const PATH: &'static str = "neuron serve";
    const SUMMARY: &'static str = "Announce the address of a neuron's axon, or of its metrics";
    const DETAILS: &'static str = "The command announces the address; another program serves there. A certificate \
         stays until another one is announced.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Neurons", "serve_axon"), ("Neurons", "serve_axon_tls"), ("Neurons", "serve_prometheus")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The axon", line: "myelin neuron serve 203.0.113.5:8091 --netuid 1" },
        Example { purpose: "The metrics", line: "myelin neuron serve 203.0.113.5:9615 --netuid 1 --metrics" },
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
        let before = before.map_or_else(|| "none".to_owned(), |before| before.to_string());
        let what = if self.metrics { "serves its metrics" } else { "serves its axon" };
        let limit = now.parameters(netuid).await?.map_or(0, |parameters| parameters.serving_rate_limit);
        let plan = Plan::new(format!("Announce that neuron {} of network {netuid} {what} at {at}", neuron.uid))
            .touches(netuid)
            .effect(format!("the present address is {before}"))
            .risk(format!("fails if the neuron announced one in the last {limit} blocks"));
        let certificate = self.certificate.map(|certificate| certificate.0);
        let proves = certificate.is_some();
        let (signer, sending) = (&signer, &self.sending);
        let speaks = (self.protocol, u8::from(self.strict));
        let sent = match certificate {
            _ if self.metrics => {
                sending.send(context, &chain, signer, &calls::serve_prometheus(netuid, version, at), plan).await?
            }
            Some(certificate) => {
                let call = calls::serve_axon_tls(netuid, version, at, speaks, certificate);
                sending.send(context, &chain, signer, &call, plan).await?
            }
            None => {
                let call = calls::serve_axon(netuid, version, at, speaks);
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

    /// Checks the addresses of spec subnets-and-neurons §14.1.
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

    #[test]
    fn certificates_are_keys_of_known_algorithms() {
        let key = "01".repeat(33);
        assert_eq!(key.parse(), Ok(CertificateArg(vec![1; 33])));
        assert_eq!(format!("0x{key}").parse(), Ok(CertificateArg(vec![1; 33])));
        for unreadable in ["", "0x1", "ff", "0102", &"01".repeat(34), &"09".repeat(33)] {
            assert!(unreadable.parse::<CertificateArg>().is_err(), "{unreadable}");
        }
    }
}
