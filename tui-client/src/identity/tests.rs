use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;

use recado_shared::tls::Identity as DeviceIdentity;
use recado_shared::{Fingerprint, Invite, InviteToken, ServerAddress, UserName};

use super::stored::{KEY_FILE, KnownServer, SERVER_FILE, folder_of};
use super::*;
use crate::files;
use crate::paths::Paths;

fn paths() -> (tempfile::TempDir, Paths) {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::below(folder.path());
    (folder, paths)
}

fn invite(port: u16, key: u8) -> Invite {
    Invite {
        address: ServerAddress {
            host: "127.0.0.1".to_owned(),
            port,
        },
        fingerprint: Fingerprint([key; 32]),
        token: Some(InviteToken([1; 16])),
    }
}

/// Makes an identity as registering does, without a server.
fn make(paths: &Paths, name: &str, invite: &Invite, is_local: bool) -> Identity {
    let server = KnownServer {
        address: invite.address.clone(),
        fingerprint: invite.fingerprint,
        name: UserName::new(name).unwrap(),
        is_local,
    };
    let folder = folder_of(paths, &server.name.folded(), server.fingerprint);
    files::make_folder(&folder).unwrap();
    let key = DeviceIdentity::generate().unwrap();
    files::write(&folder.join(KEY_FILE), key.pkcs8()).unwrap();
    server.write(&folder).unwrap();
    Identity::read(&folder).unwrap()
}

fn leave_ticket(paths: &Paths, ticket: &Invite) {
    let path = &paths.local_tickets[0];
    files::make_folder(path.parent().unwrap()).unwrap();
    files::write(path, ticket.to_string().as_bytes()).unwrap();
}

/// The identity that `--as NAME --server SERVER` chooses, or the reason for none, as text.
fn chosen_for(access: Access, paths: &Paths, name: Option<&str>, server: Option<&str>) -> String {
    let selector = IdentitySelector {
        name: name.map(str::to_owned),
        server: server.map(|server| server.parse().unwrap()),
    };
    let accounts = Accounts::read(paths).unwrap();
    match accounts.choose(&selector, access) {
        Ok(found) if !found.is_empty() => {
            let server = &found[0].server;
            format!("{} on {}", server.name, server.address)
        }
        Ok(_) => accounts.missing(&selector, "").to_string(),
        Err(error) => error.to_string(),
    }
}

fn chosen(paths: &Paths, name: Option<&str>, server: Option<&str>) -> String {
    chosen_for(Access::Read, paths, name, server)
}

fn writer(paths: &Paths, name: Option<&str>, server: Option<&str>) -> String {
    chosen_for(Access::Write, paths, name, server)
}

/// Notes an answer of the server, as each login does.
fn report(identity: &Identity, paths: &Paths, login: Result<&str, &str>) {
    let name = login.map(|name| name.parse::<UserName>().unwrap());
    let report = identity.net_config(paths).report.unwrap();
    report(name.as_ref().map_err(|reason| *reason));
}

#[test]
fn the_first_steps_are_explained_to_a_new_user() {
    let (_folder, paths) = paths();
    let text = chosen(&paths, None, None);
    assert!(
        text.contains("recado demo") && text.contains("recado join"),
        "{text}"
    );
    assert_eq!(chosen(&paths, Some("alice"), None), text);
    leave_ticket(&paths, &invite(4000, 1));
    let text = chosen(&paths, None, None);
    assert!(text.contains("Create one with 'recado NAME'"), "{text}");
    let text = chosen(&paths, Some("alice"), None);
    assert!(text.contains("Create it with 'recado alice'"), "{text}");
}

#[test]
fn the_default_is_the_one_that_was_made_it_last() {
    let (_folder, paths) = paths();
    let work = make(&paths, "alice", &invite(1, 1), false);
    let home = make(&paths, "Alice", &invite(2, 2), false);
    make(&paths, "bob", &invite(1, 1), false);
    let set_age = |identity: &Identity, file: &str, seconds| {
        let file = File::options().write(true).open(identity.folder.join(file));
        let time = std::time::SystemTime::now() + std::time::Duration::from_secs(seconds);
        file.unwrap().set_modified(time).unwrap();
    };
    set_age(&home, KEY_FILE, 30);
    set_age(&home, SERVER_FILE, 90);
    // To be newer, or to be opened once, is not to be the default.
    drop(home.lock().unwrap());
    work.make_default().unwrap();
    assert_eq!(chosen(&paths, None, None), "alice on 127.0.0.1:1");
    home.make_default().unwrap();
    set_age(&home, "used", 60);
    for name in ["ALICE", "ａｌｉｃｅ", "Alice"] {
        assert_eq!(chosen(&paths, Some(name), None), "Alice on 127.0.0.1:2");
    }
    assert_eq!(chosen(&paths, None, None), "Alice on 127.0.0.1:2");
    assert_eq!(
        chosen(&paths, Some("alice"), Some("127.0.0.1:1")),
        "alice on 127.0.0.1:1"
    );
    let text = chosen(&paths, Some("carol"), None);
    assert!(
        text.contains("no account 'carol'") && text.contains("bob on 127.0.0.1:1"),
        "{text}"
    );
}

#[test]
fn a_verb_that_writes_does_not_guess_between_identities() {
    let (_folder, paths) = paths();
    let zoe = make(&paths, "Zoë", &invite(1, 1), false);
    assert_eq!(writer(&paths, None, None), "Zoë on 127.0.0.1:1");
    make(&paths, "Zoë", &invite(2, 2), false);
    let text = writer(&paths, None, None);
    assert!(
        text.contains("--as NAME: ")
            && text.contains("Zoë on 127.0.0.1:1")
            && text.contains("Zoë on 127.0.0.1:2"),
        "{text}"
    );
    // The same letters, decomposed.
    let text = writer(&paths, Some("zoe\u{308}"), None);
    assert!(text.contains("--server HOST:PORT: "), "{text}");
    let there = writer(&paths, Some("zoë"), Some("127.0.0.1:2"));
    assert_eq!(there, "Zoë on 127.0.0.1:2");
    let there = writer(&paths, None, Some("127.0.0.1:1"));
    assert_eq!(there, "Zoë on 127.0.0.1:1");
    report(&zoe, &paths, Err("revoked"));
    assert_eq!(writer(&paths, None, None), "Zoë on 127.0.0.1:2");
}

#[test]
fn a_refused_identity_is_only_opened_by_its_name() {
    let (_folder, paths) = paths();
    let alice = make(&paths, "alice", &invite(1, 1), false);
    let bob = make(&paths, "bob", &invite(1, 1), false);
    alice.make_default().unwrap();
    report(&alice, &paths, Err("this device was revoked"));
    assert_eq!(chosen(&paths, None, None), "bob on 127.0.0.1:1");
    assert_eq!(chosen(&paths, Some("alice"), None), "alice on 127.0.0.1:1");
    report(&bob, &paths, Err("this account is disabled"));
    let text = chosen(&paths, None, None);
    assert!(
        text.contains("alice on 127.0.0.1:1 (access denied)"),
        "{text}"
    );
    report(&alice, &paths, Ok("alice"));
    assert_eq!(chosen(&paths, None, None), "alice on 127.0.0.1:1");
}

#[test]
fn a_renamed_user_is_found_by_the_new_name() {
    let (_folder, paths) = paths();
    let alice = make(&paths, "alice", &invite(1, 1), false);
    report(&alice, &paths, Ok("alicia"));
    assert_eq!(
        chosen(&paths, Some("alicia"), None),
        "alicia on 127.0.0.1:1"
    );
    assert!(chosen(&paths, Some("alice"), None).contains("no account 'alice'"));
    assert_eq!(alice.net_config(&paths).name, None);
}

#[test]
fn a_new_local_server_does_not_get_the_names_of_the_old_one() {
    let (_folder, paths) = paths();
    make(&paths, "alice", &invite(4000, 1), true);
    leave_ticket(&paths, &invite(4000, 2));
    assert!(chosen(&paths, Some("alice"), None).contains("no account 'alice'"));
    leave_ticket(&paths, &invite(5000, 1));
    assert_eq!(
        chosen(&paths, Some("alice"), None),
        "alice on 127.0.0.1:4000"
    );
}

#[test]
fn a_local_server_is_found_by_its_ticket_and_only_if_it_is_the_same() {
    let (_folder, paths) = paths();
    let identity = make(&paths, "alice", &invite(4000, 1), true);
    let locate = identity.net_config(&paths).locate.unwrap();
    assert_eq!(locate(), None);
    leave_ticket(&paths, &invite(5000, 1));
    assert_eq!(locate().unwrap().address.port, 5000);
    leave_ticket(&paths, &invite(5000, 2));
    assert_eq!(locate(), None);
    assert!(
        make(&paths, "bob", &invite(1, 3), false)
            .net_config(&paths)
            .locate
            .is_none()
    );
}

#[test]
fn an_identity_is_open_once_at_a_time() {
    let (_folder, paths) = paths();
    let identity = make(&paths, "alice", &invite(1, 1), false);
    let lock = identity.lock().unwrap();
    let error = identity.lock().unwrap_err();
    assert!(matches!(error, IdentityError::InUse { .. }), "{error}");
    drop(lock);
    identity.lock().unwrap();
}

#[test]
fn a_damaged_identity_does_not_keep_the_others_closed() {
    let (_folder, paths) = paths();
    make(&paths, "bob", &invite(1, 1), false);
    let damaged = make(&paths, "alice", &invite(1, 1), false);
    fs::write(damaged.folder.join(KEY_FILE), "damaged").unwrap();
    assert_eq!(chosen(&paths, None, None), "bob on 127.0.0.1:1");
    let error = Identity::read(&damaged.folder).unwrap_err().to_string();
    assert!(error.contains("device.key is damaged"), "{error}");
}

#[test]
fn a_key_that_others_may_read_is_not_used() {
    let (_folder, paths) = paths();
    let exposed = make(&paths, "alice", &invite(1, 1), false);
    let key = exposed.folder.join(KEY_FILE);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = Identity::read(&exposed.folder).unwrap_err().to_string();
    let fix = format!("Run: chmod 600 '{}'", key.display());
    assert!(error.ends_with(&fix), "{error}");
    assert!(all(&paths).unwrap().is_empty());
}

#[test]
fn a_link_that_is_broken_off_goes_on_with_its_code() {
    let (_folder, paths) = paths();
    let pin = Fingerprint([1; 32]);
    let code = Linking::begin(&paths, pin).unwrap().code();
    let again = Linking::begin(&paths, pin).unwrap();
    assert_eq!(again.code(), code);
    let other = Linking::begin(&paths, pin).unwrap_err().to_string();
    assert!(other.contains("in another window"), "{other}");
    assert_eq!(all(&paths).unwrap().len(), 0);
    again.discard();
    assert_ne!(Linking::begin(&paths, pin).unwrap().code(), code);
}

#[test]
fn a_linked_key_becomes_an_identity_and_revives_a_revoked_one() {
    let (_folder, paths) = paths();
    let invite = invite(1, 1);
    let name = || UserName::new("alice").unwrap();
    let finish = |linking: Linking| {
        let address = invite.address.clone();
        linking.finish(&paths, address, name(), false)
    };
    let linking = Linking::begin(&paths, invite.fingerprint).unwrap();
    let key = linking.key.key();
    let linked = finish(linking).unwrap();
    assert_eq!((linked.key.key(), &linked.server.name), (key, &name()));
    files::write(&linked.store_path(), b"history").unwrap();

    let linking = Linking::begin(&paths, invite.fingerprint).unwrap();
    let second = linking.key.key();
    assert_ne!(second, key);
    let open = linked.lock().unwrap();
    let refused = finish(linking).unwrap_err();
    assert!(matches!(refused, IdentityError::InUse { .. }), "{refused}");
    drop(open);
    let linking = Linking::begin(&paths, invite.fingerprint).unwrap();
    assert_eq!(linking.key.key(), second);
    let linked = finish(linking).unwrap();
    assert_eq!(linked.key.key(), second);
    assert_eq!(fs::read(linked.store_path()).unwrap(), b"history");
    assert_eq!(all(&paths).unwrap().len(), 1);
}

#[test]
fn the_network_address_that_worked_is_known_at_the_next_start() {
    let (_folder, paths) = paths();
    let alice = make(&paths, "alice", &invite(1, 1), false);
    let last_reached = || alice.net_config(&paths).last_reached;
    assert_eq!(last_reached().address, None);
    let reached = "[2001:db8::1]:7322".parse().unwrap();
    last_reached().save.unwrap()(reached);
    assert_eq!(last_reached().address, Some(reached));
    fs::write(alice.folder.join("reached"), "damaged").unwrap();
    assert_eq!(last_reached().address, None);
}
