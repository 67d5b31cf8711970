//! Seats of neurons, and the price of a seat.

use crate::bounds::MaxUids;
use bounded_collections::BoundedVec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use myelin_economics::adjustment::{AdjustmentRule, Registrations, SeatPrice};
use myelin_primitives::{Amount, AmountError, BlockNumber, NetUid, PublicKey, Tao, Uid};
use scale_info::TypeInfo;

/// A seat of a network, from the registration of its neuron until another neuron replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId = PublicKey> {
    /// Hotkey that holds it.
    pub hotkey: AccountId,
    /// Block of the registration.
    pub registered_at: BlockNumber,
}

/// The seats of one network, by uid.
pub type Seats<AccountId = PublicKey> = BoundedVec<Seat<AccountId>, MaxUids>;

/// A seat of one hotkey, as the runtime API answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct HotkeySeat {
    /// Network of the seat.
    pub netuid: NetUid,
    /// Number of the seat.
    pub uid: Uid,
    /// True if the neuron holds a validator permit until the next epoch.
    pub validator_permit: bool,
    /// Pay of the last epoch there, for mining and validating together.
    pub emission: Amount<Tao>,
}

/// The price of a registration on a network, and the demand that moves it. spec subnets-and-neurons §8.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Admission {
    /// Present price.
    pub terms: SeatPrice,
    /// Registrations since the last adjustment.
    pub interval: Registrations,
    /// Block of the last adjustment, or of the creation of the network.
    pub adjusted_at: BlockNumber,
    /// Registrations of one block.
    pub latest: BlockCount,
    /// TAO that burned registrations have recycled so far.
    pub recycled: Amount<Tao>,
}

/// A count of one block. It is zero in every other block, so no block must reset it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct BlockCount {
    /// Block that is counted.
    pub block: BlockNumber,
    /// Count in this block.
    pub count: u16,
}

impl BlockCount {
    /// Returns the count of `block`, which is zero for all blocks but the latest one counted.
    pub fn of(self, block: BlockNumber) -> u16 {
        if self.block == block { self.count } else { 0 }
    }

    /// Returns the count after one more in `block`.
    #[must_use]
    pub fn one_more_in(self, block: BlockNumber) -> Self {
        Self { block, count: self.of(block).saturating_add(1) }
    }
}

/// The way in which a hotkey takes its seat, which decides on the count of the registration.
///
/// spec subnets-and-neurons §8.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationKind {
    /// A burned registration, with the TAO that it burns.
    Burn(Amount<Tao>),
    /// A registration by proof of work.
    Work,
    /// A registration by stake, on root, with the TAO that it burns. Neither way of §8.4 is taken.
    Stake(Amount<Tao>),
}

impl Admission {
    /// Returns the admission of a network that is created in this block. spec subnets-and-neurons §4.
    pub fn new(terms: SeatPrice, block: BlockNumber) -> Self {
        Self {
            terms,
            interval: Registrations::default(),
            adjusted_at: block,
            latest: BlockCount::default(),
            recycled: Amount::ZERO,
        }
    }

    /// Returns the admission after one more registration in this block.
    ///
    /// # Errors
    /// [`AmountError::Overflow`] if the recycled TAO exceeds any amount. The supply rules this out.
    pub fn after(self, kind: RegistrationKind, block: BlockNumber) -> Result<Self, AmountError> {
        let mut interval = self.interval;
        interval.total = interval.total.saturating_add(1);
        let mut recycled = self.recycled;
        match kind {
            RegistrationKind::Burn(burnt) => {
                interval.by_burn = interval.by_burn.saturating_add(1);
                recycled = recycled.checked_add(burnt)?;
            }
            RegistrationKind::Work => interval.by_work = interval.by_work.saturating_add(1),
            RegistrationKind::Stake(burnt) => recycled = recycled.checked_add(burnt)?,
        }
        Ok(Self { interval, recycled, latest: self.latest.one_more_in(block), ..self })
    }

    /// Returns the admission with its price adjusted in this block, at the start of a new interval.
    ///
    /// spec subnets-and-neurons §8.4.
    #[must_use]
    pub fn adjusted(self, rule: &AdjustmentRule, block: BlockNumber) -> Self {
        let terms = rule.adjust(self.terms, self.interval);
        Self { terms, interval: Registrations::default(), adjusted_at: block, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(burn: u64, difficulty: u64) -> SeatPrice {
        SeatPrice { burn: Amount::from_rao(burn), difficulty }
    }

    #[test]
    fn a_seat_encodes_field_by_field() {
        let seat = Seat { hotkey: [5_u8; 32], registered_at: 3 };
        assert_eq!(seat.encode(), [&[5; 32][..], &[3, 0, 0, 0]].concat());
        assert_eq!(Seats::<[u8; 32]>::try_from(vec![seat]).unwrap().encode()[..2], [4, 5]);
        assert_eq!(Seat::<[u8; 32]>::max_encoded_len(), 36);
    }

    #[test]
    fn a_seat_of_a_hotkey_encodes_field_by_field() {
        let seat = HotkeySeat {
            netuid: NetUid::new(1),
            uid: Uid::new(2),
            validator_permit: true,
            emission: Amount::from_rao(3),
        };
        assert_eq!(seat.encode(), [1, 0, 2, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn an_admission_encodes_field_by_field() {
        let admission = Admission {
            terms: terms(1, 2),
            interval: Registrations { total: 3, by_work: 4, by_burn: 5 },
            adjusted_at: 6,
            latest: BlockCount { block: 7, count: 8 },
            recycled: Amount::from_rao(9),
        };
        let encoded = [
            &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0][..],
            &[3, 0, 4, 0, 5, 0],
            &[6, 0, 0, 0],
            &[7, 0, 0, 0, 8, 0],
            &[9, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        assert_eq!(admission.encode(), encoded);
        assert_eq!(Admission::decode(&mut &encoded[..]), Ok(admission));
    }

    #[test]
    fn a_registration_counts_where_its_kind_says() {
        let counted = |kind| {
            let after = Admission::new(terms(10, 1), 5).after(kind, 8).unwrap();
            let Registrations { total, by_work, by_burn } = after.interval;
            (total, by_work, by_burn, after.recycled.rao(), after.latest.of(8), after.latest.of(9))
        };
        assert_eq!(counted(RegistrationKind::Burn(Amount::from_rao(10))), (1, 0, 1, 10, 1, 0));
        assert_eq!(counted(RegistrationKind::Work), (1, 1, 0, 0, 1, 0));
        assert_eq!(counted(RegistrationKind::Stake(Amount::from_rao(10))), (1, 0, 0, 10, 1, 0));
    }

    #[test]
    fn recycled_tao_beyond_any_amount_is_an_error() {
        let admission = Admission { recycled: Amount::MAX, ..Admission::new(terms(1, 1), 0) };
        let burnt = RegistrationKind::Burn(Amount::from_rao(1));
        assert_eq!(admission.after(burnt, 1), Err(AmountError::Overflow));
    }

    proptest! {
        #[test]
        fn counts_of_other_blocks_are_zero(block: u32, other: u32, times in 0..5_u16) {
            let counted = (0..times).fold(BlockCount::default(), |count, _| count.one_more_in(block));
            let expected = if block == other && times > 0 { times } else { 0 };
            prop_assert_eq!(counted.of(other), expected);
        }
    }
}
