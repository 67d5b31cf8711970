//! Seeded mutations: an input follows from the corpus and a number alone, so a failure is found again by its number.

/// A generator of numbers, `SplitMix64` by Steele, Lea and Flood.
#[derive(Clone, Debug)]
struct SeededNumbers(u64);

impl SeededNumbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below this one, or 0 if there is none.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn one_of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> Option<&'a T> {
        choices.get(self.below(choices.len())).copied()
    }

    /// Returns a range in this many bytes, mostly a short one.
    fn range(&mut self, len: usize) -> core::ops::Range<usize> {
        let start = self.below(len);
        let most = if self.below(4) == 0 { len } else { 16 };
        let size = self.below(most.min(len - start)).saturating_add(1);
        start..start.saturating_add(size).min(len)
    }
}

/// Texts that have a meaning in one of the formats.
const TOKENS: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\n",
    b"\r\n",
    b" ",
    b"/",
    b"//",
    b"///",
    b"0x",
    b"null",
    b"true",
    b"NaN",
    b"-Infinity",
    b"\\u0000",
    b"\\ud800",
    b"1e999",
    b"-0.0",
    b"\xff",
    b"\xc3\xa9",
    b"\xf0\x9f\xa7\xa0",
];

/// Numbers at the limits of formats, as texts.
const NUMBERS: &[&[u8]] = &[
    b"0",
    b"-1",
    b"1",
    b"1.5",
    b"63",
    b"64",
    b"65535",
    b"65536",
    b"1048576",
    b"4294967295",
    b"4294967296",
    b"9223372036854775807",
    b"18446744073709551615",
    b"18446744073709551616",
    b"340282366920938463463374607431768211456",
    b"1e308",
    b"00",
];

/// Numbers at the limits of formats, to be written as bytes.
const INTEGERS: &[u64] =
    &[0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 40, 1 << 62, u64::MAX];

/// Returns mutation `number` of a corpus, of at most `max_len` bytes. Most of them change one to four places.
pub fn mutated(corpus: &[Vec<u8>], max_len: usize, number: u64) -> Vec<u8> {
    let mut random = SeededNumbers(number);
    let mut bytes = corpus.get(random.below(corpus.len())).cloned().unwrap_or_default();
    let changes = 1 + random.below(4) + if random.below(8) == 0 { random.below(16) } else { 0 };
    for _ in 0..changes {
        change(&mut bytes, corpus, &mut random);
        bytes.truncate(max_len);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut SeededNumbers) {
    let len = bytes.len();
    match random.below(if len == 0 { 3 } else { 14 }) {
        0 => insert(bytes, random.below(len + 1), random.one_of(TOKENS).unwrap_or_default()),
        1 => {
            let count = 1 + random.below(8);
            let new: Vec<u8> = (0..count).map(|_| random.byte()).collect();
            insert(bytes, random.below(len + 1), &new);
        }
        2 => {
            // This copies a part of another input.
            let other = corpus.get(random.below(corpus.len())).map(Vec::as_slice).unwrap_or_default();
            let part = if other.is_empty() { 0..0 } else { random.range(other.len()) };
            insert(bytes, random.below(len + 1), &other[part]);
        }
        3 | 4 => bytes[random.below(len)] ^= 1 << random.below(8),
        5 => {
            let at = random.below(len);
            bytes[at] = random.byte();
        }
        6 => {
            let at = random.below(len);
            bytes[at] = random.one_of(TOKENS).and_then(|token| token.first()).copied().unwrap_or_default();
        }
        7 | 8 => drop(bytes.drain(random.range(len))),
        9 => {
            let part = bytes[random.range(len)].to_vec();
            insert(bytes, random.below(len + 1), &part);
        }
        10 => bytes.truncate(random.below(len)),
        11 => number(bytes, random),
        12 => integer(bytes, random),
        _ => {
            let other = corpus.get(random.below(corpus.len())).map(Vec::as_slice).unwrap_or_default();
            let part = if other.is_empty() { 0..0 } else { random.range(other.len()) };
            let at = random.range(len);
            bytes.splice(at, other[part].iter().copied());
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    bytes.splice(at..at, new.iter().copied());
}

/// Writes another number in the place of one that is written in digits.
fn number(bytes: &mut Vec<u8>, random: &mut SeededNumbers) {
    let from = random.below(bytes.len());
    let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit).map(|after| from + after) else { return };
    let end = bytes[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |after| start + after);
    bytes.splice(start..end, random.one_of(NUMBERS).unwrap_or_default().iter().copied());
}

/// Writes a number over bytes, of any width and order.
fn integer(bytes: &mut [u8], random: &mut SeededNumbers) {
    let value = INTEGERS.get(random.below(INTEGERS.len())).copied().unwrap_or_default();
    let width = 1 << random.below(4);
    let mut written = value.to_le_bytes()[..width].to_vec();
    if random.below(2) == 0 {
        written.reverse();
    }
    let at = random.below(bytes.len());
    bytes[at..].iter_mut().zip(written).for_each(|(to, from)| *to = from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutation_follows_from_its_number() {
        let corpus = [b"{\"a\": 12}".to_vec(), b"other".to_vec()];
        let all: Vec<_> = (0..2_000).map(|number| mutated(&corpus, 64, number)).collect();
        assert_eq!(all, (0..2_000).map(|number| mutated(&corpus, 64, number)).collect::<Vec<_>>());
        assert!(all.iter().all(|input| input.len() <= 64));
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert!(distinct.len() > 1_500, "{}", distinct.len());
        assert!(all.iter().any(|input| input.windows(5).any(|part| part == b"65535")));
    }

    #[test]
    fn an_empty_corpus_has_mutations() {
        assert!((0..100).any(|number| !mutated(&[], 64, number).is_empty()));
        assert!((0..100).any(|number| !mutated(&[Vec::new()], 64, number).is_empty()));
    }
}
