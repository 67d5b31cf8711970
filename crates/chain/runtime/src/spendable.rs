//! The currency of deposits: one that reserves and holds only TAO that can be spent.
//!
//! The stock balances do not look at freezes when they reserve or hold. A proxy could then turn the frozen TAO of a
//! coldkey under swap into deposits. spec staking §10.3

use core::marker::PhantomData;
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{
        BalanceStatus, Currency, ExistenceRequirement, ReservableCurrency, SignedImbalance, WithdrawReasons,
        fungible::{Dust, Inspect, InspectHold, MutateHold, Unbalanced, UnbalancedHold},
        tokens::{DepositConsequence, Fortitude, Preservation, Provenance, WithdrawConsequence},
    },
};
use sp_runtime::{DispatchError, TokenError};

/// The currency `Inner`, of which only TAO that is not frozen can be reserved or held.
pub struct SpendableCurrency<Inner>(PhantomData<Inner>);

impl<AccountId, Inner: Currency<AccountId>> Currency<AccountId> for SpendableCurrency<Inner> {
    type Balance = Inner::Balance;
    type NegativeImbalance = Inner::NegativeImbalance;
    type PositiveImbalance = Inner::PositiveImbalance;

    fn total_balance(who: &AccountId) -> Self::Balance {
        Inner::total_balance(who)
    }

    fn can_slash(who: &AccountId, value: Self::Balance) -> bool {
        Inner::can_slash(who, value)
    }

    fn total_issuance() -> Self::Balance {
        Inner::total_issuance()
    }

    fn minimum_balance() -> Self::Balance {
        Inner::minimum_balance()
    }

    fn burn(amount: Self::Balance) -> Self::PositiveImbalance {
        Inner::burn(amount)
    }

    fn issue(amount: Self::Balance) -> Self::NegativeImbalance {
        Inner::issue(amount)
    }

    fn free_balance(who: &AccountId) -> Self::Balance {
        Inner::free_balance(who)
    }

    fn ensure_can_withdraw(
        who: &AccountId,
        amount: Self::Balance,
        reasons: WithdrawReasons,
        rest: Self::Balance,
    ) -> DispatchResult {
        Inner::ensure_can_withdraw(who, amount, reasons, rest)
    }

    fn transfer(
        from: &AccountId,
        to: &AccountId,
        value: Self::Balance,
        existence: ExistenceRequirement,
    ) -> DispatchResult {
        Inner::transfer(from, to, value, existence)
    }

    fn slash(who: &AccountId, value: Self::Balance) -> (Self::NegativeImbalance, Self::Balance) {
        Inner::slash(who, value)
    }

    fn deposit_into_existing(who: &AccountId, value: Self::Balance) -> Result<Self::PositiveImbalance, DispatchError> {
        Inner::deposit_into_existing(who, value)
    }

    fn deposit_creating(who: &AccountId, value: Self::Balance) -> Self::PositiveImbalance {
        Inner::deposit_creating(who, value)
    }

    fn withdraw(
        who: &AccountId,
        value: Self::Balance,
        reasons: WithdrawReasons,
        existence: ExistenceRequirement,
    ) -> Result<Self::NegativeImbalance, DispatchError> {
        Inner::withdraw(who, value, reasons, existence)
    }

    fn make_free_balance_be(
        who: &AccountId,
        value: Self::Balance,
    ) -> SignedImbalance<Self::Balance, Self::PositiveImbalance> {
        Inner::make_free_balance_be(who, value)
    }
}

impl<AccountId, Inner> ReservableCurrency<AccountId> for SpendableCurrency<Inner>
where
    Inner: ReservableCurrency<AccountId> + Inspect<AccountId, Balance = <Inner as Currency<AccountId>>::Balance>,
{
    fn can_reserve(who: &AccountId, value: Self::Balance) -> bool {
        is_spendable::<_, Inner>(who, value) && Inner::can_reserve(who, value)
    }

    fn slash_reserved(who: &AccountId, value: Self::Balance) -> (Self::NegativeImbalance, Self::Balance) {
        Inner::slash_reserved(who, value)
    }

    fn reserved_balance(who: &AccountId) -> Self::Balance {
        Inner::reserved_balance(who)
    }

    fn reserve(who: &AccountId, value: Self::Balance) -> DispatchResult {
        ensure!(is_spendable::<_, Inner>(who, value), TokenError::Frozen);
        Inner::reserve(who, value)
    }

    fn unreserve(who: &AccountId, value: Self::Balance) -> Self::Balance {
        Inner::unreserve(who, value)
    }

    fn repatriate_reserved(
        slashed: &AccountId,
        beneficiary: &AccountId,
        value: Self::Balance,
        status: BalanceStatus,
    ) -> Result<Self::Balance, DispatchError> {
        Inner::repatriate_reserved(slashed, beneficiary, value, status)
    }
}

impl<AccountId, Inner: Inspect<AccountId>> Inspect<AccountId> for SpendableCurrency<Inner> {
    type Balance = Inner::Balance;

    fn total_issuance() -> Self::Balance {
        Inner::total_issuance()
    }

    fn minimum_balance() -> Self::Balance {
        Inner::minimum_balance()
    }

    fn total_balance(who: &AccountId) -> Self::Balance {
        Inner::total_balance(who)
    }

    fn balance(who: &AccountId) -> Self::Balance {
        Inner::balance(who)
    }

    fn reducible_balance(who: &AccountId, preservation: Preservation, fortitude: Fortitude) -> Self::Balance {
        Inner::reducible_balance(who, preservation, fortitude)
    }

    fn can_deposit(who: &AccountId, amount: Self::Balance, provenance: Provenance) -> DepositConsequence {
        Inner::can_deposit(who, amount, provenance)
    }

    fn can_withdraw(who: &AccountId, amount: Self::Balance) -> WithdrawConsequence<Self::Balance> {
        Inner::can_withdraw(who, amount)
    }
}

impl<AccountId, Inner: Unbalanced<AccountId>> Unbalanced<AccountId> for SpendableCurrency<Inner> {
    fn handle_dust(dust: Dust<AccountId, Self>) {
        Inner::handle_dust(Dust(dust.0));
    }

    fn write_balance(who: &AccountId, amount: Self::Balance) -> Result<Option<Self::Balance>, DispatchError> {
        Inner::write_balance(who, amount)
    }

    fn set_total_issuance(amount: Self::Balance) {
        Inner::set_total_issuance(amount);
    }
}

impl<AccountId, Inner: InspectHold<AccountId>> InspectHold<AccountId> for SpendableCurrency<Inner> {
    type Reason = Inner::Reason;

    fn total_balance_on_hold(who: &AccountId) -> Self::Balance {
        Inner::total_balance_on_hold(who)
    }

    fn balance_on_hold(reason: &Self::Reason, who: &AccountId) -> Self::Balance {
        Inner::balance_on_hold(reason, who)
    }

    fn hold_available(reason: &Self::Reason, who: &AccountId) -> bool {
        Inner::hold_available(reason, who)
    }

    fn ensure_can_hold(reason: &Self::Reason, who: &AccountId, amount: Self::Balance) -> DispatchResult {
        ensure!(is_spendable::<_, Inner>(who, amount), TokenError::Frozen);
        Inner::ensure_can_hold(reason, who, amount)
    }
}

impl<AccountId, Inner: UnbalancedHold<AccountId>> UnbalancedHold<AccountId> for SpendableCurrency<Inner> {
    fn set_balance_on_hold(reason: &Self::Reason, who: &AccountId, amount: Self::Balance) -> DispatchResult {
        Inner::set_balance_on_hold(reason, who, amount)
    }
}

impl<AccountId, Inner: MutateHold<AccountId>> MutateHold<AccountId> for SpendableCurrency<Inner> {
    fn done_hold(reason: &Self::Reason, who: &AccountId, amount: Self::Balance) {
        Inner::done_hold(reason, who, amount);
    }

    fn done_release(reason: &Self::Reason, who: &AccountId, amount: Self::Balance) {
        Inner::done_release(reason, who, amount);
    }

    fn done_burn_held(reason: &Self::Reason, who: &AccountId, amount: Self::Balance) {
        Inner::done_burn_held(reason, who, amount);
    }
}

/// Returns true if this much of an account is neither frozen nor needed to keep the account.
fn is_spendable<AccountId, Inner: Inspect<AccountId>>(who: &AccountId, amount: Inner::Balance) -> bool {
    amount <= Inner::reducible_balance(who, Preservation::Protect, Fortitude::Polite)
}
