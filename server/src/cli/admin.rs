//! Commands by which the operator administers a server.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use recado_shared::{MessageBody, RoomName, UserName};

use super::confirm::Confirmation;
use super::refused::Refused;
use super::target::{Target, now};
use super::{InviteOptions, from_now, print, show, warn_if_local};
use crate::admin::request::{AdminAnswer, AdminRequest};
use crate::config::Policy;
use crate::invite;
use crate::store::{AdminChange, ChangeError, UserInfo, UserState};

/// Time between two looks at the progress of an erasure.
const ERASURE_INTERVAL: Duration = Duration::from_millis(500);

/// Time without progress after which a command no longer waits for an erasure.
const ERASURE_PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Subcommand)]
pub(super) enum UserVerb {
    /// List all users
    List(ListArguments),
    /// Show a user with their devices
    Show {
        #[command(flatten)]
        list: ListArguments,
        #[command(flatten)]
        user: UserArgument,
    },
    /// Reset a user: revoke all devices and print an invite to sign in again
    Reset {
        #[command(flatten)]
        user: UserArgument,
        #[command(flatten)]
        invite: InviteOptions,
    },
    /// Rename a user; the old name stays reserved
    Rename {
        #[command(flatten)]
        user: UserArgument,
        /// New user name, which must be free
        new: UserName,
    },
    /// Disable an account: disconnect the user and refuse their devices
    Disable(UserArgument),
    /// Enable a disabled account again
    Enable(UserArgument),
    /// Remove a user and erase all their messages; this cannot be undone
    Remove {
        #[command(flatten)]
        user: UserArgument,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum RoomVerb {
    /// List all rooms, with private and closed ones
    List(ListArguments),
    /// Show one room with its topic
    Show {
        #[command(flatten)]
        list: ListArguments,
        #[command(flatten)]
        room: RoomArgument,
    },
    /// Rename a room for all members
    Rename {
        #[command(flatten)]
        room: RoomArgument,
        /// New room name, which must be free
        new: RoomName,
    },
    /// Close a room and erase all its messages; this cannot be undone
    Close {
        #[command(flatten)]
        room: RoomArgument,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(Debug, Args)]
pub(super) struct UserArgument {
    /// Name of the user
    name: UserName,
}

#[derive(Debug, Args)]
pub(super) struct RoomArgument {
    /// Name of the room
    room: RoomName,
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Print one JSON object per line
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn user(target: &Target, verb: UserVerb) -> Result<()> {
    match verb {
        UserVerb::List(arguments) => {
            let users = users(target)?;
            print_lines(&users, |info| show::user(info, arguments.json))
        }
        UserVerb::Show { list, user } => {
            let found = target.open()?.user(&user.name);
            let found = found.context("cannot read the users")?;
            let detail = found.ok_or(ChangeError::UnknownUser)?;
            print(&show::detail(&detail, list.json))
        }
        UserVerb::Reset { user, invite } => reset(target, &user.name, invite),
        UserVerb::Rename { user, new } => {
            let (user, to) = (user.name, new);
            let text = format!("User {user} renamed to {to}\n");
            target.change(AdminChange::Rename { user, to })?;
            print(&text)
        }
        UserVerb::Disable(UserArgument { name }) => {
            target.change(AdminChange::Disable(name.clone()))?;
            print(&format!("{name} disabled\n"))
        }
        UserVerb::Enable(UserArgument { name }) => {
            target.change(AdminChange::Enable(name.clone()))?;
            print(&format!("{name} enabled\n"))
        }
        UserVerb::Remove {
            user: UserArgument { name },
            confirmation,
        } => {
            confirmation.require(&format!("Remove user {name} and erase all their messages?"))?;
            target.change(AdminChange::Remove(name.clone()))?;
            follow_erasures(target)?;
            print(&format!(
                "User \"{name}\" removed; their messages are erased\n"
            ))
        }
    }
}

/// Shows how far the erasures are until none is left. The server goes on without the command.
fn follow_erasures(target: &Target) -> Result<()> {
    let data = target.open()?;
    let (mut shown, mut since) = (None, Instant::now());
    loop {
        let erasures = data.erasures().context("cannot read the erasures")?;
        let Some(progress) = erasures else {
            return Ok(());
        };
        if shown != Some(progress) {
            (shown, since) = (Some(progress), Instant::now());
            writeln!(
                io::stderr(),
                "Erasing messages: {} %. The server goes on if you press Ctrl+C",
                progress.percent()
            )?;
        } else if since.elapsed() > ERASURE_PATIENCE {
            bail!("the erasure waits: the server may be stopped or its disk full. It goes on later")
        }
        thread::sleep(ERASURE_INTERVAL);
    }
}

fn users(target: &Target) -> Result<Vec<UserInfo>> {
    target.open()?.users().context("cannot read the users")
}

fn print_lines<T>(values: &[T], line: impl Fn(&T) -> String) -> Result<()> {
    print(&values.iter().map(line).collect::<String>())
}

fn reset(target: &Target, user: &UserName, options: InviteOptions) -> Result<()> {
    // Before the change: without an address there is no invite to print.
    let address = options.address.or_else(|| target.public_address.clone());
    let (invite, token) = invite::prepare(&target.data_dir, address)?;
    target.change(AdminChange::Reset {
        user: user.clone(),
        token,
        expires: from_now(options.expires)?,
    })?;
    writeln!(
        io::stderr(),
        "Revoked {user}'s devices. Send this invite to sign in again as {user}:"
    )?;
    warn_if_local(&invite.address)?;
    print(&format!("{invite}\n"))
}

pub(super) fn room(target: &Target, verb: RoomVerb) -> Result<()> {
    match verb {
        RoomVerb::List(arguments) => {
            let rooms = target.open()?.rooms().context("cannot read the rooms")?;
            print_lines(&rooms, |info| show::room(info, arguments.json))
        }
        RoomVerb::Show { list, room } => {
            let found = target.open()?.room(&room.room);
            let found = found.context("cannot read the rooms")?;
            let info = found.ok_or(ChangeError::UnknownRoom)?;
            print(&show::room(&info, list.json))
        }
        RoomVerb::Rename { room, new } => {
            let (room, to) = (room.room, new);
            let text = format!("Room #{room} renamed to #{to}\n");
            target.change(AdminChange::RenameRoom { room, to })?;
            print(&text)
        }
        RoomVerb::Close {
            room: RoomArgument { room },
            confirmation,
        } => {
            confirmation.require(&format!("Close #{room} and erase all its messages?"))?;
            target.change(AdminChange::CloseRoom(room.clone()))?;
            follow_erasures(target)?;
            print(&format!(
                "Room #{room} closed; its messages are erased from the server. Devices of its members keep \
                 what they have\n"
            ))
        }
    }
}

pub(super) fn list_invites(target: &Target, arguments: &ListArguments) -> Result<()> {
    let invites = target
        .open()?
        .invites()
        .context("cannot read the invites")?;
    let now = now()?;
    print_lines(&invites, |info| show::invite(info, now, arguments.json))
}

pub(super) fn revoke_invite(target: &Target, id: &str) -> Result<()> {
    let mut admin = target.open()?;
    let invites = admin.invites().context("cannot read the invites")?;
    let id = id.to_ascii_lowercase();
    let mut matches = invites
        .iter()
        .filter(|invite| !id.is_empty() && invite.digest.starts_with(&id));
    let refused = |reason: &str| {
        Refused(format!(
            "{reason}. `recado-server invite list` shows all invites"
        ))
    };
    let invite = match (matches.next(), matches.next()) {
        (Some(invite), None) => invite,
        (None, _) => return Err(refused("no invite has this id").into()),
        (Some(_), Some(_)) => return Err(refused("several invites start with this id").into()),
    };
    let existed = admin.revoke_invite(&invite.digest);
    if !existed.context("cannot delete the invite")? {
        return Err(refused("this invite is already deleted").into());
    }
    print(&format!("Revoked invite {}\n", show::invite_id(invite)))
}

pub(super) fn policy(target: &Target, new: Option<Policy>) -> Result<()> {
    let policy = target.ask(&AdminRequest::Policy(new), AdminAnswer::try_as_policy)?;
    if new.is_some() {
        writeln!(
            io::stderr(),
            "Note: lasts until restart. Set `policy` in the configuration to keep it."
        )?;
    }
    print(&format!("{policy}\n"))
}

pub(super) fn announce(target: &Target, text: &str) -> Result<()> {
    let body = MessageBody::new(text).context("cannot announce this text")?;
    let request = AdminRequest::Announce(body);
    let count = target.ask(&request, AdminAnswer::try_as_announced)?;
    print(&format!(
        "Announced to {}\n",
        show::counted(count, "session")
    ))
}

pub(super) fn sessions(target: &Target, arguments: &ListArguments) -> Result<()> {
    let sessions = target.ask(&AdminRequest::Sessions, AdminAnswer::try_as_sessions)?;
    let users = users(target)?;
    let names: BTreeMap<_, _> = users.iter().map(|user| (user.user, &user.name)).collect();
    print_lines(&sessions, |info| {
        let name = names.get(&info.user).map_or("", |name| name.as_str());
        show::session(info, name, arguments.json)
    })
}

pub(super) fn stats(target: &Target, arguments: &ListArguments) -> Result<()> {
    let stats = target.ask(&AdminRequest::Stats, AdminAnswer::try_as_stats)?;
    let users = users(target)?;
    let users = users.iter().filter(|user| user.state != UserState::Removed);
    let erasures = target.open()?.erasures();
    let erasures = erasures.context("cannot read the erasures")?;
    let lines = show::stats(&stats, users.count(), erasures, arguments.json);
    print(&lines)
}
