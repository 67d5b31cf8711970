//! Errors with a stable code and with hints, for every library and program of Myelin.
//!
//! ```
//! use core::{error::Error, fmt};
//! use myelin_diagnostic::{Diagnostic, Hints};
//!
//! #[derive(Debug)]
//! struct NoSeat;
//!
//! impl fmt::Display for NoSeat {
//!     fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
//!         out.write_str("the hotkey has no seat on subnet 1")
//!     }
//! }
//!
//! impl Error for NoSeat {}
//!
//! impl Diagnostic for NoSeat {
//!     fn code(&self) -> &'static str {
//!         "no-seat"
//!     }
//!
//!     fn hints(&self, out: &mut Hints) {
//!         out.push("register the hotkey");
//!     }
//! }
//!
//! let error: Box<dyn Diagnostic + Send + Sync> = Box::new(NoSeat);
//! assert_eq!(error.code(), "no-seat");
//! assert_eq!(Hints::of(&*error).first(), Some("register the hotkey"));
//! assert!(error.downcast_ref::<NoSeat>().is_some());
//! ```
//!
//! | Question | Answer |
//! |---|---|
//! | What does a script match on? | [`Diagnostic::code`] |
//! | What helps the user? | [`Diagnostic::hints`], the best hint first |
//! | How does a program find the type of a boxed error? | `downcast_ref` of `dyn Diagnostic` |
//!
//! Not here: exit codes, and hints that name a command. A library does not know in which program it runs, so the
//! program adds both. The crate itself needs only `core` and `alloc`; the feature `std` links the standard library.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    forbid(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::float_arithmetic,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used,
    )
)]

extern crate alloc;

use alloc::{
    borrow::Cow,
    vec::{self, Vec},
};
use core::{error::Error, slice};

/// An error that has a code for scripts and hints for users.
///
/// The text of the error says what failed. Texts and hints may be reworded, codes may not.
pub trait Diagnostic: Error {
    /// Returns the name of the cause: words in kebab-case that stay the same when the text changes.
    fn code(&self) -> &'static str;

    /// Adds the next steps, the most promising one first. Adds nothing if no step is known.
    fn hints(&self, out: &mut Hints);
}

impl dyn Diagnostic {
    /// Returns the error as the type `T`, if it is of that type.
    ///
    /// A cause inside of the error is not searched.
    pub fn downcast_ref<T: Diagnostic + 'static>(&self) -> Option<&T> {
        let error: &(dyn Error + 'static) = self;
        error.downcast_ref()
    }
}

impl dyn Diagnostic + Send + Sync {
    /// Returns the error as the type `T`, if it is of that type.
    ///
    /// A cause inside of the error is not searched.
    pub fn downcast_ref<T: Diagnostic + 'static>(&self) -> Option<&T> {
        let error: &dyn Diagnostic = self;
        error.downcast_ref()
    }
}

/// Next steps for a user, the most promising one first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints(Vec<Cow<'static, str>>);

impl Hints {
    /// Returns the hints of an error.
    pub fn of(error: &(impl Diagnostic + ?Sized)) -> Self {
        let mut hints = Self::default();
        error.hints(&mut hints);
        hints
    }

    /// Adds a hint: an imperative in lower case without a full stop.
    pub fn push(&mut self, hint: impl Into<Cow<'static, str>>) {
        self.0.push(hint.into());
    }

    /// Returns the most promising hint.
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(AsRef::as_ref)
    }

    /// Returns the hints in their order.
    pub fn iter(&self) -> slice::Iter<'_, Cow<'static, str>> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Hints {
    type Item = &'a Cow<'static, str>;
    type IntoIter = slice::Iter<'a, Cow<'static, str>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Hints {
    type Item = Cow<'static, str>;
    type IntoIter = vec::IntoIter<Cow<'static, str>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{boxed::Box, format, string::ToString};
    use core::fmt;

    /// An error with a cause inside of it.
    #[derive(Debug, PartialEq, Eq)]
    enum Failure {
        Known(u16),
        Unknown,
        Wrapped(Other),
    }

    #[derive(Debug, PartialEq, Eq)]
    struct Other;

    impl fmt::Display for Failure {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(out, "{self:?}")
        }
    }

    impl fmt::Display for Other {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("other")
        }
    }

    impl Error for Failure {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            match self {
                Self::Wrapped(other) => Some(other),
                Self::Known(_) | Self::Unknown => None,
            }
        }
    }

    impl Error for Other {}

    impl Diagnostic for Failure {
        fn code(&self) -> &'static str {
            match self {
                Self::Known(_) => "known",
                Self::Unknown => "unknown",
                Self::Wrapped(other) => other.code(),
            }
        }

        fn hints(&self, out: &mut Hints) {
            match self {
                Self::Known(netuid) => {
                    out.push("wait");
                    out.push(format!("choose another network than {netuid}"));
                }
                Self::Unknown => {}
                Self::Wrapped(other) => other.hints(out),
            }
        }
    }

    impl Diagnostic for Other {
        fn code(&self) -> &'static str {
            "other"
        }

        fn hints(&self, out: &mut Hints) {
            out.push("look elsewhere");
        }
    }

    #[test]
    fn hints_keep_their_order() {
        let hints = Hints::of(&Failure::Known(7));
        assert_eq!(hints.first(), Some("wait"));
        assert!(hints.iter().eq(["wait", "choose another network than 7"]));
        assert!((&hints).into_iter().eq(hints.iter()));
        assert!(hints.clone().into_iter().eq(["wait", "choose another network than 7"]));
    }

    #[test]
    fn an_error_may_have_no_hint() {
        let hints = Hints::of(&Failure::Unknown);
        assert_eq!(hints, Hints::default());
        assert_eq!(hints.first(), None);
        assert_eq!(hints.iter().count(), 0);
    }

    #[test]
    fn hints_are_added_to_those_before() {
        let mut hints = Hints::default();
        hints.push("list the subnets");
        Failure::Known(1).hints(&mut hints);
        assert_eq!(hints.iter().count(), 3);
        assert_eq!(hints.first(), Some("list the subnets"));
    }

    #[test]
    fn a_boxed_error_is_found_by_its_type() {
        let error: Box<dyn Diagnostic + Send + Sync> = Box::new(Failure::Known(3));
        assert_eq!(error.downcast_ref::<Failure>(), Some(&Failure::Known(3)));
        assert_eq!(error.downcast_ref::<Other>(), None);
        let error: &dyn Diagnostic = &*error;
        assert_eq!(error.downcast_ref::<Failure>(), Some(&Failure::Known(3)));
        assert_eq!(error.downcast_ref::<Other>(), None);
        assert_eq!((error.code(), Hints::of(error).first()), ("known", Some("wait")));
    }

    #[test]
    fn a_cause_is_asked_and_not_searched() {
        let error: Box<dyn Diagnostic + Send + Sync> = Box::new(Failure::Wrapped(Other));
        assert_eq!(error.downcast_ref::<Other>(), None);
        assert_eq!((error.code(), Hints::of(&*error).first()), ("other", Some("look elsewhere")));
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("other"));
    }
}
