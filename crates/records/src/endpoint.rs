//! Endpoints that neurons announce. spec subnets-and-neurons §14.

use crate::bounds::MaxCertificate;
use bounded_collections::BoundedVec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use myelin_primitives::{BlockNumber, IpEndpoint};
use scale_info::TypeInfo;

/// The axon of a neuron, as the chain stores it. spec subnets-and-neurons §14.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct AxonRecord {
    /// Block of the announcement.
    pub block: BlockNumber,
    /// Version of the neuron's software.
    pub version: u32,
    /// Address and port.
    pub address: IpEndpoint,
    /// Protocol spoken there. The chain does not interpret it.
    pub protocol: u8,
    /// Byte for use between neurons. The chain does not interpret it.
    pub placeholder1: u8,
    /// Byte for use between neurons. The chain does not interpret it.
    pub placeholder2: u8,
}

/// The metrics endpoint of a neuron, as the chain stores it. spec subnets-and-neurons §14.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct MetricsRecord {
    /// Block of the announcement.
    pub block: BlockNumber,
    /// Version of the neuron's software.
    pub version: u32,
    /// Address and port.
    pub address: IpEndpoint,
}

/// The key with which a neuron's axon identifies itself: a byte for the algorithm, then the public key.
///
/// spec subnets-and-neurons §14.3.
pub type Certificate = BoundedVec<u8, MaxCertificate>;

/// All endpoints of one neuron. spec subnets-and-neurons §14.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ServedEndpoints {
    /// Axon, which answers requests.
    pub axon: Option<AxonRecord>,
    /// Certificate of the axon.
    pub certificate: Option<Certificate>,
    /// Endpoint of the metrics.
    pub prometheus: Option<MetricsRecord>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpEndpoint = IpEndpoint { ip: 0x0a00_0001, port: 0x1f90, ip_type: 4 };

    fn address() -> Vec<u8> {
        [&[1, 0, 0, 10][..], &[0; 12], &[0x90, 0x1f, 4]].concat()
    }

    #[test]
    fn endpoints_encode_field_by_field() {
        let axon = AxonRecord { block: 1, version: 2, address: ADDRESS, protocol: 3, placeholder1: 4, placeholder2: 5 };
        let axon_bytes = [&[1, 0, 0, 0, 2, 0, 0, 0][..], &address(), &[3, 4, 5]].concat();
        assert_eq!(axon.encode(), axon_bytes);
        let metrics = MetricsRecord { block: 6, version: 7, address: ADDRESS };
        let metrics_bytes = [&[6, 0, 0, 0, 7, 0, 0, 0][..], &address()].concat();
        assert_eq!(metrics.encode(), metrics_bytes);
        let all = ServedEndpoints {
            axon: Some(axon),
            certificate: Some(vec![8, 9].try_into().unwrap()),
            prometheus: Some(metrics),
        };
        let bytes = [&[1][..], &axon_bytes, &[1, 8, 8, 9, 1], &metrics_bytes].concat();
        assert_eq!(all.encode(), bytes);
        assert_eq!(ServedEndpoints::decode(&mut &bytes[..]), Ok(all));
        assert_eq!(ServedEndpoints::default().encode(), [0; 3]);
    }

    #[test]
    fn a_certificate_beyond_its_bound_is_refused() {
        assert!(Certificate::try_from(vec![0; 65]).is_ok());
        assert!(Certificate::try_from(vec![0; 66]).is_err());
        assert!(Certificate::decode(&mut &vec![0_u8; 66].encode()[..]).is_err());
    }
}
