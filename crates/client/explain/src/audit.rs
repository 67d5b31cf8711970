//! An epoch, what it should have paid, and what the chain paid.

use crate::{
    Credit, ExplainError, Payment, StakeWeight,
    replay::{BlockEpochs, EpochBlock},
};
use futures::try_join;
use myelin_client::{Amount, BlockNumber, Chain, NetUid, PublicKey, Tao, Uid};
use myelin_economics::division::{Division, Emission};
use myelin_primitives::Q32;
use myelin_yuma::{BondTrace, WeightTrace};

/// An epoch of a subnet: every term by the rules, and what the chain paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// The subnet.
    pub netuid: NetUid,
    /// The block that ran the epoch.
    pub block: BlockNumber,
    /// The block of the epoch before, if there was one.
    pub previous: Option<BlockNumber>,
    /// Who receives the owner's cut; nobody where there is no owner or no cut.
    pub owner: Option<PublicKey>,
    /// How what had accrued is divided, before the pools that nobody claims join the others. spec tokenomics §6.2
    pub division: Division,
    /// What each side receives by the rules.
    pub expected: EpochTotals,
    /// What each side received.
    pub paid: EpochTotals,
    /// The neurons by uid.
    pub neurons: Vec<NeuronAudit>,
    /// What all epochs of the block paid into the pools of hotkeys, this one among them.
    pub credits: Vec<Credit>,
}

/// What an epoch divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpochTotals {
    /// What had accrued.
    pub accrued: Amount<Tao>,
    /// For the owner of the subnet, to spend.
    pub owner: Amount<Tao>,
    /// For mining, as stake.
    pub miners: Amount<Tao>,
    /// For validating, as stake.
    pub validators: Amount<Tao>,
    /// For nobody, because there was no neuron: it ceases to exist and will be emitted again.
    pub recycled: Amount<Tao>,
}

/// How one neuron came to its pay. Names in capitals are those of spec yuma §3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeuronAudit {
    /// Its seat.
    pub uid: Uid,
    /// Its key.
    pub hotkey: PublicKey,
    /// Who owns that.
    pub coldkey: Option<PublicKey>,
    /// How much it weighs.
    pub weight: StakeWeight,
    /// Whether it was heard of lately enough to count.
    pub active: bool,
    /// Whether it might validate in this epoch.
    pub permitted: bool,
    /// Its part of all stake on the subnet, `S`.
    pub stake: Q32,
    /// Its part of the stake that is active and permitted, `A`.
    pub active_stake: Q32,
    /// What validators say of it, as far as it counts.
    pub received: Vec<WeightTrace>,
    /// What it says of others, as far as it counts.
    pub given: Vec<WeightTrace>,
    /// The weight that consensus allows it, `C`.
    pub consensus: Q32,
    /// The sum of what stands behind it, `R`.
    pub rank: Q32,
    /// Its part of what miners earn, `I`.
    pub incentive: Q32,
    /// The sum of what consensus left of its weights.
    pub validator_trust: Q32,
    /// What it holds of miners that earned.
    pub bonds: Vec<BondTrace>,
    /// Its part of what validators earn, `D`.
    pub dividends: Q32,
    /// What it earns.
    pub emission: Emission,
    /// Into which pools of stake that goes, in the order of the chain.
    pub payments: Vec<Payment>,
    /// What the chain noted that it paid; `None` if the seat changed hands in the same block.
    pub paid: Option<Amount<Tao>>,
    /// Whether the chain noted the same of consensus, incentive, dividends, trust and stake; `None` as above.
    pub agrees: Option<bool>,
}

impl Audit {
    /// The epoch of a subnet that ran in this block.
    ///
    /// # Errors
    /// If there was none, or its inputs cannot be read.
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

    /// The last epoch of a subnet, as of the last final block.
    ///
    /// # Errors
    /// If there was none, or its inputs cannot be read.
    pub async fn of_last_epoch(chain: &Chain, netuid: NetUid) -> Result<Self, ExplainError> {
        let now = chain.at_finalised().await?;
        let subnet = now.subnet(netuid).await?.ok_or(ExplainError::NoNetwork { netuid, block: now.height() })?;
        let last = subnet.last_epoch.ok_or(ExplainError::NoEpochYet(netuid))?;
        Self::of_epoch(chain, netuid, last.block).await
    }

    /// The neuron on this seat.
    pub fn neuron(&self, uid: Uid) -> Option<&NeuronAudit> {
        self.neurons.get(usize::from(uid))
    }

    /// The neuron with this hotkey.
    pub fn by_hotkey(&self, hotkey: &PublicKey) -> Option<&NeuronAudit> {
        self.neurons.iter().find(|neuron| neuron.hotkey == *hotkey)
    }

    /// By how many rao the chain differs from the rules, all differences added up.
    pub fn difference(&self) -> u64 {
        let pots = self.expected.parts().into_iter().zip(self.paid.parts()).map(|(one, other)| one.abs_diff(other));
        let neurons = self.neurons.iter().filter_map(NeuronAudit::difference).map(i64::unsigned_abs);
        let credits = self.credits.iter().filter_map(Credit::difference).map(i64::unsigned_abs);
        pots.chain(neurons).chain(credits).fold(0, u64::saturating_add)
    }

    /// Whether the chain paid to the rao what the rules say, and found the same of every neuron.
    pub fn is_exact(&self) -> bool {
        self.difference() == 0 && self.neurons.iter().all(|neuron| neuron.agrees != Some(false))
    }

    /// How many amounts could not be compared, because transactions of the same block removed what they were noted in.
    pub fn unseen(&self) -> usize {
        let neurons = self.neurons.iter().filter(|neuron| neuron.paid.is_none()).count();
        neurons + self.credits.iter().filter(|credit| credit.after.is_none()).count()
    }
}

impl EpochTotals {
    /// All of them, in the order in which they are declared.
    fn parts(&self) -> [u64; 5] {
        [self.accrued, self.owner, self.miners, self.validators, self.recycled].map(Amount::rao)
    }
}

impl NeuronAudit {
    /// What it earns for mining and validating together.
    pub fn earned(&self) -> Amount<Tao> {
        // Two parts of one emission.
        self.emission.miner.checked_add(self.emission.validator).unwrap_or(Amount::MAX)
    }

    /// What the chain paid more than the rules say, in rao; `None` if that cannot be seen.
    pub fn difference(&self) -> Option<i64> {
        Some(difference(self.paid?, self.earned()))
    }
}

/// `one - other`, which for amounts that exist fits.
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
