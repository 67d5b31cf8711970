//! Commands that read and change the settings.

use crate::{
    command::{Command, Effect, Example, outputs},
    config::{ConfigError, ConfigFile},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
    settings::{ALL, Setting},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// A setting and its value.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SettingValue {
    /// Name of the setting.
    name: &'static str,
    /// Value of the setting; absent if it depends on the machine, or is no limit.
    value: Option<String>,
    /// Source of the value: `flag`, `environment`, `file` or `default`.
    source: &'static str,
}

impl SettingValue {
    fn of(setting: &'static Setting, context: &Context) -> Result<Self, CliError> {
        let said = context.text(setting, None)?;
        let source = said.as_ref().map_or("default", |(_, source)| source.word());
        Ok(Self { name: setting.name, value: said.map(|(value, _)| value), source })
    }
}

impl Render for SettingValue {
    fn render(&self, page: &mut Page) {
        page.line(self.value.as_deref().unwrap_or_default());
    }
}

outputs! {
    /// The setting that was read.
    ConfigGetOutput(SettingValue);
    /// The setting that was written.
    ConfigSetOutput(SettingValue);
    /// The setting that was removed.
    ConfigUnsetOutput(SettingValue);
}

/// All settings.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConfigListOutput(Vec<SettingValue>);

impl Render for ConfigListOutput {
    fn render(&self, page: &mut Page) {
        let mut table = Table::new([("SETTING", Side::Left), ("VALUE", Side::Left), ("FROM", Side::Left)]);
        for value in &self.0 {
            let shown = match &value.value {
                Some(value) => TableCell::from(value.as_str()),
                None => TableCell::new("-", Tone::Faint),
            };
            table.row([value.name.into(), shown, value.source.into()]);
        }
        page.table(&table);
    }
}

/// Place of the configuration file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConfigPathOutput {
    /// Path of the file.
    path: PathBuf,
    /// True if the file exists.
    exists: bool,
}

impl Render for ConfigPathOutput {
    fn render(&self, page: &mut Page) {
        page.line(self.path.display().to_string());
    }
}

/// Returns the setting of this name.
fn setting(name: &str) -> Result<&'static Setting, CliError> {
    Setting::named(name).ok_or_else(|| ConfigError::Unknown { name: name.to_owned() }.into())
}

/// Arguments of `myelin config list`.
#[derive(Debug, clap::Args)]
pub struct List {}

impl Command for List {
    const PATH: &'static str = "config list";
    const SUMMARY: &'static str = "List all settings, their values and their sources";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "All settings", line: "myelin config list" }];
    type Output = ConfigListOutput;

    async fn run(self, context: &Context, output: &Printer<ConfigListOutput>) -> Result<(), CliError> {
        let values: Result<_, _> = ALL.iter().map(|setting| SettingValue::of(setting, context)).collect();
        Ok(output.show(&ConfigListOutput(values?))?)
    }
}

/// Arguments of `myelin config get`.
#[derive(Debug, clap::Args)]
pub struct Get {
    /// Name of the setting, as in `config list`
    name: String,
}

impl Command for Get {
    const PATH: &'static str = "config get";
    const SUMMARY: &'static str = "Print the value of a setting";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The network that commands use", line: "myelin config get network" }];
    type Output = ConfigGetOutput;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        Ok(output.show(&ConfigGetOutput(SettingValue::of(setting(&self.name)?, context)?))?)
    }
}

/// Arguments of `myelin config set`.
#[derive(Debug, clap::Args)]
pub struct Set {
    /// Name of the setting, as in `config list`
    name: String,
    /// New value of the setting
    value: String,
}

impl Command for Set {
    const PATH: &'static str = "config set";
    const SUMMARY: &'static str = "Write a setting to the configuration file";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Limit each command to 10 TAO", line: "myelin config set policy.max-spend 10" },
        Example { purpose: "Use your own node", line: "myelin config set network ws://127.0.0.1:9944" },
    ];
    type Output = ConfigSetOutput;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let setting = setting(&self.name)?;
        write(context, setting, Some(&self.value))?;
        Ok(output.show(&ConfigSetOutput(SettingValue {
            name: setting.name,
            value: Some(self.value),
            source: "file",
        }))?)
    }
}

/// Arguments of `myelin config unset`.
#[derive(Debug, clap::Args)]
pub struct Unset {
    /// Name of the setting, as in `config list`
    name: String,
}

impl Command for Unset {
    const PATH: &'static str = "config unset";
    const SUMMARY: &'static str = "Remove a setting from the configuration file";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Remove a limit", line: "myelin config unset policy.max-spend" }];
    type Output = ConfigUnsetOutput;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let setting = setting(&self.name)?;
        write(context, setting, None)?;
        Ok(output.show(&ConfigUnsetOutput(SettingValue {
            name: setting.name,
            value: setting.default.map(str::to_owned),
            source: "default",
        }))?)
    }
}

/// Writes a setting to the configuration file.
///
/// The file is read once more, so that the context stays as it was.
fn write(context: &Context, setting: &'static Setting, value: Option<&str>) -> Result<(), CliError> {
    let mut file = ConfigFile::read(Some(context.config().path().clone()))?;
    Ok(file.set(setting, value)?)
}

/// Arguments of `myelin config path`.
#[derive(Debug, clap::Args)]
pub struct Path {}

impl Command for Path {
    const PATH: &'static str = "config path";
    const SUMMARY: &'static str = "Print the path of the configuration file";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "Show the path", line: "myelin config path" }];
    type Output = ConfigPathOutput;

    async fn run(self, context: &Context, output: &Printer<ConfigPathOutput>) -> Result<(), CliError> {
        let path = context.config().path().clone();
        Ok(output.show(&ConfigPathOutput { exists: path.is_file(), path })?)
    }
}
