//! `recado rooms`: the rooms that the user is in or invited to, and the public ones.

use std::collections::BTreeMap;
use std::fmt;

use recado_shared::{ConversationId, Head, Membership, Role, RoomInfo, RoomSummary, Topic, text};
use serde::Serialize;

use super::VerbContext;
use super::line::conversation_text;
use super::reader::Reader;
use crate::client::wall_time;
use crate::exit::Failure;
use crate::output::print_result;

pub(crate) const HELP: &str = "\
Lists the rooms that you are in or invited to, and public rooms.
Fields of a JSON line: room (its name); conversation (as in 'recado tail --json'); standing (member,
invited or none); role (owner, moderator or member; null if you are not a member); visibility
(public or private); topic (or null); members (their number); unread (your unread messages); muted
(whether you are muted there); invited_by (the user who invited you, or null).";

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
    invited_by: Option<String>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relation = match (self.membership, self.role) {
            (_, Some(role)) => role,
            ("none", None) => "",
            (membership, None) => membership,
        };
        let name = text::neutralise(&self.room);
        let topic = text::neutralise(self.topic.as_deref().unwrap_or_default());
        let members = format!("{} in it", self.members);
        let visibility = self.visibility;
        let inviter = self.invited_by.as_deref().map(text::neutralise);
        let inviter = inviter.map_or(String::new(), |name| format!(" (invited by {name})"));
        let line = format!("{relation:<9} {visibility:<7} {members:>8}  #{name}{inviter}  {topic}");
        f.write_str(line.trim_end())
    }
}

pub(crate) async fn run(context: &VerbContext, json: bool) -> Result<(), Failure> {
    let mut reader = Reader::open(context).await?;
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for summary in reader.session.all_rooms(MAX_ROOMS).await? {
        lines.insert(summary.name.folded(), public_room(&summary));
    }
    for head in reader.heads.values() {
        if let Some(info) = &head.room {
            lines.insert(info.name.folded(), own_room(head, info));
        }
    }
    let inviters = reader.session.invitations().await?;
    for line in lines
        .values_mut()
        .filter(|line| line.membership == "invited")
    {
        let by = inviters.iter();
        let mut by =
            by.filter(|it| conversation_text(ConversationId::Room(it.room)) == line.conversation);
        line.invited_by = by.next().map(|it| it.by.name.to_string());
    }
    reader.session.leave().await;
    for line in lines.values() {
        if print_result(line, json).is_err() {
            break;
        }
    }
    Ok(())
}

/// A room without a head: the user is not a member, so it is public.
fn public_room(summary: &RoomSummary) -> Line {
    Line {
        room: summary.name.as_str().to_owned(),
        conversation: conversation_text(ConversationId::Room(summary.room)),
        membership: "none",
        role: None,
        visibility: "public",
        topic: summary.topic.as_ref().map(Topic::to_string),
        members: summary.members,
        unread: 0,
        muted: false,
        invited_by: None,
    }
}

fn own_room(head: &Head, info: &RoomInfo) -> Line {
    let is_member = info.membership == Membership::Member;
    Line {
        room: info.name.as_str().to_owned(),
        conversation: conversation_text(head.conversation),
        membership: match info.membership {
            Membership::Member => "member",
            Membership::Invited => "invited",
            Membership::Left | Membership::Kicked | Membership::Banned => "none",
        },
        role: is_member.then(|| Role::name(info.role)),
        visibility: info.visibility.into(),
        topic: info.topic.as_ref().map(Topic::to_string),
        members: info.members,
        unread: head.unread,
        muted: info.mute.is_some_and(|mute| mute.holds_at(wall_time())),
        invited_by: None,
    }
}
