// The first look: what `recado demo` shows somebody who has just built it.

import { tape } from "../terminal.mjs";

await tape(async (open) => {
  const terminal = await open("target/release/recado", ["demo"], { cols: 100, rows: 30 });
  await terminal.wait("connected");
  await terminal.still("demo");
  await terminal.key("Control+q");
  await terminal.ended();
});
