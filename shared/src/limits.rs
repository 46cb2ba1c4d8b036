//! Every limit of the wire, in one list.
//!
//! All lengths are bytes unless the name says otherwise. Numbers without a source are our judgement.

use std::time::Duration;

/// Longest frame payload before `Welcome`, so that a stranger cannot make the server allocate.
pub const MAX_FRAME_LEN_BEFORE_WELCOME: usize = 4 * 1024;

/// Longest frame payload after `Welcome`.
pub const MAX_FRAME_LEN: usize = 64 * 1024;

/// Longest message body in UTF-8. Four of them fit in one frame with room for the rest.
pub const MAX_BODY_LEN: usize = 15 * 1024;

/// Longest user name, counted in characters after normalisation.
pub const MAX_NAME_CHARS: usize = 32;

/// Longest user name in UTF-8: [`MAX_NAME_CHARS`] characters of at most four bytes.
pub const MAX_NAME_LEN: usize = 4 * MAX_NAME_CHARS;

/// Longest `software` text of a [`Hello`](crate::Hello).
pub const MAX_SOFTWARE_LEN: usize = 64;

/// Most epochs in a [`Hello`](crate::Hello), which has room for 4 KiB in all, and in the answer: the
/// newest ones.
pub const MAX_EPOCHS: usize = 64;

/// Most places in one frame of [`AgreedPage`](crate::AgreedPage): at most 32 bytes each.
pub const MAX_AGREED_PER_FRAME: usize = 1_000;

/// Longest display name, counted in characters.
pub const MAX_DISPLAY_NAME_CHARS: usize = 48;

/// Longest topic of a room, counted in characters.
pub const MAX_TOPIC_CHARS: usize = 250;

/// Longest name of a device, counted in characters.
pub const MAX_DEVICE_NAME_CHARS: usize = 48;

/// Longest reaction in UTF-8: more than the longest emoji of Unicode 17, which has 35.
pub const MAX_EMOJI_LEN: usize = 64;

/// Most rooms that one user may be in.
pub const MAX_ROOMS_OF_USER: usize = 500;

/// Most members of one room.
pub const MAX_ROOM_MEMBERS: usize = 10_000;

/// Most invitations to one room that no user has taken.
pub const MAX_ROOM_INVITES: usize = 1_000;

/// Most bans of one room.
pub const MAX_ROOM_BANS: usize = 10_000;

/// In rooms of at most this many members all of them get the cursors of the others.
pub const MAX_MEMBERS_WITH_CURSORS: usize = 32;

/// In a larger room, a client reports its delivered cursor at most this often, and its read cursor at
/// once.
pub const UNHEARD_CURSOR_INTERVAL: Duration = Duration::from_secs(5);

/// Most devices of one user.
pub const MAX_DEVICES: usize = 32;

/// Most settings that the server keeps for one user.
pub const MAX_SETTINGS: usize = 10_000;

/// Messages that may be sent to a person who asked to be asked first, before they accept.
pub const MAX_MESSAGES_BEFORE_ACCEPTANCE: u64 = 3;

/// Open invitations of one user to a person who asked to be asked first and has not accepted them.
pub const MAX_OPEN_INVITATIONS: u64 = 3;

/// Most devices of all users that may wait to be linked.
pub const MAX_PENDING_LINKS: usize = 64;

/// A device that waits to be linked asks again this often.
pub const LINK_POLL: Duration = Duration::from_secs(2);

/// A device that has not asked again for this long waits no longer.
pub const PENDING_LINK_TTL: Duration = Duration::from_secs(15);

/// Most rooms in one answer to a search.
pub const MAX_ROOMS_PER_PAGE: u16 = 100;

/// Most entries in one page of history.
pub const MAX_PAGE_ENTRIES: u16 = 200;

/// Bytes at which a page ends: a longest body and the envelope below [`MAX_FRAME_LEN`].
pub const MAX_PAGE_LEN: usize = 48 * 1024;

/// Most heads in one [`HeadsPage`](crate::HeadsPage), which also ends at [`MAX_PAGE_LEN`].
pub const MAX_HEADS_PER_FRAME: usize = 200;

/// Most people in one answer: with the longest names they stay under [`MAX_FRAME_LEN`].
pub const MAX_USERS_PER_PAGE: u16 = 150;

/// Most invitations in one answer: with the longest names they stay under [`MAX_FRAME_LEN`].
pub const MAX_INVITATIONS: u16 = 100;

/// Most users whose presence one session may watch.
pub const MAX_WATCHED: usize = 512;

/// Most unanswered requests of one session. The server reads no more of it until one is answered, so
/// a client that sends more only waits.
pub const MAX_REQUESTS_IN_FLIGHT: usize = 64;

/// A typing hint is shown for this long unless it is repeated or a message arrives.
pub const TYPING_SHOWN_FOR: Duration = Duration::from_secs(6);

/// A client repeats its typing hint, and the server relays it, at most this often.
pub const TYPING_INTERVAL: Duration = Duration::from_secs(3);

/// A client that waits for an answer and has received nothing for this long sends a ping.
pub const PING_AFTER: Duration = Duration::from_secs(10);

/// A link is dead if nothing arrives for this long after a ping: long enough for an answer over a slow
/// link.
pub const PONG_WITHIN: Duration = Duration::from_secs(10);

/// Time after which data sent over a dead link is known to be lost: [`PING_AFTER`], then
/// [`PONG_WITHIN`]. The operating system gives a silent link up after it, too, by the user timeout of
/// TCP (RFC 5482, RFC 9293 section 3.8.3).
pub const DEAD_AFTER: Duration = Duration::from_secs(20);

/// The pause between probes of TCP keep-alive (RFC 1122, section 4.2.3.6), after [`PING_AFTER`].
pub const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// Unanswered probes after which a link is dead: with [`PING_AFTER`] that is [`DEAD_AFTER`].
pub const PROBES: u32 = 2;

const _: () = assert!(
    PING_AFTER.as_secs() + PROBE_INTERVAL.as_secs() * PROBES as u64 == DEAD_AFTER.as_secs()
);

/// A client pings at least this often, to find what answers in place of a dead server, such as a
/// proxy. Measured: the pings of 10,000 clients take 0.07 % of a processor.
pub const QUIET_PING_AFTER: Duration = Duration::from_mins(45);

/// A server pings after this much silence: later than [`QUIET_PING_AFTER`], so that on a good link only
/// the client does, except where the operating system cannot watch the link.
pub const SERVER_PING_AFTER: Duration = if cfg!(any(target_os = "linux", target_os = "android")) {
    Duration::from_mins(50)
} else {
    PING_AFTER
};
