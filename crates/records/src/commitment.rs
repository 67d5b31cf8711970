//! Commitments: data that neurons publish. spec subnets-and-neurons §16.

use crate::bounds::{MAX_RAW, MaxRaw};
use alloc::vec;
use bounded_collections::BoundedVec;
use codec::{Decode, DecodeWithMemTracking, Encode, EncodeLike, Error, Input, MaxEncodedLen, Output};
use myelin_primitives::BlockNumber;
use scale_info::{
    Path, Type, TypeInfo,
    build::{Fields, Variants},
};

/// A published item and its block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Commitment {
    /// Block of the publication.
    pub block: BlockNumber,
    /// The item.
    pub info: CommitmentData,
}

/// The one item of a commitment: some bytes, or the hash of more bytes than a chain should carry.
///
/// The first encoded byte is the kind: 0 for nothing, `1 + length` for raw bytes, 130 to 133 for a hash. A raw item
/// therefore costs one byte more than its content. The encoding of an item never changes when others are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitmentData {
    /// No data.
    None,
    /// The bytes themselves.
    Raw(BoundedVec<u8, MaxRaw>),
    /// BLAKE2-256 hash of the bytes.
    BlakeTwo256([u8; 32]),
    /// SHA2-256 hash of the bytes.
    Sha256([u8; 32]),
    /// Keccak-256 hash of the bytes.
    Keccak256([u8; 32]),
    /// SHA3-256 hash of the bytes.
    ShaThree256([u8; 32]),
}

/// First byte of an empty raw item. Each byte of content adds one.
const RAW: u8 = 1;
/// First byte of the longest raw item.
const RAW_FULL: u8 = 129;
const BLAKE_TWO_256: u8 = 130;
const SHA_256: u8 = 131;
const KECCAK_256: u8 = 132;
const SHA_THREE_256: u8 = 133;

const _: () = assert!(RAW_FULL as u32 == MAX_RAW + RAW as u32, "the longest raw item has the largest raw kind");

impl CommitmentData {
    /// Returns an item of these bytes, or `None` if they are more than [`MAX_RAW`].
    pub fn raw(bytes: &[u8]) -> Option<Self> {
        bytes.to_vec().try_into().ok().map(Self::Raw)
    }
}

impl Encode for CommitmentData {
    fn size_hint(&self) -> usize {
        match self {
            Self::None => 1,
            Self::Raw(bytes) => bytes.len().saturating_add(1),
            Self::BlakeTwo256(_) | Self::Sha256(_) | Self::Keccak256(_) | Self::ShaThree256(_) => 33,
        }
    }

    fn encode_to<T: Output + ?Sized>(&self, output: &mut T) {
        let (first, content) = match self {
            Self::None => (0, &[][..]),
            // At most 128 bytes, so the first byte is at most 129.
            Self::Raw(bytes) => (u8::try_from(bytes.len()).unwrap_or(u8::MAX).saturating_add(RAW), bytes.as_slice()),
            Self::BlakeTwo256(hash) => (BLAKE_TWO_256, &hash[..]),
            Self::Sha256(hash) => (SHA_256, &hash[..]),
            Self::Keccak256(hash) => (KECCAK_256, &hash[..]),
            Self::ShaThree256(hash) => (SHA_THREE_256, &hash[..]),
        };
        output.push_byte(first);
        output.write(content);
    }
}

impl EncodeLike for CommitmentData {}

impl Decode for CommitmentData {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        match input.read_byte()? {
            0 => Ok(Self::None),
            first @ RAW..=RAW_FULL => {
                let mut bytes = vec![0; usize::from(first.saturating_sub(RAW))];
                input.read(&mut bytes)?;
                bytes.try_into().map(Self::Raw).map_err(|_| Error::from("a raw item has at most 128 bytes"))
            }
            BLAKE_TWO_256 => Decode::decode(input).map(Self::BlakeTwo256),
            SHA_256 => Decode::decode(input).map(Self::Sha256),
            KECCAK_256 => Decode::decode(input).map(Self::Keccak256),
            SHA_THREE_256 => Decode::decode(input).map(Self::ShaThree256),
            _ => Err(Error::from("no data item begins with this byte")),
        }
    }
}

// No value holds more than 128 bytes on the heap.
impl DecodeWithMemTracking for CommitmentData {}

impl MaxEncodedLen for CommitmentData {
    fn max_encoded_len() -> usize {
        usize::from(RAW_FULL)
    }
}

/// One variant per first byte, so that clients which know only the metadata can read and write items.
impl TypeInfo for CommitmentData {
    type Identity = Self;

    fn type_info() -> Type {
        macro_rules! raw {
            ($variants:expr, $($length:literal)*) => {
                $variants$(.variant(concat!("Raw", $length), |variant| {
                    variant.index($length + RAW).fields(Fields::unnamed().field(|field| field.ty::<[u8; $length]>()))
                }))*
            };
        }
        macro_rules! hashes {
            ($variants:expr, $($name:literal = $first:expr),*) => {
                $variants$(.variant($name, |variant| {
                    variant.index($first).fields(Fields::unnamed().field(|field| field.ty::<[u8; 32]>()))
                }))*
            };
        }
        let variants = Variants::new().variant("None", |variant| variant.index(0));
        let variants = raw!(variants,
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38
            39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74
            75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 98 99 100 101 102 103 104 105 106 107
            108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127 128
        );
        let variants = hashes!(
            variants,
            "BlakeTwo256" = BLAKE_TWO_256,
            "Sha256" = SHA_256,
            "Keccak256" = KECCAK_256,
            "ShaThree256" = SHA_THREE_256
        );
        Type::builder()
            .path(Path::new("CommitmentData", module_path!()))
            .docs(&["The one item of a commitment: some bytes, or the hash of more."])
            .variant(variants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec as bytes, prelude::*};
    use scale_info::TypeDef;

    fn raw(content: &[u8]) -> CommitmentData {
        CommitmentData::raw(content).unwrap()
    }

    #[test]
    fn the_first_byte_says_what_follows() {
        assert_eq!(CommitmentData::None.encode(), [0]);
        assert_eq!(raw(b"").encode(), [1]);
        assert_eq!(raw(b"myelin").encode(), b"\x07myelin");
        assert_eq!(raw(&[7; 128]).encode(), [vec![129], vec![7; 128]].concat());
        for (item, first) in [
            (CommitmentData::BlakeTwo256([9; 32]), 130),
            (CommitmentData::Sha256([9; 32]), 131),
            (CommitmentData::Keccak256([9; 32]), 132),
            (CommitmentData::ShaThree256([9; 32]), 133),
        ] {
            assert_eq!(item.encode(), [vec![first], vec![9; 32]].concat());
        }
    }

    #[test]
    fn a_commitment_encodes_field_by_field() {
        let commitment = Commitment { block: 258, info: raw(b"a") };
        assert_eq!(commitment.encode(), [2, 1, 0, 0, 2, b'a']);
        assert_eq!(Commitment::max_encoded_len(), 4 + 129);
    }

    #[test]
    fn more_bytes_than_an_item_holds_make_none() {
        assert_eq!(CommitmentData::raw(&[0; 129]), None);
    }

    #[test]
    fn other_first_bytes_and_missing_content_are_refused() {
        for first in 134..=u8::MAX {
            assert!(CommitmentData::decode(&mut &[&[first][..], &[0; 200]].concat()[..]).is_err(), "{first}");
        }
        for first in 2..=133_u8 {
            assert!(CommitmentData::decode(&mut &[first][..]).is_err(), "{first}");
        }
        assert!(CommitmentData::decode(&mut &[][..]).is_err());
    }

    #[test]
    fn the_metadata_names_every_first_byte_once() {
        let TypeDef::Variant(variants) = CommitmentData::type_info().type_def else {
            panic!("an item is one of several")
        };
        let indices: Vec<u8> = variants.variants.iter().map(|variant| variant.index).collect();
        assert_eq!(indices, (0..=133).collect::<Vec<_>>());
        assert_eq!(variants.variants[129].name, "Raw128");
        assert_eq!(variants.variants[133].name, "ShaThree256");
    }

    proptest! {
        #[test]
        fn an_item_reads_as_it_was_written(content in bytes(any::<u8>(), 0..=128)) {
            let item = raw(&content);
            let encoded = item.encode();
            prop_assert_eq!(encoded.len(), item.size_hint());
            prop_assert!(encoded.len() <= CommitmentData::max_encoded_len());
            prop_assert_eq!(CommitmentData::decode(&mut &encoded[..]), Ok(item));
        }

        #[test]
        fn what_can_be_read_is_written_the_same(input in bytes(any::<u8>(), 0..140)) {
            let mut rest = &input[..];
            if let Ok(item) = CommitmentData::decode(&mut rest) {
                prop_assert_eq!(item.encode(), &input[..input.len() - rest.len()]);
            }
        }
    }
}
