//! Display names that are shown. A display name that looks like a name that another user takes later
//! is no longer shown, so that it cannot impersonate them.

use std::collections::BTreeMap;

use recado_shared::{DisplayName, NameKey, UserId, UserName, name};

use crate::store::StoredDisplay;

#[derive(Debug, Default)]
pub(super) struct Displays {
    shown: BTreeMap<UserId, Shown>,
}

#[derive(Debug)]
struct Shown {
    name: UserName,
    display: DisplayName,
    /// Its look-alike keys: see [`name::keys_like`].
    keys: Vec<NameKey>,
}

impl Displays {
    pub(super) fn new(stored: Vec<StoredDisplay>) -> Self {
        let mut displays = Self::default();
        for stored in stored {
            displays.set(stored.user, stored.name, Some(stored.display));
        }
        displays
    }

    pub(super) fn of(&self, user: UserId) -> Option<&DisplayName> {
        self.shown.get(&user).map(|shown| &shown.display)
    }

    pub(super) fn set(&mut self, user: UserId, name: UserName, display: Option<DisplayName>) {
        if let Some(display) = display {
            let keys = name::keys_like(display.as_str());
            let shown = Shown {
                name,
                display,
                keys,
            };
            self.shown.insert(user, shown);
        } else {
            self.forget(user);
        }
    }

    pub(super) fn forget(&mut self, user: UserId) {
        self.shown.remove(&user);
    }

    /// Returns the users whose display names look like this new name and are therefore no longer shown.
    pub(super) fn set_name(&mut self, user: UserId, name: &UserName) -> Vec<(UserId, UserName)> {
        if let Some(shown) = self.shown.get_mut(&user) {
            shown.name = name.clone();
        }
        let keys = name.keys();
        let looks_like_it = |other: &UserId, shown: &mut Shown| {
            *other != user && shown.keys.iter().any(|key| keys.contains(key))
        };
        let hidden = self.shown.extract_if(.., looks_like_it);
        hidden.map(|(other, shown)| (other, shown.name)).collect()
    }
}
