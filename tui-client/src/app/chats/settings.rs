//! What the user has set for themselves, the same on all their devices: the last value that
//! reached the server holds. A change applies at once, and waits here until the server has it.
//!
//! A session first pulls what changed since the stamp, then sends what waits. Only one of the two
//! is under way at a time, so that no page is older than what the server took from here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use recado_shared::limits::MAX_SETTINGS;
use recado_shared::{
    Answer, ConversationId, NotificationLevel, Now, Request, RequestError, Setting, SettingKey,
    Stamp, Timestamp, UserId,
};

use crate::app::App;
use crate::app::session::requests::Asked;
use crate::app::session::sending::PAUSE;
use crate::app::view::screen::Attention;
use crate::store::{Save, StoredSetting};

/// Most changes that are on their way at a time.
const MAX_IN_FLIGHT: usize = 8;

/// Most settings that one pull takes: more than there can be, with some that change meanwhile.
const MAX_PULLED: usize = 2 * MAX_SETTINGS;

/// How far ahead the end of a mute is looked for; a later one is looked for again then.
const MUTE_HORIZON: Duration = Duration::from_hours(24);

/// The values, and what of them the server does not have.
#[derive(Debug, Default)]
pub(in crate::app) struct UserSettings {
    values: BTreeMap<SettingKey, Setting>,
    /// Changed here; the server has not answered for this value.
    unsent: BTreeSet<SettingKey>,
    /// On their way in this session.
    in_flight: BTreeSet<SettingKey>,
    /// Not taken by the server as they are; tried again in the next session.
    refused: BTreeSet<SettingKey>,
    stamp: Stamp,
    is_pull_wanted: bool,
    /// The page that is on its way, with what changed on other devices meanwhile.
    pulling: Option<BTreeMap<SettingKey, Stamp>>,
    pulled: usize,
    paused_until: Option<Instant>,
    /// When the next mute ends.
    mute_ends: Option<Instant>,
    is_mute_end_stale: bool,
}

impl UserSettings {
    pub(in crate::app) fn from_stored(stored: Vec<StoredSetting>, stamp: Stamp) -> Self {
        let mut settings = Self {
            stamp,
            is_mute_end_stale: true,
            ..Self::default()
        };
        for StoredSetting { setting, is_unsent } in stored {
            let key = setting.key();
            if is_unsent {
                settings.unsent.insert(key);
            }
            settings.keep(setting);
        }
        settings
    }

    pub(in crate::app) fn begin_session(&mut self) {
        self.in_flight.clear();
        self.refused.clear();
        self.pulling = None;
        self.pulled = 0;
        self.is_pull_wanted = true;
        self.paused_until = None;
    }

    /// The server's data is another one: only texts that it never had stay.
    pub(in crate::app) fn forget_log(&mut self) {
        let is_draft = |key: &SettingKey| matches!(key, SettingKey::Draft(_));
        self.unsent.retain(is_draft);
        let unsent = &self.unsent;
        self.values.retain(|key, _| unsent.contains(key));
        self.stamp = Stamp::default();
        self.is_mute_end_stale = true;
    }

    /// Live changes were left out: they are pulled.
    pub(in crate::app) fn pull_again(&mut self) {
        self.is_pull_wanted = true;
    }

    pub(in crate::app) fn next_deadline(&self, is_up: bool) -> Option<Instant> {
        let paused = self.paused_until.filter(|_| is_up);
        paused.into_iter().chain(self.mute_ends).min()
    }

    pub(in crate::app) fn is_unsent(&self, key: SettingKey) -> bool {
        self.unsent.contains(&key)
    }

    pub(in crate::app) fn is_favourite(&self, id: ConversationId) -> bool {
        let value = self.values.get(&SettingKey::Favourite(id));
        matches!(value, Some(Setting::Favourite { is_on: true, .. }))
    }

    pub(in crate::app) fn is_blocked(&self, user: UserId) -> bool {
        let value = self.values.get(&SettingKey::Blocked(user));
        matches!(value, Some(Setting::Blocked { is_on: true, .. }))
    }

    /// What of a conversation is to be noticed, at a time.
    pub(in crate::app) fn attention(&self, id: ConversationId, wall: Timestamp) -> Attention {
        if let Some(Setting::Muted {
            until: Some(until), ..
        }) = self.values.get(&SettingKey::Muted(id))
            && *until > wall
        {
            return Attention::Nothing;
        }
        match self.values.get(&SettingKey::NotificationLevel(id)) {
            Some(Setting::NotificationLevel { level, .. }) => match level {
                NotificationLevel::All => Attention::All,
                NotificationLevel::Mentions => Attention::Mentions,
                NotificationLevel::Nothing => Attention::Nothing,
            },
            Some(_) | None => Attention::All,
        }
    }

    /// The conversations that stay on top of the list.
    pub(in crate::app) fn favourites(&self) -> impl Iterator<Item = ConversationId> {
        self.values.values().filter_map(|setting| match setting {
            Setting::Favourite {
                conversation,
                is_on,
            } => is_on.then_some(*conversation),
            Setting::NotificationLevel { .. }
            | Setting::Muted { .. }
            | Setting::Draft { .. }
            | Setting::Blocked { .. }
            | Setting::FirstContact { .. } => None,
        })
    }

    /// The unsent text of a conversation as the devices have agreed on it.
    pub(in crate::app) fn draft(&self, id: ConversationId) -> &str {
        match self.values.get(&SettingKey::Draft(id)) {
            Some(Setting::Draft { text, .. }) => text.as_str(),
            Some(_) | None => "",
        }
    }

    /// The conversations that have such a text.
    pub(in crate::app) fn drafts(&self) -> impl Iterator<Item = ConversationId> {
        self.values.keys().filter_map(|key| match key {
            SettingKey::Draft(id) => Some(*id),
            SettingKey::Favourite(_)
            | SettingKey::NotificationLevel(_)
            | SettingKey::Muted(_)
            | SettingKey::Blocked(_)
            | SettingKey::FirstContact => None,
        })
    }

    /// Takes over a value. One that is like no setting at all is kept only while it is unsent.
    fn keep(&mut self, setting: Setting) {
        let key = setting.key();
        if is_default(&setting) && !self.unsent.contains(&key) {
            self.values.remove(&key);
        } else {
            self.values.insert(key, setting);
        }
    }

    fn has_room(&self, key: SettingKey) -> bool {
        self.values.len() < MAX_SETTINGS || self.values.contains_key(&key)
    }

    /// Takes over what the server has. Returns whether that is news.
    fn take(&mut self, setting: &Setting) -> bool {
        let key = setting.key();
        let is_known = match self.values.get(&key) {
            Some(value) => value == setting,
            None => is_default(setting),
        };
        if is_known || self.unsent.contains(&key) || !self.has_room(key) {
            return false;
        }
        self.keep(setting.clone());
        true
    }

    /// The next change to send.
    fn next_to_send(&self) -> Option<&Setting> {
        let is_free =
            |key: &&SettingKey| !self.in_flight.contains(key) && !self.refused.contains(key);
        self.values.get(self.unsent.iter().find(is_free)?)
    }

    fn is_paused(&self, now: Now) -> bool {
        self.paused_until.is_some_and(|until| now.instant < until)
    }

    /// Time went on. Returns whether a mute may have ended.
    fn follow_clock(&mut self, now: Now) -> bool {
        if self.paused_until.is_some_and(|until| until <= now.instant) {
            self.paused_until = None;
        }
        let has_ended = self.mute_ends.is_some_and(|at| at <= now.instant);
        if has_ended || std::mem::take(&mut self.is_mute_end_stale) {
            let ends = self.values.values().filter_map(|setting| match setting {
                Setting::Muted { until, .. } => until.filter(|until| *until > now.wall),
                Setting::Favourite { .. }
                | Setting::NotificationLevel { .. }
                | Setting::Draft { .. }
                | Setting::Blocked { .. }
                | Setting::FirstContact { .. } => None,
            });
            let left = ends.min().filter(|end| *end != Timestamp(u64::MAX));
            let left = left.map(|end| Duration::from_millis(end.0 - now.wall.0));
            self.mute_ends = left.map(|left| now.instant + left.min(MUTE_HORIZON));
        }
        has_ended
    }
}

/// Whether a setting says what holds without it.
fn is_default(setting: &Setting) -> bool {
    match setting {
        Setting::Favourite { is_on, .. } | Setting::Blocked { is_on, .. } => !is_on,
        Setting::NotificationLevel { level, .. } => *level == NotificationLevel::All,
        Setting::Muted { until, .. } => until.is_none(),
        Setting::Draft { text, .. } => text.as_str().is_empty(),
        Setting::FirstContact { ask } => !ask,
    }
}

impl App {
    /// Changes a setting, on all devices of the user: here at once, elsewhere when the server has
    /// it.
    pub(in crate::app) fn set(&mut self, setting: Setting) -> Result<(), String> {
        let key = setting.key();
        let settings = &mut self.chats.settings;
        if !settings.has_room(key) {
            return Err(format!(
                "you have {MAX_SETTINGS} settings already: clear drafts and favourites first"
            ));
        }
        settings.refused.remove(&key);
        settings.unsent.insert(key);
        settings.values.insert(key, setting.clone());
        self.note_set(key);
        self.save(Save::UnsentSetting(setting));
        Ok(())
    }

    /// What depends on a setting is looked at again.
    fn note_set(&mut self, key: SettingKey) {
        match key {
            SettingKey::Muted(_) => self.chats.settings.is_mute_end_stale = true,
            SettingKey::Favourite(_) | SettingKey::Blocked(_) => self.chats.contacts.mark_stale(),
            SettingKey::NotificationLevel(_) | SettingKey::Draft(_) | SettingKey::FirstContact => {}
        }
    }

    /// Asks for what changed elsewhere, then sends what changed here.
    pub(in crate::app) fn exchange_settings(&mut self, now: Now) {
        self.chats.settings.follow_clock(now);
        if !self.session.link.is_up() || self.chats.settings.is_paused(now) {
            return;
        }
        let settings = &mut self.chats.settings;
        let is_free = settings.pulling.is_none() && settings.in_flight.is_empty();
        if settings.is_pull_wanted && is_free {
            settings.is_pull_wanted = false;
            settings.pulling = Some(BTreeMap::new());
            let after = settings.stamp;
            self.ask(Request::Settings { after }, Asked::Settings);
        }
        while !self.chats.settings.is_pull_wanted
            && self.chats.settings.pulling.is_none()
            && self.chats.settings.in_flight.len() < MAX_IN_FLIGHT
            && let Some(setting) = self.chats.settings.next_to_send().cloned()
        {
            self.chats.settings.in_flight.insert(setting.key());
            self.ask(Request::Set(setting.clone()), Asked::Set(setting));
        }
    }

    /// The server answered for a change.
    pub(in crate::app) fn on_set(
        &mut self,
        setting: &Setting,
        result: &Result<Answer, RequestError>,
        now: Now,
    ) {
        let key = setting.key();
        let settings = &mut self.chats.settings;
        settings.in_flight.remove(&key);
        // A newer change waits: it is sent whatever became of this one.
        let is_latest = settings.values.get(&key) == Some(setting);
        match result {
            Ok(Answer::Done) if is_latest => {
                if settings.unsent.remove(&key) {
                    settings.keep(setting.clone());
                    self.save(Save::SentSetting(key));
                }
            }
            Err(error) if error.is_temporary() => {
                settings.paused_until = Some(now.instant + PAUSE);
            }
            Ok(_) if is_latest => {
                settings.refused.insert(key);
            }
            Err(error) if is_latest => {
                settings.refused.insert(key);
                if !matches!(key, SettingKey::Draft(_)) {
                    self.cx.notice = Some(format!("set on this device only: {error}"));
                }
            }
            Ok(_) | Err(_) => {}
        }
    }

    /// A page of settings came, or was refused.
    pub(in crate::app) fn on_settings(&mut self, result: Result<Answer, RequestError>, now: Now) {
        let Some(live) = self.chats.settings.pulling.take() else {
            return;
        };
        let (mut settings, stamp, more) = match result {
            Ok(Answer::Settings {
                settings,
                stamp,
                more,
            }) => (settings, stamp, more),
            Err(error) if error.is_temporary() => {
                self.chats.settings.paused_until = Some(now.instant + PAUSE);
                self.chats.settings.is_pull_wanted = true;
                return;
            }
            // Nothing is pulled until the next session.
            Ok(_) | Err(_) => return,
        };
        // What changed on another device after the page was read is not undone by it.
        settings.retain(|setting| live.get(&setting.key()).is_none_or(|at| *at <= stamp));
        let own = &mut self.chats.settings;
        own.pulled = own.pulled.saturating_add(settings.len().max(1));
        own.is_pull_wanted |= more && stamp > own.stamp && own.pulled < MAX_PULLED;
        let has_moved = own.stamp != stamp;
        own.stamp = stamp;
        self.take_settings(settings, has_moved.then_some(stamp));
    }

    /// A setting changed on another device.
    pub(in crate::app) fn on_setting(&mut self, setting: Setting, stamp: Stamp) {
        if let Some(live) = &mut self.chats.settings.pulling
            && live.len() < MAX_SETTINGS
        {
            live.insert(setting.key(), stamp);
        }
        // Whether others before it were missed is not known, so the stamp stays.
        self.take_settings(vec![setting], None);
    }

    fn take_settings(&mut self, mut settings: Vec<Setting>, stamp: Option<Stamp>) {
        let mut news = Vec::new();
        for setting in settings.drain(..) {
            let before = match &setting {
                Setting::Draft { conversation, .. } => {
                    let text = self.chats.settings.draft(*conversation);
                    Some((*conversation, text.to_owned()))
                }
                Setting::Favourite { .. }
                | Setting::NotificationLevel { .. }
                | Setting::Muted { .. }
                | Setting::Blocked { .. }
                | Setting::FirstContact { .. } => None,
            };
            if self.chats.settings.take(&setting) {
                self.note_set(setting.key());
                if let Some((conversation, text)) = before {
                    self.offer_draft(conversation, text);
                }
                news.push(setting);
            }
        }
        if !news.is_empty() || stamp.is_some() {
            let settings = news;
            self.save(Save::Settings { settings, stamp });
        }
    }
}
