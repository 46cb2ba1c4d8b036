//! Properties of the codec: whatever can be said survives the wire, damaged bytes never panic,
//! bytes left over are an error, and nothing is allocated for what is too long.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod frames;
mod values;

use bytes::{Buf as _, Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use recado_shared::codec::{self, CodecError};
use recado_shared::limits::{MAX_FRAME_LEN, MAX_FRAME_LEN_BEFORE_WELCOME};
use recado_shared::{
    ClientFrame, Content, ConversationId, MessageBody, MessageId, ProtocolVersion, Request,
    RequestNumber, ServerFrame, UserId,
};
use tokio_util::codec::{Decoder as _, Encoder as _};

use crate::frames::{client_frame, server_frame};

proptest! {
    #[test]
    fn client_frames_survive_the_wire(frame in client_frame()) {
        let bytes = codec::encode(&frame).unwrap();
        prop_assert_eq!(codec::decode::<ClientFrame>(&bytes).unwrap(), frame);
    }

    #[test]
    fn server_frames_survive_the_wire(frame in server_frame()) {
        let bytes = codec::encode(&frame).unwrap();
        prop_assert_eq!(codec::decode::<ServerFrame>(&bytes).unwrap(), frame);
    }

    #[test]
    fn any_bytes_are_a_frame_or_an_error(bytes in vec(any::<u8>(), 0..400)) {
        let _ = codec::decode::<ClientFrame>(&bytes);
        let _ = codec::decode::<ServerFrame>(&bytes);
    }

    /// One flipped bit never panics, and what still decodes says the same when written again:
    /// no value breaks the rules of its type.
    #[test]
    fn damaged_frames_are_a_frame_or_an_error(
        client in client_frame(),
        server in server_frame(),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let mut bytes = codec::encode(&client).unwrap().to_vec();
        let index = at.index(bytes.len());
        bytes[index] ^= 1_u8 << bit;
        if let Ok(frame) = codec::decode::<ClientFrame>(&bytes) {
            let again = codec::encode(&frame).unwrap();
            prop_assert_eq!(codec::decode::<ClientFrame>(&again).unwrap(), frame);
        }
        let mut bytes = codec::encode(&server).unwrap().to_vec();
        let index = at.index(bytes.len());
        bytes[index] ^= 1_u8 << bit;
        if let Ok(frame) = codec::decode::<ServerFrame>(&bytes) {
            let again = codec::encode(&frame).unwrap();
            prop_assert_eq!(codec::decode::<ServerFrame>(&again).unwrap(), frame);
        }
    }

    #[test]
    fn a_frame_that_is_cut_short_is_an_error(
        frame in server_frame(),
        at in any::<prop::sample::Index>(),
    ) {
        let bytes = codec::encode(&frame).unwrap();
        let cut = &bytes[..at.index(bytes.len())];
        let is_malformed = matches!(codec::decode::<ServerFrame>(cut), Err(CodecError::Malformed(_)));
        prop_assert!(is_malformed);
    }

    #[test]
    fn bytes_left_over_are_an_error(frame in client_frame(), rest in vec(any::<u8>(), 1..9)) {
        let mut bytes = codec::encode(&frame).unwrap().to_vec();
        bytes.extend(&rest);
        let error = codec::decode::<ClientFrame>(&bytes).unwrap_err();
        let is_leftover = matches!(error, CodecError::Leftover(left) if left == rest.len());
        prop_assert!(is_leftover, "{}", error);
    }
}

/// The bytes of a message whose text is not valid by the rules of bodies.
fn append_with_text(text: &str) -> Vec<u8> {
    let sample = ClientFrame::Request {
        number: RequestNumber(1),
        request: Request::Append {
            conversation: ConversationId::direct(UserId(1), UserId(2)),
            id: MessageId([1; 16]),
            content: Content::Message(MessageBody::new("x").unwrap()),
        },
    };
    let mut bytes = codec::encode(&sample).unwrap().to_vec();
    bytes.truncate(bytes.len() - 2);
    bytes.push(u8::try_from(text.len()).unwrap());
    bytes.extend(text.as_bytes());
    bytes
}

#[test]
fn values_that_break_their_rules_do_not_decode() {
    assert!(codec::decode::<ClientFrame>(&append_with_text("fine")).is_ok());
    for text in ["", " \n", "\u{1b}[2J", "a\u{202e}b"] {
        let error = codec::decode::<ClientFrame>(&append_with_text(text)).unwrap_err();
        assert!(
            matches!(error, CodecError::Malformed(_)),
            "{text:?}: {error}"
        );
    }
    // The users of a direct conversation in descending order: variant 3, `Direct`, 2, 1.
    assert!(codec::decode::<ClientFrame>(&[3, 0, 1, 2]).is_ok());
    assert!(codec::decode::<ClientFrame>(&[3, 0, 2, 1]).is_err());
}

#[test]
fn a_frame_over_the_limit_is_refused_before_anything_is_allocated_for_it() {
    for limit in [MAX_FRAME_LEN_BEFORE_WELCOME, MAX_FRAME_LEN] {
        let too_long = u32::try_from(limit).unwrap() + 1;
        for declared in [too_long, u32::MAX] {
            let mut framing = codec::framing(limit);
            let mut buffer = BytesMut::with_capacity(64);
            buffer.extend(declared.to_be_bytes());
            let capacity = buffer.capacity();
            let error = CodecError::from(framing.decode(&mut buffer).unwrap_err());
            assert!(matches!(error, CodecError::TooLong), "{error}");
            assert_eq!(buffer.capacity(), capacity);
        }
    }
}

#[test]
fn a_declared_length_inside_a_frame_allocates_nothing_either() {
    // `Watch` with 2^32 - 1 users and none of them: only what is there may be read.
    let error = codec::decode::<ClientFrame>(&[4, 0xff, 0xff, 0xff, 0xff, 0x0f]).unwrap_err();
    assert!(matches!(error, CodecError::Malformed(_)), "{error}");
}

#[test]
fn a_frame_of_the_greatest_length_passes_and_a_longer_one_is_not_written() {
    let mut framing = codec::framing(MAX_FRAME_LEN);
    let mut buffer = BytesMut::new();
    let longest = Bytes::from(vec![7; MAX_FRAME_LEN]);
    framing.encode(longest.clone(), &mut buffer).unwrap();
    assert_eq!(buffer.len(), 4 + MAX_FRAME_LEN);
    assert_eq!(framing.decode(&mut buffer).unwrap().unwrap(), longest);
    let longer = Bytes::from(vec![7; MAX_FRAME_LEN + 1]);
    assert!(framing.encode(longer, &mut buffer).is_err());
}

#[test]
fn a_frame_that_arrives_in_pieces_is_one_frame() {
    let frame = ClientFrame::Typing(ConversationId::direct(UserId(1), UserId(2)));
    let mut wire = BytesMut::new();
    let mut framing = codec::framing(MAX_FRAME_LEN);
    framing
        .encode(codec::encode(&frame).unwrap(), &mut wire)
        .unwrap();
    let mut buffer = BytesMut::new();
    while wire.len() > 1 {
        buffer.extend([wire.get_u8()]);
        assert_eq!(framing.decode(&mut buffer).unwrap(), None);
    }
    buffer.extend([wire.get_u8()]);
    let payload = framing.decode(&mut buffer).unwrap().unwrap();
    assert_eq!(codec::decode::<ClientFrame>(&payload).unwrap(), frame);
}

#[test]
fn versions_without_one_in_common_are_refused_in_both_directions() {
    let agree =
        |oldest, newest| ProtocolVersion::agree(ProtocolVersion(oldest), ProtocolVersion(newest));
    let newest = ProtocolVersion::NEWEST.0;
    // A client that is too new, one that is too old, one that contradicts itself.
    assert_eq!(agree(newest + 1, newest + 5), None);
    assert_eq!(agree(0, ProtocolVersion::OLDEST.0 - 1), None);
    assert_eq!(agree(newest, ProtocolVersion::OLDEST.0 - 1), None);
    assert_eq!(agree(0, u16::MAX), Some(ProtocolVersion::NEWEST));
}

proptest! {
    /// No frame is older than the first version, nor newer than the newest, so that a session of
    /// the newest version refuses none and one of no version refuses all.
    #[test]
    fn every_frame_says_since_when_it_exists(client in client_frame(), server in server_frame()) {
        for since in [client.since(), server.since()] {
            prop_assert!(since >= ProtocolVersion::V1 && since <= ProtocolVersion::NEWEST);
        }
    }
}
