//! `recado link`: links this machine to an account that exists. Shows a code, asks the server until
//! another device has approved it, and keeps the new identity.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use recado_shared::device::LINK_EXTENSION;
use recado_shared::limits::LINK_POLL;
use recado_shared::{Extension, Fingerprint, Invite, LinkCode, Refusal, ServerAddress};
use tokio::time::{sleep, timeout};

use super::qr;
use crate::exit::{Exit, Failure};
use crate::identity::{self, Identity, Linking};
use crate::net::{self, ConnectError, Connector};
use crate::output::{complain, print, tell};
use crate::paths::Paths;
use crate::terminal;

pub(crate) const HELP: &str = "\
Shows a code and waits until you approve it on a device that you already use: compare the code there,
then type /link CODE in Recado, or run 'recado devices approve CODE'. There is no password.";

/// Lifetime of a shown code.
const SHOWN_FOR: Duration = Duration::from_mins(10);

/// The server to link to.
struct Place {
    address: ServerAddress,
    fingerprint: Fingerprint,
    is_local: bool,
}

pub(crate) async fn run(paths: &Paths, server: Option<&str>) -> Result<(), Failure> {
    let place = place(paths, server)?;
    let linking = Linking::begin(paths, place.fingerprint)?;
    let waited = tokio::select! {
        waited = timeout(SHOWN_FOR, wait(&place, &linking)) => waited,
        _ = tokio::signal::ctrl_c() => {
            linking.discard();
            let text = "Not linked. Run 'recado link' again for a new code.";
            return Err(Failure::new(Exit::Failure, text));
        }
    };
    let name = match waited {
        Ok(Ok(name)) => name,
        Ok(Err(failure)) => {
            linking.discard();
            return Err(failure);
        }
        Err(_) => {
            linking.discard();
            let text = "The code was not approved within 10 minutes. Run 'recado link' again when \
                        you have the other device at hand.";
            return Err(Failure::new(Exit::Timeout, text));
        }
    };
    let identity = linking.finish(paths, place.address, name, place.is_local)?;
    said(&identity);
    Ok(())
}

/// Which server is meant: that of an invite or of the line that 'recado devices' prints, one that
/// this machine knows by its address, or the one that runs on it.
fn place(paths: &Paths, given: Option<&str>) -> Result<Place, Failure> {
    let Some(given) = given else {
        let ticket = identity::local_ticket(&paths.local_tickets);
        let ticket = ticket.ok_or_else(|| {
            let text = "Which server? Run 'recado devices' on a linked device and paste its line: \
                        recado link 'recado://…'";
            Failure::new(Exit::Usage, text)
        })?;
        return Ok(Place {
            address: ticket.address,
            fingerprint: ticket.fingerprint,
            is_local: true,
        });
    };
    if given.trim().starts_with("recado://") {
        let invite: Invite = given
            .parse()
            .map_err(|error| Failure::new(Exit::Usage, error))?;
        return Ok(Place {
            address: invite.address,
            fingerprint: invite.fingerprint,
            is_local: false,
        });
    }
    let address: ServerAddress = given
        .parse()
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    let known = identity::all(paths)?;
    let known = known.into_iter().find(|it| it.server.address == address);
    known.map_or_else(
        || {
            // Without its key an attacker in between could pretend to be it.
            let text = format!(
                "This machine does not know the server at {address}. Run 'recado devices' on a \
                 linked device and paste its whole line."
            );
            Err(Failure::new(Exit::Usage, text))
        },
        |known| {
            Ok(Place {
                address: known.server.address,
                fingerprint: known.server.fingerprint,
                is_local: known.server.is_local,
            })
        },
    )
}

fn show(code: LinkCode) {
    let is_terminal = io::stdout().is_terminal();
    if is_terminal {
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

/// Asks until the device is let in, and returns the name of its user.
async fn wait(place: &Place, linking: &Linking) -> Result<recado_shared::UserName, Failure> {
    let connector = Connector::new(&linking.key, place.fingerprint)?;
    let mut told: Option<String> = None;
    let mut is_shown = false;
    loop {
        let mut hello = net::hello();
        hello.extensions.push(Extension {
            kind: LINK_EXTENSION,
            value: Vec::new(),
        });
        match connector.open(&place.address, hello).await {
            Ok(session) => {
                let name = session.welcome().name.clone();
                session.leave().await;
                return Ok(name);
            }
            Err(ConnectError::Refused {
                refusal: Refusal::LinkPending,
                ..
            }) => {
                told = None;
                // Before the server knows of it, it cannot be approved.
                if !std::mem::replace(&mut is_shown, true) {
                    show(linking.code());
                }
            }
            Err(error) if error.is_temporary() => {
                let text = error.to_string();
                if told.as_ref() != Some(&text) {
                    complain(&format!("{text} Trying again."));
                    told = Some(text);
                }
            }
            Err(error) => return Err(error.into()),
        }
        sleep(LINK_POLL).await;
    }
}

fn said(identity: &Identity) {
    let name = &identity.server.name;
    tell(&format!(
        "Linked this machine to {name}. Open it with 'recado {name}'."
    ));
}
