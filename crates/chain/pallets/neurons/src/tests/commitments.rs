//! Commitments of neurons. spec subnets-and-neurons §16

use super::{burned_register, signed, uid};
use crate::{
    Commitments, Error, Event,
    mock::{COMMITMENT_INTERVAL, ExtBuilder, Neurons, RuntimeOrigin, SUBNET, Test, account, end, events, run_to_block},
};
use frame_support::{assert_noop, assert_ok};
use myelin_primitives::NetUid;
use myelin_records::commitment::{Commitment, CommitmentData};
use sp_runtime::DispatchError::BadOrigin;

fn raw(content: &[u8]) -> CommitmentData {
    CommitmentData::Raw(content.to_vec().try_into().unwrap())
}

#[test]
fn a_commitment_is_stored_with_its_date() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(burned_register(1, 101));
        assert_ok!(Neurons::set_commitment(signed(101), SUBNET, raw(b"model v1")));
        assert_eq!(Commitments::<Test>::get(SUBNET, uid(0)), Some(Commitment { block: 1, info: raw(b"model v1") }));
        assert_eq!(events()[1], Event::Commitment { netuid: SUBNET, who: account(101) });
    });
}

#[test]
fn only_neurons_of_the_network_publish() {
    ExtBuilder::default().build_and_execute(|| {
        let commit = |hotkey, netuid| Neurons::set_commitment(signed(hotkey), netuid, CommitmentData::None);
        assert_noop!(Neurons::set_commitment(RuntimeOrigin::none(), SUBNET, CommitmentData::None), BadOrigin);
        assert_noop!(commit(101, SUBNET), Error::<Test>::AccountNotAllowedCommit);
        assert_ok!(burned_register(1, 101));
        assert_noop!(commit(101, NetUid::ROOT), Error::<Test>::AccountNotAllowedCommit);
        assert_noop!(commit(101, NetUid::new(9)), Error::<Test>::AccountNotAllowedCommit);
        assert_noop!(commit(1, SUBNET), Error::<Test>::AccountNotAllowedCommit);
        end(SUBNET);
        assert_noop!(commit(101, SUBNET), Error::<Test>::AccountNotAllowedCommit);
    });
}

#[test]
fn a_neuron_publishes_once_in_an_interval() {
    ExtBuilder::default().build_and_execute(|| {
        let commit = |content: &[u8]| Neurons::set_commitment(signed(101), SUBNET, raw(content));
        assert_ok!(burned_register(1, 101));
        assert_ok!(commit(b"first"));
        assert_noop!(commit(b"second"), Error::<Test>::CommitmentSetRateLimitExceeded);
        run_to_block(COMMITMENT_INTERVAL);
        assert_noop!(commit(b"second"), Error::<Test>::CommitmentSetRateLimitExceeded);
        run_to_block(COMMITMENT_INTERVAL + 1);
        assert_ok!(commit(b"second"));
        assert_eq!(Commitments::<Test>::get(SUBNET, uid(0)).unwrap().info, raw(b"second"));
    });
}
