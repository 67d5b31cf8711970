//! The configuration of a model, as Hugging Face writes it in `config.json`.

use super::ModelError;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Limits above those of any model. A file with larger values is refused.
const MAX_LAYERS: usize = 1 << 10;
const MAX_WIDTH: usize = 1 << 20;
const MAX_TOKENS: usize = 1 << 24;
const MAX_CONTEXT: usize = 1 << 20;

/// The size of a new decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Blocks of attention and feed-forward.
    pub layers: usize,
    /// Numbers by which a token is represented.
    pub width: usize,
    /// Heads of attention.
    pub heads: usize,
    /// Heads of keys and values. Several heads of attention share one.
    pub kv_heads: usize,
    /// Numbers between the two halves of a feed-forward block.
    pub inner: usize,
    /// Tokens of the context.
    pub context: usize,
    /// Tokens of the vocabulary.
    pub vocabulary: usize,
}

impl Shape {
    /// A shape for tests, so small that computation takes no time.
    pub const TINY: Self =
        Self { layers: 2, width: 32, heads: 4, kv_heads: 2, inner: 64, context: 256, vocabulary: 288 };
    /// The model of a local network.
    pub const SMALL: Self =
        Self { layers: 4, width: 128, heads: 4, kv_heads: 2, inner: 352, context: 512, vocabulary: 512 };
    /// A cheaper model than [`Self::SMALL`], which a dishonest miner could use in its place.
    pub const SMALLER: Self = Self { layers: 1, width: 64, inner: 176, ..Self::SMALL };
}

/// One number or several.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum OneOrMany {
    One(u32),
    Many(Vec<u32>),
}

/// The content of `config.json`. All such files have the members without a default.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct DecoderConfig {
    model_type: String,
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    max_position_embeddings: usize,
    pub(crate) rms_norm_eps: f32,
    #[serde(default)]
    rope_theta: Option<f64>,
    #[serde(default)]
    rope_scaling: Option<RopeScaling>,
    #[serde(default)]
    rope_parameters: Option<RopeScaling>,
    #[serde(default)]
    pub(crate) tie_word_embeddings: bool,
    #[serde(default)]
    eos_token_id: Option<OneOrMany>,
    #[serde(default)]
    hidden_act: Option<String>,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    #[serde(default)]
    sliding_window: Option<usize>,
    #[serde(default)]
    use_sliding_window: Option<bool>,
    /// The divisors of the rotation of each pair of elements, which only GGUF files have.
    #[serde(skip)]
    rope_factors: Option<Vec<f32>>,
}

/// The stretching of rotations for contexts longer than those of the training.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct RopeScaling {
    #[serde(default)]
    rope_type: Option<String>,
    /// The older name of `rope_type`.
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    rope_theta: Option<f64>,
    #[serde(default)]
    factor: Option<f64>,
    #[serde(default)]
    low_freq_factor: Option<f64>,
    #[serde(default)]
    high_freq_factor: Option<f64>,
    #[serde(default)]
    original_max_position_embeddings: Option<usize>,
}

/// The configuration of a GGUF file.
pub(crate) struct GgufConfig {
    pub(crate) architecture: String,
    pub(crate) vocabulary: usize,
    pub(crate) width: usize,
    pub(crate) inner: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) kv_heads: Option<usize>,
    pub(crate) head_size: Option<usize>,
    pub(crate) context: usize,
    pub(crate) norm_eps: f64,
    pub(crate) rope_theta: Option<f64>,
    /// The divisor of all rotations.
    pub(crate) rope_scale: Option<f64>,
    /// The divisors of the rotation of each pair of elements.
    pub(crate) rope_factors: Option<Vec<f32>>,
    pub(crate) tied: bool,
    pub(crate) eos: Vec<u32>,
}

impl DecoderConfig {
    /// Returns the configuration of a new model.
    pub(crate) fn new(shape: &Shape, eos: u32) -> Self {
        Self {
            model_type: "llama".into(),
            vocab_size: shape.vocabulary,
            hidden_size: shape.width,
            intermediate_size: shape.inner,
            num_hidden_layers: shape.layers,
            num_attention_heads: shape.heads,
            num_key_value_heads: Some(shape.kv_heads),
            head_dim: None,
            max_position_embeddings: shape.context,
            rms_norm_eps: 1e-5,
            rope_theta: Some(10_000.0),
            rope_scaling: None,
            rope_parameters: None,
            tie_word_embeddings: true,
            eos_token_id: Some(OneOrMany::One(eos)),
            hidden_act: Some("silu".into()),
            attention_bias: false,
            mlp_bias: false,
            sliding_window: None,
            use_sliding_window: None,
            rope_factors: None,
        }
    }

    /// Returns the same configuration, with a head that is not the embeddings.
    pub(crate) fn untied(self) -> Self {
        Self { tie_word_embeddings: false, ..self }
    }

    pub(crate) fn from_gguf(said: GgufConfig) -> Self {
        let shape = Shape {
            layers: said.layers,
            width: said.width,
            heads: said.heads,
            kv_heads: said.kv_heads.unwrap_or(said.heads),
            inner: said.inner,
            context: said.context,
            vocabulary: said.vocabulary,
        };
        Self {
            model_type: said.architecture,
            head_dim: said.head_size,
            #[allow(clippy::cast_possible_truncation, reason = "it is computed with in f32")]
            rms_norm_eps: said.norm_eps as f32,
            rope_theta: said.rope_theta,
            rope_scaling: said.rope_scale.map(|factor| RopeScaling {
                rope_type: Some("linear".into()),
                factor: Some(factor),
                ..RopeScaling::default()
            }),
            rope_factors: said.rope_factors,
            tie_word_embeddings: said.tied,
            eos_token_id: Some(OneOrMany::Many(said.eos)),
            ..Self::new(&shape, 0)
        }
    }

    /// Reads the content of a file, and checks all values that the computation relies on.
    pub(crate) fn parse(json: &[u8], path: &Path) -> Result<Self, ModelError> {
        let config: Self =
            serde_json::from_slice(json).map_err(|error| ModelError::malformed(path, error.to_string()))?;
        config.checked(path)
    }

    /// Returns the same configuration, if the computation supports it.
    pub(crate) fn checked(self, path: &Path) -> Result<Self, ModelError> {
        let unsupported = |what: String| Err(ModelError::Unsupported { path: path.into(), what });
        if !matches!(self.model_type.as_str(), "llama" | "mistral" | "qwen2") {
            return unsupported(format!("the architecture `{}`", self.model_type));
        }
        if let Some(other) = self.hidden_act.as_deref().filter(|act| *act != "silu") {
            return unsupported(format!("the activation `{other}`"));
        }
        if self.attention_bias || self.mlp_bias {
            return unsupported("a bias in every projection".into());
        }
        if let Some(kind) = self.rope_kind().filter(|kind| !matches!(*kind, "default" | "linear" | "llama3")) {
            return unsupported(format!("the scaling `{kind}` of rotary embeddings"));
        }
        let positive = [
            ("vocab_size", self.vocab_size, MAX_TOKENS),
            ("hidden_size", self.hidden_size, MAX_WIDTH),
            ("intermediate_size", self.intermediate_size, MAX_WIDTH),
            ("num_hidden_layers", self.num_hidden_layers, MAX_LAYERS),
            ("num_attention_heads", self.num_attention_heads, MAX_WIDTH),
            ("num_key_value_heads", self.kv_heads(), MAX_WIDTH),
            ("max_position_embeddings", self.context(), MAX_CONTEXT),
        ];
        for (name, value, most) in positive {
            if !(1..=most).contains(&value) {
                return Err(ModelError::malformed(path, format!("`{name}` is {value}, and may be 1 to {most}")));
            }
        }
        if !self.num_attention_heads.is_multiple_of(self.kv_heads()) {
            return Err(ModelError::malformed(path, "`num_key_value_heads` does not divide `num_attention_heads`"));
        }
        let split = self.head_dim.is_some() || self.hidden_size.is_multiple_of(self.num_attention_heads);
        if !split || !self.head_size().is_multiple_of(2) || !(1..=MAX_WIDTH).contains(&self.head_size()) {
            return Err(ModelError::malformed(path, "heads do not have an even number of elements"));
        }
        // More than `f32` holds reads as infinite, and makes all numbers zero.
        let (eps, base) = (self.rms_norm_eps, self.rope_base());
        if !(eps > 0.0 && eps.is_finite() && base > 1.0 && base.is_finite()) {
            return Err(ModelError::malformed(path, "`rms_norm_eps` and `rope_theta` have no use as they are"));
        }
        if !self.rope_factor().is_normal()
            || self.rope_factors.as_ref().is_some_and(|factors| factors.len() != self.head_size() / 2)
            || !self.frequencies().all(|frequency| frequency.is_normal() && frequency > 0.0)
        {
            return Err(ModelError::malformed(path, "the scaling of rotary embeddings gives no frequencies"));
        }
        Ok(self)
    }

    pub(crate) fn kv_heads(&self) -> usize {
        self.num_key_value_heads.unwrap_or(self.num_attention_heads)
    }

    pub(crate) fn head_size(&self) -> usize {
        self.head_dim.unwrap_or_else(|| self.hidden_size.checked_div(self.num_attention_heads).unwrap_or_default())
    }

    /// Returns the tokens of the context. A sliding window never slides, because the context ends with it.
    pub(crate) fn context(&self) -> usize {
        let window = self.sliding_window.filter(|_| self.use_sliding_window != Some(false));
        window.map_or(self.max_position_embeddings, |window| window.min(self.max_position_embeddings))
    }

    /// Returns true if queries, keys and values have a bias, and no other projection has.
    pub(crate) fn has_query_bias(&self) -> bool {
        self.model_type == "qwen2"
    }

    /// Returns the architecture's name in GGUF files, which is that of llama for Mistral too.
    pub(crate) fn gguf_architecture(&self) -> &'static str {
        if self.has_query_bias() { "qwen2" } else { "llama" }
    }

    /// Returns the tokens that end an answer.
    pub(crate) fn eos(&self) -> Vec<u32> {
        match &self.eos_token_id {
            None => Vec::new(),
            Some(OneOrMany::One(token)) => vec![*token],
            Some(OneOrMany::Many(tokens)) => tokens.clone(),
        }
    }

    fn rope(&self) -> Option<&RopeScaling> {
        self.rope_parameters.as_ref().or(self.rope_scaling.as_ref())
    }

    fn rope_kind(&self) -> Option<&str> {
        self.rope().and_then(|rope| rope.rope_type.as_deref().or(rope.kind.as_deref()))
    }

    pub(crate) fn rope_base(&self) -> f64 {
        self.rope().and_then(|rope| rope.rope_theta).or(self.rope_theta).unwrap_or(10_000.0)
    }

    fn rope_factor(&self) -> f64 {
        self.rope().and_then(|rope| rope.factor).unwrap_or(1.0)
    }

    /// Returns the divisor of a rotation of this many radians per position.
    #[allow(clippy::cast_precision_loss, reason = "contexts are small")]
    fn rope_stretch(&self, frequency: f64) -> f64 {
        let Some(rope) = self.rope() else { return 1.0 };
        let factor = self.rope_factor();
        match self.rope_kind() {
            Some("linear") => factor,
            Some("llama3") => {
                let low = rope.low_freq_factor.unwrap_or(1.0);
                let high = rope.high_freq_factor.unwrap_or(4.0);
                let trained = rope.original_max_position_embeddings.unwrap_or(8_192) as f64;
                // Turns within the trained context decide: many stay, few are stretched, and between them it is mixed.
                let turns = trained * frequency / std::f64::consts::TAU;
                let kept = if high > low { ((turns - low) / (high - low)).clamp(0.0, 1.0) } else { 1.0 };
                1.0 / (kept + (1.0 - kept) / factor)
            }
            _ => 1.0,
        }
    }

    /// Returns the divisor of all rotations, if they are scaled in no other way.
    pub(crate) fn rope_linear(&self) -> Option<f64> {
        (self.rope_factors.is_none() && self.rope_kind() == Some("linear")).then(|| self.rope_factor())
    }

    /// Returns the divisors of the rotation of each pair of elements of a head, if any differs from one.
    pub(crate) fn rope_stretches(&self) -> Option<Vec<f64>> {
        let all: Vec<_> = self.stretched().map(|(_, stretch)| stretch).collect();
        all.iter().any(|stretch| stretch.to_bits() != 1.0_f64.to_bits()).then_some(all)
    }

    /// Returns radians per position before stretching, and their divisor, for each pair of elements of a head.
    fn stretched(&self) -> impl Iterator<Item = (f64, f64)> {
        let said = self.rope_factors.iter().flatten().map(|factor| f64::from(*factor)).chain(std::iter::repeat(1.0));
        self.plain_frequencies().zip(said).map(|(plain, said)| (plain, said * self.rope_stretch(plain)))
    }

    #[allow(clippy::cast_precision_loss, reason = "sizes of heads are small")]
    fn plain_frequencies(&self) -> impl Iterator<Item = f64> {
        let size = self.head_size();
        (0..size).step_by(2).map(move |i| libm::pow(self.rope_base(), -(i as f64) / size as f64))
    }

    /// Returns radians per position, for each pair of elements of a head.
    ///
    /// An iterator, because a file of a few bytes can declare half a million pairs.
    fn frequencies(&self) -> impl Iterator<Item = f64> {
        self.stretched().map(|(plain, stretch)| plain / stretch)
    }

    /// Returns radians per position, for each pair of elements of a head.
    pub(crate) fn rope_frequencies(&self) -> Vec<f64> {
        self.frequencies().collect()
    }
}
