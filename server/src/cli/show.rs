//! Output of the admin commands: lines for people, or one JSON object per line, which is a stable
//! interface for programs.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use recado_shared::{DeviceName, Timestamp, Topic, UserName, text};
use serde_json::{Value, json};

use crate::admin::request::{ServerStats, SessionInfo};
use crate::store::{ErasureProgress, InviteInfo, RoomInfo, UserDetail, UserInfo};

/// Hex digits of an invite's digest in its id.
const SHORT_DIGEST: usize = 12;

fn line(value: &Value) -> String {
    format!("{value}\n")
}

/// A time for programs: RFC 3339 in UTC.
fn rfc_3339(time: Timestamp) -> String {
    at(time).to_string()
}

/// A time for people, in the time zone of the system.
fn local(time: Timestamp) -> String {
    let zoned = at(time).to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M").to_string()
}

fn at(time: Timestamp) -> jiff::Timestamp {
    let millis = i64::try_from(time.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX)
}

fn user_json(info: &UserInfo) -> Value {
    json!({
        "id": info.user.to_string(),
        "name": info.name.as_str(),
        "state": info.state.name(),
        "devices": info.devices,
        "created": rfc_3339(info.created),
    })
}

pub(super) fn user(info: &UserInfo, is_json: bool) -> String {
    if is_json {
        return line(&user_json(info));
    }
    format!(
        "{:>6}  {:<8}  {:>10}  registered {}  {}\n",
        info.user,
        info.state.name(),
        counted(info.devices, "device"),
        local(info.created),
        text::neutralise(info.name.as_str())
    )
}

pub(super) fn detail(detail: &UserDetail, is_json: bool) -> String {
    let info = &detail.info;
    if is_json {
        let keys = detail.devices.iter().map(|device| {
            json!({
                "key": device.key.to_string(),
                "name": device.name.as_ref().map(DeviceName::as_str),
                "added": rfc_3339(device.added),
                "seen": device.seen.map(rfc_3339),
            })
        });
        let mut json = user_json(info);
        json["conversations"] = detail.conversations.into();
        json["entries"] = detail.entries.into();
        json["keys"] = keys.collect();
        return line(&json);
    }
    let mut lines = format!(
        "name           {}\nid             {}\nstate          {}\nregistered     {}\n\
         conversations  {}\nentries        {}\n",
        text::neutralise(info.name.as_str()),
        info.user,
        info.state.name(),
        local(info.created),
        detail.conversations,
        detail.entries
    );
    for device in &detail.devices {
        let name = device.name.as_ref().and_then(DeviceName::visible);
        let name = name.map_or_else(String::new, |name| format!("{}, ", text::neutralise(name)));
        let seen = device.seen.map(local);
        let seen = seen.map_or_else(String::new, |seen| format!(", last seen {seen}"));
        let (key, since) = (device.key, local(device.added));
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "device         {name}{key}, linked {since}{seen}");
    }
    lines
}

pub(super) fn room(info: &RoomInfo, is_json: bool) -> String {
    let state = match (info.is_closed, info.is_private) {
        (true, _) => "closed",
        (false, true) => "private",
        (false, false) => "public",
    };
    let topic = info.topic.as_ref().map(Topic::as_str);
    if is_json {
        return line(&json!({
            "id": info.room.to_string(),
            "name": info.name.as_str(),
            "topic": topic,
            "state": state,
            "members": info.members,
            "entries": info.entries,
            "newest": rfc_3339(info.newest_time),
        }));
    }
    format!(
        "{:>6}  {state:<7}  {:>5} members  {:>6} entries, last {}  #{}  {}\n",
        info.room,
        info.members,
        info.entries,
        local(info.newest_time),
        text::neutralise(info.name.as_str()),
        text::neutralise(topic.unwrap_or_default())
    )
}

/// Id of an invite in `invite list` and `invite revoke`.
pub(super) fn invite_id(info: &InviteInfo) -> &str {
    info.digest.get(..SHORT_DIGEST).unwrap_or(&info.digest)
}

pub(super) fn invite(info: &InviteInfo, now: Timestamp, is_json: bool) -> String {
    let name = info.for_name.as_ref().map(UserName::as_str);
    if is_json {
        return line(&json!({
            "id": invite_id(info),
            "uses_left": info.uses_left,
            "expires": info.expires.map(rfc_3339),
            "name": name,
            "reset": info.is_reset,
            "created": rfc_3339(info.created),
        }));
    }
    let state = match info.expires {
        _ if info.uses_left == 0 => return format!("{}  used\n", invite_id(info)),
        Some(expires) if expires <= now => return format!("{}  expired\n", invite_id(info)),
        Some(expires) => format!("expires {}", local(expires)),
        None => "does not expire".to_owned(),
    };
    let uses = match info.uses_left {
        1 => "1 use left".to_owned(),
        count => format!("{count} uses left"),
    };
    let holder = match (name, info.is_reset) {
        (Some(name), true) => format!("{} (reset)", text::neutralise(name)),
        (Some(name), false) => text::neutralise(name).into(),
        (None, _) => "any name".to_owned(),
    };
    format!("{}  {state}, {uses}, {holder}\n", invite_id(info))
}

pub(super) fn session(info: &SessionInfo, name: &str, is_json: bool) -> String {
    if is_json {
        return line(&json!({
            "session": info.session,
            "user": info.user.to_string(),
            "name": name,
            "address": info.address.to_string(),
            "since": rfc_3339(info.since),
            "away": info.is_away,
            "behind": info.is_behind,
        }));
    }
    let state = match (info.is_behind, info.is_away) {
        (true, _) => "behind",
        (false, true) => "away",
        (false, false) => "online",
    };
    format!(
        "{:>6}  {state:<6}  since {}  from {}  {}\n",
        info.session,
        local(info.since),
        info.address,
        text::neutralise(name)
    )
}

pub(super) fn stats(
    stats: &ServerStats,
    users: usize,
    erasures: Option<ErasureProgress>,
    is_json: bool,
) -> String {
    let (present, store) = (&stats.present, &stats.store);
    if is_json {
        return line(&json!({
            "uptime_seconds": stats.uptime.as_secs(),
            "users": users,
            "online": present.users,
            "sessions": present.sessions,
            "messages": store.messages,
            "writes": store.writes,
            "commits": store.commits,
            "writes_per_commit": store.writes_per_commit(),
            "checkpoints": store.checkpoints,
            "damaged": store.damaged,
            "erasing_percent": erasures.map(ErasureProgress::percent),
        }));
    }
    let erasing = erasures.map_or_else(String::new, |erasures| {
        let (percent, total) = (erasures.percent(), erasures.total);
        format!("erasing      {percent} % of {total} entries\n")
    });
    let damage = match store.damaged {
        0 => String::new(),
        damaged => format!("damaged      {damaged}, see the log, and run `recado-server verify`\n"),
    };
    format!(
        "uptime       {}\nusers        {users}, {} online ({})\n\
         messages     {} since start\ndisk writes  {} (average batch: {:.1} requests)\n{erasing}{damage}",
        duration(stats.uptime.as_secs()),
        present.users,
        counted(present.sessions, "session"),
        store.messages,
        store.commits,
        store.writes_per_commit()
    )
}

/// `1 session`, `2 sessions`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// A duration for people, in its two largest units.
fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_something_has_no_plural() {
        let shown = [0, 1, 2].map(|count| counted(count, "session"));
        assert_eq!(shown, ["0 sessions", "1 session", "2 sessions"]);
    }

    #[test]
    fn a_duration_is_shown_in_its_two_largest_units() {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        const DAY: u64 = 24 * HOUR;
        for (seconds, expected) in [
            (0, "0 s"),
            (MINUTE - 1, "59 s"),
            (MINUTE, "1 min 0 s"),
            (HOUR - 1, "59 min 59 s"),
            (HOUR, "1 h 0 min"),
            (DAY - 1, "23 h 59 min"),
            (DAY, "1 d 0 h"),
            (400 * DAY + 5 * HOUR + 6 * MINUTE + 7, "400 d 5 h"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
    }
}
