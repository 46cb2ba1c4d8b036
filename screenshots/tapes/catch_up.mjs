// What is new while one looked elsewhere: mentions, replies and reactions of a room, and messages of several people, in one list.

import { tape } from "../terminal.mjs";

await tape(async (open) => {
  const env = { USER: "sam" };
  const terminal = await open("target/release/recado", ["demo"], { cols: 100, rows: 30, env });
  await terminal.wait("# workshop");
  await terminal.type("/msg #workshop Friday is fine for me");
  await terminal.key("Enter");
  await terminal.wait("✓");
  // Somewhere else, so that the answer to it is new.
  await terminal.key("Control+k");
  await terminal.type("ada");
  await terminal.key("Enter");
  await terminal.wait("lists all that is new");
  await terminal.wait(/# workshop +@2/, { deadline: 40_000 });
  await terminal.wait(/basil +\d/);
  await terminal.wait(/mallory +\d/);
  await terminal.key("Alt+i");
  await terminal.wait("Friday is fine for me");
  await terminal.still("catch-up");
  // A key right behind Escape would be read as one with Alt.
  await terminal.key("Escape");
  await terminal.waitGone("read to here");
  await terminal.key("Control+q");
  await terminal.ended();
});
