//! Requests of sessions: checked against the permission table, then turned into work for the store.

use recado_shared::limits::{
    MAX_NAME_LEN, MAX_PAGE_ENTRIES, MAX_ROOMS_PER_PAGE, MAX_USERS_PER_PAGE,
};
use recado_shared::rules::permission;
use recado_shared::{
    Answer, Content, ConversationId, MessageId, PageRange, Request, RequestError, RoomId, RoomName,
    UserId, UserName, name,
};

use super::Relay;
use super::session::Caller;
use crate::store::{
    DeviceChange, NameSearch, NewEntry, NewRoom, Origin, Query, Read, UserChange, Write,
};

pub(super) type RequestResult = Result<(), RequestError>;

impl Relay {
    pub(super) fn request(&mut self, caller: Caller, request: Request) {
        let now = self.now.wall;
        if room_of(&request).is_some_and(|room| self.memberships.is_damaged(room)) {
            return self.answer(caller.origin, Err(RequestError::Damaged));
        }
        let checked = permission::check(&self.memberships, caller.user, &request, now);
        let allowed = checked.and_then(|()| {
            let (limits, now) = (&self.config.limits, self.now.instant);
            self.allowances.take(caller.user, &request, limits, now)
        });
        let result = match allowed {
            Ok(()) => self.carry_out(caller, request),
            Err(refusal) => self.refuse(caller, request, refusal),
        };
        if let Err(error) = result {
            self.answer(caller.origin, Err(error));
        }
    }

    fn carry_out(&mut self, caller: Caller, request: Request) -> RequestResult {
        let origin = caller.origin;
        let query = match request {
            Request::Append {
                conversation,
                id,
                content,
            } => return self.append(caller, conversation, id, content),
            Request::Page {
                conversation,
                range,
                limit,
            } => page(conversation, range, limit),
            Request::FindUsers {
                prefix,
                after,
                limit,
            } => find_users(&prefix, after, limit),
            Request::Users(mut users) => {
                users.truncate(MAX_USERS_PER_PAGE.into());
                Query::Users(users)
            }
            Request::CreateRoom {
                id,
                name,
                visibility,
                history,
            } => {
                let new = NewRoom {
                    author: caller.user,
                    by: caller.device,
                    id,
                    name,
                    visibility,
                    history,
                    time: self.now.wall,
                };
                return self.try_write(Write::CreateRoom { origin, new });
            }
            Request::FindRooms {
                prefix,
                after,
                limit,
            } => find_rooms(&prefix, after, limit),
            Request::Members { room, after, limit } => members(room, after, limit),
            Request::Invitations => Query::Invitations,
            Request::Set(setting) => return self.change_user(caller, UserChange::Set(setting)),
            Request::Settings { after } => Query::Settings { after },
            Request::AcceptContact(from) => {
                return self.change_user(caller, UserChange::Accept(from));
            }
            Request::SetDisplayName(display) => {
                return self.change_user(caller, UserChange::Display(display));
            }
            Request::Devices => Query::Devices,
            Request::FindDevice(code) => return self.find_device(origin, code),
            Request::LinkDevice { key, name } => {
                return self.change_device(caller, DeviceChange::Link { key, name });
            }
            Request::NameDevice { key, name } => {
                return self.change_device(caller, DeviceChange::Name { key, name });
            }
            Request::RevokeDevice(key) => {
                return self.change_device(caller, DeviceChange::Revoke(key));
            }
        };
        self.read_for(caller, query);
        Ok(())
    }

    fn append(
        &mut self,
        caller: Caller,
        conversation: ConversationId,
        id: MessageId,
        content: Content,
    ) -> RequestResult {
        let new = NewEntry {
            author: caller.user,
            by: caller.device,
            conversation,
            id,
            content,
            time: self.now.wall,
        };
        let origin = caller.origin;
        self.try_write(Write::Append { origin, new })
    }

    /// Queues work for the writer, unless the server drains.
    pub(super) fn try_write(&mut self, write: Write) -> RequestResult {
        if !self.phase.is_serving() {
            return Err(RequestError::Unavailable);
        }
        self.queue_write(write);
        Ok(())
    }

    /// Refuses what the user may not do, unless it was accepted before: a client repeats an append
    /// whose answer got lost, perhaps when the user may no longer append it.
    fn refuse(&mut self, caller: Caller, request: Request, refusal: RequestError) -> RequestResult {
        let Request::Append {
            conversation,
            id,
            content,
        } = request
        else {
            return Err(refusal);
        };
        let query = Query::Resend {
            conversation,
            id,
            content,
            refusal,
        };
        self.read_for(caller, query);
        Ok(())
    }

    fn read_for(&mut self, Caller { origin, user, .. }: Caller, query: Query) {
        self.queue_read(Read::Query {
            origin,
            user,
            query,
        });
    }

    /// Sends the answer of the store, with the display names, presences and online devices that only
    /// the relay knows.
    pub(super) fn query_answered(
        &mut self,
        origin: Origin,
        mut result: Result<Answer, RequestError>,
    ) {
        let Some(viewer) = self.user_of(origin.session) else {
            return;
        };
        match &mut result {
            Ok(Answer::Users { people, .. }) => {
                for profile in people {
                    self.complete_profile(viewer, profile);
                }
            }
            Ok(Answer::Members { members, .. }) => {
                for member in members {
                    self.complete_profile(viewer, &mut member.person);
                }
            }
            Ok(Answer::Invitations(invitations)) => {
                for invitation in invitations {
                    self.complete_profile(viewer, &mut invitation.by);
                }
            }
            Ok(Answer::Devices(devices)) => self.mark_online(viewer, devices),
            Ok(
                Answer::Accepted { .. }
                | Answer::Page { .. }
                | Answer::Done
                | Answer::RoomCreated { .. }
                | Answer::Rooms { .. }
                | Answer::Settings { .. }
                | Answer::PendingDevice(_),
            )
            | Err(_) => {}
        }
        self.answer(origin, result);
    }
}

fn room_of(request: &Request) -> Option<RoomId> {
    match request {
        Request::Append { conversation, .. } | Request::Page { conversation, .. } => {
            conversation.room()
        }
        Request::Members { room, .. } => Some(*room),
        Request::CreateRoom { .. }
        | Request::FindUsers { .. }
        | Request::Users(_)
        | Request::FindRooms { .. }
        | Request::Invitations
        | Request::Set(_)
        | Request::Settings { .. }
        | Request::AcceptContact(_)
        | Request::SetDisplayName(_)
        | Request::Devices
        | Request::FindDevice(_)
        | Request::LinkDevice { .. }
        | Request::NameDevice { .. }
        | Request::RevokeDevice(_) => None,
    }
}

fn page(conversation: ConversationId, range: PageRange, limit: u16) -> Query {
    Query::Page {
        conversation,
        range,
        limit: limit.min(MAX_PAGE_ENTRIES),
    }
}

fn find_users(prefix: &str, after: Option<UserName>, limit: u16) -> Query {
    Query::FindUsers(NameSearch {
        prefix: fold_prefix(prefix),
        after,
        limit: limit.min(MAX_USERS_PER_PAGE),
    })
}

fn find_rooms(prefix: &str, after: Option<RoomName>, limit: u16) -> Query {
    Query::FindRooms(NameSearch {
        prefix: fold_prefix(prefix.strip_prefix('#').unwrap_or(prefix)),
        after,
        limit: limit.min(MAX_ROOMS_PER_PAGE),
    })
}

/// Folding may make a text longer or shorter, so that the length is only a generous bound.
fn fold_prefix(prefix: &str) -> String {
    let end = prefix.floor_char_boundary(4 * MAX_NAME_LEN);
    name::fold(&prefix[..end])
}

fn members(room: RoomId, after: Option<UserId>, limit: u16) -> Query {
    Query::Members {
        room,
        after,
        limit: limit.min(MAX_USERS_PER_PAGE),
    }
}
