//! Numbers of networks and seats.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u16);

        impl $name {
            /// Returns the id with this number.
            pub const fn new(number: u16) -> Self {
                Self(number)
            }

            /// Returns the number of this id.
            pub const fn get(self) -> u16 {
                self.0
            }

            /// Returns the id after this one, or `None` after the last.
            pub const fn next(self) -> Option<Self> {
                match self.0.checked_add(1) {
                    Some(number) => Some(Self(number)),
                    None => None,
                }
            }
        }

        impl From<u16> for $name {
            fn from(number: u16) -> Self {
                Self(number)
            }
        }

        impl From<$name> for u16 {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<$name> for usize {
            fn from(id: $name) -> Self {
                Self::from(id.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl core::str::FromStr for $name {
            type Err = core::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// The number of a network: 0 is root, all others are subnets. spec subnets-and-neurons §1.
    NetUid
}

id! {
    /// The number of a seat on a network, counted from 0 without gaps. spec subnets-and-neurons §1.
    Uid
}

impl NetUid {
    /// The root network, whose validators divide the emission among subnets.
    pub const ROOT: Self = Self(0);

    /// Returns true if this is the root network.
    pub const fn is_root(self) -> bool {
        self.0 == Self::ROOT.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_end_at_their_last_number() {
        assert_eq!(Uid::new(41).next(), Some(Uid::new(42)));
        assert_eq!(Uid::new(u16::MAX).next(), None);
    }

    #[test]
    fn only_zero_is_root() {
        assert!(NetUid::ROOT.is_root());
        assert!(!NetUid::new(1).is_root());
    }

    #[test]
    fn ids_encode_as_two_little_endian_bytes() {
        assert_eq!(NetUid::new(0x0102).encode(), [0x02, 0x01]);
    }

    #[test]
    fn ids_read_and_write_as_plain_numbers() {
        assert_eq!("17".parse(), Ok(Uid::new(17)));
        assert!("65536".parse::<Uid>().is_err());
        assert_eq!(Uid::new(17).to_string(), "17");
    }
}
