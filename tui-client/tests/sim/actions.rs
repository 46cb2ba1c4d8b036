//! Actions of the simulated users: they write, look around, edit and delete messages, and
//! come and go in rooms, whether they may or not.

use recado::app::screen::Focus;
use recado::app::{App, Event};

use crate::client::Client;
use crate::person::{keys, typed};
use crate::server::Server;
use crate::world::Clock;

/// The names that rooms are made with. So few that most conversations have a key.
pub(crate) const ROOMS: [&str; 3] = ["tea", "coffee", "milk"];

/// What rooms are called otherwise.
pub(crate) const OTHER_NAMES: [&str; 4] = ["water", "juice", "beer", "wine"];

pub(crate) const EMOJI: [&str; 3] = ["👍", "🎉", "👀"];

impl Client {
    /// The person does something.
    pub(crate) fn act(&mut self, clock: &mut Clock, server: &mut Server) {
        let is_open = |app: &App| app.screen(self.now(clock)).conversation.is_some();
        let Some(is_open) = self.app.as_ref().map(is_open) else {
            return;
        };
        let choice = if is_open { clock.random.u8(0..100) } else { 30 };
        let position = clock.random.u8(1..=7);
        match choice {
            0..24 => {
                for _ in 0..clock.random.u8(1..4) {
                    self.write(clock, server);
                    self.press(keys("enter"), clock, server);
                }
            }
            24..27 => self.write(clock, server),
            27..40 => self.press(keys(&format!("esc alt-{position}")), clock, server),
            40..43 => self.press(keys("alt-a"), clock, server),
            43..45 => self.press(keys("alt-/"), clock, server),
            45..49 => {
                self.has_focus = !self.has_focus;
                self.handle(Event::Focus(self.has_focus), clock, server);
            }
            49..51 => self.press(keys("pageup"), clock, server),
            51..53 => self.press(keys("alt-end"), clock, server),
            53..54 => self.press(keys("alt-u"), clock, server),
            54..55 => self.press(keys("alt-r"), clock, server),
            55..72 => self.change_a_message(clock, server),
            _ => self.command(clock, server),
        }
    }

    /// Types a word that was never typed before.
    fn write(&mut self, clock: &mut Clock, server: &mut Server) {
        self.words += 1;
        let word = format!("c{}w{} ", self.index, self.words);
        self.press(typed(&word), clock, server);
    }

    /// Selects a message and replies to it, edits it, deletes it or reacts to it.
    fn change_a_message(&mut self, clock: &mut Clock, server: &mut Server) {
        self.press(keys("esc esc ctrl-u enter ctrl-up"), clock, server);
        for _ in 0..clock.random.u8(0..5) {
            self.press(keys("up"), clock, server);
        }
        let is_selected = |app: &App| {
            let screen = app.screen(self.now(clock));
            matches!(screen.focus, Focus::Selection(_))
        };
        if !self.app.as_ref().is_some_and(is_selected) {
            return;
        }
        match clock.random.u8(0..10) {
            0..2 => {
                self.press(keys("r"), clock, server);
                self.write(clock, server);
                self.press(keys("enter esc"), clock, server);
            }
            2..5 => {
                self.press(keys("e"), clock, server);
                self.write(clock, server);
                self.press(keys("enter esc"), clock, server);
            }
            5..7 => self.press(keys("d enter esc"), clock, server),
            7 => self.press(keys("t esc"), clock, server),
            _ => {
                self.press(keys("esc esc ctrl-u"), clock, server);
                let emoji = EMOJI[clock.random.usize(0..EMOJI.len())];
                self.enter(&format!("/react {emoji}"), clock, server);
            }
        }
    }

    fn command(&mut self, clock: &mut Clock, server: &mut Server) {
        let room = ROOMS[clock.random.usize(0..ROOMS.len())];
        let user = clock.random.u64(1..=3);
        let text = match clock.random.u8(0..40) {
            0..5 => format!("/create {room}"),
            5..7 => format!("/create {room} private"),
            7..15 => format!("/join {room}"),
            15..20 => format!("/invite user{user}"),
            20..22 => "/leave".to_owned(),
            22..24 => format!("/kick user{user}"),
            24 => format!("/ban user{user}"),
            25..27 => format!("/unban user{user}"),
            27..30 => {
                let role = ["owner", "moderator", "member"][clock.random.usize(0..3)];
                format!("/role user{user} {role}")
            }
            30 => format!("/mute user{user}"),
            31..33 => format!("/unmute user{user}"),
            33..35 => format!("/topic about {}", clock.random.u16(..)),
            35 => {
                let name = OTHER_NAMES[clock.random.usize(0..OTHER_NAMES.len())];
                format!("/rename {name}")
            }
            36 => "/history hidden".to_owned(),
            37 => "/history visible".to_owned(),
            38 => "/public".to_owned(),
            _ => "/delete".to_owned(),
        };
        self.press(keys("esc esc ctrl-u"), clock, server);
        if clock.random.bool() {
            self.enter(&format!("/msg #{room}"), clock, server);
        }
        self.enter(&text, clock, server);
    }

    /// Gives a command. The second key answers its question, if it has one.
    fn enter(&mut self, command: &str, clock: &mut Clock, server: &mut Server) {
        self.press(typed(command), clock, server);
        self.press(keys("enter enter esc"), clock, server);
    }
}
