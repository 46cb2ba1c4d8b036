//! Placeholders of the script, in braces, and their values: keys and the name of the user.

use std::sync::Arc;

use crate::app::action::{Action, Edit, KeyContext};
use crate::app::keymap::Keymap;

/// The keys as they are bound, and the person's name.
#[derive(Clone, Debug)]
pub(super) struct Words(Arc<[(&'static str, String)]>);

impl Words {
    pub(super) fn of(keymap: &Keymap, person: &str) -> Self {
        let named = [
            ("{switcher}", KeyContext::Global, Action::Switcher),
            ("{unread}", KeyContext::Global, Action::NextUnread),
            ("{catch-up}", KeyContext::Global, Action::UnreadOverview),
            ("{back}", KeyContext::Global, Action::Back),
            ("{next}", KeyContext::Global, Action::NextConversation),
            ("{up}", KeyContext::Global, Action::PageUp),
            ("{newest}", KeyContext::Global, Action::Newest),
            ("{help}", KeyContext::Global, Action::Help),
            ("{quit}", KeyContext::Global, Action::Quit),
            ("{submit}", KeyContext::Composer, Action::Submit),
            ("{line}", KeyContext::Composer, Action::Edit(Edit::NewLine)),
            ("{select}", KeyContext::Composer, Action::SelectPrevious),
            ("{copy}", KeyContext::Selection, Action::Copy),
            ("{reply}", KeyContext::Selection, Action::Reply),
            ("{edit}", KeyContext::Selection, Action::EditMessage),
            ("{delete}", KeyContext::Selection, Action::Delete),
            ("{react}", KeyContext::Selection, Action::React),
        ];
        let key = |(place, context, action)| {
            let inner = keymap.key_of(context, action);
            let key = if inner.is_empty() {
                keymap.key_of(KeyContext::Global, action)
            } else {
                inner
            };
            (place, key)
        };
        let keys = named.into_iter().map(key);
        let person = std::iter::once(("{person}", person.to_owned()));
        Self(keys.chain(person).collect())
    }

    pub(super) fn fill_in(&self, text: &str) -> String {
        let fill = |text: String, (place, word): &(&str, String)| text.replace(place, word);
        self.0.iter().fold(text.to_owned(), fill)
    }
}
