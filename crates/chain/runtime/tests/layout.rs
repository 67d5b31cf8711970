//! The layout of the state: the encoding of each storage item, which a committed file has too. A runtime upgrade keeps
//! the state, so an item that changed without a migration would be read wrongly, and no compiler detects it.
//!
//! `layout.json` names its level. While it is *draft* there is no public chain, and `make accept` rewrites the file.
//! With the first public chain it becomes *kept*: a change then needs a higher storage version of its pallet, and a
//! migration to that version. docs/decisions/0017-storage-versions-and-migrations.md

use codec::Decode;
use frame_metadata::{
    RuntimeMetadata, RuntimeMetadataPrefixed,
    v15::{PalletStorageMetadata, RuntimeMetadataV15, StorageEntryType},
};
use frame_support::traits::STORAGE_VERSION_STORAGE_KEY_POSTFIX;
use myelin_runtime::{Runtime, RuntimeGenesisConfig};
use scale_info::{Field, PortableRegistry, TypeDef, Variant, form::PortableForm};
use serde::{Deserialize, Serialize};
use sp_io::{TestExternalities, hashing::twox_128};
use sp_runtime::BuildStorage;
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

/// The metadata format that is read.
const FORMAT: u32 = 15;

/// The pallets of the house.
const HOUSE: [&str; 9] =
    ["Authorities", "Emission", "FreeCalls", "Keys", "Neurons", "SlotTime", "Staking", "Subnets", "Weights"];

/// Items that no block leaves to the next one.
const TRANSIENT: [&str; 1] = ["System.Events"];

/// The committed file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutFile {
    level: Level,
    pallets: Layout,
}

/// The promise of the committed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// The layout may change.
    Draft,
    /// A change needs a migration.
    Kept,
}

/// The layouts of all pallets by name.
type Layout = BTreeMap<String, PalletLayout>;

/// The layout of what one pallet stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PalletLayout {
    /// The storage version; 0 if the pallet declares none.
    version: u16,
    /// Keys and value of each item, by name.
    items: BTreeMap<String, String>,
}

/// Reads the layout of the runtime from its metadata, and the versions from a genesis.
fn layout() -> Layout {
    let storage = RuntimeGenesisConfig::default().build_storage().expect("the genesis builds");
    TestExternalities::from(storage).execute_with(|| {
        let encoded = Runtime::metadata_at_version(FORMAT).expect("the runtime knows this format");
        let decoded = RuntimeMetadataPrefixed::decode(&mut &encoded[..]).expect("metadata can be read");
        let RuntimeMetadata::V15(metadata) = decoded.1 else { panic!("the metadata has another version") };
        let RuntimeMetadataV15 { pallets, types, .. } = metadata;
        let forms = Forms { types: &types };
        let stored = pallets.into_iter().filter_map(|pallet| Some((pallet.name, pallet.storage?)));
        stored.map(|(name, storage)| (name.clone(), forms.pallet(&name, &storage))).collect()
    })
}

/// Returns the storage version that a genesis writes for a pallet.
fn version(prefix: &str) -> u16 {
    let key = [twox_128(prefix.as_bytes()), twox_128(STORAGE_VERSION_STORAGE_KEY_POSTFIX)].concat();
    let stored = frame_support::storage::unhashed::get::<u16>(&key);
    stored.unwrap_or_default()
}

/// The writer of encodings.
///
/// It writes names of fields and variants, and no names of types, because these decide nothing.
struct Forms<'a> {
    types: &'a PortableRegistry,
}

impl Forms<'_> {
    fn pallet(&self, name: &str, storage: &PalletStorageMetadata<PortableForm>) -> PalletLayout {
        let entries = storage.entries.iter().filter(|entry| {
            let path = format!("{name}.{}", entry.name);
            !TRANSIENT.contains(&path.as_str())
        });
        let items = entries.map(|entry| {
            let form = match &entry.ty {
                StorageEntryType::Plain(value) => self.form(value.id),
                StorageEntryType::Map { hashers, key, value } => {
                    let hashers = join(hashers.iter().map(|hasher| format!("{hasher:?}")), ", ");
                    format!("{hashers} of {} => {}", self.form(key.id), self.form(value.id))
                }
            };
            (entry.name.clone(), form)
        });
        PalletLayout { version: version(&storage.prefix), items: items.collect() }
    }

    fn form(&self, ty: u32) -> String {
        self.form_within(ty, &BTreeSet::new())
    }

    /// Writes a type that stands within others, of which it can be one again.
    fn form_within(&self, ty: u32, outer: &BTreeSet<u32>) -> String {
        if outer.contains(&ty) {
            return "…".to_owned();
        }
        let outer: BTreeSet<u32> = outer.iter().copied().chain([ty]).collect();
        let inner = |ty: u32| self.form_within(ty, &outer);
        let resolved = self.types.resolve(ty).expect("the type is listed");
        match &resolved.type_def {
            TypeDef::Composite(composite) => match &composite.fields[..] {
                [only] if only.name.is_none() => inner(only.ty.id),
                fields => fields_form(fields, inner),
            },
            TypeDef::Variant(variants) => match (&resolved.path.segments[..], &variants.variants[..]) {
                ([option], [_, Variant { fields, .. }]) if option == "Option" => {
                    format!("Option<{}>", join(fields.iter().map(|field| inner(field.ty.id)), ", "))
                }
                (_, []) => "never".to_owned(),
                (_, variants) => join(
                    variants.iter().map(|Variant { name, index, fields, .. }| match &fields[..] {
                        [] => format!("{index} {name}"),
                        fields => format!("{index} {name} {}", fields_form(fields, inner)),
                    }),
                    " | ",
                ),
            },
            TypeDef::Sequence(sequence) => format!("[{}]", inner(sequence.type_param.id)),
            TypeDef::Array(array) => format!("[{}; {}]", inner(array.type_param.id), array.len),
            TypeDef::Tuple(tuple) => format!("({})", join(tuple.fields.iter().map(|field| inner(field.id)), ", ")),
            TypeDef::Primitive(primitive) => format!("{primitive:?}").to_lowercase(),
            TypeDef::Compact(compact) => format!("Compact<{}>", inner(compact.type_param.id)),
            TypeDef::BitSequence(_) => "BitSequence".to_owned(),
        }
    }
}

fn fields_form(fields: &[Field<PortableForm>], inner: impl Fn(u32) -> String) -> String {
    let shown = join(
        fields.iter().map(|field| match &field.name {
            Some(name) => format!("{name}: {}", inner(field.ty.id)),
            None => inner(field.ty.id),
        }),
        ", ",
    );
    match fields {
        [first, ..] if first.name.is_some() => format!("{{ {shown} }}"),
        _ => format!("({shown})"),
    }
}

fn join(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

/// Returns a line for each storage item and each version that differs.
fn differences(committed: &Layout, present: &Layout) -> Vec<String> {
    let pallets: BTreeSet<&String> = committed.keys().chain(present.keys()).collect();
    pallets.into_iter().flat_map(|name| pallet_differences(name, committed.get(name), present.get(name))).collect()
}

fn pallet_differences(name: &str, committed: Option<&PalletLayout>, present: Option<&PalletLayout>) -> Vec<String> {
    let items = |layout: Option<&PalletLayout>| layout.map(|layout| layout.items.clone()).unwrap_or_default();
    let (before, after) = (items(committed), items(present));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names.into_iter().filter_map(|item| match (before.get(item), after.get(item)) {
        (Some(before), Some(after)) if before == after => None,
        (Some(before), Some(after)) => Some(format!("{name}.{item} was `{before}` and is `{after}`")),
        (Some(before), None) => Some(format!("{name}.{item} was `{before}` and is gone")),
        (None, after) => Some(format!("{name}.{item} is new: `{}`", after.map_or("", String::as_str))),
    });
    let version = |layout: Option<&PalletLayout>| layout.map_or(0, |layout| layout.version);
    let raised = (version(committed) != version(present))
        .then(|| format!("{name} had storage version {} and has {}", version(committed), version(present)));
    changed.chain(raised).collect()
}

/// Returns a line for each pallet whose items changed without a higher version, or without a migration to it.
///
/// A pallet that is new has nothing to migrate.
fn unmigrated(committed: &Layout, present: &Layout, has_migration: impl Fn(&str, u16) -> bool) -> Vec<String> {
    let changed = committed.iter().filter_map(|(name, before)| {
        let after = present.get(name);
        if after.is_some_and(|after| after.items == before.items) {
            return None;
        }
        let version = after.map_or(0, |after| after.version);
        if version <= before.version {
            Some(format!("{name} changed without a storage version above {}", before.version))
        } else if !has_migration(name, version) {
            Some(format!("{name} has no migrations/v{version}.rs"))
        } else {
            None
        }
    });
    changed.collect()
}

/// Returns true if the source of a pallet has a migration to this version. Those of the engine bring their own.
fn has_migration(pallet: &str, version: u16) -> bool {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pallets").join(pallet.to_lowercase()).join("src");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources = if sources.is_dir() { sources } else { own };
    !HOUSE.contains(&pallet) || sources.join(format!("migrations/v{version}.rs")).is_file()
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("layout.json")
}

fn committed() -> LayoutFile {
    let text = fs::read_to_string(file()).expect("layout.json can be read");
    serde_json::from_str(&text).expect("layout.json is a layout")
}

#[test]
fn the_committed_layout_is_that_of_the_runtime() {
    let (LayoutFile { level, pallets }, present) = (committed(), layout());
    let unmigrated = if level == Level::Kept { unmigrated(&pallets, &present, has_migration) } else { Vec::new() };
    if env::var_os("ACCEPT").is_some() && unmigrated.is_empty() {
        let written = LayoutFile { level, pallets: present };
        let text = serde_json::to_string_pretty(&written).expect("a layout is JSON");
        fs::write(file(), text + "\n").expect("layout.json can be written");
        return;
    }
    let lines: Vec<String> = differences(&pallets, &present).into_iter().chain(unmigrated).collect();
    assert!(
        lines.is_empty(),
        "storage has another layout than layout.json:\n  {}\nIf this is meant, run `make accept`. With state to keep, \
         first raise the storage version of the pallet and add its migration: docs/runtime-upgrade-checklist.md",
        lines.join("\n  ")
    );
}

#[test]
fn every_pallet_of_the_house_has_a_storage_version() {
    let present = layout();
    for pallet in HOUSE {
        assert!(present.get(pallet).is_some_and(|layout| layout.version >= 1), "{pallet}");
    }
}

#[test]
fn a_changed_field_is_reported_with_the_name_of_its_item() {
    let present = layout();
    let mut planted = present.clone();
    let item = planted.get_mut("Staking").and_then(|staking| staking.items.get_mut("Pools")).expect("pools are stored");
    *item = item.replace("holders: u32", "holders: u64");
    let lines = differences(&present, &planted);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("Staking.Pools was ") && lines[0].contains("holders: u64"), "{lines:?}");
}

#[test]
fn a_kept_layout_changes_with_a_version_and_a_migration_only() {
    let pallet = |version, form: &str| PalletLayout { version, items: [("Pools".to_owned(), form.to_owned())].into() };
    let layout = |version, form| Layout::from([("Staking".to_owned(), pallet(version, form))]);
    let (before, to_two) = (layout(1, "u32"), |_: &str, version| version == 2);
    assert_eq!(unmigrated(&before, &layout(1, "u32"), to_two), [""; 0]);
    assert_eq!(unmigrated(&before, &layout(2, "u64"), to_two), [""; 0]);
    let unversioned = unmigrated(&before, &layout(1, "u64"), to_two);
    assert_eq!(unversioned, ["Staking changed without a storage version above 1"]);
    assert_eq!(unmigrated(&before, &layout(3, "u64"), to_two), ["Staking has no migrations/v3.rs"]);
    assert_eq!(unmigrated(&Layout::new(), &layout(1, "u32"), to_two), [""; 0]);
}
