//! A tokenizer for a text, by byte pairs, so that every text has tokens.

use crate::model::ModelError;
use tokenizers::{
    AddedToken, Tokenizer,
    models::{
        TrainerWrapper,
        bpe::{BPE, BpeTrainer},
    },
    pre_tokenizers::byte_level::ByteLevel,
};

/// The token that ends every document, number 0.
const END: &str = "<|end|>";
pub(super) const END_TOKEN: u32 = 0;
/// The number of tokens for the end and all bytes.
pub(super) const MIN_TOKENS: usize = 257;

/// Returns a tokenizer with at most this many tokens. The same documents give the same tokenizer.
pub(super) fn tokenizer(documents: &[String], tokens: usize) -> Result<Tokenizer, ModelError> {
    let refused = |error: tokenizers::Error| ModelError::Tokenizer(error.to_string());
    let trainer = BpeTrainer::builder()
        .vocab_size(tokens)
        .min_frequency(2)
        .show_progress(false)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .special_tokens(vec![AddedToken::from(END, true)])
        .build();
    let mut tokenizer = Tokenizer::new(BPE::default());
    tokenizer.with_pre_tokenizer(Some(ByteLevel::default()));
    tokenizer.with_post_processor(Some(ByteLevel::default()));
    tokenizer.with_decoder(Some(ByteLevel::default()));
    tokenizer.train(&mut TrainerWrapper::from(trainer), documents.iter()).map_err(refused)?;
    Ok(tokenizer)
}
