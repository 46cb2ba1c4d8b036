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

/// The progress of reading the directory of users, once a session.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    found: usize,
    next: Option<Request>,
    /// Users known before this session and not yet named by the directory. It names all users but
    /// removed ones.
    unconfirmed: BTreeSet<UserId>,
    /// Whether invitations may have inviters that are not known here.
    pub(super) has_new_invitations: bool,
}

impl Directory {
    pub(super) fn from_start(known: BTreeSet<UserId>) -> Self {
        Self {
            found: 0,
            next: Some(directory_request(None)),
            unconfirmed: known,
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
            && let Some(request) = self.directory.next.take()
        {
            self.ask(request, RequestKind::Users, cx);
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
        }
        if !has_more {
            for user in std::mem::take(&mut directory.unconfirmed) {
                chats.mark_removed(user);
            }
        } else if let Some(last) = people.last()
            && directory.found < MAX_DIRECTORY
        {
            directory.next = Some(directory_request(Some(last.name.clone())));
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
