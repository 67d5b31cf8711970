//! Records of seats, of what they cost and of what their holders announce.

use crate::data::CommitmentData;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedBTreeMap, BoundedVec, traits::ConstU32};
use myelin_economics::adjustment::{AdjustmentRule, Registrations, SeatPrice};
use myelin_pallet_subnets::types::{MaxNetworks, MaxUids};
use myelin_primitives::{Amount, AmountError, BlockNumber, NetUid, Tao, Uid};
use scale_info::TypeInfo;

/// The most seats of any network.
pub type MaxSeats = MaxUids;

/// The most seals remembered. Far above what a block takes in, since a network admits one registration per block
/// unless governance says otherwise.
pub type MaxUsedWork = ConstU32<256>;

/// The longest certificate: a byte for the algorithm and 64 for the key. spec subnets-and-neurons §14.3
pub type MaxCertificate = ConstU32<65>;

/// A neuron's seat on a network, from registration to replacement.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId> {
    /// Who holds it.
    pub hotkey: AccountId,
    /// Since which block.
    pub registered_at: BlockNumber,
}

/// The seats of one network, by uid.
pub type Seats<AccountId> = BoundedVec<Seat<AccountId>, MaxSeats>;

/// The seats of one hotkey, by network.
pub type Memberships = BoundedBTreeMap<NetUid, Uid, MaxNetworks>;

/// When the admission of each network is adjusted next.
pub type AdjustmentsDue = BoundedBTreeMap<NetUid, BlockNumber, MaxNetworks>;

/// What a registration on a network costs, and the demand that moves this price. spec subnets-and-neurons §8.4
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Admission {
    /// The price at present.
    pub terms: SeatPrice,
    /// The registrations since the price was last adjusted.
    pub interval: Registrations,
    /// When it was last adjusted, or the network created.
    pub adjusted_at: BlockNumber,
    /// The registrations of one block.
    pub latest: BlockCount,
    /// What burned registrations have recycled so far.
    pub recycled: Amount<Tao>,
}

/// A count that holds for one block and is zero in every other, so that no block has to reset it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct BlockCount {
    /// Which block.
    pub block: BlockNumber,
    /// How many in it.
    pub count: u16,
}

impl BlockCount {
    /// How many there were in `block`, if that is the latest one counted.
    pub fn of(self, block: BlockNumber) -> u16 {
        if self.block == block { self.count } else { 0 }
    }

    /// The count after one more in `block`.
    #[must_use]
    pub fn one_more_in(self, block: BlockNumber) -> Self {
        Self { block, count: self.of(block).saturating_add(1) }
    }
}

/// How a hotkey came by its seat, which decides what its registration counts for. spec subnets-and-neurons §8.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationKind {
    /// By burning this much TAO.
    Burn(Amount<Tao>),
    /// By proof of work.
    Work,
    /// By its stake, on root.
    Stake,
}

impl Admission {
    /// The admission of a network created in this block. spec subnets-and-neurons §4
    pub fn new(terms: SeatPrice, block: BlockNumber) -> Self {
        Self {
            terms,
            interval: Registrations::default(),
            adjusted_at: block,
            latest: BlockCount::default(),
            recycled: Amount::ZERO,
        }
    }

    /// The same after one more registration in this block.
    ///
    /// # Errors
    /// When the recycled TAO cannot be summed up, which the supply does not allow.
    pub fn after(self, entrance: RegistrationKind, block: BlockNumber) -> Result<Self, AmountError> {
        let mut interval = self.interval;
        interval.total = interval.total.saturating_add(1);
        let mut recycled = self.recycled;
        match entrance {
            RegistrationKind::Burn(burnt) => {
                interval.by_burn = interval.by_burn.saturating_add(1);
                recycled = recycled.checked_add(burnt)?;
            }
            RegistrationKind::Work => interval.by_work = interval.by_work.saturating_add(1),
            RegistrationKind::Stake => {}
        }
        Ok(Self { interval, recycled, latest: self.latest.one_more_in(block), ..self })
    }

    /// The same once its terms were adjusted in this block: a new interval begins. spec subnets-and-neurons §8.4
    #[must_use]
    pub fn adjusted(self, rule: &AdjustmentRule, block: BlockNumber) -> Self {
        let terms = rule.adjust(self.terms, self.interval);
        Self { terms, interval: Registrations::default(), adjusted_at: block, ..self }
    }
}

/// A place on the internet. spec subnets-and-neurons §14.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Address {
    /// The address, of 32 bits if `ip_type` is 4, of 128 bits if it is 6.
    pub ip: u128,
    /// The port.
    pub port: u16,
    /// The version of the internet protocol, 4 or 6.
    pub ip_type: u8,
}

impl Address {
    /// Whether the address is of a kind there is.
    pub const fn has_known_type(self) -> bool {
        matches!(self.ip_type, 4 | 6)
    }

    /// Whether somebody else could dial the address: it is one of its kind, and neither empty, nor loopback, nor
    /// broadcast. Private ranges are allowed, because whole networks live in them.
    pub fn is_dialable(self) -> bool {
        let (loopback, last) = match self.ip_type {
            4 => (LOOPBACK_V4, u128::from(u32::MAX)),
            _ => (LOOPBACK_V6, u128::MAX),
        };
        self.ip != 0 && self.ip != loopback && self.ip < last
    }
}

/// `127.0.0.1`
const LOOPBACK_V4: u128 = 0x7f00_0001;
/// `::1`
const LOOPBACK_V6: u128 = 1;

/// Where a neuron answers requests. spec subnets-and-neurons §14.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct AxonRecord {
    /// When it was announced.
    pub block: BlockNumber,
    /// The version of the neuron's software.
    pub version: u32,
    /// Where it is.
    pub address: Address,
    /// What is spoken there. Not interpreted.
    pub protocol: u8,
    /// For neurons among themselves. Not interpreted.
    pub placeholder1: u8,
    /// For neurons among themselves. Not interpreted.
    pub placeholder2: u8,
}

/// Where a neuron offers its metrics. spec subnets-and-neurons §14.2
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct MetricsRecord {
    /// When it was announced.
    pub block: BlockNumber,
    /// The version of the neuron's software.
    pub version: u32,
    /// Where it is.
    pub address: Address,
}

/// With what a neuron proves who answers: a byte for the algorithm, then the public key.
/// spec subnets-and-neurons §14.3
pub type Certificate = BoundedVec<u8, MaxCertificate>;

/// All that a neuron has announced of how to reach it. spec subnets-and-neurons §14
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ServedEndpoints {
    /// Where it answers requests.
    pub axon: Option<AxonRecord>,
    /// With what it proves that it is the one who answers.
    pub certificate: Option<Certificate>,
    /// Where it offers its metrics.
    pub prometheus: Option<MetricsRecord>,
}

/// What a neuron has published. spec subnets-and-neurons §16
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Commitment {
    /// When.
    pub block: BlockNumber,
    /// What.
    pub info: CommitmentData,
}

/// A seal that has paid for a registration, and the block whose hash it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct UsedSeal {
    /// The block worked on.
    pub worked_on: BlockNumber,
    /// The seal.
    pub seal: [u8; 32],
}
