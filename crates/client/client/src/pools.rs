//! What stands behind stake: who lends it to whom, who is about to be replaced, and what it has earned.

use crate::{
    error::ChainError,
    mirror::{account, key},
    runtime::{self, runtime_types::myelin_pallet_staking::types},
    state::ChainState,
};
use myelin_economics::pool::{Holding, Pool};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, BlockNumber, NetUid, Take, Tao};
use subxt::utils::{AccountId32, H256};

/// Whom a hotkey lends stake weight to on one subnet, and whom it borrows from. spec staking §9
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Family {
    /// To whom it lends.
    pub children: Vec<FamilyMember>,
    /// From whom it borrows.
    pub parents: Vec<FamilyMember>,
    /// The children it has asked for, and the block after which they take effect with an epoch.
    pub pending: Option<(Vec<FamilyMember>, BlockNumber)>,
    /// What it keeps of what it earns for its parents.
    pub take: Take,
}

/// A hotkey to which stake weight is lent, or from which it is borrowed. spec staking §9.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FamilyMember {
    /// The child among children, the parent among parents.
    pub hotkey: PublicKey,
    /// The part of the parent's stake, `v / u64::MAX`.
    pub proportion: u64,
}

/// A coldkey that is to be replaced. spec staking §10.3
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColdkeySwap {
    /// The hash of the new coldkey.
    pub new_coldkey_hash: H256,
    /// The block from which on it can be replaced.
    pub due: BlockNumber,
    /// Whether its holder says that somebody else announced this.
    pub disputed: bool,
}

/// Who a coldkey says it is. Nobody has checked that. spec subnets-and-neurons §15.2
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// A name.
    pub name: String,
    /// A web page.
    pub url: String,
    /// A repository.
    pub github_repo: String,
    /// Where to find a picture.
    pub image: String,
    /// A Discord account.
    pub discord: String,
    /// A description.
    pub description: String,
    /// Anything else.
    pub additional: String,
}

impl From<types::FamilyMember<AccountId32>> for FamilyMember {
    fn from(relative: types::FamilyMember<AccountId32>) -> Self {
        Self { hotkey: key(relative.hotkey), proportion: relative.proportion.0 }
    }
}

impl From<types::Family<AccountId32>> for Family {
    fn from(family: types::Family<AccountId32>) -> Self {
        let relatives = |relatives: Vec<types::FamilyMember<_>>| relatives.into_iter().map(Into::into).collect();
        Self {
            children: relatives(family.children.0),
            parents: relatives(family.parents.0),
            pending: family.pending.map(|pending| (relatives(pending.children.0), pending.after)),
            take: family.take.into(),
        }
    }
}

/// What is not among the answers of the runtime, and is read where it is stored.
#[allow(clippy::missing_errors_doc, reason = "as for the other questions")]
impl ChainState {
    /// Whom a hotkey lends stake weight to on a subnet, and whom it borrows from.
    pub async fn family(&self, netuid: NetUid, hotkey: &PublicKey) -> Result<Family, ChainError> {
        let place = runtime::storage().staking().families();
        Ok(self.read(place, (netuid.into(), account(hotkey))).await?.into())
    }

    /// Whether a coldkey is about to be replaced.
    pub async fn coldkey_swap(&self, coldkey: &PublicKey) -> Result<Option<ColdkeySwap>, ChainError> {
        let swap = self.try_read(runtime::storage().keys().coldkey_swaps(), (account(coldkey),)).await?;
        Ok(swap.map(|swap| ColdkeySwap {
            new_coldkey_hash: swap.new_coldkey_hash,
            due: swap.due,
            disputed: swap.disputed,
        }))
    }

    /// Who a coldkey says it is.
    pub async fn identity(&self, coldkey: &PublicKey) -> Result<Option<Identity>, ChainError> {
        let stored = self.try_read(runtime::storage().keys().identities(), (account(coldkey),)).await?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(stored.map(|stored| Identity {
            name: text(stored.name.0),
            url: text(stored.url.0),
            github_repo: text(stored.github_repo.0),
            image: text(stored.image.0),
            discord: text(stored.discord.0),
            description: text(stored.description.0),
            additional: text(stored.additional.0),
        }))
    }

    /// What this much stake has become that lay on a hotkey since an earlier moment, what the delegate keeps left out.
    /// `None` if there was nothing on it then, or the stake on it has been released since. spec staking §1.1
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

    /// The number and the content of the pool of a hotkey's stake.
    async fn pool(&self, hotkey: &PublicKey) -> Result<Option<(u64, Pool)>, ChainError> {
        let storage = || runtime::storage().staking();
        let record = self.try_read(storage().hotkeys(), (account(hotkey),)).await?;
        let Some(id) = record.and_then(|record| record.pool) else { return Ok(None) };
        let number = id.0;
        Ok(self.try_read(storage().pools(), (id,)).await?.map(|stored| (number, stored.pool.0)))
    }
}

/// What stake that is put into a pool becomes until the pool is as it is after.
fn growth(mut before: Pool, after: &Pool, stake: Amount<Tao>) -> Option<Amount<Tao>> {
    if before.is_empty() {
        return None;
    }
    // A pool knows no holding that is larger than itself, so as much as is in it stands for the stake.
    let (sample, mut holding) = (stake.min(before.value()), Holding::default());
    before.deposit(&mut holding, sample).ok()?;
    let worth = after.worth(&holding).ok()?;
    // A rao may be lost to rounding. What is worth less than that is of a pool that was empty in between.
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
        // As much as lies in no pool so far.
        let much = Amount::from_rao(8_000);
        assert_eq!(growth(pool(4_000, &[]), &pool(4_000, &[2_000]), much), Some(Amount::from_rao(12_000)));
        // Shares are split on the way.
        assert_eq!(grown(&[], &[4_000 << 40]), Some(Amount::from_rao(1_000 + (1_000 << 40))));
    }

    #[test]
    fn a_pool_that_was_empty_tells_nothing() {
        let stake = Amount::from_rao(1_000);
        assert_eq!(growth(Pool::default(), &pool(1, &[]), stake), None);
        assert_eq!(growth(pool(4_000, &[4_000]), &pool(4_000, &[]), stake), None);
    }
}
