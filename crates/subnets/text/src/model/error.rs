//! Errors of models.

use super::hash::ModelHash;
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_files::{FileError, FileFault};
use std::{io, path::PathBuf};

/// The reason for which a model could not be read or used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file that cannot be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A file with another content than its name promises.
    #[error("{}: {reason}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The fault of the content.
        reason: String,
    },
    /// A valid file with an unsupported feature.
    #[error("{}: {what} is not supported", .path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The unsupported feature.
        what: String,
    },
    /// A tensor that is missing, or has another form than the configuration gives it.
    #[error("the tensor `{name}` {reason}")]
    Tensor {
        /// The name of the tensor.
        name: String,
        /// The fault of the tensor.
        reason: String,
    },
    /// Another model than the requested one.
    #[error("the model's hash is {found}, and the subnet's is {wanted}")]
    Other {
        /// Its hash.
        found: ModelHash,
        /// The requested hash.
        wanted: ModelHash,
    },
    /// A prompt without tokens.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// A prompt and an answer that do not fit the context.
    #[error("{wanted} tokens have no room in a context of {context}")]
    TooLong {
        /// Tokens of the prompt and of the requested answer.
        wanted: usize,
        /// Tokens of the context.
        context: usize,
    },
    /// A token that the model does not have.
    #[error("there is no token {token} in a vocabulary of {vocabulary}")]
    UnknownToken {
        /// The token.
        token: u32,
        /// The number of tokens of the vocabulary.
        vocabulary: usize,
    },
    /// A computation without a finite result.
    #[error("the model computes numbers that are not finite")]
    NotFinite,
    /// An error of the tokenizer.
    #[error("the tokenizer: {0}")]
    Tokenizer(String),
    /// An error of the tensor library.
    #[error("the computation: {}", library_text(.0))]
    Compute(#[from] candle_core::Error),
    /// A failure to start threads.
    #[error("no threads to compute with: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl From<FileError> for ModelError {
    fn from(FileError { path, source, .. }: FileError) -> Self {
        let error = match source {
            FileFault::Io(error) => error,
            fault => io::Error::other(fault),
        };
        Self::File { path, error }
    }
}

impl Diagnostic for ModelError {
    fn code(&self) -> &'static str {
        "model"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::File { .. } => {
                out.push(
                    "choose a folder with config.json, tokenizer.json and safetensors files, or a .gguf file",
                );
            }
            Self::Malformed { .. } | Self::Tensor { .. } | Self::NotFinite => {
                out.push("compare the file with its origin: it may be damaged or half copied");
            }
            Self::Unsupported { .. } => out.push(
                "use a decoder of the families llama, mistral or qwen2, and put the model's tokenizer.json beside a GGUF \
                 file whose tokenizer is not byte-level BPE",
            ),
            Self::Other { .. } => out.push("get the model that the owner of the subnet has published"),
            Self::EmptyPrompt => out.push("write a prompt of at least one character"),
            Self::TooLong { .. } => out.push("shorten the prompt, or ask for fewer tokens"),
            Self::UnknownToken { .. } | Self::Tokenizer(_) | Self::Compute(_) | Self::Threads(_) => {}
        }
    }
}

impl ModelError {
    /// Returns the error of a file at which the tensor library failed.
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
/// With `RUST_BACKTRACE` set, the library writes a backtrace into its texts. Resolving one takes tens of megabytes, and
/// the content of a file decides on their number.
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
