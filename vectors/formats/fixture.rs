// Reading and writing fixtures, for the tests of the crates that own kept formats: `#[path = "…"] mod fixture;`.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

fn path(name: &str) -> PathBuf {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("vectors/formats"));
    above.find(|formats| formats.is_dir()).expect("vectors/formats is above every crate").join(name)
}

/// Reads a file of `vectors/formats`, which is named from there on.
pub(crate) fn read(name: &str) -> Vec<u8> {
    let path = path(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Checks that a fixture of a kept format is what is written today. With `ACCEPT` set, the file is replaced.
pub(crate) fn assert_written(name: &str, written: &[u8]) {
    if env::var_os("ACCEPT").is_some() {
        fs::write(path(name), written).expect("the fixture can be written");
        return;
    }
    let (kept, written) = (read(name), written.to_vec());
    if kept != written {
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        panic!(
            "{name} is written differently:\n{}\ninstead of\n{}\nA kept format changes with a new version, a reader for \
             the old one and a note; then `make accept`",
            shown(&written),
            shown(&kept),
        );
    }
}
