//! The vi keys of the input box: normal, insert and visual mode with the common motions and operators.
//!
//! It edits a composer; which keys reach it, and what Esc and Enter do beside it, is up to the app.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use super::Composer;
use super::edit::Edit;
use super::history::Step;
use super::kills::KillRing;

/// Greatest count before a command.
const MAX_COUNT: usize = 999;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ViMode {
    /// Letters are inserted as text.
    #[default]
    Insert,
    /// Letters are motions and commands.
    Normal,
    /// Motions select text, from an anchor to the cursor.
    Visual,
}

/// The mode, and the part of a command that was typed so far.
#[derive(Debug, Default)]
pub(crate) struct Vi {
    pub(crate) mode: ViMode,
    /// 0 without a count.
    count: usize,
    operator: Option<char>,
    /// A key that takes a character, and waits for it.
    waiting: Option<char>,
}

/// Where a motion leads, and what an operator takes on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Target {
    at: usize,
    kind: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Span {
    /// Up to the target.
    Exclusive,
    /// With the character at the later end.
    Inclusive,
    Lines,
}

impl Vi {
    /// Esc. Returns whether it meant something here.
    pub(crate) fn escape(&mut self, composer: &mut Composer) -> bool {
        let had_part = self.operator.is_some() || self.waiting.is_some() || self.count > 0;
        let was = std::mem::take(&mut self.mode);
        *self = Self {
            mode: ViMode::Normal,
            ..Self::default()
        };
        composer.anchor = None;
        if was == ViMode::Insert && composer.cursor > composer.line_start() {
            composer.move_to(composer.previous(composer.cursor));
        }
        had_part || was != ViMode::Normal
    }

    /// A character in normal or visual mode. Returns an edit that the app has to carry out, because
    /// it may lead out of the text.
    pub(crate) fn command(
        &mut self,
        c: char,
        composer: &mut Composer,
        kills: &mut KillRing,
    ) -> Option<Edit> {
        if let Some(key) = self.waiting.take() {
            self.with_argument(key, c, composer, kills);
            return None;
        }
        match c {
            '1'..='9' => {
                self.add_digit(c);
                None
            }
            '0' if self.count > 0 => {
                self.add_digit(c);
                None
            }
            'f' | 'F' | 't' | 'T' | 'g' => {
                self.waiting = Some(c);
                None
            }
            'r' if self.mode == ViMode::Normal => {
                self.waiting = Some(c);
                None
            }
            'd' | 'c' | 'y' => {
                self.operate(c, composer, kills);
                None
            }
            'j' | 'k' if self.operator.is_none() && self.mode == ViMode::Normal => {
                self.count = 0;
                Some(if c == 'j' { Edit::Down } else { Edit::Up })
            }
            'u' => Some(Edit::Undo),
            _ => {
                if !self.go(c, None, composer, kills) {
                    self.simple(c, composer, kills);
                    (self.operator, self.count) = (None, 0);
                }
                None
            }
        }
    }

    fn add_digit(&mut self, c: char) {
        let digit = c.to_digit(10).unwrap_or(0) as usize;
        self.count = (self.count * 10 + digit).min(MAX_COUNT);
    }

    fn with_argument(&mut self, key: char, c: char, composer: &mut Composer, kills: &mut KillRing) {
        match key {
            'g' if c == 'g' => {
                self.go('\u{1}', None, composer, kills);
            }
            'g' => (self.operator, self.count) = (None, 0),
            'r' => {
                composer.replace_at_cursor(c);
                self.count = 0;
            }
            find => {
                self.go(find, Some(c), composer, kills);
            }
        }
    }

    /// A motion: moves, selects, or lets the operator act. Returns whether the key is one.
    fn go(
        &mut self,
        motion: char,
        argument: Option<char>,
        composer: &mut Composer,
        kills: &mut KillRing,
    ) -> bool {
        // "cw" changes up to the end of the word, as in vi.
        let on_word = composer.class_at(composer.cursor) != Class::Blank;
        let motion = match (self.operator, motion) {
            (Some('c'), 'w') if on_word => 'e',
            (_, motion) => motion,
        };
        let start = composer.cursor;
        let mut target = None;
        for _ in 0..self.count.max(1) {
            let from = target.map_or(start, |target: Target| target.at);
            match composer.motion(from, motion, argument) {
                None => return false,
                Some(next) if target == Some(next) => break,
                Some(next) => target = Some(next),
            }
        }
        self.count = 0;
        let Some(target) = target else {
            return false;
        };
        if let Some(operator) = self.operator.take() {
            let range = composer.span(start, target);
            self.apply(operator, range, composer, kills);
        } else {
            composer.move_to(target.at);
            if self.mode == ViMode::Normal {
                composer.leave_line_end();
            }
        }
        true
    }

    /// `d`, `c` or `y`: on the selection, on lines if typed twice, else on the motion that follows.
    fn operate(&mut self, operator: char, composer: &mut Composer, kills: &mut KillRing) {
        if self.mode == ViMode::Visual {
            let range = composer.visual();
            composer.anchor = None;
            self.mode = ViMode::Normal;
            self.apply(operator, range, composer, kills);
        } else if self.operator == Some(operator) {
            let mut last = composer.cursor;
            for _ in 1..self.count.max(1) {
                last = composer.text[last..]
                    .find('\n')
                    .map_or(last, |end| last + end + 1);
            }
            let lines = Target {
                at: last,
                kind: Span::Lines,
            };
            let mut range = composer.span(composer.cursor, lines);
            if operator == 'c' && composer.text[range.clone()].ends_with('\n') {
                range.end -= 1;
            }
            (self.operator, self.count) = (None, 0);
            self.apply(operator, range, composer, kills);
        } else {
            self.operator = Some(operator);
        }
    }

    fn apply(
        &mut self,
        operator: char,
        range: Range<usize>,
        composer: &mut Composer,
        kills: &mut KillRing,
    ) {
        composer.history.interrupt();
        if operator == 'y' {
            if !range.is_empty() {
                kills.push(&composer.text[range.clone()]);
            }
            composer.move_to(range.start);
        } else {
            composer.kill(range, Step::KillRight, kills);
        }
        if operator == 'c' {
            self.mode = ViMode::Insert;
        } else {
            composer.leave_line_end();
        }
    }

    /// Commands that are no motion and take none.
    fn simple(&mut self, c: char, composer: &mut Composer, kills: &mut KillRing) {
        let at = composer.cursor;
        let (start, end) = (composer.line_start(), composer.line_end());
        let insert = match c {
            'i' => at,
            'a' if at < end => composer.next(at),
            'a' | 'A' => {
                if c == 'A' {
                    end
                } else {
                    at
                }
            }
            'I' => composer.first_visible(start),
            'o' | 'O' => return self.open_line(c == 'o', composer),
            'v' => return self.toggle_visual(composer),
            'x' | 's' | 'X' | 'D' | 'C' | 'S' if self.mode == ViMode::Visual => {
                let operator = if matches!(c, 's' | 'C' | 'S') {
                    'c'
                } else {
                    'd'
                };
                return self.operate(operator, composer, kills);
            }
            'x' | 's' => {
                let end = self.right_of(at, end, composer);
                return self.apply(if c == 'x' { 'd' } else { 'c' }, at..end, composer, kills);
            }
            'X' => {
                let from = if at > start {
                    composer.previous(at)
                } else {
                    at
                };
                return self.apply('d', from..at, composer, kills);
            }
            'D' => return self.apply('d', at..end, composer, kills),
            'C' => return self.apply('c', at..end, composer, kills),
            'S' => return self.apply('c', start..end, composer, kills),
            'Y' => {
                self.operator = Some('y');
                return self.operate('y', composer, kills);
            }
            'p' | 'P' => return composer.put(c == 'p', kills),
            '~' => return composer.swap_case(),
            _ => return,
        };
        composer.anchor = None;
        composer.move_to(insert);
        self.mode = ViMode::Insert;
    }

    /// The end of as many characters as the count says, within the line.
    fn right_of(&self, at: usize, line_end: usize, composer: &Composer) -> usize {
        let mut end = at;
        for _ in 0..self.count.max(1) {
            if end < line_end {
                end = composer.next(end);
            }
        }
        end
    }

    fn open_line(&mut self, is_below: bool, composer: &mut Composer) {
        composer.anchor = None;
        let at = if is_below {
            composer.line_end()
        } else {
            composer.line_start()
        };
        composer.move_to(at);
        composer.insert("\n");
        composer.move_to(if is_below { at + 1 } else { at });
        self.mode = ViMode::Insert;
    }

    fn toggle_visual(&mut self, composer: &mut Composer) {
        let is_on = self.mode == ViMode::Visual;
        self.mode = if is_on {
            ViMode::Normal
        } else {
            ViMode::Visual
        };
        composer.anchor = (!is_on).then_some(composer.cursor);
    }
}

/// What a word of vi is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Blank,
    Word,
    Sign,
}

fn class_of(cluster: &str) -> Class {
    if cluster.chars().all(char::is_whitespace) {
        Class::Blank
    } else if cluster.contains(|c: char| c.is_alphanumeric() || c == '_') {
        Class::Word
    } else {
        Class::Sign
    }
}

impl Composer {
    fn class_at(&self, at: usize) -> Class {
        let cluster = self.text[at..].graphemes(true).next();
        cluster.map_or(Class::Blank, class_of)
    }

    /// Where a motion leads from a place; `None` if the key is no motion.
    fn motion(&self, from: usize, motion: char, argument: Option<char>) -> Option<Target> {
        let line_start = self.text[..from].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[from..]
            .find('\n')
            .map_or(self.text.len(), |at| from + at);
        let (at, kind) = match motion {
            'h' if from > line_start => (self.previous(from), Span::Exclusive),
            'l' | ' ' if from < line_end => (self.next(from), Span::Exclusive),
            'h' | 'l' | ' ' => (from, Span::Exclusive),
            '0' => (line_start, Span::Exclusive),
            '^' => (self.first_visible(line_start), Span::Exclusive),
            '$' => (line_end, Span::Exclusive),
            'w' => (self.next_word(from), Span::Exclusive),
            'b' => (self.previous_word(from), Span::Exclusive),
            'e' => (self.word_end(from), Span::Inclusive),
            'j' => {
                let next = (line_end + 1).min(self.text.len());
                (next, Span::Lines)
            }
            'k' => (line_start.saturating_sub(1), Span::Lines),
            'G' => (self.text.len(), Span::Lines),
            // The second key of "gg".
            '\u{1}' => (0, Span::Lines),
            'f' | 't' | 'F' | 'T' => {
                let found = self.find(from, motion, argument?, line_start..line_end);
                let is_ahead = motion.is_lowercase();
                let kind = if is_ahead && found.is_some() {
                    Span::Inclusive
                } else {
                    Span::Exclusive
                };
                (found.unwrap_or(from), kind)
            }
            _ => return None,
        };
        Some(Target { at, kind })
    }

    fn find(&self, from: usize, key: char, c: char, line: Range<usize>) -> Option<usize> {
        let found = |range: Range<usize>| {
            let clusters = self.text[range.clone()].grapheme_indices(true);
            let found = clusters.filter(move |(_, cluster)| cluster.starts_with(c));
            found.map(move |(at, _)| range.start + at)
        };
        let after = self.next(from).min(line.end);
        let mut ahead = found(after..line.end);
        let mut behind = found(line.start..from);
        match key {
            'f' => ahead.next(),
            't' => ahead.next().map(|at| self.previous(at)),
            'F' => behind.next_back(),
            _ => behind.next_back().map(|at| self.next(at)),
        }
    }

    fn next_word(&self, from: usize) -> usize {
        let first = self.class_at(from);
        let mut at = from;
        while at < self.text.len() && first != Class::Blank && self.class_at(at) == first {
            at = self.next(at);
        }
        while at < self.text.len() && self.class_at(at) == Class::Blank {
            at = self.next(at);
        }
        at
    }

    fn previous_word(&self, from: usize) -> usize {
        let mut at = from;
        while at > 0 && self.class_at(self.previous(at)) == Class::Blank {
            at = self.previous(at);
        }
        let class = self.class_at(self.previous(at));
        while at > 0 && self.class_at(self.previous(at)) == class {
            at = self.previous(at);
        }
        at
    }

    /// The last character of the word at or after a place.
    fn word_end(&self, from: usize) -> usize {
        let mut at = self.next(from);
        while at < self.text.len() && self.class_at(at) == Class::Blank {
            at = self.next(at);
        }
        let class = self.class_at(at);
        while self.next(at) < self.text.len() && self.class_at(self.next(at)) == class {
            at = self.next(at);
        }
        at.min(self.text.len())
    }

    /// The first character of a line that is not blank.
    fn first_visible(&self, line_start: usize) -> usize {
        let clusters = self.text[line_start..].graphemes(true);
        let blank = clusters.take_while(|&it| class_of(it) == Class::Blank && !it.contains('\n'));
        line_start + blank.map(str::len).sum::<usize>()
    }

    /// What an operator takes between a place and a target.
    fn span(&self, start: usize, target: Target) -> Range<usize> {
        let (first, last) = (start.min(target.at), start.max(target.at));
        match target.kind {
            Span::Exclusive => first..last,
            Span::Inclusive => first..self.next(last),
            Span::Lines => {
                let start = self.text[..first].rfind('\n').map_or(0, |at| at + 1);
                let end = self.text[last..].find('\n');
                start..end.map_or(self.text.len(), |at| last + at + 1)
            }
        }
    }

    /// The selection of visual mode, which has the character at its later end.
    fn visual(&self) -> Range<usize> {
        let anchor = self.anchor.unwrap_or(self.cursor);
        anchor.min(self.cursor)..self.next(anchor.max(self.cursor))
    }

    /// In normal mode the cursor is on a character, not behind the last one of a line.
    fn leave_line_end(&mut self) {
        if self.cursor == self.line_end() && self.cursor > self.line_start() {
            self.move_to(self.previous(self.cursor));
        }
    }

    fn replace_at_cursor(&mut self, c: char) {
        let at = self.cursor;
        if at < self.line_end() && !c.is_control() {
            self.replace(at..self.next(at), c.encode_utf8(&mut [0; 4]), Step::Other);
            self.move_to(at);
        }
    }

    fn swap_case(&mut self) {
        let range = self.cursor..self.next(self.cursor);
        let text = &self.text[range.clone()];
        let upper = text.to_uppercase();
        let swapped = if upper == text {
            text.to_lowercase()
        } else {
            upper
        };
        self.rewrite(range, &swapped);
        self.leave_line_end();
    }

    /// Pastes the last cut text behind or before the cursor; whole lines on lines of their own.
    fn put(&mut self, is_behind: bool, kills: &KillRing) {
        let Some(text) = kills.current() else {
            return;
        };
        let (start, end) = (self.line_start(), self.line_end());
        let (at, text) = match (text.strip_suffix('\n'), is_behind) {
            (Some(lines), true) => (end, format!("\n{lines}")),
            (Some(_), false) => (start, text.to_owned()),
            (None, true) if self.cursor < end => (self.next(self.cursor), text.to_owned()),
            (None, _) => (self.cursor, text.to_owned()),
        };
        self.anchor = None;
        self.yank_over(at..at, &text);
        self.leave_line_end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types keys in normal mode on a text with the cursor at its start; `\u{1b}` is Esc.
    fn vi(text: &str, keys: &str) -> (String, usize, ViMode) {
        let mut composer = Composer::with_text(text);
        composer.move_to(0);
        let mut kills = KillRing::default();
        let mut vi = Vi {
            mode: ViMode::Normal,
            ..Vi::default()
        };
        for c in keys.chars() {
            if c == '\u{1b}' {
                vi.escape(&mut composer);
            } else if vi.mode == ViMode::Insert {
                composer.insert(c.encode_utf8(&mut [0; 4]));
            } else if let Some(edit) = vi.command(c, &mut composer, &mut kills) {
                composer.edit(edit, &mut kills);
            }
        }
        (composer.text.clone(), composer.cursor, vi.mode)
    }

    #[test]
    fn commands_do_what_they_do_in_vi() {
        for (text, keys, expected) in [
            ("one two", "wx", "one wo"),
            ("one two", "dw", "two"),
            ("one two three", "2dw", "three"),
            ("one two", "cwnew\u{1b}", "new two"),
            ("one, two", "dw", ", two"),
            ("one two", "$D", "one tw"),
            ("one two", "wd0", "two"),
            ("one two", "A!\u{1b}", "one two!"),
            ("one two", "ea.\u{1b}", "one. two"),
            ("one\ntwo\nthree", "jdd", "one\nthree"),
            ("one\ntwo\nthree", "2dd", "three"),
            ("one\ntwo", "yyp", "one\none\ntwo"),
            ("one\ntwo", "ccnew\u{1b}", "new\ntwo"),
            ("one\ntwo", "onew\u{1b}", "one\nnew\ntwo"),
            ("one\ntwo", "jOnew\u{1b}", "one\nnew\ntwo"),
            ("one\ntwo", "Gdgg", ""),
            ("a(b)c", "f(ct)x\u{1b}", "ax)c"),
            ("one two", "wvey$p", "one twotwo"),
            ("one two", "vex", " two"),
            ("ab cd", "xp", "ba cd"),
            ("one", "rOl~", "ONe"),
            ("one", "~", "One"),
            ("one two", "wdwu", "one two"),
            ("日本 e\u{301}x", "wx", "日本 x"),
            ("one", "d\u{1b}x", "ne"),
            ("one", "3x", ""),
            ("", "xdwddcc\u{1b}p~rXG$", ""),
        ] {
            assert_eq!(vi(text, keys).0, expected, "{keys}");
        }
    }

    #[test]
    fn modes_follow_the_commands() {
        for (keys, mode) in [
            ("i", ViMode::Insert),
            ("i\u{1b}", ViMode::Normal),
            ("v", ViMode::Visual),
            ("vv", ViMode::Normal),
            ("vd", ViMode::Normal),
            ("cw", ViMode::Insert),
            ("d", ViMode::Normal),
        ] {
            assert_eq!(vi("one two", keys).2, mode, "{keys}");
        }
        // The cursor stays on a character.
        assert_eq!(vi("one", "A\u{1b}").1, 2);
        assert_eq!(vi("one", "lllll").1, 2);
    }

    proptest::proptest! {
        #[test]
        fn no_keys_break_a_text(
            text in "[a-c \n日\u{301}👍🏽]{0,12}",
            keys in "[0-9hlwbejkG0^$fFtTgiaAIoOvxXsSdDcCyYpPr~u\u{1b}b日]{0,40}",
        ) {
            let (text, cursor, _) = vi(&text, &keys);
            proptest::prop_assert!(super::super::is_boundary(&text, cursor));
        }
    }
}
