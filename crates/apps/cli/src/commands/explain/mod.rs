//! Commands that explain the payments of an epoch and the risk of losing a seat.

mod emission;
mod payment;
mod seat;
mod term;

pub use emission::{Emission, ExplainEmissionOutput, NeuronRow, PotsRow};
pub use payment::{LoanRow, PaymentRow, PoolRow};
pub use seat::{ExplainSeatOutput, Seat, SeatRow};
pub use term::{BondRow, NeuronDerivation, OpinionRow, ShareValue};

use crate::{context::Context, error::CliError, named_key::HotkeyArg};
use myelin_client::{NetUid, PublicKey, Uid};
use myelin_explain::ExplainError;

/// Selection of a neuron of a subnet.
#[derive(Clone, Debug, clap::Args)]
#[group(multiple = false)]
struct NeuronArg {
    /// The neuron on this seat
    #[arg(long, value_name = "UID")]
    uid: Option<Uid>,

    /// The neuron with this hotkey: an address, the name of a hotkey on this machine, or `myself`
    #[arg(long, value_name = "HOTKEY")]
    of: Option<HotkeyArg>,
}

/// A neuron, by uid or by hotkey.
enum NeuronName {
    Uid(Uid),
    Hotkey(PublicKey),
}

impl NeuronArg {
    /// Returns the selected neuron; `None` if no argument selects one.
    fn find(&self, context: &Context) -> Result<Option<NeuronName>, CliError> {
        Ok(match (&self.uid, &self.of) {
            (Some(uid), _) => Some(NeuronName::Uid(*uid)),
            (None, Some(hotkey)) => Some(NeuronName::Hotkey(hotkey.find(context)?.key)),
            (None, None) => None,
        })
    }
}

impl NeuronName {
    /// Makes the error that there is no such neuron.
    fn missing(&self, netuid: NetUid, block: u64) -> CliError {
        let who = match self {
            Self::Uid(uid) => uid.to_string(),
            Self::Hotkey(key) => key.to_string(),
        };
        ExplainError::NoNeuron { netuid, who, block }.into()
    }
}
