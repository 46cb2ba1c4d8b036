//! Table of the slash commands: names, arguments and help. Parser, completion, help and switcher use
//! it; `run` executes the commands.

use std::sync::LazyLock;
use std::time::Duration;

use recado_shared::{
    DeviceName, DisplayName, Emoji, HistoryVisibility, LinkCode, MessageBody, NotificationLevel,
    Role, RoomEvent, RoomName, Topic, UserName, Visibility,
};

use crate::app::intent::Show;
use crate::model::InviteTerms;
use crate::spelling::nearest;
use crate::strings;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentKind {
    Person,
    Room,
    PersonOrRoom,
    /// An emoji or its shortcode.
    Emoji,
    Duration,
    /// A day, by its date or its name.
    Day,
    Number,
    Word(&'static [&'static str]),
    Command,
    Any,
    /// The rest of the line.
    Text,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Argument {
    /// Its placeholder in the usage, in brackets if it is optional.
    pub(crate) name: &'static str,
    pub(crate) kind: ArgumentKind,
}

impl Argument {
    fn is_required(&self) -> bool {
        !self.name.starts_with('[')
    }
}

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
            let ArgumentKind::Word(words) = argument.kind else {
                return argument.name.to_owned();
            };
            let words = words.join("|");
            if argument.is_required() {
                words
            } else {
                format!("[{words}]")
            }
        })
    }

    /// The usage without the words of a choice, at most 24 characters, for the help.
    pub(crate) fn brief(&self) -> String {
        self.usage_with(|argument| argument.name.to_owned())
    }

    fn usage_with(&self, written: impl Fn(&Argument) -> String) -> String {
        let command = std::iter::once(format!("/{}", self.name));
        let words: Vec<_> = command.chain(self.arguments.iter().map(written)).collect();
        words.join(" ")
    }

    pub(crate) fn needs_arguments(&self) -> bool {
        self.arguments.iter().any(Argument::is_required)
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

const fn argument(name: &'static str, kind: ArgumentKind) -> Argument {
    Argument { name, kind }
}

const fn words(name: &'static str, words: &'static [&'static str]) -> Argument {
    argument(name, ArgumentKind::Word(words))
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
    Room(RoomEvent),
    Leave,
    /// Ends the room, whose only member is the user.
    Close,
    Topic(Change<Topic>),
    /// Shows what new members see, if nothing is given.
    History(Option<HistoryVisibility>),
    /// Jumps to a time, as it is written.
    GoTo(String),
    Members,
    Invite(UserName),
    Role(UserName, Role),
    Mute(UserName, Option<Duration>),
    Unmute(UserName),
    Kick(UserName),
    Ban(UserName),
    Unban(UserName),
    Nick(Change<DisplayName>),
    Accept(Option<UserName>),
    Set(SettingCommand),
    Link(LinkCode),
    RenameDevice(String, DeviceName),
    RevokeDevice(String),
    InviteLink(InviteTerms),
    /// Says which theme is in force, if nothing is given.
    Theme(Option<String>),
    Show(Show),
    Help(Option<&'static str>),
    Quit,
}

impl Command {
    /// The room that it names.
    pub(crate) fn room(&self) -> Option<RoomName> {
        if let Self::Join(name) = self {
            return name.clone();
        }
        if let Self::Message(to, _) = self {
            return RoomName::new(to).ok();
        }
        None
    }
}

/// The use of a command that has one optional value: without it, with `-`, with anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change<T> {
    Show,
    Remove,
    Set(T),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SettingCommand {
    /// Without a name, the peer of the open conversation.
    Block(Option<UserName>),
    Unblock(Option<UserName>),
    /// Whether new people must ask first; shows it, if nothing is given.
    FirstContact(Option<bool>),
    Favourite(bool),
    /// Shows the level, if nothing is given.
    NotificationLevel(Option<NotificationLevel>),
    Quiet(Option<Duration>),
    Unquiet,
}

const PERSON: Argument = argument("NAME", ArgumentKind::Person);
const OPTIONAL_PERSON: Argument = argument("[NAME]", ArgumentKind::Person);
const PERSON_OR_ROOM: Argument = argument("NAME", ArgumentKind::PersonOrRoom);
const TEXT: Argument = argument("TEXT", ArgumentKind::Text);
const OPTIONAL_TEXT: Argument = argument("[TEXT]", ArgumentKind::Text);
const OPTIONAL_CHANGE: Argument = argument("[TEXT|-]", ArgumentKind::Text);
const DURATION: Argument = argument("[DURATION]", ArgumentKind::Duration);
const ROLE: Argument = words("ROLE", &["owner", "moderator", "member"]);
const NEW_ROOM: Argument = argument("ROOM", ArgumentKind::Any);
const PRIVATE: Argument = argument("[private]", ArgumentKind::Word(&["private"]));
const PREFIX: Argument = argument("[PREFIX]", ArgumentKind::Any);
const LEVEL: Argument = words("[WHAT]", &["all", "mentions", "nothing"]);
const THEME: Argument = words(
    "[THEME]",
    &[
        "auto",
        "dark",
        "light",
        "high-contrast",
        "16-colour",
        "none",
    ],
);
const DEVICE: Argument = argument("DEVICE", ArgumentKind::Any);
const NEW_NAME: Argument = argument("NEW", ArgumentKind::Text);
const USES: Argument = argument("[N]", ArgumentKind::Number);
const EXPIRY: Argument = argument("[TIME]", ArgumentKind::Duration);
const QUERY: Argument = argument("[WORDS]", ArgumentKind::Text);
const DAY: Argument = argument("DATE", ArgumentKind::Day);
const TIME_OF_DAY: Argument = argument("[TIME]", ArgumentKind::Any);
const COMMAND: Argument = argument("[COMMAND]", ArgumentKind::Command);

/// All commands in the order of the help.
pub(crate) const COMMANDS: &[CommandSpec] = &[
    spec(
        "msg",
        &["m", "query", "open"],
        &[PERSON_OR_ROOM, OPTIONAL_TEXT],
    ),
    spec("me", &[], &[TEXT]),
    spec("reply", &["re"], &[TEXT]),
    spec("react", &["+"], &[argument("EMOJI", ArgumentKind::Emoji)]),
    spec("edit", &[], &[OPTIONAL_TEXT]),
    spec("delete", &["del"], &[]),
    spec("create", &["new"], &[NEW_ROOM, PRIVATE]),
    spec("join", &["j"], &[argument("[ROOM]", ArgumentKind::Room)]),
    spec("rooms", &["list"], &[PREFIX]),
    spec("leave", &["part"], &[]),
    spec("close", &[], &[]),
    spec("invite", &[], &[PERSON]),
    spec("topic", &[], &[OPTIONAL_CHANGE]),
    spec("rename", &[], &[argument("NAME", ArgumentKind::Any)]),
    spec("public", &[], &[]),
    spec("private", &[], &[]),
    spec("history", &[], &[words("[WHAT]", &["visible", "hidden"])]),
    spec("members", &["names"], &[]),
    spec("role", &[], &[PERSON, ROLE]),
    spec("mute", &[], &[PERSON, DURATION]),
    spec("unmute", &[], &[PERSON]),
    spec("kick", &[], &[PERSON]),
    spec("ban", &[], &[PERSON]),
    spec("unban", &[], &[PERSON]),
    spec("nick", &[], &[OPTIONAL_CHANGE]),
    spec("block", &[], &[OPTIONAL_PERSON]),
    spec("unblock", &[], &[OPTIONAL_PERSON]),
    spec("contacts", &[], &[words("[WHAT]", &["ask", "open"])]),
    spec("accept", &[], &[OPTIONAL_PERSON]),
    spec("favourite", &["fav"], &[]),
    spec("unfavourite", &["unfav"], &[]),
    spec("notify", &[], &[LEVEL]),
    spec("quiet", &[], &[DURATION]),
    spec("unquiet", &[], &[]),
    spec("catchup", &["unread"], &[]),
    spec("announcements", &["motd"], &[]),
    spec("devices", &[], &[]),
    spec("link", &[], &[argument("CODE", ArgumentKind::Text)]),
    spec("device-name", &[], &[DEVICE, NEW_NAME]),
    spec("revoke", &[], &[argument("DEVICE", ArgumentKind::Text)]),
    spec("invite-link", &[], &[USES, EXPIRY]),
    spec("theme", &[], &[THEME]),
    spec("search", &["find"], &[QUERY]),
    spec("goto", &["date"], &[DAY, TIME_OF_DAY]),
    spec("help", &["?"], &[COMMAND]),
    spec("quit", &["exit", "q"], &[]),
];

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

pub(crate) fn unknown(name: &str) -> String {
    let all = COMMANDS
        .iter()
        .flat_map(|spec| std::iter::once(&spec.name).chain(spec.aliases));
    let name = name.to_lowercase();
    let shown: String = name.chars().take(20).collect();
    strings::commands::unknown(&shown, nearest(&shown, all.copied()))
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
                !first.is_required() && second.is_required()
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
