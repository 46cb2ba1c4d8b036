//! Tests of rooms without members, and of users who never were members.

use super::*;

#[test]
fn an_empty_room_belongs_to_its_next_member_without_its_hidden_history() {
    let mut club = Club::new(HistoryVisibility::Hidden);
    let [alice, bob, carol] = club.people;
    club.says(alice, "not for newcomers");
    club.does(alice, RoomEvent::Left);
    let taken = club.does(bob, RoomEvent::Joined);
    assert_eq!(
        club.membership(bob),
        Some((Membership::Member, Role::Owner))
    );
    club.does(
        bob,
        RoomEvent::HistoryVisibility(HistoryVisibility::Visible),
    );
    club.does(carol, RoomEvent::Joined);
    assert_eq!(
        club.membership(carol),
        Some((Membership::Member, Role::Member))
    );
    assert_eq!(club.reads(carol).0, [taken, taken + 1, taken + 2]);
    assert_eq!(club.refuses(bob, RoomEvent::Left), RequestError::LastOwner);
    let members = &club.desk.memberships()[0].members;
    assert_eq!(members[&bob].role, Role::Owner);
}

#[test]
fn who_is_banned_without_having_been_there_hears_nothing() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    club.does(alice, RoomEvent::Banned(bob));
    assert_eq!(club.head(bob), None);
    assert_eq!(club.refuses(bob, RoomEvent::Joined), RequestError::Banned);
    club.does(alice, RoomEvent::Unbanned(bob));
    assert_eq!(club.head(bob), None);
    club.does(alice, RoomEvent::Invited(bob));
    let invited = club.membership(bob).map(|(membership, _)| membership);
    assert_eq!(invited, Some(Membership::Invited));
    // An invited user gets a head of the closed room.
    club.does(alice, RoomEvent::Banned(bob));
    let banned = club.membership(bob).map(|(membership, _)| membership);
    assert_eq!(banned, Some(Membership::Banned));
    club.does(carol, RoomEvent::Joined);
    club.does(alice, RoomEvent::Banned(carol));
    assert!(club.head(carol).is_some());
}

#[test]
fn a_room_without_members_is_closed_but_not_renamed() {
    let mut club = Club::new(HistoryVisibility::Visible);
    club.does(club.people[0], RoomEvent::Left);
    let rename = AdminChange::RenameRoom {
        room: room_name("tea"),
        to: room_name("coffee"),
    };
    let renamed = club.desk.change(rename);
    assert_eq!(renamed, Err(ChangeError::NoMembers));
    let close = AdminChange::CloseRoom(room_name("tea"));
    let closed = club.desk.change(close);
    assert_eq!(closed, Ok(AdminOutcome::RoomClosed { room: club.room }));
}

#[test]
fn an_invitation_ends_with_the_room() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, _] = club.people;
    club.says(alice, "tea?");
    club.does(alice, RoomEvent::Invited(bob));
    let close = AdminChange::CloseRoom(room_name("tea"));
    club.desk.change(close).unwrap();
    let membership = club.membership(bob).map(|(membership, _)| membership);
    assert_eq!(membership, Some(Membership::Left));
    assert_eq!(club.reads(bob), (Vec::new(), 0));
}
