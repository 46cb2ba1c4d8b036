//! The commands and their table: names, arguments and builders. Parser, completion, help and
//! switcher are made from it; `run` executes the commands.

use std::sync::LazyLock;
use std::time::Duration;

use recado_shared::{
    DeviceName, DisplayName, Emoji, HistoryVisibility, LinkCode, MessageBody, NotificationLevel,
    Role, RoomName, Topic, UserName, Visibility,
};

use super::parse::{Fault, Words};
use crate::strings;

/// The kind of an argument, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    Room,
    PersonOrRoom,
    /// An emoji or its shortcode.
    Emoji,
    /// A duration such as `30m`.
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
    pub(crate) kind: Kind,
    pub(crate) is_needed: bool,
}

/// The entry of a command in [`COMMANDS`].
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) arguments: &'static [Argument],
    /// At most 42 characters.
    pub(crate) help: &'static str,
    pub(crate) build: fn(&mut Words<'_>) -> Result<Command, Fault>,
}

impl Spec {
    /// The syntax: `/mute NAME [DURATION]`, `/notify all|mentions|nothing`.
    pub(crate) fn usage(&self) -> String {
        self.written(|argument| {
            if let Kind::Word(words) = argument.kind {
                words.join("|")
            } else {
                argument.name.to_owned()
            }
        })
    }

    /// The usage without the words of a choice, at most 24 characters, for the help.
    pub(crate) fn brief(&self) -> String {
        self.written(|argument| argument.name.to_owned())
    }

    fn written(&self, name: impl Fn(&Argument) -> String) -> String {
        let mut usage = format!("/{}", self.name);
        for argument in self.arguments {
            let (open, close) = if argument.is_needed {
                (" ", "")
            } else {
                (" [", "]")
            };
            usage.push_str(open);
            usage.push_str(&name(argument));
            usage.push_str(close);
        }
        usage
    }

    pub(crate) fn needs_arguments(&self) -> bool {
        self.arguments.iter().any(|argument| argument.is_needed)
    }

    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

const fn needed(name: &'static str, kind: Kind) -> Argument {
    Argument {
        name,
        kind,
        is_needed: true,
    }
}

const fn optional(name: &'static str, kind: Kind) -> Argument {
    Argument {
        name,
        kind,
        is_needed: false,
    }
}

const fn spec(
    name: &'static str,
    aliases: &'static [&'static str],
    arguments: &'static [Argument],
    build: fn(&mut Words<'_>) -> Result<Command, Fault>,
) -> Spec {
    Spec {
        name,
        aliases,
        arguments,
        help: strings::commands::help(name),
        build,
    }
}

/// A parsed command. Each has its entry in [`COMMANDS`] and its arm in `Parts::run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Message {
        to: String,
        text: Option<MessageBody>,
    },
    Emote(MessageBody),
    Reply(MessageBody),
    React(Emoji),
    Edit(Option<MessageBody>),
    Delete,
    Create {
        name: RoomName,
        visibility: Visibility,
    },
    Join(Option<RoomName>),
    Rooms(String),
    Leave,
    Invite(UserName),
    Topic(Option<Topic>),
    Rename(RoomName),
    Visibility(Visibility),
    History(HistoryVisibility),
    Members,
    Role {
        who: UserName,
        role: Role,
    },
    Mute {
        who: UserName,
        time: Option<Duration>,
    },
    Unmute(UserName),
    Kick(UserName),
    Ban(UserName),
    Unban(UserName),
    Nick(Option<DisplayName>),
    Accept(Option<UserName>),
    UnreadOverview,
    Set(SettingCommand),
    Devices,
    Link(LinkCode),
    /// Renames a device, or revokes it if `new` is `None`.
    Device {
        which: String,
        new: Option<DeviceName>,
    },
    Search(String),
    Help(Option<&'static str>),
    Quit,
}

/// A command that changes one of the user's own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SettingCommand {
    /// Without a name, the peer of the open conversation.
    Block {
        who: Option<UserName>,
        is_on: bool,
    },
    FirstContact {
        ask: bool,
    },
    Favourite(bool),
    NotificationLevel(NotificationLevel),
    Quiet(Option<Duration>),
    Unquiet,
}

const PERSON: Argument = needed("NAME", Kind::Person);
const TEXT: Argument = needed("TEXT", Kind::Text);
const DURATION: Argument = optional("DURATION", Kind::Duration);

/// All commands in the order of the help.
pub(crate) const COMMANDS: &[Spec] = &[
    spec(
        "msg",
        &["m", "query", "open"],
        &[
            needed("NAME", Kind::PersonOrRoom),
            optional("TEXT", Kind::Text),
        ],
        |words| {
            let to = words.one()?.to_owned();
            let text = words.rest().map(MessageBody::new).transpose()?;
            Ok(Command::Message { to, text })
        },
    ),
    spec("me", &[], &[TEXT], |words| {
        Ok(Command::Emote(words.body()?))
    }),
    spec("reply", &["re"], &[TEXT], |words| {
        Ok(Command::Reply(words.body()?))
    }),
    spec("react", &["+"], &[needed("EMOJI", Kind::Emoji)], |words| {
        Ok(Command::React(emoji(words.one()?)?))
    }),
    spec("edit", &[], &[optional("TEXT", Kind::Text)], |words| {
        let text = words.rest().map(MessageBody::new).transpose()?;
        Ok(Command::Edit(text))
    }),
    spec("delete", &["del"], &[], |_| Ok(Command::Delete)),
    spec(
        "create",
        &["new"],
        &[
            needed("ROOM", Kind::Any),
            optional("private", Kind::Word(&["private"])),
        ],
        |words| {
            let name = words.room()?;
            let visibility = match words.next() {
                None | Some("public") => Visibility::Public,
                Some("private") => Visibility::Private,
                Some(_) => return Err(Fault::Usage),
            };
            Ok(Command::Create { name, visibility })
        },
    ),
    spec("join", &["j"], &[optional("ROOM", Kind::Room)], |words| {
        words.optional_room().map(Command::Join)
    }),
    spec(
        "rooms",
        &["list"],
        &[optional("PREFIX", Kind::Any)],
        |words| {
            let prefix = words.next().unwrap_or_default();
            Ok(Command::Rooms(prefix.trim_start_matches('#').to_owned()))
        },
    ),
    spec("leave", &["part"], &[], |_| Ok(Command::Leave)),
    spec("invite", &[], &[PERSON], |words| {
        Ok(Command::Invite(words.person()?))
    }),
    spec("topic", &[], &[optional("TEXT", Kind::Text)], |words| {
        Ok(Command::Topic(words.line(Topic::new)?))
    }),
    spec("rename", &[], &[needed("NAME", Kind::Any)], |words| {
        Ok(Command::Rename(words.room()?))
    }),
    spec("public", &[], &[], |_| {
        Ok(Command::Visibility(Visibility::Public))
    }),
    spec("private", &[], &[], |_| {
        Ok(Command::Visibility(Visibility::Private))
    }),
    spec(
        "history",
        &[],
        &[needed("WHAT", Kind::Word(&["visible", "hidden"]))],
        |words| match words.one()? {
            "visible" => Ok(Command::History(HistoryVisibility::Visible)),
            "hidden" => Ok(Command::History(HistoryVisibility::Hidden)),
            _ => Err(Fault::Usage),
        },
    ),
    spec("members", &["names"], &[], |_| Ok(Command::Members)),
    spec(
        "role",
        &[],
        &[
            PERSON,
            needed("ROLE", Kind::Word(&["owner", "moderator", "member"])),
        ],
        |words| {
            let who = words.person()?;
            let role = words.role()?;
            Ok(Command::Role { who, role })
        },
    ),
    spec("mute", &[], &[PERSON, DURATION], |words| {
        let who = words.person()?;
        let time = words.duration()?;
        Ok(Command::Mute { who, time })
    }),
    spec("unmute", &[], &[PERSON], |words| {
        Ok(Command::Unmute(words.person()?))
    }),
    spec("kick", &[], &[PERSON], |words| {
        Ok(Command::Kick(words.person()?))
    }),
    spec("ban", &[], &[PERSON], |words| {
        Ok(Command::Ban(words.person()?))
    }),
    spec("unban", &[], &[PERSON], |words| {
        Ok(Command::Unban(words.person()?))
    }),
    spec("nick", &[], &[optional("TEXT", Kind::Text)], |words| {
        Ok(Command::Nick(words.line(DisplayName::new)?))
    }),
    spec("block", &[], &[optional("NAME", Kind::Person)], |words| {
        let who = words.person_or_open()?;
        Ok(Command::Set(SettingCommand::Block { who, is_on: true }))
    }),
    spec("unblock", &[], &[optional("NAME", Kind::Person)], |words| {
        let who = words.person_or_open()?;
        Ok(Command::Set(SettingCommand::Block { who, is_on: false }))
    }),
    spec(
        "contacts",
        &[],
        &[needed("WHAT", Kind::Word(&["ask", "open"]))],
        |words| match words.one()? {
            "ask" => Ok(Command::Set(SettingCommand::FirstContact { ask: true })),
            "open" => Ok(Command::Set(SettingCommand::FirstContact { ask: false })),
            _ => Err(Fault::Usage),
        },
    ),
    spec("accept", &[], &[optional("NAME", Kind::Person)], |words| {
        words.person_or_open().map(Command::Accept)
    }),
    spec("favourite", &["fav"], &[], |_| {
        Ok(Command::Set(SettingCommand::Favourite(true)))
    }),
    spec("unfavourite", &["unfav"], &[], |_| {
        Ok(Command::Set(SettingCommand::Favourite(false)))
    }),
    spec(
        "notify",
        &[],
        &[needed("WHAT", Kind::Word(&["all", "mentions", "nothing"]))],
        |words| {
            match words.one()? {
                "all" => Ok(NotificationLevel::All),
                "mentions" => Ok(NotificationLevel::Mentions),
                "nothing" => Ok(NotificationLevel::Nothing),
                _ => Err(Fault::Usage),
            }
            .map(|level| Command::Set(SettingCommand::NotificationLevel(level)))
        },
    ),
    spec("quiet", &[], &[DURATION], |words| {
        Ok(Command::Set(SettingCommand::Quiet(words.duration()?)))
    }),
    spec("unquiet", &[], &[], |_| {
        Ok(Command::Set(SettingCommand::Unquiet))
    }),
    spec("catchup", &["unread"], &[], |_| Ok(Command::UnreadOverview)),
    spec("devices", &[], &[], |_| Ok(Command::Devices)),
    spec("link", &[], &[needed("CODE", Kind::Text)], |words| {
        let code = words.rest().ok_or(Fault::Missing)?;
        let code = code.parse().map_err(Fault::bad)?;
        Ok(Command::Link(code))
    }),
    spec(
        "device-name",
        &[],
        &[needed("DEVICE", Kind::Any), needed("NEW", Kind::Text)],
        |words| {
            let which = words.one()?.to_owned();
            let name = words.line(DeviceName::new)?;
            let name = name.ok_or(Fault::Missing)?;
            Ok(Command::Device {
                which,
                new: Some(name),
            })
        },
    ),
    spec("revoke", &[], &[needed("DEVICE", Kind::Text)], |words| {
        let which = words.rest().ok_or(Fault::Missing)?;
        Ok(Command::Device {
            which: which.to_owned(),
            new: None,
        })
    }),
    spec(
        "search",
        &["find"],
        &[optional("WORDS", Kind::Text)],
        |words| Ok(Command::Search(words.rest().unwrap_or_default().to_owned())),
    ),
    spec(
        "help",
        &["?"],
        &[optional("COMMAND", Kind::Command)],
        |words| {
            let name = words.next().map(|name| name.trim_start_matches('/'));
            let found = name.map(|name| find(name).ok_or_else(|| Fault::Bad(unknown(name))));
            Ok(Command::Help(found.transpose()?.map(|spec| spec.name)))
        },
    ),
    spec("quit", &["exit", "q"], &[], |_| Ok(Command::Quit)),
];

/// The titles for the switcher, in the order of [`COMMANDS`].
static TITLES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let title = |spec: &Spec| strings::commands::title(spec.name, spec.help);
    COMMANDS.iter().map(title).collect()
});

/// The title for the switcher of a command, by its place in [`COMMANDS`].
pub(crate) fn title(index: usize) -> &'static str {
    TITLES.get(index).map_or("", String::as_str)
}

/// Finds a command by name or alias, without regard to case.
pub(crate) fn find(name: &str) -> Option<&'static Spec> {
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
        .map(|&known| (distance(&shown, known), known))
        .filter(|&(distance, known)| distance <= 2.min(known.len() / 2))
        .min();
    strings::commands::unknown(&shown, nearest.map(|(_, known)| known))
}

/// An emoji, or the one with this shortcode.
fn emoji(word: &str) -> Result<Emoji, Fault> {
    let code = word.trim_matches(':');
    let known = emojis::get_by_shortcode(code).map(emojis::Emoji::as_str);
    Emoji::new(known.unwrap_or(word)).map_err(Fault::bad)
}

/// The edit distance with swaps of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, &left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &right) in b.iter().enumerate() {
            let changed = rows[i][j] + usize::from(left != right);
            let mut best = changed.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left == b[j - 1] && a[i - 1] == right {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
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
                !first.is_needed && second.is_needed
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
    fn usages_show_what_is_needed() {
        let usage = |name| find(name).unwrap().usage();
        assert_eq!(usage("mute"), "/mute NAME [DURATION]");
        assert_eq!(usage("J"), "/join [ROOM]");
        assert_eq!(usage("role"), "/role NAME owner|moderator|member");
    }
}
