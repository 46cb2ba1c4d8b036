//! Compares the databases on disk after everything has stopped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use recado_shared::{Content, UserId, codec};
use rusqlite::{Connection, OpenFlags};

use crate::machine::Machine;

/// An entry as both kinds of database hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    seq: u64,
    author: UserId,
    id: Vec<u8>,
    text: String,
}

type Logs = BTreeMap<(UserId, UserId), Vec<Row>>;

/// Asserts that every log is dense, that each author's messages are in it once and in the order
/// typed, and that every member holds the very same log. Returns how many entries there are.
pub(crate) fn logs_agree(machine: &Machine, folders: &[(UserId, PathBuf)], typed: u64) -> usize {
    let server = server_logs(&machine.server_data().join("recado.db"));
    for (pair, log) in &server {
        let places: Vec<u64> = log.iter().map(|row| row.seq).collect();
        let dense: Vec<u64> = (1..=log.len() as u64).collect();
        assert_eq!(places, dense, "the log of {pair:?} is dense");
        assert_in_order(*pair, log, typed);
    }
    for (user, folder) in folders {
        let own = client_logs(&folder.join("recado.db"));
        let theirs = |pair: &(UserId, UserId)| pair.0 == *user || pair.1 == *user;
        let expected: Logs = server
            .iter()
            .filter(|(pair, _)| theirs(pair))
            .map(|(p, l)| (*p, l.clone()))
            .collect();
        assert_eq!(
            own.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>()
        );
        for (pair, log) in &expected {
            assert!(
                own[pair] == *log,
                "{user} holds another log of {pair:?} than the server"
            );
        }
    }
    server.values().map(Vec::len).sum()
}

fn assert_in_order(pair: (UserId, UserId), log: &[Row], typed: u64) {
    let mut by_author: BTreeMap<UserId, Vec<u64>> = BTreeMap::new();
    for row in log {
        let number = row
            .text
            .strip_prefix('#')
            .and_then(|rest| rest.split_once(' '))
            .unwrap()
            .0;
        by_author
            .entry(row.author)
            .or_default()
            .push(number.parse().unwrap());
    }
    for (author, numbers) in by_author {
        let expected: Vec<u64> = (0..typed).collect();
        assert_eq!(numbers, expected, "messages of {author} in {pair:?}");
    }
}

fn server_logs(path: &Path) -> Logs {
    let db = open(path);
    let mut statement = db
        .prepare(
            "SELECT c.low, c.high, e.seq, e.author, e.message_id, e.content
             FROM entries e JOIN conversations c ON c.id = e.conversation ORDER BY e.seq",
        )
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut logs = Logs::new();
    while let Some(row) = rows.next().unwrap() {
        let pair = (user(row, 0), user(row, 1));
        logs.entry(pair).or_default().push(entry(row, 2));
    }
    logs
}

fn client_logs(path: &Path) -> Logs {
    let db = open(path);
    let mut statement = db
        .prepare("SELECT conversation, seq, author, id, content FROM entries ORDER BY seq")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut logs = Logs::new();
    while let Some(row) = rows.next().unwrap() {
        let conversation: Vec<u8> = row.get(0).unwrap();
        let conversation: recado_shared::ConversationId = codec::decode(&conversation).unwrap();
        let pair = conversation.pair().unwrap();
        logs.entry((pair.low(), pair.high()))
            .or_default()
            .push(entry(row, 1));
    }
    logs
}

fn entry(row: &rusqlite::Row<'_>, at: usize) -> Row {
    let content: Vec<u8> = row.get(at + 3).unwrap();
    let content: Content = codec::decode(&content).unwrap();
    let body = content.body().unwrap();
    Row {
        seq: number(row, at),
        author: user(row, at + 1),
        id: row.get(at + 2).unwrap(),
        text: body.as_str().to_owned(),
    }
}

fn user(row: &rusqlite::Row<'_>, at: usize) -> UserId {
    UserId(number(row, at))
}

fn number(row: &rusqlite::Row<'_>, at: usize) -> u64 {
    row.get::<_, i64>(at).unwrap().try_into().unwrap()
}

fn open(path: &Path) -> Connection {
    // Not read-only: what was committed last may still lie in the write-ahead log.
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
}
