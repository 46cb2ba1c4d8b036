//! Full-text search over all stored messages.

use recado_shared::{Content, ConversationId, Entry, MessageBody};
use rusqlite::{Connection, params};

use crate::tokenizer::{self, Phrase};

use super::request::{SearchHit, SearchQuery, SearchResult};
use super::value::{DbError, blob, column};
use super::{index, load};

const MAX_WORDS: usize = 16;

/// Most messages whose text is compared, about 40 ms: for signs that are not in the index, and for a
/// phrase that ends in one or two letters of a longer word, which the index does not find fast.
const MAX_CHECKED: usize = 5_000;

/// Messages that match words and marks. The index is read from its newest end.
const MATCHING: &str = "SELECT e.conversation, e.seq, e.author, e.id, e.time, e.kind, e.content
     FROM terms CROSS JOIN entries AS e ON e.moment = terms.rowid
     WHERE terms MATCH ?1 AND terms.rowid >= ?2 AND terms.rowid < ?3
     ORDER BY terms.rowid DESC";

/// All messages of a stretch of time.
const ALL: &str = "SELECT conversation, seq, author, id, time, kind, content FROM entries
     WHERE ?1 IS NULL AND moment >= ?2 AND moment < ?3 AND kind IN (2, 3, 4)
     ORDER BY moment DESC";

pub(super) fn search(db: &Connection, query: &SearchQuery) -> Result<SearchResult, DbError> {
    let mut found = SearchResult {
        number: query.number,
        hits: Vec::new(),
        more: false,
        missing_before: index::missing_before(db)?.map(index::time_of),
    };
    let Some(question) = Question::new(query) else {
        return Ok(found);
    };
    let (sql, wanted) = match question.expression.as_str() {
        "" => (ALL, None),
        wanted => (MATCHING, Some(wanted)),
    };
    let first = query.after.map_or(0, index::first_moment);
    let end = query.before.map_or(i64::MAX, index::first_moment);
    let conversation = query.conversation.as_ref().map(blob);
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![wanted, first, end])?;
    let mut checked = 0;
    while let Some(row) = rows.next()? {
        let key: Vec<u8> = row.get(0)?;
        let entry = load::read_entry(row, 1)?;
        // Some authors and some conversations share a mark.
        let is_wanted = query.from.is_none_or(|from| from == entry.author)
            && conversation.as_ref().is_none_or(|wanted| *wanted == key);
        if !is_wanted {
            continue;
        }
        if question.is_about_text() {
            checked += 1;
            if checked > MAX_CHECKED {
                found.more = true;
                break;
            }
            let text = index::text_now(db, &key, entry.seq, entry.author, &entry.content)?;
            if !question.accepts(&text) {
                continue;
            }
        }
        if found.hits.len() >= usize::from(query.limit) {
            found.more = true;
            break;
        }
        found.hits.push(hit(db, &key, column(row, 0)?, entry)?);
    }
    Ok(found)
}

struct Question {
    /// In the language of the index; empty if everything matches.
    expression: String,
    /// The phrase that a hit of the index has to have besides.
    check: Option<Phrase>,
    /// Words of signs that the index does not have.
    signs: Vec<String>,
}

impl Question {
    /// `None` if nothing can match.
    fn new(query: &SearchQuery) -> Option<Self> {
        let last = query.words.len().saturating_sub(1);
        let words = query.words.iter().take(MAX_WORDS).enumerate();
        let phrases = words.filter_map(|(at, word)| Phrase::new(word, at == last));
        let mut phrases: Vec<Phrase> = phrases.collect();
        let words = query.words.iter().take(MAX_WORDS);
        let mut signs: Vec<_> = words.filter_map(|word| tokenizer::signs(word)).collect();
        // A single one between words is taken for punctuation of the query.
        signs.retain(|signs| phrases.is_empty() || signs.chars().nth(1).is_some());
        if phrases.is_empty() && signs.is_empty() && !query.words.is_empty() {
            return None;
        }
        let shorter = phrases.last().and_then(Phrase::without_short_prefix);
        let check = shorter.and_then(|shorter| {
            phrases
                .last_mut()
                .map(|last| std::mem::replace(last, shorter))
        });
        let terms = phrases.iter().map(index::quoted);
        let conversation = query.conversation.as_ref().map(blob);
        let author = query.from.map(index::author_mark);
        let place = conversation.as_deref().map(index::conversation_mark);
        let marks = author.into_iter().chain(place);
        let terms: Vec<String> = terms
            .chain(marks.map(|mark| format!("\"{mark}\"")))
            .collect();
        Some(Self {
            expression: terms.join(" AND "),
            check,
            signs: signs.into_iter().map(str::to_owned).collect(),
        })
    }

    /// Whether the index alone does not find the messages.
    fn is_about_text(&self) -> bool {
        self.check.is_some() || !self.signs.is_empty()
    }

    fn accepts(&self, text: &str) -> bool {
        self.check.as_ref().is_none_or(|phrase| phrase.is_in(text))
            && self.signs.iter().all(|signs| text.contains(signs))
    }
}

fn hit(
    db: &Connection,
    key: &[u8],
    conversation: ConversationId,
    entry: Entry,
) -> Result<SearchHit, DbError> {
    let neighbour = |sql| {
        let mut found = load::entries(db, sql, params![key, entry.seq.0.cast_signed()])?;
        found
            .pop()
            .map(|entry| as_it_reads(db, key, entry))
            .transpose()
    };
    Ok(SearchHit {
        conversation,
        text: index::text_now(db, key, entry.seq, entry.author, &entry.content)?,
        before: neighbour(
            "SELECT seq, author, id, time, kind, content FROM entries
             WHERE conversation = ?1 AND seq < ?2 AND kind IN (2, 3, 4)
             ORDER BY seq DESC LIMIT 1",
        )?,
        after: neighbour(
            "SELECT seq, author, id, time, kind, content FROM entries
             WHERE conversation = ?1 AND seq > ?2 AND kind IN (2, 3, 4)
             ORDER BY seq LIMIT 1",
        )?,
        entry,
    })
}

/// A message with the text of its last edit.
fn as_it_reads(db: &Connection, key: &[u8], mut entry: Entry) -> Result<Entry, DbError> {
    let text = index::text_now(db, key, entry.seq, entry.author, &entry.content)?;
    if let Content::Message(body) | Content::Emote(body) | Content::Reply { body, .. } =
        &mut entry.content
    {
        *body = MessageBody::new(text).map_err(DbError::value)?;
    }
    Ok(entry)
}
