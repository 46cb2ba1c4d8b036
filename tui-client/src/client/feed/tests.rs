use recado_shared::{Content, MessageBody, MessageId, UserId};

use super::*;

const TALK: ConversationId = ConversationId::direct(UserId(1), UserId(2));
const OTHER: ConversationId = ConversationId::direct(UserId(1), UserId(3));
const LOG: LogId = LogId([7; 16]);
const NOW: Timestamp = Timestamp(1_000_000_000);

fn entry(seq: u64, time: u64) -> Entry {
    Entry {
        seq: Seq(seq),
        author: UserId(2),
        id: MessageId([1; 16]),
        time: Timestamp(time),
        content: Content::Message(MessageBody::new("x").unwrap()),
    }
}

fn live(seq: u64) -> Entry {
    entry(seq, NOW.0 + seq)
}

fn head(conversation: ConversationId, newest: u64, time: u64) -> Head {
    Head {
        conversation,
        newest: Seq(newest),
        newest_time: Timestamp(time),
        unread: 0,
        cursors: Vec::new(),
        first: Seq(1),
        room: None,
        is_request: false,
    }
}

fn started(heads: &[Head]) -> Feed {
    let mut feed = Feed::default();
    begin(&mut feed, heads);
    feed
}

fn begin(feed: &mut Feed, heads: &[Head]) {
    assert!(feed.opened(LOG, NOW));
    for head in heads {
        feed.on_head(head, Seq::ZERO);
    }
    feed.on_complete(Stamp(1));
}

fn taken(feed: &mut Feed) -> Vec<u64> {
    std::iter::from_fn(|| feed.pop().map(|(_, entry)| entry.seq.0)).collect()
}

/// Answers everything that is asked for from a log of entries with these times.
fn serve(feed: &mut Feed, times: &[u64]) -> Vec<u64> {
    let mut delivered = Vec::new();
    while let Some(request) = feed.page_request() {
        let all = (1..).zip(times).map(|(seq, &time)| entry(seq, time));
        let entries: Vec<Entry> = match request.range {
            PageRange::After(after) => all.filter(|entry| entry.seq > after).take(2).collect(),
            PageRange::Before(before) => {
                let all: Vec<Entry> = all.filter(|entry| entry.seq < before).collect();
                all[all.len().saturating_sub(2)..].to_vec()
            }
        };
        feed.on_page(request, entries, Seq(times.len().try_into().unwrap()));
        delivered.extend(taken(feed));
    }
    delivered
}

#[test]
fn what_was_there_at_the_start_is_passed_over() {
    let mut feed = started(&[head(TALK, 5, 9)]);
    assert_eq!(feed.page_request(), None);
    feed.on_entry(TALK, live(5));
    feed.on_entry(TALK, live(6));
    assert_eq!(taken(&mut feed), [6]);
    feed.on_entry(TALK, live(8));
    assert_eq!(serve(&mut feed, &[NOW.0; 8]), [7, 8]);
}

#[test]
fn an_entry_ahead_of_the_heads_is_where_delivery_starts() {
    let mut feed = Feed::default();
    assert!(feed.opened(LOG, NOW));
    feed.on_entry(TALK, live(5));
    feed.on_head(&head(TALK, 5, 9), Seq::ZERO);
    feed.on_complete(Stamp(1));
    feed.on_entry(TALK, live(6));
    assert_eq!((taken(&mut feed), feed.page_request()), (vec![5, 6], None));
}

#[test]
fn a_conversation_that_begins_later_is_delivered_from_its_start() {
    let mut feed = started(&[]);
    feed.on_head(&head(TALK, 3, NOW.0), Seq::ZERO);
    assert_eq!(serve(&mut feed, &[NOW.0; 3]), [1, 2, 3]);
    feed.on_entry(TALK, live(4));
    assert_eq!(taken(&mut feed), [4]);
}

#[test]
fn another_log_begins_anew() {
    let mut feed = started(&[head(TALK, 5, 9)]);
    assert!(feed.opened(LogId([8; 16]), NOW));
    assert_eq!(feed.since(), None);
    assert!(!feed.are_known());
}

#[test]
fn a_reader_that_stopped_goes_on_with_what_it_has_not_seen() {
    let mut feed = started(&[head(TALK, 1, 9), head(OTHER, 4, 9)]);
    feed.on_entry(TALK, live(2));
    assert_eq!(taken(&mut feed), [2]);
    let token: ResumeToken = feed.token().unwrap().to_string().parse().unwrap();
    assert_eq!(token.places, BTreeMap::from([(TALK, Seq(2))]));

    // Meanwhile two entries came to each.
    let mut feed = Feed::default();
    assert!(feed.resume(token));
    let late = NOW.0 + 100_000;
    begin(&mut feed, &[head(TALK, 4, late), head(OTHER, 6, late)]);
    let times = [9, 9, 9, 9, late, late];
    let (talk, other) = (&times[2..], &times);
    let mut delivered = Vec::new();
    while let Some(request) = feed.page_request() {
        let times = if request.conversation == TALK {
            talk
        } else {
            &other[..]
        };
        let before = delivered.len();
        let all = (1..).zip(times).map(|(seq, &time)| entry(seq, time));
        let entries = match request.range {
            PageRange::After(after) => all.filter(|entry| entry.seq > after).collect(),
            PageRange::Before(before) => all.filter(|entry| entry.seq < before).collect(),
        };
        feed.on_page(request, entries, Seq(times.len().try_into().unwrap()));
        delivered.extend(
            taken(&mut feed)
                .into_iter()
                .map(|seq| (request.conversation, seq)),
        );
        assert!(delivered.len() >= before);
    }
    delivered.sort_unstable();
    assert_eq!(delivered, [(TALK, 3), (TALK, 4), (OTHER, 5), (OTHER, 6)]);
}

#[test]
fn a_place_is_sought_backwards_over_several_pages() {
    let mut feed = Feed::default();
    let is_same = feed.resume(ResumeToken {
        log: log_part(LOG),
        time: Timestamp(15),
        places: BTreeMap::new(),
    });
    assert!(is_same);
    begin(&mut feed, &[head(TALK, 7, 70)]);
    assert_eq!(
        serve(&mut feed, &[10, 15, 30, 40, 50, 60, 70]),
        [3, 4, 5, 6, 7]
    );
}

#[test]
fn what_arrives_before_the_head_of_a_resumed_reader_is_not_lost() {
    let mut feed = Feed::default();
    let is_same = feed.resume(ResumeToken {
        log: log_part(LOG),
        time: Timestamp(15),
        places: BTreeMap::from([(TALK, Seq(2))]),
    });
    assert!(is_same);
    assert!(feed.opened(LOG, NOW));
    feed.on_entry(TALK, live(4));
    feed.on_entry(OTHER, live(1));
    feed.on_head(&head(TALK, 3, 20), Seq::ZERO);
    feed.on_complete(Stamp(1));
    assert_eq!(feed.page_request().unwrap().conversation, TALK);
    assert!(feed.behind.contains(&OTHER));
}

#[test]
fn a_token_of_other_data_does_not_fit() {
    let mut feed = Feed::default();
    let is_same = feed.resume(ResumeToken {
        log: "00000000".to_owned(),
        time: Timestamp(15),
        places: BTreeMap::new(),
    });
    assert!(is_same);
    assert!(!feed.opened(LOG, NOW));
}

#[test]
fn a_token_stays_short_in_a_long_run() {
    let mut feed = started(&[]);
    for at in 0..500 {
        let talk = ConversationId::direct(UserId(1), UserId(at + 2));
        feed.on_entry(talk, entry(1, NOW.0 + at * 10_000));
        taken(&mut feed);
    }
    assert!(
        feed.token().unwrap().places.len() <= 7,
        "{:?}",
        feed.token()
    );
}
