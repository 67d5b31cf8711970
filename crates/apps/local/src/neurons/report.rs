//! A local network with neurons at one block.

use myelin_client::{Amount, Tao};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A subnet and its neurons, as of one final block.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SubnetReport {
    /// The block.
    pub height: u64,
    /// The subnet.
    pub netuid: u16,
    /// The name that its owner gave it.
    pub name: String,
    /// Its emission per block, in rao.
    #[schemars(with = "u64")]
    pub emission: Amount<Tao>,
    /// In how many blocks its next epoch is.
    pub next_epoch_in: Option<u64>,
    /// The last epoch since the network is up.
    pub epoch: Option<EpochPay>,
    /// Its neurons, by uid.
    pub neurons: Vec<NeuronReport>,
}

impl SubnetReport {
    /// Returns true if an epoch ran in its block.
    pub fn has_new_epoch(&self) -> bool {
        self.epoch.as_ref().is_some_and(|epoch| epoch.now)
    }
}

/// The division of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EpochPay {
    /// The block that ran it.
    pub block: u64,
    /// True if that is the block of the report.
    pub now: bool,
    /// The emission that was divided, in rao.
    #[schemars(with = "u64")]
    pub emission: Amount<Tao>,
    /// The owner's part, in rao.
    #[schemars(with = "u64")]
    pub owner: Amount<Tao>,
    /// The pay for mining, in rao.
    #[schemars(with = "u64")]
    pub miners: Amount<Tao>,
    /// The pay for validating, in rao.
    #[schemars(with = "u64")]
    pub validators: Amount<Tao>,
}

/// A neuron.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeuronReport {
    /// Its seat.
    pub uid: u16,
    /// The resident whose it is, or its address.
    pub name: String,
    /// The stake on it, in rao.
    #[schemars(with = "u64")]
    pub stake: Amount<Tao>,
    /// Its part of what miners earn, of 65535.
    pub incentive: u16,
    /// Its part of what validators earn, of 65535.
    pub dividends: u16,
    /// The part of its weights that consensus left, of 65535.
    pub trust: u16,
    /// Its pay in the last epoch.
    pub pay: Option<NeuronPay>,
}

/// The pay of a neuron in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeuronPay {
    /// The amount by the rules, in rao.
    #[schemars(with = "u64")]
    pub due: Amount<Tao>,
    /// The amount that the chain paid, in rao.
    #[schemars(with = "u64")]
    pub paid: Amount<Tao>,
    /// The difference between the two, in rao.
    pub difference: i64,
}
