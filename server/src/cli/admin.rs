//! The verbs by which a person administers a server.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use jiff::Span;
use recado_shared::{MessageBody, RoomName, ServerAddress, UserName};

use super::exit::Refused;
use super::target::{Target, now, unexpected};
use super::{PlaceArguments, from_now, only_local, print, show};
use crate::admin::request::{AdminAnswer, AdminRequest};
use crate::policy::Policy;
use crate::store::{Change, ChangeError, Changed, InviteInfo, UserState};
use crate::{address, invite};

#[derive(Debug, Subcommand)]
pub(super) enum UserVerb {
    /// List everybody who has a name
    List(ListArguments),
    /// Show one person with their devices
    Show(ShowArguments),
    /// Take all devices from a person and print an invite by which they come back as themselves
    Reset(ResetArguments),
    /// Give a person another name; the old one goes to nobody else
    Rename(RenameArguments),
    /// Let a person in no more, until 'enable'
    Disable(NameArguments),
    /// Let a person in again
    Enable(NameArguments),
    /// Remove a person and erase all that they wrote; it cannot be undone
    Remove(NameArguments),
}

#[derive(Debug, Subcommand)]
pub(super) enum RoomVerb {
    /// List all rooms, also private and closed ones
    List(ListArguments),
    /// Show one room
    Show(ShowRoomArguments),
    /// Give a room another name
    Rename(RenameRoomArguments),
    /// Close a room and erase all that was written in it; it cannot be undone
    Close(RoomArguments),
}

#[derive(Debug, Args)]
pub(super) struct RoomArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// The room
    room: RoomName,
}

#[derive(Debug, Args)]
pub(super) struct ShowRoomArguments {
    #[command(flatten)]
    list: ListArguments,
    /// The room
    room: RoomName,
}

#[derive(Debug, Args)]
pub(super) struct RenameRoomArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// The room
    room: RoomName,
    /// The new name
    new: RoomName,
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// Print a JSON object per line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct NameArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// The person
    name: UserName,
}

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    #[command(flatten)]
    list: ListArguments,
    /// The person
    name: UserName,
}

#[derive(Debug, Args)]
pub(super) struct RenameArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// The person
    name: UserName,
    /// The new name
    new: UserName,
}

#[derive(Debug, Args)]
pub(super) struct ResetArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// The person
    name: UserName,
    /// For how long the invite is good, like 7d or 12h
    #[arg(long, value_name = "TIME", default_value = "7d")]
    expires: Span,
    /// The address that the invite names [default: the server's own]
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<ServerAddress>,
}

#[derive(Debug, Args)]
pub(super) struct RevokeArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// The beginning of its id, as 'invite list' shows it
    id: String,
}

#[derive(Debug, Args)]
pub(super) struct PolicyArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// Who may claim a new name from now on, until the server stops
    policy: Option<Policy>,
}

#[derive(Debug, Args)]
pub(super) struct AnnounceArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// What to tell everybody who is connected
    text: String,
}

pub(super) fn user(verb: UserVerb) -> Result<()> {
    match verb {
        UserVerb::List(arguments) => list_users(&arguments),
        UserVerb::Show(arguments) => show_user(&arguments),
        UserVerb::Reset(arguments) => reset(arguments),
        UserVerb::Rename(arguments) => rename(arguments),
        UserVerb::Disable(NameArguments { place, name }) => {
            Target::of(&place)?.change(Change::Disable(name.clone()))?;
            print(&format!("{name} is disabled and not let in\n"))
        }
        UserVerb::Enable(NameArguments { place, name }) => {
            Target::of(&place)?.change(Change::Enable(name.clone()))?;
            print(&format!("{name} is let in again\n"))
        }
        UserVerb::Remove(NameArguments { place, name }) => {
            Target::of(&place)?.change(Change::Remove(name.clone()))?;
            print(&format!(
                "{name} is removed, and all that they wrote is erased\n"
            ))
        }
    }
}

fn list_users(arguments: &ListArguments) -> Result<()> {
    let admin = Target::of(&arguments.place)?.open()?;
    let users = admin.users().context("cannot read the people")?;
    print(&lines(&users, |facts| show::user(facts, arguments.json)))
}

fn lines<T>(values: &[T], line: impl Fn(&T) -> String) -> String {
    values.iter().map(line).collect()
}

fn show_user(arguments: &ShowArguments) -> Result<()> {
    let admin = Target::of(&arguments.list.place)?.open()?;
    let found = admin.user(&arguments.name).context("cannot read people")?;
    let detail = found.ok_or_else(|| Refused::from(ChangeError::UnknownUser))?;
    print(&show::detail(&detail, arguments.list.json))
}

fn reset(arguments: ResetArguments) -> Result<()> {
    let target = Target::of(&arguments.place)?;
    // Before anything is changed: without the address the invite could not be told.
    let address = arguments.address.or_else(|| target.public_address.clone());
    let invite = invite::prepare(&target.data_dir, address)?;
    let token = invite.token.clone().context("an invite has a token")?;
    target.change(Change::Reset {
        user: arguments.name.clone(),
        token,
        expires: from_now(arguments.expires)?,
    })?;
    let mut err = io::stderr();
    writeln!(
        err,
        "{} has no devices any more, and comes back with this invite and the same name:",
        arguments.name
    )?;
    if address::is_only_local(&invite.address) {
        writeln!(err, "{}", only_local(&invite.address))?;
    }
    print(&format!("{invite}\n"))
}

fn rename(arguments: RenameArguments) -> Result<()> {
    let (user, to) = (arguments.name, arguments.new);
    let change = Change::Rename {
        user: user.clone(),
        to,
    };
    match Target::of(&arguments.place)?.change(change)? {
        Changed::Renamed { name, .. } => print(&format!("{user} is called {name} now\n")),
        _ => Err(unexpected()),
    }
}

pub(super) fn room(verb: RoomVerb) -> Result<()> {
    match verb {
        RoomVerb::List(arguments) => {
            let admin = Target::of(&arguments.place)?.open()?;
            let rooms = admin.rooms().context("cannot read the rooms")?;
            print(&lines(&rooms, |facts| show::room(facts, arguments.json)))
        }
        RoomVerb::Show(ShowRoomArguments { list, room }) => {
            let admin = Target::of(&list.place)?.open()?;
            let found = admin.room(&room).context("cannot read the rooms")?;
            let facts = found.ok_or_else(|| Refused::from(ChangeError::UnknownRoom))?;
            print(&show::room(&facts, list.json))
        }
        RoomVerb::Rename(RenameRoomArguments { place, room, new }) => {
            let (from, to) = (room.clone(), new.clone());
            Target::of(&place)?.change(Change::RenameRoom { room, to })?;
            print(&format!("#{from} is called #{new} now\n"))
        }
        RoomVerb::Close(RoomArguments { place, room }) => {
            Target::of(&place)?.change(Change::CloseRoom(room.clone()))?;
            print(&format!(
                "#{room} is closed, and all that was written in it is erased\n"
            ))
        }
    }
}

pub(super) fn list_invites(arguments: &ListArguments) -> Result<()> {
    let admin = Target::of(&arguments.place)?.open()?;
    let invites = admin.invites().context("cannot read the invites")?;
    let now = now()?;
    print(&lines(&invites, |facts| {
        show::invite(facts, now, arguments.json)
    }))
}

pub(super) fn revoke_invite(arguments: &RevokeArguments) -> Result<()> {
    let mut admin = Target::of(&arguments.place)?.open()?;
    let invites = admin.invites().context("cannot read the invites")?;
    let id = arguments.id.to_ascii_lowercase();
    let meant: Vec<&InviteInfo> = invites
        .iter()
        .filter(|invite| !id.is_empty() && invite.digest.starts_with(&id))
        .collect();
    let refused = |reason: &str| Refused(format!("{reason}: 'recado-server invite list' has them"));
    let [invite] = meant.as_slice() else {
        let reason = match meant.len() {
            0 => "no invite has that id",
            _ => "several invites begin with that",
        };
        return Err(refused(reason).into());
    };
    let was_there = admin.revoke_invite(&invite.digest);
    if !was_there.context("cannot delete the invite")? {
        return Err(refused("the invite is gone already").into());
    }
    print(&format!(
        "invite {} lets nobody in\n",
        show::invite_id(invite)
    ))
}

pub(super) fn policy(arguments: &PolicyArguments) -> Result<()> {
    let request = AdminRequest::Policy(arguments.policy);
    let AdminAnswer::Policy(policy) = Target::of(&arguments.place)?.ask(&request)? else {
        return Err(unexpected());
    };
    if arguments.policy.is_some() {
        writeln!(
            io::stderr(),
            "note: until the server stops; 'policy' in its configuration holds after that"
        )?;
    }
    print(&format!("{}\n", policy.name()))
}

pub(super) fn announce(arguments: &AnnounceArguments) -> Result<()> {
    let body = MessageBody::new(arguments.text.as_str()).context("this cannot be announced")?;
    let request = AdminRequest::Announce(body);
    match Target::of(&arguments.place)?.ask(&request)? {
        AdminAnswer::Announced(count) => print(&format!("announced to {count} sessions\n")),
        _ => Err(unexpected()),
    }
}

pub(super) fn sessions(arguments: &ListArguments) -> Result<()> {
    let target = Target::of(&arguments.place)?;
    let AdminAnswer::Sessions(sessions) = target.ask(&AdminRequest::Sessions)? else {
        return Err(unexpected());
    };
    let users = target.open()?.users().context("cannot read the people")?;
    let names: BTreeMap<_, _> = users.iter().map(|user| (user.user, &user.name)).collect();
    print(&lines(&sessions, |facts| {
        let name = names.get(&facts.user).map_or("", |name| name.as_str());
        show::session(facts, name, arguments.json)
    }))
}

pub(super) fn stats(arguments: &ListArguments) -> Result<()> {
    let target = Target::of(&arguments.place)?;
    let AdminAnswer::Stats(stats) = target.ask(&AdminRequest::Stats)? else {
        return Err(unexpected());
    };
    let users = target.open()?.users().context("cannot read the people")?;
    let users = users.iter().filter(|user| user.state != UserState::Removed);
    print(&show::stats(&stats, users.count(), arguments.json))
}
