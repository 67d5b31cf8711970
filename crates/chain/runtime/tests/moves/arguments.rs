//! The arguments of random calls: mostly a few accounts, hotkeys and subnets, and amounts around the bounds.

use super::{
    accounts::{ACCOUNTS, COLDKEYS, account, owner},
    engine::pair_of_signatories,
};
use frame_support::{BoundedVec, traits::Get};
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO, Take, Tao};
use myelin_runtime::{Address, Multisig};
use proptest::{prelude::*, sample::select};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(crate) fn anyone() -> impl Strategy<Value = u8> + Clone {
    0..ACCOUNTS
}

/// An account that is likely to have TAO.
pub(crate) fn coldkey() -> impl Strategy<Value = u8> + Clone {
    prop_oneof![4 => 0..COLDKEYS, 1 => anyone()]
}

/// An account that is likely to be a hotkey.
pub(crate) fn hotkey() -> impl Strategy<Value = u8> + Clone {
    prop_oneof![4 => COLDKEYS..ACCOUNTS, 1 => anyone()]
}

/// A coldkey and a hotkey that it is likely to own.
pub(crate) fn owned() -> impl Strategy<Value = (u8, u8)> + Clone {
    (hotkey(), anyone(), likely()).prop_map(|(hotkey, other, own)| (if own { owner(hotkey) } else { other }, hotkey))
}

/// A coldkey and the subnet that it is likely to own.
pub(crate) fn owned_subnet() -> impl Strategy<Value = (u8, NetUid)> + Clone {
    (netuid(), anyone(), likely()).prop_map(|(netuid, other, own)| {
        let owner = u8::try_from(netuid.get()).map_or(other, owner);
        (if own { owner } else { other }, netuid)
    })
}

pub(crate) fn likely() -> impl Strategy<Value = bool> + Clone {
    prop::bool::weighted(0.8)
}

pub(crate) fn netuid() -> impl Strategy<Value = NetUid> + Clone {
    prop_oneof![6 => 1_u16..7, 1 => Just(0), 1 => 7_u16..9].prop_map(NetUid::new)
}

/// A place for TAO: an account, the account of a multisig or a derived one.
pub(crate) fn destination() -> impl Strategy<Value = Address> + Clone {
    let shared = pair_of_signatories().prop_map(|(one, other)| {
        let mut signatories = [account(one), account(other)];
        signatories.sort();
        Multisig::multi_account_id(&signatories, 2)
    });
    let derived = anyone().prop_map(|number| pallet_utility::derivative_account_id(account(number), 0));
    prop_oneof![8 => anyone().prop_map(account), 1 => shared, 1 => derived].prop_map(Address::Id)
}

/// Rao, around the bounds of accounts and of stake operations and of any magnitude.
pub(crate) fn rao() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![
        1 => Just(0),
        1 => 1_u64..3,
        2 => 498_u64..503,
        2 => 1_999_998_u64..2_000_003,
        6 => 2_000_000..20 * RAO_PER_TAO,
        2 => (0_u32..64, any::<u64>()).prop_map(|(bits, number)| number >> bits),
        1 => Just(u64::MAX),
    ]
}

pub(crate) fn amount() -> impl Strategy<Value = Amount<Tao>> + Clone {
    rao().prop_map(Amount::from_rao)
}

pub(crate) fn take() -> impl Strategy<Value = Take> + Clone {
    prop_oneof![4 => 0_u16..11_797, 1 => any::<u16>()].prop_map(Take::new)
}

/// A text, now and then one that is too long.
pub(crate) fn text() -> impl Strategy<Value = Vec<u8>> + Clone {
    select(&[0_usize, 1, 20, 256, 1_025][..]).prop_map(|length| vec![b'x'; length])
}

pub(crate) fn address(number: u8) -> Address {
    Address::Id(account(number))
}

pub(crate) fn bounded<Item: std::fmt::Debug, Bound: Get<u32>>(items: Vec<Item>) -> BoundedVec<Item, Bound> {
    items.try_into().expect("the list is short")
}

/// A change of one field of a record, to a number that fits it or does not.
pub(crate) fn patch<Record: Default + serde::Serialize, Patch: DeserializeOwned + Default + std::fmt::Debug>()
-> impl Strategy<Value = Patch> + Clone {
    let Ok(Value::Object(fields)) = serde_json::to_value(Record::default()) else { panic!("a record is an object") };
    let number = prop_oneof![
        4 => 0_u64..12,
        2 => select(&[50_u64, 360, 1_000, 5_000, 50_400, 65_535][..]),
        1 => select(vec![RAO_PER_TAO / 2, RAO_PER_TAO, u32::MAX.into(), u64::MAX]),
        1 => any::<u64>(),
    ];
    let fields: Vec<(String, Value)> = fields.into_iter().collect();
    (select(fields), number).prop_map(|((name, value), number)| {
        let patch = Value::Object(Map::from_iter([(name, numbered(&value, number))]));
        // A number that the type of the field cannot hold changes nothing.
        serde_json::from_value(patch).unwrap_or_default()
    })
}

/// Returns a value of the same form with this number in it.
fn numbered(value: &Value, number: u64) -> Value {
    match value {
        Value::Bool(_) => (number % 2 == 1).into(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), numbered(value, number))).collect())
        }
        _ => number.into(),
    }
}
