//! Every request by every kind of caller, against a table written out by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::RequestError::{
    AlreadyAMember, Banned, Invalid, InviteNeeded, LastOwner, Muted, NotAMember, NotARoom,
    NotAccepting, NotBanned, OutranksYou, RoleNeeded, RoomNotEmpty, UnknownRoom, UserBanned,
};
use super::*;
use crate::{
    DeviceKey, DeviceName, DisplayName, Emoji, ErasedKind, HistoryVisibility, LinkCode,
    MessageBody, MessageId, Mute, PageRange, RoomName, Seq, Setting, Stamp, Topic,
};

const PUBLIC: RoomId = RoomId(1);
const PRIVATE: RoomId = RoomId(2);
const CLOSED: RoomId = RoomId(3);
const NOW: Timestamp = Timestamp(1_000);

/// All kinds of callers, in the order of the columns of the tables.
const STRANGER: UserId = UserId(1);
const INVITED: UserId = UserId(2);
const LEFT: UserId = UserId(3);
const KICKED: UserId = UserId(4);
const BANNED: UserId = UserId(5);
const MUTED: UserId = UserId(6);
const MEMBER: UserId = UserId(7);
const MODERATOR: UserId = UserId(8);
const OWNER: UserId = UserId(9);
const CALLERS: [UserId; 9] = [
    STRANGER, INVITED, LEFT, KICKED, BANNED, MUTED, MEMBER, MODERATOR, OWNER,
];

/// Those who are acted on besides.
const OTHER_MEMBER: UserId = UserId(10);
const OTHER_MODERATOR: UserId = UserId(11);
const OTHER_OWNER: UserId = UserId(12);
/// Blocks every one of [`CALLERS`].
const BLOCKER: UserId = UserId(13);
/// Is not let in any more.
const GONE: UserId = UserId(14);

/// Rooms and relations between users, as simple as they can be.
#[derive(Default)]
struct Index {
    rooms: BTreeMap<RoomId, RoomState>,
    blocks: BTreeSet<(UserId, UserId)>,
    closed: BTreeSet<UserId>,
}

impl Memberships for Index {
    fn room(&self, room: RoomId) -> Option<&RoomState> {
        self.rooms.get(&room)
    }

    fn rooms_of(&self, user: UserId) -> usize {
        let rooms = self.rooms.values();
        rooms.filter(|room| room.member(user).is_some()).count()
    }

    fn accepts_from(&self, user: UserId, from: UserId) -> bool {
        user == from || !(self.closed.contains(&user) || self.blocks.contains(&(user, from)))
    }
}

impl Index {
    fn apply(&mut self, room: RoomId, author: UserId, event: &RoomEvent) {
        self.rooms.get_mut(&room).unwrap().apply(author, event);
    }
}

fn state(membership: Membership, role: Role, mute: Option<Mute>) -> MemberState {
    MemberState {
        membership,
        role,
        mute,
        may_read: membership != Membership::Invited && membership != Membership::Banned,
    }
}

fn index() -> Index {
    let is_in = |role| state(Membership::Member, role, None);
    let muted = Some(Mute {
        until: Some(Timestamp(NOW.0 + 1)),
    });
    let over = Some(Mute { until: Some(NOW) });
    let members = [
        (INVITED, state(Membership::Invited, Role::Member, None)),
        (LEFT, state(Membership::Left, Role::Member, None)),
        (KICKED, state(Membership::Kicked, Role::Member, None)),
        (BANNED, state(Membership::Banned, Role::Member, None)),
        (MUTED, state(Membership::Member, Role::Member, muted)),
        (MEMBER, state(Membership::Member, Role::Member, over)),
        (MODERATOR, is_in(Role::Moderator)),
        (OWNER, is_in(Role::Owner)),
        (OTHER_MEMBER, is_in(Role::Member)),
        (OTHER_MODERATOR, is_in(Role::Moderator)),
        (OTHER_OWNER, is_in(Role::Owner)),
    ];
    let room = |id, visibility| {
        let mut room = room(visibility, &members);
        room.is_closed = id == CLOSED;
        (id, room)
    };
    Index {
        rooms: BTreeMap::from([
            room(PUBLIC, Visibility::Public),
            room(PRIVATE, Visibility::Private),
            room(CLOSED, Visibility::Public),
        ]),
        blocks: CALLERS.map(|caller| (BLOCKER, caller)).into(),
        closed: [GONE].into(),
    }
}

fn room(visibility: Visibility, members: &[(UserId, MemberState)]) -> RoomState {
    let mut room = RoomState::new(visibility);
    for &(user, state) in members {
        room.insert(user, state);
    }
    room
}

fn of_room(members: &[(UserId, MemberState)]) -> Index {
    Index {
        rooms: BTreeMap::from([(PUBLIC, room(Visibility::Public, members))]),
        ..Index::default()
    }
}

fn append_to(room: RoomId, content: Content) -> Request {
    Request::Append {
        conversation: ConversationId::Room(room),
        id: MessageId([1; 16]),
        content,
    }
}

fn page_of(room: RoomId) -> Request {
    Request::Page {
        conversation: ConversationId::Room(room),
        range: PageRange::Before(Seq(9)),
        limit: 1,
    }
}

fn members_of(room: RoomId) -> Request {
    Request::Members {
        room,
        after: None,
        limit: 1,
    }
}

/// The answer for each of [`CALLERS`].
type Row = [Result<(), RequestError>; 9];

fn check_row(name: &str, request: &Request, expected: Row) {
    let index = index();
    for (caller, expected) in CALLERS.into_iter().zip(expected) {
        let found = check(&index, caller, request, NOW);
        assert_eq!(found, expected, "{name} by user {caller}");
        if let Err(error) = found {
            assert!(
                error.to_string().len() > 15,
                "{error:?} says what is missing"
            );
        }
    }
}

/// The row of what every member may do who is not muted.
fn for_members() -> Row {
    let no = Err(NotAMember);
    [no, no, no, no, no, Err(Muted), Ok(()), Ok(()), Ok(())]
}

fn for_moderators() -> Row {
    let mut row = for_members();
    row[6] = Err(RoleNeeded(Role::Moderator));
    row
}

fn for_owners() -> Row {
    let mut row = for_members();
    row[6..8].fill(Err(RoleNeeded(Role::Owner)));
    row
}

/// A row with another end: what a moderator and an owner are told.
fn ending(row: Row, moderator: Result<(), RequestError>, owner: Result<(), RequestError>) -> Row {
    let mut row = row;
    (row[7], row[8]) = (moderator, owner);
    row
}

/// In a private room strangers are not even told that it exists.
fn unseen(row: Row) -> Row {
    let mut row = row;
    row[0] = Err(UnknownRoom);
    row
}

fn body() -> MessageBody {
    MessageBody::new("x").unwrap()
}

fn contents() -> Vec<(&'static str, Content)> {
    let (target, emoji) = (Seq(1), Emoji::new("👍").unwrap());
    vec![
        ("message", Content::Message(body())),
        ("emote", Content::Emote(body())),
        (
            "reply",
            Content::Reply {
                to: target,
                body: body(),
            },
        ),
        (
            "edit",
            Content::Edit {
                target,
                body: body(),
            },
        ),
        ("deletion", Content::Deletion { target }),
        (
            "reaction",
            Content::ReactionAdded {
                target,
                emoji: emoji.clone(),
            },
        ),
        ("no reaction", Content::ReactionRemoved { target, emoji }),
        ("invitation", Content::Room(RoomEvent::Invited(STRANGER))),
    ]
}

#[test]
fn what_members_do() {
    for (name, content) in contents() {
        let request = append_to(PUBLIC, content.clone());
        check_row(name, &request, for_members());
        check_row(name, &append_to(PRIVATE, content), unseen(for_members()));
    }
}

#[test]
fn only_moderators_and_owners_may_delete_what_others_wrote() {
    let deletion = Content::Deletion { target: Seq(1) };
    let moderates = |user| {
        let context = EventContext {
            author: index().rooms[&PUBLIC].member(user),
            ..EventContext::default()
        };
        room_append(&context, &deletion, NOW).unwrap().moderates
    };
    assert!(!moderates(MEMBER));
    assert!(moderates(MODERATOR) && moderates(OWNER));
}

#[test]
fn what_moderators_do() {
    let topic = RoomEvent::Topic(Topic::new("x").ok());
    check_row("topic", &act(topic), for_moderators());
    let acts: [fn(UserId) -> RoomEvent; 4] = [
        |user| RoomEvent::Muted { user, until: None },
        RoomEvent::Unmuted,
        RoomEvent::Kicked,
        RoomEvent::Banned,
    ];
    for event in acts {
        let name = format!("{:?}", event(OTHER_MEMBER));
        check_row(&name, &act(event(OTHER_MEMBER)), for_moderators());
        let refused = Err(OutranksYou);
        let higher = ending(for_moderators(), refused, Ok(()));
        check_row(&name, &act(event(OTHER_MODERATOR)), higher);
        let highest = ending(for_moderators(), refused, refused);
        check_row(&name, &act(event(OTHER_OWNER)), highest);
    }
    let absent = Err(RequestError::NotInRoom);
    let row = ending(for_moderators(), absent, absent);
    check_row("kick", &act(RoomEvent::Kicked(STRANGER)), row);
    let ban = act(RoomEvent::Banned(STRANGER));
    check_row("ban of a stranger", &ban, for_moderators());
    let lift = act(RoomEvent::Unbanned(BANNED));
    check_row("unban", &lift, for_moderators());
    let row = ending(for_moderators(), Err(NotBanned), Err(NotBanned));
    check_row("unban", &act(RoomEvent::Unbanned(KICKED)), row);
}

#[test]
fn what_owners_do() {
    let role = |user, role| RoomEvent::Role { user, role };
    for event in [
        RoomEvent::Renamed(RoomName::new("x").unwrap()),
        RoomEvent::Visibility(Visibility::Private),
        RoomEvent::HistoryVisibility(HistoryVisibility::Hidden),
        role(OTHER_MEMBER, Role::Owner),
        role(OTHER_OWNER, Role::Member),
    ] {
        let name = format!("{event:?}");
        check_row(&name, &act(event), for_owners());
    }
    let row = ending(
        for_owners(),
        Err(RoleNeeded(Role::Owner)),
        Err(RequestError::NotInRoom),
    );
    check_row("role", &act(role(STRANGER, Role::Owner)), row);
}

#[test]
fn the_last_owner_stays_one() {
    let members = [(OWNER, Role::Owner), (MEMBER, Role::Member)];
    let members = members.map(|(user, role)| (user, state(Membership::Member, role, None)));
    let index = of_room(&members);
    let step_down = act(RoomEvent::Role {
        user: OWNER,
        role: Role::Moderator,
    });
    let refused = Err(LastOwner);
    assert_eq!(check(&index, OWNER, &step_down, NOW), refused);
    assert_eq!(check(&index, OWNER, &act(RoomEvent::Left), NOW), refused);
    // An empty room needs no owner.
    let index = of_room(&members[..1]);
    assert_eq!(check(&index, OWNER, &act(RoomEvent::Left), NOW), Ok(()));
}

#[test]
fn coming_and_going() {
    let join = Content::Room(RoomEvent::Joined);
    let is_in = Err(AlreadyAMember);
    let ok = Ok(());
    check_row(
        "join",
        &append_to(PUBLIC, join.clone()),
        [ok, ok, ok, ok, Err(Banned), is_in, is_in, is_in, is_in],
    );
    let no = Err(InviteNeeded);
    let private = [
        Err(UnknownRoom),
        ok,
        no,
        no,
        Err(Banned),
        is_in,
        is_in,
        is_in,
        is_in,
    ];
    check_row("join", &append_to(PRIVATE, join), private);
    let no = Err(NotAMember);
    check_row(
        "leave",
        &act(RoomEvent::Left),
        [no, no, no, no, no, ok, ok, ok, ok],
    );
    let banned = act(RoomEvent::Invited(BANNED));
    assert_eq!(check(&index(), OWNER, &banned, NOW), Err(UserBanned));
    let there = act(RoomEvent::Invited(MEMBER));
    let refused = Err(RequestError::AlreadyInRoom);
    assert_eq!(check(&index(), OWNER, &there, NOW), refused);
}

#[test]
fn reading() {
    let (ok, no) = (Ok(()), Err(NotAMember));
    let page = [no, no, ok, ok, no, ok, ok, ok, ok];
    check_row("page", &page_of(PUBLIC), page);
    check_row("page", &page_of(PRIVATE), unseen(page));
    let members = [no, no, no, no, no, ok, ok, ok, ok];
    check_row("members", &members_of(PUBLIC), members);
    check_row("members", &members_of(PRIVATE), unseen(members));
}

#[test]
fn no_client_writes_what_only_the_server_writes() {
    for content in [
        Content::Erased(ErasedKind::Message),
        Content::AuthorRemoved,
        Content::Room(RoomEvent::Created),
    ] {
        check_row(
            "forged",
            &append_to(PUBLIC, content.clone()),
            [Err(Invalid); 9],
        );
        let direct = Request::Append {
            conversation: ConversationId::direct(MEMBER, OWNER),
            id: MessageId([1; 16]),
            content,
        };
        let found = check(&index(), MEMBER, &direct, NOW).unwrap_err();
        assert!(matches!(found, Invalid | NotARoom), "{found:?}");
    }
}

#[test]
fn only_an_owner_who_is_alone_closes_a_room() {
    let close = append_to(PUBLIC, Content::Room(RoomEvent::Closed));
    let owner = Err(RoleNeeded(Role::Owner));
    let rest = [Err(Muted), owner, owner, Err(RoomNotEmpty)];
    let row: Vec<_> = [Err(NotAMember); 5].into_iter().chain(rest).collect();
    check_row("close", &close, row.try_into().unwrap());
    let alone = of_room(&[(OWNER, state(Membership::Member, Role::Owner, None))]);
    let found = check(&alone, OWNER, &close, NOW);
    assert!(found.is_ok(), "{found:?}");
}

#[test]
fn a_closed_room_takes_nothing_more() {
    let say = append_to(CLOSED, Content::Message(body()));
    check_row("message", &say, [Err(UnknownRoom); 9]);
}

#[test]
fn who_may_write_may_show_that_they_type() {
    let index = index();
    let types = |user, room| may_type(&index, user, ConversationId::Room(room), NOW);
    let may: Vec<_> = CALLERS.map(|caller| types(caller, PUBLIC)).to_vec();
    let expected = [false, false, false, false, false, false, true, true, true];
    assert_eq!(may, expected);
    let alone = |peer| may_type(&index, MEMBER, ConversationId::direct(MEMBER, peer), NOW);
    assert!(alone(OWNER) && !alone(BLOCKER) && !alone(GONE));
    let others = ConversationId::direct(MEMBER, OWNER);
    assert!(!may_type(&index, STRANGER, others, NOW));
}

#[test]
fn no_user_is_in_a_room_once_it_is_closed() {
    let mut index = index();
    let before = index.rooms_of(MEMBER);
    index.apply(PUBLIC, OWNER, &RoomEvent::Closed);
    assert_eq!(index.rooms_of(MEMBER), before - 1);
    assert!(index.room(PUBLIC).unwrap().member(MEMBER).is_none());
    let members = check(&index, MEMBER, &members_of(PUBLIC), NOW);
    assert_eq!(members, Err(NotAMember));
    // The log stays theirs to read.
    assert_eq!(check(&index, MEMBER, &page_of(PUBLIC), NOW), Ok(()));
    let room = index.room(PUBLIC).unwrap();
    assert_eq!(room.outsiders(Membership::Invited).count(), 0);
    let page = check(&index, INVITED, &page_of(PUBLIC), NOW);
    assert_eq!(page, Err(NotAMember));
}

#[test]
fn a_room_that_all_left_is_closed() {
    let mut index = of_room(&[(OWNER, state(Membership::Member, Role::Owner, None))]);
    index.apply(PUBLIC, OWNER, &RoomEvent::Invited(INVITED));
    index.apply(PUBLIC, OWNER, &RoomEvent::Left);
    let room = index.room(PUBLIC).unwrap();
    assert!(room.is_closed);
    assert_eq!(room.outsiders(Membership::Invited).count(), 0);
    let join = act(RoomEvent::Joined);
    assert_eq!(check(&index, MEMBER, &join, NOW), Err(UnknownRoom));
}

#[test]
fn requests_that_all_may_make() {
    let key = DeviceKey([1; 32]);
    let name = RoomName::new("new").unwrap();
    let device = DeviceName::new("laptop").unwrap();
    let requests = [
        Request::FindUsers {
            prefix: String::new(),
            after: None,
            limit: 1,
        },
        Request::Users(vec![MEMBER]),
        Request::CreateRoom {
            id: MessageId([1; 16]),
            name,
            visibility: Visibility::Public,
            history: HistoryVisibility::Visible,
        },
        Request::FindRooms {
            prefix: String::new(),
            after: None,
            limit: 1,
        },
        Request::Set(Setting::FirstContact { ask: true }),
        Request::Settings { after: Stamp(0) },
        Request::SetDisplayName(DisplayName::new("x").ok()),
        Request::AcceptContact(MEMBER),
        Request::Devices,
        Request::FindDevice(LinkCode::of(&key)),
        Request::LinkDevice { key, name: None },
        Request::NameDevice { key, name: device },
        Request::RevokeDevice(key),
        Request::Invitations,
    ];
    for request in requests {
        check_row(request.kind(), &request, [Ok(()); 9]);
    }
}

#[test]
fn a_conversation_with_a_blocking_user_can_only_be_read_and_deleted_from() {
    for (name, content) in contents() {
        for caller in CALLERS {
            let to = |peer, content| Request::Append {
                conversation: ConversationId::direct(caller, peer),
                id: MessageId([1; 16]),
                content,
            };
            let expected = match name {
                "invitation" => [Err(NotARoom); 3],
                "deletion" => [Ok(()); 3],
                _ => [Err(NotAccepting), Err(NotAccepting), Ok(())],
            };
            for (peer, expected) in [BLOCKER, GONE, OTHER_OWNER].into_iter().zip(expected) {
                let found = check(&index(), caller, &to(peer, content.clone()), NOW);
                assert_eq!(found, expected, "{name} from {caller} to {peer}");
            }
        }
    }
    for peer in [BLOCKER, GONE] {
        let page = Request::Page {
            conversation: ConversationId::direct(MEMBER, peer),
            range: PageRange::Before(Seq(9)),
            limit: 1,
        };
        assert_eq!(check(&index(), MEMBER, &page, NOW), Ok(()));
    }
    // A user who blocks, and one in a conversation with themselves, may write.
    for (author, peer) in [(BLOCKER, MEMBER), (GONE, GONE)] {
        let say = Request::Append {
            conversation: ConversationId::direct(author, peer),
            id: MessageId([1; 16]),
            content: Content::Message(body()),
        };
        assert_eq!(check(&index(), author, &say, NOW), Ok(()));
    }
}

#[test]
fn a_blocking_user_cannot_be_invited_by_the_blocked() {
    for user in [BLOCKER, GONE] {
        let invite = act(RoomEvent::Invited(user));
        let mut row = for_members();
        row[6..].fill(Err(NotAccepting));
        check_row("invitation", &invite, row);
    }
    // Another user may.
    let invite = act(RoomEvent::Invited(BLOCKER));
    assert!(check(&index(), OTHER_MEMBER, &invite, NOW).is_ok());
}

#[test]
fn blocks_and_closed_accounts_follow_what_was_committed() {
    let say = Request::Append {
        conversation: ConversationId::direct(MEMBER, OWNER),
        id: MessageId([1; 16]),
        content: Content::Message(body()),
    };
    let mut index = index();
    index.blocks.insert((OWNER, MEMBER));
    assert_eq!(check(&index, MEMBER, &say, NOW), Err(NotAccepting));
    assert_eq!(check(&index, OWNER, &say, NOW), Ok(()));
    index.blocks.clear();
    assert_eq!(check(&index, MEMBER, &say, NOW), Ok(()));
    index.closed.insert(OWNER);
    assert_eq!(check(&index, MEMBER, &say, NOW), Err(NotAccepting));
    index.closed.clear();
    assert_eq!(check(&index, MEMBER, &say, NOW), Ok(()));
}

#[test]
fn a_direct_conversation_has_two_people() {
    let say = |content| Request::Append {
        conversation: ConversationId::direct(MEMBER, OWNER),
        id: MessageId([1; 16]),
        content,
    };
    let index = index();
    let message = say(Content::Message(body()));
    assert_eq!(check(&index, MEMBER, &message, NOW), Ok(()));
    assert_eq!(check(&index, OWNER, &message, NOW), Ok(()));
    assert_eq!(check(&index, STRANGER, &message, NOW), Err(NotAMember));
    let join = say(Content::Room(RoomEvent::Joined));
    assert_eq!(check(&index, MEMBER, &join, NOW), Err(NotARoom));
    let page = Request::Page {
        conversation: ConversationId::direct(MEMBER, OWNER),
        range: PageRange::Before(Seq(9)),
        limit: 1,
    };
    assert_eq!(check(&index, MEMBER, &page, NOW), Ok(()));
    assert_eq!(check(&index, STRANGER, &page, NOW), Err(NotAMember));
}

fn act(event: RoomEvent) -> Request {
    append_to(PUBLIC, Content::Room(event))
}

#[test]
fn new_names_and_topics_are_visible() {
    let text = "\u{3164}\u{200b}";
    let index = index();
    let may = |user, request| check(&index, user, &request, NOW).err();
    let display = DisplayName::stored(text).ok();
    assert_eq!(may(MEMBER, Request::SetDisplayName(display)), Some(Invalid));
    assert_eq!(may(MEMBER, Request::SetDisplayName(None)), None);
    let topic = RoomEvent::Topic(Topic::stored(text).ok());
    assert_eq!(may(OWNER, act(topic)), Some(Invalid));
    assert_eq!(may(OWNER, act(RoomEvent::Topic(None))), None);
    let key = DeviceKey([1; 32]);
    let name = DeviceName::stored(text).unwrap();
    let link = Request::LinkDevice {
        key,
        name: Some(name.clone()),
    };
    assert_eq!(may(MEMBER, link), Some(Invalid));
    let rename = Request::NameDevice { key, name };
    assert_eq!(may(MEMBER, rename), Some(Invalid));
}
