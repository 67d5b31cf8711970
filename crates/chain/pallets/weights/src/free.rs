//! Checks of free calls by the transaction pool. spec weights §8, events-and-errors §8

use crate::{
    Call, Config, Error, Pallet,
    checks::{RevealSubmission, Submission, UpdateKind},
    types::NetUidList,
};
use codec::Compact;
use frame_support::ensure;
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_primitives::NetUid;
use myelin_records::{pool_code::PoolCode, weights::StorageIndex};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionPriority};

/// The refusal of a batch without items.
const EMPTY: InvalidTransaction = InvalidTransaction::Custom(PoolCode::Any.number());

/// The priority of a weight call of a neuron that updated its weights in this block. spec events-and-errors §8.4
const BASE_PRIORITY: TransactionPriority = 4_294_967_295;

impl<T: Config> Pallet<T> {
    /// Makes each check at which a free call could fail, so that no call without effect is included.
    ///
    /// A free call without effect could be repeated any number of times. A batch over several subnets may have items
    /// that fail. It needs the stake on each subnet that it lists, and at least one item that succeeds. A batch without
    /// items is refused, though it could be carried out. A commit needs the stake that its reveal will need. Calls with
    /// a fee pass.
    ///
    /// The work is the same as that of the call, so the weight of the call includes it twice.
    ///
    /// # Errors
    /// The pool code of the reason. spec events-and-errors §8.3
    pub fn check_free_call(who: &T::AccountId, call: &Call<T>) -> Result<(), InvalidTransaction> {
        match call {
            Call::set_weights { netuid, dests, weights, version_key } => {
                Self::ensure_set(who, *netuid, Submission::new(dests, weights, *version_key))?;
            }
            Call::batch_set_weights { netuids, weights, version_keys } => {
                let items = Self::set_items(netuids, weights, version_keys)?;
                let results = items.iter().map(|item| Self::ensure_set(who, item.netuid(), item.submission()));
                Self::check_batch(who, netuids, results)?;
            }
            Call::commit_weights { netuid, .. } => Self::ensure_committed(who, *netuid)?,
            Call::batch_commit_weights { netuids, commit_hashes } => {
                let items = Self::commit_items(netuids, commit_hashes)?;
                let results = items.iter().map(|(netuid, _)| Self::ensure_committed(who, *netuid));
                Self::check_batch(who, netuids, results)?;
            }
            Call::reveal_weights { netuid, uids, values, salt, version_key } => {
                let submission = Submission::new(uids, values, *version_key);
                Self::ensure_revealable(who, *netuid, RevealSubmission { submission, salt })?;
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

    /// Returns the priority of a free call, which grows with the blocks since its author's last update. spec weights §8
    ///
    /// For a batch, the network with the oldest last update counts.
    pub fn free_call_priority(who: &T::AccountId, call: &Call<T>) -> TransactionPriority {
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
        longest.map_or(0, |blocks| BASE_PRIORITY.saturating_add(blocks.into()))
    }

    fn ensure_set(who: &T::AccountId, netuid: NetUid, submission: Submission<'_>) -> Result<(), Error<T>> {
        Self::ensure_direct(netuid)?;
        Self::ensure_settable(who, netuid, submission, UpdateKind::Direct).map(drop)
    }

    fn ensure_committed(who: &T::AccountId, netuid: NetUid) -> Result<(), Error<T>> {
        Self::ensure_committable(who, netuid)?;
        Self::ensure_stake(netuid, who)
    }

    /// Checks that a batch over several subnets has an effect. The refusal gives the reason of its first item.
    fn check_batch(
        who: &T::AccountId,
        netuids: &NetUidList,
        mut results: impl Iterator<Item = Result<(), Error<T>>>,
    ) -> Result<(), InvalidTransaction> {
        for Compact(netuid) in netuids {
            Self::ensure_stake(NetUid::new(*netuid), who)?;
        }
        match results.next().ok_or(EMPTY)? {
            Err(reason) if !results.any(|other| other.is_ok()) => Err(reason.into()),
            _ => Ok(()),
        }
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
            _ => Self::Any,
        }
    }
}

impl<T> From<Error<T>> for InvalidTransaction {
    fn from(error: Error<T>) -> Self {
        Self::Custom(PoolCode::from(&error).number())
    }
}
