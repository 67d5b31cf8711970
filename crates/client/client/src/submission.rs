//! Outcomes of submissions.

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
        utility::events::{BatchInterrupted, DispatchedAs, IfElseFallbackCalled, ItemFailed},
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
use tokio::time::sleep;

/// The pause after a search that an error ended.
const SEARCH_PAUSE: Duration = Duration::from_secs(6);

/// The outcome of a submission. There are exactly three.
#[must_use = "a call that failed looks like one that did not"]
#[derive(Debug)]
pub enum SubmissionOutcome {
    /// The transaction is in a final block, and its call succeeded.
    Finalised(IncludedTransaction),
    /// The call failed, and can no longer succeed.
    Failed {
        /// The cause.
        error: CallError,
        /// The transaction, if it was included. It paid its fee.
        included: Option<IncludedTransaction>,
    },
    /// The transaction was not seen within the limit. It may be included until its mortality is over.
    Unseen(UnseenTransaction),
}

impl SubmissionOutcome {
    /// Returns the included transaction, for callers that treat the other outcomes as errors.
    ///
    /// # Errors
    /// [`SubmitError`] with one of the other two outcomes.
    pub fn finalised(self) -> Result<IncludedTransaction, SubmitError> {
        match self {
            Self::Finalised(included) => Ok(included),
            Self::Failed { error, .. } => Err(SubmitError::Failed(error)),
            Self::Unseen(unseen) => Err(SubmitError::Unseen(Box::new(unseen))),
        }
    }
}

impl Account {
    /// Submits a call, and searches for it until its outcome is known, without a limit of time.
    ///
    /// Each search takes up to `limit`; `on_unseen` gets the result of each unsuccessful one. Since transactions are
    /// mortal, this ends once nodes answer. If the future is dropped, it is unknown whether the call is executed.
    ///
    /// # Errors
    /// [`CallError`] if the call failed and can no longer succeed, [`CallError::Forgotten`] if the outcome cannot be
    /// known any more. The caller then reads the present state of the chain, and decides anew.
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
                    match &unseen.trouble {
                        Some(trouble) if trouble.is_forgotten() => {
                            return Err(CallError::Forgotten { hash: unseen.sent.hash });
                        }
                        // Such a search may have ended at once, and would do so again.
                        Some(_) => sleep(SEARCH_PAUSE).await,
                        None => {}
                    }
                    outcome = self.outcome(&unseen.sent, limit).await;
                }
            }
        }
    }
}

/// An exponential back-off in blocks.
///
/// The pause is one block after the first failure, and doubles with each further failure, up to a limit. A call that
/// always fails therefore fills neither logs nor pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
    max_doublings: u32,
    not_before: BlockNumber,
}

impl Backoff {
    /// Returns a back-off without a pause. The longest pause is 2 to the power of `max_doublings` blocks.
    pub const fn new(max_doublings: u32) -> Self {
        Self { failures: 0, max_doublings, not_before: 0 }
    }

    /// Returns true if the next attempt may be made in this block.
    pub const fn is_over(&self, block: BlockNumber) -> bool {
        block >= self.not_before
    }

    /// Records a success, which ends the series of failures. The next attempt may be made in block `not_before`.
    pub const fn succeeded(&mut self, not_before: BlockNumber) {
        (self.failures, self.not_before) = (0, not_before);
    }

    /// Records a failure in this block.
    pub fn failed(&mut self, block: BlockNumber) {
        let pause = 1_u32.checked_shl(self.failures.min(self.max_doublings)).unwrap_or(BlockNumber::MAX);
        self.not_before = block.saturating_add(pause);
        self.failures = self.failures.saturating_add(1);
    }
}

/// A submission without success.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The call failed.
    #[error(transparent)]
    Failed(#[from] CallError),
    /// The transaction was not seen within the limit.
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
                out.push(format!("search for {:?} again before you sign another transaction", unseen.sent.hash));
            }
        }
    }
}

/// A sent transaction, with the data for a search in any process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentTransaction {
    /// The hash of the transaction.
    pub hash: H256,
    /// The public key of the signer.
    pub signer: PublicKey,
    /// The nonce.
    pub nonce: u64,
    /// The last block before the transaction. It is in no block up to this one.
    pub after: u64,
    /// The last block of its mortality. It is in no block after this one.
    pub valid_until: u64,
    /// The version of the runtime for which it is signed, if it is known. It is in no block after an upgrade.
    pub spec_version: Option<u32>,
}

impl SentTransaction {
    /// Returns true if the runtime at this block is another one than that for which the transaction is signed.
    pub(crate) fn is_outdated(&self, moment: &ChainState) -> bool {
        self.spec_version.is_some_and(|version| version != moment.client().spec_version())
    }
}

/// A transaction that was sent, and not seen within the limit.
///
/// [`Chain::outcome`](crate::Chain::outcome) with [`Self::sent`] repeats the search. Once block
/// [`SentTransaction::valid_until`] is final, it ends with one of the other two outcomes.
#[derive(Debug)]
pub struct UnseenTransaction {
    /// The transaction.
    pub sent: SentTransaction,
    /// The duration of the search.
    pub waited: Duration,
    /// The failure that ended the search, if it was not the limit.
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
    /// The index of the transaction in the block.
    pub index: u32,
    /// The fee. Zero if the call is free.
    pub fee: Amount<Tao>,
    events: Arc<Events<ChainConfig>>,
}

impl IncludedTransaction {
    /// Returns the first event of this kind that the transaction caused.
    pub fn event<E: DecodeAsEvent>(&self) -> Option<E> {
        self.find(&|_| true)
    }

    /// Returns the events that the transaction caused, in their order.
    pub fn events(&self) -> impl Iterator<Item = Result<Event<'_, ChainConfig>, EventsError>> {
        self.events.iter()
    }

    fn find<E: DecodeAsEvent>(&self, wanted: &dyn Fn(&E) -> bool) -> Option<E> {
        self.events().filter_map(|event| event.ok()?.decode_fields_as::<E>()?.ok()).find(wanted)
    }
}

/// Returns the outcome of a transaction, from the events that it caused in its block.
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

/// Returns the cause of a failure.
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
        MultisigExecuted.result as "the multisig account",
        DispatchedAs.result as "another origin"
    );
    // The event `IfElseMainSuccess` needs no arm: the call inside of it succeeded.
    if let Some(called) = included.event::<IfElseFallbackCalled>() {
        return inner("the call with a fallback", &called.main_error);
    }
    if let Some(interrupted) = included.event::<BatchInterrupted>() {
        return inner("the batch", &interrupted.error);
    }
    included.event::<ItemFailed>().and_then(|failed| inner("the batch", &failed.error))
}

/// A call that was not executed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No node was given the transaction.
    #[error("not sent: {0}")]
    NotSent(#[source] ChainError),
    /// The pool of a node refused the transaction. No fee was paid.
    #[error("refused: {0}")]
    Refused(#[from] PoolRefusal),
    /// The transaction was included, and a pallet refused the call.
    #[error("{pallet}::{name}: {explanation}")]
    Pallet {
        /// The name of the pallet, like `Staking`.
        pallet: String,
        /// The name of the error, like `AmountTooLow`.
        name: String,
        /// The description of the error in the metadata of the chain.
        explanation: String,
    },
    /// The transaction was included, and the call failed outside of the pallets.
    #[error("{0}")]
    Dispatch(DispatchFailure),
    /// The transaction was included, and a call inside of its call failed.
    ///
    /// The earlier calls of a batch are executed, unless the batch is atomic. The fallback of a call that has one is
    /// executed.
    #[error("the call inside of {by} failed: {error}")]
    Inner {
        /// The call that carried it.
        by: &'static str,
        /// The cause.
        error: Box<CallError>,
    },
    /// The nodes have discarded the block in which the transaction may be, so its outcome cannot be known.
    #[error("the outcome of {hash:?} cannot be known: the nodes have discarded its block")]
    Forgotten {
        /// The hash of the transaction.
        hash: H256,
    },
    /// The mortality of the transaction is over, and no block contains it.
    #[error("the transaction expired at block {valid_until}, and no block contains it")]
    Expired {
        /// The last block that could contain it.
        valid_until: u64,
    },
}

/// A failure of a call without an error of a pallet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DispatchFailure {
    /// The origin of the call is not allowed.
    #[error("this key may not make this call")]
    BadOrigin,
    /// The balance of the account is too low.
    #[error("the balance of the account is too low")]
    Funds,
    /// The balance of an account would fall below the existential deposit.
    #[error("the balance of an account would be below the existential deposit")]
    BelowMinimum,
    /// Any other failure, as the chain names it.
    #[error("the call failed on chain: {0}")]
    Other(String),
}

impl CallError {
    /// Returns true if this error of this pallet is the cause, also for a call inside of the call.
    pub fn is(&self, pallet: &str, name: &str) -> bool {
        match self {
            Self::Pallet { pallet: at, name: what, .. } => at == pallet && what == name,
            Self::Inner { error, .. } => error.is(pallet, name),
            _ => false,
        }
    }

    /// Converts an error of the chain, with the descriptions of the metadata at that block.
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

/// Returns the first paragraph of a description, on one line.
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
            Self::Forgotten { .. } => "unseen",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::NotSent(error) => error.hints(out),
            Self::Refused(refusal) => refusal.hints(out),
            Self::Inner { error, .. } => error.hints(out),
            Self::Pallet { name, .. } => match name.as_str() {
                name if name.contains("RateLimit") || name.ends_with("TooFast") || name.ends_with("TooEarly") => {
                    out.push("wait some blocks, and send the call again");
                }
                name if name.starts_with("NotEnoughBalance") || name == "InsufficientBalance" => {
                    out.push("add TAO to the coldkey, or lower the amount");
                }
                "HotKeyNotRegisteredInNetwork" | "HotKeyNotRegisteredInSubNet" => {
                    out.push("register the hotkey on this network first");
                }
                "SubNetworkDoesNotExist" => out.push("list the networks"),
                _ => {}
            },
            Self::Dispatch(error) => error.hints(out),
            Self::Expired { .. } => out.push("sign and send the call again"),
            Self::Forgotten { .. } => out.push("look up the state of the chain before you sign the call again"),
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
                out.push("sign with the owner's coldkey, or with the hotkey if the call is one of a neuron");
            }
            Self::Funds | Self::BelowMinimum => out.push("look up the balance of both accounts"),
            Self::Other(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the blocks, from 0 on, of attempts that always fail.
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
