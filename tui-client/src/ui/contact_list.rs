//! The left pane: rooms and people with conversations, then people without.

use ratatui::layout::Rect;
use recado_shared::{Membership, Presence};

use super::canvas::Canvas;
use super::text::{RowWriter, columns};
use super::theme::Theme;
use super::view::ViewState;
use crate::app::ClickTarget;
use crate::app::screen::{ContactRow, NotificationLevel, Screen, Section};
use crate::strings;

enum Line<'a> {
    Heading(&'static str),
    Contact(&'a ContactRow<'a>),
}

pub(super) fn render(canvas: &mut Canvas<'_>, area: Rect, screen: &Screen<'_>) {
    canvas.view.contacts_area = area;
    if screen.contacts.is_empty() {
        let top = area.height.saturating_sub(4) / 2;
        let rows = area.rows().skip(top.into());
        for (area, line) in rows.zip(strings::conversation::INVITE_IN_LIST) {
            canvas.draw_centred(area, line, Theme::dim());
        }
        return;
    }
    let lines = lines(&screen.contacts);
    scroll_to_open(&lines, area.height.into(), canvas.view);
    for (area, line) in area.rows().zip(&lines[canvas.view.contacts_top..]) {
        match line {
            Line::Heading(title) => {
                let is_short = columns(title) > area.width;
                let title = title.trim_matches(if is_short { &['─', ' '][..] } else { &[] });
                canvas.draw_centred(area, title, Theme::dim());
            }
            Line::Contact(contact) => {
                draw_contact(canvas, area, contact);
                canvas.add_hit(area, ClickTarget::Contact(contact.conversation));
            }
        }
    }
}

fn lines<'a>(contacts: &'a [ContactRow<'a>]) -> Vec<Line<'a>> {
    let mut lines = Vec::with_capacity(contacts.len() + 2);
    let mut last = None;
    for contact in contacts {
        let heading = match (contact.section, contact.presence) {
            (Section::Favourites | Section::Conversations, _) => None,
            (Section::People, Some(Presence::Online)) => Some(strings::conversation::PEOPLE_ONLINE),
            (Section::People, _) => Some(strings::conversation::PEOPLE),
        };
        if heading != last {
            lines.extend(heading.map(Line::Heading));
            last = heading;
        }
        lines.push(Line::Contact(contact));
    }
    lines
}

/// Keeps the list where it is unless another row was opened or the open one moved.
fn scroll_to_open(lines: &[Line<'_>], height: usize, view: &mut ViewState) {
    let open = lines.iter().zip(0..).find_map(|(line, at)| match line {
        Line::Contact(contact) if contact.is_open => Some((contact.conversation, at)),
        Line::Contact(_) | Line::Heading(_) => None,
    });
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
    let theme = canvas.view.theme;
    let is_out = matches!(
        contact.room,
        Some(Membership::Left | Membership::Kicked | Membership::Banned)
    );
    let (glyph, style) = match contact.room {
        Some(_) if is_out => ("#", Theme::dim()),
        Some(_) => ("#", Theme::text()),
        None if contact.is_blocked => ("⊘", Theme::dim()),
        None if contact.is_request => ("?", theme.unread()),
        None => theme.presence(contact.presence),
    };
    let time = contact.last.map(|last| canvas.when(last));
    let mut row = canvas.row(Rect::new(area.x + 1, area.y, area.width - 2, 1));
    row.draw_left(glyph, style);
    row.skip(1);
    draw_right_end(&mut row, contact, time.unwrap_or_default(), theme);
    row.shorten(1);
    let name = match contact.room {
        Some(_) => contact.name.trim_start_matches('#'),
        None => contact.name,
    };
    let is_quiet = contact.notification_level == NotificationLevel::Nothing || contact.is_blocked;
    row.fill(
        name,
        if notable_unread(contact) > 0 || contact.is_open {
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
fn draw_right_end(row: &mut RowWriter<'_>, contact: &ContactRow<'_>, time: String, theme: Theme) {
    let typing = ("…".to_owned(), theme.busy());
    let notable = notable_unread(contact);
    let counts_mentions =
        contact.room.is_some() || contact.notification_level == NotificationLevel::Mentions;
    let (last, style) = match contact.unread {
        _ if contact.room == Some(Membership::Invited) => {
            (strings::conversation::INVITED.to_owned(), theme.unread())
        }
        0 if contact.is_typing => typing.clone(),
        0 => (time, Theme::dim()),
        _ if counts_mentions && notable > 0 && contact.mentions > 0 => {
            (format!("@{}", count(contact.mentions)), theme.unread())
        }
        unread if notable > 0 => (count(unread), theme.unread()),
        unread => (count(unread), Theme::dim()),
    };
    let mark = |is_set: bool, mark: &str, style| is_set.then(|| (mark.to_owned(), style));
    let marks = [
        (contact.unread > 0 && contact.is_typing).then_some(typing),
        mark(contact.has_draft, "✎", Theme::text()),
        mark(contact.has_failed, "✗", theme.failure()),
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

/// How many of the unread messages notify the user.
pub(super) fn notable_unread(contact: &ContactRow<'_>) -> u64 {
    match contact.notification_level {
        _ if contact.is_blocked => 0,
        NotificationLevel::All => contact.unread,
        NotificationLevel::Mentions => contact.mentions,
        NotificationLevel::Nothing => 0,
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
