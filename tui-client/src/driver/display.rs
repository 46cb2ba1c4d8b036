//! Draws frames to any writer, each in one write, and only cells that changed.

use std::io::{self, Write};
use std::mem;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};

use super::painter::paint;
use crate::app::screen::Screen;
use crate::ui::{self, ViewState};

/// A terminal behind a writer. The size is told, never asked for: a terminal that does not answer
/// must not stop the program.
#[derive(Debug)]
pub(super) struct Display<W> {
    writer: W,
    /// The frame that the terminal shows.
    shown: Buffer,
    /// Memory for the next frame.
    next: Buffer,
    /// Whether the contents of the terminal are unknown, so that every cell is drawn.
    is_stale: bool,
}

impl<W: Write> Display<W> {
    pub(super) fn new(writer: W, size: Size) -> Self {
        let blank = Buffer::empty(area(size));
        Self {
            writer,
            shown: blank.clone(),
            next: blank,
            is_stale: true,
        }
    }

    pub(super) fn resize(&mut self, size: Size) {
        self.shown.resize(area(size));
        self.next.resize(area(size));
        self.is_stale = true;
    }

    /// Makes the next frame draw every cell.
    pub(super) fn forget(&mut self) {
        self.is_stale = true;
    }

    pub(super) fn draw(&mut self, screen: &Screen<'_>, view: &mut ViewState) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, BeginSynchronizedUpdate)?;
        if mem::take(&mut self.is_stale) {
            self.shown.reset();
            queue!(bytes, Clear(ClearType::All))?;
        }
        self.next.reset();
        let cursor = ui::render(&mut self.next, screen, view);
        paint(&mut bytes, &self.shown, &self.next)?;
        mem::swap(&mut self.shown, &mut self.next);
        match cursor {
            Some(Position { x, y }) => queue!(bytes, Show, MoveTo(x, y))?,
            None => queue!(bytes, Hide)?,
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        self.send(&bytes)
    }

    /// Puts text on the terminal's clipboard.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
        self.send(&bytes)
    }

    pub(super) fn bell(&mut self) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, Print('\u{7}'))?;
        self.send(&bytes)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)?;
        self.writer.flush()
    }
}

fn area(size: Size) -> Rect {
    Rect::from((Position::ORIGIN, size))
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use jiff::tz::TimeZone;
    use recado_shared::{ConversationId, Timestamp, UserId};

    use super::*;
    use crate::app::composer::Composer;
    use crate::app::screen::{ConversationView, Focus, LinkView, NotificationLevel, Pane, Place};
    use crate::ui::Theme;

    #[derive(Default)]
    struct Writes(Vec<Vec<u8>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn screen(composer: &Composer) -> Screen<'_> {
        Screen {
            me: "alice",
            contacts: Rc::new(Vec::new()),
            conversation: Some(ConversationView {
                id: ConversationId::direct(UserId(1), UserId(2)),
                title: "bob",
                display: None,
                room: None,
                is_request: false,
                is_blocked: false,
                is_removed: false,
                inviter: None,
                notification_level: NotificationLevel::All,
                presence: None,
                items: Vec::new(),
                new_from: None,
                typing: Vec::new(),
                place: Place::Newest,
                is_complete: true,
                follows_newest: true,
                composer,
                purpose: None,
            }),
            link: LinkView::Connecting,
            waiting: 0,
            failed: 0,
            message: None,
            hints: Vec::new(),
            focus: Focus::Composer,
            pane: Pane::Conversation,
            completion: None,
            overlay: None,
        }
    }

    #[test]
    fn a_frame_is_one_synchronised_write_and_a_key_costs_few_bytes() {
        let mut display = Display::new(Writes::default(), Size::new(100, 30));
        let mut view = ViewState::new(TimeZone::UTC, Theme::new(true), Timestamp(0));
        for text in ["a", "ab", "abc"] {
            let composer = Composer::with_text(text);
            display.draw(&screen(&composer), &mut view).unwrap();
        }
        let frames = &display.writer.0;
        assert_eq!(frames.len(), 3);
        for frame in frames {
            assert!(frame.starts_with(b"\x1b[?2026h") && frame.ends_with(b"\x1b[?2026l"));
        }
        assert!(
            frames[2].len() <= 150,
            "{:?}",
            frames[2].escape_ascii().to_string()
        );
        display.forget();
        let composer = Composer::with_text("abc");
        display.draw(&screen(&composer), &mut view).unwrap();
        assert_eq!(display.writer.0[3].len(), {
            let first = &display.writer.0[0];
            first.len() + "bc".len()
        });
    }
}
