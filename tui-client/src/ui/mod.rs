//! The screen: draws a description of a frame, and says what a click hits and what was seen.
//!
//! Pure but for [`ViewState`]: it reads no clock and changes nothing of the app.

mod bidi;
mod canvas;
mod clock;
mod columns;
mod completion;
mod composer;
mod contact_list;
mod conversation;
mod glyphs;
mod invite_link;
mod layout;
mod list;
mod list_rows;
mod rows;
mod scroll;
mod status_line;
#[cfg(test)]
mod tests;
mod text;
mod text_overlays;
mod theme;
mod view;

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget as _};
use recado_shared::{Membership, RoomInfo, Topic};

pub use self::bidi::BidiChoice;
use self::canvas::Canvas;
pub use self::clock::{ClockChoice, ClockFormat};
pub use self::glyphs::{Glyphs, SymbolChoice};
use self::layout::Layout;
use self::text::indent;
pub(crate) use self::theme::nearest_theme;
pub use self::theme::{
    BuiltIn, ColourDepth, NameColours, Rgb, TerminalColours, Theme, ThemeFileError, ThemeName,
    UnknownTheme, parse_colour,
};
pub(crate) use self::view::UnbrokenLine;
pub use self::view::ViewState;
use crate::app::screen::{
    ConversationView, Focus, ListSize, NotificationLevel, Overlay, Pane, PurposeView, Screen,
};
use crate::strings;

/// Draws one frame into a blank buffer. `view` keeps the scroll places and records what is clickable.
/// Returns where the cursor is, if it is anywhere.
pub fn render(buffer: &mut Buffer, screen: &Screen<'_>, view: &mut ViewState) -> Option<Position> {
    let area = buffer.area;
    view.begin(screen.conversation.as_ref());
    let cursor = draw(&mut Canvas { buffer, view }, area, screen);
    view.glyphs.apply(buffer);
    view.theme.apply(buffer);
    cursor
}

fn draw(canvas: &mut Canvas<'_>, area: Rect, screen: &Screen<'_>) -> Option<Position> {
    let conversation = screen.conversation.as_ref();
    let name_width = conversation.map_or(0, |open| text::columns(&prompt(screen, open)));
    let is_list = screen.pane == Pane::Contacts;
    let list = ListSize {
        is_hidden: screen.list.is_hidden && !is_list,
        ..screen.list
    };
    let text_width = layout::composer_width(area, name_width, list);
    let input = conversation.map(|open| (open.composer, open.composer.layout(text_width)));
    let rows = input.as_ref().map(|(_, input)| input.rows.len());
    let rows = rows.map(|rows| u16::try_from(rows).unwrap_or(u16::MAX));
    let Some(layout) = layout::layout(area, is_list, rows, list) else {
        draw_too_small(canvas, area);
        return None;
    };
    draw_frame(canvas, &layout, screen);
    if let Some(mut area) = layout.contacts {
        if layout.conversation.is_none() {
            area = status_line::render_notice(canvas, area, screen, layout.status.width);
        }
        contact_list::render(canvas, area, screen);
    }
    draw_conversation(canvas, &layout, screen);
    let mut cursor = None;
    let screen_area = area;
    if let (Some(open), Some(area), Some((composer, input))) =
        (conversation, layout.composer, &input)
    {
        let margin = match layout.frame {
            Some(_) => 1,
            None => layout::prompt_width(screen_area, name_width),
        };
        if layout.frame.is_none() {
            composer::render_prompt(canvas, area, margin, &prompt(screen, open));
        }
        let area = Rect::new(area.x + margin, area.y, area.width - margin, area.height);
        let at = composer::render(canvas, area, composer, input);
        cursor = (screen.focus == Focus::Composer).then_some(at);
    }
    let hints_from = layout.divider.map_or(layout.status.x, |x| x + 1);
    status_line::render(canvas, layout.status, screen, hints_from);
    if let (Some(list), Some(area)) = (&screen.completion, layout.composer) {
        // Inside the box, and above the line on which the recipient stands.
        let edge = u16::from(layout.frame.is_some());
        let y = layout.rule.map_or(area.y, |rule| rule.y);
        let below = Rect::new(area.x, y, area.width, 1);
        completion::render(canvas, below, screen_area.y + edge, list);
    }
    match &screen.overlay {
        None => cursor,
        Some(overlay) => draw_overlay(canvas, area, overlay),
    }
}

fn draw_conversation(canvas: &mut Canvas<'_>, layout: &Layout, screen: &Screen<'_>) {
    let Some(area) = layout.conversation else {
        return;
    };
    let area = status_line::render_notice(canvas, area, screen, layout.status.width);
    let Some(open) = &screen.conversation else {
        conversation::render_none(canvas, area, screen);
        return;
    };
    if let Some(area) = layout.title {
        let title = Rect::new(area.x, area.y, title_width(area.width, screen), 1);
        let end = draw_title(canvas, title, open);
        let rest = indent(area, end - area.x);
        status_line::unread_elsewhere(canvas, rest, screen);
    } else if let Some(frame) = layout.frame {
        let top = Rect::new(area.x, frame.y, area.width, 1);
        let width = match layout.divider {
            Some(_) => top.width,
            None => title_width(top.width, screen),
        };
        let end = draw_title(canvas, Rect::new(top.x, top.y, width, 1), open);
        if layout.divider.is_none() {
            let rest = indent(top, end - top.x);
            status_line::unread_elsewhere(canvas, rest, screen);
        }
    }
    canvas.view.pane = area;
    let below = conversation::render(canvas, area, screen, open);
    if let Some(area) = layout.typing {
        conversation::render_typing(canvas, area, &open.typing);
    }
    if let Some(area) = layout.rule {
        let rule = composer::Rule {
            title: &composer_title(screen, open),
            below,
            newest_key: screen.key_of(strings::hints::NEWEST),
            len: open.composer.text().len(),
        };
        composer::render_rule(canvas, area, &rule);
    }
}

/// The columns of a title beside which stands what is unread elsewhere.
fn title_width(width: u16, screen: &Screen<'_>) -> u16 {
    match &screen.conversation {
        Some(open) if open.room.is_some() || open.display.is_some() => {
            let name = text::columns(open.title).saturating_add(4);
            width.saturating_sub(13).max(name).min(width)
        }
        Some(_) | None => width,
    }
}

fn draw_title(canvas: &mut Canvas<'_>, area: Rect, open: &ConversationView<'_>) -> u16 {
    let name = Rect::new(area.x, area.y, area.width.saturating_sub(2), 1);
    let x = canvas.draw_title(name, open.title);
    if let Some(room) = open.room {
        let area = Rect::new(x, area.y, area.right() - x, 1);
        return draw_room(canvas, area, room, open.notification_level);
    }
    // Behind it stay the columns of the presence and of "quiet".
    let room = area.right().saturating_sub(x + 10);
    let x = match open.display.filter(|_| room > 4) {
        Some(display) => {
            let display = crate::cells::truncate(display, usize::from(room) - 3);
            let display = format!("({display}) ");
            canvas.put((x, area.y), room, &display, Theme::dim())
        }
        None => x,
    };
    let (glyph, style) = if open.is_blocked {
        ("⊘", Theme::dim())
    } else {
        Theme::presence(open.presence)
    };
    let x = canvas.put((x, area.y), 2, &format!("{glyph} "), style);
    let is_quiet = open.notification_level == NotificationLevel::Nothing;
    if is_quiet && x + 6 < area.right() {
        let muted = format!("{} ", strings::conversation::MUTED);
        return canvas.put((x, area.y), 6, &muted, Theme::dim());
    }
    x
}

/// Draws behind a room's name how many are in it and what it is about, as far as there is room.
fn draw_room(
    canvas: &mut Canvas<'_>,
    area: Rect,
    room: &RoomInfo,
    level: NotificationLevel,
) -> u16 {
    let members = strings::conversation::members(room.members.into());
    let members = match level {
        NotificationLevel::All | NotificationLevel::Mentions => members,
        NotificationLevel::Nothing => format!("{} · {members}", strings::conversation::MUTED),
    };
    let facts = match room.topic.as_ref().and_then(Topic::visible) {
        Some(topic) => format!("{members} · {topic}"),
        None => members,
    };
    if area.width < 12 {
        return area.x;
    }
    let facts = crate::cells::truncate(&facts, usize::from(area.width) - 2);
    let at = (area.x, area.y);
    canvas.put(at, area.width, &format!("{facts} "), Theme::dim())
}

/// What stands before the composer where there is no line above it.
fn prompt<'a>(screen: &Screen<'_>, open: &ConversationView<'a>) -> Cow<'a, str> {
    let mode = strings::conversation::mode_mark(screen.vi);
    match open.purpose {
        None if !mode.is_empty() => format!("{mode}{}", open.title).into(),
        None => open.title.into(),
        Some(PurposeView::Edit) => {
            format!("{mode}{}{}", strings::conversation::PROMPT_EDIT, open.title).into()
        }
        Some(PurposeView::Reply(_)) => format!(
            "{mode}{}{}",
            strings::conversation::PROMPT_REPLY,
            open.title
        )
        .into(),
    }
}

/// The mode of vi keys, then what the text is for.
fn composer_title(screen: &Screen<'_>, open: &ConversationView<'_>) -> String {
    let purpose = purpose_title(screen, open);
    strings::conversation::in_mode(screen.vi, purpose)
}

/// What the text in the composer is for, or why it goes nowhere.
fn purpose_title(screen: &Screen<'_>, open: &ConversationView<'_>) -> String {
    let title = open.title;
    match open.room.map(|room| room.membership) {
        Some(Membership::Invited) => strings::conversation::invited(open.inviter),
        Some(_) if open.is_closed => strings::conversation::ROOM_CLOSED.to_owned(),
        Some(Membership::Left) => strings::conversation::ROOM_LEFT.to_owned(),
        Some(Membership::Kicked) => strings::conversation::ROOM_KICKED.to_owned(),
        Some(Membership::Banned) => strings::conversation::ROOM_BANNED.to_owned(),
        Some(Membership::Member) | None if open.purpose == Some(PurposeView::Edit) => {
            strings::conversation::editing(
                title,
                screen.key_of(strings::hints::SAVE),
                screen.key_of(strings::hints::CANCEL),
            )
        }
        Some(Membership::Member) | None if open.is_request => {
            strings::conversation::message_request(title)
        }
        Some(Membership::Member) | None => match open.purpose {
            Some(PurposeView::Reply(quote)) => {
                strings::conversation::reply_to(title, &conversation::quote_text(quote))
            }
            _ if open.is_removed => strings::conversation::to_removed(title),
            Some(PurposeView::Edit) | None if open.is_blocked => {
                strings::conversation::to_blocked(title)
            }
            Some(PurposeView::Edit) | None => strings::conversation::to(title),
        },
    }
}

fn draw_overlay(canvas: &mut Canvas<'_>, area: Rect, overlay: &Overlay<'_>) -> Option<Position> {
    // Nothing below an overlay is hit.
    canvas.view.hits.clear();
    canvas.view.contacts_area = Rect::default();
    match overlay {
        Overlay::Switcher(list) => return list::render(canvas, area, list),
        Overlay::Panel(list) => return list::render(canvas, area, list),
        Overlay::UnreadOverview(list) => return list::render(canvas, area, list),
        Overlay::Search(list) => return list::render(canvas, area, list),
        Overlay::InviteLink { link, copy_key } => {
            invite_link::render(canvas, area, link, copy_key);
        }
        Overlay::Confirm { question, answers } => {
            text_overlays::render_question(canvas, area, question, answers);
        }
        Overlay::Versions { texts, scroll } => {
            text_overlays::render_versions(canvas, area, texts, *scroll);
        }
        Overlay::Announcements { texts, scroll } => {
            text_overlays::render_announcements(canvas, area, texts, *scroll);
        }
        Overlay::Help {
            tables,
            query,
            scroll,
        } => {
            text_overlays::render_help(canvas, area, (tables, *query), scroll);
        }
    }
    None
}

fn draw_too_small(canvas: &mut Canvas<'_>, area: Rect) {
    let lines = strings::status::too_small(area.width, area.height);
    for (area, text) in area.rows().zip(&lines) {
        canvas.draw_line(area, text, Theme::text());
    }
}

fn draw_frame(canvas: &mut Canvas<'_>, layout: &Layout, screen: &Screen<'_>) {
    let Some(frame) = layout.frame else {
        return;
    };
    draw_border(canvas, frame);
    let (top, bottom) = (frame.y, frame.bottom() - 1);
    let mut cell = |x: u16, y: u16, symbol: &str| {
        canvas.put((x, y), 1, symbol, Theme::dim());
    };
    if let Some(x) = layout.divider {
        cell(x, top, "┬");
        (top + 1..bottom).for_each(|y| cell(x, y, "│"));
        cell(x, bottom, "┴");
    }
    if let Some(rule) = layout.rule {
        (rule.x + 1..rule.right() - 1).for_each(|x| cell(x, rule.y, "─"));
        cell(rule.x, rule.y, "├");
        cell(rule.right() - 1, rule.y, "┤");
    }
    if screen.focus == Focus::Contacts && layout.contacts.is_some() {
        let right = layout.divider.unwrap_or(frame.right() - 1);
        let list = Rect::new(frame.x, frame.y, right + 1 - frame.x, frame.height);
        for edge in layout::edges(list) {
            canvas.buffer.set_style(edge, Theme::focused());
        }
    }
    let is_none_open = layout.conversation.is_some() && screen.conversation.is_none();
    if layout.contacts.is_some() || is_none_open {
        let title = Rect::new(frame.x + 1, top, frame.width - 2, 1);
        let end = layout.divider.unwrap_or(title.right());
        let title = Rect::new(title.x, top, end - title.x, 1);
        let after = canvas.draw_title(title, "recado");
        let rest = Rect::new(after, top, title.right() - after, 1);
        if layout.divider.is_some() || !status_line::unread_elsewhere(canvas, rest, screen) {
            let room = Rect::new(rest.x + 1, top, rest.width.saturating_sub(1), 1);
            let me = text_of_me(screen.me, room.width);
            canvas.draw_right(room, &me, Theme::dim());
        }
    }
}

/// The user's own name for a border; nothing where there is no room for it.
fn text_of_me(me: &str, width: u16) -> String {
    if me.is_empty() || width < 5 {
        String::new()
    } else {
        format!(" {} ", crate::cells::truncate(me, usize::from(width) - 2))
    }
}

/// Draws the edges of an area. The library's `Block` would go through all cells inside, too.
fn draw_border(canvas: &mut Canvas<'_>, area: Rect) {
    let area = area.intersection(canvas.buffer.area);
    if area.is_empty() {
        return;
    }
    let (left, right) = (area.x, area.right() - 1);
    let (top, bottom) = (area.y, area.bottom() - 1);
    let mut set = |x, y, symbol: &'static str| {
        canvas.buffer[(x, y)]
            .set_symbol(symbol)
            .set_style(Theme::dim());
    };
    for x in left..=right {
        set(x, top, "─");
        set(x, bottom, "─");
    }
    for y in top..=bottom {
        set(left, y, "│");
        set(right, y, "│");
    }
    for (x, y, corner) in [
        (left, top, "┌"),
        (right, top, "┐"),
        (left, bottom, "└"),
        (right, bottom, "┘"),
    ] {
        set(x, y, corner);
    }
}

/// The place of an overlay: as large as wanted where there is room, else all but an edge.
fn overlay_area(screen: Rect, width: u16, height: u16) -> Rect {
    let edge = if layout::is_tiny(screen) { 0 } else { 2 };
    let width = width.min(screen.width.saturating_sub(2 * edge));
    let height = height.min(screen.height.saturating_sub(edge));
    let x = screen.x + (screen.width - width) / 2;
    let y = screen.y + (screen.height - height) / 3;
    Rect::new(x, y, width, height)
}

/// Draws an empty box with a title. Returns what is inside.
fn draw_box(canvas: &mut Canvas<'_>, area: Rect, title: &str) -> Rect {
    Clear.render(area, canvas.buffer);
    // Half of a wide character may be left of the box.
    for y in area.y..area.bottom() {
        if let Some(x) = area.x.checked_sub(1).filter(|&x| x >= canvas.buffer.area.x)
            && text::columns(canvas.buffer[(x, y)].symbol()) > 1
        {
            canvas.buffer[(x, y)].set_symbol(" ");
        }
    }
    draw_border(canvas, area);
    let top = Rect::new(area.x + 1, area.y, area.width.saturating_sub(2), 1);
    canvas.draw_title(top, title);
    Rect::new(
        area.x + 2,
        area.y + 1,
        area.width.saturating_sub(4),
        area.height.saturating_sub(2),
    )
}
