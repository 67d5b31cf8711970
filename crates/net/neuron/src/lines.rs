//! Lines in a stream of bytes, independent of the pieces in which the bytes come.

/// The lines of a stream. None may be longer than a limit, so an endless line takes no memory.
///
/// ```
/// use myelin_neuron::{LineTooLong, Lines};
///
/// let mut lines = Lines::new(8);
/// lines.push(b"first\nsecond");
/// assert_eq!(lines.next_line(), Ok(Some(b"first\n".to_vec())));
/// assert_eq!(lines.next_line(), Ok(None));
/// lines.push(b" line");
/// assert_eq!(lines.next_line(), Err(LineTooLong { limit: 8 }));
/// ```
#[derive(Clone, Debug)]
pub struct Lines {
    bytes: Vec<u8>,
    /// The number of bytes in lines that were taken.
    taken: usize,
    /// The number of bytes that were searched for an end, so that none is searched twice.
    searched: usize,
    limit: usize,
}

/// A line that is longer than its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line has more than {limit} bytes")]
pub struct LineTooLong {
    /// The greatest number of bytes of a line before its end.
    pub limit: usize,
}

impl Lines {
    /// Returns an empty stream whose lines have at most `limit` bytes before their end.
    pub const fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), taken: 0, searched: 0, limit }
    }

    /// Adds the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.searched = self.searched.saturating_sub(self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the next line, with its end. Returns `None` until more bytes come.
    ///
    /// # Errors
    /// [`LineTooLong`], for this and each later call, because the beginning of the next line is unknown.
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>, LineTooLong> {
        let unsearched = self.bytes.get(self.searched..).unwrap_or_default();
        let end = unsearched.iter().position(|byte| *byte == b'\n').map(|place| self.searched.saturating_add(place));
        let until = end.unwrap_or(self.bytes.len());
        if until.saturating_sub(self.taken) > self.limit {
            return Err(LineTooLong { limit: self.limit });
        }
        let Some(end) = end else {
            self.searched = until;
            return Ok(None);
        };
        let next = end.saturating_add(1);
        let line = self.bytes.get(self.taken..next).map(<[u8]>::to_vec);
        (self.taken, self.searched) = (next, next);
        Ok(line)
    }

    /// Returns true if no line is incomplete.
    pub fn is_at_end_of_line(&self) -> bool {
        self.taken >= self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(lines: &mut Lines) -> Result<Vec<Vec<u8>>, LineTooLong> {
        std::iter::from_fn(|| lines.next_line().transpose()).collect()
    }

    #[test]
    fn a_line_may_come_in_pieces_and_a_piece_may_have_lines() {
        let mut lines = Lines::new(9);
        assert!(lines.is_at_end_of_line());
        lines.push(b"a\n\nbc");
        assert_eq!(all(&mut lines), Ok(vec![b"a\n".to_vec(), b"\n".to_vec()]));
        assert!(!lines.is_at_end_of_line());
        lines.push(b"d");
        assert_eq!(lines.next_line(), Ok(None));
        lines.push(b"\ne\n");
        assert_eq!(all(&mut lines), Ok(vec![b"bcd\n".to_vec(), b"e\n".to_vec()]));
        assert!(lines.is_at_end_of_line());
    }

    #[test]
    fn a_long_line_is_refused_with_and_without_its_end() {
        let refused = Err(LineTooLong { limit: 3 });
        for bytes in [b"a\nbcde".as_slice(), b"a\nbcde\n", b"a\nbcde\nf\n"] {
            let mut lines = Lines::new(3);
            lines.push(bytes);
            assert_eq!(lines.next_line(), Ok(Some(b"a\n".to_vec())));
            assert_eq!(lines.next_line(), refused);
            lines.push(b"\ng\n");
            assert_eq!(lines.next_line(), refused);
        }
        let mut lines = Lines::new(3);
        lines.push(b"abc");
        assert_eq!(lines.next_line(), Ok(None));
        lines.push(b"\n");
        assert_eq!(lines.next_line(), Ok(Some(b"abc\n".to_vec())));
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(pieces in proptest::collection::vec("[ab\n]{0,5}", 0..20)) {
            let mut lines = Lines::new(100);
            let mut found = Vec::new();
            for piece in &pieces {
                lines.push(piece.as_bytes());
                found.extend(all(&mut lines).unwrap());
            }
            let text = pieces.concat();
            let whole: Vec<_> = text.split_inclusive('\n').filter(|line| line.ends_with('\n')).collect();
            prop_assert_eq!(found, whole.iter().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>());
            prop_assert_eq!(lines.is_at_end_of_line(), text.is_empty() || text.ends_with('\n'));
        }
    }
}
