//! Backups, made while the server runs, and put back elsewhere; and folders with one of the key and the
//! database.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use recado_shared::tls::Identity;
use recado_shared::{Answer, ConversationId, Fingerprint, MessageId, PageRange, Request, Seq};

use crate::client::{Client, hello};
use crate::machine::{Machine, Running, read_ticket, signal};
use crate::server::device;

const SERVE: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// The fingerprint of a server that runs, by its ticket.
fn fingerprint(machine: &Machine) -> Fingerprint {
    read_ticket(&machine.path("run/recado/local.ticket")).fingerprint
}

async fn enter(machine: &Machine, running: &Running, device: &Identity) -> Client {
    let ticket = read_ticket(&machine.path("run/recado/local.ticket"));
    let connected = Client::connect(running.address, ticket.fingerprint, device).await;
    let mut alice = connected.unwrap();
    alice.enter(hello(Some("alice"), ticket.token)).await;
    alice
}

/// Writes notes to herself.
async fn note(alice: &mut Client, ids: std::ops::RangeInclusive<u8>) {
    for id in ids {
        let append = alice.append(alice.user, MessageId([id; 16]), "a note");
        let answer = alice.answer_among(append).await;
        assert!(matches!(answer, Ok(Answer::Accepted { .. })), "{answer:?}");
    }
}

async fn count_notes(alice: &mut Client) -> usize {
    let page = Request::Page {
        conversation: ConversationId::direct(alice.user, alice.user),
        range: PageRange::After(Seq::ZERO),
        limit: 100,
    };
    match alice.answer_among(page).await {
        Ok(Answer::Page { entries, .. }) => entries.len(),
        other => panic!("no page: {other:?}"),
    }
}

async fn stop(running: &mut Running) {
    signal(&running.child, "-TERM").await;
    assert!(running.child.wait().await.unwrap().success());
}

async fn succeed(machine: &Machine, arguments: &[&str]) -> String {
    let output = machine.output(arguments).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_of_a_running_server_is_a_whole_server_elsewhere() {
    let machine = Machine::new();
    let device = device();
    let running = machine.serve(&SERVE).await;
    let mut alice = enter(&machine, &running, &device).await;
    note(&mut alice, 1..=3).await;
    let folder = machine.path("backups");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("monday");
    let name = file.to_str().unwrap();
    succeed(&machine, &["backup", name]).await;
    note(&mut alice, 4..=6).await;

    assert_eq!(names(&folder), ["monday"]);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&file).unwrap();
    let error = machine.error_of(&["backup", name]).await;
    assert!(error.contains("--force"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);

    let elsewhere = Machine::new();
    succeed(&elsewhere, &["restore", name]).await;
    let restored = elsewhere.serve(&SERVE).await;
    assert_eq!(fingerprint(&elsewhere), fingerprint(&machine));
    let mut alice = enter(&elsewhere, &restored, &device).await;
    assert_eq!(count_notes(&mut alice).await, 3);
    let data = elsewhere.path("data/recado-server");
    let key = fs::read(data.join("server.key")).unwrap();
    let database = fs::read(data.join("recado.db")).unwrap();
    let has_key = database.windows(key.len()).any(|bytes| bytes == key);
    assert!(!has_key, "the key is in its own file only");

    succeed(&machine, &["backup", "--force", name]).await;
    assert_ne!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_backup_is_restored_on_a_stopped_server_only_and_the_present_data_is_kept() {
    let machine = Machine::new();
    let device = device();
    let mut running = machine.serve(&SERVE).await;
    let mut alice = enter(&machine, &running, &device).await;
    note(&mut alice, 1..=2).await;
    let file = machine.path("backup");
    let name = file.to_str().unwrap();
    succeed(&machine, &["backup", name]).await;
    note(&mut alice, 3..=5).await;
    let error = machine.error_of(&["restore", name]).await;
    assert!(error.contains("another recado-server"), "{error}");
    assert_eq!(count_notes(&mut alice).await, 5);
    stop(&mut running).await;

    // A file that is no whole backup is refused before anything is moved.
    let data = machine.path("data/recado-server");
    let before = names(&data);
    let bad = machine.path("bad");
    let whole = fs::read(&file).unwrap();
    let cut = &whole[..whole.len() - 4_096];
    for content in [cut, &whole[..5_000], b"", b"a text of another program"] {
        fs::write(&bad, content).unwrap();
        let error = machine.error_of(&["restore", bad.to_str().unwrap()]).await;
        assert!(
            error.contains("is damaged") && error.contains("Use another backup"),
            "{error}"
        );
    }
    let error = machine.error_of(&["restore", "no-such-file"]).await;
    assert!(
        error.contains("no-such-file: no such file") && !error.contains("--data"),
        "{error}"
    );
    assert_eq!(names(&data), before);

    let said = succeed(&machine, &["restore", name]).await;
    assert!(said.contains("before-restore-1"), "{said}");
    running = machine.serve(&SERVE).await;
    let mut alice = enter(&machine, &running, &device).await;
    assert_eq!(count_notes(&mut alice).await, 2);
    stop(&mut running).await;

    // The data of before is a whole server, too: it can be put back in the same way.
    let aside = data.join("before-restore-1");
    assert!(names(&aside).contains(&"server.key".to_owned()));
    let database = aside.join("recado.db");
    succeed(&machine, &["restore", database.to_str().unwrap()]).await;
    running = machine.serve(&SERVE).await;
    let mut alice = enter(&machine, &running, &device).await;
    assert_eq!(count_notes(&mut alice).await, 5);
}

#[tokio::test]
async fn a_missing_key_or_database_is_not_replaced_without_a_word() {
    for (missing, kept) in [("server.key", "recado.db"), ("recado.db", "server.key")] {
        let machine = Machine::new();
        let mut running = machine.serve(&SERVE).await;
        let first = fingerprint(&machine);
        enter(&machine, &running, &device()).await;
        stop(&mut running).await;
        let data = machine.path("data/recado-server");
        let content = fs::read(data.join(kept)).unwrap();
        fs::remove_file(data.join(missing)).unwrap();

        let error = machine.error_of(&SERVE).await;
        assert!(
            error.contains("--new") && error.contains("restore"),
            "{error}"
        );
        assert!(!data.join(missing).exists());
        assert_eq!(fs::read(data.join(kept)).unwrap(), content);

        running = machine.serve(&[&SERVE[..], &["--new"]].concat()).await;
        assert_ne!(fingerprint(&machine), first);
        assert_eq!(
            fs::read(data.join("before-new-1").join(kept)).unwrap(),
            content
        );
        stop(&mut running).await;
    }
}

#[tokio::test]
async fn a_first_start_that_ended_early_is_no_missing_key() {
    let machine = Machine::new();
    let mut running = machine.serve(&SERVE).await;
    stop(&mut running).await;
    fs::remove_file(machine.path("data/recado-server/server.key")).unwrap();
    machine.serve(&SERVE).await;
}
