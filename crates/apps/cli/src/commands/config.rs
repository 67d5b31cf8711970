//! Commands about the settings.

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
    /// The setting.
    name: &'static str,
    /// What it is; nothing where that depends on the machine, or is no limit.
    value: Option<String>,
    /// Who says so: `flag`, `environment`, `file` or `default`.
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
    /// The setting that was asked for.
    ConfigGetOutput(SettingValue);
    /// The setting that was written.
    ConfigSetOutput(SettingValue);
    /// The setting that was taken out.
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

/// Where the file is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConfigPathOutput {
    /// Its path.
    path: PathBuf,
    /// Whether it is there.
    exists: bool,
}

impl Render for ConfigPathOutput {
    fn render(&self, page: &mut Page) {
        page.line(self.path.display().to_string());
    }
}

/// The name of a setting, as an argument.
fn setting(name: &str) -> Result<&'static Setting, CliError> {
    Setting::named(name).ok_or_else(|| ConfigError::Unknown { name: name.to_owned() }.into())
}

/// `myelin config list`
#[derive(Debug, clap::Args)]
pub struct List {}

impl Command for List {
    const PATH: &'static str = "config list";
    const SUMMARY: &'static str = "List all settings, what they are and who says so";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "See what is set, and by whom", line: "myelin config list" }];
    type Output = ConfigListOutput;

    async fn run(self, context: &Context, output: &Printer<ConfigListOutput>) -> Result<(), CliError> {
        let values: Result<_, _> = ALL.iter().map(|setting| SettingValue::of(setting, context)).collect();
        Ok(output.show(&ConfigListOutput(values?))?)
    }
}

/// `myelin config get`
#[derive(Debug, clap::Args)]
pub struct Get {
    /// The setting, as `config list` has it
    name: String,
}

impl Command for Get {
    const PATH: &'static str = "config get";
    const SUMMARY: &'static str = "Print what a setting is";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Which network do commands speak to?", line: "myelin config get network" }];
    type Output = ConfigGetOutput;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        Ok(output.show(&ConfigGetOutput(SettingValue::of(setting(&self.name)?, context)?))?)
    }
}

/// `myelin config set`
#[derive(Debug, clap::Args)]
pub struct Set {
    /// The setting, as `config list` has it
    name: String,
    /// What it shall be
    value: String,
}

impl Command for Set {
    const PATH: &'static str = "config set";
    const SUMMARY: &'static str = "Write a setting into the configuration file";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Refuse to spend more than ten TAO at once", line: "myelin config set policy.max-spend 10" },
        Example { purpose: "Speak to a node of one's own", line: "myelin config set network ws://127.0.0.1:9944" },
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

/// `myelin config unset`
#[derive(Debug, clap::Args)]
pub struct Unset {
    /// The setting, as `config list` has it
    name: String,
}

impl Command for Unset {
    const PATH: &'static str = "config unset";
    const SUMMARY: &'static str = "Take a setting out of the configuration file";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Lift a limit", line: "myelin config unset policy.max-spend" }];
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

/// Reads the file once more, so that the context stays as it was.
fn write(context: &Context, setting: &'static Setting, value: Option<&str>) -> Result<(), CliError> {
    let mut file = ConfigFile::read(Some(context.config().path().clone()))?;
    Ok(file.set(setting, value)?)
}

/// `myelin config path`
#[derive(Debug, clap::Args)]
pub struct Path {}

impl Command for Path {
    const PATH: &'static str = "config path";
    const SUMMARY: &'static str = "Print where the configuration file is, or would be";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "Where is it?", line: "myelin config path" }];
    type Output = ConfigPathOutput;

    async fn run(self, context: &Context, output: &Printer<ConfigPathOutput>) -> Result<(), CliError> {
        let path = context.config().path().clone();
        Ok(output.show(&ConfigPathOutput { exists: path.is_file(), path })?)
    }
}
