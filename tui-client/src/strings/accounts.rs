//! Texts about accounts: invites, the creation of accounts and the choice between them.

use std::fmt::Display;

use recado_shared::{ServerAddress, UserName};

pub(crate) const PASTE_INVITE: &str = "Paste the invite, then press Enter:";
pub(crate) const PASTE_THE_REST: &str =
    "The invite is not complete yet. Paste the rest, or press Enter to stop:";
pub(crate) const NO_INVITE: &str =
    "No invite was given. Run 'recado join' and paste it, or 'recado join - < FILE'.";

pub(crate) fn bad_invite(why: impl Display) -> String {
    format!("Cannot use this invite: {why}. 'recado join' without an argument reads a pasted one.")
}

pub(crate) const NAME_NEEDED: &str = "A name is needed. Give one with --as NAME.";
pub(crate) const CHOOSE_NAME: &str = "Choose a name on this server:";
pub(crate) const CHOOSE_ANOTHER: &str = "Choose another name:";

/// The question for a name on a server where this machine has an account.
pub(crate) fn choose_second(own: &UserName) -> String {
    format!(
        "{} Press Enter to open it, or choose a name for a second account:",
        known_here(own)
    )
}

pub(crate) fn known_here(name: &UserName) -> String {
    format!("You are {name} here already.")
}

pub(crate) fn joined(name: &UserName, server: &ServerAddress) -> String {
    format!("Joined {server} as {name}.")
}

pub(crate) fn created(name: &UserName, server: &ServerAddress) -> String {
    format!("Created {name} on {server}.")
}

pub(crate) fn open_with(text: &str, name: &UserName) -> String {
    format!("{text} Open it with 'recado {name}'.")
}

pub(crate) fn refused_but_known(refusal: &str, own: &UserName) -> String {
    format!("{refusal}. You are {own} here already: 'recado {own}' opens it.")
}

pub(crate) fn no_token(refusal: &str) -> String {
    format!("{refusal}. This invite has no token: copy the whole line again, up to its end.")
}

/// The question before an account is created.
pub(crate) fn create(name: &UserName, server: &ServerAddress) -> String {
    format!("Create '{name}' on {server}?")
}

/// The refusal to create an account without a terminal to ask on.
pub(crate) fn not_created(name: &UserName, hint: &str) -> String {
    let hint = sentence(hint);
    format!(
        "There is no account '{name}' on this machine, and no terminal to ask whether to create \
         it.{hint} Create it with 'recado {name} --yes'."
    )
}

pub(crate) fn unknown_name(name: &UserName, hint: &str) -> String {
    format!("There is no account '{name}' on this machine. {hint}")
}

pub(crate) fn is_a_verb(given: &str, verb: &str) -> String {
    let given = recado_shared::text::neutralise(given);
    format!(
        "'{given}' is a command, written in small letters: 'recado {verb}'. An account of that name is \
         opened with 'recado --as {given}'."
    )
}

/// A suggestion, as a sentence.
pub(crate) fn did_you_mean(command: &str) -> String {
    format!("Did you mean '{command}'?")
}

pub(crate) const WAITING_FOR_SERVER: &str =
    "Waiting for a server on this machine, for at most 5 seconds. Press Ctrl+C to stop.";
pub(crate) const NO_ACCOUNT_HERE: &str =
    "You have no account on the server of this machine yet. Create one with 'recado NAME'.";

const FIRST_STEPS: &str = "\
You have not joined a server yet. To get started:
  recado demo            try Recado with a few scripted companions
  recado join            join a server with an invite
  recado host            start a server here and open Recado
  recado-server          start a server that keeps running, then run 'recado NAME'";

pub(crate) fn first_steps(hint: &str) -> String {
    let gap = if hint.is_empty() { "" } else { "\n" };
    format!("{hint}{gap}{FIRST_STEPS}")
}

/// An account in a list.
pub(crate) fn account(name: &UserName, server: &ServerAddress, is_denied: bool) -> String {
    let denied = if is_denied { " (access denied)" } else { "" };
    format!("{name} on {server}{denied}")
}

pub(crate) fn no_account(
    name: &str,
    server: Option<&ServerAddress>,
    hint: &str,
    known: &str,
) -> String {
    let name = recado_shared::text::neutralise(name);
    let place = server.map_or_else(String::new, |server| format!(" for {server}"));
    let hint = sentence(hint);
    let known = if known.is_empty() {
        String::new()
    } else {
        format!(" Accounts here: {known}.")
    };
    format!(
        "There is no account '{name}'{place} on this machine.{hint} Create it with 'recado {name}' on \
         the machine of the server, or with 'recado join'.{known}"
    )
}

/// The text for a start without a name when each account is refused, or its server was replaced.
pub(crate) fn none_to_open(known: &str) -> String {
    format!(
        "No account can be opened by itself: {known}. 'recado NAME' opens one to read its history. \
         'recado join' joins with a new invite."
    )
}

/// The refusal of a verb that writes.
pub(crate) fn choose_one(name: Option<&str>, known: &str) -> String {
    match name {
        None => format!("Several accounts can write here. Choose one with --as NAME: {known}."),
        Some(name) => {
            let name = recado_shared::text::neutralise(name);
            format!("'{name}' has several accounts. Choose one with --server HOST:PORT: {known}.")
        }
    }
}

pub(crate) fn skipped(name: &UserName, server: &ServerAddress, why: &str) -> String {
    format!("{name} on {server} is not opened: {why}.")
}

/// The end of a start without a name whose only account was refused.
pub(crate) fn refused_default(skipped: &str, name: &UserName) -> String {
    format!(
        "{skipped} 'recado --as {name}' tries it again and shows its history. 'recado join' joins \
         with a new invite."
    )
}

fn sentence(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" {text}")
    }
}

/// The head of a list, as it may be that of the default account.
pub(crate) fn devices_of(name: &UserName, server: &ServerAddress) -> String {
    format!("Devices of {name} on {server}:")
}
