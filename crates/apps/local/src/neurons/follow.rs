//! Follows a subnet block by block, and checks the payments of each epoch against the rules.

use super::report::{EpochPay, NeuronPay, NeuronReport, SubnetReport};
use crate::{LocalError, NetworkEvent, SupervisorOrder};
use myelin_client::{Chain, ChainError, Metagraph, NetUid, NeuronInfo, PublicKey};
use myelin_explain::{Audit, ExplainError};
use std::{collections::BTreeMap, convert::Infallible, time::Duration};
use tokio::{sync::mpsc::UnboundedSender, time::sleep};

/// Pause before the next request after the chain did not answer.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The names of hotkeys.
pub(super) type HotkeyNames = BTreeMap<PublicKey, &'static str>;

/// Reports every final block. Ends if the payments of an epoch differ from the rules, or the subnet has ended.
pub(super) async fn follow(
    chain: &Chain,
    netuid: NetUid,
    names: &HotkeyNames,
    orders: &UnboundedSender<SupervisorOrder>,
) -> Result<Infallible, LocalError> {
    let mut metagraph = Metagraph::sync(chain, netuid).await?;
    // Earlier epochs belong to an earlier run.
    let mut seen = metagraph.subnet.last_epoch.map(|epoch| epoch.block);
    let mut audit = None;
    loop {
        let now = metagraph.subnet.last_epoch.map(|epoch| epoch.block);
        let ran = now.filter(|_| now != seen);
        if let Some(block) = ran {
            audit = match Audit::of_epoch(chain, netuid, block).await {
                Ok(audit) => Some(exact(audit)?),
                // An epoch after calls of governance in its block cannot be audited; the next one is audited again.
                Err(ExplainError::Scheduled(_)) => None,
                Err(ExplainError::Chain(error)) => {
                    unheard(orders, &error).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            seen = now;
        }
        let report = report(&metagraph, names, audit.as_ref(), ran.is_some());
        let _ = orders.send(SupervisorOrder::Report(NetworkEvent::Neurons(report)));
        while let Err(error) = metagraph.follow().await {
            if matches!(error, ChainError::NoNetwork { .. }) {
                return Err(error.into());
            }
            unheard(orders, &error).await;
        }
    }
}

async fn unheard(orders: &UnboundedSender<SupervisorOrder>, error: &ChainError) {
    let _ = orders.send(SupervisorOrder::Report(NetworkEvent::Unheard { why: error.to_string() }));
    sleep(RETRY_DELAY).await;
}

/// Returns the audit if it is exact.
///
/// # Errors
/// [`LocalError::Unfair`] if it has a difference.
fn exact(audit: Audit) -> Result<Audit, LocalError> {
    if audit.is_exact() {
        return Ok(audit);
    }
    Err(LocalError::Unfair { netuid: audit.netuid, block: audit.block, rao: audit.difference() })
}

fn report(metagraph: &Metagraph, names: &HotkeyNames, audit: Option<&Audit>, now: bool) -> SubnetReport {
    let subnet = &metagraph.subnet;
    let row = |neuron: &NeuronInfo| NeuronReport {
        uid: neuron.uid.get(),
        name: names.get(&neuron.hotkey).map_or_else(|| neuron.hotkey.to_string(), |name| (*name).to_owned()),
        stake: neuron.stake,
        incentive: neuron.incentive,
        dividends: neuron.dividends,
        trust: neuron.validator_trust,
        pay: audit.and_then(|audit| pay(audit, &neuron.hotkey)),
    };
    SubnetReport {
        height: metagraph.block.into(),
        netuid: subnet.netuid.get(),
        name: subnet.name().into_owned(),
        emission: subnet.emission,
        next_epoch_in: subnet.next_epoch.map(|next| next.saturating_sub(metagraph.block).into()),
        epoch: audit.map(|audit| EpochPay {
            block: audit.block.into(),
            now,
            emission: audit.paid.accrued,
            owner: audit.paid.owner,
            miners: audit.paid.miners,
            validators: audit.paid.validators,
        }),
        neurons: metagraph.neurons.iter().map(row).collect(),
    }
}

/// Returns the pay of the neuron with this hotkey, if it had a seat in that epoch.
fn pay(audit: &Audit, hotkey: &PublicKey) -> Option<NeuronPay> {
    let neuron = audit.by_hotkey(hotkey)?;
    Some(NeuronPay { due: neuron.earned(), paid: neuron.paid?, difference: neuron.difference()? })
}
