//! The platform's folders.

use crate::error::CliError;
use directories::ProjectDirs;
use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Returns the folder for data that outlives the process.
///
/// The environment must name a home folder, as for wallets. A folder from the system's user database may be another one
/// the next time, and a lost salt cannot be made again.
///
/// # Errors
/// [`CliError::NoHome`] if neither `HOME` nor `XDG_DATA_HOME` is an absolute path.
pub(crate) fn data() -> Result<PathBuf, CliError> {
    let folders = if is_named(|name| env::var_os(name)) { ProjectDirs::from("", "", "myelin") } else { None };
    Ok(folders.ok_or(CliError::NoHome)?.data_dir().to_owned())
}

/// Returns true if the environment names a folder for data.
///
/// The XDG Base Directory Specification ignores a relative path. It would be another folder in each working directory.
fn is_named(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    ["HOME", "XDG_DATA_HOME"].into_iter().filter_map(variable).any(|folder| Path::new(&folder).is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_absolute_path_names_a_folder() {
        for (home, data, expected) in [
            (None, None, false),
            (Some(""), Some(""), false),
            (Some("home"), Some("data"), false),
            (None, Some("./data"), false),
            (Some("/home/user"), None, true),
            (Some("/home/user"), Some("data"), true),
            (None, Some("/data"), true),
            (Some(""), Some("/data"), true),
        ] {
            let variable = |name: &str| if name == "HOME" { home } else { data }.map(OsString::from);
            assert_eq!(is_named(variable), expected, "HOME={home:?} XDG_DATA_HOME={data:?}");
        }
    }
}
