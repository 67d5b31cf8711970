//! A miner on a real chain.

use super::{
    AnnouncedAxon, Miner, ServingOptions, Task, endpoint::watched, event::NeuronEvent, member::Member,
    serving::ServeError,
};
use myelin_neuron::{Directory, Endpoint, MemoryDirectory, ServeValidators};
use myelin_primitives::{Amount, Tao};
use std::sync::Arc;

/// How a miner serves, and whom.
#[derive(Clone, Debug)]
pub struct MiningOptions {
    /// How it serves.
    pub serving: ServingOptions,
    /// The stake of a neuron that stands in for a permit to validate, if any does.
    pub enough_stake: Option<Amount<Tao>>,
}

impl Default for MiningOptions {
    /// Serves neurons of the subnet with a permit to validate, or 1 000 TAO of stake.
    fn default() -> Self {
        let enough_stake = Amount::from_tao(1_000);
        Self { serving: ServingOptions::default(), enough_stake }
    }
}

/// Serves a miner to the validators of its subnet until `stop`.
///
/// # Errors
/// [`ServeError`], with what is in the way, or if the seat or the subnet is gone.
pub async fn mine<T: Task>(
    member: &Member,
    task: Arc<T>,
    miner: Arc<impl Miner<T>>,
    options: MiningOptions,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let MiningOptions { serving, enough_stake } = options;
    let rules: ServeValidators<Arc<MemoryDirectory>> = ServeValidators { directory: member.table(), enough_stake };
    AnnouncedAxon::start(member, serving, rules, vec![reported(member, task, miner)]).await?.run(stop).await
}

/// An endpoint that serves a miner, and reports who asked and how long the work took. For those who serve more than that, or
/// to others, with [`AnnouncedAxon`].
pub fn reported<T: Task>(member: &Member, task: Arc<T>, miner: Arc<impl Miner<T>>) -> Endpoint {
    let (table, report) = (member.table(), member.report().clone());
    watched(
        task,
        miner,
        Arc::new(move |caller, elapsed, failure| {
            let uid = table.seat(caller).map(|seat| seat.uid);
            report.send(NeuronEvent::Served {
                caller,
                uid,
                elapsed,
                failure: failure.map(|failure| failure.0.clone()),
            });
        }),
    )
}
