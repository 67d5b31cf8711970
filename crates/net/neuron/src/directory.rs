//! A directory of the seats of a subnet and their axons: the part of the chain that a neuron needs.

use crate::{Peer, PeerProtocol};
use myelin_primitives::{Amount, BlockNumber, CertificateError, CertificateKey, Tao, Uid};
use myelin_wire::PublicKey;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

/// The `protocol` of each axon record. It decides nothing. spec neuron-protocol §11.
pub const PROTOCOL: u8 = 4;

/// The `placeholder1` of an axon record that announces strict mode.
///
/// The hotkey signed the announcement, so no attacker on the path can remove it.
pub const SPEAKS_STRICT: u8 = 1;

/// A seat of a subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The uid of the seat.
    pub uid: Uid,
    /// The stake weight of its hotkey.
    pub stake: Amount<Tao>,
    /// True if the neuron holds a validator permit.
    pub may_validate: bool,
    /// The axon of the neuron, if it serves.
    pub announced: Option<ServedAxon>,
}

/// The axon that a neuron announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedAxon {
    /// The address.
    pub address: SocketAddr,
    /// The `placeholder1` of the axon record: [`SPEAKS_STRICT`], or 0.
    pub placeholder1: u8,
    /// The bytes of its certificate, if it has one.
    pub certificate: Option<Vec<u8>>,
    /// The block of the announcement.
    pub announced_at: BlockNumber,
}

impl ServedAxon {
    /// Returns the neuron as a peer. A neuron with a certificate is reached over TLS, and never without.
    ///
    /// spec neuron-protocol §13.
    ///
    /// # Errors
    /// [`CertificateError`] if the certificate is malformed: such a neuron cannot be reached.
    pub fn peer(&self, hotkey: PublicKey) -> Result<Peer, CertificateError> {
        let certificate = self.certificate.as_deref().map(CertificateKey::from_bytes).transpose()?;
        let is_strict = certificate.is_some() || self.placeholder1 == SPEAKS_STRICT;
        let speaks = if is_strict { PeerProtocol::Strict { certificate } } else { PeerProtocol::V1 };
        Ok(Peer { hotkey, address: self.address, speaks, announced_at: self.announced_at })
    }
}

/// A directory of the seats of one subnet. It returns the newest state that the process knows, without waiting.
pub trait Directory: Send + Sync + 'static {
    /// Returns the seat of a hotkey.
    fn seat(&self, hotkey: PublicKey) -> Option<DirectoryEntry>;

    /// Returns all seats, by uid.
    fn seats(&self) -> Vec<(PublicKey, DirectoryEntry)>;

    /// Returns the highest stake of a neuron with a validator permit.
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

/// A directory in memory, written by a follower of the chain, or by a test.
#[derive(Debug, Default)]
pub struct MemoryDirectory(RwLock<BTreeMap<PublicKey, DirectoryEntry>>);

impl MemoryDirectory {
    /// Replaces all seats.
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

    fn announced(placeholder1: u8, certificate: Option<Vec<u8>>) -> ServedAxon {
        ServedAxon { address: ([127, 0, 0, 1], 8_091).into(), placeholder1, certificate, announced_at: 1 }
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
