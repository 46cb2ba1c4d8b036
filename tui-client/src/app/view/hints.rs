//! The keys worth showing in the status line. Only those are listed that would do something at
//! this moment.

use recado_shared::Role;
use recado_shared::rules::link::links;

use crate::app::action::{Action, Edit, Hint, KeyContext};
use crate::app::conversation::state::Purpose;
use crate::app::reader::Reader;
use crate::app::screen::CompletionView;
use crate::app::session::outbox::OutboxMessage;
use crate::model::ItemId;
use crate::strings::hints;

const HELP: [Hint; 2] = [(Action::Help, hints::HELP), (Action::Quit, hints::QUIT)];

const PREFIX: [Hint; 4] = [
    (Action::OpenEditor, hints::EDITOR),
    (Action::Edit(Edit::Undo), hints::UNDO),
    (Action::Edit(Edit::Redo), hints::REDO),
    (Action::Cancel, hints::CANCEL),
];

impl Reader<'_> {
    /// The hints of the panes, most useful first.
    pub(crate) fn pane_hints(
        &self,
        context: KeyContext,
        completion: Option<&CompletionView<'_>>,
    ) -> Vec<Hint> {
        if context == KeyContext::Selection {
            self.selection_hints()
        } else if let (KeyContext::Completion, Some(list)) = (context, completion) {
            completion_hints(list)
        } else if context == KeyContext::Prefix {
            PREFIX.to_vec()
        } else if context == KeyContext::Contacts {
            self.list_hints()
        } else {
            self.writing_hints()
        }
    }

    fn writing_hints(&self) -> Vec<Hint> {
        let mut shown = match self.chats.opened().map(|open| &open.purpose) {
            Some(Purpose::Edit { .. }) => vec![
                (Action::Submit, hints::SAVE),
                (Action::Cancel, hints::CANCEL),
            ],
            Some(Purpose::Reply(_)) => vec![(Action::Cancel, hints::CANCEL)],
            Some(Purpose::New) | None => Vec::new(),
        };
        shown.push((Action::Switcher, hints::GO_TO));
        if self.chats.has_next_unread() {
            shown.push((Action::NextUnread, hints::UNREAD));
        }
        shown.extend(HELP);
        if self.has_messages() {
            shown.push((Action::SelectPrevious, hints::SELECT));
        }
        if self.chats.navigation.open.is_some() {
            shown.push((Action::Newest, hints::NEWEST));
        }
        shown
    }

    fn has_messages(&self) -> bool {
        self.chats.opened().is_some_and(|open| {
            let mut queued = self.session.outbox.of(open.id);
            open.log.loaded().any(|entry| entry.content.is_message())
                || queued.any(|pending| pending.content.is_message())
        })
    }

    fn list_hints(&self) -> Vec<Hint> {
        let mut shown = Vec::new();
        if self.chats.has_step(1) {
            shown.push((Action::SelectNext, hints::NEXT));
        }
        if self.chats.has_step(-1) {
            shown.push((Action::SelectPrevious, hints::PREVIOUS));
        }
        if self.chats.navigation.open.is_some() {
            shown.push((Action::Submit, hints::WRITE));
        }
        shown.push((Action::Switcher, hints::GO_TO));
        shown.extend(HELP);
        shown
    }

    fn selection_hints(&self) -> Vec<Hint> {
        let mut shown = match self.chats.navigation.selection {
            Some(ItemId::Pending(id)) => {
                let queued = self.session.outbox.find(id);
                let mut shown = queued.map_or(Vec::new(), |queued| self.queued_hints(queued));
                shown.push((Action::Copy, hints::COPY));
                shown
            }
            Some(ItemId::Entry(_)) => self.message_hints(),
            None => Vec::new(),
        };
        shown.push((Action::Cancel, hints::WRITE));
        shown
    }

    /// The keys of a message of the outbox, or of a change of a message that is there.
    fn queued_hints(&self, queued: &OutboxMessage) -> Vec<Hint> {
        let is_message = queued.pending.content.is_message();
        if queued.is_failed() {
            let remove = if is_message {
                [
                    (Action::Delete, hints::REMOVE),
                    (Action::EditMessage, hints::EDIT),
                ]
                .to_vec()
            } else {
                vec![(Action::TakeBack, hints::CANCEL)]
            };
            [vec![(Action::Retry, hints::SEND_AGAIN)], remove].concat()
        } else if queued.was_sent && self.session.link.is_up() {
            Vec::new()
        } else {
            vec![(Action::TakeBack, hints::CANCEL)]
        }
    }

    fn message_hints(&self) -> Vec<Hint> {
        let queued = self.selected_waiting();
        let queued = queued.and_then(|id| self.session.outbox.find(id));
        let mut shown = queued.map_or(Vec::new(), |queued| self.queued_hints(queued));
        let (Ok((id, entry)), Some(open)) = (self.selected_message(), self.chats.opened()) else {
            return shown;
        };
        let is_own = Some(entry.author) == self.chats.user();
        let room = self.chats.room_info(id);
        let may_delete = is_own || room.is_some_and(|info| info.role >= Role::Moderator);
        let is_open = !open.is_closed();
        let text = open.folding.text(entry);
        let is_edited = open.folding.last_edit(entry.seq).is_some();
        for (is_useful, hint) in [
            (is_open, (Action::Reply, hints::REPLY)),
            (is_open, (Action::React, hints::REACT)),
            (is_open && is_own, (Action::EditMessage, hints::EDIT)),
            (is_open && may_delete, (Action::Delete, hints::DELETE)),
            (true, (Action::Copy, hints::COPY)),
            (!links(text).is_empty(), (Action::Link, hints::LINK)),
            (is_edited, (Action::Versions, hints::VERSIONS)),
        ] {
            shown.extend(is_useful.then_some(hint));
        }
        shown
    }
}

fn completion_hints(list: &CompletionView<'_>) -> Vec<Hint> {
    let next = list.chosen.map_or(0, |chosen| chosen + 1);
    let mut shown = vec![(Action::Complete, hints::COMPLETE)];
    if next < list.rows.len() {
        shown.push((Action::SelectNext, hints::NEXT));
    }
    shown.push((Action::Cancel, hints::CLOSE));
    shown
}
