//! The directory of users, read once a session, and the user's open invitations.

use std::collections::BTreeSet;

use recado_shared::limits::MAX_USERS_PER_PAGE;
use recado_shared::{
    Invitation, Membership, ProtocolVersion, Request, UserId, UserName, UserProfile,
};

use super::requests::RequestKind;
use crate::app::{Chats, Context, Conversation, Session};

/// Most people that a session asks the directory for.
const MAX_DIRECTORY: usize = 1_000;

/// Most contacts that a session looks up because the directory is longer than that: as many as one
/// request names.
const MAX_LOOKUPS: usize = MAX_USERS_PER_PAGE as usize;

/// The progress of reading the directory of users, once a session.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    found: usize,
    next: Option<(Request, RequestKind)>,
    /// Users known before this session and not yet named by the directory. It names all users but
    /// removed ones.
    unconfirmed: BTreeSet<UserId>,
    /// Contacts to look up, the next one at the end.
    lookups: Vec<UserId>,
    /// Those whose names were not found: removed or renamed.
    missing: Vec<UserId>,
    /// Whether invitations may have inviters that are not known here.
    pub(super) has_new_invitations: bool,
}

impl Directory {
    pub(super) fn from_start(known: BTreeSet<UserId>) -> Self {
        Self {
            found: 0,
            next: Some((directory_request(None), RequestKind::Users)),
            unconfirmed: known,
            lookups: Vec::new(),
            missing: Vec::new(),
            has_new_invitations: true,
        }
    }

    /// The server named a user: they are not removed, even if the pages that follow leave them out
    /// because of a new name.
    pub(super) fn confirm(&mut self, user: UserId) {
        self.unconfirmed.remove(&user);
    }
}

fn directory_request(after: Option<UserName>) -> Request {
    Request::FindUsers {
        prefix: String::new(),
        after,
        limit: MAX_USERS_PER_PAGE,
    }
}

impl Session {
    pub(super) fn ask_directory(&mut self, cx: &mut Context) {
        if self.link.is_up()
            && let Some((request, kind)) = self.directory.next.take()
        {
            self.ask(request, kind, cx);
        }
    }

    pub(super) fn on_people(
        &mut self,
        chats: &mut Chats,
        people: Vec<UserProfile>,
        has_more: bool,
        cx: &mut Context,
    ) {
        let directory = &mut self.directory;
        directory.found += people.len();
        for person in &people {
            directory.confirm(person.user);
            chats.unmark_removed(person.user, cx);
        }
        if !has_more {
            for user in std::mem::take(&mut directory.unconfirmed) {
                chats.mark_removed(user, cx);
            }
        } else if let Some(last) = people.last()
            && directory.found < MAX_DIRECTORY
        {
            let request = directory_request(Some(last.name.clone()));
            directory.next = Some((request, RequestKind::Users));
        } else if let Some(me) = chats.user() {
            let unconfirmed = &directory.unconfirmed;
            directory.lookups = chats.contacts.listed(me, unconfirmed, MAX_LOOKUPS);
            directory.lookups.reverse();
            self.look_up_next(chats);
        }
        chats.take_people(people, cx);
    }

    /// Looks up the next contact that the read part of the directory did not name. At the end, asks
    /// for the present names of those that were not found.
    fn look_up_next(&mut self, chats: &Chats) {
        let directory = &mut self.directory;
        while let Some(user) = directory.lookups.pop() {
            if let Some(name) = chats.contacts.name(user)
                && directory.unconfirmed.contains(&user)
            {
                // The directory begins with the name itself.
                let request = Request::FindUsers {
                    prefix: name.as_str().to_owned(),
                    after: None,
                    limit: 1,
                };
                directory.next = Some((request, RequestKind::Contact(user)));
                return;
            }
        }
        let missing = std::mem::take(&mut directory.missing);
        if !missing.is_empty() {
            directory.next = Some((Request::Users(missing), RequestKind::Missing));
        }
    }

    pub(super) fn on_contact(
        &mut self,
        chats: &mut Chats,
        user: UserId,
        people: Vec<UserProfile>,
        cx: &mut Context,
    ) {
        if people.iter().any(|person| person.user == user) {
            self.directory.confirm(user);
            chats.unmark_removed(user, cx);
        } else {
            self.directory.missing.push(user);
        }
        chats.take_people(people, cx);
        self.look_up_next(chats);
    }

    /// Takes out of the lists who still has the name that the directory does not have: it leaves out
    /// removed users only. The others were renamed.
    pub(super) fn on_missing(chats: &mut Chats, people: Vec<UserProfile>, cx: &mut Context) {
        let contacts = &chats.contacts;
        let has_name = |person: &&UserProfile| contacts.is_called(person.user, &person.name);
        let removed: Vec<_> = people.iter().filter(has_name).map(|it| it.user).collect();
        for user in removed {
            chats.mark_removed(user, cx);
        }
        chats.take_people(people, cx);
    }

    /// Asks who sent the open invitations, if there are any that came since the last answer.
    pub(super) fn ask_invitations(&mut self, chats: &Chats, cx: &mut Context) {
        if !self.link.is_synced() || self.version < ProtocolVersion::V3 {
            return;
        }
        if std::mem::take(&mut self.directory.has_new_invitations) {
            let is_invited = |c: &Conversation| c.membership() == Membership::Invited;
            if chats.conversations.values().any(is_invited) {
                self.ask(Request::Invitations, RequestKind::Invitations, cx);
            }
        }
    }

    pub(super) fn on_invitations(
        chats: &mut Chats,
        invitations: Vec<Invitation>,
        cx: &mut Context,
    ) {
        let inviters = invitations.iter();
        chats.inviters = inviters.map(|it| (it.room, it.by.user)).collect();
        chats.take_people(invitations.into_iter().map(|it| it.by).collect(), cx);
    }
}
