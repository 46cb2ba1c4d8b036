//! Table of the slash commands: names, arguments and help. Parser, completion, help and switcher use
//! it; `run` executes the commands.

use std::sync::LazyLock;
use std::time::Duration;

use recado_shared::{
    DeviceName, DisplayName, Emoji, LinkCode, MessageBody, NotificationLevel, Role, RoomEvent,
    RoomName, UserName, Visibility,
};

use crate::app::intent::Show;
use crate::strings;

/// The kind of an argument, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentKind {
    Person,
    Room,
    PersonOrRoom,
    /// An emoji or its shortcode.
    Emoji,
    Duration,
    /// One of these words.
    Word(&'static [&'static str]),
    Command,
    Any,
    /// The rest of the line.
    Text,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Argument {
    /// Its placeholder in the usage.
    pub(crate) name: &'static str,
    pub(crate) kind: ArgumentKind,
    pub(crate) is_required: bool,
}

/// The entry of a command in [`COMMANDS`].
pub(crate) struct CommandSpec {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) arguments: &'static [Argument],
    /// At most 42 characters.
    pub(crate) help: &'static str,
}

impl CommandSpec {
    /// The syntax: `/mute NAME [DURATION]`, `/notify all|mentions|nothing`.
    pub(crate) fn usage(&self) -> String {
        self.usage_with(|argument| {
            if let ArgumentKind::Word(words) = argument.kind {
                words.join("|")
            } else {
                argument.name.to_owned()
            }
        })
    }

    /// The usage without the words of a choice, at most 24 characters, for the help.
    pub(crate) fn brief(&self) -> String {
        self.usage_with(|argument| argument.name.to_owned())
    }

    fn usage_with(&self, name: impl Fn(&Argument) -> String) -> String {
        let arguments = self.arguments.iter().map(|argument| {
            let name = name(argument);
            if argument.is_required {
                name
            } else {
                format!("[{name}]")
            }
        });
        let words: Vec<_> = [format!("/{}", self.name)]
            .into_iter()
            .chain(arguments)
            .collect();
        words.join(" ")
    }

    pub(crate) fn needs_arguments(&self) -> bool {
        self.arguments.iter().any(|argument| argument.is_required)
    }

    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

const fn required(name: &'static str, kind: ArgumentKind) -> Argument {
    let is_required = true;
    Argument {
        name,
        kind,
        is_required,
    }
}

const fn optional(name: &'static str, kind: ArgumentKind) -> Argument {
    let is_required = false;
    Argument {
        name,
        kind,
        is_required,
    }
}

const fn words(name: &'static str, words: &'static [&'static str]) -> Argument {
    required(name, ArgumentKind::Word(words))
}

const fn spec(
    name: &'static str,
    aliases: &'static [&'static str],
    arguments: &'static [Argument],
) -> CommandSpec {
    CommandSpec {
        name,
        aliases,
        arguments,
        help: strings::commands::help(name),
    }
}

/// A parsed command. Each has its entry in [`COMMANDS`] and its arm in `Parts::run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Message(String, Option<MessageBody>),
    Emote(MessageBody),
    Reply(MessageBody),
    React(Emoji),
    Edit(Option<MessageBody>),
    Delete,
    Create(RoomName, Visibility),
    Join(Option<RoomName>),
    /// A change of the open room.
    Room(RoomEvent),
    Members,
    Invite(UserName),
    Role(UserName, Role),
    Mute(UserName, Option<Duration>),
    Unmute(UserName),
    Kick(UserName),
    Ban(UserName),
    Unban(UserName),
    Nick(Option<DisplayName>),
    Accept(Option<UserName>),
    Set(SettingCommand),
    Link(LinkCode),
    RenameDevice(String, DeviceName),
    RevokeDevice(String),
    Show(Show),
    Help(Option<&'static str>),
    Quit,
}

/// A command that changes one of the user's own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SettingCommand {
    /// Without a name, the peer of the open conversation.
    Block(Option<UserName>),
    Unblock(Option<UserName>),
    /// Whether new people must ask first.
    FirstContact(bool),
    Favourite(bool),
    NotificationLevel(NotificationLevel),
    Quiet(Option<Duration>),
    Unquiet,
}

const PERSON: Argument = required("NAME", ArgumentKind::Person);
const OPTIONAL_PERSON: Argument = optional("NAME", ArgumentKind::Person);
const PERSON_OR_ROOM: Argument = required("NAME", ArgumentKind::PersonOrRoom);
const TEXT: Argument = required("TEXT", ArgumentKind::Text);
const OPTIONAL_TEXT: Argument = optional("TEXT", ArgumentKind::Text);
const DURATION: Argument = optional("DURATION", ArgumentKind::Duration);
const ROLE: Argument = words("ROLE", &["owner", "moderator", "member"]);
const DEVICE: Argument = required("DEVICE", ArgumentKind::Any);

/// All commands in the order of the help.
pub(crate) const COMMANDS: &[CommandSpec] = &[
    spec(
        "msg",
        &["m", "query", "open"],
        &[PERSON_OR_ROOM, OPTIONAL_TEXT],
    ),
    spec("me", &[], &[TEXT]),
    spec("reply", &["re"], &[TEXT]),
    spec("react", &["+"], &[required("EMOJI", ArgumentKind::Emoji)]),
    spec("edit", &[], &[OPTIONAL_TEXT]),
    spec("delete", &["del"], &[]),
    spec(
        "create",
        &["new"],
        &[
            required("ROOM", ArgumentKind::Any),
            optional("private", ArgumentKind::Word(&["private"])),
        ],
    ),
    spec("join", &["j"], &[optional("ROOM", ArgumentKind::Room)]),
    spec("rooms", &["list"], &[optional("PREFIX", ArgumentKind::Any)]),
    spec("leave", &["part"], &[]),
    spec("invite", &[], &[PERSON]),
    spec("topic", &[], &[OPTIONAL_TEXT]),
    spec("rename", &[], &[required("NAME", ArgumentKind::Any)]),
    spec("public", &[], &[]),
    spec("private", &[], &[]),
    spec("history", &[], &[words("WHAT", &["visible", "hidden"])]),
    spec("members", &["names"], &[]),
    spec("role", &[], &[PERSON, ROLE]),
    spec("mute", &[], &[PERSON, DURATION]),
    spec("unmute", &[], &[PERSON]),
    spec("kick", &[], &[PERSON]),
    spec("ban", &[], &[PERSON]),
    spec("unban", &[], &[PERSON]),
    spec("nick", &[], &[OPTIONAL_TEXT]),
    spec("block", &[], &[OPTIONAL_PERSON]),
    spec("unblock", &[], &[OPTIONAL_PERSON]),
    spec("contacts", &[], &[words("WHAT", &["ask", "open"])]),
    spec("accept", &[], &[OPTIONAL_PERSON]),
    spec("favourite", &["fav"], &[]),
    spec("unfavourite", &["unfav"], &[]),
    spec(
        "notify",
        &[],
        &[words("WHAT", &["all", "mentions", "nothing"])],
    ),
    spec("quiet", &[], &[DURATION]),
    spec("unquiet", &[], &[]),
    spec("catchup", &["unread"], &[]),
    spec("devices", &[], &[]),
    spec("link", &[], &[required("CODE", ArgumentKind::Text)]),
    spec(
        "device-name",
        &[],
        &[DEVICE, required("NEW", ArgumentKind::Text)],
    ),
    spec("revoke", &[], &[required("DEVICE", ArgumentKind::Text)]),
    spec(
        "search",
        &["find"],
        &[optional("WORDS", ArgumentKind::Text)],
    ),
    spec(
        "help",
        &["?"],
        &[optional("COMMAND", ArgumentKind::Command)],
    ),
    spec("quit", &["exit", "q"], &[]),
];

/// The titles for the switcher, in the order of [`COMMANDS`].
static TITLES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let title = |spec: &CommandSpec| strings::commands::title(spec.name, spec.help);
    COMMANDS.iter().map(title).collect()
});

/// The title for the switcher of a command, by its place in [`COMMANDS`].
pub(crate) fn title(index: usize) -> &'static str {
    TITLES.get(index).map_or("", String::as_str)
}

/// Finds a command by name or alias, without regard to case.
pub(crate) fn find(name: &str) -> Option<&'static CommandSpec> {
    let name = name.to_lowercase();
    COMMANDS.iter().find(|spec| spec.is_called(&name))
}

/// The error for an unknown command, with the nearest known name.
pub(crate) fn unknown(name: &str) -> String {
    let all = COMMANDS
        .iter()
        .flat_map(|spec| std::iter::once(&spec.name).chain(spec.aliases));
    let name = name.to_lowercase();
    let shown: String = name.chars().take(20).collect();
    let nearest = all
        .map(|&known| (strsim::osa_distance(&shown, known), known))
        .filter(|&(distance, known)| distance <= 2.min(known.len() / 2))
        .min();
    strings::commands::unknown(&shown, nearest.map(|(_, known)| known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_command_and_every_help_one_line() {
        let mut names: Vec<_> = COMMANDS
            .iter()
            .flat_map(|spec| std::iter::once(spec.name).chain(spec.aliases.iter().copied()))
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for spec in COMMANDS {
            assert!(
                (1..=42).contains(&spec.help.chars().count()),
                "{}",
                spec.name
            );
            assert!(spec.brief().len() <= 24, "{}", spec.name);
            let optional_first = spec.arguments.windows(2).any(|pair| {
                let [first, second] = pair else { return false };
                !first.is_required && second.is_required
            });
            assert!(!optional_first, "{}", spec.name);
        }
    }

    #[test]
    fn unknown_commands_name_the_nearest() {
        for (typed, nearest) in [
            ("jion", "/join?"),
            ("topc", "/topic?"),
            ("meembers", "/members?"),
            ("unmtue", "/unmute?"),
            ("xyzzyx", "/help lists them"),
        ] {
            assert!(unknown(typed).contains(nearest), "{}", unknown(typed));
        }
    }

    #[test]
    fn usages_show_what_is_required() {
        let usage = |name| find(name).unwrap().usage();
        assert_eq!(usage("mute"), "/mute NAME [DURATION]");
        assert_eq!(usage("J"), "/join [ROOM]");
        assert_eq!(usage("role"), "/role NAME owner|moderator|member");
    }
}
