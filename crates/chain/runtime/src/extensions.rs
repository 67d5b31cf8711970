//! Transaction extensions beyond the stock ones: checks of free calls, and of coldkeys under swap.
//!
//! Keys without any balance must be able to work, so some calls are free (spec events-and-errors §8.1). Two stock rules
//! change for them. The nonce check admits accounts that do not exist. The pool rejects free calls that would fail on
//! chain, because no fee bounds a flood of free calls.

use crate::{
    AccountId, Address, FreeCalls, Keys, Multisig, Neurons, Nonce, Proxy, ProxyType, Runtime, RuntimeCall,
    RuntimeOrigin, Staking, System, TxExtension, Weights, free_calls::CallPayment, pauses::ReadableStateCalls,
};
use alloc::{vec, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_metadata_hash_extension::CheckMetadataHash;
use frame_support::{
    dispatch::{CheckIfFeeless, DispatchClass, DispatchInfo, GetDispatchInfo, PostDispatchInfo},
    pallet_prelude::{InvalidTransaction, TransactionSource, TransactionValidityError, ValidTransaction, Weight},
    traits::{Contains, Get, GetCallMetadata},
};
use frame_system::{
    Call as SystemCall, CheckEra, CheckGenesis, CheckNonZeroSender, CheckNonce, CheckSpecVersion, CheckTxVersion,
    CheckWeight,
};
use myelin_economics::work::Seal;
use myelin_pallet_keys::{Call as KeysCall, traits::Keys as _};
use myelin_pallet_neurons::Call as NeuronsCall;
use myelin_pallet_staking::Call as StakingCall;
use myelin_pallet_weights::Call as WeightsCall;
use myelin_primitives::{BlockNumber, NetUid};
use myelin_records::{free_calls::FREE_CALLS_AHEAD, pool_code::PoolCode};
use pallet_multisig::Call as MultisigCall;
use pallet_preimage::Call as PreimageCall;
use pallet_proxy::Call as ProxyCall;
use pallet_scheduler::Call as SchedulerCall;
use pallet_sudo::{Call as SudoCall, Key as SudoKey};
use pallet_transaction_payment::{ChargeTransactionPayment, WeightInfo as _};
use pallet_utility::Call as UtilityCall;
use scale_info::TypeInfo;
use sp_runtime::{
    DispatchResult,
    generic::Era,
    traits::{
        AsSystemOriginSigner, Hash as _, Implication, RefundWeight, StaticLookup, TransactionExtension, ValidateResult,
    },
    transaction_validity::{TransactionLongevity, TransactionPriority},
};

/// The age of the oldest first nonce of a key without a record, in blocks: the mortality of our client's transactions.
const FIRST_NONCE_AGE: BlockNumber = 64;

/// The blocks for which a registration by work stays in the pool. spec subnets-and-neurons §8.2
///
/// The block whose hash is part of the work must be among the three before. Three blocks, because the last block of a
/// session takes no calls.
const WORK_LONGEVITY: TransactionLongevity = 3;

/// The classes of priorities: calls with a fee come before all free calls. spec events-and-errors §8.4
mod priority {
    use super::TransactionPriority;

    /// The base of calls with a fee, to which the stock priority is added.
    pub(super) const FEE: TransactionPriority = 1 << 40;
    /// Calls about the swap of a coldkey.
    pub(super) const COLDKEY_SWAP: TransactionPriority = 4 << 32;
    /// Removals of stake.
    pub(super) const UNSTAKE: TransactionPriority = 3 << 32;
    /// The base of reveals, which have a window.
    pub(super) const REVEAL: TransactionPriority = 2 << 32;
    /// The base of other weight calls.
    pub(super) const WEIGHTS: TransactionPriority = 1 << 32;
    /// The most that blocks of waiting add.
    pub(super) const MAX_WAITED: TransactionPriority = 1 << 31;
}

/// The stock nonce check, which also admits the free calls of accounts without balance.
///
/// Clients see the stock extension: it has the same name and the same encoding.
#[derive(Clone, Debug, Encode, Decode, DecodeWithMemTracking, PartialEq, Eq)]
pub struct CheckNonceUnlessFree(pub CheckNonce<Runtime>);

impl CheckNonceUnlessFree {
    /// Returns the check for a transaction with this nonce.
    pub fn from(nonce: Nonce) -> Self {
        Self(CheckNonce::from(nonce.into()))
    }
}

impl TypeInfo for CheckNonceUnlessFree {
    type Identity = CheckNonce<Runtime>;

    fn type_info() -> scale_info::Type {
        CheckNonce::<Runtime>::type_info()
    }
}

type StockNonce = <CheckNonce<Runtime> as TransactionExtension<RuntimeCall>>::Val;
type StockPrepared = <CheckNonce<Runtime> as TransactionExtension<RuntimeCall>>::Pre;

/// The nonce check that a transaction passed.
pub enum NonceCheck<Stock> {
    /// The stock check.
    Stock(Stock),
    /// The check for free calls of this account.
    Free(AccountId),
}

impl TransactionExtension<RuntimeCall> for CheckNonceUnlessFree {
    const IDENTIFIER: &'static str = <CheckNonce<Runtime> as TransactionExtension<RuntimeCall>>::IDENTIFIER;
    type Implicit = ();
    type Val = NonceCheck<StockNonce>;
    type Pre = NonceCheck<StockPrepared>;

    fn weight(&self, call: &RuntimeCall) -> Weight {
        self.0.weight(call)
    }

    fn validate(
        &self,
        origin: RuntimeOrigin,
        call: &RuntimeCall,
        info: &DispatchInfo,
        length: usize,
        implicit: (),
        implication: &impl Implication,
        source: TransactionSource,
    ) -> ValidateResult<Self::Val, RuntimeCall> {
        let signer = origin.as_system_origin_signer().filter(|_| call.is_feeless(&origin)).cloned();
        let Some(who) = signer else {
            let (validity, stock, origin) =
                self.0.validate(origin, call, info, length, implicit, implication, source)?;
            return Ok((validity, NonceCheck::Stock(stock), origin));
        };
        let nonce = *self.0.0;
        let next = next_nonce(&who, call, nonce);
        if nonce < next {
            return Err(InvalidTransaction::Stale.into());
        }
        if nonce.saturating_sub(next) >= FREE_CALLS_AHEAD {
            return Err(InvalidTransaction::Future.into());
        }
        let tag = |nonce: Nonce| vec![(who.clone(), nonce).encode()];
        let validity = ValidTransaction {
            // A call that waits for another one has no priority, so it never displaces an earlier call of its kind,
            // with which it would fall itself.
            priority: if nonce == next { free_priority(&who, call) } else { 0 },
            provides: tag(nonce),
            requires: if nonce > next { tag(nonce.saturating_sub(1)) } else { Vec::new() },
            ..Default::default()
        };
        Ok((validity, NonceCheck::Free(who), origin))
    }

    fn prepare(
        self,
        val: Self::Val,
        origin: &RuntimeOrigin,
        call: &RuntimeCall,
        info: &DispatchInfo,
        length: usize,
    ) -> Result<Self::Pre, TransactionValidityError> {
        match val {
            NonceCheck::Stock(val) => self.0.prepare(val, origin, call, info, length).map(NonceCheck::Stock),
            NonceCheck::Free(who) => {
                match record(&who) {
                    // A registration may have an older nonce, which takes none back.
                    Some(next) if next > *self.0.0 => {}
                    _ => CheckNonce::<Runtime>::prepare_nonce_for_account(&who, self.0.0)?,
                }
                Ok(NonceCheck::Free(who))
            }
        }
    }

    fn post_dispatch_details(
        pre: Self::Pre,
        info: &DispatchInfo,
        post_info: &PostDispatchInfo,
        length: usize,
        result: &DispatchResult,
    ) -> Result<Weight, TransactionValidityError> {
        match pre {
            NonceCheck::Stock(pre) => {
                CheckNonce::<Runtime>::post_dispatch_details(pre, info, post_info, length, result)
            }
            NonceCheck::Free(_) => Ok(Weight::zero()),
        }
    }
}

/// Returns the next nonce of an account that has a record.
fn record(who: &AccountId) -> Option<Nonce> {
    frame_system::Account::<Runtime>::try_get(who).ok().map(|account| *account.nonce)
}

/// Returns the next nonce of the signer of a free call that offers `nonce`.
///
/// An account without a record begins at any of the last block numbers: those that its signer could have read. A
/// registration has this choice with a record too, because a deposit of dust may have made the record since the call
/// was signed. Its seal and its seat keep a registration from being carried out twice. spec events-and-errors §8.2
fn next_nonce(who: &AccountId, call: &RuntimeCall, nonce: Nonce) -> Nonce {
    let now = System::block_number();
    let oldest = now.saturating_sub(FIRST_NONCE_AGE);
    let is_registration = matches!(call, RuntimeCall::Neurons(NeuronsCall::register { .. }));
    match record(who) {
        None => nonce.clamp(oldest, now),
        Some(next) if is_registration && (oldest..next).contains(&nonce) => nonce,
        Some(next) => next,
    }
}

/// The check of free calls and of coldkeys under swap. spec events-and-errors §8.2, staking §10.3
///
/// It rejects, before inclusion, free calls that would fail and calls of coldkeys under swap. It adds no bytes to a
/// transaction.
#[derive(Clone, Debug, Default, Encode, Decode, DecodeWithMemTracking, PartialEq, Eq, TypeInfo)]
pub struct CheckCall;

impl TransactionExtension<RuntimeCall> for CheckCall {
    const IDENTIFIER: &'static str = "CheckCall";
    type Implicit = ();
    type Val = Option<CallPayment>;
    type Pre = Option<CallPayment>;

    fn weight(&self, call: &RuntimeCall) -> Weight {
        // The weight of a free call covers its checks twice, here and when it is dispatched. The room of free calls is
        // one value of the block, for which the start of the block is charged.
        let coldkeys = acting(call);
        // The key of sudo or the authorised upgrade, and a list of proxies for each name.
        let governance = if is_operational(call) { coldkeys.saturating_add(1) } else { 0 };
        <Runtime as frame_system::Config>::DbWeight::get().reads(coldkeys.saturating_add(governance))
    }

    fn validate(
        &self,
        origin: RuntimeOrigin,
        call: &RuntimeCall,
        info: &DispatchInfo,
        length: usize,
        (): (),
        _implication: &impl Implication,
        _source: TransactionSource,
    ) -> ValidateResult<Self::Val, RuntimeCall> {
        let Some(who) = origin.as_system_origin_signer() else { return Ok((Default::default(), None, origin)) };
        if info.class == DispatchClass::Operational && !may_be_operational(who, call) {
            return Err(InvalidTransaction::Call.into());
        }
        if !ReadableStateCalls::contains(call) {
            return Err(InvalidTransaction::Custom(PoolCode::Unreadable.number()).into());
        }
        check_coldkeys(who, call)?;
        let (payment, validity) = if call.is_feeless(&origin) {
            ensure_open::<<Runtime as frame_system::Config>::BaseCallFilter>(call)?;
            (CallPayment::Free, free(who, call)?)
        } else {
            (CallPayment::Fee, ValidTransaction { priority: priority::FEE, ..Default::default() })
        };
        FreeCalls::ensure_fits(payment, info, length)?;
        Ok((validity, Some(payment), origin))
    }

    fn prepare(
        self,
        payment: Self::Val,
        _origin: &RuntimeOrigin,
        _call: &RuntimeCall,
        info: &DispatchInfo,
        length: usize,
    ) -> Result<Self::Pre, TransactionValidityError> {
        if let Some(payment) = payment {
            FreeCalls::take(payment, info, length)?;
        }
        Ok(payment)
    }

    fn post_dispatch_details(
        payment: Self::Pre,
        info: &DispatchInfo,
        post_info: &PostDispatchInfo,
        _length: usize,
        _result: &DispatchResult,
    ) -> Result<Weight, TransactionValidityError> {
        if payment != Some(CallPayment::Free) {
            return Ok(Weight::zero());
        }
        // The payment that follows is skipped, and its extension gives nothing back for that.
        let skipped = payment_weight();
        let mut spent = *post_info;
        spent.refund(skipped);
        FreeCalls::give_back(info, &spent);
        System::reclaim_weight(info, &spent)?;
        Ok(skipped)
    }
}

/// Returns the weight of the payment of a fee.
pub(crate) fn payment_weight() -> Weight {
    <Runtime as pallet_transaction_payment::Config>::WeightInfo::charge_transaction_payment()
}

/// Returns the checks of a transaction without a tip.
pub(crate) fn checks(era: Era, nonce: Nonce, metadata_hash: Option<[u8; 32]>) -> TxExtension {
    (
        CheckNonZeroSender::new(),
        CheckSpecVersion::new(),
        CheckTxVersion::new(),
        CheckGenesis::new(),
        CheckEra::from(era),
        CheckNonceUnlessFree::from(nonce),
        CheckWeight::new(),
        CheckCall,
        ChargeTransactionPayment::from(0).into(),
        metadata_hash.map_or_else(|| CheckMetadataHash::new(false), CheckMetadataHash::new_with_custom_hash),
    )
}

/// Checks that a free call is not paused: a call that is refused only when it is dispatched would be free all the same.
fn ensure_open<Filter: Contains<RuntimeCall>>(call: &RuntimeCall) -> Result<(), InvalidTransaction> {
    if Filter::contains(call) { Ok(()) } else { Err(InvalidTransaction::Call) }
}

/// Returns true for a call that takes the room of governance.
fn is_operational(call: &RuntimeCall) -> bool {
    call.get_dispatch_info().class == DispatchClass::Operational
}

/// Returns true if an account may take the room that a block keeps for governance. spec events-and-errors §8.1
///
/// All other operational calls need the origin of governance, and would fail there after they took its room.
fn may_be_operational(who: &AccountId, call: &RuntimeCall) -> bool {
    match call {
        RuntimeCall::System(SystemCall::apply_authorized_upgrade { code }) if is_authorized(code) => true,
        call => is_of_governance(who, call),
    }
}

/// Returns true for the code of the upgrade that governance has authorised.
fn is_authorized(code: &[u8]) -> bool {
    type Hashing = <Runtime as frame_system::Config>::Hashing;
    // The hash has no accessor outside of native builds. It is the first field of the record.
    System::authorized_upgrade()
        .is_some_and(|upgrade| upgrade.using_encoded(|bytes| bytes.starts_with(Hashing::hash(code).as_ref())))
}

/// Returns true if a call makes calls of sudo and upgrades only, all of them in the name of the key of sudo.
fn is_of_governance(who: &AccountId, call: &RuntimeCall) -> bool {
    if let RuntimeCall::Sudo(_) | RuntimeCall::System(SystemCall::apply_authorized_upgrade { .. }) = call {
        return SudoKey::<Runtime>::get().as_ref() == Some(who);
    }
    let Nested { calls, actor } = nested(call);
    let Ok(Some(acting)) = actor.account(who) else { return false };
    // Without its proxy the call would fail after it took the room.
    let may_act = !matches!(actor, Actor::Named(_)) || Proxy::find_proxy(&acting, who, Some(ProxyType::Any)).is_ok();
    may_act && !calls.is_empty() && calls.into_iter().all(|call| is_of_governance(&acting, call))
}

/// Checks that no coldkey in whose name a call acts is under swap. spec staking §10.3
///
/// These are the signer and all accounts for which it acts: as a proxy, as a part of a multisig account, or through a
/// derived account, at any depth of nested calls.
fn check_coldkeys(who: &AccountId, call: &RuntimeCall) -> Result<(), InvalidTransaction> {
    if !is_about_coldkey_swap(call)
        && let Some(code) = Keys::swap_code(who)
    {
        return Err(InvalidTransaction::Custom(code.number()));
    }
    let Nested { calls, actor } = nested(call);
    if calls.is_empty() {
        return Ok(());
    }
    let Some(actor) = actor.account(who)? else { return Ok(()) };
    calls.into_iter().try_for_each(|call| check_coldkeys(&actor, call))
}

/// The calls within a call, and the account that makes them.
struct Nested<'a> {
    calls: Vec<&'a RuntimeCall>,
    actor: Actor<'a>,
}

/// The account that makes the calls within a call of a signer.
enum Actor<'a> {
    /// The signer.
    Signer,
    /// The account of this index that is derived from the signer.
    Derived(u16),
    /// An account that named the signer its proxy.
    Named(&'a Address),
    /// The multisig account of the signer and others.
    Multisig { others: &'a [AccountId], threshold: u16 },
}

impl Actor<'_> {
    /// Returns the account for a signer. A name that is no account cannot act.
    ///
    /// # Errors
    /// `Call` if a multisig account has too many signatories.
    fn account(&self, who: &AccountId) -> Result<Option<AccountId>, InvalidTransaction> {
        Ok(match self {
            Self::Signer => Some(who.clone()),
            Self::Derived(index) => Some(pallet_utility::derivative_account_id(who.clone(), *index)),
            Self::Named(name) => <Runtime as frame_system::Config>::Lookup::lookup((*name).clone()).ok(),
            Self::Multisig { others, threshold } => Some(multisig(who, others, *threshold)?),
        })
    }
}

/// Returns the calls within a call.
///
/// Each call of the pallets that make calls has an arm, so a new call of a later release does not compile until it has
/// one. Calls that governance alone can make act with its power, so the lock of a coldkey does not bind them.
fn nested(call: &RuntimeCall) -> Nested<'_> {
    let (calls, actor) = match call {
        RuntimeCall::Utility(call) => match call {
            UtilityCall::batch { calls } | UtilityCall::batch_all { calls } | UtilityCall::force_batch { calls } => {
                (calls.iter().collect(), Actor::Signer)
            }
            UtilityCall::if_else { main, fallback } => (vec![&**main, &**fallback], Actor::Signer),
            UtilityCall::as_derivative { index, call } => (vec![&**call], Actor::Derived(*index)),
            UtilityCall::dispatch_as { .. }
            | UtilityCall::dispatch_as_fallible { .. }
            | UtilityCall::with_weight { .. }
            | UtilityCall::__Ignore(..) => (Vec::new(), Actor::Signer),
        },
        RuntimeCall::Proxy(call) => match call {
            ProxyCall::proxy { real, call, .. } | ProxyCall::proxy_announced { real, call, .. } => {
                (vec![&**call], Actor::Named(real))
            }
            ProxyCall::add_proxy { .. }
            | ProxyCall::remove_proxy { .. }
            | ProxyCall::remove_proxies {}
            | ProxyCall::create_pure { .. }
            | ProxyCall::kill_pure { .. }
            | ProxyCall::announce { .. }
            | ProxyCall::remove_announcement { .. }
            | ProxyCall::reject_announcement { .. }
            | ProxyCall::poke_deposit {}
            | ProxyCall::__Ignore(..) => (Vec::new(), Actor::Signer),
        },
        RuntimeCall::Multisig(call) => match call {
            MultisigCall::as_multi { threshold, other_signatories, call, .. } => {
                (vec![&**call], Actor::Multisig { others: other_signatories, threshold: *threshold })
            }
            MultisigCall::as_multi_threshold_1 { other_signatories, call } => {
                (vec![&**call], Actor::Multisig { others: other_signatories, threshold: 1 })
            }
            // An approval has the hash of a call. The call itself comes with the last approval, by `as_multi`.
            MultisigCall::approve_as_multi { .. }
            | MultisigCall::cancel_as_multi { .. }
            | MultisigCall::poke_deposit { .. }
            | MultisigCall::__Ignore(..) => (Vec::new(), Actor::Signer),
        },
        RuntimeCall::Sudo(call) => match call {
            SudoCall::sudo { .. }
            | SudoCall::sudo_unchecked_weight { .. }
            | SudoCall::set_key { .. }
            | SudoCall::sudo_as { .. }
            | SudoCall::remove_key {}
            | SudoCall::__Ignore(..) => (Vec::new(), Actor::Signer),
        },
        RuntimeCall::Scheduler(call) => match call {
            SchedulerCall::schedule { .. }
            | SchedulerCall::cancel { .. }
            | SchedulerCall::schedule_named { .. }
            | SchedulerCall::cancel_named { .. }
            | SchedulerCall::schedule_after { .. }
            | SchedulerCall::schedule_named_after { .. }
            | SchedulerCall::set_retry { .. }
            | SchedulerCall::set_retry_named { .. }
            | SchedulerCall::cancel_retry { .. }
            | SchedulerCall::cancel_retry_named { .. }
            | SchedulerCall::__Ignore(..) => (Vec::new(), Actor::Signer),
        },
        RuntimeCall::Preimage(call) => match call {
            PreimageCall::note_preimage { .. }
            | PreimageCall::unnote_preimage { .. }
            | PreimageCall::request_preimage { .. }
            | PreimageCall::unrequest_preimage { .. }
            | PreimageCall::ensure_updated { .. }
            | PreimageCall::__Ignore(..) => (Vec::new(), Actor::Signer),
        },
        _ => (Vec::new(), Actor::Signer),
    };
    Nested { calls, actor }
}

/// Returns the multisig account of these signatories.
///
/// # Errors
/// `Call` if there are more than can be, before they are sorted.
fn multisig(who: &AccountId, others: &[AccountId], threshold: u16) -> Result<AccountId, InvalidTransaction> {
    let most = <<Runtime as pallet_multisig::Config>::MaxSignatories as Get<u32>>::get();
    if u32::try_from(others.len()).map_or(true, |others| others >= most) {
        return Err(InvalidTransaction::Call);
    }
    let mut signatories = others.to_vec();
    signatories.push(who.clone());
    signatories.sort();
    Ok(Multisig::multi_account_id(&signatories, threshold))
}

/// Returns the most coldkeys that [`check_coldkeys`] reads for a call.
fn acting(call: &RuntimeCall) -> u64 {
    nested(call).calls.into_iter().map(acting).fold(1, u64::saturating_add)
}

/// Checks a free call, and returns its validity.
///
/// Its `provides` tag keeps the pool from holding two calls of a kind: the chain would refuse the second one, which
/// pays no fee.
fn free(who: &AccountId, call: &RuntimeCall) -> Result<ValidTransaction, TransactionValidityError> {
    let mut validity = ValidTransaction::default();
    let (netuid, hotkey) = match call {
        RuntimeCall::Keys(call) => {
            Keys::check_free_call(who, call)?;
            (None, None)
        }
        RuntimeCall::Weights(call) => {
            Weights::check_free_call(who, call)?;
            (weights_netuid(call), None)
        }
        RuntimeCall::Neurons(call) => {
            Neurons::check_free_call(who, call)?;
            if matches!(call, NeuronsCall::register { .. }) {
                validity.longevity = WORK_LONGEVITY;
            }
            (neurons_netuid(call), None)
        }
        RuntimeCall::Staking(call) => {
            Staking::check_free_call(who, call)?;
            let (StakingCall::remove_stake { hotkey, .. } | StakingCall::unstake_all { hotkey }) = call else {
                return Err(InvalidTransaction::Call.into());
            };
            (None, Some(hotkey))
        }
        // No other pallet has a free call, and a call without a check must not be free.
        _ => return Err(InvalidTransaction::Call.into()),
    };
    let kind = call.get_call_metadata();
    validity.provides = vec![(who, kind.pallet_name, kind.function_name, netuid, hotkey).encode()];
    Ok(validity)
}

/// Returns the priority of a free call that waits for no other. spec events-and-errors §8.4
fn free_priority(who: &AccountId, call: &RuntimeCall) -> TransactionPriority {
    let waited = |blocks: BlockNumber| TransactionPriority::from(blocks).min(priority::MAX_WAITED);
    match call {
        RuntimeCall::Keys(_) => priority::COLDKEY_SWAP,
        RuntimeCall::Staking(_) => priority::UNSTAKE,
        RuntimeCall::Weights(call) => {
            let is_reveal =
                matches!(call, WeightsCall::reveal_weights { .. } | WeightsCall::batch_reveal_weights { .. });
            let class = if is_reveal { priority::REVEAL } else { priority::WEIGHTS };
            class.saturating_add(waited(Weights::blocks_since_update(who, call)))
        }
        RuntimeCall::Neurons(NeuronsCall::register { work, .. }) => {
            let seal: Option<[u8; 32]> = work.as_slice().try_into().ok();
            seal.map_or(0, |seal| Seal::from(seal).leading_zeros().into())
        }
        RuntimeCall::Neurons(call) => waited(Neurons::blocks_since_last(who, call)),
        _ => 0,
    }
}

fn weights_netuid(call: &WeightsCall<Runtime>) -> Option<NetUid> {
    match call {
        WeightsCall::set_weights { netuid, .. }
        | WeightsCall::commit_weights { netuid, .. }
        | WeightsCall::reveal_weights { netuid, .. }
        | WeightsCall::batch_reveal_weights { netuid, .. } => Some(*netuid),
        _ => None,
    }
}

fn neurons_netuid(call: &NeuronsCall<Runtime>) -> Option<NetUid> {
    match call {
        NeuronsCall::register { netuid, .. }
        | NeuronsCall::serve_axon { netuid, .. }
        | NeuronsCall::serve_axon_tls { netuid, .. }
        | NeuronsCall::serve_prometheus { netuid, .. }
        | NeuronsCall::set_commitment { netuid, .. } => Some(*netuid),
        _ => None,
    }
}

/// Returns true for calls about the swap of a coldkey, which make their own checks of it.
pub(crate) fn is_about_coldkey_swap(call: &RuntimeCall) -> bool {
    let RuntimeCall::Keys(call) = call else { return false };
    matches!(
        call,
        KeysCall::announce_coldkey_swap { .. }
            | KeysCall::swap_coldkey_announced { .. }
            | KeysCall::dispute_coldkey_swap { .. }
            | KeysCall::clear_coldkey_swap_announcement { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use frame_support::traits::{Everything, Nothing};

    #[test]
    fn a_call_that_is_paused_is_refused_before_inclusion() {
        let call = WeightsCall::commit_weights { netuid: NetUid::new(1), commit_hash: Default::default() }.into();
        assert_eq!(ensure_open::<Nothing>(&call), Err(InvalidTransaction::Call));
        assert_eq!(ensure_open::<Everything>(&call), Ok(()));
    }
}
