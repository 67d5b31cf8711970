//! Commands about root, whose validators divide the emission among subnets.

mod register;
mod shares;
mod weights;

pub use register::{Register, RootRegisterOutput};
pub use shares::{RootSharesOutput, Shares};
pub use weights::{RootWeightsSetOutput, RootWeightsShowOutput, SetWeights, ShowWeights};
