// The list of everything unread: mentions, replies and reactions of a room, and messages of several contacts.

import { tape } from "../terminal.mjs";

await tape(async (open) => {
  const env = { USER: "sam" };
  const terminal = await open("target/release/recado", ["demo"], { cols: 100, rows: 30, env });
  await terminal.wait("# workshop");
  await terminal.type("/msg #workshop Friday is fine for me");
  await terminal.key("Enter");
  await terminal.wait("✓");
  // Open another conversation, so that the answer is unread.
  await terminal.key("Control+k");
  await terminal.type("ada");
  await terminal.key("Enter");
  await terminal.wait("lists everything new");
  await terminal.wait(/# workshop +@2/, { deadline: 40_000 });
  await terminal.wait(/basil +\d/);
  await terminal.wait(/mallory +\d/);
  await terminal.key("Alt+i");
  await terminal.wait("Friday is fine for me");
  await terminal.still("catch-up");
  // A key right behind Escape would be read as one with Alt.
  await terminal.key("Escape");
  await terminal.waitGone("mark as read up to here");
  await terminal.key("Control+q");
  await terminal.ended();
});
