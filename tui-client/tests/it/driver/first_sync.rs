//! The first sync of more messages than may wait for the disk: it comes to its end, and a client that
//! is quit in the middle of it keeps the draft and goes on where it was.

use std::time::Instant;

use recado_server::Config;
use recado_server::id::SessionId;
use recado_server::store::{Admission, Engine, Login, NewEntry, Origin, Write};
use recado_shared::tls::Identity;
use recado_shared::{DeviceKey, RequestNumber};
use rusqlite::{Connection, OpenFlags};

use super::*;

const ALICE: UserId = UserId(1);
const BOB: UserId = UserId(2);
const TALK: ConversationId = ConversationId::direct(ALICE, BOB);

/// More than may be on their way to the disk.
const MESSAGES: u64 = 40_000;

const ORIGIN: Origin = Origin {
    session: SessionId(1),
    number: RequestNumber(1),
};

fn login(name: &str, key: &Identity) -> Write {
    Write::Login(Login {
        session: SessionId(1),
        key: key.key(),
        device_name: None,
        name: Some(UserName::new(name).unwrap()),
        token: None,
        admission: Admission::Granted,
        max_users: u64::MAX,
        time: Timestamp(1),
    })
}

fn append(number: u64, [alice, bob]: [DeviceKey; 2]) -> Write {
    // The first two accept the message request.
    let (author, by) = if number.is_multiple_of(2) {
        (ALICE, alice)
    } else {
        (BOB, bob)
    };
    Write::Append {
        origin: ORIGIN,
        new: NewEntry {
            author,
            by,
            conversation: TALK,
            id: MessageId(u128::from(number).to_be_bytes()),
            content: Content::Message(MessageBody::new(format!("message {number}")).unwrap()),
            time: Timestamp(1_700_000_000_000 + number),
        },
    }
}

/// Fills a server's folder with a conversation of two users.
fn fill(folder: &Path, alice: &Identity) {
    let bob = Identity::generate().unwrap();
    let mut engine = Engine::open(&folder.join("server")).unwrap();
    let logins = [login("alice", alice), login("bob", &bob)];
    engine.commit(&logins).unwrap();
    let keys = [alice.key(), bob.key()];
    let all: Vec<_> = (1..=MESSAGES).map(|number| append(number, keys)).collect();
    for batch in all.chunks(5_000) {
        engine.commit(batch).unwrap();
    }
}

/// Waits until so many messages are on the client's disk.
fn wait_for_stored(path: &Path, wanted: u64) {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let disk = Connection::open_with_flags(path, flags).unwrap();
    let deadline = Instant::now() + DEADLINE;
    loop {
        let sql = "SELECT count(*) FROM entries";
        let stored: i64 = disk.query_row(sql, [], |row| row.get(0)).unwrap();
        if stored.cast_unsigned() >= wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{stored} of {wanted} are stored");
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_sync_that_is_quit_in_the_middle_keeps_the_draft_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let alice = Identity::generate().unwrap();
    // A first start makes the key.
    TestServer::start(folder.path()).await.stop().await;
    fill(folder.path(), &alice);
    let mut settings = Config::new(folder.path().join("server"));
    // The messages are older than the first start.
    settings.accept_clock = true;
    let server = TestServer::start_with(settings, 0).await;
    let net = NetConfig {
        identity: Arc::new(alice),
        ..config(&server.ticket, "alice")
    };
    let path = folder.path().join("client.db");
    let client = TestClient::start(folder.path(), net.clone());
    client.sees(|text| text.contains("bob")).await;
    open(&client, "bob").await;
    for c in "half a thought".chars() {
        client.key(KeyCode::Char(c), KeyModifiers::NONE);
    }
    client.sees(|text| text.contains("half a thought")).await;
    client.quit().await;
    let snapshot = store::open(&path).unwrap().snapshot;
    assert_eq!(snapshot.drafts, [(TALK, "half a thought".to_owned())]);
    assert_eq!(snapshot.open, Some(TALK));

    let client = TestClient::start(folder.path(), net);
    client.sees(|text| text.contains("half a thought")).await;
    let all = path.clone();
    let stored = tokio::task::spawn_blocking(move || wait_for_stored(&all, MESSAGES));
    within(stored).await.unwrap();
    client.quit().await;
    let talk = &store::open(&path).unwrap().snapshot.conversations[0];
    let whole = HeldRange {
        first: Seq(1),
        last: Seq(MESSAGES),
    };
    assert_eq!(talk.held, [whole]);
    server.stop().await;
}
