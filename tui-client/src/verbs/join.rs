//! `recado join`: pin the server of an invite, claim a name, open the client.

use recado_shared::{Invite, Refusal, UserName};

use super::VerbContext;
use super::ask::{ask_name, is_interactive};
use super::invite_input;
use super::open::open_identity;
use crate::exit::Failure;
use crate::identity::{Identity, RegisterError, register};
use crate::net::ConnectError;
use crate::output::{complain, tell};
use crate::paths::Paths;
use crate::terminal;

pub(crate) async fn run(context: &VerbContext, words: &[String]) -> Result<(), Failure> {
    let invite = invite_input::read(words)?;
    let identity = claim(&context.paths, &invite, context.name()?, false).await?;
    if !terminal::is_usable() {
        let server = &identity.server;
        tell(&format!(
            "Joined {} as {}. Open it with 'recado {}'.",
            server.address, server.name, server.name
        ));
        return Ok(());
    }
    open_identity(&context.paths, identity, None).await
}

/// Claims a name, given or asked for. On a terminal it asks again after a refused name.
pub(crate) async fn claim(
    paths: &Paths,
    invite: &Invite,
    name: Option<UserName>,
    is_local: bool,
) -> Result<Identity, Failure> {
    let mut name = match name {
        Some(name) => name,
        None => ask_name("Choose a name on this server:")?,
    };
    loop {
        match register(paths, invite, &name, is_local).await {
            Ok(identity) => return Ok(identity),
            Err(error) if is_interactive() && is_about_the_name(&error) => {
                complain(&error.to_string());
                name = ask_name("Choose another name:")?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_about_the_name(error: &RegisterError) -> bool {
    matches!(
        error,
        RegisterError::Connect(ConnectError::Refused {
            refusal: Refusal::NameIllegal(_)
                | Refusal::NameTaken
                | Refusal::NameTooSimilar
                | Refusal::InviteForOtherName,
            ..
        })
    )
}
