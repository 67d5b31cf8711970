//! Values as Python neurons see them: what a text of JSON holds, and how Python writes it. spec neuron-protocol §3, §4
//!
//! A body hash is a hash of *texts as Python prints them*, so integers and floats are different values here, integers
//! are unbounded, and objects keep the order of their members. None of the JSON libraries at hand keeps all three and
//! reads Python's bare `NaN`, hence the reader of [`json`].

pub mod json;
mod number;
mod text;
mod value;

pub use number::{parse_float, parse_int};
pub use value::{Dict, Int, Value};
