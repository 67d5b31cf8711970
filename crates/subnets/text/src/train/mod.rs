//! Training of a small model, so that a network can be tried on any machine.

mod vocabulary;
mod weights;

use crate::{
    corpus::{Corpus, CorpusError},
    model::{Batch, DecoderConfig, DecoderNetwork, KernelForms, ModelError, Shape, WRITTEN},
};
use candle_core::{Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, loss};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_sources::random::Random;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokenizers::Tokenizer;
use vocabulary::{END_TOKEN, MIN_TOKENS, tokenizer};
use weights::{InitialScale, InitialWeights};

/// The options of a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainOptions {
    /// The size of the model. Its vocabulary becomes smaller if the text has fewer words.
    pub shape: Shape,
    /// The text to learn from.
    pub corpus: Corpus,
    /// The seed of the initial weights and of the order of texts.
    pub seed: u64,
    /// Steps of the optimiser.
    pub steps: usize,
    /// Texts per step.
    pub batch: usize,
    /// Tokens of each text.
    pub window: usize,
    /// The highest learning rate, in millionths.
    pub rate_micro: u32,
}

impl TrainOptions {
    /// Returns the options of the model of a local network, which takes about two minutes on two cores.
    pub fn small(corpus: Corpus) -> Self {
        Self { shape: Shape::SMALL, corpus, seed: 1, steps: 300, batch: 16, window: 64, rate_micro: 3_000 }
    }

    /// Returns the options of a cheaper model with the same tokenizer.
    pub fn smaller(corpus: Corpus) -> Self {
        Self { shape: Shape::SMALLER, steps: 200, ..Self::small(corpus) }
    }

    /// Returns generated text, enough for [`Self::small`].
    pub const fn generated() -> Corpus {
        Corpus::Generated { seed: 1, size: 1_000_000 }
    }

    /// Returns a name for the result of these options and those documents.
    fn key(&self, documents: &[String]) -> String {
        let mut hash = Sha256::new_with_prefix("myelin-training/1\n");
        let Self { shape, corpus: _, seed, steps, batch, window, rate_micro } = self;
        hash.update(format!("{shape:?} {seed} {steps} {batch} {window} {rate_micro}\n"));
        for document in documents {
            hash.update((document.len() as u64).to_le_bytes());
            hash.update(document);
        }
        hex::encode(hash.finalize().get(..8).unwrap_or_default())
    }

    fn checked(&self) -> Result<(), TrainError> {
        let Shape { layers, width, heads, kv_heads, inner, context, vocabulary } = self.shape;
        if vocabulary < MIN_TOKENS {
            return Err(TrainError::Options("fewer tokens than there are bytes"));
        }
        if [layers, width, heads, kv_heads, inner, self.steps, self.batch].contains(&0) {
            return Err(TrainError::Options("a size of zero"));
        }
        if !(2..=context).contains(&self.window) {
            return Err(TrainError::Options("windows that are no part of the context"));
        }
        Ok(())
    }
}

/// The progress of a training.
#[derive(Clone, Copy, Debug)]
pub struct TrainProgress {
    /// Steps done.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// The loss of the last step, in nats per token.
    pub loss: f32,
    /// Time since the first step.
    pub elapsed: Duration,
    /// Time until the last step, at the present speed.
    pub remaining: Duration,
}

/// The reason for which no model was trained.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Options that contradict themselves.
    #[error("the options have {0}")]
    Options(&'static str),
    /// No text.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// A text shorter than one window.
    #[error("the text has {tokens} tokens, and one window {window}")]
    TooLittle {
        /// Tokens of the text.
        tokens: usize,
        /// Tokens of a window.
        window: usize,
    },
    /// A folder that exists already.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// A file that cannot be written.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// An interruption by the watcher of the progress.
    #[error("the training was interrupted, and nothing is left of it")]
    Interrupted,
    /// A loss that is no number any more.
    #[error("the training diverged at step {step}")]
    Diverged {
        /// The step at which it diverged.
        step: usize,
    },
    /// An error of the model.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl Diagnostic for TrainError {
    fn code(&self) -> &'static str {
        match self {
            Self::Model(error) => error.code(),
            Self::Interrupted => "interrupted",
            Self::Options(_)
            | Self::Corpus(_)
            | Self::TooLittle { .. }
            | Self::Exists(_)
            | Self::File { .. }
            | Self::Diverged { .. } => "training",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Corpus(error) => error.hints(out),
            Self::TooLittle { .. } => out.push("add text to the corpus"),
            Self::Exists(_) => out.push("remove the folder, or choose another one"),
            Self::Diverged { .. } => out.push("choose a lower learning rate"),
            Self::Model(error) => error.hints(out),
            Self::Options(_) | Self::File { .. } | Self::Interrupted => {}
        }
    }
}

impl From<candle_core::Error> for TrainError {
    fn from(error: candle_core::Error) -> Self {
        Self::Model(error.into())
    }
}

type Watch<'a> = &'a mut dyn FnMut(TrainProgress) -> ControlFlow<()>;

/// Trains a model and writes it to a folder that does not exist yet.
///
/// The folder appears whole or not at all. [`ControlFlow::Break`] of `watch` ends the training, and leaves no files.
///
/// # Errors
/// [`TrainError::Options`] for invalid options, [`TrainError::Corpus`] or [`TrainError::TooLittle`] for too little
/// text, [`TrainError::Exists`] or [`TrainError::File`] for a folder that cannot be written. Otherwise the variant of
/// the failure.
pub fn train(options: &TrainOptions, folder: &Path, watch: Watch<'_>) -> Result<(), TrainError> {
    options.checked()?;
    train_on(options, &options.corpus.documents()?, folder, watch)
}

/// Returns the folder of a trained model below `cache`, and trains the model first if it does not exist.
///
/// Other options and other texts have other folders, so a folder that exists is the result of these options.
///
/// # Errors
/// The errors of [`train`].
pub fn cached(options: &TrainOptions, cache: &Path, watch: Watch<'_>) -> Result<PathBuf, TrainError> {
    options.checked()?;
    let documents = options.corpus.documents()?;
    let folder = cache.join(options.key(&documents));
    if folder.exists() {
        return Ok(folder);
    }
    match train_on(options, &documents, &folder, watch) {
        // Another process trained the same model at the same time.
        Ok(()) | Err(TrainError::Exists(_)) => Ok(folder),
        Err(error) => Err(error),
    }
}

/// Writes a model with initial weights, for tests.
///
/// Its answers are noise, and follow from model and seed as those of any other model.
///
/// # Errors
/// [`TrainError::File`] if the folder cannot be written, [`TrainError::Model`] if the shape is invalid.
pub fn initialise(folder: &Path, shape: &Shape, seed: u64) -> Result<(), TrainError> {
    let documents = Corpus::Generated { seed: 1, size: 20_000 }.documents()?;
    let tokenizer = tokenizer(&documents, shape.vocabulary)?;
    let config = DecoderConfig::new(shape, END_TOKEN).untied().checked(folder)?;
    let mut fresh = InitialWeights::new(seed, InitialScale::Opinionated, shape.layers);
    DecoderNetwork::new(&mut fresh, &config, KernelForms::Quick, &Device::Cpu)?;
    write_into(folder, &config, &tokenizer, fresh.vars())
}

fn train_on(options: &TrainOptions, documents: &[String], folder: &Path, watch: Watch<'_>) -> Result<(), TrainError> {
    if folder.exists() {
        return Err(TrainError::Exists(folder.into()));
    }
    let tokenizer = tokenizer(documents, options.shape.vocabulary)?;
    let shape = Shape { vocabulary: tokenizer.get_vocab_size(true), ..options.shape };
    let config = DecoderConfig::new(&shape, END_TOKEN).checked(folder)?;
    let text = TrainingTokens::new(&tokenizer, documents, options.window)?;
    let mut fresh = InitialWeights::new(options.seed, InitialScale::Even, shape.layers);
    let network = DecoderNetwork::new(&mut fresh, &config, KernelForms::Differentiable, &Device::Cpu)?;
    optimise(options, &text, &network, fresh.vars(), watch)?;
    write(folder, &config, &tokenizer, fresh.vars())
}

/// Documents one after the other, with an end after each.
struct TrainingTokens {
    tokens: Vec<u32>,
    /// The beginnings of windows that are whole.
    starts: Vec<usize>,
}

impl TrainingTokens {
    fn new(tokenizer: &Tokenizer, documents: &[String], window: usize) -> Result<Self, TrainError> {
        let (mut tokens, mut starts) = (Vec::new(), Vec::new());
        let inputs: Vec<&str> = documents.iter().map(String::as_str).collect();
        let encoded = tokenizer.encode_batch_fast(inputs, true);
        for document in encoded.map_err(|error| ModelError::Tokenizer(error.to_string()))? {
            starts.push(tokens.len());
            tokens.extend_from_slice(document.get_ids());
            tokens.push(END_TOKEN);
        }
        // Windows begin inside of long documents too, so that their ends are learned.
        let begins: Vec<usize> = starts.clone();
        for (begin, end) in begins.iter().zip(begins.iter().skip(1).chain([&tokens.len()])) {
            starts.extend((*begin..*end).step_by(window).skip(1));
        }
        starts.retain(|start| start + window < tokens.len());
        if starts.is_empty() {
            return Err(TrainError::TooLittle { tokens: tokens.len(), window });
        }
        Ok(Self { tokens, starts })
    }

    /// Returns some windows: tokens, and for each the one after it.
    fn batch(&self, options: &TrainOptions, random: &mut Random) -> (Vec<u32>, Vec<u32>) {
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for _ in 0..options.batch {
            let start = self.starts.get(random.below(self.starts.len())).copied().unwrap_or_default();
            let window = self.tokens.get(start..=start + options.window).unwrap_or_default();
            inputs.extend(window.iter().take(options.window));
            targets.extend(window.iter().skip(1));
        }
        (inputs, targets)
    }
}

fn optimise(
    options: &TrainOptions,
    text: &TrainingTokens,
    network: &DecoderNetwork,
    vars: &BTreeMap<String, Var>,
    watch: Watch<'_>,
) -> Result<(), TrainError> {
    let settings = ParamsAdamW { lr: 0.0, beta2: 0.98, weight_decay: 0.01, ..ParamsAdamW::default() };
    let mut optimiser = AdamW::new(vars.values().cloned().collect(), settings)?;
    let mut random = Random::new("myelin-batches/1", &[options.seed]);
    let begin = Instant::now();
    for step in 0..options.steps {
        optimiser.set_learning_rate(rate(options, step));
        let (inputs, targets) = text.batch(options, &mut random);
        let batch = Batch { tokens: &inputs, sequences: options.batch, start: 0 };
        let logits = network.logits(&network.hidden(&batch, None)?)?;
        let loss = loss::cross_entropy(&logits, &Tensor::new(targets, &Device::Cpu)?)?;
        optimiser.backward_step(&loss)?;
        let loss: f32 = loss.to_scalar()?;
        if !loss.is_finite() {
            return Err(TrainError::Diverged { step });
        }
        let done = u32::try_from(step + 1).unwrap_or(u32::MAX);
        let left = u32::try_from(options.steps - step - 1).unwrap_or(u32::MAX);
        let elapsed = begin.elapsed();
        let remaining = (elapsed / done).saturating_mul(left);
        if watch(TrainProgress { step: step + 1, steps: options.steps, loss, elapsed, remaining }).is_break() {
            return Err(TrainError::Interrupted);
        }
    }
    Ok(())
}

/// Returns the learning rate, which rises for a twentieth of the steps, then falls along half a cosine to a tenth.
#[allow(clippy::cast_precision_loss, reason = "numbers of steps are small")]
fn rate(options: &TrainOptions, step: usize) -> f64 {
    let highest = f64::from(options.rate_micro) / 1e6;
    let rising = (options.steps / 20).max(1);
    if step < rising {
        return highest * (step + 1) as f64 / rising as f64;
    }
    let way = (step - rising) as f64 / (options.steps - rising).max(1) as f64;
    highest * (0.55 + 0.45 * libm::cos(std::f64::consts::PI * way))
}

/// Writes a folder beside its target, and moves it there when it is complete.
fn write(
    folder: &Path,
    config: &DecoderConfig,
    tokenizer: &Tokenizer,
    vars: &BTreeMap<String, Var>,
) -> Result<(), TrainError> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |error| TrainError::File { path, error }
    };
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(at(parent))?;
    let unfinished = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(parent).map_err(at(parent))?;
    write_into(unfinished.path(), config, tokenizer, vars)?;
    #[expect(clippy::disallowed_methods, reason = "a folder is moved, which can be trained again after a power cut")]
    let moved = fs::rename(unfinished.path(), folder);
    match moved {
        Ok(()) => {
            let _moved = unfinished.keep();
            Ok(())
        }
        Err(_) if folder.exists() => Err(TrainError::Exists(folder.into())),
        Err(error) => Err(at(folder)(error)),
    }
}

fn write_into(
    folder: &Path,
    config: &DecoderConfig,
    tokenizer: &Tokenizer,
    vars: &BTreeMap<String, Var>,
) -> Result<(), TrainError> {
    let [config_file, tokenizer_file, weights_file] = WRITTEN.map(|name| folder.join(name));
    let config = serde_json::to_vec_pretty(config).map_err(|error| ModelError::Tokenizer(error.to_string()))?;
    let tokenizer = tokenizer.to_string(true).map_err(|error| ModelError::Tokenizer(error.to_string()))?;
    let tensors = vars.iter().map(|(name, var)| (name.as_str(), var.as_tensor()));
    let weights = safetensors::serialize(tensors, None).map_err(|error| ModelError::Compute(error.into()))?;
    fs::create_dir_all(folder).map_err(|error| TrainError::File { path: folder.into(), error })?;
    for (path, content) in [(config_file, config), (tokenizer_file, tokenizer.into_bytes()), (weights_file, weights)] {
        let written = File::create(&path).and_then(|mut file| {
            io::Write::write_all(&mut file, &content)?;
            file.sync_all()
        });
        written.map_err(|error| TrainError::File { path, error })?;
    }
    Ok(())
}
