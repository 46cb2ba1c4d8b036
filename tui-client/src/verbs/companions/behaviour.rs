//! Schedule of a companion: it reads, types and answers at the pace of a person, and connects and
//! disconnects. Pure: time is passed in, and a seed decides all that varies.

use std::time::{Duration, Instant};

use recado_shared::Seq;
use recado_shared::limits::TYPING_INTERVAL;

use super::script::{Habit, Placeholders, SCRIPTS, Script, answer_to_form, emoji_for, has_word};

/// Actions that may be planned. A message heard beyond it is read and not answered.
const MAX_PLANNED: usize = 48;

/// How often a companion speaks without being asked, at most.
const MAX_CHATTER: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Direct,
    Room,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Say {
        place: Place,
        to: Option<Seq>,
        text: String,
    },
    React {
        place: Place,
        to: Seq,
        emoji: &'static str,
    },
    NotifyTyping(Place),
    MarkDelivered(Place, Seq),
    MarkRead(Place, Seq),
    SetAway(bool),
    /// Closes the connection for this long.
    Disconnect(Duration),
}

#[derive(Debug)]
pub(super) struct Behaviour {
    script: &'static Script,
    placeholders: Placeholders,
    random: fastrand::Rng,
    /// In the order of their times.
    plan: Vec<(Instant, Action)>,
    /// The end of its opening and its answers. What it says by itself later does not delay them.
    busy_until: Option<Instant>,
    disconnected_at: Option<Instant>,
    has_opened: bool,
    is_away: bool,
    next_reply: usize,
    next_chatter: usize,
}

impl Behaviour {
    pub(super) fn new(script: &'static Script, placeholders: Placeholders, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        Self {
            script,
            placeholders,
            next_reply: random.usize(..script.replies.len()),
            random,
            plan: Vec::new(),
            busy_until: None,
            disconnected_at: None,
            has_opened: false,
            is_away: false,
            next_chatter: 0,
        }
    }

    pub(super) fn next_at(&self) -> Option<Instant> {
        self.plan.first().map(|(at, _)| *at)
    }

    /// Takes an action that is due by now. After a disconnect, everything else waits for
    /// [`connected`](Self::connected).
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Action> {
        self.next_at().filter(|at| *at <= now)?;
        let (_, action) = self.plan.remove(0);
        match &action {
            Action::SetAway(is_away) => {
                self.is_away = *is_away;
                self.plan_habit(now);
            }
            Action::Say { text, .. } if self.script.chatter.contains(&text.as_str()) => {
                let pause = self.between(45_000, 80_000);
                self.plan_chatter(now + pause);
            }
            Action::Disconnect(_) => self.disconnected_at = Some(now),
            _ => {}
        }
        Some(action)
    }

    /// Notes that the connection is open, for the first time or again.
    pub(super) fn connected(&mut self, now: Instant) {
        if let Some(disconnected_at) = self.disconnected_at.take() {
            let absence = now.saturating_duration_since(disconnected_at);
            for (at, _) in &mut self.plan {
                *at += absence;
            }
            self.busy_until = None;
        }
        if !self.has_opened {
            self.has_opened = true;
            let mut at = now + self.script.opens_after;
            for line in self.script.opening {
                at = self.say(at, Place::Direct, None, line);
            }
            self.busy_until = Some(at);
            if let Some((after, line)) = self.script.aside {
                self.say(now + after, Place::Room, None, line);
            }
            if !self.script.chatter.is_empty() {
                let first = self.between(35_000, 50_000);
                self.plan_chatter(now + first);
            }
        }
        self.plan_habit(now);
    }

    pub(super) fn hear(&mut self, now: Instant, place: Place, seq: Seq, text: &str) {
        let received = now + self.between(150, 500);
        let read = received + self.between(700, 2_200);
        self.schedule(received, Action::MarkDelivered(place, seq));
        self.schedule(read, Action::MarkRead(place, seq));
        if let Some(emoji) = self.reaction_to(place, seq, text) {
            let at = read + self.between(300, 1_200);
            let to = seq;
            self.schedule(at, Action::React { place, to, emoji });
        }
        if self.plan.len() < MAX_PLANNED / 2 && self.is_asked(place, seq, text) {
            let reply = self.reply_to(text);
            let start = self.busy_until.map_or(read, |busy| busy.max(read));
            let quotes = place == Place::Room || self.script.habit == Habit::OftenOffline;
            let to = quotes.then_some(seq);
            let end = self.say(start + Duration::from_millis(400), place, to, &reply);
            self.busy_until = Some(end);
        }
    }

    /// Whether this companion answers: in a room, the one that is named, or else one in turn.
    fn is_asked(&self, place: Place, seq: Seq, text: &str) -> bool {
        let lower = text.to_lowercase();
        let is_named = |script: &Script| lower.contains(script.name);
        match place {
            Place::Direct => true,
            Place::Room if SCRIPTS.iter().any(is_named) => is_named(self.script),
            Place::Room => self.has_turn(seq),
        }
    }

    /// The emoji of its reaction, if any. In a room the next one in turn always reacts.
    fn reaction_to(&self, place: Place, seq: Seq, text: &str) -> Option<&'static str> {
        let emoji = emoji_for(text);
        match place {
            Place::Direct => emoji.filter(|_| self.script.is_sociable),
            Place::Room => self.has_turn(seq.next()).then(|| emoji.unwrap_or("👍")),
        }
    }

    fn has_turn(&self, seq: Seq) -> bool {
        let members = SCRIPTS.iter().filter(|script| script.is_sociable);
        let names: Vec<&str> = members.map(|script| script.name).collect();
        let turn = usize::try_from(seq.0).unwrap_or_default() % names.len();
        names[turn] == self.script.name
    }

    fn reply_to(&mut self, text: &str) -> String {
        let lower = text.to_lowercase();
        let answers = self.script.answers;
        if let Some((words, _)) = answers.iter().find(|(words, _)| has_word(&lower, words)) {
            let answers = answers.iter().filter(|(other, _)| other == words);
            let answers: Vec<&str> = answers.map(|(_, answer)| *answer).collect();
            return answers[self.random.usize(..answers.len())].to_owned();
        }
        if let Some(reply) = answer_to_form(text) {
            return reply;
        }
        let replies = self.script.replies;
        self.next_reply = (self.next_reply + 1) % replies.len();
        replies[self.next_reply].to_owned()
    }

    /// Plans to type and send a text, and returns when the next one may begin.
    fn say(&mut self, start: Instant, place: Place, to: Option<Seq>, text: &str) -> Instant {
        let text = self.placeholders.fill_in(text);
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        let typing = Duration::from_millis(length.saturating_mul(18).clamp(900, 5_500))
            + self.between(0, 700);
        let (mut at, end) = (start, start + typing);
        while at < end {
            self.schedule(at, Action::NotifyTyping(place));
            at += TYPING_INTERVAL + Duration::from_millis(50);
        }
        self.schedule(end, Action::Say { place, to, text });
        end + self.between(500, 1_200)
    }

    fn plan_chatter(&mut self, at: Instant) {
        let mut lines = self.script.chatter.iter().take(MAX_CHATTER);
        if let Some(line) = lines.nth(self.next_chatter) {
            self.next_chatter += 1;
            self.say(at, Place::Direct, None, line);
        }
    }

    fn plan_habit(&mut self, now: Instant) {
        match self.script.habit {
            Habit::AlwaysOnline => {}
            Habit::OftenAway => {
                let pause = self.between(20_000, 40_000);
                self.schedule(now + pause, Action::SetAway(!self.is_away));
            }
            Habit::OftenOffline => {
                let stay = self.between(13_000, 20_000);
                let absence = self.between(12_000, 22_000);
                self.schedule(now + stay, Action::Disconnect(absence));
            }
        }
    }

    fn schedule(&mut self, at: Instant, action: Action) {
        // Receipts and habits always find room: a few per message heard within one bound.
        let max = match action {
            Action::Say { .. } | Action::NotifyTyping(_) => MAX_PLANNED,
            _ => 2 * MAX_PLANNED,
        };
        if self.plan.len() < max {
            let index = self.plan.partition_point(|(planned, _)| *planned <= at);
            self.plan.insert(index, (at, action));
        }
    }

    fn between(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.random.u64(low..=high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keymap::Keymap;

    fn placeholders() -> Placeholders {
        Placeholders::new(&Keymap::default(), "sam")
    }

    fn behaviour(name: &str, seed: u64) -> Behaviour {
        let script = SCRIPTS.iter().find(|script| script.name == name);
        Behaviour::new(script.unwrap(), placeholders(), seed)
    }

    /// Runs the plan for a while and returns the actions, each with its time in milliseconds.
    fn run(behaviour: &mut Behaviour, start: Instant, end: Duration) -> Vec<(u128, Action)> {
        let mut done = Vec::new();
        while let Some(at) = behaviour.next_at().filter(|at| *at <= start + end) {
            if let Some(action) = behaviour.take_due(at) {
                if let Action::Disconnect(absence) = action {
                    behaviour.connected(at + absence);
                }
                done.push((at.duration_since(start).as_millis(), action));
            }
        }
        done
    }

    #[test]
    fn the_same_seed_plans_the_same_actions() {
        let start = Instant::now();
        let planned = |seed| {
            let mut behaviour = behaviour("carmen", seed);
            behaviour.connected(start);
            behaviour.hear(
                start + Duration::from_secs(5),
                Place::Direct,
                Seq(2),
                "hello there",
            );
            run(&mut behaviour, start, Duration::from_secs(90))
        };
        assert_eq!(planned(1), planned(1));
        assert_ne!(planned(1), planned(2));
    }

    #[test]
    fn a_message_is_received_then_read_then_answered_with_typing_before() {
        let start = Instant::now();
        for script in SCRIPTS {
            let mut behaviour = behaviour(script.name, 3);
            behaviour.hear(start, Place::Direct, Seq(7), "well then");
            let kinds: Vec<_> = run(&mut behaviour, start, Duration::from_secs(30))
                .into_iter()
                .map(|(_, action)| action)
                .collect();
            assert_eq!(
                kinds[..3],
                [
                    Action::MarkDelivered(Place::Direct, Seq(7)),
                    Action::MarkRead(Place::Direct, Seq(7)),
                    Action::NotifyTyping(Place::Direct)
                ]
            );
            assert!(
                matches!(kinds.last(), Some(Action::Say { .. })),
                "{kinds:?}"
            );
        }
    }

    #[test]
    fn everything_that_can_be_said_can_be_sent_and_names_real_keys() {
        for script in SCRIPTS {
            let behaviour = behaviour(script.name, 1);
            let answers = script.answers.iter().map(|(_, answer)| answer);
            let lines = [script.opening, script.replies, script.chatter];
            let aside = script.aside.iter().map(|(_, line)| line);
            let lines = lines.into_iter().flatten().chain(answers).chain(aside);
            for line in lines {
                let text = behaviour.placeholders.fill_in(line);
                assert!(!text.contains(['{', '}']), "{text}");
                recado_shared::MessageBody::new(text).unwrap();
            }
        }
    }

    #[test]
    fn a_flood_is_read_and_not_all_of_it_answered() {
        let start = Instant::now();
        let mut behaviour = behaviour("ada", 1);
        for number in 1..=500 {
            behaviour.hear(start, Place::Direct, Seq(number), "again");
            assert!(behaviour.plan.len() <= 2 * MAX_PLANNED);
        }
        let done = run(&mut behaviour, start, Duration::from_hours(1));
        let said = done
            .iter()
            .filter(|(_, action)| matches!(action, Action::Say { .. }));
        assert!(said.count() < MAX_PLANNED);
    }

    #[test]
    fn an_often_offline_companion_disconnects_again_after_its_return() {
        let start = Instant::now();
        let mut behaviour = behaviour("carmen", 5);
        behaviour.connected(start);
        let done = run(&mut behaviour, start, Duration::from_mins(2));
        let left = done
            .iter()
            .filter(|(_, action)| matches!(action, Action::Disconnect(_)));
        assert!(left.count() >= 2, "{done:?}");
    }

    #[test]
    fn what_is_said_later_does_not_hold_up_an_answer() {
        let start = Instant::now();
        let mut behaviour = behaviour("basil", 2);
        behaviour.connected(start);
        let asked = Duration::from_secs(15);
        run(&mut behaviour, start, asked);
        behaviour.hear(start + asked, Place::Room, Seq(9), "@basil are you there?");
        let done = run(&mut behaviour, start, asked + Duration::from_secs(10));
        let answers = done.iter().filter(|(_, action)| {
            matches!(
                action,
                Action::Say {
                    to: Some(Seq(9)),
                    ..
                }
            )
        });
        assert_eq!(answers.count(), 1, "{done:?}");
    }

    #[test]
    fn in_a_room_one_answers_with_a_reply_and_another_reacts() {
        let start = Instant::now();
        for seq in 1..=6 {
            let said = |text: &str| -> Vec<(&str, Action)> {
                let by_script = SCRIPTS.iter().map(|script| {
                    let mut behaviour = behaviour(script.name, 9);
                    behaviour.hear(start, Place::Room, Seq(seq), text);
                    let done = run(&mut behaviour, start, Duration::from_secs(30));
                    done.into_iter().map(|(_, action)| (script.name, action))
                });
                by_script.flatten().collect()
            };
            let actions = said("what now");
            let replies = actions.iter().filter(|(_, action)| {
                matches!(action, Action::Say { place: Place::Room, to: Some(to), .. } if to.0 == seq)
            });
            let reactions = actions
                .iter()
                .filter(|(_, action)| matches!(action, Action::React { to, .. } if to.0 == seq));
            assert_eq!((replies.count(), reactions.count()), (1, 1));
            let actions = said("@basil and you?");
            let mut speakers = actions
                .iter()
                .filter(|(_, action)| matches!(action, Action::Say { .. }))
                .map(|(name, _)| *name);
            assert_eq!((speakers.next(), speakers.next()), (Some("basil"), None));
        }
    }
}
