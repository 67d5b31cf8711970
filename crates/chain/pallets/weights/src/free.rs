//! Checks of free calls by the transaction pool. spec weights §8, events-and-errors §8

use crate::{
    Call, Config, Error, Pallet,
    checks::{RevealSubmission, Submission},
};
use codec::Compact;
use frame_support::ensure;
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_primitives::{BlockNumber, NetUid};
use myelin_records::{pool_code::PoolCode, weights::StorageIndex};
use sp_core::H256;
use sp_runtime::transaction_validity::InvalidTransaction;

/// The refusal of a batch without items.
const EMPTY: InvalidTransaction = InvalidTransaction::Custom(PoolCode::Any.number());

impl<T: Config> Pallet<T> {
    /// Makes each check at which a free call could fail, so that no call without effect is included.
    ///
    /// A free call without effect could be repeated any number of times. A batch is refused for the reason of its first
    /// item that fails. A batch without items is refused, though it could be carried out. A commit needs the stake that
    /// its reveal will need. Calls with a fee pass.
    ///
    /// The work is the same as that of the call, so the weight of the call includes it twice.
    ///
    /// # Errors
    /// The pool code of the reason. spec events-and-errors §8.3
    pub fn check_free_call(who: &T::AccountId, call: &Call<T>) -> Result<(), InvalidTransaction> {
        match call {
            Call::set_weights { netuid, dests, weights, version_key } => {
                Self::ensure_set(who, *netuid, Submission::new(dests, weights, *version_key)).map(drop)?;
            }
            Call::batch_set_weights { netuids, weights, version_keys } => {
                let items = Self::set_items(netuids, weights, version_keys)?;
                ensure!(!items.is_empty(), EMPTY);
                for (netuid, submission) in items {
                    Self::ensure_set(who, netuid, submission)?;
                }
            }
            Call::commit_weights { netuid, commit_hash } => Self::ensure_committed(who, *netuid, *commit_hash)?,
            Call::batch_commit_weights { netuids, commit_hashes } => {
                let items = Self::commit_items(netuids, commit_hashes)?;
                ensure!(!items.is_empty(), EMPTY);
                for (netuid, hash) in items {
                    Self::ensure_committed(who, netuid, hash)?;
                }
            }
            Call::reveal_weights { netuid, uids, values, salt, version_key } => {
                Self::ensure_revealable(who, *netuid, RevealSubmission::new(uids, values, salt, *version_key))?;
            }
            Call::batch_reveal_weights { netuid, uids_list, values_list, salts_list, version_keys } => {
                let reveals = Self::reveals(uids_list, values_list, salts_list, version_keys)?;
                let (revealed, _) = Self::ensure_all_revealable(who, *netuid, &reveals)?;
                ensure!(!revealed.is_empty(), EMPTY);
            }
            Call::set_root_weights { .. } | Call::__Ignore(..) => {}
        }
        Ok(())
    }

    /// Returns the blocks since the last update of a free call's author. The priority grows with them. spec weights §8
    ///
    /// For a batch, the network with the oldest last update counts. Without a seat there are none.
    pub fn blocks_since_update(who: &T::AccountId, call: &Call<T>) -> BlockNumber {
        let waited = |netuid: NetUid| {
            let uid = T::Seats::uid(netuid, who)?;
            Some(Self::now().saturating_sub(Self::last_update(StorageIndex::from(netuid), uid)))
        };
        let longest = match call {
            Call::set_weights { netuid, .. }
            | Call::commit_weights { netuid, .. }
            | Call::reveal_weights { netuid, .. }
            | Call::batch_reveal_weights { netuid, .. } => waited(*netuid),
            Call::batch_set_weights { netuids, .. } | Call::batch_commit_weights { netuids, .. } => {
                netuids.iter().filter_map(|Compact(netuid)| waited(NetUid::new(*netuid))).max()
            }
            Call::set_root_weights { .. } | Call::__Ignore(..) => None,
        };
        longest.unwrap_or(0)
    }

    fn ensure_committed(who: &T::AccountId, netuid: NetUid, hash: H256) -> Result<(), Error<T>> {
        Self::ensure_committable(who, netuid, hash)?;
        Self::ensure_stake(netuid, who)
    }
}

/// The pool codes of weight calls. spec events-and-errors §8.3
impl<T> From<&Error<T>> for PoolCode {
    fn from(error: &Error<T>) -> Self {
        match error {
            Error::NotEnoughStakeToSetWeights => Self::TooLittle,
            Error::SubNetworkDoesNotExist => Self::NoNetwork,
            Error::SettingWeightsTooFast | Error::CommittingWeightsTooFast => Self::TooSoon,
            Error::NoWeightsCommitFound | Error::ExpiredWeightCommit | Error::InvalidRevealCommitHashNotMatch => {
                Self::NoCommit
            }
            Error::RevealTooEarly => Self::RevealedTooEarly,
            Error::InputLengthsUnequal => Self::UnequalLists,
            Error::HotKeyNotRegisteredInSubNet => Self::NoSeatToRate,
            Error::DuplicateNetuid => Self::RepeatedNetwork,
            _ => Self::Any,
        }
    }
}

impl<T> From<Error<T>> for InvalidTransaction {
    fn from(error: Error<T>) -> Self {
        Self::Custom(PoolCode::from(&error).number())
    }
}
