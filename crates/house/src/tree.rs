//! The files of the workspace.

use crate::Failure;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Returns the root of the workspace that cargo runs in.
///
/// Cargo names the crate's folder when it runs a program. The folder that it named when it compiled is of no use: clones
/// share a target folder, and a program that one of them compiled is fresh in the others.
pub fn root() -> PathBuf {
    let folder = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("crates/house"), PathBuf::from);
    folder.ancestors().nth(2).unwrap_or(&folder).to_path_buf()
}

/// Lists all files below a folder with this extension, sorted, as paths from the root with `/`.
///
/// Hidden folders and `target` are left out. A folder that does not exist has no files.
///
/// # Errors
/// A folder that cannot be listed.
pub fn files(root: &Path, folder: &str, extension: &str) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    if root.join(folder).is_dir() {
        list(root, folder, extension, &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn list(root: &Path, folder: &str, extension: &str, found: &mut Vec<String>) -> Result<(), Failure> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if entry.path().is_dir() {
            list(root, &path, extension, found)?;
        } else if Path::new(&name).extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    Ok(())
}

/// Lists all Markdown files: those at the root, and below `changes`, `crates`, `docs` and `vectors`.
///
/// # Errors
/// A folder that cannot be listed.
pub fn pages(root: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            found.push(name);
        }
    }
    for folder in ["changes", "crates", "docs", "vectors"] {
        found.extend(files(root, folder, "md")?);
    }
    found.sort();
    Ok(found)
}

/// Reads a file.
///
/// # Errors
/// The file, and why it cannot be read.
pub fn read(root: &Path, path: &str) -> Result<String, Failure> {
    fs::read_to_string(root.join(path)).map_err(|error| Failure::new(format!("cannot read {path}: {error}")))
}
