//! Allowances of each user: bytes and rooms of a day, and invitations of an hour. Kept in memory, so a
//! restart of the server begins it anew: users cannot restart the server.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use recado_shared::{Content, Limit, Request, RequestError, RoomEvent, UserId};

use crate::config::Limits;

const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);

/// Bytes that an entry without a text counts for: about what its row and its places in indexes take.
const ENTRY_BYTES: u64 = 128;

/// One for each user who added something since the server started.
#[derive(Debug, Default)]
pub(super) struct Allowances(BTreeMap<UserId, Used>);

#[derive(Debug, Default)]
struct Used {
    bytes: Count,
    rooms: Count,
    invitations: Count,
}

/// Uses in a period, which begins with the first of them.
#[derive(Debug, Default)]
struct Count {
    /// The end of the period, which is cheaper to compare than its beginning.
    until: Option<Instant>,
    uses: u64,
}

impl Count {
    /// Adds uses, unless they exceed the limit of the period.
    fn take(&mut self, uses: u64, limit: u64, period: Duration, now: Instant) -> bool {
        if self.until.is_none_or(|until| until <= now) {
            *self = Self {
                until: Some(now + period),
                uses: 0,
            };
        }
        let fits = self.uses.saturating_add(uses) <= limit;
        if fits {
            self.uses += uses;
        }
        fits
    }
}

impl Allowances {
    /// Takes what a request adds.
    ///
    /// # Errors
    /// The limit that it exceeds. Then it has taken nothing of that.
    pub(super) fn take(
        &mut self,
        user: UserId,
        request: &Request,
        limits: &Limits,
        now: Instant,
    ) -> Result<(), RequestError> {
        let mut bytes = ENTRY_BYTES;
        if let Request::CreateRoom { .. } = request {
            let rooms = &mut self.0.entry(user).or_default().rooms;
            if !rooms.take(1, limits.rooms_per_day.into(), DAY, now) {
                return Err(RequestError::Limit(Limit::RoomsPerDay));
            }
        } else if let Request::Append { content, .. } = request {
            bytes += content.body().map_or(0, |body| body.as_str().len() as u64);
            if let Content::Room(RoomEvent::Invited(_)) = content {
                let invitations = &mut self.0.entry(user).or_default().invitations;
                if !invitations.take(1, limits.invitations_per_hour.into(), HOUR, now) {
                    return Err(RequestError::Limit(Limit::InvitationsPerHour));
                }
            }
        } else {
            return Ok(());
        }
        let of_day = &mut self.0.entry(user).or_default().bytes;
        if of_day.take(bytes, limits.bytes_per_day, DAY, now) {
            return Ok(());
        }
        Err(RequestError::Limit(Limit::BytesPerDay))
    }
}
