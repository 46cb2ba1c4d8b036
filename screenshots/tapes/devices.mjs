// Linking a device: the code on the new one, the confirmation on the first one.

import { home, serve } from "../server.mjs";
import { tape } from "../terminal.mjs";

const { env, remove } = home();

await tape(async (open) => {
  const { end } = await serve("127.0.0.1:0", env);
  const alice = await open("target/release/recado", ["alice", "--yes"], { cols: 80, rows: 24, env });
  await alice.wait("connected");
  await alice.type("/create workshop");
  await alice.key("Enter");
  await alice.wait("you created the room");
  const lister = await open("target/release/recado", ["devices", "--as", "alice"], { cols: 120, rows: 10, env });
  await lister.wait("recado link '");
  const [, line] = /recado link '([^']+)'/.exec((await lister.screen()).replaceAll("\n", ""));
  await lister.ended();

  const phone = await open("target/release/recado", ["link", line], { cols: 72, rows: 26 });
  await phone.wait("/link ");
  await phone.still("link");
  const [, code] = /\/link (\S+)/.exec(await phone.screen());
  await alice.type(`/link ${code}`);
  await alice.key("Enter");
  await alice.wait(`(code ${code})`);
  await alice.still("approve");
  await alice.key("Enter");
  await phone.wait("Linked this machine to alice");
  await phone.ended();
  await alice.key("Control+q");
  await alice.ended();
  await end("SIGTERM");
  remove();
});
