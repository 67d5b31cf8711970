//! The parameters of a network, one by one. spec subnets-and-neurons §17

use myelin_client::{
    Amount, Parameters, ParametersPatch, Take, Tao, mirror,
    runtime::runtime_types::myelin_pallet_subnets::parameters::AlphaValues,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{fmt, str::FromStr};

/// A parameter: what it does, who may change it and when, and how it is read and written.
#[derive(Clone, Copy, Debug)]
pub(super) struct ParameterField {
    /// Its name.
    pub(super) name: &'static str,
    /// Who may change it.
    pub(super) who: ParameterAuthority,
    /// When it may be changed.
    pub(super) when: ChangeWindow,
    /// What it may be; nothing where that follows from its type.
    pub(super) bounds: &'static str,
    /// What it does.
    pub(super) effect: &'static str,
    read: fn(&Parameters) -> ParameterValue,
    write: fn(&mut ParametersPatch, &str) -> Result<ParameterValue, String>,
}

/// Who may change a parameter. spec subnets-and-neurons §17
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ParameterAuthority {
    /// The owner of the subnet, and governance.
    Owner,
    /// Governance alone.
    Governance,
}

/// When a parameter may be changed. spec subnets-and-neurons §19
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ChangeWindow {
    /// In every block.
    Always,
    /// Not in the last blocks before an epoch.
    NotFrozen,
}

impl ParameterAuthority {
    /// As the specification says it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Governance => "governance",
        }
    }
}

impl ChangeWindow {
    /// As the specification says it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::NotFrozen => "not frozen",
        }
    }
}

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum ParameterValue {
    /// Yes or no.
    Flag(bool),
    /// A number; blocks, a fraction, or a count.
    Number(u64),
    /// A number that may be below zero.
    Signed(i16),
    /// An amount, in rao.
    Amount(#[schemars(with = "u64")] Amount<Tao>),
    /// Two limits.
    Limits {
        /// The lower one.
        low: u16,
        /// The upper one.
        high: u16,
    },
}

impl fmt::Display for ParameterValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => out.write_str(if *flag { "yes" } else { "no" }),
            Self::Number(number) => number.fmt(out),
            Self::Signed(number) => number.fmt(out),
            Self::Amount(amount) => amount.fmt(out),
            Self::Limits { low, high } => write!(out, "{low},{high}"),
        }
    }
}

/// A type of parameters.
trait ParameterType: Sized {
    fn parse(text: &str) -> Result<Self, String>;
    fn value(&self) -> ParameterValue;
}

macro_rules! numbers {
    ($($type:ident as $variant:ident)*) => {$(
        impl ParameterType for $type {
            fn parse(text: &str) -> Result<Self, String> {
                whole(text, &Self::MIN, &Self::MAX)
            }

            fn value(&self) -> ParameterValue {
                ParameterValue::$variant((*self).into())
            }
        }
    )*};
}

numbers!(u16 as Number u32 as Number u64 as Number i16 as Signed);

fn whole<T: FromStr + fmt::Display>(text: &str, least: &T, most: &T) -> Result<T, String> {
    text.parse().map_err(|_| format!("not a whole number from {least} to {most}"))
}

impl ParameterType for bool {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "yes" | "true" | "on" => Ok(true),
            "no" | "false" | "off" => Ok(false),
            _ => Err("neither yes nor no".into()),
        }
    }

    fn value(&self) -> ParameterValue {
        ParameterValue::Flag(*self)
    }
}

impl ParameterType for mirror::Amount {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse::<Amount<Tao>>().map(Into::into).map_err(|error| error.to_string())
    }

    fn value(&self) -> ParameterValue {
        ParameterValue::Amount((*self).into())
    }
}

impl ParameterType for mirror::Take {
    fn parse(text: &str) -> Result<Self, String> {
        u16::parse(text).map(|parts| Take::new(parts).into())
    }

    fn value(&self) -> ParameterValue {
        ParameterValue::Number(self.0.into())
    }
}

impl ParameterType for AlphaValues {
    fn parse(text: &str) -> Result<Self, String> {
        let (low, high) = text.split_once(',').ok_or("not two numbers with a comma between them")?;
        Ok(Self { low: u16::parse(low)?, high: u16::parse(high)? })
    }

    fn value(&self) -> ParameterValue {
        ParameterValue::Limits { low: self.low, high: self.high }
    }
}

impl ParameterField {
    /// All of them, in the order of the specification.
    pub(super) const ALL: &[Self] = FIELDS;

    /// The one of that name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|field| field.name == name)
    }

    /// Those whose names look like this one, most alike first.
    pub(super) fn like(name: &str) -> Vec<&'static str> {
        const ALIKE: f64 = 0.8;
        let alike = |field: &Self| (strsim::jaro_winkler(name, field.name), field.name);
        let mut near: Vec<_> = Self::ALL.iter().map(alike).filter(|(alike, _)| *alike > ALIKE).collect();
        near.sort_by(|one, other| other.0.total_cmp(&one.0));
        near.into_iter().take(3).map(|(_, name)| name).collect()
    }

    /// What it is.
    pub(super) fn read(&self, parameters: &Parameters) -> ParameterValue {
        (self.read)(parameters)
    }

    /// Sets it, in a patch, to what was typed. What that is.
    ///
    /// # Errors
    /// Why that is no value of it, in words.
    pub(super) fn write(&self, patch: &mut ParametersPatch, text: &str) -> Result<ParameterValue, String> {
        (self.write)(patch, text)
    }
}

macro_rules! fields {
    ($($name:ident: $who:ident, $when:ident, $bounds:literal, $effect:literal;)*) => {
        static FIELDS: &[ParameterField] = &[$(ParameterField {
            name: stringify!($name),
            who: ParameterAuthority::$who,
            when: ChangeWindow::$when,
            bounds: $bounds,
            effect: $effect,
            read: |parameters| parameters.$name.value(),
            write: |patch, text| Ok(patch.$name.insert(ParameterType::parse(text)?).value()),
        }),*];
    };
}

fields! {
    tempo: Governance, NotFrozen, "1..50 400", "blocks between two epochs, less one";
    rho: Owner, NotFrozen, "any", "how steep the sigmoid of the root epoch is; on root only";
    kappa: Governance, Always, "any", "the part of the stake that makes a consensus, of 65535";
    max_allowed_uids: Governance, NotFrozen, "number of neurons..256", "seats";
    min_allowed_uids: Governance, NotFrozen,
        "when set: below the number of neurons and below max_allowed_uids",
        "seats that are left when seats are cut away";
    max_allowed_validators: Governance, NotFrozen, "at most max_allowed_uids", "neurons that may validate";
    min_allowed_weights: Owner, NotFrozen, "any", "entries that a weight vector has at least";
    max_weight_limit: Owner, NotFrozen, "any", "the most that one entry may have of its weight vector, of 65535";
    immunity_period: Owner, NotFrozen, "any", "blocks for which a new neuron is not replaced";
    activity_cutoff: Owner, NotFrozen, "at least 360", "blocks after its last update in which a neuron still counts";
    weights_version_key: Owner, NotFrozen, "any",
        "the oldest version of validators whose weights are taken; 0 takes all";
    weights_set_rate_limit: Owner, Always, "any", "blocks between two weight updates of one neuron";
    adjustment_interval: Governance, Always, "at least 1", "blocks between two adjustments of burn and difficulty";
    adjustment_alpha: Owner, NotFrozen, "any",
        "how much of its predecessor an adjusted burn or difficulty keeps, of 18446744073709551615";
    target_registrations_per_interval: Governance, NotFrozen, "at least 1",
        "registrations that an adjustment interval should see";
    max_registrations_per_block: Governance, NotFrozen, "any", "registrations that a block takes at most";
    registration_allowed: Owner, Always, "", "whether seats can be had by burning, and the subnet earns";
    pow_registration_allowed: Owner, NotFrozen, "", "whether seats can be had by proof of work";
    initial_burn: Governance, NotFrozen, "any; starts within min_burn..max_burn",
        "what a seat costs at first, and again whenever this is set";
    min_burn: Owner, NotFrozen, "below 1 TAO and below max_burn", "the least that a seat costs";
    max_burn: Owner, NotFrozen, "above 0.1 TAO and above min_burn", "the most that a seat costs";
    initial_difficulty: Owner, NotFrozen, "any", "the difficulty of a seat at first, and again whenever this is set";
    min_difficulty: Owner, NotFrozen, "at most max_difficulty", "the least difficulty";
    max_difficulty: Owner, NotFrozen, "at least min_difficulty", "the greatest difficulty";
    bonds_moving_average: Owner, NotFrozen, "at most 1 000 000; by the owner at most 975 000",
        "how much of an old bond is kept in an epoch, in millionths";
    bonds_penalty: Owner, NotFrozen, "any",
        "how far bonds follow the clipped weight instead of the given one, of 65535";
    yuma3: Owner, NotFrozen, "", "whether bonds are held per pair instead of as shares of a miner";
    liquid_alpha: Owner, NotFrozen, "", "whether every bond has a rate of its own";
    alpha_values: Owner, NotFrozen, "1 638 <= low <= high; only with liquid_alpha",
        "the limits of these rates, of 65535";
    alpha_sigmoid_steepness: Owner, NotFrozen, "any; by the owner at least 0",
        "slope of the curve between these limits, in hundredths";
    commit_reveal: Owner, NotFrozen, "", "whether weights must be committed before they are revealed";
    reveal_period_epochs: Owner, NotFrozen, "1..100", "epochs from a commit to its reveal";
    serving_rate_limit: Owner, NotFrozen, "any", "blocks between two announcements of an address";
    owner_immune_uids_limit: Owner, NotFrozen, "1..10", "hotkeys of the owner that keep their seats";
    min_non_immune_uids: Governance, Always, "any",
        "neurons past their immunity that are kept as long as an immune one can go instead";
    transfers_allowed: Owner, NotFrozen, "", "whether stake can be transferred to another coldkey; on root only";
    min_childkey_take: Owner, NotFrozen, "between the bounds of §18", "the least that a child hotkey keeps, of 65535";
    owner_cut_enabled: Governance, NotFrozen, "", "whether the owner receives a part";
    emission_enabled: Governance, Always, "", "whether governance lets the subnet earn";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    /// The rows of the table in the specification: name, bounds, who and when.
    fn specified() -> Vec<[String; 4]> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/spec/subnets-and-neurons.md");
        let page = fs::read_to_string(page).unwrap();
        let section = page.split("## 17. ").nth(1).unwrap().split("## 18. ").next().unwrap();
        let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
        rows.map(|row| {
            let columns: Vec<_> = row.trim_matches('|').split('|').map(|column| column.trim().to_owned()).collect();
            [0, 3, 4, 5].map(|column| columns[column].clone())
        })
        .collect()
    }

    #[test]
    fn they_are_those_of_the_specification() {
        let ours: Vec<_> = ParameterField::ALL
            .iter()
            .map(|field| [field.name, field.bounds, field.who.word(), field.when.words()].map(str::to_owned))
            .collect();
        assert_eq!(ours, specified());
    }

    #[test]
    fn what_is_typed_is_what_is_set() {
        let mut patch = ParametersPatch::default();
        for (name, text) in [
            ("tempo", "99"),
            ("adjustment_alpha", "18446744073709551615"),
            ("registration_allowed", "no"),
            ("min_burn", "0.5"),
            ("max_burn", "250rao"),
            ("alpha_values", "2000,3000"),
            ("alpha_sigmoid_steepness", "-5"),
            ("min_childkey_take", "7"),
        ] {
            ParameterField::named(name).unwrap().write(&mut patch, text).unwrap();
        }
        assert_eq!((patch.tempo, patch.registration_allowed), (Some(99), Some(false)));
        assert_eq!((patch.adjustment_alpha, patch.alpha_sigmoid_steepness), (Some(u64::MAX), Some(-5)));
        assert_eq!(patch.min_burn.map(|burn| burn.parts), Some(500_000_000));
        assert_eq!(patch.max_burn.map(|burn| burn.parts), Some(250));
        assert_eq!(patch.alpha_values.map(|limits| limits.value().to_string()), Some("2000,3000".into()));
        assert_eq!(patch.min_childkey_take.map(|take| take.0), Some(7));
        assert_eq!(patch.kappa, None);
    }

    #[test]
    fn what_makes_no_sense_says_what_would() {
        let refused =
            |name, text| ParameterField::named(name).unwrap().write(&mut ParametersPatch::default(), text).unwrap_err();
        assert_eq!(refused("tempo", "65536"), "not a whole number from 0 to 65535");
        assert_eq!(refused("yuma3", "maybe"), "neither yes nor no");
        assert!(refused("min_burn", "much").contains("not an amount"));
        assert!(refused("alpha_values", "5").contains("comma"));
    }

    #[test]
    fn names_that_are_nearly_right_are_recognised() {
        assert_eq!(ParameterField::like("tempoo").first(), Some(&"tempo"));
        assert_eq!(ParameterField::like("imunity_period").first(), Some(&"immunity_period"));
        assert_eq!(ParameterField::like("commit_reveal_enabled").first(), Some(&"commit_reveal"));
        assert!(ParameterField::like("zzz").is_empty());
    }
}
