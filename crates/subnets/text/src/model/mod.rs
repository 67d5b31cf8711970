//! A language model, read from files and identified by its hash.

mod config;
mod error;
mod files;
mod gguf;
mod hash;
mod network;
mod session;
mod single;
mod tensors;
mod text;

use candle_core::Device;
pub(crate) use config::DecoderConfig;
pub use config::Shape;
pub use error::ModelError;
pub(crate) use files::WRITTEN;
use files::{ModelFile, ModelFiles};
use gguf::Gguf;
pub(crate) use gguf::{LAYER_NAMES, NAMES, ROPE_FACTORS, RowOrder, turned};
pub use hash::{HashError, ModelHash};
pub(crate) use network::{Batch, DecoderNetwork, KernelForms};
use rayon::{ThreadPool, ThreadPoolBuilder};
pub(crate) use session::Session;
use std::{fmt, io::Write, num::NonZeroUsize, path::Path, sync::Arc};
use tensors::LoadedTensors;
pub(crate) use tensors::Tensors;
pub use text::Decoder;
use tokenizers::Tokenizer;

/// A decoder-only language model with its tokenizer. Clones share all data, and may be used at the same time.
#[derive(Clone)]
pub struct Model {
    parts: Arc<ModelParts>,
    threads: Option<Arc<ThreadPool>>,
    sequences: usize,
}

struct ModelParts {
    network: DecoderNetwork,
    config: DecoderConfig,
    tokenizer: Tokenizer,
    eos: Vec<u32>,
    hash: ModelHash,
}

impl fmt::Debug for Model {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Model").field("hash", &self.hash()).finish_non_exhaustive()
    }
}

impl ModelHash {
    /// Returns the hash of the model at a path, without loading it. It reads all files once, in pieces.
    ///
    /// # Errors
    /// The errors of [`Model::load`] for missing files.
    pub fn of(path: &Path) -> Result<Self, ModelError> {
        ModelFiles::open(path)?.hash()
    }
}

impl Model {
    /// Reads a folder with `config.json`, `tokenizer.json` and safetensors files, or a `.gguf` file.
    ///
    /// Weights become `f32`, so memory holds four bytes for each parameter. The largest file of weights comes on top
    /// while it is read.
    ///
    /// # Errors
    /// [`ModelError::File`] for a file that cannot be read, otherwise the variant of its fault. The error names the
    /// file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let mut files = ModelFiles::open(path)?;
        let hash = files.hash()?;
        let device = device()?;
        let (config, tokenizer, mut tensors) = match &mut files {
            ModelFiles::Folder { config, tokenizer, weights } => {
                let parsed = DecoderConfig::parse(&config.read_text()?, &config.path)?;
                (parsed, read_tokenizer(tokenizer)?, LoadedTensors::safetensors(weights, &device)?)
            }
            ModelFiles::Gguf { file, tokenizer } => {
                let mut gguf = Gguf::open(file)?;
                let config = gguf.config()?;
                let tokenizer = match tokenizer {
                    Some(beside) => read_tokenizer(beside)?,
                    None => gguf.tokenizer()?,
                };
                let tensors = gguf.tensors(&config, &device)?;
                (config, tokenizer, tensors)
            }
        };
        let network = DecoderNetwork::new(&mut tensors, &config, KernelForms::Quick, &device)?;
        let eos = config.eos();
        let words = tokenizer.get_vocab_size(true);
        if words > config.vocab_size {
            let reason = format!("the tokenizer has {words} tokens, and the model {}", config.vocab_size);
            return Err(ModelError::malformed(path, reason));
        }
        Ok(Self { parts: Arc::new(ModelParts { network, config, tokenizer, eos, hash }), threads: None, sequences: 1 })
    }

    /// Returns the same model, if it has this hash.
    ///
    /// # Errors
    /// [`ModelError::Other`] if it has another hash.
    pub fn expect(self, wanted: ModelHash) -> Result<Self, ModelError> {
        let found = self.hash();
        if found == wanted { Ok(self) } else { Err(ModelError::Other { found, wanted }) }
    }

    /// Returns the same model, computed by this many threads of its own.
    ///
    /// By default all models of a process share its threads, one for each core.
    ///
    /// # Errors
    /// [`ModelError::Threads`] if the threads cannot be started.
    pub fn with_threads(self, threads: NonZeroUsize) -> Result<Self, ModelError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .thread_name(|number| format!("model-{number}"))
            .build()?;
        Ok(Self { threads: Some(Arc::new(pool)), ..self })
    }

    /// Returns the same model, which computes each token as one of this many sequences, for measurements.
    ///
    /// A server computes so if it answers several queries together. It is slower for one answer, and sums in another
    /// order.
    #[must_use]
    pub fn with_sequences(self, sequences: NonZeroUsize) -> Self {
        Self { sequences: sequences.get(), ..self }
    }

    /// Returns the content hash of all files that decide on tokens.
    pub fn hash(&self) -> ModelHash {
        self.parts.hash
    }

    /// Returns the greatest number of tokens of a prompt and its answer together.
    pub fn context_length(&self) -> usize {
        self.parts.config.context()
    }

    /// Returns the number of tokens of the vocabulary.
    pub fn vocabulary(&self) -> usize {
        self.parts.config.vocab_size
    }

    /// Returns true if a token ends an answer.
    ///
    /// Such a token is the last of its answer, and decodes to no text.
    pub fn ends(&self, token: u32) -> bool {
        self.parts.eos.contains(&token)
    }

    /// Returns the tokens of a text, after those that the tokenizer puts before every text.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`] if the tokenizer fails.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        let encoded = self.parts.tokenizer.encode_fast(text, true);
        Ok(encoded.map_err(|error| ModelError::Tokenizer(error.to_string()))?.get_ids().to_vec())
    }

    /// Returns the text of tokens. Special tokens, such as an end, have no text.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`] if the tokenizer fails.
    pub fn decode(&self, tokens: &[u32]) -> Result<String, ModelError> {
        self.parts.tokenizer.decode(tokens, true).map_err(|error| ModelError::Tokenizer(error.to_string()))
    }

    /// Returns a decoder for an answer that is received token by token.
    pub fn decoder(&self) -> Decoder {
        Decoder::new(self.clone())
    }

    pub(crate) fn tokenizer(&self) -> &Tokenizer {
        &self.parts.tokenizer
    }

    pub(crate) fn config(&self) -> &DecoderConfig {
        &self.parts.config
    }

    pub(crate) fn network(&self) -> &DecoderNetwork {
        &self.parts.network
    }

    pub(crate) const fn sequences(&self) -> usize {
        self.sequences
    }

    /// Computes for this many tokens, on this model's threads.
    ///
    /// Work that takes less time than waking a thread is done on the caller's.
    pub(crate) fn compute<T: Send>(&self, tokens: usize, work: impl FnOnce() -> T + Send) -> T {
        match &self.threads {
            Some(pool) if tokens * self.sequences > 1 || !self.parts.network.is_light() => pool.install(work),
            _ => work(),
        }
    }
}

fn read_tokenizer(source: &mut files::ModelFile) -> Result<Tokenizer, ModelError> {
    let content = source.read_text()?;
    Tokenizer::from_bytes(content).map_err(|error| ModelError::malformed(&source.path, error.to_string()))
}

/// Reads a GGUF file like [`Model::load`], except for the network of its weights. For fuzz targets.
///
/// # Errors
/// [`ModelError`] for bytes that are no GGUF file of a model.
pub fn read_gguf(bytes: &[u8]) -> Result<(), ModelError> {
    let path = Path::new("model.gguf");
    let written = tempfile::tempfile().and_then(|mut file| file.write_all(bytes).map(|()| file));
    let file = written.map_err(|error| ModelError::File { path: path.into(), error })?;
    let mut source = ModelFile { path: path.into(), file };
    let mut gguf = Gguf::open(&mut source)?;
    let config = gguf.config()?;
    gguf.tokenizer()?;
    gguf.tensors(&config, &Device::Cpu)?;
    Ok(())
}

/// Reads the configuration of a model, and returns it as this version writes it. For fuzz targets.
///
/// # Errors
/// [`ModelError::Malformed`] and [`ModelError::Unsupported`] with the fault.
pub fn rewritten_config(json: &[u8]) -> Result<Vec<u8>, ModelError> {
    let path = Path::new("config.json");
    let config = DecoderConfig::parse(json, path)?;
    serde_json::to_vec(&config).map_err(|error| ModelError::malformed(path, error.to_string()))
}

/// Returns the device of models: the first graphics card if the program is built for one, otherwise the processor.
fn device() -> Result<Device, ModelError> {
    if cfg!(feature = "cuda") {
        Ok(Device::cuda_if_available(0)?)
    } else if cfg!(feature = "metal") {
        Ok(Device::new_metal(0)?)
    } else {
        Ok(Device::Cpu)
    }
}
