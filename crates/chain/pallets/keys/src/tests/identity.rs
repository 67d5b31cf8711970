//! Identities of coldkeys. spec subnets-and-neurons §15.2

use super::Failure;
use crate::{Event, Identities, mock::*};
use frame_support::{assert_noop, assert_ok};
use myelin_records::key::ChainIdentity;
use sp_runtime::DispatchError;

/// Sets an identity with texts of these lengths, in the order of the fields.
fn set(who: RuntimeOrigin, lengths: [usize; 7]) -> Result<(), DispatchError> {
    let [name, url, github_repo, image, discord, description, additional] = lengths.map(|length| vec![b'x'; length]);
    let identity = ChainIdentity { name, url, github_repo, image, discord, description, additional };
    KeysPallet::set_identity(who, identity)
}

const MAX_LENGTHS: [usize; 7] = [256, 256, 256, 1_024, 256, 1_024, 1_024];

#[test]
fn an_owner_of_a_seated_hotkey_publishes_its_identity() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(set(RuntimeOrigin::none(), MAX_LENGTHS), DispatchError::BadOrigin);
        assert_noop!(set(origin(OWNER), MAX_LENGTHS), Failure::HotKeyNotRegisteredInNetwork);
        pair(OWNER, HOT);
        pair(OWNER, HOT_TOO);
        assert_noop!(set(origin(OWNER), [9_999; 7]), Failure::HotKeyNotRegisteredInNetwork);
        Seated::insert(HOT_TOO, ());
        events();
        assert_ok!(set(origin(OWNER), MAX_LENGTHS));
        assert_eq!(burnt(), [(OWNER, IDENTITY_COST)]);
        expect_recycled(IDENTITY_COST);
        assert_eq!(events(), [Event::ChainIdentitySet { coldkey: OWNER }]);
        assert_eq!(Identities::<Test>::get(OWNER).unwrap().image.len(), 1_024);
        assert_noop!(set(origin(OTHER), MAX_LENGTHS), Failure::HotKeyNotRegisteredInNetwork);
    });
}

#[test]
fn every_text_has_its_limit() {
    ExtBuilder::default().paired(OWNER, HOT).build_and_execute(|| {
        Seated::insert(HOT, ());
        for field in 0..7 {
            let mut lengths = MAX_LENGTHS;
            lengths[field] += 1;
            assert_noop!(set(origin(OWNER), lengths), Failure::InvalidIdentity);
        }
    });
}

#[test]
fn a_new_identity_replaces_the_old_one() {
    ExtBuilder::default().paired(OWNER, HOT).build_and_execute(|| {
        Seated::insert(HOT, ());
        assert_ok!(set(origin(OWNER), MAX_LENGTHS));
        assert_ok!(set(origin(OWNER), [1, 0, 0, 0, 0, 0, 0]));
        expect_recycled(2 * IDENTITY_COST);
        let identity = Identities::<Test>::get(OWNER).unwrap();
        assert_eq!((identity.name.into_inner(), identity.url.len()), (b"x".to_vec(), 0));
    });
}
