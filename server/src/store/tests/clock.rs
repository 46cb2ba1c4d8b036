//! The clock at the start of a server, compared with that of the last run.

use std::time::Duration;

use super::*;

const LAST: u64 = 1_800_000_000_000;

fn start(dir: &Path, now: u64, is_accepted: bool) -> Result<(), StoreError> {
    let clock = Some(ClockCheck {
        now: Timestamp(now),
        is_accepted,
    });
    let config = StoreConfig {
        clock,
        ..StoreConfig::default()
    };
    Writer::open(&Folder::claim(dir)?, &config).map(drop)
}

fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap()
}

#[test]
fn a_clock_far_from_that_of_the_last_change_is_refused_until_it_is_accepted() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let dir = desk.close();
    // Nothing was written with a clock yet.
    start(dir.path(), 1, false).unwrap();
    let mut desk = Desk::open(dir);
    // Tests use the id as the time.
    desk.say(alice, bob, LAST, "hello");
    let dir = desk.close();

    let behind = LAST - millis(ClockCheck::MAX_BEHIND);
    let ahead = LAST + millis(ClockCheck::MAX_AHEAD);
    for now in [behind, LAST, ahead] {
        start(dir.path(), now, false).unwrap();
    }
    for (now, text) in [
        (behind - 1, "1 days behind"),
        (ahead + 1, "730 days ahead of"),
    ] {
        let error = start(dir.path(), now, false).unwrap_err();
        assert!(matches!(error, StoreError::Clock { .. }), "{error:?}");
        let error = error.to_string();
        assert!(
            error.contains(text) && error.contains("--accept-clock"),
            "{error}"
        );
    }
    start(dir.path(), behind - 1, true).unwrap();
    // Accepted once, it is the one to compare with.
    start(dir.path(), behind - 1, false).unwrap();
    assert!(start(dir.path(), ahead, false).is_err());
}
