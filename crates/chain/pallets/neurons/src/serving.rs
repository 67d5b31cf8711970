//! What neurons announce: where to reach them, and a commitment each.

use crate::{
    Commitments, Config, EndpointsOf, Error, Event, Pallet,
    data::CommitmentData,
    traits::ReadSeats,
    types::{Address, AxonRecord, Certificate, Commitment, MetricsRecord, ServedEndpoints},
};
use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{BlockNumber, NetUid, Uid};

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

    /// The seat of a hotkey that may announce this axon, and what was announced there before.
    pub(crate) fn ensure_may_serve_axon(
        hotkey: &T::AccountId,
        netuid: NetUid,
        address: Address,
    ) -> Result<(Uid, ServedEndpoints), Error<T>> {
        Self::ensure_may_serve(hotkey, netuid, address, |before| before.axon.map(|axon| axon.block))
    }

    /// The seat of a hotkey that may announce these metrics, and what was announced there before.
    pub(crate) fn ensure_may_serve_prometheus(
        hotkey: &T::AccountId,
        netuid: NetUid,
        address: Address,
    ) -> Result<(Uid, ServedEndpoints), Error<T>> {
        Self::ensure_may_serve(hotkey, netuid, address, |before| before.prometheus.map(|metrics| metrics.block))
    }

    /// spec subnets-and-neurons §14.1, checks 1 to 5
    fn ensure_may_serve(
        hotkey: &T::AccountId,
        netuid: NetUid,
        address: Address,
        last_served: fn(&ServedEndpoints) -> Option<BlockNumber>,
    ) -> Result<(Uid, ServedEndpoints), Error<T>> {
        let uid = Self::uid(netuid, hotkey).ok_or(Error::HotKeyNotRegisteredInNetwork)?;
        let parameters = T::Subnets::parameters(netuid).ok_or(Error::HotKeyNotRegisteredInNetwork)?;
        ensure!(address.has_known_type(), Error::InvalidIpType);
        ensure!(address.is_dialable(), Error::InvalidIpAddress);
        let before = EndpointsOf::<T>::get(netuid, uid);
        ensure!(Self::has_passed(parameters.serving_rate_limit, last_served(&before)), Error::ServingRateLimitExceeded);
        ensure!(address.port != 0, Error::InvalidPort);
        Ok((uid, before))
    }

    /// The certificate in these bytes. spec subnets-and-neurons §14.3
    pub(crate) fn certificate(bytes: Vec<u8>) -> Result<Certificate, Error<T>> {
        ensure!(!bytes.is_empty(), Error::InvalidCertificate);
        bytes.try_into().map_err(|_| Error::InvalidCertificate)
    }

    /// The seat of an account that may publish a commitment. spec subnets-and-neurons §16
    pub(crate) fn ensure_may_commit(who: &T::AccountId, netuid: NetUid) -> Result<Uid, Error<T>> {
        let uid = Self::uid(netuid, who).ok_or(Error::AccountNotAllowedCommit)?;
        let last = Commitments::<T>::get(netuid, uid).map(|commitment| commitment.block);
        ensure!(Self::has_passed(T::CommitmentInterval::get(), last), Error::CommitmentSetRateLimitExceeded);
        Ok(uid)
    }

    /// Whether so many blocks have passed since the last time, or there was none.
    fn has_passed(blocks: BlockNumber, last: Option<BlockNumber>) -> bool {
        last.is_none_or(|last| Self::now().saturating_sub(last) >= blocks)
    }
}
