//! Each precondition with its error, each effect, and random calls with the invariants after each.

use crate::Error;
use crate::mock::Test;

mod children;
mod coldkeys;
mod delegation;
mod hotkeys;
mod moves;
mod nominations;
mod payout;
mod prop;
mod release;
mod root;
mod stake;
mod views;

/// The errors of this pallet.
type Failure = Error<Test>;
