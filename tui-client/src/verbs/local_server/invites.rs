//! Invite links of a server of this operating-system user, made in its data folder whether it runs or not.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use recado_server::invite::{self, InviteTerms as ServerTerms};
use recado_server::local::LocalServer;
use recado_server::paths::Paths;
use recado_shared::{Fingerprint, Invite, ServerAddress, Timestamp};

use crate::app::{InviteLink, InviteTerms};
use crate::client::wall_time;
use crate::driver::InviteMaker;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::strings::host;

const DEFAULT_USES: u32 = 10;

const DEFAULT_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// The invite of the last wish, in the data folder of the server: for a screen that it cannot be copied from.
const INVITE_FILE: &str = "invite.txt";

/// Makes invite links for the server with one key, and remembers the last one.
#[derive(Clone, Debug)]
pub(crate) struct ServerInvites {
    fingerprint: Fingerprint,
    last: Arc<Mutex<Option<Made>>>,
}

#[derive(Clone, Debug)]
struct Made {
    invite: Invite,
    expires: Timestamp,
}

impl ServerInvites {
    pub(crate) fn of(fingerprint: Fingerprint) -> Self {
        Self {
            fingerprint,
            last: Arc::default(),
        }
    }

    /// A maker for the driver, which shares the last invite.
    pub(crate) fn maker(&self) -> InviteMaker {
        let invites = self.clone();
        InviteMaker::new(move |terms| invites.link(terms).map_err(|failure| failure.text))
    }

    /// The last invite while it is valid, or a new one with these terms. It blocks on the disk.
    pub(crate) fn link(&self, terms: InviteTerms) -> Result<InviteLink, Failure> {
        if terms == InviteTerms::default()
            && let Some(link) = self.last_link()?
        {
            return Ok(link);
        }
        let server = self.server()?;
        let uses = terms.uses.unwrap_or(DEFAULT_USES);
        let lifetime = terms.lifetime.unwrap_or(DEFAULT_LIFETIME);
        let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        // The database holds signed numbers.
        let latest = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
        let expires = Timestamp(wall_time().0.saturating_add(lifetime).min(latest));
        let terms = ServerTerms {
            uses,
            expires: Some(expires),
            name: None,
        };
        let invite = invite::make(&server.data_dir, None, &terms).map_err(cannot_make)?;
        let path = server.data_dir.join(INVITE_FILE);
        files::write(&path, format!("{invite}\n").as_bytes())?;
        let made = Made { invite, expires };
        let link = link_of(&made, uses);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(link)
    }

    /// The last invite with what is left of it; `None` if it is not valid any more, or there was none.
    pub(crate) fn last_link(&self) -> Result<Option<InviteLink>, Failure> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut made) = last.clone() else {
            return Ok(None);
        };
        let server = self.server()?;
        if let Some(address) = server.public_address {
            made.invite.address = address;
        }
        let left = invite::uses_left(&server.data_dir, &made.invite, wall_time());
        let left = left.map_err(cannot_make)?;
        Ok((left > 0).then(|| link_of(&made, left)))
    }

    fn server(&self) -> Result<LocalServer, Failure> {
        let refused = || Failure::new(Exit::Refused, host::NOT_THE_OPERATOR);
        find(self.fingerprint).ok_or_else(refused)
    }
}

/// The running server with this key, or the one in the default data folder.
fn find(fingerprint: Fingerprint) -> Option<LocalServer> {
    LocalServer::find(&Paths::of_user().ok()?, fingerprint)
}

/// The address at which other machines reach a server of this user; `None` for another server.
pub(crate) fn public_address(fingerprint: Fingerprint) -> Option<ServerAddress> {
    find(fingerprint)?.public_address
}

fn cannot_make(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failure, host::cannot_make_invite(error))
}

fn link_of(made: &Made, uses: u32) -> InviteLink {
    let Made { invite, expires } = made;
    let is_local = invite.address.is_loopback();
    InviteLink {
        line: host::join_line(invite),
        uses,
        expires: Some(*expires),
        warning: is_local.then(|| host::only_local(&invite.address)),
    }
}
