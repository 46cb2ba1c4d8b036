//! `recado export`: whole conversations for programs and for people.

use std::fs;
use std::io::Read;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

use crate::bots::person;
use crate::history::objects;
use crate::machine::Machine;
use crate::support::within;

/// The days and times of a page, which no test can know, as `DAY` and `TIME`.
fn without_times(page: &str) -> String {
    let is_time = |word: &str| {
        let digits: Vec<&str> = word.split(':').collect();
        digits.len() == 2 && digits.iter().all(|part| part.parse::<u8>().is_ok())
    };
    let mut lines = Vec::new();
    for line in page.lines() {
        if line.starts_with("## ") {
            lines.push("## DAY".to_owned());
        } else if line.starts_with("As ") {
            lines.push("ABOUT".to_owned());
        } else {
            let words = line.split(' ').map(|word| {
                let (mark, bare) = word.split_at(usize::from(word.starts_with('*')));
                if is_time(bare) {
                    format!("{mark}TIME")
                } else {
                    word.to_owned()
                }
            });
            lines.push(words.collect::<Vec<_>>().join(" "));
        }
    }
    lines.join("\n")
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_reads_well_as_markdown() {
    let machine = Machine::new();
    let _server = machine.serve_inside(0).await;
    let (mut alice, _folder) = person(&machine, "alice").await;
    let run = async |line: &[&str]| machine.run(line).await.is(0, "");
    machine.create("bob").await;
    run(&["room", "create", "builds"]).await;
    run(&["room", "topic", "builds", "*red* or <b>green</b>"]).await;
    within(alice.join("#builds")).await.unwrap();
    let typo = within(alice.send("#builds", "teh build\n# is *red*"))
        .await
        .unwrap();
    within(alice.edit(&typo, "the build\n# is *red*"))
        .await
        .unwrap();
    let gone = within(alice.send("#builds", "secret")).await.unwrap();
    let seq = typo.seq.0.to_string();
    run(&["send", "room:builds", "who broke it?", "--reply-to", &seq]).await;
    let event = loop {
        let event = within(alice.next()).await.unwrap();
        if event.text() == "who broke it?" {
            break event;
        }
    };
    within(alice.react(&event, "👍")).await.unwrap();
    within(alice.react(&event, "🎉")).await.unwrap();
    let to_gone = gone.seq.0.to_string();
    run(&["send", "room:builds", "what?", "--reply-to", &to_gone]).await;
    within(alice.delete(&gone)).await.unwrap();

    let exported = machine
        .run(&["export", "room:builds", "--format", "markdown"])
        .await;
    exported.is(0, "");
    let expected = "\
# \\#builds

ABOUT

## DAY

*TIME bob created the room*

*TIME bob set the topic to \\*red\\* or \\<b\\>green\\</b\\>*

*TIME alice joined*

**alice** TIME

> the build\x20\x20
> \\# is \\*red\\*

*edited*

**alice** TIME

> *message deleted by alice*

**bob** TIME

> > **alice**: the build…
>
> who broke it?

👍 1 · 🎉 1

**bob** TIME

> > *a deleted message*
>
> what?
";
    assert_eq!(without_times(&exported.out), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_those_of_the_history_and_all_has_every_conversation() {
    let machine = Machine::new();
    let _server = machine.serve_inside(0).await;
    let (mut alice, _folder) = person(&machine, "alice").await;
    machine.create("bob").await;
    for number in 0..250 {
        within(alice.send("bob", &format!("number {number}")))
            .await
            .unwrap();
    }
    machine.run(&["room", "create", "builds"]).await.is(0, "");
    machine.run(&["send", "room:builds", "hi"]).await.is(0, "");
    let one = machine.run(&["export", "alice"]).await;
    let history = machine
        .run(&["history", "alice", "--json", "--limit", "250"])
        .await;
    assert_eq!(objects(&one), objects(&history));
    assert_eq!(objects(&one).len(), 250);
    let all = objects(&machine.run(&["export", "--all"]).await);
    assert_eq!(all.len(), 252);
    assert_eq!(all[251]["text"], "hi");
    let page = machine
        .run(&["export", "--all", "--format", "markdown"])
        .await;
    page.is(0, "");
    let headings: Vec<_> = page
        .out
        .lines()
        .filter(|line| line.starts_with("# "))
        .collect();
    assert_eq!(headings, ["# bob and alice", "# \\#builds"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_whole_or_not_there_and_is_not_replaced_by_accident() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    machine.create("bob").await;
    machine.run(&["send", "bob", "one"]).await.is(0, "");
    let folder = machine.path("out");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("bob.jsonl");
    let path = file.to_str().unwrap();
    let export = ["export", "bob", "--output", path];
    machine.run(&export).await.is(0, "");
    let first = fs::read_to_string(&file).unwrap();
    assert!(
        first.contains("\"text\":\"one\"") && first.ends_with("}\n"),
        "{first}"
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    machine.run(&["send", "bob", "two"]).await.is(0, "");
    machine
        .run(&export)
        .await
        .is(2, "Use --force to replace it");
    assert_eq!(fs::read_to_string(&file).unwrap(), first);
    let force = [&export[..], &["--force"]].concat();
    machine.run(&force).await.is(0, "");
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .contains("\"text\":\"two\"")
    );

    // What fails leaves nothing, and what was there before.
    let second = fs::read_to_string(&file).unwrap();
    let other = folder.join("carol.jsonl");
    let carol = ["export", "carol", "--output", other.to_str().unwrap()];
    machine
        .run(&carol)
        .await
        .is(3, "carol.jsonl was not written");
    machine
        .run(&["export", "bob", "--output", folder.to_str().unwrap()])
        .await
        .is(2, "is a folder");
    machine
        .run(&["export", "bob", "--output", "no/such/file"])
        .await
        .is(1, "Cannot write no/such/file");
    server.stop().await;
    machine.run(&force).await.is(4, "bob.jsonl was not written");
    assert_eq!(fs::read_to_string(&file).unwrap(), second);
    assert_eq!(names(&folder), ["bob.jsonl"]);

    machine.run(&["export"]).await.is(2, "TO");
    machine
        .run(&["export", "bob", "--all"])
        .await
        .is(2, "cannot be used with");
    machine
        .run(&["export", "bob", "--force"])
        .await
        .is(2, "--output");
}

/// A person with more to export than a pipe holds and one answer has.
async fn with_much(machine: &Machine) {
    let (mut alice, _folder) = person(machine, "alice").await;
    machine.create("bob").await;
    let text = "x".repeat(15 * 1024);
    for _ in 0..40 {
        within(alice.send("bob", &text)).await.unwrap();
    }
}

/// Reads a little of what a process prints.
fn begin_to_read(out: &mut impl Read) {
    out.read_exact(&mut [0; 1024]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_ends_it_quietly_and_a_lost_server_is_told() {
    let machine = Machine::new();
    let server = machine.serve(0, &[]);
    with_much(&machine).await;
    let export = || machine.client(&["export", "--all"]).spawn().unwrap();
    let mut child = export();
    let mut out = child.stdout.take().unwrap();
    begin_to_read(&mut out);
    drop(out);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(
        (ended.status.code(), ended.stderr.as_slice()),
        (Some(0), &b""[..])
    );

    let mut child = export();
    begin_to_read(child.stdout.as_mut().unwrap());
    server.kill();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(4), "{said}");
    assert!(said.contains("the output is incomplete: "), "{said}");
    assert!(
        said.contains(" entries, 0 of 1 conversations complete"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_interrupted_leaves_no_file() {
    let machine = Machine::new();
    let server = machine.serve(0, &[]);
    machine.create("bob").await;
    let folder = machine.path("out");
    fs::create_dir(&folder).unwrap();
    // It waits for a server that takes connections and answers nothing.
    server.freeze();
    let path = folder.join("all");
    let child = machine
        .client(&["export", "--all", "--output", path.to_str().unwrap()])
        .spawn()
        .unwrap();
    while names(&folder).is_empty() {
        tokio::task::yield_now().await;
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(
        said.contains("Interrupted; ") && said.contains("all was not written"),
        "{said}"
    );
    assert_eq!(names(&folder), [""; 0]);
}
