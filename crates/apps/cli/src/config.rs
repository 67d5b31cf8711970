//! The configuration file, in TOML; changes keep the comments of its editor.

use crate::{
    plan::Policy,
    settings::{self, ALL, Setting, SettingSource},
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_files::{Access, FileError, FileFault, OnExisting};
use std::{collections::BTreeMap, env, fs, io, path::PathBuf};
use toml_edit::{DocumentMut, Item, Value};

/// Environment variable that names the configuration file.
pub const FILE_VARIABLE: &str = "MYELIN_CONFIG";

/// The reason that the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Lack of a home folder, and so of a folder for the configuration.
    #[error("there is no home folder for the configuration")]
    NoHome,
    /// A file that is not TOML.
    #[error("{} is not TOML: {source}", .path.display())]
    Syntax {
        /// Path of the file.
        path: PathBuf,
        /// Error of the parser, with its place.
        source: Box<toml_edit::TomlError>,
    },
    /// A file with an unknown setting.
    #[error("{} sets the unknown setting `{name}`", .path.display())]
    UnknownInFile {
        /// Path of the file.
        path: PathBuf,
        /// Name of the unknown setting.
        name: String,
    },
    /// An unknown setting.
    #[error("there is no setting `{name}`")]
    Unknown {
        /// Name that was requested.
        name: String,
    },
    /// An invalid value of a setting.
    #[error("invalid value `{value}` for `{name}` ({place}): {reason}")]
    Value {
        /// Name of the setting.
        name: &'static str,
        /// Invalid value.
        value: String,
        /// Source of the value.
        place: String,
        /// Reason that the value is invalid.
        reason: String,
    },
    /// A file that cannot be read or written.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// Action that failed, as a verb.
        doing: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// Cause of the failure.
        source: FileFault,
    },
}

impl Diagnostic for ConfigError {
    fn code(&self) -> &'static str {
        "config"
    }

    fn hints(&self, out: &mut Hints) {
        const LIST: &str = "list all settings with `myelin config list`";
        match self {
            Self::NoHome => out.push(format!("set `HOME`, or name the file with `{FILE_VARIABLE}`")),
            Self::Syntax { path, .. } | Self::UnknownInFile { path, .. } => out.push(format!(
                "correct {}; list the known settings with `myelin config list --config /dev/null`",
                path.display()
            )),
            Self::Unknown { name } => {
                let close = ALL.iter().find(|setting| setting.name.rsplit('.').next() == Some(name.as_str()));
                match close {
                    Some(setting) => out.push(format!("try `{}`", setting.name)),
                    None => out.push(LIST),
                }
            }
            Self::Value { name, .. } => match Setting::named(name) {
                Some(setting) => out.push(format!("choose a value that fits its purpose: {}", setting.summary)),
                None => out.push(LIST),
            },
            Self::Io { .. } => out.push("check the path and its permissions"),
        }
    }
}

/// The file, read and checked.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    document: DocumentMut,
    values: BTreeMap<&'static str, String>,
}

impl ConfigFile {
    /// Reads the configuration file, or starts an empty one.
    ///
    /// The path is `chosen`, else that of the environment, else that of the platform.
    ///
    /// # Errors
    /// [`ConfigError::NoHome`] without a path; [`ConfigError::Io`] if the file cannot be read; [`ConfigError::Syntax`],
    /// [`ConfigError::UnknownInFile`] and [`ConfigError::Value`] for anything that is not a setting with a value, so
    /// that a typing error disables no limit.
    pub fn read(chosen: Option<PathBuf>) -> Result<Self, ConfigError> {
        let path = match chosen.or_else(|| env::var_os(FILE_VARIABLE).filter(|path| !path.is_empty()).map(Into::into)) {
            Some(path) => path,
            None => default_path().ok_or(ConfigError::NoHome)?,
        };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(ConfigError::Io { doing: "read", path, source: error.into() }),
        };
        Self::parse(path, &text)
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, ConfigError> {
        let document: DocumentMut = match text.parse() {
            Ok(document) => document,
            Err(source) => return Err(ConfigError::Syntax { path, source: Box::new(source) }),
        };
        let mut values = BTreeMap::new();
        for (name, item) in flat(&document) {
            let Some(setting) = Setting::named(&name) else { return Err(ConfigError::UnknownInFile { path, name }) };
            let refused = |value: &str, reason: String| ConfigError::Value {
                name: setting.name,
                value: value.trim().to_owned(),
                place: path.display().to_string(),
                reason,
            };
            let value =
                text_of(item).ok_or_else(|| refused(&item.to_string(), "write it as text, in quotes".into()))?;
            setting.check(&value).map_err(|reason| refused(&value, reason))?;
            values.insert(setting.name, value);
        }
        Ok(Self { path, document, values })
    }

    /// Returns the path of the file.
    pub const fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Returns the value of a setting in the file.
    pub fn get(&self, setting: &Setting) -> Option<&str> {
        self.values.get(setting.name).map(String::as_str)
    }

    /// Sets a setting, or with `None` removes it, and writes the file.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if the value is invalid; [`ConfigError::Io`] if the file cannot be written.
    pub fn set(&mut self, setting: &'static Setting, value: Option<&str>) -> Result<(), ConfigError> {
        if let Some(value) = value {
            setting.check(value).map_err(|reason| ConfigError::Value {
                name: setting.name,
                value: value.to_owned(),
                place: "typed".into(),
                reason,
            })?;
            let (table, key) = table_and_key(&mut self.document, setting);
            table.insert(key, toml_edit::value(value));
            self.values.insert(setting.name, value.to_owned());
        } else {
            let (table, key) = table_and_key(&mut self.document, setting);
            table.remove(key);
            self.values.remove(setting.name);
        }
        let failed = |FileError { source, .. }| ConfigError::Io { doing: "write", path: self.path.clone(), source };
        let text = self.document.to_string();
        myelin_files::write(&self.path, text.as_bytes(), Access::Shared, OnExisting::Replace).map_err(failed)
    }
}

/// Returns the platform's path of the file.
fn default_path() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "myelin")?;
    Some(folders.config_dir().join("config.toml"))
}

/// Returns every value of a document, with the full name of its setting.
fn flat(document: &DocumentMut) -> Vec<(String, &Item)> {
    let mut found = Vec::new();
    for (name, item) in document.iter() {
        match item.as_table_like() {
            Some(table) => found.extend(table.iter().map(|(key, item)| (format!("{name}.{key}"), item))),
            None => found.push((name.to_owned(), item)),
        }
    }
    found
}

/// Returns a value as a user would type it.
///
/// Floats are not accepted: amounts are not floats.
fn text_of(item: &Item) -> Option<String> {
    match item.as_value()? {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Array(items) => {
            let items: Option<Vec<_>> =
                items.iter().map(|item| item.as_integer().map(|number| number.to_string())).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

/// Returns the table of a setting, and its key in the table.
fn table_and_key<'a>(
    document: &'a mut DocumentMut,
    setting: &'static Setting,
) -> (&'a mut dyn toml_edit::TableLike, &'static str) {
    match setting.name.split_once('.') {
        None => (document.as_table_mut(), setting.name),
        Some((table, key)) => {
            let table = document.entry(table).or_insert_with(toml_edit::table);
            if !table.is_table_like() {
                *table = toml_edit::table();
            }
            #[expect(clippy::expect_used, reason = "made one above where there was none")]
            (table.as_table_like_mut().expect("it is a table"), key)
        }
    }
}

/// Returns the value of a setting, with its source.
///
/// # Errors
/// [`ConfigError::Value`] if the value of the environment is invalid. Flags and the file are checked before.
pub fn resolve(
    setting: &'static Setting,
    flag: Option<&str>,
    environment: impl Fn(&str) -> Option<String>,
    file: &ConfigFile,
) -> Result<Option<(String, SettingSource)>, ConfigError> {
    if let Some(value) = flag {
        return Ok(Some((value.to_owned(), SettingSource::Flag)));
    }
    let said = setting.variable.and_then(|variable| Some((variable, environment(variable)?)));
    if let Some((variable, value)) = said.filter(|(_, value)| !value.is_empty()) {
        setting.check(&value).map_err(|reason| ConfigError::Value {
            name: setting.name,
            value: value.clone(),
            place: format!("`{variable}`"),
            reason,
        })?;
        return Ok(Some((value, SettingSource::Environment)));
    }
    if let Some(value) = file.get(setting) {
        return Ok(Some((value.to_owned(), SettingSource::File)));
    }
    Ok(setting.default.map(|default| (default.to_owned(), SettingSource::Default)))
}

/// Returns the policy of the file.
///
/// # Errors
/// [`ConfigError::Value`], which the check of the file makes impossible.
pub fn policy(file: &ConfigFile) -> Result<Policy, ConfigError> {
    let [spend, fee, subnets] = [&settings::POLICY_MAX_SPEND, &settings::POLICY_MAX_FEE, &settings::POLICY_SUBNETS]
        .map(|setting| file.get(setting));
    settings::policy(spend, fee, subnets).map_err(|reason| ConfigError::Value {
        name: "policy",
        value: String::new(),
        place: file.path.display().to_string(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, ConfigError> {
        ConfigFile::parse(PathBuf::from("config.toml"), text)
    }

    #[test]
    fn each_place_is_above_the_next() {
        let file = parse("network = \"wss://file\"").unwrap();
        let empty = parse("").unwrap();
        let environment = |name: &str| (name == "MYELIN_NETWORK").then(|| "wss://environment".to_owned());
        let said = |flag, environment: &dyn Fn(&str) -> Option<String>, file| {
            resolve(&settings::NETWORK, flag, environment, file).unwrap().unwrap()
        };
        assert_eq!(said(Some("wss://flag"), &environment, &file), ("wss://flag".into(), SettingSource::Flag));
        assert_eq!(said(None, &environment, &file), ("wss://environment".into(), SettingSource::Environment));
        assert_eq!(said(None, &|_| Some(String::new()), &file), ("wss://file".into(), SettingSource::File));
        assert_eq!(said(None, &|_| None, &empty), ("local".into(), SettingSource::Default));
    }

    #[test]
    fn a_value_of_the_environment_is_checked() {
        let file = parse("").unwrap();
        let error = resolve(&settings::OUTPUT, None, |_| Some("xml".into()), &file).unwrap_err();
        assert!(error.to_string().contains("MYELIN_OUTPUT"), "{error}");
    }

    #[test]
    fn a_file_with_a_slip_is_refused() {
        assert!(matches!(parse("[policy]\nmax_spend = \"1\""), Err(ConfigError::UnknownInFile { .. })));
        assert!(matches!(parse("[policy]\nmax-spend = 1.5"), Err(ConfigError::Value { .. })));
        assert!(matches!(parse("output = \"xml\""), Err(ConfigError::Value { .. })));
        assert!(matches!(parse("wallet = \"mine\""), Err(ConfigError::UnknownInFile { .. })));
        assert!(matches!(parse("output ="), Err(ConfigError::Syntax { .. })));
    }

    #[test]
    fn setting_keeps_what_else_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/config.toml");
        let text = "# mine\noutput = \"json\" # for scripts\n\n[policy]\nsubnets = [1, 7]\n";
        let mut file = ConfigFile::parse(path.clone(), text).unwrap();
        file.set(&settings::POLICY_MAX_FEE, Some("250rao")).unwrap();
        file.set(&settings::WALLET_NAME, Some("cold")).unwrap();
        file.set(&settings::OUTPUT, None).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("subnets = [1, 7]") && text.contains("max-fee = \"250rao\""), "{text}");
        let again = ConfigFile::read(Some(path)).unwrap();
        assert_eq!(again.get(&settings::WALLET_NAME), Some("cold"));
        assert_eq!(again.get(&settings::OUTPUT), None);
        assert_eq!(policy(&again).unwrap().max_fee.map(myelin_primitives::Amount::rao), Some(250));
        assert_eq!(policy(&again).unwrap().subnets.map(|subnets| subnets.len()), Some(2));
    }

    #[test]
    fn a_value_that_is_none_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let mut file = ConfigFile::parse(path.clone(), "").unwrap();
        assert!(file.set(&settings::POLICY_MAX_FEE, Some("much")).is_err());
        assert!(!path.exists());
    }
}
