//! `recado devices`: lists, links, renames and revokes the devices of the user.

use std::fmt;

use clap::{Args, Subcommand};
use recado_shared::{
    Answer, Device, DeviceKey, DeviceName, Invite, LinkCode, PendingDevice, Request, Timestamp,
    text,
};
use serde::Serialize;

use super::VerbContext;
use super::ask;
use super::line::{timestamp, utc_text};
use super::local_server::public_address;
use crate::app::devices;
use crate::exit::{Exit, Failure};
use crate::identity::Access;
use crate::net::{KnownState, Link, Session, SessionError};
use crate::output::{print_result, tell};
use crate::strings;

pub(crate) const HELP: &str = "\
Fields of a JSON line: number (its place in the list); name (or null); key (its public key in
hexadecimal digits); added and seen (times in UTC; seen is null if it never connected); online; own
(whether it is this device). DEVICE is a name or a number of the list.";

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Link the device that shows this code
    Approve {
        /// The code on the new device
        code: LinkCode,
        /// Name for the device [default: the name that it suggests]
        #[arg(long, value_parser = DeviceName::new)]
        name: Option<DeviceName>,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Rename one of your devices
    Rename {
        /// Name or number of the device
        #[arg(value_name = "DEVICE")]
        which: String,
        /// Its new name
        #[arg(value_parser = DeviceName::new)]
        name: DeviceName,
    },
    /// Revoke a device: it can no longer connect
    Revoke {
        /// Name or number of the device
        #[arg(value_name = "DEVICE")]
        which: String,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
}

/// A line of `--json`: a stable interface.
#[derive(Serialize)]
struct Line<'a> {
    number: usize,
    name: Option<&'a str>,
    key: String,
    added: String,
    seen: Option<String>,
    online: bool,
    own: bool,
    #[serde(skip)]
    device: &'a Device,
}

impl<'a> Line<'a> {
    fn new(device: &'a Device, number: usize, own: DeviceKey) -> Self {
        Self {
            number,
            name: device.name.as_ref().map(DeviceName::as_str),
            key: device.key.to_string(),
            added: utc_text(device.added),
            seen: device.seen.map(utc_text),
            online: device.is_online,
            own: device.key == own,
            device,
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = text::neutralise(
            self.name
                .filter(|name| text::is_visible(name))
                .unwrap_or("(no name)"),
        );
        let seen = match self.device.seen {
            _ if self.own => "this device".to_owned(),
            _ if self.online => "online".to_owned(),
            Some(seen) => format!("seen {}", day(seen)),
            None => "never seen".to_owned(),
        };
        let added = day(self.device.added);
        write!(f, "{:>2}  {name}  ({seen}, added {added})", self.number)
    }
}

pub(crate) async fn run(context: &VerbContext, arguments: Arguments) -> Result<(), Failure> {
    let access = match arguments.action {
        None => Access::Read,
        Some(_) => Access::Write,
    };
    let mut link = context.link(access).await?;
    let mut session = link.open_away(KnownState::default()).await?;
    let done = match arguments.action {
        None => list(&mut session, &link, arguments.json).await,
        Some(Action::Approve { code, name, yes }) => approve(&mut session, code, name, yes).await,
        Some(Action::Rename { which, name }) => {
            let key = find(&mut session, &which).await?;
            session.request(Request::NameDevice { key, name }).await?;
            Ok(())
        }
        Some(Action::Revoke { which, yes }) => {
            let key = find(&mut session, &which).await?;
            if !yes {
                let which = text::neutralise(&which);
                ask::confirm(
                    &format!("Revoke {which}? It will have to be linked again."),
                    "A revoked device has to be linked again. Confirm with --yes.",
                )?;
            }
            session.request(Request::RevokeDevice(key)).await?;
            Ok(())
        }
    };
    session.leave().await;
    done
}

async fn all(session: &mut Session) -> Result<Vec<Device>, Failure> {
    match session.request(Request::Devices).await? {
        Answer::Devices(devices) => Ok(devices),
        _ => Err(SessionError::unexpected_answer().into()),
    }
}

async fn find(session: &mut Session, which: &str) -> Result<DeviceKey, Failure> {
    let all = all(session).await?;
    let found = devices::find(which, &all).map(|device| device.key);
    found.map_err(|reason| Failure::new(Exit::Refused, text::neutralise(&reason)))
}

async fn list(session: &mut Session, link: &Link, json: bool) -> Result<(), Failure> {
    let own = link.config.identity.key();
    if !json {
        let name = session.welcome().name.clone();
        tell(&strings::accounts::devices_of(&name, &link.config.address));
    }
    for (device, number) in all(session).await?.iter().zip(1..) {
        if print_result(&Line::new(device, number, own), json).is_err() {
            return Ok(());
        }
    }
    if !json {
        tell(&linking_text(link));
    }
    Ok(())
}

/// The line for a new device. It has the public address of a server of this user, which is reached here by
/// another one.
fn linking_text(link: &Link) -> String {
    let fingerprint = link.config.fingerprint;
    let public = public_address(fingerprint).filter(|address| !address.is_loopback());
    let server = Invite {
        address: public.unwrap_or_else(|| link.config.address.clone()),
        fingerprint,
        token: None,
    };
    if server.address.is_loopback() {
        strings::host::link_line_here(&server)
    } else {
        strings::host::link_line(&server)
    }
}

fn day(time: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::system();
    timestamp(time).to_zoned(zone).date().to_string()
}

/// Links a device. The server names its key, and is not trusted to: the code is compared here.
async fn approve(
    session: &mut Session,
    code: LinkCode,
    name: Option<DeviceName>,
    yes: bool,
) -> Result<(), Failure> {
    let Answer::PendingDevice(device) = session.request(Request::FindDevice(code)).await? else {
        return Err(SessionError::unexpected_answer().into());
    };
    if LinkCode::of(&device.key) != code {
        let text = "The server named a device with another code. Do not link it, and ask the \
                    operator of the server.";
        return Err(Failure::new(Exit::Refused, text));
    }
    if !yes {
        confirm(&device, code)?;
    }
    let request = Request::LinkDevice {
        key: device.key,
        name: name.or(device.name),
    };
    session.request(request).await?;
    tell("Device linked");
    Ok(())
}

fn confirm(device: &PendingDevice, code: LinkCode) -> Result<(), Failure> {
    let name = device.name.as_ref().and_then(DeviceName::visible);
    let name = text::neutralise(name.unwrap_or("this device"));
    ask::confirm(
        &format!("Link {name} (code {code}) to your account?"),
        "Compare the code on both devices, then confirm with --yes.",
    )
}
