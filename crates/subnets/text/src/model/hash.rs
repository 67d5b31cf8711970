//! The content hash of a model.

use myelin_diagnostic::{Diagnostic, Hints};
use sha2::{Digest, Sha256};
use std::{
    fmt,
    io::{self, Read},
    str::FromStr,
};

/// Bytes hashed at a time.
const CHUNK: usize = 1 << 20;

/// A hash over all files that decide on the tokens of a model: configuration, tokenizer and weights.
///
/// It is SHA-256 of the text `myelin-model/1\n` and a line `ROLE SIZE SHA256\n` for each file, with lower-case hex. A
/// folder has the roles `config`, `tokenizer` and, in the order of their names, `weights` for each safetensors file. A
/// GGUF file has the role `gguf`. The role `tokenizer` follows if a tokenizer lies beside it and is used. Only the
/// bytes of files count, not their names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelHash([u8; 32]);

impl ModelHash {
    /// Returns a hash of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns its bytes.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for ModelHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ModelHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ModelHash({self})")
    }
}

impl FromStr for ModelHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).map_err(|_| HashError)?;
        Ok(Self(bytes))
    }
}

/// An error for a text that is no hash of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hash of a model has 64 hexadecimal digits")]
pub struct HashError;

impl Diagnostic for HashError {
    fn code(&self) -> &'static str {
        "usage"
    }

    fn hints(&self, _: &mut Hints) {}
}

/// A hasher of the files of a model.
pub(super) struct ModelHasher(Sha256);

impl ModelHasher {
    pub(super) fn new() -> Self {
        Self(Sha256::new_with_prefix("myelin-model/1\n"))
    }

    /// Adds one whole file, in chunks.
    pub(super) fn file(&mut self, role: &str, content: &mut dyn Read) -> io::Result<()> {
        let mut hash = Sha256::new();
        let mut chunk = vec![0; CHUNK];
        let mut size = 0_u64;
        loop {
            let read = match content.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hash.update(chunk.get(..read).unwrap_or_default());
            size += read as u64;
        }
        self.0.update(format!("{role} {size} {}\n", hex::encode(hash.finalize())));
        Ok(())
    }

    pub(super) fn finish(self) -> ModelHash {
        ModelHash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(files: &[(&str, &[u8])]) -> ModelHash {
        let mut hasher = ModelHasher::new();
        for (role, mut content) in files.iter().copied() {
            hasher.file(role, &mut content).unwrap();
        }
        hasher.finish()
    }

    #[test]
    fn is_what_the_documentation_says() {
        // printf 'myelin-model/1\ngguf 3 %s\n' "$(printf abc | sha256sum | cut -d' ' -f1)" | sha256sum
        assert_eq!(
            hash(&[("gguf", b"abc")]).to_string(),
            "8310df3cbeadfd00750a6185df1bf04bf55db2fe5304470689ae128650aebe25"
        );
    }

    #[test]
    fn every_byte_and_every_border_counts() {
        let whole = hash(&[("config", b"ab"), ("weights", b"cd")]);
        assert_ne!(whole, hash(&[("config", b"ab"), ("weights", b"ce")]));
        assert_ne!(whole, hash(&[("config", b"abc"), ("weights", b"d")]));
        assert_ne!(whole, hash(&[("weights", b"cd"), ("config", b"ab")]));
        assert_ne!(whole, hash(&[("config", b"ab"), ("weights", b"cd"), ("weights", b"")]));
    }

    #[test]
    fn reads_what_it_writes() {
        let hash = hash(&[("gguf", b"abc")]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(format!("0x{hash}").parse(), Ok(hash));
        for wrong in ["", "00", &"g".repeat(64), &"0".repeat(66)] {
            assert_eq!(wrong.parse::<ModelHash>(), Err(HashError), "{wrong}");
        }
    }
}
