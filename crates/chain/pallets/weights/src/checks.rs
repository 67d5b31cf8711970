//! The checks before a vector or commit is stored. They do not write, so the transaction pool uses them too.

use crate::{
    Config, Error, Pallet, Rows,
    rules::{self, CommitQueue, RevealRefusal},
    traits::ReadPermits,
    types::{BatchEntries, HashList, KeyList, NetUidList, Salt, UidList, ValueList},
};
use alloc::vec::Vec;
use codec::Compact;
use frame_support::{BoundedVec, ensure, traits::Get};
use myelin_pallet_keys::traits::Keys;
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_staking::traits::ReadStake;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{BlockNumber, Entry, NetUid, Uid};
use myelin_records::{
    bounds::{MaxCommits, MaxUids},
    parameters::Parameters,
    weights::{StorageIndex, WeightsCommit},
};
use myelin_yuma::{is_spread, max_upscale};
use sp_core::H256;

/// A vector as its author submits it: of any scale, possibly malformed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Submission<'a> {
    vector: SubmittedVector<'a>,
    version_key: u64,
}

/// The entries of a submission, as the call has them.
///
/// They stay in the call until all cheaper checks have passed, so that a call that comes too soon costs little.
#[derive(Clone, Copy, Debug)]
enum SubmittedVector<'a> {
    /// A list of uids and a list of values.
    Lists(&'a [Uid], &'a [u16]),
    /// Pairs of uid and value, as a batch has them.
    Pairs(&'a [(Compact<u16>, Compact<u16>)]),
}

impl<'a> Submission<'a> {
    pub(crate) fn new(uids: &'a [Uid], values: &'a [u16], version_key: u64) -> Self {
        Self { vector: SubmittedVector::Lists(uids, values), version_key }
    }

    /// Reads the entries. Returns `None` if uids and values differ in number.
    fn entries(&self) -> Option<Vec<Entry>> {
        match self.vector {
            SubmittedVector::Lists(uids, values) => rules::paired(uids.iter().copied(), values),
            SubmittedVector::Pairs(pairs) => {
                Some(pairs.iter().map(|(Compact(uid), Compact(value))| Entry::new(Uid::new(*uid), *value)).collect())
            }
        }
    }
}

/// A vector with the salt it was committed with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RevealSubmission<'a> {
    uids: &'a [Uid],
    values: &'a [u16],
    salt: &'a [u16],
    version_key: u64,
}

impl<'a> RevealSubmission<'a> {
    pub(crate) fn new(uids: &'a [Uid], values: &'a [u16], salt: &'a [u16], version_key: u64) -> Self {
        Self { uids, values, salt, version_key }
    }

    fn submission(&self) -> Submission<'a> {
        Submission::new(self.uids, self.values, self.version_key)
    }
}

/// A vector that may be stored: scaled, with the uid of its author.
#[derive(Clone, Debug)]
pub(crate) struct WeightVector {
    pub(crate) uid: Uid,
    pub(crate) entries: BoundedVec<Entry, MaxUids>,
}

/// A commit that may be added, with the queue that it joins.
#[derive(Clone, Debug)]
pub(crate) struct AcceptedCommit {
    pub(crate) uid: Uid,
    pub(crate) queue: CommitQueue,
    pub(crate) commit: WeightsCommit,
}

/// A vector that may be stored because it was committed.
#[derive(Clone, Debug)]
pub(crate) struct AcceptedReveal {
    pub(crate) vector: WeightVector,
    pub(crate) hash: H256,
    pub(crate) committed_at: BlockNumber,
}

/// The terms that a vector must meet. spec weights §2.1, checks 8, 13 and 14
#[derive(Clone, Copy, Debug)]
pub(crate) struct VectorTerms {
    pub(crate) version_key: u64,
    pub(crate) min_allowed_weights: u16,
    pub(crate) max_weight_limit: u16,
}

impl VectorTerms {
    /// Returns the terms that are in force on a network with this many neurons.
    pub(crate) fn of(parameters: &Parameters, neurons: u16) -> Self {
        Self {
            version_key: parameters.weights_version_key,
            min_allowed_weights: parameters.min_allowed_weights.min(neurons),
            max_weight_limit: parameters.weight_limit(neurons),
        }
    }
}

impl From<&WeightsCommit> for VectorTerms {
    fn from(commit: &WeightsCommit) -> Self {
        let WeightsCommit { version_key, min_allowed_weights, max_weight_limit, .. } = *commit;
        Self { version_key, min_allowed_weights, max_weight_limit }
    }
}

impl<T: Config> Pallet<T> {
    /// Returns the parameters of a network.
    pub(crate) fn parameters(netuid: NetUid) -> Result<Parameters, Error<T>> {
        T::Subnets::parameters(netuid).ok_or(Error::SubNetworkDoesNotExist)
    }

    /// Returns true if weights of a network are committed first. Root weights never are, for any parameters.
    pub(crate) fn takes_commits(netuid: NetUid, parameters: &Parameters) -> bool {
        parameters.commit_reveal && !netuid.is_root()
    }

    /// Checks that a network takes weights directly. spec weights §2.1, check 0
    pub(crate) fn ensure_direct(netuid: NetUid) -> Result<(), Error<T>> {
        let parameters = Self::parameters(netuid)?;
        ensure!(!Self::takes_commits(netuid, &parameters), Error::CommitRevealEnabled);
        Ok(())
    }

    fn ensure_commits(netuid: NetUid) -> Result<Parameters, Error<T>> {
        let parameters = Self::parameters(netuid)?;
        ensure!(Self::takes_commits(netuid, &parameters), Error::CommitRevealDisabled);
        Ok(parameters)
    }

    /// Checks that the stake weight of a hotkey reaches the threshold. spec weights §2.1 (a)
    pub(crate) fn ensure_stake(netuid: NetUid, hotkey: &T::AccountId) -> Result<(), Error<T>> {
        let enough = T::Stake::weight(netuid, hotkey) >= T::Subnets::network().stake_threshold;
        ensure!(enough, Error::NotEnoughStakeToSetWeights);
        Ok(())
    }

    fn is_slow_enough(netuid: NetUid, uid: Uid, parameters: &Parameters) -> bool {
        let last = Self::last_update(StorageIndex::from(netuid), uid);
        rules::is_slow_enough(last, Self::now(), parameters.weights_set_rate_limit)
    }

    /// Checks that a hotkey may set this vector directly. spec weights §2.1
    pub(crate) fn ensure_set(
        hotkey: &T::AccountId,
        netuid: NetUid,
        submission: Submission<'_>,
    ) -> Result<WeightVector, Error<T>> {
        Self::ensure_direct(netuid)?;
        Self::ensure_settable(hotkey, netuid, submission, None)
    }

    /// Checks that a hotkey may set this vector on a subnet. spec weights §2.1, checks 2 to 14
    ///
    /// A vector that was committed has the terms of its commit, and no rate limit applies to it. The vector is read
    /// last, because it is the dearest part of the call.
    pub(crate) fn ensure_settable(
        hotkey: &T::AccountId,
        netuid: NetUid,
        submission: Submission<'_>,
        committed: Option<VectorTerms>,
    ) -> Result<WeightVector, Error<T>> {
        ensure!(!netuid.is_root(), Error::CanNotSetRootNetworkWeights);
        let parameters = Self::parameters(netuid)?;
        let uid = T::Seats::uid(netuid, hotkey).ok_or(Error::HotKeyNotRegisteredInSubNet)?;
        let is_slow_enough = committed.is_some() || Self::is_slow_enough(netuid, uid, &parameters);
        ensure!(is_slow_enough, Error::SettingWeightsTooFast);
        ensure!(T::Permits::has_permit(netuid, uid), Error::NeuronNoValidatorPermit);
        Self::ensure_stake(netuid, hotkey)?;
        let required = committed.map_or(parameters.weights_version_key, |terms| terms.version_key);
        ensure!(rules::is_new_enough(submission.version_key, required), Error::IncorrectWeightVersionKey);
        let neurons = T::Seats::count(netuid);
        let terms = committed.unwrap_or_else(|| VectorTerms::of(&parameters, neurons));
        let mut entries = submission.entries().ok_or(Error::WeightVecNotEqualSize)?;
        ensure!(entries.len() <= usize::from(neurons), Error::UidsLengthExceedUidsInSubNet);
        ensure!(rules::all_different(&entries), Error::DuplicateUids);
        ensure!(entries.iter().all(|entry| entry.uid.get() < neurons), Error::UidVecContainInvalidOne);
        let long_enough = rules::is_long_enough(entries.len(), terms.min_allowed_weights, neurons);
        ensure!(long_enough, Error::WeightVecLengthIsLow);
        max_upscale(&mut entries);
        ensure!(is_spread(&entries, terms.max_weight_limit), Error::MaxWeightExceeded);
        let entries = BoundedVec::try_from(entries).map_err(|_| Error::UidsLengthExceedUidsInSubNet)?;
        Ok(WeightVector { uid, entries })
    }

    /// Checks that a coldkey may set this vector for its root validator. spec weights §7, checks 2 to 14
    pub(crate) fn ensure_root_settable(
        coldkey: &T::AccountId,
        netuid: NetUid,
        hotkey: &T::AccountId,
        dests: &[NetUid],
        values: &[u16],
        version_key: u64,
    ) -> Result<WeightVector, Error<T>> {
        ensure!(!T::Subnets::launch().is_running(Self::now()), Error::LaunchPhase);
        let owner = T::Keys::owner(hotkey).ok_or(Error::HotKeyAccountNotExists)?;
        ensure!(owner == *coldkey, Error::NonAssociatedColdKey);
        let parameters = Self::parameters(netuid)?;
        ensure!(netuid.is_root(), Error::NotRootSubnet);
        let uids = dests.iter().map(|dest| Uid::new(dest.get()));
        let mut entries = rules::paired(uids, values).ok_or(Error::WeightVecNotEqualSize)?;
        let networks = T::Subnets::netuids();
        ensure!(dests.iter().all(|dest| networks.contains(dest)), Error::UidVecContainInvalidOne);
        let uid = T::Seats::uid(netuid, hotkey).ok_or(Error::HotKeyNotRegisteredInSubNet)?;
        Self::ensure_stake(netuid, hotkey)?;
        ensure!(rules::is_new_enough(version_key, parameters.weights_version_key), Error::IncorrectWeightVersionKey);
        ensure!(Self::is_slow_enough(netuid, uid, &parameters), Error::SettingWeightsTooFast);
        ensure!(rules::all_different(&entries), Error::DuplicateUids);
        let members = T::Seats::count(netuid);
        ensure!(
            rules::is_long_enough(entries.len(), parameters.min_allowed_weights, members),
            Error::WeightVecLengthIsLow
        );
        max_upscale(&mut entries);
        // Root rates networks, root itself included.
        let networks = u16::try_from(networks.len()).unwrap_or(u16::MAX);
        ensure!(is_spread(&entries, parameters.weight_limit(networks)), Error::MaxWeightExceeded);
        let entries = BoundedVec::try_from(entries).map_err(|_| Error::UidVecContainInvalidOne)?;
        Ok(WeightVector { uid, entries })
    }

    /// Checks that a hotkey may commit to a hash on a subnet. spec weights §5.4
    pub(crate) fn ensure_committable(
        hotkey: &T::AccountId,
        netuid: NetUid,
        hash: H256,
    ) -> Result<AcceptedCommit, Error<T>> {
        let parameters = Self::ensure_commits(netuid)?;
        let uid = T::Seats::uid(netuid, hotkey).ok_or(Error::HotKeyNotRegisteredInSubNet)?;
        ensure!(Self::is_slow_enough(netuid, uid, &parameters), Error::CommittingWeightsTooFast);
        let mut queue = Self::queue(netuid, hotkey);
        queue.withdraw_of_epoch(parameters.schedule(netuid));
        let open = u32::try_from(queue.open().len()).unwrap_or(u32::MAX);
        ensure!(open < MaxCommits::get(), Error::TooManyUnrevealedCommits);
        Ok(AcceptedCommit { uid, queue, commit: Self::commit(netuid, &parameters, hash) })
    }

    /// Checks that a hotkey may reveal a vector. spec weights §5.5
    ///
    /// Returns the vector, and the queue without its commit and all older ones.
    pub(crate) fn ensure_revealable(
        hotkey: &T::AccountId,
        netuid: NetUid,
        reveal: RevealSubmission<'_>,
    ) -> Result<(AcceptedReveal, CommitQueue), Error<T>> {
        let mut queue = Self::queue_to_reveal(hotkey, netuid, &[reveal])?;
        let hash = Self::hash(hotkey, netuid, reveal);
        let commit = match queue.take_with_older(hash) {
            Err(RevealRefusal::Unknown) if queue.open().len() == 0 => Err(Error::NoWeightsCommitFound),
            taken => taken.map_err(Error::from),
        }?;
        Ok((Self::ensure_accepted(hotkey, netuid, reveal, &commit)?, queue))
    }

    /// Checks that a hotkey may reveal several vectors. spec weights §5.7
    ///
    /// Returns the vectors, and the queue without exactly their commits.
    pub(crate) fn ensure_all_revealable(
        hotkey: &T::AccountId,
        netuid: NetUid,
        reveals: &[RevealSubmission<'_>],
    ) -> Result<(Vec<AcceptedReveal>, CommitQueue), Error<T>> {
        let mut queue = Self::queue_to_reveal(hotkey, netuid, reveals)?;
        let hashes: Vec<H256> = reveals.iter().map(|reveal| Self::hash(hotkey, netuid, *reveal)).collect();
        for hash in &hashes {
            queue.find(*hash)?;
        }
        let mut revealed: Vec<AcceptedReveal> = Vec::with_capacity(reveals.len());
        for (reveal, hash) in reveals.iter().zip(hashes) {
            // A hash that was found and is gone was listed twice, though an equal commit may have expired.
            let commit = queue.take(hash).map_err(|refusal| match refusal {
                RevealRefusal::Expired => Error::InvalidRevealCommitHashNotMatch,
                refusal => refusal.into(),
            })?;
            let is_older = revealed.last().is_some_and(|before| before.committed_at > commit.at);
            ensure!(!is_older, Error::ExpiredWeightCommit);
            revealed.push(Self::ensure_accepted(hotkey, netuid, *reveal, &commit)?);
        }
        Ok((revealed, queue))
    }

    /// Checks the vector of a commit whose window is open.
    fn ensure_accepted(
        hotkey: &T::AccountId,
        netuid: NetUid,
        reveal: RevealSubmission<'_>,
        commit: &WeightsCommit,
    ) -> Result<AcceptedReveal, Error<T>> {
        let vector = Self::ensure_settable(hotkey, netuid, reveal.submission(), Some(commit.into()))?;
        // An older vector never takes the place of a newer one.
        let row = Rows::<T>::get(StorageIndex::from(netuid), vector.uid);
        ensure!(row.is_none_or(|row| row.fixed_at <= commit.at), Error::ExpiredWeightCommit);
        Ok(AcceptedReveal { vector, hash: commit.hash, committed_at: commit.at })
    }

    /// Returns the queue of a hotkey for these reveals, or fails if it is empty. spec weights §5.5
    ///
    /// Commits outlive a subnet's change to direct weights.
    fn queue_to_reveal(
        hotkey: &T::AccountId,
        netuid: NetUid,
        reveals: &[RevealSubmission<'_>],
    ) -> Result<CommitQueue, Error<T>> {
        ensure!(T::Subnets::exists(netuid), Error::SubNetworkDoesNotExist);
        let is_secret = |reveal: &RevealSubmission<'_>| rules::is_salt_long_enough(reveal.salt.len());
        ensure!(reveals.iter().all(is_secret), Error::SaltTooShort);
        let queue = Self::queue(netuid, hotkey);
        ensure!(!queue.is_empty(), Error::NoWeightsCommitFound);
        Ok(queue)
    }

    fn hash(hotkey: &T::AccountId, netuid: NetUid, reveal: RevealSubmission<'_>) -> H256 {
        let RevealSubmission { uids, values, salt, version_key } = reveal;
        rules::commit_hash(hotkey, StorageIndex::from(netuid), uids, values, salt, version_key)
    }

    /// Returns the items of a batch of vectors. spec weights §6
    pub(crate) fn set_items<'a>(
        netuids: &NetUidList,
        weights: &'a BatchEntries,
        version_keys: &KeyList,
    ) -> Result<Vec<(NetUid, Submission<'a>)>, Error<T>> {
        let same = netuids.len() == weights.len() && netuids.len() == version_keys.len();
        ensure!(same, Error::InputLengthsUnequal);
        ensure!(rules::ascends(netuids), Error::DuplicateNetuid);
        let items = netuids.iter().zip(weights).zip(version_keys);
        let item = |((Compact(netuid), entries), Compact(version_key)): ((&_, &'a BoundedVec<_, _>), &_)| {
            let vector = SubmittedVector::Pairs(entries);
            (NetUid::new(*netuid), Submission { vector, version_key: *version_key })
        };
        Ok(items.map(item).collect())
    }

    /// Returns the items of a batch of commits. spec weights §6
    pub(crate) fn commit_items(netuids: &NetUidList, hashes: &HashList) -> Result<Vec<(NetUid, H256)>, Error<T>> {
        ensure!(netuids.len() == hashes.len(), Error::InputLengthsUnequal);
        ensure!(rules::ascends(netuids), Error::DuplicateNetuid);
        Ok(netuids.iter().zip(hashes).map(|(Compact(netuid), hash)| (NetUid::new(*netuid), *hash)).collect())
    }

    /// Returns the items of a batch of reveals. spec weights §5.7, step 1
    pub(crate) fn reveals<'a>(
        uids: &'a [UidList],
        values: &'a [ValueList],
        salts: &'a [Salt],
        version_keys: &'a [u64],
    ) -> Result<Vec<RevealSubmission<'a>>, Error<T>> {
        let length = uids.len();
        let same = [values.len(), salts.len(), version_keys.len()].iter().all(|other| *other == length);
        ensure!(same, Error::InputLengthsUnequal);
        let items = uids.iter().zip(values).zip(salts).zip(version_keys);
        let reveal = |(((uids, values), salt), version_key): (((&'a UidList, &'a ValueList), &'a Salt), &u64)| {
            RevealSubmission::new(uids, values, salt, *version_key)
        };
        Ok(items.map(reveal).collect())
    }
}
