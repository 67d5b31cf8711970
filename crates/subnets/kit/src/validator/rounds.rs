//! The rounds of a validator.

use super::{ValidateError, Validator, average_ppm};
use crate::{
    Judge, ScoredAnswer, Task,
    dice::{dice, sample},
    event::NeuronEvent,
    member::peer,
    round,
    scores::Score,
};
use core::convert::Infallible;
use myelin_neuron::{AskError, Directory, Peer};
use myelin_primitives::{BlockNumber, MILLION, Uid};
use myelin_wire::PublicKey;
use std::collections::BTreeMap;
use tokio::time::{Instant, sleep_until};

/// The number of rounds in which a neuron is not asked after it reports that it does not serve the task.
///
/// Other validators serve too. A neuron with an average is still asked, so that it cannot keep the average by silence.
const SKIPPED_ROUNDS: u64 = 16;

/// The hotkeys that do not serve the task, with the first round in which they are asked again.
type Elsewhere = BTreeMap<PublicKey, u64>;

/// Returns true if the error is a 404: the neuron, or an unauthenticated sender, does not serve the class.
const fn is_not_found(error: &AskError) -> bool {
    matches!(
        error,
        AskError::Unproven { status: 404, .. }
            | AskError::Refused { status: 404, .. }
            | AskError::Claimed { status: Some(404), .. }
    )
}

impl<T: Task, J: Judge<T>> Validator<T, J> {
    /// Holds rounds until the validator cannot go on.
    pub(super) async fn hold_rounds(&self) -> ValidateError {
        match self.rounds().await {
            Err(error) => error,
        }
    }

    async fn rounds(&self) -> Result<Infallible, ValidateError> {
        let mut is_alone = false;
        let mut elsewhere = Elsewhere::default();
        loop {
            let began = Instant::now();
            let number = self.board.memory().rounds;
            let seed = self.seed(number)?;
            let mut serving = self.serving(&elsewhere, number);
            if serving.is_empty() && !is_alone {
                self.member().send(NeuronEvent::NobodyServes);
            }
            is_alone = serving.is_empty();
            // A neuron that signs no answers would fail a round in which it may not be asked.
            serving.retain(|(_, peer)| !self.dendrite.rests(peer));
            let peers = sample(dice([seed, 0, 0, 0]), serving, self.options.sample);
            if !peers.is_empty() {
                self.round(number, seed, &peers, &mut elsewhere).await;
            }
            sleep_until(began + self.options.every).await;
        }
    }

    /// Returns the seed of a round.
    fn seed(&self, round: u64) -> Result<u64, ValidateError> {
        if let Some(seed) = self.options.seed {
            return Ok(dice([seed, round, 0, 0]));
        }
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(|error| ValidateError::Randomness(error.to_string()))?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Returns the neurons that can be asked, by seat.
    fn serving(&self, elsewhere: &Elsewhere, round: u64) -> Vec<(Uid, Peer)> {
        let own = self.member().hotkey();
        let seats = self.member().table().seats();
        let memory = self.board.memory();
        let is_pointless = |hotkey: &PublicKey| {
            let is_elsewhere = elsewhere.get(hotkey).is_some_and(|until| round < *until);
            is_elsewhere && memory.scores.get(*hotkey).is_none_or(|score| score.average == 0)
        };
        let others = seats.iter().filter(|(hotkey, _)| *hotkey != own && !is_pointless(hotkey));
        others.filter_map(|seat| Some((seat.1.uid, peer(seat)?))).collect()
    }

    async fn round(&self, number: u64, seed: u64, asked: &[(Uid, Peer)], elsewhere: &mut Elsewhere) {
        let member = self.member();
        let (uids, peers): (Vec<Uid>, Vec<Peer>) = asked.iter().cloned().unzip();
        // The seats of this moment identify the miners, even if they change before the answers arrive.
        let since: BTreeMap<PublicKey, BlockNumber> =
            member.snapshot().neurons.iter().map(|neuron| (neuron.hotkey, neuron.registered_at)).collect();
        member.send(NeuronEvent::RoundBegan { round: number, miners: uids.clone() });
        let held = round(&self.dendrite, &*self.task, &self.judge, (seed, self.options.patience), &peers).await;
        let scored = match held {
            Ok(scored) => scored,
            Err(error) => {
                member.send(NeuronEvent::RoundFailed { round: number, error: error.to_string() });
                return;
            }
        };
        elsewhere.retain(|hotkey, _| since.contains_key(hotkey));
        for scored in &scored {
            if scored.score.as_ref().is_err_and(is_not_found) {
                elsewhere.insert(scored.hotkey, number.saturating_add(SKIPPED_ROUNDS));
            }
        }
        let newest = self.options.newest;
        let (scored, saved) = self
            .board
            .change(move |memory| {
                memory.rounds = number.saturating_add(1);
                let note = |scored: ScoredAnswer| {
                    let since = since.get(&scored.hotkey).copied();
                    if let Some(since) = since {
                        let score = scored.score.as_ref().ok().copied();
                        memory.scores.note((scored.hotkey, since), score, newest);
                    }
                    let score = memory.scores.get(scored.hotkey);
                    (scored, score)
                };
                scored.into_iter().map(note).collect::<Vec<(ScoredAnswer, Option<Score>)>>()
            })
            .await;
        for ((scored, score), uid) in scored.into_iter().zip(uids) {
            let ScoredAnswer { hotkey, first, elapsed, score: this } = scored;
            let this = this.map(|score| score.of(MILLION.into()));
            let average = average_ppm(score.map_or(0, |score| score.average));
            member.send(NeuronEvent::Answered { round: number, uid, hotkey, first, elapsed, score: this, average });
        }
        if let Err(error) = saved {
            member.send(NeuronEvent::NotSaved { error });
        }
    }
}
