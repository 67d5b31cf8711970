//! The stake pool of one hotkey, held in shares. spec staking §1.1.
//!
//! A [`Pool`] holds the value of all stake on a hotkey and the number of its shares. A [`Holding`] holds the number of
//! shares of one coldkey. Payment of all nominators is then a single addition to the value of the pool, for any number
//! of nominators.
//!
//! # Rounding
//!
//! Shares are so fine that one is never worth more than 2^-32 rao, and every rounding is in favour of the pool:
//!
//! * A deposit mints shares rounded down, a withdrawal burns shares rounded up. The worth of a share therefore never
//!   falls, and no operation on one holding takes anything from another.
//! * The worth of a holding is rounded down to whole rao. A deposit may thus be worth one rao less at once. The worths
//!   of all holdings sum to the value of the pool, or to less than a rao per holding below it.
//! * The amounts withdrawn equal the amounts deposited and rewarded, to the rao: the last holding to leave takes the
//!   rest.
//!
//! # The scale of shares
//!
//! Rewards raise the worth of a share, so over time a deposit would mint few shares and lose much to rounding. An
//! attacker could hasten this: it leaves one rao in a pool before a large reward and repeats the step. A share would
//! then be worth more than the next deposit. If shares get too coarse, the pool therefore splits each of them into 2^16
//! shares and counts the splits. A holding stores the number of its splits and catches up when it is next used.
//! Splitting is exact and changes no other holding.
//!
//! The first holder has no advantage. Value enters a pool only as a deposit, which mints shares, or as a reward, and a
//! pool without holders refuses rewards.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::{
    fmt,
    num::{NonZeroU64, NonZeroU128},
};
use myelin_primitives::{Amount, Tao};
use scale_info::TypeInfo;

/// Shares per rao after the first deposit into a pool, as a power of two.
const INITIAL_BITS: u32 = 48;

/// The least shares per rao, as a power of two. Below it, shares are split.
const COARSE_BITS: u32 = 32;

/// The number of shares into which a split divides one share, as a power of two.
///
/// Shares split because they were below `COARSE_BITS` stay within `INITIAL_BITS`, so all shares of a pool together
/// never need more than 64 + 48 bits.
const SPLIT_BITS: u32 = 16;

/// The reason for which a pool refuses an operation. The pool and the holding are then unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolError {
    /// A reward for a pool without a holder.
    Empty,
    /// A withdrawal of more than the holding is worth.
    Insufficient {
        /// The largest amount that can be withdrawn.
        worth: Amount<Tao>,
    },
    /// A holding with shares that this pool does not have.
    ForeignHolding,
    /// A value above the largest amount, which the maximum supply rules out.
    Overflow,
}

impl fmt::Display for PoolError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("nobody holds the pool, so nobody can be rewarded"),
            Self::Insufficient { worth } => write!(out, "the holding is worth only {worth}"),
            Self::ForeignHolding => out.write_str("the holding is not one of this pool"),
            Self::Overflow => out.write_str("the pool would be worth more than any amount"),
        }
    }
}

impl core::error::Error for PoolError {}

/// All stake on one hotkey. The default is empty.
///
/// ```
/// use myelin_economics::pool::{Holding, Pool};
/// use myelin_primitives::Amount;
///
/// let (mut pool, mut owner, mut nominator) = (Pool::default(), Holding::default(), Holding::default());
/// pool.deposit(&mut owner, Amount::from_rao(200)).unwrap();
/// pool.deposit(&mut nominator, Amount::from_rao(300)).unwrap();
/// pool.reward(Amount::from_rao(1_000)).unwrap();
/// assert_eq!(pool.worth(&nominator).unwrap().rao(), 900);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Pool(Option<Contents>);

/// The contents of a pool. Value and shares come and go together, so neither can be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
struct Contents {
    /// The value, in rao.
    value: NonZeroU64,
    shares: NonZeroU128,
    splits: u32,
}

/// The shares of one coldkey in one pool. The default is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Holding {
    shares: u128,
    splits: u32,
}

impl Holding {
    /// Returns true if the holding has no share, not even a part of a rao.
    pub const fn is_empty(&self) -> bool {
        self.shares == 0
    }
}

impl Pool {
    /// Returns the worth of all holdings together.
    pub fn value(&self) -> Amount<Tao> {
        self.0.map_or(Amount::ZERO, |contents| Amount::from_rao(contents.value.get()))
    }

    /// Returns true if the pool has no holder.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the worth of a holding, rounded down.
    ///
    /// # Errors
    /// [`PoolError::ForeignHolding`] if the holding has shares that this pool does not have.
    pub fn worth(&self, holding: &Holding) -> Result<Amount<Tao>, PoolError> {
        let shares = self.shares_of(holding)?;
        Ok(self.0.map_or(Amount::ZERO, |contents| contents.worth(shares)))
    }

    /// Adds `amount` to the pool and to a holding of it.
    ///
    /// # Errors
    /// [`PoolError::ForeignHolding`] if the holding has shares that this pool does not have, [`PoolError::Overflow`] if
    /// the sum exceeds any amount.
    pub fn deposit(&mut self, holding: &mut Holding, amount: Amount<Tao>) -> Result<(), PoolError> {
        let held = self.shares_of(holding)?;
        let minted = match self.0 {
            Some(Contents { value, shares, .. }) => {
                mul_div(amount.rao(), shares.get(), value.into()).ok_or(PoolError::Overflow)?.rounded_down
            }
            None => u128::from(amount.rao()) << INITIAL_BITS,
        };
        let value = self.value().checked_add(amount).map_err(|_| PoolError::Overflow)?;
        let shares = self.shares().checked_add(minted).ok_or(PoolError::Overflow)?;
        let held = held.checked_add(minted).ok_or(PoolError::Overflow)?;
        self.replace(value, shares, holding, held)
    }

    /// Takes `amount` out of a holding and out of the pool.
    ///
    /// A withdrawal of the full worth empties the holding. Its part of a rao stays with the pool.
    ///
    /// # Errors
    /// [`PoolError::Insufficient`] if the holding is worth less, [`PoolError::ForeignHolding`] if it has shares that
    /// this pool does not have.
    pub fn withdraw(&mut self, holding: &mut Holding, amount: Amount<Tao>) -> Result<(), PoolError> {
        let worth = self.worth(holding)?;
        let remaining = worth.checked_sub(amount).map_err(|_| PoolError::Insufficient { worth })?;
        let Some(contents) = self.0.filter(|_| !amount.is_zero()) else { return Ok(()) };
        let held = self.shares_of(holding)?;
        let burned = if remaining.is_zero() {
            held
        } else {
            let exact = mul_div(amount.rao(), contents.shares.get(), contents.value.into());
            exact.ok_or(PoolError::Overflow)?.rounded_up
        };
        self.burn(holding, held, burned, amount)
    }

    /// Empties a holding and returns its worth.
    ///
    /// Its part of a rao stays with the pool. The last holding takes the whole value.
    ///
    /// # Errors
    /// [`PoolError::ForeignHolding`] if the holding has shares that this pool does not have.
    pub fn withdraw_all(&mut self, holding: &mut Holding) -> Result<Amount<Tao>, PoolError> {
        let worth = self.worth(holding)?;
        let held = self.shares_of(holding)?;
        self.burn(holding, held, held, worth)?;
        Ok(worth)
    }

    /// Adds `amount` to the worth of the holdings, in proportion to them.
    ///
    /// # Errors
    /// [`PoolError::Empty`] without a holder, [`PoolError::Overflow`] if the sum exceeds any amount.
    pub fn reward(&mut self, amount: Amount<Tao>) -> Result<(), PoolError> {
        if self.is_empty() {
            return Err(PoolError::Empty);
        }
        let value = self.value().checked_add(amount).map_err(|_| PoolError::Overflow)?;
        self.0 = self.with(value, self.shares())?;
        Ok(())
    }

    /// Moves all shares from one holding of this pool to another, exactly.
    ///
    /// # Errors
    /// [`PoolError::ForeignHolding`] if the holdings have shares that this pool does not have.
    pub fn merge(&self, into: &mut Holding, from: &mut Holding) -> Result<(), PoolError> {
        let shares = self.shares_of(into)?.checked_add(self.shares_of(from)?);
        let shares = shares.filter(|&shares| shares <= self.shares()).ok_or(PoolError::ForeignHolding)?;
        *into = Holding { shares, splits: self.splits() };
        *from = Holding::default();
        Ok(())
    }

    fn shares(&self) -> u128 {
        self.0.map_or(0, |contents| contents.shares.get())
    }

    fn splits(&self) -> u32 {
        self.0.map_or(0, |contents| contents.splits)
    }

    /// Returns the shares of a holding after all splits of the pool.
    fn shares_of(&self, holding: &Holding) -> Result<u128, PoolError> {
        if holding.is_empty() {
            return Ok(0);
        }
        let splits = self.splits().checked_sub(holding.splits);
        let bits = splits.and_then(|splits| splits.checked_mul(SPLIT_BITS));
        bits.filter(|&bits| bits <= holding.shares.leading_zeros())
            .and_then(|bits| holding.shares.checked_shl(bits))
            .filter(|&shares| shares <= self.shares())
            .ok_or(PoolError::ForeignHolding)
    }

    fn burn(&mut self, holding: &mut Holding, held: u128, burned: u128, amount: Amount<Tao>) -> Result<(), PoolError> {
        let value = self.value().checked_sub(amount).map_err(|_| PoolError::ForeignHolding)?;
        let shares = self.shares().checked_sub(burned).ok_or(PoolError::ForeignHolding)?;
        let held = held.checked_sub(burned).ok_or(PoolError::ForeignHolding)?;
        self.replace(value, shares, holding, held)
    }

    fn replace(
        &mut self,
        value: Amount<Tao>,
        shares: u128,
        holding: &mut Holding,
        held: u128,
    ) -> Result<(), PoolError> {
        let contents = self.with(value, shares)?;
        // The holding has no later split yet: it catches up when it is next used.
        *holding = Holding { shares: held, splits: self.splits() };
        self.0 = contents;
        Ok(())
    }

    /// Returns the contents with another value and other shares, split if they are too coarse.
    fn with(&self, value: Amount<Tao>, shares: u128) -> Result<Option<Contents>, PoolError> {
        match (NonZeroU64::new(value.rao()), NonZeroU128::new(shares)) {
            (Some(value), Some(shares)) => {
                let contents = Contents { value, shares, splits: self.splits() };
                contents.refined().map(Some).ok_or(PoolError::Overflow)
            }
            (None, None) => Ok(None),
            _ => Err(PoolError::ForeignHolding),
        }
    }
}

impl Contents {
    fn refined(mut self) -> Option<Self> {
        while self.shares.get() >> COARSE_BITS < u128::from(self.value.get()) {
            self.shares = NonZeroU128::new(self.shares.get().checked_mul(1 << SPLIT_BITS)?)?;
            self.splits = self.splits.checked_add(1)?;
        }
        Some(self)
    }

    fn worth(self, shares: u128) -> Amount<Tao> {
        let worth = mul_div(self.value.get(), shares, self.shares);
        worth.and_then(|worth| u64::try_from(worth.rounded_down).ok()).map_or(Amount::ZERO, Amount::from_rao)
    }
}

/// A quotient of whole numbers, rounded either way.
struct Quotient {
    rounded_down: u128,
    rounded_up: u128,
}

/// Returns `a * b / divisor` for a divisor of up to 120 bits, or `None` if the quotient exceeds 128 bits.
///
/// The product may be longer than 128 bits, so it is divided as it grows, one byte of `a` at a time.
fn mul_div(a: u64, b: u128, divisor: NonZeroU128) -> Option<Quotient> {
    let (whole, part) = (b / divisor, b % divisor);
    let mut quotient = 0_u128;
    let mut remainder = 0_u128;
    for byte in a.to_be_bytes() {
        let next = remainder.checked_mul(256)?.checked_add(part.checked_mul(u128::from(byte))?)?;
        quotient = quotient.checked_mul(256)?.checked_add(next / divisor)?;
        remainder = next % divisor;
    }
    let rounded_down = whole.checked_mul(u128::from(a))?.checked_add(quotient)?;
    Some(Quotient { rounded_down, rounded_up: rounded_down.checked_add(u128::from(remainder > 0))? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn rao(rao: u64) -> Amount<Tao> {
        Amount::from_rao(rao)
    }

    /// A pool and its holdings, whose rules are checked after every operation.
    #[derive(Clone, Default)]
    struct Ledger {
        pool: Pool,
        holdings: [Holding; 4],
        paid_in: u64,
        paid_out: u64,
    }

    #[derive(Clone, Copy, Debug)]
    enum Operation {
        Deposit(usize, u64),
        Withdraw(usize, u64),
        WithdrawAll(usize),
        Reward(u64),
        Merge(usize, usize),
    }
    use Operation::{Deposit, Merge, Reward, Withdraw, WithdrawAll};

    impl Ledger {
        fn worths(&self) -> [u64; 4] {
            self.holdings.each_ref().map(|holding| self.pool.worth(holding).unwrap().rao())
        }

        /// Returns true if the operation succeeded.
        fn run(&mut self, operation: Operation) -> bool {
            let before = self.clone();
            let done = self.apply(operation);
            if done.is_err() {
                assert_eq!((&self.pool, &self.holdings), (&before.pool, &before.holdings), "{operation:?}");
            }
            self.check(&before, operation);
            done.is_ok()
        }

        fn apply(&mut self, operation: Operation) -> Result<(), PoolError> {
            match operation {
                Deposit(who, amount) => {
                    self.pool.deposit(&mut self.holdings[who], rao(amount))?;
                    self.paid_in += amount;
                }
                Withdraw(who, amount) => {
                    self.pool.withdraw(&mut self.holdings[who], rao(amount))?;
                    self.paid_out += amount;
                }
                WithdrawAll(who) => {
                    let amount = self.pool.withdraw_all(&mut self.holdings[who])?;
                    self.paid_out += amount.rao();
                }
                Reward(amount) => {
                    self.pool.reward(rao(amount))?;
                    self.paid_in += amount;
                }
                Merge(into, from) => {
                    let mut moved = core::mem::take(&mut self.holdings[from]);
                    self.pool.merge(&mut self.holdings[into], &mut moved)?;
                    assert!(moved.is_empty());
                }
            }
            Ok(())
        }

        fn check(&self, before: &Self, operation: Operation) {
            assert_eq!(self.pool.value().rao(), self.paid_in - self.paid_out, "{operation:?} loses or creates money");
            let (worths, before) = (self.worths(), before.worths());
            let sum: u64 = worths.iter().sum();
            let holders = self.holdings.iter().filter(|holding| !holding.is_empty()).count();
            let value = self.pool.value().rao();
            assert!(sum <= value && value - sum <= holders.saturating_sub(1) as u64, "{operation:?}: {sum} of {value}");
            assert_eq!(self.pool.is_empty(), holders == 0, "{operation:?}");
            if let Some(contents) = self.pool.0 {
                let value = u128::from(contents.value.get());
                assert!((value << COARSE_BITS..=value << INITIAL_BITS).contains(&contents.shares.get()));
            }
            for who in 0..4 {
                let (now, then) = (worths[who], before[who]);
                match operation {
                    Deposit(holder, amount) if holder == who => {
                        assert!(now >= then && now - then <= amount && amount - (now - then) <= 1);
                    }
                    Withdraw(holder, amount) if holder == who && amount <= then => {
                        assert!(now <= then - amount && then - amount - now <= 1);
                    }
                    WithdrawAll(holder) if holder == who => assert_eq!(now, 0),
                    Merge(into, from) if into == who && from != who => assert!(now >= then + before[from]),
                    Merge(_, from) if from == who => {}
                    _ => assert!(now >= then, "{operation:?} takes {then} - {now} from {who}"),
                }
            }
        }
    }

    fn ledger(operations: &[Operation]) -> Ledger {
        let mut ledger = Ledger::default();
        for &operation in operations {
            assert!(ledger.run(operation), "{operation:?} is refused");
        }
        ledger
    }

    #[test]
    fn rewards_follow_the_holdings() {
        let ledger = ledger(&[Deposit(0, 200), Deposit(1, 300), Reward(1_000)]);
        assert_eq!(ledger.worths(), [600, 900, 0, 0]);
        assert_eq!(ledger.pool.value(), rao(1_500));
    }

    #[test]
    fn what_is_deposited_can_be_withdrawn() {
        let ledger = ledger(&[Deposit(0, 7), Deposit(1, 1_000_000_007), Withdraw(1, 1_000_000_006), Withdraw(0, 7)]);
        assert_eq!(ledger.worths(), [0, 1, 0, 0]);
        assert!(ledger.holdings[0].is_empty());
    }

    #[test]
    fn the_last_holder_takes_everything() {
        let mut ledger = ledger(&[Deposit(0, 1), Deposit(1, 1), Deposit(2, 1), Reward(2)]);
        assert_eq!(ledger.worths(), [1, 1, 1, 0]);
        assert!(ledger.run(WithdrawAll(0)) && ledger.run(WithdrawAll(1)));
        assert_eq!(ledger.worths(), [0, 0, 2, 0]);
        assert!(ledger.run(Withdraw(2, 2)));
        assert_eq!(ledger.pool, Pool::default());
    }

    #[test]
    fn an_empty_pool_refuses_rewards_and_starts_afresh() {
        assert_eq!(Pool::default().reward(rao(1)), Err(PoolError::Empty));
        let mut ledger = ledger(&[Deposit(0, 1), Reward(1_000_000_000_000), WithdrawAll(0), Deposit(1, 5)]);
        assert_eq!(ledger.worths(), [0, 5, 0, 0]);
        assert_eq!(ledger.pool, self::ledger(&[Deposit(0, 5)]).pool);
        assert!(ledger.run(Deposit(0, 5)));
    }

    #[test]
    fn more_than_the_worth_is_refused() {
        let mut ledger = ledger(&[Deposit(0, 5), Deposit(1, 50)]);
        let refused = ledger.pool.withdraw(&mut ledger.holdings[0], rao(6));
        assert_eq!(refused, Err(PoolError::Insufficient { worth: rao(5) }));
        assert_eq!(
            ledger.pool.withdraw(&mut Holding::default(), rao(1)),
            Err(PoolError::Insufficient { worth: rao(0) })
        );
        assert_eq!(ledger.pool.withdraw(&mut Holding::default(), rao(0)), Ok(()));
    }

    #[test]
    fn a_holding_of_another_pool_is_refused() {
        let small = ledger(&[Deposit(0, 5)]).pool;
        let split = ledger(&[Deposit(0, 1), Reward(1 << 40)]);
        let large = ledger(&[Deposit(0, 6)]).holdings[0].clone();
        let mut late = Holding::default();
        split.pool.clone().deposit(&mut late, rao(1)).unwrap();
        for holding in [large, late] {
            assert_eq!(small.worth(&holding), Err(PoolError::ForeignHolding));
            assert_eq!(small.clone().withdraw_all(&mut holding.clone()), Err(PoolError::ForeignHolding));
            assert_eq!(Pool::default().deposit(&mut holding.clone(), rao(1)), Err(PoolError::ForeignHolding));
        }
        let mut whole = ledger(&[Deposit(0, 5)]).holdings[0].clone();
        assert_eq!(small.merge(&mut whole.clone(), &mut whole.clone()), Err(PoolError::ForeignHolding));
        assert_eq!(small.merge(&mut whole, &mut Holding::default()), Ok(()));
    }

    #[test]
    fn a_pool_holds_at_most_the_largest_amount() {
        let mut ledger = ledger(&[Deposit(0, u64::MAX)]);
        assert_eq!(ledger.worths(), [u64::MAX, 0, 0, 0]);
        assert_eq!(ledger.pool.reward(rao(1)), Err(PoolError::Overflow));
        assert_eq!(ledger.pool.deposit(&mut Holding::default(), rao(1)), Err(PoolError::Overflow));
        assert!(ledger.run(Withdraw(0, u64::MAX)));
    }

    #[test]
    fn making_shares_dear_takes_nothing_from_the_next_holder() {
        let mut ledger = ledger(&[Deposit(0, 1)]);
        for _ in 0..1_000 {
            assert!(ledger.run(Reward(41_000_000_000)));
            let worth = ledger.worths()[0];
            assert!(ledger.run(Withdraw(0, worth - 1)));
        }
        assert!(ledger.pool.splits() > 2_000);
        assert!(ledger.run(Reward(41_000_000_000)) && ledger.run(Deposit(1, 2_000_000)));
        assert!(ledger.worths()[1] >= 1_999_999);
    }

    #[test]
    fn a_long_sleeping_holding_keeps_its_part() {
        let mut ledger = ledger(&[Deposit(0, 1_000), Deposit(1, 1_000)]);
        for _ in 0..100 {
            assert!(ledger.run(Deposit(2, 1_000)) && ledger.run(Reward(1_000_000)) && ledger.run(WithdrawAll(2)));
        }
        let [sleeper, other, ..] = ledger.worths();
        assert_eq!(sleeper, other);
        assert!(ledger.run(WithdrawAll(0)));
    }

    #[test]
    fn pools_and_holdings_have_a_bounded_encoding() {
        assert_eq!((Pool::max_encoded_len(), Holding::max_encoded_len()), (29, 20));
        let ledger = ledger(&[Deposit(0, 1), Reward(1 << 40)]);
        assert_eq!(Pool::decode(&mut &ledger.pool.encode()[..]), Ok(ledger.pool));
        assert_eq!(Pool::default().encode(), [0]);
    }

    /// Returns amounts of every magnitude up to 2^48 rao, so that a hundred of them fit.
    fn amount() -> impl Strategy<Value = u64> {
        (0..=48_u32, any::<u64>()).prop_map(|(bits, value)| value & ((1 << bits) - 1))
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            4 => (0..4_usize, amount()).prop_map(|(who, amount)| Deposit(who, amount)),
            3 => (0..4_usize, amount()).prop_map(|(who, amount)| Withdraw(who, amount)),
            1 => (0..4_usize).prop_map(WithdrawAll),
            3 => amount().prop_map(Reward),
            1 => (0..4_usize, 0..4_usize).prop_map(|(into, from)| Merge(into, from)),
        ]
    }

    proptest! {
        #[test]
        fn no_sequence_of_operations_creates_or_takes_anything(operations in vec(operation(), 1..100)) {
            let mut ledger = Ledger::default();
            for operation in operations {
                ledger.run(operation);
            }
            for who in 0..4 {
                ledger.run(WithdrawAll(who));
            }
            prop_assert_eq!(ledger.paid_in, ledger.paid_out);
            prop_assert_eq!(ledger.pool, Pool::default());
        }

        #[test]
        fn a_reward_is_worth_what_dividing_it_row_by_row_would_give(
            stakes in proptest::array::uniform4(1..1_u64 << 50),
            reward in 0..1_u64 << 50,
        ) {
            let mut ledger = Ledger::default();
            for (who, stake) in stakes.into_iter().enumerate() {
                ledger.run(Deposit(who, stake));
            }
            ledger.run(Reward(reward));
            let total: u64 = stakes.iter().sum();
            for (worth, stake) in ledger.worths().into_iter().zip(stakes) {
                let part = u128::from(reward) * u128::from(stake) / u128::from(total);
                prop_assert_eq!(u128::from(worth), u128::from(stake) + part);
            }
        }

        #[test]
        fn a_pool_from_any_bytes_never_panics(bytes: Vec<u8>, shares: u128, splits: u32, amount: u64) {
            let Ok(mut pool) = Pool::decode(&mut &bytes[..]) else { return Ok(()) };
            let mut holding = Holding { shares, splits };
            let _ = (pool.worth(&holding), pool.reward(rao(amount)), pool.deposit(&mut holding, rao(amount)));
            let _ = (pool.withdraw(&mut holding, rao(amount)), pool.withdraw_all(&mut holding));
        }

        #[test]
        fn quotients_of_long_products_are_exact(a: u64, b in 0..1_u128 << 112, divisor in 1..1_u128 << 112) {
            if let Some(Quotient { rounded_down, rounded_up }) = mul_div(a, b, NonZeroU128::new(divisor).unwrap()) {
                let product = b.carrying_mul(a.into(), 0);
                let remainder = product.0.wrapping_sub(rounded_down.wrapping_mul(divisor));
                prop_assert!(remainder < divisor);
                prop_assert_eq!(rounded_down.carrying_mul(divisor, remainder), product);
                prop_assert_eq!(rounded_up - rounded_down, u128::from(remainder > 0));
            }
        }
    }
}
