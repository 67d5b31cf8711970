//! The key of a neuron's TLS certificate, as the chain stores it. spec subnets-and-neurons §14.3, neuron-protocol §13.
//!
//! The chain binds a raw public key to a hotkey, not a certificate of an authority. If the chain has a key for a
//! neuron, the client connects by TLS and accepts exactly this key. It never falls back to clear text: otherwise an
//! attacker on the path could take the certificate away.

use alloc::vec::Vec;
use core::fmt;

/// A public key for TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateKey {
    /// A key of Ed25519.
    Ed25519([u8; 32]),
    /// A point on P-256, as its two coordinates.
    P256([u8; 64]),
    /// SHA-256 of the `SubjectPublicKeyInfo`, for keys that are too long themselves.
    InfoHash([u8; 32]),
}

/// The reason for which the chain's bytes are no known key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateError {
    /// No bytes.
    Empty,
    /// A first byte that names no known algorithm.
    Algorithm(u8),
    /// A key with another length than its algorithm has.
    Length(usize),
}

impl fmt::Display for CertificateError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("the certificate is empty"),
            Self::Algorithm(other) => write!(out, "{other} is not a known algorithm of certificates"),
            Self::Length(length) => {
                write!(out, "the key of the certificate has {length} bytes, which its algorithm does not allow")
            }
        }
    }
}

impl core::error::Error for CertificateError {}

impl CertificateKey {
    /// Returns the bytes for the chain: the algorithm and the key.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (algorithm, key): (u8, &[u8]) = match self {
            Self::Ed25519(key) => (1, key),
            Self::P256(key) => (2, key),
            Self::InfoHash(key) => (3, key),
        };
        [&[algorithm], key].concat()
    }

    /// Reads the bytes of the chain.
    ///
    /// A neuron with a malformed key cannot be reached. It is never reached unprotected.
    ///
    /// # Errors
    /// [`CertificateError::Empty`] for no bytes, [`CertificateError::Algorithm`] for an unknown algorithm,
    /// [`CertificateError::Length`] for a key of the wrong length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CertificateError> {
        let (&algorithm, key) = bytes.split_first().ok_or(CertificateError::Empty)?;
        let length = |_| CertificateError::Length(key.len());
        match algorithm {
            1 => key.try_into().map(Self::Ed25519).map_err(length),
            2 => key.try_into().map(Self::P256).map_err(length),
            3 => key.try_into().map(Self::InfoHash).map_err(length),
            other => Err(CertificateError::Algorithm(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back() {
        for key in [CertificateKey::Ed25519([1; 32]), CertificateKey::P256([2; 64]), CertificateKey::InfoHash([3; 32])]
        {
            let bytes = key.to_bytes();
            assert_eq!(CertificateKey::from_bytes(&bytes), Ok(key));
        }
        assert_eq!(CertificateKey::Ed25519([7; 32]).to_bytes(), [&[1][..], &[7; 32]].concat());
    }

    #[test]
    fn other_bytes_are_refused() {
        assert_eq!(CertificateKey::from_bytes(&[]), Err(CertificateError::Empty));
        assert_eq!(CertificateKey::from_bytes(&[9, 1]), Err(CertificateError::Algorithm(9)));
        assert_eq!(CertificateKey::from_bytes(&[1; 32]), Err(CertificateError::Length(31)));
        assert_eq!(CertificateKey::from_bytes(&[2; 66]), Err(CertificateError::Length(65)));
    }
}
