//! Emission that accrues to subnets, and the findings of their last epochs. spec tokenomics §5 and §6.

use crate::bounds::{MaxNetworks, MaxUids};
use bounded_collections::{BoundedBTreeMap, BoundedVec};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use myelin_economics::{issuance::INITIAL_EMISSION, pruning::SeatScore, root::Share};
use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, Tao};
use scale_info::TypeInfo;

/// The emission of a block, and the part of all emission that is not paid out.
///
/// Each block writes it once, for any number of subnets.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Accrual {
    /// Block emission at present, a function of the issuance. spec tokenomics §2.4.
    pub emission: Amount<Tao>,
    /// Amount that a block adds: `emission`, or nothing while no subnet is eligible. spec tokenomics §5.4.
    pub minted: Amount<Tao>,
    /// Number of blocks that have accrued.
    pub blocks: BlockNumber,
    /// Pending emission of all subnets together.
    pub pending: Amount<Tao>,
    /// True if the emission must be divided anew before the next block accrues.
    ///
    /// A change of shares, eligibility or the number of subnets sets it.
    pub stale: bool,
}

/// The state before the first block, in which no emission is divided.
impl Default for Accrual {
    fn default() -> Self {
        Self { emission: INITIAL_EMISSION, minted: Amount::ZERO, blocks: 0, pending: Amount::ZERO, stale: true }
    }
}

/// The account of one subnet in the division of the block emission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct EmissionAccount {
    /// Share as of the last root epoch. spec tokenomics §5.3.
    pub share: Share,
    /// True if the subnet takes part in the division. spec tokenomics §5.4.
    pub eligible: bool,
    /// True if the subnet receives nothing while no subnet has a share. spec tokenomics §5.4.
    pub needs_share: bool,
    /// Amount that it receives of each block.
    pub per_block: Amount<Tao>,
    /// Pending emission when `since` blocks had accrued.
    pub settled: Amount<Tao>,
    /// Number of accrued blocks that `settled` includes.
    pub since: BlockNumber,
}

/// The accounts of all subnets. Root has none.
pub type EmissionAccounts = BoundedBTreeMap<NetUid, EmissionAccount, MaxNetworks>;

/// The findings of the last epoch of a subnet about one of its neurons. spec yuma §3.13.
///
/// Numbers of type `u16` are fractions `v / 65535`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct NeuronRecord {
    /// True if it voted: it had a permit, and its row was recent enough and rated a miner. spec yuma §4.
    pub active: bool,
    /// True if it holds a validator permit until the next epoch.
    pub permit: bool,
    /// Part of all stake on the subnet.
    pub stake_weight: u16,
    /// Consensus weight as a miner.
    pub consensus: u16,
    /// Part of its weights that consensus left to it as a validator.
    pub validator_trust: u16,
    /// Part of the miners' earnings.
    pub incentive: u16,
    /// Part of the validators' earnings.
    pub dividends: u16,
    /// Pay for mining and validating together. spec tokenomics §6.2.
    pub emission: Amount<Tao>,
    /// Score by which the seat is kept. spec subnets-and-neurons §11.
    pub score: SeatScore,
}

impl NeuronRecord {
    /// The record of a seat taken since the last epoch. spec subnets-and-neurons §10.
    pub const FRESH: Self = Self {
        active: false,
        permit: false,
        stake_weight: 0,
        consensus: 0,
        validator_trust: 0,
        incentive: 0,
        dividends: 0,
        emission: Amount::ZERO,
        score: SeatScore::NONE,
    };
}

/// The records of a subnet by uid. A seat beyond the end is [`NeuronRecord::FRESH`].
pub type NeuronRecords = BoundedVec<NeuronRecord, MaxUids>;

/// The bonds of one validator, uids ascending.
pub type BondsRow = BoundedVec<Entry, MaxUids>;

/// The amounts that the last epoch of a subnet divided. spec tokenomics §6.2.
///
/// The rest of `emission` that the other amounts leave was recycled, because no neuron had a claim to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct EpochRecord {
    /// Block that ran the epoch.
    pub block: BlockNumber,
    /// Pending emission that was divided.
    pub emission: Amount<Tao>,
    /// Part of the subnet's owner.
    pub owner_cut: Amount<Tao>,
    /// Pay for mining.
    pub miners: Amount<Tao>,
    /// Pay for validating.
    pub validators: Amount<Tao>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_primitives::Uid;
    use proptest::{collection::btree_map, prelude::*};

    fn rao(rao: u64) -> Amount<Tao> {
        Amount::from_rao(rao)
    }

    #[test]
    fn an_accrual_encodes_field_by_field() {
        let accrual = Accrual { emission: rao(1), minted: rao(2), blocks: 3, pending: rao(4), stale: true };
        let encoded =
            [&[1, 0, 0, 0, 0, 0, 0, 0][..], &[2, 0, 0, 0, 0, 0, 0, 0], &[3, 0, 0, 0], &[4, 0, 0, 0, 0, 0, 0, 0], &[1]]
                .concat();
        assert_eq!(accrual.encode(), encoded);
        assert_eq!(Accrual::decode(&mut &encoded[..]), Ok(accrual));
        let first = Accrual::default();
        assert!(first.stale && first.minted.is_zero() && first.emission == Amount::ONE_TAO);
    }

    #[test]
    fn a_neuron_record_encodes_field_by_field() {
        let record = NeuronRecord {
            active: true,
            permit: false,
            stake_weight: 1,
            consensus: 2,
            validator_trust: 3,
            incentive: 4,
            dividends: 5,
            emission: rao(6),
            score: SeatScore { mean: rao(7), epochs: 8 },
        };
        let encoded = [1, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 8];
        assert_eq!(record.encode(), encoded);
        assert_eq!(NeuronRecord::decode(&mut &encoded[..]), Ok(record));
        assert_eq!(NeuronRecord::max_encoded_len(), 29);
        assert_eq!(NeuronRecord::FRESH.encode(), [0; 29]);
    }

    #[test]
    fn an_epoch_record_encodes_field_by_field() {
        let record = EpochRecord { block: 1, emission: rao(2), owner_cut: rao(3), miners: rao(4), validators: rao(5) };
        assert_eq!(record.encode(), (1_u32, 2_u64, 3_u64, 4_u64, 5_u64).encode());
    }

    #[test]
    fn bonds_are_pairs_of_uid_and_value() {
        let row = BondsRow::try_from(vec![Entry::new(Uid::new(1), 2)]).unwrap();
        assert_eq!(row.encode(), [4, 1, 0, 2, 0]);
    }

    proptest! {
        #[test]
        fn accounts_read_as_they_were_written(
            accounts in btree_map(any::<u16>(), any::<(u64, bool, bool, u64, u64, u32)>(), 0..=256),
        ) {
            let entered = accounts.iter().map(|(netuid, (share, eligible, needs_share, per_block, settled, since))| {
                let account = EmissionAccount {
                    share: Share::from_bits(*share),
                    eligible: *eligible,
                    needs_share: *needs_share,
                    per_block: rao(*per_block),
                    settled: rao(*settled),
                    since: *since,
                };
                (NetUid::new(*netuid), account)
            });
            let entered: std::collections::BTreeMap<_, _> = entered.collect();
            let stored = EmissionAccounts::try_from(entered).unwrap();
            prop_assert_eq!(stored.encode(), accounts.encode());
            prop_assert_eq!(EmissionAccounts::decode(&mut &stored.encode()[..]), Ok(stored));
        }
    }
}
