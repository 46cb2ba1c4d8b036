//! The program `recado-server` itself: what it prints, what it leaves, how it ends.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};

use recado_shared::{Farewell, Invite, ServerFrame};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::client::{Client, hello};
use crate::server::device;

/// A machine of its own: every file is in a folder that is thrown away.
struct Machine(TempDir);

struct Running {
    child: Child,
    /// Kept, so that the program can go on saying things.
    _lines: Lines<BufReader<ChildStderr>>,
    address: SocketAddr,
}

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, part: &str) -> std::path::PathBuf {
        self.0.path().join(part)
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recado-server"));
        command
            .args(arguments)
            .env("HOME", self.path("home"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    async fn output(&self, arguments: &[&str]) -> Output {
        self.program(arguments).output().await.unwrap()
    }

    /// The one complaint of a run that fails.
    async fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments).await;
        assert!(!output.status.success());
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }

    async fn serve(&self, arguments: &[&str]) -> Running {
        let mut command = self.program(arguments);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap().expect("it says where");
        let address = first.strip_prefix("recado-server listens on ");
        let address = address.expect(&first).parse().unwrap();
        Running {
            child,
            _lines: lines,
            address,
        }
    }
}

fn read_ticket(path: &Path) -> Invite {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

async fn signal(child: &Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    let status = Command::new("kill").args([signal, &id]).status().await;
    assert!(status.unwrap().success());
}

#[tokio::test]
async fn one_command_serves_and_a_signal_drains() {
    for stop in ["-TERM", "-INT"] {
        let machine = Machine::new();
        let mut running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
        let path = machine.path("run/recado/local.ticket");
        let ticket = read_ticket(&path);
        assert_eq!(ticket.address.to_string(), running.address.to_string());

        let connected = Client::connect(running.address, ticket.fingerprint, &device()).await;
        let mut alice = connected.unwrap();
        let hello = hello(Some("alice"), ticket.token);
        assert!(alice.enter(hello).await.registered);
        alice.hear_heads().await;
        signal(&running.child, stop).await;
        let farewell = ServerFrame::Farewell(Farewell::ShuttingDown);
        assert_eq!(alice.hear().await, farewell);
        drop(alice);
        assert!(running.child.wait().await.unwrap().success());
        assert!(!path.exists());
    }
}

#[tokio::test]
async fn an_invite_is_one_line_and_works_at_once() {
    let machine = Machine::new();
    let mut running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
    let output = machine.output(&["invite", "--expires", "7d"]).await;
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(line.lines().count(), 1);
    let invite: Invite = line.trim_end().parse().unwrap();
    assert_eq!(invite.address.to_string(), running.address.to_string());
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(note.contains("from this machine only"), "{note}");

    let connected = Client::connect(running.address, invite.fingerprint, &device()).await;
    let hello = hello(Some("alice"), invite.token);
    assert!(connected.unwrap().enter(hello).await.registered);

    // An address that is named goes before the noted one, also after the server's end.
    signal(&running.child, "-TERM").await;
    running.child.wait().await.unwrap();
    let named = ["invite", "--address", "chat.example"];
    let output = machine.output(&named).await;
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(line.starts_with("recado://chat.example:7322/#"), "{line}");
    assert!(output.stderr.is_empty());
}

#[tokio::test]
async fn what_cannot_be_used_is_named() {
    let machine = Machine::new();
    let complaint = machine.complaint(&["invite"]).await;
    assert!(complaint.contains("no server's data"), "{complaint}");

    let running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
    let complaint = machine.complaint(&["--listen", "127.0.0.1:0"]).await;
    assert!(complaint.contains("another recado-server"), "{complaint}");

    let address = running.address.to_string();
    let elsewhere = Machine::new();
    let complaint = elsewhere.complaint(&["--listen", &address]).await;
    assert!(complaint.contains("--listen"), "{complaint}");
    assert!(complaint.contains(&address), "{complaint}");

    let file = elsewhere.path("file");
    std::fs::write(&file, "").unwrap();
    let inside = file.join("data");
    let inside = inside.to_str().unwrap();
    let complaint = elsewhere
        .complaint(&["--listen", "127.0.0.1:0", "--data", inside])
        .await;
    assert!(complaint.contains("--data"), "{complaint}");

    for (arguments, named) in [
        (&["--config", "/nowhere.toml"][..], "/nowhere.toml"),
        (&["--log", "a=b=c"], "--log"),
        (&["invite", "--expires", "7d ago"], "--expires"),
    ] {
        let complaint = elsewhere.complaint(arguments).await;
        assert!(complaint.contains(named), "{complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
}

#[tokio::test]
async fn the_configuration_says_what_flags_do_not() {
    let machine = Machine::new();
    let output = machine.output(&["config"]).await;
    let template = String::from_utf8(output.stdout).unwrap();
    let settings = template
        .replace("#listen =", "listen = \"127.0.0.1:0\"")
        .replace("#public_address =", "public_address = \"chat.example\"")
        .replace("#policy = \"invite\"", "policy = \"open\"");
    let path = machine.path("config/recado-server/config.toml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, settings).unwrap();

    let running = machine.serve(&[]).await;
    let ticket = read_ticket(&machine.path("run/recado/local.ticket"));
    let connected = Client::connect(running.address, ticket.fingerprint, &device()).await;
    let welcome = connected.unwrap().enter(hello(Some("alice"), None)).await;
    assert!(welcome.registered);
    let output = machine.output(&["invite"]).await;
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(line.starts_with("recado://chat.example:7322/#"), "{line}");
}
