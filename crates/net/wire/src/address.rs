//! Addresses of neurons on the chain and in requests. spec neuron-protocol §1, §11.

use crate::PublicKey;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use myelin_primitives::IpEndpoint;

/// The protocol number that neurons announce. spec neuron-protocol §11.
pub const PROTOCOL: u8 = 4;

/// The address that a neuron announces, with its keys, as existing tools print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AxonText {
    /// The version of the neuron: `major * 1 000 000 + minor * 1 000 + patch`.
    pub version: u32,
    /// The IP address of the axon, all zero if the neuron does not serve.
    pub ip: IpAddr,
    /// The port of the axon.
    pub port: u16,
    /// The hotkey of the neuron.
    pub hotkey: PublicKey,
    /// The coldkey that owns the hotkey.
    pub coldkey: PublicKey,
    /// The protocol number.
    pub protocol: u8,
    /// A number without meaning.
    pub placeholder1: u8,
    /// A number without meaning.
    pub placeholder2: u8,
}

impl AxonText {
    /// Returns true if the neuron announces that it serves. spec neuron-protocol §11.
    pub fn is_serving(&self) -> bool {
        !self.ip.is_unspecified()
    }

    /// Returns the endpoint as existing tools print it, without brackets: `/ipv4/203.0.113.7:8091`.
    pub fn endpoint_text(&self) -> String {
        format!("/ipv{}/{}:{}", self.ip_type(), self.ip, self.port)
    }

    /// Returns the version of the internet protocol, as the chain stores it.
    fn ip_type(&self) -> u8 {
        IpEndpoint::from(SocketAddr::new(self.ip, self.port)).ip_type
    }

    /// Returns the text that existing tools exchange: JSON in Python's form.
    pub fn to_text(&self) -> String {
        use crate::python::{Value, json};
        let fields = [
            ("version", Value::int(self.version)),
            ("ip", Value::Text(self.ip.to_string())),
            ("port", Value::int(self.port)),
            ("ip_type", Value::int(self.ip_type())),
            ("hotkey", Value::Text(self.hotkey.to_string())),
            ("coldkey", Value::Text(self.coldkey.to_string())),
            ("protocol", Value::int(self.protocol)),
            ("placeholder1", Value::int(self.placeholder1)),
            ("placeholder2", Value::int(self.placeholder2)),
        ];
        json::write_spaced(&Value::Dict(fields.into_iter().collect()))
    }
}

/// Returns the version number of a release. spec neuron-protocol §2.
pub const fn version_number(major: u16, minor: u16, patch: u16) -> u64 {
    // At most 65 535 · 1 001 001, far below the end of 64 bits.
    (major as u64)
        .saturating_mul(1_000_000)
        .saturating_add((minor as u64).saturating_mul(1_000))
        .saturating_add(patch as u64)
}

/// Returns the URL of a synapse at a neuron. spec neuron-protocol §1.
///
/// A neuron behind the caller's own address is called at the unspecified address, because many routers do not send such
/// connections back in. IPv6 addresses stand in brackets. The existing neurons leave the brackets out and cannot
/// connect.
pub fn request_url(ip: IpAddr, port: u16, own: Option<IpAddr>, name: &str) -> String {
    let ip = match ip {
        IpAddr::V4(_) if own == Some(ip) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) if own == Some(ip) => Ipv6Addr::UNSPECIFIED.into(),
        ip => ip,
    };
    format!("http://{}/{name}", SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        assert_eq!(version_number(10, 2, 0), 10_002_000);
    }
}
