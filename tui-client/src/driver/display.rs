//! Draws frames to any writer, each in one write, and only cells that changed.

use std::io::{self, Write};
use std::mem;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EnableLineWrap, EndSynchronizedUpdate,
};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};

use super::painter::paint;
use crate::app::screen::Screen;
use crate::cells;
use crate::ui::{self, UnbrokenLine, ViewState};

/// Longest string that GNU screen passes on, in bytes: older versions have 256 for all of it.
const MAX_SCREEN_STRING: usize = 240;

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
    /// Where the cursor is seen, if it is.
    cursor: Option<Position>,
    /// The unbroken line on the screen.
    unbroken: Option<UnbrokenLine>,
}

impl<W: Write> Display<W> {
    pub(super) fn new(writer: W, size: Size) -> Self {
        let blank = Buffer::empty(area(size));
        Self {
            writer,
            shown: blank.clone(),
            next: blank,
            is_stale: true,
            cursor: None,
            unbroken: None,
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

    /// Draws a frame in one write. A frame that changes nothing is not sent.
    pub(super) fn draw(&mut self, screen: &Screen<'_>, view: &mut ViewState) -> io::Result<()> {
        let mut bytes = Vec::new();
        let is_new = mem::take(&mut self.is_stale);
        if is_new {
            self.shown.reset();
            queue!(bytes, Clear(ClearType::All))?;
        }
        self.next.reset();
        let cursor = ui::render(&mut self.next, screen, view);
        let is_unbroken = self.unbroken.is_some() || view.unbroken.is_some();
        let pane = if is_unbroken {
            // The terminal remembers which rows are one line.
            Rect::ZERO
        } else {
            view.pane
        };
        let pen = paint(&self.shown, &self.next, pane);
        mem::swap(&mut self.shown, &mut self.next);
        let has_changes = !pen.is_empty();
        let place = cursor.filter(|_| !is_unbroken);
        if has_changes || self.cursor != cursor {
            bytes.extend(pen.finish(place).into_bytes());
        }
        self.paint_unbroken(&mut bytes, view.unbroken.as_ref(), is_new)?;
        if let (Some(Position { x, y }), None) = (cursor, place) {
            queue!(bytes, MoveTo(x, y))?;
        }
        if bytes.is_empty() && self.cursor == cursor {
            return Ok(());
        }
        if is_new || self.cursor.is_some() != cursor.is_some() {
            match cursor {
                Some(_) => queue!(bytes, Show)?,
                None => queue!(bytes, Hide)?,
            }
        }
        self.cursor = cursor;
        let mut frame = Vec::with_capacity(bytes.len() + 16);
        queue!(frame, BeginSynchronizedUpdate)?;
        frame.append(&mut bytes);
        queue!(frame, EndSynchronizedUpdate)?;
        self.send(&frame)
    }

    /// Writes a line over its own cells without moving the cursor in between: the terminal then wraps it, and
    /// copies it as one line. It is written once, because a terminal drops a selection that is written over.
    fn paint_unbroken(
        &mut self,
        bytes: &mut Vec<u8>,
        line: Option<&UnbrokenLine>,
        is_new: bool,
    ) -> io::Result<()> {
        if let Some(UnbrokenLine { at, text }) = line
            && (is_new || self.unbroken.as_ref() != line)
        {
            queue!(bytes, MoveTo(at.x, at.y), EnableLineWrap, Print(text))?;
            if !cells::width(text).is_multiple_of(self.shown.area.width.into()) {
                // Blanks that were written would be copied too.
                queue!(bytes, Clear(ClearType::UntilNewLine))?;
            }
        }
        self.unbroken = line.cloned();
        Ok(())
    }

    /// Puts text on the terminal's clipboard (OSC 52). Messages are far below the limits of terminals, about 75 kB.
    pub(super) fn copy(&mut self, text: &str, is_in_screen: bool) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
        if is_in_screen {
            bytes = pass_through_screen(&bytes);
        }
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

/// Wraps a sequence so that GNU screen passes it on: in strings of its own, which end early in the sequence's own end.
fn pass_through_screen(sequence: &[u8]) -> Vec<u8> {
    let body = sequence.strip_suffix(b"\x1b\\").unwrap_or(sequence);
    let whole = [body, b"\x07"].concat();
    let parts = whole.chunks(MAX_SCREEN_STRING);
    parts
        .flat_map(|part| [b"\x1bP", part, b"\x1b\\"].concat())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;
    use std::rc::Rc;

    use jiff::tz::TimeZone;
    use recado_shared::{ConversationId, Timestamp, UserId};

    use super::*;
    use crate::app::InviteLink;
    use crate::app::composer::Composer;
    use crate::app::screen::{
        ConversationView, Focus, LinkView, NotificationLevel, Overlay, Pane, Place,
    };
    use crate::ui::{BuiltIn, TerminalColours};

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
                is_closed: false,
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
            vi: None,
            list: crate::app::screen::ListSize::default(),
            overlay: None,
        }
    }

    #[test]
    fn a_frame_is_one_synchronised_write_and_a_key_costs_few_bytes() {
        let mut display = Display::new(Writes::default(), Size::new(100, 30));
        let mut view = ViewState::new(
            TimeZone::UTC,
            BuiltIn::Dark.theme(&TerminalColours::default()),
            Timestamp(0),
        );
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
            frames[2].len() <= 30,
            "{:?}",
            frames[2].escape_ascii().to_string()
        );
        let composer = Composer::with_text("abc");
        display.draw(&screen(&composer), &mut view).unwrap();
        assert_eq!(display.writer.0.len(), 3, "nothing changed");
        display.forget();
        display.draw(&screen(&composer), &mut view).unwrap();
        assert_eq!(display.writer.0[3].len(), {
            let first = &display.writer.0[0];
            first.len() + "bc".len()
        });
    }

    #[test]
    fn a_line_that_is_copied_from_the_terminal_has_no_breaks() {
        let link = InviteLink {
            line: format!(
                "recado join 'recado://chat.example:7322/#{}'",
                "k".repeat(66)
            ),
            uses: 10,
            expires: None,
            warning: None,
        };
        let composer = Composer::default();
        let with_link = |waiting| Screen {
            waiting,
            overlay: Some(Overlay::InviteLink {
                link: &link,
                copy_key: "y".to_owned(),
            }),
            ..screen(&composer)
        };
        for (width, height) in [(80, 24), (40, 12), (37, 12)] {
            let size = Size::new(width, height);
            let mut display = Display::new(Writes::default(), size);
            let mut view = ViewState::new(
                TimeZone::UTC,
                BuiltIn::Dark.theme(&TerminalColours::default()),
                Timestamp(0),
            );
            display.draw(&screen(&composer), &mut view).unwrap();
            for waiting in 0..2 {
                display.draw(&with_link(waiting), &mut view).unwrap();
            }
            let size = |cells: u16| NonZeroU16::new(cells).unwrap();
            let mut terminal = vt100::Parser::new(size(height), size(width), 0);
            display
                .writer
                .0
                .iter()
                .for_each(|frame| terminal.process(frame));
            // It joins the rows that the terminal wrapped, as a selection does.
            let contents = terminal.screen().contents();
            assert!(contents.lines().any(|line| line == link.line), "{contents}");
            // A second frame leaves a selection alone.
            let writes = |frame: &[u8]| frame.windows(9).filter(|it| it == b"recado://").count();
            assert_eq!(
                (
                    writes(&display.writer.0[1]) > 0,
                    writes(&display.writer.0[2])
                ),
                (true, 0)
            );
            display.draw(&screen(&composer), &mut view).unwrap();
            terminal.process(&display.writer.0[3]);
            assert!(!terminal.screen().contents().contains("recado://"));
        }
    }
}
