//! Names of types.

use myelin_house::{Failure, all, arrows, check, names, source, tree};
use std::collections::{BTreeMap, BTreeSet};

/// Returns the folders that each folder sees, through any number of arrows.
fn sights(members: &[arrows::Member]) -> BTreeMap<String, BTreeSet<String>> {
    let folder = |member: &arrows::Member| format!("crates/{}", member.folder);
    let by_name: BTreeMap<_, _> = members.iter().map(|member| (&*member.name, member)).collect();
    let mut sights = BTreeMap::new();
    for member in members {
        let (mut seen, mut next) = (BTreeSet::new(), vec![member]);
        while let Some(member) = next.pop() {
            for needed in member.needs.iter().filter_map(|name| by_name.get(&**name)) {
                if seen.insert(folder(needed)) {
                    next.push(needed);
                }
            }
        }
        sights.insert(folder(member), seen);
    }
    sights
}

#[test]
fn types_are_named_by_nouns_and_each_word_once() -> Result<(), Failure> {
    let root = tree::root();
    let sights = sights(&arrows::members(&arrows::metadata(&root)?));
    let definitions: Vec<_> = source::sources(&root)?.iter().flat_map(names::definitions).collect();
    assert!(definitions.len() > 400, "{} types: the sources were not read", definitions.len());
    let sees = |from: &str, to: &str| sights.get(from).is_some_and(|seen| seen.contains(to));
    let homonyms = check(&names::HOMONYMS, &names::homonyms(&definitions, sees));
    all([homonyms, check(&names::NOUNS, &names::nouns(&definitions))])
}
