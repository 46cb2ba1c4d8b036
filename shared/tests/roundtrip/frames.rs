//! Any frame of each direction.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use recado_shared::{
    Activity, AgreedPage, Answer, ClientFrame, CloseReason, Continuity, CursorUpdate, Device,
    Epoch, EpochId, EpochsFrame, Extension, Head, HeadsPage, Hello, InviteToken, Limit, LinkCode,
    LogId, Membership, NameError, Notice, PageRange, PendingDevice, ProtocolVersion, Refusal,
    Request, RequestError, RequestNumber, RoomInfo, RoomMember, RoomSummary, Seq, ServerFrame,
    Stamp, SyncPoint, Welcome,
};

use crate::values::{
    body, content, conversation, cursors, device_key, device_name, display, entry, history,
    message_id, mute, name, person, presence, role, room, room_name, seq, setting, time, topic,
    user, visibility,
};

pub(crate) fn since() -> impl Strategy<Value = SyncPoint> {
    (any::<[u8; 16]>(), any::<u64>()).prop_map(|(log, stamp)| SyncPoint {
        log: LogId(log),
        stamp: Stamp(stamp),
    })
}

pub(crate) fn version() -> impl Strategy<Value = ProtocolVersion> {
    any::<u16>().prop_map(ProtocolVersion)
}

pub(crate) fn hello() -> impl Strategy<Value = Hello> {
    let token = option::of(any::<[u8; 16]>().prop_map(InviteToken));
    let extension =
        (any::<u16>(), vec(any::<u8>(), 0..20)).prop_map(|(kind, value)| Extension { kind, value });
    (
        version(),
        version(),
        any::<String>(),
        option::of(any::<String>()),
        token,
        option::of(since()),
        vec(extension, 0..4),
    )
        .prop_map(
            |(oldest, newest, software, name, token, since, extensions)| Hello {
                oldest,
                newest,
                software,
                name,
                token,
                since,
                extensions,
            },
        )
}

pub(crate) fn log_request() -> impl Strategy<Value = Request> {
    let range = prop_oneof![
        seq().prop_map(PageRange::After),
        seq().prop_map(PageRange::Before)
    ];
    prop_oneof![
        (conversation(), message_id(), content()).prop_map(|(conversation, id, content)| {
            Request::Append {
                conversation,
                id,
                content,
            }
        }),
        (conversation(), range, any::<u16>()).prop_map(|(conversation, range, limit)| {
            Request::Page {
                conversation,
                range,
                limit,
            }
        }),
        (any::<String>(), option::of(name()), any::<u16>()).prop_map(|(prefix, after, limit)| {
            Request::FindUsers {
                prefix,
                after,
                limit,
            }
        }),
    ]
}

pub(crate) fn room_request() -> impl Strategy<Value = Request> {
    let prefix = any::<String>;
    prop_oneof![
        vec(user(), 0..20).prop_map(Request::Users),
        (message_id(), room_name(), visibility(), history()).prop_map(
            |(id, name, visibility, history)| Request::CreateRoom {
                id,
                name,
                visibility,
                history,
            }
        ),
        (prefix(), option::of(room_name()), any::<u16>()).prop_map(|(prefix, after, limit)| {
            Request::FindRooms {
                prefix,
                after,
                limit,
            }
        }),
        (room(), option::of(user()), any::<u16>())
            .prop_map(|(room, after, limit)| Request::Members { room, after, limit }),
    ]
}

pub(crate) fn own_request() -> impl Strategy<Value = Request> {
    let code = device_key().prop_map(|key| LinkCode::of(&key));
    prop_oneof![
        setting().prop_map(Request::Set),
        any::<u64>().prop_map(|after| Request::Settings {
            after: Stamp(after)
        }),
        display().prop_map(Request::SetDisplayName),
        user().prop_map(Request::AcceptContact),
        Just(Request::Devices),
        code.prop_map(Request::FindDevice),
        (device_key(), option::of(device_name()))
            .prop_map(|(key, name)| Request::LinkDevice { key, name }),
        (device_key(), device_name()).prop_map(|(key, name)| Request::NameDevice { key, name }),
        device_key().prop_map(Request::RevokeDevice),
        Just(Request::Invitations),
    ]
}

pub(crate) fn request() -> impl Strategy<Value = Request> {
    prop_oneof![log_request(), room_request(), own_request()]
}

pub(crate) fn number() -> impl Strategy<Value = RequestNumber> {
    any::<u32>().prop_map(RequestNumber)
}

pub(crate) fn client_frame() -> impl Strategy<Value = ClientFrame> {
    let advance =
        (conversation(), seq(), seq()).prop_map(|(conversation, delivered, read)| CursorUpdate {
            conversation,
            delivered,
            read,
        });
    prop_oneof![
        hello().prop_map(ClientFrame::Hello),
        (number(), request())
            .prop_map(|(number, request)| ClientFrame::Request { number, request }),
        advance.prop_map(ClientFrame::UpdateCursors),
        conversation().prop_map(ClientFrame::Typing),
        vec(user(), 0..20).prop_map(ClientFrame::Watch),
        prop_oneof![Just(Activity::Active), Just(Activity::Away)].prop_map(ClientFrame::Activity),
        any::<u32>().prop_map(ClientFrame::Ping),
        any::<u32>().prop_map(ClientFrame::Pong),
        Just(ClientFrame::Leave),
    ]
}

pub(crate) fn refusal() -> impl Strategy<Value = Refusal> {
    prop_oneof![
        (version(), version()).prop_map(|(oldest, newest)| Refusal::Version { oldest, newest }),
        any::<char>().prop_map(|c| Refusal::NameIllegal(NameError::Character(c))),
        name().prop_map(Refusal::OtherName),
        Just(Refusal::NameTaken),
        Just(Refusal::InviteUsed),
        Just(Refusal::Unavailable),
        Just(Refusal::LinkPending),
        Just(Refusal::TooManyLinks),
        Just(Refusal::Disabled),
        Just(Refusal::Revoked),
        Just(Refusal::TooManySessions),
    ]
}

pub(crate) fn log_answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        (seq(), time()).prop_map(|(seq, time)| Answer::Accepted { seq, time }),
        (vec(entry(), 0..5), seq()).prop_map(|(entries, newest)| Answer::Page { entries, newest }),
        (vec(person(), 0..5), any::<bool>())
            .prop_map(|(people, more)| Answer::Users { people, more }),
        Just(Answer::Done),
    ]
}

pub(crate) fn room_answer() -> impl Strategy<Value = Answer> {
    let summary =
        (room(), room_name(), topic(), any::<u32>()).prop_map(|(room, name, topic, members)| {
            RoomSummary {
                room,
                name,
                topic,
                members,
            }
        });
    let member = (person(), role(), mute()).prop_map(|(person, role, mute)| RoomMember {
        person,
        role,
        mute,
    });
    prop_oneof![
        (room(), seq(), time()).prop_map(|(room, seq, time)| Answer::RoomCreated {
            room,
            seq,
            time
        }),
        (vec(summary, 0..5), any::<bool>()).prop_map(|(rooms, more)| Answer::Rooms { rooms, more }),
        (vec(member, 0..5), any::<bool>())
            .prop_map(|(members, more)| Answer::Members { members, more }),
    ]
}

pub(crate) fn own_answer() -> impl Strategy<Value = Answer> {
    let device = (
        device_key(),
        option::of(device_name()),
        time(),
        option::of(time()),
        any::<bool>(),
    )
        .prop_map(|(key, name, added, seen, is_online)| Device {
            key,
            name,
            added,
            seen,
            is_online,
        });
    let pending = (device_key(), option::of(device_name()));
    prop_oneof![
        (vec(setting(), 0..5), any::<u64>(), any::<bool>()).prop_map(|(settings, stamp, more)| {
            Answer::Settings {
                settings,
                stamp: Stamp(stamp),
                more,
            }
        }),
        vec(device, 0..5).prop_map(Answer::Devices),
        pending.prop_map(|(key, name)| Answer::PendingDevice(PendingDevice { key, name })),
    ]
}

pub(crate) fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![log_answer(), room_answer(), own_answer()]
}

pub(crate) fn request_error() -> impl Strategy<Value = RequestError> {
    prop_oneof![
        Just(RequestError::UnknownUser),
        Just(RequestError::Unavailable),
        Just(RequestError::IdReused),
        role().prop_map(RequestError::RoleNeeded),
        Just(RequestError::LastOwner),
        Just(RequestError::RequestPending),
        Just(RequestError::Limit(Limit::RoomsOfUser)),
        Just(RequestError::Limit(Limit::RoomBans)),
        Just(RequestError::Limit(Limit::InvitationsPerHour)),
        Just(RequestError::Invalid),
    ]
}

pub(crate) fn facts() -> impl Strategy<Value = RoomInfo> {
    let membership = prop_oneof![
        Just(Membership::Member),
        Just(Membership::Invited),
        Just(Membership::Left),
        Just(Membership::Kicked),
        Just(Membership::Banned),
    ];
    let access = (visibility(), history(), membership, role(), mute());
    (room_name(), topic(), any::<u32>(), access).prop_map(
        |(name, topic, members, (visibility, history, membership, role, mute))| RoomInfo {
            name,
            topic,
            visibility,
            history,
            members,
            membership,
            role,
            mute,
        },
    )
}

pub(crate) fn heads() -> impl Strategy<Value = HeadsPage> {
    let head = (
        conversation(),
        seq(),
        time(),
        any::<u64>(),
        vec(cursors(), 0..3),
        (seq(), option::of(facts()), any::<bool>()),
    )
        .prop_map(
            |(conversation, newest, newest_time, unread, cursors, (first, room, is_request))| {
                Head {
                    conversation,
                    newest,
                    newest_time,
                    unread,
                    cursors,
                    first,
                    room,
                    is_request,
                }
            },
        );
    let complete = option::of(any::<u64>().prop_map(Stamp));
    (vec(head, 0..4), vec(person(), 0..4), complete).prop_map(|(heads, people, complete)| {
        HeadsPage {
            heads,
            people,
            complete,
        }
    })
}

pub(crate) fn welcome() -> impl Strategy<Value = Welcome> {
    (
        version(),
        user(),
        name(),
        any::<bool>(),
        any::<[u8; 16]>(),
        time(),
    )
        .prop_map(|(version, user, name, registered, log, now)| Welcome {
            version,
            user,
            name,
            registered,
            log: LogId(log),
            now,
        })
}

fn epochs() -> impl Strategy<Value = EpochsFrame> {
    let epoch = (any::<[u8; 8]>(), any::<u64>()).prop_map(|(id, start)| Epoch {
        id: EpochId(id),
        start,
    });
    let continuity = prop_oneof![
        Just(Continuity::Same),
        Just(Continuity::Compared),
        Just(Continuity::Unknown),
    ];
    (vec(epoch, 0..4), continuity)
        .prop_map(|(epochs, continuity)| EpochsFrame { epochs, continuity })
}

fn agreed() -> impl Strategy<Value = AgreedPage> {
    let place = (conversation(), any::<u64>()).prop_map(|(id, seq)| (id, Seq(seq)));
    (vec(place, 0..4), any::<bool>()).prop_map(|(places, is_last)| AgreedPage { places, is_last })
}

pub(crate) fn server_frame() -> impl Strategy<Value = ServerFrame> {
    let result = prop_oneof![answer().prop_map(Ok), request_error().prop_map(Err)];
    prop_oneof![
        welcome().prop_map(ServerFrame::Welcome),
        refusal().prop_map(ServerFrame::Refused),
        (number(), result).prop_map(|(number, result)| ServerFrame::Answer { number, result }),
        heads().prop_map(ServerFrame::Heads),
        (conversation(), entry()).prop_map(|(conversation, entry)| ServerFrame::Entry {
            conversation,
            entry
        }),
        (conversation(), cursors()).prop_map(|(conversation, cursors)| ServerFrame::Cursors {
            conversation,
            cursors
        }),
        (user(), presence()).prop_map(|(user, presence)| ServerFrame::Presence { user, presence }),
        (conversation(), user())
            .prop_map(|(conversation, user)| ServerFrame::Typing { conversation, user }),
        person().prop_map(ServerFrame::User),
        Just(ServerFrame::Behind),
        any::<u32>().prop_map(|most| ServerFrame::Notice(Notice::WatchLimit(most))),
        any::<u32>().prop_map(ServerFrame::Ping),
        any::<u32>().prop_map(ServerFrame::Pong),
        (setting(), any::<u64>()).prop_map(|(setting, stamp)| ServerFrame::Setting {
            setting,
            stamp: Stamp(stamp)
        }),
        body().prop_map(ServerFrame::Announcement),
        user().prop_map(ServerFrame::UserRemoved),
        epochs().prop_map(ServerFrame::Epochs),
        agreed().prop_map(ServerFrame::Agreed),
        Just(ServerFrame::Close(CloseReason::TooSlow)),
        Just(ServerFrame::Close(CloseReason::Revoked)),
        Just(ServerFrame::Close(CloseReason::AccountClosed)),
        Just(ServerFrame::Close(CloseReason::Renamed)),
    ]
}
