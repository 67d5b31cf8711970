//! Consents of keys to pairs: signed by a key of this machine, or given as an argument. spec staking §2

use crate::{
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::NamedKey,
    plan::Plan,
    terminal::Terminal,
    transact::{PlanOutcome, PreparedPlan, TransactionArgs},
};
use myelin_client::{
    Amount, Chain, ChainState, Tao,
    calls::{self, Call},
    records::consent::KeyConsent,
    runtime::runtime_types::myelin_runtime::RuntimeCall,
};
use myelin_keys::{PublicKey, Signature};

/// The calls of a command that makes a pair before its call, in the same transaction.
pub(crate) const PAIR_FIRST: [(&str, &str); 2] = [("Utility", "batch_all"), ("Keys", "try_associate_hotkey")];

/// Argument of commands that may make a pair of keys.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ConsentArgs {
    /// Consent of the other key of a new pair, `0x` and 128 hex digits, if this machine does not have that key
    #[arg(long, value_name = "SIGNATURE")]
    consent: Option<Signature>,
}

/// The consent of a key to a pair, which may not be signed yet.
#[derive(Debug)]
pub(crate) struct PairConsent {
    text: Vec<u8>,
    source: ConsentSource,
}

/// The source of a consent.
#[derive(Debug)]
enum ConsentSource {
    /// None: one account is both keys.
    Needless,
    /// A signature that was given.
    Given(Signature),
    /// A key of this machine.
    Signer(WalletSigner),
}

impl ConsentArgs {
    /// Finds the consent of a key to a pair of which it is one.
    ///
    /// # Errors
    /// [`CliError::Usage`] if the given signature is not one of the pair; [`CliError::Impossible`] if this machine does
    /// not have the key, with the text that it has to sign.
    pub(crate) fn find(
        &self,
        context: &Context,
        chain: &Chain,
        signer: &PublicKey,
        coldkey: &PublicKey,
        hotkey: &PublicKey,
    ) -> Result<PairConsent, CliError> {
        let text = chain.pair_text(coldkey, hotkey);
        let source = if coldkey == hotkey {
            ConsentSource::Needless
        } else if let Some(given) = self.consent {
            if !given.verify_or_wrapped(signer, &text) {
                return Err(CliError::Usage {
                    message: format!("the consent is no signature of {signer} for this pair on this chain"),
                    hint: "leave out `--consent` to see the text to sign",
                });
            }
            ConsentSource::Given(given)
        } else if let Some(signer) = WalletSigner::with_key(signer, context)? {
            ConsentSource::Signer(signer)
        } else {
            let (hex, key) = (hex::encode(text), if signer == coldkey { "coldkey" } else { "hotkey" });
            return Err(CliError::Impossible {
                message: format!("{signer} has to agree to the pair, and its key is not on this machine"),
                hint: format!("pass the signature of `myelin wallet sign 0x{hex} --key {key}` there as `--consent`")
                    .into(),
            });
        };
        Ok(PairConsent { text, source })
    }

    /// Returns the pair that a command has to make before its call, or `None` if the keys are one already.
    ///
    /// # Errors
    /// Those of [`Self::find`], and [`CliError::Chain`].
    pub(crate) async fn new_pair(
        &self,
        context: &Context,
        chain: &Chain,
        now: &ChainState,
        coldkey: &PublicKey,
        hotkey: &NamedKey,
    ) -> Result<Option<NewPair>, CliError> {
        if now.hotkey(&hotkey.key).await?.is_some() {
            return Ok(None);
        }
        let consent = self.find(context, chain, &hotkey.key, coldkey, &hotkey.key)?;
        Ok(Some(NewPair { hotkey: hotkey.clone(), cost: now.pair_cost()?, consent }))
    }
}

impl PairConsent {
    /// Returns the consent. A key of this machine signs it, with its password if it has one.
    pub(crate) fn sign(&self, terminal: Terminal) -> Result<Option<KeyConsent>, CliError> {
        Ok(match &self.source {
            ConsentSource::Needless => None,
            ConsentSource::Given(given) => Some(given.to_bytes()),
            ConsentSource::Signer(signer) => Some(signer.open(terminal)?.sign(&self.text).to_bytes()),
        })
    }
}

/// A pair that a command makes before its call, in the same transaction.
#[derive(Debug)]
pub(crate) struct NewPair {
    hotkey: NamedKey,
    cost: Amount<Tao>,
    consent: PairConsent,
}

impl TransactionArgs {
    /// Executes a plan as [`Self::send`], after making a pair if there is none: both in one transaction, or neither.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn send_paired<Arguments>(
        &self,
        context: &Context,
        chain: &Chain,
        signer: &WalletSigner,
        pair: Option<NewPair>,
        call: &Call<Arguments>,
        plan: Plan,
    ) -> Result<PlanOutcome, CliError>
    where
        Arguments: Clone + Into<RuntimeCall>,
        Call<Arguments>: myelin_client::subxt::tx::Payload,
    {
        let Some(NewPair { hotkey, cost, consent }) = pair else {
            return self.send(context, chain, signer, call, plan).await;
        };
        let spend = plan.spend.checked_add(cost).unwrap_or(Amount::MAX);
        let plan = plan
            .spends(spend)
            .effect(format!("{signer} becomes the owner of {hotkey}, for {cost}, which are recycled"));
        // The fee depends on the length of the consent, not on its bytes.
        let priced = calls::associate_first(&hotkey.key, Some([0; 64]), call);
        let plan = plan.costs(chain.fee(&signer.public(), &priced).await?);
        match self.prepare(context, chain, signer, plan).await? {
            PreparedPlan::Shown(plan) => Ok(PlanOutcome::shown(plan)),
            PreparedPlan::Ready(ready) => {
                let consent = consent.sign(context.terminal())?;
                let call = calls::associate_first(&hotkey.key, consent, call);
                let (transaction, included) = ready.submit(&call).await?;
                Ok(ready.carried(transaction, included))
            }
        }
    }
}
