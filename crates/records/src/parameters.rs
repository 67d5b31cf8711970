//! Parameters: the settings of one network, and of all networks together. spec subnets-and-neurons §17 and §18.
//!
//! [`Parameters`] is the record of one network, [`NetworkParameters`] that of all. Each has a patch in which every
//! field may be left out; calls and genesis take patches, and events show them. Each record validates its values
//! together.
//!
//! A field of [`Parameters`] is a [`Parameter`]. Its authority, its change window, its bounds and its effect stand in
//! one row of the table below, and clients show the row.

mod value;

pub use value::{ParameterTextError, ParameterValue};

use crate::bounds::{MAX_NETWORKS, MAX_UIDS};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use myelin_economics::{
    adjustment::{AdjustmentRule, Bounds, INERTIA, SeatPrice},
    division::OWNER_CUT_PPM,
    pruning::NeuronImmunity,
    root::Sigmoid,
    schedule::Schedule,
    subnet_lock::{VESTING, vested},
    subnet_price::{MINIMUM, PriceRule, REDUCTION_INTERVAL},
};
use myelin_primitives::{Amount, BlockNumber, Fraction, MILLION, NetUid, RAO_PER_TAO, Take, Tao, U16_ONE};
use scale_info::TypeInfo;
use value::ParameterType;

/// Declares a record with its defaults, and its patch.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $record:ident, $patch:ident {
            $($(#[$doc:meta])* $field:ident: $type:ty = $default:expr;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
        pub struct $record {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl Default for $record {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        #[doc = concat!("A change of [`", stringify!($record), "`]. A field that is left out stays as it is.")]
        #[derive(
            Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
        )]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "camelCase", default, deny_unknown_fields))]
        pub struct $patch {
            $(
                $(#[$doc])*
                #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
                pub $field: Option<$type>,
            )*
        }

        impl $patch {
            /// Returns the record with this change.
            #[must_use]
            pub fn applied_to(&self, record: &$record) -> $record {
                $record { $($field: self.$field.unwrap_or(record.$field),)* }
            }
        }
    };
}

/// Declares the parameters of a network, one row each.
///
/// A row has effect, variant, field, type, default, authority, change window and bounds.
macro_rules! parameters {
    (
        $(#[$meta:meta])*
        $record:ident, $patch:ident {
            $(
                #[doc = $effect:literal]
                $name:ident $field:ident: $type:ty = $default:expr, $authority:ident, $window:ident, $bounds:literal;
            )*
        }
    ) => {
        record! {
            $(#[$meta])*
            $record, $patch {
                $(#[doc = $effect] $field: $type = $default;)*
            }
        }

        /// A field of [`Parameters`].
        #[allow(clippy::cast_possible_truncation, reason = "the derived encoding numbers variants that way")]
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord,
            Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
        )]
        pub enum Parameter {
            $(#[doc = $effect] $name,)*
        }

        impl Parameter {
            /// All parameters, in the order of the specification.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the name, which is that of the field.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($field),)*
                }
            }

            /// Returns the authority that may change it. spec subnets-and-neurons §17.
            pub const fn authority(self) -> ParameterAuthority {
                match self {
                    $(Self::$name => ParameterAuthority::$authority,)*
                }
            }

            /// Returns the blocks in which it may change. spec subnets-and-neurons §19, rule 1.
            pub const fn window(self) -> ChangeWindow {
                match self {
                    $(Self::$name => ChangeWindow::$window,)*
                }
            }

            /// Returns its bounds in words. Empty if they follow from its type.
            pub const fn bounds(self) -> &'static str {
                match self {
                    $(Self::$name => $bounds,)*
                }
            }

            /// Returns its effect in words: a noun phrase with its unit, without a full stop.
            pub fn effect(self) -> &'static str {
                let effect = match self {
                    $(Self::$name => $effect,)*
                };
                effect.trim().trim_end_matches('.')
            }

            /// Returns its value in a record.
            pub fn value(self, parameters: &$record) -> ParameterValue {
                match self {
                    $(Self::$name => parameters.$field.value(),)*
                }
            }

            /// Sets it in a patch to a value that is given as a text, and returns this value.
            ///
            /// The text is checked against the type only. [`Parameters::validate`] checks the bounds.
            ///
            /// # Errors
            /// [`ParameterTextError`] if the text is no value of its type.
            pub fn assign(self, patch: &mut $patch, text: &str) -> Result<ParameterValue, ParameterTextError> {
                match self {
                    $(Self::$name => Ok(patch.$field.insert(ParameterType::parse(text)?).value()),)*
                }
            }
        }

        impl $patch {
            /// Returns the parameters that the patch sets.
            pub fn given(&self) -> impl Iterator<Item = Parameter> {
                [$(self.$field.is_some().then_some(Parameter::$name),)*].into_iter().flatten()
            }
        }
    };
}

/// The authority that may change a parameter. spec subnets-and-neurons §17.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "kebab-case"))]
pub enum ParameterAuthority {
    /// The owner of the subnet, and governance.
    Owner,
    /// Governance alone.
    Governance,
}

/// The blocks in which a parameter may change. spec subnets-and-neurons §19, rule 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "kebab-case"))]
pub enum ChangeWindow {
    /// All blocks but the last ones before an epoch, in which validators can no longer react to the change.
    NotFrozen,
    /// All blocks.
    Always,
}

/// Written as the specification writes it.
impl fmt::Display for ParameterAuthority {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Owner => "owner",
            Self::Governance => "governance",
        })
    }
}

/// Written as the specification writes it.
impl fmt::Display for ChangeWindow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::NotFrozen => "not frozen",
            Self::Always => "always",
        })
    }
}

impl Parameter {
    /// Returns the parameter of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|parameter| parameter.name() == name)
    }
}

parameters! {
    /// The settings of one network. The defaults are those of a new subnet. spec subnets-and-neurons §4, §17.
    Parameters, ParametersPatch {
        /// Blocks between two epochs, less one.
        Tempo tempo: u16 = 360, Governance, NotFrozen, "1..50 400; min_rate_limit..stake_interval";
        /// Steepness of the sigmoid of the root epoch; has an effect on root only.
        Rho rho: u16 = 10, Governance, NotFrozen, "any";
        /// Part of the stake that makes a consensus, of 65535.
        Kappa kappa: u16 = 32_767, Governance, Always, "any";
        /// Number of seats.
        MaxAllowedUids max_allowed_uids: u16 = MAX_UIDS, Governance, NotFrozen, "number of neurons..256; root at most 64";
        /// Number of seats that are left when seats are cut away.
        MinAllowedUids min_allowed_uids: u16 = 64, Governance, NotFrozen,
            "when set: below the number of neurons and below max_allowed_uids";
        /// Number of neurons that may hold a validator permit.
        MaxAllowedValidators max_allowed_validators: u16 = 64, Governance, NotFrozen, "at most max_allowed_uids";
        /// Least number of entries of a weight vector.
        MinAllowedWeights min_allowed_weights: u16 = 1, Owner, NotFrozen, "1..64; root 0..64";
        /// Largest part of a weight vector that one entry may have, of 65535; never below an equal part of all others.
        MaxWeightLimit max_weight_limit: u16 = U16_ONE, Owner, NotFrozen, "6 554..65 535";
        /// Blocks of immunity, in which a new neuron is not replaced.
        ImmunityPeriod immunity_period: u16 = 5_000, Owner, NotFrozen,
            "at most 50 400; by the owner at least 2 · (tempo + 1)";
        /// Age in blocks of the weights in force up to which a neuron counts as active.
        ActivityCutoff activity_cutoff: u16 = 5_000, Owner, NotFrozen,
            "at least 360 and (reveal_period_epochs + 3) · (tempo + 1) + weights_set_rate_limit";
        /// Oldest version of validators whose weights are accepted; 0 accepts all.
        WeightsVersionKey weights_version_key: u64 = 0, Owner, NotFrozen, "any";
        /// Blocks between two weight updates of one neuron.
        WeightsSetRateLimit weights_set_rate_limit: BlockNumber = 100, Owner, NotFrozen, "min_rate_limit..tempo";
        /// Blocks between two adjustments of burn and difficulty.
        AdjustmentInterval adjustment_interval: u16 = 360, Governance, Always, "at least 1";
        /// Part of the previous burn or difficulty that an adjustment keeps, of 18446744073709551615.
        AdjustmentAlpha adjustment_alpha: u64 = INERTIA, Owner, NotFrozen, "any";
        /// Registrations per adjustment interval at which burn and difficulty stay as they are.
        TargetRegistrationsPerInterval target_registrations_per_interval: u16 = 1, Governance, NotFrozen, "at least 1";
        /// Most registrations of one block.
        MaxRegistrationsPerBlock max_registrations_per_block: u16 = 1, Governance, NotFrozen, "any";
        /// True if burned registration is open.
        RegistrationAllowed registration_allowed: bool = true, Governance, Always, "";
        /// True if registration by proof of work is open.
        PowRegistrationAllowed pow_registration_allowed: bool = false, Owner, NotFrozen, "";
        /// Price of a seat at first; the adjustment starts again from here whenever this is set.
        InitialBurn initial_burn: Amount<Tao> = Amount::ONE_TAO, Governance, NotFrozen,
            "any; starts within min_burn..max_burn";
        /// Least price of a seat.
        MinBurn min_burn: Amount<Tao> = Amount::from_rao(500_000), Owner, NotFrozen, "below 1 TAO and below max_burn";
        /// Greatest price of a seat.
        MaxBurn max_burn: Amount<Tao> = Amount::from_rao(100_000_000_000), Owner, NotFrozen,
            "above 0.1 TAO and above min_burn";
        /// Difficulty of a seat at first; the adjustment starts again from here whenever this is set.
        InitialDifficulty initial_difficulty: u64 = 10_000_000, Owner, NotFrozen,
            "min_difficulty..max_difficulty";
        /// Least difficulty.
        MinDifficulty min_difficulty: u64 = 10_000_000, Owner, NotFrozen,
            "min_work_difficulty..max_difficulty";
        /// Greatest difficulty.
        MaxDifficulty max_difficulty: u64 = u64::MAX / 4, Owner, NotFrozen, "at least min_difficulty";
        /// Part of an old bond that an epoch keeps, in millionths.
        BondsMovingAverage bonds_moving_average: u32 = 900_000, Owner, NotFrozen,
            "at most 1 000 000; by the owner at most 975 000";
        /// Degree to which bonds follow the clipped weight instead of the given one, of 65535.
        BondsPenalty bonds_penalty: u16 = U16_ONE, Owner, NotFrozen, "any";
        /// True if bonds are held per pair, false if as shares of a miner.
        Yuma3 yuma3: bool = true, Governance, NotFrozen, "";
        /// True if each bond has a rate of its own.
        LiquidAlpha liquid_alpha: bool = false, Owner, NotFrozen, "";
        /// Limits of these rates, of 65535; can be set only while each bond has a rate of its own.
        AlphaValues alpha_values: AlphaValues = AlphaValues { low: 45_875, high: 58_982 }, Owner, NotFrozen,
            "1 638 <= low <= high; only with liquid_alpha";
        /// Slope of the curve between these limits, in hundredths; only governance may make it negative.
        AlphaSigmoidSteepness alpha_sigmoid_steepness: i16 = 1_000, Owner, NotFrozen, "any; by the owner at least 0";
        /// True if weights must be committed before they are revealed.
        CommitReveal commit_reveal: bool = true, Owner, NotFrozen, "";
        /// Epochs from a commit to its reveal.
        RevealPeriodEpochs reveal_period_epochs: u64 = 1, Owner, NotFrozen, "1..8";
        /// Blocks between two announcements of an endpoint.
        ServingRateLimit serving_rate_limit: BlockNumber = 50, Owner, NotFrozen, "min_rate_limit..7 200";
        /// Number of hotkeys of the owner that keep their seats.
        OwnerImmuneUidsLimit owner_immune_uids_limit: u16 = 1, Owner, NotFrozen, "1..10";
        /// Number of neurons past their immunity that are kept as long as an immune one can go instead.
        MinNonImmuneUids min_non_immune_uids: u16 = 0, Governance, Always, "any";
        /// True if stake can be transferred to another coldkey; has an effect on root only.
        TransfersAllowed transfers_allowed: bool = true, Governance, NotFrozen, "";
        /// Least take of a child hotkey, of 65535.
        MinChildkeyTake min_childkey_take: Take = Take::new(0), Governance, NotFrozen, "between the bounds of §18";
        /// True if the owner receives a cut.
        OwnerCutEnabled owner_cut_enabled: bool = true, Governance, NotFrozen, "";
        /// True if governance lets the subnet take part in the emission.
        EmissionEnabled emission_enabled: bool = true, Governance, Always, "";
    }
}

/// The limits of the rates at which bonds change, as u16 fractions. spec yuma §3.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlphaValues {
    /// Slowest rate.
    pub low: u16,
    /// Fastest rate.
    pub high: u16,
}

record! {
    /// The settings that all networks share. spec subnets-and-neurons §18.
    NetworkParameters, NetworkParametersPatch {
        /// Most subnets besides root.
        subnet_limit: u16 = 64;
        /// Blocks between two creations of a subnet.
        network_rate_limit: BlockNumber = 7_200;
        /// Blocks of immunity, in which a new subnet is not replaced.
        network_immunity_period: BlockNumber = 50_400;
        /// Least price of a subnet.
        network_min_lock_cost: Amount<Tao> = MINIMUM;
        /// Blocks in which the price of a subnet falls by the price last paid.
        network_lock_reduction_interval: BlockNumber = REDUCTION_INTERVAL;
        /// Blocks in which the lock of a subnet vests; with 0 all of it is refunded.
        network_lock_vesting: BlockNumber = VESTING;
        /// Owner cut of the emission of a subnet, in parts per million.
        subnet_owner_cut: u32 = OWNER_CUT_PPM;
        /// Blocks between two changes of the owner's hotkey of one subnet.
        owner_hotkey_rate_limit: BlockNumber = 50_400;
        /// Tempos between two changes of one parameter by the owner.
        owner_hyperparam_rate_limit: u16 = 2;
        /// Blocks before an epoch in which parameters are frozen.
        admin_freeze_window: u16 = 10;
        /// Least take of a delegate.
        min_delegate_take: Take = Take::new(0);
        /// Greatest take of a delegate.
        max_delegate_take: Take = Take::new(11_796);
        /// Least take of a child hotkey.
        min_childkey_take: Take = Take::new(0);
        /// Greatest take of a child hotkey.
        max_childkey_take: Take = Take::new(11_796);
        /// Blocks between two key operations of one coldkey; 0 does not limit them.
        tx_rate_limit: BlockNumber = 1_000;
        /// Blocks between two rises of a delegate's take.
        tx_delegate_take_rate_limit: BlockNumber = 216_000;
        /// Blocks between two rises of a child hotkey's take.
        tx_childkey_take_rate_limit: BlockNumber = 216_000;
        /// Blocks from the announcement of a higher take to its effect.
        take_notice: BlockNumber = 50_400;
        /// Blocks before new children become active.
        pending_childkey_cooldown: BlockNumber = 7_200;
        /// Stake that a validator needs to set weights.
        stake_threshold: Amount<Tao> = Amount::ZERO;
        /// Least stake of a hotkey that lends stake weight.
        min_lending_stake: Amount<Tao> = Amount::from_rao(10 * RAO_PER_TAO);
        /// Least stake of a nominator on a hotkey.
        nominator_min_required_stake: Amount<Tao> = Amount::ZERO;
        /// Stake operations of one coldkey on one hotkey in a stake interval.
        target_stakes_per_interval: u64 = 1;
        /// Blocks of a stake interval.
        stake_interval: BlockNumber = 360;
        /// Blocks from the announcement of a coldkey swap to its execution.
        coldkey_swap_announcement_delay: BlockNumber = 36_000;
        /// Blocks after that before a swap may be announced anew or withdrawn.
        coldkey_swap_reannouncement_delay: BlockNumber = 7_200;
        /// Least rate limit of weights and of announcements, in blocks.
        min_rate_limit: BlockNumber = 50;
        /// Least difficulty of a registration by work.
        min_work_difficulty: u64 = 10_000_000;
        /// True if neurons may announce private addresses and those of the loopback interface.
        local_addresses: bool = false;
        /// True if epochs of subnets run; while they do not, emission accrues and due epochs wait.
        epochs_enabled: bool = true;
    }
}

/// The reason why parameters are invalid, alone or together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParametersError {
    /// More seats than [`MAX_UIDS`], on root more than [`MAX_ROOT_SEATS`].
    MaxAllowedUidsGreaterThanDefaultMaxAllowedUids,
    /// More validators than seats.
    MaxValidatorsLargerThanMaxUIds,
    /// An activity cutoff below [`Parameters::least_activity_cutoff`].
    ActivityCutoffTooLow,
    /// A kept part of a bond above one.
    BondsMovingAverageMaxReached,
    /// An upper limit of the bonds' rates below [`MIN_ALPHA`].
    AlphaHighTooLow,
    /// A lower limit of the bonds' rates below [`MIN_ALPHA`] or above the upper one.
    AlphaLowOutOfRange,
    /// A reveal in the epoch of its commit.
    RevealPeriodTooSmall,
    /// A reveal more than [`MAX_REVEAL_PERIOD`] epochs after its commit.
    RevealPeriodTooLarge,
    /// Bounds of burn, difficulty or take that are crossed or out of range.
    ValueNotInBounds,
    /// Any other value out of its range.
    InvalidValue,
}

impl fmt::Display for ParametersError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxAllowedUidsGreaterThanDefaultMaxAllowedUids => {
                write!(out, "max_allowed_uids is above {MAX_UIDS}, or on root above {MAX_ROOT_SEATS}")
            }
            Self::MaxValidatorsLargerThanMaxUIds => out.write_str("max_allowed_validators is above max_allowed_uids"),
            Self::ActivityCutoffTooLow => {
                write!(out, "activity_cutoff is below {MIN_ACTIVITY_CUTOFF} or too low for the epochs of a reveal")
            }
            Self::BondsMovingAverageMaxReached => write!(out, "bonds_moving_average is above {MILLION}"),
            Self::AlphaHighTooLow => write!(out, "the upper limit of alpha_values is below {MIN_ALPHA}"),
            Self::AlphaLowOutOfRange => {
                write!(out, "the lower limit of alpha_values is below {MIN_ALPHA} or above the upper one")
            }
            Self::RevealPeriodTooSmall => out.write_str("reveal_period_epochs is below 1"),
            Self::RevealPeriodTooLarge => write!(out, "reveal_period_epochs is above {MAX_REVEAL_PERIOD}"),
            Self::ValueNotInBounds => {
                out.write_str("the bounds of burn, difficulty or take are crossed or out of range")
            }
            Self::InvalidValue => out.write_str("a value is out of its range"),
        }
    }
}

impl core::error::Error for ParametersError {}

/// The longest tempo. spec subnets-and-neurons §17.
pub const MAX_TEMPO: u16 = 50_400;

/// The least activity cutoff, in blocks. spec subnets-and-neurons §17.
pub const MIN_ACTIVITY_CUTOFF: u16 = 360;

/// The amount that the least burn must stay below. spec subnets-and-neurons §17.
pub const MIN_BURN_BELOW: Amount<Tao> = Amount::ONE_TAO;

/// The amount that the greatest burn must stay above: 0.1 TAO. spec subnets-and-neurons §17.
pub const MAX_BURN_ABOVE: Amount<Tao> = Amount::from_rao(100_000_000);

/// The largest part of an old bond that an owner may keep, in millionths. spec subnets-and-neurons §17.
pub const MAX_OWNER_BONDS_MOVING_AVERAGE: u32 = 975_000;

/// Tempos between two changes of the weights version by the owner. spec subnets-and-neurons §18.
pub const WEIGHTS_VERSION_KEY_TEMPOS: u16 = 5;

/// The least limit of the bonds' rates. spec subnets-and-neurons §17.
pub const MIN_ALPHA: u16 = 1_638;

/// The most epochs from a commit to its reveal. spec subnets-and-neurons §17.
pub const MAX_REVEAL_PERIOD: u64 = 8;

/// The most seats of root. spec subnets-and-neurons §17.
pub const MAX_ROOT_SEATS: u16 = 64;

/// The greatest length that a weight vector can be asked for. spec subnets-and-neurons §17.
pub const MAX_LEAST_WEIGHTS: u16 = 64;

/// The least maximum of one entry of a weight vector: a tenth, of 65535. spec subnets-and-neurons §17.
pub const MIN_WEIGHT_LIMIT: u16 = 6_554;

/// The longest immunity of a neuron, in blocks. spec subnets-and-neurons §17.
pub const MAX_IMMUNITY: u16 = 50_400;

/// The longest time between two announcements of an endpoint, in blocks. spec subnets-and-neurons §17.
pub const MAX_SERVING_RATE_LIMIT: BlockNumber = 7_200;

/// The epochs beside the reveal period in which an active neuron may be silent. spec subnets-and-neurons §17.
const SILENT_EPOCHS: u64 = 3;

/// The most hotkeys of an owner that keep their seats. spec subnets-and-neurons §12.
pub const MAX_OWNER_IMMUNE_UIDS: u16 = 10;

impl Parameters {
    /// Returns the initial settings of root. spec tokenomics §10, subnets-and-neurons §17.
    pub fn root() -> Self {
        Self { tempo: 100, max_allowed_uids: 64, min_allowed_weights: 0, adjustment_interval: 100, ..Self::default() }
    }

    /// Checks each value of a network, and its relations to others and to the values of all networks.
    ///
    /// Root has fewer seats, and may ask for no weights at all. spec subnets-and-neurons §17.
    ///
    /// # Errors
    /// The [`ParametersError`] of the first value that is out of its bounds.
    pub fn validate_on(&self, netuid: NetUid, network: &NetworkParameters) -> Result<(), ParametersError> {
        if !netuid.is_root() {
            return self.validate(network);
        }
        self.check(network)?;
        ensure(self.max_allowed_uids <= MAX_ROOT_SEATS, ParametersError::MaxAllowedUidsGreaterThanDefaultMaxAllowedUids)
    }

    /// Checks each value of a subnet, and its relations to others and to the values of all networks.
    ///
    /// spec subnets-and-neurons §17.
    ///
    /// # Errors
    /// The [`ParametersError`] of the first value that is out of its bounds.
    pub fn validate(&self, network: &NetworkParameters) -> Result<(), ParametersError> {
        self.check(network)?;
        ensure(self.min_allowed_weights >= 1, ParametersError::InvalidValue)
    }

    /// Checks the bounds that subnets and root share.
    fn check(&self, network: &NetworkParameters) -> Result<(), ParametersError> {
        let tempo = BlockNumber::from(self.tempo);
        ensure((1..=MAX_TEMPO).contains(&self.tempo), ParametersError::InvalidValue)?;
        ensure((network.min_rate_limit..=network.stake_interval).contains(&tempo), ParametersError::InvalidValue)?;
        ensure(self.max_allowed_uids <= MAX_UIDS, ParametersError::MaxAllowedUidsGreaterThanDefaultMaxAllowedUids)?;
        ensure(self.max_allowed_validators <= self.max_allowed_uids, ParametersError::MaxValidatorsLargerThanMaxUIds)?;
        ensure(self.min_allowed_weights <= MAX_LEAST_WEIGHTS, ParametersError::InvalidValue)?;
        ensure(self.max_weight_limit >= MIN_WEIGHT_LIMIT, ParametersError::InvalidValue)?;
        let rate_limit = self.weights_set_rate_limit;
        ensure((network.min_rate_limit..=tempo).contains(&rate_limit), ParametersError::InvalidValue)?;
        let serving = network.min_rate_limit..=MAX_SERVING_RATE_LIMIT;
        ensure(serving.contains(&self.serving_rate_limit), ParametersError::InvalidValue)?;
        ensure(self.reveal_period_epochs >= 1, ParametersError::RevealPeriodTooSmall)?;
        ensure(self.reveal_period_epochs <= MAX_REVEAL_PERIOD, ParametersError::RevealPeriodTooLarge)?;
        let cutoff = u64::from(self.activity_cutoff);
        ensure(cutoff >= self.least_activity_cutoff(), ParametersError::ActivityCutoffTooLow)?;
        ensure(self.immunity_period <= MAX_IMMUNITY, ParametersError::InvalidValue)?;
        ensure(self.adjustment_interval >= 1, ParametersError::InvalidValue)?;
        ensure(self.target_registrations_per_interval >= 1, ParametersError::InvalidValue)?;
        ensure(
            self.min_burn < MIN_BURN_BELOW && self.max_burn > MAX_BURN_ABOVE && self.min_burn < self.max_burn,
            ParametersError::ValueNotInBounds,
        )?;
        ensure(network.min_work_difficulty <= self.min_difficulty, ParametersError::ValueNotInBounds)?;
        let difficulties = self.min_difficulty..=self.max_difficulty;
        ensure(difficulties.contains(&self.initial_difficulty), ParametersError::ValueNotInBounds)?;
        let takes = network.min_childkey_take..=network.max_childkey_take;
        ensure(takes.contains(&self.min_childkey_take), ParametersError::ValueNotInBounds)?;
        ensure(self.bonds_moving_average <= MILLION, ParametersError::BondsMovingAverageMaxReached)?;
        let AlphaValues { low, high } = self.alpha_values;
        ensure(high >= MIN_ALPHA, ParametersError::AlphaHighTooLow)?;
        ensure((MIN_ALPHA..=high).contains(&low), ParametersError::AlphaLowOutOfRange)?;
        ensure((1..=MAX_OWNER_IMMUNE_UIDS).contains(&self.owner_immune_uids_limit), ParametersError::InvalidValue)
    }

    /// Returns the least immunity that an owner may set: two epochs, so that a new neuron can earn in one.
    ///
    /// spec subnets-and-neurons §17.
    pub fn least_immunity_by_owner(&self) -> u32 {
        u32::from(self.tempo).saturating_add(1).saturating_mul(2)
    }

    /// Returns the least activity cutoff: a neuron that reveals as late as it may stays active.
    ///
    /// spec subnets-and-neurons §17.
    pub fn least_activity_cutoff(&self) -> u64 {
        let epochs = self.reveal_period_epochs.saturating_add(SILENT_EPOCHS);
        let silent = epochs.saturating_mul(u64::from(self.tempo).saturating_add(1));
        silent.saturating_add(self.weights_set_rate_limit.into()).max(MIN_ACTIVITY_CUTOFF.into())
    }

    /// Returns the maximum weight limit in force on a network of this many neurons. spec weights §3.2.
    ///
    /// It lets all neurons but the author have equal parts, so that every author can satisfy it.
    pub fn weight_limit(&self, neurons: u16) -> u16 {
        let others = neurons.saturating_sub(1);
        if others == 0 { U16_ONE } else { self.max_weight_limit.max(U16_ONE.div_ceil(others)) }
    }

    /// Returns the schedule of the epochs of the network with this number.
    pub const fn schedule(&self, netuid: NetUid) -> Schedule {
        Schedule::new(netuid, self.tempo)
    }

    /// Returns the sigmoid of the root epoch.
    pub const fn sigmoid(&self) -> Sigmoid {
        Sigmoid { rho: self.rho, kappa: self.kappa }
    }

    /// Returns the part of the stake that makes a consensus.
    pub const fn kappa(&self) -> Fraction {
        Fraction::from_u16(self.kappa)
    }

    /// Returns the age of the weights in force up to which a neuron counts as active.
    pub fn activity_cutoff(&self) -> BlockNumber {
        self.activity_cutoff.into()
    }

    /// Returns the part of an old bond that an epoch keeps.
    pub fn bonds_moving_average(&self) -> Fraction {
        ppm(self.bonds_moving_average)
    }

    /// Returns the degree to which bonds follow the clipped weight instead of the given one.
    pub const fn bonds_penalty(&self) -> Fraction {
        Fraction::from_u16(self.bonds_penalty)
    }

    /// Returns the immunity that keeps neurons in their seats.
    pub fn neuron_immunity(&self) -> NeuronImmunity {
        NeuronImmunity { period: self.immunity_period.into(), min_non_immune: self.min_non_immune_uids }
    }

    /// Returns the rule by which burn and difficulty follow the demand for seats.
    pub const fn adjustment_rule(&self) -> AdjustmentRule {
        AdjustmentRule {
            target: self.target_registrations_per_interval,
            inertia: self.adjustment_alpha,
            burn: Bounds { min: self.min_burn, max: self.max_burn },
            difficulty: Bounds { min: self.min_difficulty, max: self.max_difficulty },
        }
    }

    /// Returns the price of a seat at first. An initial burn outside of its bounds is moved to the nearer one.
    pub fn initial_terms(&self) -> SeatPrice {
        SeatPrice { burn: self.initial_burn.max(self.min_burn).min(self.max_burn), difficulty: self.initial_difficulty }
    }
}

impl AlphaValues {
    /// Returns the slowest rate.
    pub const fn low(&self) -> Fraction {
        Fraction::from_u16(self.low)
    }

    /// Returns the fastest rate.
    pub const fn high(&self) -> Fraction {
        Fraction::from_u16(self.high)
    }
}

impl NetworkParameters {
    /// Checks each value and the relations between them. spec subnets-and-neurons §18.
    ///
    /// # Errors
    /// The [`ParametersError`] of the first value that is out of its bounds.
    pub fn validate(&self) -> Result<(), ParametersError> {
        // Root counts as a network too.
        ensure(u32::from(self.subnet_limit) < MAX_NETWORKS, ParametersError::InvalidValue)?;
        ensure(self.network_lock_reduction_interval >= 1, ParametersError::InvalidValue)?;
        ensure(self.subnet_owner_cut <= MILLION, ParametersError::InvalidValue)?;
        ensure(self.min_delegate_take <= self.max_delegate_take, ParametersError::ValueNotInBounds)?;
        ensure(self.min_childkey_take <= self.max_childkey_take, ParametersError::ValueNotInBounds)
    }

    /// Returns the difficulty in force where a network asks for this one. spec subnets-and-neurons §8.3.
    pub fn work_difficulty(&self, asked: u64) -> u64 {
        asked.max(self.min_work_difficulty)
    }

    /// Returns the rule of the price of a subnet.
    pub const fn price_rule(&self) -> PriceRule {
        PriceRule { minimum: self.network_min_lock_cost, reduction_interval: self.network_lock_reduction_interval }
    }

    /// Returns the part of a lock that the owner gets back if the subnet ends at this age.
    pub fn vested(&self, locked: Amount<Tao>, age: BlockNumber) -> Amount<Tao> {
        vested(locked, age, self.network_lock_vesting)
    }

    /// Returns the stake that a hotkey needs to lend. The owner's hotkey of a subnet needs less. spec staking §9.1.
    pub fn least_lending_stake(&self, is_owners: bool) -> Amount<Tao> {
        if is_owners { self.min_lending_stake } else { self.min_lending_stake.max(self.stake_threshold) }
    }

    /// Returns the owner cut of the emission of a subnet.
    pub fn owner_cut(&self) -> Fraction {
        ppm(self.subnet_owner_cut)
    }
}

fn ensure(holds: bool, error: ParametersError) -> Result<(), ParametersError> {
    if holds { Ok(()) } else { Err(error) }
}

/// Returns parts per million as a fraction. More than a million are a million, which no valid record has.
fn ppm(parts: u32) -> Fraction {
    Fraction::from_ppm(parts).unwrap_or(Fraction::from_u16(U16_ONE))
}

#[cfg(test)]
mod tests;
