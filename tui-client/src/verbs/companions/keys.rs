//! What is written in braces in the script, and what stands there instead.

use std::sync::Arc;

use crate::app::action::{Action, Context, Edit};
use crate::app::keymap::Keymap;

/// The keys as they are bound, and the person's name.
#[derive(Clone, Debug)]
pub(super) struct Words(Arc<[(&'static str, String)]>);

impl Words {
    pub(super) fn of(keymap: &Keymap, person: &str) -> Self {
        let named = [
            ("{switcher}", Context::Global, Action::Switcher),
            ("{unread}", Context::Global, Action::NextUnread),
            ("{catch-up}", Context::Global, Action::CatchUp),
            ("{back}", Context::Global, Action::Back),
            ("{next}", Context::Global, Action::NextConversation),
            ("{up}", Context::Global, Action::PageUp),
            ("{newest}", Context::Global, Action::Newest),
            ("{help}", Context::Global, Action::Help),
            ("{quit}", Context::Global, Action::Quit),
            ("{submit}", Context::Composer, Action::Submit),
            ("{line}", Context::Composer, Action::Edit(Edit::NewLine)),
            ("{select}", Context::Composer, Action::SelectPrevious),
            ("{copy}", Context::Selection, Action::Copy),
            ("{reply}", Context::Selection, Action::Reply),
            ("{edit}", Context::Selection, Action::EditMessage),
            ("{delete}", Context::Selection, Action::Delete),
            ("{react}", Context::Selection, Action::React),
        ];
        let key = |(place, context, action)| {
            let inner = keymap.key_of(context, action);
            let key = if inner.is_empty() {
                keymap.key_of(Context::Global, action)
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
