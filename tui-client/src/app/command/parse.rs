//! The parser of slash commands and of their arguments. It sees only the typed text.

use std::fmt::Display;
use std::time::Duration;

use recado_shared::{
    DeviceName, DisplayName, Emoji, EmojiError, HistoryVisibility, MessageBody, NotificationLevel,
    Role, RoomEvent, RoomName, Topic, UserName, Visibility,
};

use super::table::{self, Change, Command, SettingCommand};
use crate::app::composer::markup::trimmed;
use crate::app::intent::{PanelKind, Show};
use crate::model::InviteTerms;
use crate::strings;

#[derive(Debug)]
enum ArgumentError {
    /// The arguments do not fit the usage.
    Usage,
    Invalid(String),
}

/// The arguments of a command that are not parsed yet.
struct ArgumentReader<'a>(&'a str);

impl<'a> ArgumentReader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    /// All that remains, line ends included; `None` if it is blank.
    fn rest(&mut self) -> Option<&'a str> {
        let rest = std::mem::take(&mut self.0).trim();
        (!rest.is_empty()).then_some(rest)
    }

    /// All that remains, as a message: text that starts on a line of its own keeps its indentation.
    fn message(&mut self) -> Result<Option<MessageBody>, ArgumentError> {
        let all = std::mem::take(&mut self.0);
        let rest = trimmed(all);
        let is_own_line = rest.len() < all.trim_end().len();
        let rest = if is_own_line { rest } else { rest.trim_start() };
        parse_optional((!rest.is_empty()).then(|| MessageBody::new(rest)))
    }

    fn word<T, E: Display>(
        &mut self,
        parse: impl Fn(&'a str) -> Result<T, E>,
    ) -> Result<Option<T>, ArgumentError> {
        parse_optional(self.next().map(parse))
    }

    fn text<T, E: Display>(
        &mut self,
        parse: impl Fn(&'a str) -> Result<T, E>,
    ) -> Result<Option<T>, ArgumentError> {
        parse_optional(self.rest().map(parse))
    }

    fn body(&mut self) -> Result<MessageBody, ArgumentError> {
        require(self.message()?)
    }

    fn optional_user(&mut self) -> Result<Option<UserName>, ArgumentError> {
        self.word(|word| UserName::new(word.strip_prefix('@').unwrap_or(word)))
    }

    fn user(&mut self) -> Result<UserName, ArgumentError> {
        require(self.optional_user()?)
    }

    fn room(&mut self) -> Result<RoomName, ArgumentError> {
        require(self.word(RoomName::new)?)
    }

    fn choice<T: Copy>(&mut self, choices: &[(&str, T)]) -> Result<T, ArgumentError> {
        require(self.optional_choice(choices)?)
    }

    fn optional_choice<T: Copy>(
        &mut self,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ArgumentError> {
        let Some(word) = self.next() else {
            return Ok(None);
        };
        let choice = choices.iter().find(|(name, _)| *name == word);
        require(choice).map(|&(_, value)| Some(value))
    }

    /// The rest of the line as a value to set; `-` removes it.
    fn change<T, E: Display>(
        &mut self,
        parse: impl Fn(&'a str) -> Result<T, E>,
    ) -> Result<Change<T>, ArgumentError> {
        match self.rest() {
            None => Ok(Change::Show),
            Some("-") => Ok(Change::Remove),
            Some(text) => {
                let value = parse_optional(Some(parse(text)))?;
                require(value).map(Change::Set)
            }
        }
    }
}

fn parse_optional<T, E: Display>(
    argument: Option<Result<T, E>>,
) -> Result<Option<T>, ArgumentError> {
    let argument = argument.transpose();
    argument.map_err(|error| ArgumentError::Invalid(error.to_string()))
}

fn require<T>(argument: Option<T>) -> Result<T, ArgumentError> {
    argument.ok_or(ArgumentError::Usage)
}

fn command(name: &str, arguments: &mut ArgumentReader<'_>) -> Result<Command, ArgumentError> {
    Ok(match name {
        "msg" => {
            let to = require(arguments.next())?.to_owned();
            Command::Message(to, arguments.message()?)
        }
        "me" => Command::Emote(arguments.body()?),
        "reply" => Command::Reply(arguments.body()?),
        "react" => Command::React(require(arguments.word(emoji)?)?),
        "edit" => Command::Edit(arguments.message()?),
        "delete" => Command::Delete,
        "create" => Command::Create(arguments.room()?, visibility(arguments)?),
        "join" => Command::Join(arguments.word(RoomName::new)?),
        "rooms" => {
            let prefix = arguments.next().unwrap_or_default().trim_start_matches('#');
            Command::Show(Show::Panel(PanelKind::Rooms(prefix.to_owned())))
        }
        "leave" => Command::Leave,
        "close" => Command::Close,
        "invite" => Command::Invite(arguments.user()?),
        "topic" => Command::Topic(arguments.change(Topic::new)?),
        "rename" => Command::Room(RoomEvent::Renamed(arguments.room()?)),
        "public" => Command::Room(RoomEvent::Visibility(Visibility::Public)),
        "private" => Command::Room(RoomEvent::Visibility(Visibility::Private)),
        "history" => Command::History(arguments.optional_choice(HISTORY)?),
        "members" => Command::Members,
        "role" => Command::Role(arguments.user()?, arguments.choice(ROLES)?),
        "mute" => Command::Mute(arguments.user()?, arguments.word(duration)?),
        "unmute" => Command::Unmute(arguments.user()?),
        "kick" => Command::Kick(arguments.user()?),
        "ban" => Command::Ban(arguments.user()?),
        "unban" => Command::Unban(arguments.user()?),
        "nick" => Command::Nick(arguments.change(DisplayName::new)?),
        "accept" => Command::Accept(arguments.optional_user()?),
        "theme" => Command::Theme(arguments.next().map(str::to_owned)),
        "catchup" => Command::Show(Show::UnreadOverview),
        "devices" => Command::Show(Show::Panel(PanelKind::Devices)),
        "link" => Command::Link(require(arguments.text(str::parse)?)?),
        "device-name" => {
            let device = require(arguments.next())?.to_owned();
            Command::RenameDevice(device, require(arguments.text(DeviceName::new)?)?)
        }
        "revoke" => Command::RevokeDevice(require(arguments.rest())?.to_owned()),
        "invite-link" => Command::InviteLink(invite_terms(arguments)?),
        "search" => {
            let text = arguments.rest().unwrap_or_default().to_owned();
            Command::Show(Show::Search(None, Some(text)))
        }
        "goto" => Command::GoTo(require(arguments.rest())?.to_owned()),
        "help" => Command::Help(arguments.word(command_name)?),
        "announcements" => Command::Show(Show::Announcements),
        "quit" => Command::Quit,
        "block" => Command::Set(SettingCommand::Block(arguments.optional_user()?)),
        "unblock" => Command::Set(SettingCommand::Unblock(arguments.optional_user()?)),
        "contacts" => Command::Set(SettingCommand::FirstContact(
            arguments.optional_choice(CONTACTS)?,
        )),
        "favourite" => Command::Set(SettingCommand::Favourite(true)),
        "unfavourite" => Command::Set(SettingCommand::Favourite(false)),
        "notify" => Command::Set(SettingCommand::NotificationLevel(
            arguments.optional_choice(LEVELS)?,
        )),
        "quiet" => Command::Set(SettingCommand::Quiet(arguments.word(duration)?)),
        "unquiet" => Command::Set(SettingCommand::Unquiet),
        _ => return Err(ArgumentError::Usage),
    })
}

fn visibility(arguments: &mut ArgumentReader<'_>) -> Result<Visibility, ArgumentError> {
    match arguments.next() {
        None | Some("public") => Ok(Visibility::Public),
        Some("private") => Ok(Visibility::Private),
        Some(_) => Err(ArgumentError::Usage),
    }
}

/// Whether new people must ask first.
const CONTACTS: &[(&str, bool)] = &[("ask", true), ("open", false)];

/// Most users that one invite link admits.
const MAX_USES: u32 = 10_000;

const HISTORY: &[(&str, HistoryVisibility)] = &[
    ("visible", HistoryVisibility::Visible),
    ("hidden", HistoryVisibility::Hidden),
];

const ROLES: &[(&str, Role)] = &[
    ("owner", Role::Owner),
    ("moderator", Role::Moderator),
    ("mod", Role::Moderator),
    ("member", Role::Member),
];

const LEVELS: &[(&str, NotificationLevel)] = &[
    ("all", NotificationLevel::All),
    ("mentions", NotificationLevel::Mentions),
    ("nothing", NotificationLevel::Nothing),
];

/// An emoji, or the one with this shortcode.
fn emoji(word: &str) -> Result<Emoji, EmojiError> {
    let code = word.trim_matches(':');
    let known = emojis::get_by_shortcode(code).map(emojis::Emoji::as_str);
    Emoji::new(known.unwrap_or(word))
}

/// A number of people and a time, in any order.
fn invite_terms(arguments: &mut ArgumentReader<'_>) -> Result<InviteTerms, ArgumentError> {
    let mut terms = InviteTerms::default();
    while let Some(word) = arguments.next() {
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && terms.uses.is_none() {
            let uses = word
                .parse()
                .ok()
                .filter(|uses| (1..=MAX_USES).contains(uses));
            let wrong = || ArgumentError::Invalid(strings::commands::wrong_uses(MAX_USES));
            terms.uses = Some(uses.ok_or_else(wrong)?);
        } else if !is_number && terms.lifetime.is_none() {
            terms.lifetime = Some(duration(word).map_err(ArgumentError::Invalid)?);
        } else {
            return Err(ArgumentError::Usage);
        }
    }
    Ok(terms)
}

fn command_name(word: &str) -> Result<&'static str, String> {
    let name = word.trim_start_matches('/');
    let spec = table::find(name).ok_or_else(|| table::unknown(name))?;
    Ok(spec.name)
}

/// Minutes, hours, days or weeks, such as `30m`, `2h`, `1d12h`.
fn duration(text: &str) -> Result<Duration, String> {
    let minutes = |part: &str| {
        let unit = part.chars().next_back()?;
        let minutes = match unit.to_ascii_lowercase() {
            'm' => 1,
            'h' => 60,
            'd' => 24 * 60,
            'w' => 7 * 24 * 60,
            _ => return None,
        };
        // Four digits of weeks are more than a lifetime, and no sum of them overflows.
        let count = part.strip_suffix(unit)?.parse::<u64>().ok();
        Some(count.filter(|&count| count <= 9_999)? * minutes)
    };
    let parts = text.split_inclusive(|c: char| !c.is_ascii_digit());
    let total = parts.map(minutes).sum::<Option<u64>>();
    let total = total.filter(|&minutes| minutes > 0);
    let total = total.ok_or_else(|| strings::commands::not_a_duration(text))?;
    Ok(Duration::from_secs(60 * total))
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    Text,
    /// A command, or an error with its usage.
    Command(Result<Command, String>),
    /// A slash before an unknown name, with the error to show.
    Unknown(String),
}

/// Parses the text of a composer. A single slash at its very start makes it a command.
pub(crate) fn parse(text: &str) -> Parsed {
    let Some(line) = text.strip_prefix('/').filter(|line| !line.starts_with('/')) else {
        return Parsed::Text;
    };
    let mut arguments = ArgumentReader(line);
    let has_name = line.starts_with(|c: char| !c.is_whitespace());
    let Some(name) = arguments.next().filter(|_| has_name) else {
        return Parsed::Command(Err(strings::commands::NO_NAME.to_owned()));
    };
    let Some(spec) = table::find(name) else {
        return Parsed::Unknown(table::unknown(name));
    };
    let command = command(spec.name, &mut arguments).and_then(|command| {
        let is_complete = arguments.rest().is_none();
        require(is_complete.then_some(command))
    });
    Parsed::Command(command.map_err(|error| match error {
        ArgumentError::Usage => strings::commands::usage(&spec.usage()),
        ArgumentError::Invalid(why) => strings::commands::bad_argument(spec.name, &why),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::command::ArgumentKind;
    use crate::app::composer::markup::{escaped, message_of};

    fn command(text: &str) -> Command {
        match parse(text) {
            Parsed::Command(Ok(command)) => command,
            other @ (Parsed::Text | Parsed::Command(_) | Parsed::Unknown(_)) => {
                panic!("{text}: {other:?}")
            }
        }
    }

    fn error(text: &str) -> String {
        match parse(text) {
            Parsed::Command(Err(why)) | Parsed::Unknown(why) => why,
            other @ (Parsed::Text | Parsed::Command(_)) => panic!("{text}: {other:?}"),
        }
    }

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    fn words(text: &str) -> MessageBody {
        MessageBody::new(text).unwrap()
    }

    #[test]
    fn commands_are_read_with_their_arguments() {
        let room = RoomName::new("team").unwrap();
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let private = Visibility::Private;
        let rows = [
            (
                "/msg bob hello  there\nyou",
                Command::Message("bob".to_owned(), Some(words("hello  there\nyou"))),
            ),
            ("/me waves", Command::Emote(words("waves"))),
            ("/J #team", Command::Join(Some(room.clone()))),
            ("/join", Command::Join(None)),
            ("/create team private", Command::Create(room, private)),
            ("/leave", Command::Leave),
            ("/leave  ", Command::Leave),
            ("/close", Command::Close),
            ("/invite @bob", Command::Invite(name("bob"))),
            (
                "/topic a  b",
                Command::Topic(Change::Set(Topic::new("a  b").unwrap())),
            ),
            ("/topic", Command::Topic(Change::Show)),
            ("/topic  - ", Command::Topic(Change::Remove)),
            (
                "/topic - and on",
                Command::Topic(Change::Set(Topic::new("- and on").unwrap())),
            ),
            ("/history", Command::History(None)),
            (
                "/history hidden",
                Command::History(Some(HistoryVisibility::Hidden)),
            ),
            (
                "/notify",
                Command::Set(SettingCommand::NotificationLevel(None)),
            ),
            (
                "/contacts ask",
                Command::Set(SettingCommand::FirstContact(Some(true))),
            ),
            (
                "/mute bob 1d12h",
                Command::Mute(name("bob"), Some(minutes(36 * 60))),
            ),
            (
                "/role bob moderator",
                Command::Role(name("bob"), Role::Moderator),
            ),
            ("/react :tada:", Command::React(Emoji::new("🎉").unwrap())),
            ("/react 👍", Command::React(Emoji::new("👍").unwrap())),
            ("/nick", Command::Nick(Change::Show)),
            ("/nick -", Command::Nick(Change::Remove)),
            (
                "/quiet 30m",
                Command::Set(SettingCommand::Quiet(Some(minutes(30)))),
            ),
            ("/theme dark", Command::Theme(Some("dark".to_owned()))),
            ("/quiet", Command::Set(SettingCommand::Quiet(None))),
            ("/help /join", Command::Help(Some("join"))),
            (
                "/device-name 2 my laptop",
                Command::RenameDevice("2".to_owned(), DeviceName::new("my laptop").unwrap()),
            ),
            (
                "/link 4tg2x 9qrkm",
                Command::Link("4TG2X-9QRKM".parse().unwrap()),
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(command(text), expected, "{text}");
        }
    }

    #[test]
    fn the_terms_of_an_invite_come_in_any_order() {
        let hours = |hours: u64| Duration::from_secs(60 * 60 * hours);
        for (text, uses, lifetime) in [
            ("/invite-link", None, None),
            ("/invite-link 5", Some(5), None),
            ("/invite-link 12h 5", Some(5), Some(hours(12))),
            ("/invite-link 10000 1d", Some(10_000), Some(hours(24))),
        ] {
            let terms = InviteTerms { uses, lifetime };
            assert_eq!(command(text), Command::InviteLink(terms), "{text}");
        }
        for text in ["/invite-link 0", "/invite-link 10001", "/invite-link 1 2"] {
            error(text);
        }
    }

    #[test]
    fn every_command_of_the_table_is_parsed() {
        for spec in table::COMMANDS {
            let choices = spec.arguments.iter().map(|argument| {
                if let ArgumentKind::Word(words) = argument.kind {
                    words.len()
                } else {
                    1
                }
            });
            for at in 0..choices.max().unwrap_or(1) {
                let arguments = spec.arguments.iter().map(|argument| match argument.kind {
                    ArgumentKind::Word(words) => words[at % words.len()],
                    ArgumentKind::Emoji => "👍",
                    ArgumentKind::Duration => "30m",
                    ArgumentKind::Number => "5",
                    ArgumentKind::Day => "today",
                    ArgumentKind::Text => "4TG2X-9QRKM",
                    ArgumentKind::Command => "join",
                    ArgumentKind::Person
                    | ArgumentKind::Room
                    | ArgumentKind::PersonOrRoom
                    | ArgumentKind::Any => "bob",
                });
                let arguments: Vec<_> = arguments.collect();
                command(&format!("/{} {}", spec.name, arguments.join(" ")));
            }
        }
    }

    #[test]
    fn what_is_wrong_says_what_to_write() {
        for (text, what) in [
            ("/", "Type a command after the slash"),
            ("/ join x", "Type a command after the slash"),
            ("/jion x", "Did you mean /join?"),
            ("/kick", "Usage: /kick NAME"),
            ("/leave now", "Usage: /leave"),
            ("/notify loud", "Usage: /notify [all|mentions|nothing]"),
            ("/role bob king", "/role NAME owner|moderator|member"),
            (
                "/mute bob soon",
                "\"soon\" is not a duration. Examples: 30m",
            ),
            ("/mute bob 5", "\"5\" is not a duration"),
            ("/mute bob 99999999999999999999w", "is not a duration"),
            ("/create a!b", "names may contain"),
            ("/link 123", "a code has 10 letters"),
            ("/react no", "not an emoji"),
            ("/me", "Usage: /me TEXT"),
            (
                "/usr/bin/env",
                "Unknown command /usr/bin/env. /help lists them",
            ),
        ] {
            assert!(error(text).contains(what), "{text}: {}", error(text));
        }
    }

    #[test]
    fn two_slashes_are_a_message_that_starts_with_one() {
        assert_eq!(parse("//join x"), Parsed::Text);
        assert_eq!(message_of("//join x"), "/join x");
        assert_eq!(parse("hello /join"), Parsed::Text);
        assert_eq!(parse(" /join"), Parsed::Text);
        for text in ["/x", "//x", "x"] {
            assert_eq!(message_of(&escaped(text)), text);
        }
    }

    #[test]
    fn shortcodes_that_stand_alone_become_emoji() {
        for (text, sent) in [
            (":tada:", "🎉"),
            ("done :tada:\n:+1: ok", "done 🎉\n👍 ok"),
            (
                "a:tada: 10:30:00 :nosuch: ::",
                "a:tada: 10:30:00 :nosuch: ::",
            ),
        ] {
            assert_eq!(message_of(text), sent);
        }
    }
}
