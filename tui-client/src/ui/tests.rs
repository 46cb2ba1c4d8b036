//! Snapshot tests of whole frames at 80×24, 40×12 and 20×6.

mod frames;
mod invite_link;
mod messages;
mod scrolling;
mod search;
mod themes;
mod unread_overview;

use std::rc::Rc;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use recado_shared::{ConversationId, MessageId, Presence, Seq, Timestamp, UserId};

use super::{BuiltIn, TerminalColours, ViewState, render};
use crate::app::composer::Composer;
use crate::app::screen::{
    ContactRow, ConversationView, Details, Focus, Item, ItemId, LinkView, ListView, Mark,
    MessageView, NotificationLevel, Pane, Place, Screen, Section,
};

/// The time of all frames.
const NOW: &str = "2026-11-21T09:45:00Z";

fn at(text: &str) -> Timestamp {
    let time: jiff::Timestamp = text.parse().unwrap();
    Timestamp(time.as_millisecond().try_into().unwrap())
}

fn with(user: u64) -> ConversationId {
    ConversationId::direct(UserId(1), UserId(user))
}

fn view() -> ViewState {
    ViewState::new(
        TimeZone::UTC,
        BuiltIn::Dark.theme(&TerminalColours::default()),
        at(NOW),
    )
}

fn message<'a>(seq: u64, author: &'a str, time: &str, body: &'a str) -> Item<'a> {
    Item::Message(MessageView {
        id: ItemId::Entry(Seq(seq)),
        author,
        is_own: author == "alice",
        time: at(time),
        body,
        mark: (author == "alice").then_some(Mark::Read),
        details: Details::default(),
    })
}

fn marked<'a>(mut item: Item<'a>, with: Mark<'a>) -> Item<'a> {
    if let Item::Message(MessageView { mark, .. }) = &mut item {
        *mark = Some(with);
    }
    item
}

fn pending(number: u8) -> ItemId {
    ItemId::Pending(MessageId([number; 16]))
}

fn contact(user: u64, name: &str) -> ContactRow<'_> {
    ContactRow {
        conversation: with(user),
        name,
        presence: Some(Presence::Online),
        unread: 0,
        mentions: 0,
        last: None,
        is_open: false,
        has_draft: false,
        has_failed: false,
        is_typing: false,
        room: None,
        is_request: false,
        is_blocked: false,
        is_favourite: false,
        notification_level: NotificationLevel::All,
        section: Section::Conversations,
    }
}

fn screen<'a>() -> Screen<'a> {
    Screen {
        me: "alice",
        contacts: Rc::new(Vec::new()),
        conversation: None,
        link: LinkView::Connected(Some(std::time::Duration::from_millis(2))),
        waiting: 0,
        failed: 0,
        message: None,
        hints: [
            ("Ctrl+K", "go to"),
            ("Alt+A", "unread"),
            ("Up", "select"),
            ("Ctrl+End", "newest"),
            ("F1", "help"),
        ]
        .map(|(key, does)| (key.to_owned(), does))
        .to_vec(),
        focus: Focus::Composer,
        pane: Pane::Conversation,
        completion: None,
        vi: None,
        list: crate::app::screen::ListSize::default(),
        overlay: None,
    }
}

fn conversation<'a>(
    title: &'a str,
    items: Vec<Item<'a>>,
    composer: &'a Composer,
) -> ConversationView<'a> {
    ConversationView {
        id: with(2),
        title,
        display: None,
        room: None,
        is_request: false,
        is_blocked: false,
        is_closed: false,
        is_removed: false,
        inviter: None,
        notification_level: NotificationLevel::All,
        presence: Some(Presence::Online),
        items,
        new_from: None,
        typing: Vec::new(),
        place: Place::Newest,
        is_complete: true,
        follows_newest: true,
        composer,
        purpose: None,
    }
}

fn list<'a, R>(title: &'a str, rows: Vec<R>, chosen: usize, note: &'a str) -> ListView<'a, R> {
    ListView {
        title: title.into(),
        query: None,
        is_replaced: false,
        rows,
        chosen,
        has_more: false,
        note: note.into(),
    }
}

/// Two people at work, with everything that an ordinary frame can have.
fn busy(composer: &Composer) -> Screen<'_> {
    let mut open = conversation(
        "bob",
        vec![
            message(1, "alice", "2026-11-20T17:30:00Z", "see you tomorrow"),
            message(2, "bob", "2026-11-21T09:41:00Z", "did the build pass?"),
            message(3, "alice", "2026-11-21T09:42:00Z", "yes, in 41 s"),
            marked(
                message(
                    4,
                    "alice",
                    "2026-11-21T09:43:00Z",
                    "the slow part was the database: it is compiled from C, so a clean build takes a while",
                ),
                Mark::Delivered,
            ),
            message(5, "bob", "2026-11-21T09:44:00Z", "then let us ship"),
            message(6, "bob", "2026-11-21T09:44:00Z", "today"),
        ],
        composer,
    );
    open.new_from = Some((ItemId::Entry(Seq(5)), 2));
    open.typing = vec!["bob"];
    let mut bob = contact(2, "bob");
    bob.is_open = true;
    bob.last = Some(at("2026-11-21T09:44:00Z"));
    bob.is_typing = true;
    let mut carol = contact(3, "carol");
    carol.presence = Some(Presence::Offline);
    carol.last = Some(at("2026-11-21T09:02:00Z"));
    carol.has_draft = true;
    let mut erin = contact(4, "erin");
    erin.presence = Some(Presence::Away);
    erin.unread = 12;
    erin.last = Some(at("2026-11-19T09:02:00Z"));
    let mut dave = contact(5, "dave");
    dave.section = Section::People;
    let mut frank = contact(6, "frank");
    frank.section = Section::People;
    frank.presence = Some(Presence::Offline);
    Screen {
        contacts: Rc::new(vec![bob, carol, erin, dave, frank]),
        conversation: Some(open),
        ..screen()
    }
}

/// The rows of the contact list, to change them and put them back.
fn rows<'a>(screen: &Screen<'a>) -> Vec<ContactRow<'a>> {
    let contacts = &screen.contacts;
    (0..contacts.len())
        .filter_map(|index| contacts.row(index))
        .collect()
}

fn drawn(screen: &Screen<'_>, view: &mut ViewState, width: u16, height: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    render(&mut buffer, screen, view);
    buffer
}

/// A frame as text, without spaces at line ends.
fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += super::text::columns(symbol).max(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn frame(screen: &Screen<'_>, width: u16, height: u16) -> String {
    text(&drawn(screen, &mut view(), width, height))
}
