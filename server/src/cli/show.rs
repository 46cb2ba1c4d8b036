//! How what an administrator looks at is written: lines for people, or a JSON object per line for
//! programs, which is a stable interface.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use recado_shared::{DeviceName, Timestamp, Topic, UserName, text};
use serde::Serialize;

use crate::admin::request::{ServerStats, SessionInfo};
use crate::store::{InviteInfo, RoomInfo, UserDetail, UserInfo};

/// Letters of an invite's digest that stand for it.
const SHORT_DIGEST: usize = 12;

#[derive(Serialize)]
struct UserLine<'a> {
    id: String,
    name: &'a str,
    state: &'static str,
    devices: u64,
    created: String,
}

#[derive(Serialize)]
struct DetailLine<'a> {
    #[serde(flatten)]
    user: UserLine<'a>,
    conversations: u64,
    entries: u64,
    keys: Vec<KeyLine<'a>>,
}

#[derive(Serialize)]
struct KeyLine<'a> {
    key: String,
    name: Option<&'a str>,
    added: String,
    seen: Option<String>,
}

#[derive(Serialize)]
struct RoomLine<'a> {
    id: String,
    name: &'a str,
    topic: Option<&'a str>,
    state: &'static str,
    members: u64,
    entries: u64,
    newest: String,
}

#[derive(Serialize)]
struct InviteLine<'a> {
    id: &'a str,
    uses_left: u64,
    expires: Option<String>,
    name: Option<&'a str>,
    reset: bool,
    created: String,
}

#[derive(Serialize)]
struct SessionLine<'a> {
    session: u64,
    user: String,
    name: &'a str,
    address: String,
    since: String,
    away: bool,
    behind: bool,
}

#[derive(Serialize)]
struct StatsLine {
    uptime_seconds: u64,
    users: usize,
    online: u64,
    sessions: u64,
    messages: u64,
    writes: u64,
    commits: u64,
    writes_per_commit: f64,
    checkpoints: u64,
}

/// A value as one line of JSON.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain values can be written as JSON") + "\n"
}

/// A time for programs: RFC 3339 in UTC.
fn stamp(time: Timestamp) -> String {
    at(time).to_string()
}

/// A time for people, where they are.
fn when(time: Timestamp) -> String {
    let zoned = at(time).to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M").to_string()
}

fn at(time: Timestamp) -> jiff::Timestamp {
    let millis = i64::try_from(time.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX)
}

fn user_line(facts: &UserInfo) -> UserLine<'_> {
    UserLine {
        id: facts.user.to_string(),
        name: facts.name.as_str(),
        state: facts.state.name(),
        devices: facts.devices,
        created: stamp(facts.created),
    }
}

pub(super) fn user(facts: &UserInfo, is_json: bool) -> String {
    if is_json {
        return json(&user_line(facts));
    }
    format!(
        "{:>6}  {:<8}  {:>2} devices  since {}  {}\n",
        facts.user,
        facts.state.name(),
        facts.devices,
        when(facts.created),
        text::neutralise(facts.name.as_str())
    )
}

pub(super) fn detail(detail: &UserDetail, is_json: bool) -> String {
    let facts = &detail.facts;
    if is_json {
        let keys = detail.devices.iter().map(|device| KeyLine {
            key: device.key.to_string(),
            name: device.name.as_ref().map(DeviceName::as_str),
            added: stamp(device.added),
            seen: device.seen.map(stamp),
        });
        return json(&DetailLine {
            user: user_line(facts),
            conversations: detail.conversations,
            entries: detail.entries,
            keys: keys.collect(),
        });
    }
    let mut lines = format!(
        "name           {}\nnumber         {}\nstate          {}\nsince          {}\n\
         conversations  {}\nentries        {}\n",
        text::neutralise(facts.name.as_str()),
        facts.user,
        facts.state.name(),
        when(facts.created),
        detail.conversations,
        detail.entries
    );
    for device in &detail.devices {
        let name = device.name.as_ref().map(DeviceName::as_str);
        let name = name.map_or_else(String::new, |name| format!("{}, ", text::neutralise(name)));
        let seen = device.seen.map(when);
        let seen = seen.map_or_else(String::new, |seen| format!(", last seen {seen}"));
        let (key, since) = (device.key, when(device.added));
        // Writing to a string does not fail.
        let _ = writeln!(lines, "device         {name}{key}, since {since}{seen}");
    }
    lines
}

pub(super) fn room(facts: &RoomInfo, is_json: bool) -> String {
    let state = match (facts.is_closed, facts.is_private) {
        (true, _) => "closed",
        (false, true) => "private",
        (false, false) => "public",
    };
    let topic = facts.topic.as_ref().map(Topic::as_str);
    if is_json {
        return json(&RoomLine {
            id: facts.room.to_string(),
            name: facts.name.as_str(),
            topic,
            state,
            members: facts.members,
            entries: facts.entries,
            newest: stamp(facts.newest_time),
        });
    }
    format!(
        "{:>6}  {state:<7}  {:>5} members  {:>6} entries, newest {}  #{}  {}\n",
        facts.room,
        facts.members,
        facts.entries,
        when(facts.newest_time),
        text::neutralise(facts.name.as_str()),
        text::neutralise(topic.unwrap_or_default())
    )
}

/// What stands for an invite in `invite list` and `invite revoke`.
pub(super) fn invite_id(facts: &InviteInfo) -> &str {
    facts.digest.get(..SHORT_DIGEST).unwrap_or(&facts.digest)
}

pub(super) fn invite(facts: &InviteInfo, now: Timestamp, is_json: bool) -> String {
    let name = facts.for_name.as_ref().map(UserName::as_str);
    if is_json {
        return json(&InviteLine {
            id: invite_id(facts),
            uses_left: facts.uses_left,
            expires: facts.expires.map(stamp),
            name,
            reset: facts.is_reset,
            created: stamp(facts.created),
        });
    }
    let state = match facts.expires {
        _ if facts.uses_left == 0 => "used up".to_owned(),
        Some(expires) if expires <= now => "expired".to_owned(),
        Some(expires) => format!("good until {}", when(expires)),
        None => "good".to_owned(),
    };
    let whom = match (name, facts.is_reset) {
        (Some(name), true) => format!("{} again", text::neutralise(name)),
        (Some(name), false) => text::neutralise(name).into(),
        (None, _) => format!("{} more, any name", facts.uses_left),
    };
    format!("{}  {state:<27}  {whom}\n", invite_id(facts))
}

pub(super) fn session(facts: &SessionInfo, name: &str, is_json: bool) -> String {
    if is_json {
        return json(&SessionLine {
            session: facts.session,
            user: facts.user.to_string(),
            name,
            address: facts.address.to_string(),
            since: stamp(facts.since),
            away: facts.is_away,
            behind: facts.is_behind,
        });
    }
    let state = match (facts.is_behind, facts.is_away) {
        (true, _) => "behind",
        (false, true) => "away",
        (false, false) => "online",
    };
    format!(
        "{:>6}  {state:<6}  since {}  from {}  {}\n",
        facts.session,
        when(facts.since),
        facts.address,
        text::neutralise(name)
    )
}

pub(super) fn stats(stats: &ServerStats, users: usize, is_json: bool) -> String {
    let ServerStats {
        uptime,
        present,
        store,
    } = stats;
    let line = StatsLine {
        uptime_seconds: uptime.as_secs(),
        users,
        online: present.people,
        sessions: present.sessions,
        messages: store.messages,
        writes: store.writes,
        commits: store.commits,
        writes_per_commit: store.writes_per_commit(),
        checkpoints: store.checkpoints,
    };
    if is_json {
        return json(&line);
    }
    format!(
        "running        {}\npeople         {users}, {} of them online with {} sessions\n\
         messages       {} stored since the start\n\
         commits        {}, with {:.1} requests on average\n\
         checkpoints    {}\n",
        duration(line.uptime_seconds),
        line.online,
        line.sessions,
        line.messages,
        line.commits,
        line.writes_per_commit,
        line.checkpoints
    )
}

/// A time span for people, in its two largest units.
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
    fn a_time_span_is_told_in_its_two_largest_units() {
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
