//! Screen state between frames: scrolls, wrapped rows, targets of clicks. The client driver owns
//! it. All of it can be lost without harm: the app keeps what must last.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use ratatui::layout::Rect;
use recado_shared::{ConversationId, Timestamp};

use super::clock::ClockFormat;
use super::glyphs::Glyphs;
use super::rows::WrapCache;
use super::scroll::Position;
use super::theme::{NameColours, Theme};
use crate::app::screen::ConversationView;
use crate::app::{ClickTarget, Scroll, Viewed};

/// Most conversations whose exact scroll is kept. Beyond it all are forgotten, and the places
/// that the app keeps are used again.
const MAX_POSITIONS: usize = 256;

/// Most scrolls that wait for a draw; more are left out, as if the wheel had turned less.
const MAX_PENDING: usize = 256;

/// A text that the terminal itself wraps, so that a selection of it has no line breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnbrokenLine {
    /// The cell of its first character, in the first column.
    pub(crate) at: ratatui::layout::Position,
    pub(crate) text: String,
}

/// State of the screen that is no state of the app.
#[derive(Debug)]
pub struct ViewState {
    /// The time of the frame, for "today".
    pub now: Timestamp,
    pub(super) time_zone: TimeZone,
    /// How times of day are written.
    pub clock: ClockFormat,
    pub(super) theme: Theme,
    pub(super) names: NameColours,
    /// Forms of signs and clusters, for the terminal that draws them.
    pub glyphs: Glyphs,
    /// Whether right-to-left text is put into visual order.
    pub reorders_bidi: bool,
    pub(super) cache: WrapCache,
    pub(super) viewed: Option<Viewed>,
    pub(super) contacts_top: usize,
    /// The open row that was last scrolled to.
    pub(super) contacts_open: Option<(ConversationId, usize)>,
    pub(super) contacts_area: Rect,
    pub(super) composer_top: usize,
    positions: HashMap<ConversationId, Position>,
    shown: Option<ConversationId>,
    /// Each with the conversation that it is meant for: another may be drawn next.
    pending: Vec<(ConversationId, Scroll)>,
    /// Of the last frame; its cells are drawn like all others.
    pub(crate) unbroken: Option<UnbrokenLine>,
    /// Where the messages of the last frame are.
    pub(crate) pane: Rect,
    /// Targets of clicks; later areas lie over earlier ones.
    pub(super) hits: Vec<(Rect, ClickTarget)>,
}

impl ViewState {
    /// The state before the first frame.
    pub fn new(time_zone: TimeZone, theme: Theme, now: Timestamp) -> Self {
        let mut names = NameColours::default();
        names.begin(theme.name_count());
        Self {
            now,
            time_zone,
            clock: ClockFormat::default(),
            theme,
            names,
            glyphs: Glyphs::default(),
            reorders_bidi: true,
            cache: WrapCache::default(),
            viewed: None,
            contacts_top: 0,
            contacts_open: None,
            contacts_area: Rect::default(),
            composer_top: 0,
            positions: HashMap::new(),
            shown: None,
            pending: Vec::new(),
            unbroken: None,
            pane: Rect::ZERO,
            hits: Vec::new(),
        }
    }

    /// Draws with another theme from the next frame on.
    pub fn set_theme(&mut self, theme: Theme) {
        self.names.begin(theme.name_count());
        self.theme = theme;
    }

    /// Sets the colours that the user wants for names.
    pub fn set_names(&mut self, names: NameColours) {
        self.names = names;
        self.names.begin(self.theme.name_count());
    }

    /// What a click on a cell of the last frame hits.
    pub fn hit(&self, column: u16, row: u16) -> Option<ClickTarget> {
        let mut hits = self.hits.iter().rev();
        let hit = hits.find(|(area, _)| area.contains((column, row).into()));
        hit.map(|&(_, target)| target)
    }

    /// Moves a conversation, if it is the next one to be drawn.
    pub fn scroll(&mut self, id: ConversationId, scroll: Scroll) {
        if self.pending.len() < MAX_PENDING {
            self.pending.push((id, scroll));
        }
    }

    /// Turns the wheel over a cell. Returns whether it was over the contact list, which scrolls;
    /// the conversation is up to the app.
    pub fn wheel(&mut self, column: u16, row: u16, lines: i32) -> bool {
        let is_here = self.contacts_area.contains((column, row).into());
        if is_here {
            let by = isize::try_from(lines).unwrap_or(0);
            self.contacts_top = self.contacts_top.saturating_add_signed(by);
        }
        is_here
    }

    /// What the last frame showed of the open conversation; nothing is visible where another
    /// pane hides it.
    pub fn viewed(&self) -> Option<Viewed> {
        self.viewed
    }

    /// Begins a frame: nothing can be hit and nothing is seen until it is drawn.
    pub(super) fn begin(&mut self, open: Option<&ConversationView<'_>>) {
        self.hits.clear();
        self.unbroken = None;
        self.pane = Rect::ZERO;
        self.contacts_area = Rect::default();
        self.viewed = open.map(|open| Viewed {
            conversation: open.id,
            visible: None,
            place: open.place,
            at_oldest: false,
        });
    }

    /// The position of the conversation that is drawn next, and the scrolls that wait for it.
    pub(super) fn take_position(&mut self, open: &ConversationView<'_>) -> (Position, Vec<Scroll>) {
        let id = open.id;
        if self.shown != Some(id) {
            self.shown = Some(id);
            self.cache = WrapCache::default();
            self.composer_top = 0;
            self.names.begin(self.theme.name_count());
        }
        let position = self.positions.get(&id).copied();
        let position = position.unwrap_or_else(|| Position::from_place(open.place));
        let pending = std::mem::take(&mut self.pending).into_iter();
        let here = pending.filter(|(meant, _)| *meant == id);
        (position, here.map(|(_, scroll)| scroll).collect())
    }

    pub(super) fn keep_position(&mut self, id: ConversationId, position: Position) {
        if self.positions.len() >= MAX_POSITIONS && !self.positions.contains_key(&id) {
            self.positions.clear();
        }
        self.positions.insert(id, position);
    }
}
