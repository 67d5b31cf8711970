//! Text output: lines, fields and tables that fit the terminal.

use anstyle::{AnsiColor, Style};
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Gap between two columns.
const GAP: &str = "  ";

/// A value that renders as text; programs get the same value as JSON.
pub trait Render {
    /// Writes the value to a page.
    fn render(&self, page: &mut Page);
}

/// Meaning of a text, which decides its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Normal text.
    #[default]
    Plain,
    /// A heading or a label.
    Label,
    /// A good state.
    Good,
    /// A warning.
    Warning,
    /// An error.
    Bad,
    /// Text of less importance.
    Faint,
}

impl Tone {
    /// Returns the style, for outputs with colours.
    pub const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Label => Style::new().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }

    /// Returns the text with escapes for its colour.
    ///
    /// Outputs without colours remove the escapes.
    pub fn paint(self, text: &str) -> String {
        let style = self.style();
        if style.is_plain() { text.to_owned() } else { format!("{style}{text}{style:#}") }
    }
}

/// A cell of a table.
#[derive(Clone, Debug, Default)]
pub struct TableCell {
    text: String,
    tone: Tone,
}

impl TableCell {
    /// Makes a cell with a tone.
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }

    /// Makes a cell from a text, or with a dash for none.
    pub fn optional(text: Option<impl Into<String>>) -> Self {
        text.map_or_else(|| Self::new("-", Tone::Faint), |text| Self::new(text, Tone::Plain))
    }
}

impl<T: Into<String>> From<T> for TableCell {
    fn from(text: T) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// Returns a foreign text in one line, without control characters and invisible characters.
pub fn plain(text: &str) -> String {
    let seen = |character: &char| character.width().is_some_and(|width| width > 0);
    text.chars().filter(seen).collect::<String>().trim().to_owned()
}

/// Returns a foreign text in its lines, without control characters.
pub fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t')).collect()
}

/// Alignment of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Left, for text.
    Left,
    /// Right, for numbers.
    Right,
}

/// A table: rows under headings.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(&'static str, Side)>,
    rows: Vec<Vec<TableCell>>,
}

impl Table {
    /// Makes a table with these columns and no rows.
    pub fn new<const N: usize>(columns: [(&'static str, Side); N]) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row, with one cell for each column.
    pub fn row<const N: usize>(&mut self, cells: [TableCell; N]) {
        debug_assert_eq!(N, self.columns.len());
        self.rows.push(cells.into());
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<_> = self.columns.iter().map(|(heading, _)| heading.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        widths
    }
}

/// A page of text for a terminal of a certain width.
#[derive(Debug)]
pub struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// Makes an empty page; a width of `usize::MAX` is a file or a pipe.
    pub const fn new(width: usize) -> Self {
        Self { text: String::new(), width }
    }

    /// Adds a line.
    pub fn line(&mut self, text: impl AsRef<str>) {
        self.text.push_str(text.as_ref());
        self.text.push('\n');
    }

    /// Adds a line for each label, with aligned values.
    pub fn fields<const N: usize>(&mut self, fields: [(&str, TableCell); N]) {
        let label_width = fields.iter().map(|(label, _)| label.width()).max().unwrap_or(0);
        for (label, value) in fields {
            self.field(label, label_width, &value);
        }
    }

    fn field(&mut self, label: &str, label_width: usize, value: &TableCell) {
        let padding = " ".repeat(label_width.saturating_sub(label.width()));
        let label = Tone::Label.paint(label);
        self.line(format!("{label}{padding}{GAP}{}", value.tone.paint(&value.text)));
    }

    /// Adds a table, or one block of lines for each row if the terminal is too narrow.
    ///
    /// No cell is cut, so that addresses stay whole.
    pub fn table(&mut self, table: &Table) {
        let widths = table.widths();
        let whole = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
        if whole <= self.width { self.rows(table, &widths) } else { self.blocks(table) }
    }

    fn rows(&mut self, table: &Table, widths: &[usize]) {
        let headings: Vec<_> = table.columns.iter().map(|(heading, _)| TableCell::new(*heading, Tone::Label)).collect();
        for row in std::iter::once(&headings).chain(&table.rows) {
            let mut line = String::new();
            let columns = table.columns.iter().zip(widths);
            for (place, (cell, ((_, side), width))) in row.iter().zip(columns).enumerate() {
                let padding = " ".repeat(width.saturating_sub(cell.text.width()));
                let gap = if place == 0 { "" } else { GAP };
                let text = cell.tone.paint(&cell.text);
                // Writing to a text cannot fail.
                let _ = match side {
                    Side::Left if place + 1 == row.len() => write!(line, "{gap}{text}"),
                    Side::Left => write!(line, "{gap}{text}{padding}"),
                    Side::Right => write!(line, "{gap}{padding}{text}"),
                };
            }
            self.line(line);
        }
    }

    fn blocks(&mut self, table: &Table) {
        let label_width = table.columns.iter().map(|(heading, _)| heading.width()).max().unwrap_or(0);
        for (place, row) in table.rows.iter().enumerate() {
            if place > 0 {
                self.line("");
            }
            for ((heading, _), cell) in table.columns.iter().zip(row) {
                self.field(heading, label_width, cell);
            }
        }
    }

    /// Returns the text, with escapes for colours.
    pub fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: usize) -> String {
        let mut table = Table::new([("WALLET", Side::Left), ("TAO", Side::Right), ("ADDRESS", Side::Left)]);
        table.row(["default".into(), "1.5".into(), TableCell::new("5GrwvaEF", Tone::Good)]);
        table.row(["ключ".into(), "1000".into(), "5FHneW46".into()]);
        let mut page = Page::new(width);
        page.table(&table);
        anstream::adapter::strip_str(&page.into_text()).to_string()
    }

    #[test]
    fn a_terminal_is_shown_text_and_nothing_else() {
        assert_eq!(printable("a\n\tb\u{1b}[2J\u{7}\r\u{9b}c"), "a\n\tb[2Jc");
        assert_eq!(plain(" a\n\tb\u{1b}[2J\u{7}\r\u{9b}c "), "ab[2Jc");
    }

    #[test]
    fn columns_stand_below_each_other() {
        assert_eq!(
            shown(usize::MAX),
            "WALLET    TAO  ADDRESS\n\
             default   1.5  5GrwvaEF\n\
             ключ     1000  5FHneW46\n"
        );
        assert_eq!(shown(23), shown(usize::MAX));
    }

    #[test]
    fn a_table_that_does_not_fit_becomes_blocks_and_nothing_is_cut() {
        assert_eq!(
            shown(22),
            "WALLET   default\n\
             TAO      1.5\n\
             ADDRESS  5GrwvaEF\n\
             \n\
             WALLET   ключ\n\
             TAO      1000\n\
             ADDRESS  5FHneW46\n"
        );
    }

    #[test]
    fn labels_are_as_wide_as_the_widest() {
        let mut page = Page::new(10);
        page.fields([("a", "1".into()), ("long", "2".into())]);
        assert_eq!(anstream::adapter::strip_str(&page.into_text()).to_string(), "a     1\nlong  2\n");
    }
}
