//! Any value of each kind that frames are made of.

use proptest::option;
use proptest::prelude::*;
use recado_shared::{
    Content, ConversationId, DeviceKey, DeviceName, DisplayName, DraftText, Emoji, Entry,
    ErasedKind, HistoryVisibility, MemberCursors, MessageBody, MessageId, Mute, NotificationLevel,
    Presence, Role, RoomEvent, RoomId, RoomName, Seq, Setting, Timestamp, Topic, UserId, UserName,
    UserProfile, Visibility,
};

pub(crate) fn user() -> impl Strategy<Value = UserId> {
    any::<u64>().prop_map(UserId)
}

pub(crate) fn seq() -> impl Strategy<Value = Seq> {
    any::<u64>().prop_map(Seq)
}

pub(crate) fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp)
}

pub(crate) fn name() -> impl Strategy<Value = UserName> {
    "[a-z]([a-z0-9._-]{0,20}[a-z0-9])?".prop_map(|text| UserName::new(&text).unwrap())
}

pub(crate) fn room() -> impl Strategy<Value = RoomId> {
    any::<u64>().prop_map(RoomId)
}

pub(crate) fn room_name() -> impl Strategy<Value = RoomName> {
    name().prop_map(|name| RoomName::new(name.as_str()).unwrap())
}

pub(crate) fn conversation() -> impl Strategy<Value = ConversationId> {
    prop_oneof![
        (user(), user()).prop_map(|(a, b)| ConversationId::direct(a, b)),
        room().prop_map(ConversationId::Room),
    ]
}

pub(crate) fn message_id() -> impl Strategy<Value = MessageId> {
    any::<[u8; 16]>().prop_map(MessageId)
}

pub(crate) fn body() -> impl Strategy<Value = MessageBody> {
    "[ -~\n\té日🦀]{0,300}x".prop_map(|text| MessageBody::new(text).unwrap())
}

/// Text of one line, neither empty nor with white space around it.
pub(crate) fn line() -> impl Strategy<Value = String> {
    "[!-~é日🦀]([ -~é日🦀]{0,40}[!-~é日🦀])?"
}

pub(crate) fn topic() -> impl Strategy<Value = Option<Topic>> {
    option::of(line().prop_map(|text| Topic::new(&text).unwrap()))
}

pub(crate) fn display() -> impl Strategy<Value = Option<DisplayName>> {
    option::of(line().prop_map(|text| DisplayName::new(&text).unwrap()))
}

pub(crate) fn device_name() -> impl Strategy<Value = DeviceName> {
    line().prop_map(|text| DeviceName::new(&text).unwrap())
}

pub(crate) fn device_key() -> impl Strategy<Value = DeviceKey> {
    any::<[u8; 32]>().prop_map(DeviceKey)
}

pub(crate) fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Member), Just(Role::Moderator), Just(Role::Owner)]
}

pub(crate) fn visibility() -> impl Strategy<Value = Visibility> {
    prop_oneof![Just(Visibility::Public), Just(Visibility::Private)]
}

pub(crate) fn history() -> impl Strategy<Value = HistoryVisibility> {
    prop_oneof![
        Just(HistoryVisibility::Visible),
        Just(HistoryVisibility::Hidden)
    ]
}

pub(crate) fn mute() -> impl Strategy<Value = Option<Mute>> {
    option::of(option::of(time()).prop_map(|until| Mute { until }))
}

pub(crate) fn room_event() -> impl Strategy<Value = RoomEvent> {
    prop_oneof![
        Just(RoomEvent::Created),
        Just(RoomEvent::Joined),
        Just(RoomEvent::Left),
        user().prop_map(RoomEvent::Invited),
        room_name().prop_map(RoomEvent::Renamed),
        topic().prop_map(RoomEvent::Topic),
        visibility().prop_map(RoomEvent::Visibility),
        history().prop_map(RoomEvent::HistoryVisibility),
        (user(), role()).prop_map(|(user, role)| RoomEvent::Role { user, role }),
        (user(), option::of(time())).prop_map(|(user, until)| RoomEvent::Muted { user, until }),
        user().prop_map(RoomEvent::Unmuted),
        user().prop_map(RoomEvent::Kicked),
        user().prop_map(RoomEvent::Banned),
        user().prop_map(RoomEvent::Unbanned),
        Just(RoomEvent::Closed),
    ]
}

pub(crate) fn content() -> impl Strategy<Value = Content> {
    let emoji = || {
        prop_oneof![Just("👍"), Just("👨‍👩‍👧"), Just("1️⃣")].prop_map(|text| Emoji::new(text).unwrap())
    };
    prop_oneof![
        4 => body().prop_map(Content::Message),
        1 => (seq(), body()).prop_map(|(to, body)| Content::Reply { to, body }),
        1 => body().prop_map(Content::Emote),
        1 => (seq(), body()).prop_map(|(target, body)| Content::Edit { target, body }),
        1 => seq().prop_map(|target| Content::Deletion { target }),
        1 => (seq(), emoji())
            .prop_map(|(target, emoji)| Content::ReactionAdded { target, emoji }),
        1 => (seq(), emoji())
            .prop_map(|(target, emoji)| Content::ReactionRemoved { target, emoji }),
        2 => room_event().prop_map(Content::Room),
        1 => Just(Content::Erased(ErasedKind::Message)),
        1 => Just(Content::Erased(ErasedKind::Edit)),
        1 => Just(Content::AuthorRemoved),
    ]
}

pub(crate) fn setting() -> impl Strategy<Value = Setting> {
    let level = prop_oneof![
        Just(NotificationLevel::All),
        Just(NotificationLevel::Mentions),
        Just(NotificationLevel::Nothing)
    ];
    let draft = "[ -~\n\té日🦀]{0,300}".prop_map(|text| DraftText::new(text).unwrap());
    prop_oneof![
        (conversation(), any::<bool>()).prop_map(|(conversation, is_on)| Setting::Favourite {
            conversation,
            is_on
        }),
        (conversation(), level).prop_map(|(conversation, level)| Setting::NotificationLevel {
            conversation,
            level
        }),
        (conversation(), option::of(time())).prop_map(|(conversation, until)| Setting::Muted {
            conversation,
            until
        }),
        (conversation(), draft)
            .prop_map(|(conversation, text)| Setting::Draft { conversation, text }),
        (user(), any::<bool>()).prop_map(|(user, is_on)| Setting::Blocked { user, is_on }),
        any::<bool>().prop_map(|ask| Setting::FirstContact { ask }),
    ]
}

pub(crate) fn presence() -> impl Strategy<Value = Presence> {
    prop_oneof![
        Just(Presence::Online),
        Just(Presence::Away),
        Just(Presence::Offline)
    ]
}

pub(crate) fn person() -> impl Strategy<Value = UserProfile> {
    (user(), name(), presence(), display()).prop_map(|(user, name, presence, display)| {
        UserProfile {
            user,
            name,
            presence,
            display,
        }
    })
}

pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    (seq(), user(), message_id(), time(), content()).prop_map(|(seq, author, id, time, content)| {
        Entry {
            seq,
            author,
            id,
            time,
            content,
        }
    })
}

pub(crate) fn cursors() -> impl Strategy<Value = MemberCursors> {
    (user(), seq(), seq()).prop_map(|(user, delivered, read)| MemberCursors {
        user,
        delivered,
        read,
    })
}
