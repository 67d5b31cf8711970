//! The platform's folders.

use crate::error::CliError;
use directories::ProjectDirs;
use std::{env, path::PathBuf};

/// Returns the folder for data that outlives the process.
///
/// The environment must name a home folder, as for wallets. A folder from the system's user database may be another one
/// the next time, and a lost salt cannot be made again.
///
/// # Errors
/// [`CliError::NoHome`] if neither `HOME` nor `XDG_DATA_HOME` is set.
pub(crate) fn data() -> Result<PathBuf, CliError> {
    let is_set = |name| env::var_os(name).is_some_and(|folder| !folder.is_empty());
    let folders = if is_set("HOME") || is_set("XDG_DATA_HOME") { ProjectDirs::from("", "", "myelin") } else { None };
    Ok(folders.ok_or(CliError::NoHome)?.data_dir().to_owned())
}
