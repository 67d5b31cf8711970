//! Reports about the neurons of a local network at one block.

use myelin_client::{Amount, Tao};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A subnet and its neurons, as of one final block.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SubnetReport {
    /// Height of the block.
    pub height: u64,
    /// Number of the subnet.
    pub netuid: u16,
    /// Name that its owner set.
    pub name: String,
    /// Emission of the subnet per block, in rao.
    #[schemars(with = "u64")]
    pub emission: Amount<Tao>,
    /// Blocks until its next epoch.
    pub next_epoch_in: Option<u64>,
    /// Last epoch since the network is up.
    pub epoch: Option<EpochPay>,
    /// Neurons of the subnet, by uid.
    pub neurons: Vec<NeuronReport>,
}

impl SubnetReport {
    /// Returns true if an epoch ran in the block of the report.
    pub fn has_new_epoch(&self) -> bool {
        self.epoch.as_ref().is_some_and(|epoch| epoch.now)
    }
}

/// The division of an epoch's emission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EpochPay {
    /// Block of the epoch.
    pub block: u64,
    /// True if the epoch ran in the block of the report.
    pub now: bool,
    /// Emission that was divided, in rao.
    #[schemars(with = "u64")]
    pub emission: Amount<Tao>,
    /// Owner cut, in rao.
    #[schemars(with = "u64")]
    pub owner: Amount<Tao>,
    /// Emission of miners, in rao.
    #[schemars(with = "u64")]
    pub miners: Amount<Tao>,
    /// Emission of validators, in rao.
    #[schemars(with = "u64")]
    pub validators: Amount<Tao>,
}

/// A neuron in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeuronReport {
    /// Uid of its seat.
    pub uid: u16,
    /// Name of the neuron, or the address of its hotkey.
    pub name: String,
    /// Stake on its hotkey, in rao.
    #[schemars(with = "u64")]
    pub stake: Amount<Tao>,
    /// Incentive: its part of the emission of miners, as a fraction `v / 65535`.
    pub incentive: u16,
    /// Dividends: its part of the emission of validators, as a fraction `v / 65535`.
    pub dividends: u16,
    /// Validator trust: the part of its weights that consensus kept, as a fraction `v / 65535`.
    pub trust: u16,
    /// Payment in the last epoch.
    pub pay: Option<NeuronPay>,
}

/// The payment of a neuron in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NeuronPay {
    /// Amount by the rules, in rao.
    #[schemars(with = "u64")]
    pub due: Amount<Tao>,
    /// Amount that the chain paid, in rao.
    #[schemars(with = "u64")]
    pub paid: Amount<Tao>,
    /// Difference between the two amounts, in rao.
    pub difference: i64,
}
