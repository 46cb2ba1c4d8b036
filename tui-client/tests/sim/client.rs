//! A client of the world: the real app over its local store, which is in memory, and a person.

use std::time::Duration;

use recado::app::keymap::Keymap;
use recado::app::{App, Effect, Event, Settings};
use recado::net::NetEvent;
use recado::store::{StoreRead, StoreWrite, Stored};
use recado_server::relay::SessionId;
use recado_shared::{
    Answer, ClientFrame, Hello, MessageId, ProtocolVersion, ServerFrame, Setting, UserId, codec,
};

use crate::local::Local;
use crate::person::{Pane, keys};
use crate::record::Record;
use crate::server::{Server, user_name};
use crate::world::{Clock, Step};

/// How the link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    Hello(SessionId),
    Up(SessionId),
}

pub(crate) struct Client {
    pub(crate) index: usize,
    pub(crate) user: UserId,
    pub(crate) app: Option<App>,
    pub(crate) local: Local,
    /// What the local disk promised to send, or does not any more, since this was last emptied.
    pub(crate) promised: Vec<(MessageId, bool)>,
    /// Words that stood in a draft when the program started: the person may send them again.
    pub(crate) redrafted: Vec<String>,
    pane: Pane,
    link: Link,
    /// Counts links: what is on its way over an earlier one never arrives.
    link_count: u64,
    /// Counts starts of the program.
    run: u64,
    /// When the last frame arrives at the server: none overtakes another.
    last_at: Duration,
    deadline: Option<Duration>,
    /// How far the wall clock of this machine is off.
    skew_millis: u64,
    pub(crate) words: u64,
    pub(crate) has_focus: bool,
    wants_to_connect: bool,
}

impl Client {
    pub(crate) fn new(index: usize, user: UserId, clock: &mut Clock) -> Self {
        Self {
            index,
            user,
            app: None,
            local: Local::default(),
            promised: Vec::new(),
            redrafted: Vec::new(),
            pane: Pane::default(),
            link: Link::Down,
            link_count: 0,
            run: 0,
            last_at: Duration::ZERO,
            deadline: None,
            skew_millis: clock.random.u64(0..10_000),
            words: 0,
            has_focus: true,
            wants_to_connect: false,
        }
    }

    pub(crate) fn now(&self, clock: &Clock) -> recado_shared::Now {
        clock.now(self.skew_millis)
    }

    pub(crate) fn step(&mut self, step: Step, clock: &mut Clock, server: &mut Server) {
        match step {
            Step::Act(_) => self.act(clock, server),
            Step::Look(_, position) => self.look(position, clock, server),
            Step::Connect { run, .. } if run == self.run => self.connect(clock, server),
            Step::ToClient {
                link,
                session,
                bytes,
                ..
            } if link == self.link_count => self.receive(session, &bytes, clock, server),
            Step::Cut { link, .. } if link == self.link_count || link == u64::MAX => {
                self.cut(clock, server);
            }
            Step::ClientDeadline(_, run) if run == self.run => {
                self.deadline = None;
                self.handle(Event::Deadline, clock, server);
            }
            Step::Flush(_) => {
                let all = self.local.waiting();
                let most = clock.random.usize(..=all);
                self.promised.extend(self.local.flush(most.max(1)));
                self.plan_flush(clock);
                let entries = self.local.take_stored();
                let stored = Stored { entries, bytes: 0 };
                self.handle(Event::Stored(stored), clock, server);
                for outcome in self.local.take_rolled_back() {
                    self.handle(Event::RolledBack(outcome), clock, server);
                }
            }
            Step::Loaded(_, run, loaded) if run == self.run => {
                self.handle(Event::Loaded(loaded), clock, server);
            }
            Step::ClientCrash(_) => self.crash(clock),
            Step::ClientQuit(_) => {
                self.handle(Event::Terminate, clock, server);
                let in_time = clock.random.usize(..=self.local.waiting());
                self.promised.extend(self.local.close(in_time));
                self.crash(clock);
            }
            Step::ClientStart(_) => self.start(clock),
            _ => {}
        }
    }

    fn start(&mut self, clock: &mut Clock) {
        if self.app.is_some() {
            return;
        }
        self.run += 1;
        let snapshot = self.local.snapshot();
        let drafts = snapshot.drafts.iter().flat_map(|(_, text)| text.split(' '));
        self.redrafted.extend(drafts.map(str::to_owned));
        let settings = Settings {
            name: user_name(self.user).as_str().to_owned(),
            keymap: Keymap::default(),
            seed: clock.random.u64(..),
            bell: true,
            store_limit: u64::MAX,
            list: recado::app::settings::ListSize::default(),
            is_in_tmux: false,
            time_zone: jiff::tz::TimeZone::UTC,
            device: recado_shared::DeviceKey([1; 32]),
            notice: None,
            invite_link: None,
        };
        self.app = Some(App::new(snapshot, settings, self.now(clock)));
        self.pane = Pane::default();
        self.has_focus = true;
        let delay = clock.millis(0..300);
        self.plan_connect(delay, clock);
    }

    fn crash(&mut self, clock: &mut Clock) {
        self.app = None;
        self.run += 1;
        self.deadline = None;
        self.local.crash();
        self.drop_link(clock);
    }

    fn plan_connect(&self, delay: Duration, clock: &mut Clock) {
        let (client, run) = (self.index, self.run);
        clock.after(delay, Step::Connect { client, run });
    }

    fn connect(&mut self, clock: &mut Clock, server: &mut Server) {
        if self.app.is_none() || self.link != Link::Down {
            return;
        }
        self.handle(Event::Net(NetEvent::Connecting), clock, server);
        self.link_count += 1;
        let Some(session) = server.connect(self.index, self.user, self.link_count) else {
            self.go_offline(clock, server);
            return;
        };
        self.link = Link::Hello(session);
        let known = self.app.as_ref().map(App::known_state);
        let known = known.unwrap_or_default();
        let hello = Hello {
            oldest: ProtocolVersion::OLDEST,
            newest: ProtocolVersion::NEWEST,
            software: "sim".to_owned(),
            name: None,
            token: None,
            since: known.since,
            extensions: Vec::new(),
        };
        let hello = hello.with_epochs(&known.epochs);
        self.transmit(session, &ClientFrame::Hello(hello), clock);
    }

    fn transmit(&mut self, session: SessionId, frame: &ClientFrame, clock: &mut Clock) {
        let is_request = matches!(frame, ClientFrame::Request { .. });
        let copies = if is_request && clock.random.u8(..) < 12 {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let bytes = codec::encode(frame)
                .expect("frames can be written")
                .to_vec();
            self.last_at = self.last_at.max(clock.time + clock.millis(1..200));
            clock.at(self.last_at, Step::ToServer { session, bytes });
        }
    }

    fn receive(
        &mut self,
        session: SessionId,
        bytes: &[u8],
        clock: &mut Clock,
        server: &mut Server,
    ) {
        let frame: ServerFrame = codec::decode(bytes).expect("servers write frames");
        let taken = frame.clone();
        self.note_drafts(&frame);
        match frame {
            ServerFrame::Welcome(welcome) => {
                self.link = Link::Up(session);
                self.handle(Event::Net(NetEvent::Welcomed(welcome)), clock, server);
            }
            ServerFrame::Refused(refusal) => panic!("refused: {refusal}"),
            frame => self.handle(Event::Net(NetEvent::Frame(frame)), clock, server),
        }
        server.taken(session, &taken, clock);
    }

    /// What another device of the user has in a composer can be sent from here too.
    fn note_drafts(&mut self, frame: &ServerFrame) {
        let settings = match frame {
            ServerFrame::Setting { setting, .. } => std::slice::from_ref(setting),
            ServerFrame::Answer {
                result: Ok(Answer::Settings { settings, .. }),
                ..
            } => settings,
            _ => return,
        };
        for setting in settings {
            if let Setting::Draft { text, .. } = setting {
                let words = text.as_str().split(' ');
                self.redrafted.extend(words.map(str::to_owned));
            }
        }
    }

    /// The link is gone. Some of what is on its way to the server may still arrive there.
    fn drop_link(&mut self, clock: &mut Clock) {
        if let Link::Hello(session) | Link::Up(session) = self.link {
            let delay = clock.millis(0..3_000);
            clock.after(delay, Step::Closed(session));
        }
        self.link = Link::Down;
        self.link_count += 1;
        self.last_at = Duration::ZERO;
    }

    fn cut(&mut self, clock: &mut Clock, server: &mut Server) {
        if self.link != Link::Down {
            self.drop_link(clock);
            self.go_offline(clock, server);
        }
    }

    fn go_offline(&mut self, clock: &mut Clock, server: &mut Server) {
        let retry_in = clock.millis(50..5_000);
        let reason = "the connection broke".to_owned();
        self.plan_connect(retry_in, clock);
        self.handle(
            Event::Net(NetEvent::Offline { reason, retry_in }),
            clock,
            server,
        );
    }

    pub(crate) fn handle(&mut self, event: Event, clock: &mut Clock, server: &mut Server) {
        let now = self.now(clock);
        let mut next = Some(event);
        while let (Some(event), Some(app)) = (next.take(), self.app.as_mut()) {
            for effect in app.handle(event, now) {
                self.carry_out(effect, clock, &server.record);
            }
            let Some(app) = self.app.as_ref() else {
                return;
            };
            next = self.pane.draw(&app.screen(now)).map(Event::Viewed);
        }
        if self.link == Link::Down && self.wants_to_connect {
            self.wants_to_connect = false;
            self.connect(clock, server);
        }
        self.plan_flush(clock);
        let due = self.app.as_ref().and_then(App::next_deadline);
        if let Some(due) = due.map(|due| clock.time_of(due))
            && self.deadline.is_none_or(|known| due < known)
        {
            self.deadline = Some(due);
            clock.at(due, Step::ClientDeadline(self.index, self.run));
        }
    }

    fn carry_out(&mut self, effect: Effect, clock: &mut Clock, record: &Record) {
        match effect {
            Effect::Send(frame) => {
                if let Link::Up(session) = self.link {
                    self.transmit(session, &frame, clock);
                }
            }
            Effect::Reconnect => self.wants_to_connect = true,
            Effect::Save(save) => self.save(save, record),
            Effect::Load(load) => self.load(load, clock),
            Effect::Scroll(scroll) => {
                let now = self.now(clock);
                if let Some(app) = &self.app {
                    self.pane.scroll(&app.screen(now), scroll);
                }
            }
            // These links tell when they die.
            Effect::CheckLink
            | Effect::Search(_)
            | Effect::Copy(_)
            | Effect::MakeInviteLink(_)
            | Effect::AskPane
            | Effect::OpenEditor(_)
            | Effect::Bell
            | Effect::SetTheme(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {}
        }
    }

    /// What goes to the disk as an entry is what the log has at that place, or had.
    fn save(&mut self, save: StoreWrite, record: &Record) {
        if let StoreWrite::Entries {
            conversation,
            entries,
            ..
        } = &save
        {
            for entry in entries {
                let log = record.logs.get(conversation);
                assert!(
                    log.is_some_and(|log| log.has_had(entry)),
                    "client {} holds what was never in the log: {entry:?}",
                    self.index
                );
            }
        }
        self.local.queue(save);
    }

    fn load(&mut self, load: StoreRead, clock: &mut Clock) {
        let all = self.local.waiting();
        self.promised.extend(self.local.flush(all));
        let loaded = self.local.load(load);
        let delay = clock.millis(0..20);
        clock.after(delay, Step::Loaded(self.index, self.run, loaded));
    }

    fn plan_flush(&self, clock: &mut Clock) {
        if !self.local.is_idle() {
            let delay = clock.millis(0..60);
            clock.after(delay, Step::Flush(self.index));
        }
    }

    pub(crate) fn press(
        &mut self,
        pressed: Vec<crossterm::event::KeyEvent>,
        clock: &mut Clock,
        server: &mut Server,
    ) {
        for key in pressed {
            self.handle(Event::Key(key), clock, server);
        }
    }

    /// Opens the conversation at a position, or the next unread one, and looks at its end.
    fn look(&mut self, position: u8, clock: &mut Clock, server: &mut Server) {
        self.has_focus = true;
        self.handle(Event::Focus(true), clock, server);
        let open = match position {
            1..=9 => format!("alt-{position}"),
            _ => "alt-a".to_owned(),
        };
        let pressed = keys(&format!("esc esc esc {open} alt-end"));
        self.press(pressed, clock, server);
    }
}
