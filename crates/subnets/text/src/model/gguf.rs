//! Models in one GGUF file, as llama.cpp writes them.
//!
//! Quantised weights become `f32` as they are read: the file decides on the numbers, and all parties compute with the
//! same ones.

mod head;

use super::{
    ModelError,
    config::{DecoderConfig, GgufConfig},
    error::library_text,
    files::ModelFile,
    tensors::LoadedTensors,
};
use candle_core::{
    Device, Tensor,
    quantized::{
        gguf_file::{Content, TensorInfo, Value},
        tokenizer::TokenizerFromGguf,
    },
};
use std::{
    collections::BTreeMap,
    io::{BufReader, Seek},
};
use tokenizers::Tokenizer;

/// The names of tensors in GGUF files and in safetensors files, within a layer.
pub(crate) const LAYER_NAMES: [(&str, &str); 12] = [
    ("attn_norm.weight", "input_layernorm.weight"),
    ("attn_q.weight", "self_attn.q_proj.weight"),
    ("attn_q.bias", "self_attn.q_proj.bias"),
    ("attn_k.weight", "self_attn.k_proj.weight"),
    ("attn_k.bias", "self_attn.k_proj.bias"),
    ("attn_v.weight", "self_attn.v_proj.weight"),
    ("attn_v.bias", "self_attn.v_proj.bias"),
    ("attn_output.weight", "self_attn.o_proj.weight"),
    ("ffn_norm.weight", "post_attention_layernorm.weight"),
    ("ffn_gate.weight", "mlp.gate_proj.weight"),
    ("ffn_up.weight", "mlp.up_proj.weight"),
    ("ffn_down.weight", "mlp.down_proj.weight"),
];

/// The names of tensors outside of layers.
pub(crate) const NAMES: [(&str, &str); 3] = [
    ("token_embd.weight", "model.embed_tokens.weight"),
    ("output_norm.weight", "model.norm.weight"),
    ("output.weight", "lm_head.weight"),
];

/// The tensor of the divisors of the rotation of each pair of elements.
pub(crate) const ROPE_FACTORS: &str = "rope_freqs.weight";

/// An open GGUF file with its metadata.
pub(crate) struct Gguf<'a> {
    source: &'a mut ModelFile,
    content: Content,
    architecture: String,
}

impl<'a> Gguf<'a> {
    pub(crate) fn open(source: &'a mut ModelFile) -> Result<Self, ModelError> {
        let failed = |error| ModelError::File { path: source.path.clone(), error };
        source.file.rewind().map_err(failed)?;
        if head::has_zero_alignment(&mut BufReader::new(&source.file)) {
            return Err(ModelError::malformed(&source.path, "its tensors are aligned to 0 bytes"));
        }
        source.file.rewind().map_err(failed)?;
        let content = Content::read(&mut source.file).map_err(|error| ModelError::unreadable(&source.path, &error))?;
        if let Some((name, _)) = content.tensor_infos.iter().find(|(_, tensor)| !is_sized(tensor)) {
            let reason = format!("the tensor `{name}` is empty, or larger than any memory");
            return Err(ModelError::malformed(&source.path, reason));
        }
        let named = content.metadata.get("general.architecture").and_then(|value| value.to_string().ok());
        let architecture =
            named.cloned().ok_or_else(|| ModelError::malformed(&source.path, "it names no architecture"))?;
        Ok(Self { source, content, architecture })
    }

    /// Returns a number of the architecture, which files write in several widths.
    fn number(&self, key: &str) -> Option<usize> {
        unsigned(self.content.metadata.get(&format!("{}.{key}", self.architecture))?)
    }

    /// Returns a number of the architecture that may have decimals.
    fn float(&self, key: &str) -> Result<Option<f64>, ModelError> {
        let key = format!("{}.{key}", self.architecture);
        match self.content.metadata.get(&key) {
            None => Ok(None),
            Some(Value::F32(number)) => Ok(Some((*number).into())),
            Some(Value::F64(number)) => Ok(Some(*number)),
            Some(_) => Err(ModelError::malformed(&self.source.path, format!("`{key}` is no number with decimals"))),
        }
    }

    /// Returns the divisor of all rotations.
    fn rope_scale(&self) -> Result<Option<f64>, ModelError> {
        let unsupported = |what: String| Err(ModelError::Unsupported { path: self.source.path.clone(), what });
        let prefix = format!("{}.rope.scaling.", self.architecture);
        let kind = self.content.metadata.get(&format!("{prefix}type"));
        let kind = kind.map_or(Ok("linear"), |kind| kind.to_string().map(String::as_str));
        match kind.map_err(|error| ModelError::unreadable(&self.source.path, &error))? {
            "none" => Ok(None),
            "linear" => {
                let mut parts = self.content.metadata.keys().filter_map(|key| key.strip_prefix(&prefix));
                // Keys that change nothing in a linear scaling, and its factor.
                let known = ["type", "factor", "original_context_length", "finetuned"];
                if let Some(other) = parts.find(|part| !known.contains(part)) {
                    return unsupported(format!("`{prefix}{other}`"));
                }
                Ok(self.float("rope.scaling.factor")?.or(self.float("rope.scale_linear")?))
            }
            other => unsupported(format!("the scaling `{other}` of rotary embeddings")),
        }
    }

    /// Returns the divisors of the rotation of each pair of elements.
    fn rope_factors(&mut self) -> Result<Option<Vec<f32>>, ModelError> {
        if !self.content.tensor_infos.contains_key(ROPE_FACTORS) {
            return Ok(None);
        }
        let malformed = |error: candle_core::Error| ModelError::unreadable(&self.source.path, &error);
        let tensor = self.content.tensor(&mut self.source.file, ROPE_FACTORS, &Device::Cpu).map_err(malformed)?;
        Ok(Some(tensor.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1()?))
    }

    pub(crate) fn config(&mut self) -> Result<DecoderConfig, ModelError> {
        let rope_factors = self.rope_factors()?;
        let path = &self.source.path;
        let needed = |key: &str| {
            let missing = || ModelError::malformed(path, format!("it has no `{}.{key}`", self.architecture));
            self.number(key).ok_or_else(missing)
        };
        let embeddings = self.content.tensor_infos.get("token_embd.weight");
        let vocabulary = embeddings.and_then(|tensor| tensor.shape.dims().first().copied());
        let eos = self.content.metadata.get("tokenizer.ggml.eos_token_id").and_then(unsigned);
        let eot = self.content.metadata.get("tokenizer.ggml.eot_token_id").and_then(unsigned);
        let heads = needed("attention.head_count")?;
        let width = needed("embedding_length")?;
        let head_size = self.number("attention.key_length");
        let same = head_size.or_else(|| width.checked_div(heads));
        let others = ["attention.value_length", "rope.dimension_count"].map(|key| self.number(key));
        if others.into_iter().flatten().any(|size| Some(size) != same) {
            let what = "a head whose keys, values and rotations differ in size".into();
            return Err(ModelError::Unsupported { path: path.clone(), what });
        }
        let said = GgufConfig {
            architecture: self.architecture.clone(),
            vocabulary: vocabulary.ok_or_else(|| ModelError::tensor("token_embd.weight", "is missing"))?,
            width,
            inner: needed("feed_forward_length")?,
            layers: needed("block_count")?,
            heads,
            kv_heads: self.number("attention.head_count_kv"),
            head_size,
            context: needed("context_length")?,
            norm_eps: self
                .float("attention.layer_norm_rms_epsilon")?
                .ok_or_else(|| ModelError::malformed(path, "it has no epsilon for its norms"))?,
            rope_theta: self.float("rope.freq_base")?,
            rope_scale: self.rope_scale()?,
            rope_factors,
            tied: !self.content.tensor_infos.contains_key("output.weight"),
            eos: eos.into_iter().chain(eot).filter_map(|token| u32::try_from(token).ok()).collect(),
        };
        DecoderConfig::from_gguf(said).checked(path)
    }

    /// Returns the tokenizer in the file.
    pub(crate) fn tokenizer(&self) -> Result<Tokenizer, ModelError> {
        Tokenizer::from_gguf(&self.content).map_err(|error| ModelError::Unsupported {
            path: self.source.path.clone(),
            what: format!("its tokenizer, without a tokenizer.json beside it ({}),", library_text(&error)),
        })
    }

    pub(crate) fn tensors(&mut self, config: &DecoderConfig, device: &Device) -> Result<LoadedTensors, ModelError> {
        let mut tensors = BTreeMap::new();
        let mut names: Vec<(String, String)> =
            NAMES.iter().map(|(theirs, ours)| ((*theirs).into(), (*ours).into())).collect();
        for layer in 0..config.num_hidden_layers {
            let of_layer = LAYER_NAMES.iter();
            names.extend(
                of_layer
                    .map(|(theirs, ours)| (format!("blk.{layer}.{theirs}"), format!("model.layers.{layer}.{ours}"))),
            );
        }
        for (theirs, ours) in names {
            if !self.content.tensor_infos.contains_key(&theirs) {
                continue;
            }
            let malformed = |error: candle_core::Error| ModelError::unreadable(&self.source.path, &error);
            let tensor = self.content.tensor(&mut self.source.file, &theirs, device).map_err(malformed)?;
            let tensor = tensor.dequantize(device)?;
            tensors.insert(ours, turned(tensor, &theirs, config, RowOrder::Apart)?);
        }
        Ok(LoadedTensors::new(tensors))
    }
}

/// The direction in which rows are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowOrder {
    /// From GGUF: the partners of a rotation are half a head apart.
    Apart,
    /// To GGUF: the partners of a rotation are side by side.
    Together,
}

/// Moves the rows of queries and keys of the family llama to the other order.
///
/// In GGUF files the two elements of a rotation are neighbours. In all other files they are half a head apart.
pub(crate) fn turned(
    tensor: Tensor,
    name: &str,
    config: &DecoderConfig,
    turn: RowOrder,
) -> candle_core::Result<Tensor> {
    let heads = match name.rsplit_once('.').map(|(stem, _)| stem) {
        Some(stem) if stem.ends_with("attn_q") => config.num_attention_heads,
        Some(stem) if stem.ends_with("attn_k") => config.kv_heads(),
        _ => return Ok(tensor),
    };
    if config.has_query_bias() {
        return Ok(tensor);
    }
    let dims = tensor.dims().to_vec();
    let half = config.head_size() / 2;
    if dims.first() != Some(&(heads * half * 2)) {
        // The tensor has another form than the configuration gives it. This is noticed where it is used.
        return Ok(tensor);
    }
    let rest: usize = dims.iter().skip(1).product();
    let parts = match turn {
        RowOrder::Apart => (heads, half, 2, rest),
        RowOrder::Together => (heads, 2, half, rest),
    };
    tensor.reshape(parts)?.transpose(1, 2)?.contiguous()?.reshape(dims)
}

/// Returns true if the bytes of a tensor can be counted. The library multiplies without a look at the result.
fn is_sized(tensor: &TensorInfo) -> bool {
    let mut dims = tensor.shape.dims().iter();
    let elements = dims.try_fold(1_usize, |elements, dim| elements.checked_mul(*dim));
    elements.is_some_and(|elements| elements > 0 && elements.checked_mul(tensor.ggml_dtype.type_size()).is_some())
}

fn unsigned(value: &Value) -> Option<usize> {
    match value {
        Value::U8(number) => Some((*number).into()),
        Value::U16(number) => Some((*number).into()),
        Value::U32(number) => usize::try_from(*number).ok(),
        Value::U64(number) => usize::try_from(*number).ok(),
        Value::I32(number) => usize::try_from(*number).ok(),
        Value::I64(number) => usize::try_from(*number).ok(),
        _ => None,
    }
}
