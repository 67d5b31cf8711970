//! Tests that need a process of their own.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tempfile::tempdir;

/// The variable that tells a child its folder.
const FOLDER: &str = "MYELIN_FILES_TEST_FOLDER";

/// Runs `child` in another process and `parent` in this one, with one folder. `name` is the path of the test.
pub(crate) fn in_child(name: &str, parent: impl FnOnce(&mut Child, &Path), child: impl FnOnce(&Path)) {
    if let Some(folder) = env::var_os(FOLDER) {
        return child(&PathBuf::from(folder));
    }
    let folder = tempdir().unwrap();
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads", "1"])
        .env(FOLDER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    parent(&mut process, folder.path());
    let _ = process.kill();
    process.wait().unwrap();
}
