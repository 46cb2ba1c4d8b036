//! The kill ring: the texts that were cut last in any input box, as in GNU Readline. The app owns
//! one ring, so that a text can be cut here and yanked elsewhere.

/// Most texts in the ring, as Readline has them; the oldest goes first.
const MAX_KILLS: usize = 10;

#[derive(Debug, Default)]
pub(crate) struct KillRing {
    /// The newest at the end.
    texts: Vec<String>,
    /// The text that a yank inserts.
    current: usize,
    /// How many texts were ever put in: the number of the newest.
    newest: u64,
}

impl KillRing {
    /// Puts in a text that was cut, and returns its number.
    pub(super) fn push(&mut self, text: &str) -> u64 {
        if self.texts.len() == MAX_KILLS {
            self.texts.remove(0);
        }
        self.texts.push(text.to_owned());
        self.current = self.texts.len() - 1;
        self.newest += 1;
        self.newest
    }

    /// The newest text, to be extended, if it has this number.
    pub(super) fn extensible(&mut self, number: u64) -> Option<&mut String> {
        let is_newest = number == self.newest;
        self.texts.last_mut().filter(|_| is_newest)
    }

    pub(super) fn current(&self) -> Option<&str> {
        self.texts.get(self.current).map(String::as_str)
    }

    /// Makes the text before the current one the current one; before the oldest is the newest.
    pub(super) fn rotate(&mut self) -> Option<&str> {
        let last = self.texts.len().checked_sub(1)?;
        self.current = self.current.checked_sub(1).unwrap_or(last);
        self.current()
    }
}
