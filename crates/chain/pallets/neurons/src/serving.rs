//! What neurons announce: where to reach them, and a commitment each.

use crate::{
    Commitments, Config, EndpointsOf, Event, Pallet,
    data::CommitmentData,
    types::{AxonRecord, Commitment, MetricsRecord},
};
use alloc::vec::Vec;
use frame_support::dispatch::DispatchResult;
use myelin_primitives::NetUid;

impl<T: Config> Pallet<T> {
    /// spec subnets-and-neurons §14.1, §14.3
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

    /// spec subnets-and-neurons §14.2
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

    /// spec subnets-and-neurons §16
    pub(crate) fn do_set_commitment(who: &T::AccountId, netuid: NetUid, info: CommitmentData) -> DispatchResult {
        let uid = Self::ensure_may_commit(who, netuid)?;
        Commitments::<T>::insert(netuid, uid, Commitment { block: Self::now(), info });
        Self::deposit_event(Event::Commitment { netuid, who: who.clone() });
        Ok(())
    }
}
