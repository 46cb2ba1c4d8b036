use recado_shared::Timestamp;

use super::support::*;
use crate::app::screen::Overlay;
use crate::app::{App, Effect, Event, InviteLink, InviteTerms, Settings};
use crate::store::Snapshot;

fn link() -> InviteLink {
    InviteLink {
        line: "recado join 'recado://chat.example:7322/#key.token'".to_owned(),
        uses: 10,
        expires: Some(Timestamp(1_700_600_000_000)),
        warning: None,
    }
}

fn is_shown(client: &Client) -> bool {
    match client.app.screen(client.now).overlay {
        Some(Overlay::InviteLink { link: shown, .. }) => *shown == link(),
        _ => false,
    }
}

#[test]
fn the_invite_link_of_the_start_stays_until_it_is_closed() {
    let mut client = Client::talking(1);
    let settings = Settings {
        invite_link: Some(link()),
        ..client.app.settings.clone()
    };
    client.app = App::new(Snapshot::default(), settings, client.now);
    assert!(is_shown(&client));
    client.connect(vec![head(BOB, 2, 0, 2)]);
    client.entry(BOB, entry(3, BOB));
    client.keys("enter x up pageup");
    client.handle(Event::Paste("text".to_owned()));
    assert!(is_shown(&client));
    let copied = client.keys("y");
    assert!(copied.contains(&Effect::Copy(link().line)), "{copied:?}");
    assert!(is_shown(&client));
    client.keys("esc");
    assert!(!is_shown(&client));
}

#[test]
fn a_command_shows_a_link_at_any_time_or_says_why_there_is_none() {
    let mut client = Client::talking(1);
    let asked = client.say("/invite-link");
    let wish = Effect::MakeInviteLink(InviteTerms::default());
    assert!(asked.contains(&wish), "{asked:?}");
    client.handle(Event::InviteLink(Ok(link())));
    assert!(is_shown(&client));
    client.keys("q");
    let asked = client.say("/invite-link 3 2h");
    let wish = Effect::MakeInviteLink(InviteTerms {
        uses: Some(3),
        lifetime: Some(std::time::Duration::from_hours(2)),
    });
    assert!(asked.contains(&wish), "{asked:?}");
    client.handle(Event::InviteLink(Err("Only the operator".to_owned())));
    assert_eq!(client.message(), "Only the operator");
    assert_eq!(client.composer(), "/invite-link 3 2h");
    client.keys("ctrl-u");
    for wrong in ["0", "3 4", "1h 2h", "soon", "99999999999", "3 1h x"] {
        let effects = client.say(&format!("/invite-link {wrong}"));
        let is_wish = |effect: &Effect| matches!(effect, Effect::MakeInviteLink(_));
        assert!(!effects.iter().any(is_wish), "{wrong}");
        client.keys("ctrl-u");
    }
}

#[test]
fn a_refused_link_does_not_replace_what_was_typed_meanwhile() {
    let mut client = Client::talking(1);
    client.say("/invite-link 3");
    client.type_text("hello");
    client.handle(Event::InviteLink(Err("Only the operator".to_owned())));
    assert_eq!(client.composer(), "hello");
    assert_ne!(client.message(), "Only the operator", "undo returns it");
    assert!(client.message().starts_with("Only the operator"));
    client.keys("ctrl-u");
    client.say("/invite-link");
    client.handle(Event::InviteLink(Ok(link())));
    client.keys("q");
    client.handle(Event::InviteLink(Err("Too late".to_owned())));
    assert_eq!(client.composer(), "", "an answered line does not return");
}

#[test]
fn a_late_link_leaves_another_overlay_open() {
    let mut client = Client::talking(1);
    client.say("/invite-link");
    client.keys("ctrl-k");
    client.handle(Event::InviteLink(Ok(link())));
    let overlay = client.app.screen(client.now).overlay;
    assert!(matches!(overlay, Some(Overlay::Switcher(..))));
    assert_eq!(
        client.message(),
        "The invite link is ready. /invite-link shows it"
    );
    client.keys("esc");
    client.say("/invite-link");
    let older = InviteLink { uses: 3, ..link() };
    client.handle(Event::InviteLink(Ok(older)));
    client.handle(Event::InviteLink(Ok(link())));
    assert!(is_shown(&client), "a newer link takes the place of one");
}
