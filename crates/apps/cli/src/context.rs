//! The context of a command: settings, terminal, keys and chain.

use crate::{
    config::{self, ConfigError, ConfigFile},
    error::CliError,
    output::Format,
    plan::Policy,
    settings::{self, NetworkSetting, Setting, SettingSource},
    terminal::Terminal,
};
use clap::ValueEnum;
use myelin_client::{Chain, ChainError, NodeUrls, Timeouts};
use myelin_keys::{Environment, HotkeyName, Wallet, WalletName, Wallets};
use myelin_local::{LocalError, running_nodes};
use std::{env, path::PathBuf, time::Duration};

/// Timeouts of the client.
///
/// A user waits, so that a node that does not answer is given up sooner than by another program.
const LIMITS: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(30),
    silence: Duration::from_mins(2),
    outage: Duration::from_secs(4),
    pause: Duration::from_millis(500),
};

/// Arguments of every command.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Globals {
    /// Form of the output [env: `MYELIN_OUTPUT`]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub output: Option<Format>,

    /// Network: `local` or the URLs of nodes, separated by commas [env: `MYELIN_NETWORK`]
    #[arg(long, global = true, value_name = "local|URL", value_parser = checked(&settings::NETWORK))]
    pub network: Option<String>,

    /// Wallet [env: `BT_WALLET_NAME`]
    #[arg(long, global = true, value_name = "NAME", value_parser = checked(&settings::WALLET_NAME))]
    pub wallet: Option<String>,

    /// Hotkey of the wallet [env: `BT_WALLET_HOTKEY`]
    // Some commands have an argument `hotkey` of their own.
    #[arg(
        id = "own-hotkey",
        long = "hotkey",
        global = true,
        value_name = "NAME",
        value_parser = checked(&settings::WALLET_HOTKEY)
    )]
    pub hotkey: Option<String>,

    /// Folder of the wallets [env: `BT_WALLET_PATH`]
    #[arg(long, global = true, value_name = "PATH", value_parser = checked(&settings::WALLET_PATH))]
    pub wallet_path: Option<String>,

    /// Configuration file [env: `MYELIN_CONFIG`]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Answer every confirmation with yes
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
}

/// Returns a parser that checks values like the setting.
pub(crate) fn checked(setting: &'static Setting) -> impl Fn(&str) -> Result<String, String> + Clone {
    move |value| setting.check(value).map(|()| value.to_owned())
}

/// The settings and the terminal of a command.
#[derive(Debug)]
pub struct Context {
    globals: Globals,
    config: ConfigFile,
    format: Format,
    terminal: Terminal,
}

impl Context {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`CliError::Config`] if the configuration is invalid.
    pub fn new(globals: Globals) -> Result<Self, CliError> {
        let config = ConfigFile::read(globals.config.clone())?;
        let terminal = Terminal::of_process(globals.yes);
        let mut context = Self { globals, config, format: Format::default(), terminal };
        context.format = match context.text(&settings::OUTPUT, None)? {
            // The source of the value has checked it.
            Some((format, _)) => Format::from_str(&format, false).unwrap_or_default(),
            None => Format::default(),
        };
        Ok(context)
    }

    /// Returns the form of the output.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Returns the terminal of the process.
    pub const fn terminal(&self) -> Terminal {
        self.terminal
    }

    /// Returns the configuration file.
    pub const fn config(&self) -> &ConfigFile {
        &self.config
    }

    /// Returns the value of a setting, with its source.
    ///
    /// `flag` is the value of the command's own flag; flags of every command are known.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for an invalid value of the environment.
    pub fn text(
        &self,
        setting: &'static Setting,
        flag: Option<&str>,
    ) -> Result<Option<(String, SettingSource)>, ConfigError> {
        let format = self.globals.output.and_then(|format| format.to_possible_value());
        let global = match setting.flag {
            Some("output") => format.as_ref().map(clap::builder::PossibleValue::get_name),
            Some("network") => self.globals.network.as_deref(),
            Some("wallet") => self.globals.wallet.as_deref(),
            Some("hotkey") => self.globals.hotkey.as_deref(),
            Some("wallet-path") => self.globals.wallet_path.as_deref(),
            _ => None,
        };
        config::resolve(setting, flag.or(global), |name| env::var(name).ok(), &self.config)
    }

    fn or_default<T: std::str::FromStr + Default>(&self, setting: &'static Setting) -> Result<T, ConfigError> {
        // Every source has checked its value, so that the default is the setting's own.
        Ok(self.text(setting, None)?.and_then(|(value, _)| value.parse().ok()).unwrap_or_default())
    }

    /// Returns the folder of wallets.
    ///
    /// # Errors
    /// As [`Self::text`]; also if there is no home folder.
    pub fn wallets(&self) -> Result<Wallets, CliError> {
        let path = self.text(&settings::WALLET_PATH, None)?.map(|(path, _)| path).unwrap_or_default();
        let path = Environment::of_process().expand(&path)?;
        // The names of password variables derive from the absolute path.
        let path = std::path::absolute(&path).map_err(CliError::file("find", &path))?;
        Ok(Wallets::at(path))
    }

    /// Returns the selected wallet.
    ///
    /// # Errors
    /// As [`Self::wallets`].
    pub fn wallet(&self) -> Result<Wallet, CliError> {
        Ok(self.wallets()?.wallet(self.or_default::<WalletName>(&settings::WALLET_NAME)?))
    }

    /// Returns the name of the selected hotkey.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn hotkey(&self) -> Result<HotkeyName, CliError> {
        Ok(self.or_default(&settings::WALLET_HOTKEY)?)
    }

    /// Returns the network unless it is the default, for command lines in hints.
    pub fn chosen_network(&self) -> Option<String> {
        let (network, source) = self.text(&settings::NETWORK, None).ok()??;
        (source != SettingSource::Default).then_some(network)
    }

    /// Returns the URLs of the nodes.
    ///
    /// For a local network these are the nodes that run, at any port.
    ///
    /// # Errors
    /// As [`Self::text`]; [`CliError::NoHome`] if no folder of a local network is known; [`CliError::Local`] if the
    /// files of a local network cannot be read.
    pub fn endpoints(&self) -> Result<NodeUrls, CliError> {
        let said = self.text(&settings::NETWORK, None)?;
        match said.and_then(|(value, _)| value.parse().ok()).unwrap_or(NetworkSetting::Local) {
            NetworkSetting::Nodes(nodes) => Ok(nodes),
            NetworkSetting::Local => {
                let folder = self.text(&settings::LOCAL_DIRECTORY, None)?.map(|(folder, _)| folder);
                // The hint of the local network names a flag that only the commands of `network` have.
                let running = running_nodes(folder.as_deref()).map_err(|error| match error {
                    LocalError::NoHome => CliError::NoHome,
                    error => error.into(),
                })?;
                Ok(if running.is_empty() {
                    NodeUrls::local()
                } else {
                    NodeUrls::new(running).map_err(ChainError::from)?
                })
            }
        }
    }

    /// Connects to the chain of the selected network.
    ///
    /// # Errors
    /// As [`Self::endpoints`]; [`CliError::Chain`] if no node answers.
    pub async fn chain(&self) -> Result<Chain, CliError> {
        Ok(Chain::connect_within(self.endpoints()?, LIMITS).await?)
    }

    /// Returns the policy, which limits the commands that change the chain.
    ///
    /// # Errors
    /// [`CliError::Config`] for an invalid policy.
    pub fn policy(&self) -> Result<Policy, CliError> {
        Ok(config::policy(&self.config)?)
    }
}
