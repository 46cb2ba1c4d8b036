//! Connection of verbs and bots: the link of the selected identity. It takes no lock, so that it works
//! while the full screen is open.

use std::time::{SystemTime, UNIX_EPOCH};

use recado_shared::{Activity, ClientFrame, SyncPoint, Timestamp};

use crate::exit::Failure;
use crate::identity::{Access, Accounts, IdentitySelector};
use crate::net::{ConnectError, Link, Session};
use crate::paths::Paths;
use crate::strings::accounts as strings;

impl Link {
    /// The link of the identity that is meant. It creates none.
    pub(crate) async fn of(
        paths: &Paths,
        selector: &IdentitySelector,
        access: Access,
    ) -> Result<Self, Failure> {
        let accounts = Accounts::read(paths)?;
        let chosen = accounts.choose(paths, selector, access).await?;
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
    pub(crate) async fn open_away(
        &mut self,
        since: Option<SyncPoint>,
    ) -> Result<Session, ConnectError> {
        self.config.since = since;
        let mut session = self.connect().await?;
        // A link that broke by now shows with the next frame.
        let _ = session.queue(&ClientFrame::Activity(Activity::Away));
        Ok(session)
    }
}

pub(crate) fn wall_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since_epoch.map_or(0, |time| time.as_millis());
    Timestamp(u64::try_from(millis).unwrap_or(u64::MAX))
}
