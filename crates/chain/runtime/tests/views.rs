//! Answers of the runtime API that come in pages.

mod chain;

use chain::Chain;
use myelin_economics::pool::{Holding, Pool};
use myelin_pallet_keys::Owners;
use myelin_pallet_staking::{Hotkeys, Pools};
use myelin_primitives::{Amount, Take};
use myelin_records::{
    info::HotkeyInfo,
    stake::{Delegation, HotkeyRecord, PoolId, StakePool},
};
use myelin_runtime::{AccountId, Runtime};
use myelin_runtime_api::{DELEGATE_PAGE, runtime_decl_for_myelin_api::MyelinApiV1};
use serde_json::json;
use std::collections::BTreeMap;

fn hotkey(number: u16) -> AccountId {
    let mut account = [9; 32];
    account[..2].copy_from_slice(&number.to_le_bytes());
    AccountId::new(account)
}

/// Stores a hotkey: a delegate unless its number is a multiple of five, with stake unless it is one of three.
fn store(number: u16) {
    let hotkey = hotkey(number);
    Owners::<Runtime>::insert(&hotkey, AccountId::new([8; 32]));
    let pool = (!number.is_multiple_of(3)).then(|| {
        let (mut pool, mut holding) = (Pool::default(), Holding::default());
        pool.deposit(&mut holding, Amount::from_rao(number.into())).expect("a pool takes stake");
        let id = (0..number).fold(PoolId::default(), |id, _| id.next().expect("there are more ids"));
        Pools::<Runtime>::insert(id, StakePool { hotkey: hotkey.clone(), pool, holders: u32::from(number) + 1 });
        id
    });
    let take = Take::new(number);
    let delegation = (!number.is_multiple_of(5)).then_some(Delegation { take, changed_at: 0, raise: None });
    Hotkeys::<Runtime>::insert(&hotkey, HotkeyRecord { pool, delegation });
}

#[test]
fn delegates_come_in_pages_with_take_stake_and_stakers() {
    const HOTKEYS: u16 = 600;
    Chain::begin("test", json!({})).look(|| {
        (1..=HOTKEYS).for_each(store);
        let (mut after, mut delegates, mut pages) = (None, BTreeMap::new(), 0);
        loop {
            let page = Runtime::delegates(after.take());
            assert!(page.delegates.len() <= DELEGATE_PAGE);
            for delegate in page.delegates {
                assert!(
                    delegates.insert(delegate.hotkey.clone(), delegate).is_none(),
                    "a delegate stands in two pages"
                );
            }
            pages += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let expected = (1..=HOTKEYS).filter(|number| !number.is_multiple_of(5)).map(|number| {
            let has_stake = !number.is_multiple_of(3);
            let info = HotkeyInfo {
                hotkey: hotkey(number),
                coldkey: AccountId::new([8; 32]),
                stake: Amount::from_rao(if has_stake { number.into() } else { 0 }),
                stakers: if has_stake { u32::from(number) + 1 } else { 0 },
                take: Some(Take::new(number)),
                take_raise: None,
                seats: Vec::new(),
            };
            (hotkey(number), info)
        });
        assert_eq!(delegates, expected.collect());
        assert_eq!(pages, usize::from(HOTKEYS).div_ceil(DELEGATE_PAGE));
    });
}
