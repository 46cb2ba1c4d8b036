//! Scripted companions of `recado demo`: real clients over TLS in tasks of their own, with their lines
//! in [`script`], their schedule in [`behaviour`], and the rooms before the user joins in [`setup`].

mod behaviour;
mod companion;
mod script;
mod setup;

use std::collections::BTreeMap;
use std::sync::Arc;

use recado_shared::tls::Identity;
use recado_shared::{ConversationId, Invite, Seq, Welcome};
use tokio::task::JoinSet;

use self::behaviour::{Behaviour, Place};
use self::companion::Companion;
use self::script::{Placeholders, SCRIPTS};
use crate::app::keymap::Keymap;
use crate::exit::Failure;
use crate::model::MessageIdSource;
use crate::net::{ConnectError, Link, NetConfig, Session};

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
    let mut links = Vec::new();
    let mut sessions = BTreeMap::from([(setup::USER, session)]);
    for script in SCRIPTS {
        let key = Identity::generate().map_err(|error| ConnectError::Key(error.to_string()))?;
        let mut link = Link::new(NetConfig::of_invite(
            ticket,
            Arc::new(key),
            Some(script.name),
        ))?;
        sessions.insert(script.name, companion::connect(&mut link).await?);
        links.push(link);
    }
    let (room, newest) = setup::make_rooms(&mut sessions, &placeholders, seed).await?;
    let guide = sessions[SCRIPTS[0].name].welcome().clone();
    let mut companions = Vec::new();
    for ((script, link), number) in SCRIPTS.iter().zip(links).zip(1..) {
        let seed = seed.wrapping_add(number);
        let direct = ConversationId::direct(sessions[script.name].welcome().user, user);
        companions.push(Companion {
            link,
            user,
            behaviour: Behaviour::new(script, placeholders.clone(), seed),
            ids: MessageIdSource::new(seed),
            direct,
            room,
            seen: BTreeMap::from([
                (direct, (Place::Direct, Seq::ZERO)),
                (room, (Place::Room, newest)),
            ]),
        });
    }
    for session in sessions.into_values() {
        session.leave().await;
    }
    Ok((companions.into_iter().map(Companion::run).collect(), guide))
}
