//! `recado who`: lists users and their presence.

use std::fmt;

use recado_shared::text;
use serde::Serialize;

use super::VerbContext;
use crate::exit::Failure;
use crate::identity::Access;
use crate::net::KnownState;
use crate::output::print_result;

pub(crate) const HELP: &str = "\
Fields of a JSON line: name; id (the user's number as a string); presence (online, away or offline);
own (whether it is you).";

const MAX_USERS: usize = 10_000;

/// A line of `--json`: a stable interface.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    id: String,
    presence: &'static str,
    own: bool,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = text::neutralise(self.name);
        let own = if self.own { " (you)" } else { "" };
        write!(f, "{:<8} {name}{own}", self.presence)
    }
}

pub(crate) async fn run(context: &VerbContext, json: bool) -> Result<(), Failure> {
    let mut link = context.link(Access::Read).await?;
    let mut session = link.open_away(KnownState::default()).await?;
    let me = session.welcome().user;
    for user in session.all_users(MAX_USERS).await? {
        let result = Line {
            name: user.name.as_str(),
            id: user.user.to_string(),
            presence: user.presence.into(),
            own: user.user == me,
        };
        if print_result(&result, json).is_err() {
            break;
        }
    }
    session.leave().await;
    Ok(())
}
