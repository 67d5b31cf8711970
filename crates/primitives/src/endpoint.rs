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

    /// Returns true if neurons of a network with this scope may announce and dial the address.
    ///
    /// The port is not checked: the chain has an error of its own for port 0.
    pub fn is_dialable(self, scope: AddressScope) -> bool {
        self.ip_address().is_some_and(|ip| scope.contains(ip))
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

/// The addresses that neurons may announce and dial. spec subnets-and-neurons §14.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressScope {
    /// Global unicast addresses.
    Global,
    /// Private addresses and most of the loopback range too, for networks on one machine or in one building.
    Local,
}

/// The ranges of IPv4 without global unicast addresses: the first address, and the number of fixed bits.
const NO_GLOBAL_V4: [(Ipv4Addr, u32); 11] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The range of IPv6 with all global unicast addresses.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The ranges of IPv6 in [`GLOBAL_V6`] without global unicast addresses: documentation, and IPv4 inside of IPv6.
const NO_GLOBAL_V6: [(Ipv6Addr, u32); 2] =
    [(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16)];

/// The range of IPv6 that writes addresses of IPv4. An address has one spelling, so no scope contains it.
const MAPPED_V4: (Ipv6Addr, u32) = (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);

impl AddressScope {
    /// Returns the scope by the parameter `local_addresses` of all networks.
    pub const fn new(local_addresses: bool) -> Self {
        if local_addresses { Self::Local } else { Self::Global }
    }

    /// Returns true if the scope contains the address.
    ///
    /// [`Self::Local`] excludes the unspecified addresses, `127.0.0.1`, `::1`, and the last address of each kind.
    pub fn contains(self, ip: IpAddr) -> bool {
        match (ip, self) {
            (IpAddr::V4(ip), Self::Global) => !NO_GLOBAL_V4.into_iter().any(|range| in_v4(range, ip)),
            (IpAddr::V4(ip), Self::Local) => {
                !matches!(ip, Ipv4Addr::UNSPECIFIED | Ipv4Addr::LOCALHOST | Ipv4Addr::BROADCAST)
            }
            (IpAddr::V6(ip), Self::Global) => {
                in_v6(GLOBAL_V6, ip) && !NO_GLOBAL_V6.into_iter().any(|range| in_v6(range, ip))
            }
            (IpAddr::V6(ip), Self::Local) => !matches!(ip.to_bits(), 0 | 1 | u128::MAX) && !in_v6(MAPPED_V4, ip),
        }
    }
}

/// Returns true if the range contains the address.
const fn in_v4((first, bits): (Ipv4Addr, u32), ip: Ipv4Addr) -> bool {
    (first.to_bits() ^ ip.to_bits()).leading_zeros() >= bits
}

/// Returns true if the range contains the address.
const fn in_v6((first, bits): (Ipv6Addr, u32), ip: Ipv6Addr) -> bool {
    (first.to_bits() ^ ip.to_bits()).leading_zeros() >= bits
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

    /// Returns true if the scope contains the address in this text.
    fn contains(scope: AddressScope, ip: &str) -> bool {
        let endpoint = IpEndpoint::from(SocketAddr::new(ip.parse().unwrap(), 8_091));
        // Port 0 is another error.
        assert_eq!(IpEndpoint { port: 0, ..endpoint }.is_dialable(scope), endpoint.is_dialable(scope));
        endpoint.is_dialable(scope)
    }

    #[test]
    fn global_addresses_end_at_each_range() {
        // The last address before a range, the first and the last one of it, and the first one after it.
        for [before, first, last, after] in [
            ["9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"],
            ["100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"],
            ["126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"],
            ["169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"],
            ["172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"],
            ["191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"],
            ["192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"],
            ["198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"],
            [
                "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
                "2001:db8::",
                "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                "2001:db9::",
            ],
            ["2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"],
        ] {
            for (ip, is_global) in [(before, true), (first, false), (last, false), (after, true)] {
                assert_eq!(contains(AddressScope::Global, ip), is_global, "{ip}");
            }
        }
        // The ranges at the ends.
        for ip in [
            "0.0.0.0",
            "0.255.255.255",
            "127.0.0.2",
            "169.254.169.254",
            "224.0.0.0",
            "239.255.255.255",
            "240.0.0.0",
            "255.255.255.255",
            "::",
            "::1",
            "::8.8.8.8",
            "::ffff:0.0.0.0",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "4000::",
            "fc00::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!contains(AddressScope::Global, ip), "{ip}");
        }
        for ip in
            ["1.0.0.0", "8.8.8.8", "223.255.255.255", "2000::", "2a00::1", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
        {
            assert!(contains(AddressScope::Global, ip), "{ip}");
        }
    }

    #[test]
    fn local_addresses_are_all_that_could_be_another_machine() {
        for ip in [
            "0.0.0.0",
            "127.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:0.0.0.0",
            "::ffff:127.0.0.1",
            "::ffff:255.255.255.255",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ] {
            assert!(!contains(AddressScope::Local, ip), "{ip}");
        }
        for ip in [
            "0.0.0.1",
            "10.0.0.1",
            "127.0.0.0",
            "127.0.0.2",
            "169.254.169.254",
            "192.168.0.1",
            "255.255.255.254",
            "::2",
            "::127.0.0.1",
            "::fffe:ffff:ffff",
            "::1:0:0:0",
            "fc00::1",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
        ] {
            assert!(contains(AddressScope::Local, ip), "{ip}");
        }
    }

    #[test]
    fn no_scope_has_an_endpoint_without_address() {
        for scope in [AddressScope::Global, AddressScope::Local] {
            for (ip, ip_type) in
                [(V4_END + 1, 4), (u128::MAX, 4), (0x0808_0808, 0), (0x0808_0808, 5), (0x2000 << 112, 7)]
            {
                assert!(!endpoint(ip, ip_type).is_dialable(scope), "{ip:x} {ip_type}");
            }
        }
        assert_eq!([false, true].map(AddressScope::new), [AddressScope::Global, AddressScope::Local]);
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
        fn each_global_address_is_a_local_one(ip: IpAddr) {
            prop_assert!(!AddressScope::Global.contains(ip) || AddressScope::Local.contains(ip));
        }

        #[test]
        fn endpoints_of_known_kinds_come_back(ip: u128, small: u32, port: u16, ip_type in 3_u8..8) {
            for ip in [ip, small.into()] {
                let endpoint = IpEndpoint { ip, port, ip_type };
                match endpoint.socket_address() {
                    Some(address) => prop_assert_eq!(IpEndpoint::from(address), endpoint),
                    None => prop_assert!(!endpoint.is_dialable(AddressScope::Local)),
                }
            }
        }
    }
}
