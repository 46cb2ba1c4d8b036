//! The user's conversations with their contacts, settings, drafts and place on the screen.
//! It knows nothing of the link: the session passes on what comes and asks what is wanted.

pub(in crate::app) mod attention;
pub(in crate::app) mod contacts;
pub(in crate::app) mod counting;
pub(in crate::app) mod drafts;
pub(in crate::app) mod names;
pub(in crate::app) mod navigation;
pub(in crate::app) mod settings;
pub(in crate::app) mod unsaved;

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::ConversationId;

use self::contacts::Contacts;
use self::counting::Counting;
use self::drafts::Drafts;
use self::names::Names;
use self::navigation::Navigation;
use self::settings::UserSettings;
use self::unsaved::Unsaved;
use super::conversation::state::Conversation;
use crate::store::StoredMe;

/// The conversations and what belongs to them.
#[derive(Debug, Default)]
pub(in crate::app) struct Chats {
    /// `None` before the first session.
    pub(in crate::app) me: Option<StoredMe>,
    pub(in crate::app) conversations: BTreeMap<ConversationId, Conversation>,
    /// Conversations that the current event changed: their cursors are moved at its end.
    pub(in crate::app) dirty: BTreeSet<ConversationId>,
    pub(in crate::app) contacts: Contacts,
    pub(in crate::app) counting: Counting,
    pub(in crate::app) settings: UserSettings,
    pub(in crate::app) drafts: Drafts,
    pub(in crate::app) names: Names,
    pub(in crate::app) nav: Navigation,
    pub(in crate::app) unsaved: Unsaved,
    /// Stored drafts that get their conversations once the user is known.
    pub(in crate::app) unattached_drafts: Vec<(ConversationId, String)>,
}
