// A server for one tape, in a temporary home folder.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary home folder, and the environment variables for it. */
export function home() {
  const path = mkdtempSync(join(tmpdir(), "recado-tape-"));
  const env = { HOME: path, XDG_RUNTIME_DIR: path, XDG_DATA_HOME: join(path, "data"), XDG_STATE_HOME: join(path, "state") };
  return { env, remove: () => rmSync(path, { recursive: true }) };
}

/** Starts a server with that environment, and waits until it listens. */
export function serve(listen, env) {
  const server = spawn("target/release/recado-server", ["--listen", listen], {
    cwd: new URL("..", import.meta.url),
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const end = (signal) =>
    new Promise((ended) => {
      server.removeAllListeners("exit");
      server.on("exit", ended);
      server.kill(signal);
    });
  return new Promise((resolve, reject) => {
    let output = "";
    server.on("exit", () => reject(new Error(`the server exited:\n${output}`)));
    server.stderr.on("data", (bytes) => {
      output += bytes;
      const listening = /listening=(\S+)/.exec(output);
      if (listening) resolve({ address: listening[1], end });
    });
  });
}
