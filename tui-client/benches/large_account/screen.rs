//! Cost of the screen: a key, a received message, another conversation, a page up, a start, a rest. The
//! same keys go to other programs, as far as they compare.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use recado::net::{self, Connector, Session};
use recado_shared::{
    Content, ConversationId, Hello, Invite, MessageBody, MessageId, Request, RoomId,
};
use tokio::runtime::Runtime;

use crate::account::{Account, ME, peer};
use crate::terminal::{Terminal, USUAL};
use crate::{millis, percentile};

const SIZES: [(u16, u16); 2] = [USUAL, (200, 60)];

const STARTS: usize = 15;
const KEYS: usize = 300;
const MESSAGES: u64 = 20;
const SWITCHES: usize = 60;
const PAGES: usize = 30;

/// Time without a rest between keys: the client draws at most 60 frames a second.
const PAUSE: Duration = Duration::from_millis(25);

/// Time without bytes after which a change of the screen is over.
const QUIET: Duration = Duration::from_millis(120);

const REST: Duration = Duration::from_mins(1);

/// Letters in the composer at most, so that they stay on one line.
const MOST_TYPED: usize = 40;

const CTRL_U: &[u8] = b"\x15";
const ALT_DOWN: &[u8] = b"\x1b[1;3B";
const ALT_UP: &[u8] = b"\x1b[1;3A";
const PAGE_UP: &[u8] = b"\x1b[5~";
const CTRL_END: &[u8] = b"\x1b[1;5F";

pub(crate) fn run(runtime: &Runtime, client: &PathBuf, template: &Account) {
    for size in SIZES {
        let account = template.copy();
        println!("{account}, {}x{}", size.0, size.1);
        measure_starts(client, &account, size);
        let server = runtime.block_on(account.serve());
        let mut terminal = Terminal::start_sized(client, &account, size);
        terminal.wait("connected");
        terminal.settle(4 * QUIET);
        measure_keys(&mut terminal);
        terminal.press(CTRL_U, QUIET);
        measure_messages(runtime, &account, &server.ticket, &terminal);
        let step = |times: usize| if times % 20 < 10 { ALT_DOWN } else { ALT_UP };
        measure_steps("another conversation", &mut terminal, SWITCHES, step);
        terminal.press(CTRL_END, QUIET);
        measure_steps("a page up", &mut terminal, PAGES, |_| PAGE_UP);
        println!("  memory: {} MB", terminal.memory("VmRSS"));
        drop(terminal);
        runtime.block_on(server.stop());
    }
}

/// A rest with a server, and one without.
pub(crate) fn run_idle(runtime: &Runtime, client: &PathBuf, account: &Account) {
    let server = runtime.block_on(account.serve());
    let terminal = Terminal::start(client, account);
    terminal.wait("connected");
    terminal.settle(4 * QUIET);
    measure_rest("connected", &terminal);
    runtime.block_on(server.stop());
    terminal.settle(4 * QUIET);
    measure_rest("offline", &terminal);
}

/// The same keys in programs that are installed, and in one that only returns them.
pub(crate) fn run_others() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let programs = [
        ("cat", "stty raw -echo; exec cat".to_owned()),
        ("irssi", format!("exec irssi --home={folder}/irssi")),
        ("weechat", format!("exec weechat -d {folder}/weechat")),
    ];
    for (name, line) in programs {
        for size in SIZES {
            let mut command = CommandBuilder::new("sh");
            command.args(["-c", &line]);
            command.env("LANG", "C.UTF-8");
            let mut terminal = Terminal::run(command, size);
            std::thread::sleep(Duration::from_secs(1));
            terminal.settle(4 * QUIET);
            println!("{name}, {}x{}", size.0, size.1);
            measure_keys(&mut terminal);
            println!("  memory: {} MB", terminal.memory("VmRSS"));
        }
    }
}

fn measure_starts(client: &PathBuf, account: &Account, size: (u16, u16)) {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let began = Instant::now();
        let terminal = Terminal::start_sized(client, account, size);
        times.push(terminal.first_frame() - began);
    }
    times.sort();
    say_times("start to first frame, without a server", &times);
}

fn measure_keys(terminal: &mut Terminal) {
    let mut times = Vec::new();
    let (usage, bytes) = (terminal.usage(), terminal.bytes());
    for number in 0..KEYS {
        let letter = b"qzxjvy"[number % 6];
        if number % MOST_TYPED == MOST_TYPED - 1 {
            terminal.press(CTRL_U, PAUSE);
        }
        times.extend(terminal.press(&[letter], PAUSE));
    }
    let keys = KEYS + KEYS / MOST_TYPED;
    let cpu = terminal.usage().cpu.saturating_sub(usage.cpu) / u32::try_from(keys).unwrap();
    times.sort();
    say_times("key to bytes", &times);
    let bytes = (terminal.bytes() - bytes) / keys;
    println!("    {:.2} ms of CPU time, {bytes} bytes a key", millis(cpu));
}

/// Messages of a peer who is connected all the time and reports nothing else.
fn measure_messages(runtime: &Runtime, account: &Account, ticket: &Invite, terminal: &Terminal) {
    let key = &account.peers()[0];
    let connector = Connector::new(key, ticket.fingerprint).unwrap();
    let hello = Hello {
        name: None,
        ..net::hello()
    };
    let mut session =
        runtime.block_on(async { connector.open(&ticket.address, hello).await.unwrap() });
    let room = ConversationId::Room(RoomId(1));
    let direct = ConversationId::direct(ME, peer(0));
    let mut number = u128::MAX / 2;
    for (what, conversation) in [("open", room), ("other", direct)] {
        let mut costs = Vec::new();
        for _ in 0..=MESSAGES {
            number += 1;
            runtime.block_on(send(&mut session, conversation, number));
            terminal.settle(QUIET);
            let (frames, bytes) = (terminal.frames(), terminal.bytes());
            number += 1;
            runtime.block_on(send(&mut session, conversation, number));
            std::thread::sleep(QUIET);
            terminal.settle(QUIET);
            costs.push((terminal.bytes() - bytes, terminal.frames() - frames));
        }
        say_costs(&format!("a message in the {what} conversation"), costs);
    }
}

/// Sends a message and waits for its answer.
async fn send(session: &mut Session, conversation: ConversationId, number: u128) {
    let body = MessageBody::new(format!("message {number:x} that was received just now")).unwrap();
    let request = Request::Append {
        conversation,
        id: MessageId(number.to_be_bytes()),
        content: Content::Message(body),
    };
    session.start(request).unwrap();
    session.next_frame().await.unwrap();
}

/// Keys that change most of the screen.
fn measure_steps(
    what: &str,
    terminal: &mut Terminal,
    count: usize,
    key: impl Fn(usize) -> &'static [u8],
) {
    let (mut times, mut costs) = (Vec::new(), Vec::new());
    let usage = terminal.usage();
    for number in 0..count {
        let (frames, bytes) = (terminal.frames(), terminal.bytes());
        times.extend(terminal.press(key(number), QUIET));
        costs.push((terminal.bytes() - bytes, terminal.frames() - frames));
    }
    let cpu = terminal.usage().cpu.saturating_sub(usage.cpu) / u32::try_from(count).unwrap();
    times.sort();
    say_times(what, &times);
    println!("    {:.2} ms of CPU time", millis(cpu));
    say_costs(what, costs);
}

fn measure_rest(what: &str, terminal: &Terminal) {
    let (usage, bytes) = (terminal.usage(), terminal.bytes());
    std::thread::sleep(REST);
    let rested = terminal.usage();
    println!(
        "{} s {what}: {:.1} ms of CPU time, {} switches, {} bytes",
        REST.as_secs(),
        millis(rested.cpu.saturating_sub(usage.cpu)),
        rested.switches - usage.switches,
        terminal.bytes() - bytes
    );
}

fn say_times(what: &str, sorted: &[Duration]) {
    let [least, median, slow] = [0, 50, 99].map(|share| millis(percentile(sorted, share)));
    println!("  {what}: p50 {median:.2} ms, p99 {slow:.2} ms, least {least:.2} ms");
}

fn say_costs(what: &str, mut costs: Vec<(usize, usize)>) {
    costs.sort_unstable();
    let (bytes, frames) = costs[costs.len() / 2];
    let (most, _) = costs[costs.len() - 1];
    println!("  {what}: {bytes} bytes in {frames} frames, at most {most}");
}
