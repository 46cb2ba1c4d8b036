// The demo: first screen, switcher, keys, and a narrow terminal.

import { tape } from "../terminal.mjs";

await tape(async (open) => {
  const env = { USER: "sam" };
  const terminal = await open("target/release/recado", ["demo"], { cols: 100, rows: 30, env });
  await terminal.wait("lists everything new");
  await terminal.type("hi Ada! which keys should I know?");
  await terminal.key("Enter");
  await terminal.wait("✓✓");
  await terminal.wait("go to a person");
  await terminal.wait(/ハルカ +\d/);
  await terminal.wait(/basil +\d/);
  await terminal.type("and offline?");
  await terminal.key("Enter");
  await terminal.wait("ada is typing");
  await terminal.type("one line, 日本語 and 🦀");
  await terminal.key("Alt+Enter");
  await terminal.type("and a second one");
  await terminal.wait("and a second one");
  await terminal.still("demo");

  await terminal.key("Control+k");
  await terminal.type("a");
  await terminal.wait("┌ Go to…");
  await terminal.still("switcher");
  // A key right behind Escape would be read as one with Alt.
  await terminal.key("Escape");
  await terminal.waitGone("┌ Go to…");

  await terminal.key("F1");
  await terminal.wait("┌ Help");
  await terminal.still("keys");
  await terminal.key("Escape");
  await terminal.waitGone("┌ Help");

  await terminal.resize(40, 12);
  await terminal.wait("ada");
  await terminal.still("narrow");
  await terminal.key("Control+q");
  await terminal.ended();
});
