//! The demo, alone: companions answer, and quitting leaves the terminal and the disk clean.

use crate::world::Machine;

#[test]
fn companions_answer_and_quitting_is_clean() {
    let machine = Machine::new();
    let mut demo = machine.open("demo", &["demo"], 100, 30);
    demo.wait("connected");
    demo.wait("is typing");
    demo.key("alt-1");
    demo.type_text("hello there");
    demo.key("enter");
    demo.wait_line("hello there", "✓✓");
    demo.key("f1");
    demo.wait("switch");
    demo.key("f1");
    demo.wait_gone("find a person or command");
    demo.key("ctrl-q");
    assert!(demo.wait_end().success());
    demo.assert_clean();
}
