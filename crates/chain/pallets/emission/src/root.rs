//! The root epoch: the ratings of root validators become emission shares. spec tokenomics §5

use crate::{
    pallet::{Config, Error, Event, Ledger, Pallet},
    traits::EmissionShares,
};
use alloc::{collections::BTreeMap, vec::Vec};
use core::marker::PhantomData;
use frame_support::storage::with_storage_layer;
use myelin_economics::root::{NoShares, RootValidator, Share, shares};
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_staking::traits::ReadStake;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_pallet_weights::traits::ReadWeights;
use myelin_primitives::NetUid;
use sp_runtime::DispatchError;

/// Shares by the stake-weighted ratings of the root validators. spec tokenomics §5.1
pub struct RootRatings<T>(PhantomData<T>);

impl<T: Config> EmissionShares for RootRatings<T> {
    fn shares(subnets: Vec<NetUid>) -> Result<BTreeMap<NetUid, Share>, DispatchError> {
        let parameters = T::Subnets::parameters(NetUid::ROOT).ok_or(Error::<T>::RootNetworkDoesNotExist)?;
        let mut rows: BTreeMap<_, _> = T::Weights::root_rows().into_iter().collect();
        // A validator without ratings still counts: its stake is trust that no subnet gets.
        let validators: Vec<RootValidator> = T::Seats::seats(NetUid::ROOT)
            .into_iter()
            .map(|seat| RootValidator {
                stake: T::Stake::weight(NetUid::ROOT, &seat.hotkey),
                weights: rows.remove(&seat.hotkey).unwrap_or_default(),
            })
            .collect();
        shares(subnets, &validators, parameters.sigmoid()).map_err(|reason| Error::<T>::from(reason).into())
    }
}

impl<T> From<NoShares> for Error<T> {
    fn from(reason: NoShares) -> Self {
        match reason {
            NoShares::NoValidators => Self::NoRootValidators,
            NoShares::NoSubnets => Self::NoSubnets,
            NoShares::NoStake => Self::NoRootStake,
            NoShares::NoRating => Self::NoRootRating,
            NoShares::StakeOverflow => Self::RootStakeOverflow,
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Runs the root epoch, and deposits the event of its outcome. spec tokenomics §5.3
    pub(crate) fn run_root_epoch() {
        Self::deposit_event(match with_storage_layer(Self::renew_shares) {
            Ok(shares) => Event::SharesSet { shares },
            Err(reason) => Event::SharesKept { reason },
        });
    }

    /// Stores new shares. They take effect with the next accrual, which is that of this block.
    fn renew_shares() -> Result<Vec<(NetUid, Share)>, DispatchError> {
        let mut ledger = Ledger::<T>::get();
        let shares = T::Shares::shares(ledger.keys().copied().collect())?;
        for (netuid, account) in &mut ledger {
            account.share = shares.get(netuid).copied().unwrap_or_default();
        }
        Ledger::<T>::put(ledger);
        Self::redivide();
        Ok(shares.into_iter().collect())
    }
}
