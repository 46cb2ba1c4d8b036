//! `recado rooms`: the rooms that the user is in or invited to, and the public ones.

use std::collections::BTreeMap;

use recado_shared::{ConversationId, Head, Membership, Role, RoomInfo, RoomSummary, Topic, text};
use serde::Serialize;

use super::VerbContext;
use super::line::{conversation_text, visibility_word};
use super::reading::Reader;
use crate::client::link::wall_time;
use crate::exit::Failure;
use crate::output::print;

pub(crate) const HELP: &str = "\
Lists the rooms that you are in or invited to, and public rooms.
Fields of a JSON line: room (its name); conversation (as in 'recado tail --json'); standing (member,
invited or none); role (owner, moderator or member; null if you are not a member); visibility
(public or private); topic (or null); members (their number); unread (your unread messages); muted
(whether you are muted there).";

/// Most public rooms that are listed.
const MAX_ROOMS: usize = 10_000;

/// A line of `--json`: a stable interface.
#[derive(Serialize)]
struct Line {
    room: String,
    conversation: String,
    #[serde(rename = "standing")]
    membership: &'static str,
    role: Option<&'static str>,
    visibility: &'static str,
    topic: Option<String>,
    members: u32,
    unread: u64,
    muted: bool,
}

pub(crate) async fn run(context: &VerbContext, json: bool) -> Result<(), Failure> {
    let mut reader = Reader::open(context).await?;
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for summary in reader.session().all_rooms(MAX_ROOMS).await? {
        lines.insert(summary.name.folded(), of_others(&summary));
    }
    for head in reader.heads().values() {
        if let Some(facts) = &head.room {
            lines.insert(facts.name.folded(), of_the_users(head, facts));
        }
    }
    reader.leave().await;
    for line in lines.values() {
        let printed = if json {
            serde_json::to_string(line).expect("plain values can be written as JSON")
        } else {
            told(line)
        };
        if print(&printed).is_err() {
            break;
        }
    }
    Ok(())
}

/// A room of which no head was told: the user has nothing to do with it, so it is public.
fn of_others(summary: &RoomSummary) -> Line {
    Line {
        room: summary.name.as_str().to_owned(),
        conversation: conversation_text(ConversationId::Room(summary.room)),
        membership: "none",
        role: None,
        visibility: "public",
        topic: topic_text(summary.topic.as_ref()),
        members: summary.members,
        unread: 0,
        muted: false,
    }
}

fn of_the_users(head: &Head, facts: &RoomInfo) -> Line {
    let is_member = facts.membership == Membership::Member;
    let now = wall_time();
    Line {
        room: facts.name.as_str().to_owned(),
        conversation: conversation_text(head.conversation),
        membership: match facts.membership {
            Membership::Member => "member",
            Membership::Invited => "invited",
            Membership::Left | Membership::Kicked | Membership::Banned => "none",
        },
        role: is_member.then(|| Role::name(facts.role)),
        visibility: visibility_word(facts.visibility),
        topic: topic_text(facts.topic.as_ref()),
        members: facts.members,
        unread: head.unread,
        muted: facts.mute.is_some_and(|mute| mute.holds_at(now)),
    }
}

fn topic_text(topic: Option<&Topic>) -> Option<String> {
    topic.map(|topic| topic.as_str().to_owned())
}

fn told(line: &Line) -> String {
    let relation = match (line.membership, line.role) {
        (_, Some(role)) => role,
        ("none", None) => "",
        (membership, None) => membership,
    };
    let name = text::neutralise(&line.room);
    let topic = line.topic.as_deref().unwrap_or_default();
    let topic = text::neutralise(topic);
    let members = format!("{} in it", line.members);
    let visibility = line.visibility;
    let told = format!("{relation:<9} {visibility:<7} {members:>8}  #{name}  {topic}");
    told.trim_end().to_owned()
}
