//! The left pane: rooms and people with conversations, then people without.

use ratatui::layout::Rect;
use recado_shared::{ConversationId, Membership, Presence};

use super::canvas::Canvas;
use super::text::{RowWriter, columns};
use super::theme::Theme;
use super::view::ViewState;
use crate::app::ClickTarget;
use crate::app::screen::{ContactRow, ContactRows, NotificationLevel, Screen, Section};
use crate::strings;

/// A line of the pane: a heading, or a row by its index.
#[derive(Clone, Copy)]
enum Line {
    Heading(&'static str),
    Contact(usize),
}

/// The places of headings among the rows, which are found without looking at every row.
struct Lines {
    rows: usize,
    /// Each heading with the index of the row that it stands above, ascending.
    headings: Vec<(usize, &'static str)>,
}

impl Lines {
    fn new(contacts: &dyn ContactRows<'_>) -> Self {
        let rows = contacts.len();
        let people = first_where(contacts, |row| row.section == Section::People);
        let rest = first_where(contacts, |row| {
            row.section == Section::People && row.presence != Some(Presence::Online)
        });
        let online = (people, rest, strings::conversation::PEOPLE_ONLINE);
        let others = (rest, rows, strings::conversation::PEOPLE);
        let headings = [online, others].into_iter();
        let headings = headings.filter(|(first, end, _)| first < end);
        Self {
            rows,
            headings: headings.map(|(first, _, title)| (first, title)).collect(),
        }
    }

    fn len(&self) -> usize {
        self.rows + self.headings.len()
    }

    /// The line on which a row stands.
    fn of_row(&self, index: usize) -> usize {
        let above = self.headings.iter().filter(|(first, _)| *first <= index);
        index + above.count()
    }

    fn line(&self, line: usize) -> Line {
        let mut above = 0;
        for &(first, title) in &self.headings {
            if line == first + above {
                return Line::Heading(title);
            }
            above += usize::from(line > first + above);
        }
        Line::Contact(line - above)
    }
}

/// The index of the first row that is so; all rows after it are too.
fn first_where(contacts: &dyn ContactRows<'_>, is_so: impl Fn(&ContactRow<'_>) -> bool) -> usize {
    let (mut first, mut end) = (0, contacts.len());
    while first < end {
        let middle = usize::midpoint(first, end);
        if contacts.row(middle).is_some_and(|row| is_so(&row)) {
            end = middle;
        } else {
            first = middle + 1;
        }
    }
    first
}

pub(super) fn render(canvas: &mut Canvas<'_>, area: Rect, screen: &Screen<'_>) {
    canvas.view.contacts_area = area;
    let contacts = &*screen.contacts;
    if contacts.is_empty() && contacts.hidden() == 0 {
        let top = area.height.saturating_sub(4) / 2;
        let rows = area.rows().skip(top.into());
        for (area, line) in rows.zip(strings::conversation::INVITE_IN_LIST) {
            canvas.draw_centred(area, line, Theme::dim());
        }
        return;
    }
    let lines = Lines::new(contacts);
    scroll_to_open(&lines, contacts.open(), area.height.into(), canvas.view);
    draw_hidden(canvas, area, lines.len(), contacts.hidden());
    for (area, line) in area.rows().zip(canvas.view.contacts_top..lines.len()) {
        match lines.line(line) {
            Line::Heading(title) => {
                let is_short = columns(title) > area.width;
                let title = title.trim_matches(if is_short { &['─', ' '][..] } else { &[] });
                canvas.draw_centred(area, title, Theme::dim());
            }
            Line::Contact(index) => {
                if let Some(contact) = contacts.row(index) {
                    draw_contact(canvas, area, &contact);
                    canvas.add_hit(area, ClickTarget::Contact(contact.conversation));
                }
            }
        }
    }
}

/// Says below the last line how many people are hidden.
fn draw_hidden(canvas: &mut Canvas<'_>, area: Rect, lines: usize, hidden: usize) {
    let below = lines.saturating_sub(canvas.view.contacts_top);
    if let Some(area) = area.rows().nth(below).filter(|_| hidden > 0) {
        let text = strings::conversation::people_hidden(hidden);
        canvas.draw_centred(area, &text, Theme::dim());
    }
}

/// Keeps the list where it is unless another row was opened or the open one moved.
fn scroll_to_open(
    lines: &Lines,
    open: Option<(ConversationId, usize)>,
    height: usize,
    view: &mut ViewState,
) {
    let open = open.map(|(id, index)| (id, lines.of_row(index)));
    if open != view.contacts_open {
        view.contacts_open = open;
        if let Some((_, at)) = open {
            let least = (at + 1).saturating_sub(height);
            view.contacts_top = view.contacts_top.clamp(least, at);
        }
    }
    view.contacts_top = view.contacts_top.min(lines.len().saturating_sub(height));
}

fn draw_contact(canvas: &mut Canvas<'_>, area: Rect, contact: &ContactRow<'_>) {
    let is_out = matches!(
        contact.room,
        Some(Membership::Left | Membership::Kicked | Membership::Banned)
    );
    let (glyph, style) = match contact.room {
        Some(_) if is_out => ("#", Theme::dim()),
        Some(_) => ("#", Theme::text()),
        None if contact.is_blocked => ("⊘", Theme::dim()),
        None if contact.is_request => ("?", Theme::unread()),
        None => Theme::presence(contact.presence),
    };
    let time = contact.last.map(|last| canvas.when(last));
    let mut row = canvas.row(Rect::new(area.x + 1, area.y, area.width - 2, 1));
    row.draw_left(glyph, style);
    row.skip(1);
    draw_right_end(&mut row, contact, time.unwrap_or_default());
    row.shorten(1);
    let name = match contact.room {
        Some(_) => contact.name.trim_start_matches('#'),
        None => contact.name,
    };
    let is_quiet = contact.notification_level == NotificationLevel::Nothing || contact.is_blocked;
    row.fill(
        name,
        if contact.notable_unread() > 0 || contact.is_open {
            Theme::strong()
        } else if is_out || is_quiet {
            Theme::dim()
        } else {
            Theme::text()
        },
    );
    if contact.is_open {
        canvas.buffer.set_style(area, Theme::chosen());
    }
}

/// Draws the count or time, and marks before it.
fn draw_right_end(row: &mut RowWriter<'_>, contact: &ContactRow<'_>, time: String) {
    let typing = ("…".to_owned(), Theme::busy());
    let notable = contact.notable_unread();
    let counts_mentions =
        contact.room.is_some() || contact.notification_level == NotificationLevel::Mentions;
    let (last, style) = match contact.unread {
        _ if contact.room == Some(Membership::Invited) => {
            (strings::conversation::INVITED.to_owned(), Theme::unread())
        }
        0 if contact.is_typing => typing.clone(),
        0 => (time, Theme::dim()),
        _ if counts_mentions && notable > 0 && contact.mentions > 0 => {
            (format!("@{}", count(contact.mentions)), Theme::unread())
        }
        unread if notable > 0 => (count(unread), Theme::unread()),
        unread => (count(unread), Theme::dim()),
    };
    let mark = |is_set: bool, mark: &str, style| is_set.then(|| (mark.to_owned(), style));
    let marks = [
        (contact.unread > 0 && contact.is_typing).then_some(typing),
        mark(contact.has_draft, "✎", Theme::text()),
        mark(contact.has_failed, "✗", Theme::failure()),
        mark(
            contact.notification_level == NotificationLevel::Nothing,
            "z",
            Theme::dim(),
        ),
        mark(contact.is_favourite, "★", Theme::dim()),
    ];
    let parts = [Some((last, style))].into_iter().chain(marks);
    for (text, style) in parts.flatten().filter(|(text, _)| !text.is_empty()) {
        row.draw_right(&text, style);
        row.shorten(1);
    }
}

/// An unread count in at most four cells.
pub(super) fn count(unread: u64) -> String {
    if unread > 999 {
        "999+".to_owned()
    } else {
        unread.to_string()
    }
}
