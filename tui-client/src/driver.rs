//! The client's loop: terminal, network, store and deadlines in, effects out, one draw per batch.
//!
//! It owns the app and the view while the client runs, and leaves every decision to [`App`]. It
//! draws to any writer and reads any stream of inputs.

mod calibration;
mod display;
mod editor;
mod invites;
mod pace;
mod painter;
mod themes;

use std::io::{self, Write};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crossterm::event::{Event as TerminalEvent, MouseButton, MouseEvent, MouseEventKind};
use futures_util::{Stream, StreamExt as _};
use ratatui::layout::Size;
use recado_shared::Now;
use recado_shared::io_reason::describe;
use rustix::io::Errno;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

pub use self::calibration::Calibration;
use self::display::Display;
pub use self::editor::Editor;
use self::editor::RunningEditor;
pub use self::invites::InviteMaker;
use self::invites::Invites;
use self::pace::{Pace, Urgency};
pub use self::themes::Themes;
use crate::app::{App, Clipboard, Effect, Event, InviteLink, PaneState, Viewed};
use crate::client::wall_time;
use crate::net::{ConnectError, KnownState, NetEvent, NetHandle};
use crate::store::{StoreEvent, StoreEvents, StoreHandle};
use crate::terminal::parser::Reply;
use crate::terminal::{Multiplexer, TmuxAnswer, TmuxHandle, TmuxQuestion};
use crate::ui::{Rgb, ViewState};

/// Most events that are handled before a frame may be drawn.
const MAX_BATCH: usize = 64;

/// Time at the end for the store to write all that is queued, before what the server has is dropped.
const STORE_PATIENCE: Duration = Duration::from_millis(100);

/// Time at the end for the last frames to go out.
const LEAVE_LIMIT: Duration = Duration::from_millis(200);

/// Lines that one turn of the wheel scrolls.
const WHEEL_LINES: i32 = 3;

/// An event of the terminal or a signal of the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Keys, pastes, the mouse, the focus, the size.
    Terminal(TerminalEvent),
    /// An answer of the terminal.
    Reply(Reply),
    /// Stop for good: a signal, or the terminal hung up.
    Terminate,
    /// Give the terminal back until [`Input::Resumed`].
    Suspend,
    /// The terminal is ours again, with this size.
    Resumed(Size),
}

/// The owner of the terminal, which can give it back and take it again.
pub trait Host {
    /// Gives the terminal back and stops until [`Input::Resumed`]. Returns `false` where that is
    /// impossible; then nothing has changed.
    ///
    /// # Errors
    /// If the terminal cannot be written.
    fn suspend(&mut self) -> io::Result<bool>;

    /// Gives the terminal to another program until [`resume`](Self::resume). No key is read meanwhile.
    ///
    /// # Errors
    /// If the terminal cannot be written.
    fn lend(&mut self) -> io::Result<()>;

    /// Takes the terminal again.
    ///
    /// # Errors
    /// If the terminal cannot be written.
    fn resume(&mut self) -> io::Result<()>;

    /// Gives the terminal back for good.
    fn leave(&mut self);

    /// Whether the terminal may be drawn to: false after a panic anywhere.
    fn is_ours(&self) -> bool;
}

/// The terminal as the driver uses it.
#[derive(Debug)]
pub struct TerminalIo<W, I, H> {
    pub writer: W,
    /// Terminal events and signals, in order.
    pub inputs: I,
    /// The size at the start.
    pub size: Size,
    pub host: H,
    pub multiplexer: Multiplexer,
}

/// The parts that the driver runs: core, screen state and store.
#[derive(Debug)]
pub struct Client {
    /// The core, before its first event.
    pub app: App,
    pub view: ViewState,
    pub themes: Themes,
    pub calibration: Calibration,
    pub store: StoreHandle,
    pub store_events: StoreEvents,
    /// Carries out [`Effect::MakeInviteLink`] on another thread.
    pub invite_maker: InviteMaker,
    /// Carries out [`Effect::OpenEditor`] in the terminal.
    pub editor: Editor,
    /// Whether a server that no longer admits the user ends the client, because the user did not ask
    /// for this account by its name. Once the user has typed, the client stays and shows the reason.
    pub ends_if_denied: bool,
}

/// A started network task: its handle and its events.
pub type NetTask = (NetHandle, mpsc::Receiver<NetEvent>);

/// The client ended other than by the user's wish.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    #[error("the terminal cannot be used any more: {}", describe(.0))]
    Terminal(#[from] io::Error),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server no longer admits the user: only with [`Client::ends_if_denied`], before any input.
    #[error("access denied: {0}")]
    Denied(String),
    /// A task or thread of the program ended early.
    #[error("a part of the program failed ({0}); what you wrote is kept. Start it again")]
    Gone(&'static str),
}

/// Runs the client until the user leaves it. `connect` starts the network, after the first frame.
/// When this returns, drafts, outbox and places are on disk; of the cache, what there was time for.
/// Returns how many messages are not sent yet.
///
/// # Errors
/// [`DriverError`] says what ended the client.
pub async fn run<W, I, H>(
    terminal: TerminalIo<W, I, H>,
    client: Client,
    connect: impl FnOnce(KnownState) -> Result<NetTask, ConnectError>,
) -> Result<usize, DriverError>
where
    W: Write,
    I: Stream<Item = io::Result<Input>> + Unpin,
    H: Host,
{
    let mut driver = Driver {
        display: Display::new(terminal.writer, terminal.size),
        host: terminal.host,
        app: client.app,
        view: client.view,
        themes: client.themes,
        calibration: client.calibration,
        store: client.store,
        net: None,
        invites: Invites {
            maker: client.invite_maker,
            running: None,
        },
        editor: client.editor,
        running_editor: None,
        ends_if_denied: client.ends_if_denied,
        is_in_screen: matches!(terminal.multiplexer, Multiplexer::Screen),
        tmux: match terminal.multiplexer {
            Multiplexer::Tmux(tmux) => Some(tmux.spawn()),
            Multiplexer::Screen | Multiplexer::None => None,
        },
        pace: Pace::new(Instant::now()),
        viewed: None,
        state: State::Drawn,
        urgency: Urgency::Background,
    };
    let inputs = terminal.inputs;
    let mut ended = driver.start(connect, inputs, client.store_events).await;
    driver.host.leave();
    let is_left = ended.is_ok();
    if let Err(DriverError::Terminal(error)) = &ended
        && has_hung_up(error)
    {
        tracing::info!(%error, "the terminal has gone");
        ended = Ok(());
    }
    if !is_left {
        // Drafts are saved even if nothing can be drawn any more.
        driver.handle(Event::Terminate);
    }
    let unsent = driver.app.unsent();
    let Driver { net, store, .. } = driver;
    let close = spawn_blocking(move || store.close(STORE_PATIENCE));
    if let Some(net) = net {
        // What does not go out any more is still in the outbox.
        let _ = timeout(LEAVE_LIMIT, net.leave()).await;
    }
    let closed = close.await;
    let closed = closed.map_err(|_| DriverError::Gone("the local store"));
    ended.and(closed).map(|()| unsent)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Drawn,
    Changed,
    /// Another program has the terminal.
    Suspended,
    Ended,
}

struct Driver<W: Write, H> {
    display: Display<W>,
    host: H,
    app: App,
    view: ViewState,
    themes: Themes,
    calibration: Calibration,
    store: StoreHandle,
    net: Option<NetHandle>,
    invites: Invites,
    editor: Editor,
    /// The editor that has the terminal.
    running_editor: Option<RunningEditor>,
    ends_if_denied: bool,
    /// The task that asks tmux, inside tmux.
    tmux: Option<TmuxHandle>,
    is_in_screen: bool,
    pace: Pace,
    /// The last report to the app.
    viewed: Option<Viewed>,
    state: State,
    /// The most urgent change since the last frame.
    urgency: Urgency,
}

enum Wakeup {
    Input(Option<io::Result<Input>>),
    Net(Option<NetEvent>),
    Store(Option<StoreEvent>),
    InviteLink(Result<InviteLink, String>),
    Edited(io::Result<ExitStatus>),
    Tmux(TmuxAnswer),
    Deadline,
    Frame,
}

impl<W: Write, H: Host> Driver<W, H> {
    async fn start<I>(
        &mut self,
        connect: impl FnOnce(KnownState) -> Result<NetTask, ConnectError>,
        mut inputs: I,
        mut store: StoreEvents,
    ) -> Result<(), DriverError>
    where
        I: Stream<Item = io::Result<Input>> + Unpin,
    {
        // Effects from the start of the app, such as a scroll, belong to the first frame.
        self.handle(Event::Deadline);
        self.draw()?;
        let (handle, mut net) = connect(self.app.known_state())?;
        self.net = Some(handle);
        while self.state != State::Ended {
            let frame = (self.state == State::Changed).then(|| self.next_frame());
            let deadline = self.app.next_deadline();
            let mut has_input = false;
            for handled in 0..MAX_BATCH {
                // The user's own input first, which is drawn before anything else is handled; then
                // what the store read for the user. The next frame waits until nothing else is
                // ready. A closed channel is always ready and ends the batch at once.
                let wakeup = tokio::select! {
                    biased;
                    input = inputs.next() => Wakeup::Input(input),
                    () = std::future::ready(()), if has_input => break,
                    event = store.recv() => Wakeup::Store(event),
                    link = self.invites.next() => Wakeup::InviteLink(link),
                    ended = editor::ended(&mut self.running_editor) => Wakeup::Edited(ended),
                    answer = answer_of(&mut self.tmux) => Wakeup::Tmux(answer),
                    event = net.recv(), if !self.store.is_full() => Wakeup::Net(event),
                    () = std::future::ready(()), if handled > 0 => break,
                    () = until(deadline) => Wakeup::Deadline,
                    () = until(frame) => Wakeup::Frame,
                };
                has_input = matches!(wakeup, Wakeup::Input(_));
                self.take(wakeup)?;
                if self.state == State::Ended {
                    return self.check_host();
                }
            }
            if self.state == State::Changed && self.next_frame() <= Instant::now() {
                self.draw()?;
            }
        }
        self.check_host()
    }

    fn next_frame(&self) -> Instant {
        self.pace.next(Instant::now(), self.urgency)
    }

    fn check_host(&self) -> Result<(), DriverError> {
        if !self.host.is_ours() {
            return Err(DriverError::Gone("see the report above"));
        }
        Ok(())
    }

    fn take(&mut self, wakeup: Wakeup) -> Result<(), DriverError> {
        if let Wakeup::Input(_)
        | Wakeup::Store(Some(StoreEvent::Loaded(_) | StoreEvent::Found(_))) = wakeup
        {
            self.urgency = Urgency::User;
        }
        match wakeup {
            Wakeup::Input(Some(Ok(input))) => self.take_input(input)?,
            // A terminal that cannot be read is one that hung up.
            Wakeup::Input(Some(Err(_)) | None) => self.handle(Event::Terminate),
            Wakeup::Net(Some(event)) => self.take_net(event)?,
            Wakeup::Net(None) => return Err(DriverError::Gone("the network task")),
            Wakeup::Store(Some(StoreEvent::Loaded(loaded))) => self.handle(Event::Loaded(loaded)),
            Wakeup::Store(Some(StoreEvent::Found(found))) => self.handle(Event::Found(found)),
            Wakeup::Store(Some(StoreEvent::RolledBack(outcome))) => {
                self.handle(Event::RolledBack(outcome));
            }
            Wakeup::Store(Some(StoreEvent::Stored(stored))) => self.handle(Event::Stored(stored)),
            Wakeup::Store(Some(StoreEvent::Failed(why))) => self.handle(Event::StoreFailed(why)),
            Wakeup::Store(None) => return Err(DriverError::Gone("the local store")),
            Wakeup::InviteLink(link) => self.handle(Event::InviteLink(link)),
            Wakeup::Edited(ended) => self.take_edited(&ended)?,
            Wakeup::Tmux(answer) => self.take_answer(answer)?,
            Wakeup::Deadline => self.handle(Event::Deadline),
            Wakeup::Frame => {}
        }
        Ok(())
    }

    fn take_net(&mut self, event: NetEvent) -> Result<(), DriverError> {
        if let Some(reason) = event.denial().filter(|_| self.ends_if_denied) {
            return Err(DriverError::Denied(reason));
        }
        self.ends_if_denied &= !matches!(event, NetEvent::Welcomed(_));
        self.handle(Event::Net(event));
        Ok(())
    }

    fn take_input(&mut self, input: Input) -> io::Result<()> {
        self.ends_if_denied &= !matches!(
            input,
            Input::Terminal(TerminalEvent::Key(_) | TerminalEvent::Paste(_))
        );
        match input {
            Input::Terminal(TerminalEvent::Key(key)) => self.handle(Event::Key(key)),
            Input::Terminal(TerminalEvent::Paste(text)) => self.handle(Event::Paste(text)),
            Input::Terminal(TerminalEvent::FocusGained) => self.handle(Event::Focus(true)),
            Input::Terminal(TerminalEvent::FocusLost) => self.handle(Event::Focus(false)),
            Input::Terminal(TerminalEvent::Mouse(mouse)) => self.take_mouse(mouse),
            Input::Terminal(TerminalEvent::Resize(width, height)) => {
                self.display.resize(Size::new(width, height));
                self.note_change();
            }
            Input::Reply(reply) => self.take_reply(reply),
            Input::Terminate => {
                self.end_editor();
                self.handle(Event::Terminate);
            }
            Input::Suspend => self.suspend()?,
            // The editor goes on, and the terminal is still its.
            Input::Resumed(size) if self.running_editor.is_some() => self.display.resize(size),
            Input::Resumed(size) => {
                self.host.resume()?;
                self.display.resize(size);
                self.state = State::Changed;
            }
        }
        Ok(())
    }

    fn take_reply(&mut self, reply: Reply) {
        match reply {
            Reply::Background([red, green, blue]) => {
                if let Some(theme) = self.themes.set_background(Rgb(red, green, blue)) {
                    self.view.set_theme(theme);
                    self.note_change();
                }
            }
            Reply::Cursor { row, column } => {
                if let Some(glyphs) = self.calibration.take(row, column) {
                    self.view.glyphs = glyphs;
                    // What took too many cells is over what is beside it.
                    self.display.forget();
                    self.note_change();
                }
            }
        }
    }

    fn take_answer(&mut self, answer: TmuxAnswer) -> io::Result<()> {
        match answer {
            TmuxAnswer::Event(event) => self.handle(event),
            TmuxAnswer::NotCopied {
                text,
                is_behind_tmux: true,
            } => self.copy(&text, Clipboard::TerminalBehindTmux)?,
            TmuxAnswer::NotCopied { text, .. } => self.copy(&text, Clipboard::Terminal)?,
        }
        Ok(())
    }

    /// Copies by the terminal's own sequence, and says so.
    fn copy(&mut self, text: &str, clipboard: Clipboard) -> io::Result<()> {
        self.display.copy(text, self.is_in_screen)?;
        self.handle(Event::Copied(clipboard));
        Ok(())
    }

    /// Asks tmux; returns the question if there is no tmux, or if too many questions wait.
    fn ask_tmux(&self, question: TmuxQuestion) -> Result<(), TmuxQuestion> {
        match &self.tmux {
            Some(tmux) => tmux.ask(question),
            None => Err(question),
        }
    }

    fn take_mouse(&mut self, mouse: MouseEvent) {
        let (column, row) = (mouse.column, mouse.row);
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                if let Some(target) = self.view.hit(column, row) {
                    self.handle(Event::Click(target));
                }
            }
            MouseEventKind::ScrollUp => self.wheel(column, row, -WHEEL_LINES),
            MouseEventKind::ScrollDown => self.wheel(column, row, WHEEL_LINES),
            _ => {}
        }
    }

    fn wheel(&mut self, column: u16, row: u16, lines: i32) {
        if self.view.wheel(column, row, lines) {
            self.note_change();
        } else {
            self.handle(Event::Wheel(lines));
        }
    }

    fn handle(&mut self, event: Event) {
        self.note_change();
        for effect in self.app.handle(event, now()) {
            if let Err(error) = self.carry_out(effect) {
                tracing::error!(error = describe(&error), "cannot write to the terminal");
                self.state = State::Ended;
            }
        }
    }

    fn note_change(&mut self) {
        if self.state == State::Drawn {
            self.state = State::Changed;
        }
    }

    fn carry_out(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Send(frame) => self.with_net(|net| net.send(frame)),
            Effect::Reconnect => self.with_net(NetHandle::reconnect),
            Effect::CheckLink => self.with_net(NetHandle::check),
            Effect::Save(save) => self.store.save(save),
            Effect::Search(query) => {
                if !self.store.search(query) {
                    tracing::error!("the store has no room for another search");
                }
            }
            Effect::Load(load) => {
                if !self.store.load(load) {
                    tracing::error!(?load, "the store has no room for another load");
                }
            }
            Effect::Scroll(scroll) => {
                // The app waits for a report after it, even of the same view.
                self.viewed = None;
                if let Some(open) = self.app.opened() {
                    self.view.scroll(open, scroll);
                }
            }
            Effect::Copy(text) => {
                if let Err(TmuxQuestion::Copy(text)) = self.ask_tmux(TmuxQuestion::Copy(text)) {
                    self.copy(&text, Clipboard::Terminal)?;
                }
            }
            Effect::AskPane => {
                if self.ask_tmux(TmuxQuestion::Pane).is_err() {
                    self.handle(Event::Pane {
                        state: PaneState::Unknown,
                        reports_focus: None,
                    });
                }
            }
            Effect::MakeInviteLink(terms) => self.invites.start(terms),
            Effect::Bell => self.display.bell()?,
            Effect::SetTheme(name) => {
                let answer = self.themes.choose(name.as_deref());
                let answer = answer.map(|(theme, text)| {
                    if let Some(theme) = theme {
                        self.view.set_theme(theme);
                    }
                    text
                });
                self.handle(Event::Theme(answer));
            }
            Effect::Redraw => self.display.forget(),
            Effect::OpenEditor(text) => self.open_editor(&text)?,
            Effect::Suspend => self.suspend()?,
            Effect::Quit => self.state = State::Ended,
        }
        Ok(())
    }

    fn with_net(&self, work: impl FnOnce(&NetHandle)) {
        if let Some(net) = &self.net {
            work(net);
        }
    }

    fn suspend(&mut self) -> io::Result<()> {
        if self.running_editor.is_some() {
            // An editor stops its whole job, of which this program is a part.
            self.host.suspend()?;
        } else if self.state != State::Suspended && self.host.suspend()? {
            self.state = State::Suspended;
        }
        Ok(())
    }

    /// Draws, and reports what was visible to the app if that changed.
    fn draw(&mut self) -> Result<(), DriverError> {
        self.check_host()?;
        self.handle(Event::Frame);
        if self.state == State::Ended {
            return Ok(());
        }
        (self.state, self.urgency) = (State::Drawn, Urgency::Background);
        let now = now();
        self.view.now = now.wall;
        self.display.draw(&self.app.screen(now), &mut self.view)?;
        self.pace.note(now.instant);
        let viewed = self.view.viewed();
        if let Some(viewed) = viewed.filter(|viewed| self.viewed != Some(*viewed)) {
            self.viewed = Some(viewed);
            self.handle(Event::Viewed(viewed));
        }
        Ok(())
    }
}

/// Whether a write failed because the terminal's other side is gone, which ends the client as a hang-up does.
fn has_hung_up(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
        || error.raw_os_error() == Some(Errno::IO.raw_os_error())
}

async fn answer_of(tmux: &mut Option<TmuxHandle>) -> TmuxAnswer {
    match tmux {
        Some(tmux) => tmux.answer().await,
        None => std::future::pending().await,
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

fn now() -> Now {
    Now {
        instant: Instant::now(),
        wall: wall_time(),
    }
}
