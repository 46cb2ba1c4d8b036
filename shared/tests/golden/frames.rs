//! Openings, messages, hints and close reasons.

use recado_shared::codec::{self, CodecError};
use recado_shared::{
    Activity, AgreedPage, Answer, ClientFrame, CloseReason, Continuity, CursorUpdate, Epoch,
    EpochId, EpochsFrame, Extension, Head, HeadsPage, Hello, InviteToken, LogId, NameError, Notice,
    PageRange, Presence, ProtocolVersion, Refusal, Request, RequestError, Seq, ServerFrame, Stamp,
    SyncPoint, Timestamp, UserId, Welcome,
};

use crate::support::{
    answer, check, content, conversation, cursors, entry, hex_of, id, name, person, request,
};

#[test]
fn hello() {
    let bare = Hello {
        oldest: ProtocolVersion(1),
        newest: ProtocolVersion(1),
        software: String::new(),
        name: None,
        token: None,
        since: None,
        extensions: Vec::new(),
    };
    let full = Hello {
        oldest: ProtocolVersion(1),
        newest: ProtocolVersion(300),
        software: "recado 0.1.0".to_owned(),
        name: Some("alice".to_owned()),
        token: Some(InviteToken([7; 16])),
        since: Some(SyncPoint {
            log: LogId([9; 16]),
            stamp: Stamp(200),
        }),
        extensions: vec![Extension {
            kind: 1,
            value: vec![2, 3],
        }],
    };
    check(&[
        (ClientFrame::Hello(bare), "0001010000000000"),
        (
            ClientFrame::Hello(full),
            "0001ac020c72656361646f20302e312e300105616c69636501070707070707070707070707070707070109090909090909090909090909090909c8010101020203",
        ),
    ]);
}

#[test]
fn requests() {
    check(&[
        (
            request(Request::Append {
                conversation: conversation(),
                id: id(),
                content: content(),
            }),
            "018101000002ac02abababababababababababababababab000468c3a90a",
        ),
        (
            request(Request::Page {
                conversation: conversation(),
                range: PageRange::After(Seq(200)),
                limit: 200,
            }),
            "018101010002ac0200c801c801",
        ),
        (
            request(Request::Page {
                conversation: conversation(),
                range: PageRange::Before(Seq(200)),
                limit: 1,
            }),
            "018101010002ac0201c80101",
        ),
        (
            request(Request::FindUsers {
                prefix: String::new(),
                after: None,
                limit: 200,
            }),
            "018101020000c801",
        ),
        (
            request(Request::FindUsers {
                prefix: "al".to_owned(),
                after: Some(name("alice")),
                limit: 3,
            }),
            "0181010202616c0105616c69636503",
        ),
    ]);
}

#[test]
fn what_a_client_says_without_asking() {
    check(&[
        (
            ClientFrame::UpdateCursors(CursorUpdate {
                conversation: conversation(),
                delivered: Seq(5),
                read: Seq(4),
            }),
            "020002ac020504",
        ),
        (ClientFrame::Typing(conversation()), "030002ac02"),
        (
            ClientFrame::Watch(vec![UserId(2), UserId(300)]),
            "040202ac02",
        ),
        (ClientFrame::Activity(Activity::Active), "0500"),
        (ClientFrame::Activity(Activity::Away), "0501"),
        (ClientFrame::Ping(1), "0601"),
        (ClientFrame::Pong(u32::MAX), "07ffffffff0f"),
        (ClientFrame::Leave, "08"),
    ]);
}

#[test]
fn welcome() {
    let welcome = Welcome {
        version: ProtocolVersion(1),
        user: UserId(2),
        name: name("bob"),
        registered: true,
        log: LogId([9; 16]),
        now: Timestamp(1_700_000_000_000),
    };
    check(&[(
        ServerFrame::Welcome(welcome),
        "00010203626f62010909090909090909090909090909090980d095ffbc31",
    )]);
}

#[test]
fn refusals() {
    let refused = |refusal| ServerFrame::Refused(refusal);
    let version = Refusal::Version {
        oldest: ProtocolVersion(2),
        newest: ProtocolVersion(3),
    };
    check(&[
        (refused(version), "01000203"),
        (refused(Refusal::NameNeeded), "0101"),
        (refused(Refusal::NameIllegal(NameError::Empty)), "010200"),
        (refused(Refusal::NameIllegal(NameError::TooLong)), "010201"),
        (
            refused(Refusal::NameIllegal(NameError::Character('é'))),
            "01020202c3a9",
        ),
        (refused(Refusal::NameIllegal(NameError::Edge)), "010203"),
        (
            refused(Refusal::NameIllegal(NameError::MixedScripts)),
            "010204",
        ),
        (refused(Refusal::NameTaken), "0103"),
        (refused(Refusal::NameTooSimilar), "0104"),
        (refused(Refusal::OtherName(name("bob"))), "010503626f62"),
        (refused(Refusal::InviteNeeded), "0106"),
        (refused(Refusal::InviteUnknown), "0107"),
        (refused(Refusal::InviteUsed), "0108"),
        (refused(Refusal::InviteExpired), "0109"),
        (refused(Refusal::InviteForOtherName), "010a"),
        (refused(Refusal::Closed), "010b"),
        (refused(Refusal::Full), "010c"),
        (refused(Refusal::TooManyConnections), "010d"),
        (refused(Refusal::TooManyRegistrations), "010e"),
        (refused(Refusal::ShuttingDown), "010f"),
        (refused(Refusal::Malformed), "0110"),
        (refused(Refusal::Unavailable), "0111"),
    ]);
}

#[test]
fn answers() {
    let accepted = Answer::Accepted {
        seq: Seq(5),
        time: Timestamp(1_700_000_000_000),
    };
    let page = Answer::Page {
        entries: vec![entry()],
        newest: Seq(9),
    };
    let people = Answer::Users {
        people: vec![person(Presence::Away)],
        more: true,
    };
    check(&[
        (answer(Ok(accepted)), "02810100000580d095ffbc31"),
        (
            answer(Ok(page)),
            "0281010001010502abababababababababababababababab80d095ffbc31000468c3a90a09",
        ),
        (answer(Ok(people)), "0281010002010203626f62000101"),
        (answer(Err(RequestError::UnknownUser)), "0281010100"),
        (answer(Err(RequestError::NotAMember)), "0281010101"),
        (answer(Err(RequestError::Unavailable)), "0281010102"),
        (answer(Err(RequestError::Unsupported)), "0281010103"),
        (answer(Err(RequestError::IdReused)), "0281010104"),
    ]);
}

#[test]
fn heads() {
    let page = HeadsPage {
        heads: vec![Head {
            conversation: conversation(),
            newest: Seq(9),
            newest_time: Timestamp(1_700_000_000_000),
            unread: 4,
            cursors: vec![cursors()],
            first: Seq(1),
            room: None,
            is_request: false,
        }],
        people: vec![person(Presence::Offline)],
        complete: Some(Stamp(200)),
    };
    let empty = HeadsPage {
        heads: Vec::new(),
        people: Vec::new(),
        complete: None,
    };
    check(&[
        (
            ServerFrame::Heads(page),
            "03010002ac020980d095ffbc310401020504010000010203626f62000201c801",
        ),
        (ServerFrame::Heads(empty), "03000000"),
    ]);
}

#[test]
fn what_a_server_says_without_being_asked() {
    let presence = |presence| ServerFrame::Presence {
        user: UserId(2),
        presence,
    };
    check(&[
        (
            ServerFrame::Entry {
                conversation: conversation(),
                entry: entry(),
            },
            "040002ac020502abababababababababababababababab80d095ffbc31000468c3a90a",
        ),
        (
            ServerFrame::Cursors {
                conversation: conversation(),
                cursors: cursors(),
            },
            "050002ac02020504",
        ),
        (presence(Presence::Online), "060200"),
        (presence(Presence::Away), "060201"),
        (presence(Presence::Offline), "060202"),
        (
            ServerFrame::Typing {
                conversation: conversation(),
                user: UserId(2),
            },
            "070002ac0202",
        ),
        (
            ServerFrame::User(person(Presence::Online)),
            "080203626f620000",
        ),
        (ServerFrame::Behind, "09"),
        (ServerFrame::Notice(Notice::Throttled), "0a00"),
        (ServerFrame::Notice(Notice::WatchLimit(512)), "0a018004"),
        (ServerFrame::Ping(1), "0b01"),
        (ServerFrame::Pong(u32::MAX), "0cffffffff0f"),
    ]);
}

#[test]
fn close_reasons() {
    let close = ServerFrame::Close;
    check(&[
        (close(CloseReason::ShuttingDown), "0d00"),
        (close(CloseReason::Silent), "0d01"),
        (close(CloseReason::Malformed), "0d02"),
        (close(CloseReason::TooLong), "0d03"),
        (close(CloseReason::UnexpectedFrame), "0d04"),
        (close(CloseReason::TooSlow), "0d05"),
        (close(CloseReason::StoreFailed), "0d06"),
    ]);
}

#[test]
fn a_number_without_a_variant_is_no_frame() {
    let error = codec::decode::<ClientFrame>(&[9]).unwrap_err();
    assert!(matches!(error, CodecError::Malformed(_)), "{error}");
    let error = codec::decode::<ServerFrame>(&[17]).unwrap_err();
    assert!(matches!(error, CodecError::Malformed(_)), "{error}");
}

#[test]
fn epochs_of_the_fourth_version() {
    let epoch = |id, start| Epoch {
        id: EpochId([id; 8]),
        start,
    };
    let list = vec![epoch(7, 0), epoch(8, 300)];
    let hello = recado_shared::client::hello("").with_epochs(&list);
    let value = "020707070707070707000808080808080808ac02";
    assert_eq!(hello.extensions[0].kind, 3);
    assert_eq!(hex_of(&hello.extensions[0].value), value);
    let frame = |continuity| {
        ServerFrame::Epochs(EpochsFrame {
            epochs: vec![epoch(7, 0)],
            continuity,
        })
    };
    let agreed = ServerFrame::Agreed(AgreedPage {
        places: vec![(conversation(), Seq(5))],
        is_last: true,
    });
    assert_eq!(agreed.since(), ProtocolVersion::V4);
    assert_eq!(frame(Continuity::Same).since(), ProtocolVersion::V4);
    check(&[
        (frame(Continuity::Same), "110107070707070707070000"),
        (frame(Continuity::Compared), "110107070707070707070001"),
        (frame(Continuity::Unknown), "110107070707070707070002"),
        (agreed, "12010002ac020501"),
    ]);
}
