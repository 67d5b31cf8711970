//! Names of types that leave their file. docs/glossary.md

use crate::{
    Finding, Rule,
    source::{SourceFile, items},
};
use std::collections::{BTreeMap, BTreeSet};
use syn::{Attribute, Ident, Item, Type, Visibility};

/// One word for one thing.
pub const HOMONYMS: Rule =
    Rule { key: "names.homonyms", advice: "one word for one thing", source: "docs/glossary.md, rule GL-4" };

/// A type is a noun.
pub const NOUNS: Rule =
    Rule { key: "names.nouns", advice: "name the thing that the type is", source: "docs/glossary.md, rule GL-3" };

/// Names that FRAME asks pallets and runtimes for, or that all its pallets use.
const FRAME_NAMES: &[&str] =
    &["BenchmarkHelper", "Config", "Error", "Event", "GenesisConfig", "Pallet", "SubstrateWeight", "WeightInfo"];

/// Names that may be used more than once as long as no other crate sees them.
const PRIVATE_NAMES: &[&str] = &["Header", "Inner", "Pieces"];

/// Nouns that have the form of a participle.
const NOUNS_IN_FORM: &[&str] =
    &["Cut", "Encoding", "Feed", "Finding", "Holding", "Sampling", "Seed", "Setting", "Timing", "Verified"];

/// Participles without an ending that shows them.
const PARTICIPLES: &[&str] = &[
    "Begun", "Bought", "Broken", "Brought", "Built", "Chosen", "Done", "Drawn", "Found", "Given", "Gone", "Grown",
    "Heard", "Held", "Hidden", "Kept", "Known", "Lent", "Lost", "Made", "Paid", "Said", "Seen", "Sent", "Shown",
    "Sold", "Spent", "Taken", "Told", "Uncalled", "Unseen", "Written",
];

/// Verbs that are no nouns as well.
const VERBS: &[&str] = &[
    "Adjusts", "Ask", "Asks", "Become", "Begin", "Choose", "Do", "Find", "Get", "Give", "Hear", "Keep", "Know", "Lend",
    "Make", "Publish", "Say", "Says", "See", "Send", "Speak", "Speaks", "Tell", "Tells", "Want", "Wants", "Write",
];

/// Pronouns and question words.
const PRONOUNS: &[&str] = &[
    "All",
    "Anybody",
    "Anyone",
    "Each",
    "Everybody",
    "Everyone",
    "How",
    "It",
    "Nobody",
    "None",
    "Others",
    "Somebody",
    "Someone",
    "That",
    "They",
    "This",
    "What",
    "When",
    "Where",
    "Whether",
    "Which",
    "Who",
    "Whoever",
    "Whom",
    "Whose",
    "Why",
];

/// A type or trait that leaves its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The name.
    pub name: String,
    /// The file, and the line in it.
    pub place: String,
    /// The folder of its crate.
    pub folder: String,
    /// True if it is a trait, which may be named by a verb.
    pub is_trait: bool,
}

/// Reads all types and traits of a source that leave the file, but those with names that FRAME, the runtime or the
/// command line ask for.
pub fn definitions(source: &SourceFile) -> Vec<Definition> {
    let items = items(&source.syntax);
    let commands: BTreeSet<_> = items.iter().filter_map(|item| command(item)).collect();
    let in_chain = source.path.starts_with("crates/chain/");
    let in_runtime = source.path.starts_with("crates/chain/runtime/");
    let mut found = Vec::new();
    for item in items {
        let (ident, visibility, is_trait) = match item {
            Item::Struct(item) => (&item.ident, &item.vis, false),
            Item::Enum(item) => (&item.ident, &item.vis, false),
            Item::Union(item) => (&item.ident, &item.vis, false),
            Item::Type(item) if in_runtime || is_storage(&item.attrs) => continue,
            Item::Type(item) => (&item.ident, &item.vis, false),
            Item::Trait(item) => (&item.ident, &item.vis, true),
            _ => continue,
        };
        let name = ident.to_string();
        let is_exempt = in_chain && FRAME_NAMES.contains(&&*name)
            || !matches!(visibility, Visibility::Public(_)) && PRIVATE_NAMES.contains(&&*name)
            || commands.contains(&name);
        if !matches!(visibility, Visibility::Inherited) && !is_exempt {
            found.push(definition(source, ident, name, is_trait));
        }
    }
    found
}

fn definition(source: &SourceFile, ident: &Ident, name: String, is_trait: bool) -> Definition {
    let place = format!("{}:{}", source.path, ident.span().start().line);
    Definition { name, place, folder: source.crate_folder().to_owned(), is_trait }
}

fn is_storage(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let mut segments = attribute.path().segments.iter().map(|segment| &segment.ident);
        segments.next().is_some_and(|first| first == "pallet")
            && segments.next().is_some_and(|second| second == "storage")
    })
}

/// Returns the type that an item makes a command.
fn command(item: &Item) -> Option<String> {
    let Item::Impl(item) = item else { return None };
    let (_, of, _) = item.trait_.as_ref()?;
    let Type::Path(path) = &*item.self_ty else { return None };
    (of.segments.last()?.ident == "Command").then_some(path.path.segments.last()?.ident.to_string())
}

/// Finds names with more than one definition in crates of which one sees the other.
pub fn homonyms(definitions: &[Definition], sees: impl Fn(&str, &str) -> bool) -> Vec<Finding> {
    let mut names = BTreeMap::<_, Vec<_>>::new();
    for definition in definitions {
        names.entry(&*definition.name).or_default().push(definition);
    }
    let mut found = Vec::new();
    for (name, definitions) in names {
        let clashes = |one: &Definition, other: &Definition| {
            one.place != other.place
                && (one.folder == other.folder || sees(&one.folder, &other.folder) || sees(&other.folder, &one.folder))
        };
        let places: Vec<_> = definitions
            .iter()
            .filter(|one| definitions.iter().any(|other| clashes(one, other)))
            .map(|one| &*one.place)
            .collect();
        if !places.is_empty() {
            let kinds = match places.len() {
                2 => "two public types".to_owned(),
                count => format!("{count} public types"),
            };
            let text = format!("`{name}` names {kinds}: {}", places.join(", "));
            found.push(Finding { subject: name.to_owned(), count: places.len(), text });
        }
    }
    found
}

/// Finds types that are named by a participle, a verb or a pronoun.
pub fn nouns(definitions: &[Definition]) -> Vec<Finding> {
    let wrong = definitions.iter().filter(|definition| !definition.is_trait);
    wrong
        .filter_map(|definition| {
            let form = form(&definition.name)?;
            let text = format!("`{}` is {form}, no noun: {}", definition.name, definition.place);
            Some(Finding::new(&definition.name, text))
        })
        .collect()
}

/// Returns the form of a name that is no noun.
fn form(name: &str) -> Option<&'static str> {
    let start = name.char_indices().rev().find(|(_, letter)| letter.is_ascii_uppercase()).map_or(0, |(start, _)| start);
    let last = &name[start..];
    if NOUNS_IN_FORM.contains(&last) {
        return None;
    }
    let is_one_word = start == 0;
    let ends = |ending| last.len() > 4 && last.ends_with(ending);
    if ends("ed") && !last.ends_with("eed") || PARTICIPLES.contains(&last) || is_one_word && ends("ing") {
        return (!matches!(last, "String" | "Thing")).then_some("a participle");
    }
    if is_one_word && VERBS.contains(&last) {
        return Some("a verb");
    }
    (is_one_word && PRONOUNS.contains(&last)).then_some("a pronoun")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(path: &str, text: &str) -> Vec<Definition> {
        definitions(&SourceFile::new(path, text).unwrap())
    }

    fn names(definitions: &[Definition]) -> Vec<&str> {
        definitions.iter().map(|definition| &*definition.name).collect()
    }

    #[test]
    fn types_that_leave_their_file_are_read() {
        let text = "pub struct A; enum B {} pub(crate) enum C {} mod m { pub(super) trait D {} } pub type E = u8;
            #[cfg(test)] mod tests { pub struct F; } pub(super) struct Inner; pub struct Header; fn f() { struct G; }";
        assert_eq!(names(&planted("crates/a/src/b.rs", text)), ["A", "C", "D", "E", "Header"]);
        assert_eq!(planted("crates/a/src/b.rs", "\n\npub struct A;")[0].place, "crates/a/src/b.rs:3");
    }

    #[test]
    fn names_that_others_ask_for_are_exempt() {
        let pallet = "pub struct Pallet<T>(T); pub enum Error<T> { A(T) } #[pallet::storage] pub type Owners<T> = T; pub struct Seat;";
        assert_eq!(names(&planted("crates/chain/pallets/a/src/lib.rs", pallet)), ["Seat"]);
        assert_eq!(names(&planted("crates/client/a/src/lib.rs", "pub enum Error {}")), ["Error"]);
        assert_eq!(names(&planted("crates/chain/runtime/src/lib.rs", "pub type Header = u8;")), [""; 0]);
        let command = "pub struct Add; impl crate::command::Command for Add {} pub struct AddOutput;";
        assert_eq!(names(&planted("crates/apps/cli/src/commands/stake/add.rs", command)), ["AddOutput"]);
    }

    #[test]
    fn a_homonym_is_found_where_one_crate_sees_the_other() {
        let mut planted_types = planted("crates/records/src/info.rs", "pub struct PoolInfo;");
        planted_types.extend(planted("crates/apps/explorer/src/rows.rs", "\npub struct PoolInfo;"));
        let found = homonyms(&planted_types, |from, to| from == "crates/apps/explorer" && to == "crates/records");
        let text =
            "`PoolInfo` names two public types: crates/records/src/info.rs:1, crates/apps/explorer/src/rows.rs:2";
        assert_eq!(found, [Finding { subject: "PoolInfo".to_owned(), count: 2, text: text.to_owned() }]);
        assert_eq!(homonyms(&planted_types, |_, _| false), []);
    }

    #[test]
    fn a_homonym_within_a_crate_is_found() {
        let mut planted_types = planted("crates/a/src/one.rs", "pub(crate) struct Slot;");
        planted_types.extend(planted("crates/a/src/two.rs", "pub(super) struct Slot;"));
        planted_types.extend(planted("crates/b/src/two.rs", "pub struct Slot;"));
        assert_eq!(homonyms(&planted_types, |_, _| false)[0].count, 2);
    }

    #[test]
    fn participles_verbs_and_pronouns_are_found() {
        for (name, form_of_it) in [
            ("Told", "a participle"),
            ("Asking", "a participle"),
            ("Registered", "a participle"),
            ("WeightsPromised", "a participle"),
            ("Speaks", "a verb"),
            ("Whose", "a pronoun"),
        ] {
            assert_eq!(form(name), Some(form_of_it), "{name}");
        }
        for name in [
            "Cut",
            "Seed",
            "Timing",
            "Verified",
            "NetworkSetting",
            "NextHalving",
            "BlockAuthoring",
            "OnExisting",
            "SealedKey",
            "Bed",
            "PinnedKey",
            "Speed",
            "Take",
            "Q32",
            "String",
            "AxonTls",
        ] {
            assert_eq!(form(name), None, "{name}");
        }
        let traits = planted("crates/a/src/b.rs", "pub trait Speak {} pub struct Told;");
        assert_eq!(nouns(&traits)[0].text, "`Told` is a participle, no noun: crates/a/src/b.rs:1");
        assert_eq!(nouns(&traits).len(), 1);
    }
}
