//! The user's editor in the client's terminal: a shell script that shows what it got, and reads what
//! to save from the keyboard.

use crate::machine::Machine;
use crate::pty::Terminal;

/// Shows the permissions of the file and of its folder, the mode of the terminal and the text; then
/// reads a line, which is to be the text or `fail`.
const SCRIPT: &str = r#"
stat -c 'file %a' "$1"
stat -c 'folder %a' "$(dirname "$1")"
stty -a | grep -o ' icanon'
echo >> runs
echo "run $(($(wc -l < runs))) has [$(cat "$1")]"
read line
[ "$line" = fail ] && exit 3
printf '%s\n' "$line" > "$1"
touch "$1~"
"#;

fn open(machine: &Machine, editor: &str) -> Terminal {
    std::fs::write(machine.path("editor.sh"), SCRIPT).unwrap();
    let line = format!("export EDITOR=false VISUAL='{editor}'; recado alice --yes");
    let mut alice = machine.open_shell("alice", &line);
    alice.open_talk("bob");
    alice
}

#[test]
fn an_editor_gets_the_terminal_and_its_text_comes_back() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let mut bob = machine.open("bob", &["bob"]);
    let mut alice = open(&machine, "sh ./editor.sh");
    bob.open_talk("alice");
    alice.type_text("one");
    alice.wait_line("one", "");
    alice.key("ctrl-x");
    alice.wait("editor");
    alice.key("ctrl-e");
    alice.wait("run 1 has [one]");
    for shown in ["file 600", "folder 700", "icanon"] {
        alice.wait(shown);
    }
    alice.assert_clean();
    // The client goes on receiving.
    bob.type_text("are you there?");
    bob.wait_line("are you there?", "");
    bob.key("enter");
    bob.wait_line("are you there?", "✓✓");
    alice.type_text("two\r");
    alice.wait("are you there?");
    alice.wait_line("two", "");
    let left = machine.tree();
    let is_left = |name: &str| left.iter().any(|path| path.ends_with(name));
    assert!(
        !is_left("message.md") && !is_left("message.md~"),
        "{left:?}"
    );
    // A sent message is edited in the same way.
    alice.key("enter");
    bob.wait_line("alice", "two");
    alice.key("up");
    alice.wait("reply");
    alice.type_text("E");
    alice.wait("run 2 has [two]");
    alice.type_text("three\r");
    alice.wait("save");
    alice.key("enter");
    bob.wait_line("alice", "three");
    alice.key("ctrl-q");
    assert!(alice.wait_end().success());
    alice.assert_clean();
}

#[test]
fn an_editor_that_fails_or_is_missing_changes_nothing_and_says_so() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let _bob = machine.open("bob", &["bob"]);
    let mut alice = open(&machine, "sh ./editor.sh");
    alice.type_text("kept");
    alice.wait_line("kept", "");
    alice.key("alt-e");
    alice.wait("run 1 has [kept]");
    // A key that would end the client is for the editor, which ends of it.
    alice.key("ctrl-c");
    alice.wait("failed (signal: 2");
    alice.key("alt-e");
    alice.wait("run 2 has [kept]");
    alice.type_text("fail\r");
    alice.wait("failed (exit status: 3)");
    alice.wait_line("kept", "");
    alice.key("ctrl-q");
    alice.wait_end();
    let mut alice = open(&machine, "no-such-editor");
    alice.key("alt-e");
    alice.wait("Cannot find the editor \"no-such-editor\"");
    alice.wait_line("kept", "");
}
