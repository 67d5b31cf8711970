//! The checks that calls share with the transaction pool.

use crate::{
    Admissions, Commitments, Config, EndpointsOf, Error, Pallet, UsedWork, traits::ReadSeats, types::UsedSeal,
};
use alloc::vec::Vec;
use frame_support::{ensure, traits::Get};
use myelin_economics::{
    adjustment::Registrations,
    work::{self, Seal, WorkChallenge},
};
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{AddressScope, BlockNumber, CertificateKey, IpEndpoint, NetUid, Uid};
use myelin_records::{
    endpoint::{Certificate, ServedEndpoints},
    parameters::Parameters,
    seat::Admission,
};

/// The most registrations of an interval, as a multiple of their target. spec subnets-and-neurons §7
///
/// More than the target, so that a price can rise.
const INTERVAL_LIMIT: u32 = 3;

/// The way in which a hotkey pays for a seat of a subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeatPayment {
    /// Burned TAO.
    Burn,
    /// Proof of work.
    Work,
}

impl SeatPayment {
    /// Returns true if a subnet takes this payment. The launch phase takes work only. spec tokenomics §10
    fn is_taken(self, parameters: &Parameters, is_launching: bool) -> bool {
        match self {
            Self::Burn => parameters.registration_allowed && !is_launching,
            Self::Work => parameters.pow_registration_allowed,
        }
    }

    /// Checks that this payment leaves a third of an interval to the other one, if the subnet takes both.
    /// spec subnets-and-neurons §7, check 6
    fn ensure_share<T>(
        self,
        parameters: &Parameters,
        is_launching: bool,
        interval: Registrations,
    ) -> Result<(), Error<T>> {
        let paid = match self {
            Self::Burn => interval.by_burn,
            Self::Work => interval.by_work,
        };
        let both = [Self::Burn, Self::Work].iter().all(|payment| payment.is_taken(parameters, is_launching));
        let most = interval_limit(parameters).saturating_mul(2).div_ceil(3);
        ensure!(!both || u32::from(paid) < most, Error::TooManyRegistrationsThisInterval);
        Ok(())
    }
}

/// Returns the most registrations of an interval. spec subnets-and-neurons §7
fn interval_limit(parameters: &Parameters) -> u32 {
    u32::from(parameters.target_registrations_per_interval).saturating_mul(INTERVAL_LIMIT)
}

/// The proof of work with which a miner registers. spec subnets-and-neurons §8.1
#[derive(Clone, Copy, Debug)]
pub(crate) struct WorkClaim<'a> {
    /// The block whose hash is part of the challenge.
    pub(crate) block: BlockNumber,
    /// The nonce that was found.
    pub(crate) nonce: u64,
    /// The seal of the nonce.
    pub(crate) seal: &'a [u8],
}

impl<T: Config> Pallet<T> {
    /// Checks a registration by work before its owner and seat. spec subnets-and-neurons §8.1, checks 1 to 11
    pub(crate) fn ensure_worked(
        signer: &T::AccountId,
        netuid: NetUid,
        work: WorkClaim<'_>,
        hotkey: &T::AccountId,
    ) -> Result<(Parameters, Admission, UsedSeal), Error<T>> {
        ensure!(signer == hotkey, Error::TransactorAccountShouldBeHotKey);
        ensure!(T::Subnets::launch().is_open(Self::now()), Error::RegistrationNotOpenYet);
        let (parameters, admission) = Self::ensure_admits(netuid, hotkey, SeatPayment::Work)?;
        ensure!(work::is_recent(work.block, Self::now()), Error::InvalidWorkBlock);
        let seal: [u8; 32] = work.seal.try_into().map_err(|_| Error::InvalidSeal)?;
        ensure!(UsedWork::<T>::get().iter().all(|used| used.seal != seal), Error::InvalidSeal);
        let difficulty = T::Subnets::network().work_difficulty(admission.terms.difficulty);
        ensure!(Seal::from(seal).meets(difficulty), Error::InvalidDifficulty);
        let challenge = WorkChallenge::new(&Self::block_hash(work.block), &hotkey.clone().into());
        ensure!(challenge.seal(work.nonce).as_bytes() == &seal, Error::InvalidSeal);
        Ok((parameters, admission, UsedSeal { worked_on: work.block, seal }))
    }

    /// Checks that a subnet admits a hotkey. spec subnets-and-neurons §7 and §8.1, checks 2 to 7
    ///
    /// The subnet must take this payment, be below its limits of registrations, and have no seat of the hotkey.
    pub(crate) fn ensure_admits(
        netuid: NetUid,
        hotkey: &T::AccountId,
        payment: SeatPayment,
    ) -> Result<(Parameters, Admission), Error<T>> {
        ensure!(!netuid.is_root(), Error::RegistrationNotPermittedOnRootSubnet);
        let parameters = T::Subnets::parameters(netuid).ok_or(Error::SubNetworkDoesNotExist)?;
        let admission = Admissions::<T>::get(netuid).ok_or(Error::SubNetworkDoesNotExist)?;
        let is_launching = Self::is_launching(netuid);
        ensure!(payment.is_taken(&parameters, is_launching), Error::SubNetRegistrationDisabled);
        Self::ensure_below_registration_limits(&parameters, &admission)?;
        payment.ensure_share::<T>(&parameters, is_launching, admission.interval)?;
        ensure!(Self::uid(netuid, hotkey).is_none(), Error::HotKeyAlreadyRegisteredInSubNet);
        Ok((parameters, admission))
    }

    /// Returns true if the launch phase covers a network. spec tokenomics §10
    pub(crate) fn is_launching(netuid: NetUid) -> bool {
        let launch = T::Subnets::launch();
        T::Subnets::subnet(netuid).is_some_and(|subnet| launch.covers(subnet.owner.as_ref(), Self::now()))
    }

    /// Checks the limits of registrations per block and interval. spec subnets-and-neurons §7, checks 5 and 6
    pub(crate) fn ensure_below_registration_limits(
        parameters: &Parameters,
        admission: &Admission,
    ) -> Result<(), Error<T>> {
        ensure!(
            admission.latest.of(Self::now()) < parameters.max_registrations_per_block,
            Error::TooManyRegistrationsThisBlock
        );
        let total = u32::from(admission.interval.total);
        ensure!(total < interval_limit(parameters), Error::TooManyRegistrationsThisInterval);
        Ok(())
    }

    /// Returns the seat of a hotkey that may announce this axon, and its stored endpoints.
    pub(crate) fn ensure_may_serve_axon(
        hotkey: &T::AccountId,
        netuid: NetUid,
        address: IpEndpoint,
    ) -> Result<(Uid, ServedEndpoints), Error<T>> {
        Self::ensure_may_serve(hotkey, netuid, address, |before| before.axon.map(|axon| axon.block))
    }

    /// Returns the seat of a hotkey that may announce these metrics, and its stored endpoints.
    pub(crate) fn ensure_may_serve_prometheus(
        hotkey: &T::AccountId,
        netuid: NetUid,
        address: IpEndpoint,
    ) -> Result<(Uid, ServedEndpoints), Error<T>> {
        Self::ensure_may_serve(hotkey, netuid, address, |before| before.prometheus.map(|metrics| metrics.block))
    }

    /// Checks an announcement of an address. spec subnets-and-neurons §14.1, checks 1 to 5
    fn ensure_may_serve(
        hotkey: &T::AccountId,
        netuid: NetUid,
        address: IpEndpoint,
        last_served: fn(&ServedEndpoints) -> Option<BlockNumber>,
    ) -> Result<(Uid, ServedEndpoints), Error<T>> {
        let uid = Self::uid(netuid, hotkey).ok_or(Error::HotKeyNotRegisteredInNetwork)?;
        let parameters = T::Subnets::parameters(netuid).ok_or(Error::HotKeyNotRegisteredInNetwork)?;
        ensure!(address.has_known_type(), Error::InvalidIpType);
        let scope = AddressScope::new(T::Subnets::network().local_addresses);
        ensure!(address.is_dialable(scope), Error::InvalidIpAddress);
        let before = EndpointsOf::<T>::get(netuid, uid);
        ensure!(Self::has_passed(parameters.serving_rate_limit, last_served(&before)), Error::ServingRateLimitExceeded);
        ensure!(address.port != 0, Error::InvalidPort);
        Ok((uid, before))
    }

    /// Returns the certificate in these bytes, which an algorithm must be able to read. spec subnets-and-neurons §14.3
    pub(crate) fn certificate(bytes: Vec<u8>) -> Result<Certificate, Error<T>> {
        ensure!(CertificateKey::from_bytes(&bytes).is_ok(), Error::InvalidCertificate);
        bytes.try_into().map_err(|_| Error::InvalidCertificate)
    }

    /// Returns the seat of an account that may publish a commitment. spec subnets-and-neurons §16
    pub(crate) fn ensure_may_commit(who: &T::AccountId, netuid: NetUid) -> Result<Uid, Error<T>> {
        let uid = Self::uid(netuid, who).ok_or(Error::AccountNotAllowedCommit)?;
        let last = Commitments::<T>::get(netuid, uid).map(|commitment| commitment.block);
        ensure!(Self::has_passed(T::CommitmentInterval::get(), last), Error::CommitmentSetRateLimitExceeded);
        Ok(uid)
    }

    /// Returns true if this many blocks have passed since the last time, or there was none.
    fn has_passed(blocks: BlockNumber, last: Option<BlockNumber>) -> bool {
        last.is_none_or(|last| Self::now().saturating_sub(last) >= blocks)
    }
}
