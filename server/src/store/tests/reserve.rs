//! The disk reserve.

use recado_shared::RequestError;

use super::*;
use crate::store::writer::reserve::DiskReserve;

const MIB: u64 = 1 << 20;

#[test]
fn below_the_reserve_messages_are_refused_and_the_rest_goes_on() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let conversation = ConversationId::direct(alice, bob);
    desk.say(alice, bob, 1, "before");
    // More than any disk has.
    let reserve = |bytes| DiskReserve::new(desk.dir.path().to_owned(), bytes);
    let (without, all) = (reserve(0), reserve(u64::MAX));
    desk.writer.reserve = all;
    let refused = desk.append(message(alice, bob, 2, "during"));
    assert_eq!(refused, Err(RequestError::Unavailable));
    // One batch with both kinds keeps the order of the answers.
    let advance = CursorUpdate {
        conversation,
        delivered: Seq(1),
        read: Seq(1),
    };
    let batch = [
        message(alice, bob, 3, "during"),
        Write::Advance { user: bob, advance },
        message(alice, bob, 4, "during"),
    ];
    let results = desk.writer.commit(&batch).unwrap();
    assert!(matches!(
        results[..],
        [
            WriteResult::Append {
                result: Err(RequestError::Unavailable),
                ..
            },
            WriteResult::Advance { moved: Some(_), .. },
            WriteResult::Append {
                result: Err(RequestError::Unavailable),
                ..
            },
        ]
    ));
    assert!(desk.login(login(1, None)).is_ok());
    desk.writer.reserve = without;
    assert_eq!(desk.say(alice, bob, 2, "after").entry.seq, Seq(2));
}

#[cfg(unix)]
#[test]
fn space_that_is_taken_and_given_back_is_noticed() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let free = {
        let system = rustix::fs::statvfs(desk.dir.path()).unwrap();
        system.f_bavail * system.f_frsize
    };
    let path = desk.dir.path().join("filling");
    desk.writer.reserve = DiskReserve::new(desk.dir.path().to_owned(), free - 128 * MIB);
    desk.say(alice, bob, 1, "before");
    let filling = std::fs::File::create(&path).unwrap();
    let flags = rustix::fs::FallocateFlags::empty();
    rustix::fs::fallocate(&filling, flags, 0, 256 * MIB).unwrap();
    let refused = desk.append(message(alice, bob, 2, "during"));
    assert_eq!(refused, Err(RequestError::Unavailable));
    std::fs::remove_file(&path).unwrap();
    drop(filling);
    assert_eq!(desk.say(alice, bob, 2, "after").entry.seq, Seq(2));
}
