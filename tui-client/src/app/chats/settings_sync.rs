//! Changes of user settings, made here or on other devices.

use recado_shared::limits::MAX_SETTINGS;
use recado_shared::{Answer, RequestError, Setting, SettingKey, Stamp};

use super::settings::{MAX_PULLED, PAUSE};
use crate::app::{Chats, Context};
use crate::store::StoreWrite;
use crate::strings;

impl Chats {
    /// Changes a setting, on all devices of the user: here at once, elsewhere when the server has
    /// it.
    pub(crate) fn set(&mut self, setting: Setting, cx: &mut Context) -> Result<(), String> {
        let key = setting.key();
        let settings = &mut self.settings;
        if !settings.has_room(key) {
            return Err(strings::errors::too_many_settings(MAX_SETTINGS));
        }
        settings.refused.remove(&key);
        settings.unsent.insert(key);
        settings.values.insert(key, setting.clone());
        self.note_set(key);
        cx.save(StoreWrite::UnsentSetting(setting));
        Ok(())
    }

    fn note_set(&mut self, key: SettingKey) {
        match key {
            SettingKey::Muted(id) => {
                self.settings.is_mute_end_stale = true;
                self.dirty.insert(id);
            }
            SettingKey::Favourite(id) | SettingKey::NotificationLevel(id) => {
                self.dirty.insert(id);
            }
            // Blocked users are not heard in rooms either.
            SettingKey::Blocked(_) => self.mark_all_dirty(),
            SettingKey::Draft(_) | SettingKey::FirstContact => {}
        }
    }

    pub(crate) fn on_set(
        &mut self,
        setting: &Setting,
        result: &Result<Answer, RequestError>,
        cx: &mut Context,
    ) {
        let key = setting.key();
        let settings = &mut self.settings;
        settings.in_flight.remove(&key);
        // A newer change waits: it is sent whatever became of this one.
        let is_latest = settings.values.get(&key) == Some(setting);
        match result {
            Ok(Answer::Done) if is_latest => {
                if settings.unsent.remove(&key) {
                    settings.keep(setting.clone());
                    cx.save(StoreWrite::SentSetting(key));
                }
            }
            Err(error) if error.is_temporary() => {
                settings.paused_until = Some(cx.now.instant + PAUSE);
            }
            Ok(_) if is_latest => {
                settings.refused.insert(key);
            }
            Err(error) if is_latest => {
                settings.refused.insert(key);
                if !matches!(key, SettingKey::Draft(_)) {
                    cx.notice = Some(strings::errors::set_here_only(error));
                }
            }
            Ok(_) | Err(_) => {}
        }
    }

    /// Asks for all settings of the server again, not only those that changed.
    pub(crate) fn pull_all(&mut self, cx: &mut Context) {
        self.settings.stamp = Stamp::default();
        self.settings.is_pull_wanted = true;
        cx.save(StoreWrite::Settings {
            settings: Vec::new(),
            stamp: Some(Stamp::default()),
        });
    }

    pub(crate) fn on_settings(&mut self, result: Result<Answer, RequestError>, cx: &mut Context) {
        let Some(live) = self.settings.pulling.take() else {
            return;
        };
        let (mut settings, stamp, more) = match result {
            Ok(Answer::Settings {
                settings,
                stamp,
                more,
            }) => (settings, stamp, more),
            Err(error) if error.is_temporary() => {
                self.settings.paused_until = Some(cx.now.instant + PAUSE);
                self.settings.is_pull_wanted = true;
                return;
            }
            // Nothing is pulled until the next session.
            Ok(_) | Err(_) => return,
        };
        // What changed on another device after the page was read is not undone by it.
        settings.retain(|setting| live.get(&setting.key()).is_none_or(|at| *at <= stamp));
        let own = &mut self.settings;
        own.pulled = own.pulled.saturating_add(settings.len().max(1));
        own.is_pull_wanted |= more && stamp > own.stamp && own.pulled < MAX_PULLED;
        let has_moved = own.stamp != stamp;
        own.stamp = stamp;
        self.take_settings(settings, has_moved.then_some(stamp), cx);
    }

    /// Takes over a change of another device.
    pub(crate) fn on_setting(&mut self, setting: Setting, stamp: Stamp, cx: &mut Context) {
        if let Some(live) = &mut self.settings.pulling
            && live.len() < MAX_SETTINGS
        {
            live.insert(setting.key(), stamp);
        }
        // Whether others before it were missed is not known, so the stamp stays.
        self.take_settings(vec![setting], None, cx);
    }

    fn take_settings(
        &mut self,
        mut settings: Vec<Setting>,
        stamp: Option<Stamp>,
        cx: &mut Context,
    ) {
        settings.retain(|setting| {
            let mut before = None;
            if let Setting::Draft { conversation, .. } = *setting {
                before = Some((conversation, self.settings.draft(conversation).to_owned()));
            }
            let is_news = self.settings.take(setting);
            if is_news {
                self.note_set(setting.key());
                if let Some((conversation, text)) = before {
                    self.offer_draft(conversation, text);
                }
            }
            is_news
        });
        if !settings.is_empty() || stamp.is_some() {
            cx.save(StoreWrite::Settings { settings, stamp });
        }
    }
}
