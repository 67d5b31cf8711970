//! Random calls of the pallets of the house.

use super::{
    Move, Moves,
    accounts::{account, heir},
    arguments::{amount, anyone, bounded, coldkey, hotkey, likely, netuid, owned, owned_subnet, patch, take, text},
    by, moved,
};
use codec::{Compact, Encode};
use frame_support::{BoundedVec, traits::Get};
use myelin_economics::children::Proportion;
use myelin_pallet_keys::Call as KeysCall;
use myelin_pallet_neurons::Call as NeuronsCall;
use myelin_pallet_staking::Call as StakingCall;
use myelin_pallet_subnets::Call as SubnetsCall;
use myelin_pallet_weights::{Call as WeightsCall, rules::commit_hash};
use myelin_primitives::{Amount, NetUid, Take, Tao, Uid};
use myelin_records::{
    commitment::CommitmentData, key::ChainIdentity, parameters::Parameters, stake::FamilyMember,
    subnet::SubnetIdentity, weights::StorageIndex,
};
use myelin_runtime::{AccountId, Hash, Runtime};
use proptest::{prelude::*, sample::select};
use sp_io::hashing::blake2_256;

pub(crate) fn keys() -> Moves {
    let identity = (text(), text()).prop_map(|(name, image)| KeysCall::set_identity {
        identity: ChainIdentity { name, image, ..ChainIdentity::default() },
    });
    let announced = (coldkey(), anyone(), likely()).prop_map(|(coldkey, other, heirs)| {
        let new = account(if heirs { heir(coldkey) } else { other });
        moved(coldkey, KeysCall::announce_coldkey_swap { new_coldkey_hash: blake2_256(&new.encode()).into() })
    });
    let swapped = (coldkey(), anyone(), likely()).prop_map(|(coldkey, other, heirs)| {
        let new_coldkey = account(if heirs { heir(coldkey) } else { other });
        moved(coldkey, KeysCall::swap_coldkey_announced { new_coldkey })
    });
    let swapped_hotkey = (owned(), anyone()).prop_map(|((coldkey, old), new)| {
        moved(coldkey, KeysCall::swap_hotkey { hotkey: account(old), new_hotkey: account(new), consent: None })
    });
    let pair = owned().prop_map(|(coldkey, hotkey)| {
        moved(coldkey, KeysCall::try_associate_hotkey { hotkey: account(hotkey), consent: None })
    });
    vec![
        (4, pair.boxed()),
        (4, swapped_hotkey.boxed()),
        (3, announced.boxed()),
        (6, swapped.boxed()),
        (1, by(coldkey(), Just(KeysCall::dispute_coldkey_swap {}))),
        (2, by(coldkey(), Just(KeysCall::clear_coldkey_swap_announcement {}))),
        (2, by(coldkey(), identity)),
    ]
}

pub(crate) fn subnets() -> Moves {
    let identity = || {
        (text(), text()).prop_map(|(subnet_name, description)| {
            Box::new(SubnetIdentity { subnet_name, description, ..SubnetIdentity::default() })
        })
    };
    let created =
        owned().prop_map(|(coldkey, hotkey)| moved(coldkey, SubnetsCall::register_network { hotkey: account(hotkey) }));
    let created_with_identity = (owned(), identity()).prop_map(|((coldkey, hotkey), identity)| {
        moved(coldkey, SubnetsCall::register_network_with_identity { hotkey: account(hotkey), identity })
    });
    let ended = owned_subnet().prop_map(|(coldkey, netuid)| moved(coldkey, SubnetsCall::dissolve_network { netuid }));
    let handed_over = (owned_subnet(), coldkey()).prop_map(|((coldkey, netuid), new)| {
        moved(coldkey, SubnetsCall::transfer_network { netuid, new_owner: account(new) })
    });
    let described = (owned_subnet(), identity()).prop_map(|((coldkey, netuid), identity)| {
        moved(coldkey, SubnetsCall::set_subnet_identity { netuid, identity })
    });
    let represented = (owned_subnet(), hotkey()).prop_map(|((coldkey, netuid), hotkey)| {
        moved(coldkey, SubnetsCall::set_subnet_owner_hotkey { netuid, hotkey: account(hotkey) })
    });
    let set = (owned_subnet(), patch::<Parameters, _>()).prop_map(|((coldkey, netuid), changed)| {
        moved(coldkey, SubnetsCall::set_parameters { netuid, changed: Box::new(changed) })
    });
    vec![
        (3, created.boxed()),
        (2, created_with_identity.boxed()),
        (2, ended.boxed()),
        (2, handed_over.boxed()),
        (2, described.boxed()),
        (2, represented.boxed()),
        (5, set.boxed()),
    ]
}

pub(crate) fn staking() -> Moves {
    /// A call of a coldkey on a hotkey, with an amount.
    fn of_stake(
        call: impl Fn(AccountId, Amount<Tao>) -> StakingCall<Runtime> + Clone + 'static,
    ) -> BoxedStrategy<Move> {
        let moves = (coldkey(), hotkey(), amount());
        moves.prop_map(move |(coldkey, hotkey, amount)| moved(coldkey, call(account(hotkey), amount))).boxed()
    }
    /// A call of the owner of a hotkey, with a take.
    fn of_take(call: impl Fn(AccountId, Take) -> StakingCall<Runtime> + Clone + 'static) -> BoxedStrategy<Move> {
        (owned(), take()).prop_map(move |((coldkey, hotkey), take)| moved(coldkey, call(account(hotkey), take))).boxed()
    }
    let removed = (coldkey(), hotkey())
        .prop_map(|(coldkey, hotkey)| moved(coldkey, StakingCall::unstake_all { hotkey: account(hotkey) }));
    let moved_on = (coldkey(), hotkey(), hotkey(), amount()).prop_map(|(coldkey, from, to, amount)| {
        moved(
            coldkey,
            StakingCall::move_stake { origin_hotkey: account(from), destination_hotkey: account(to), amount },
        )
    });
    let given = (coldkey(), anyone(), hotkey(), amount()).prop_map(|(coldkey, to, hotkey, amount)| {
        let destination_coldkey = account(to);
        moved(coldkey, StakingCall::transfer_stake { destination_coldkey, hotkey: account(hotkey), amount })
    });
    let delegate =
        owned().prop_map(|(coldkey, hotkey)| moved(coldkey, StakingCall::become_delegate { hotkey: account(hotkey) }));
    let joined =
        owned().prop_map(|(coldkey, hotkey)| moved(coldkey, StakingCall::root_register { hotkey: account(hotkey) }));
    let proportion = select(&[0, 1, u64::MAX / 3, u64::MAX / 2, u64::MAX][..]).prop_map(Proportion::from_parts);
    let child =
        (hotkey(), proportion).prop_map(|(hotkey, proportion)| FamilyMember { proportion, hotkey: account(hotkey) });
    let lent =
        (owned(), netuid(), prop::collection::vec(child, 0..4)).prop_map(|((coldkey, hotkey), netuid, children)| {
            let children = bounded(children);
            moved(coldkey, StakingCall::set_children { hotkey: account(hotkey), netuid, children })
        });
    let child_take = (owned(), netuid(), take()).prop_map(|((coldkey, hotkey), netuid, take)| {
        moved(coldkey, StakingCall::set_childkey_take { hotkey: account(hotkey), netuid, take })
    });
    vec![
        (10, of_stake(|hotkey, amount| StakingCall::add_stake { hotkey, amount })),
        (8, of_stake(|hotkey, amount| StakingCall::remove_stake { hotkey, amount })),
        (3, removed.boxed()),
        (4, moved_on.boxed()),
        (4, given.boxed()),
        (2, delegate.boxed()),
        (2, of_take(|hotkey, take| StakingCall::increase_take { hotkey, take })),
        (2, of_take(|hotkey, take| StakingCall::decrease_take { hotkey, take })),
        (5, lent.boxed()),
        (3, child_take.boxed()),
        (4, joined.boxed()),
    ]
}

pub(crate) fn neurons() -> Moves {
    let burned = (owned(), netuid()).prop_map(|((coldkey, hotkey), netuid)| {
        moved(coldkey, NeuronsCall::burned_register { netuid, hotkey: account(hotkey) })
    });
    let limited = (owned(), netuid(), amount()).prop_map(|((coldkey, hotkey), netuid, limit_price)| {
        moved(coldkey, NeuronsCall::register_limit { netuid, hotkey: account(hotkey), limit_price })
    });
    let worked = (owned(), netuid(), likely(), likely()).prop_map(|((coldkey, hotkey), netuid, own, sound)| {
        let call = NeuronsCall::register {
            netuid,
            block_number: 0,
            nonce: 0,
            work: if sound { Vec::new() } else { vec![0; 32] },
            hotkey: account(hotkey),
            coldkey: account(coldkey),
            consent: None,
        };
        moved(if own { hotkey } else { coldkey }, call)
    });
    let ip = || select(&[0_u128, 0x0a00_0001, 0x7f00_0001, 0x0808_0808][..]);
    let place = || (netuid(), ip(), 0_u16..3, select(&[4_u8, 4, 4, 6, 0][..]));
    let axon = place().prop_map(|(netuid, ip, port, ip_type)| NeuronsCall::serve_axon {
        netuid,
        version: 1,
        ip,
        port,
        ip_type,
        protocol: 4,
        placeholder1: 0,
        placeholder2: 0,
    });
    let axon_with_certificate =
        (place(), select(&[0_usize, 32, 33][..])).prop_map(|((netuid, ip, port, ip_type), length)| {
            NeuronsCall::serve_axon_tls {
                netuid,
                version: 1,
                ip,
                port,
                ip_type,
                protocol: 4,
                placeholder1: 0,
                placeholder2: 0,
                certificate: vec![1; length],
            }
        });
    let metrics = place().prop_map(|(netuid, ip, port, ip_type)| NeuronsCall::serve_prometheus {
        netuid,
        version: 1,
        ip,
        port,
        ip_type,
    });
    let commitment =
        netuid().prop_map(|netuid| NeuronsCall::set_commitment { netuid, info: CommitmentData::Sha256([7; 32]) });
    vec![
        (8, burned.boxed()),
        (4, limited.boxed()),
        (8, worked.boxed()),
        (3, by(hotkey(), axon)),
        (3, by(hotkey(), axon_with_certificate)),
        (3, by(hotkey(), metrics)),
        (3, by(hotkey(), commitment)),
    ]
}

/// Uids and their values.
pub(crate) type Vector = (Vec<u16>, Vec<u16>);

/// Returns all weights that moves set. They are few, so that a reveal meets its commit.
pub(crate) fn vectors() -> Vec<Vector> {
    let uids = [vec![0], vec![1], vec![0, 1], vec![0, 1, 2], vec![1, 1]];
    let vectors = uids
        .into_iter()
        .flat_map(|uids| (0_u16..3).map(move |value| (uids.clone(), (value..).take(uids.len()).collect())));
    vectors.collect()
}

fn vector() -> impl Strategy<Value = Vector> + Clone {
    select(vectors())
}

/// The salt of all commits.
pub(crate) const SALT: [u16; 8] = [7; 8];

/// Returns the hash of a commit to these weights.
pub(crate) fn promise(hotkey: u8, netuid: NetUid, (uids, values): &Vector) -> Hash {
    let uids: Vec<Uid> = uids.iter().copied().map(Uid::new).collect();
    commit_hash(&account(hotkey), StorageIndex::from(netuid), &uids, values, &SALT, 0)
}

fn uid_list<Bound: Get<u32>>(uids: Vec<u16>) -> BoundedVec<Uid, Bound> {
    bounded(uids.into_iter().map(Uid::new).collect())
}

pub(crate) fn weights() -> Moves {
    let key = || prop_oneof![8 => Just(0_u64), 1 => any::<u64>()];
    let set = (netuid(), vector(), key()).prop_map(|(netuid, (dests, weights), version_key)| {
        WeightsCall::set_weights { netuid, dests: uid_list(dests), weights: bounded(weights), version_key }
    });
    let several = || prop::collection::vec((netuid(), vector()), 0..3);
    let batch = several().prop_map(|items| {
        let entries = |(uids, values): Vector| {
            bounded(uids.into_iter().map(Compact).zip(values.into_iter().map(Compact)).collect())
        };
        WeightsCall::batch_set_weights {
            netuids: bounded(items.iter().map(|(netuid, _)| Compact(netuid.get())).collect()),
            version_keys: bounded(items.iter().map(|_| Compact(0)).collect()),
            weights: bounded(items.into_iter().map(|(_, vector)| entries(vector)).collect()),
        }
    });
    let committed = (hotkey(), netuid(), vector()).prop_map(|(hotkey, netuid, vector)| {
        let commit_hash = promise(hotkey, netuid, &vector);
        moved(hotkey, WeightsCall::commit_weights { netuid, commit_hash })
    });
    let committed_batch = (hotkey(), several()).prop_map(|(hotkey, items)| {
        let netuids = bounded(items.iter().map(|(netuid, _)| Compact(netuid.get())).collect());
        let commit_hashes = items.iter().map(|(netuid, vector)| promise(hotkey, *netuid, vector));
        moved(hotkey, WeightsCall::batch_commit_weights { netuids, commit_hashes: bounded(commit_hashes.collect()) })
    });
    let revealed = (netuid(), vector()).prop_map(|(netuid, (uids, values))| WeightsCall::reveal_weights {
        netuid,
        uids: uid_list(uids),
        values: bounded(values),
        salt: bounded(SALT.to_vec()),
        version_key: 0,
    });
    let revealed_batch = (netuid(), prop::collection::vec(vector(), 0..3)).prop_map(|(netuid, vectors)| {
        let count = vectors.len();
        let (uids, values): (Vec<_>, Vec<_>) = vectors.into_iter().unzip();
        WeightsCall::batch_reveal_weights {
            netuid,
            uids_list: bounded(uids.into_iter().map(uid_list).collect()),
            values_list: bounded(values.into_iter().map(bounded).collect()),
            salts_list: bounded(vec![bounded(SALT.to_vec()); count]),
            version_keys: bounded(vec![0; count]),
        }
    });
    let root = (owned(), vector(), likely()).prop_map(|((coldkey, hotkey), (dests, weights), root)| {
        let netuids = dests.into_iter().map(NetUid::new).collect();
        let call = WeightsCall::set_root_weights {
            netuid: NetUid::new(u16::from(!root)),
            hotkey: account(hotkey),
            dests: bounded(netuids),
            weights: bounded(weights),
            version_key: 0,
        };
        moved(coldkey, call)
    });
    vec![
        (8, by(hotkey(), set)),
        (3, by(hotkey(), batch)),
        (6, committed.boxed()),
        (2, committed_batch.boxed()),
        (12, by(hotkey(), revealed)),
        (6, by(hotkey(), revealed_batch)),
        (6, root.boxed()),
    ]
}
