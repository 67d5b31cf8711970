//! Places for free questions, so that no consumer and no address has all of them.

use myelin_wire::PublicKey;
use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// The free questions of one address at a time.
const EACH_ADDRESS: usize = 2;

/// The places for free questions. One hotkey has one of them.
#[derive(Clone, Debug)]
pub(super) struct FreePlaces {
    most: usize,
    taken: Arc<Mutex<Vec<(PublicKey, IpAddr)>>>,
}

/// A place for a question, free again once it is dropped.
#[derive(Debug)]
pub(super) struct FreePlace {
    places: FreePlaces,
    consumer: PublicKey,
}

/// The reason for which there is no place for a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPlace {
    /// A hotkey with a question.
    #[error("another question of this hotkey is being answered; ask again")]
    Hotkey,
    /// An address with its share of questions.
    #[error("{EACH_ADDRESS} other questions of this address are being answered; ask again")]
    Address,
    /// All places taken.
    #[error("too many questions are being answered; ask again")]
    Full,
}

impl FreePlaces {
    /// Returns this many places.
    pub(super) fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Vec<(PublicKey, IpAddr)>) -> T) -> T {
        change(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a place for a question of this hotkey, which came from this address.
    pub(super) fn take(&self, consumer: PublicKey, address: IpAddr) -> Result<FreePlace, NoPlace> {
        self.with(|taken| {
            if taken.iter().any(|(other, _)| *other == consumer) {
                Err(NoPlace::Hotkey)
            } else if taken.iter().filter(|(_, other)| *other == address).count() >= EACH_ADDRESS {
                Err(NoPlace::Address)
            } else if taken.len() >= self.most {
                Err(NoPlace::Full)
            } else {
                taken.push((consumer, address));
                Ok(FreePlace { places: self.clone(), consumer })
            }
        })
    }
}

impl Drop for FreePlace {
    fn drop(&mut self) {
        self.places.with(|taken| taken.retain(|(other, _)| *other != self.consumer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn hotkey(number: u8) -> PublicKey {
        PublicKey::from_bytes([number; 32])
    }

    fn address(number: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, number).into()
    }

    #[test]
    fn nh_16_a_hotkey_has_one_place_and_an_address_two() {
        let places = FreePlaces::new(8);
        let flood: Vec<_> = (1..=8).map(|number| places.take(hotkey(number), address(1))).collect();
        assert_eq!(flood.iter().filter(|taken| taken.is_ok()).count(), 2);
        assert_eq!(flood.last().unwrap().as_ref().unwrap_err(), &NoPlace::Address);
        let ninth = places.take(hotkey(9), address(2)).unwrap();
        assert_eq!(places.take(hotkey(9), address(3)).unwrap_err(), NoPlace::Hotkey);
        drop(ninth);
        assert!(places.take(hotkey(9), address(3)).is_ok());
        drop(flood);
        assert!(places.with(|taken| taken.is_empty()));
    }

    #[test]
    fn there_are_no_more_places_than_set() {
        let places = FreePlaces::new(3);
        let taken: Vec<_> = (1..=4).map(|number| places.take(hotkey(number), address(number))).collect();
        assert_eq!(taken.last().unwrap().as_ref().unwrap_err(), &NoPlace::Full);
        assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 3);
    }
}
