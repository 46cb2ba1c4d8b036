//! Draws frames to any writer, each in one write, and only cells that changed.

use std::io::{self, Write};
use std::mem;

use crossterm::clipboard::CopyToClipboard;
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::layout::{Position, Rect, Size};
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::backend::FrameBytes;
use crate::app::screen::Screen;
use crate::ui::{self, ViewState};

/// A terminal behind a writer. The size is told, never asked for: a terminal that does not answer
/// must not stop the program.
#[derive(Debug)]
pub(super) struct Display<W> {
    terminal: Terminal<FrameBytes>,
    writer: W,
    area: Rect,
    /// Whether the contents of the terminal are unknown, so that every cell is drawn.
    is_stale: bool,
}

impl<W: Write> Display<W> {
    pub(super) fn new(writer: W, size: Size) -> io::Result<Self> {
        let area = Rect::from((Position::ORIGIN, size));
        Ok(Self {
            terminal: blank_terminal(area)?,
            writer,
            area,
            is_stale: true,
        })
    }

    pub(super) fn resize(&mut self, size: Size) {
        self.area = Rect::from((Position::ORIGIN, size));
        self.is_stale = true;
    }

    /// Makes the next frame draw every cell.
    pub(super) fn forget(&mut self) {
        self.is_stale = true;
    }

    pub(super) fn draw(&mut self, screen: &Screen<'_>, view: &mut ViewState) -> io::Result<()> {
        if mem::take(&mut self.is_stale) {
            // A new one rather than `Terminal::resize`, which asks the process's own terminal.
            self.terminal = blank_terminal(self.area)?;
            queue!(self.bytes(), BeginSynchronizedUpdate, Clear(ClearType::All))?;
        } else {
            queue!(self.bytes(), BeginSynchronizedUpdate)?;
        }
        self.terminal
            .draw(|frame| ui::render(frame, screen, view))?;
        queue!(self.bytes(), EndSynchronizedUpdate)?;
        self.send()
    }

    /// Puts text on the terminal's clipboard.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        queue!(self.bytes(), CopyToClipboard::to_clipboard_from(text))?;
        self.send()
    }

    pub(super) fn bell(&mut self) -> io::Result<()> {
        queue!(self.bytes(), Print('\u{7}'))?;
        self.send()
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.terminal.backend_mut().0
    }

    fn send(&mut self) -> io::Result<()> {
        let bytes = mem::take(self.bytes());
        self.writer.write_all(&bytes)?;
        self.writer.flush()
    }
}

fn blank_terminal(area: Rect) -> io::Result<Terminal<FrameBytes>> {
    let viewport = Viewport::Fixed(area);
    Terminal::with_options(FrameBytes::default(), TerminalOptions { viewport })
}

#[cfg(test)]
mod tests {
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
            contacts: Vec::new(),
            conversation: Some(ConversationView {
                id: ConversationId::direct(UserId(1), UserId(2)),
                title: "bob",
                display: None,
                room: None,
                is_request: false,
                is_blocked: false,
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
        let mut display = Display::new(Writes::default(), Size::new(100, 30)).unwrap();
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
