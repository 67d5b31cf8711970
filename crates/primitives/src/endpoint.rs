//! IP endpoints.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// An IP address and a port, as the chain stores them. spec subnets-and-neurons §14.1.
///
/// The fields may have any value, because callers of the chain choose them. The field `ip_type` decides on the kind of
/// `ip`, not the size of the number.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct IpEndpoint {
    /// The address: 32 bits if `ip_type` is 4, 128 bits if it is 6.
    pub ip: u128,
    /// The port.
    pub port: u16,
    /// The version of the internet protocol: 4 or 6.
    pub ip_type: u8,
}

impl IpEndpoint {
    /// Returns true if the version of the internet protocol is 4 or 6.
    pub const fn has_known_type(self) -> bool {
        matches!(self.ip_type, 4 | 6)
    }

    /// Returns true if another machine could connect to the address.
    ///
    /// Excluded are the unspecified addresses, `127.0.0.1`, `::1`, and the last address of each kind. Private ranges
    /// are included, because whole networks live in them. The rest of `127.0.0.0/8` is included for networks on one
    /// machine. The port is not checked: the chain has an error of its own for port 0.
    pub fn is_dialable(self) -> bool {
        match self.ip_address() {
            Some(IpAddr::V4(ip)) => !matches!(ip, Ipv4Addr::UNSPECIFIED | Ipv4Addr::LOCALHOST | Ipv4Addr::BROADCAST),
            Some(IpAddr::V6(ip)) => !matches!(ip.to_bits(), 0 | 1 | u128::MAX),
            None => false,
        }
    }

    /// Returns the socket address, or `None` if the type is unknown or the address has too many bits.
    pub fn socket_address(self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.ip_address()?, self.port))
    }

    fn ip_address(self) -> Option<IpAddr> {
        match self.ip_type {
            4 => u32::try_from(self.ip).ok().map(|bits| Ipv4Addr::from_bits(bits).into()),
            6 => Some(Ipv6Addr::from_bits(self.ip).into()),
            _ => None,
        }
    }
}

/// Leaves out the flow and the scope of an IPv6 address, which mean nothing on other machines.
impl From<SocketAddr> for IpEndpoint {
    fn from(address: SocketAddr) -> Self {
        let (ip, ip_type) = match address.ip() {
            IpAddr::V4(ip) => (ip.to_bits().into(), 4),
            IpAddr::V6(ip) => (ip.to_bits(), 6),
        };
        Self { ip, port: address.port(), ip_type }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{fs, path::Path};

    const V4_END: u128 = u32::MAX as u128;

    fn endpoint(ip: u128, ip_type: u8) -> IpEndpoint {
        IpEndpoint { ip, port: 8_091, ip_type }
    }

    #[test]
    fn the_fields_are_encoded_in_the_order_of_the_stored_record() {
        let endpoint = IpEndpoint { ip: 0x0102, port: 0x0304, ip_type: 6 };
        let mut bytes = Vec::from([0x02, 0x01]);
        bytes.resize(16, 0);
        bytes.extend([0x04, 0x03, 6]);
        assert_eq!(endpoint.encode(), bytes);
        assert_eq!(IpEndpoint::decode(&mut bytes.as_slice()), Ok(endpoint));
        assert_eq!(IpEndpoint::max_encoded_len(), 19);
    }

    #[test]
    fn an_endpoint_is_serialised_by_the_names_of_its_fields() {
        let text = r#"{"ip":16909060,"port":8091,"ip_type":4}"#;
        assert_eq!(serde_json::to_string(&endpoint(0x0102_0304, 4)).unwrap(), text);
        assert_eq!(serde_json::from_str::<IpEndpoint>(text).unwrap(), endpoint(0x0102_0304, 4));
    }

    #[test]
    fn two_types_are_known() {
        let known: Vec<u8> = (0..=u8::MAX).filter(|ip_type| endpoint(9, *ip_type).has_known_type()).collect();
        assert_eq!(known, [4, 6]);
    }

    #[test]
    fn addresses_that_no_other_machine_reaches_are_not_dialable() {
        let loopback = 0x7f00_0001;
        for (ip, ip_type) in [
            (0, 4),
            (loopback, 4),
            (V4_END, 4),
            (V4_END + 1, 4),
            (u128::MAX, 4),
            (0, 6),
            (1, 6),
            (u128::MAX, 6),
            (0x0102_0304, 0),
            (0x0102_0304, 5),
            (0x0102_0304, 7),
        ] {
            assert!(!endpoint(ip, ip_type).is_dialable(), "{ip:x} {ip_type}");
        }
        for (ip, ip_type) in [
            (1, 4),
            (loopback - 1, 4),
            (loopback + 1, 4),
            // 10.0.0.1, a private one
            (0x0a00_0001, 4),
            (V4_END - 1, 4),
            (2, 6),
            (loopback, 6),
            (V4_END, 6),
            (u128::MAX - 1, 6),
        ] {
            assert!(endpoint(ip, ip_type).is_dialable(), "{ip:x} {ip_type}");
            // Port 0 is another error.
            assert!(IpEndpoint { port: 0, ..endpoint(ip, ip_type) }.is_dialable());
        }
    }

    #[test]
    fn the_type_decides_and_not_the_size() {
        let address = |ip, ip_type| endpoint(ip, ip_type).socket_address().map(|address| address.to_string());
        assert_eq!(address(1, 4).as_deref(), Some("0.0.0.1:8091"));
        assert_eq!(address(1, 6).as_deref(), Some("[::1]:8091"));
        assert_eq!(address(V4_END, 4).as_deref(), Some("255.255.255.255:8091"));
        for (ip, ip_type) in [(V4_END + 1, 4), (u128::MAX, 4), (1, 0), (1, 5), (1, 7)] {
            assert_eq!(address(ip, ip_type), None);
        }
    }

    #[test]
    fn the_vectors_of_another_implementation_are_read_and_written() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/neuron/addresses.json");
        let file: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let cases = file["ip"].as_array().unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let ip: IpAddr = case["ip"].as_str().unwrap().parse().unwrap();
            let address = SocketAddr::new(ip, 8_091);
            let endpoint = IpEndpoint::from(address);
            assert_eq!(endpoint.ip.to_string(), case["int"].as_str().unwrap());
            assert_eq!(u64::from(endpoint.ip_type), case["ip_type"].as_u64().unwrap());
            assert_eq!(endpoint.socket_address(), Some(address));
        }
    }

    proptest! {
        #[test]
        fn socket_addresses_come_back(ip: IpAddr, port: u16) {
            let address = SocketAddr::new(ip, port);
            let endpoint = IpEndpoint::from(address);
            prop_assert!(endpoint.has_known_type());
            prop_assert_eq!(endpoint.port, port);
            prop_assert_eq!(endpoint.socket_address(), Some(address));
        }

        #[test]
        fn endpoints_of_known_kinds_come_back(ip: u128, small: u32, port: u16, ip_type in 3_u8..8) {
            for ip in [ip, small.into()] {
                let endpoint = IpEndpoint { ip, port, ip_type };
                match endpoint.socket_address() {
                    Some(address) => prop_assert_eq!(IpEndpoint::from(address), endpoint),
                    None => prop_assert!(!endpoint.is_dialable()),
                }
            }
        }
    }
}
