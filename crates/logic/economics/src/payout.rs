//! Payouts: from a neuron's emission to the stake of its owner and its nominators. spec tokenomics §7.

use crate::{
    division::Emission,
    pool::{Holding, Pool, PoolError},
};
use myelin_primitives::{Amount, AmountError, Cut, Take, Tao};

/// A neuron's emission, divided between the owner of its hotkey and all stake on it. Both parts sum to the emission.
#[must_use = "dropping a side destroys money"]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payout {
    /// The part for the owner alone.
    pub owner: Amount<Tao>,
    /// The part for all coldkeys with stake on the hotkey, the owner included, in proportion to their stake.
    pub shared: Amount<Tao>,
}

/// Divides a neuron's emission between its owner and all stake on its hotkey. spec tokenomics §7.1.
///
/// A delegate takes its part of the validator emission and shares the rest. The miner emission goes to the owner.
/// `take` is `None` for a hotkey that is no delegate: it shares nothing.
///
/// # Errors
/// [`AmountError::Overflow`] if the owner's part exceeds any amount.
///
/// ```
/// use myelin_economics::{division::Emission, payout::split};
/// use myelin_primitives::{Amount, Take};
///
/// let emission = Emission { miner: Amount::from_rao(50), validator: Amount::from_rao(1_000) };
/// let payout = split(emission, Some(Take::new(5_898))).unwrap();
/// assert_eq!((payout.owner.rao(), payout.shared.rao()), (139, 911));
/// ```
pub fn split(emission: Emission, take: Option<Take>) -> Result<Payout, AmountError> {
    let Cut { taken, rest } = match take {
        Some(take) => emission.validator.cut(take.fraction()),
        None => Cut { taken: emission.validator, rest: Amount::ZERO },
    };
    Ok(Payout { owner: taken.checked_add(emission.miner)?, shared: rest })
}

/// Pays a neuron's emission into the pool of its hotkey and returns its division. spec tokenomics §7.1 and §7.2.
///
/// `owner` is the owner's holding in the pool. The shared part is paid first, so that the owner's part does not change
/// the proportions. If the pool is empty, the owner receives the whole emission.
///
/// # Errors
/// [`PoolError::ForeignHolding`] if `owner` is no holding of this pool, [`PoolError::Overflow`] if the sum exceeds any
/// amount. The pool and the holding are then unchanged.
pub fn pay(pool: &mut Pool, owner: &mut Holding, emission: Emission, take: Option<Take>) -> Result<Payout, PoolError> {
    let take = take.filter(|_| !pool.is_empty());
    let payout = split(emission, take).map_err(|_| PoolError::Overflow)?;
    let mut paid = pool.clone();
    if take.is_some() {
        paid.reward(payout.shared)?;
    }
    paid.deposit(owner, payout.owner)?;
    *pool = paid;
    Ok(payout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn emission(miner: u64, validator: u64) -> Emission {
        Emission { miner: Amount::from_rao(miner), validator: Amount::from_rao(validator) }
    }

    /// Returns a pool with a holding for each stake, the owner's first.
    fn staked(stakes: &[u64]) -> (Pool, Vec<Holding>) {
        let mut pool = Pool::default();
        let holdings = stakes
            .iter()
            .map(|&stake| {
                let mut holding = Holding::default();
                pool.deposit(&mut holding, Amount::from_rao(stake)).unwrap();
                holding
            })
            .collect();
        (pool, holdings)
    }

    fn worths(pool: &Pool, holdings: &[Holding]) -> Vec<u64> {
        holdings.iter().map(|holding| pool.worth(holding).unwrap().rao()).collect()
    }

    /// Returns the stakes after payment row by row, with all rounding losses paid to the owner.
    fn row_by_row(stakes: &[u64], emission: Emission, take: Take) -> Vec<u64> {
        let Cut { taken, rest } = emission.validator.cut(take.fraction());
        let total: u128 = stakes.iter().map(|&stake| u128::from(stake)).sum();
        let share = |stake: u64| u64::try_from(u128::from(rest.rao()) * u128::from(stake) / total).unwrap();
        let mut rows: Vec<u64> = stakes.iter().map(|&stake| stake + share(stake)).collect();
        let dust = rest.rao() - stakes.iter().map(|&stake| share(stake)).sum::<u64>();
        rows[0] += taken.rao() + dust + emission.miner.rao();
        rows
    }

    #[test]
    fn delegates_take_and_share() {
        let take = Take::new(5_898);
        for (stakes, rows, expected) in [
            (&[200, 300][..], &[654, 846][..], &[653, 846][..]),
            (&[200, 200], &[745, 655], &[744, 655]),
            (&[1_000, 1_000, 1_000], &[1_394, 1_303, 1_303], &[1_392, 1_303, 1_303]),
        ] {
            assert_eq!(row_by_row(stakes, emission(0, 1_000), take), rows);
            let (mut pool, mut holdings) = staked(stakes);
            let payout = pay(&mut pool, &mut holdings[0], emission(0, 1_000), Some(take)).unwrap();
            assert_eq!((payout.owner.rao(), payout.shared.rao()), (89, 911));
            assert_eq!(worths(&pool, &holdings), expected);
            assert_eq!(pool.value().rao(), rows.iter().sum());
        }
    }

    #[test]
    fn who_is_no_delegate_keeps_everything() {
        let (mut pool, mut holdings) = staked(&[100]);
        let payout = pay(&mut pool, &mut holdings[0], emission(0, 100), None).unwrap();
        assert_eq!(payout, Payout { owner: Amount::from_rao(100), shared: Amount::ZERO });
        assert_eq!(worths(&pool, &holdings), [200]);
    }

    #[test]
    fn miner_emission_is_not_shared() {
        let (mut pool, mut holdings) = staked(&[100, 100]);
        let payout = pay(&mut pool, &mut holdings[0], emission(50, 20), Some(Take::new(0))).unwrap();
        assert_eq!((payout.owner.rao(), payout.shared.rao()), (50, 20));
        // The owner's 50 rao bought shares of a pool that had just earned, and lost less than a rao to rounding.
        assert_eq!(worths(&pool, &holdings), [159, 110]);
    }

    #[test]
    fn with_nobody_to_share_with_the_owner_receives_everything() {
        let (mut pool, mut owner) = (Pool::default(), Holding::default());
        let payout = pay(&mut pool, &mut owner, emission(1, 10), Some(Take::new(5_898))).unwrap();
        assert_eq!(payout, Payout { owner: Amount::from_rao(11), shared: Amount::ZERO });
        assert_eq!(pool.worth(&owner).unwrap().rao(), 11);
    }

    #[test]
    fn a_refused_payout_changes_nothing() {
        let (mut pool, mut holdings) = staked(&[u64::MAX - 10]);
        let before = (pool.clone(), holdings.clone());
        let refused = pay(&mut pool, &mut holdings[0], emission(6, 10), Some(Take::new(0)));
        assert_eq!(refused, Err(PoolError::Overflow));
        assert_eq!((pool, holdings), before);
        assert_eq!(split(emission(1, u64::MAX), None), Err(AmountError::Overflow));
    }

    proptest! {
        #[test]
        fn the_pool_pays_what_paying_row_by_row_does(
            stakes in vec(1..1_u64 << 50, 1..8),
            miner in 0..1_u64 << 40,
            validator in 0..1_u64 << 40,
            take: u16,
        ) {
            let (emission, take) = (emission(miner, validator), Take::new(take));
            let (mut pool, mut holdings) = staked(&stakes);
            let payout = pay(&mut pool, &mut holdings[0], emission, Some(take)).unwrap();
            prop_assert_eq!(payout.owner.rao() + payout.shared.rao(), miner + validator);
            let (worths, rows) = (worths(&pool, &holdings), row_by_row(&stakes, emission, take));
            prop_assert_eq!(pool.value().rao(), rows.iter().sum::<u64>());
            prop_assert_eq!(&worths[1..], &rows[1..]);
            prop_assert!(worths[0] <= rows[0] && rows[0] - worths[0] <= stakes.len() as u64);
        }
    }
}
