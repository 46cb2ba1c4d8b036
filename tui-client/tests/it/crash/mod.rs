//! The promise under fire: the server is killed with SIGKILL while many people send through it,
//! links are cut and clients restart in the middle; afterwards every message is at its recipient
//! exactly once and in order.
//!
//! The people are the real client without a screen: its core, its network task and its store on
//! disk. The server is the real binary. `RECADO_CRASH_ROUNDS` and `RECADO_CRASH_PEOPLE` make the
//! run longer than the test suite needs it.

mod check;
mod person;
mod proxy;

use std::time::Duration;

use recado_shared::{ConversationId, UserId};

use self::person::Person;
use crate::machine::{Machine, Server};

/// Messages that each person types in a round to each of the next two people.
const PER_ROUND: u64 = 15;

/// Nothing takes longer than this even on a busy machine; waits end as soon as they can.
const DEADLINE: Duration = Duration::from_mins(2);

#[test]
fn kill_the_server_cut_links_and_restart_clients_while_people_send() {
    let rounds = number("RECADO_CRASH_ROUNDS", 3);
    let people = number("RECADO_CRASH_PEOPLE", 6).max(3);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(storm(rounds, usize::try_from(people).unwrap()));
}

/// Progress of a long run, for its observer.
#[expect(clippy::print_stderr, reason = "the test runner shows it on demand")]
fn say(line: &str) {
    eprintln!("{line}");
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

async fn storm(rounds: u64, count: usize) {
    let machine = Machine::new();
    let mut server = machine.serve(0, &[]);
    let ticket = machine.local_ticket();
    let mut people = Vec::new();
    for index in 0..count {
        let dir = machine.path(&format!("person-{index}"));
        people.push(Person::start(dir, format!("person-{index:02}"), &ticket, index as u64).await);
    }
    for person in &mut people {
        person
            .wait("to know all users", DEADLINE, |status| {
                status.contacts == count - 1
            })
            .await;
    }
    let ids: Vec<UserId> = people.iter().map(Person::user).collect();

    for round in 0..rounds {
        type_round(&mut people, &ids, round).await;
        let cut = usize::try_from(round).unwrap() % count;
        people[cut].cut();
        wait_for_half(&mut people, round).await;
        server = restart(&machine, server);
        let restarted = (cut + count / 2) % count;
        people[restarted].restart(&machine.local_ticket()).await;
        say(&format!(
            "round {}: killed and restarted the server",
            round + 1
        ));
    }
    let typed = rounds * PER_ROUND;
    for (index, person) in people.iter_mut().enumerate() {
        let expected = expected_logs(&ids, index, typed);
        person
            .wait("an empty outbox and whole logs", DEADLINE, |status| {
                status.waiting == 0 && expected.iter().all(|log| status.held.contains(log))
            })
            .await;
    }
    let mut folders = Vec::new();
    for person in people {
        folders.push((person.user(), person.stop().await));
    }
    server.stop();
    let total = check::logs_agree(&machine, &folders, typed);
    say(&format!(
        "{rounds} kills, {count} people: {total} entries, each once and in order"
    ));
}

/// All users type to the next two. Typing does not wait for anything.
async fn type_round(people: &mut [Person], ids: &[UserId], round: u64) {
    let count = people.len();
    for number in round * PER_ROUND..(round + 1) * PER_ROUND {
        for index in 0..count {
            for step in [1, 2] {
                let to = ids[(index + step) % count];
                people[index]
                    .write(to, &format!("#{number} from {index}"))
                    .await;
            }
        }
    }
}

/// Waits until about half of the round is accepted, so that the kill hits the rest.
async fn wait_for_half(people: &mut [Person], round: u64) {
    let count = people.len() as u64;
    let per_person = 2 * PER_ROUND;
    for person in people.iter_mut().take(usize::try_from(count / 2).unwrap()) {
        let enough = round * per_person + per_person / 2;
        person
            .wait("half a round", DEADLINE, |status| status.accepted >= enough)
            .await;
    }
}

fn restart(machine: &Machine, server: Server) -> Server {
    let port = server.kill();
    machine.serve(port, &[])
}

/// Each log of a person as (conversation, length). A pair next to each other, or one apart, is
/// written to by one side; if both sides write, twice as much.
fn expected_logs(ids: &[UserId], index: usize, typed: u64) -> Vec<(ConversationId, u64)> {
    let count = ids.len();
    let mut logs = std::collections::BTreeMap::new();
    for from in 0..count {
        for step in [1, 2] {
            let to = (from + step) % count;
            if from == index || to == index {
                *logs
                    .entry(ConversationId::direct(ids[from], ids[to]))
                    .or_insert(0) += typed;
            }
        }
    }
    logs.into_iter().collect()
}
