//! Texts about accounts: invites, the creation of accounts and the choice between them.

use std::fmt::Display;

pub(crate) const PASTE_INVITE: &str = "Paste the invite, then press Enter:";
pub(crate) const PASTE_THE_REST: &str =
    "The invite is not complete yet. Paste the rest, or press Enter to stop:";
pub(crate) const NO_INVITE: &str =
    "No invite was given. Run 'recado join' and paste it, or 'recado join - < FILE'.";

pub(crate) fn bad_invite(why: impl Display) -> String {
    format!("Cannot use this invite: {why}. 'recado join' without an argument reads a pasted one.")
}
