//! Random calls against a model of owners, locks and balances, with the invariants after each.

use crate::{NetworkSettings, ReadSubnets, mock::*};
use frame_support::pallet_prelude::DispatchResultWithPostInfo;
use myelin_pallet_keys::traits::OnKeySwap;
use myelin_primitives::{Amount, BlockNumber};
use myelin_records::{
    parameters::{NetworkParametersPatch, Parameters, ParametersPatch},
    subnet::SubnetIdentity,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use sp_runtime::{DispatchError, StateVersion};
use std::collections::BTreeMap;

const COLDKEYS: [AccountId; 4] = [ALICE, BOB, CAROL, PAUPER];
const HOTKEYS: [AccountId; 4] = [HOT_A, HOT_B, HOT_C, SYSTEM_ACCOUNT];
/// Blocks for which a new subnet is immune.
const IMMUNITY: BlockNumber = 4;
/// Blocks in which the lock of a subnet vests.
const VESTING: BlockNumber = 8;

#[derive(Clone, Debug)]
enum Action {
    Create { coldkey: AccountId, hotkey: AccountId, name: Option<usize> },
    Dissolve { coldkey: AccountId, number: u16 },
    RootDissolve { number: u16 },
    Transfer { coldkey: AccountId, number: u16, to: AccountId },
    SetIdentity { coldkey: AccountId, number: u16, length: usize },
    SetOwnerHotkey { coldkey: Option<AccountId>, number: u16, hotkey: AccountId },
    SetParameters { coldkey: Option<AccountId>, number: u16, changed: Box<ParametersPatch> },
    Limit { subnets: u16 },
    Emission { number: u16, rao: u64 },
    SwapColdkey { old: AccountId, new: AccountId },
    SwapHotkey { old: AccountId, new: AccountId },
    Blocks { count: BlockNumber },
}

prop_compose! {
    fn patch()(
        tempo in option::of(0..60_u16),
        bonds_penalty in option::of(any::<u16>()),
        max_allowed_uids in option::of(0..300_u16),
        max_allowed_validators in option::of(0..300_u16),
        min_burn in option::of(0..2_000_000_000_u64),
        max_burn in option::of(0..2_000_000_000_u64),
        registration_allowed in option::of(any::<bool>()),
    ) -> Box<ParametersPatch> {
        Box::new(ParametersPatch {
            tempo,
            bonds_penalty,
            max_allowed_uids,
            max_allowed_validators,
            min_burn: min_burn.map(Amount::from_rao),
            max_burn: max_burn.map(Amount::from_rao),
            registration_allowed,
            ..ParametersPatch::default()
        })
    }
}

fn action() -> impl Strategy<Value = Action> {
    let coldkey = || select(&COLDKEYS[..]);
    let hotkey = || select(&HOTKEYS[..]);
    let number = || 0..8_u16;
    prop_oneof![
        4 => (coldkey(), hotkey(), option::of(0..400_usize))
            .prop_map(|(coldkey, hotkey, name)| Action::Create { coldkey, hotkey, name }),
        2 => (coldkey(), number()).prop_map(|(coldkey, number)| Action::Dissolve { coldkey, number }),
        1 => number().prop_map(|number| Action::RootDissolve { number }),
        2 => (coldkey(), number(), coldkey()).prop_map(|(coldkey, number, to)| Action::Transfer { coldkey, number, to }),
        1 => (coldkey(), number(), 0..2_000_usize)
            .prop_map(|(coldkey, number, length)| Action::SetIdentity { coldkey, number, length }),
        2 => (option::of(coldkey()), number(), hotkey())
            .prop_map(|(coldkey, number, hotkey)| Action::SetOwnerHotkey { coldkey, number, hotkey }),
        3 => (option::of(coldkey()), number(), patch())
            .prop_map(|(coldkey, number, changed)| Action::SetParameters { coldkey, number, changed }),
        1 => (0..6_u16).prop_map(|subnets| Action::Limit { subnets }),
        2 => (number(), 0..4_u64).prop_map(|(number, rao)| Action::Emission { number, rao }),
        1 => (coldkey(), coldkey()).prop_map(|(old, new)| Action::SwapColdkey { old, new }),
        1 => (hotkey(), hotkey()).prop_map(|(old, new)| Action::SwapHotkey { old, new }),
        4 => (1..4_u32).prop_map(|count| Action::Blocks { count }),
    ]
}

#[derive(Debug, PartialEq, Eq)]
struct Known {
    owner: Option<AccountId>,
    locked: u64,
    registered_at: BlockNumber,
}

/// The expected state of the chain, derived from outcomes alone.
#[derive(Debug)]
struct Model {
    subnets: BTreeMap<u16, Known>,
    balances: BTreeMap<AccountId, u64>,
}

impl Model {
    fn new() -> Self {
        let nobodys = || Known { owner: None, locked: 0, registered_at: 0 };
        Self {
            subnets: (1..=2).map(|number| (number, nobodys())).collect(),
            balances: COLDKEYS.into_iter().map(|coldkey| (coldkey, balance(coldkey))).collect(),
        }
    }

    /// Returns the subnet that makes room: past its immunity, with the lowest emission, then the oldest.
    fn loser(&self) -> Option<u16> {
        let now = System::block_number();
        let mut past: Vec<u16> = self
            .subnets
            .keys()
            .copied()
            .filter(|number| now - self.subnets[number].registered_at >= IMMUNITY)
            .collect();
        past.sort_by_key(|number| (EmissionOf::get(netuid(*number)), self.subnets[number].registered_at, *number));
        past.first().copied()
    }

    fn create(&mut self, coldkey: AccountId, price: u64, free: u16, loser: Option<u16>) {
        if let Some(loser) = loser {
            self.end(loser);
        }
        *self.balances.get_mut(&coldkey).expect("all coldkeys are known") -= price;
        let known = Known { owner: Some(coldkey), locked: price, registered_at: System::block_number() };
        assert_eq!(self.subnets.insert(free, known), None, "the number was free");
    }

    fn end(&mut self, number: u16) {
        let Known { owner, locked, registered_at } = self.subnets.remove(&number).expect("it existed");
        let age = (System::block_number() - registered_at).min(VESTING);
        if let Some(owner) = owner {
            *self.balances.get_mut(&owner).expect("all coldkeys are known") +=
                locked * u64::from(age) / u64::from(VESTING);
        }
    }

    fn equals_the_chain(&self) {
        assert_eq!(
            Subnets::netuids(),
            [0].into_iter().chain(self.subnets.keys().copied()).map(netuid).collect::<Vec<_>>()
        );
        for (number, known) in &self.subnets {
            let subnet = Subnets::subnet(netuid(*number)).expect("the model knows it");
            let seen = Known { owner: subnet.owner, locked: subnet.locked.rao(), registered_at: subnet.registered_at };
            assert_eq!(&seen, known, "subnet {number}");
        }
        for (coldkey, free) in &self.balances {
            assert_eq!(balance(*coldkey), *free, "coldkey {coldkey}");
        }
    }
}

fn origin(coldkey: Option<AccountId>) -> RuntimeOrigin {
    coldkey.map_or_else(RuntimeOrigin::root, signed)
}

fn plain(outcome: DispatchResultWithPostInfo) -> Result<(), DispatchError> {
    outcome.map(|_| ()).map_err(|failed| failed.error)
}

/// Carries an action out, on the chain and in the model.
fn act(model: &mut Model, action: Action) -> Result<(), DispatchError> {
    match action {
        Action::Create { coldkey, hotkey, name } => {
            let price = Subnets::lock_cost().rao();
            let full = model.subnets.len() >= usize::from(Subnets::network().subnet_limit);
            let loser = model.loser().filter(|_| full);
            let waiting = crate::Cleaning::<Test>::get();
            let free = (1..=u16::MAX)
                .find(|number| !model.subnets.contains_key(number) && !waiting.contains(&netuid(*number)))
                .expect("there are more numbers than subnets");
            plain(match name {
                None => create(coldkey, hotkey),
                Some(length) => paired(coldkey, hotkey, || {
                    let identity = SubnetIdentity { subnet_name: vec![0; length], ..SubnetIdentity::default() };
                    Subnets::register_network_with_identity(signed(coldkey), hotkey, Box::new(identity))
                }),
            })?;
            assert!(!full || loser.is_some(), "a full network has no room without a subnet past its immunity");
            assert_eq!(OwnerOf::get(hotkey), Some(coldkey));
            model.create(coldkey, price, free, loser);
        }
        Action::Dissolve { coldkey, number } => {
            plain(Subnets::dissolve_network(signed(coldkey), netuid(number)))?;
            assert_eq!(model.subnets[&number].owner, Some(coldkey), "only the owner ends a subnet");
            model.end(number);
        }
        Action::RootDissolve { number } => {
            Subnets::root_dissolve_network(RuntimeOrigin::root(), netuid(number))?;
            model.end(number);
        }
        Action::Transfer { coldkey, number, to } => {
            Subnets::transfer_network(signed(coldkey), netuid(number), to)?;
            let known = model.subnets.get_mut(&number).expect("only a subnet changes hands");
            assert_eq!(known.owner.replace(to), Some(coldkey), "only the owner gives it away");
        }
        Action::SetIdentity { coldkey, number, length } => {
            let identity = SubnetIdentity { description: vec![0; length], ..SubnetIdentity::default() };
            Subnets::set_subnet_identity(signed(coldkey), netuid(number), Box::new(identity))?;
            assert!(length <= 1_024);
            assert_eq!(model.subnets[&number].owner, Some(coldkey));
        }
        Action::SetOwnerHotkey { coldkey, number, hotkey } => {
            Subnets::set_subnet_owner_hotkey(origin(coldkey), netuid(number), hotkey)?;
            let owner = model.subnets[&number].owner;
            assert!(owner.is_some() && OwnerOf::get(hotkey) == owner);
            assert!(coldkey.is_none() || coldkey == owner);
        }
        Action::SetParameters { coldkey, number, changed } => {
            let before = Subnets::parameters(netuid(number));
            plain(Subnets::set_parameters(origin(coldkey), netuid(number), changed.clone()))?;
            let expected = before.map(|before| changed.applied_to(&before));
            assert_eq!(NetworkSettings::<Test>::get(netuid(number)), expected);
            assert!(coldkey.is_none() || coldkey == model.subnets[&number].owner);
        }
        Action::Limit { subnets } => {
            let changed = NetworkParametersPatch { subnet_limit: Some(subnets), ..Default::default() };
            Subnets::set_network_parameters(RuntimeOrigin::root(), Box::new(changed))?;
        }
        Action::Emission { number, rao } => EmissionOf::insert(netuid(number), rao),
        Action::SwapColdkey { old, new } => {
            Subnets::coldkey_swapped(&old, &new)?;
            for known in model.subnets.values_mut().filter(|known| known.owner == Some(old)) {
                known.owner = Some(new);
            }
            for hotkey in HOTKEYS.into_iter().filter(|hotkey| OwnerOf::get(hotkey) == Some(old)) {
                OwnerOf::insert(hotkey, new);
            }
        }
        Action::SwapHotkey { old, new } => {
            Subnets::hotkey_swapped(&ALICE, &old, &new)?;
        }
        Action::Blocks { count } => run_to_block(System::block_number() + count),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_chain_follows_the_model(actions in vec(action(), 1..60)) {
        let network = NetworkParametersPatch {
            subnet_limit: Some(3),
            network_rate_limit: Some(1),
            network_immunity_period: Some(IMMUNITY),
            network_lock_reduction_interval: Some(3),
            network_lock_vesting: Some(VESTING),
            owner_hotkey_rate_limit: Some(5),
            admin_freeze_window: Some(2),
            min_rate_limit: Some(1),
            ..NetworkParametersPatch::default()
        };
        let short =
            ParametersPatch { tempo: Some(6), weights_set_rate_limit: Some(1), ..ParametersPatch::default() };
        ExtBuilder::default().network(network).defaults(short).subnets(2).build_and_execute(|| {
            let mut model = Model::new();
            for action in actions {
                let before = sp_io::storage::root(StateVersion::V1);
                if act(&mut model, action).is_err() {
                    assert_eq!(sp_io::storage::root(StateVersion::V1), before, "a failed call changes nothing");
                }
                check();
                model.equals_the_chain();
            }
        });
    }

    #[test]
    fn a_patch_sets_what_it_gives_and_nothing_else(first in patch(), second in patch()) {
        let record = first.applied_to(&Parameters::default());
        prop_assert_eq!(&first.applied_to(&record), &record);
        prop_assert_eq!(&ParametersPatch::default().applied_to(&record), &record);
        let next = second.applied_to(&record);
        prop_assert_eq!(next.rho, second.rho.unwrap_or(record.rho));
        prop_assert_eq!(next.tempo, second.tempo.unwrap_or(record.tempo));
        let json = serde_json::to_string(&second).expect("a patch can be written");
        prop_assert_eq!(serde_json::from_str::<ParametersPatch>(&json).expect("and read"), *second);
    }
}
