//! Values of parameters as readers show and type them.

use super::AlphaValues;
use core::{fmt, str::FromStr};
use myelin_primitives::{Amount, ParseAmountError, Take, Tao};

/// The value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(untagged))]
pub enum ParameterValue {
    /// True or false, written as yes or no.
    Flag(bool),
    /// A number of blocks, a count, or a part of a whole.
    Number(u64),
    /// A number that may be below zero.
    Signed(i16),
    /// An amount.
    Amount(Amount<Tao>),
    /// Two limits.
    Limits(AlphaValues),
}

/// Written in the form that [`Parameter::assign`](super::Parameter::assign) reads.
impl fmt::Display for ParameterValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => out.write_str(if *flag { "yes" } else { "no" }),
            Self::Number(number) => number.fmt(out),
            Self::Signed(number) => number.fmt(out),
            Self::Amount(amount) => amount.fmt(out),
            Self::Limits(AlphaValues { low, high }) => write!(out, "{low},{high}"),
        }
    }
}

/// The reason why a text is no value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterTextError {
    /// A text that is no whole number within these limits.
    NotNumber {
        /// Least number.
        min: i64,
        /// Greatest number.
        max: u64,
    },
    /// A text that is neither yes nor no.
    NotFlag,
    /// A text that is not two numbers with a comma between them.
    NotLimits,
    /// A text that is no amount.
    NotAmount(ParseAmountError),
}

impl fmt::Display for ParameterTextError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNumber { min, max } => write!(out, "not a whole number from {min} to {max}"),
            Self::NotFlag => out.write_str("neither yes nor no"),
            Self::NotLimits => out.write_str("not two numbers with a comma between them"),
            Self::NotAmount(error) => error.fmt(out),
        }
    }
}

impl core::error::Error for ParameterTextError {}

/// A type of parameter values.
pub(super) trait ParameterType: Sized {
    /// Reads a value.
    fn parse(text: &str) -> Result<Self, ParameterTextError>;

    /// Returns the value for readers.
    fn value(&self) -> ParameterValue;
}

macro_rules! numbers {
    ($($type:ident as $variant:ident)*) => {$(
        impl ParameterType for $type {
            fn parse(text: &str) -> Result<Self, ParameterTextError> {
                whole(text, Self::MIN.into(), Self::MAX)
            }

            fn value(&self) -> ParameterValue {
                ParameterValue::$variant((*self).into())
            }
        }
    )*};
}

numbers!(u16 as Number u32 as Number);

impl ParameterType for u64 {
    fn parse(text: &str) -> Result<Self, ParameterTextError> {
        whole(text, 0, Self::MAX)
    }

    fn value(&self) -> ParameterValue {
        ParameterValue::Number(*self)
    }
}

impl ParameterType for i16 {
    fn parse(text: &str) -> Result<Self, ParameterTextError> {
        whole(text, Self::MIN.into(), Self::MAX.unsigned_abs())
    }

    fn value(&self) -> ParameterValue {
        ParameterValue::Signed(*self)
    }
}

/// Reads a whole number. The error states the limits, which are those of the type.
fn whole<T: FromStr>(text: &str, min: i64, max: impl Into<u64>) -> Result<T, ParameterTextError> {
    text.parse().map_err(|_| ParameterTextError::NotNumber { min, max: max.into() })
}

impl ParameterType for bool {
    fn parse(text: &str) -> Result<Self, ParameterTextError> {
        match text {
            "yes" | "true" | "on" => Ok(true),
            "no" | "false" | "off" => Ok(false),
            _ => Err(ParameterTextError::NotFlag),
        }
    }

    fn value(&self) -> ParameterValue {
        ParameterValue::Flag(*self)
    }
}

impl ParameterType for Amount<Tao> {
    fn parse(text: &str) -> Result<Self, ParameterTextError> {
        text.parse().map_err(ParameterTextError::NotAmount)
    }

    fn value(&self) -> ParameterValue {
        ParameterValue::Amount(*self)
    }
}

impl ParameterType for Take {
    fn parse(text: &str) -> Result<Self, ParameterTextError> {
        u16::parse(text).map(Self::new)
    }

    fn value(&self) -> ParameterValue {
        ParameterValue::Number(self.get().into())
    }
}

impl ParameterType for AlphaValues {
    fn parse(text: &str) -> Result<Self, ParameterTextError> {
        let (low, high) = text.split_once(',').ok_or(ParameterTextError::NotLimits)?;
        Ok(Self { low: u16::parse(low)?, high: u16::parse(high)? })
    }

    fn value(&self) -> ParameterValue {
        ParameterValue::Limits(*self)
    }
}
