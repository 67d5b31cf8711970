//! The moves of a random chain: each call of each pallet, with arguments that are mostly about the same few accounts,
//! hotkeys and subnets, so that one move meets what another has left.

pub(crate) mod accounts;
mod aim;
mod arguments;
mod engine;
mod house;
mod wrappers;

use self::{
    accounts::{ACCOUNTS, account, key},
    aim::aim,
    arguments::likely,
    engine::{balances, multisigs, others, proxies, session},
    house::{keys, neurons, staking, subnets, weights},
    wrappers::{governance, wrapped},
};
use crate::chain::Chain;
use codec::Encode;
use myelin_economics::work::WorkChallenge;
use myelin_pallet_keys::Call as KeysCall;
use myelin_pallet_neurons::{Admissions, Call as NeuronsCall};
use myelin_records::consent::KeyConsent;
use myelin_runtime::{AccountId, Multisig, Runtime, RuntimeCall, UncheckedExtrinsic};
use pallet_multisig::Call as MultisigCall;
use proptest::{prelude::*, strategy::Union};
use sp_io::hashing::blake2_256;

/// A transaction before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    /// The account that signs.
    pub(crate) signer: u8,
    /// The call, as far as it does not depend on the state.
    pub(crate) call: RuntimeCall,
    /// True if the move is aimed at the state.
    pub(crate) aimed: bool,
}

/// Moves, each with its frequency.
pub(crate) type Moves = Vec<(u32, BoxedStrategy<Move>)>;

/// Returns the move of a signer that is aimed.
pub(crate) fn moved(signer: u8, call: impl Into<RuntimeCall>) -> Move {
    Move { signer, call: call.into(), aimed: true }
}

/// A move of a signer with a call of its own.
pub(crate) fn by<Call: Into<RuntimeCall> + std::fmt::Debug + 'static>(
    signer: impl Strategy<Value = u8> + 'static,
    call: impl Strategy<Value = Call> + 'static,
) -> BoxedStrategy<Move> {
    (signer, call).prop_map(|(signer, call)| moved(signer, call)).boxed()
}

/// Returns any move.
pub(crate) fn movement() -> impl Strategy<Value = Move> + Clone {
    let plain = || Union::new_weighted(plain()).boxed();
    let any = Union::new_weighted(vec![(16, plain()), (2, wrapped(plain())), (3, governance(plain()))]);
    (any, likely()).prop_map(|(movement, aimed)| Move { aimed, ..movement })
}

/// Fills in what only the state can tell: proof of work, consents, and the time of an open multisig call.
fn completed(chain: &mut Chain, signer: u8, mut call: RuntimeCall) -> RuntimeCall {
    match &mut call {
        RuntimeCall::Keys(
            KeysCall::try_associate_hotkey { hotkey: new, consent }
            | KeysCall::swap_hotkey { new_hotkey: new, consent, .. },
        ) => *consent = agreed(chain, new, &account(signer), new),
        RuntimeCall::Neurons(NeuronsCall::register { netuid, block_number, nonce, work, hotkey, coldkey, consent })
            if work.is_empty() =>
        {
            let terms = chain.look(|| Admissions::<Runtime>::get(*netuid)).map(|admission| admission.terms);
            let difficulty = terms.map_or(1, |terms| terms.difficulty).min(64);
            let challenge = WorkChallenge::new(&chain.hash(), hotkey.as_ref());
            let (found, seal) = challenge.search(0.., difficulty).expect("the difficulty is low");
            (*block_number, *nonce, *work) = (chain.height(), found, seal.as_bytes().to_vec());
            *consent = agreed(chain, coldkey, coldkey, hotkey);
        }
        RuntimeCall::Multisig(MultisigCall::as_multi {
            threshold, other_signatories, maybe_timepoint, call, ..
        }) => {
            let hash = blake2_256(&call.encode());
            *maybe_timepoint = timepoint(chain, signer, other_signatories, *threshold, hash);
        }
        RuntimeCall::Multisig(MultisigCall::approve_as_multi {
            threshold,
            other_signatories,
            maybe_timepoint,
            call_hash,
            ..
        }) => *maybe_timepoint = timepoint(chain, signer, other_signatories, *threshold, *call_hash),
        RuntimeCall::Multisig(MultisigCall::cancel_as_multi {
            threshold,
            other_signatories,
            timepoint: at,
            call_hash,
        }) => {
            *at = timepoint(chain, signer, other_signatories, *threshold, *call_hash).unwrap_or(*at);
        }
        _ => {}
    }
    call
}

/// Returns the consent of an account to a pair, or `None` if its key is not known.
fn agreed(chain: &mut Chain, who: &AccountId, coldkey: &AccountId, hotkey: &AccountId) -> Option<KeyConsent> {
    let number = (0..ACCOUNTS).find(|number| account(*number) == *who)?;
    chain.consent(key(number), coldkey, hotkey)
}

fn timepoint(
    chain: &mut Chain,
    signer: u8,
    others: &[AccountId],
    threshold: u16,
    call_hash: [u8; 32],
) -> Option<pallet_multisig::Timepoint<u32>> {
    let mut signatories = others.to_vec();
    signatories.push(account(signer));
    signatories.sort();
    let multisig = Multisig::multi_account_id(&signatories, threshold);
    chain.look(|| pallet_multisig::Multisigs::<Runtime>::get(multisig, call_hash)).map(|open| open.when)
}

/// Returns the moves that contain no other call.
fn plain() -> Moves {
    let pallets = [keys(), subnets(), staking(), neurons(), weights(), balances(), session(), proxies(), multisigs()];
    pallets.into_iter().flatten().chain(others()).collect()
}

/// Returns a move as it is made now, with its signature.
pub(crate) fn signed(chain: &mut Chain, movement: &Move) -> (RuntimeCall, UncheckedExtrinsic) {
    let movement = movement.clone();
    let Move { signer, call, .. } = if movement.aimed { chain.look(|| aim(movement)) } else { movement };
    let call = completed(chain, signer, call);
    let transaction = chain.sign(key(signer), call.clone());
    (call, transaction)
}
