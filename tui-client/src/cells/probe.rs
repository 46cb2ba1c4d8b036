//! Probes of widths: clusters that terminals draw differently. Each stands for a class of clusters; the terminal is asked how far
//! one of them moves the cursor.

use ratatui::buffer::CellWidth as _;
use unicode_normalization::char::is_combining_mark;

use super::agreement::has_agreed_width;

const EMOJI_PRESENTATION: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';

/// The row in which probes are printed, from 1. In the first, the answer would be that of a key.
pub const PROBE_ROW: u16 = 2;

/// A class of clusters whose widths are asked for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// A letter of two bytes, narrow everywhere in UTF-8 (UAX #11): two cells without it.
    Letter,
    /// The signs and borders of this program, which are wide in some terminals of East Asia.
    Ambiguous,
    Combining,
    Emoji,
    /// Emoji of Unicode 13 and later.
    NewEmoji,
    EmojiPresentation,
    Keycap,
    Flag,
    Indic,
    Thai,
}

impl Probe {
    /// In the order in which they are printed.
    pub const ALL: [Self; 10] = [
        Self::Letter,
        Self::Ambiguous,
        Self::Combining,
        Self::Emoji,
        Self::NewEmoji,
        Self::EmojiPresentation,
        Self::Keycap,
        Self::Flag,
        Self::Indic,
        Self::Thai,
    ];

    /// The cluster that is printed, without an end of line.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Letter => "ñ",
            Self::Ambiguous => "●",
            Self::Combining => "e\u{301}",
            Self::Emoji => "🦀",
            Self::NewEmoji => "\u{1fae9}",
            Self::EmojiPresentation => "❤\u{fe0f}",
            Self::Keycap => "1\u{fe0f}\u{20e3}",
            Self::Flag => "🇯🇵",
            Self::Indic => "क्षि",
            Self::Thai => "ทำ",
        }
    }

    /// The class of what is drawn in a cell; `None` where terminals agree, or where none is asked for.
    pub fn of(symbol: &str) -> Option<Self> {
        let first = symbol
            .chars()
            .next()
            .filter(|_| !has_agreed_width(symbol))?;
        match first {
            _ if symbol.contains(KEYCAP) => Some(Self::Keycap),
            _ if symbol.contains(EMOJI_PRESENTATION) => Some(Self::EmojiPresentation),
            '\u{1f1e6}'..='\u{1f1ff}' => Some(Self::Flag),
            '\u{900}'..='\u{dff}' => Some(Self::Indic),
            '\u{e00}'..='\u{eff}' => Some(Self::Thai),
            '\u{1fa70}'..='\u{1faff}' | '\u{1f6d5}'..='\u{1f6df}' => Some(Self::NewEmoji),
            _ if symbol.chars().count() == 1 => (symbol.cell_width() == 2).then_some(Self::Emoji),
            _ if symbol.chars().skip(1).all(is_combining_mark) => Some(Self::Combining),
            _ => None,
        }
    }
}

/// How many cells the terminal takes for each probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasuredWidths([u16; Probe::ALL.len()]);

impl MeasuredWidths {
    /// The widths in the order of [`Probe::ALL`]; `None` if one is missing.
    pub fn new(widths: &[u16]) -> Option<Self> {
        widths.try_into().map(Self).ok()
    }

    /// Those of a terminal that shows each byte as a character. What it takes for other probes is not known.
    pub fn without_utf8() -> Self {
        Self(Probe::ALL.map(|probe| match probe {
            Probe::Letter => 2,
            other => other.text().cell_width(),
        }))
    }

    /// The widths in the order of [`Probe::ALL`].
    pub const fn as_slice(&self) -> &[u16] {
        &self.0
    }

    /// Whether the terminal takes more cells for a class than this program leaves. Fewer do no harm: blanks are written first.
    pub fn is_too_wide(&self, probe: Probe) -> bool {
        self.0[probe as usize] > probe.text().cell_width()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_probe_stands_for_its_class() {
        for (at, probe) in Probe::ALL.into_iter().enumerate() {
            assert_eq!(probe as usize, at);
            let expected = Some(probe);
            let is_agreed = matches!(probe, Probe::Letter | Probe::Ambiguous);
            assert_eq!(Probe::of(probe.text()), expected.filter(|_| !is_agreed));
        }
        for (symbol, class) in [
            ("a", None),
            ("日", None),
            ("🎉", Some(Probe::Emoji)),
            ("🫠", Some(Probe::NewEmoji)),
            ("ö\u{302}", Some(Probe::Combining)),
            ("☕", Some(Probe::Emoji)),
            ("ﾊ\u{ff9f}", None),
        ] {
            assert_eq!(Probe::of(symbol), class, "{symbol}");
        }
    }
}
