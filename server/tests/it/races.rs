//! Races of a change with the writes that it forbids: none of them is behind the change's own entry, or behind its
//! acknowledgement where it has none. `RECADO_RACE_ROUNDS` sets the number of rounds.

use std::num::NonZeroU32;

use recado_server::Policy;
use recado_shared::device::LINK_EXTENSION;
use recado_shared::limits::MAX_REQUESTS_IN_FLIGHT;
use recado_shared::tls::Identity;
use recado_shared::{
    Answer, Content, ConversationId, Extension, Hello, HistoryVisibility, MessageId, Refusal,
    Request, RequestError, Role, RoomEvent, RoomName, Seq, ServerFrame, Setting, Topic, Visibility,
};
use tokio::join;

use crate::client::{Client, hello, message};
use crate::server::{TestServer, device};

/// Rounds of each race in the suite, enough for about one in a hundred late entries.
const ROUNDS: u32 = 4;

fn rounds() -> u32 {
    let set = std::env::var("RECADO_RACE_ROUNDS").ok();
    set.map_or(ROUNDS, |set| set.parse().expect("a number of rounds"))
}

/// A server without limits of rate, Alice, and four sessions of Bob that write as fast as they can.
struct Race {
    server: TestServer,
    alice: Client,
    alices: Identity,
    bobs: [Client; 4],
    last_id: u128,
}

impl Race {
    async fn start() -> Self {
        let server = TestServer::start_with(|config| {
            config.policy = Policy::Open;
            config.limits.frames_per_second = NonZeroU32::MAX;
            config.limits.frame_burst = NonZeroU32::MAX;
        })
        .await;
        let (alices, bobs) = (device(), device());
        let alice = server.newcomer(&alices, "alice").await;
        let first = server.newcomer(&bobs, "bob").await;
        let bobs = [
            first,
            again(&server, &bobs).await,
            again(&server, &bobs).await,
            again(&server, &bobs).await,
        ];
        Self {
            server,
            alice,
            alices,
            bobs,
            last_id: 0,
        }
    }

    fn next_id(&mut self) -> MessageId {
        self.last_id += 1;
        MessageId(self.last_id.to_be_bytes())
    }

    fn direct(&self) -> ConversationId {
        ConversationId::direct(self.alice.user, self.bobs[0].user)
    }

    async fn room(&mut self) -> ConversationId {
        let create = Request::CreateRoom {
            id: self.next_id(),
            name: RoomName::new("tea").unwrap(),
            visibility: Visibility::Public,
            history: HistoryVisibility::Visible,
        };
        match self.alice.answer_among(create).await {
            Ok(Answer::RoomCreated { room, .. }) => ConversationId::Room(room),
            other => panic!("no room: {other:?}"),
        }
    }

    async fn alice_does(&mut self, room: ConversationId, event: RoomEvent) {
        let id = self.next_id();
        let done = self.alice.put(room, id, Content::Room(event)).await;
        done.unwrap();
    }

    async fn bob_joins(&mut self, room: ConversationId) {
        let id = self.next_id();
        let joined = Content::Room(RoomEvent::Joined);
        self.bobs[0].put(room, id, joined).await.unwrap();
    }

    /// Bob's sessions write this while Alice changes something. Returns the places of what was accepted, and the
    /// result of the change with the place of its entry, if it has one.
    async fn run(
        &mut self,
        conversation: ConversationId,
        content: &Content,
        change: Request,
    ) -> (Vec<Seq>, Option<Seq>) {
        let mut ids = Vec::new();
        for _ in &self.bobs {
            self.last_id += 1_000;
            ids.push(self.last_id);
        }
        let [one, two, three, four] = &mut self.bobs;
        let alice = &mut self.alice;
        let (one, two, changed, three, four) = join!(
            flood(one, conversation, ids[0], content),
            flood(two, conversation, ids[1], content),
            alice.answer_among(change),
            flood(three, conversation, ids[2], content),
            flood(four, conversation, ids[3], content),
        );
        self.last_id += 1_000;
        let place = match changed.unwrap() {
            Answer::Accepted { seq, .. } => Some(seq),
            _ => None,
        };
        ([one, two, three, four].concat(), place)
    }

    /// Races an event of Alice, and returns how much of what Bob wrote is behind it.
    async fn late_behind(
        &mut self,
        room: ConversationId,
        content: &Content,
        event: RoomEvent,
    ) -> usize {
        let change = Request::Append {
            conversation: room,
            id: self.next_id(),
            content: Content::Room(event),
        };
        let (accepted, place) = self.run(room, content, change).await;
        let place = place.expect("an event has an entry");
        accepted.iter().filter(|seq| **seq > place).count()
    }

    /// The entries that reach Alice up to an answer that follows all writes before it.
    async fn entries_up_to_now(&mut self) -> usize {
        let me = ConversationId::direct(self.alice.user, self.alice.user);
        let last = Request::Append {
            conversation: me,
            id: self.next_id(),
            content: message("to myself"),
        };
        let asked = self.alice.ask(last).await;
        let mut entries = 0;
        loop {
            match self.alice.next_frame().await {
                ServerFrame::Answer { number, .. } if number == asked => return entries,
                ServerFrame::Entry { .. } => entries += 1,
                _ => {}
            }
        }
    }
}

async fn again(server: &TestServer, device: &Identity) -> Client {
    let mut client = server.connect(device).await;
    client.enter(hello(None, None)).await;
    client.next_heads().await;
    client
}

/// Sends as many requests as may be in flight, and returns the places of those that were accepted.
async fn flood(
    client: &mut Client,
    conversation: ConversationId,
    first: u128,
    content: &Content,
) -> Vec<Seq> {
    let mut numbers = Vec::new();
    for n in 0..MAX_REQUESTS_IN_FLIGHT as u128 {
        let request = Request::Append {
            conversation,
            id: MessageId((first + n).to_be_bytes()),
            content: content.clone(),
        };
        numbers.push(client.ask(request).await);
    }
    let mut accepted = Vec::new();
    while let Some(frame) = client.next_frame_or_end().await {
        if let ServerFrame::Answer { number, result } = frame {
            if let Ok(Answer::Accepted { seq, .. }) = result {
                accepted.push(seq);
            }
            numbers.retain(|asked| *asked != number);
            if numbers.is_empty() {
                break;
            }
        }
    }
    accepted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_member_is_behind_their_mute() {
    let mut race = Race::start().await;
    let room = race.room().await;
    race.bob_joins(room).await;
    let user = race.bobs[0].user;
    for round in 0..rounds() {
        let mute = RoomEvent::Muted { user, until: None };
        let late = race.late_behind(room, &message("late?"), mute).await;
        assert_eq!(late, 0, "round {round}");
        race.alice_does(room, RoomEvent::Unmuted(user)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_moderator_is_behind_the_loss_of_the_role() {
    let mut race = Race::start().await;
    let room = race.room().await;
    race.bob_joins(room).await;
    let user = race.bobs[0].user;
    let role = |role| RoomEvent::Role { user, role };
    let topic = Content::Room(RoomEvent::Topic(Topic::new("late?").ok()));
    for round in 0..rounds() {
        race.alice_does(room, role(Role::Moderator)).await;
        let late = race.late_behind(room, &topic, role(Role::Member)).await;
        assert_eq!(late, 0, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_member_is_behind_their_kick_or_ban() {
    let mut race = Race::start().await;
    let room = race.room().await;
    let user = race.bobs[0].user;
    for round in 0..rounds() {
        for event in [RoomEvent::Kicked(user), RoomEvent::Banned(user)] {
            race.bob_joins(room).await;
            let late = race.late_behind(room, &message("late?"), event).await;
            assert_eq!(late, 0, "round {round}");
        }
        race.alice_does(room, RoomEvent::Unbanned(user)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_reaches_a_user_behind_their_block() {
    let mut race = Race::start().await;
    let (direct, user) = (race.direct(), race.bobs[0].user);
    let block = |is_on| Request::Set(Setting::Blocked { user, is_on });
    for round in 0..rounds() {
        race.run(direct, &message("late?"), block(true)).await;
        // The block was answered, and the entries after the answer are still to be read.
        assert_eq!(race.entries_up_to_now().await, 0, "round {round}");
        let unblocked = race.alice.answer_among(block(false)).await;
        assert_eq!(unblocked, Ok(Answer::Done));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_device_is_behind_its_revocation() {
    let mut race = Race::start().await;
    let direct = race.direct();
    for round in 0..rounds() {
        let other = device();
        let waiting = Hello {
            extensions: vec![Extension {
                kind: LINK_EXTENSION,
                value: Vec::new(),
            }],
            ..hello(None, None)
        };
        let refusal = race.server.connect(&other).await.refused(waiting).await;
        assert_eq!(refusal, Refusal::LinkPending);
        let key = other.key();
        let link = Request::LinkDevice { key, name: None };
        assert_eq!(race.alice.answer_among(link).await, Ok(Answer::Done));
        for bob in &mut race.bobs {
            *bob = again(&race.server, &other).await;
        }
        let revoke = Request::RevokeDevice(key);
        race.run(direct, &message("late?"), revoke).await;
        assert_eq!(race.entries_up_to_now().await, 0, "round {round}");
    }
    let mut alice = again(&race.server, &race.alices).await;
    let refused = alice.answer(Request::RevokeDevice(race.alices.key())).await;
    assert_eq!(refused, Err(RequestError::LastDevice));
}
