//! Settings of a user: the same on all their devices, and private.

use recado_shared::{
    Answer, ConversationId, DraftText, NotificationLevel, Request, ServerFrame, Setting, Stamp,
    Timestamp, UserId,
};

use crate::client::{Client, hello};
use crate::server::{TestServer, device};

async fn set(client: &mut Client, setting: Setting) {
    let answer = client.answer(Request::Set(setting)).await;
    assert_eq!(answer, Ok(Answer::Done));
}

async fn settings(client: &mut Client, after: Stamp) -> (Vec<Setting>, Stamp) {
    match client.answer(Request::Settings { after }).await {
        Ok(Answer::Settings {
            settings,
            stamp,
            more: false,
        }) => (settings, stamp),
        other => panic!("no settings: {other:?}"),
    }
}

fn draft(conversation: ConversationId, text: &str) -> Setting {
    Setting::Draft {
        conversation,
        text: DraftText::new(text).unwrap(),
    }
}

#[tokio::test]
async fn a_setting_reaches_the_other_device_now_or_when_it_comes() {
    let server = TestServer::start().await;
    let alices = device();
    let mut laptop = server.newcomer(&alices, "alice").await;
    let mut bob = server.newcomer(&device(), "bob").await;
    laptop.next_frame().await;
    let mut phone = server.connect(&alices).await;
    phone.enter(hello(None, None)).await;
    phone.next_heads().await;

    let conversation = ConversationId::direct(laptop.user, bob.user);
    let favourite = Setting::Favourite {
        conversation,
        is_on: true,
    };
    set(&mut laptop, favourite.clone()).await;
    let ServerFrame::Setting { setting, stamp } = phone.next_frame().await else {
        panic!("the phone is told");
    };
    assert_eq!(setting, favourite);
    assert_eq!(settings(&mut phone, Stamp(0)).await.1, stamp);

    // The last one to reach the server holds.
    drop(phone);
    set(&mut laptop, draft(conversation, "on the way")).await;
    let muted = Setting::Muted {
        conversation,
        until: Some(Timestamp(u64::MAX)),
    };
    let level = Setting::NotificationLevel {
        conversation,
        level: NotificationLevel::Nothing,
    };
    for setting in [muted.clone(), level.clone(), draft(conversation, "")] {
        set(&mut laptop, setting).await;
    }
    let mut phone = server.connect(&alices).await;
    phone.enter(hello(None, None)).await;
    phone.next_heads().await;
    let missed = vec![muted, level, draft(conversation, "")];
    let (found, newest) = settings(&mut phone, stamp).await;
    assert_eq!(found, missed);
    assert_eq!(settings(&mut phone, newest).await, (Vec::new(), newest));

    // Bob hears and sees nothing of it.
    assert_eq!(settings(&mut bob, Stamp(0)).await, (Vec::new(), Stamp(0)));
}

#[tokio::test]
async fn settings_outlive_a_restart() {
    let server = TestServer::start().await;
    let alices = device();
    let mut alice = server.newcomer(&alices, "alice").await;
    let own = ConversationId::direct(alice.user, alice.user);
    set(&mut alice, draft(own, "milk, bread")).await;
    let before = settings(&mut alice, Stamp(0)).await;
    assert_eq!(before.0, [draft(own, "milk, bread")]);
    drop(alice);

    let server = server.restart().await;
    let mut alice = server.connect(&alices).await;
    alice.enter(hello(None, None)).await;
    alice.next_heads().await;
    assert_eq!(settings(&mut alice, Stamp(0)).await, before);
}

#[tokio::test]
async fn a_setting_that_is_refused_says_why_and_the_session_goes_on() {
    let server = TestServer::start().await;
    let mut alice = server.newcomer(&device(), "alice").await;
    let block = Setting::Blocked {
        user: UserId(99),
        is_on: true,
    };
    let refused = alice.answer(Request::Set(block)).await;
    assert_eq!(refused, Err(recado_shared::RequestError::UnknownUser));
    let nothing = (Vec::new(), Stamp(0));
    assert_eq!(settings(&mut alice, Stamp(0)).await, nothing);
}
