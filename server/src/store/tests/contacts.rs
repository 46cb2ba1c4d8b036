//! Tests of message requests.

use recado_shared::limits::{MAX_MESSAGES_BEFORE_ACCEPTANCE, MAX_OPEN_INVITATIONS};
use recado_shared::{
    Head, HistoryVisibility, Limit, RequestError, RoomEvent, RoomName, Setting, Stamp, Topic,
    Visibility,
};

use super::*;

/// A user who wants message requests, and a new contact who writes.
struct Door {
    desk: Desk,
    asked: UserId,
    stranger: UserId,
    last_id: u64,
}

impl Door {
    fn new() -> Self {
        let mut desk = Desk::new();
        let (asked, stranger) = (desk.register("alice"), desk.register("mallory"));
        let mut door = Self {
            desk,
            asked,
            stranger,
            last_id: 0,
        };
        door.ask_first(true);
        door
    }

    fn change(&mut self, change: UserChange) -> Result<UserOutcome, RequestError> {
        let write = Write::User {
            origin: ORIGIN,
            user: self.asked,
            by: device_of(self.asked),
            change,
        };
        match self.desk.write(write) {
            WriteResult::User { result, .. } => result,
            other => panic!("a change of a person is answered by one: {other:?}"),
        }
    }

    fn ask_first(&mut self, ask: bool) {
        let setting = Setting::FirstContact { ask };
        self.change(UserChange::Set(setting)).unwrap();
    }

    fn accept(&mut self) -> Result<UserOutcome, RequestError> {
        self.change(UserChange::Accept(self.stranger))
    }

    fn write(&mut self, from: UserId, to: UserId, content: Content) -> Result<bool, RequestError> {
        self.last_id += 1;
        let mut write = message(from, to, self.last_id, "hello");
        if let Write::Append { new, .. } = &mut write {
            new.content = content;
        }
        self.desk.append(write).map(|appended| appended.is_request)
    }

    /// Says whether the stranger's message asks for something.
    fn knock(&mut self) -> Result<bool, RequestError> {
        self.write(self.stranger, self.asked, text("hello"))
    }

    fn answer(&mut self) -> Result<bool, RequestError> {
        self.write(self.asked, self.stranger, text("hi"))
    }

    fn heads(&mut self, user: UserId, since: u64) -> (Vec<Head>, u64) {
        let read = Read::Heads {
            session: SESSION,
            user,
            since: Some(Stamp(since)),
        };
        match self.desk.read(read) {
            ReadResult::Heads { heads, stamp, .. } => (heads, stamp.0),
            other @ (ReadResult::Agreed { .. } | ReadResult::Answer { .. }) => {
                panic!("no heads: {other:?}")
            }
        }
    }

    fn is_request(&mut self) -> bool {
        let (heads, _) = self.heads(self.asked, 0);
        heads.iter().any(|head| head.is_request)
    }
}

const LIMIT: Result<bool, RequestError> = Err(RequestError::RequestPending);

#[test]
fn a_stranger_writes_a_little_and_then_waits() {
    let mut door = Door::new();
    for _ in 0..MAX_MESSAGES_BEFORE_ACCEPTANCE {
        assert_eq!(door.knock(), Ok(true));
    }
    assert_eq!(door.knock(), LIMIT);
    // An edit is no way around it, taking something back always goes.
    let edit = Content::Edit {
        target: Seq(1),
        body: MessageBody::new("listen").unwrap(),
    };
    assert_eq!(door.write(door.stranger, door.asked, edit), LIMIT);
    let delete = Content::Deletion { target: Seq(1) };
    assert_eq!(door.write(door.stranger, door.asked, delete), Ok(true));
    assert_eq!(door.knock(), LIMIT);
    assert!(door.is_request());
    let (heads, _) = door.heads(door.stranger, 0);
    assert!(!heads[0].is_request, "it is no request to the stranger");

    // Also after a restart.
    door.desk = door.desk.reopen();
    assert_eq!(door.knock(), LIMIT);
    let (_, before) = door.heads(door.asked, 0);
    let accepted = |is_new| Ok(UserOutcome::Accepted { is_new });
    assert_eq!(door.accept(), accepted(true));
    let (heads, _) = door.heads(door.asked, before);
    assert!(heads.len() == 1 && !heads[0].is_request);
    assert_eq!(door.accept(), accepted(false));
    assert_eq!(door.knock(), Ok(false));
}

#[test]
fn writing_back_accepts_and_a_reaction_does_not() {
    let mut door = Door::new();
    assert_eq!(door.knock(), Ok(true));
    let reaction = Content::ReactionAdded {
        target: Seq(1),
        emoji: recado_shared::Emoji::new("👋").unwrap(),
    };
    let (asked, stranger) = (door.asked, door.stranger);
    assert_eq!(door.write(asked, stranger, reaction), Ok(false));
    assert!(door.is_request());
    assert_eq!(door.answer(), Ok(false));
    assert!(!door.is_request());
    for _ in 0..=MAX_MESSAGES_BEFORE_ACCEPTANCE {
        assert_eq!(door.knock(), Ok(false));
    }
}

#[test]
fn only_what_strangers_begin_while_they_are_asked_is_a_request() {
    // Who was written to is no stranger.
    let mut door = Door::new();
    assert_eq!(door.answer(), Ok(false));
    assert_eq!(door.knock(), Ok(false));
    // Nor is who wrote before.
    let mut door = Door::new();
    door.ask_first(false);
    assert_eq!(door.knock(), Ok(false));
    door.ask_first(true);
    assert_eq!(door.knock(), Ok(false));
    // A user needs no request to themselves.
    let own = door.write(door.asked, door.asked, text("milk"));
    assert_eq!(own, Ok(false));
    assert!(!door.is_request());
}

#[test]
fn a_refused_entry_decides_nothing() {
    let mut door = Door::new();
    door.ask_first(false);
    let lost = Content::Deletion { target: Seq(1) };
    let refused = door.write(door.stranger, door.asked, lost);
    assert_eq!(refused, Err(RequestError::NoSuchMessage));
    assert_eq!(door.accept(), Err(RequestError::Invalid));
    door.ask_first(true);
    assert_eq!(door.knock(), Ok(true));
}

#[test]
fn who_no_longer_asks_has_accepted_all() {
    let mut door = Door::new();
    assert_eq!(door.accept(), Err(RequestError::Invalid));
    assert_eq!(door.knock(), Ok(true));
    let (_, before) = door.heads(door.asked, 0);
    door.ask_first(false);
    let (heads, _) = door.heads(door.asked, before);
    assert!(heads.len() == 1 && !heads[0].is_request);
    for _ in 0..=MAX_MESSAGES_BEFORE_ACCEPTANCE {
        assert_eq!(door.knock(), Ok(false));
    }
}

#[test]
fn what_is_refused_makes_no_conversation() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let conversation = ConversationId::direct(alice, bob);
    let refused = desk.append(Write::Append {
        origin: ORIGIN,
        new: NewEntry {
            author: bob,
            by: device_of(bob),
            conversation,
            id: message_id(1),
            content: Content::Deletion { target: Seq(1) },
            time: Timestamp(1),
        },
    });
    assert_eq!(refused, Err(RequestError::NoSuchMessage));
    let count = "SELECT count(*) FROM conversations";
    let count: i64 = desk.reader.query_one(count, [], |row| row.get(0)).unwrap();
    assert_eq!(count, 0);
}

impl Door {
    /// A private room of the stranger with a topic, and an invitation to it.
    fn invite(&mut self, number: u64) -> Result<(), RequestError> {
        self.last_id += 1;
        let new = NewRoom {
            author: self.stranger,
            by: device_of(self.stranger),
            id: message_id(1_000 * number),
            name: RoomName::new(&format!("room{number}")).unwrap(),
            visibility: Visibility::Private,
            history: HistoryVisibility::default(),
            time: Timestamp(1),
        };
        let write = Write::CreateRoom {
            origin: ORIGIN,
            new,
        };
        let WriteResult::CreateRoom { result, .. } = self.desk.write(write) else {
            panic!("a room is answered by a room");
        };
        let room = ConversationId::Room(result.unwrap().0);
        for event in [
            RoomEvent::Topic(Some(Topic::new("buy now").unwrap())),
            RoomEvent::Invited(self.asked),
        ] {
            self.last_id += 1;
            let mut write = message(self.stranger, self.asked, 1_000_000 + self.last_id, "x");
            if let Write::Append { new, .. } = &mut write {
                (new.conversation, new.content) = (room, Content::Room(event));
            }
            self.desk.append(write)?;
        }
        Ok(())
    }

    fn topics(&mut self) -> Vec<Option<Topic>> {
        let (heads, _) = self.heads(self.asked, 0);
        let rooms = heads.into_iter().filter_map(|head| head.room);
        rooms.map(|room| room.topic).collect()
    }
}

#[test]
fn a_stranger_has_only_a_few_open_invitations_to_a_user_who_wants_to_be_asked() {
    let mut door = Door::new();
    for number in 1..=MAX_OPEN_INVITATIONS {
        assert_eq!(door.invite(number), Ok(()));
    }
    let limit = Err(RequestError::Limit(Limit::Invitations));
    assert_eq!(door.invite(9), limit);
    assert_eq!(door.topics(), vec![None; 3], "no text of a stranger");
    // A contact may invite.
    door.answer().unwrap();
    assert_eq!(door.invite(10), Ok(()));
    door.ask_first(false);
    assert!(door.topics().iter().all(Option::is_some));
}
