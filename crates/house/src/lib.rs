//! Tests of rules that no compiler checks: layout, names, files, prose and pages.
//!
//! Each rule is a function over text: manifests, parsed sources or Markdown. Its unit tests plant faults, and the tests
//! in `tests/` apply it to this tree. `house.toml` counts the breaches of today; a count may only fall.
//!
//! ```
//! use myelin_house::{markdown::Page, prose};
//!
//! let page = Page::new("docs/a.md", "Whoever signs first, everybody waits for.\n");
//! assert_eq!(prose::indefinite_pronouns(&page).map(|finding| finding.count), Some(2));
//! ```
//!
//! | Question | Module |
//! |---|---|
//! | Which crate may depend on which? | [`arrows`] |
//! | Where do versions stand, and how are crates named? | [`manifests`] |
//! | Which names of types are taken, or are no nouns? | [`names`] |
//! | Which file has which role? | [`files`] |
//! | How are texts written? | [`prose`] |
//! | Do links resolve, and have decisions and change notes their form? | [`docs`] |
//! | What is excepted today, and what does a failure print? | [`exceptions`] |
//! | Which crates does a change affect? | [`changed`] |
//!
//! Not here: spelling (`typos.toml`), licences (`deny.toml`), formatting and lints, which have tools of their own.

pub mod arrows;
pub mod changed;
pub mod docs;
pub mod exceptions;
pub mod files;
pub mod manifests;
pub mod markdown;
pub mod names;
pub mod prose;
pub mod source;
pub mod tree;

pub use exceptions::{Failure, Finding, Rule, all, check};
