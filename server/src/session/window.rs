//! Which requests of a session are unanswered: while they weigh too much, nothing more is read.

use recado_shared::limits::MAX_REQUESTS_IN_FLIGHT;
use recado_shared::{Request, RequestNumber};

/// A page of history weighs as much as this many other requests, because its answer may fill a
/// whole frame.
pub const PAGE_WEIGHT: usize = 8;

/// Requests that a session without any keeps room for.
const IDLE_ROOM: usize = 4;

pub(super) fn weight(request: &Request) -> usize {
    match request {
        Request::Page { .. }
        | Request::FindUsers { .. }
        | Request::Users(_)
        | Request::FindRooms { .. }
        | Request::Members { .. }
        | Request::Settings { .. } => PAGE_WEIGHT,
        Request::Append { .. }
        | Request::CreateRoom { .. }
        | Request::Set(_)
        | Request::SetDisplayName(_)
        | Request::AcceptContact(_)
        | Request::Devices
        | Request::FindDevice(_)
        | Request::LinkDevice { .. }
        | Request::NameDevice { .. }
        | Request::RevokeDevice(_) => 1,
    }
}

/// The unanswered requests. What is read adds to them, what is written removes from them.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// By number, each with its weight.
    unanswered: Vec<(RequestNumber, usize)>,
    /// Of all of them.
    weight: usize,
}

impl Window {
    /// Whether no other request may be read.
    pub(super) fn is_full(&self) -> bool {
        self.weight >= MAX_REQUESTS_IN_FLIGHT
    }

    /// Notes a request, unless its number belongs to one that is unanswered.
    pub(super) fn ask(&mut self, number: RequestNumber, weight: usize) -> bool {
        let Err(place) = self.find(number) else {
            return false;
        };
        self.unanswered.insert(place, (number, weight));
        self.weight += weight;
        true
    }

    /// Notes that an answer is on its way out.
    pub(super) fn answered(&mut self, number: RequestNumber) {
        if let Ok(place) = self.find(number) {
            let (_, weight) = self.unanswered.remove(place);
            self.weight -= weight;
        }
        if self.unanswered.is_empty() {
            self.unanswered.shrink_to(IDLE_ROOM);
        }
    }

    fn find(&self, number: RequestNumber) -> Result<usize, usize> {
        self.unanswered
            .binary_search_by_key(&number, |asked| asked.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_add_up_and_go_with_their_answers() {
        let mut window = Window::default();
        let most = u32::try_from(MAX_REQUESTS_IN_FLIGHT).unwrap();
        // In no order: numbers are the client's choice.
        for number in (1..most).rev() {
            assert!(window.ask(RequestNumber(number), 1));
        }
        assert!(!window.is_full());
        assert!(window.ask(RequestNumber(most), PAGE_WEIGHT));
        assert!(window.is_full());
        window.answered(RequestNumber(1));
        assert!(window.is_full());
        window.answered(RequestNumber(most));
        assert!(!window.is_full());
        assert_eq!(window.weight, MAX_REQUESTS_IN_FLIGHT - 2);
    }

    #[test]
    fn a_number_is_free_again_once_it_is_answered() {
        let mut window = Window::default();
        assert!(window.ask(RequestNumber(7), 1));
        assert!(!window.ask(RequestNumber(7), 1));
        window.answered(RequestNumber(7));
        // An answer to nothing changes nothing.
        window.answered(RequestNumber(7));
        assert_eq!(window.weight, 0);
        assert!(window.ask(RequestNumber(7), 1));
    }
}
