//! The left pane: rooms and people with conversations, then people without.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use recado_shared::{Membership, Presence};

use super::text::{centred, columns, put, right, row, when};
use super::theme::Theme;
use super::view::ViewState;
use crate::app::ClickTarget;
use crate::app::screen::{Attention, ContactRow, Screen, Section};
use crate::cells;
use crate::strings;

enum Line<'a> {
    Heading(&'static str),
    Contact(&'a ContactRow<'a>),
}

pub(super) fn render(buffer: &mut Buffer, area: Rect, screen: &Screen<'_>, view: &mut ViewState) {
    view.contacts_area = area;
    if screen.contacts.is_empty() {
        let top = area.height.saturating_sub(4) / 2;
        for (at, line) in (top..).zip(strings::conversation::INVITE_IN_LIST) {
            if row(area, at).height > 0 {
                centred(buffer, row(area, at), line, Theme::dim());
            }
        }
        return;
    }
    let lines = lines(&screen.contacts);
    scroll_to_open(&lines, area.height.into(), view);
    for (at, line) in (0..area.height).zip(&lines[view.contacts_top..]) {
        let area = row(area, at);
        match line {
            Line::Heading(title) => {
                let is_short = columns(title) > area.width;
                let title = title.trim_matches(if is_short { &['─', ' '][..] } else { &[] });
                centred(buffer, area, title, Theme::dim());
            }
            Line::Contact(contact) => {
                draw_contact(buffer, area, contact, view);
                view.add_hit(area, ClickTarget::Contact(contact.conversation));
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
    let open = lines.iter().enumerate().find_map(|(at, line)| match line {
        Line::Contact(contact) if contact.is_open => Some((contact.conversation, at)),
        _ => None,
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

fn draw_contact(buffer: &mut Buffer, area: Rect, contact: &ContactRow<'_>, view: &ViewState) {
    let theme = view.theme;
    let (glyph, style) = match contact.room {
        Some(Membership::Member | Membership::Invited) => ("#", Theme::text()),
        Some(Membership::Left | Membership::Kicked | Membership::Banned) => ("#", Theme::dim()),
        None if contact.is_blocked => ("⊘", Theme::dim()),
        None if contact.is_request => ("?", theme.unread()),
        None => theme.presence(contact.presence),
    };
    let inner = Rect::new(area.x + 1, area.y, area.width - 2, 1);
    let x = put(buffer, (inner.x, inner.y), 1, glyph, style) + 1;
    let end = draw_right_end(buffer, inner, contact, view);
    let name = match contact.room {
        Some(_) => contact.name.trim_start_matches('#'),
        None => contact.name,
    };
    let name = cells::truncate(name, end.saturating_sub(x + 1).into());
    let is_out = matches!(
        contact.room,
        Some(Membership::Left | Membership::Kicked | Membership::Banned)
    );
    let is_quiet = contact.attention == Attention::Nothing || contact.is_blocked;
    let name_style = if loud(contact) > 0 || contact.is_open {
        Theme::strong()
    } else if is_out || is_quiet {
        Theme::dim()
    } else {
        Theme::text()
    };
    put(buffer, (x, area.y), columns(&name), &name, name_style);
    if contact.is_open {
        buffer.set_style(area, Theme::chosen());
    }
}

/// Draws marks and the count or time, from the right. Returns where they begin.
fn draw_right_end(
    buffer: &mut Buffer,
    mut area: Rect,
    contact: &ContactRow<'_>,
    view: &ViewState,
) -> u16 {
    let theme = view.theme;
    let time = contact
        .last
        .map(|last| when(last, view.now, &view.time_zone))
        .unwrap_or_default();
    let (last, style) = match contact.unread {
        _ if contact.room == Some(Membership::Invited) => {
            (strings::conversation::INVITED.to_owned(), theme.unread())
        }
        _ if contact.is_typing && contact.unread == 0 => ("…".to_owned(), theme.busy()),
        0 => (time, Theme::dim()),
        _ if called(contact) > 0 => (format!("@{}", count(contact.mentions)), theme.unread()),
        unread if loud(contact) > 0 => (count(unread), theme.unread()),
        unread => (count(unread), Theme::dim()),
    };
    let marks = [
        (contact.unread > 0 && contact.is_typing).then(|| ("…".to_owned(), theme.busy())),
        contact.has_draft.then(|| ("✎".to_owned(), Theme::text())),
        contact
            .has_failed
            .then(|| ("✗".to_owned(), theme.failure())),
        (contact.attention == Attention::Nothing).then(|| ("z".to_owned(), Theme::dim())),
        contact.is_favourite.then(|| ("★".to_owned(), Theme::dim())),
    ];
    let parts = [Some((last, style))].into_iter().chain(marks);
    for (text, style) in parts.flatten().filter(|(text, _)| !text.is_empty()) {
        let x = right(buffer, area, &text, style);
        area.width = (x - area.x).saturating_sub(1);
    }
    area.right()
}

/// How many of the unread messages call the user, where that says more than how many there are.
fn called(contact: &ContactRow<'_>) -> u64 {
    let is_said = contact.room.is_some() || contact.attention == Attention::Mentions;
    if is_said && loud(contact) > 0 {
        contact.mentions
    } else {
        0
    }
}

/// How many of the unread messages are to be noticed.
pub(super) fn loud(contact: &ContactRow<'_>) -> u64 {
    match contact.attention {
        Attention::All if !contact.is_blocked => contact.unread,
        Attention::Mentions if !contact.is_blocked => contact.mentions,
        Attention::All | Attention::Mentions | Attention::Nothing => 0,
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
