use recado_shared::{Content, MessageBody, MessageId, UserId, UserName};

use super::*;

const TALK: ConversationId = ConversationId::direct(UserId(1), UserId(2));
const OTHER: ConversationId = ConversationId::direct(UserId(1), UserId(3));
const LOG: LogId = LogId([7; 16]);
const NOW: Timestamp = Timestamp(1_000_000_000);

/// Of a server before epochs.
fn welcome(log: LogId) -> Welcome {
    Welcome {
        version: ProtocolVersion::V3,
        user: UserId(1),
        name: UserName::new("alice").unwrap(),
        registered: false,
        log,
        now: NOW,
    }
}

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
    assert!(feed.opened(&welcome(LOG)));
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
    assert!(feed.opened(&welcome(LOG)));
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
    assert!(feed.opened(&welcome(LogId([8; 16]))));
    assert_eq!(feed.known_state().since, None);
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
        epochs: Vec::new(),
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
        epochs: Vec::new(),
        places: BTreeMap::from([(TALK, Seq(2))]),
    });
    assert!(is_same);
    assert!(feed.opened(&welcome(LOG)));
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
        epochs: Vec::new(),
        places: BTreeMap::new(),
    });
    assert!(is_same);
    assert!(!feed.opened(&welcome(LOG)));
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

fn epochs(ids: &[u8]) -> Vec<Epoch> {
    let epoch = |&id: &u8| Epoch {
        id: recado_shared::EpochId([id; 8]),
        start: u64::from(id) * 10,
    };
    ids.iter().map(epoch).collect()
}

/// Begins a session with a server that has these epochs.
fn begin_by_epochs(feed: &mut Feed, ids: &[u8], continuity: Continuity) -> EpochsOutcome {
    let welcome = Welcome {
        version: ProtocolVersion::V4,
        ..welcome(LOG)
    };
    assert!(feed.opened(&welcome));
    let epochs = epochs(ids);
    feed.on_epochs(EpochsFrame { epochs, continuity })
}

fn agree(feed: &mut Feed, places: &[(ConversationId, u64)]) -> u64 {
    feed.on_agreed(AgreedPage {
        places: places.iter().map(|&(at, seq)| (at, Seq(seq))).collect(),
        is_last: true,
    })
}

#[test]
fn what_a_server_that_was_put_back_accepts_is_delivered_once() {
    let mut feed = Feed::default();
    begin_by_epochs(&mut feed, &[1], Continuity::Same);
    feed.on_head(&head(TALK, 9, 9), Seq::ZERO);
    feed.on_head(&head(OTHER, 4, 9), Seq::ZERO);
    feed.on_complete(Stamp(1));
    for seq in 10..=12 {
        feed.on_entry(TALK, live(seq));
    }
    assert_eq!(taken(&mut feed), [10, 11, 12]);
    feed.on_entry(TALK, live(14));

    begin_by_epochs(&mut feed, &[1, 3], Continuity::Compared);
    assert_eq!(feed.page_request(), None);
    feed.on_entry(TALK, live(13));
    assert!(taken(&mut feed).is_empty());
    assert_eq!(agree(&mut feed, &[(TALK, 10)]), 2 + 4);
    feed.on_head(&head(TALK, 13, 90), Seq::ZERO);
    feed.on_head(&head(OTHER, 1, 90), Seq::ZERO);
    feed.on_complete(Stamp(5));
    let times: Vec<u64> = (1..=13).collect();
    assert_eq!(
        feed.page_request().map(|page| page.range),
        Some(PageRange::After(Seq(10)))
    );
    let request = feed.page_request().unwrap();
    let new = times[10..].iter().map(|&seq| live(seq)).collect();
    feed.on_page(request, new, Seq(13));
    assert_eq!(taken(&mut feed), [11, 12, 13]);
    assert_eq!(
        feed.page_request().map(|page| page.range),
        Some(PageRange::After(Seq(0)))
    );
}

#[test]
fn a_token_of_other_epochs_opens_the_session_again_with_them() {
    let mut feed = Feed {
        log: Some(LOG),
        ..Feed::default()
    };
    let token = ResumeToken {
        log: log_part(LOG),
        time: Timestamp(5),
        epochs: epochs(&[1, 2]),
        places: BTreeMap::from([(TALK, Seq(12))]),
    };
    assert!(feed.resume(token));
    let outcome = begin_by_epochs(&mut feed, &[1, 3], Continuity::Same);
    assert_eq!(outcome, EpochsOutcome::Reopen);
    assert_eq!(feed.known_state().epochs, epochs(&[1, 2]));
    let outcome = begin_by_epochs(&mut feed, &[1, 3], Continuity::Compared);
    assert_eq!(outcome, EpochsOutcome::GoOn);
    agree(&mut feed, &[(TALK, 9)]);
    feed.on_head(&head(TALK, 11, 90), Seq::ZERO);
    feed.on_complete(Stamp(1));
    assert_eq!(
        feed.page_request().map(|page| page.range),
        Some(PageRange::After(Seq(9)))
    );
}

#[test]
fn a_token_of_the_present_epochs_needs_no_other_session() {
    let mut feed = Feed {
        epochs: epochs(&[1, 2]),
        ..Feed::default()
    };
    let outcome = begin_by_epochs(&mut feed, &[1, 2], Continuity::Same);
    assert_eq!(outcome, EpochsOutcome::GoOn);
    let token = feed.token().unwrap();
    assert_eq!(token.epochs, epochs(&[1, 2]));
}

#[test]
fn without_a_common_epoch_places_are_looked_for_by_time() {
    let mut feed = Feed::default();
    begin_by_epochs(&mut feed, &[1], Continuity::Same);
    feed.on_head(&head(TALK, 9, 9), Seq::ZERO);
    feed.on_complete(Stamp(1));
    begin_by_epochs(&mut feed, &[7], Continuity::Unknown);
    feed.on_head(&head(TALK, 3, NOW.0 + 5), Seq::ZERO);
    feed.on_complete(Stamp(1));
    let old = NOW.0 - 2 * SETTLED_AFTER;
    assert_eq!(serve(&mut feed, &[old, NOW.0 + 4, NOW.0 + 5]), [2, 3]);
}

#[test]
fn what_this_client_sends_before_the_comparison_is_passed_over() {
    let mut feed = Feed::default();
    begin_by_epochs(&mut feed, &[1], Continuity::Same);
    feed.on_head(&head(TALK, 2, 9), Seq::ZERO);
    feed.on_complete(Stamp(1));
    feed.on_entry(TALK, live(3));
    assert_eq!(taken(&mut feed), [3]);
    feed.sent(TALK, Seq(5), NOW);
    begin_by_epochs(&mut feed, &[1, 3], Continuity::Compared);
    // The server has lost 3 to 5, and accepts the first message at the place of a lost one.
    feed.sent(TALK, Seq(3), NOW);
    agree(&mut feed, &[(TALK, 2)]);
    feed.on_head(&head(TALK, 5, 90), Seq::ZERO);
    let request = feed.page_request().unwrap();
    feed.on_page(request, (3..=5).map(live).collect(), Seq(5));
    let is_own = [3, 4, 5].map(|seq| feed.is_own(TALK, Seq(seq)));
    assert_eq!(is_own, [true, false, false]);
}
