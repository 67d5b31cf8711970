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
use std::collections::BTreeMap;

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

#[derive(Clone)]
struct Neuron {
    hotkey: AccountId,
    registered_at: BlockNumber,
    updated_at: BlockNumber,
    row: Pairs,
    commits: Vec<(Pairs, BlockNumber)>,
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
        let neuron = |hotkey| Neuron { hotkey, registered_at: 0, updated_at: 0, row: vec![], commits: vec![] };
        Self {
            neurons: HOTKEYS.map(neuron).to_vec(),
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

    fn is_expired(&self, committed_at: BlockNumber) -> bool {
        self.index(System::block_number()) > self.index(committed_at) + self.period
    }

    fn is_open(&self, committed_at: BlockNumber) -> bool {
        self.index(System::block_number()) == self.index(committed_at) + self.period
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
        let mut commits = self.neurons[uid].commits.clone();
        commits.retain(|(_, at)| !self.is_expired(*at));
        if commits.len() >= 10 {
            return Err(Error::TooManyUnrevealedCommits);
        }
        commits.push((vector.clone(), System::block_number()));
        self.neurons[uid].commits = commits;
        self.neurons[uid].updated_at = System::block_number();
        Ok(())
    }

    fn reveal(&mut self, uid: usize, vector: &Pairs) -> Result<(), Error<Test>> {
        let commits = &self.neurons[uid].commits;
        if !self.commit_reveal {
            return Err(Error::CommitRevealDisabled);
        }
        if commits.is_empty() {
            return Err(Error::NoWeightsCommitFound);
        }
        let (expired, open): (Vec<_>, Vec<_>) = commits.iter().cloned().partition(|(_, at)| self.is_expired(*at));
        let remembered = expired.iter().any(|(committed, _)| committed == vector);
        let Some(position) = open.iter().position(|(committed, _)| committed == vector) else {
            return Err(match (remembered, open.is_empty()) {
                (true, _) => Error::ExpiredWeightCommit,
                (false, true) => Error::NoWeightsCommitFound,
                (false, false) => Error::InvalidRevealCommitHashNotMatch,
            });
        };
        let (_, at) = open[position];
        if !self.is_open(at) {
            return Err(Error::RevealTooEarly);
        }
        self.neurons[uid].commits = open[position + 1..].to_vec();
        self.store(uid, vector, at);
        Ok(())
    }

    fn batch_reveal(&mut self, uid: usize, vectors: &[Pairs]) -> Result<(), Error<Test>> {
        let commits = &self.neurons[uid].commits;
        if !self.commit_reveal {
            return Err(Error::CommitRevealDisabled);
        }
        if commits.is_empty() {
            return Err(Error::NoWeightsCommitFound);
        }
        let (expired, mut open): (Vec<_>, Vec<_>) = commits.iter().cloned().partition(|(_, at)| self.is_expired(*at));
        for vector in vectors {
            match open.iter().find(|(committed, _)| committed == vector) {
                None if expired.iter().any(|(committed, _)| committed == vector) => {
                    return Err(Error::ExpiredWeightCommit);
                }
                None => return Err(Error::InvalidRevealCommitHashNotMatch),
                Some((_, at)) if !self.is_open(*at) => return Err(Error::RevealTooEarly),
                Some(_) => {}
            }
        }
        let mut revealed = Vec::new();
        for vector in vectors {
            let position = open.iter().position(|(committed, _)| committed == vector);
            let (vector, at) = open.remove(position.ok_or(Error::InvalidRevealCommitHashNotMatch)?);
            if !self.is_open(at) {
                return Err(Error::RevealTooEarly);
            }
            revealed.push((vector, at));
        }
        for (vector, at) in revealed {
            self.store(uid, &vector, at);
        }
        self.neurons[uid].commits = open;
        Ok(())
    }

    fn replace(&mut self, uid: usize) -> AccountId {
        let now = System::block_number();
        self.next_hotkey += 1;
        let hotkey = self.next_hotkey;
        self.neurons[uid] = Neuron { hotkey, registered_at: now, updated_at: now, row: vec![], commits: vec![] };
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
            Choice::Committed(number) => commits[number % commits.len()].0.clone(),
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
                self.neurons[*uid].commits.clear();
                swap(SUBNET, u16::try_from(*uid).unwrap(), self.next_hotkey);
            }
            Event::Parameters { tempo, period, rate_limit, commit_reveal } => {
                (self.tempo, self.period) = (*tempo, *period);
                (self.rate_limit, self.commit_reveal) = (*rate_limit, *commit_reveal);
                set(SUBNET, |parameters| {
                    (parameters.tempo, parameters.reveal_period_epochs) = (*tempo, *period);
                    (parameters.weights_set_rate_limit, parameters.commit_reveal) = (*rate_limit, *commit_reveal);
                });
            }
            Event::Blocks { number } => run_to_block(System::block_number() + number),
        }
        self.compare();
    }

    fn compare(&self) {
        let seats = Tables::seats(SUBNET);
        let rows: Vec<_> = Weights::rows(SUBNET, &seats).iter().map(|row| pairs(&row.entries)).collect();
        let expected: Vec<_> = self.neurons.iter().map(|neuron| neuron.row.clone()).collect();
        assert_eq!(rows, expected, "rows differ");

        let updates: Vec<_> = self.neurons.iter().map(|neuron| neuron.updated_at).collect();
        assert_eq!(LastUpdates::<Test>::get(StorageIndex::from(SUBNET)), updates, "last updates differ");

        let queues: BTreeMap<_, _> = Commits::<Test>::iter_prefix(StorageIndex::from(SUBNET))
            .map(|(hotkey, queue)| (hotkey, queue.iter().map(|commit| commit.at).collect::<Vec<_>>()))
            .collect();
        let with_commits = self.neurons.iter().filter(|neuron| !neuron.commits.is_empty());
        let expected: BTreeMap<_, _> = with_commits
            .map(|neuron| (neuron.hotkey, neuron.commits.iter().map(|(_, at)| *at).collect::<Vec<_>>()))
            .collect();
        assert_eq!(queues, expected, "queues differ");

        let earliest = |neuron: &Neuron| neuron.commits.iter().map(|(_, at)| *at).find(|at| !self.is_expired(*at));
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
