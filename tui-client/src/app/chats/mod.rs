//! The user's conversations with their contacts, settings, drafts and place on the screen.
//! It knows nothing of the link: the session passes on what comes and asks what is wanted.

pub(in crate::app) mod attention;
pub(in crate::app) mod contact_list;
pub(in crate::app) mod contacts;
pub(in crate::app) mod counting;
pub(in crate::app) mod draft_sharing;
pub(in crate::app) mod drafts;
pub(in crate::app) mod lookup;
pub(in crate::app) mod names;
pub(in crate::app) mod navigation;
pub(in crate::app) mod position;
pub(in crate::app) mod settings;
pub(in crate::app) mod settings_sync;
pub(in crate::app) mod state;
pub(in crate::app) mod unsaved;

pub(in crate::app) use self::state::Chats;
