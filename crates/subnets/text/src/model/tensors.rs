//! Weights by name, from any source.

use super::{ModelError, files::ModelFile};
use candle_core::{DType, Device, Tensor, safetensors::Load};
use safetensors::SafeTensors;
use std::collections::BTreeMap;

/// The source of a network's weights: a tensor for each name, of the given form.
pub(crate) trait Tensors {
    /// Returns the tensor of this name.
    fn get(&mut self, name: &str, dims: &[usize]) -> Result<Tensor, ModelError>;
}

/// Tensors that were read, each of which is used once.
pub(crate) struct LoadedTensors(BTreeMap<String, Tensor>);

impl LoadedTensors {
    pub(crate) const fn new(tensors: BTreeMap<String, Tensor>) -> Self {
        Self(tensors)
    }

    /// Reads safetensors files one by one. Numbers of any width become `f32`.
    pub(crate) fn safetensors(sources: &mut [ModelFile], device: &Device) -> Result<Self, ModelError> {
        let mut tensors = BTreeMap::new();
        for source in sources {
            let content = source.read()?;
            let read = SafeTensors::deserialize(&content)
                .map_err(|error| ModelError::malformed(&source.path, error.to_string()))?;
            for (name, view) in read.iter() {
                let tensor = view.load(device)?.to_dtype(DType::F32)?;
                if tensors.insert(name.to_owned(), tensor).is_some() {
                    return Err(ModelError::tensor(name, "is there twice"));
                }
            }
        }
        Ok(Self(tensors))
    }
}

impl Tensors for LoadedTensors {
    fn get(&mut self, name: &str, dims: &[usize]) -> Result<Tensor, ModelError> {
        let tensor = self.0.remove(name).ok_or_else(|| ModelError::tensor(name, "is missing"))?;
        if tensor.dims() != dims {
            let reason = format!("has the form {:?}, and should have {dims:?}", tensor.dims());
            return Err(ModelError::tensor(name, reason));
        }
        Ok(tensor)
    }
}
