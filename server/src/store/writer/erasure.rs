//! Erasures in steps: what a removed user or a closed room wrote is erased a few entries at a time, so that the
//! batches of all others are committed in between. The table of erasures keeps the place that was reached.

use recado_shared::{Content, ConversationId, Role, RoomEvent, Seq, Timestamp, UserId};
use rusqlite::Result;

use super::batch::Batch;
use crate::store::tables::erasures::{self, Erasure};
use crate::store::tables::{conversations, entries, members, rooms};

/// Cost of one step: an entry that is read costs 1, one that is erased [`ERASE_COST`] and its length in units of
/// [`BYTES_PER_COST`] more. A step takes a few milliseconds. Our judgement.
const STEP_COST: u64 = 2_000;
const ERASE_COST: u64 = 8;
const BYTES_PER_COST: u64 = 256;

/// Cost of a conversation that is told of a removal.
const ANNOUNCE_COST: u64 = 50;

/// Entries that are read together.
const RANGE: u64 = 64;

impl Batch<'_> {
    /// Does one step of the oldest erasure, and of later ones if the cost allows it. Returns whether something is
    /// left.
    pub(super) fn erase_step(&mut self, time: Timestamp) -> Result<bool> {
        let mut left = STEP_COST;
        while let Some(mut erasure) = erasures::first(self.db)? {
            if left == 0 {
                return Ok(true);
            }
            let cost = match erasure.user {
                Some(user) if !erasure.is_announced => {
                    self.announce_next(&mut erasure, user, time)?
                }
                _ => self.erase_next(&mut erasure)?,
            };
            left = left.saturating_sub(cost);
        }
        Ok(false)
    }

    /// Tells the members of the next conversation that the messages of a removed user are gone, and ends the user's
    /// membership. The messages are hidden from then on, and erased later.
    fn announce_next(
        &mut self,
        erasure: &mut Erasure,
        user: UserId,
        time: Timestamp,
    ) -> Result<u64> {
        let next = conversations::next_of_author(self.db, user, erasure.conversation)?;
        let Some((id, row, is_room_member)) = next else {
            erasure.is_announced = true;
            erasure.conversation = 0;
            erasures::update(self.db, erasure)?;
            return Ok(1);
        };
        erasure.conversation = row;
        erasures::update(self.db, erasure)?;
        self.append_system(id, user, time, Content::AuthorRemoved)?;
        if is_room_member {
            if let Some(heir) = members::heir(self.db, row, user)? {
                let event = RoomEvent::Role {
                    user: heir,
                    role: Role::Owner,
                };
                self.append_system(id, user, time, Content::Room(event))?;
                members::make_owner(self.db, row, heir)?;
            }
            let place = self.append_system(id, user, time, Content::Room(RoomEvent::Left))?;
            self.flush_and_evict(id)?;
            members::end(self.db, place, Some(user))?;
            rooms::count_members(self.db, row)?;
            members::keep_left(self.db, row, Some(user))?;
            if let ConversationId::Room(room) = id
                && members::count(self.db, row)?.0 == 0
            {
                self.end_empty_room(room, place)?;
            }
        }
        Ok(ANNOUNCE_COST)
    }

    /// Erases in the next few entries.
    fn erase_next(&mut self, erasure: &mut Erasure) -> Result<u64> {
        let (row, user) = (erasure.conversation, erasure.user);
        let end = Seq(erasure.seq.0.saturating_add(RANGE));
        let step = entries::erase_between(self.db, row, user, erasure.seq, end)?;
        self.has_erased |= step.erased > 0;
        erasure.done += step.read;
        erasure.seq = end;
        if step.read == 0 {
            let next = match user {
                Some(user) => conversations::next_of_author(self.db, user, row)?,
                None => None,
            };
            let Some((_, next, _)) = next else {
                erasures::finish(self.db, erasure)?;
                return Ok(1);
            };
            (erasure.conversation, erasure.seq) = (next, Seq::ZERO);
        }
        erasures::update(self.db, erasure)?;
        Ok(1 + step.read + ERASE_COST * step.erased + step.bytes / BYTES_PER_COST)
    }
}
