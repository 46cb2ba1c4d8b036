//! `recado join`: reach the server of an invite, claim a name there, open the client.

use recado_shared::{Invite, Refusal, UserName};

use super::VerbContext;
use super::ask::{ask_name, is_interactive, login_name};
use super::invite_input;
use super::open::{Opening, has_terminal, show};
use crate::exit::Failure;
use crate::identity::{self, Identity, RegisterError, Registration};
use crate::net::{ConnectError, Link};
use crate::output::{complain, tell};
use crate::paths::Paths;
use crate::strings::accounts as strings;

pub(crate) async fn run(context: &VerbContext, words: &[String]) -> Result<(), Failure> {
    let invite = invite_input::read(words)?;
    let joined = join(&context.paths, &invite, context.name()?, false).await?;
    let server = &joined.identity.server;
    let notice = joined.is_known.then(|| strings::known_here(&server.name));
    if has_terminal() {
        let opening = Opening {
            notice,
            keeps_default: context.keeps_default,
            ..Opening::default()
        };
        return show(&context.paths, joined.identity, opening).await;
    }
    let text = notice.unwrap_or_else(|| strings::joined(&server.name, &server.address));
    tell(&strings::open_with(&text, &server.name));
    Ok(())
}

/// Claims a name, given or asked for. On a terminal it asks again after a refused name.
pub(crate) async fn claim(
    paths: &Paths,
    invite: &Invite,
    name: Option<UserName>,
    is_local: bool,
) -> Result<Identity, Failure> {
    Ok(join(paths, invite, name, is_local).await?.identity)
}

struct Joined {
    identity: Identity,
    /// Whether this machine had it before.
    is_known: bool,
}

/// Reaches the server before a name is asked for, so that the answer is not in vain.
async fn join(
    paths: &Paths,
    invite: &Invite,
    name: Option<UserName>,
    is_local: bool,
) -> Result<Joined, Failure> {
    let mut here = identity::all(paths)?;
    here.retain(|identity| identity.server.fingerprint == invite.fingerprint);
    if let Some(name) = &name
        && let Some(known) = take(&mut here, name)
        && let Some(known) = resume(paths, known, invite).await?
    {
        return Ok(known);
    }
    let usual = here.iter().find(|identity| !identity.is_denied).cloned();
    let mut registration = Registration::new(paths, invite, name.as_ref(), is_local)?;
    let reached = match registration.reach().await {
        Ok(reached) => reached,
        Err(error) => return refused(paths, invite, error, name, usual).await,
    };
    if let Some(name) = reached {
        return new(Ok(registration.finish(paths, name)?));
    }
    let name = match (name, usual) {
        (Some(name), _) => name,
        (None, None) => ask_name(strings::CHOOSE_NAME, login_name().as_ref())?,
        (None, Some(usual)) => {
            let own = &usual.server.name;
            let name = if is_interactive() {
                ask_name(&strings::choose_second(own), Some(own))?
            } else {
                own.clone()
            };
            if let Some(known) = take(&mut here, &name)
                && let Some(known) = resume(paths, known, invite).await?
            {
                return Ok(known);
            }
            name
        }
    };
    new(claim_name(paths, registration, name).await)
}

/// The outcome of an invite that admits no new user. One that is used up was probably used by this
/// user, `usual`, who is meant without a name.
async fn refused(
    paths: &Paths,
    invite: &Invite,
    error: RegisterError,
    name: Option<UserName>,
    usual: Option<Identity>,
) -> Result<Joined, Failure> {
    let is_denial = matches!(&error, RegisterError::Connect(error) if error.is_denial());
    let mut failure = Failure::from(error);
    if !is_denial {
        return Err(failure);
    }
    if let Some(usual) = usual {
        let own = usual.server.name.clone();
        if name.is_none()
            && let Some(known) = resume(paths, usual, invite).await?
        {
            return Ok(known);
        }
        failure.text = strings::refused_but_known(&failure.text, &own);
    } else if invite.token.is_none() {
        failure.text = strings::no_token(&failure.text);
    }
    Err(failure)
}

fn new(claimed: Result<Identity, Failure>) -> Result<Joined, Failure> {
    claimed.map(|identity| Joined {
        identity,
        is_known: false,
    })
}

fn take(identities: &mut Vec<Identity>, name: &UserName) -> Option<Identity> {
    let is_it = |identity: &Identity| identity.server.name.folded() == name.folded();
    let at = identities.iter().position(is_it)?;
    Some(identities.remove(at))
}

/// An identity of this machine whose server still admits it, at the address of the invite. `None` if
/// the server refuses it, so that its name may be claimed with a new key.
async fn resume(
    paths: &Paths,
    mut known: Identity,
    invite: &Invite,
) -> Result<Option<Joined>, Failure> {
    let mut config = known.net_config(paths);
    config.address = invite.address.clone();
    match Link::new(config)?.connect().await {
        Ok(session) => {
            known.server.name = session.welcome().name.clone();
            session.leave().await;
            known.set_address(invite.address.clone())?;
            Ok(Some(Joined {
                identity: known,
                is_known: true,
            }))
        }
        Err(error) if error.is_denial() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Claims a name with a registration that has reached its server, and asks for another one if it is
/// refused and there is a terminal.
pub(super) async fn claim_name(
    paths: &Paths,
    mut registration: Registration,
    mut name: UserName,
) -> Result<Identity, Failure> {
    loop {
        match registration.claim(&name).await {
            Ok(granted) => return Ok(registration.finish(paths, granted)?),
            Err(error) if is_interactive() && is_about_the_name(&error) => {
                complain(&error.to_string());
                let proposal = login_name().filter(|login| *login != name);
                name = ask_name(strings::CHOOSE_ANOTHER, proposal.as_ref())?;
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
