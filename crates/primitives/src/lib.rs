//! Quantities and names of Myelin: amounts, ids, fractions, fixed-point numbers, public keys, keys of certificates and
//! IP endpoints.
//!
//! All other crates use these types: a quantity carries its unit, an id is no count, and a fraction is at most one.
//! They hold no rule of the network. Issuance and prices are in `myelin-economics`, consensus is in `myelin-yuma`.
//!
//! ```
//! use myelin_primitives::{Amount, Cut, Fraction, Tao};
//!
//! let pending = Amount::<Tao>::from_rao(100);
//! let Cut { taken, rest } = pending.cut(Fraction::from_ppm(180_000).unwrap());
//! assert_eq!((taken.rao(), rest.rao()), (18, 82));
//! ```
//!
//! Nothing here uses floating point or panics, and only SS58 texts and the bytes of certificates allocate. Arithmetic
//! that can leave its range returns an error. With the feature `std` a public key is shown as its address, and [`ss58`]
//! reads and writes addresses.

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

mod amount;
mod certificate;
mod endpoint;
mod fraction;
mod id;
mod key;
mod q32;
mod row;
#[cfg(feature = "std")]
pub mod ss58;

pub use amount::{Amount, AmountError, Cut, ParseAmountError, RAO_PER_TAO, Tao};
pub use certificate::{CertificateError, CertificateKey};
pub use endpoint::{AddressScope, IpEndpoint};
pub use fraction::{Fraction, FractionError, MILLION, Take, U16_ONE};
pub use id::{NetUid, Uid};
pub use key::PublicKey;
pub use q32::Q32;
pub use row::Entry;

/// A block number, counted from genesis.
///
/// At 12 s a block, 32 bits last 1 600 years.
pub type BlockNumber = u32;
