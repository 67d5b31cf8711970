//! What a local network with neurons looks like at one block.

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
    /// What its owner calls it.
    pub name: String,
    /// What it receives of every block, in rao.
    #[schemars(with = "u64")]
    pub emission: Amount<Tao>,
    /// In how many blocks its next epoch is.
    pub next_epoch_in: Option<u64>,
    /// The last epoch since the network is up, and whether everybody was paid as the rules say.
    pub epoch: Option<EpochPay>,
    /// Its neurons, by uid.
    pub neurons: Vec<NeuronReport>,
}

impl SubnetReport {
    /// Whether an epoch ran in its block.
    pub fn has_new_epoch(&self) -> bool {
        self.epoch.as_ref().is_some_and(|epoch| epoch.now)
    }
}

/// How an epoch was divided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EpochPay {
    /// The block that ran it.
    pub block: u64,
    /// Whether that is the block of the report.
    pub now: bool,
    /// What was divided, in rao.
    #[schemars(with = "u64")]
    pub emission: Amount<Tao>,
    /// The owner's part, in rao.
    #[schemars(with = "u64")]
    pub owner: Amount<Tao>,
    /// What was paid for mining, in rao.
    #[schemars(with = "u64")]
    pub miners: Amount<Tao>,
    /// What was paid for validating, in rao.
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
    /// What is staked on it, in rao.
    #[schemars(with = "u64")]
    pub stake: Amount<Tao>,
    /// Its part of what miners earn, of 65535.
    pub incentive: u16,
    /// Its part of what validators earn, of 65535.
    pub dividends: u16,
    /// How much of its weights consensus left to it, of 65535.
    pub trust: u16,
    /// What it earned in the last epoch.
    pub pay: Option<NeuronPay>,
}

/// What a neuron earned in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeuronPay {
    /// What the rules give it, in rao.
    #[schemars(with = "u64")]
    pub due: Amount<Tao>,
    /// What the chain paid, in rao.
    #[schemars(with = "u64")]
    pub paid: Amount<Tao>,
    /// How much more that is, in rao.
    pub difference: i64,
}
