//! A check of the head of a GGUF file before the library reads it.
//!
//! The library divides by the alignment in the file, and panics if it is zero. This module therefore reads the keys
//! once, without storing them.

use std::io::{self, BufRead, Read, Seek};

/// The key of the alignment of tensors.
const ALIGNMENT: &[u8] = b"general.alignment";

/// Lists in lists that the library reads.
const MAX_DEPTH: usize = 64;

/// Types of values, as these files number them.
mod kind {
    /// Integers of up to 32 bits, which the library takes for an alignment, come first.
    pub(super) const LAST_SHORT_INTEGER: u32 = 5;
    pub(super) const STRING: u32 = 8;
    pub(super) const ARRAY: u32 = 9;
}

/// Returns true if a file gives zero as the alignment of its tensors.
///
/// Returns false for a file that is no GGUF file or is cut short, which the library reports.
pub(super) fn has_zero_alignment<R: BufRead + Seek>(file: &mut R) -> bool {
    HeadReader { file, has_short_lengths: false }.find_zero_alignment().unwrap_or(false)
}

struct HeadReader<'a, R> {
    file: &'a mut R,
    /// The first version writes lengths in four bytes.
    has_short_lengths: bool,
}

impl<R: BufRead + Seek> HeadReader<'_, R> {
    fn find_zero_alignment(&mut self) -> io::Result<bool> {
        let _magic = self.u32()?;
        self.has_short_lengths = self.u32()? == 1;
        let _tensors = self.length()?;
        for _ in 0..self.length()? {
            let length = self.length()?;
            let mut name = [0; ALIGNMENT.len()];
            let is_alignment = length == ALIGNMENT.len() as u64 && {
                self.file.read_exact(&mut name)?;
                name == *ALIGNMENT
            };
            if length != ALIGNMENT.len() as u64 {
                self.skip(length)?;
            }
            let kind = self.u32()?;
            match width(kind).filter(|_| is_alignment && kind <= kind::LAST_SHORT_INTEGER) {
                Some(width) => {
                    let mut bytes = Vec::new();
                    self.file.by_ref().take(width).read_to_end(&mut bytes)?;
                    if bytes.iter().all(|byte| *byte == 0) {
                        return Ok(true);
                    }
                }
                None => self.skip_value(kind, 0)?,
            }
        }
        Ok(false)
    }

    fn skip_value(&mut self, kind: u32, depth: usize) -> io::Result<()> {
        match (kind, width(kind)) {
            (_, Some(width)) => self.skip(width),
            (kind::STRING, None) => {
                let length = self.length()?;
                self.skip(length)
            }
            (kind::ARRAY, None) if depth < MAX_DEPTH => {
                let inner = self.u32()?;
                let count = self.length()?;
                if let Some(width) = width(inner) {
                    return self.skip(count.saturating_mul(width));
                }
                (0..count).try_for_each(|_| self.skip_value(inner, depth + 1))
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn u32(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.file.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn length(&mut self) -> io::Result<u64> {
        if self.has_short_lengths {
            return self.u32().map(u64::from);
        }
        let mut bytes = [0; 8];
        self.file.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let bytes = i64::try_from(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        // A position behind the end is noticed at the next read.
        self.file.seek_relative(bytes)
    }
}

/// Returns the number of bytes of a value whose type has a fixed width.
const fn width(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn string(text: &[u8]) -> Vec<u8> {
        [&(text.len() as u64).to_le_bytes(), text].concat()
    }

    fn key(name: &[u8], kind: u32, value: &[u8]) -> Vec<u8> {
        [string(name), kind.to_le_bytes().to_vec(), value.to_vec()].concat()
    }

    fn file(version: u32, keys: &[Vec<u8>]) -> Vec<u8> {
        let counts = [0, keys.len() as u64].map(u64::to_le_bytes).concat();
        [b"GGUF".to_vec(), version.to_le_bytes().to_vec(), counts, keys.concat()].concat()
    }

    fn is_zero(keys: &[Vec<u8>]) -> bool {
        has_zero_alignment(&mut Cursor::new(file(3, keys)))
    }

    #[test]
    fn an_alignment_of_zero_is_found_behind_other_keys() {
        let zero = || key(ALIGNMENT, 4, &[0; 4]);
        let words = [&8_u32.to_le_bytes()[..], &2_u64.to_le_bytes(), &string(b"a"), &string(b"")].concat();
        let nested = [&kind::ARRAY.to_le_bytes()[..], &1_u64.to_le_bytes(), &words].concat();
        let before = [
            key(b"general.architecture", kind::STRING, &string(b"llama")),
            key(b"general.alignmenu", 12, &[0; 8]),
            key(b"words", kind::ARRAY, &nested),
            key(b"numbers", kind::ARRAY, &[5_u32.to_le_bytes().as_slice(), &2_u64.to_le_bytes(), &[7; 8]].concat()),
        ];
        assert!(is_zero(&[zero()]));
        assert!(is_zero(&[before.to_vec(), vec![zero()]].concat()));
        assert!(is_zero(&[key(ALIGNMENT, 4, &[32, 0, 0, 0]), key(ALIGNMENT, 0, &[0])]));
        assert!(!is_zero(&before));
        assert!(!is_zero(&[key(ALIGNMENT, 4, &[32, 0, 0, 0])]));
        // Not a number of bytes, so the library takes its own.
        assert!(!is_zero(&[key(ALIGNMENT, 6, &[0; 4]), key(ALIGNMENT, kind::STRING, &string(b""))]));
    }

    #[test]
    fn the_first_version_has_short_lengths() {
        let keys = [&17_u32.to_le_bytes(), ALIGNMENT, &2_u32.to_le_bytes(), &[0; 2]].concat();
        let file = [b"GGUF".as_slice(), &1_u32.to_le_bytes(), &[0; 4], &1_u32.to_le_bytes(), &keys].concat();
        assert!(has_zero_alignment(&mut Cursor::new(file)));
    }

    #[test]
    fn what_is_no_head_is_left_to_the_library() {
        let whole = file(3, &[key(b"words", kind::ARRAY, &[8_u32.to_le_bytes().as_slice(), &[0xff; 8]].concat())]);
        for length in 0..=whole.len() {
            assert!(!has_zero_alignment(&mut Cursor::new(&whole[..length])), "{length} bytes");
        }
        let deep =
            kind::ARRAY.to_le_bytes().iter().chain(&1_u64.to_le_bytes()).copied().collect::<Vec<_>>().repeat(500);
        assert!(!has_zero_alignment(&mut Cursor::new(file(3, &[key(b"deep", kind::ARRAY, &deep)]))));
    }
}
