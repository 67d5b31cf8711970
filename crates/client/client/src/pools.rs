//! The growth of stake in its pool.

use crate::{error::ChainError, key::account, runtime, state::ChainState};
use myelin_economics::pool::{Holding, Pool};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, Tao};
use myelin_records::stake::PoolId;

#[allow(clippy::missing_errors_doc, reason = "as for the other questions")]
impl ChainState {
    /// Returns the value of an earlier stake on a hotkey after the growth of its pool (spec staking §1.1).
    ///
    /// The delegate's take is excluded. The result is `None` if the pool was empty then, or was released since.
    pub async fn stake_growth(
        &self,
        since: &Self,
        hotkey: &PublicKey,
        stake: Amount<Tao>,
    ) -> Result<Option<Amount<Tao>>, ChainError> {
        let (Some((then, before)), Some((now, after))) = (since.pool(hotkey).await?, self.pool(hotkey).await?) else {
            return Ok(None);
        };
        Ok(if then == now { growth(before, &after, stake) } else { None })
    }

    /// Returns the id and the content of the stake pool of a hotkey.
    async fn pool(&self, hotkey: &PublicKey) -> Result<Option<(PoolId, Pool)>, ChainError> {
        let storage = || runtime::storage().staking();
        let record = self.try_read(storage().hotkeys(), (account(hotkey),)).await?;
        let Some(id) = record.and_then(|record| record.0.pool) else { return Ok(None) };
        Ok(self.try_read(storage().pools(), (id.into(),)).await?.map(|stored| (id, stored.0.pool)))
    }
}

/// Returns the value of a stake that is put into the first state of a pool, in its later state.
fn growth(mut before: Pool, after: &Pool, stake: Amount<Tao>) -> Option<Amount<Tao>> {
    if before.is_empty() {
        return None;
    }
    // A holding is at most as large as its pool, so a stake beyond that is scaled.
    let (sample, mut holding) = (stake.min(before.value()), Holding::default());
    before.deposit(&mut holding, sample).ok()?;
    let worth = after.worth(&holding).ok()?;
    // Rounding loses at most one rao. A greater loss means that the pool was empty in between.
    let earned = match worth.checked_sub(sample) {
        Ok(earned) => earned,
        Err(_) if worth.checked_add(Amount::from_rao(1)) == Ok(sample) => Amount::ZERO,
        Err(_) => return None,
    };
    let scaled = u128::from(earned.rao()) * u128::from(stake.rao()) / u128::from(sample.rao().max(1));
    stake.checked_add(Amount::from_rao(u64::try_from(scaled).ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(deposit: u64, rewards: &[u64]) -> Pool {
        let (mut pool, mut holding) = (Pool::default(), Holding::default());
        pool.deposit(&mut holding, Amount::from_rao(deposit)).unwrap();
        for reward in rewards {
            pool.reward(Amount::from_rao(*reward)).unwrap();
        }
        pool
    }

    #[test]
    fn stake_grows_as_the_pool_does() {
        let stake = Amount::from_rao(1_000);
        let grown = |before: &[u64], after: &[u64]| growth(pool(4_000, before), &pool(4_000, after), stake);
        assert_eq!(grown(&[], &[]), Some(stake));
        assert_eq!(grown(&[], &[2_000]), Some(Amount::from_rao(1_500)));
        assert_eq!(grown(&[4_000], &[4_000, 2_000]), Some(Amount::from_rao(1_250)));
        // The stake is larger than the pool.
        let much = Amount::from_rao(8_000);
        assert_eq!(growth(pool(4_000, &[]), &pool(4_000, &[2_000]), much), Some(Amount::from_rao(12_000)));
        // The pool splits its shares in between.
        assert_eq!(grown(&[], &[4_000 << 40]), Some(Amount::from_rao(1_000 + (1_000 << 40))));
    }

    #[test]
    fn a_pool_that_was_empty_tells_nothing() {
        let stake = Amount::from_rao(1_000);
        assert_eq!(growth(Pool::default(), &pool(1, &[]), stake), None);
        assert_eq!(growth(pool(4_000, &[4_000]), &pool(4_000, &[]), stake), None);
    }
}
