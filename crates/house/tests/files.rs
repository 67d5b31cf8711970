//! Roles of files.

use myelin_house::{Failure, all, check, files, source, tree};

#[test]
fn files_have_roles() -> Result<(), Failure> {
    let root = tree::root();
    let paths = tree::files(&root, "crates", "rs")?;
    let sources = source::sources(&root)?;
    assert!(sources.len() > 200, "{} files: the sources were not read", sources.len());
    let checks = [
        check(&files::ROLES, &files::roles(&paths, &sources)),
        check(&files::STORAGE_VERSION, &files::storage_versions(&paths, &sources)),
        check(&files::ROOT_IMPORTS, &files::root_imports(&sources)),
        check(&files::PURE, &files::pure(&sources)),
    ];
    all(checks)
}
