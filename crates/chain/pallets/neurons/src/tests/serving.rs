//! Announcements of axons and metrics. spec subnets-and-neurons §14

use super::{burned_register, signed, uid};
use crate::{
    EndpointsOf, Error, Event,
    mock::{
        ExtBuilder, LocalAddresses, Neurons, PUBLIC_V4, RuntimeOrigin, SUBNET, Test, account, clear, create, end,
        events, next_block, run_to_block, set,
    },
};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use myelin_primitives::{IpEndpoint, NetUid};
use myelin_records::{
    endpoint::{AxonRecord, Certificate, MetricsRecord},
    parameters::{Parameters, ParametersPatch},
};
use sp_runtime::DispatchError::BadOrigin;
use std::net::SocketAddr;

fn axon(hotkey: u16, ip: u128, port: u16, ip_type: u8) -> DispatchResult {
    Neurons::serve_axon(signed(hotkey), SUBNET, 9, ip, port, ip_type, 4, 5, 6)
}

fn axon_tls(hotkey: u16, port: u16, certificate: &[u8]) -> DispatchResult {
    Neurons::serve_axon_tls(signed(hotkey), SUBNET, 9, PUBLIC_V4, port, 4, 4, 5, 6, certificate.to_vec())
}

fn prometheus(hotkey: u16, ip: u128, port: u16, ip_type: u8) -> DispatchResult {
    Neurons::serve_prometheus(signed(hotkey), SUBNET, 9, ip, port, ip_type)
}

fn with_a_neuron(test: impl FnOnce()) {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(burned_register(1, 101));
        next_block();
        test();
    });
}

#[test]
fn an_axon_is_stored_as_it_was_announced() {
    with_a_neuron(|| {
        assert_ok!(axon(101, PUBLIC_V4, 8_091, 4));
        let address = IpEndpoint { ip: PUBLIC_V4, port: 8_091, ip_type: 4 };
        let stored = AxonRecord { block: 2, version: 9, address, protocol: 4, placeholder1: 5, placeholder2: 6 };
        let endpoints = EndpointsOf::<Test>::get(SUBNET, uid(0));
        assert_eq!(endpoints.axon, Some(stored));
        assert_eq!((endpoints.certificate, endpoints.prometheus), (None, None));
        assert_eq!(events(), [Event::AxonServed { netuid: SUBNET, hotkey: account(101) }]);
    });
}

#[test]
fn metrics_are_stored_beside_the_axon() {
    with_a_neuron(|| {
        assert_ok!(axon(101, PUBLIC_V4, 8_091, 4));
        assert_ok!(prometheus(101, 0x2001_4860 << 96, 9_090, 6));
        let address = IpEndpoint { ip: 0x2001_4860 << 96, port: 9_090, ip_type: 6 };
        let endpoints = EndpointsOf::<Test>::get(SUBNET, uid(0));
        assert_eq!(endpoints.prometheus, Some(MetricsRecord { block: 2, version: 9, address }));
        assert!(endpoints.axon.is_some());
        assert_eq!(events()[1], Event::PrometheusServed { netuid: SUBNET, hotkey: account(101) });
    });
}

#[test]
fn the_preconditions_are_checked_in_their_order() {
    with_a_neuron(|| {
        assert_ok!(axon(101, PUBLIC_V4, 8_091, 4));
        assert_ok!(prometheus(101, PUBLIC_V4, 8_091, 4));
        for serve in [axon, prometheus] {
            assert_noop!(serve(102, 0, 0, 5), Error::<Test>::HotKeyNotRegisteredInNetwork);
            assert_noop!(serve(101, 0, 0, 5), Error::<Test>::InvalidIpType);
            assert_noop!(serve(101, 0, 0, 4), Error::<Test>::InvalidIpAddress);
            assert_noop!(serve(101, PUBLIC_V4, 0, 4), Error::<Test>::ServingRateLimitExceeded);
        }
        assert_noop!(axon_tls(101, 0, b""), Error::<Test>::ServingRateLimitExceeded);
        run_to_block(52);
        for serve in [axon, prometheus] {
            assert_noop!(serve(101, PUBLIC_V4, 0, 4), Error::<Test>::InvalidPort);
        }
        assert_noop!(axon_tls(101, 0, b""), Error::<Test>::InvalidPort);
        assert_noop!(axon_tls(101, 1, b""), Error::<Test>::InvalidCertificate);

        assert_noop!(Neurons::serve_axon(RuntimeOrigin::none(), SUBNET, 0, 0, 0, 5, 0, 0, 0), BadOrigin);
        assert_noop!(Neurons::serve_axon_tls(RuntimeOrigin::root(), SUBNET, 0, 0, 0, 5, 0, 0, 0, vec![]), BadOrigin);
        assert_noop!(Neurons::serve_prometheus(RuntimeOrigin::none(), SUBNET, 0, 0, 0, 5), BadOrigin);
    });
}

/// Returns the number and the kind of an address.
fn parts(ip: &str) -> (u128, u8) {
    let endpoint = IpEndpoint::from(SocketAddr::new(ip.parse().unwrap(), 1));
    (endpoint.ip, endpoint.ip_type)
}

#[test]
fn only_addresses_that_others_could_dial_are_taken() {
    with_a_neuron(|| {
        set(SUBNET, &ParametersPatch { serving_rate_limit: Some(0), ..Default::default() });
        for (ip, in_global, in_local) in [
            ("0.0.0.0", false, false),
            ("127.0.0.1", false, false),
            ("255.255.255.255", false, false),
            ("::", false, false),
            ("::1", false, false),
            ("::ffff:127.0.0.1", false, false),
            ("::ffff:8.8.8.8", false, false),
            ("127.0.0.2", false, true),
            ("10.0.0.1", false, true),
            ("100.64.0.1", false, true),
            ("169.254.169.254", false, true),
            ("172.31.255.255", false, true),
            ("192.168.1.1", false, true),
            ("224.0.0.1", false, true),
            ("fe80::1", false, true),
            ("2001:db8::1", false, true),
            ("8.8.8.8", true, true),
            ("2a00::1", true, true),
        ] {
            let (ip_number, ip_type) = parts(ip);
            for (local, is_taken) in [(false, in_global), (true, in_local)] {
                LocalAddresses::put(local);
                for serve in [axon, prometheus] {
                    if is_taken {
                        assert_ok!(serve(101, ip_number, u16::MAX, ip_type));
                    } else {
                        assert_noop!(serve(101, ip_number, 1, ip_type), Error::<Test>::InvalidIpAddress);
                    }
                }
            }
        }
        for (ip, ip_type) in [(u128::from(u32::MAX) + 1, 4), (u128::MAX, 4), (u128::MAX, 6)] {
            assert_noop!(axon(101, ip, 1, ip_type), Error::<Test>::InvalidIpAddress);
        }
        for ip_type in [0, 1, 2, 3, 5, 7, u8::MAX] {
            assert_noop!(axon(101, PUBLIC_V4, 1, ip_type), Error::<Test>::InvalidIpType);
        }
    });
}

#[test]
fn announcements_are_apart_by_the_rate_limit() {
    with_a_neuron(|| {
        assert_ok!(axon(101, PUBLIC_V4, 1, 4));
        assert_noop!(axon(101, PUBLIC_V4, 1, 4), Error::<Test>::ServingRateLimitExceeded);
        // The metrics have a timer of their own.
        run_to_block(10);
        assert_ok!(prometheus(101, PUBLIC_V4, 1, 4));
        run_to_block(51);
        assert_noop!(axon(101, PUBLIC_V4, 1, 4), Error::<Test>::ServingRateLimitExceeded);
        next_block();
        assert_ok!(axon_tls(101, 2, &[1; 33]));
        assert_noop!(prometheus(101, PUBLIC_V4, 1, 4), Error::<Test>::ServingRateLimitExceeded);
        run_to_block(60);
        assert_ok!(prometheus(101, PUBLIC_V4, 1, 4));

        set(SUBNET, &ParametersPatch { serving_rate_limit: Some(0), ..Default::default() });
        assert_ok!(axon(101, PUBLIC_V4, 1, 4));
        assert_ok!(axon(101, PUBLIC_V4, 2, 4));
    });
}

#[test]
fn certificates_are_keys_of_known_algorithms_and_stay_until_replaced() {
    with_a_neuron(|| {
        set(SUBNET, &ParametersPatch { serving_rate_limit: Some(0), ..Default::default() });
        let certificate = || EndpointsOf::<Test>::get(SUBNET, uid(0)).certificate.map(Certificate::into_inner);
        for unreadable in [&[][..], &[0xff], &[1], &[1; 32], &[1; 34], &[2; 66], &[3; 32], &[4; 33], &[0; 33]] {
            assert_noop!(axon_tls(101, 1, unreadable), Error::<Test>::InvalidCertificate);
        }
        assert_ok!(axon_tls(101, 1, &[2; 65]));
        assert_eq!(certificate(), Some(vec![2; 65]));
        assert_ok!(axon(101, PUBLIC_V4, 2, 4));
        assert_eq!(certificate(), Some(vec![2; 65]));
        for known in [[1; 33], [3; 33]] {
            assert_ok!(axon_tls(101, 1, &known));
            assert_eq!(certificate(), Some(known.to_vec()));
        }
    });
}

#[test]
fn a_seat_elsewhere_is_not_enough() {
    with_a_neuron(|| {
        create(NetUid::new(2), Parameters::default(), None);
        assert_noop!(
            Neurons::serve_axon(signed(101), NetUid::new(2), 0, PUBLIC_V4, 1, 4, 0, 0, 0),
            Error::<Test>::HotKeyNotRegisteredInNetwork
        );
        end(SUBNET);
        assert_noop!(axon(101, PUBLIC_V4, 1, 4), Error::<Test>::HotKeyNotRegisteredInNetwork);
        clear(SUBNET);
    });
}
