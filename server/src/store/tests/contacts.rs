//! Tests of message requests.

use recado_shared::limits::MAX_MESSAGES_BEFORE_ACCEPTANCE;
use recado_shared::{Head, RequestError, Setting, Stamp};

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
