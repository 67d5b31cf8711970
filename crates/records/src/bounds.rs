//! Limits of lists and texts, as numbers and as bounds of collections.

use bounded_collections::ConstU32;

/// The most networks at the same time, root included.
pub const MAX_NETWORKS: u32 = 256;

/// [`MAX_NETWORKS`] as the bound of a collection.
pub type MaxNetworks = ConstU32<MAX_NETWORKS>;

/// The most seats of a network. spec subnets-and-neurons §17.
pub const MAX_UIDS: u16 = 256;

/// [`MAX_UIDS`] as the bound of a collection.
pub type MaxUids = ConstU32<{ MAX_UIDS as u32 }>;

/// The most hotkeys of one coldkey.
///
/// A coldkey swap moves all of them at once.
pub const MAX_HOTKEYS: u32 = 256;

/// [`MAX_HOTKEYS`] as the bound of a collection.
pub type MaxHotkeys = ConstU32<MAX_HOTKEYS>;

/// The most foreign hotkeys that one coldkey has stake on.
///
/// A coldkey swap moves all of this stake at once.
pub const MAX_NOMINATIONS: u32 = 256;

/// The nominations of a coldkey beyond which it is given no more: half of [`MAX_NOMINATIONS`]. spec staking §5.
pub const MAX_GIVEN_NOMINATIONS: u32 = MAX_NOMINATIONS / 2;

/// [`MAX_NOMINATIONS`] as the bound of a collection.
pub type MaxNominations = ConstU32<MAX_NOMINATIONS>;

/// The most children of a hotkey on one subnet. spec staking §9.1.
pub const MAX_CHILDREN: u32 = 5;

/// [`MAX_CHILDREN`] as the bound of a collection.
pub type MaxChildren = ConstU32<MAX_CHILDREN>;

/// The most parents of a hotkey on one subnet.
///
/// A full list takes another parent only if it lends more than the least of them. This bounds the cost of a payout,
/// and small parents cannot keep large ones out.
pub const MAX_PARENTS: u32 = 32;

/// [`MAX_PARENTS`] as the bound of a collection.
pub type MaxParents = ConstU32<MAX_PARENTS>;

/// The most bytes of a certificate: one for the algorithm and 64 for the key. spec subnets-and-neurons §14.3.
pub const MAX_CERTIFICATE: u32 = 65;

/// [`MAX_CERTIFICATE`] as the bound of a collection.
pub type MaxCertificate = ConstU32<MAX_CERTIFICATE>;

/// The most raw bytes of a commitment. spec subnets-and-neurons §16.
pub const MAX_RAW: u32 = 128;

/// [`MAX_RAW`] as the bound of a collection.
pub type MaxRaw = ConstU32<MAX_RAW>;

/// The most bytes of a short text of an identity. spec subnets-and-neurons §15.2.
pub const MAX_NAME: u32 = 256;

/// [`MAX_NAME`] as the bound of a collection.
pub type MaxName = ConstU32<MAX_NAME>;

/// The most bytes of a long text of an identity. spec subnets-and-neurons §15.2.
pub const MAX_TEXT: u32 = 1_024;

/// [`MAX_TEXT`] as the bound of a collection.
pub type MaxText = ConstU32<MAX_TEXT>;

/// The most open commits of a hotkey on a network. spec weights §5.4.
pub const MAX_COMMITS: u32 = 10;

/// [`MAX_COMMITS`] as the bound of a collection.
pub type MaxCommits = ConstU32<MAX_COMMITS>;

/// The most items of a batch of weights over several networks.
pub const MAX_BATCH: u32 = 64;

/// [`MAX_BATCH`] as the bound of a collection.
pub type MaxBatch = ConstU32<MAX_BATCH>;

/// The least numbers of a salt: 128 bits, too many to guess.
pub const MIN_SALT: usize = 8;

/// The most numbers of a salt. A reveal is free, so the bytes that come with it have a limit.
pub const MAX_SALT: u32 = 256;

/// [`MAX_SALT`] as the bound of a collection.
pub type MaxSalt = ConstU32<MAX_SALT>;
