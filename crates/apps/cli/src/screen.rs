//! A page that is redrawn in its place.

use crate::{
    output::{OutputError, write},
    page::{Page, Render},
};
use std::{
    fmt::Write,
    io::{self, IsTerminal},
};

/// The part of a terminal that a page takes up, below earlier output.
///
/// It stays when the program ends.
#[derive(Debug)]
pub struct Screen {
    /// Number of lines of the last page.
    drawn: usize,
}

impl Screen {
    /// Returns the screen of standard output, if it is a terminal.
    pub fn of_process() -> Option<Self> {
        io::stdout().is_terminal().then_some(Self { drawn: 0 })
    }

    /// Returns the number of rows of the terminal.
    pub fn rows(&self) -> usize {
        size().1
    }

    /// Draws a page over the last one, as far as it fits.
    ///
    /// # Errors
    /// As [`crate::output::Printer::show`].
    pub fn draw(&mut self, content: &impl Render) -> Result<(), OutputError> {
        let (width, rows) = size();
        let mut page = Page::new(width);
        content.render(&mut page);
        let (text, drawn) = over(self.drawn, &page.into_text(), rows);
        self.drawn = drawn;
        write(text.as_bytes())
    }
}

/// Returns the columns and rows of the terminal.
fn size() -> (usize, usize) {
    let size = terminal_size::terminal_size().map(|(width, height)| (width.0.into(), height.0.into()));
    size.unwrap_or((80, 24))
}

/// Returns the text that redraws `drawn` lines, and its number of lines.
///
/// Lines are cleared to their ends one by one, so that nothing flickers.
fn over(drawn: usize, text: &str, rows: usize) -> (String, usize) {
    let mut out = String::new();
    if drawn > 0 {
        // Writing to a text cannot fail.
        let _ = write!(out, "\x1b[{drawn}A");
    }
    let mut lines = 0;
    for line in text.lines().take(rows.saturating_sub(1)) {
        let _ = writeln!(out, "\r{line}\x1b[K");
        lines += 1;
    }
    out.push_str("\x1b[J");
    (out, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_covers_the_one_before_and_no_more_than_fits() {
        let (text, drawn) = over(0, "one\ntwo\n", 24);
        assert_eq!((text.as_str(), drawn), ("\rone\x1b[K\n\rtwo\x1b[K\n\x1b[J", 2));
        let (text, drawn) = over(drawn, "three\nfour\nfive\n", 3);
        assert_eq!((text.as_str(), drawn), ("\x1b[2A\rthree\x1b[K\n\rfour\x1b[K\n\x1b[J", 2));
    }
}
