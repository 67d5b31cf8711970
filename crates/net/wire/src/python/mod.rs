//! Values as Python neurons have them: the content of a JSON text, and Python's way to print it.
//!
//! spec neuron-protocol §3, §4. A body hash is a hash of *texts as Python prints them*. Integers and floats are
//! therefore different values here, integers are unbounded, and objects keep the order of their members. No available
//! JSON library keeps all three and reads Python's bare `NaN`, so [`json`] has its own reader.

pub mod json;
mod number;
mod text;
mod value;

pub use number::{parse_float, parse_int};
pub use value::{Dict, EnumMember, Int, Value};
