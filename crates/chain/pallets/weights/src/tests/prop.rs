//! Random calls against a model that follows the specification to the letter, without regard to its cost.
//!
//! The model visits all rows when a seat is replaced (spec weights §4), writes zeros when a commit is revealed (§5.6)
//! and searches queues by §5.5 and §5.7. The chain must give each call the same result, and epochs the same rows.

use crate::{
    Commits, Error, LastUpdates,
    mock::*,
    traits::ReadWeights,
    types::{Salt, UidList, ValueList},
};
use frame_support::{BoundedVec, dispatch::DispatchResult, storage::with_storage_layer};
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_primitives::BlockNumber;
use myelin_records::weights::StorageIndex;
use proptest::{collection::vec, prelude::*, sample::subsequence};
use std::{collections::BTreeMap, ops::RangeInclusive};

type Pairs = Vec<(u16, u16)>;

/// A call or another event. Numbers are taken modulo the existing seats and commits.
#[derive(Clone, Debug)]
enum Event {
    Set { uid: usize, vector: Pairs },
    Commit { uid: usize, vector: Pairs },
    Reveal { uid: usize, vector: Choice },
    BatchReveal { uid: usize, vectors: Vec<Choice> },
    Replace { uid: usize },
    Swap { uid: usize },
    Parameters { tempo: u16, period: u64, rate_limit: BlockNumber, commit_reveal: bool },
    Blocks { number: BlockNumber },
}

/// The vector that a hotkey reveals: that of one of its commits, or any.
#[derive(Clone, Debug)]
enum Choice {
    Committed(usize),
    Any(Pairs),
}

/// Generates few different vectors, so that the same ones are committed again.
fn vector() -> impl Strategy<Value = Pairs> {
    (subsequence(vec![0_u16, 1, 2, 3], 1..=4), vec(0..3_u16, 4))
        .prop_map(|(uids, values)| uids.into_iter().zip(values).collect())
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![4 => any::<usize>().prop_map(Choice::Committed), 1 => vector().prop_map(Choice::Any)]
}

fn event() -> impl Strategy<Value = Event> {
    let uid = 0..4_usize;
    prop_oneof![
        4 => (uid.clone(), vector()).prop_map(|(uid, vector)| Event::Set { uid, vector }),
        6 => (uid.clone(), vector()).prop_map(|(uid, vector)| Event::Commit { uid, vector }),
        6 => (uid.clone(), choice()).prop_map(|(uid, vector)| Event::Reveal { uid, vector }),
        3 => (uid.clone(), vec(choice(), 0..4)).prop_map(|(uid, vectors)| Event::BatchReveal { uid, vectors }),
        2 => uid.clone().prop_map(|uid| Event::Replace { uid }),
        1 => uid.prop_map(|uid| Event::Swap { uid }),
        2 => (1..8_u16, 1..3_u64, 0..3_u32, prop::bool::weighted(0.7)).prop_map(
            |(tempo, period, rate_limit, commit_reveal)| Event::Parameters { tempo, period, rate_limit, commit_reveal }
        ),
        6 => (1..5_u32).prop_map(|number| Event::Blocks { number }),
    ]
}

/// A commit of block `at`, which may be revealed in the blocks of `window`.
#[derive(Clone)]
struct ModelCommit {
    vector: Pairs,
    at: BlockNumber,
    window: RangeInclusive<BlockNumber>,
}

impl ModelCommit {
    fn is_expired(&self) -> bool {
        Weights::now() > *self.window.end()
    }

    fn is_open(&self) -> bool {
        self.window.contains(&Weights::now())
    }
}

#[derive(Clone)]
struct Neuron {
    hotkey: AccountId,
    registered_at: BlockNumber,
    updated_at: BlockNumber,
    row: Pairs,
    fixed_at: BlockNumber,
    /// The newest commit that left the queue because it was expired.
    missed_at: Option<BlockNumber>,
    commits: Vec<ModelCommit>,
}

impl Neuron {
    fn new(hotkey: AccountId, now: BlockNumber) -> Self {
        Self {
            hotkey,
            registered_at: now,
            updated_at: now,
            row: vec![],
            fixed_at: now,
            missed_at: None,
            commits: vec![],
        }
    }

    /// Replaces the queue by its open commits, and notes the newest expired one. spec weights §5.9
    fn keep(&mut self, open: Vec<ModelCommit>) {
        self.missed_at = self.newest_missed();
        self.commits = open;
    }

    fn newest_missed(&self) -> Option<BlockNumber> {
        let expired = self.commits.iter().filter(|commit| commit.is_expired()).map(|commit| commit.at);
        self.missed_at.into_iter().chain(expired).max()
    }
}

struct Model {
    neurons: Vec<Neuron>,
    tempo: u16,
    period: u64,
    rate_limit: BlockNumber,
    commit_reveal: bool,
    next_hotkey: AccountId,
}

impl Model {
    fn new() -> Self {
        Self {
            neurons: HOTKEYS.map(|hotkey| Neuron::new(hotkey, 0)).to_vec(),
            tempo: 5,
            period: 1,
            rate_limit: 0,
            commit_reveal: true,
            next_hotkey: 100,
        }
    }

    /// Returns the index of a block's epoch. spec weights §5.2
    fn index(&self, block: BlockNumber) -> u64 {
        (u64::from(block) + u64::from(SUBNET.get()) + 1) / (u64::from(self.tempo) + 1)
    }

    /// Returns the blocks in which a commit of this block may be revealed. spec weights §5.2
    fn window(&self) -> RangeInclusive<BlockNumber> {
        let index = self.index(System::block_number()) + self.period;
        let is_open = |block: &BlockNumber| self.index(*block) == index;
        let mut blocks = (System::block_number()..).skip_while(|block| !is_open(block)).take_while(is_open);
        let first = blocks.next().unwrap();
        first..=blocks.last().unwrap_or(first)
    }

    fn is_too_fast(&self, uid: usize) -> bool {
        let last = self.neurons[uid].updated_at;
        last != 0 && System::block_number() - last < self.rate_limit
    }

    /// Scales a vector, and writes zeros toward neurons that registered too late. spec weights §3.1, §4, §5.6
    fn store(&mut self, uid: usize, vector: &Pairs, fixed_at: BlockNumber) {
        let largest = vector.iter().map(|(_, value)| u32::from(*value)).max().unwrap().max(1);
        let scaled = |value: u16| u16::try_from((2 * 65_535 * u32::from(value) + largest) / (2 * largest)).unwrap();
        let row = vector.iter().map(|(rated, value)| {
            let there = self.neurons[usize::from(*rated)].registered_at < fixed_at;
            (*rated, if there { scaled(*value) } else { 0 })
        });
        self.neurons[uid].row = row.collect();
        self.neurons[uid].fixed_at = fixed_at;
    }

    fn set(&mut self, uid: usize, vector: &Pairs) -> Result<(), Error<Test>> {
        if self.commit_reveal {
            return Err(Error::CommitRevealEnabled);
        }
        if self.is_too_fast(uid) {
            return Err(Error::SettingWeightsTooFast);
        }
        self.neurons[uid].updated_at = System::block_number();
        self.store(uid, vector, System::block_number());
        Ok(())
    }

    fn commit(&mut self, uid: usize, vector: &Pairs) -> Result<(), Error<Test>> {
        if !self.commit_reveal {
            return Err(Error::CommitRevealDisabled);
        }
        if self.is_too_fast(uid) {
            return Err(Error::CommittingWeightsTooFast);
        }
        let now = System::block_number();
        let mut commits = self.neurons[uid].commits.clone();
        commits.retain(|commit| !commit.is_expired() && self.index(commit.at) != self.index(now));
        if commits.len() >= 10 {
            return Err(Error::TooManyUnrevealedCommits);
        }
        commits.push(ModelCommit { vector: vector.clone(), at: now, window: self.window() });
        self.neurons[uid].keep(commits);
        self.neurons[uid].updated_at = now;
        Ok(())
    }

    fn reveal(&mut self, uid: usize, vector: &Pairs) -> Result<(), Error<Test>> {
        let commits = &self.neurons[uid].commits;
        if commits.is_empty() {
            return Err(Error::NoWeightsCommitFound);
        }
        let (expired, open): (Vec<_>, Vec<_>) = commits.iter().cloned().partition(ModelCommit::is_expired);
        let remembered = expired.iter().any(|commit| commit.vector == *vector);
        let Some(position) = open.iter().position(|commit| commit.vector == *vector) else {
            return Err(match (remembered, open.is_empty()) {
                (true, _) => Error::ExpiredWeightCommit,
                (false, true) => Error::NoWeightsCommitFound,
                (false, false) => Error::InvalidRevealCommitHashNotMatch,
            });
        };
        let at = open[position].at;
        if !open[position].is_open() {
            return Err(Error::RevealTooEarly);
        }
        if self.is_newer_in_force(uid, at) {
            return Err(Error::ExpiredWeightCommit);
        }
        self.neurons[uid].keep(open[position + 1..].to_vec());
        self.store(uid, vector, at);
        Ok(())
    }

    fn is_newer_in_force(&self, uid: usize, at: BlockNumber) -> bool {
        !self.neurons[uid].row.is_empty() && self.neurons[uid].fixed_at > at
    }

    fn batch_reveal(&mut self, uid: usize, vectors: &[Pairs]) -> Result<(), Error<Test>> {
        let commits = &self.neurons[uid].commits;
        if commits.is_empty() {
            return Err(Error::NoWeightsCommitFound);
        }
        let (expired, mut open): (Vec<_>, Vec<_>) = commits.iter().cloned().partition(ModelCommit::is_expired);
        for vector in vectors {
            match open.iter().find(|commit| commit.vector == *vector) {
                None if expired.iter().any(|commit| commit.vector == *vector) => {
                    return Err(Error::ExpiredWeightCommit);
                }
                None => return Err(Error::InvalidRevealCommitHashNotMatch),
                Some(commit) if !commit.is_open() => return Err(Error::RevealTooEarly),
                Some(_) => {}
            }
        }
        let mut revealed: Vec<ModelCommit> = Vec::new();
        for vector in vectors {
            let position = open.iter().position(|commit| commit.vector == *vector);
            let commit = open.remove(position.ok_or(Error::InvalidRevealCommitHashNotMatch)?);
            if !commit.is_open() {
                return Err(Error::RevealTooEarly);
            }
            let is_older = revealed.last().is_some_and(|before| before.at > commit.at);
            if is_older || self.is_newer_in_force(uid, commit.at) {
                return Err(Error::ExpiredWeightCommit);
            }
            revealed.push(commit);
        }
        if !revealed.is_empty() {
            self.neurons[uid].keep(open);
        }
        for commit in revealed {
            self.store(uid, &commit.vector, commit.at);
        }
        Ok(())
    }

    fn replace(&mut self, uid: usize) -> AccountId {
        let now = System::block_number();
        self.next_hotkey += 1;
        let hotkey = self.next_hotkey;
        self.neurons[uid] = Neuron::new(hotkey, now);
        for neuron in &mut self.neurons {
            for (rated, value) in &mut neuron.row {
                if usize::from(*rated) == uid {
                    *value = 0;
                }
            }
        }
        hotkey
    }

    fn chosen(&self, uid: usize, choice: &Choice) -> Pairs {
        let commits = &self.neurons[uid].commits;
        match choice {
            Choice::Any(vector) => vector.clone(),
            Choice::Committed(_) if commits.is_empty() => vec![(0, 1)],
            Choice::Committed(number) => commits[number % commits.len()].vector.clone(),
        }
    }

    /// Applies an event to the model and to the chain, and compares the results.
    fn happen(&mut self, event: &Event) {
        match event {
            Event::Set { uid, vector } => {
                let hotkey = self.neurons[*uid].hotkey;
                same(self.set(*uid, vector), || set_weights(hotkey, SUBNET, vector));
            }
            Event::Commit { uid, vector } => {
                let hotkey = self.neurons[*uid].hotkey;
                same(self.commit(*uid, vector), || commit(hotkey, SUBNET, vector));
            }
            Event::Reveal { uid, vector } => {
                let (hotkey, vector) = (self.neurons[*uid].hotkey, self.chosen(*uid, vector));
                same(self.reveal(*uid, &vector), || reveal(hotkey, SUBNET, &vector));
            }
            Event::BatchReveal { uid, vectors } => {
                let hotkey = self.neurons[*uid].hotkey;
                let vectors: Vec<_> = vectors.iter().map(|vector| self.chosen(*uid, vector)).collect();
                same(self.batch_reveal(*uid, &vectors), || batch_reveal(hotkey, &vectors));
            }
            Event::Replace { uid } => {
                let hotkey = self.replace(*uid);
                replace(SUBNET, u16::try_from(*uid).unwrap(), hotkey);
                permit(SUBNET, hotkey);
            }
            Event::Swap { uid } => {
                self.next_hotkey += 1;
                self.neurons[*uid].hotkey = self.next_hotkey;
                self.neurons[*uid].keep(vec![]);
                swap(SUBNET, u16::try_from(*uid).unwrap(), self.next_hotkey);
            }
            Event::Parameters { tempo, period, rate_limit, commit_reveal } => {
                (self.tempo, self.period) = (*tempo, *period);
                (self.rate_limit, self.commit_reveal) = ((*rate_limit).min((*tempo).into()), *commit_reveal);
                set(SUBNET, |parameters| {
                    (parameters.tempo, parameters.reveal_period_epochs) = (*tempo, *period);
                    (parameters.weights_set_rate_limit, parameters.commit_reveal) =
                        (self.rate_limit, self.commit_reveal);
                });
            }
            Event::Blocks { number } => run_to_block(System::block_number() + number),
        }
        self.compare();
    }

    fn compare(&self) {
        let seats = Tables::seats(SUBNET);
        let rows = Weights::rows(SUBNET, &seats);
        let rows: Vec<_> = rows.iter().map(|row| (pairs(&row.entries), row.fixed_at, row.is_outdated())).collect();
        let expected = self.neurons.iter().map(|neuron| {
            let is_outdated = neuron.newest_missed() > Some(neuron.fixed_at);
            (neuron.row.clone(), neuron.fixed_at, is_outdated)
        });
        assert_eq!(rows, expected.collect::<Vec<_>>(), "rows differ");

        let updates: Vec<_> = self.neurons.iter().map(|neuron| neuron.updated_at).collect();
        assert_eq!(LastUpdates::<Test>::get(StorageIndex::from(SUBNET)), updates, "last updates differ");

        let queues: BTreeMap<_, _> = Commits::<Test>::iter_prefix(StorageIndex::from(SUBNET))
            .map(|(hotkey, queue)| (hotkey, queue.iter().map(|commit| commit.at).collect::<Vec<_>>()))
            .collect();
        let with_commits = self.neurons.iter().filter(|neuron| !neuron.commits.is_empty());
        let expected: BTreeMap<_, _> = with_commits
            .map(|neuron| (neuron.hotkey, neuron.commits.iter().map(|commit| commit.at).collect::<Vec<_>>()))
            .collect();
        assert_eq!(queues, expected, "queues differ");

        let earliest =
            |neuron: &Neuron| neuron.commits.iter().find(|commit| !commit.is_expired()).map(|commit| commit.at);
        let pending = self.commit_reveal.then(|| self.neurons.iter().map(earliest).collect::<Vec<_>>());
        assert_eq!(Weights::pending_commits(SUBNET, &seats), pending, "pending commits differ");
    }
}

fn batch_reveal(hotkey: AccountId, vectors: &[Pairs]) -> DispatchResult {
    let (uids, values): (Vec<UidList>, Vec<ValueList>) = vectors.iter().map(|vector| lists(vector)).unzip();
    let salts: Vec<Salt> = vectors.iter().map(|_| salt()).collect();
    let keys = BoundedVec::truncate_from(vec![0; vectors.len()]);
    let (uids, values) = (uids.try_into().unwrap(), values.try_into().unwrap());
    Weights::batch_reveal_weights(RuntimeOrigin::signed(hotkey), SUBNET, uids, values, salts.try_into().unwrap(), keys)
}

/// Checks that a call on the chain has the result of the model, in a storage layer as in a block.
fn same(expected: Result<(), Error<Test>>, call: impl FnOnce() -> DispatchResult) {
    assert_eq!(with_storage_layer(call), expected.map_err(Into::into));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_chain_does_what_the_specification_says(events in vec(event(), 1..120)) {
        let builder = ExtBuilder::default().commit_reveal();
        builder.parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
            let mut model = Model::new();
            for event in &events {
                model.happen(event);
                check();
            }
        });
    }
}
