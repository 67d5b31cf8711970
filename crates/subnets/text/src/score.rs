//! Scores of proven answers, from their time and length.
//!
//! ```text
//! score = length × speed × promptness × reputation³
//!
//! length      tokens asked for / the most that is ever asked for
//! speed       (n + 8) / elapsed, relative to the fastest of the round
//! promptness  (first + 50 ms), the least of the round relative to this one
//! reputation  the reputation of the miner, from 0 to 1
//! ```
//!
//! An answer without proof has score zero. All numbers are integers, exact to parts of a million.
//! `docs/text-subnet.md`, "Score"

use crate::reputation::Reputation;
use myelin_primitives::{Fraction, MILLION};
use std::time::Duration;

/// The number of tokens that stand for reading the prompt and for the network.
///
/// Without them, short answers would look slow, although no miner chooses their length.
const PROMPT_TOKENS: u32 = 8;

/// A wait that users do not notice.
const UNNOTICED: Duration = Duration::from_millis(50);

/// The time and the length of a proven answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerWork {
    /// The tokens of the answer.
    pub tokens: u32,
    /// The time from the challenge to the first token.
    pub first: Duration,
    /// The time from the challenge to the end.
    pub elapsed: Duration,
}

impl AnswerWork {
    fn tokens(&self) -> u128 {
        self.tokens.saturating_add(PROMPT_TOKENS).into()
    }

    fn nanos(&self) -> u128 {
        self.elapsed.as_nanos().max(1)
    }

    fn wait(&self) -> u128 {
        self.first.min(self.elapsed).saturating_add(UNNOTICED).as_nanos()
    }

    fn is_faster_than(&self, other: &Self) -> bool {
        self.tokens().saturating_mul(other.nanos()) > other.tokens().saturating_mul(self.nanos())
    }
}

/// Returns a part in millionths of its whole, rounded down, and at most one million.
fn ppm(part: u128, whole: u128) -> u64 {
    let parts = part.saturating_mul(MILLION.into()).checked_div(whole).unwrap_or(0);
    u64::try_from(parts).unwrap_or(u64::MAX).min(MILLION.into())
}

fn fraction(ppm: u64) -> Fraction {
    u32::try_from(ppm).ok().and_then(|ppm| Fraction::from_ppm(ppm).ok()).unwrap_or(Fraction::from_u16(u16::MAX))
}

/// The requested length of the answers of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerLength {
    /// The tokens in this round.
    pub asked: u16,
    /// The greatest number of tokens in any round.
    pub longest: u16,
}

/// Returns the scores of the answers of a round, in their order, and zero for each without proof.
pub fn scores(length: AnswerLength, round: &[Option<(AnswerWork, Reputation)>]) -> Vec<Fraction> {
    let works = || round.iter().flatten().map(|(work, _)| work);
    let fastest = works().copied().reduce(|best, next| if next.is_faster_than(&best) { next } else { best });
    let least_wait = works().map(AnswerWork::wait).min();
    let (Some(fastest), Some(least_wait)) = (fastest, least_wait) else {
        return round.iter().map(|_| Fraction::from_u16(0)).collect();
    };
    let length = fraction(ppm(length.asked.into(), length.longest.into()));
    let score = |(work, reputation): &(AnswerWork, Reputation)| {
        let speed = ppm(work.tokens().saturating_mul(fastest.nanos()), fastest.tokens().saturating_mul(work.nanos()));
        let promptness = fraction(ppm(least_wait, work.wait()));
        fraction(reputation.cubed().of(promptness.of(length.of(speed))))
    };
    round.iter().map(|entry| entry.as_ref().map_or(Fraction::from_u16(0), score)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LENGTH: AnswerLength = AnswerLength { asked: 64, longest: 64 };

    fn work(tokens: u32, first: u64, elapsed: u64) -> AnswerWork {
        AnswerWork { tokens, first: Duration::from_millis(first), elapsed: Duration::from_millis(elapsed) }
    }

    fn parts(length: AnswerLength, works: &[AnswerWork]) -> Vec<u64> {
        let round: Vec<_> = works.iter().map(|work| Some((*work, Reputation::FULL))).collect();
        scores(length, &round).into_iter().map(|score| score.of(1_000_000)).collect()
    }

    #[test]
    fn the_fastest_and_promptest_gets_all_and_others_their_part() {
        // 72 tokens in 720 ms and in 1 440 ms: half as fast. 100 ms and 150 ms after adding 50: two thirds.
        assert_eq!(parts(LENGTH, &[work(64, 50, 720), work(64, 100, 1_440)]), [1_000_000, 333_333]);
        assert_eq!(parts(LENGTH, &[work(64, 50, 720), work(64, 50, 1_440)]), [1_000_000, 500_000]);
        // 8 tokens more are counted, so a short answer in proportion is as fast as a long one.
        assert_eq!(parts(LENGTH, &[work(64, 50, 720), work(28, 50, 360)]), [1_000_000, 1_000_000]);
    }

    #[test]
    fn half_the_length_is_worth_half() {
        assert_eq!(parts(AnswerLength { asked: 32, longest: 64 }, &[work(32, 9, 400)]), [500_000]);
    }

    #[test]
    fn what_is_not_proven_is_worth_nothing_and_measures_nobody() {
        let round = [None, Some((work(64, 50, 720), Reputation::FULL)), Some((work(64, 1, 2), Reputation::NONE))];
        let scores: Vec<_> = scores(LENGTH, &round).into_iter().map(|score| score.of(1_000_000)).collect();
        assert_eq!((scores[0], scores[2]), (0, 0));
        assert_eq!(super::scores(LENGTH, &[None, None]).len(), 2);
    }

    #[test]
    fn odd_numbers_break_nothing() {
        let odd = [work(0, 0, 0), work(u32::MAX, u64::MAX / 2, 0), work(1, 5, 1)];
        assert!(parts(LENGTH, &odd).iter().all(|score| *score <= 1_000_000));
        assert_eq!(parts(AnswerLength { asked: 1, longest: 0 }, &[work(1, 1, 1)]), [0]);
    }

    proptest! {
        #[test]
        fn a_token_sent_later_never_pays(
            tokens in 1..512_u32,
            first in 0..2_000_u64,
            rest in 0..5_000_u64,
            later in 1..2_000_u64,
            others in proptest::collection::vec((1..512_u32, 0..2_000_u64, 0..5_000_u64), 0..5),
        ) {
            let others: Vec<_> =
                others.into_iter().map(|(tokens, first, rest)| work(tokens, first, first + rest)).collect();
            let round = |mine| parts(LENGTH, &std::iter::once(mine).chain(others.iter().copied()).collect::<Vec<_>>());
            let on_time = round(work(tokens, first, first + rest));
            for late in [work(tokens, first + later, first + later + rest), work(tokens, first, first + rest + later)] {
                let late = round(late);
                // Up to rounding.
                prop_assert!(late[0] <= on_time[0] + 2);
                prop_assert!(late[1..].iter().zip(&on_time[1..]).all(|(late, on_time)| late + 2 >= *on_time));
            }
        }
    }
}
