//! A flood of free calls takes at most a third of a block. spec events-and-errors §8.2

mod chain;

use chain::{Chain, account, key};
use myelin_economics::work::WorkChallenge;
use myelin_pallet_neurons::Call as NeuronsCall;
use myelin_primitives::{NetUid, RAO_PER_TAO};
use myelin_runtime::{
    Address, FreeCalls, Runtime,
    free_calls::{CallPayment, Used},
    presets,
};
use serde_json::{Value, json};
use sp_core::sr25519;
use sp_keyring::Sr25519Keyring;
use sp_runtime::transaction_validity::InvalidTransaction;

/// The hotkeys that flood: more than a subnet has seats.
const HOTKEYS: u16 = 300;

/// Builds a local network with two subnets whose seats are almost for nothing.
fn begin() -> Chain {
    let open = json!({
        "powRegistrationAllowed": true, "initialDifficulty": 1, "minDifficulty": 1,
        "targetRegistrationsPerInterval": HOTKEYS, "maxRegistrationsPerBlock": HOTKEYS,
    });
    let network = json!({ "minWorkDifficulty": 1 });
    let subnet = |netuid: u16| json!({ "netuid": netuid, "parameters": open });
    let subnets: Value = [1, 2].map(subnet).to_vec().into();
    Chain::begin(presets::LOCAL, json!({ "subnets": { "networkParameters": network, "subnets": subnets } }))
}

/// Returns a registration, which is the dearest free call of a key without a seat.
fn register(chain: &Chain, number: u16, hotkey: &sr25519::Pair) -> NeuronsCall<Runtime> {
    let hotkey = account(hotkey);
    let (nonce, seal) = WorkChallenge::new(&chain.hash(), hotkey.as_ref()).search(0.., 1).expect("any seal will do");
    let netuid = NetUid::new(1 + number % 2);
    let coldkey = hotkey.clone();
    let (block_number, work) = (chain.height(), seal.as_bytes().to_vec());
    NeuronsCall::register { netuid, block_number, nonce, work, hotkey, coldkey, consent: None }
}

#[test]
fn a_flood_takes_a_third_of_a_block_and_leaves_the_rest_to_payers() {
    let mut chain = begin();
    let hotkeys: Vec<_> = (0..HOTKEYS).map(|number| (number, key(&format!("hotkey{number}")))).collect();
    let mut transactions: Vec<_> = hotkeys
        .iter()
        .map(|(number, hotkey)| {
            let call = register(&chain, *number, hotkey);
            chain.sign(hotkey, call)
        })
        .collect();
    for transaction in &transactions {
        chain.validate(transaction.clone()).expect("each of them is valid");
    }
    let transfer =
        pallet_balances::Call::transfer_keep_alive { dest: Address::Id(account(&key("friend"))), value: RAO_PER_TAO };
    transactions.push(chain.sign(&Sr25519Keyring::Alice.pair(), transfer));

    let mut applied = chain.block(transactions);
    assert_eq!(applied.pop(), Some(Ok(Ok(()))), "a transfer without a tip is in the block");
    let exhausted = Err(InvalidTransaction::ExhaustsResources.into());
    let included = applied.iter().take_while(|outcome| **outcome == Ok(Ok(()))).count();
    assert!(included > 0);
    assert!(included < applied.len() && applied[included..].iter().all(|outcome| *outcome == exhausted));
    let (used, limit) = chain.look(|| (Used::<Runtime>::get(), FreeCalls::limit(CallPayment::Free)));
    assert!(used.ref_time <= limit.ref_time && used.bytes <= limit.bytes, "{used:?} of {limit:?}");
    let one = used.ref_time / u64::try_from(included).expect("it is a small number");
    assert!(used.ref_time + one > limit.ref_time, "one more would not fit");

    chain.block(Vec::new());
    assert_eq!(chain.look(Used::<Runtime>::get).ref_time, 0, "the next block begins with all its room");
}
