//! Conversion between the types of HTTP and those of `myelin-wire`.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{HeaderName, HeaderValue},
};
use myelin_wire::Headers;
use std::{
    io,
    net::{IpAddr, Ipv6Addr},
};

/// The body of an answer. It fails only if a stream breaks off.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Returns headers as received, with names in lower case.
pub(crate) fn received(map: &HeaderMap) -> Headers {
    let latin_1 = |value: &HeaderValue| value.as_bytes().iter().map(|&byte| char::from(byte)).collect::<String>();
    map.iter().map(|(name, value)| (name.as_str(), latin_1(value))).collect()
}

/// Returns headers to be sent, without those that HTTP cannot carry. `myelin-wire` makes none of these.
pub(crate) fn sent(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter() {
        let bytes: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        let value = bytes.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
        if let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), value) {
            map.append(name, value);
        }
    }
    map
}

pub(crate) fn response(status: u16, headers: &Headers, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    // A handler may choose any number, and not all of them are a status.
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = sent(headers);
    response
}

/// Returns the address to which limits apply: one of IPv4, or the block of 2^64 of IPv6.
///
/// The owner of one address in such a block has all of them.
pub(crate) fn shared(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) >> 64 << 64).into()),
        ip @ IpAddr::V4(_) => ip,
    }
}

/// Returns the block of 2^80 of an IPv6 address, the smallest that a network assigns to a customer.
pub(crate) fn block(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        IpAddr::V6(ip) => Some(Ipv6Addr::from(u128::from(ip) >> 80 << 80).into()),
        IpAddr::V4(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_1_goes_through() {
        let headers = Headers::from_iter([("name", "é \u{ff}"), ("bad", "ключ"), ("x-myelin", "1")]);
        let back = received(&sent(&headers));
        assert_eq!(back, Headers::from_iter([("name", "é \u{ff}"), ("x-myelin", "1")]));
    }

    #[test]
    fn a_block_of_addresses_is_one() {
        let shared = |text: &str| shared(text.parse().unwrap()).to_string();
        assert_eq!(shared("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(shared("::ffff:203.0.113.9"), "203.0.113.9");
        let block = |text: &str| block(text.parse().unwrap()).map(|block| block.to_string());
        assert_eq!(block("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1::"));
        assert_eq!([block("::ffff:203.0.113.9"), block("203.0.113.9")], [None, None]);
    }
}
