//! Schedule of a companion: it reads, thinks, types and answers at the pace of a person, and
//! comes and goes. Pure: time is passed in, and a seed decides all that varies.

use std::time::{Duration, Instant};

use recado_shared::Seq;

use super::cast::{CAST, Character, Habit, about_shape, touch};
use super::keys::Words;

/// Most acts that are planned. What a companion hears beyond it is read and not answered.
const MAX_PLANNED: usize = 48;

/// How often a companion speaks without being asked, at most.
const MAX_CHATTER: usize = 5;

/// Where a companion meets the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In their direct conversation.
    Talk,
    /// In the room of the scene.
    Room,
}

/// What a companion does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Says this, as a reply to a message or by itself.
    Say {
        place: Place,
        to: Option<Seq>,
        text: String,
    },
    /// Reacts to a message.
    React {
        place: Place,
        to: Seq,
        emoji: &'static str,
    },
    /// Sends a typing notification.
    Type(Place),
    /// Has this on its device.
    Receive(Place, Seq),
    /// Moves its read cursor here.
    Read(Place, Seq),
    /// Steps away from its device, or comes back to it.
    BeAway(bool),
    /// Closes its connection for this long.
    Leave(Duration),
}

/// The planned actions of a companion.
#[derive(Debug)]
pub(super) struct Mind {
    character: &'static Character,
    words: Words,
    random: fastrand::Rng,
    /// In the order of their times.
    plan: Vec<(Instant, Act)>,
    /// Until when it is typing its first lines and its answers. What it says by itself later does
    /// not hold them up.
    busy_until: Option<Instant>,
    /// The time at which it disconnected.
    left: Option<Instant>,
    has_greeted: bool,
    is_away: bool,
    /// Which of its replies come next.
    next_reply: usize,
    chatter: usize,
}

impl Mind {
    pub(super) fn new(character: &'static Character, words: Words, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        Self {
            character,
            words,
            next_reply: random.usize(..character.replies.len()),
            random,
            plan: Vec::new(),
            busy_until: None,
            left: None,
            has_greeted: false,
            is_away: false,
            chatter: 0,
        }
    }

    /// When there is something to do.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.plan.first().map(|(at, _)| *at)
    }

    /// Takes what is to be done by now. Leaving is the last of it; what else was planned waits
    /// for the return.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Act> {
        let mut due = Vec::new();
        while self.next_at().is_some_and(|at| at <= now) {
            let (_, act) = self.plan.remove(0);
            self.follow_up(now, &act);
            let is_leaving = matches!(act, Act::Leave(_));
            due.push(act);
            if is_leaving {
                self.left = Some(now);
                break;
            }
        }
        due
    }

    /// Its connection is open: for the first time, or again.
    pub(super) fn arrive(&mut self, now: Instant) {
        if let Some(left) = self.left.take() {
            let absence = now.saturating_duration_since(left);
            for (at, _) in &mut self.plan {
                *at += absence;
            }
            self.busy_until = None;
        }
        if !self.has_greeted {
            self.has_greeted = true;
            let mut at = now + self.character.greets_after;
            for line in self.character.opening {
                at = self.say(at, Place::Talk, None, line);
            }
            self.busy_until = Some(at);
            if let Some((after, line)) = self.character.aside {
                self.say(now + after, Place::Room, None, line);
            }
            if self.character.chatter.is_empty() {
                return self.plan_habit(now);
            }
            let first = self.between(35_000, 50_000);
            self.plan_chatter(now + first);
        }
        self.plan_habit(now);
    }

    /// The person wrote something.
    pub(super) fn hear(&mut self, now: Instant, place: Place, seq: Seq, text: &str) {
        let received = now + self.between(150, 500);
        let read = received + self.between(700, 2_200);
        self.schedule(received, Act::Receive(place, seq));
        self.schedule(read, Act::Read(place, seq));
        if let Some(emoji) = self.reaction_to(place, seq, text) {
            let at = read + self.between(300, 1_200);
            let to = seq;
            self.schedule(at, Act::React { place, to, emoji });
        }
        if self.plan.len() < MAX_PLANNED / 2 && self.is_asked(place, seq, text) {
            let reply = self.reply_to(text);
            let start = self.busy_until.map_or(read, |busy| busy.max(read));
            let quotes = place == Place::Room || self.character.quotes;
            let to = quotes.then_some(seq);
            let end = self.say(start + Duration::from_millis(400), place, to, &reply);
            self.busy_until = Some(end);
        }
    }

    /// Whether it is this companion that answers: in a room, who is named, or else one of them in
    /// turn.
    fn is_asked(&self, place: Place, seq: Seq, text: &str) -> bool {
        let lower = text.to_lowercase();
        let is_named = |character: &Character| lower.contains(character.name);
        match place {
            Place::Talk => true,
            Place::Room if CAST.iter().any(is_named) => is_named(self.character),
            Place::Room => self.has_turn(seq),
        }
    }

    /// With which emoji it reacts, if at all. In a room the next one in turn always does.
    fn reaction_to(&self, place: Place, seq: Seq, text: &str) -> Option<&'static str> {
        match place {
            Place::Talk => touch(text).filter(|_| self.character.touches),
            Place::Room if self.has_turn(Seq(seq.0.wrapping_add(1))) => {
                Some(touch(text).unwrap_or("👍"))
            }
            Place::Room => None,
        }
    }

    fn has_turn(&self, seq: Seq) -> bool {
        let mut members = CAST.iter().filter(|character| character.speaks_in_room);
        let count = u64::try_from(members.clone().count()).unwrap_or(1);
        let turn = usize::try_from(seq.0 % count.max(1)).unwrap_or_default();
        let next = members.nth(turn);
        next.is_some_and(|next| next.name == self.character.name)
    }

    fn reply_to(&mut self, text: &str) -> String {
        let lower = text.to_lowercase();
        let matches = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if let Some((_, replies)) = self
            .character
            .reactions
            .iter()
            .find(|(words, _)| matches(words))
        {
            return self.pick(replies);
        }
        if let Some(reply) = about_shape(text) {
            return reply;
        }
        let replies = self.character.replies;
        self.next_reply = (self.next_reply + 1) % replies.len();
        replies[self.next_reply].to_owned()
    }

    /// Plans to type a text and to send it, and returns when.
    fn say(&mut self, start: Instant, place: Place, to: Option<Seq>, text: &str) -> Instant {
        let text = self.words.fill_in(text);
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        let typing = Duration::from_millis(length.saturating_mul(18).clamp(900, 5_500))
            + self.between(0, 700);
        let (mut at, end) = (start, start + typing);
        while at < end {
            self.schedule(at, Act::Type(place));
            at += recado_shared::limits::TYPING_INTERVAL + Duration::from_millis(50);
        }
        self.schedule(end, Act::Say { place, to, text });
        end + self.between(500, 1_200)
    }

    /// What one act brings about.
    fn follow_up(&mut self, now: Instant, act: &Act) {
        match act {
            Act::BeAway(is_away) => {
                self.is_away = *is_away;
                self.plan_habit(now);
            }
            Act::Say { text, .. } if self.character.chatter.contains(&text.as_str()) => {
                let pause = self.between(45_000, 80_000);
                self.plan_chatter(now + pause);
            }
            Act::Say { .. }
            | Act::React { .. }
            | Act::Type(_)
            | Act::Receive(..)
            | Act::Read(..)
            | Act::Leave(_) => {}
        }
    }

    fn plan_chatter(&mut self, at: Instant) {
        let lines = self.character.chatter;
        if self.chatter < MAX_CHATTER.min(lines.len()) {
            let line = lines[self.chatter];
            self.chatter += 1;
            self.say(at, Place::Talk, None, line);
        }
    }

    fn plan_habit(&mut self, now: Instant) {
        match self.character.habit {
            Habit::Stays => {}
            Habit::Wanders => {
                let pause = self.between(20_000, 40_000);
                self.schedule(now + pause, Act::BeAway(!self.is_away));
            }
            Habit::Visits => {
                let stay = self.between(13_000, 20_000);
                let absence = self.between(12_000, 22_000);
                self.schedule(now + stay, Act::Leave(absence));
            }
        }
    }

    fn schedule(&mut self, at: Instant, act: Act) {
        // Receipts and habits always find room: a few per message heard within one bound.
        if self.plan.len() >= MAX_PLANNED && matches!(act, Act::Say { .. } | Act::Type(_)) {
            return;
        }
        if self.plan.len() >= 2 * MAX_PLANNED {
            return;
        }
        let place = self.plan.partition_point(|(planned, _)| *planned <= at);
        self.plan.insert(place, (at, act));
    }

    fn pick(&mut self, lines: &[&str]) -> String {
        lines[self.random.usize(..lines.len())].to_owned()
    }

    fn between(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.random.u64(low..=high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keymap::Keymap;

    fn words() -> Words {
        Words::of(&Keymap::default(), "sam")
    }

    fn mind(name: &str, seed: u64) -> Mind {
        let character = CAST.iter().find(|character| character.name == name);
        Mind::new(character.unwrap(), words(), seed)
    }

    /// Lives a while and returns what was done, with the time in milliseconds.
    fn live(mind: &mut Mind, start: Instant, end: Duration) -> Vec<(u128, Act)> {
        let mut done = Vec::new();
        while let Some(at) = mind.next_at().filter(|at| *at <= start + end) {
            for act in mind.due(at) {
                if let Act::Leave(absence) = act {
                    mind.arrive(at + absence);
                }
                done.push((at.duration_since(start).as_millis(), act));
            }
        }
        done
    }

    #[test]
    fn the_same_seed_lives_the_same_life() {
        let start = Instant::now();
        let life = |seed| {
            let mut mind = mind("carmen", seed);
            mind.arrive(start);
            mind.hear(
                start + Duration::from_secs(5),
                Place::Talk,
                Seq(2),
                "hello there",
            );
            live(&mut mind, start, Duration::from_secs(90))
        };
        assert_eq!(life(1), life(1));
        assert_ne!(life(1), life(2));
    }

    #[test]
    fn a_message_is_received_then_read_then_answered_with_typing_before() {
        let start = Instant::now();
        for character in CAST {
            let mut mind = mind(character.name, 3);
            mind.hear(start, Place::Talk, Seq(7), "well then");
            let kinds: Vec<_> = live(&mut mind, start, Duration::from_secs(30))
                .into_iter()
                .map(|(_, act)| act)
                .collect();
            assert_eq!(
                kinds[..3],
                [
                    Act::Receive(Place::Talk, Seq(7)),
                    Act::Read(Place::Talk, Seq(7)),
                    Act::Type(Place::Talk)
                ]
            );
            assert!(matches!(kinds.last(), Some(Act::Say { .. })), "{kinds:?}");
        }
    }

    #[test]
    fn everything_that_can_be_said_can_be_sent_and_names_real_keys() {
        for character in CAST {
            let mind = mind(character.name, 1);
            let reactions = character.reactions.iter().flat_map(|(_, replies)| *replies);
            let lines = [character.opening, character.replies, character.chatter];
            let aside = character.aside.iter().map(|(_, line)| line);
            let lines = lines.into_iter().flatten().chain(reactions).chain(aside);
            for line in lines {
                let text = mind.words.fill_in(line);
                assert!(!text.contains(['{', '}']), "{text}");
                recado_shared::MessageBody::new(text).unwrap();
            }
        }
    }

    #[test]
    fn a_flood_is_read_and_not_all_of_it_answered() {
        let start = Instant::now();
        let mut mind = mind("ada", 1);
        for number in 1..=500 {
            mind.hear(start, Place::Talk, Seq(number), "again");
            assert!(mind.plan.len() <= 2 * MAX_PLANNED);
        }
        let done = live(&mut mind, start, Duration::from_hours(1));
        let said = done
            .iter()
            .filter(|(_, act)| matches!(act, Act::Say { .. }));
        assert!(said.count() < MAX_PLANNED);
    }

    #[test]
    fn who_visits_leaves_and_answers_after_the_return() {
        let start = Instant::now();
        let mut mind = mind("carmen", 5);
        mind.arrive(start);
        let done = live(&mut mind, start, Duration::from_mins(2));
        let left = done.iter().filter(|(_, act)| matches!(act, Act::Leave(_)));
        assert!(left.count() >= 2, "{done:?}");
    }

    #[test]
    fn what_is_said_later_does_not_hold_up_an_answer() {
        let start = Instant::now();
        let mut mind = mind("basil", 2);
        mind.arrive(start);
        let asked = Duration::from_secs(15);
        live(&mut mind, start, asked);
        mind.hear(start + asked, Place::Room, Seq(9), "@basil are you there?");
        let done = live(&mut mind, start, asked + Duration::from_secs(10));
        let answers = done.iter().filter(|(_, act)| {
            matches!(
                act,
                Act::Say {
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
            let said = |text: &str| -> Vec<(&str, Act)> {
                let lives = CAST.iter().map(|character| {
                    let mut mind = mind(character.name, 9);
                    mind.hear(start, Place::Room, Seq(seq), text);
                    let done = live(&mut mind, start, Duration::from_secs(30));
                    done.into_iter().map(|(_, act)| (character.name, act))
                });
                lives.flatten().collect()
            };
            let acts = said("what now");
            let replies = acts.iter().filter(|(_, act)| {
                matches!(act, Act::Say { place: Place::Room, to: Some(to), .. } if to.0 == seq)
            });
            let reactions = acts
                .iter()
                .filter(|(_, act)| matches!(act, Act::React { to, .. } if to.0 == seq));
            assert_eq!((replies.count(), reactions.count()), (1, 1));
            let acts = said("@basil and you?");
            let mut speakers = acts
                .iter()
                .filter(|(_, act)| matches!(act, Act::Say { .. }))
                .map(|(name, _)| *name);
            assert_eq!((speakers.next(), speakers.next()), (Some("basil"), None));
        }
    }
}
