//! Everything that an entry can hold. It is also stored as it is written here.

use recado_shared::{
    Content, Emoji, ErasedKind, HistoryVisibility, MessageBody, Role, RoomEvent, RoomName, Seq,
    Timestamp, Topic, UserId, Visibility,
};

use crate::support::check;

fn body() -> MessageBody {
    MessageBody::new("hé\n").unwrap()
}

fn thumb() -> Emoji {
    Emoji::new("👍").unwrap()
}

#[test]
fn what_people_write_and_change() {
    let target = Seq(300);
    check(&[
        (Content::Message(body()), "000468c3a90a"),
        (
            Content::Reply {
                to: target,
                body: body(),
            },
            "01ac020468c3a90a",
        ),
        (Content::Emote(body()), "020468c3a90a"),
        (
            Content::Edit {
                target,
                body: body(),
            },
            "03ac020468c3a90a",
        ),
        (Content::Deletion { target }, "04ac02"),
        (
            Content::ReactionAdded {
                target,
                emoji: thumb(),
            },
            "05ac0204f09f918d",
        ),
        (
            Content::ReactionRemoved {
                target,
                emoji: thumb(),
            },
            "06ac0204f09f918d",
        ),
        (Content::Erased(ErasedKind::Message), "0800"),
        (Content::Erased(ErasedKind::Edit), "0801"),
        (Content::AuthorRemoved, "09"),
    ]);
}

#[test]
fn what_happens_to_rooms() {
    let user = UserId(300);
    let event = Content::Room;
    let role = |role| event(RoomEvent::Role { user, role });
    let muted = |until| event(RoomEvent::Muted { user, until });
    check(&[
        (event(RoomEvent::Created), "0700"),
        (event(RoomEvent::Joined), "0701"),
        (event(RoomEvent::Left), "0702"),
        (event(RoomEvent::Invited(user)), "0703ac02"),
        (
            event(RoomEvent::Renamed(RoomName::new("tea").unwrap())),
            "070403746561",
        ),
        (
            event(RoomEvent::Topic(Some(Topic::new("leaves").unwrap()))),
            "070501066c6561766573",
        ),
        (event(RoomEvent::Topic(None)), "070500"),
        (event(RoomEvent::Visibility(Visibility::Public)), "070600"),
        (event(RoomEvent::Visibility(Visibility::Private)), "070601"),
        (
            event(RoomEvent::HistoryVisibility(HistoryVisibility::Visible)),
            "070700",
        ),
        (
            event(RoomEvent::HistoryVisibility(HistoryVisibility::Hidden)),
            "070701",
        ),
        (role(Role::Member), "0708ac0200"),
        (role(Role::Moderator), "0708ac0201"),
        (role(Role::Owner), "0708ac0202"),
        (muted(None), "0709ac0200"),
        (muted(Some(Timestamp(5))), "0709ac020105"),
        (event(RoomEvent::Unmuted(user)), "070aac02"),
        (event(RoomEvent::Kicked(user)), "070bac02"),
        (event(RoomEvent::Banned(user)), "070cac02"),
        (event(RoomEvent::Unbanned(user)), "070dac02"),
        (event(RoomEvent::Closed), "070e"),
    ]);
}
