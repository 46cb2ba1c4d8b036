//! The scripted companions of `recado demo`: real clients over TLS in tasks of their own. Who they
//! are is in [`cast`], what happened before the person came in [`scene`], when they say what in
//! [`mind`]; [`companion`] and [`stage`] carry it out.

mod cast;
mod companion;
mod keys;
mod mind;
mod scene;
mod stage;

use recado_shared::{Invite, Welcome};
use tokio::task::JoinSet;

use self::cast::CAST;
use self::companion::Companion;
use self::keys::Words;
use crate::app::keymap::Keymap;
use crate::net::session::Session;
use crate::net::{ConnectError, SessionError};

/// Why the companions could not be let in.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    /// One of them cannot connect.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The scene broke off.
    #[error(transparent)]
    Scene(#[from] SessionError),
}

/// The companions, for as long as it lives.
#[derive(Debug)]
pub(super) struct Companions {
    /// Dropping it ends the tasks.
    _tasks: JoinSet<()>,
}

/// Lets all companions in and plays what happened before the person came, who joins the room of
/// it through `person`. The guide comes first and is returned as the server knows it. They talk
/// to that person only; `seed` decides all that varies.
///
/// # Errors
/// [`StartError`].
pub(super) async fn start(
    ticket: &Invite,
    person: &mut Session,
    keymap: &Keymap,
    seed: u64,
) -> Result<(Companions, Welcome), StartError> {
    let user = person.welcome().user;
    let words = Words::of(keymap, person.welcome().name.as_str());
    let mut cast = Vec::new();
    let mut sessions = Vec::new();
    for (character, number) in CAST.iter().zip(1..) {
        let seed = seed.wrapping_add(number);
        let mut companion = Companion::new(ticket, character, user, words.clone(), seed)?;
        sessions.push((character.name, companion.connect().await?));
        cast.push(companion);
    }
    let (_, guide) = sessions.first().expect("there is a cast");
    let guide = guide.welcome().clone();
    let (room, newest) = stage::play(&mut sessions, person, &words, seed).await?;
    for (_, session) in sessions {
        session.leave().await;
    }
    let mut tasks = JoinSet::new();
    for companion in cast {
        tasks.spawn(companion.run(room, newest));
    }
    Ok((Companions { _tasks: tasks }, guide))
}
