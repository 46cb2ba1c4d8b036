//! Settings of the user, shared by all their devices: the last value that reached the server
//! holds. A change applies at once, and waits here until the server has it.
//!
//! A session first pulls what changed since the stamp, then sends what waits. Only one of the two
//! is under way at a time, so that no page is older than what the server took from here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use recado_shared::limits::MAX_SETTINGS;
use recado_shared::{
    ConversationId, NotificationLevel, Now, Request, Setting, SettingKey, Stamp, Timestamp, UserId,
};

use crate::store::StoredSetting;

/// How long nothing is sent after the server could not store something.
pub(crate) const PAUSE: Duration = Duration::from_secs(5);

/// Most changes that are on their way at a time.
const MAX_IN_FLIGHT: usize = 8;

/// Most settings that one pull takes: more than there can be, with some that change meanwhile.
pub(super) const MAX_PULLED: usize = 2 * MAX_SETTINGS;

/// How far ahead the end of a mute is looked for; a later one is looked for again then.
const MUTE_HORIZON: Duration = Duration::from_hours(24);

#[derive(Debug, Default)]
pub(crate) struct UserSettings {
    pub(super) values: BTreeMap<SettingKey, Setting>,
    /// Changed here; the server has not answered for this value.
    pub(super) unsent: BTreeSet<SettingKey>,
    pub(super) in_flight: BTreeSet<SettingKey>,
    /// Not taken by the server as they are; tried again in the next session.
    pub(super) refused: BTreeSet<SettingKey>,
    pub(super) stamp: Stamp,
    pub(crate) is_pull_wanted: bool,
    /// The page that is on its way, with what changed on other devices meanwhile.
    pub(super) pulling: Option<BTreeMap<SettingKey, Stamp>>,
    pub(super) pulled: usize,
    pub(super) paused_until: Option<Instant>,
    mute_ends: Option<Instant>,
    pub(super) is_mute_end_stale: bool,
}

impl UserSettings {
    pub(crate) fn from_stored(stored: Vec<StoredSetting>, stamp: Stamp) -> Self {
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

    pub(crate) fn begin_session(&mut self) {
        self.in_flight.clear();
        self.refused.clear();
        self.pulling = None;
        self.pulled = 0;
        self.is_pull_wanted = true;
        self.paused_until = None;
    }

    /// Keeps only drafts that the server never had, because its log is another one.
    pub(crate) fn forget_log(&mut self) {
        let is_draft = |key: &SettingKey| matches!(key, SettingKey::Draft(_));
        self.unsent.retain(is_draft);
        let unsent = &self.unsent;
        self.values.retain(|key, _| unsent.contains(key));
        self.stamp = Stamp::default();
        self.is_mute_end_stale = true;
    }

    pub(crate) fn next_deadline(&self, is_up: bool) -> Option<Instant> {
        let paused = self.paused_until.filter(|_| is_up);
        paused.into_iter().chain(self.mute_ends).min()
    }

    pub(crate) fn is_unsent(&self, key: SettingKey) -> bool {
        self.unsent.contains(&key)
    }

    pub(crate) fn is_favourite(&self, id: ConversationId) -> bool {
        let value = self.values.get(&SettingKey::Favourite(id));
        matches!(value, Some(Setting::Favourite { is_on: true, .. }))
    }

    pub(crate) fn is_blocked(&self, user: UserId) -> bool {
        let value = self.values.get(&SettingKey::Blocked(user));
        matches!(value, Some(Setting::Blocked { is_on: true, .. }))
    }

    /// The notification level of a conversation; nothing notifies while it is muted.
    pub(crate) fn notification_level(
        &self,
        id: ConversationId,
        wall: Timestamp,
    ) -> NotificationLevel {
        if let Some(Setting::Muted {
            until: Some(until), ..
        }) = self.values.get(&SettingKey::Muted(id))
            && *until > wall
        {
            return NotificationLevel::Nothing;
        }
        self.chosen_level(id)
    }

    /// The notification level that holds while the conversation is not muted.
    pub(crate) fn chosen_level(&self, id: ConversationId) -> NotificationLevel {
        match self.values.get(&SettingKey::NotificationLevel(id)) {
            Some(Setting::NotificationLevel { level, .. }) => *level,
            Some(_) | None => NotificationLevel::All,
        }
    }

    /// Whether new people must ask before they write to the user.
    pub(crate) fn asks_first(&self) -> bool {
        let value = self.values.get(&SettingKey::FirstContact);
        matches!(value, Some(Setting::FirstContact { ask: true }))
    }

    pub(crate) fn favourites(&self) -> impl Iterator<Item = ConversationId> {
        let all = self.values.keys().filter_map(|key| {
            if let SettingKey::Favourite(id) = key {
                return Some(*id);
            }
            None
        });
        all.filter(|id| self.is_favourite(*id))
    }

    /// The unsent text of a conversation as the devices have agreed on it.
    pub(crate) fn draft(&self, id: ConversationId) -> &str {
        match self.values.get(&SettingKey::Draft(id)) {
            Some(Setting::Draft { text, .. }) => text.as_str(),
            Some(_) | None => "",
        }
    }

    pub(crate) fn drafts(&self) -> impl Iterator<Item = ConversationId> {
        self.values.keys().filter_map(|key| {
            if let SettingKey::Draft(id) = key {
                return Some(*id);
            }
            None
        })
    }

    /// Takes over a value. A default is kept only while it is unsent.
    pub(super) fn keep(&mut self, setting: Setting) {
        let key = setting.key();
        if is_default(&setting) && !self.unsent.contains(&key) {
            self.values.remove(&key);
        } else {
            self.values.insert(key, setting);
        }
    }

    pub(super) fn has_room(&self, key: SettingKey) -> bool {
        self.values.len() < MAX_SETTINGS || self.values.contains_key(&key)
    }

    /// Takes over what the server has. Returns whether that is news.
    pub(super) fn take(&mut self, setting: &Setting) -> bool {
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

    /// The next request for the server, after [`follow_clock`](Self::follow_clock): what changed
    /// elsewhere, then what changed here.
    pub(crate) fn next_request(&mut self) -> Option<Request> {
        if self.paused_until.is_some() {
            return None;
        }
        if self.is_pull_wanted && self.pulling.is_none() && self.in_flight.is_empty() {
            self.is_pull_wanted = false;
            self.pulling = Some(BTreeMap::new());
            return Some(Request::Settings { after: self.stamp });
        }
        let is_free = !self.is_pull_wanted && self.pulling.is_none();
        if !is_free || self.in_flight.len() >= MAX_IN_FLIGHT {
            return None;
        }
        let is_waiting =
            |key: &&SettingKey| !self.in_flight.contains(key) && !self.refused.contains(key);
        let setting = self
            .values
            .get(self.unsent.iter().find(is_waiting)?)?
            .clone();
        self.in_flight.insert(setting.key());
        Some(Request::Set(setting))
    }

    /// Ends a pause, and finds the end of the next mute.
    pub(crate) fn follow_clock(&mut self, now: Now) -> bool {
        self.paused_until = self.paused_until.filter(|until| *until > now.instant);
        let has_ended = self.mute_ends.is_some_and(|at| at <= now.instant);
        if has_ended || std::mem::take(&mut self.is_mute_end_stale) {
            let ends = self.values.values().filter_map(|setting| {
                if let Setting::Muted { until, .. } = setting {
                    return until.filter(|until| *until > now.wall);
                }
                None
            });
            let left = ends.min().filter(|end| *end != Timestamp(u64::MAX));
            let left = left.map(|end| Duration::from_millis(end.0 - now.wall.0));
            self.mute_ends = left.map(|left| now.instant + left.min(MUTE_HORIZON));
        }
        has_ended
    }
}

/// Whether a setting has the value that holds without it.
fn is_default(setting: &Setting) -> bool {
    match setting {
        Setting::Favourite { is_on, .. } | Setting::Blocked { is_on, .. } => !is_on,
        Setting::NotificationLevel { level, .. } => *level == NotificationLevel::All,
        Setting::Muted { until, .. } => until.is_none(),
        Setting::Draft { text, .. } => text.as_str().is_empty(),
        Setting::FirstContact { ask } => !ask,
    }
}
