//! How a submission ends.

use crate::{
    account::Account,
    chain::ChainConfig,
    error::ChainError,
    refusal::PoolRefusal,
    runtime::{
        multisig::events::MultisigExecuted,
        proxy::events::ProxyExecuted,
        runtime_types::sp_runtime::{DispatchError, TokenError},
        sudo::events::{Sudid, SudoAsDone},
        system::events::ExtrinsicFailed,
        transaction_payment::events::TransactionFeePaid,
        utility::events::{BatchInterrupted, ItemFailed},
    },
    state::ChainState,
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, BlockNumber, Tao};
use std::{fmt, sync::Arc, time::Duration};
use subxt::{
    Metadata,
    error::EventsError,
    events::{DecodeAsEvent, Event, Events},
    tx::Payload,
    utils::H256,
};

/// How a submission ended: in exactly one of three ways.
#[must_use = "a call that failed looks like one that did not"]
#[derive(Debug)]
pub enum SubmissionOutcome {
    /// It is in a final block and did what it should.
    Finalised(IncludedTransaction),
    /// It did not do what it should, and never will.
    Failed {
        /// Why.
        error: CallError,
        /// Where it is, if it was included. A fee was paid there.
        included: Option<IncludedTransaction>,
    },
    /// Neither was seen within the limit. It may still be included, until its time is over.
    Unseen(UnseenTransaction),
}

impl SubmissionOutcome {
    /// Where it was included, for callers who take everything else as an error.
    ///
    /// # Errors
    /// The other two ways in which a submission ends.
    pub fn finalised(self) -> Result<IncludedTransaction, SubmitError> {
        match self {
            Self::Finalised(included) => Ok(included),
            Self::Failed { error, .. } => Err(SubmitError::Failed(error)),
            Self::Unseen(unseen) => Err(SubmitError::Unseen(Box::new(unseen))),
        }
    }
}

impl Account {
    /// Submits a call, and looks for it until its end is known, however long that takes.
    ///
    /// Each look takes up to `limit`. `on_unseen` hears of those that found nothing. Since transactions are mortal, this
    /// ends once nodes answer. The future may be dropped; whether the call is carried out is then unknown.
    ///
    /// # Errors
    /// [`CallError`], if the call was not carried out and never will be.
    pub async fn submit_until_known<Call: Payload>(
        &self,
        call: &Call,
        limit: Duration,
        mut on_unseen: impl FnMut(&UnseenTransaction),
    ) -> Result<IncludedTransaction, CallError> {
        let mut outcome = self.submit(call, limit).await;
        loop {
            match outcome {
                SubmissionOutcome::Finalised(included) => return Ok(included),
                SubmissionOutcome::Failed { error, .. } => return Err(error),
                SubmissionOutcome::Unseen(unseen) => {
                    on_unseen(&unseen);
                    outcome = self.outcome(&unseen.sent, limit).await;
                }
            }
        }
    }
}

/// The pause after failures, in blocks: one after the first, and twice as many after each further one, up to a limit.
///
/// So a call that fails for good fills neither logs nor pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
    max_doublings: u32,
    not_before: BlockNumber,
}

impl Backoff {
    /// Begins without a pause. The longest one has 2 to the power of `max_doublings` blocks.
    pub const fn new(max_doublings: u32) -> Self {
        Self { failures: 0, max_doublings, not_before: 0 }
    }

    /// Returns true if the next attempt may be made in this block.
    pub const fn is_over(&self, block: BlockNumber) -> bool {
        block >= self.not_before
    }

    /// Notes a success, which ends the series of failures. The next attempt is made in `not_before` or later.
    pub const fn succeeded(&mut self, not_before: BlockNumber) {
        (self.failures, self.not_before) = (0, not_before);
    }

    /// Notes a failure in this block.
    pub fn failed(&mut self, block: BlockNumber) {
        let pause = 1_u32.checked_shl(self.failures.min(self.max_doublings)).unwrap_or(BlockNumber::MAX);
        self.not_before = block.saturating_add(pause);
        self.failures = self.failures.saturating_add(1);
    }
}

/// A submission that did not end in success.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// It failed.
    #[error(transparent)]
    Failed(#[from] CallError),
    /// It was not seen within the limit.
    #[error("{0}")]
    Unseen(Box<UnseenTransaction>),
}

impl Diagnostic for SubmitError {
    fn code(&self) -> &'static str {
        match self {
            Self::Failed(error) => error.code(),
            Self::Unseen(_) => "unseen",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Failed(error) => error.hints(out),
            Self::Unseen(unseen) => {
                if let Some(trouble) = &unseen.trouble {
                    trouble.hints(out);
                }
                out.push(format!("look for {:?} again before signing another", unseen.sent.hash));
            }
        }
    }
}

/// What was sent, with all that is needed to look for it, now or in another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentTransaction {
    /// The hash of the transaction.
    pub hash: H256,
    /// Who signed it.
    pub signer: PublicKey,
    /// With which nonce.
    pub nonce: u64,
    /// It is in no block up to this one.
    pub after: u64,
    /// It is in no block after this one.
    pub valid_until: u64,
}

/// A transaction that was sent, and not seen within the limit.
///
/// [`Chain::outcome`](crate::Chain::outcome) with [`Self::sent`] looks again. Once block [`SentTransaction::valid_until`] is final,
/// that ends in one of the other two ways.
#[derive(Debug)]
pub struct UnseenTransaction {
    /// What was sent.
    pub sent: SentTransaction,
    /// How long it was looked for.
    pub waited: Duration,
    /// What kept us from looking on, if it was not the limit.
    pub trouble: Option<ChainError>,
}

impl fmt::Display for UnseenTransaction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SentTransaction { hash, valid_until, .. } = self.sent;
        write!(out, "{hash:?} was not seen within {:?}; it may be included until block {valid_until}", self.waited)?;
        match &self.trouble {
            Some(trouble) => write!(out, " ({trouble})"),
            None => Ok(()),
        }
    }
}

/// A transaction in a final block.
#[derive(Clone, Debug)]
pub struct IncludedTransaction {
    /// The height of the block.
    pub height: u64,
    /// The hash of the block.
    pub block: H256,
    /// Which of the block's transactions it is.
    pub index: u32,
    /// What it paid. Nothing, if its call is free.
    pub fee: Amount<Tao>,
    events: Arc<Events<ChainConfig>>,
}

impl IncludedTransaction {
    /// The first event of this kind that it caused.
    pub fn event<E: DecodeAsEvent>(&self) -> Option<E> {
        self.find(&|_| true)
    }

    /// The events that it caused, in their order.
    pub fn events(&self) -> impl Iterator<Item = Result<Event<'_, ChainConfig>, EventsError>> {
        self.events.iter()
    }

    fn find<E: DecodeAsEvent>(&self, wanted: &dyn Fn(&E) -> bool) -> Option<E> {
        self.events().filter_map(|event| event.ok()?.decode_fields_as::<E>()?.ok()).find(wanted)
    }
}

/// Tells what a transaction came to, from the events that it caused in the block it is in.
pub(crate) fn classify(
    moment: &ChainState,
    index: u32,
    events: Arc<Events<ChainConfig>>,
) -> Result<SubmissionOutcome, ChainError> {
    let mut included =
        IncludedTransaction { height: moment.height(), block: moment.hash(), index, fee: Amount::ZERO, events };
    if let Some(unreadable) = included.events().find_map(Result::err) {
        return Err(unreadable.into());
    }
    included.fee =
        included.event::<TransactionFeePaid>().map_or(Amount::ZERO, |paid| Amount::from_rao(paid.actual_fee));
    let error = failure(&included, moment.client().metadata_ref());
    Ok(match error {
        Some(error) => SubmissionOutcome::Failed { error, included: Some(included) },
        None => SubmissionOutcome::Finalised(included),
    })
}

/// Why it failed, if it did. A call that only carries another one succeeds even if that fails, and says so in an event.
fn failure(included: &IncludedTransaction, metadata: &Metadata) -> Option<CallError> {
    let error = |error: &DispatchError| CallError::dispatched(error, metadata);
    if let Some(failed) = included.event::<ExtrinsicFailed>() {
        return Some(error(&failed.dispatch_error));
    }
    let inner = |by, inner: &DispatchError| Some(CallError::Inner { by, error: Box::new(error(inner)) });
    macro_rules! failed {
        ($($event:ident.$result:ident as $by:literal),*) => {$(
            if let Some($event { $result: Err(error), .. }) = included.find::<$event>(&|event| event.$result.is_err()) {
                return inner($by, &error);
            }
        )*};
    }
    failed!(
        Sudid.sudo_result as "sudo",
        SudoAsDone.sudo_result as "sudo",
        ProxyExecuted.result as "the proxy",
        MultisigExecuted.result as "the multisig account"
    );
    if let Some(interrupted) = included.event::<BatchInterrupted>() {
        return inner("the batch", &interrupted.error);
    }
    included.event::<ItemFailed>().and_then(|failed| inner("the batch", &failed.error))
}

/// Why a call was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It never left this program.
    #[error("not sent: {0}")]
    NotSent(#[source] ChainError),
    /// A node did not let it in. Nothing was paid.
    #[error("refused: {0}")]
    Refused(#[from] PoolRefusal),
    /// It was included, and a pallet refused it.
    #[error("{pallet}::{name}: {explanation}")]
    Pallet {
        /// The pallet, like `Staking`.
        pallet: String,
        /// The error, like `AmountTooLow`.
        name: String,
        /// What the chain itself says of this error.
        explanation: String,
    },
    /// It was included, and failed before any pallet of ours looked at it.
    #[error("{0}")]
    Dispatch(DispatchFailure),
    /// It was included and carried another call, which failed. Of a batch, what came before is done all the same, unless
    /// the batch was one of all or nothing.
    #[error("the call inside of {by} failed: {error}")]
    Inner {
        /// Who carried it.
        by: &'static str,
        /// Why it failed.
        error: Box<CallError>,
    },
    /// Its time is over, and no block has it.
    #[error("no block up to {valid_until} has it, and none after that can")]
    Expired {
        /// The last block that could have had it.
        valid_until: u64,
    },
}

/// Why a call failed that no pallet refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DispatchFailure {
    /// The signer may not make this call.
    #[error("this key may not make this call")]
    BadOrigin,
    /// The account has too little, or would be left with too little.
    #[error("the account has too little for this")]
    Funds,
    /// The other account would be left with too little to exist.
    #[error("it is too little for an account to exist")]
    BelowMinimum,
    /// Anything else, as the chain calls it.
    #[error("the chain answers {0}")]
    Other(String),
}

impl CallError {
    /// Whether this error of this pallet is the reason, also of a call inside of the call.
    pub fn is(&self, pallet: &str, name: &str) -> bool {
        match self {
            Self::Pallet { pallet: at, name: what, .. } => at == pallet && what == name,
            Self::Inner { error, .. } => error.is(pallet, name),
            _ => false,
        }
    }

    /// What an error of the chain is, in the words of the chain at that block.
    fn dispatched(error: &DispatchError, metadata: &Metadata) -> Self {
        match error {
            DispatchError::Module(module) => {
                let [variant, ..] = module.error;
                let pallet = metadata.pallet_by_error_index(module.index);
                let named = pallet.and_then(|pallet| Some((pallet.name(), pallet.error_variant_by_index(variant)?)));
                match named {
                    Some((pallet, variant)) => Self::Pallet {
                        pallet: pallet.to_owned(),
                        name: variant.name.clone(),
                        explanation: explanation(&variant.docs),
                    },
                    None => Self::Dispatch(DispatchFailure::Other(format!("{module:?}"))),
                }
            }
            DispatchError::BadOrigin | DispatchError::RootNotAllowed => Self::Dispatch(DispatchFailure::BadOrigin),
            DispatchError::Token(TokenError::FundsUnavailable | TokenError::NotExpendable | TokenError::Frozen) => {
                Self::Dispatch(DispatchFailure::Funds)
            }
            DispatchError::Token(TokenError::BelowMinimum | TokenError::CannotCreate) => {
                Self::Dispatch(DispatchFailure::BelowMinimum)
            }
            other => Self::Dispatch(DispatchFailure::Other(format!("{other:?}"))),
        }
    }
}

/// The first paragraph of a doc, on one line.
fn explanation(docs: &[String]) -> String {
    let paragraph = docs.iter().map(|line| line.trim()).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

impl Diagnostic for CallError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotSent(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::Inner { error, .. } => error.code(),
            Self::Pallet { .. } => "call-failed",
            Self::Dispatch(failure) => failure.code(),
            Self::Expired { .. } => "expired",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::NotSent(error) => error.hints(out),
            Self::Refused(refusal) => refusal.hints(out),
            Self::Inner { error, .. } => error.hints(out),
            Self::Pallet { name, .. } => match name.as_str() {
                name if name.contains("RateLimit") || name.ends_with("TooFast") || name.ends_with("TooEarly") => {
                    out.push("wait some blocks and send it again");
                }
                name if name.starts_with("NotEnoughBalance") || name == "InsufficientBalance" => {
                    out.push("add TAO to the coldkey, or lower the amount");
                }
                "HotKeyNotRegisteredInNetwork" | "HotKeyNotRegisteredInSubNet" => {
                    out.push("register the hotkey on this network first");
                }
                "SubNetworkDoesNotExist" => out.push("list the networks there are"),
                _ => {}
            },
            Self::Dispatch(error) => error.hints(out),
            Self::Expired { .. } => out.push("sign and send it again"),
        }
    }
}

impl Diagnostic for DispatchFailure {
    fn code(&self) -> &'static str {
        match self {
            Self::Funds | Self::BelowMinimum => "funds",
            Self::BadOrigin | Self::Other(_) => "call-failed",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::BadOrigin => {
                out.push("sign with the owner's coldkey, or with the hotkey where the call is a neuron's");
            }
            Self::Funds | Self::BelowMinimum => out.push("look up the balance of both accounts"),
            Self::Other(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The blocks from 0 on in which an attempt is made that always fails.
    fn attempts(mut backoff: Backoff) -> Vec<BlockNumber> {
        let mut made = Vec::new();
        for block in 0..40 {
            if backoff.is_over(block) {
                made.push(block);
                backoff.failed(block);
            }
        }
        made
    }

    #[test]
    fn pauses_double_up_to_their_limit() {
        assert_eq!(attempts(Backoff::new(3)), [0, 1, 3, 7, 15, 23, 31, 39]);
        assert_eq!(attempts(Backoff::new(0)), (0..40).collect::<Vec<_>>());
        assert_eq!(attempts(Backoff::new(u32::MAX)), [0, 1, 3, 7, 15, 31]);
    }

    #[test]
    fn a_success_ends_the_series() {
        let mut backoff = Backoff::new(5);
        (0..40).for_each(|_| backoff.failed(9));
        assert!(!backoff.is_over(40) && backoff.is_over(41));
        backoff.succeeded(12);
        assert!(!backoff.is_over(11) && backoff.is_over(12));
        backoff.failed(12);
        assert!(!backoff.is_over(12) && backoff.is_over(13));
        backoff.failed(BlockNumber::MAX);
        assert!(backoff.is_over(BlockNumber::MAX));
    }
}
