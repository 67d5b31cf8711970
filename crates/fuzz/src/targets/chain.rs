//! Records of the chain and the stake pool.

use crate::input::ByteReader;
use codec::{Decode, Encode};
use core::fmt::Debug;
use myelin_economics::pool::{Holding, Pool, PoolError};
use myelin_primitives::{Amount, Tao};
use myelin_records::{
    commitment::{Commitment, CommitmentData},
    parameters::{NetworkParameters, NetworkParametersPatch, Parameter, Parameters, ParametersPatch},
};

/// Reads a value, and checks that it is written as the same bytes.
fn read<T: Decode + Encode + PartialEq + Debug>(bytes: &[u8]) -> Option<T> {
    let mut rest = bytes;
    let value = T::decode(&mut rest).ok()?;
    let written = value.encode();
    assert_eq!(written, bytes[..bytes.len() - rest.len()], "the written bytes differ from the read ones");
    assert_eq!(T::decode(&mut &written[..]).ok().as_ref(), Some(&value));
    Some(value)
}

/// Checks a commitment in SCALE: it is written as it was read.
pub fn commitment(bytes: &[u8]) {
    read::<CommitmentData>(bytes);
    read::<Commitment>(bytes);
}

/// Checks a patch of parameters in SCALE. The first byte chooses the record, and `validate` never panics.
pub fn patch(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    if choice & 1 == 0 {
        let Some(patch) = read::<ParametersPatch>(rest) else { return };
        let parameters = patch.applied_to(&Parameters::default());
        let _ = parameters.validate(&NetworkParameters::default()).map_err(|error| error.to_string());
        // Each value that a patch sets is shown as a text that sets it.
        let mut typed = ParametersPatch::default();
        for parameter in patch.given() {
            let shown = parameter.value(&parameters).to_string();
            let read = parameter.assign(&mut typed, &shown).expect("a value is shown as one that can be typed");
            assert_eq!(read, parameter.value(&parameters));
            assert_eq!(Parameter::named(parameter.name()), Some(parameter));
        }
        assert_eq!(typed, patch);
    } else {
        let Some(patch) = read::<NetworkParametersPatch>(rest) else { return };
        let _ = patch.applied_to(&NetworkParameters::default()).validate().map_err(|error| error.to_string());
    }
}

/// Holders of a pool.
const HOLDERS: u8 = 4;

#[derive(Clone, Default)]
struct Ledger {
    pool: Pool,
    holdings: [Holding; HOLDERS as usize],
}

#[derive(Clone, Copy, Debug)]
enum PoolOperation {
    Deposit(usize, u64),
    Withdraw(usize, u64),
    WithdrawAll(usize),
    Reward(u64),
    Merge(usize, usize),
}

impl PoolOperation {
    fn take(input: &mut ByteReader<'_>) -> Self {
        let kind = input.below(5);
        let who = usize::from(input.below(HOLDERS));
        match kind {
            0 => Self::Deposit(who, input.magnitude(64)),
            1 => Self::Withdraw(who, input.magnitude(64)),
            2 => Self::WithdrawAll(who),
            3 => Self::Reward(input.magnitude(64)),
            _ => Self::Merge(who, usize::from(input.below(HOLDERS))),
        }
    }
}

impl Ledger {
    fn worths(&self) -> [u64; HOLDERS as usize] {
        self.holdings.each_ref().map(|holding| self.pool.worth(holding).expect("it is of this pool").rao())
    }

    /// Returns what came in less what went out.
    fn apply(&mut self, operation: PoolOperation) -> Result<i128, PoolError> {
        let rao = Amount::<Tao>::from_rao;
        match operation {
            PoolOperation::Deposit(who, amount) => {
                self.pool.deposit(&mut self.holdings[who], rao(amount)).map(|()| amount.into())
            }
            PoolOperation::Withdraw(who, amount) => {
                self.pool.withdraw(&mut self.holdings[who], rao(amount)).map(|()| -i128::from(amount))
            }
            PoolOperation::WithdrawAll(who) => {
                self.pool.withdraw_all(&mut self.holdings[who]).map(|amount| -i128::from(amount.rao()))
            }
            PoolOperation::Reward(amount) => self.pool.reward(rao(amount)).map(|()| amount.into()),
            PoolOperation::Merge(into, from) => {
                let mut moved = core::mem::take(&mut self.holdings[from]);
                self.pool.merge(&mut self.holdings[into], &mut moved).map(|()| 0)
            }
        }
    }
}

/// Operations on a stake pool, which create nothing.
///
/// The worths sum to the value at most. No holding grows by the withdrawal of another by more than rounding leaves in
/// the pool.
pub fn pool(bytes: &[u8]) {
    let mut input = ByteReader::new(bytes);
    let mut ledger = Ledger::default();
    let mut paid = 0_i128;
    while !input.is_empty() {
        let operation = PoolOperation::take(&mut input);
        let before = ledger.clone();
        let Ok(change) = ledger.apply(operation) else {
            assert!(ledger.pool == before.pool && ledger.holdings == before.holdings, "{operation:?} fails in part");
            continue;
        };
        paid += change;
        check(&before, &ledger, operation, paid);
    }
}

fn check(before: &Ledger, ledger: &Ledger, operation: PoolOperation, paid: i128) {
    let value = ledger.pool.value().rao();
    assert_eq!(i128::from(value), paid, "{operation:?} creates or loses money");
    let (worths, then) = (ledger.worths(), before.worths());
    let sum: u128 = worths.iter().map(|worth| u128::from(*worth)).sum();
    let holders = ledger.holdings.iter().filter(|holding| !holding.is_empty()).count();
    let lost = u128::from(value).checked_sub(sum).unwrap_or_else(|| panic!("{operation:?}: {sum} of {value}"));
    assert!(lost <= holders.saturating_sub(1) as u128, "{operation:?}: {sum} of {value} for {holders}");
    assert_eq!(ledger.pool.is_empty(), holders == 0);
    for (who, (now, then)) in worths.into_iter().zip(then).enumerate() {
        match operation {
            PoolOperation::Deposit(holder, amount) if holder == who => {
                assert!(now >= then && amount.abs_diff(now - then) <= 1, "{operation:?}: {then} became {now}");
            }
            PoolOperation::Withdraw(holder, amount) if holder == who => assert!(now <= then - amount),
            PoolOperation::WithdrawAll(holder) if holder == who => assert_eq!(now, 0),
            PoolOperation::Merge(into, from) if [into, from].contains(&who) => {}
            // The last holder but one leaves less than a rao for each holder.
            PoolOperation::Withdraw(..) | PoolOperation::WithdrawAll(_) => {
                assert!(now >= then && now - then <= u64::from(HOLDERS), "{operation:?} moves {then} to {now}");
            }
            _ => assert!(now >= then, "{operation:?} takes from another: {then} became {now}"),
        }
    }
}
