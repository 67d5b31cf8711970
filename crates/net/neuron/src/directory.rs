//! Who has a seat in a subnet, and where they serve: what a neuron has to know of the chain.

use crate::{Peer, PeerProtocol};
use myelin_primitives::{Amount, Tao, Uid};
use myelin_wire::{
    PublicKey,
    certificate::{CertificateError, CertificateKey},
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

/// What neurons of this kind announce in the first placeholder of their address on the chain: "I speak signed
/// requests". The hotkey signed the announcement, so nobody on the path can take it away.
pub const SPEAKS_STRICT: u8 = 1;

/// A seat of a subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its number.
    pub uid: Uid,
    /// The stake behind it.
    pub stake: Amount<Tao>,
    /// Whether it may set weights.
    pub may_validate: bool,
    /// Where it serves, if it does.
    pub announced: Option<ServedAxon>,
}

/// Where a neuron says that it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedAxon {
    /// The address.
    pub address: SocketAddr,
    /// The first placeholder: [`SPEAKS_STRICT`], or 0.
    pub placeholder: u8,
    /// The bytes of its certificate, if it has one.
    pub certificate: Option<Vec<u8>>,
}

impl ServedAxon {
    /// The neuron as it is to be asked. Whoever has a certificate is asked by TLS, and never otherwise.
    /// spec neuron-protocol §13
    ///
    /// # Errors
    /// [`CertificateError`] when the certificate does not read: such a neuron cannot be reached.
    pub fn peer(&self, hotkey: PublicKey) -> Result<Peer, CertificateError> {
        let certificate = self.certificate.as_deref().map(CertificateKey::from_bytes).transpose()?;
        let is_strict = certificate.is_some() || self.placeholder == SPEAKS_STRICT;
        let speaks = if is_strict { PeerProtocol::Strict { certificate } } else { PeerProtocol::V1 };
        Ok(Peer { hotkey, address: self.address, speaks })
    }
}

/// Looks up seats of one subnet. What it says is as new as the process knows, without waiting.
pub trait Directory: Send + Sync + 'static {
    /// The seat of a hotkey.
    fn seat(&self, hotkey: PublicKey) -> Option<DirectoryEntry>;

    /// All seats, by number.
    fn seats(&self) -> Vec<(PublicKey, DirectoryEntry)>;

    /// The highest stake of those who may validate.
    fn most_stake(&self) -> Amount<Tao>;
}

impl<D: Directory> Directory for Arc<D> {
    fn seat(&self, hotkey: PublicKey) -> Option<DirectoryEntry> {
        (**self).seat(hotkey)
    }

    fn seats(&self) -> Vec<(PublicKey, DirectoryEntry)> {
        (**self).seats()
    }

    fn most_stake(&self) -> Amount<Tao> {
        (**self).most_stake()
    }
}

/// A directory in memory, written by whoever follows the chain, or by a test.
#[derive(Debug, Default)]
pub struct MemoryDirectory(RwLock<BTreeMap<PublicKey, DirectoryEntry>>);

impl MemoryDirectory {
    /// Replaces everything.
    pub fn set(&self, seats: impl IntoIterator<Item = (PublicKey, DirectoryEntry)>) {
        let seats = seats.into_iter().collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = seats;
    }
}

impl Directory for MemoryDirectory {
    fn seat(&self, hotkey: PublicKey) -> Option<DirectoryEntry> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&hotkey).cloned()
    }

    fn seats(&self) -> Vec<(PublicKey, DirectoryEntry)> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut seats: Vec<_> = table.iter().map(|(hotkey, seat)| (*hotkey, seat.clone())).collect();
        seats.sort_by_key(|(_, seat)| seat.uid);
        seats
    }

    fn most_stake(&self) -> Amount<Tao> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        table.values().filter(|seat| seat.may_validate).map(|seat| seat.stake).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(placeholder: u8, certificate: Option<Vec<u8>>) -> ServedAxon {
        ServedAxon { address: ([127, 0, 0, 1], 8_091).into(), placeholder, certificate }
    }

    #[test]
    fn a_certificate_is_never_ignored() {
        let speaks = |announced: ServedAxon| announced.peer(PublicKey::from_bytes([1; 32])).map(|peer| peer.speaks);
        assert_eq!(speaks(announced(0, None)), Ok(PeerProtocol::V1));
        assert_eq!(speaks(announced(1, None)), Ok(PeerProtocol::Strict { certificate: None }));
        let key = CertificateKey::Ed25519([7; 32]);
        assert_eq!(speaks(announced(0, Some(key.to_bytes()))), Ok(PeerProtocol::Strict { certificate: Some(key) }));
        assert_eq!(speaks(announced(1, Some(vec![9, 9]))), Err(CertificateError::Algorithm(9)));
    }
}
