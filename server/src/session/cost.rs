//! Cost of each kind of frame, in units of the frame rate of a user.
//!
//! | Frame | Cost | Because it |
//! |---|---|---|
//! | a list: users, rooms, members, invitations, devices, settings | 8 | reads up to 150 rows, and fills a frame |
//! | a new room | 8 | adds a log, a name and a member |
//! | a watch list | 1, and 1 for each 16 users | changes the lists of watchers, and is answered by a presence each |
//! | everything else | 1 | |
//!
//! A page of history costs 1, although it reads as much as a list: a client that syncs needs thousands,
//! and the window of requests bounds them.

use recado_shared::{ClientFrame, Request};

/// Cost of a list, and of a new room.
const LIST_COST: u32 = 8;

/// Users of a watch list that cost 1.
const WATCHED_PER_UNIT: usize = 16;

pub(crate) fn of(frame: &ClientFrame) -> u32 {
    match frame {
        ClientFrame::Request { request, .. } => of_request(request),
        ClientFrame::Watch(users) => {
            let units = u32::try_from(users.len() / WATCHED_PER_UNIT).unwrap_or(u32::MAX);
            units.saturating_add(1)
        }
        ClientFrame::Hello(_)
        | ClientFrame::UpdateCursors(_)
        | ClientFrame::Typing(_)
        | ClientFrame::Activity(_)
        | ClientFrame::Ping(_)
        | ClientFrame::Pong(_)
        | ClientFrame::Leave => 1,
    }
}

fn of_request(request: &Request) -> u32 {
    match request {
        Request::FindUsers { .. }
        | Request::Users(_)
        | Request::FindRooms { .. }
        | Request::Members { .. }
        | Request::Settings { .. }
        | Request::Devices
        | Request::Invitations
        | Request::CreateRoom { .. } => LIST_COST,
        Request::Append { .. }
        | Request::Page { .. }
        | Request::Set(_)
        | Request::SetDisplayName(_)
        | Request::AcceptContact(_)
        | Request::FindDevice(_)
        | Request::LinkDevice { .. }
        | Request::NameDevice { .. }
        | Request::RevokeDevice(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use recado_shared::UserId;

    use super::*;

    #[test]
    fn a_watch_list_costs_by_its_length() {
        let cost = |users| of(&ClientFrame::Watch(vec![UserId(1); users]));
        assert_eq!([0, 15, 16, 512, 16_000].map(cost), [1, 1, 2, 33, 1_001]);
    }
}
