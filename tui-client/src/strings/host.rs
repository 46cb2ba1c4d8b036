//! Texts of `recado host` and the demo, and of invite links.

use recado_shared::{Invite, ServerAddress};

pub(crate) const NOT_THE_OPERATOR: &str = "Cannot make an invite link: only the operator can, on the \
                                           machine of the server. Ask them for one";

pub(crate) const DEMO_HAS_NO_INVITES: &str =
    "Others cannot join a demo. Start a server for them with: recado host";

pub(crate) fn cannot_make_invite(why: impl std::fmt::Display) -> String {
    format!("Cannot make an invite link: {why}")
}

/// The command that joins with an invite.
pub(crate) fn join_line(invite: &Invite) -> String {
    format!("recado join '{invite}'")
}

pub(crate) fn only_local(address: &ServerAddress) -> String {
    format!(
        "Other machines cannot reach {address}. Start the server with --listen or --public-address \
         and an address of this machine."
    )
}

/// The line that links a device on another machine.
pub(crate) fn link_line(server: &Invite) -> String {
    format!("\nTo add a device, run on it:  recado link '{server}'")
}

/// As [`link_line`], for a server that only this machine reaches.
pub(crate) fn link_line_here(server: &Invite) -> String {
    let warning = only_local(&server.address);
    format!("\nTo add a device on this machine, run there:  recado link '{server}'\n{warning}")
}

/// `options` begin with a space, or are empty. `invite` is a line that stays valid, with its uses.
pub(crate) fn server_stopped(
    options: &str,
    server_options: &str,
    invite: Option<(&str, u32)>,
) -> String {
    let restart = format!(
        "The server has stopped. Start it again with\n  recado host{options}\nor keep it running \
         with\n  recado-server{server_options}"
    );
    match invite {
        Some((line, uses)) => {
            let uses = super::counted(uses.into(), "more use");
            format!("{restart}\nThe invite link works while it runs ({uses}):\n  {line}")
        }
        None => restart,
    }
}

pub(crate) fn demo_notice(help_key: &str) -> String {
    format!("Demo: nothing leaves this machine or is kept. Press {help_key} for help.")
}
