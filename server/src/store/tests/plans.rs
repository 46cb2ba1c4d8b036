//! Query plans: every statement that a test of the store makes the writer or a reader execute finds its rows
//! by an index. The statements are those that run, so that a new one needs no entry here.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

/// Indexed columns of `entries` of which a search has to name one. The log of a conversation has no bound, so
/// that a search by the conversation alone takes as long as the log is.
const PLACES: [&str; 4] = ["seq", "target=?", "message_id=?", "rowid=?"];

/// Statements that may read more, by a part of their text, with the reason.
const EXCEPTIONS: [(&str, &str); 4] = [
    (
        "FROM erasures ORDER BY id",
        "the table has a row for each erasure under way",
    ),
    ("SELECT log, stamp FROM meta", "the table has one row"),
    ("UPDATE meta SET stamp", "the table has one row"),
    (
        "SELECT count(*) FROM entries WHERE conversation = ?1 AND author = ?2",
        "the conversation is a message request: it has as many messages as a request may have",
    ),
];

thread_local! {
    /// Statements that ran on this thread since the last check.
    static EXECUTED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Statements whose plan is good.
static CHECKED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Notes what a connection executes.
pub(crate) fn watch(mut db: Connection) -> rusqlite::Result<Connection> {
    let note = |event: TraceEvent<'_>| {
        // The statements of triggers come as comments.
        if let TraceEvent::Stmt(_, sql) = event
            && !sql.starts_with("--")
        {
            EXECUTED.with_borrow_mut(|executed| executed.insert(sql.to_owned()));
        }
    };
    db.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note))?;
    Ok(db)
}

/// Forgets what ran before, which tests may have executed themselves.
pub(crate) fn begin() {
    EXECUTED.take();
}

/// Checks the plans of all statements that this thread has executed since [`begin`].
pub(crate) fn check(db: &Connection) {
    for sql in EXECUTED.take() {
        let is_known = || {
            let checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
            checked.contains(&sql)
        };
        if !is_known() {
            if let Some(step) = unbounded_step(db, &sql) {
                panic!("{step}: {sql}");
            }
            let mut checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
            checked.insert(sql);
        }
    }
    EXECUTED.take();
}

/// The step of a plan that reads more rows than the answer needs.
fn unbounded_step(db: &Connection, sql: &str) -> Option<String> {
    let text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE"];
    if !verbs.iter().any(|verb| text.starts_with(verb))
        || EXCEPTIONS.iter().any(|(part, _)| text.contains(part))
    {
        return None;
    }
    let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut steps = explain.raw_query();
    while let Some(row) = steps.next().unwrap() {
        let step: String = row.get(3).unwrap();
        if !is_bounded(&step) {
            return Some(step);
        }
    }
    None
}

fn is_bounded(step: &str) -> bool {
    if let Some(scanned) = step.strip_prefix("SCAN ") {
        return scanned.contains("CONSTANT ROW");
    }
    let Some(searched) = step.strip_prefix("SEARCH ") else {
        return true;
    };
    // Without an index it is the search for the least or greatest row.
    let Some((table, by)) = searched.split_once(" USING ") else {
        return true;
    };
    table != "entries" || PLACES.iter().any(|place| by.contains(place))
}

#[test]
fn a_plan_that_reads_a_whole_log_or_table_is_found() {
    let db = crate::store::folder::open_in_memory().unwrap();
    for sql in [
        "SELECT * FROM users WHERE name = ?1",
        "SELECT id FROM entries WHERE conversation = ?1 AND author = ?2",
        "SELECT id FROM entries WHERE conversation = ?1 AND (seq = ?2 OR target = ?2)",
        "UPDATE members SET role = 0 WHERE role = ?1",
    ] {
        assert!(unbounded_step(&db, sql).is_some(), "{sql}");
    }
    for sql in [
        "SELECT * FROM users WHERE folded = ?1",
        "SELECT id FROM entries WHERE conversation = ?1 AND seq > ?2",
        "DELETE FROM entries WHERE conversation = ?1 AND target = ?2",
        "INSERT INTO rooms (name) VALUES (?1)",
    ] {
        assert_eq!(unbounded_step(&db, sql), None, "{sql}");
    }
}
