//! How a network, and all of them together, are set. spec subnets-and-neurons §17 and §18
//!
//! One record per network, [`Parameters`], and one for all, [`NetworkParameters`]. Each has a patch in which every field
//! may be left out; that is what calls and genesis take and events tell. Each knows by itself whether its values go
//! together. Who may change a field, and when, is a property of the field, [`Parameter`].

use crate::types::{MAX_NETWORKS, MAX_UIDS};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use myelin_economics::{
    adjustment::{AdjustmentRule, Bounds, INERTIA, SeatPrice},
    division::OWNER_CUT_PPM,
    pruning::NeuronImmunity,
    root::Sigmoid,
    schedule::Schedule,
    subnet_price::{MINIMUM, PriceRule, REDUCTION_INTERVAL},
};
use myelin_primitives::{Amount, BlockNumber, Fraction, MILLION, NetUid, Take, Tao, U16_ONE};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Declares a record with its defaults, and its patch.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $record:ident, $patch:ident {
            $($(#[$doc:meta])* $field:ident: $type:ty = $default:expr;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Clone, Debug, PartialEq, Eq,
            Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
        )]
        #[serde(rename_all = "camelCase")]
        pub struct $record {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl Default for $record {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        #[doc = concat!("What is to change of [`", stringify!($record), "`]; fields left out stay as they are.")]
        #[derive(
            Clone, Debug, Default, PartialEq, Eq,
            Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
        )]
        #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
        pub struct $patch {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        impl $patch {
            /// The record with the changes made.
            #[must_use]
            pub fn applied_to(&self, record: &$record) -> $record {
                $record { $($field: self.$field.unwrap_or(record.$field),)* }
            }
        }
    };
}

/// Declares the parameters of a network. To each field belong its [`Parameter`], who may change it and in which part of
/// a tempo.
macro_rules! parameters {
    (
        $(#[$meta:meta])*
        $record:ident, $patch:ident {
            $($(#[$doc:meta])* $name:ident $field:ident: $type:ty = $default:expr, $changer:ident, $when:ident;)*
        }
    ) => {
        record! {
            $(#[$meta])*
            $record, $patch {
                $($(#[$doc])* $field: $type = $default;)*
            }
        }

        /// A field of [`Parameters`].
        #[allow(clippy::cast_possible_truncation, reason = "the derived encoding numbers variants that way")]
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord,
            Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
        )]
        pub enum Parameter {
            $($(#[$doc])* $name,)*
        }

        impl Parameter {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Who may change it. spec subnets-and-neurons §17
            pub const fn changer(self) -> ParameterAuthority {
                match self {
                    $(Self::$name => ParameterAuthority::$changer,)*
                }
            }

            /// When it may be changed. spec subnets-and-neurons §19, rule 1
            pub const fn changeable(self) -> ChangeWindow {
                match self {
                    $(Self::$name => ChangeWindow::$when,)*
                }
            }
        }

        impl $patch {
            /// The fields that are given.
            pub fn given(&self) -> impl Iterator<Item = Parameter> {
                [$(self.$field.is_some().then_some(Parameter::$name),)*].into_iter().flatten()
            }
        }
    };
}

/// Who may change a parameter. spec subnets-and-neurons §17
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterAuthority {
    /// The owner of the subnet, and governance.
    Owner,
    /// Governance alone.
    Root,
}

/// When a parameter may be changed. spec subnets-and-neurons §19, rule 1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeWindow {
    /// Not in the last blocks before an epoch, when validators can no longer answer to the change.
    BeforeFreeze,
    /// In every block.
    Always,
}

parameters! {
    /// How one network is set; the defaults are those of a new subnet. spec subnets-and-neurons §4, §17
    Parameters, ParametersPatch {
        /// Blocks between two epochs, less one.
        Tempo tempo: u16 = 360, Root, BeforeFreeze;
        /// How steep the sigmoid of the root epoch is; has an effect on root only.
        Rho rho: u16 = 10, Owner, BeforeFreeze;
        /// The part of the stake that makes a consensus, as a u16 fraction.
        Kappa kappa: u16 = 32_767, Root, Always;
        /// Seats.
        MaxAllowedUids max_allowed_uids: u16 = MAX_UIDS, Root, BeforeFreeze;
        /// Seats that are left when seats are cut away.
        MinAllowedUids min_allowed_uids: u16 = 64, Root, BeforeFreeze;
        /// Neurons that may hold a validator permit.
        MaxAllowedValidators max_allowed_validators: u16 = 64, Root, BeforeFreeze;
        /// Entries that a weight vector has at least.
        MinAllowedWeights min_allowed_weights: u16 = 1, Owner, BeforeFreeze;
        /// The most that one entry may have of its weight vector, as a u16 fraction.
        MaxWeightLimit max_weight_limit: u16 = U16_ONE, Owner, BeforeFreeze;
        /// Blocks for which a new neuron is not replaced.
        ImmunityPeriod immunity_period: u16 = 5_000, Owner, BeforeFreeze;
        /// Blocks after its last update in which a neuron still counts as active.
        ActivityCutoff activity_cutoff: u16 = 5_000, Owner, BeforeFreeze;
        /// The oldest version of validators whose weights are taken; 0 takes all.
        WeightsVersionKey weights_version_key: u64 = 0, Owner, BeforeFreeze;
        /// Blocks between two weight updates of one neuron.
        WeightsSetRateLimit weights_set_rate_limit: BlockNumber = 100, Owner, Always;
        /// Blocks between two adjustments of burn and difficulty.
        AdjustmentInterval adjustment_interval: u16 = 360, Root, Always;
        /// How much of its predecessor an adjusted burn or difficulty keeps, as a fraction of `u64::MAX`.
        AdjustmentAlpha adjustment_alpha: u64 = INERTIA, Owner, BeforeFreeze;
        /// Registrations that an adjustment interval should see.
        TargetRegistrationsPerInterval target_registrations_per_interval: u16 = 1, Root, BeforeFreeze;
        /// Registrations that a block takes at most.
        MaxRegistrationsPerBlock max_registrations_per_block: u16 = 1, Root, BeforeFreeze;
        /// Whether seats can be had by burning TAO, and whether the subnet takes part in the emission.
        RegistrationAllowed registration_allowed: bool = true, Owner, Always;
        /// Whether seats can be had by proof of work.
        PowRegistrationAllowed pow_registration_allowed: bool = false, Owner, BeforeFreeze;
        /// What a seat costs at first. The adjustment starts from here at creation, and again whenever this is set.
        InitialBurn initial_burn: Amount<Tao> = Amount::ONE_TAO, Root, BeforeFreeze;
        /// The least that a seat costs.
        MinBurn min_burn: Amount<Tao> = Amount::from_rao(500_000), Owner, BeforeFreeze;
        /// The most that a seat costs.
        MaxBurn max_burn: Amount<Tao> = Amount::from_rao(100_000_000_000), Owner, BeforeFreeze;
        /// The difficulty of a seat at first. The adjustment starts from here at creation, and again whenever this is
        /// set.
        InitialDifficulty initial_difficulty: u64 = 10_000_000, Owner, BeforeFreeze;
        /// The least difficulty.
        MinDifficulty min_difficulty: u64 = 10_000_000, Owner, BeforeFreeze;
        /// The greatest difficulty.
        MaxDifficulty max_difficulty: u64 = u64::MAX / 4, Owner, BeforeFreeze;
        /// How much of an old bond is kept in an epoch, in millionths.
        BondsMovingAverage bonds_moving_average: u32 = 900_000, Owner, BeforeFreeze;
        /// How far bonds follow the clipped weight instead of the given one, as a u16 fraction.
        BondsPenalty bonds_penalty: u16 = U16_ONE, Owner, BeforeFreeze;
        /// Whether bonds are held per pair instead of as shares of a miner.
        Yuma3 yuma3: bool = true, Owner, BeforeFreeze;
        /// Whether every bond has a rate of its own.
        LiquidAlpha liquid_alpha: bool = false, Owner, BeforeFreeze;
        /// The limits of these rates. Can be set only while liquid alpha is on.
        AlphaValues alpha_values: AlphaValues = AlphaValues { low: 45_875, high: 58_982 }, Owner, BeforeFreeze;
        /// Slope of the curve between these limits, in hundredths. Only governance may turn it around.
        AlphaSigmoidSteepness alpha_sigmoid_steepness: i16 = 1_000, Owner, BeforeFreeze;
        /// Whether weights must be committed before they are revealed.
        CommitReveal commit_reveal: bool = true, Owner, BeforeFreeze;
        /// Epochs from a commit to its reveal.
        RevealPeriodEpochs reveal_period_epochs: u64 = 1, Owner, BeforeFreeze;
        /// Blocks between two announcements of an endpoint.
        ServingRateLimit serving_rate_limit: BlockNumber = 50, Owner, BeforeFreeze;
        /// Hotkeys of the owner that keep their seats.
        OwnerImmuneUidsLimit owner_immune_uids_limit: u16 = 1, Owner, BeforeFreeze;
        /// Neurons past their immunity that are kept as long as an immune one can go instead.
        MinNonImmuneUids min_non_immune_uids: u16 = 0, Root, Always;
        /// Whether stake can be transferred to another coldkey; has an effect on root only.
        TransfersAllowed transfers_allowed: bool = true, Owner, BeforeFreeze;
        /// The least that a child hotkey may take here.
        MinChildkeyTake min_childkey_take: Take = Take::new(0), Owner, BeforeFreeze;
        /// Whether the owner receives a cut.
        OwnerCutEnabled owner_cut_enabled: bool = true, Root, BeforeFreeze;
        /// Whether governance lets the subnet take part in the emission.
        EmissionEnabled emission_enabled: bool = true, Root, Always;
    }
}

/// The limits of the rates at which bonds change, as u16 fractions. spec yuma §3.10
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct AlphaValues {
    /// The slowest.
    pub low: u16,
    /// The fastest.
    pub high: u16,
}

record! {
    /// What all networks share. spec subnets-and-neurons §18
    NetworkParameters, NetworkParametersPatch {
        /// Subnets besides root.
        subnet_limit: u16 = 64;
        /// Blocks between two creations of a subnet.
        network_rate_limit: BlockNumber = 7_200;
        /// Blocks for which a new subnet is not replaced.
        network_immunity_period: BlockNumber = 50_400;
        /// The least that a subnet costs.
        network_min_lock_cost: Amount<Tao> = MINIMUM;
        /// Blocks in which the price of a subnet falls by what was last paid.
        network_lock_reduction_interval: BlockNumber = REDUCTION_INTERVAL;
        /// What the owner receives of what a subnet earns, in parts per million.
        subnet_owner_cut: u32 = OWNER_CUT_PPM;
        /// Blocks between two changes of the owner's hotkey of one subnet.
        owner_hotkey_rate_limit: BlockNumber = 50_400;
        /// Tempos between two changes of one parameter by the owner.
        owner_hyperparam_rate_limit: u16 = 2;
        /// Blocks before an epoch in which parameters are frozen.
        admin_freeze_window: u16 = 10;
        /// The least that a delegate may take.
        min_delegate_take: Take = Take::new(0);
        /// The most that a delegate may take.
        max_delegate_take: Take = Take::new(11_796);
        /// The least that a child hotkey may take.
        min_childkey_take: Take = Take::new(0);
        /// The most that a child hotkey may take.
        max_childkey_take: Take = Take::new(11_796);
        /// Blocks between two key operations of one coldkey; 0 does not limit them.
        tx_rate_limit: BlockNumber = 1_000;
        /// Blocks between two rises of a delegate's take.
        tx_delegate_take_rate_limit: BlockNumber = 216_000;
        /// Blocks between two rises of a child hotkey's take.
        tx_childkey_take_rate_limit: BlockNumber = 216_000;
        /// Blocks before new children become active.
        pending_childkey_cooldown: BlockNumber = 7_200;
        /// The stake that a validator needs to set weights.
        stake_threshold: Amount<Tao> = Amount::ZERO;
        /// The least that a nominator may have on a hotkey.
        nominator_min_required_stake: Amount<Tao> = Amount::ZERO;
        /// Stake operations of one coldkey on one hotkey in a stake interval.
        target_stakes_per_interval: u64 = 1;
        /// Blocks of a stake interval.
        stake_interval: BlockNumber = 360;
        /// Blocks from the announcement of a coldkey swap to its execution.
        coldkey_swap_announcement_delay: BlockNumber = 36_000;
        /// Blocks after that before a swap may be announced anew or withdrawn.
        coldkey_swap_reannouncement_delay: BlockNumber = 7_200;
    }
}

/// Why parameters do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParametersError {
    /// More seats than [`MAX_UIDS`].
    MaxAllowedUidsGreaterThanDefaultMaxAllowedUids,
    /// More validators than seats.
    MaxValidatorsLargerThanMaxUIds,
    /// An activity cutoff below [`MIN_ACTIVITY_CUTOFF`].
    ActivityCutoffTooLow,
    /// More than the whole of a bond would be kept.
    BondsMovingAverageMaxReached,
    /// The upper limit of the bonds' rates is below [`MIN_ALPHA`].
    AlphaHighTooLow,
    /// The lower limit of the bonds' rates is below [`MIN_ALPHA`] or above the upper one.
    AlphaLowOutOfRange,
    /// A reveal in the epoch of its commit.
    RevealPeriodTooSmall,
    /// A reveal more than [`MAX_REVEAL_PERIOD`] epochs after its commit.
    RevealPeriodTooLarge,
    /// The bounds of burn, difficulty or take are crossed or out of range.
    ValueNotInBounds,
    /// Any other value out of its range.
    InvalidValue,
}

/// The longest tempo. spec subnets-and-neurons §17
pub const MAX_TEMPO: u16 = 50_400;

/// The least activity cutoff, in blocks. spec subnets-and-neurons §17
pub const MIN_ACTIVITY_CUTOFF: u16 = 360;

/// What the least burn must stay below. spec subnets-and-neurons §17
pub const MIN_BURN_BELOW: Amount<Tao> = Amount::ONE_TAO;

/// What the greatest burn must stay above: 0.1 TAO. spec subnets-and-neurons §17
pub const MAX_BURN_ABOVE: Amount<Tao> = Amount::from_rao(100_000_000);

/// The most of an old bond that an owner may keep, in millionths. spec subnets-and-neurons §17
pub const MAX_OWNER_BONDS_MOVING_AVERAGE: u32 = 975_000;

/// Tempos between two changes of the weights version by the owner. spec subnets-and-neurons §18
pub const WEIGHTS_VERSION_KEY_TEMPOS: u16 = 5;

/// The least limit of the bonds' rates. spec subnets-and-neurons §17
pub const MIN_ALPHA: u16 = 1_638;

/// The most epochs from a commit to its reveal. spec subnets-and-neurons §17
pub const MAX_REVEAL_PERIOD: u64 = 100;

/// The most hotkeys of an owner that keep their seats. spec subnets-and-neurons §12
pub const MAX_OWNER_IMMUNE_UIDS: u16 = 10;

impl Parameters {
    /// How root is set at first. spec tokenomics §10, subnets-and-neurons §17
    pub fn root() -> Self {
        Self { tempo: 100, max_allowed_uids: 64, min_allowed_weights: 0, adjustment_interval: 100, ..Self::default() }
    }

    /// Whether the values go together, whoever set them. spec subnets-and-neurons §17
    ///
    /// # Errors
    /// The first value that does not.
    pub fn validate(&self) -> Result<(), ParametersError> {
        let ensure = |holds: bool, error| if holds { Ok(()) } else { Err(error) };
        ensure((1..=MAX_TEMPO).contains(&self.tempo), ParametersError::InvalidValue)?;
        ensure(self.max_allowed_uids <= MAX_UIDS, ParametersError::MaxAllowedUidsGreaterThanDefaultMaxAllowedUids)?;
        ensure(self.max_allowed_validators <= self.max_allowed_uids, ParametersError::MaxValidatorsLargerThanMaxUIds)?;
        ensure(self.activity_cutoff >= MIN_ACTIVITY_CUTOFF, ParametersError::ActivityCutoffTooLow)?;
        ensure(self.adjustment_interval >= 1, ParametersError::InvalidValue)?;
        ensure(self.target_registrations_per_interval >= 1, ParametersError::InvalidValue)?;
        ensure(
            self.min_burn < MIN_BURN_BELOW && self.max_burn > MAX_BURN_ABOVE && self.min_burn < self.max_burn,
            ParametersError::ValueNotInBounds,
        )?;
        ensure(self.min_difficulty <= self.max_difficulty, ParametersError::ValueNotInBounds)?;
        ensure(self.bonds_moving_average <= MILLION, ParametersError::BondsMovingAverageMaxReached)?;
        let AlphaValues { low, high } = self.alpha_values;
        ensure(high >= MIN_ALPHA, ParametersError::AlphaHighTooLow)?;
        ensure((MIN_ALPHA..=high).contains(&low), ParametersError::AlphaLowOutOfRange)?;
        ensure(self.reveal_period_epochs >= 1, ParametersError::RevealPeriodTooSmall)?;
        ensure(self.reveal_period_epochs <= MAX_REVEAL_PERIOD, ParametersError::RevealPeriodTooLarge)?;
        ensure((1..=MAX_OWNER_IMMUNE_UIDS).contains(&self.owner_immune_uids_limit), ParametersError::InvalidValue)
    }

    /// When the network with this number runs its epochs.
    pub const fn schedule(&self, netuid: NetUid) -> Schedule {
        Schedule::new(netuid, self.tempo)
    }

    /// The sigmoid of the root epoch.
    pub const fn sigmoid(&self) -> Sigmoid {
        Sigmoid { rho: self.rho, kappa: self.kappa }
    }

    /// The part of the stake that makes a consensus.
    pub const fn kappa(&self) -> Fraction {
        Fraction::from_u16(self.kappa)
    }

    /// Blocks after its last update in which a neuron still counts as active.
    pub fn activity_cutoff(&self) -> BlockNumber {
        self.activity_cutoff.into()
    }

    /// How much of an old bond is kept in an epoch.
    pub fn bonds_moving_average(&self) -> Fraction {
        ppm(self.bonds_moving_average)
    }

    /// How far bonds follow the clipped weight instead of the given one.
    pub const fn bonds_penalty(&self) -> Fraction {
        Fraction::from_u16(self.bonds_penalty)
    }

    /// What keeps neurons in their seats.
    pub fn neuron_immunity(&self) -> NeuronImmunity {
        NeuronImmunity { period: self.immunity_period.into(), min_non_immune: self.min_non_immune_uids }
    }

    /// How burn and difficulty follow the demand for seats.
    pub const fn adjustment_rule(&self) -> AdjustmentRule {
        AdjustmentRule {
            target: self.target_registrations_per_interval,
            inertia: self.adjustment_alpha,
            burn: Bounds { min: self.min_burn, max: self.max_burn },
            difficulty: Bounds { min: self.min_difficulty, max: self.max_difficulty },
        }
    }

    /// What a seat costs at first. An initial burn outside of its bounds is moved to the nearer one.
    pub fn initial_terms(&self) -> SeatPrice {
        SeatPrice { burn: self.initial_burn.max(self.min_burn).min(self.max_burn), difficulty: self.initial_difficulty }
    }
}

impl AlphaValues {
    /// The slowest rate.
    pub const fn low(&self) -> Fraction {
        Fraction::from_u16(self.low)
    }

    /// The fastest rate.
    pub const fn high(&self) -> Fraction {
        Fraction::from_u16(self.high)
    }
}

impl NetworkParameters {
    /// Whether the values go together. spec subnets-and-neurons §18
    ///
    /// # Errors
    /// The first value that does not.
    pub fn validate(&self) -> Result<(), ParametersError> {
        let ensure = |holds: bool, error| if holds { Ok(()) } else { Err(error) };
        // Root takes one of the places.
        ensure(u32::from(self.subnet_limit) < MAX_NETWORKS, ParametersError::InvalidValue)?;
        ensure(self.network_lock_reduction_interval >= 1, ParametersError::InvalidValue)?;
        ensure(self.subnet_owner_cut <= MILLION, ParametersError::InvalidValue)?;
        ensure(self.min_delegate_take <= self.max_delegate_take, ParametersError::ValueNotInBounds)?;
        ensure(self.min_childkey_take <= self.max_childkey_take, ParametersError::ValueNotInBounds)
    }

    /// What creating a subnet costs.
    pub const fn price_rule(&self) -> PriceRule {
        PriceRule { minimum: self.network_min_lock_cost, reduction_interval: self.network_lock_reduction_interval }
    }

    /// What the owner receives of what a subnet earns.
    pub fn owner_cut(&self) -> Fraction {
        ppm(self.subnet_owner_cut)
    }
}

/// Parts per million; more than a million are a million, which no valid record has.
fn ppm(parts: u32) -> Fraction {
    Fraction::from_ppm(parts).unwrap_or(Fraction::from_u16(U16_ONE))
}
