//! Errors of a block, and failures of one epoch.

use core::fmt;
use myelin_economics::pool::PoolError;
use myelin_primitives::NetUid;

/// The reason why a block cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EpochError<Key> {
    /// More subnets or seats than a chain has, or more than [`MAX_INPUT_BYTES`](crate::input::MAX_INPUT_BYTES).
    TooLarge,
    /// A version of the rules that this crate does not have.
    UnknownRules(u32),
    /// An epoch of a subnet that the input does not contain.
    MissingSubnet(NetUid),
    /// Pay for a hotkey whose stake the input does not contain.
    MissingStake(Key),
    /// A result out of range before the epochs.
    Arithmetic(ArithmeticStep),
}

impl<Key: fmt::Debug> fmt::Display for EpochError<Key> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => out.write_str("the input has more subnets, seats or bytes than a chain has"),
            Self::UnknownRules(version) => write!(out, "version {version} of the rules is unknown"),
            Self::MissingSubnet(netuid) => write!(out, "subnet {netuid} is not in the input"),
            Self::MissingStake(hotkey) => write!(out, "the stake on hotkey {hotkey:?} is not in the input"),
            Self::Arithmetic(step) => step.fmt(out),
        }
    }
}

impl<Key: fmt::Debug> core::error::Error for EpochError<Key> {}

impl<Key> From<ArithmeticStep> for EpochError<Key> {
    fn from(step: ArithmeticStep) -> Self {
        Self::Arithmetic(step)
    }
}

/// The reason why one epoch failed. Nothing of it is applied, and its subnet keeps the pending emission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochFailure {
    /// One hotkey on two seats, which would be counted and paid twice. spec yuma §4.
    DuplicateHotkey,
    /// Stake that grew by another amount than was paid.
    PayoutMismatch,
    /// A stake pool that refused a payment.
    Pool(PoolError),
    /// A result out of range.
    Arithmetic(ArithmeticStep),
}

impl fmt::Display for EpochFailure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateHotkey => out.write_str("a hotkey holds two seats of the subnet"),
            Self::PayoutMismatch => out.write_str("the stake grew by another amount than was paid"),
            Self::Pool(error) => error.fmt(out),
            Self::Arithmetic(step) => step.fmt(out),
        }
    }
}

impl core::error::Error for EpochFailure {}

impl From<ArithmeticStep> for EpochFailure {
    fn from(step: ArithmeticStep) -> Self {
        Self::Arithmetic(step)
    }
}

/// The step whose result is out of range. The supply and the order of blocks rule each of them out on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArithmeticStep {
    /// The blocks since an account was settled: fewer have accrued than the account includes.
    UnsettledBlocks,
    /// The emission that accrued to a subnet.
    AccruedEmission,
    /// The number of blocks that have accrued.
    AccruedBlocks,
    /// The pending emission of all subnets after a block.
    PendingEmission,
    /// The pending emission of all subnets after an epoch: it is lower than what the epoch takes.
    DrainedEmission,
    /// The balance of a subnet's owner, or of all accounts, after the owner cut.
    OwnerBalance,
    /// The stake on all hotkeys after an epoch.
    TotalStake,
    /// The pay of one neuron, or of all neurons.
    NeuronPay,
}

impl ArithmeticStep {
    /// Returns true if the result is below zero, false if it is too large.
    pub const fn is_underflow(self) -> bool {
        matches!(self, Self::UnsettledBlocks | Self::DrainedEmission)
    }
}

impl fmt::Display for ArithmeticStep {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = match self {
            Self::UnsettledBlocks => "the number of blocks since an account was settled",
            Self::AccruedEmission => "the emission that accrued to a subnet",
            Self::AccruedBlocks => "the number of blocks that have accrued",
            Self::PendingEmission => "the pending emission of all subnets",
            Self::DrainedEmission => "the pending emission that an epoch leaves",
            Self::OwnerBalance => "the balance of the owner of a subnet",
            Self::TotalStake => "the stake on all hotkeys",
            Self::NeuronPay => "the pay of the neurons",
        };
        write!(out, "{result} is {}", if self.is_underflow() { "below zero" } else { "too large" })
    }
}

impl core::error::Error for ArithmeticStep {}
