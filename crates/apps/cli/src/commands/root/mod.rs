//! Commands about root, whose validators share the emission among subnets.

mod register;
mod shares;
mod weights;

pub use register::{Register, Registered};
pub use shares::{Division, Shares};
pub use weights::{RootWeights, SetWeights, ShowWeights, WeightsSet};
