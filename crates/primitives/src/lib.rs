//! The words of Myelin: amounts, ids, fractions, fixed-point numbers, public keys and IP endpoints.
//!
//! Every other crate speaks in these types, so that a quantity carries its unit, an id cannot be taken for a count and
//! a fraction is never above one. They hold no rule of the network themselves: issuance, prices and consensus are in
//! `myelin-economics` and `myelin-yuma`.
//!
//! ```
//! use myelin_primitives::{Amount, Cut, Fraction, Tao};
//!
//! let pending = Amount::<Tao>::from_rao(100);
//! let Cut { taken, rest } = pending.cut(Fraction::from_ppm(180_000).unwrap());
//! assert_eq!((taken.rao(), rest.rao()), (18, 82));
//! ```
//!
//! Nothing here floats or panics, and only SS58 texts allocate; arithmetic that can leave its range says so in its
//! result type. With the feature `std` a public key is shown as its address, and [`ss58`] reads and writes addresses.

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

mod amount;
mod endpoint;
mod fraction;
mod id;
mod key;
mod q32;
mod row;
#[cfg(feature = "std")]
pub mod ss58;

pub use amount::{Amount, AmountError, Cut, ParseAmountError, RAO_PER_TAO, Tao};
pub use endpoint::IpEndpoint;
pub use fraction::{Fraction, FractionError, MILLION, Take, U16_ONE};
pub use id::{NetUid, Uid};
pub use key::PublicKey;
pub use q32::Q32;
pub use row::Entry;

/// A block number, counted from genesis. 32 bits last 1 600 years at 12 s a block.
pub type BlockNumber = u32;
