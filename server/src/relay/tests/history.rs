//! The start of a session of a client that knew the server's data at an earlier time.

use recado_shared::{AgreedPage, Continuity, Epoch, EpochId, EpochsFrame};

use super::*;
use crate::store::{Read, ReadResult};

fn epoch(id: u8, start: u64) -> Epoch {
    Epoch {
        id: EpochId([id; 8]),
        start,
    }
}

impl Desk {
    fn with_epochs(epochs: &[Epoch]) -> Self {
        let mut desk = Self::new(Policy::Invite);
        desk.relay.epochs = epochs.to_vec();
        desk
    }

    /// The effects of a login after the `Welcome`.
    fn log_in_knowing(&mut self, known: &[Epoch]) -> Vec<Effect> {
        let since = Some(SyncPoint {
            log: LOG,
            stamp: Stamp(8),
        });
        let hello = Hello {
            newest: ProtocolVersion::NEWEST,
            since,
            ..hello()
        };
        self.greet(S1, peer("192.0.2.1"), hello.with_epochs(known));
        let admitted = Ok(admitted(ALICE, false));
        let mut effects = self.relay.handle(logged_in(S1, admitted), self.now);
        assert!(matches!(
            effects.remove(0),
            Effect::Send {
                frame: ServerFrame::Welcome(_),
                ..
            }
        ));
        effects
    }
}

fn epochs_frame(epochs: &[Epoch], continuity: Continuity) -> Effect {
    let epochs = epochs.to_vec();
    send(S1, ServerFrame::Epochs(EpochsFrame { epochs, continuity }))
}

#[test]
fn a_client_of_the_present_epoch_gets_the_heads_that_changed() {
    let epochs = [epoch(1, 0), epoch(2, 9)];
    for known in [&epochs[..], &epochs[1..], &[]] {
        let mut desk = Desk::with_epochs(&epochs);
        assert_eq!(
            desk.log_in_knowing(known),
            [
                epochs_frame(&epochs, Continuity::Same),
                read_heads(S1, ALICE, Some(8))
            ]
        );
    }
}

#[test]
fn a_client_of_an_earlier_epoch_learns_where_its_logs_agree_and_then_all_heads() {
    let epochs = [epoch(1, 0), epoch(3, 5)];
    let mut desk = Desk::with_epochs(&epochs);
    let place = 5;
    assert_eq!(
        desk.log_in_knowing(&[epoch(1, 0), epoch(2, 9)]),
        [
            epochs_frame(&epochs, Continuity::Compared),
            Effect::Read(Read::Agreed {
                session: S1,
                user: ALICE,
                place
            })
        ]
    );
    let place = |n: u64| (ConversationId::direct(ALICE, UserId(100 + n)), Seq(n));
    let places: Vec<_> = (1..=2_001).map(place).collect();
    let page = |range: std::ops::Range<usize>, is_last| {
        let places = places[range].to_vec();
        send(S1, ServerFrame::Agreed(AgreedPage { places, is_last }))
    };
    desk.check(
        Event::Read(ReadResult::Agreed {
            session: S1,
            places: places.clone(),
        }),
        &[
            page(0..1_000, false),
            page(1_000..2_000, false),
            page(2_000..2_001, true),
            read_heads(S1, ALICE, Some(0)),
        ],
    );
}

#[test]
fn a_user_without_conversations_gets_an_empty_comparison() {
    let mut desk = Desk::with_epochs(&[epoch(2, 0)]);
    desk.log_in_knowing(&[epoch(1, 0)]);
    let none = AgreedPage {
        places: Vec::new(),
        is_last: true,
    };
    desk.check(
        Event::Read(ReadResult::Agreed {
            session: S1,
            places: Vec::new(),
        }),
        &[
            send(S1, ServerFrame::Agreed(none)),
            read_heads(S1, ALICE, Some(0)),
        ],
    );
}

#[test]
fn a_client_of_another_history_gets_all_heads() {
    let epochs = [epoch(2, 0)];
    let mut desk = Desk::with_epochs(&epochs);
    assert_eq!(
        desk.log_in_knowing(&[epoch(1, 0)]),
        [
            epochs_frame(&epochs, Continuity::Unknown),
            read_heads(S1, ALICE, None)
        ]
    );
}

#[test]
fn only_the_newest_epochs_are_named() {
    let epochs: Vec<_> = (0..100).map(|n| epoch(n, n.into())).collect();
    let mut desk = Desk::with_epochs(&epochs);
    let effects = desk.log_in_knowing(&epochs[10..20]);
    assert_eq!(
        effects[0],
        epochs_frame(&epochs[36..], Continuity::Compared)
    );
}

#[test]
fn a_client_of_an_earlier_version_is_told_nothing_of_epochs() {
    let mut desk = Desk::with_epochs(&[epoch(2, 0)]);
    desk.greet(S1, peer("192.0.2.1"), hello().with_epochs(&[epoch(1, 0)]));
    let effects = desk
        .relay
        .handle(logged_in(S1, Ok(admitted(ALICE, false))), desk.now);
    assert_eq!(effects[1], read_heads(S1, ALICE, None));
}
