//! A client under test and the values that its scripts are made of.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use recado_shared::{
    Answer, ClientFrame, Content, ConversationId, CursorUpdate, Entry, Head, HeadsPage,
    HistoryVisibility, LogId, MemberCursors, Membership, MessageBody, MessageId, Now, PageRange,
    Presence, ProtocolVersion, Request, RequestNumber, Role, RoomEvent, RoomId, RoomInfo, RoomName,
    Seq, ServerFrame, Setting, Stamp, Timestamp, UserId, UserName, UserProfile, Visibility,
    Welcome,
};

use crate::app::chats::contact_order::ContactOrder;
use crate::app::screen::{ContactRow, Item, ItemId, ListSize, Mark, MessageView, Overlay, Place};
use crate::app::{App, Effect, Event, Settings, Viewed, keymap::Keymap};
use crate::net::NetEvent;
use crate::store::{HeldRange, Snapshot, StoreWrite, StoredConversation, StoredMe, StoredPerson};

pub(super) const ME: UserId = UserId(1);
pub(super) const BOB: UserId = UserId(2);
pub(super) const CAROL: UserId = UserId(3);
pub(super) const LOG: LogId = LogId([7; 16]);

/// Wall time at the start of every script.
const START: u64 = 1_700_000_000_000;

/// The limit of the local store here.
pub(super) const STORE_LIMIT: u64 = 1 << 30;

pub(super) fn with(peer: UserId) -> ConversationId {
    ConversationId::direct(ME, peer)
}

pub(super) fn name_of(user: UserId) -> UserName {
    let name = match user.0 {
        1 => "alice".to_owned(),
        2 => "bob".to_owned(),
        3 => "carol".to_owned(),
        other => format!("user{other}"),
    };
    UserName::new(&name).unwrap()
}

pub(super) fn body(text: &str) -> Content {
    Content::Message(MessageBody::new(text).unwrap())
}

/// An entry whose text, id and time follow from its place.
pub(super) fn entry(seq: u64, author: UserId) -> Entry {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&seq.to_be_bytes());
    id[0] = u8::try_from(author.0 % 256).unwrap();
    Entry {
        seq: Seq(seq),
        author,
        id: MessageId(id),
        time: Timestamp(START.wrapping_add(seq)),
        content: body(&format!("m{seq}")),
    }
}

pub(super) fn entries(seqs: std::ops::RangeInclusive<u64>, author: UserId) -> Vec<Entry> {
    seqs.map(|seq| entry(seq, author)).collect()
}

pub(super) fn held(first: u64, last: u64) -> HeldRange {
    HeldRange {
        first: Seq(first),
        last: Seq(last),
    }
}

pub(super) fn cursors(user: UserId, delivered: u64, read: u64) -> MemberCursors {
    MemberCursors {
        user,
        delivered: Seq(delivered),
        read: Seq(read),
    }
}

pub(super) fn head(peer: UserId, newest: u64, read: u64, unread: u64) -> Head {
    Head {
        conversation: with(peer),
        newest: Seq(newest),
        newest_time: Timestamp(START.wrapping_add(newest)),
        unread,
        cursors: vec![cursors(ME, read, read), cursors(peer, 0, 0)],
        first: Seq(1),
        room: None,
        is_request: false,
    }
}

pub(super) const ROOM: ConversationId = ConversationId::Room(RoomId(9));

pub(super) fn facts(members: u32, membership: Membership) -> RoomInfo {
    RoomInfo {
        name: RoomName::new("lobby").unwrap(),
        topic: None,
        visibility: Visibility::Public,
        history: HistoryVisibility::Visible,
        members,
        membership,
        role: Role::Member,
        mute: None,
    }
}

/// The head of [`ROOM`], which has the user, bob and carol as members and is read up to the end.
pub(super) fn room_head(newest: u64) -> Head {
    Head {
        conversation: ROOM,
        cursors: vec![
            cursors(ME, newest, newest),
            cursors(BOB, 0, 0),
            cursors(CAROL, 0, 0),
        ],
        room: Some(facts(3, Membership::Member)),
        ..head(BOB, newest, newest, 0)
    }
}

pub(super) fn event(seq: u64, author: UserId, event: RoomEvent) -> Entry {
    Entry {
        content: Content::Room(event),
        ..entry(seq, author)
    }
}

pub(super) fn person(user: UserId, presence: Presence) -> UserProfile {
    UserProfile {
        user,
        name: name_of(user),
        presence,
        display: None,
    }
}

pub(super) fn welcome(log: LogId) -> Event {
    Event::Net(NetEvent::Welcomed(Welcome {
        // Before epochs, which their own tests name.
        version: ProtocolVersion::V3,
        user: ME,
        name: name_of(ME),
        registered: false,
        log,
        now: Timestamp(START),
    }))
}

pub(super) fn offline() -> Event {
    Event::Net(NetEvent::Offline {
        reason: "the connection broke".to_owned(),
        retry_in: Duration::from_secs(3),
    })
}

/// A conversation of the local store whose whole log is held and loaded.
pub(super) fn stored(peer: UserId, log: Vec<Entry>, read: u64) -> StoredConversation {
    let newest = log.last().map_or(0, |entry| entry.seq.0);
    let unread = log
        .iter()
        .filter(|entry| entry.author != ME && entry.seq > Seq(read))
        .count();
    StoredConversation {
        head: Head {
            cursors: vec![cursors(ME, newest, read), cursors(peer, 0, 0)],
            ..head(peer, newest, read, unread as u64)
        },
        held: vec![held(1, newest)],
        place: Place::Newest,
        entries: log,
        last_erasing: Seq::ZERO,
    }
}

pub(super) fn snapshot(conversations: Vec<StoredConversation>) -> Snapshot {
    let peers = conversations
        .iter()
        .map(|stored| stored.head.conversation.peer_of(ME).unwrap());
    Snapshot {
        me: Some(StoredMe {
            user: ME,
            name: name_of(ME),
            log: LOG,
        }),
        people: peers
            .map(|user| StoredPerson::named(user, name_of(user)))
            .collect(),
        conversations,
        ..Snapshot::default()
    }
}

/// An app and the clock that it is told.
pub(super) struct Client {
    pub(super) app: App,
    pub(super) now: Now,
}

impl Client {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self::start(snapshot, false, Keymap::default())
    }

    /// A connected client with a key configuration and the conversation with bob open.
    pub(super) fn with_keys(configuration: &str) -> Self {
        Self::start_talking(1, false, Keymap::from_toml(configuration).unwrap())
    }

    fn start(snapshot: Snapshot, is_in_tmux: bool, keymap: Keymap) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "an instant can be had in no other way; it is read once and only moved then"
        )]
        let instant = Instant::now();
        let now = Now {
            instant,
            wall: Timestamp(START),
        };
        let settings = Settings {
            name: "alice".to_owned(),
            keymap,
            seed: 1,
            bell: true,
            store_limit: STORE_LIMIT,
            list: ListSize::default(),
            is_in_tmux,
            time_zone: jiff::tz::TimeZone::UTC,
            device: recado_shared::DeviceKey([1; 32]),
            notice: None,
            invite_link: None,
        };
        Self {
            app: App::new(snapshot, settings, now),
            now,
        }
    }

    /// A client that is connected and knows bob and carol, with no conversation open.
    pub(super) fn connected(heads: Vec<Head>) -> Self {
        let mut client = Self::new(Snapshot::default());
        client.connect(heads);
        client
    }

    /// A connected client with the conversation with bob open, which has `newest` entries of his.
    pub(super) fn talking(newest: u64) -> Self {
        Self::start_talking(newest, false, Keymap::default())
    }

    /// The same in a pane of tmux.
    pub(super) fn in_tmux(newest: u64) -> Self {
        Self::start_talking(newest, true, Keymap::default())
    }

    fn start_talking(newest: u64, is_in_tmux: bool, keymap: Keymap) -> Self {
        let mut snapshot = snapshot(vec![stored(BOB, entries(1..=newest, BOB), newest)]);
        snapshot.open = Some(with(BOB));
        let mut client = Self::start(snapshot, is_in_tmux, keymap);
        client.connect(vec![Head {
            cursors: vec![cursors(ME, newest, newest), cursors(BOB, 0, 0)],
            ..head(BOB, newest, newest, 0)
        }]);
        client
    }

    pub(super) fn handle(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = self.app.handle(event, self.now);
        self.check_kept();
        effects.extend(self.app.handle(Event::Frame, self.now));
        effects
    }

    pub(super) fn frame(&mut self, frame: ServerFrame) -> Vec<Effect> {
        self.handle(Event::Net(NetEvent::Frame(frame)))
    }

    pub(super) fn connect(&mut self, heads: Vec<Head>) -> Vec<Effect> {
        let mut effects = self.handle(welcome(LOG));
        effects.extend(self.heads(heads));
        effects
    }

    pub(super) fn heads(&mut self, heads: Vec<Head>) -> Vec<Effect> {
        self.frame(ServerFrame::Heads(HeadsPage {
            heads,
            people: vec![
                person(BOB, Presence::Online),
                person(CAROL, Presence::Offline),
            ],
            complete: Some(Stamp(1)),
        }))
    }

    pub(super) fn entry(&mut self, peer: UserId, entry: Entry) -> Vec<Effect> {
        self.frame(ServerFrame::Entry {
            conversation: with(peer),
            entry,
        })
    }

    /// A connected client with [`ROOM`] open, which has `newest` entries of bob's.
    pub(super) fn in_room(newest: u64) -> Self {
        let mut client = Self::connected(vec![room_head(0)]);
        client.keys("alt-1");
        for entry in entries(1..=newest, BOB) {
            client.room_entry(entry);
        }
        client
    }

    pub(super) fn room_entry(&mut self, entry: Entry) -> Vec<Effect> {
        self.frame(ServerFrame::Entry {
            conversation: ROOM,
            entry,
        })
    }

    pub(super) fn answer(&mut self, number: RequestNumber, answer: Answer) -> Vec<Effect> {
        let result = Ok(answer);
        self.frame(ServerFrame::Answer { number, result })
    }

    pub(super) fn page(
        &mut self,
        number: RequestNumber,
        entries: Vec<Entry>,
        newest: u64,
    ) -> Vec<Effect> {
        let newest = Seq(newest);
        self.answer(number, Answer::Page { entries, newest })
    }

    pub(super) fn pass(&mut self, time: Duration) -> Vec<Effect> {
        self.now.instant += time;
        self.now.wall.0 += u64::try_from(time.as_millis()).unwrap();
        self.handle(Event::Deadline)
    }

    /// Presses keys: names as in the key configuration, separated by spaces.
    pub(super) fn keys(&mut self, keys: &str) -> Vec<Effect> {
        let keys = keys.split(' ').map(key);
        keys.flat_map(|key| self.handle(Event::Key(key))).collect()
    }

    pub(super) fn type_text(&mut self, text: &str) -> Vec<Effect> {
        let keys = text
            .chars()
            .map(|c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        keys.flat_map(|key| self.handle(Event::Key(key))).collect()
    }

    /// Types a text and sends it.
    pub(super) fn say(&mut self, text: &str) -> Vec<Effect> {
        let mut effects = self.type_text(text);
        effects.extend(self.keys("enter"));
        effects
    }

    /// Pastes a text and sends it.
    pub(super) fn paste_and_send(&mut self, text: &str) -> Vec<Effect> {
        let mut effects = self.handle(Event::Paste(text.to_owned()));
        effects.extend(self.keys("enter"));
        effects
    }

    /// Reports that these entries of the open conversation were drawn, the newest at the end.
    pub(super) fn viewed(&mut self, first: u64, last: u64) -> Vec<Effect> {
        self.viewed_at(first, last, Place::Newest, false)
    }

    pub(super) fn viewed_at(
        &mut self,
        first: u64,
        last: u64,
        place: Place,
        at_oldest: bool,
    ) -> Vec<Effect> {
        let conversation = self.open();
        let visible = Some((ItemId::Entry(Seq(first)), ItemId::Entry(Seq(last))));
        self.handle(Event::Viewed(Viewed {
            conversation,
            visible,
            place,
            at_oldest,
        }))
    }

    pub(super) fn open(&self) -> ConversationId {
        let screen = self.app.screen(self.now);
        screen.conversation.expect("a conversation is open").id
    }

    pub(super) fn composer(&self) -> String {
        let screen = self.app.screen(self.now);
        let open = screen.conversation.expect("a conversation is open");
        open.composer.text().to_owned()
    }

    /// The items of the open conversation: text and mark of messages, `[missing n]` for gaps.
    pub(super) fn items(&self) -> Vec<String> {
        let screen = self.app.screen(self.now);
        let items = screen.conversation.expect("a conversation is open").items;
        items
            .iter()
            .map(|item| match item {
                Item::Event { text, .. } => format!("* {text}"),
                Item::Message(MessageView { body, mark, .. }) => match mark {
                    None => (*body).to_owned(),
                    Some(Mark::Failed(_)) => format!("{body} failed"),
                    Some(mark) => format!("{body} {}", format!("{mark:?}").to_lowercase()),
                },
                Item::Gap { missing, .. } => format!("[missing {missing}]"),
            })
            .collect()
    }

    /// The rows of the contact list.
    pub(super) fn rows(&self) -> Vec<ContactRow<'_>> {
        let contacts = self.app.screen(self.now).contacts;
        let rows = (0..contacts.len()).map(|index| contacts.row(index));
        rows.map(Option::unwrap).collect()
    }

    /// The contact list: name, and the unread count where there is one.
    pub(super) fn contacts(&self) -> Vec<String> {
        let rows = self.rows().into_iter();
        rows.map(|row| match row.unread {
            0 => row.name.to_owned(),
            unread => format!("{} {unread}", row.name),
        })
        .collect()
    }

    pub(super) fn unread(&self, peer: UserId) -> u64 {
        let rows = self.rows().into_iter();
        let mut rows = rows.filter(|row| row.conversation == with(peer));
        rows.next().map_or(0, |row| row.unread)
    }

    /// Asserts that what is kept from event to event is as made anew: the order of the contact list
    /// and the unread totals.
    fn check_kept(&self) {
        let chats = &self.app.chats;
        let Some(me) = chats.user() else {
            return;
        };
        let mut whole = ContactOrder::default();
        let queued = self.app.session.outbox.last_typed();
        whole.replace(chats.all_rows(me, &queued).into_iter());
        let whole: Vec<_> = whole.ids().collect();
        let mut kept: Vec<_> = chats.contacts.order.ids().collect();
        if chats.contacts.hold.deadline().is_some() {
            // Rows wait for their places.
            let mut sorted = whole.clone();
            kept.sort();
            sorted.sort();
            assert_eq!(kept, sorted);
        } else {
            assert_eq!(kept, whole);
        }
        let others = whole
            .iter()
            .filter(|id| chats.navigation.open != Some(**id));
        let unread = others.map(|id| chats.notable_in(*id, self.now));
        let total = unread.fold(0, u64::saturating_add);
        assert_eq!(chats.totals.elsewhere(chats.navigation.open), total);
    }

    /// The unread marker: the place of the first entry below it, and the count.
    pub(super) fn new_line(&self) -> Option<(u64, u64)> {
        let screen = self.app.screen(self.now);
        let (item, count) = screen.conversation.expect("one is open").new_from?;
        match item {
            ItemId::Entry(seq) => Some((seq.0, count)),
            ItemId::Pending(_) => panic!("no line stands above an own message"),
        }
    }

    /// The question of the open dialog.
    pub(super) fn question(&self) -> String {
        match self.app.screen(self.now).overlay {
            Some(Overlay::Confirm { question, .. }) => question.to_owned(),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn message(&self) -> String {
        let screen = self.app.screen(self.now);
        screen.message.unwrap_or_default().to_owned()
    }
}

/// A key by its name, such as `ctrl-k` or `enter`.
fn key(name: &str) -> KeyEvent {
    let (mut modifiers, mut code) = (KeyModifiers::NONE, name);
    while let Some((modifier, rest)) = code.split_once('-').filter(|(_, rest)| !rest.is_empty()) {
        modifiers |= match modifier {
            "ctrl" => KeyModifiers::CONTROL,
            "alt" => KeyModifiers::ALT,
            "shift" => KeyModifiers::SHIFT,
            other => panic!("no modifier: {other}"),
        };
        code = rest;
    }
    let code = match code {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pageup" => KeyCode::PageUp,
        "pagedown" => KeyCode::PageDown,
        "backspace" => KeyCode::Backspace,
        "f1" => KeyCode::F(1),
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}

pub(super) fn sent(effects: &[Effect]) -> Vec<ClientFrame> {
    let frames = effects.iter().filter_map(|effect| match effect {
        Effect::Send(frame) => Some(frame.clone()),
        _ => None,
    });
    frames.collect()
}

pub(super) fn saved(effects: &[Effect]) -> Vec<StoreWrite> {
    let saves = effects.iter().filter_map(|effect| match effect {
        Effect::Save(save) => Some(save.clone()),
        _ => None,
    });
    saves.collect()
}

/// The texts of the appends among effects, with their numbers and ids.
pub(super) fn appends(
    effects: &[Effect],
) -> Vec<(RequestNumber, MessageId, ConversationId, String)> {
    let appends = sent(effects).into_iter().filter_map(|frame| match frame {
        ClientFrame::Request {
            number,
            request:
                Request::Append {
                    conversation,
                    id,
                    content: Content::Message(body),
                },
        } => Some((number, id, conversation, body.as_str().to_owned())),
        _ => None,
    });
    appends.collect()
}

pub(super) fn texts(effects: &[Effect]) -> Vec<String> {
    let appends = appends(effects).into_iter();
    appends.map(|(_, _, _, text)| text).collect()
}

/// The pages asked for among effects.
pub(super) fn pages(effects: &[Effect]) -> Vec<(RequestNumber, ConversationId, PageRange, u16)> {
    let pages = sent(effects).into_iter().filter_map(|frame| match frame {
        ClientFrame::Request {
            number,
            request:
                Request::Page {
                    conversation,
                    range,
                    limit,
                },
        } => Some((number, conversation, range, limit)),
        _ => None,
    });
    pages.collect()
}

pub(super) fn advances(effects: &[Effect]) -> Vec<CursorUpdate> {
    let advances = sent(effects).into_iter().filter_map(|frame| match frame {
        ClientFrame::UpdateCursors(advance) => Some(advance),
        _ => None,
    });
    advances.collect()
}

pub(super) fn advance(peer: UserId, delivered: u64, read: u64) -> CursorUpdate {
    CursorUpdate {
        conversation: with(peer),
        delivered: Seq(delivered),
        read: Seq(read),
    }
}

/// The settings asked for among effects: after which stamp.
pub(super) fn pulls(effects: &[Effect]) -> Vec<(RequestNumber, Stamp)> {
    let pulls = sent(effects).into_iter().filter_map(|frame| match frame {
        ClientFrame::Request {
            number,
            request: Request::Settings { after },
        } => Some((number, after)),
        _ => None,
    });
    pulls.collect()
}

/// The changes of settings among effects.
pub(super) fn sets(effects: &[Effect]) -> Vec<(RequestNumber, Setting)> {
    let sets = sent(effects).into_iter().filter_map(|frame| match frame {
        ClientFrame::Request {
            number,
            request: Request::Set(setting),
        } => Some((number, setting)),
        _ => None,
    });
    sets.collect()
}

impl Client {
    /// Connects and learns these settings. Returns what was done after they came.
    pub(super) fn connect_with(&mut self, heads: Vec<Head>, settings: Vec<Setting>) -> Vec<Effect> {
        let effects = self.connect(heads);
        let (number, after) = pulls(&effects)[0];
        let stamp = Stamp(after.0 + settings.len() as u64);
        let more = false;
        self.answer(
            number,
            Answer::Settings {
                settings,
                stamp,
                more,
            },
        )
    }
}
