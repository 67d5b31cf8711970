//! Layouts of records and answers: those of this library, and those of the committed metadata.
//!
//! The library decodes them with its own types. A type that differs from the metadata would be decoded to other values.

use super::{
    metagraph::{neuron, serving},
    node::{METADATA, metagraph},
};
use crate::generated;
use myelin_primitives::{Amount, Entry, NetUid, Take, Tao, Uid};
use myelin_records::{
    info::{
        CommitInfo, DelegatePage, HotkeyInfo, IssuanceInfo, MetagraphInfo, NeuronInfo, RatingsInfo, StakeInfo,
        SubnetInfo,
    },
    parameters::{NetworkParameters, Parameters},
};
use scale_info::{Field, MetaType, PortableRegistry, Registry, TypeDef, form::PortableForm};
use subxt::ext::{codec::Encode, scale_value};

/// Returns the layout of a type: names of fields and variants, and their types down to numbers.
///
/// Paths are left out, and so are wrappers of one value: accounts have a type of their own on the chain.
fn layout(types: &PortableRegistry, id: u32) -> String {
    let fields = |fields: &[Field<PortableForm>]| {
        let fields = fields.iter().map(|field| {
            let name = field.name.as_deref().unwrap_or_default();
            format!("{name} {}", layout(types, field.ty.id))
        });
        fields.collect::<Vec<_>>().join(", ")
    };
    match &types.resolve(id).expect("a registry has the types that it names").type_def {
        TypeDef::Composite(composite) => match composite.fields.as_slice() {
            [Field { name: None, ty, .. }] => layout(types, ty.id),
            all => format!("{{{}}}", fields(all)),
        },
        TypeDef::Variant(choice) => {
            let variants = choice.variants.iter();
            let variants = variants.map(|one| format!("{} {} ({})", one.index, one.name, fields(&one.fields)));
            variants.collect::<Vec<_>>().join(" | ")
        }
        TypeDef::Sequence(list) => format!("[{}]", layout(types, list.type_param.id)),
        TypeDef::Array(array) => format!("[{}; {}]", layout(types, array.type_param.id), array.len),
        TypeDef::Tuple(parts) => {
            let parts: Vec<_> = parts.fields.iter().map(|part| layout(types, part.id)).collect();
            format!("({})", parts.join(", "))
        }
        TypeDef::Primitive(primitive) => format!("{primitive:?}"),
        TypeDef::Compact(number) => format!("compact {}", layout(types, number.type_param.id)),
        TypeDef::BitSequence(_) => "bits".to_owned(),
    }
}

/// Returns the layout of a type of this library, and its path.
fn own_layout(of: MetaType) -> (String, Vec<String>) {
    let mut registry = Registry::new();
    let id = registry.register_type(&of).id;
    let types = PortableRegistry::from(registry);
    let path = types.resolve(id).expect("it was registered").path.segments.clone();
    (layout(&types, id), path)
}

#[test]
fn records_have_the_layouts_of_the_metadata() {
    let primitives = [
        MetaType::new::<Amount<Tao>>(),
        MetaType::new::<Take>(),
        MetaType::new::<NetUid>(),
        MetaType::new::<Uid>(),
        MetaType::new::<Entry>(),
    ];
    for record in generated::records().into_iter().chain(primitives) {
        let (own, path) = own_layout(record);
        let types = METADATA.types();
        let named = types.types.iter().filter(|known| known.ty.path.segments == path);
        let layouts: Vec<_> = named.map(|known| layout(types, known.id)).collect();
        assert!(!layouts.is_empty(), "the metadata has no {path:?}");
        for on_chain in layouts {
            assert_eq!(own, on_chain, "{path:?}");
        }
    }
}

#[test]
fn answers_have_the_layouts_of_the_metadata() {
    let api = METADATA.runtime_api_trait_by_name("MyelinApi").expect("the runtime has it");
    let answers = [
        ("commits", MetaType::new::<Vec<CommitInfo>>()),
        ("delegates", MetaType::new::<DelegatePage>()),
        ("hotkey", MetaType::new::<Option<HotkeyInfo>>()),
        ("hotkeys", MetaType::new::<Vec<HotkeyInfo>>()),
        ("free_share", MetaType::new::<u32>()),
        ("issuance", MetaType::new::<IssuanceInfo>()),
        ("metagraph", MetaType::new::<Option<MetagraphInfo>>()),
        ("network_parameters", MetaType::new::<Option<NetworkParameters>>()),
        ("neuron", MetaType::new::<Option<NeuronInfo>>()),
        ("next_epoch", MetaType::new::<Option<u32>>()),
        ("parameters", MetaType::new::<Option<Parameters>>()),
        ("positions", MetaType::new::<Vec<StakeInfo>>()),
        ("ratings", MetaType::new::<Option<RatingsInfo>>()),
        ("subnet", MetaType::new::<Option<SubnetInfo>>()),
        ("subnet_price", MetaType::new::<Amount<Tao>>()),
        ("subnet_to_prune", MetaType::new::<Option<NetUid>>()),
        ("subnets", MetaType::new::<Vec<SubnetInfo>>()),
        ("uid", MetaType::new::<Option<Uid>>()),
    ];
    for method in api.methods() {
        let answer = answers.iter().find(|(name, _)| *name == method.name());
        let (name, answer) = answer.unwrap_or_else(|| panic!("`{}` is not in the list", method.name()));
        assert_eq!(own_layout(*answer).0, layout(METADATA.types(), method.output_ty()), "{name}");
    }
    assert_eq!(api.methods().len(), answers.len());
}

/// Decodes what this library encodes, by the metadata alone: layouts say nothing of encodings that are written by hand.
#[test]
fn a_metagraph_is_decoded_by_the_metadata() {
    let api = METADATA.runtime_api_trait_by_name("MyelinApi").expect("the runtime has it");
    let answer = api.method_by_name("metagraph").expect("the runtime has it").output_ty();
    let bytes = Some(metagraph(7, vec![neuron(0, 1), serving(neuron(1, 2), "1.2.3.4:8091")])).encode();
    let mut rest = bytes.as_slice();
    let value = scale_value::scale::decode_as_type(&mut rest, answer, METADATA.types()).expect("it is an answer");
    assert!(rest.is_empty(), "{} bytes are left", rest.len());
    let mut again = Vec::new();
    scale_value::scale::encode_as_type(&value, answer, METADATA.types(), &mut again).expect("it has this type");
    assert_eq!(again, bytes);
}
