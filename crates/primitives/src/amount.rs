//! Quantities of a token.

use crate::Fraction;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::{cmp::Ordering, fmt, hash, iter, marker::PhantomData, str::FromStr};
use scale_info::TypeInfo;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Rao in one TAO, by spec tokenomics §1.
pub const RAO_PER_TAO: u64 = 1_000_000_000;

/// Decimal places of an amount in TAO.
const DECIMALS: usize = 9;

/// The longest text that is read as an amount, in bytes. What is shown has at most 25.
const MAX_TEXT: usize = 64;

/// The unit of amounts of TAO, counted in rao.
#[derive(Clone, Copy, Debug, PartialEq, Eq, TypeInfo)]
pub enum Tao {}

/// A quantity of one token, counted in its smallest part.
///
/// There is no `+` and no saturation: a sum that does not fit is an error. Amounts of two tokens have two types, so
/// units do not mix.
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[codec(mel_bound())]
#[scale_info(skip_type_params(U))]
pub struct Amount<U> {
    parts: u64,
    #[codec(skip)]
    unit: PhantomData<fn() -> U>,
}

/// An arithmetic result outside the range of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountError {
    /// A result above the largest amount.
    Overflow,
    /// A result below zero.
    Underflow,
}

impl fmt::Display for AmountError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Overflow => "the amount is too large",
            Self::Underflow => "the amount would be below zero",
        })
    }
}

impl core::error::Error for AmountError {}

/// The two sides of a cut, whose sum is the amount before the cut.
#[must_use = "dropping either side destroys money"]
#[derive(Debug)]
pub struct Cut<U> {
    /// The side cut off, rounded down.
    pub taken: Amount<U>,
    /// The other side.
    pub rest: Amount<U>,
}

impl<U> Amount<U> {
    /// The amount zero.
    pub const ZERO: Self = Self::from_parts(0);

    /// The largest amount, in 64 bits.
    pub const MAX: Self = Self::from_parts(u64::MAX);

    /// Returns an amount of this many smallest parts.
    pub const fn from_parts(parts: u64) -> Self {
        Self { parts, unit: PhantomData }
    }

    /// Returns the number of smallest parts.
    pub const fn parts(self) -> u64 {
        self.parts
    }

    /// Returns true if the amount is zero.
    pub const fn is_zero(self) -> bool {
        self.parts == 0
    }

    /// Adds another amount.
    ///
    /// # Errors
    /// [`AmountError::Overflow`] above [`Amount::MAX`].
    pub const fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        match self.parts.checked_add(other.parts) {
            Some(parts) => Ok(Self::from_parts(parts)),
            None => Err(AmountError::Overflow),
        }
    }

    /// Subtracts another amount.
    ///
    /// # Errors
    /// [`AmountError::Underflow`] if `other` is larger.
    pub const fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
        match self.parts.checked_sub(other.parts) {
            Some(parts) => Ok(Self::from_parts(parts)),
            None => Err(AmountError::Underflow),
        }
    }

    /// Adds up amounts.
    ///
    /// # Errors
    /// [`AmountError::Overflow`] above [`Amount::MAX`].
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, AmountError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// Cuts off `share`, rounded down, and returns both sides, so that no rounding loses a part.
    pub const fn cut(self, share: Fraction) -> Cut<U> {
        let taken = share.of(self.parts);
        // A fraction is at most one, so the cut never exceeds the whole.
        Cut { taken: Self::from_parts(taken), rest: Self::from_parts(self.parts.saturating_sub(taken)) }
    }
}

impl Amount<Tao> {
    /// One TAO.
    pub const ONE_TAO: Self = Self::from_rao(RAO_PER_TAO);

    /// Returns an amount of this many rao.
    pub const fn from_rao(rao: u64) -> Self {
        Self::from_parts(rao)
    }

    /// Returns an amount of this many whole TAO, or `None` if it does not fit into 64 bits of rao.
    pub const fn from_tao(tao: u64) -> Option<Self> {
        match tao.checked_mul(RAO_PER_TAO) {
            Some(rao) => Some(Self::from_rao(rao)),
            None => None,
        }
    }

    /// Returns the number of rao.
    pub const fn rao(self) -> u64 {
        self.parts
    }
}

// Implemented by hand, because a derive would demand the same traits of the unit, which is only a name.
impl<U> Clone for Amount<U> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<U> Copy for Amount<U> {}
impl<U> Default for Amount<U> {
    fn default() -> Self {
        Self::ZERO
    }
}
impl<U> PartialEq for Amount<U> {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}
impl<U> Eq for Amount<U> {}
impl<U> PartialOrd for Amount<U> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<U> Ord for Amount<U> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts.cmp(&other.parts)
    }
}
impl<U> hash::Hash for Amount<U> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.parts.hash(state);
    }
}
impl<U> fmt::Debug for Amount<U> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Amount({})", self.parts)
    }
}

/// Serialised as the number of smallest parts.
impl<U> Serialize for Amount<U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.parts.serialize(serializer)
    }
}
impl<'de, U> Deserialize<'de> for Amount<U> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Self::from_parts)
    }
}

/// Written in TAO, without trailing zeros: `1.5 TAO`, `0.00000025 TAO`.
impl fmt::Display for Amount<Tao> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, mut decimals) = (self.parts / RAO_PER_TAO, self.parts % RAO_PER_TAO);
        if decimals == 0 {
            return write!(out, "{whole} TAO");
        }
        let mut width = DECIMALS;
        while decimals % 10 == 0 {
            decimals /= 10;
            width = width.saturating_sub(1);
        }
        write!(out, "{whole}.{decimals:0width$} TAO")
    }
}

/// The reason for which a text is no amount of TAO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseAmountError {
    /// A text of another form than `12`, `1.5`, `1.5tao` or `250rao`, or of more than 64 bytes.
    Malformed,
    /// An amount finer than one rao.
    TooFine,
    /// An amount over 64 bits of rao.
    TooLarge,
}

impl fmt::Display for ParseAmountError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Malformed => "not an amount; write `12`, `1.5`, `1.5tao` or `250rao`",
            Self::TooFine => "finer than one rao, which is 0.000000001 TAO",
            Self::TooLarge => "larger than any amount of TAO",
        })
    }
}

impl core::error::Error for ParseAmountError {}

/// Reads `12`, `1.5`, `1.5tao` or `250rao`.
///
/// Upper case and a space before the unit are accepted. A text of more than 64 bytes is refused.
impl FromStr for Amount<Tao> {
    type Err = ParseAmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_TEXT {
            return Err(ParseAmountError::Malformed);
        }
        let text = text.trim();
        let unit_start = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(unit_start).ok_or(ParseAmountError::Malformed)?;
        let number = number.trim_end();
        let rao = if unit.eq_ignore_ascii_case("rao") {
            parse_digits(number)?
        } else if unit.is_empty() || unit.eq_ignore_ascii_case("tao") {
            parse_tao(number)?
        } else {
            return Err(ParseAmountError::Malformed);
        };
        Ok(Self::from_rao(rao))
    }
}

fn parse_tao(number: &str) -> Result<u64, ParseAmountError> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let whole = parse_digits(whole)?;
    if decimals.is_empty() || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ParseAmountError::Malformed);
    }
    if decimals.trim_end_matches('0').len() > DECIMALS {
        return Err(ParseAmountError::TooFine);
    }
    let decimals = decimals.bytes().chain(iter::repeat(b'0')).take(DECIMALS);
    let rao = decimals.fold(0_u64, |rao, digit| {
        // Nine digits stay far below the limit.
        rao.saturating_mul(10).saturating_add(u64::from(digit.saturating_sub(b'0')))
    });
    whole.checked_mul(RAO_PER_TAO).and_then(|whole| whole.checked_add(rao)).ok_or(ParseAmountError::TooLarge)
}

/// Reads one or more decimal digits, without sign or separator.
fn parse_digits(digits: &str) -> Result<u64, ParseAmountError> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ParseAmountError::Malformed);
    }
    digits.parse().map_err(|_| ParseAmountError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tao(text: &str) -> Result<u64, ParseAmountError> {
        text.parse::<Amount<Tao>>().map(Amount::rao)
    }

    #[test]
    fn amounts_read_with_and_without_a_unit() {
        assert_eq!(tao("12"), Ok(12_000_000_000));
        assert_eq!(tao("1.5"), Ok(1_500_000_000));
        assert_eq!(tao("1.5tao"), Ok(1_500_000_000));
        assert_eq!(tao(" 1.50 TAO "), Ok(1_500_000_000));
        assert_eq!(tao("250rao"), Ok(250));
        assert_eq!(tao("0.000000001"), Ok(1));
        assert_eq!(tao("1.0000000000"), Ok(1_000_000_000));
        assert_eq!(tao("18446744073.709551615"), Ok(u64::MAX));
    }

    #[test]
    fn what_is_not_an_amount_is_refused_with_its_reason() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e9", "1_000", "1,5", "tao", "1.5rao", "1 2", "1kTAO", "١"] {
            assert_eq!(tao(text), Err(ParseAmountError::Malformed), "{text:?}");
        }
        assert_eq!(tao(&format!("{}1", "0".repeat(63))), Ok(1_000_000_000));
        assert_eq!(tao(&format!("{}1", "0".repeat(64))), Err(ParseAmountError::Malformed));
        assert_eq!(tao("0.0000000001"), Err(ParseAmountError::TooFine));
        assert_eq!(tao("18446744073.709551616"), Err(ParseAmountError::TooLarge));
        assert_eq!(tao("99999999999999999999"), Err(ParseAmountError::TooLarge));
    }

    #[test]
    fn amounts_show_in_tao() {
        let shown = |rao| Amount::from_rao(rao).to_string();
        assert_eq!(shown(0), "0 TAO");
        assert_eq!(shown(250), "0.00000025 TAO");
        assert_eq!(shown(1_500_000_000), "1.5 TAO");
        assert_eq!(shown(21_000_000 * RAO_PER_TAO), "21000000 TAO");
    }

    #[test]
    fn amounts_encode_as_eight_little_endian_bytes() {
        assert_eq!(Amount::from_rao(1).encode(), [1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Amount::<Tao>::max_encoded_len(), 8);
    }

    #[test]
    fn whole_tao_that_does_not_fit_is_refused() {
        assert_eq!(Amount::from_tao(100).map(Amount::rao), Some(100_000_000_000));
        assert_eq!(Amount::from_tao(u64::MAX), None);
    }

    proptest! {
        #[test]
        fn an_amount_reads_as_it_shows(rao: u64) {
            prop_assert_eq!(tao(&Amount::from_rao(rao).to_string()), Ok(rao));
        }

        #[test]
        fn sums_and_differences_agree_or_are_refused(a: u64, b: u64) {
            let (left, right) = (Amount::<Tao>::from_rao(a), Amount::from_rao(b));
            prop_assert_eq!(left.checked_add(right).ok().map(Amount::rao), a.checked_add(b));
            prop_assert_eq!(left.checked_sub(right).ok().map(Amount::rao), a.checked_sub(b));
        }

        #[test]
        fn a_cut_loses_nothing(rao: u64, ppm in 0..=1_000_000_u32) {
            let Cut { taken, rest } = Amount::<Tao>::from_rao(rao).cut(Fraction::from_ppm(ppm).unwrap());
            prop_assert_eq!(taken.checked_add(rest), Ok(Amount::from_rao(rao)));
            prop_assert_eq!(u128::from(taken.rao()), u128::from(rao) * u128::from(ppm) / 1_000_000);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = tao(&text);
        }
    }
}
