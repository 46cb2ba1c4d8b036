//! Request window: the unanswered requests of one session. The session stops reading while it is full.

use recado_shared::limits::MAX_REQUESTS_IN_FLIGHT;
use recado_shared::{Request, RequestNumber};

/// Weight of a request for a page or a list, whose answer may fill a whole frame. Other requests weigh 1.
pub const PAGE_WEIGHT: usize = 8;

/// Requests for which an empty window keeps memory.
const IDLE_CAPACITY: usize = 4;

pub(super) fn weight(request: &Request) -> usize {
    match request {
        Request::Page { .. }
        | Request::FindUsers { .. }
        | Request::Users(_)
        | Request::FindRooms { .. }
        | Request::Members { .. }
        | Request::Settings { .. }
        | Request::Invitations => PAGE_WEIGHT,
        _ => 1,
    }
}

#[derive(Debug, Default)]
pub(super) struct Window {
    /// Weights by request number, sorted.
    unanswered: Vec<(RequestNumber, usize)>,
    weight: usize,
}

impl Window {
    pub(super) fn is_full(&self) -> bool {
        self.weight >= MAX_REQUESTS_IN_FLIGHT
    }

    /// Adds a request. `false` if an unanswered request has its number.
    pub(super) fn insert(&mut self, number: RequestNumber, weight: usize) -> bool {
        let Err(place) = self.find(number) else {
            return false;
        };
        self.unanswered.insert(place, (number, weight));
        self.weight += weight;
        true
    }

    pub(super) fn remove(&mut self, number: RequestNumber) {
        if let Ok(place) = self.find(number) {
            let (_, weight) = self.unanswered.remove(place);
            self.weight -= weight;
        }
        if self.unanswered.is_empty() {
            self.unanswered.shrink_to(IDLE_CAPACITY);
        }
    }

    fn find(&self, number: RequestNumber) -> Result<usize, usize> {
        self.unanswered
            .binary_search_by_key(&number, |(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_add_up_until_answered() {
        let mut window = Window::default();
        let most = u32::try_from(MAX_REQUESTS_IN_FLIGHT).unwrap();
        // Clients choose the numbers, in any order.
        for number in (1..most).rev() {
            assert!(window.insert(RequestNumber(number), 1));
        }
        assert!(!window.is_full());
        assert!(window.insert(RequestNumber(most), PAGE_WEIGHT));
        assert!(window.is_full());
        window.remove(RequestNumber(1));
        assert!(window.is_full());
        window.remove(RequestNumber(most));
        assert!(!window.is_full());
        assert_eq!(window.weight, MAX_REQUESTS_IN_FLIGHT - 2);
    }

    #[test]
    fn a_number_is_free_again_once_it_is_answered() {
        let mut window = Window::default();
        assert!(window.insert(RequestNumber(7), 1));
        assert!(!window.insert(RequestNumber(7), 1));
        window.remove(RequestNumber(7));
        // An answer without a request changes nothing.
        window.remove(RequestNumber(7));
        assert_eq!(window.weight, 0);
        assert!(window.insert(RequestNumber(7), 1));
    }
}
