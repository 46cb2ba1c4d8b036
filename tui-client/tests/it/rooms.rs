//! Three people in a room: the whole path, through the screens of three real terminals.

use crate::machine::{Machine, Server};
use crate::pty::Terminal;

/// A server, and the three people whose screens are looked at.
pub(crate) struct Crew {
    pub(crate) machine: Machine,
    _server: Server,
    pub(crate) alice: Terminal,
    pub(crate) bob: Terminal,
    pub(crate) carol: Terminal,
}

impl Crew {
    /// Three people who see each other.
    fn meet() -> Self {
        let machine = Machine::new();
        let server = machine.serve(0, &[]);
        let open = |name| {
            let terminal = machine.open(name, &[name]);
            terminal.wait("connected");
            terminal
        };
        let (alice, bob, carol) = (open("alice"), open("bob"), open("carol"));
        for name in ["bob", "carol"] {
            alice.wait_line("●", name);
        }
        Self {
            alice,
            bob,
            carol,
            _server: server,
            machine,
        }
    }

    /// A private room of alice with the others in it.
    pub(crate) fn gather() -> Self {
        let mut crew = Self::meet();
        command(&mut crew.alice, "/create crew private");
        crew.alice.wait("to #crew");
        for (name, terminal) in [("bob", &mut crew.bob), ("carol", &mut crew.carol)] {
            command(&mut crew.alice, &format!("/invite {name}"));
            crew.alice.wait(&format!("you invited {name}"));
            terminal.wait_line("crew", "invited");
            command(terminal, "/join crew");
            terminal.wait("to #crew");
            terminal.wait("you joined");
            crew.alice.wait(&format!("{name} joined"));
        }
        crew
    }
}

/// Types a command and sends it.
pub(crate) fn command(terminal: &mut Terminal, line: &str) {
    terminal.type_text(line);
    terminal.wait(line);
    terminal.key("enter");
    terminal.wait_gone(line);
}

/// Types a command that is refused: the line comes back, and is cleared.
#[track_caller]
fn refused(terminal: &mut Terminal, line: &str, why: &str) {
    terminal.type_text(line);
    terminal.wait(line);
    terminal.key("enter");
    wait_told(terminal, why);
    terminal.wait(line);
    terminal.key("ctrl-u");
    terminal.wait_gone(line);
}

/// Leaves the private room, after the question.
fn leave(terminal: &mut Terminal) {
    command(terminal, "/leave");
    terminal.wait("Leave #crew?");
    terminal.key("enter");
    terminal.wait_gone("Leave #crew?");
}

/// Writes a message, and waits until the server has it.
pub(crate) fn say(terminal: &mut Terminal, text: &str) {
    terminal.type_text(text);
    terminal.key("enter");
    terminal.wait_line(text, "✓");
}

/// Waits for a text that may be wrapped in the conversation's pane.
#[track_caller]
fn wait_told(terminal: &Terminal, text: &str) {
    terminal.wait_for(&format!("{text:?}"), |screen| {
        let pane = screen.lines().filter_map(|line| line.split('│').nth(2));
        let told: Vec<&str> = pane.map(str::trim).collect();
        told.join(" ").contains(text)
    });
}

/// Selects the newest message and presses a key.
pub(crate) fn on_newest(terminal: &mut Terminal, key: &str) {
    terminal.key("up");
    terminal.key(key);
}

/// Reacts to the selected message, and selects nothing any more.
fn react(terminal: &mut Terminal, name: &str) {
    terminal.key("+");
    terminal.wait("┌ React");
    terminal.type_text(name);
    terminal.wait(&format!(":{name}:"));
    terminal.key("enter");
    terminal.wait_gone("┌ React");
    terminal.key("esc");
    // A letter right behind it would be read as one with Alt.
    terminal.wait_gone("r reply");
}

pub(crate) fn quit(mut terminal: Terminal) {
    terminal.key("ctrl-q");
    assert!(terminal.wait_end().success());
    terminal.assert_clean();
}

#[test]
fn a_private_room_is_made_and_joined_by_invitation() {
    let mut crew = Crew::meet();
    let (alice, bob, carol) = (&mut crew.alice, &mut crew.bob, &mut crew.carol);
    command(alice, "/create crew private");
    alice.wait("Created #crew. /invite NAME invites people");
    alice.wait("you created the room");
    alice.wait("#crew 1 member");
    // Who is not invited does not even find it.
    bob.type_text("/join crew");
    bob.wait("/join crew");
    bob.key("enter");
    bob.wait("No such room, or you have no access: #crew");
    // Without a conversation, the command comes back to where it was typed.
    bob.wait("› /join crew");
    bob.key("esc");
    bob.wait_gone("/join crew");
    command(alice, "/invite bob");
    alice.wait("you invited bob");
    bob.wait_line("# crew", "invited");
    command(bob, "/msg #crew");
    bob.wait("alice invited you: Enter joins");
    bob.key("enter");
    bob.wait("to #crew");
    bob.wait("you joined");
    bob.wait("alice created the room");
    alice.wait("bob joined");
    alice.wait("#crew 2 members");

    command(alice, "/topic where the ships are");
    for terminal in [&*alice, &*bob] {
        terminal.wait("2 members · where the ships are");
    }
    bob.wait("alice set the topic to where the ships are");
    assert!(!carol.text().contains("crew"));
}

#[test]
fn what_is_done_with_messages_is_seen_by_all() {
    let mut crew = Crew::gather();
    let (alice, bob, carol) = (&mut crew.alice, &mut crew.bob, &mut crew.carol);
    say(alice, "shall we sail on Friday?");
    bob.wait("shall we sail on Friday?");
    alice.wait_line("shall we sail on Friday?", "✓✓");

    // A reply quotes, an edit replaces and says so.
    on_newest(bob, "r");
    bob.wait("reply ┃ alice: shall we");
    say(bob, "yes, at non");
    for terminal in [&*alice, &*carol] {
        terminal.wait("┃ alice: shall we sail");
        terminal.wait("yes, at non");
    }
    on_newest(bob, "e");
    bob.wait("editing: Enter saves");
    bob.key("backspace");
    bob.type_text("on");
    bob.key("enter");
    for terminal in [&*alice, &*bob, &*carol] {
        terminal.wait_line("yes, at noon", "(edited)");
    }

    // Reactions are counted, and taken back by the same key.
    for (count, terminal) in ["👍 1", "👍 2"].iter().zip([&mut *alice, &mut *carol]) {
        terminal.key("up");
        react(terminal, "+1");
        bob.wait(count);
    }
    carol.key("up");
    react(carol, "+1");
    bob.wait("👍 1");

    // A deletion asks, and leaves a tombstone for all.
    say(carol, "a secret");
    alice.wait("a secret");
    on_newest(carol, "d");
    carol.wait("for everyone?");
    carol.key("enter");
    for terminal in [&*alice, &*bob, &*carol] {
        terminal.wait_line("message deleted", "");
        terminal.wait_gone("a secret");
    }
}

#[test]
fn a_name_is_completed_and_who_is_mentioned_is_told() {
    let mut crew = Crew::gather();
    let (alice, bob, carol) = (&mut crew.alice, &mut crew.bob, &mut crew.carol);
    // Bob looks elsewhere.
    command(bob, "/msg carol");
    bob.wait("to carol");
    alice.type_text("are you there, @bo");
    alice.wait_line("┃", "bob");
    alice.key("tab");
    alice.wait("are you there, @bob");
    alice.key("enter");
    bob.wait_line("# crew", "@");
    carol.wait("are you there, @bob");
    command(bob, "/msg #crew");
    bob.wait("to #crew");
    bob.wait("are you there, @bob");
    bob.wait_for("no mention", |screen| {
        !screen
            .lines()
            .any(|line| line.contains("# crew") && line.contains('@'))
    });
}

#[test]
fn order_is_kept_and_refusals_say_what_is_missing() {
    let mut crew = Crew::gather();
    let (alice, bob, carol) = (&mut crew.alice, &mut crew.bob, &mut crew.carol);
    let why = "Cannot set the topic: only moderators of this room may do that. Ask one of them";
    refused(bob, "/topic mine", why);
    command(alice, "/role bob moderator");
    bob.wait("alice made you a moderator");
    command(bob, "/topic mine");
    carol.wait("bob set the topic to mine");

    command(bob, "/mute carol 30m");
    carol.wait("bob muted you for 30 minutes");
    carol.type_text("but");
    carol.key("enter");
    wait_told(
        carol,
        "you are muted in this room. Ask a moderator to unmute you",
    );
    command(bob, "/unmute carol");
    carol.wait("bob unmuted you");

    let why = "that user's role is as high as yours";
    refused(bob, "/kick alice", why);
    command(bob, "/kick carol");
    alice.wait("bob removed carol");
    carol.wait("bob removed you");
}

#[test]
fn who_is_banned_comes_back_only_when_that_is_lifted() {
    let mut crew = Crew::gather();
    let (alice, bob, carol) = (&mut crew.alice, &mut crew.bob, &mut crew.carol);
    command(alice, "/ban carol");
    bob.wait("alice banned carol");
    carol.wait("banned");
    say(bob, "she is gone");
    let why = "Cannot join the room: you are banned from this room";
    refused(carol, "/join crew", why);
    command(alice, "/unban carol");
    bob.wait("alice unbanned carol");
    command(alice, "/invite carol");
    carol.wait_line("# crew", "invited");
    command(carol, "/join crew");
    carol.wait("you joined");
    carol.wait("she is gone");

    leave(bob);
    alice.wait("bob left");
    leave(alice);
    wait_told(
        alice,
        "you are the room's only owner. Make another member an owner first",
    );
    // The refused command is in the box again.
    alice.wait("/leave");
    alice.key("ctrl-u");
    alice.wait_gone("/leave");
    command(alice, "/role carol owner");
    carol.wait("alice made you an owner");
    leave(alice);
    carol.wait("alice left");
    carol.wait("1 member");
}

#[test]
fn who_was_away_sees_what_became_of_everything() {
    let mut crew = Crew::gather();
    say(&mut crew.alice, "the first plan");
    say(&mut crew.alice, "a secret plan");
    crew.carol.wait("a secret plan");
    quit(crew.carol);
    let (alice, bob) = (&mut crew.alice, &mut crew.bob);
    on_newest(alice, "d");
    alice.wait("for everyone?");
    alice.key("enter");
    bob.wait("message deleted");
    alice.key("up");
    alice.key("e");
    alice.wait("editing: Enter saves");
    alice.key("ctrl-u");
    alice.type_text("the best plan");
    alice.key("enter");
    bob.wait_line("the best plan", "(edited)");
    bob.key("up");
    bob.key("up");
    react(bob, "tada");
    alice.wait("🎉 1");
    command(alice, "/rename fleet");
    bob.wait("to #fleet");
    command(alice, "/topic sails");
    bob.wait("sails");
    say(bob, "@carol: see above");
    say(bob, "never mind");
    alice.wait("never mind");
    on_newest(bob, "d");
    bob.wait("for everyone?");
    bob.key("enter");
    alice.wait_gone("never mind");

    let carol = crew.machine.open("carol", &["carol"]);
    carol.wait("#fleet 3 members · sails");
    carol.wait_line("the best plan", "(edited)");
    carol.wait("🎉 1");
    carol.wait("@carol: see above");
    carol.wait("alice renamed the room to #fleet");
    carol.wait_for("two tombstones", |screen| {
        screen.matches("message deleted").count() == 2
    });
    let shown = carol.text();
    for gone in ["the first plan", "a secret plan", "never mind"] {
        assert!(!shown.contains(gone), "{shown}");
    }
    quit(carol);
}
