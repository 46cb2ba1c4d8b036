//! Invite links for the app, made on a thread that may block. One is made at a time; a newer wish replaces one
//! that is not answered.

use std::fmt;
use std::future::pending;
use std::sync::Arc;

use tokio::task::{JoinHandle, spawn_blocking};

use crate::app::{InviteLink, InviteTerms};
use crate::strings;

type Answer = Result<InviteLink, String>;

/// Finds or makes an invite link of one server, or says why it cannot. It may block on the disk.
#[derive(Clone)]
pub struct InviteMaker(Arc<dyn Fn(InviteTerms) -> Answer + Send + Sync>);

impl InviteMaker {
    /// A maker that calls this function.
    pub fn new(make: impl Fn(InviteTerms) -> Answer + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }
}

impl fmt::Debug for InviteMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteMaker")
    }
}

pub(super) struct Invites {
    pub(super) maker: InviteMaker,
    pub(super) running: Option<JoinHandle<Answer>>,
}

impl Invites {
    pub(super) fn start(&mut self, terms: InviteTerms) {
        let maker = self.maker.clone();
        self.running = Some(spawn_blocking(move || maker.0(terms)));
    }

    /// The next answer; waits for ever while none is due. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> Answer {
        let Some(running) = &mut self.running else {
            return pending().await;
        };
        let answer = running.await;
        self.running = None;
        answer.unwrap_or_else(|_| Err(strings::commands::INVITE_LINK_FAILED.to_owned()))
    }
}
