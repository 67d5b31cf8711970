//! Stake on hotkeys, and the stake weight that hotkeys lend to each other. spec staking.

use crate::bounds::{MaxChildren, MaxParents};
use bounded_collections::BoundedVec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use myelin_economics::{children::Proportion, pool::Pool};
use myelin_primitives::{BlockNumber, Take};
use scale_info::TypeInfo;

/// The name of a stake pool.
///
/// A pool has a name of its own. A hotkey with a hundred thousand nominators can therefore swap its key by changing one
/// entry. It can also leave its pool behind in one piece when its stake is returned.
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
    /// Returns the name with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number of this name.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the name after this one, or `None` after the last.
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }
}

/// A hotkey with its owner and its stake. spec staking §2.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct HotkeyRecord<AccountId> {
    /// Coldkey that owns it.
    pub owner: AccountId,
    /// Stake pool, from the first stake until the stake is returned.
    pub pool: Option<PoolId>,
    /// Terms of nominations. `None` for a hotkey that is no delegate.
    pub delegation: Option<Delegation>,
}

/// The terms on which a delegate accepts nominations. spec staking §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Delegation {
    /// Part of the validator emission that the delegate keeps.
    pub take: Take,
    /// Block of the last change of the take.
    pub changed_at: BlockNumber,
}

/// All stake on one hotkey.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StakePool<AccountId> {
    /// Hotkey of the stake, also after the stake left it.
    pub hotkey: AccountId,
    /// Value and shares.
    pub pool: Pool,
    /// Number of coldkeys that hold shares of it.
    pub holders: u32,
}

/// The relation of a coldkey to a hotkey that it has stake on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum StakeRole {
    /// The coldkey owns the hotkey.
    Owner,
    /// The coldkey nominates the hotkey.
    Nominator,
    /// The hotkey has lost its last seat, and the stake is on its way back.
    Returning,
}

/// A hotkey that borrows or lends stake weight, and the part of it. spec staking §9.1.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct FamilyMember<AccountId> {
    /// Part of the parent's stake.
    pub proportion: Proportion,
    /// The child in a list of children, the parent in a list of parents.
    pub hotkey: AccountId,
}

/// The children of one hotkey on one subnet.
pub type Children<AccountId> = BoundedVec<FamilyMember<AccountId>, MaxChildren>;

/// The parents of one hotkey on one subnet.
pub type Parents<AccountId> = BoundedVec<FamilyMember<AccountId>, MaxParents>;

/// The children and the parents of one hotkey on one subnet. spec staking §9.
///
/// The hotkey lends stake weight to its children and borrows it from its parents. Consensus and payout read children,
/// parents and take together, so they are one record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Family<AccountId> {
    /// Hotkeys that it lends to.
    pub children: Children<AccountId>,
    /// Hotkeys that it borrows from.
    pub parents: Parents<AccountId>,
    /// Requested children that take effect later.
    pub pending: Option<PendingChildren<AccountId>>,
    /// Block of the last request for children.
    pub requested_at: Option<BlockNumber>,
    /// Part of its parents' earnings that it keeps.
    pub take: Take,
    /// Block of the last change of the take.
    pub take_changed_at: Option<BlockNumber>,
}

// Implemented by hand, because a derive would demand a default of the account.
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

/// Children that take effect with the first epoch after a block. spec staking §9.1.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct PendingChildren<AccountId> {
    /// The children. An empty list revokes all.
    pub children: Children<AccountId>,
    /// Block after which they take effect.
    pub after: BlockNumber,
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_economics::pool::Holding;
    use myelin_primitives::Amount;
    use proptest::{collection::vec, prelude::*};

    type Key = [u8; 32];

    #[test]
    fn a_hotkey_encodes_field_by_field() {
        let record = HotkeyRecord::<Key> {
            owner: [1; 32],
            pool: Some(PoolId::new(2)),
            delegation: Some(Delegation { take: Take::new(3), changed_at: 4 }),
        };
        let encoded = [&[1; 32][..], &[1, 2, 0, 0, 0, 0, 0, 0, 0], &[1, 3, 0, 4, 0, 0, 0]].concat();
        assert_eq!(record.encode(), encoded);
        assert_eq!(HotkeyRecord::decode(&mut &encoded[..]), Ok(record));
        assert_eq!(HotkeyRecord::<Key> { owner: [1; 32], pool: None, delegation: None }.encode()[32..], [0, 0]);
    }

    #[test]
    fn a_pool_encodes_field_by_field() {
        let (mut pool, mut holding) = (Pool::default(), Holding::default());
        let empty = StakePool::<Key> { hotkey: [1; 32], pool: pool.clone(), holders: 0 };
        assert_eq!(empty.encode(), [&[1; 32][..], &[0; 5]].concat());
        pool.deposit(&mut holding, Amount::from_rao(1)).unwrap();
        let one_rao = StakePool::<Key> { hotkey: [1; 32], pool, holders: 1 };
        // A rao is 2^48 shares at first.
        let shares = (1_u128 << 48).to_le_bytes();
        let encoded = [&[1; 32][..], &[1, 1, 0, 0, 0, 0, 0, 0, 0], &shares, &[0, 0, 0, 0], &[1, 0, 0, 0]].concat();
        assert_eq!(one_rao.encode(), encoded);
    }

    #[test]
    fn roles_are_numbered_in_order() {
        assert_eq!([StakeRole::Owner, StakeRole::Nominator, StakeRole::Returning].encode(), [0, 1, 2]);
    }

    #[test]
    fn pools_are_named_in_order_and_the_last_has_no_successor() {
        assert_eq!(PoolId::default().next(), Some(PoolId::new(1)));
        assert_eq!(PoolId::new(u64::MAX).next(), None);
        assert_eq!(PoolId::new(7).get(), 7);
    }

    #[test]
    fn a_family_without_members_is_short() {
        assert_eq!(Family::<Key>::default().encode(), [0; 7]);
        assert_eq!(Family::<Key>::max_encoded_len(), (1 + 5 * 40) + (1 + 32 * 40) + (1 + 201 + 4) + 5 + 2 + 5);
    }

    fn members(most: usize) -> impl Strategy<Value = Vec<FamilyMember<Key>>> {
        let member = (any::<u64>(), any::<Key>())
            .prop_map(|(parts, hotkey)| FamilyMember { proportion: Proportion::from_parts(parts), hotkey });
        vec(member, 0..=most)
    }

    proptest! {
        #[test]
        fn a_family_reads_as_it_was_written(
            children in members(5),
            parents in members(32),
            pending in proptest::option::of((members(5), any::<u32>())),
            requested_at: Option<u32>,
            take: u16,
            take_changed_at: Option<u32>,
        ) {
            let family = Family {
                children: children.clone().try_into().unwrap(),
                parents: parents.clone().try_into().unwrap(),
                pending: pending.clone().map(|(children, after)| PendingChildren {
                    children: children.try_into().unwrap(),
                    after,
                }),
                requested_at,
                take: Take::new(take),
                take_changed_at,
            };
            let encoded = family.encode();
            // A member is its proportion and its hotkey, in this order.
            let plain = |members: &[FamilyMember<Key>]| -> Vec<_> {
                members.iter().map(|member| (member.proportion.parts(), member.hotkey)).collect()
            };
            let pending = pending.map(|(children, after)| (plain(&children), after));
            let parts = (plain(&children), plain(&parents), pending, requested_at, take, take_changed_at);
            prop_assert_eq!(&encoded, &parts.encode());
            prop_assert!(encoded.len() <= Family::<Key>::max_encoded_len());
            prop_assert_eq!(Family::decode(&mut &encoded[..]), Ok(family));
        }

        #[test]
        fn longer_lists_are_refused(children in vec(any::<(u64, Key)>(), 6..10)) {
            prop_assert!(Children::<Key>::decode(&mut &children.encode()[..]).is_err());
        }
    }
}
