//! A device that sends whatever the wire can carry, without asking whether that makes sense, and
//! listens to nothing. It is a device of a user like any other.

use std::time::Duration;

use recado_server::relay::SessionId;
use recado_shared::{
    ClientFrame, Content, ConversationId, CursorUpdate, Emoji, ErasedKind, Hello,
    HistoryVisibility, MessageBody, MessageId, PageRange, ProtocolVersion, Request, RequestNumber,
    Role, RoomEvent, RoomName, Seq, ServerFrame, Timestamp, Topic, UserId, Visibility, codec,
};

use crate::actions::{EMOJI, OTHER_NAMES, ROOMS};
use crate::server::Server;
use crate::world::{Clock, Step};

pub(crate) struct Rogue {
    /// Its place among all clients, behind those of people.
    index: usize,
    user: UserId,
    users: u64,
    session: Option<SessionId>,
    link: u64,
    last_at: Duration,
    count: u32,
}

impl Rogue {
    pub(crate) fn new(index: usize, user: UserId, users: u64) -> Self {
        Self {
            index,
            user,
            users,
            session: None,
            link: 0,
            last_at: Duration::ZERO,
            count: 0,
        }
    }

    pub(crate) fn step(&mut self, step: Step, clock: &mut Clock, server: &mut Server) {
        match step {
            Step::Act(_) => self.act(clock, server),
            Step::ToClient {
                link,
                session,
                bytes,
                ..
            } if link == self.link => {
                let frame: ServerFrame = codec::decode(&bytes).expect("servers write frames");
                server.taken(session, &frame, clock);
            }
            Step::Cut { link, .. } if link == self.link || link == u64::MAX => {
                if let Some(session) = self.session.take() {
                    clock.after(Duration::ZERO, Step::Closed(session));
                }
                self.link += 1;
            }
            _ => {}
        }
    }

    fn act(&mut self, clock: &mut Clock, server: &mut Server) {
        let Some(session) = self.session else {
            self.link += 1;
            self.last_at = Duration::ZERO;
            self.session = server.connect(self.index, self.user, self.link);
            if let Some(session) = self.session {
                let hello = Hello {
                    oldest: ProtocolVersion::OLDEST,
                    newest: ProtocolVersion::NEWEST,
                    software: "rogue".to_owned(),
                    name: None,
                    token: None,
                    since: None,
                    extensions: Vec::new(),
                };
                self.transmit(session, &ClientFrame::Hello(hello), clock);
            }
            return;
        };
        self.count += 1;
        let conversation = self.conversation(clock, server);
        let frame = match clock.random.u8(0..20) {
            0 => ClientFrame::UpdateCursors(CursorUpdate {
                conversation,
                delivered: seq(clock, server, conversation),
                read: seq(clock, server, conversation),
            }),
            1 => self.request(Request::Page {
                conversation,
                range: if clock.random.bool() {
                    PageRange::After(seq(clock, server, conversation))
                } else {
                    PageRange::Before(seq(clock, server, conversation))
                },
                limit: clock.random.u16(0..30),
            }),
            2 => self.request(Request::CreateRoom {
                id: self.id(clock),
                name: name(clock, &ROOMS),
                visibility: Visibility::Public,
                history: history(clock),
            }),
            _ => {
                let content = self.content(conversation, clock, server);
                self.request(Request::Append {
                    conversation,
                    id: self.id(clock),
                    content,
                })
            }
        };
        self.transmit(session, &frame, clock);
    }

    fn request(&self, request: Request) -> ClientFrame {
        let number = RequestNumber(self.count);
        ClientFrame::Request { number, request }
    }

    /// An id that is mostly unused, and sometimes one of its own.
    fn id(&self, clock: &mut Clock) -> MessageId {
        let again = clock.random.u8(0..8) == 0;
        let count = self.count - u32::from(again).min(self.count);
        let index = u128::try_from(self.index).expect("few");
        MessageId((index << 64 | u128::from(count)).to_be_bytes())
    }

    fn conversation(&self, clock: &mut Clock, server: &Server) -> ConversationId {
        let known = server.record.logs.len();
        if known == 0 || clock.random.u8(0..8) == 0 {
            return ConversationId::direct(self.someone(clock), self.someone(clock));
        }
        let chosen = clock.random.usize(0..known);
        *server.record.logs.keys().nth(chosen).expect("so many")
    }

    /// A user, and now and then none.
    fn someone(&self, clock: &mut Clock) -> UserId {
        UserId(clock.random.u64(1..=self.users + 1))
    }

    fn content(&self, conversation: ConversationId, clock: &mut Clock, server: &Server) -> Content {
        let target = seq(clock, server, conversation);
        let word = format!("r{}w{} ", self.index, self.count);
        let body = MessageBody::new(word.trim_end()).expect("a word");
        let emoji = EMOJI[clock.random.usize(0..EMOJI.len())];
        let emoji = Emoji::new(emoji).expect("an emoji");
        match clock.random.u8(0..34) {
            0..4 => Content::Message(body),
            4 => Content::Emote(body),
            5 => Content::Reply { to: target, body },
            6..9 => {
                let target = self.own(target, conversation, server);
                Content::Edit { target, body }
            }
            9..12 => Content::Deletion { target },
            12..14 => Content::ReactionAdded { target, emoji },
            14 => Content::ReactionRemoved { target, emoji },
            15 => Content::Erased(ErasedKind::Message),
            16 => Content::AuthorRemoved,
            _ if conversation.room().is_none() => Content::Emote(body),
            _ => Content::Room(self.event(clock)),
        }
    }

    /// The next message of its own user from a place on, if there is one.
    fn own(&self, from: Seq, conversation: ConversationId, server: &Server) -> Seq {
        let log = server.record.logs.get(&conversation);
        let after = log.into_iter().flat_map(|log| &log.entries);
        let mut own = after.filter(|e| e.seq >= from && e.author == self.user);
        let found = own.find(|entry| entry.content.is_message());
        found.map_or(from, |entry| entry.seq)
    }

    fn event(&self, clock: &mut Clock) -> RoomEvent {
        let user = self.someone(clock);
        match clock.random.u8(0..20) {
            0..4 => RoomEvent::Joined,
            4 => RoomEvent::Left,
            5..7 => RoomEvent::Invited(user),
            7..10 => RoomEvent::Kicked(user),
            10 => RoomEvent::Banned(user),
            11 => RoomEvent::Unbanned(user),
            12 => RoomEvent::Role {
                user,
                role: [Role::Member, Role::Moderator, Role::Owner][clock.random.usize(0..3)],
            },
            13 => RoomEvent::Muted {
                user,
                until: Some(Timestamp(1_700_000_000_000 + clock.random.u64(0..60_000))),
            },
            14 => RoomEvent::Unmuted(user),
            15 => RoomEvent::Renamed(name(clock, &OTHER_NAMES)),
            16 => RoomEvent::Topic(Some(Topic::new("whatever").expect("a topic"))),
            17 => RoomEvent::HistoryVisibility(history(clock)),
            18 => RoomEvent::Created,
            _ => RoomEvent::Closed,
        }
    }

    fn transmit(&mut self, session: SessionId, frame: &ClientFrame, clock: &mut Clock) {
        let bytes = codec::encode(frame).expect("frames can be written");
        self.last_at = self.last_at.max(clock.time + clock.millis(1..200));
        let bytes = bytes.to_vec();
        clock.at(self.last_at, Step::ToServer { session, bytes });
    }
}

/// A place of a log, and now and then none.
fn seq(clock: &mut Clock, server: &Server, conversation: ConversationId) -> Seq {
    let log = server.record.logs.get(&conversation);
    Seq(clock
        .random
        .u64(0..=log.map_or(0, |log| log.newest().0) + 1))
}

fn name(clock: &mut Clock, among: &[&str]) -> RoomName {
    RoomName::new(among[clock.random.usize(0..among.len())]).expect("a legal name")
}

fn history(clock: &mut Clock) -> HistoryVisibility {
    if clock.random.bool() {
        HistoryVisibility::Visible
    } else {
        HistoryVisibility::Hidden
    }
}
