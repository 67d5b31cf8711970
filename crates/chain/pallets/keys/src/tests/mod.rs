//! Each precondition with its error, each effect, and random calls with the invariants after each.

use crate::Error;
use crate::mock::Test;

mod coldkeys;
mod hotkeys;
mod identity;
mod invariants;
mod prop;

/// The errors of this pallet.
type Failure = Error<Test>;
