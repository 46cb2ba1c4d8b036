// Two users and a server that is killed: a message is queued while it is offline, and delivered when it is back.

import { home, serve } from "../server.mjs";
import { tape } from "../terminal.mjs";

const { env, remove } = home();

await tape(async (open) => {
  const { address, end } = await serve("127.0.0.1:0", env);
  const size = { cols: 100, rows: 24, env };
  const bob = await open("target/release/recado", ["bob", "--yes"], size);
  await bob.wait("connected");
  const alice = await open("target/release/recado", ["alice", "--yes"], size);
  await alice.wait(/● bob/);
  await alice.key("Control+k");
  await alice.type("bob");
  await alice.key("Enter");
  await alice.wait("to bob");
  await alice.type("did the build pass?");
  await alice.key("Enter");
  await alice.wait("✓✓");
  await bob.key("Alt+a");
  await bob.wait("did the build pass?");
  await bob.type("yes, in 41 s");
  await bob.key("Enter");
  await alice.wait("yes, in 41 s");
  await alice.type("then let us ship 🦀");
  await alice.key("Enter");
  await bob.wait("then let us ship");

  await end("SIGKILL");
  await alice.wait("offline");
  await alice.type("this waits until the server is back");
  await alice.key("Enter");
  await alice.wait("1 queued");
  await alice.still("offline");

  const again = await serve(address, env);
  await alice.wait(/the server is back.*✓✓/);
  await alice.waitGone("1 queued");
  await bob.wait("this waits until the server is back");
  await alice.still("two-people");
  for (const terminal of [alice, bob]) {
    await terminal.key("Control+q");
    await terminal.ended();
  }
  await again.end("SIGTERM");
  remove();
});
