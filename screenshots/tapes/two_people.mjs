// A server, two people, a cut: what waits while the server is gone, and what arrives when it is back.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { tape } from "../terminal.mjs";

const home = mkdtempSync(join(tmpdir(), "recado-tape-"));
const env = { HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: join(home, "data"), XDG_STATE_HOME: join(home, "state") };

function serve(listen) {
  const server = spawn("target/release/recado-server", ["--listen", listen], {
    cwd: new URL("../..", import.meta.url),
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  return new Promise((resolve, reject) => {
    let said = "";
    server.on("exit", () => reject(new Error(`the server ended:\n${said}`)));
    server.stderr.on("data", (bytes) => {
      said += bytes;
      const listening = /listening=(\S+)/.exec(said);
      if (listening) resolve({ server, address: listening[1] });
    });
  });
}

await tape(async (open) => {
  const { server, address } = await serve("127.0.0.1:0");
  const size = { cols: 100, rows: 24, env };
  const bob = await open("target/release/recado", ["bob"], size);
  await bob.wait("connected");
  const alice = await open("target/release/recado", ["alice"], size);
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

  server.removeAllListeners("exit");
  server.kill("SIGKILL");
  await alice.wait("offline");
  await alice.type("this waits until the server is back");
  await alice.key("Enter");
  await alice.wait("1 waiting");
  await alice.still("offline");

  const again = await serve(address);
  await alice.wait(/the server is back.*✓✓/);
  await alice.waitGone("1 waiting");
  await bob.wait("this waits until the server is back");
  await alice.still("two-people");
  for (const terminal of [alice, bob]) {
    await terminal.key("Control+q");
    await terminal.ended();
  }
  again.server.removeAllListeners("exit");
  await new Promise((ended) => {
    again.server.on("exit", ended);
    again.server.kill("SIGTERM");
  });
  rmSync(home, { recursive: true });
});
