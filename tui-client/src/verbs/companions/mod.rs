//! Scripted companions of `recado demo`: real clients over TLS in tasks of their own, with their lines
//! in [`script`], their schedule in [`behaviour`], and the rooms before the user joins in [`setup`].

mod behaviour;
mod companion;
mod script;
mod setup;

use std::collections::BTreeMap;

use recado_shared::{ConversationId, Invite, Seq, Welcome};
use tokio::task::JoinSet;

use self::behaviour::Behaviour;
use self::companion::{Companion, Login};
use self::script::{Placeholders, SCRIPTS};
use crate::app::keymap::Keymap;
use crate::exit::Failure;
use crate::model::MessageIdSource;
use crate::net::session::Session;

/// Connects all companions and sets up their rooms, one of which the user joins by `session`.
/// They talk to that user only, until the tasks are dropped; `seed` decides all that varies.
/// Returns the tasks and the welcome of the guide.
pub(super) async fn start(
    ticket: &Invite,
    session: Session,
    keymap: &Keymap,
    seed: u64,
) -> Result<(JoinSet<()>, Welcome), Failure> {
    let Welcome { user, name, .. } = session.welcome().clone();
    let placeholders = Placeholders::new(keymap, name.as_str());
    let mut logins = Vec::new();
    let mut sessions = BTreeMap::from([(setup::USER, session)]);
    for script in SCRIPTS {
        let mut login = Login::new(ticket, script.name)?;
        sessions.insert(script.name, login.connect().await?);
        logins.push(login);
    }
    let (room, newest) = setup::make_rooms(&mut sessions, &placeholders, seed).await?;
    let guide = sessions[SCRIPTS[0].name].welcome().clone();
    let mut companions = Vec::new();
    for ((script, login), number) in SCRIPTS.iter().zip(logins).zip(1..) {
        let seed = seed.wrapping_add(number);
        let direct = ConversationId::direct(sessions[script.name].welcome().user, user);
        companions.push(Companion {
            login,
            user,
            behaviour: Behaviour::new(script, placeholders.clone(), seed),
            ids: MessageIdSource::new(seed),
            direct,
            room,
            seen: BTreeMap::from([(direct, Seq::ZERO), (room, newest)]),
        });
    }
    for session in sessions.into_values() {
        session.leave().await;
    }
    Ok((companions.into_iter().map(Companion::run).collect(), guide))
}
