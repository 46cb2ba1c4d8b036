//! The order of the driver's work while more arrives than it can handle.

use std::time::Duration;

use super::*;

/// More events than the driver handles between two frames.
const WAITING: usize = 2_000;

#[tokio::test]
async fn a_key_is_drawn_before_what_waits_is_handled() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let (sender, events) = mpsc::channel(WAITING);
    for _ in 0..WAITING {
        let event = NetEvent::Offline {
            reason: "flooded".to_owned(),
            retry_in: Duration::from_hours(1),
        };
        sender.try_send(event).unwrap();
    }
    let net = config(&server.ticket, "alice");
    let client = TestClient::start_with(folder.path(), net, Some(events));
    // The client has not run yet: the key and the events are there together.
    client.key(KeyCode::Char('k'), KeyModifiers::CONTROL);
    client.sees(|text| text.contains("flooded")).await;
    let bytes = client.screen.bytes.lock().unwrap().clone();
    let written = String::from_utf8(bytes).unwrap();
    let (before, _) = written.split_once("flooded").unwrap();
    assert!(before.contains("Go to…"), "{before:?}");
    client.quit().await;
    server.stop().await;
}
