//! Verbs of the command line, one file each, with its arguments, its help and its `run`. They reach the
//! server by [`net`](crate::net) and know nothing of the parser in [`cli`](crate::cli).

mod ask;
mod companions;
pub(crate) mod create;
pub(crate) mod devices;
pub(crate) mod export;
pub(crate) mod history;
mod invite_input;
pub(crate) mod join;
pub(crate) mod line;
pub(crate) mod link;
pub(crate) mod local_server;
pub(crate) mod open;
mod qr;
mod reader;
pub(crate) mod room;
pub(crate) mod rooms;
pub(crate) mod send;
pub(crate) mod tail;
mod time_zone;
pub(crate) mod who;

use recado_shared::UserName;

use self::ask::parse_name;
use crate::client::Client;
use crate::exit::Failure;
use crate::identity::{Access, IdentitySelector};
use crate::net::Link;
use crate::output::complain;
use crate::paths::{Paths, PathsError};

/// The identity that the command line selects, and the places of its files.
pub(crate) struct VerbContext {
    paths: Paths,
    selector: IdentitySelector,
    /// Whether the identity was chosen for this run only, with `--as`.
    keeps_default: bool,
}

impl VerbContext {
    pub(crate) fn of_user(
        selector: IdentitySelector,
        keeps_default: bool,
    ) -> Result<Self, PathsError> {
        Ok(Self {
            paths: Paths::of_user()?,
            selector,
            keeps_default,
        })
    }

    fn name(&self) -> Result<Option<UserName>, Failure> {
        self.selector.name.as_deref().map(parse_name).transpose()
    }

    async fn link(&self, access: Access) -> Result<Link, Failure> {
        Link::of(&self.paths, &self.selector, access).await
    }

    /// A client that reports lost connections on standard error.
    async fn client(&self, access: Access) -> Result<Client, Failure> {
        let mut client = Client::over(self.link(access).await?);
        client.listener = complain;
        Ok(client)
    }
}
