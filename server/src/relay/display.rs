//! What people want to be called. Whoever takes a name later than somebody else a display name that
//! looks like it is not impersonated: that display name is not shown any more.

use std::collections::BTreeMap;

use recado_shared::{DisplayName, NameKey, UserId, UserName, name};

use crate::store::StoredDisplay;

/// The display names that are shown.
#[derive(Debug, Default)]
pub(super) struct Displays {
    shown: BTreeMap<UserId, Shown>,
}

#[derive(Debug)]
struct Shown {
    name: UserName,
    display: DisplayName,
    /// How it looks.
    keys: Vec<NameKey>,
}

impl Displays {
    pub(super) fn new(stored: Vec<StoredDisplay>) -> Self {
        let mut displays = Self::default();
        for StoredDisplay {
            user,
            name,
            display,
        } in stored
        {
            displays.set(user, name, Some(display));
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

    /// A user has this name from now on. Returns whose display names are no longer shown because
    /// they look like it.
    pub(super) fn named(&mut self, user: UserId, name: &UserName) -> Vec<(UserId, UserName)> {
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
