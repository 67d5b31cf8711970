//! Replay of the vectors of `vectors/yuma`, or of the folder that `YUMA_VECTORS` names relative to the workspace.
//!
//! Epochs must match to the last bit, whichever tolerance a file grants other number formats. Single functions must
//! match within the tolerance of their file, because those files hold decimals.

mod epochs;
mod kernel;

use serde_json::Value;
use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The name of past rules, which some files describe.
const OTHER_PROFILE: &str = "legacy-2024";

#[test]
fn every_vector_is_replayed() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let directory = workspace.join(env::var_os("YUMA_VECTORS").unwrap_or_else(|| "vectors/yuma".into()));
    let mut files = Vec::new();
    collect(&directory, &mut files);
    files.sort();

    let (mut replayed, mut skipped, mut faults) = (0, Vec::new(), Vec::new());
    for file in &files {
        match replay(file) {
            Ok(Replay::Done) => replayed += 1,
            Ok(Replay::OtherProfile) => skipped.push(file.file_name().unwrap_or_default().to_string_lossy()),
            Err(fault) => faults.push(format!("{}: {fault}", file.display())),
        }
    }
    // Written past the capture of the test harness, so that the count is seen if all tests pass.
    let (count, names) = (skipped.len(), skipped.join(" "));
    writeln!(io::stderr(), "{replayed} vectors replayed, {count} of {OTHER_PROFILE} skipped: {names}").unwrap();

    assert!(faults.is_empty(), "{} of {} vectors failed:\n{}", faults.len(), files.len(), faults.join("\n"));
    assert!(replayed > 0, "no vector of the current profile in {}", directory.display());
}

enum Replay {
    Done,
    OtherProfile,
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let entries =
        fs::read_dir(directory).unwrap_or_else(|error| panic!("cannot read {}: {error}", directory.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("cannot read {}: {error}", directory.display())).path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
}

fn replay(file: &Path) -> Result<Replay, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let vector: Value = serde_json::from_str(&text).map_err(|error| malformed(&error))?;
    if vector.get("kind").is_some_and(|kind| kind == "kernel") {
        return kernel::replay(serde_json::from_value(vector).map_err(|error| malformed(&error))?)
            .map(|()| Replay::Done);
    }
    if vector.pointer("/params/profile").is_some_and(|profile| profile == OTHER_PROFILE) {
        return Ok(Replay::OtherProfile);
    }
    epochs::replay(serde_json::from_value(vector).map_err(|error| malformed(&error))?).map(|()| Replay::Done)
}

fn malformed(error: &serde_json::Error) -> String {
    format!("malformed: {error}")
}
