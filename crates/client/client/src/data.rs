//! What a hotkey publishes under its name.

use crate::runtime::runtime_types::myelin_pallet_neurons::types;
use myelin_primitives::BlockNumber;
use subxt::ext::codec::{Decode, Encode, Error, Input, Output};

/// The most bytes of a raw item. spec subnets-and-neurons §16
const MAX_RAW: u8 = 128;
/// The first of the bytes that announce a hash.
const HASHES: std::ops::RangeInclusive<u8> = 130..=133;

/// What a hotkey publishes under its name. In metadata it has a variant for each length, which nobody wants to match on.
///
/// Encoded as one byte that says which, and the content: 0 for nothing, `1 + length` for raw bytes, 130 to 133 for hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitmentData {
    /// Nothing.
    None,
    /// The bytes themselves, 128 at most.
    Raw(Vec<u8>),
    /// A hash of the bytes: 130 BLAKE2-256, 131 SHA2-256, 132 Keccak-256, 133 SHA3-256.
    Hash(u8, [u8; 32]),
}

impl CommitmentData {
    /// These bytes, or `None` if they are more than an item holds.
    pub fn raw(bytes: &[u8]) -> Option<Self> {
        (bytes.len() <= usize::from(MAX_RAW)).then(|| Self::Raw(bytes.to_vec()))
    }
}

impl Encode for CommitmentData {
    fn encode_to<Out: Output + ?Sized>(&self, output: &mut Out) {
        match self {
            Self::None => output.push_byte(0),
            Self::Raw(bytes) => {
                // What is longer is refused by the chain, which reads another variant.
                output.push_byte(u8::try_from(bytes.len()).map_or(u8::MAX, |length| length.saturating_add(1)));
                output.write(bytes);
            }
            Self::Hash(kind, hash) => {
                output.push_byte(*kind);
                output.write(hash);
            }
        }
    }
}

impl Decode for CommitmentData {
    fn decode<In: Input>(input: &mut In) -> Result<Self, Error> {
        match input.read_byte()? {
            0 => Ok(Self::None),
            first if first <= MAX_RAW + 1 => {
                let mut bytes = vec![0; usize::from(first - 1)];
                input.read(&mut bytes)?;
                Ok(Self::Raw(bytes))
            }
            first if HASHES.contains(&first) => Ok(Self::Hash(first, Decode::decode(input)?)),
            _ => Err("not the first byte of an item".into()),
        }
    }
}

/// What a neuron has published. spec subnets-and-neurons §16
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// When.
    pub block: BlockNumber,
    /// What.
    pub data: CommitmentData,
}

impl From<types::Commitment> for Commitment {
    fn from(commitment: types::Commitment) -> Self {
        Self { block: commitment.block, data: commitment.info.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_read_as_they_are_written() {
        let raw = |length| CommitmentData::raw(&vec![7; length]).unwrap();
        for (data, first, length) in [
            (CommitmentData::None, 0, 1),
            (raw(0), 1, 1),
            (raw(128), 129, 129),
            (CommitmentData::Hash(130, [1; 32]), 130, 33),
        ] {
            let bytes = data.encode();
            assert_eq!((bytes[0], bytes.len()), (first, length));
            assert_eq!(CommitmentData::decode(&mut bytes.as_slice()), Ok(data));
        }
        assert_eq!(CommitmentData::raw(&[0; 129]), None);
        assert!(CommitmentData::decode(&mut [134_u8].as_slice()).is_err());
    }
}
