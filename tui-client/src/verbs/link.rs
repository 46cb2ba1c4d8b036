//! `recado link`: links this machine to an account that exists. Shows a code, asks the server until
//! another device has approved it, and keeps the new identity.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use recado_shared::device::LINK_EXTENSION;
use recado_shared::limits::LINK_POLL;
use recado_shared::{Extension, Invite, LinkCode, Refusal, ServerAddress, UserName};
use tokio::time::{sleep, timeout};

use super::{invite_input, qr};
use crate::exit::{Exit, Failure};
use crate::identity::{self, Linking};
use crate::net::{self, ConnectError, Connector};
use crate::output::{complain, print, tell};
use crate::paths::Paths;
use crate::terminal;

pub(crate) const HELP: &str = "\
Shows a code and waits until you approve it on a device that you already use: compare the code there,
then type /link CODE in Recado, or run 'recado devices approve CODE'. There is no password.";

const SHOWN_FOR: Duration = Duration::from_mins(10);

pub(crate) async fn run(paths: &Paths, words: &[String]) -> Result<(), Failure> {
    let (server, is_local) = find_server(paths, words)?;
    let linking = Linking::begin(paths, server.fingerprint)?;
    let waited = tokio::select! {
        waited = timeout(SHOWN_FOR, wait(&server, &linking)) => waited.unwrap_or_else(|_| {
            let text = "The code was not approved within 10 minutes. Run 'recado link' again when \
                        you have the other device at hand.";
            Err(Failure::new(Exit::Timeout, text))
        }),
        _ = tokio::signal::ctrl_c() => {
            let text = "Not linked. Run 'recado link' again for a new code.";
            Err(Failure::new(Exit::Failure, text))
        }
    };
    let name = match waited {
        Ok(name) => name,
        Err(failure) => {
            linking.discard();
            return Err(failure);
        }
    };
    let identity = linking.finish(paths, server.address, name, is_local)?;
    let name = &identity.server.name;
    tell(&format!(
        "Linked this machine to {name}. Open it with 'recado {name}'."
    ));
    Ok(())
}

/// The server of an invite or of the line that 'recado devices' prints, one that this machine knows
/// by its address, or the one that runs on it; and whether it is one of the same user on this machine.
fn find_server(paths: &Paths, words: &[String]) -> Result<(Invite, bool), Failure> {
    if words.is_empty() {
        let ticket = identity::local_ticket(&paths.local_tickets).ok_or_else(|| {
            Failure::usage(
                "Which server? Run 'recado devices' on a linked device and paste its line: \
                 recado link 'recado://…'",
            )
        })?;
        return Ok((ticket, true));
    }
    let address: ServerAddress = match invite_input::read(words) {
        Ok(invite) => return Ok((invite, false)),
        Err(failure) if words == ["-"] => return Err(failure),
        Err(failure) => words.concat().trim().parse().map_err(|_| failure)?,
    };
    let mut identities = identity::all(paths)?.into_iter();
    let known = identities.find(|identity| identity.server.address == address);
    // Without its key an attacker in between could pretend to be it.
    let known = known.ok_or_else(|| {
        Failure::usage(format!(
            "This machine does not know the server at {address}. Run 'recado devices' on a linked \
             device and paste its whole line."
        ))
    })?;
    let server = Invite {
        address,
        fingerprint: known.server.fingerprint,
        token: None,
    };
    Ok((server, known.server.is_local))
}

fn show(code: LinkCode) {
    if io::stdout().is_terminal() {
        let drawn = qr::draw(&code.to_string(), terminal::wants_colours());
        // A reader that has gone is no error.
        let _ = print(&drawn.unwrap_or_default());
    }
    let _ = print(&format!("  {code}"));
    tell(&format!(
        "\nOn a device you already use, check that it shows this code, then type\n\
         \x20 /link {code}                    in Recado, or\n\
         \x20 recado devices approve {code}   in a shell.\n\
         Waiting for at most 10 minutes. Press Ctrl+C to cancel."
    ));
}

/// Asks the server until the device is approved, and returns the name of its user.
async fn wait(server: &Invite, linking: &Linking) -> Result<UserName, Failure> {
    let connector = Connector::new(&linking.key, server.fingerprint)?;
    let mut last_error = None;
    let mut is_shown = false;
    loop {
        let mut hello = net::hello();
        hello.extensions.push(Extension {
            kind: LINK_EXTENSION,
            value: Vec::new(),
        });
        match connector.open(&server.address, hello).await {
            Ok(session) => {
                let name = session.welcome().name.clone();
                session.leave().await;
                return Ok(name);
            }
            Err(ConnectError::Refused {
                refusal: Refusal::LinkPending,
                ..
            }) => {
                last_error = None;
                // Before the server knows the device, it cannot be approved.
                if !std::mem::replace(&mut is_shown, true) {
                    show(linking.code());
                }
            }
            Err(error) if error.is_temporary() => {
                let text = Some(error.to_string());
                if last_error != text {
                    complain(&format!("{error} Trying again."));
                    last_error = text;
                }
            }
            Err(error) => return Err(error.into()),
        }
        sleep(LINK_POLL).await;
    }
}
