//! Audits of epochs: the payments by the rules, and those of the chain.

use crate::{
    Credit, ExplainError, Payment, StakeWeight,
    replay::{BlockEpochs, EpochBlock},
};
use futures::try_join;
use myelin_client::{Amount, BlockNumber, Chain, NetUid, PublicKey, Tao, Uid};
use myelin_economics::division::{Division, Emission};
use myelin_primitives::Q32;
use myelin_yuma::{BondTrace, WeightTrace};

/// An audit of one epoch of a subnet: every term by the rules, and the payments of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The subnet.
    pub netuid: NetUid,
    /// The block that ran the epoch.
    pub block: BlockNumber,
    /// The block of the epoch before, if there was one.
    pub previous: Option<BlockNumber>,
    /// The coldkey that receives the owner cut; `None` without an owner or a cut.
    pub owner: Option<PublicKey>,
    /// The division of the pending emission, before pools without a claim are recycled (spec tokenomics §6.2).
    pub division: Division,
    /// The amounts by the rules.
    pub expected: EpochTotals,
    /// The amounts that the chain paid.
    pub paid: EpochTotals,
    /// The neurons by uid.
    pub neurons: Vec<NeuronAudit>,
    /// The payments of all epochs of the block into stake pools.
    pub credits: Vec<Credit>,
}

/// The amounts that an epoch divides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpochTotals {
    /// Pending emission that had accrued.
    pub accrued: Amount<Tao>,
    /// Owner cut, as free balance of the subnet's owner.
    pub owner: Amount<Tao>,
    /// Miners' part, as stake.
    pub miners: Amount<Tao>,
    /// Validators' part, as stake.
    pub validators: Amount<Tao>,
    /// Recycled part, because no neuron had a claim to it: it leaves the issuance and is emitted again.
    pub recycled: Amount<Tao>,
}

/// The terms of one neuron's pay. Names in capitals are those of spec yuma §3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeuronAudit {
    /// Seat of the neuron.
    pub uid: Uid,
    /// Hotkey of the neuron.
    pub hotkey: PublicKey,
    /// Coldkey that owns the hotkey.
    pub coldkey: Option<PublicKey>,
    /// Stake weight.
    pub weight: StakeWeight,
    /// True if the neuron voted: it had a permit, and its weights were recent enough and rated a miner.
    pub active: bool,
    /// True if the neuron had a validator permit in this epoch.
    pub permitted: bool,
    /// Share of all stake on the subnet, `S`.
    pub stake: Q32,
    /// Share of the active and permitted stake, `A`.
    pub active_stake: Q32,
    /// Weights that it received and that count.
    pub received: Vec<WeightTrace>,
    /// Weights that it set and that count.
    pub given: Vec<WeightTrace>,
    /// Consensus weight, `C`.
    pub consensus: Q32,
    /// Rank: the sum of its clipped weights, each times the stake behind it, `R`.
    pub rank: Q32,
    /// Incentive: its share of the miners' part, `I`.
    pub incentive: Q32,
    /// Validator trust: the sum of its weights after clipping.
    pub validator_trust: Q32,
    /// Its bonds to miners that earned.
    pub bonds: Vec<BondTrace>,
    /// Dividends: its share of the validators' part, `D`.
    pub dividends: Q32,
    /// Its emission.
    pub emission: Emission,
    /// Its payments into stake pools, in the order of the chain.
    pub payments: Vec<Payment>,
    /// The payment that the chain recorded; `None` if the seat was replaced in the same block.
    pub paid: Option<Amount<Tao>>,
    /// True if the chain recorded the same results, its payment aside; `None` as above.
    ///
    /// These are `active`, the validator permit, the share of stake, the consensus weight, the validator trust, the
    /// incentive and the dividends.
    pub agrees: Option<bool>,
}

impl Audit {
    /// Audits the epoch that a subnet ran in this block.
    ///
    /// # Errors
    /// [`ExplainError::NoEpoch`] if there was none; another variant if the inputs cannot be read or the epoch failed.
    pub async fn of_epoch(chain: &Chain, netuid: NetUid, block: BlockNumber) -> Result<Self, ExplainError> {
        let (before, after) = try_join!(chain.at(u64::from(block).saturating_sub(1)), chain.at(block.into()))?;
        let events = after.all_events().await?;
        let announced = BlockEpochs::of(&events, block)?;
        if announced.failed.contains(&netuid) {
            return Err(ExplainError::Failed { netuid, block });
        }
        let audits = EpochBlock { before, after, events, number: block }.audits(announced).await?;
        audits.into_iter().find(|audit| audit.netuid == netuid).ok_or(ExplainError::NoEpoch { netuid, block })
    }

    /// Audits the last epoch of a subnet, as of the last final block.
    ///
    /// # Errors
    /// [`ExplainError::NoEpochYet`] if there was none; another variant if the inputs cannot be read or the epoch
    /// failed.
    pub async fn of_last_epoch(chain: &Chain, netuid: NetUid) -> Result<Self, ExplainError> {
        let now = chain.at_finalised().await?;
        let subnet = now.subnet(netuid).await?.ok_or(ExplainError::NoNetwork { netuid, block: now.height() })?;
        let last = subnet.last_epoch.ok_or(ExplainError::NoEpochYet(netuid))?;
        Self::of_epoch(chain, netuid, last.block).await
    }

    /// Returns the neuron on a seat.
    pub fn neuron(&self, uid: Uid) -> Option<&NeuronAudit> {
        self.neurons.get(usize::from(uid))
    }

    /// Returns the neuron with a hotkey.
    pub fn by_hotkey(&self, hotkey: &PublicKey) -> Option<&NeuronAudit> {
        self.neurons.iter().find(|neuron| neuron.hotkey == *hotkey)
    }

    /// Returns the sum of all differences between the chain and the rules, in rao.
    pub fn difference(&self) -> u64 {
        let pots = self.expected.parts().into_iter().zip(self.paid.parts()).map(|(one, other)| one.abs_diff(other));
        let neurons = self.neurons.iter().filter_map(NeuronAudit::difference).map(i64::unsigned_abs);
        let credits = self.credits.iter().filter_map(Credit::difference).map(i64::unsigned_abs);
        pots.chain(neurons).chain(credits).fold(0, u64::saturating_add)
    }

    /// Returns true if the chain paid exactly by the rules, and recorded the same results of every neuron.
    pub fn is_exact(&self) -> bool {
        self.difference() == 0 && self.neurons.iter().all(|neuron| neuron.agrees != Some(false))
    }

    /// Returns the number of amounts that cannot be compared, because transactions of the block removed their records.
    pub fn unseen(&self) -> usize {
        let neurons = self.neurons.iter().filter(|neuron| neuron.paid.is_none()).count();
        neurons + self.credits.iter().filter(|credit| credit.after.is_none()).count()
    }
}

impl EpochTotals {
    /// Returns the amounts in the order of their declaration.
    fn parts(&self) -> [u64; 5] {
        [self.accrued, self.owner, self.miners, self.validators, self.recycled].map(Amount::rao)
    }
}

impl NeuronAudit {
    /// Returns the emission for mining and validating together.
    pub fn earned(&self) -> Amount<Tao> {
        // Both are parts of one emission, so the sum fits.
        self.emission.miner.checked_add(self.emission.validator).unwrap_or(Amount::MAX)
    }

    /// Returns the payment of the chain less that of the rules, in rao; `None` without a record of the payment.
    pub fn difference(&self) -> Option<i64> {
        Some(difference(self.paid?, self.earned()))
    }
}

/// Returns `one - other`. It fits for all amounts that can exist.
pub(crate) fn difference(one: Amount<Tao>, other: Amount<Tao>) -> i64 {
    let difference = i128::from(one.rao()) - i128::from(other.rao());
    i64::try_from(difference).unwrap_or(if difference > 0 { i64::MAX } else { i64::MIN })
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_economics::division::divide;

    fn rao(rao: u64) -> Amount<Tao> {
        Amount::from_rao(rao)
    }

    fn neuron(earned: u64, paid: Option<u64>) -> NeuronAudit {
        NeuronAudit {
            uid: Uid::new(0),
            hotkey: PublicKey::from_bytes([1; 32]),
            coldkey: None,
            weight: StakeWeight::default(),
            active: true,
            permitted: true,
            stake: Q32::ONE,
            active_stake: Q32::ONE,
            received: Vec::new(),
            given: Vec::new(),
            consensus: Q32::ZERO,
            rank: Q32::ZERO,
            incentive: Q32::ZERO,
            validator_trust: Q32::ZERO,
            bonds: Vec::new(),
            dividends: Q32::ONE,
            emission: Emission { miner: Amount::ZERO, validator: rao(earned) },
            payments: Vec::new(),
            paid: paid.map(rao),
            agrees: paid.map(|_| true),
        }
    }

    fn credit(before: u64, expected: u64, after: Option<u64>) -> Credit {
        let (added, removed) = (rao(5), rao(3));
        let hotkey = PublicKey::from_bytes([1; 32]);
        Credit { hotkey, before: rao(before), expected: rao(expected), added, removed, after: after.map(rao) }
    }

    fn audit(neurons: Vec<NeuronAudit>, credits: Vec<Credit>) -> Audit {
        let pots = EpochTotals { accrued: rao(100), validators: rao(100), ..EpochTotals::default() };
        Audit {
            netuid: NetUid::new(1),
            block: 7,
            previous: None,
            owner: None,
            division: divide(rao(100), None),
            expected: pots,
            paid: pots,
            neurons,
            credits,
        }
    }

    #[test]
    fn a_chain_that_pays_by_the_rules_differs_by_nothing() {
        let audit = audit(vec![neuron(100, Some(100))], vec![credit(50, 100, Some(152))]);
        assert!(audit.is_exact() && audit.difference() == 0 && audit.unseen() == 0);
    }

    #[test]
    fn every_rao_too_much_or_too_little_is_a_difference() {
        let of = |neuron, credit| audit(vec![neuron], vec![credit]);
        assert_eq!(of(neuron(100, Some(99)), credit(50, 100, Some(152))).difference(), 1);
        assert_eq!(of(neuron(100, Some(101)), credit(50, 100, Some(150))).difference(), 3);
        assert_eq!(of(neuron(100, Some(101)), credit(50, 100, Some(150))).neurons[0].difference(), Some(1));
        assert_eq!(of(neuron(100, Some(100)), credit(50, 100, Some(150))).credits[0].difference(), Some(-2));
        let mut pots = audit(Vec::new(), Vec::new());
        pots.paid.owner = rao(4);
        assert!(pots.difference() == 4 && !pots.is_exact());
    }

    #[test]
    fn what_the_chain_found_otherwise_is_not_exact_even_if_it_paid_the_same() {
        let mut audit = audit(vec![neuron(100, Some(100))], Vec::new());
        audit.neurons[0].agrees = Some(false);
        assert!(audit.difference() == 0 && !audit.is_exact());
    }

    #[test]
    fn what_cannot_be_seen_is_counted_and_not_compared() {
        let audit = audit(vec![neuron(100, None)], vec![credit(50, 100, None)]);
        assert!(audit.is_exact() && audit.unseen() == 2);
    }
}
