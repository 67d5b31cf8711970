//! Texts of peers, made safe to show and to keep.

use core::{fmt, ops::Deref};
use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// A text of a peer: short, and without characters that command a terminal or change the direction of a line.
///
/// A peer chooses the length and the characters of its texts. Errors, events, logs and outputs keep this type only.
///
/// ```
/// use myelin_wire::PeerText;
///
/// assert_eq!(PeerText::new("no model\n\u{1b}[2J").as_str(), "no model  [2J");
/// assert_eq!(PeerText::new(&"a".repeat(8 << 20)).as_str().chars().count(), PeerText::MAX_CHARS);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerText(String);

impl PeerText {
    /// The greatest number of characters.
    pub const MAX_CHARS: usize = 256;

    /// The last character of a text that was cut.
    const CUT: char = '…';

    /// Returns the text, at most [`Self::MAX_CHARS`] characters of it, with a space for each character that is no sign
    /// of a line.
    ///
    /// The work depends on the limit and not on the length of the text.
    pub fn new(text: &str) -> Self {
        let Some((end, _)) = text.char_indices().nth(Self::MAX_CHARS) else { return Self::shown(text) };
        let kept = text.get(..end).unwrap_or_default();
        let last = kept.char_indices().next_back().map_or(0, |(last, _)| last);
        let mut cut = Self::shown(kept.get(..last).unwrap_or_default());
        cut.0.push(Self::CUT);
        cut
    }

    fn shown(text: &str) -> Self {
        Self(text.chars().map(|c| if is_shown(c) { c } else { ' ' }).collect())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for PeerText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Returns true if a character stands for itself in a line.
///
/// Among the characters of the category `Format` are all that change the direction, and invisible ones.
fn is_shown(c: char) -> bool {
    use Category::{Control, Format, LineSeparator, ParagraphSeparator};
    !matches!(get_general_category(c), Control | Format | LineSeparator | ParagraphSeparator)
}

impl From<&str> for PeerText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for PeerText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl fmt::Display for PeerText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nh_20_a_text_has_at_most_256_characters() {
        let text = "é".repeat(256);
        assert_eq!(PeerText::new(&text).as_str(), text);
        let cut = PeerText::new(&"é".repeat(257));
        assert_eq!(cut.to_string(), format!("{}…", "é".repeat(255)));
    }

    #[test]
    fn nh_20_no_character_commands_a_terminal_or_turns_a_line() {
        let commands = ['\0', '\u{7}', '\u{8}', '\t', '\r', '\n', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}'];
        let directions = ['\u{61c}', '\u{200e}', '\u{200f}'].into_iter();
        let directions = directions.chain('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        for c in commands.into_iter().chain(directions).chain(['\u{2028}', '\u{2029}', '\u{feff}', '\u{e0041}']) {
            assert_eq!(PeerText::from(format!("a{c}b")).as_str(), "a b", "{c:?}");
        }
        assert_eq!(PeerText::new("naïve 模型 مرحبا 🧠 \"'\\").as_str(), "naïve 模型 مرحبا 🧠 \"'\\");
    }

    proptest! {
        #[test]
        fn nh_20_a_text_is_short_and_stays_as_it_is_made(text: String, times in 1..400_usize) {
            let shown = PeerText::new(&text.repeat(times));
            prop_assert!(shown.as_str().chars().count() <= PeerText::MAX_CHARS);
            prop_assert!(!shown.as_str().chars().any(char::is_control));
            prop_assert_eq!(PeerText::new(shown.as_str()), shown);
        }
    }
}
