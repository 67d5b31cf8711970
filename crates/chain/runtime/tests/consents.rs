//! Consents of keys: a pair is made by both of them, in each way in which a pair can be made.

mod chain;

use chain::{Chain, account, key};
use myelin_economics::work::WorkChallenge;
use myelin_pallet_keys::{Call as KeysCall, Error as KeysError, traits::Keys as _};
use myelin_pallet_neurons::{Call as NeuronsCall, traits::ReadSeats};
use myelin_pallet_staking::Call as StakingCall;
use myelin_pallet_subnets::Call as SubnetsCall;
use myelin_primitives::{NetUid, RAO_PER_TAO, Uid};
use myelin_records::consent::{KeyConsent, pair_text, wrapped};
use myelin_runtime::{AccountId, Emission, Keys, Neurons, Runtime, RuntimeCall, System, presets};
use pallet_utility::Call as UtilityCall;
use serde_json::json;
use sp_core::{Pair, sr25519};
use sp_runtime::{DispatchError, transaction_validity::InvalidTransaction};

const SUBNET: NetUid = NetUid::new(1);

/// The cost of a pair that a coldkey makes, in rao.
const PAIR_COST: u64 = RAO_PER_TAO / 200;

/// Builds a chain on which seats are to be had for a little work and for TAO.
fn begin() -> Chain {
    let open = json!({ "powRegistrationAllowed": true, "initialDifficulty": 4, "minDifficulty": 4 });
    let network = json!({ "minWorkDifficulty": 4 });
    let subnets = json!([{ "netuid": 1, "parameters": open }]);
    Chain::begin(presets::LOCAL, json!({ "subnets": { "networkParameters": network, "subnets": subnets } }))
}

/// Makes a block of a call that is included, and returns its outcome.
fn outcome(chain: &mut Chain, signer: &sr25519::Pair, call: impl Into<RuntimeCall>) -> Result<(), DispatchError> {
    let transaction = chain.sign(signer, call);
    chain.block(vec![transaction])[0].expect("the transaction is included")
}

/// Returns consents that are none: of no key, of other keys, to other pairs, and on another chain.
fn wrong(
    chain: &mut Chain,
    signer: &sr25519::Pair,
    coldkey: &AccountId,
    hotkey: &AccountId,
) -> Vec<Option<KeyConsent>> {
    let (genesis, stranger) = (chain.look(|| System::block_hash(0)), key("stranger"));
    let by = |key: &sr25519::Pair, text: &[u8]| Some(key.sign(text).0);
    let right = pair_text(&genesis, coldkey, hotkey);
    vec![
        None,
        Some([0; 64]),
        by(&stranger, &right),
        by(signer, &pair_text(&genesis, hotkey, coldkey)),
        by(signer, &pair_text(&genesis, &account(&stranger), hotkey)),
        by(signer, &pair_text(&genesis, coldkey, &account(&stranger))),
        by(signer, &pair_text(&[1_u8; 32], coldkey, hotkey)),
        by(signer, &right[1..]),
        by(signer, &wrapped(&wrapped(&right))),
    ]
}

#[test]
fn a_hotkey_that_was_seen_cannot_be_squatted() {
    let mut chain = begin();
    let (owner, thief, hotkey) = (key("Bob"), key("Charlie"), key("hotkey"));
    let (own, new) = (account(&owner), account(&hotkey));
    let missing = DispatchError::from(KeysError::<Runtime>::KeyConsentMissing);
    let associate = |consent| KeysCall::try_associate_hotkey { hotkey: account(&key("hotkey")), consent };
    for consent in wrong(&mut chain, &hotkey, &own, &new) {
        assert_eq!(outcome(&mut chain, &owner, associate(consent)), Err(missing));
    }
    // What the thief sees in the pool is of no use to it.
    let consent = chain.consent(&hotkey, &own, &new);
    assert_eq!(outcome(&mut chain, &thief, associate(consent)), Err(missing));
    assert_eq!(outcome(&mut chain, &owner, associate(consent)), Ok(()));
    assert_eq!(chain.look(|| Keys::owner(&new)), Some(own));
}

#[test]
fn a_coldkey_owns_no_hotkey_that_it_did_not_agree_to() {
    let mut chain = begin();
    let (owner, hotkey) = (key("Bob"), key("hotkey"));
    let (own, new) = (account(&owner), account(&hotkey));
    let worked = |chain: &Chain, consent| {
        let challenge = WorkChallenge::new(&chain.hash(), account(&key("hotkey")).as_ref());
        let (nonce, seal) = challenge.search(0.., 4).expect("work pays off");
        NeuronsCall::register {
            netuid: SUBNET,
            block_number: chain.height(),
            nonce,
            work: seal.as_bytes().to_vec(),
            hotkey: account(&key("hotkey")),
            coldkey: account(&key("Bob")),
            consent,
        }
    };
    for consent in wrong(&mut chain, &owner, &own, &new) {
        let call = worked(&chain, consent);
        assert_eq!(chain.refusal(&hotkey, call), InvalidTransaction::Custom(28).into());
    }
    let text = pair_text(&chain.look(|| System::block_hash(0)), &own, &new);
    let call = worked(&chain, Some(owner.sign(&wrapped(&text)).0));
    chain.succeed(&hotkey, call);
    assert_eq!(chain.look(|| (Keys::owned(&own), Neurons::uid(SUBNET, &new))), (vec![new], Some(Uid::new(0))));
}

#[test]
fn a_first_registration_is_one_transaction() {
    let mut chain = begin();
    let (owner, hotkey) = (key("Bob"), key("hotkey"));
    let new = account(&hotkey);
    let consent = chain.consent(&hotkey, &account(&owner), &new);
    let register = || -> RuntimeCall { NeuronsCall::burned_register { netuid: SUBNET, hotkey: new.clone() }.into() };
    let alone = DispatchError::from(KeysError::<Runtime>::NonAssociatedColdKey);
    assert_eq!(outcome(&mut chain, &owner, register()), Err(alone));
    let root = StakingCall::root_register { hotkey: new.clone() };
    assert_eq!(outcome(&mut chain, &owner, root), Err(alone));
    let subnet = SubnetsCall::register_network { hotkey: new.clone() };
    assert_eq!(outcome(&mut chain, &owner, subnet), Err(alone));
    let associate = KeysCall::try_associate_hotkey { hotkey: new.clone(), consent };
    chain.succeed(&owner, UtilityCall::batch_all { calls: vec![associate.into(), register()] });
    assert_eq!(chain.look(|| Neurons::uid(SUBNET, &new)), Some(Uid::new(0)));
}

#[test]
fn a_pair_costs_its_price_and_the_fee() {
    let mut chain = begin();
    let (owner, hotkey) = (key("Bob"), key("hotkey"));
    let own = account(&owner);
    let (had, issued) = (chain.balance(&own), chain.look(Emission::total_issuance));
    chain.pair(&owner, &hotkey);
    let paid = had - chain.balance(&own);
    assert!((PAIR_COST + 1..2 * PAIR_COST).contains(&paid), "{paid} rao");
    let minted = RAO_PER_TAO;
    assert_eq!(chain.look(Emission::total_issuance).rao(), issued.rao() + minted - paid);
    // The pair is there already.
    let had = chain.balance(&own);
    chain.pair(&owner, &hotkey);
    assert!(had - chain.balance(&own) < PAIR_COST, "the fee alone");
}

#[test]
fn a_thief_of_an_old_hotkey_makes_no_use_of_it() {
    let mut chain = begin();
    let (owner, thief, old, new) = (key("Bob"), key("Charlie"), key("old"), key("new"));
    chain.pair(&owner, &old);
    let consent = chain.consent(&new, &account(&owner), &account(&new));
    chain.succeed(&owner, KeysCall::swap_hotkey { hotkey: account(&old), new_hotkey: account(&new), consent });
    let consent = chain.consent(&old, &account(&thief), &account(&old));
    let associate = KeysCall::try_associate_hotkey { hotkey: account(&old), consent };
    let retired = DispatchError::from(KeysError::<Runtime>::HotKeyRetired);
    assert_eq!(outcome(&mut chain, &thief, associate), Err(retired));
    chain.pair(&owner, &old);
}
