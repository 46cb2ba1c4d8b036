//! Devices of one user: linked by a code, named, listed, revoked.

use std::sync::Arc;

use recado_server::Policy;
use recado_server::relay::PENDING_LINKS_PER_ADDRESS;
use recado_shared::device::{DEVICE_NAME_EXTENSION, LINK_EXTENSION};
use recado_shared::limits::MAX_DEVICES;
use recado_shared::tls::{self, Identity};
use recado_shared::{
    Answer, CloseReason, ConversationId, Device, DeviceKey, DeviceName, Extension, Hello, Limit,
    LinkCode, PageRange, PendingDevice, Refusal, Request, RequestError, Seq, ServerFrame,
};

use crate::client::{Client, hello, id, message};
use crate::server::{TestServer, device};

fn called(name: &str) -> DeviceName {
    DeviceName::new(name).unwrap()
}

/// The hello of a device that asks to be linked.
fn linking(name: &str) -> Hello {
    let extension = |kind, value: &str| Extension {
        kind,
        value: value.as_bytes().to_vec(),
    };
    Hello {
        extensions: vec![
            extension(DEVICE_NAME_EXTENSION, name),
            extension(LINK_EXTENSION, ""),
        ],
        ..hello(None, None)
    }
}

/// A device asks to be linked and is told to wait. Returns the code that it shows.
async fn wait(server: &TestServer, device: &Identity, name: &str) -> LinkCode {
    let refusal = server.connect(device).await.refused(linking(name)).await;
    assert_eq!(refusal, Refusal::LinkPending);
    LinkCode::of(&device.key())
}

/// What a person does with the code on a device that is in.
async fn approve(client: &mut Client, code: LinkCode) -> PendingDevice {
    let found = client.answer(Request::FindDevice(code)).await;
    let Ok(Answer::PendingDevice(found)) = found else {
        panic!("not found: {found:?}");
    };
    assert_eq!(LinkCode::of(&found.key), code);
    let link = Request::LinkDevice {
        key: found.key,
        name: found.name.clone(),
    };
    assert_eq!(client.answer(link).await, Ok(Answer::Done));
    found
}

async fn devices(client: &mut Client) -> Vec<Device> {
    match client.answer(Request::Devices).await {
        Ok(Answer::Devices(devices)) => devices,
        other => panic!("no devices: {other:?}"),
    }
}

/// The key, the name, whether it was ever seen, and whether it is online.
fn facts(device: &Device) -> (DeviceKey, Option<&str>, bool, bool) {
    let name = device.name.as_ref().map(DeviceName::as_str);
    (device.key, name, device.seen.is_some(), device.is_online)
}

/// Alice on a laptop and a phone that was linked to it.
async fn two_devices(server: &TestServer, laptop: &Identity, phone: &Identity) -> (Client, Client) {
    let mut on_laptop = server.newcomer(laptop, "alice").await;
    let code = wait(server, phone, "phone").await;
    approve(&mut on_laptop, code).await;
    let mut on_phone = server.connect(phone).await;
    let welcome = on_phone.enter(linking("phone")).await;
    assert_eq!(welcome.user, on_laptop.user);
    assert_eq!(
        (welcome.name.as_str(), welcome.registered),
        ("alice", false)
    );
    on_phone.next_heads().await;
    (on_laptop, on_phone)
}

#[tokio::test]
async fn a_linked_device_is_the_same_person() {
    let server = TestServer::start().await;
    let (laptop, phone, bobs) = (device(), device(), device());
    let (mut on_laptop, mut on_phone) = two_devices(&server, &laptop, &phone).await;
    let mut bob = server.newcomer(&bobs, "bob").await;
    for client in [&mut on_laptop, &mut on_phone] {
        assert!(matches!(client.next_frame().await, ServerFrame::User(_)));
    }

    // What one device writes, and what another person does, the other device gets.
    let conversation = ConversationId::direct(on_phone.user, bob.user);
    let say = on_phone.append(bob.user, id(1), "from the phone");
    on_phone.answer(say).await.unwrap();
    for client in [&mut on_laptop, &mut bob] {
        let ServerFrame::Entry { entry, .. } = client.next_frame().await else {
            panic!("an entry comes");
        };
        assert_eq!(entry.content, message("from the phone"));
        assert_eq!(entry.author, on_phone.user);
    }
    let say = bob.append(on_phone.user, id(2), "to both");
    bob.answer(say).await.unwrap();
    for client in [&mut on_laptop, &mut on_phone] {
        let ServerFrame::Entry { entry, .. } = client.next_frame().await else {
            panic!("an entry comes");
        };
        assert_eq!((entry.author, entry.seq), (bob.user, Seq(2)));
    }
    let page = Request::Page {
        conversation,
        range: PageRange::After(Seq(0)),
        limit: 10,
    };
    let page_of_laptop = on_laptop.answer(page.clone()).await.unwrap();
    assert_eq!(on_phone.answer(page).await.unwrap(), page_of_laptop);
}

#[tokio::test]
async fn devices_are_listed_and_named() {
    let server = TestServer::start().await;
    let (laptop, phone) = (device(), device());
    let (mut on_laptop, on_phone) = two_devices(&server, &laptop, &phone).await;
    let name = Request::NameDevice {
        key: laptop.key(),
        name: called("work"),
    };
    assert_eq!(on_laptop.answer(name).await, Ok(Answer::Done));
    let found = devices(&mut on_laptop).await;
    let facts_of: Vec<_> = found.iter().map(facts).collect();
    let expected = [
        (laptop.key(), Some("work"), true, true),
        (phone.key(), Some("phone"), true, true),
    ];
    assert_eq!(facts_of, expected);

    drop((on_laptop, on_phone));
    let server = server.restart().await;
    let mut on_phone = server.connect(&phone).await;
    on_phone.enter(hello(None, None)).await;
    on_phone.next_heads().await;
    let found = devices(&mut on_phone).await;
    let facts_of: Vec<_> = found.iter().map(facts).collect();
    let expected = [
        (laptop.key(), Some("work"), true, false),
        (phone.key(), Some("phone"), true, true),
    ];
    assert_eq!(facts_of, expected);
    let strangers = Request::NameDevice {
        key: device().key(),
        name: called("x"),
    };
    let unknown = Err(RequestError::UnknownDevice);
    assert_eq!(on_phone.answer(strangers).await, unknown);
}

#[tokio::test]
async fn a_revoked_device_is_out_until_it_is_linked_again() {
    // Also where registration is open.
    let server = TestServer::start_under(Policy::Open).await;
    let (laptop, phone) = (device(), device());
    let (mut on_laptop, mut on_phone) = two_devices(&server, &laptop, &phone).await;
    let revoke = Request::RevokeDevice(phone.key());
    assert_eq!(on_laptop.answer(revoke.clone()).await, Ok(Answer::Done));
    let reason = ServerFrame::Close(CloseReason::Revoked);
    assert_eq!(on_phone.next_frame().await, reason);
    assert_eq!(on_phone.next_frame_or_end().await, None);
    let unknown = Err(RequestError::UnknownDevice);
    assert_eq!(on_laptop.answer(revoke).await, unknown);

    let server = server.restart().await;
    for name in [None, Some("alice"), Some("eve")] {
        let refusal = server
            .connect(&phone)
            .await
            .refused(hello(name, None))
            .await;
        assert_eq!(refusal, Refusal::Revoked, "{name:?}");
    }
    let mut on_laptop = server.connect(&laptop).await;
    on_laptop.enter(hello(None, None)).await;
    on_laptop.next_heads().await;
    assert_eq!(devices(&mut on_laptop).await.len(), 1);
    let last = Request::RevokeDevice(laptop.key());
    let refused = Err(RequestError::LastDevice);
    assert_eq!(on_laptop.answer(last).await, refused);

    let code = wait(&server, &phone, "phone again").await;
    approve(&mut on_laptop, code).await;
    let welcome = server.connect(&phone).await.enter(linking("")).await;
    assert_eq!(welcome.user, on_laptop.user);
}

#[tokio::test]
async fn a_revoked_device_that_resumes_its_connection_is_out_too() {
    let server = TestServer::start().await;
    let (laptop, phone) = (device(), device());
    let (mut on_laptop, _on_phone) = two_devices(&server, &laptop, &phone).await;
    let config = Arc::new(tls::client_config(&phone, server.fingerprint).unwrap());
    for is_resumed in [false, true] {
        let mut again = server.connect_with(&config).await;
        assert_eq!(again.is_resumed(), is_resumed);
        let welcome = again.enter(hello(None, None)).await;
        assert_eq!(welcome.user, on_laptop.user);
    }
    let revoke = Request::RevokeDevice(phone.key());
    assert_eq!(on_laptop.answer(revoke).await, Ok(Answer::Done));
    let mut again = server.connect_with(&config).await;
    assert!(again.is_resumed());
    assert_eq!(again.refused(hello(None, None)).await, Refusal::Revoked);
}

#[tokio::test]
async fn a_device_can_revoke_itself() {
    let server = TestServer::start().await;
    let (laptop, phone) = (device(), device());
    let (_on_laptop, mut on_phone) = two_devices(&server, &laptop, &phone).await;
    let revoke = Request::RevokeDevice(phone.key());
    assert_eq!(on_phone.answer(revoke).await, Ok(Answer::Done));
    let reason = ServerFrame::Close(CloseReason::Revoked);
    assert_eq!(on_phone.next_frame().await, reason);
    assert_eq!(on_phone.next_frame_or_end().await, None);
}

#[tokio::test]
async fn only_what_waits_and_shows_the_code_is_linked() {
    let server = TestServer::start_under(Policy::Closed).await;
    let (laptop, phone) = (device(), device());
    let mut on_laptop = server.newcomer(&laptop, "alice").await;
    let unknown = Err(RequestError::UnknownCode);
    let link = Request::LinkDevice {
        key: phone.key(),
        name: None,
    };
    assert_eq!(on_laptop.answer(link.clone()).await, unknown);
    let code = wait(&server, &phone, "phone").await;
    let wrong = LinkCode::of(&device().key());
    assert_eq!(on_laptop.answer(Request::FindDevice(wrong)).await, unknown);
    let found = on_laptop.answer(Request::FindDevice(code)).await;
    let pending = PendingDevice {
        key: phone.key(),
        name: Some(called("phone")),
    };
    assert_eq!(found, Ok(Answer::PendingDevice(pending)));
    // Who does not ask to be linked is told what the policy says.
    let refusal = server
        .connect(&phone)
        .await
        .refused(hello(None, None))
        .await;
    assert_eq!(refusal, Refusal::Closed);

    // A restarted server has forgotten who waits, and is asked again.
    drop(on_laptop);
    let server = server.restart().await;
    let mut on_laptop = server.connect(&laptop).await;
    on_laptop.enter(hello(None, None)).await;
    on_laptop.next_heads().await;
    assert_eq!(on_laptop.answer(link).await, unknown);
    let code = wait(&server, &phone, "phone").await;
    approve(&mut on_laptop, code).await;
    // It is no longer pending, so it cannot be linked.
    assert_eq!(on_laptop.answer(Request::FindDevice(code)).await, unknown);
}

#[tokio::test]
async fn one_address_cannot_fill_the_waiting_list_nor_lock_itself_out() {
    let server = TestServer::start_with(|config| {
        config.policy = Policy::Open;
        config.limits.registrations_per_hour = 1;
    })
    .await;
    let mut alice = server.connect(&device()).await;
    let mut codes = Vec::new();
    for n in 0..PENDING_LINKS_PER_ADDRESS {
        let waiting = device();
        // Asking again takes no second place and no registration.
        for _ in 0..3 {
            wait(&server, &waiting, &format!("device {n}")).await;
        }
        codes.push(LinkCode::of(&waiting.key()));
    }
    // One more takes the place of the first.
    let late = device();
    wait(&server, &late, "late").await;
    codes.remove(0);
    codes.push(LinkCode::of(&late.key()));
    alice.enter(hello(Some("alice"), None)).await;
    alice.next_heads().await;
    for code in &codes {
        approve(&mut alice, *code).await;
    }
}

#[tokio::test]
async fn a_person_with_all_devices_revokes_one_to_link_another() {
    let server = TestServer::start().await;
    let (laptop, phone) = (device(), device());
    let mut on_laptop = server.newcomer(&laptop, "alice").await;
    for n in 1..MAX_DEVICES {
        let code = wait(&server, &device(), &format!("device {n}")).await;
        approve(&mut on_laptop, code).await;
    }
    wait(&server, &phone, "phone").await;
    let link = Request::LinkDevice {
        key: phone.key(),
        name: None,
    };
    let full = Err(RequestError::Limit(Limit::Devices));
    assert_eq!(on_laptop.answer(link.clone()).await, full);
    let found = devices(&mut on_laptop).await;
    assert_eq!(found.len(), MAX_DEVICES);
    let other = found.iter().find(|device| device.key != laptop.key());
    let revoke = Request::RevokeDevice(other.unwrap().key);
    assert_eq!(on_laptop.answer(revoke).await, Ok(Answer::Done));
    // The phone has waited all the while.
    wait(&server, &phone, "phone").await;
    assert_eq!(on_laptop.answer(link).await, Ok(Answer::Done));
    let welcome = server.connect(&phone).await.enter(linking("phone")).await;
    assert_eq!(welcome.user, on_laptop.user);
}
