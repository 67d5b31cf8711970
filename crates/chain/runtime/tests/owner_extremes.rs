//! Owner parameters at their ends: none lets the hotkeys of a subnet's owner earn more. spec subnets-and-neurons §17
//!
//! Each chain has a subnet whose owner runs a validator with hardly any stake and a miner that only this validator
//! rates. The other validators have all other stake and go on rating the other miners, as the parameters ask of them.

mod chain;

use chain::{Chain, account, key};
use frame_support::BoundedVec;
use myelin_pallet_emission::LastEpochs;
use myelin_pallet_neurons::{Call as NeuronsCall, traits::ReadSeats};
use myelin_pallet_staking::Call as StakingCall;
use myelin_pallet_subnets::{Call as SubnetsCall, traits::ReadSubnets};
use myelin_pallet_weights::{Call as WeightsCall, rules::commit_hash};
use myelin_primitives::{Amount, BlockNumber, NetUid, RAO_PER_TAO, Uid};
use myelin_records::{
    parameters::{
        AlphaValues, MAX_BURN_ABOVE, MAX_IMMUNITY, MAX_LEAST_WEIGHTS, MAX_OWNER_BONDS_MOVING_AVERAGE,
        MAX_OWNER_IMMUNE_UIDS, MAX_REVEAL_PERIOD, MAX_SERVING_RATE_LIMIT, MIN_ACTIVITY_CUTOFF, MIN_ALPHA,
        MIN_BURN_BELOW, MIN_WEIGHT_LIMIT, Parameter, ParameterAuthority, Parameters, ParametersPatch,
    },
    weights::StorageIndex,
};
use myelin_runtime::{Emission, Neurons, Runtime, RuntimeCall, Subnets, Weights, presets};
use serde_json::json;
use std::{collections::BTreeMap, thread};

const SUBNET: NetUid = NetUid::new(1);
const TEMPO: u16 = 20;
const MIN_RATE_LIMIT: BlockNumber = 5;
const MIN_WORK: u64 = 1_000;

/// The epochs before the owner changes a parameter, and the epochs that are compared.
const WARM_UP: u32 = 3;
const EPOCHS: u32 = 20;

/// The other validators, with their stake in rao.
const VALIDATORS: [(&str, u64); 2] = [("a", 500 * RAO_PER_TAO), ("b", 400 * RAO_PER_TAO)];

/// The stake of the owner's validator, in rao.
const OWN_STAKE: u64 = 2_000_000;

/// The miners that the other validators rate: so many that each may have the smallest largest share.
const MINERS: u16 = 12;

const OWN_VALIDATOR: &str = "own validator";
const OWN_MINER: &str = "own miner";

const SALT: [u16; 8] = [7; 8];

/// Returns the least and the greatest value of a parameter that an owner may set.
///
/// Where other parameters bound it, they move with it.
fn ends(parameter: Parameter) -> [ParametersPatch; 2] {
    let patch = ParametersPatch::default;
    let rao = Amount::from_rao;
    match parameter {
        Parameter::MinAllowedWeights => {
            [1, MAX_LEAST_WEIGHTS].map(|least| ParametersPatch { min_allowed_weights: Some(least), ..patch() })
        }
        Parameter::MaxWeightLimit => {
            [MIN_WEIGHT_LIMIT, u16::MAX].map(|limit| ParametersPatch { max_weight_limit: Some(limit), ..patch() })
        }
        Parameter::ImmunityPeriod => {
            [2 * (TEMPO + 1), MAX_IMMUNITY].map(|blocks| ParametersPatch { immunity_period: Some(blocks), ..patch() })
        }
        Parameter::ActivityCutoff => {
            [MIN_ACTIVITY_CUTOFF, u16::MAX].map(|cutoff| ParametersPatch { activity_cutoff: Some(cutoff), ..patch() })
        }
        Parameter::WeightsVersionKey => {
            [0, u64::MAX].map(|key| ParametersPatch { weights_version_key: Some(key), ..patch() })
        }
        Parameter::WeightsSetRateLimit => [MIN_RATE_LIMIT, TEMPO.into()]
            .map(|limit| ParametersPatch { weights_set_rate_limit: Some(limit), ..patch() }),
        Parameter::AdjustmentAlpha => {
            [0, u64::MAX].map(|alpha| ParametersPatch { adjustment_alpha: Some(alpha), ..patch() })
        }
        Parameter::PowRegistrationAllowed => {
            [false, true].map(|allowed| ParametersPatch { pow_registration_allowed: Some(allowed), ..patch() })
        }
        Parameter::MinBurn => {
            [0, MIN_BURN_BELOW.rao() - 1].map(|burn| ParametersPatch { min_burn: Some(rao(burn)), ..patch() })
        }
        Parameter::MaxBurn => {
            [MAX_BURN_ABOVE.rao() + 1, u64::MAX].map(|burn| ParametersPatch { max_burn: Some(rao(burn)), ..patch() })
        }
        Parameter::InitialDifficulty | Parameter::MinDifficulty | Parameter::MaxDifficulty => {
            [MIN_WORK, u64::MAX].map(|difficulty| ParametersPatch {
                initial_difficulty: Some(difficulty),
                min_difficulty: (parameter == Parameter::MinDifficulty || difficulty == MIN_WORK).then_some(difficulty),
                max_difficulty: (parameter == Parameter::MaxDifficulty || difficulty == u64::MAX).then_some(difficulty),
                ..patch()
            })
        }
        Parameter::BondsMovingAverage => [0, MAX_OWNER_BONDS_MOVING_AVERAGE]
            .map(|kept| ParametersPatch { bonds_moving_average: Some(kept), ..patch() }),
        Parameter::BondsPenalty => {
            [0, u16::MAX].map(|penalty| ParametersPatch { bonds_penalty: Some(penalty), ..patch() })
        }
        Parameter::LiquidAlpha => [false, true].map(|liquid| ParametersPatch { liquid_alpha: Some(liquid), ..patch() }),
        Parameter::AlphaValues => [MIN_ALPHA, u16::MAX].map(|alpha| ParametersPatch {
            liquid_alpha: Some(true),
            alpha_values: Some(AlphaValues { low: alpha, high: alpha }),
            ..patch()
        }),
        Parameter::AlphaSigmoidSteepness => [0, i16::MAX].map(|steepness| ParametersPatch {
            liquid_alpha: Some(true),
            alpha_sigmoid_steepness: Some(steepness),
            ..patch()
        }),
        Parameter::CommitReveal => {
            [false, true].map(|commits| ParametersPatch { commit_reveal: Some(commits), ..patch() })
        }
        Parameter::RevealPeriodEpochs => {
            [1, MAX_REVEAL_PERIOD].map(|epochs| ParametersPatch { reveal_period_epochs: Some(epochs), ..patch() })
        }
        Parameter::ServingRateLimit => [MIN_RATE_LIMIT, MAX_SERVING_RATE_LIMIT]
            .map(|limit| ParametersPatch { serving_rate_limit: Some(limit), ..patch() }),
        Parameter::OwnerImmuneUidsLimit => {
            [1, MAX_OWNER_IMMUNE_UIDS].map(|limit| ParametersPatch { owner_immune_uids_limit: Some(limit), ..patch() })
        }
        other => panic!("give the ends of {}", other.name()),
    }
}

/// The amounts of the compared epochs, in rao.
#[derive(Clone, Copy, Debug, Default)]
struct Earned {
    /// Pay of the owner's hotkeys.
    own: u64,
    /// Pay of all neurons and the part that was recycled.
    all: u64,
}

/// A vector with the version key with which it was committed.
struct Promise {
    uids: Vec<Uid>,
    values: Vec<u16>,
    version_key: u64,
}

/// A subnet with an owner, and its validators at work.
struct Stage {
    chain: Chain,
    /// Commits of each validator, by block.
    promises: BTreeMap<(&'static str, BlockNumber), Promise>,
}

impl Stage {
    fn new() -> Self {
        let (rich, boss) = (key("rich"), key("boss"));
        let balance = |who| json!([account(who).to_string(), 10_000 * RAO_PER_TAO]);
        let chain = Chain::begin(
            presets::MAIN,
            json!({
                "balances": { "balances": [balance(&rich), balance(&boss)] },
                "subnets": {
                    "launch": { "opensAt": 0, "endsAt": 0, "leastSeats": 0 },
                    "networkParameters": {
                        "targetStakesPerInterval": 1_000, "txRateLimit": 0, "minRateLimit": MIN_RATE_LIMIT,
                        "minWorkDifficulty": MIN_WORK, "adminFreezeWindow": 0, "ownerHyperparamRateLimit": 0,
                    },
                    "subnets": [{
                        "netuid": 1,
                        "owner": {
                            "coldkey": account(&boss).to_string(),
                            "hotkey": account(&key(OWN_VALIDATOR)).to_string(),
                        },
                        "parameters": {
                            "tempo": TEMPO, "weightsSetRateLimit": MIN_RATE_LIMIT, "commitReveal": true,
                            "activityCutoff": 400, "maxRegistrationsPerBlock": 16,
                            "targetRegistrationsPerInterval": 16,
                        },
                    }],
                },
            }),
        );
        let mut stage = Self { chain, promises: BTreeMap::new() };
        let hotkey = |name: &str| account(&key(name));
        let miners = (0..MINERS).map(miner);
        let others = VALIDATORS.map(|(name, _)| name.to_owned()).into_iter().chain(miners).map(|name| (&rich, name));
        for (coldkey, name) in others.chain([(&boss, OWN_MINER.to_owned())]) {
            stage.chain.pair(coldkey, &key(&name));
            let call = NeuronsCall::burned_register { netuid: SUBNET, hotkey: hotkey(&name) };
            stage.chain.succeed(coldkey, call);
        }
        let stakes = VALIDATORS.map(|(name, rao)| (&rich, name, rao)).into_iter();
        for (coldkey, name, rao) in stakes.chain([(&boss, OWN_VALIDATOR, OWN_STAKE)]) {
            let amount = Amount::from_rao(rao);
            stage.chain.succeed(coldkey, StakingCall::add_stake { hotkey: hotkey(name), amount });
        }
        stage
    }

    fn parameters(&mut self) -> Parameters {
        self.chain.look(|| <Subnets as ReadSubnets<_>>::parameters(SUBNET)).expect("the subnet is there")
    }

    fn uid(&mut self, name: &str) -> Uid {
        self.chain.look(|| Neurons::uid(SUBNET, &account(&key(name)))).expect("it has a seat")
    }

    /// Returns a vector over all neurons that gives equal parts to these, and zero to the rest.
    fn vector(&mut self, rated: &[String]) -> (Vec<Uid>, Vec<u16>) {
        let rated: Vec<Uid> = rated.iter().map(|name| self.uid(name)).collect();
        let count = self.chain.look(|| Neurons::count(SUBNET));
        let uids: Vec<Uid> = (0..count).map(Uid::new).collect();
        let values = uids.iter().map(|uid| u16::from(rated.contains(uid))).collect();
        (uids, values)
    }

    /// Lets a validator reveal and rate as the subnet asks for.
    fn rate(&mut self, validator: &'static str, rated: &[String]) {
        let Parameters { commit_reveal, weights_version_key: version_key, .. } = self.parameters();
        let (uids, values) = self.vector(rated);
        let hotkey = account(&key(validator));
        let next = self.chain.height() + 1;
        let commits = self.chain.look(|| Weights::commits_of(SUBNET, &hotkey));
        let due = commits.into_iter().find(|commit| (commit.reveal_from..=commit.reveal_until).contains(&next));
        if let Some(promise) = due.and_then(|commit| self.promises.remove(&(validator, commit.block))) {
            let Promise { uids, values, version_key } = promise;
            let call = WeightsCall::<Runtime>::reveal_weights {
                netuid: SUBNET,
                uids: BoundedVec::truncate_from(uids),
                values: BoundedVec::truncate_from(values),
                salt: BoundedVec::truncate_from(SALT.to_vec()),
                version_key,
            };
            self.chain.succeed(&key(validator), call);
        }
        let call: RuntimeCall = if commit_reveal {
            let index = StorageIndex::from(SUBNET);
            let commit_hash = commit_hash(&hotkey, index, &uids, &values, &SALT, version_key);
            self.promises.insert((validator, self.chain.height() + 1), Promise { uids, values, version_key });
            WeightsCall::<Runtime>::commit_weights { netuid: SUBNET, commit_hash }.into()
        } else {
            let (dests, weights) = (BoundedVec::truncate_from(uids), BoundedVec::truncate_from(values));
            WeightsCall::<Runtime>::set_weights { netuid: SUBNET, dests, weights, version_key }.into()
        };
        self.chain.succeed(&key(validator), call);
    }

    /// Plays one epoch and returns the pay of its end. All validators rate once, which any rate limit allows.
    fn epoch(&mut self) -> Earned {
        let others: Vec<String> = (0..MINERS).map(miner).collect();
        for (validator, _) in VALIDATORS {
            self.rate(validator, &others);
        }
        // The owner's validator rates the owner's miner alone, if the limit of a weight lets it.
        let is_limited = self.parameters().max_weight_limit < u16::MAX;
        let rated = others.into_iter().filter(|_| is_limited).chain([OWN_MINER.to_owned()]);
        self.rate(OWN_VALIDATOR, &rated.collect::<Vec<_>>());
        self.end_epoch()
    }

    fn end_epoch(&mut self) -> Earned {
        let last = || LastEpochs::<Runtime>::get(SUBNET);
        let before = self.chain.look(last);
        self.chain.run_until(2 * u32::from(TEMPO), || last() != before);
        let record = self.chain.look(last).expect("it ran");
        let own = [OWN_VALIDATOR, OWN_MINER].map(|name| usize::from(self.uid(name)));
        let neurons = self.chain.look(|| Emission::neurons(SUBNET));
        let all = record.emission.rao() - record.owner_cut.rao();
        Earned { own: own.map(|uid| neurons[uid].emission.rao()).iter().sum(), all }
    }

    /// Returns the pay of the compared epochs, before which the owner makes this change.
    fn earned(change: Option<ParametersPatch>) -> Earned {
        let mut stage = Self::new();
        // The first epoch gives the permits.
        stage.end_epoch();
        for _ in 0..WARM_UP {
            stage.epoch();
        }
        if let Some(changed) = change {
            stage.chain.succeed(&key("boss"), SubnetsCall::set_parameters { netuid: SUBNET, changed: changed.into() });
        }
        (0..EPOCHS).fold(Earned::default(), |sum, _| {
            let Earned { own, all } = stage.epoch();
            Earned { own: sum.own + own, all: sum.all + all }
        })
    }
}

fn miner(number: u16) -> String {
    format!("miner {number}")
}

#[test]
fn no_owner_parameter_pays_its_owner() {
    let is_owners = |parameter: &&Parameter| parameter.authority() == ParameterAuthority::Owner;
    let changes: Vec<_> = Parameter::ALL
        .iter()
        .filter(is_owners)
        .flat_map(|parameter| ends(*parameter).map(|end| (parameter.name(), end)))
        .collect();
    let control = Stage::earned(None);
    assert!(control.all > 0 && control.own < control.all / 100, "{control:?}");
    let allowed = control.own + control.all / 100;
    let check = |(name, end): &(&str, ParametersPatch)| {
        let earned = Stage::earned(Some(end.clone()));
        assert!(earned.own <= allowed, "{name} at {end:?}: {earned:?} against {control:?}");
    };
    // Every chain is a state of its own thread.
    let part = changes.len().div_ceil(thread::available_parallelism().map_or(1, usize::from));
    thread::scope(|scope| {
        for changes in changes.chunks(part) {
            scope.spawn(|| changes.iter().for_each(check));
        }
    });
}
