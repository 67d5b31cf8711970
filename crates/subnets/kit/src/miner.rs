//! A miner on a chain.

use super::{
    AnnouncedAxon, Miner, ServingOptions, Task, endpoint::watched, event::NeuronEvent, member::Member,
    serving::ServeError,
};
use myelin_neuron::{Directory, Endpoint, MemoryDirectory, ServeValidators};
use myelin_primitives::{Amount, Tao};
use std::sync::Arc;

/// The options of a miner.
#[derive(Clone, Debug)]
pub struct MiningOptions {
    /// The options of its axon.
    pub serving: ServingOptions,
    /// The stake with which a neuron is served without a validator permit, if any is enough.
    pub enough_stake: Option<Amount<Tao>>,
}

impl Default for MiningOptions {
    /// Returns options that serve neurons of the subnet with a validator permit, or with 1 000 TAO of stake.
    fn default() -> Self {
        let enough_stake = Amount::from_tao(1_000);
        Self { serving: ServingOptions::default(), enough_stake }
    }
}

/// Serves a miner to the validators of its subnet until `stop`.
///
/// # Errors
/// [`ServeError`] if the axon does not start or stop, or the seat or the subnet is lost.
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

/// Returns an endpoint that serves a miner and reports each caller and the time of its request.
///
/// Use it with [`AnnouncedAxon`] for other endpoints or rules.
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
