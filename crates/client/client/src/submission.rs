//! How a submission ends.

use crate::{
    ChainConfig, ChainError, ChainState, PoolRefusal,
    runtime::{
        multisig::events::MultisigExecuted,
        proxy::events::ProxyExecuted,
        runtime_types::sp_runtime::{DispatchError, TokenError},
        sudo::events::{Sudid, SudoAsDone},
        system::events::ExtrinsicFailed,
        transaction_payment::events::TransactionFeePaid,
        utility::events::{BatchInterrupted, ItemFailed},
    },
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, Tao};
use std::{fmt, sync::Arc, time::Duration};
use subxt::{
    Metadata,
    error::EventsError,
    events::{DecodeAsEvent, Event, Events},
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
