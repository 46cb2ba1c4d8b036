//! `recado who`: lists users and their presence.

use recado_shared::{Presence, UserId, UserProfile, text};
use serde::Serialize;

use super::VerbContext;
use crate::exit::Failure;
use crate::output::print;

pub(crate) const HELP: &str = "\
Fields of a JSON line: name; id (the user's number as a string); presence (online, away or offline);
own (whether it is you).";

/// Most users that are listed.
const MAX_USERS: usize = 10_000;

/// A line of `--json`: a stable interface.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    id: String,
    presence: &'static str,
    own: bool,
}

pub(crate) async fn run(context: &VerbContext, json: bool) -> Result<(), Failure> {
    let mut link = context.link().await?;
    let mut session = link.open(None).await?;
    let me = session.welcome().user;
    let people = session.all_users(MAX_USERS).await?;
    for person in &people {
        let text = if json {
            json_line(person, me)
        } else {
            text_line(person, me)
        };
        if print(&text).is_err() {
            break;
        }
    }
    session.leave().await;
    Ok(())
}

fn json_line(person: &UserProfile, me: UserId) -> String {
    let line = Line {
        name: person.name.as_str(),
        id: person.user.to_string(),
        presence: word(person.presence),
        own: person.user == me,
    };
    serde_json::to_string(&line).expect("plain values can be written as JSON")
}

fn text_line(person: &UserProfile, me: UserId) -> String {
    let name = text::neutralise(person.name.as_str());
    let own = if person.user == me { " (you)" } else { "" };
    format!("{:<8} {name}{own}", word(person.presence))
}

pub(super) fn word(presence: Presence) -> &'static str {
    match presence {
        Presence::Online => "online",
        Presence::Away => "away",
        Presence::Offline => "offline",
    }
}
