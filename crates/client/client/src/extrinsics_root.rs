//! The proof that a body belongs to a header.

use crate::{calls::blake2_256, chain::Header};
use std::collections::hash_map::DefaultHasher;
use subxt::{
    ext::codec::{Compact, Encode},
    utils::H256,
};
use trie_root::{Hasher, TrieStream, Value, trie_root_no_extension};

/// Values of this length and more stand in their node as a hash, from `system_version` 2 of the runtime on.
const HASHED_VALUE: u32 = 33;

/// Returns true if the hash is that of the header, and the transactions are all those of the header, in their order.
///
/// The runtime's `system_version` chooses one of two layouts of the trie. The version is part of a state that the node
/// may have discarded, so both layouts are tried. No two bodies have one root: a node with a hashed value begins with
/// other bits than a node with a plain one.
pub(crate) fn is_body(hash: H256, header: &Header, transactions: &[Vec<u8>]) -> bool {
    let is_root = |threshold| extrinsics_root(transactions, threshold) == header.extrinsics_root;
    blake2_256(&header.encode()) == hash && (is_root(None) || is_root(Some(HASHED_VALUE)))
}

/// Returns the root of the trie of the transactions, each under its index.
pub(crate) fn extrinsics_root(transactions: &[Vec<u8>], threshold: Option<u32>) -> H256 {
    let entries = (0_u32..).zip(transactions).map(|(index, bytes)| (Compact(index).encode(), bytes));
    trie_root_no_extension::<Blake2, NodeBytes, _, _, _>(entries, threshold)
}

/// The hash function of the chain.
struct Blake2;

impl Hasher for Blake2 {
    type Out = H256;
    type StdHasher = DefaultHasher;
    const LENGTH: usize = 32;

    fn hash(bytes: &[u8]) -> H256 {
        blake2_256(bytes)
    }
}

/// The bytes of a trie node, as Substrate encodes it.
struct NodeBytes(Vec<u8>);

/// The first bits of a node, by its kind.
mod kind {
    pub(super) const EMPTY: u8 = 0;
    pub(super) const HASHED_BRANCH: u8 = 0b0001 << 4;
    pub(super) const HASHED_LEAF: u8 = 0b001 << 5;
    pub(super) const LEAF: u8 = 0b01 << 6;
    pub(super) const BRANCH: u8 = 0b10 << 6;
    pub(super) const BRANCH_WITH_VALUE: u8 = 0b11 << 6;
}

impl NodeBytes {
    /// Appends the kind of the node and its part of the key, in half bytes.
    ///
    /// The key of an index has ten half bytes at most, so their number has always room beside the kind.
    fn begin(&mut self, kind: u8, key: &[u8]) {
        self.0.extend(u8::try_from(key.len()).map(|length| kind | length));
        let (odd, even) = key.split_at(key.len() % 2);
        self.0.extend_from_slice(odd);
        self.0.extend(even.chunks(2).map(|pair| pair.iter().fold(0, |byte, half| byte << 4 | half)));
    }

    fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Inline(bytes) => bytes.encode_to(&mut self.0),
            Value::Node(hash) => self.0.extend_from_slice(&hash),
        }
    }
}

impl TrieStream for NodeBytes {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn append_empty_data(&mut self) {
        self.0.push(kind::EMPTY);
    }

    fn begin_branch(&mut self, key: Option<&[u8]>, value: Option<Value>, children: impl Iterator<Item = bool>) {
        let kind = match &value {
            None => kind::BRANCH,
            Some(Value::Inline(_)) => kind::BRANCH_WITH_VALUE,
            Some(Value::Node(_)) => kind::HASHED_BRANCH,
        };
        self.begin(kind, key.unwrap_or_default());
        let children = children.zip(0..).fold(0_u16, |bits, (is_there, child)| bits | u16::from(is_there) << child);
        self.0.extend(children.to_le_bytes());
        if let Some(value) = value {
            self.value(value);
        }
    }

    fn append_leaf(&mut self, key: &[u8], value: Value) {
        let kind = match &value {
            Value::Inline(_) => kind::LEAF,
            Value::Node(_) => kind::HASHED_LEAF,
        };
        self.begin(kind, key);
        self.value(value);
    }

    /// Does nothing: a trie of Substrate has no such nodes.
    fn append_extension(&mut self, _: &[u8]) {}

    fn append_substream<H: Hasher>(&mut self, child: Self) {
        if child.0.len() < H::LENGTH {
            child.0.encode_to(&mut self.0);
        } else {
            H::hash(&child.0).as_ref().encode_to(&mut self.0);
        }
    }

    fn out(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_trie::{LayoutV0, LayoutV1, TrieConfiguration};
    use subxt::config::substrate::{Digest, SubstrateHeader};

    /// Returns transactions of many lengths, on both sides of each limit of the encoding.
    fn body(count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|index| vec![u8::try_from(index % 251).unwrap(); index * 37 % 101]).collect()
    }

    fn header(extrinsics_root: H256) -> Header {
        let (parent_hash, state_root) = (H256::repeat_byte(1), H256::repeat_byte(2));
        SubstrateHeader { parent_hash, number: 7, state_root, extrinsics_root, digest: Digest::default() }
    }

    #[test]
    fn roots_are_those_of_the_chain() {
        for count in (0..70).chain([255, 256, 257, 1_000, 17_000]) {
            let body = body(count);
            assert_eq!(extrinsics_root(&body, None), LayoutV0::<Blake2>::ordered_trie_root(&body), "{count}");
            let hashed = extrinsics_root(&body, Some(HASHED_VALUE));
            assert_eq!(hashed, LayoutV1::<Blake2>::ordered_trie_root(&body), "{count}");
        }
    }

    #[test]
    fn a_body_is_believed_only_as_a_whole() {
        let body = body(40);
        for threshold in [None, Some(HASHED_VALUE)] {
            let header = header(extrinsics_root(&body, threshold));
            let hash = blake2_256(&header.encode());
            assert!(is_body(hash, &header, &body));
            let mut swapped = body.clone();
            swapped.swap(3, 4);
            let more = [body.clone(), vec![Vec::new()]].concat();
            for other in [&body[1..], &body[..39], &swapped, &more, &[]] {
                assert!(!is_body(hash, &header, other));
            }
            assert!(!is_body(H256::zero(), &header, &body));
        }
    }
}
