//! Random damage of the database and its write-ahead log: flipped bytes and pages of garbage. Each is
//! harmless or detected, and what it does not touch is served.

use std::collections::BTreeMap;
use std::fs;

use recado_shared::{Entry, Head, HistoryVisibility, PageRange, RequestError, RoomEvent, RoomId};

use super::rooms::new_room;
use super::*;
use crate::store::folder::wal_checkpoint;

/// Number of damages in a long run; without it there are [`CASES`].
const LONG: &str = "RECADO_TEST_DAMAGES";
/// One in six is a page of garbage: as many as 100 flipped bytes and 20 pages.
const CASES: u64 = 36;

const DATABASE: &str = "recado.db";
const LOG: &str = "recado.db-wal";
const PAGE_LEN: usize = 4_096;
const FRAME_LEN: usize = 24 + PAGE_LEN;
const USERS: u64 = 8;

/// Everything that a user reads: heads, and each conversation, or the error.
type View = BTreeMap<(UserId, ConversationId), (Head, Result<Vec<Entry>, RequestError>)>;

/// The files of a server with direct conversations and rooms: the database with everything in it, and a
/// database with a log, of a server that was killed.
struct Servers {
    stopped: [Vec<u8>; 2],
    killed: [Vec<u8>; 2],
    view: View,
}

fn servers() -> Servers {
    let mut desk = Desk::new();
    let users: Vec<_> = (0..USERS)
        .map(|number| desk.register(&format!("user{number}")))
        .collect();
    let mut id = 0;
    let mut room = |desk: &mut Desk, number: usize| {
        id += 1_000;
        let name = format!("room{number}");
        let new = new_room(users[number], id, &name, HistoryVisibility::Visible);
        let room = desk.create(new).unwrap().0;
        for (joined, user) in (1..).zip(&users[number + 1..]) {
            let joined = in_room(*user, room, id + joined, Content::Room(RoomEvent::Joined));
            desk.append(joined).unwrap();
        }
        (users[number], room)
    };
    let rooms = [0, 2].map(|number| room(&mut desk, number));
    for round in 0..2 {
        for (author, room) in rooms {
            for number in 0..40 {
                let id = 100_000 + round * 1_000 + number;
                desk.append(in_room(author, room, id, text(&lines(id))))
                    .unwrap();
            }
        }
        for low in 0..users.len() {
            for (high, to) in users.iter().enumerate().skip(low + 1).step_by(2) {
                for number in 0..6 {
                    let id = 200_000 + round * 10_000 + (low * 1_000 + high * 50 + number) as u64;
                    desk.say(users[low], *to, id, &lines(id));
                }
                desk.advance(*to, ConversationId::direct(users[low], *to), 3, 2);
            }
        }
        if round == 0 {
            wal_checkpoint(&desk.writer.db, "TRUNCATE").unwrap();
        }
    }
    let files = |desk: &Desk| [DATABASE, LOG].map(|file| fs::read(desk.dir().join(file)).unwrap());
    let killed = files(&desk);
    assert!(killed[1].len() > 20 * FRAME_LEN, "{}", killed[1].len());
    wal_checkpoint(&desk.writer.db, "TRUNCATE").unwrap();
    Servers {
        stopped: files(&desk),
        killed,
        view: view(&mut desk),
    }
}

fn lines(id: u64) -> String {
    format!("message {id} ").repeat(1 + usize::try_from(id % 12).unwrap())
}

fn in_room(author: UserId, room: RoomId, id: u64, content: Content) -> Write {
    let mut write = message(author, author, id, "replaced");
    if let Write::Append { new, .. } = &mut write {
        new.conversation = ConversationId::Room(room);
        new.content = content;
    }
    write
}

fn view(desk: &mut Desk) -> View {
    let mut view = View::new();
    for user in (1..=USERS).map(UserId) {
        let heads = Read::Heads {
            session: SESSION,
            user,
            since: None,
        };
        let ReadResult::Heads { heads, .. } = desk.read(heads) else {
            panic!("heads are answered by heads");
        };
        for head in heads {
            let conversation = head.conversation;
            let entries = whole_log(desk, user, conversation, head.newest);
            view.insert((user, conversation), (head, entries));
        }
    }
    view
}

fn whole_log(
    desk: &mut Desk,
    user: UserId,
    conversation: ConversationId,
    newest: Seq,
) -> Result<Vec<Entry>, RequestError> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let after = all.last().map_or(Seq::ZERO, |entry| entry.seq);
        let query = Query::Page {
            conversation,
            range: PageRange::After(after),
            limit: 200,
        };
        let read = Read::Query {
            origin: ORIGIN,
            user,
            query,
        };
        let ReadResult::Answer { result, .. } = desk.read(read) else {
            panic!("a query is answered by an answer");
        };
        let Answer::Page { entries, .. } = result? else {
            panic!("a page is answered by a page");
        };
        if entries.is_empty() {
            return Ok(all);
        }
        all.extend(entries);
        if all.last().is_some_and(|last| last.seq >= newest) {
            return Ok(all);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    FlippedByte,
    GarbagePage,
}

/// Damages the database of a stopped server or the log of a killed one.
fn damage(servers: &Servers, seed: u64) -> ((Damage, &'static str), [Vec<u8>; 2]) {
    let mut random = fastrand::Rng::with_seed(seed);
    let kind = if seed % 6 == 5 {
        Damage::GarbagePage
    } else {
        Damage::FlippedByte
    };
    let file = random.usize(0..2);
    let mut files = [&servers.stopped, &servers.killed][file].clone();
    let bytes = &mut files[file];
    match kind {
        Damage::FlippedByte => {
            let at = random.usize(..bytes.len());
            bytes[at] ^= random.u8(1..);
        }
        Damage::GarbagePage => {
            let (start, len) = match file {
                0 => (0, PAGE_LEN),
                _ => (32, FRAME_LEN),
            };
            let page = random.usize(..(bytes.len() - start) / len);
            // A disk loses the page of a frame with its header, or without it.
            let at = start + page * len + (len - PAGE_LEN) * random.usize(0..2);
            let end = (at + PAGE_LEN).min(bytes.len());
            random.fill(&mut bytes[at..end]);
        }
    }
    ((kind, [DATABASE, LOG][file]), files)
}

#[derive(Debug, Default)]
struct Figures {
    cases: u64,
    harmless: u64,
    found_by_verify: u64,
    found_by_requests: u64,
    found_at_start: u64,
    refused_start: u64,
    /// Logs as their members see them that cannot be read, or not wholly.
    lost_views: usize,
    served_views: usize,
    refused_writes: usize,
    accepted_writes: usize,
}

/// Starts a server on damaged files. Returns why its answers are wrong without a sign of damage.
fn start(files: &[Vec<u8>; 2], expected: &View, figures: &mut Figures) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [DATABASE, LOG].iter().zip(files) {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    figures.cases += 1;
    let verified = verify(dir.path(), |_| {});
    let by_verify = verified
        .as_ref()
        .map_or(true, |found| found.problem_count > 0);
    let folder = Folder::claim(dir.path()).unwrap();
    let writer = Writer::open(&folder, &StoreConfig::default());
    let by_start = !wal::kept(dir.path()).unwrap().is_empty();
    let Ok(writer) = writer else {
        figures.refused_start += 1;
        return Ok(());
    };
    let reader = folder.open_reader().unwrap();
    let memberships = writer.memberships();
    let mut desk = Desk {
        writer,
        reader,
        folder,
        dir,
        devices: 0,
    };
    let seen = view(&mut desk);
    let same = expected
        .iter()
        .filter(|(key, view)| seen.get(key) == Some(view));
    let same = same.count();
    figures.served_views += same;
    figures.lost_views += expected.len() - same;
    let batch: Vec<_> = (1..USERS)
        .map(|user| message(UserId(user), UserId(user + 1), 900_000 + user, "after"))
        .collect();
    let accepted = match desk.writer.commit(&batch) {
        Ok(written) => written
            .iter()
            .filter(|written| matches!(written, WriteResult::Append { result: Ok(_), .. }))
            .count(),
        Err(error) => return Err(format!("the server stopped: {error}")),
    };
    figures.accepted_writes += accepted;
    figures.refused_writes += batch.len() - accepted;
    let by_requests = desk.writer.counters.stats().damaged > 0 || memberships.is_err();
    figures.found_by_verify += u64::from(by_verify);
    figures.found_by_requests += u64::from(by_requests);
    figures.found_at_start += u64::from(by_start);
    let is_whole = same == expected.len() && seen.len() == expected.len();
    if is_whole && accepted == batch.len() && !by_verify && !by_requests && !by_start {
        figures.harmless += 1;
    }
    if is_whole || by_verify || by_start {
        return Ok(());
    }
    let differing = expected
        .iter()
        .find(|(key, view)| seen.get(key) != Some(view));
    Err(format!(
        "{differing:?}\n{:?}",
        differing.map(|(key, _)| seen.get(key))
    ))
}

#[test]
fn random_damage_is_harmless_or_detected_and_the_rest_is_served() {
    let cases = std::env::var(LONG).map_or(CASES, |cases| cases.parse().unwrap());
    let servers = servers();
    let mut figures = BTreeMap::<_, Figures>::new();
    let mut undetected = Vec::new();
    for seed in 0..cases {
        let (kind, files) = damage(&servers, seed);
        let result = start(&files, &servers.view, figures.entry(kind).or_default());
        undetected.extend(result.err().map(|why| format!("{seed} {kind:?}: {why}")));
    }
    println!("{:<12} {:<14} {}", "damage", "file", "figures");
    for ((kind, file), figures) in &figures {
        println!("{kind:<12?} {file:<14} {figures:?}");
    }
    assert!(
        undetected.is_empty(),
        "{} undetected:\n{}",
        undetected.len(),
        undetected.join("\n")
    );
    // A page of garbage may be one that all need in so small a database: the schema, the users, the epochs.
    let flipped = &figures[&(Damage::FlippedByte, DATABASE)];
    assert!(flipped.refused_start * 10 <= flipped.cases, "{flipped:?}");
    assert!(
        flipped.lost_views * 10 <= flipped.served_views,
        "{flipped:?}"
    );
}

#[test]
fn without_damage_nothing_is_found_and_all_is_served() {
    let servers = servers();
    let mut figures = Figures::default();
    for files in [&servers.stopped, &servers.killed] {
        assert_eq!(start(files, &servers.view, &mut figures), Ok(()));
    }
    assert_eq!(
        (figures.harmless, figures.lost_views),
        (2, 0),
        "{figures:?}"
    );
    assert_eq!(figures.refused_writes, 0);
}
