//! Stake on hotkeys, and the stake weight that hotkeys lend to each other. spec staking.

use crate::bounds::{MaxChildren, MaxParents};
use bounded_collections::BoundedVec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use myelin_economics::{children::Proportion, pool::Pool};
use myelin_primitives::{BlockNumber, PublicKey, Take};
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

/// The stake on a hotkey, and its delegation. A hotkey without either has no record. spec staking §2.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct HotkeyRecord {
    /// Stake pool, from the first stake until the stake is returned.
    pub pool: Option<PoolId>,
    /// Terms of nominations. `None` for a hotkey that is no delegate.
    pub delegation: Option<Delegation>,
}

/// The terms on which a delegate accepts nominations. spec staking §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Delegation {
    /// Part of the validator emission that the delegate keeps, until `raise` is in force. Above the maximum it reads as
    /// the maximum.
    pub take: Take,
    /// Block of the last change or announcement of the take.
    pub changed_at: BlockNumber,
    /// Higher take that was announced.
    pub raise: Option<TakeRaise>,
}

impl Delegation {
    /// Returns the take in force in a block, where `most` is the greatest one. spec staking §6.
    pub fn take_at(&self, block: BlockNumber, most: Take) -> Take {
        TakeRaise::applied(self.raise, self.take, block).min(most)
    }
}

/// A higher take that was announced, so that nominators and parents can leave before it is in force. spec staking §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct TakeRaise {
    /// The take.
    pub take: Take,
    /// First block in which it is in force.
    pub from: BlockNumber,
}

impl TakeRaise {
    /// Returns the take in force in a block, of a take and its raise.
    fn applied(raise: Option<Self>, take: Take, block: BlockNumber) -> Take {
        raise.filter(|raise| raise.from <= block).map_or(take, |raise| raise.take)
    }
}

/// All stake on one hotkey.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StakePool<AccountId = PublicKey> {
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
pub struct FamilyMember<AccountId = PublicKey> {
    /// Part of the parent's stake.
    pub proportion: Proportion,
    /// The child in a list of children, the parent in a list of parents.
    pub hotkey: AccountId,
}

/// The children of one hotkey on one subnet.
pub type Children<AccountId = PublicKey> = BoundedVec<FamilyMember<AccountId>, MaxChildren>;

/// The parents of one hotkey on one subnet.
pub type Parents<AccountId = PublicKey> = BoundedVec<FamilyMember<AccountId>, MaxParents>;

/// The children and the parents of one hotkey on one subnet. spec staking §9.
///
/// The hotkey lends stake weight to its children and borrows it from its parents. Consensus and payout read children,
/// parents and take together, so they are one record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Family<AccountId = PublicKey> {
    /// Hotkeys that it lends to.
    pub children: Children<AccountId>,
    /// Hotkeys that it borrows from.
    pub parents: Parents<AccountId>,
    /// Requested children that take effect later.
    pub pending: Option<PendingChildren<AccountId>>,
    /// Block of the last request for children.
    pub requested_at: Option<BlockNumber>,
    /// Part of its parents' earnings that it keeps, until `take_raise` is in force. Above the maximum it reads as the
    /// maximum. From a parent that is a delegate it keeps less, if both takes are above the maximum together.
    pub take: Take,
    /// Block of the last change or announcement of the take.
    pub take_changed_at: Option<BlockNumber>,
    /// Higher take that was announced.
    pub take_raise: Option<TakeRaise>,
}

impl<AccountId> Family<AccountId> {
    /// Returns the take in force in a block, where `most` is the greatest one. spec staking §9.3.
    pub fn take_at(&self, block: BlockNumber, most: Take) -> Take {
        TakeRaise::applied(self.take_raise, self.take, block).min(most)
    }
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
            take_raise: None,
        }
    }
}

/// Children that take effect with the first epoch after a block. spec staking §9.1.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct PendingChildren<AccountId = PublicKey> {
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
        let record = HotkeyRecord {
            pool: Some(PoolId::new(2)),
            delegation: Some(Delegation {
                take: Take::new(3),
                changed_at: 4,
                raise: Some(TakeRaise { take: Take::new(5), from: 6 }),
            }),
        };
        let delegation = [1, 3, 0, 4, 0, 0, 0, 1, 5, 0, 6, 0, 0, 0];
        let encoded = [&[1, 2, 0, 0, 0, 0, 0, 0, 0][..], &delegation].concat();
        assert_eq!(record.encode(), encoded);
        assert_eq!(HotkeyRecord::decode(&mut &encoded[..]), Ok(record));
        assert_eq!(HotkeyRecord::default().encode(), [0, 0]);
    }

    #[test]
    fn an_announced_take_is_in_force_from_its_block_on_and_never_above_the_maximum() {
        let (old, new) = (Take::new(3), Take::new(9));
        let raise = Some(TakeRaise { take: new, from: 100 });
        let delegation = Delegation { take: old, changed_at: 4, raise };
        let family = Family::<Key> { take: old, take_raise: raise, ..Family::default() };
        for (block, most, expected) in [(99, 20, old), (100, 20, new), (101, 8, Take::new(8)), (99, 2, Take::new(2))] {
            assert_eq!(delegation.take_at(block, Take::new(most)), expected, "in block {block}, at most {most}");
            assert_eq!(family.take_at(block, Take::new(most)), expected, "in block {block}, at most {most}");
        }
        assert_eq!(Delegation { raise: None, ..delegation }.take_at(100, new), old);
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
        assert_eq!(Family::<Key>::default().encode(), [0; 8]);
        assert_eq!(Family::<Key>::max_encoded_len(), (1 + 5 * 40) + (1 + 32 * 40) + (1 + 201 + 4) + 5 + 2 + 5 + 7);
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
            raise: Option<(u16, u32)>,
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
                take_raise: raise.map(|(take, from)| TakeRaise { take: Take::new(take), from }),
            };
            let encoded = family.encode();
            // A member is its proportion and its hotkey, in this order.
            let plain = |members: &[FamilyMember<Key>]| -> Vec<_> {
                members.iter().map(|member| (member.proportion.parts(), member.hotkey)).collect()
            };
            let pending = pending.map(|(children, after)| (plain(&children), after));
            let parts = (plain(&children), plain(&parents), pending, requested_at, take, take_changed_at, raise);
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
