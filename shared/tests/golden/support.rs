//! Sample values, and the comparison with the bytes that they have.

use recado_shared::{
    Answer, ClientFrame, Content, ConversationId, Entry, MemberCursors, MessageBody, MessageId,
    Presence, Request, RequestError, RequestNumber, Seq, ServerFrame, Timestamp, UserId, UserName,
    UserProfile, codec,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Every value has these bytes, and these bytes are that value.
pub(crate) fn check<T>(golden: &[(T, &str)])
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    for (value, hex) in golden {
        let bytes = codec::encode(value).unwrap();
        assert_eq!(&hex_of(&bytes), hex, "{value:?}");
        assert_eq!(&codec::decode::<T>(&bytes).unwrap(), value);
    }
}

pub(crate) fn hex_of(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

pub(crate) fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

pub(crate) fn conversation() -> ConversationId {
    ConversationId::direct(UserId(300), UserId(2))
}

pub(crate) fn id() -> MessageId {
    MessageId([0xab; 16])
}

pub(crate) fn content() -> Content {
    Content::Message(MessageBody::new("hé\n").unwrap())
}

pub(crate) fn request(request: Request) -> ClientFrame {
    ClientFrame::Request {
        number: RequestNumber(129),
        request,
    }
}

pub(crate) fn answer(result: Result<Answer, RequestError>) -> ServerFrame {
    ServerFrame::Answer {
        number: RequestNumber(129),
        result,
    }
}

pub(crate) fn entry() -> Entry {
    Entry {
        seq: Seq(5),
        author: UserId(2),
        id: id(),
        time: Timestamp(1_700_000_000_000),
        content: content(),
    }
}

pub(crate) fn cursors() -> MemberCursors {
    MemberCursors {
        user: UserId(2),
        delivered: Seq(5),
        read: Seq(4),
    }
}

pub(crate) fn person(presence: Presence) -> UserProfile {
    UserProfile {
        user: UserId(2),
        name: name("bob"),
        presence,
        display: None,
    }
}
