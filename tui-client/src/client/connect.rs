//! Connection of verbs and bots: the link of the selected identity. It takes no lock, so that it works
//! while the full screen is open.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use recado_shared::{Activity, ClientFrame, Timestamp};
use tokio::time::timeout;

use crate::exit::Failure;
use crate::identity::{Access, Accounts, Identity, IdentitySelector};
use crate::net::{ConnectError, KnownState, Link, Session};
use crate::output::complain;
use crate::paths::Paths;
use crate::strings::accounts as strings;

/// Bound of the question to a server whether it still admits the default identity. The verb itself
/// waits for a server that is slower.
const ADMISSION_TIMEOUT: Duration = Duration::from_secs(1);

impl Link {
    /// The link of the identity that is meant. It creates none.
    pub(crate) async fn of(
        paths: &Paths,
        selector: &IdentitySelector,
        access: Access,
    ) -> Result<Self, Failure> {
        let accounts = Accounts::read(paths)?;
        let chosen = match accounts.choose(selector, access)?[..] {
            [] => None,
            [only] => Some(only),
            ref several => first_admitted(paths, several).await,
        };
        let near = selector
            .name
            .as_deref()
            .and_then(|name| accounts.nearest(name));
        let hint = near.map(|name| strings::did_you_mean(&format!("--as {name}")));
        let identity = chosen
            .ok_or_else(|| accounts.missing(selector, hint.as_deref().unwrap_or_default()))?;
        Ok(Self::new(identity.net_config(paths))?)
    }

    /// Connects as [`connect`](Self::connect), and reports the user as away: a verb is not a user.
    pub(crate) async fn open_away(&mut self, known: KnownState) -> Result<Session, ConnectError> {
        self.config.known = known;
        let mut session = self.connect().await?;
        // A link that broke by now shows with the next frame.
        let _ = session.queue(&ClientFrame::Activity(Activity::Away));
        Ok(session)
    }
}

/// The first identity that its server does not refuse. Asks each in turn, because a server may have
/// removed the user since the last session.
async fn first_admitted<'a>(paths: &Paths, identities: &[&'a Identity]) -> Option<&'a Identity> {
    for &identity in identities {
        let Ok(mut link) = Link::new(identity.net_config(paths)) else {
            continue;
        };
        match timeout(ADMISSION_TIMEOUT, link.open_away(KnownState::default())).await {
            Ok(Err(error)) if error.is_denial() => {
                let server = &identity.server;
                let why = error.summary();
                complain(&strings::skipped(&server.name, &server.address, &why));
            }
            Ok(Ok(session)) => {
                session.leave().await;
                return Some(identity);
            }
            Ok(Err(_)) | Err(_) => return Some(identity),
        }
    }
    None
}

pub(crate) fn wall_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since_epoch.map_or(0, |time| time.as_millis());
    Timestamp(u64::try_from(millis).unwrap_or(u64::MAX))
}
