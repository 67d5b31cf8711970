//! The decoder, from tokens to logits: RMS norms, rotary positions, grouped attention, gated feed-forward.

use super::{ModelError, config::DecoderConfig, single, tensors::Tensors};
use candle_core::{D, DType, Device, Tensor};
use candle_nn::{kv_cache::KvCache, ops, rotary_emb};

/// The forms of operations. All compute the same. One is fast, the other can be differentiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KernelForms {
    Quick,
    Differentiable,
}

impl KernelForms {
    /// Returns true if operations for a single row can be used.
    fn single(self, x: &Tensor, rows: usize) -> bool {
        self == Self::Quick && rows == 1 && x.device().is_cpu()
    }

    /// Multiplies rows with the rows of a matrix.
    fn product(self, x: &Tensor, weight: &Tensor) -> candle_core::Result<Tensor> {
        if self.single(x, x.dim(0)?) { single::project(x, weight) } else { x.matmul(&weight.t()?) }
    }
}

/// A projection.
struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    fn new(tensors: &mut dyn Tensors, name: &str, dims: (usize, usize), bias: bool) -> Result<Self, ModelError> {
        let weight = tensors.get(&format!("{name}.weight"), &[dims.1, dims.0])?;
        let bias = if bias { Some(tensors.get(&format!("{name}.bias"), &[dims.1])?) } else { None };
        Ok(Self { weight, bias })
    }

    fn forward(&self, x: &Tensor, forms: KernelForms) -> candle_core::Result<Tensor> {
        let x = forms.product(x, &self.weight)?;
        match &self.bias {
            None => Ok(x),
            Some(bias) => x.broadcast_add(bias),
        }
    }
}

struct Layer {
    attention_norm: Tensor,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    feed_norm: Tensor,
    gate: Linear,
    up: Linear,
    down: Linear,
}

impl Layer {
    fn new(tensors: &mut dyn Tensors, config: &DecoderConfig, number: usize) -> Result<Self, ModelError> {
        let (width, inner, head) = (config.hidden_size, config.intermediate_size, config.head_size());
        let (heads, kv_heads) = (config.num_attention_heads * head, config.kv_heads() * head);
        let bias = config.has_query_bias();
        let name = |part: &str| format!("model.layers.{number}.{part}");
        Ok(Self {
            attention_norm: tensors.get(&name("input_layernorm.weight"), &[width])?,
            query: Linear::new(tensors, &name("self_attn.q_proj"), (width, heads), bias)?,
            key: Linear::new(tensors, &name("self_attn.k_proj"), (width, kv_heads), bias)?,
            value: Linear::new(tensors, &name("self_attn.v_proj"), (width, kv_heads), bias)?,
            output: Linear::new(tensors, &name("self_attn.o_proj"), (heads, width), false)?,
            feed_norm: tensors.get(&name("post_attention_layernorm.weight"), &[width])?,
            gate: Linear::new(tensors, &name("mlp.gate_proj"), (width, inner), false)?,
            up: Linear::new(tensors, &name("mlp.up_proj"), (width, inner), false)?,
            down: Linear::new(tensors, &name("mlp.down_proj"), (inner, width), false)?,
        })
    }
}

impl Layer {
    fn tensors(&self) -> Vec<(String, Tensor)> {
        let mut tensors = vec![
            ("input_layernorm.weight".to_owned(), self.attention_norm.clone()),
            ("post_attention_layernorm.weight".to_owned(), self.feed_norm.clone()),
        ];
        let projections = [
            ("self_attn.q_proj", &self.query),
            ("self_attn.k_proj", &self.key),
            ("self_attn.v_proj", &self.value),
            ("self_attn.o_proj", &self.output),
            ("mlp.gate_proj", &self.gate),
            ("mlp.up_proj", &self.up),
            ("mlp.down_proj", &self.down),
        ];
        for (name, linear) in projections {
            tensors.push((format!("{name}.weight"), linear.weight.clone()));
            tensors.extend(linear.bias.iter().map(|bias| (format!("{name}.bias"), bias.clone())));
        }
        tensors
    }
}

/// Tokens of several sequences of the same length, with their position.
pub(crate) struct Batch<'a> {
    /// Tokens, sequence after sequence.
    pub(crate) tokens: &'a [u32],
    /// The number of sequences.
    pub(crate) sequences: usize,
    /// The position of the first token.
    pub(crate) start: usize,
}

/// A decoder with its weights.
pub(crate) struct DecoderNetwork {
    layers: Vec<Layer>,
    embeddings: Tensor,
    norm: Tensor,
    head: Tensor,
    cos: Tensor,
    sin: Tensor,
    heads: usize,
    kv_heads: usize,
    head_size: usize,
    eps: f32,
    forms: KernelForms,
}

impl DecoderNetwork {
    pub(crate) fn new(
        tensors: &mut dyn Tensors,
        config: &DecoderConfig,
        forms: KernelForms,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let dims = [config.vocab_size, config.hidden_size];
        let embeddings = tensors.get("model.embed_tokens.weight", &dims)?;
        let head =
            if config.tie_word_embeddings { embeddings.clone() } else { tensors.get("lm_head.weight", &dims)? };
        let layers = (0..config.num_hidden_layers).map(|number| Layer::new(tensors, config, number));
        let (cos, sin) = rotations(config, device)?;
        Ok(Self {
            layers: layers.collect::<Result<_, _>>()?,
            norm: tensors.get("model.norm.weight", &[config.hidden_size])?,
            embeddings,
            head,
            cos,
            sin,
            heads: config.num_attention_heads,
            kv_heads: config.kv_heads(),
            head_size: config.head_size(),
            eps: config.rms_norm_eps,
            forms,
        })
    }

    /// Returns true if one token is so little work that no matrix is divided among threads.
    pub(crate) fn is_light(&self) -> bool {
        let feeds = self.layers.iter().map(|layer| &layer.up.weight);
        feeds.chain([&self.head]).all(|weight| weight.elem_count() < single::MANY)
    }

    /// Returns all weights by name.
    pub(crate) fn tensors(&self) -> Vec<(String, Tensor)> {
        let mut tensors = vec![
            ("model.embed_tokens.weight".to_owned(), self.embeddings.clone()),
            ("model.norm.weight".to_owned(), self.norm.clone()),
        ];
        if self.head.id() != self.embeddings.id() {
            tensors.push(("lm_head.weight".to_owned(), self.head.clone()));
        }
        for (number, layer) in self.layers.iter().enumerate() {
            let parts = layer.tensors().into_iter();
            tensors.extend(parts.map(|(part, tensor)| (format!("model.layers.{number}.{part}"), tensor)));
        }
        tensors
    }

    /// Returns one cache of keys and values for each layer, with room for this many tokens.
    pub(crate) fn caches(&self, tokens: usize) -> Vec<KvCache> {
        self.layers.iter().map(|_| KvCache::new(2, tokens)).collect()
    }

    /// Returns the output of the last layer: a row of `width` for each token.
    ///
    /// `caches` hold the tokens before `start`, and take these tokens in. Without caches there are no earlier tokens.
    pub(crate) fn hidden(&self, batch: &Batch<'_>, caches: Option<&mut [KvCache]>) -> candle_core::Result<Tensor> {
        let device = self.embeddings.device();
        let length = batch.tokens.len() / batch.sequences;
        let mask = if length > 1 { Some(causal_mask(length, batch.start, device)?) } else { None };
        let mut x = self.embeddings.index_select(&Tensor::new(batch.tokens, device)?, 0)?;
        let mut caches = caches.into_iter().flatten();
        for layer in &self.layers {
            let attended =
                self.attend(layer, &self.norm(&x, &layer.attention_norm)?, batch, mask.as_ref(), caches.next())?;
            x = (x + attended)?;
            let normed = self.norm(&x, &layer.feed_norm)?;
            let gated = (layer.gate.forward(&normed, self.forms)?.silu()? * layer.up.forward(&normed, self.forms)?)?;
            x = (x + layer.down.forward(&gated, self.forms)?)?;
        }
        self.norm(&x, &self.norm)
    }

    /// Returns a row of logits for each row of [`Self::hidden`].
    pub(crate) fn logits(&self, hidden: &Tensor) -> candle_core::Result<Tensor> {
        self.forms.product(hidden, &self.head)
    }

    fn attend(
        &self,
        layer: &Layer,
        x: &Tensor,
        batch: &Batch<'_>,
        mask: Option<&Tensor>,
        cache: Option<&mut KvCache>,
    ) -> candle_core::Result<Tensor> {
        let (sequences, length) = (batch.sequences, batch.tokens.len() / batch.sequences);
        let split = |x: Tensor, heads| x.reshape((sequences, length, heads, self.head_size))?.transpose(1, 2);
        let q = self.rotate(&split(layer.query.forward(x, self.forms)?, self.heads)?, batch.start)?;
        let k = self.rotate(&split(layer.key.forward(x, self.forms)?, self.kv_heads)?, batch.start)?;
        let v = split(layer.value.forward(x, self.forms)?, self.kv_heads)?.contiguous()?;
        let (k, v) = match cache {
            None => (k, v),
            Some(cache) => cache.append(&k, &v)?,
        };
        // Heads that share keys and values stand one below the other, so that memory holds no copies.
        let shared = self.heads / self.kv_heads;
        let q = q.reshape((sequences, self.kv_heads, shared * length, self.head_size))?;
        if self.forms.single(x, sequences * length) {
            return layer.output.forward(&single::attend(&q, &k, &v)?, self.forms);
        }
        #[allow(clippy::cast_precision_loss, reason = "sizes of heads are small")]
        let scale = 1.0 / (self.head_size as f64).sqrt();
        let mut scores = (q.matmul(&k.transpose(2, 3)?)? * scale)?;
        let seen = scores.dim(D::Minus1)?;
        if let Some(mask) = mask {
            let by_head = scores.reshape((sequences, self.heads, length, seen))?.broadcast_add(mask)?;
            scores = by_head.reshape((sequences, self.kv_heads, shared * length, seen))?;
        }
        let weights = match self.forms {
            KernelForms::Quick => ops::softmax_last_dim(&scores)?,
            KernelForms::Differentiable => ops::softmax(&scores, D::Minus1)?,
        };
        let mixed = weights.matmul(&v)?.reshape((sequences, self.heads, length, self.head_size))?;
        let rows = mixed.transpose(1, 2)?.reshape((sequences * length, self.heads * self.head_size))?;
        layer.output.forward(&rows, self.forms)
    }

    fn norm(&self, x: &Tensor, weight: &Tensor) -> candle_core::Result<Tensor> {
        match self.forms {
            KernelForms::Quick => ops::rms_norm(x, weight, self.eps),
            KernelForms::Differentiable => ops::rms_norm_slow(x, weight, self.eps),
        }
    }

    fn rotate(&self, x: &Tensor, start: usize) -> candle_core::Result<Tensor> {
        let length = x.dim(2)?;
        let (cos, sin) = (self.cos.narrow(0, start, length)?, self.sin.narrow(0, start, length)?);
        match self.forms {
            KernelForms::Quick => rotary_emb::rope(&x.contiguous()?, &cos, &sin),
            KernelForms::Differentiable => rotary_emb::rope_slow(&x.contiguous()?, &cos, &sin),
        }
    }
}

/// Returns the cosine and the sine of each position and frequency.
#[allow(clippy::cast_precision_loss, reason = "contexts are small")]
#[allow(clippy::cast_possible_truncation, reason = "that is what f32 is")]
fn rotations(config: &DecoderConfig, device: &Device) -> candle_core::Result<(Tensor, Tensor)> {
    let frequencies = config.rope_frequencies();
    let table = |of: fn(f64) -> f64| {
        let angles = (0..config.context()).flat_map(|at| frequencies.iter().map(move |f| at as f64 * f));
        let values: Vec<f32> = angles.map(|angle| of(angle) as f32).collect();
        Tensor::from_vec(values, (config.context(), frequencies.len()), device)
    };
    Ok((table(libm::cos)?, table(libm::sin)?))
}

/// Returns a mask: zero where a token may attend, and minus infinity at later tokens.
fn causal_mask(length: usize, start: usize, device: &Device) -> candle_core::Result<Tensor> {
    let row = |i| (0..start + length).map(move |j| if j > start + i { f32::NEG_INFINITY } else { 0.0 });
    let values: Vec<f32> = (0..length).flat_map(row).collect();
    Tensor::from_vec(values, (length, start + length), device)?.to_dtype(DType::F32)
}
