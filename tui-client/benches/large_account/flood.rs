//! Flood: 1,000 messages a second into 499 conversations while the user types in another one.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use recado::net::{self, Connector, Session};
use recado_shared::{
    Content, ConversationId, Hello, Invite, MessageBody, MessageId, Request, RoomId,
};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::account::{Account, ME, peer};
use crate::terminal::Terminal;
use crate::{millis, percentile, say};

/// Messages a second, from all peers together.
const RATE: u64 = 1_000;

/// Keys that are typed, and the pause after each.
const KEYS: usize = 300;
const PAUSE: Duration = Duration::from_millis(30);

/// Letters that no message of the account has.
const LETTERS: &[u8] = b"qzxjvy";

/// Letters in the composer at most, so that they stay on one line.
const MOST_TYPED: usize = 40;

const FEWEST_FRAMES: f64 = 30.0;
const SLOWEST_KEY: Duration = Duration::from_millis(30);

pub(crate) fn run(runtime: &Runtime, client: &PathBuf, account: &Account) {
    let server = runtime.block_on(account.serve());
    let mut terminal = Terminal::start(client, account);
    terminal.wait("connected");
    say_keys("key, without a flood", &type_keys(&mut terminal), None);

    let sent = Arc::new(AtomicU64::new(0));
    let senders = runtime.block_on(start_senders(account, &server.ticket, &sent));
    let (frames, cpu) = (terminal.frames(), terminal.cpu_time());
    let (began, before) = (Instant::now(), sent.load(Ordering::Relaxed));
    let keys = type_keys(&mut terminal);
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let (frames, sent) = (
        (terminal.frames() - frames) as f64,
        (sent.load(Ordering::Relaxed) - before) as f64,
    );
    let cpu = terminal.cpu_time().saturating_sub(cpu).as_secs_f64();
    drop(senders);
    println!("{:.0} messages/s for {seconds:.1} s", sent / seconds);
    say_keys("key, during the flood", &keys, Some(SLOWEST_KEY));
    let rate = frames / seconds;
    say(
        "frames a second, during the flood",
        &format!("{FEWEST_FRAMES:.0}"),
        &format!("{rate:.1}"),
        rate >= FEWEST_FRAMES,
    );
    let share = format!("{:.0} % of a core", cpu / seconds * 100.0);
    say("CPU time of the client, during the flood", "", &share, true);
    drop(terminal);
    runtime.block_on(server.stop());
}

fn say_keys(what: &str, keys: &[Duration], target: Option<Duration>) {
    let (median, slow) = (percentile(keys, 50), percentile(keys, 99));
    let measured = format!("{:.1} / {:.1} ms", millis(median), millis(slow));
    let limit = target.map_or_else(String::new, |target| format!("{} ms", target.as_millis()));
    let is_met = target.is_none_or(|target| slow <= target);
    say(&format!("{what} (p50 / p99)"), &limit, &measured, is_met);
}

/// Types one letter after the other. Returns the times until each was on the screen, ascending.
fn type_keys(terminal: &mut Terminal) -> Vec<Duration> {
    let mut typed = String::new();
    let mut times = Vec::new();
    for number in 0..KEYS {
        if typed.len() == MOST_TYPED {
            // Ctrl+U empties the line.
            terminal.send(b"\x15");
            let old = std::mem::take(&mut typed);
            assert!(terminal.reaches(PATIENCE, |screen| !screen.contains(&old)));
        }
        let letter = LETTERS[number % LETTERS.len()];
        typed.push(letter.into());
        let began = Instant::now();
        terminal.send(&[letter]);
        let is_shown = terminal.reaches(PATIENCE, |screen| screen.contains(&typed));
        assert!(is_shown, "no {typed:?} in\n{}", terminal.text());
        times.push(began.elapsed());
        std::thread::sleep(PAUSE);
    }
    terminal.send(b"\x15");
    assert!(terminal.reaches(PATIENCE, |screen| !screen.contains(&typed)));
    times.sort();
    times
}

/// A key that is not on the screen by then is lost.
const PATIENCE: Duration = Duration::from_mins(1);

/// Connects all peers, then lets each write into its conversation with the user and into a room.
async fn start_senders(account: &Account, ticket: &Invite, sent: &Arc<AtomicU64>) -> JoinSet<()> {
    let mut sessions = Vec::new();
    for key in account.peers() {
        let connector = Connector::new(&key, ticket.fingerprint).unwrap();
        let hello = Hello {
            name: None,
            ..net::hello()
        };
        let session = connector.open(&ticket.address, hello).await.unwrap();
        sessions.push(session);
    }
    let pause = Duration::from_secs(1) * (account.shape.conversations() - 1).try_into().unwrap()
        / RATE.try_into().unwrap();
    let mut senders = JoinSet::new();
    for (number, session) in (0..).zip(sessions) {
        let direct = ConversationId::direct(ME, peer(number));
        let room = ConversationId::Room(RoomId(number + 1));
        // The first room is the one that the user has open.
        let conversations = if number == 0 {
            vec![direct]
        } else {
            vec![direct, room]
        };
        senders.spawn(send(
            session,
            conversations,
            pause,
            number,
            Arc::clone(sent),
        ));
    }
    senders
}

/// Writes into each of the conversations once in every pause. Runs until it is dropped.
async fn send(
    mut session: Session,
    conversations: Vec<ConversationId>,
    pause: Duration,
    number: u64,
    sent: Arc<AtomicU64>,
) {
    let from = tokio::time::Instant::now() + pause * u32::try_from(number).unwrap() / 250;
    let mut ticks = tokio::time::interval_at(from, pause);
    let mut ids = (u128::from(number) << 32).wrapping_add(u128::MAX / 2);
    loop {
        tokio::select! {
            frame = session.next_frame() => {
                frame.unwrap();
            }
            _ = ticks.tick() => for &conversation in &conversations {
                ids += 1;
                let body = MessageBody::new(format!("message {ids} of a flood")).unwrap();
                let request = Request::Append {
                    conversation,
                    id: MessageId(ids.to_be_bytes()),
                    content: Content::Message(body),
                };
                session.start(request).unwrap();
                sent.fetch_add(1, Ordering::Relaxed);
            },
        }
    }
}
