//! A comparison of the guide with the example and its output.

use std::{fs, path::Path, process::Command};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the code blocks of this language in the guide.
fn blocks<'a>(guide: &'a str, language: &str) -> Vec<&'a str> {
    let begin = format!("```{language}\n");
    guide.split(&begin).skip(1).filter_map(|after| after.split("```").next()).collect()
}

#[test]
fn what_the_guide_shows_is_in_the_example() {
    let (guide, example) = (read("../../../docs/subnet-guide.md"), read("examples/factors.rs"));
    assert!(example.lines().count() < 100);
    let shown = blocks(&guide, "rust");
    assert!(shown.len() >= 5);
    for block in shown {
        assert!(example.contains(block), "not in the example:\n{block}");
    }
}

#[test]
fn the_example_does_what_the_guide_says() {
    // Cargo builds the examples together with the tests, beside them.
    let tests = std::env::current_exe().unwrap();
    let example = tests.parent().and_then(Path::parent).unwrap().join("examples/factors");
    let tried = Command::new(&example).arg("try").output();
    let tried = tried.unwrap_or_else(|error| panic!("{}: {error}", example.display()));
    assert!(tried.status.success(), "{}", String::from_utf8_lossy(&tried.stderr));
    let table = String::from_utf8(tried.stdout).unwrap();
    let guide = read("../../../docs/subnet-guide.md");
    let shown = blocks(&guide, "text")[0];
    assert!(shown.ends_with(&format!("\n{table}")), "the guide should show:\n{table}");
    let refused = Command::new(&example).output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("pass `try`"));
}
