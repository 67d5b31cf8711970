//! Arrows between crates, and their manifests.

use myelin_house::{Failure, all, arrows, check, manifests, tree};

#[test]
fn arrows_point_down() -> Result<(), Failure> {
    let members = arrows::members(&arrows::metadata(&tree::root())?);
    assert!(members.iter().map(|member| member.needs.len()).sum::<usize>() > 100, "the workspace was not read");
    let folders = check(&arrows::FOLDERS, &arrows::folders(&members));
    all([folders, check(&arrows::UPWARD, &arrows::upward(&members))])
}

#[test]
fn versions_stand_in_one_place() -> Result<(), Failure> {
    let root = tree::root();
    let mut found = Vec::new();
    for member in arrows::members(&arrows::metadata(&root)?) {
        let path = format!("crates/{}/Cargo.toml", member.folder);
        found.extend(manifests::versions(&path, &tree::read(&root, &path)?)?);
    }
    check(&manifests::VERSIONS, &found)
}

#[test]
fn crates_are_named_after_their_folders() -> Result<(), Failure> {
    let members = arrows::members(&arrows::metadata(&tree::root())?);
    check(&manifests::FOLDER_NAMES, &manifests::folder_names(&members))
}

/// Programs and tests are compiled from the same dependencies, each of them once. decision 0003
#[test]
fn tests_choose_no_features() -> Result<(), Failure> {
    let (runs, tested) = (manifests::features("normal,build")?, manifests::features("normal,build,dev")?);
    let twice = tested.iter().filter(|(package, chosen)| runs.get(*package).is_some_and(|had| !chosen.is_subset(had)));
    let twice: Vec<_> = twice.collect();
    assert!(twice.is_empty(), "let myelin-testing depend on what chooses these features too: {twice:#?}");
    assert!(runs.len() > 100, "no dependencies: the tree was not read");
    Ok(())
}
