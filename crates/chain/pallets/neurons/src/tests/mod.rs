//! Tests by topic.

mod adjustment;
mod commitments;
mod free;
mod launch;
mod networks;
mod prop;
mod registration;
mod replacement;
mod root;
mod serving;
mod swap;
mod work;

use crate::{
    Admissions,
    mock::{Neurons, RuntimeOrigin, SUBNET, Test, account, paired},
};
use frame_support::dispatch::DispatchResult;
use myelin_primitives::{NetUid, Uid};
use myelin_records::seat::Admission;

fn signed(number: u16) -> RuntimeOrigin {
    RuntimeOrigin::signed(account(number))
}

fn uid(number: u16) -> Uid {
    Uid::new(number)
}

/// Registers a hotkey on the subnet for a coldkey, both by their numbers.
fn burned_register(coldkey: u16, hotkey: u16) -> DispatchResult {
    paired(coldkey, hotkey, || Neurons::burned_register(signed(coldkey), SUBNET, account(hotkey)))
}

fn admission(netuid: NetUid) -> Admission {
    Admissions::<Test>::get(netuid).unwrap()
}
