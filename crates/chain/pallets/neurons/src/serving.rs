//! The announcements of neurons: axon, metrics and commitment.

use crate::{Commitments, Config, EndpointsOf, Event, Pallet};
use alloc::vec::Vec;
use frame_support::dispatch::DispatchResult;
use myelin_primitives::NetUid;
use myelin_records::{
    commitment::{Commitment, CommitmentData},
    endpoint::{AxonRecord, MetricsRecord},
};

impl<T: Config> Pallet<T> {
    /// Stores the axon of a neuron, and its certificate if there is one. spec subnets-and-neurons §14.1, §14.3
    pub(crate) fn do_serve_axon(
        hotkey: &T::AccountId,
        netuid: NetUid,
        axon: AxonRecord,
        certificate: Option<Vec<u8>>,
    ) -> DispatchResult {
        let (uid, mut endpoints) = Self::ensure_may_serve_axon(hotkey, netuid, axon.address)?;
        if let Some(certificate) = certificate {
            endpoints.certificate = Some(Self::certificate(certificate)?);
        }
        endpoints.axon = Some(axon);
        EndpointsOf::<T>::insert(netuid, uid, endpoints);
        Self::deposit_event(Event::AxonServed { netuid, hotkey: hotkey.clone() });
        Ok(())
    }

    /// Stores the address of a neuron's metrics. spec subnets-and-neurons §14.2
    pub(crate) fn do_serve_prometheus(
        hotkey: &T::AccountId,
        netuid: NetUid,
        prometheus: MetricsRecord,
    ) -> DispatchResult {
        let (uid, mut endpoints) = Self::ensure_may_serve_prometheus(hotkey, netuid, prometheus.address)?;
        endpoints.prometheus = Some(prometheus);
        EndpointsOf::<T>::insert(netuid, uid, endpoints);
        Self::deposit_event(Event::PrometheusServed { netuid, hotkey: hotkey.clone() });
        Ok(())
    }

    /// Stores the commitment of a neuron. spec subnets-and-neurons §16
    pub(crate) fn do_set_commitment(who: &T::AccountId, netuid: NetUid, info: CommitmentData) -> DispatchResult {
        let uid = Self::ensure_may_commit(who, netuid)?;
        Commitments::<T>::insert(netuid, uid, Commitment { block: Self::now(), info });
        Self::deposit_event(Event::Commitment { netuid, who: who.clone() });
        Ok(())
    }
}
