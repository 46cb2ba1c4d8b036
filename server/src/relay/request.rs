//! Requests of sessions: checked against the permission table, then turned into work for the store.

use recado_shared::limits::{
    MAX_NAME_LEN, MAX_PAGE_ENTRIES, MAX_ROOMS_PER_PAGE, MAX_USERS_PER_PAGE,
};
use recado_shared::rules::permission::{self, Grant};
use recado_shared::{
    Content, ConversationId, MessageId, Now, PageRange, Request, RequestError, RoomId, RoomName,
    Stamp, Timestamp, UserId, UserName, name,
};

use super::caller::Caller;
use super::{Effect, Relay};
use crate::store::{DeviceChange, FindRooms, NewRoom, Origin, Read, Resend, UserChange, Write};

impl Relay {
    pub(super) fn request(
        &mut self,
        caller: Caller,
        request: Request,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        let result = match permission::check(&self.memberships, caller.user, &request, now.wall) {
            Ok(grant) => self.carry_out(caller, request, grant, now, out),
            Err(refusal) => refuse(caller, request, refusal, out),
        };
        if let Err(error) = result {
            self.answer(caller.origin, Err(error), out);
        }
    }

    fn carry_out(
        &mut self,
        caller: Caller,
        request: Request,
        grant: Grant,
        now: Now,
        out: &mut Vec<Effect>,
    ) -> Result<(), RequestError> {
        let Caller { origin, user } = caller;
        let read = match request {
            Request::Append {
                conversation,
                id,
                content,
            } => {
                let write = append(caller, conversation, id, content, grant, now.wall);
                return self.try_write(write, out);
            }
            Request::Page {
                conversation,
                range,
                limit,
            } => page(caller, conversation, range, limit),
            Request::FindUsers {
                prefix,
                after,
                limit,
            } => find_users(origin, &prefix, after, limit),
            Request::Users(users) => names(origin, users),
            Request::CreateRoom {
                id,
                name,
                visibility,
                history,
            } => {
                let new = NewRoom {
                    author: user,
                    id,
                    name,
                    visibility,
                    history,
                    time: now.wall,
                };
                return self.try_write(Write::CreateRoom { origin, new }, out);
            }
            Request::FindRooms {
                prefix,
                after,
                limit,
            } => find_rooms(caller, &prefix, after, limit),
            Request::Members { room, after, limit } => members(origin, room, after, limit),
            Request::Set(setting) => {
                return self.change_user(caller, UserChange::Set(setting), out);
            }
            Request::Settings { after } => settings(caller, after),
            Request::AcceptContact(from) => {
                return self.change_user(caller, UserChange::Accept(from), out);
            }
            Request::SetDisplayName(display) => {
                return self.change_user(caller, UserChange::Display(display), out);
            }
            Request::Devices => Read::Devices { origin, user },
            Request::FindDevice(code) => return self.find_device(origin, code, now, out),
            Request::LinkDevice { key, name } => {
                return self.change_device(caller, DeviceChange::Link { key, name }, now, out);
            }
            Request::NameDevice { key, name } => {
                return self.change_device(caller, DeviceChange::Name { key, name }, now, out);
            }
            Request::RevokeDevice(key) => {
                return self.change_device(caller, DeviceChange::Revoke(key), now, out);
            }
        };
        out.push(Effect::Read(read));
        Ok(())
    }

    /// Queues work for the writer, unless the server drains.
    pub(super) fn try_write(
        &mut self,
        write: Write,
        out: &mut Vec<Effect>,
    ) -> Result<(), RequestError> {
        if !self.phase.is_serving() {
            return Err(RequestError::Unavailable);
        }
        self.write(write, out);
        Ok(())
    }
}

/// Refuses what the user may not do, unless it was accepted before: a client repeats an append
/// whose answer got lost, perhaps when the user may no longer append it.
fn refuse(
    caller: Caller,
    request: Request,
    refusal: RequestError,
    out: &mut Vec<Effect>,
) -> Result<(), RequestError> {
    let Request::Append {
        conversation,
        id,
        content,
    } = request
    else {
        return Err(refusal);
    };
    let sent = Resend {
        author: caller.user,
        conversation,
        id,
        content,
        refusal,
    };
    let origin = caller.origin;
    out.push(Effect::Read(Read::Resend { origin, sent }));
    Ok(())
}

fn append(
    caller: Caller,
    conversation: ConversationId,
    id: MessageId,
    content: Content,
    grant: Grant,
    time: Timestamp,
) -> Write {
    Write::Append {
        origin: caller.origin,
        author: caller.user,
        conversation,
        id,
        content,
        time,
        moderates: grant.moderates,
    }
}

fn page(caller: Caller, conversation: ConversationId, range: PageRange, limit: u16) -> Read {
    Read::Page {
        origin: caller.origin,
        user: caller.user,
        conversation,
        range,
        limit: limit.min(MAX_PAGE_ENTRIES),
    }
}

fn names(origin: Origin, mut users: Vec<UserId>) -> Read {
    users.truncate(MAX_USERS_PER_PAGE.into());
    Read::Names { origin, users }
}

fn find_users(origin: Origin, prefix: &str, after: Option<UserName>, limit: u16) -> Read {
    Read::Users {
        origin,
        prefix: fold_prefix(prefix),
        after,
        limit: limit.min(MAX_USERS_PER_PAGE),
    }
}

fn find_rooms(caller: Caller, prefix: &str, after: Option<RoomName>, limit: u16) -> Read {
    let prefix = prefix.strip_prefix('#').unwrap_or(prefix);
    Read::Rooms {
        origin: caller.origin,
        find: FindRooms {
            user: caller.user,
            prefix: fold_prefix(prefix),
            after,
            limit: limit.min(MAX_ROOMS_PER_PAGE),
        },
    }
}

/// Folding may make a text longer or shorter, so that the length is only a generous bound.
fn fold_prefix(prefix: &str) -> String {
    let end = prefix.floor_char_boundary(4 * MAX_NAME_LEN);
    name::fold(&prefix[..end])
}

fn members(origin: Origin, room: RoomId, after: Option<UserId>, limit: u16) -> Read {
    Read::Members {
        origin,
        room,
        after,
        limit: limit.min(MAX_USERS_PER_PAGE),
    }
}

fn settings(caller: Caller, after: Stamp) -> Read {
    Read::Settings {
        origin: caller.origin,
        user: caller.user,
        after,
    }
}
