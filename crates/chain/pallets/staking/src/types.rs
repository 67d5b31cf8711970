//! Records of stake: of hotkeys, pools, activity and families.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use myelin_economics::{children::Proportion, pool::Pool};
use myelin_pallet_keys::types::MAX_HOTKEYS;
use myelin_primitives::{Amount, BlockNumber, Take, Tao};
use scale_info::TypeInfo;

/// The most foreign hotkeys that one coldkey has stake on. All of it moves at once when the coldkey is swapped.
pub const MAX_NOMINATIONS: u32 = 256;

/// [`MAX_NOMINATIONS`] as the bound of a collection.
pub type MaxNominations = ConstU32<MAX_NOMINATIONS>;

/// The most hotkeys on which one coldkey changes its stake within a window of the operation limit: all it can have
/// stake on.
pub type MaxWindows = ConstU32<{ MAX_HOTKEYS + MAX_NOMINATIONS }>;

/// The most children of a hotkey on one subnet. spec staking §9.1
pub const MAX_CHILDREN: u32 = 5;

/// [`MAX_CHILDREN`] as the bound of a collection.
pub type MaxChildren = ConstU32<MAX_CHILDREN>;

/// The longest list of children that is read at all, so that one that is too long can be refused by name.
pub type MaxChildrenRead = ConstU32<32>;

/// The most parents of a hotkey on one subnet. Whoever comes when they are this many must lend more than the least of
/// them, which bounds what a payout costs and leaves nobody a way to keep real parents out.
pub const MAX_PARENTS: u32 = 32;

/// [`MAX_PARENTS`] as the bound of a collection.
pub type MaxParents = ConstU32<MAX_PARENTS>;

/// The name of a pool of stake.
///
/// A pool has a name of its own so that a hotkey with a hundred thousand nominators can take another key by changing
/// one entry, and leave its pool behind in one piece when its stake is returned.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct PoolId(u64);

impl PoolId {
    /// The name after this one, or `None` after the last.
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }
}

/// The stake on a hotkey, and its delegation. One without either has no record.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct HotkeyRecord {
    /// The pool of its stake, from the first stake on it until its stake is returned.
    pub pool: Option<PoolId>,
    /// What makes it a delegate.
    pub delegation: Option<Delegation>,
}

/// The terms on which a delegate accepts nominations. spec staking §6
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Delegation {
    /// What it keeps of its validator emission.
    pub take: Take,
    /// When the take was set.
    pub changed_at: BlockNumber,
}

/// All stake on one hotkey.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StakePool<AccountId> {
    /// The hotkey it is, or was, staked on.
    pub hotkey: AccountId,
    /// Its value and its shares.
    pub pool: Pool,
    /// How many coldkeys hold some of it.
    pub holders: u32,
}

/// When a coldkey last did what is limited in time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StakeActivity {
    /// The last block in which it added or removed stake, made a delegate or swapped a key.
    pub last_at: Option<BlockNumber>,
    /// The windows of the operation limit that have not ended. spec staking §3.1
    pub windows: BoundedVec<StakeWindow, MaxWindows>,
}

/// The stake operations of one coldkey on one hotkey since the first of them. spec staking §3.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StakeWindow {
    /// The pool of the hotkey.
    pub pool: PoolId,
    /// The block of the first operation.
    pub since: BlockNumber,
    /// How many there were.
    pub operations: u32,
}

/// A hotkey to which stake weight is lent, or from which it is borrowed, and how much. spec staking §9.1
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct FamilyMember<AccountId> {
    /// The part of the parent's stake.
    pub proportion: Proportion,
    /// The child in a list of children, the parent in a list of parents.
    pub hotkey: AccountId,
}

/// The children of one hotkey on one subnet.
pub type Children<AccountId> = BoundedVec<FamilyMember<AccountId>, MaxChildren>;

/// The parents of one hotkey on one subnet.
pub type Parents<AccountId> = BoundedVec<FamilyMember<AccountId>, MaxParents>;

/// Whom a hotkey lends stake weight to on one subnet, and whom it borrows from. spec staking §9
///
/// One record because consensus and payout read children, parents and take together.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Family<AccountId> {
    /// To whom it lends.
    pub children: Children<AccountId>,
    /// From whom it borrows.
    pub parents: Parents<AccountId>,
    /// The children it has asked for and that take effect later.
    pub pending: Option<PendingChildren<AccountId>>,
    /// When it last asked for children.
    pub requested_at: Option<BlockNumber>,
    /// What it keeps of what it earns for its parents.
    pub take: Take,
    /// When that was last set.
    pub take_changed_at: Option<BlockNumber>,
}

// Written out because a derive would ask the account for a default.
impl<AccountId> Default for Family<AccountId> {
    fn default() -> Self {
        Self {
            children: BoundedVec::new(),
            parents: BoundedVec::new(),
            pending: None,
            requested_at: None,
            take: Take::default(),
            take_changed_at: None,
        }
    }
}

/// Children that take effect with the first epoch after a block. spec staking §9.1
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct PendingChildren<AccountId> {
    /// The children, none to revoke all.
    pub children: Children<AccountId>,
    /// The block after which they take effect.
    pub after: BlockNumber,
}

/// A block number whose encoding sorts as the number does, so that a map keyed by it is walked in order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SortedBlock([u8; 4]);

impl SortedBlock {
    /// The block number.
    pub const fn block(self) -> BlockNumber {
        BlockNumber::from_be_bytes(self.0)
    }
}

impl From<BlockNumber> for SortedBlock {
    fn from(block: BlockNumber) -> Self {
        Self(block.to_be_bytes())
    }
}

/// Where the walk over all nominations is that a raised nomination minimum asks for. spec staking §4.1
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct NominationSweep<AccountId> {
    /// The minimum that nominations have been, or are being, held against.
    pub minimum: Amount<Tao>,
    /// What is left to do.
    pub stage: SweepStage<AccountId>,
}

// Written out because a derive would ask the account for a default.
impl<AccountId> Default for NominationSweep<AccountId> {
    fn default() -> Self {
        Self { minimum: Amount::ZERO, stage: SweepStage::Done }
    }
}

/// How far a walk has come.
#[allow(clippy::cast_possible_truncation, reason = "the encoding of an enum numbers its variants")]
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum SweepStage<AccountId> {
    /// At its end.
    Done,
    /// At its beginning.
    Begun,
    /// Past this holding.
    Past(PoolId, AccountId),
}

/// What a coldkey has on one hotkey, for whoever shows it. spec staking §11
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Position<AccountId> {
    /// The hotkey.
    pub hotkey: AccountId,
    /// The stake on it, never nothing.
    pub stake: Amount<Tao>,
    /// How the coldkey stands to the hotkey.
    pub standing: Standing,
}

/// How a coldkey stands to a hotkey that it has stake on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Standing {
    /// It owns it.
    Owner,
    /// It nominates it.
    Nominator,
    /// The hotkey has lost its last seat, and the stake is on its way back.
    Returning,
}

/// A delegate, for whoever shows it. spec staking §11
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DelegateInfo<AccountId> {
    /// The delegate.
    pub hotkey: AccountId,
    /// The coldkey that owns it.
    pub owner: AccountId,
    /// What it takes.
    pub take: Take,
    /// Everything staked on it.
    pub stake: Amount<Tao>,
    /// How many coldkeys have stake on it, the owner's included.
    pub stakers: u32,
}
