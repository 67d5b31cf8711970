//! The settings and their precedence: flag, environment variable, configuration file, default.

use crate::{output::Format, plan::Policy};
use clap::ValueEnum;
use myelin_client::NodeUrls;
use myelin_keys::{HotkeyName, WalletName};
use myelin_primitives::{Amount, NetUid, Tao};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// A setting of the program.
#[derive(Debug)]
pub struct Setting {
    /// Name, with the table of the file before the point: `wallet.name`.
    pub name: &'static str,
    /// Purpose of the setting.
    pub summary: &'static str,
    /// The environment variable that sets it.
    pub variable: Option<&'static str>,
    /// The flag that sets it, without dashes.
    pub flag: Option<&'static str>,
    /// Default value; `None` if it depends on the machine, or means no limit.
    pub default: Option<&'static str>,
    check: fn(&str) -> Result<(), String>,
}

impl Setting {
    /// Checks a value of the setting.
    ///
    /// # Errors
    /// The reason that the value is invalid.
    pub fn check(&self, value: &str) -> Result<(), String> {
        (self.check)(value)
    }

    /// Returns the setting of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|setting| setting.name == name)
    }
}

/// The form of the output.
pub static OUTPUT: Setting = Setting {
    name: "output",
    summary: "The form of the output, `table` or `json`",
    variable: Some("MYELIN_OUTPUT"),
    flag: Some("output"),
    default: Some("table"),
    check: |value| Format::from_str(value, false).map(drop),
};

/// The network that commands use.
pub static NETWORK: Setting = Setting {
    name: "network",
    summary: "The network, `local` or the URLs of nodes, separated by commas",
    variable: Some("MYELIN_NETWORK"),
    flag: Some("network"),
    default: Some("local"),
    check: |value| value.parse::<NetworkSetting>().map(drop),
};

/// The folder of the wallets.
pub static WALLET_PATH: Setting = Setting {
    name: "wallet.path",
    summary: "The folder of the wallets",
    variable: Some("BT_WALLET_PATH"),
    flag: Some("wallet-path"),
    default: Some(myelin_keys::Defaults::PATH),
    check: not_empty,
};

/// The wallet.
pub static WALLET_NAME: Setting = Setting {
    name: "wallet.name",
    summary: "The wallet",
    variable: Some("BT_WALLET_NAME"),
    flag: Some("wallet"),
    default: Some("default"),
    check: |value| read::<WalletName>(value).map(drop),
};

/// The hotkey of the wallet.
pub static WALLET_HOTKEY: Setting = Setting {
    name: "wallet.hotkey",
    summary: "The hotkey of the wallet",
    variable: Some("BT_WALLET_HOTKEY"),
    flag: Some("hotkey"),
    default: Some("default"),
    check: |value| read::<HotkeyName>(value).map(drop),
};

/// The folder of the local network.
pub static LOCAL_DIRECTORY: Setting = Setting {
    name: "local.directory",
    summary: "The folder of the local network, with its chain, logs and process ids",
    variable: Some("MYELIN_LOCAL_DIRECTORY"),
    flag: Some("directory"),
    default: None,
    check: not_empty,
};

/// The node program.
pub static LOCAL_NODE: Setting = Setting {
    name: "local.node",
    summary: "The node program of the local network; by default `myelin-node` beside this program, or in `PATH`",
    variable: Some("MYELIN_NODE"),
    flag: Some("node"),
    default: None,
    check: not_empty,
};

/// The limit of the policy for the amount of one command.
pub static POLICY_MAX_SPEND: Setting = Setting {
    name: "policy.max-spend",
    summary: "The most that one command may spend, without the fee; no limit by default",
    variable: None,
    flag: None,
    default: None,
    check: |value| read::<Amount<Tao>>(value).map(drop),
};

/// The limit of the policy for the fee of one command.
pub static POLICY_MAX_FEE: Setting = Setting {
    name: "policy.max-fee",
    summary: "The highest fee that one command may pay; no limit by default",
    variable: None,
    flag: None,
    default: None,
    check: |value| read::<Amount<Tao>>(value).map(drop),
};

/// The subnets that the policy allows.
pub static POLICY_SUBNETS: Setting = Setting {
    name: "policy.subnets",
    summary: "The only subnets that commands may touch, such as `1,7`; all by default",
    variable: None,
    flag: None,
    default: None,
    check: |value| read_subnets(value).map(drop),
};

/// All settings, in the order of the file.
///
/// The policy has neither flags nor variables, because a command must not choose its own limits.
pub static ALL: [&Setting; 10] = [
    &OUTPUT,
    &NETWORK,
    &WALLET_PATH,
    &WALLET_NAME,
    &WALLET_HOTKEY,
    &LOCAL_DIRECTORY,
    &LOCAL_NODE,
    &POLICY_MAX_SPEND,
    &POLICY_MAX_FEE,
    &POLICY_SUBNETS,
];

fn not_empty(value: &str) -> Result<(), String> {
    if value.is_empty() { Err("the path is empty".into()) } else { Ok(()) }
}

/// Parses a value, with its error as text.
pub(crate) fn read<T: FromStr<Err: fmt::Display>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|error: T::Err| error.to_string())
}

fn read_subnets(value: &str) -> Result<BTreeSet<NetUid>, String> {
    let number = |text: &str| text.trim().parse::<u16>().map(NetUid::new).map_err(|_| text.trim().to_owned());
    let subnets: Result<_, _> = value.split(',').map(number).collect();
    subnets.map_err(|text| format!("`{text}` is not the number of a subnet"))
}

/// Parses a policy.
///
/// # Errors
/// The reason that one of the texts is invalid. A policy that cannot be read never counts as no policy.
pub(crate) fn policy(max_spend: Option<&str>, max_fee: Option<&str>, subnets: Option<&str>) -> Result<Policy, String> {
    Ok(Policy {
        max_spend: max_spend.map(read).transpose()?,
        max_fee: max_fee.map(read).transpose()?,
        subnets: subnets.map(read_subnets).transpose()?,
    })
}

/// The network that commands use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkSetting {
    /// Local network that `myelin network up` runs.
    Local,
    /// Nodes by their URLs, in the order of preference.
    Nodes(NodeUrls),
}

impl FromStr for NetworkSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "local" {
            return Ok(Self::Local);
        }
        let nodes = text.parse::<NodeUrls>();
        nodes.map(Self::Nodes).map_err(|error| format!("{error}; write `local` or a URL such as `ws://127.0.0.1:9944`"))
    }
}

/// Source of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingSource {
    /// The command line.
    Flag,
    /// The environment variable.
    Environment,
    /// The configuration file.
    File,
    /// The default of the setting.
    Default,
}

impl SettingSource {
    /// Returns the source in one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_values() {
        for setting in ALL {
            if let Some(default) = setting.default {
                assert_eq!(setting.check(default), Ok(()), "{}", setting.name);
            }
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for (setting, value) in [
            (&OUTPUT, "xml"),
            (&NETWORK, "locl"),
            (&NETWORK, "ws://"),
            (&NETWORK, "ws://node.example"),
            (&NETWORK, "127.0.0.1:9944"),
            (&WALLET_NAME, "a/b"),
            (&WALLET_HOTKEY, ""),
            (&WALLET_PATH, ""),
            (&POLICY_MAX_SPEND, "1,5"),
            (&POLICY_MAX_FEE, "-1"),
            (&POLICY_SUBNETS, ""),
            (&POLICY_SUBNETS, "1,x"),
            (&POLICY_SUBNETS, "65536"),
        ] {
            assert!(setting.check(value).is_err(), "{} = {value}", setting.name);
        }
    }

    #[test]
    fn a_policy_is_read_as_it_is_typed() {
        let policy = policy(Some("1.5tao"), Some("250rao"), Some("1, 7")).unwrap();
        assert_eq!(policy.max_spend, Some(Amount::from_rao(1_500_000_000)));
        assert_eq!(policy.max_fee, Some(Amount::from_rao(250)));
        assert_eq!(policy.subnets, Some([1, 7].map(NetUid::new).into()));
    }
}
