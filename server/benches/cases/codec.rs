//! Encoding and decoding of frames.

use recado_shared::{Answer, ClientFrame, Request, RequestNumber, Seq, ServerFrame, codec};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ALICE_BOB, Meter, entry, message, message_id};

pub(super) fn encode_append(meter: impl Meter) {
    encode(meter, &append());
}

pub(super) fn decode_append(meter: impl Meter) {
    decode(meter, &append());
}

pub(super) fn encode_entry(meter: impl Meter) {
    encode(meter, &pushed());
}

pub(super) fn decode_entry(meter: impl Meter) {
    decode(meter, &pushed());
}

pub(super) fn encode_page(meter: impl Meter) {
    encode(meter, &page());
}

pub(super) fn decode_page(meter: impl Meter) {
    decode(meter, &page());
}

fn encode<T: Serialize>(meter: impl Meter, value: &T) {
    meter.measure(
        || value,
        |value| codec::encode(value).expect("it is a frame"),
    );
}

fn decode<T: Serialize + DeserializeOwned>(meter: impl Meter, value: &T) {
    let bytes = codec::encode(value).expect("it is a frame");
    meter.measure(
        || bytes.as_ref(),
        |bytes| codec::decode::<T>(bytes).expect("it was encoded"),
    );
}

fn append() -> ClientFrame {
    ClientFrame::Request {
        number: RequestNumber(1_000),
        request: Request::Append {
            conversation: ALICE_BOB,
            id: message_id(1),
            content: message(),
        },
    }
}

fn pushed() -> ServerFrame {
    ServerFrame::Entry {
        conversation: ALICE_BOB,
        entry: entry(1_000),
    }
}

fn page() -> ServerFrame {
    ServerFrame::Answer {
        number: RequestNumber(1_000),
        result: Ok(Answer::Page {
            entries: (1..=100).map(entry).collect(),
            newest: Seq(100),
        }),
    }
}
