//! Bench cases, prepared and run in one way for both benches: `micro` counts times, `instructions`
//! instructions.

mod codec;
mod fan_out;
mod relay;
mod session;
mod store;
mod tls;
mod wire;

use recado_shared::{
    Content, ConversationId, Entry, MessageBody, MessageId, Seq, Timestamp, UserId,
};

/// Counts something while a case runs.
pub(crate) trait Meter {
    /// Runs a case as often as needed, each time with its own input. Neither the making of
    /// inputs nor the dropping of outputs counts.
    fn measure<I, O>(self, input: impl FnMut() -> I, run: impl FnMut(I) -> O);
}

/// Makes the list of cases from their names and what makes each ready and has it measured.
macro_rules! cases {
    ($($name:literal => $case:path,)*) => {
        /// The names of all cases, area first.
        pub(crate) const NAMES: &[&str] = &[$($name),*];

        /// Measures the case of this name.
        pub(crate) fn measure(name: &str, meter: impl Meter) {
            match name {
                $($name => $case(meter),)*
                _ => panic!("there is no case {name:?}"),
            }
        }
    };
}

cases! {
    "codec: encode an append" => codec::encode_append,
    "codec: decode an append" => codec::decode_append,
    "codec: encode an entry" => codec::encode_entry,
    "codec: decode an entry" => codec::decode_entry,
    "codec: encode a page of 100" => codec::encode_page,
    "codec: decode a page of 100" => codec::decode_page,
    "relay: append" => relay::append,
    "relay: written, direct" => relay::written_direct,
    "relay: written, room of 10" => relay::written_room_of_10,
    "relay: written, room of 1000" => relay::written_room_of_1000,
    "session: 1 append, answered" => session::append,
    "session: 64 appends, answered" => session::many_appends,
    "session: write 1 entry" => session::push,
    "session: write 64 entries" => session::many_pushes,
    "session: push to 1000" => fan_out::push,
    "store: commit 1 append" => store::commit_1,
    "store: commit 64 appends" => store::commit_64,
    "store: commit 512 appends" => store::commit_512,
    "store: newest 100 of 10000" => store::newest_page,
    "tls: encrypt 100 bytes" => tls::encrypt_short,
    "tls: encrypt 16 KiB" => tls::encrypt_long,
    "tls: decrypt 100 bytes" => tls::decrypt_short,
    "tls: decrypt 16 KiB" => tls::decrypt_long,
    "tls: handshake, both ends" => tls::handshake,
    "tls: handshake, resumed" => tls::resume,
}

const ALICE: UserId = UserId(1);
const BOB: UserId = UserId(2);
const ALICE_BOB: ConversationId = ConversationId::direct(ALICE, BOB);

const TIME: Timestamp = Timestamp(1_700_000_000_000);

/// A message of 100 bytes.
fn message() -> Content {
    let text = "Text as people write it, in words. ".repeat(3);
    Content::Message(MessageBody::new(&text[..100]).expect("it is plain text"))
}

/// The id of the message with this number: ids of one sender grow with time, and end at random.
fn message_id(number: u64) -> MessageId {
    let time = u128::from(TIME.0 + number) << 80;
    let random = u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835) >> 48;
    MessageId((time | random).to_be_bytes())
}

/// The entry at this place of a log.
fn entry(seq: u64) -> Entry {
    Entry {
        seq: Seq(seq),
        author: ALICE,
        id: message_id(seq),
        time: TIME,
        content: message(),
    }
}
