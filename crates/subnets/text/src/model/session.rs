//! A session: one text that is read and continued.

use super::{Batch, Model, ModelError};
use candle_core::Tensor;
use candle_nn::kv_cache::KvCache;

/// Tokens that are computed together. Memory for attention grows with this number, not with the square of the context.
const CHUNK: usize = 512;

/// The state of a model after the tokens that it was fed.
pub(crate) struct Session<'a> {
    model: &'a Model,
    caches: Vec<KvCache>,
    length: usize,
    room: usize,
}

impl<'a> Session<'a> {
    /// Returns a session with room for this many tokens.
    pub(crate) fn new(model: &'a Model, room: usize) -> Result<Self, ModelError> {
        let context = model.context_length();
        if room > context {
            return Err(ModelError::TooLong { wanted: room, context });
        }
        Ok(Self { model, caches: model.network().caches(room), length: 0, room })
    }

    /// Takes in more tokens, and returns a row for each, from which [`Self::logits`] computes the next token's logits.
    pub(crate) fn feed(&mut self, tokens: &[u32]) -> Result<Tensor, ModelError> {
        let vocabulary = self.model.vocabulary();
        if let Some(token) = tokens.iter().copied().find(|token| *token as usize >= vocabulary) {
            return Err(ModelError::UnknownToken { token, vocabulary });
        }
        if tokens.is_empty() {
            return Err(ModelError::EmptyPrompt);
        }
        let wanted = self.length + tokens.len();
        if wanted > self.room {
            return Err(ModelError::TooLong { wanted, context: self.room });
        }
        let mut rows = Vec::with_capacity(tokens.len().div_ceil(CHUNK));
        for chunk in tokens.chunks(CHUNK) {
            let (network, caches) = (self.model.network(), &mut self.caches);
            let sequences = self.model.sequences();
            let batch = Batch { tokens: &chunk.repeat(sequences), sequences, start: self.length };
            let hidden = self.model.compute(chunk.len(), || network.hidden(&batch, Some(caches)))?;
            rows.push(hidden.narrow(0, 0, chunk.len())?);
            self.length += chunk.len();
        }
        Ok(if rows.len() == 1 { rows.remove(0) } else { Tensor::cat(&rows, 0)? })
    }

    /// Returns the logits after some of the rows that [`Self::feed`] returned.
    pub(crate) fn logits(&self, hidden: &Tensor, rows: &[usize]) -> Result<Vec<Vec<f32>>, ModelError> {
        let too_long = |row: &usize| ModelError::TooLong { wanted: *row, context: self.room };
        let rows = rows.iter().map(|row| u32::try_from(*row).map_err(|_| too_long(row)));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let model = self.model;
        Ok(model.compute(rows.len(), || {
            let chosen = hidden.index_select(&Tensor::new(rows.as_slice(), hidden.device())?, 0)?;
            model.network().logits(&chosen)?.to_vec2()
        })?)
    }
}
