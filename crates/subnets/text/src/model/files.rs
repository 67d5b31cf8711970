//! The files of a model, opened once, so that the hashed bytes are the bytes that are read.

use super::{
    ModelError,
    hash::{ModelHash, ModelHasher},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{Read, Seek},
    path::{Path, PathBuf},
};

const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
const INDEX: &str = "model.safetensors.index.json";
/// The longest text file that is read, in bytes. The largest tokenizers have some tens of MiB.
const MAX_TEXT: u64 = 1 << 28;

/// One open file.
pub(crate) struct ModelFile {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
}

impl ModelFile {
    fn open(path: PathBuf) -> Result<Self, ModelError> {
        let opened = File::open(&path).and_then(|file| {
            if file.metadata()?.is_file() { Ok(file) } else { Err(std::io::Error::other("not a file")) }
        });
        match opened {
            Ok(file) => Ok(Self { path, file }),
            Err(error) => Err(ModelError::File { path, error }),
        }
    }

    fn open_if_there(path: PathBuf) -> Result<Option<Self>, ModelError> {
        if path.exists() { Self::open(path).map(Some) } else { Ok(None) }
    }

    fn error(&self, error: std::io::Error) -> ModelError {
        ModelError::File { path: self.path.clone(), error }
    }

    fn hash(&mut self, role: &str, hasher: &mut ModelHasher) -> Result<(), ModelError> {
        self.file.rewind().and_then(|()| hasher.file(role, &mut self.file)).map_err(|error| self.error(error))
    }

    /// Returns the whole content.
    pub(crate) fn read(&mut self) -> Result<Vec<u8>, ModelError> {
        let mut content = Vec::new();
        let read = self.file.rewind().and_then(|()| self.file.read_to_end(&mut content));
        read.map_err(|error| self.error(error))?;
        Ok(content)
    }

    /// Returns the whole content, if it is a text of sensible length.
    pub(crate) fn read_text(&mut self) -> Result<Vec<u8>, ModelError> {
        let size = self.file.metadata().map_err(|error| self.error(error))?.len();
        if size > MAX_TEXT {
            return Err(ModelError::malformed(&self.path, format!("{size} bytes are more than {MAX_TEXT}")));
        }
        self.read()
    }
}

/// The files of a model.
pub(crate) enum ModelFiles {
    /// The layout of Hugging Face.
    Folder { config: ModelFile, tokenizer: ModelFile, weights: Vec<ModelFile> },
    /// The layout of llama.cpp. A tokenizer beside the file is used if there is one.
    Gguf { file: ModelFile, tokenizer: Option<ModelFile> },
}

impl ModelFiles {
    pub(crate) fn open(path: &Path) -> Result<Self, ModelError> {
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf")) {
            let tokenizer = ModelFile::open_if_there(path.with_file_name(TOKENIZER))?;
            return Ok(Self::Gguf { file: ModelFile::open(path.into())?, tokenizer });
        }
        let weights = weights_in(path)?.into_iter().map(ModelFile::open).collect::<Result<_, _>>()?;
        Ok(Self::Folder {
            config: ModelFile::open(path.join(CONFIG))?,
            tokenizer: ModelFile::open(path.join(TOKENIZER))?,
            weights,
        })
    }

    pub(crate) fn hash(&mut self) -> Result<ModelHash, ModelError> {
        let mut hasher = ModelHasher::new();
        match self {
            Self::Folder { config, tokenizer, weights } => {
                config.hash("config", &mut hasher)?;
                tokenizer.hash("tokenizer", &mut hasher)?;
                weights.iter_mut().try_for_each(|source| source.hash("weights", &mut hasher))?;
            }
            Self::Gguf { file, tokenizer } => {
                file.hash("gguf", &mut hasher)?;
                tokenizer.iter_mut().try_for_each(|source| source.hash("tokenizer", &mut hasher))?;
            }
        }
        Ok(hasher.finish())
    }
}

/// The part of an index that lists the files.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Returns the safetensors files of a folder in the order of their names: those of the index, or all.
fn weights_in(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |error| ModelError::File { path, error }
    };
    let mut names = BTreeSet::new();
    if let Some(mut index) = ModelFile::open_if_there(folder.join(INDEX))? {
        let content = index.read_text()?;
        let read: Index =
            serde_json::from_slice(&content).map_err(|error| ModelError::malformed(&index.path, error.to_string()))?;
        for name in read.weight_map.into_values() {
            if Path::new(&name).file_name().is_none_or(|file| file != name.as_str()) {
                return Err(ModelError::malformed(&index.path, format!("`{name}` is no name of a file")));
            }
            names.insert(name);
        }
    } else {
        for entry in fs::read_dir(folder).map_err(at(folder))? {
            let name = entry.map_err(at(folder))?.file_name();
            names.extend(name.to_str().filter(|name| name.ends_with(".safetensors")).map(str::to_owned));
        }
    }
    if names.is_empty() {
        return Err(ModelError::File {
            path: folder.join("model.safetensors"),
            error: std::io::ErrorKind::NotFound.into(),
        });
    }
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// The files that are written for [`super::Model`]. The one file of weights has its usual name.
pub(crate) const WRITTEN: [&str; 3] = [CONFIG, TOKENIZER, "model.safetensors"];
