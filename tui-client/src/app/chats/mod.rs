//! The user's conversations with their contacts, settings, drafts and place on the screen.
//! It knows nothing of the link: the session passes on what comes and asks what is wanted.

pub(super) mod contact_order;
pub(super) mod contacts;
pub(super) mod counting;
pub(super) mod drafts;
pub(super) mod focus;
pub(super) mod list_hold;
pub(super) mod names;
pub(super) mod navigation;
pub(super) mod notifications;
pub(super) mod settings;
pub(super) mod settings_sync;
pub(super) mod state;
pub(super) mod typing;
pub(super) mod unread_totals;

pub(super) use self::state::Chats;
