//! `recado rooms` and `recado room`: everything a script does with rooms.

use serde_json::{Value, json};

use crate::history::objects;
use crate::machine::{Ended, Machine};
use crate::support::TestServer;

/// A private room for a user who does not know of it.
const UNSEEN: &str = "No such room, or you have no access: #crew";

/// A server with three people.
struct Scripts {
    machine: Machine,
    server: TestServer,
}

impl Scripts {
    async fn new() -> Self {
        let machine = Machine::new();
        let server = machine.serve_inside(0).await;
        let scripts = Self { machine, server };
        for name in ["alice", "bob", "carol"] {
            scripts.machine.create(name).await;
        }
        scripts
    }

    async fn run(&self, who: &str, line: &[&str]) -> Ended {
        let line = [line, &["--as", who]].concat();
        self.machine.run(&line).await
    }

    async fn is_done(&self, who: &str, line: &[&str]) {
        self.run(who, line).await.is(0, "");
    }

    async fn is_refused(&self, who: &str, line: &[&str], why: &str) {
        self.run(who, line).await.is(3, why);
    }

    async fn json(&self, who: &str, line: &[&str]) -> Vec<Value> {
        let line = [line, &["--json"]].concat();
        objects(&self.run(who, &line).await)
    }

    /// A private room of alice with the others in it, bob as a moderator.
    async fn crew(&self) {
        self.is_done("alice", &["room", "create", "crew", "--private"])
            .await;
        for name in ["bob", "carol"] {
            self.is_done("alice", &["room", "invite", "crew", name])
                .await;
            self.is_done(name, &["room", "join", "crew"]).await;
        }
        self.is_done("alice", &["room", "role", "crew", "bob", "moderator"])
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_room_is_there_for_who_is_invited() {
    let scripts = Scripts::new().await;
    let create = ["room", "create", "#Crew", "--private"];
    let made = &scripts.json("alice", &create).await[0];
    let conversation = made["conversation"].as_str().unwrap();
    assert!(conversation.starts_with("room/"), "{made}");
    assert_eq!((&made["room"], &made["seq"]), (&json!("Crew"), &json!(1)));
    assert_eq!(made["id"].as_str().unwrap().len(), 32);
    assert!(made["time"].as_str().unwrap().ends_with('Z'), "{made}");

    let join = ["room", "join", "room:crew"];
    scripts.is_refused("bob", &join, UNSEEN).await;
    let members = ["room", "members", "crew"];
    scripts.is_refused("bob", &members, UNSEEN).await;
    let invite = ["room", "invite", "crew", "bob"];
    scripts.is_done("alice", &invite).await;
    let topic = ["room", "topic", "crew", "ships & crabs"];
    scripts.is_done("alice", &topic).await;
    let expected = json!({
        "room": "Crew",
        "conversation": conversation,
        "standing": "invited",
        "role": null,
        "visibility": "private",
        "topic": "ships & crabs",
        "members": 1,
        "unread": 0,
        "muted": false,
        "invited_by": "alice",
    });
    assert_eq!(scripts.json("bob", &["rooms"]).await, [expected]);
    scripts.is_done("bob", &join).await;
    let again = "you are in that room already";
    scripts.is_refused("bob", &join, again).await;
    scripts.is_done("bob", &["send", "#crew", "ahoy"]).await;
    let mine = &scripts.json("alice", &["rooms"]).await[0];
    let told = ["standing", "role", "members", "unread"].map(|name| &mine[name]);
    assert_eq!(
        told,
        [&json!("member"), &json!("owner"), &json!(2), &json!(1)]
    );
    assert_eq!(scripts.run("carol", &["rooms"]).await.out, "");
    scripts
        .is_refused("alice", &["room", "leave", "crew"], "only owner")
        .await;
    scripts.is_done("bob", &["room", "leave", "crew"]).await;
    scripts
        .is_refused("bob", &["room", "leave", "crew"], UNSEEN)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_alone_is_shown_and_a_dash_removes_it() {
    let scripts = Scripts::new().await;
    scripts.is_done("bob", &["room", "create", "builds"]).await;
    let topic = ["room", "topic", "builds"];
    assert_eq!(scripts.run("bob", &topic).await.out, "\n");
    let set = ["room", "topic", "builds", "green again"];
    scripts.is_done("bob", &set).await;
    assert_eq!(scripts.run("bob", &topic).await.out, "green again\n");
    let expected = json!({ "room": "builds", "topic": "green again" });
    assert_eq!(scripts.json("bob", &topic).await, [expected]);
    let remove = ["room", "topic", "builds", "-"];
    scripts.is_done("bob", &remove).await;
    assert_eq!(scripts.run("bob", &topic).await.out, "\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_closed_by_its_owner_once_it_is_empty() {
    let scripts = Scripts::new().await;
    scripts.is_done("bob", &["room", "create", "builds"]).await;
    scripts.is_done("alice", &["room", "join", "builds"]).await;
    let close = ["room", "close", "builds"];
    let unasked = scripts.run("bob", &close).await;
    unasked.is(2, "Confirm with --yes");
    let close = ["room", "close", "builds", "--yes"];
    scripts
        .is_refused("bob", &close, "only an empty room")
        .await;
    scripts.is_refused("alice", &close, "only owners").await;
    scripts.is_done("alice", &["room", "leave", "builds"]).await;
    scripts.is_done("bob", &close).await;
    scripts
        .is_refused("alice", &["room", "join", "builds"], "No such room")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_listed_with_what_they_may_do() {
    let scripts = Scripts::new().await;
    scripts.crew().await;
    let members = ["room", "members", "crew"];
    let mute = ["room", "mute", "crew", "carol", "--minutes", "30"];
    scripts.is_done("bob", &mute).await;
    let lines = scripts.json("bob", &members).await;
    let told = |line: &Value| {
        let word = |name: &str| line[name].as_str().unwrap().to_owned();
        let flag = |name: &str| line[name].as_bool().unwrap();
        (word("name"), word("role"), flag("own"), flag("muted"))
    };
    let expected = [
        ("alice".to_owned(), "owner".to_owned(), false, false),
        ("bob".to_owned(), "moderator".to_owned(), true, false),
        ("carol".to_owned(), "member".to_owned(), false, true),
    ];
    assert_eq!(lines.iter().map(told).collect::<Vec<_>>(), expected);
    assert_eq!(lines[0]["muted_until"], Value::Null);
    assert!(lines[2]["muted_until"].as_str().unwrap().ends_with('Z'));
    assert!(lines[0]["id"].is_string() && lines[0]["presence"].is_string());
    let told = scripts.run("bob", &members).await.out;
    let lines: Vec<_> = told.lines().collect();
    assert!(lines[1].ends_with(" moderator bob (you)"), "{told}");
    assert!(lines[2].ends_with(" member    carol muted"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn order_is_kept_and_refusals_say_what_is_missing() {
    let scripts = Scripts::new().await;
    scripts.crew().await;
    let on_carol = |verb: &'static str| ["room", verb, "crew", "carol"];
    let say = ["send", "#crew", "hm"];
    scripts.is_done("bob", &on_carol("mute")).await;
    scripts
        .is_refused("carol", &say, "you are muted in this room")
        .await;
    let rooms = scripts.json("carol", &["rooms"]).await;
    assert_eq!(rooms[0]["muted"], json!(true));
    scripts.is_done("bob", &on_carol("unmute")).await;
    scripts.is_done("carol", &say).await;
    let kick = ["room", "kick", "crew", "bob"];
    scripts
        .is_refused("carol", &kick, "only moderators of this room may do that")
        .await;
    let kick = ["room", "kick", "crew", "alice"];
    scripts.is_refused("bob", &kick, "as high as yours").await;
    scripts.is_done("bob", &on_carol("kick")).await;
    scripts
        .is_refused("bob", &on_carol("kick"), "that user is not in this room")
        .await;
    scripts.is_done("bob", &on_carol("ban")).await;
    scripts
        .is_refused("bob", &on_carol("invite"), "Unban them first")
        .await;
    scripts.is_done("bob", &on_carol("unban")).await;
    scripts
        .is_refused("bob", &on_carol("unban"), "not banned")
        .await;
    let history = ["history", "#crew", "--kinds", "event", "--limit", "3"];
    let told = scripts.run("alice", &history).await.out;
    let told: Vec<_> = told
        .lines()
        .map(|line| line.split_once("* ").unwrap().1)
        .collect();
    let expected = ["bob kicked carol", "bob banned carol", "bob unbanned carol"];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn public_rooms_are_listed_for_all() {
    let scripts = Scripts::new().await;
    let create = |name: &'static str| ["room", "create", name];
    scripts.is_done("alice", &create("builds")).await;
    scripts
        .is_refused("bob", &create("Builds"), "that room name is taken")
        .await;
    scripts.is_done("bob", &create("zebra")).await;
    let listed = scripts.run("bob", &["rooms"]).await;
    let expected = [
        "          public   1 in it  #builds",
        "owner     public   1 in it  #zebra",
    ];
    assert_eq!(listed.out.lines().collect::<Vec<_>>(), expected);
    let listed = &scripts.json("bob", &["rooms"]).await[0];
    let told = ["standing", "role", "visibility"].map(|name| &listed[name]);
    assert_eq!(told, [&json!("none"), &Value::Null, &json!("public")]);
    let topic = ["room", "topic", "zebra", "x"];
    scripts.is_refused("alice", &topic, "not a member").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_past_is_neither_read_nor_exported() {
    let scripts = Scripts::new().await;
    let create = ["room", "create", "fresh", "--hide-history"];
    scripts.is_done("bob", &create).await;
    scripts.is_done("bob", &["send", "#fresh", "early"]).await;
    scripts.is_done("alice", &["room", "join", "fresh"]).await;
    let seen = scripts.run("alice", &["history", "#fresh"]).await.out;
    assert!(
        seen.contains("joined") && !seen.contains("early"),
        "{seen:?}"
    );
    let export = ["export", "#fresh", "--format", "markdown"];
    let page = scripts.run("alice", &export).await.out;
    assert!(!page.contains("early"), "{page}");
    assert!(
        page.contains("*Earlier messages are hidden from you.*"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_have_their_codes() {
    let scripts = Scripts::new().await;
    scripts.is_done("bob", &["room", "create", "builds"]).await;
    for (line, why) in [
        (&["room", "create", "a b"][..], "names may contain"),
        (
            &["room", "mute", "builds", "bob", "--minutes", "0"],
            "not a number of minutes",
        ),
        (
            &["room", "role", "builds", "bob", "king"],
            "possible values",
        ),
        (&["room"], "Usage"),
    ] {
        scripts.run("bob", line).await.is(2, why);
    }
    let join = ["room", "join", "nowhere"];
    scripts
        .is_refused("bob", &join, "'recado rooms' lists rooms")
        .await;
    let invite = ["room", "invite", "builds", "nora"];
    scripts
        .is_refused("bob", &invite, "There is no user \"nora\"")
        .await;
    let Scripts { machine, server } = scripts;
    server.stop().await;
    for line in [&["rooms"][..], &["room", "join", "builds", "--as", "bob"]] {
        machine.run(line).await.is(4, "Cannot connect to");
    }
}
