//! The parser of slash commands and of their arguments. It sees only the typed text.

use std::time::Duration;

use recado_shared::{BodyError, LineError, MessageBody, Role, RoomName, UserName};

use super::table::{self, Command, Spec};
use crate::strings;

/// An error in the arguments of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A required argument is missing.
    Missing,
    /// The arguments do not fit the usage.
    Usage,
    /// An argument is invalid, with the reason.
    Bad(String),
}

impl Fault {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is what `map_err` hands over"
    )]
    pub(crate) fn bad(why: impl ToString) -> Self {
        Self::Bad(why.to_string())
    }
}

impl From<BodyError> for Fault {
    fn from(error: BodyError) -> Self {
        Self::bad(error)
    }
}

impl From<LineError> for Fault {
    fn from(error: LineError) -> Self {
        Self::bad(error)
    }
}

/// The arguments of a command that are not parsed yet.
pub(crate) struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    pub(crate) fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    pub(crate) fn one(&mut self) -> Result<&'a str, Fault> {
        self.next().ok_or(Fault::Missing)
    }

    /// All that remains, line ends included; `None` if it is blank.
    pub(crate) fn rest(&mut self) -> Option<&'a str> {
        let rest = std::mem::take(&mut self.0).trim();
        (!rest.is_empty()).then_some(rest)
    }

    pub(crate) fn body(&mut self) -> Result<MessageBody, Fault> {
        let rest = self.rest().ok_or(Fault::Missing)?;
        Ok(MessageBody::new(rest)?)
    }

    /// All that remains, as a text of one line.
    pub(crate) fn line<T>(
        &mut self,
        check: impl Fn(&str) -> Result<T, LineError>,
    ) -> Result<Option<T>, Fault> {
        Ok(self.rest().map(check).transpose()?)
    }

    pub(crate) fn person(&mut self) -> Result<UserName, Fault> {
        let word = self.one()?;
        UserName::new(word.strip_prefix('@').unwrap_or(word)).map_err(Fault::bad)
    }

    pub(crate) fn person_or_open(&mut self) -> Result<Option<UserName>, Fault> {
        let word = self.next();
        let name = word.map(|word| UserName::new(word.strip_prefix('@').unwrap_or(word)));
        name.transpose().map_err(Fault::bad)
    }

    pub(crate) fn room(&mut self) -> Result<RoomName, Fault> {
        RoomName::new(self.one()?).map_err(Fault::bad)
    }

    pub(crate) fn optional_room(&mut self) -> Result<Option<RoomName>, Fault> {
        let word = self.next();
        word.map(|word| RoomName::new(word).map_err(Fault::bad))
            .transpose()
    }

    pub(crate) fn role(&mut self) -> Result<Role, Fault> {
        match self.one()? {
            "owner" => Ok(Role::Owner),
            "moderator" | "mod" => Ok(Role::Moderator),
            "member" => Ok(Role::Member),
            _ => Err(Fault::Usage),
        }
    }

    pub(crate) fn duration(&mut self) -> Result<Option<Duration>, Fault> {
        self.next().map(duration).transpose()
    }
}

/// Minutes, hours, days or weeks, such as `30m`, `2h`, `1d12h`.
fn duration(text: &str) -> Result<Duration, Fault> {
    let wrong = || Fault::Bad(strings::commands::not_a_duration(text));
    let mut total: u64 = 0;
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let minutes = match c.to_ascii_lowercase() {
            'm' => 1,
            'h' => 60,
            'd' => 24 * 60,
            'w' => 7 * 24 * 60,
            _ => return Err(wrong()),
        };
        // Four digits of weeks are more than a lifetime, and no sum of them overflows.
        let count = digits.parse::<u64>().ok().filter(|&count| count <= 9_999);
        total = total.saturating_add(count.ok_or_else(wrong)? * minutes);
        digits.clear();
    }
    if total == 0 || !digits.is_empty() {
        return Err(wrong());
    }
    Ok(Duration::from_secs(total.saturating_mul(60)))
}

/// The text of a composer by its meaning.
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
    match text.strip_prefix('/') {
        Some(line) if !line.starts_with('/') => parse_command(line),
        Some(_) | None => Parsed::Text,
    }
}

fn parse_command(line: &str) -> Parsed {
    let mut words = Words(line);
    let has_name = line.starts_with(|c: char| !c.is_whitespace());
    let name = words.next().filter(|_| has_name).unwrap_or_default();
    if name.is_empty() {
        let why = strings::commands::NO_NAME;
        return Parsed::Command(Err(why.to_owned()));
    }
    let Some(spec) = table::find(name) else {
        return Parsed::Unknown(table::unknown(name));
    };
    let built = (spec.build)(&mut words);
    let built = match words.rest() {
        Some(_) if built.is_ok() => Err(Fault::Usage),
        Some(_) | None => built,
    };
    Parsed::Command(built.map_err(|fault| explain(spec, fault)))
}

fn explain(spec: &Spec, fault: Fault) -> String {
    match fault {
        Fault::Missing | Fault::Usage => strings::commands::usage(&spec.usage()),
        Fault::Bad(why) => strings::commands::bad_argument(spec.name, &why),
    }
}

#[cfg(test)]
mod tests {
    use recado_shared::{DeviceName, Emoji, Topic, Visibility};

    use super::*;
    use crate::app::command::table::SettingCommand;
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
                Command::Message {
                    to: "bob".to_owned(),
                    text: Some(words("hello  there\nyou")),
                },
            ),
            ("/me waves", Command::Emote(words("waves"))),
            ("/J #team", Command::Join(Some(room.clone()))),
            ("/join", Command::Join(None)),
            (
                "/create team private",
                Command::Create {
                    name: room,
                    visibility: private,
                },
            ),
            ("/leave", Command::Leave),
            ("/leave  ", Command::Leave),
            ("/invite @bob", Command::Invite(name("bob"))),
            (
                "/topic a  b",
                Command::Topic(Some(Topic::new("a  b").unwrap())),
            ),
            ("/topic", Command::Topic(None)),
            (
                "/mute bob 1d12h",
                Command::Mute {
                    who: name("bob"),
                    time: Some(minutes(36 * 60)),
                },
            ),
            (
                "/role bob moderator",
                Command::Role {
                    who: name("bob"),
                    role: Role::Moderator,
                },
            ),
            ("/react :tada:", Command::React(Emoji::new("🎉").unwrap())),
            ("/react 👍", Command::React(Emoji::new("👍").unwrap())),
            ("/nick", Command::Nick(None)),
            (
                "/quiet 30m",
                Command::Set(SettingCommand::Quiet(Some(minutes(30)))),
            ),
            ("/quiet", Command::Set(SettingCommand::Quiet(None))),
            ("/help /join", Command::Help(Some("join"))),
            (
                "/device-name 2 my laptop",
                Command::Device {
                    which: "2".to_owned(),
                    new: Some(DeviceName::new("my laptop").unwrap()),
                },
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
    fn what_is_wrong_says_what_to_write() {
        for (text, what) in [
            ("/", "Type a command after the slash"),
            ("/ join x", "Type a command after the slash"),
            ("/jion x", "Did you mean /join?"),
            ("/kick", "Usage: /kick NAME"),
            ("/leave now", "Usage: /leave"),
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
