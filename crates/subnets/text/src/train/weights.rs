//! Initial weights, before any training.

use crate::model::{ModelError, Tensors};
use candle_core::{DType, Device, Tensor, Var};
use myelin_sources::random::Random;
use std::collections::BTreeMap;

/// The size of initial weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InitialScale {
    /// Weights to learn from: all tokens are equally likely.
    Even,
    /// Weights to use as they are: logits differ as much as those of a trained model.
    Opinionated,
}

/// The source of initial weights, which keeps them by name.
pub(super) struct InitialWeights {
    random: Random,
    scale: InitialScale,
    layers: usize,
    vars: BTreeMap<String, Var>,
}

impl InitialWeights {
    pub(super) fn new(seed: u64, scale: InitialScale, layers: usize) -> Self {
        Self { random: Random::new("myelin-weights/1", &[seed]), scale, layers, vars: BTreeMap::new() }
    }

    pub(super) const fn vars(&self) -> &BTreeMap<String, Var> {
        &self.vars
    }

    #[allow(clippy::cast_precision_loss, reason = "sizes of models are small")]
    fn deviation(&self, name: &str, dims: &[usize]) -> f64 {
        let inputs = dims.last().copied().unwrap_or(1).max(1) as f64;
        match self.scale {
            // The addition of each layer to the stream shrinks with the number of layers, so that the sum does not
            // grow.
            InitialScale::Even if name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight") => {
                0.5 / (inputs * 2.0 * self.layers as f64).sqrt()
            }
            InitialScale::Even if name.ends_with("embed_tokens.weight") => 0.02,
            InitialScale::Even => 0.5 / inputs.sqrt(),
            InitialScale::Opinionated if name.ends_with("lm_head.weight") => 2.5 / inputs.sqrt(),
            InitialScale::Opinionated => 1.0 / inputs.sqrt(),
        }
    }
}

impl Tensors for InitialWeights {
    fn get(&mut self, name: &str, dims: &[usize]) -> Result<Tensor, ModelError> {
        let var = if dims.len() < 2 {
            Var::ones(dims, DType::F32, &Device::Cpu)?
        } else {
            let deviation = self.deviation(name, dims);
            #[allow(clippy::cast_possible_truncation, reason = "that is what f32 is")]
            let values: Vec<f32> =
                (0..dims.iter().product()).map(|_| (deviation * self.random.normal()) as f32).collect();
            Var::from_vec(values, dims, &Device::Cpu)?
        };
        let tensor = var.as_tensor().clone();
        self.vars.insert(name.to_owned(), var);
        Ok(tensor)
    }
}
