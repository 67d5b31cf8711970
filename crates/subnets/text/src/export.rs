//! Export of a model to one GGUF file, for other programs and in other precisions.

use crate::{
    Model, ModelError,
    model::{LAYER_NAMES, NAMES, ROPE_FACTORS, RowOrder, turned},
};
use candle_core::{
    Device, Tensor,
    quantized::{
        GgmlDType, QTensor,
        gguf_file::{self, Value},
    },
};
use myelin_files::{Access, OnExisting, Writer};
use std::{
    io::{BufWriter, IntoInnerError},
    path::Path,
};

/// The architecture whose files have a tensor of rotation frequencies.
const LLAMA: &str = "llama";

/// The precision of stored weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits, as in the computation.
    F32,
    /// 16 bits per weight.
    F16,
    /// 8 bits per weight, and a scale for each 32 weights.
    Q8,
    /// 4 bits per weight, and a scale for each 32 weights.
    Q4,
}

impl Precision {
    const fn form(self) -> GgmlDType {
        match self {
            Self::F32 => GgmlDType::F32,
            Self::F16 => GgmlDType::F16,
            Self::Q8 => GgmlDType::Q8_0,
            Self::Q4 => GgmlDType::Q4_0,
        }
    }
}

/// Writes a model to an atomic GGUF file, and replaces an existing one.
///
/// The file includes the model's tokenizer if that is byte-level BPE.
///
/// # Errors
/// [`ModelError::File`] if the file cannot be written; [`ModelError::Tokenizer`] for tokenizers of another kind;
/// [`ModelError::Unsupported`] for rotations that such files cannot describe for this architecture.
pub fn gguf(model: &Model, path: &Path, precision: Precision) -> Result<(), ModelError> {
    let metadata = metadata(model)?;
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors = tensors(model, path, precision)?;
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    // The weights may be secret, so the file is private. Its owner may give others access.
    let writer = Writer::create(path, Access::Private, OnExisting::Replace)?;
    let mut writer = BufWriter::new(writer);
    gguf_file::write(&mut writer, &metadata, &tensors)?;
    let failed = |error: IntoInnerError<_>| ModelError::File { path: path.into(), error: error.into_error() };
    Ok(writer.into_inner().map_err(failed)?.finish()?)
}

fn tensors(model: &Model, path: &Path, precision: Precision) -> Result<Vec<(String, QTensor)>, ModelError> {
    let mut tensors = Vec::new();
    for (name, tensor) in model.network().tensors() {
        let theirs = their_name(&name)
            .ok_or_else(|| ModelError::Tensor { name: name.clone(), reason: "has no name in GGUF files".into() })?;
        // Norms are too small for quantisation to save space.
        let form = if tensor.rank() < 2 { GgmlDType::F32 } else { precision.form() };
        let tensor = turned(tensor, &theirs, model.config(), RowOrder::Together)?;
        tensors.push((theirs, QTensor::quantize(&tensor, form)?));
    }
    let config = model.config();
    if let Some(stretches) = config.rope_stretches().filter(|_| config.rope_linear().is_none()) {
        if config.gguf_architecture() != LLAMA {
            let what = format!("rotations of each frequency of its own, in a file of {},", config.gguf_architecture());
            return Err(ModelError::Unsupported { path: path.into(), what });
        }
        #[allow(clippy::cast_possible_truncation, reason = "that is what the file has")]
        let factors: Vec<_> = stretches.iter().map(|stretch| *stretch as f32).collect();
        let factors = Tensor::new(factors, &Device::Cpu)?;
        tensors.push((ROPE_FACTORS.to_owned(), QTensor::quantize(&factors, GgmlDType::F32)?));
    }
    Ok(tensors)
}

fn their_name(name: &str) -> Option<String> {
    if let Some((theirs, _)) = NAMES.iter().find(|(_, ours)| *ours == name) {
        return Some((*theirs).to_owned());
    }
    let (layer, part) = name.strip_prefix("model.layers.")?.split_once('.')?;
    let (theirs, _) = LAYER_NAMES.iter().find(|(_, ours)| *ours == part)?;
    Some(format!("blk.{layer}.{theirs}"))
}

fn metadata(model: &Model) -> Result<Vec<(String, Value)>, ModelError> {
    let config = model.config();
    let architecture = config.gguf_architecture();
    let number = |number: usize| Value::U32(u32::try_from(number).unwrap_or(u32::MAX));
    let mut metadata = vec![("general.architecture".to_owned(), Value::String(architecture.into()))];
    #[allow(clippy::cast_possible_truncation, reason = "that is what the file has")]
    let of_architecture = [
        ("context_length", number(config.context())),
        ("embedding_length", number(config.hidden_size)),
        ("block_count", number(config.num_hidden_layers)),
        ("feed_forward_length", number(config.intermediate_size)),
        ("attention.head_count", number(config.num_attention_heads)),
        ("attention.head_count_kv", number(config.kv_heads())),
        ("attention.key_length", number(config.head_size())),
        ("attention.value_length", number(config.head_size())),
        ("attention.layer_norm_rms_epsilon", Value::F32(config.rms_norm_eps)),
        ("rope.dimension_count", number(config.head_size())),
        ("rope.freq_base", Value::F32(config.rope_base() as f32)),
    ];
    metadata.extend(of_architecture.map(|(key, value)| (format!("{architecture}.{key}"), value)));
    if let Some(factor) = config.rope_linear() {
        let key = |key: &str| format!("{architecture}.rope.scaling.{key}");
        #[allow(clippy::cast_possible_truncation, reason = "that is what the file has")]
        metadata.extend([(key("type"), Value::String("linear".into())), (key("factor"), Value::F32(factor as f32))]);
    }
    metadata.extend(vocabulary(model)?.map(|(key, value)| (format!("tokenizer.ggml.{key}"), value)));
    Ok(metadata)
}

/// Types of tokens, as these files number them.
const NORMAL: i32 = 1;
const CONTROL: i32 = 3;
const UNUSED: i32 = 5;

fn vocabulary(model: &Model) -> Result<impl Iterator<Item = (&'static str, Value)>, ModelError> {
    let refused = |what: &str| ModelError::Tokenizer(what.to_owned());
    let tokenizer = model.tokenizer();
    let json = tokenizer.to_string(false).map_err(|error| refused(&error.to_string()))?;
    let json: serde_json::Value = serde_json::from_str(&json).map_err(|error| refused(&error.to_string()))?;
    let merges =
        json.pointer("/model/merges").and_then(serde_json::Value::as_array).ok_or_else(|| refused("it is not BPE"))?;
    let merges = merges.iter().map(|merge| match merge {
        serde_json::Value::String(merge) => Some(merge.clone()),
        pair => Some(format!("{} {}", pair.get(0)?.as_str()?, pair.get(1)?.as_str()?)),
    });
    let merges: Option<Vec<_>> = merges.map(|merge| merge.map(Value::String)).collect();
    let merges = merges.ok_or_else(|| refused("its merges have an unknown form"))?;

    let added = tokenizer.get_added_tokens_decoder();
    let (mut words, mut kinds) = (Vec::new(), Vec::new());
    for token in (0..).take(model.vocabulary()) {
        let word = tokenizer.id_to_token(token);
        kinds.push(match (&word, added.get(&token)) {
            (None, _) => UNUSED,
            (Some(_), Some(added)) if added.special => CONTROL,
            _ => NORMAL,
        });
        words.push(word.unwrap_or_else(|| format!("[unused {token}]")));
    }
    let eos = model.config().eos().first().copied();
    let members = [
        ("model", Value::String("gpt2".into())),
        ("pre", Value::String("gpt-2".into())),
        ("tokens", Value::Array(words.into_iter().map(Value::String).collect())),
        ("token_type", Value::Array(kinds.into_iter().map(Value::I32).collect())),
        ("merges", Value::Array(merges)),
    ];
    Ok(members.into_iter().chain(eos.map(|eos| ("eos_token_id", Value::U32(eos)))))
}
