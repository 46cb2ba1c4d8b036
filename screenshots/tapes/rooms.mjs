// A room in the demo: its history, a reply and a reaction to a new message, the emoji picker, completion of a mention, the
// members, and a search.

import { tape } from "../terminal.mjs";

await tape(async (open) => {
  const env = { USER: "sam" };
  const terminal = await open("target/release/recado", ["demo"], { cols: 100, rows: 30, env });
  await terminal.wait("# workshop");
  await terminal.wait("lists everything new");
  await terminal.type("/msg #workshop");
  await terminal.key("Enter");
  await terminal.wait("is Friday fine for you?");
  await terminal.type("Friday is fine for me");
  await terminal.key("Enter");
  await terminal.wait(/┃ sam: Friday is fine for me/);
  await terminal.wait("🎉 1");
  await terminal.still("rooms");

  await terminal.key("Control+ArrowUp");
  await terminal.key("r");
  await terminal.type("and thank you all 🙂");
  await terminal.wait("thank you all");
  await terminal.still("reply");
  await terminal.key("Enter");
  await terminal.wait(/┃ sam: and thank you all/);
  await terminal.wait("🙏 1");

  await terminal.key("Control+ArrowUp");
  await terminal.key("+");
  await terminal.type("ro");
  await terminal.wait(":rocket:");
  await terminal.still("reactions");
  await terminal.key("Escape");
  await terminal.key("Escape");

  await terminal.type("I think that @b");
  await terminal.wait("basil");
  await terminal.still("mentions");
  await terminal.type("asil knows");
  await terminal.key("Enter");
  // Text right behind Enter would be read as another line of a paste.
  await terminal.waitGone("│ I think that @basil knows");

  await terminal.type("/members");
  await terminal.key("Enter");
  await terminal.wait("owner");
  await terminal.still("members");
  await terminal.key("Escape");
  // Two escape sequences in one read would be one key.
  await terminal.waitGone("owner");

  await terminal.key("Alt+f");
  await terminal.type("friday");
  await terminal.wait("Search everywhere");
  await terminal.wait("is Friday fine");
  await terminal.still("search");
  await terminal.key("Escape");
  await terminal.waitGone("Search everywhere");
  await terminal.key("Control+q");
  await terminal.ended();
});
