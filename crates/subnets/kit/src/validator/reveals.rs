//! Reveals of commits, late in their windows.

use super::timing::{REVEAL_DOUBLINGS, RevealTiming, seed};
use crate::member::{MemberError, SUBMIT_TIMEOUT};
use core::convert::Infallible;
use myelin_client::{Backoff, CommitInfo, PendingReveal, PublicKey};
use myelin_primitives::BlockNumber;
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// The pause between two looks at the best block, while no block becomes final.
///
/// A window ends although finality stalls. The least margin of a reveal is 4 blocks, which last 4 s on a fast chain.
const LOOK_INTERVAL: Duration = Duration::from_secs(3);

/// The best block, which may still be replaced.
pub(super) struct BestBlock {
    pub(super) height: BlockNumber,
    /// The open commits of the hotkey.
    pub(super) commits: Vec<CommitInfo>,
}

impl BestBlock {
    /// Returns the open commit of these weights.
    fn commit(&self, pending: &PendingReveal, hotkey: &PublicKey) -> Option<&CommitInfo> {
        let hash = pending.hash(hotkey);
        self.commits.iter().find(|commit| commit.hash == hash)
    }
}

/// The chain and the memory of a validator, as far as reveals need them. It reports each submission.
pub(super) trait RevealChain {
    /// A reveal that was sent.
    type Sent;

    fn hotkey(&self) -> PublicKey;

    /// Returns true if the validator may reveal weights.
    ///
    /// # Errors
    /// [`MemberError`] if the seat is lost.
    fn may_reveal(&self) -> Result<bool, MemberError>;

    /// Returns the weights whose salt is stored, oldest first.
    fn kept(&self) -> Vec<PendingReveal>;

    /// Removes weights and their salts.
    async fn forget(&self, gone: Vec<PendingReveal>);

    /// Removes the weights whose commit the last final block does not have, if they are old.
    async fn forget_old(&self);

    /// Returns the best block, or `None` if no node answers.
    async fn best(&self) -> Option<BestBlock>;

    /// Sends a reveal, or returns `None` if it is refused.
    async fn send(&self, pending: &PendingReveal) -> Option<Self::Sent>;

    /// Returns the final block of a reveal, or `None` if it failed or was not seen within the limit.
    async fn outcome(&self, sent: &Self::Sent, limit: Duration) -> Option<BlockNumber>;
}

/// Reveals the commits whose time has come, until the channel of final blocks closes.
///
/// It looks at the best block after each final one, and after a pause if none becomes final.
///
/// # Errors
/// [`MemberError`] if the seat is lost, and `closed` at the end of the channel.
pub(super) async fn reveal_all<T>(
    chain: &impl RevealChain,
    mut seen: watch::Receiver<T>,
    closed: MemberError,
) -> Result<Infallible, MemberError> {
    let mut backoff = Backoff::new(REVEAL_DOUBLINGS);
    loop {
        seen.mark_unchanged();
        if chain.may_reveal()? && !chain.kept().is_empty() {
            chain.forget_old().await;
            reveal_due(chain, &mut backoff).await;
        }
        if timeout(LOOK_INTERVAL, seen.changed()).await.is_ok_and(|changed| changed.is_err()) {
            return Err(closed);
        }
    }
}

/// Reveals the newest commit that is due after the best block.
async fn reveal_due(chain: &impl RevealChain, backoff: &mut Backoff) {
    // The task that follows the chain reports outages.
    let Some(best) = chain.best().await else { return };
    if !backoff.is_over(best.height) {
        return;
    }
    let (kept, hotkey) = (chain.kept(), chain.hotkey());
    // A reveal ends the earlier commits too (spec weights §5.5).
    let due = kept.iter().enumerate().rev().find_map(|(at, pending)| {
        let commit = best.commit(pending, &hotkey)?;
        let window = RevealTiming { first: commit.reveal_from, last: commit.reveal_until };
        window.is_due(best.height, seed(&pending.salt)).then_some((at, pending, window))
    });
    let Some((at, pending, window)) = due else { return };
    let Some(revealed) = reveal(chain, pending, best.height.saturating_add(window.patience())).await else {
        backoff.failed(best.height);
        return;
    };
    backoff.succeeded(revealed);
    chain.forget(kept.iter().take(at.saturating_add(1)).cloned().collect()).await;
}

/// Sends a reveal and waits until it is final. Returns its block.
///
/// The wait ends early if the best block is `until` or later and does not contain the reveal. A window may end before
/// the mortality of a lost transaction.
async fn reveal(chain: &impl RevealChain, pending: &PendingReveal, until: BlockNumber) -> Option<BlockNumber> {
    let sent = chain.send(pending).await?;
    let hotkey = chain.hotkey();
    let is_lost = async {
        loop {
            sleep(LOOK_INTERVAL).await;
            let best = chain.best().await;
            if best.is_some_and(|best| best.height >= until && best.commit(pending, &hotkey).is_some()) {
                return;
            }
        }
    };
    let outcome = tokio::select! {
        outcome = chain.outcome(&sent, SUBMIT_TIMEOUT) => Some(outcome),
        () = is_lost => None,
    };
    match outcome {
        Some(outcome) => outcome,
        // It frees the nonce of a transaction that is lost.
        None => chain.outcome(&sent, Duration::ZERO).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::dice;
    use myelin_primitives::{Entry, NetUid};
    use std::{
        cell::{Cell, RefCell},
        future::pending,
    };
    use tokio::time::{Instant, sleep_until};

    /// The time between two blocks of the chain.
    const SLOT: Duration = Duration::from_secs(12);

    /// A way in which a reveal that was sent ends.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Fate {
        /// It is in the next block.
        Included,
        /// The pool refuses it.
        Refused,
        /// The pool loses it.
        Lost,
        /// It is in a block that is replaced by another one, two blocks later.
        Replaced,
    }

    /// A chain that makes a block in each slot, and a validator with one commit.
    struct Scripted {
        began: Instant,
        window: RevealTiming,
        /// The number of blocks after which a block is final, or `None` if no block becomes final any more.
        lag: Option<BlockNumber>,
        /// The ends of the next reveals. Later ones are included.
        fates: RefCell<Vec<Fate>>,
        kept: RefCell<Vec<PendingReveal>>,
        /// The blocks that contain a reveal, from the second number on not any more.
        revealed: RefCell<Vec<(BlockNumber, BlockNumber)>>,
        /// The best blocks at which reveals were sent.
        sent: RefCell<Vec<BlockNumber>>,
        /// The blocks before the commits that were revealed.
        sent_of: RefCell<Vec<u64>>,
        is_permitted: Cell<bool>,
    }

    impl Scripted {
        /// Returns a chain whose best block is the one before the window.
        fn new(number: u64, length: BlockNumber, lag: Option<BlockNumber>, fates: &[Fate]) -> Self {
            let salt = [0, 16, 32, 48].map(|shift| u16::try_from(dice([number, 1, 0, 0]) >> shift & 0xffff).unwrap());
            let kept = PendingReveal {
                netuid: NetUid::new(1),
                weights: vec![Entry::from((3, 60))],
                salt: [salt, [0; 4]].concat(),
                version_key: 7,
                made_at: 9,
            };
            Self {
                began: Instant::now(),
                window: RevealTiming { first: 1_000, last: 1_000 + length - 1 },
                lag,
                fates: RefCell::new(fates.iter().rev().copied().collect()),
                kept: RefCell::new(vec![kept]),
                revealed: RefCell::default(),
                sent: RefCell::default(),
                sent_of: RefCell::default(),
                is_permitted: Cell::new(true),
            }
        }

        fn height(&self) -> BlockNumber {
            let slots = self.began.elapsed().as_secs() / SLOT.as_secs();
            self.window.first - 1 + BlockNumber::try_from(slots).unwrap()
        }

        /// Waits until this block is the best one.
        async fn block(&self, height: BlockNumber) {
            sleep_until(self.began + SLOT * (height - (self.window.first - 1))).await;
        }

        fn is_revealed(&self, height: BlockNumber) -> bool {
            self.revealed.borrow().iter().any(|(from, until)| (*from..*until).contains(&height))
        }

        /// Plays the window, and returns the block that holds the reveal at its end.
        async fn play(&self) -> Option<BlockNumber> {
            let (final_block, seen) = watch::channel(());
            let finality = async {
                for height in self.window.first.. {
                    self.block(height).await;
                    if self.lag.is_some() {
                        final_block.send_replace(());
                    }
                }
            };
            tokio::select! {
                ended = reveal_all(self, seen, MemberError::NoSubnet(NetUid::new(1))) => panic!("{ended:?}"),
                () = finality => unreachable!("the chain goes on"),
                () = self.block(self.window.last + 2) => {}
            }
            let revealed = self.revealed.borrow().iter().find(|(_, until)| *until > self.window.last).copied();
            revealed.map(|(from, _)| from)
        }
    }

    impl RevealChain for Scripted {
        /// The block that contains it, if any does.
        type Sent = Option<BlockNumber>;

        fn hotkey(&self) -> PublicKey {
            PublicKey::from_bytes([7; 32])
        }

        fn may_reveal(&self) -> Result<bool, MemberError> {
            Ok(self.is_permitted.get())
        }

        fn kept(&self) -> Vec<PendingReveal> {
            self.kept.borrow().clone()
        }

        async fn forget(&self, gone: Vec<PendingReveal>) {
            self.kept.borrow_mut().retain(|pending| !gone.contains(pending));
        }

        async fn forget_old(&self) {}

        async fn best(&self) -> Option<BestBlock> {
            let (height, RevealTiming { first, last }) = (self.height(), self.window);
            let open = !self.is_revealed(height) && height <= last;
            let commit = |pending: &PendingReveal| CommitInfo {
                hash: pending.hash(&self.hotkey()),
                block: 1,
                reveal_from: first,
                reveal_until: last,
                version_key: 7,
                min_allowed_weights: 1,
                max_weight_limit: u16::MAX,
            };
            let commits = self.kept().iter().filter(|_| open).map(commit).collect();
            Some(BestBlock { height, commits })
        }

        async fn send(&self, pending: &PendingReveal) -> Option<Self::Sent> {
            let best = self.height();
            self.sent.borrow_mut().push(best);
            self.sent_of.borrow_mut().push(pending.made_at);
            let until = match self.fates.borrow_mut().pop().unwrap_or(Fate::Included) {
                Fate::Refused => return None,
                Fate::Lost => return Some(None),
                Fate::Included => BlockNumber::MAX,
                Fate::Replaced => best + 3,
            };
            if (self.window.first..=self.window.last).contains(&(best + 1)) {
                self.revealed.borrow_mut().push((best + 1, until));
            }
            Some((until == BlockNumber::MAX).then_some(best + 1))
        }

        async fn outcome(&self, sent: &Self::Sent, limit: Duration) -> Option<BlockNumber> {
            let known = async {
                match (*sent, self.lag) {
                    (Some(block), Some(lag)) => self.block(block + lag).await,
                    _ => pending().await,
                }
            };
            timeout(limit, known).await.ok().and(*sent)
        }
    }

    /// Plays windows of this length, and returns the blocks that are left after each reveal.
    async fn left(length: BlockNumber, lag: Option<BlockNumber>, fates: &[Fate]) -> Vec<BlockNumber> {
        let mut left = Vec::new();
        for number in 0..100 {
            let chain = Scripted::new(number, length, lag, fates);
            let revealed = chain.play().await;
            let revealed = revealed.unwrap_or_else(|| panic!("window {number} of {length}, {lag:?}, {fates:?}"));
            let first = chain.sent.borrow()[0] + 1;
            assert!(first >= chain.window.first + length / 2, "{first} is in the first half");
            assert_eq!(chain.sent.borrow().len(), fates.len() + 1, "{fates:?}");
            assert_eq!(chain.kept().is_empty(), lag.is_some(), "the salt is kept until the reveal is final");
            left.push(chain.window.last - revealed);
        }
        left
    }

    #[tokio::test(start_paused = true)]
    async fn reveals_are_late_and_one_failure_misses_none() {
        let long = left(361, Some(2), &[]).await;
        assert!(long.iter().all(|left| (30..60).contains(left)), "{long:?}");
        assert!(long.iter().any(|left| *left < 40) && long.iter().any(|left| *left >= 50), "{long:?}");
        assert!(left(21, Some(2), &[]).await.iter().all(|left| *left == 4));
        for length in [21, 361] {
            for fate in [Fate::Refused, Fate::Lost, Fate::Replaced] {
                left(length, Some(2), &[fate]).await;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_of_finality_misses_no_window() {
        for length in [21, 361] {
            for fates in [&[] as &[Fate], &[Fate::Refused], &[Fate::Lost], &[Fate::Replaced]] {
                left(length, None, fates).await;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn m12_of_two_commits_in_one_window_the_newer_one_is_revealed() {
        let chain = Scripted::new(1, 21, Some(2), &[]);
        let older = chain.kept().remove(0);
        let newer = PendingReveal { made_at: older.made_at + 1, weights: vec![Entry::from((4, 60))], ..older };
        chain.kept.borrow_mut().push(newer.clone());
        assert!(chain.play().await.is_some());
        // Its reveal ends the older commit too.
        assert_eq!((chain.sent_of.borrow().clone(), chain.kept()), (vec![newer.made_at], Vec::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn no_reveal_is_sent_without_a_permit() {
        let chain = Scripted::new(1, 21, Some(2), &[]);
        chain.is_permitted.set(false);
        assert_eq!(chain.play().await, None);
        assert!(chain.sent.borrow().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_subnet_ends_it() {
        let (sender, seen) = watch::channel(());
        drop(sender);
        let ended = reveal_all(&Scripted::new(1, 21, None, &[]), seen, MemberError::NoSubnet(NetUid::new(1))).await;
        assert_eq!(ended.unwrap_err(), MemberError::NoSubnet(NetUid::new(1)));
    }
}
