//! What can go wrong with a model.

use super::hash::ModelHash;
use std::{io, path::PathBuf};

/// Why a model could not be read or used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file cannot be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is not what its name says.
    #[error("{}: {reason}", .path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is right, and says something that is not supported here.
    #[error("{}: {what} is not supported", .path.display())]
    Unsupported {
        /// Which.
        path: PathBuf,
        /// What it says.
        what: String,
    },
    /// A tensor is missing, or not of the form that the configuration gives it.
    #[error("the tensor `{name}` {reason}")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The model is another than the one asked for.
    #[error("the model's hash is {found}, and the subnet's is {wanted}")]
    Other {
        /// Its hash.
        found: ModelHash,
        /// The hash asked for.
        wanted: ModelHash,
    },
    /// A prompt without tokens.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// Prompt and answer have no room in the context.
    #[error("{wanted} tokens have no room in a context of {context}")]
    TooLong {
        /// Tokens of the prompt, and those asked for.
        wanted: usize,
        /// What the model can look back on.
        context: usize,
    },
    /// A token that the model does not have.
    #[error("there is no token {token} in a vocabulary of {vocabulary}")]
    UnknownToken {
        /// The token.
        token: u32,
        /// How many there are.
        vocabulary: usize,
    },
    /// A computation gave no finite number.
    #[error("the model computes numbers that are not finite")]
    NotFinite,
    /// The tokenizer refuses.
    #[error("the tokenizer: {0}")]
    Tokenizer(String),
    /// The tensor library refuses.
    #[error("the computation: {}", library_text(.0))]
    Compute(#[from] candle_core::Error),
    /// No threads could be started.
    #[error("no threads to compute with: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl ModelError {
    /// What to do next, where there is something to do.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File { .. } => Some(
                "A model is a folder with config.json, tokenizer.json and safetensors files, or a .gguf file. \
                 `myelin text train` makes one.",
            ),
            Self::Malformed { .. } | Self::Tensor { .. } | Self::NotFinite => {
                Some("Compare the file with its origin, it may be damaged or half copied.")
            }
            Self::Unsupported { .. } => Some(
                "Supported are decoders of the families llama, mistral and qwen2. A GGUF file whose tokenizer is not \
                 byte-level BPE needs the model's tokenizer.json beside it.",
            ),
            Self::Other { .. } => Some("Get the model that the subnet's owner has published."),
            Self::EmptyPrompt => Some("Write a prompt of at least one character."),
            Self::TooLong { .. } => Some("Shorten the prompt or ask for fewer tokens."),
            Self::UnknownToken { .. } | Self::Tokenizer(_) | Self::Compute(_) | Self::Threads(_) => None,
        }
    }

    /// A file at which the tensor library failed.
    pub(super) fn unreadable(path: impl Into<PathBuf>, error: &candle_core::Error) -> Self {
        Self::malformed(path, library_text(error))
    }

    pub(super) fn malformed(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::Malformed { path: path.into(), reason: reason.into() }
    }

    pub(super) fn tensor(name: &str, reason: impl Into<String>) -> Self {
        Self::Tensor { name: name.into(), reason: reason.into() }
    }
}

/// Returns the text of an error of the tensor library in one line.
///
/// With `RUST_BACKTRACE` set, the library writes a backtrace into its texts. To resolve one takes tens of megabytes, and
/// a file decides how often.
pub(super) fn library_text(error: &candle_core::Error) -> String {
    use candle_core::Error::{Context, WithBacktrace, WithPath};
    match error {
        WithBacktrace { inner, .. } => library_text(inner),
        Context { inner, context } => format!("{context}: {}", library_text(inner)),
        WithPath { inner, path } => format!("{}: {}", path.display(), library_text(inner)),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::backtrace::Backtrace;

    #[test]
    fn errors_of_the_library_are_one_line() {
        let inner = Box::new(candle_core::Error::Msg("cut short".into()));
        let traced = candle_core::Error::WithBacktrace { inner, backtrace: Box::new(Backtrace::force_capture()) };
        let error = traced.context("reading").with_path("a.gguf");
        assert_eq!(ModelError::from(error).to_string(), "the computation: a.gguf: reading: cut short");
    }
}
