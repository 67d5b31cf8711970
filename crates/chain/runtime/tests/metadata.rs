//! The committed metadata of clients must equal the metadata of the runtime.
//!
//! A text beside it has the same content without documentation: one line for each pallet, call, event, error, storage
//! item, constant, runtime API method, transaction extension and type. It shows changes of layouts in a review.

use codec::Decode;
use frame_metadata::{
    RuntimeMetadata, RuntimeMetadataPrefixed,
    v15::{PalletMetadata, RuntimeMetadataV15, StorageEntryMetadata, StorageEntryModifier, StorageEntryType},
};
use myelin_runtime::{Runtime, signing::metadata_hash};
use scale_info::{Field, PortableRegistry, TypeDef, Variant, form::PortableForm};
use sp_io::TestExternalities;
use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

/// The version of the metadata format: the oldest one with runtime APIs.
const FORMAT: u32 = 15;

/// Returns the current metadata of the runtime.
fn metadata() -> Vec<u8> {
    // Some constants, like the slot time, follow from genesis. Without a genesis they are those of the main network.
    let metadata = TestExternalities::default().execute_with(|| Runtime::metadata_at_version(FORMAT));
    metadata.expect("the runtime speaks this format").to_vec()
}

/// The folder of the metadata of clients, from the folder of the runtime.
const CLIENT: &str = "../../client/client";

/// Compares a committed file with its expected content, or writes it if `ACCEPT_METADATA` is set.
fn compare(folder: &str, name: &str, expected: &[u8]) {
    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(name);
    if env::var_os("ACCEPT_METADATA").is_some() {
        fs::write(&file, expected).expect("the copy can be written");
    }
    let committed = fs::read(&file).unwrap_or_default();
    assert!(
        committed == expected,
        "{} is not the metadata of the runtime any more. If clients should follow, accept it with:\n\
         ACCEPT_METADATA=1 cargo test -p myelin-runtime --test metadata",
        file.display()
    );
}

#[test]
fn the_metadata_of_clients_is_that_of_the_runtime() {
    compare(CLIENT, "metadata.scale", &metadata());
}

#[test]
fn the_text_beside_the_metadata_says_the_same() {
    let decoded = RuntimeMetadataPrefixed::decode(&mut metadata().as_slice()).expect("metadata can be read");
    let RuntimeMetadata::V15(metadata) = decoded.1 else { panic!("the metadata has another version") };
    compare(CLIENT, "metadata.txt", MetadataText { types: &metadata.types }.of(&metadata).as_bytes());
}

#[test]
fn the_hash_that_the_blob_checks_is_that_of_the_metadata() {
    let hash = metadata_hash(&metadata()).expect("the metadata is complete");
    compare("", "metadata-hash", hex(&hash).as_bytes());
}

/// The writer of the text. Types are named by path and parameters, because their numbers change with every new type.
struct MetadataText<'a> {
    types: &'a PortableRegistry,
}

impl MetadataText<'_> {
    fn of(&self, metadata: &RuntimeMetadataV15) -> String {
        let mut lines = BTreeSet::new();
        for pallet in &metadata.pallets {
            lines.extend(self.pallet(pallet));
        }
        for api in &metadata.apis {
            for method in &api.methods {
                let inputs = method.inputs.iter().map(|input| format!("{}: {}", input.name, self.name(input.ty.id)));
                let (inputs, output) = (join(inputs), self.name(method.output.id));
                lines.insert(format!("api {}.{}({inputs}) -> {output}", api.name, method.name));
            }
        }
        for (place, extension) in metadata.extrinsic.signed_extensions.iter().enumerate() {
            let (own, signed) = (self.name(extension.ty.id), self.name(extension.additional_signed.id));
            lines.insert(format!("extension {place:02} {}: {own}, signed {signed}", extension.identifier));
        }
        // Calls, events and errors of pallets have lines of their own.
        let told: BTreeSet<u32> = metadata
            .pallets
            .iter()
            .flat_map(|pallet| {
                let calls = pallet.calls.as_ref().map(|calls| calls.ty.id);
                let events = pallet.event.as_ref().map(|event| event.ty.id);
                [calls, events, pallet.error.as_ref().map(|error| error.ty.id)]
            })
            .flatten()
            .collect();
        // Types of Rust are the same everywhere.
        let known = |path: &[String]| matches!(path, [] | [_]);
        for ty in metadata.types.types.iter().filter(|ty| !told.contains(&ty.id) && !known(&ty.ty.path.segments)) {
            lines.insert(format!("type {}{}", self.name(ty.id), self.content(ty.id)));
        }
        lines.into_iter().fold(String::new(), |text, line| text + &line + "\n")
    }

    fn pallet(&self, pallet: &PalletMetadata<PortableForm>) -> Vec<String> {
        let name = &pallet.name;
        let mut lines = vec![format!("pallet {:02} {name}", pallet.index)];
        for (kind, ty) in [
            ("call", pallet.calls.as_ref().map(|calls| calls.ty.id)),
            ("event", pallet.event.as_ref().map(|event| event.ty.id)),
            ("error", pallet.error.as_ref().map(|error| error.ty.id)),
        ] {
            let variants = ty.map_or(&[][..], |ty| self.variants(ty));
            lines.extend(variants.iter().map(|variant| {
                format!("{kind} {name} {:02} {}{}", variant.index, variant.name, self.fields(&variant.fields))
            }));
        }
        lines.extend(pallet.constants.iter().map(|constant| {
            format!("constant {name}.{}: {} = {}", constant.name, self.name(constant.ty.id), hex(&constant.value))
        }));
        let storage = pallet.storage.iter().flat_map(|storage| &storage.entries);
        lines.extend(storage.map(|entry| format!("storage {name}.{}: {}", entry.name, self.entry(entry))));
        lines
    }

    fn entry(&self, entry: &StorageEntryMetadata<PortableForm>) -> String {
        let content = match &entry.ty {
            StorageEntryType::Plain(value) => self.name(value.id),
            StorageEntryType::Map { hashers, key, value } => {
                let hashers = join(hashers.iter().map(|hasher| format!("{hasher:?}")));
                format!("{hashers} of {} => {}", self.name(key.id), self.name(value.id))
            }
        };
        match entry.modifier {
            StorageEntryModifier::Optional => format!("{content}, optional"),
            StorageEntryModifier::Default => format!("{content}, default {}", hex(&entry.default)),
        }
    }

    fn variants(&self, ty: u32) -> &[Variant<PortableForm>] {
        match self.types.resolve(ty).map(|ty| &ty.type_def) {
            Some(TypeDef::Variant(variants)) => &variants.variants,
            _ => panic!("calls, events and errors are enums"),
        }
    }

    fn content(&self, ty: u32) -> String {
        match &self.types.resolve(ty).expect("the type is listed").type_def {
            TypeDef::Composite(composite) => self.fields(&composite.fields),
            TypeDef::Variant(variants) => {
                let variants = variants.variants.iter();
                let shown = variants
                    .map(|variant| format!("{} {}{}", variant.index, variant.name, self.fields(&variant.fields)));
                format!(" = {}", shown.collect::<Vec<_>>().join(" | "))
            }
            _ => format!(" = {}", self.form(ty)),
        }
    }

    fn fields(&self, fields: &[Field<PortableForm>]) -> String {
        let shown = join(fields.iter().map(|field| match &field.name {
            Some(name) => format!("{name}: {}", self.name(field.ty.id)),
            None => self.name(field.ty.id),
        }));
        match fields {
            [] => String::new(),
            [first, ..] if first.name.is_some() => format!(" {{ {shown} }}"),
            _ => format!("({shown})"),
        }
    }

    fn name(&self, ty: u32) -> String {
        let resolved = self.types.resolve(ty).expect("the type is listed");
        if resolved.path.is_empty() {
            return self.form(ty);
        }
        let parameters = join(resolved.type_params.iter().filter_map(|parameter| Some(self.name(parameter.ty?.id))));
        let path = resolved.path.segments.join("::");
        if parameters.is_empty() { path } else { format!("{path}<{parameters}>") }
    }

    /// Returns the name of a type without path.
    fn form(&self, ty: u32) -> String {
        match &self.types.resolve(ty).expect("the type is listed").type_def {
            TypeDef::Sequence(sequence) => format!("[{}]", self.name(sequence.type_param.id)),
            TypeDef::Array(array) => format!("[{}; {}]", self.name(array.type_param.id), array.len),
            TypeDef::Tuple(tuple) => format!("({})", join(tuple.fields.iter().map(|field| self.name(field.id)))),
            TypeDef::Primitive(primitive) => format!("{primitive:?}").to_lowercase(),
            TypeDef::Compact(compact) => format!("Compact<{}>", self.name(compact.type_param.id)),
            TypeDef::BitSequence(_) => "BitSequence".to_owned(),
            TypeDef::Composite(_) | TypeDef::Variant(_) => "unnamed".to_owned(),
        }
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}
