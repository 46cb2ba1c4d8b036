// Screenshots of a terminal program: it runs in a real pseudo-terminal, drawn by xterm.js in a headless browser, with real keys and a
// real mouse. A tape is a script of key presses, waits and screenshots; every wait has a deadline, so a tape is a test as well.
//
//     import { tape } from "../terminal.mjs";
//
//     await tape(async (open) => {
//       const terminal = await open("target/release/recado", ["demo"], { cols: 100, rows: 30 });
//       await terminal.wait("connected");
//       await terminal.type("hello");
//       await terminal.still("demo");
//       await terminal.key("Control+q");
//       await terminal.ended();
//     });

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "node-pty";
import { chromium } from "playwright-core";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(HERE);

const DEADLINE_MS = 15_000;
// A screen counts as drawn when the program has written nothing for this long.
const QUIET_MS = 150;
const QUIET_DEADLINE_MS = 5_000;

// Device pixels per CSS pixel.
const SCALE = 2;

const FONT_SIZE = 16;
// DejaVu comes before the CJK font, which draws geometric shapes such as the white circle two cells wide.
const FONTS = "'JetBrains Mono', 'DejaVu Sans Mono', 'Noto Sans Mono CJK JP', 'Noto Color Emoji'";

const THEME = {
  background: "#16181d",
  foreground: "#d7dae0",
  cursor: "#e6e8ec",
  cursorAccent: "#16181d",
  selectionBackground: "#3a4357",
  black: "#24272e",
  red: "#e8707a",
  green: "#8fc97a",
  yellow: "#e5c07b",
  blue: "#6cb0f2",
  magenta: "#c792ea",
  cyan: "#5cc4cf",
  white: "#c3c8d1",
  brightBlack: "#6b7280",
  brightRed: "#ff8b94",
  brightGreen: "#a9e08f",
  brightYellow: "#f5d590",
  brightBlue: "#8cc7ff",
  brightMagenta: "#dbabff",
  brightCyan: "#7fe0ea",
  brightWhite: "#f4f6f8",
};

const BROWSER_FLAGS = [
  // The sandbox does not run as root; the browser shows only this terminal.
  "--no-sandbox",
  // Playwright's own scale factor leaves xterm.js's canvas at a quarter of the picture.
  `--force-device-scale-factor=${SCALE}`,
  "--window-size=1920,1200",
  "--hide-scrollbars",
  "--font-render-hinting=none",
  "--disable-lcd-text",
  // WebGL without a graphics card.
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--ignore-gpu-blocklist",
  "--disable-dev-shm-usage",
  // Several terminals may be open, and none may be throttled in the background.
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

const PAGE = `<!doctype html>
<meta charset="utf-8">
<style>
  body { margin: 0; background: ${THEME.background}; }
  #frame { display: inline-block; padding: 14px 16px; background: ${THEME.background}; }
  .xterm-viewport, .xterm-scrollable-element > .scrollbar { overflow: hidden !important; opacity: 0; }
</style>
<div id="frame"><div id="terminal"></div></div>`;

/** Runs `play` with a function that opens terminals; closes all of them afterwards. Ends the process with 1 on failure. */
export async function tape(play) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: BROWSER_FLAGS,
  });
  const context = await browser.newContext({ viewport: null });
  const terminals = [];
  const open = async (program, args = [], options = {}) => {
    const terminal = new Terminal(await context.newPage());
    terminals.push(terminal);
    await terminal.start(program, args, options);
    return terminal;
  };
  try {
    await play(open);
  } catch (error) {
    console.error(error instanceof TapeError ? error.message : error);
    process.exitCode = 1;
  } finally {
    for (const terminal of terminals) terminal.close();
    await browser.close();
  }
}

class TapeError extends Error {}

class Terminal {
  #page;
  #pty;
  #home;
  #ended;
  #exit = null;
  #lastOutput = 0;
  #writing = Promise.resolve();

  constructor(page) {
    this.#page = page;
  }

  /**
   * Starts `program` (a path from the root of the repository, or a name) in a terminal of `cols` by `rows` cells. It
   * has a fresh home folder, PATH and the variables of `env`, and nothing else of the caller's environment.
   */
  async start(program, args, { cols = 100, rows = 30, env = {}, cwd = ROOT } = {}) {
    await this.#openPage(cols, rows);
    this.#home = mkdtempSync(join(tmpdir(), "tape-"));
    this.#pty = spawn(program.includes("/") ? join(ROOT, program) : program, args, {
      cols,
      rows,
      cwd,
      name: "xterm-256color",
      env: {
        PATH: process.env.PATH,
        HOME: this.#home,
        LANG: "C.UTF-8",
        TZ: "UTC",
        TERM: "xterm-256color",
        COLORTERM: "truecolor",
        ...env,
      },
    });
    this.#pty.onData((data) => this.#show(data));
    this.#ended = new Promise((resolve) => {
      this.#pty.onExit((exit) => {
        this.#exit = exit;
        resolve(exit);
      });
    });
  }

  /** Waits until the screen holds `wanted`, a text or a regular expression over the lines of the screen. */
  async wait(wanted, { deadline = DEADLINE_MS } = {}) {
    await this.#until((screen) => matches(screen, wanted), `waited for ${describe(wanted)}`, deadline);
  }

  /** Waits until the screen no longer holds `unwanted`. */
  async waitGone(unwanted, { deadline = DEADLINE_MS } = {}) {
    await this.#until((screen) => !matches(screen, unwanted), `waited for the end of ${describe(unwanted)}`, deadline);
  }

  /** Types a text, key by key. A pause between keys, in milliseconds, lets others see it being typed. */
  async type(text, { pause = 0 } = {}) {
    await this.#focus();
    await this.#page.keyboard.type(text, { delay: pause });
  }

  /** Presses one key in the browser's names: "Enter", "Alt+a", "Control+k", "Alt+ArrowDown", "F1". */
  async key(name, { times = 1 } = {}) {
    await this.#focus();
    for (let i = 0; i < times; i++) await this.#page.keyboard.press(name);
  }

  /** Pastes a text as a terminal does: bracketed where the program asked for it, line ends as carriage returns. */
  async paste(text) {
    await this.#page.evaluate((text) => window.terminal.paste(text), text);
  }

  /** Clicks a cell, counted from 0. */
  async click(col, row, { button = "left" } = {}) {
    const { x, y } = await this.#cell(col, row);
    await this.#page.bringToFront();
    await this.#page.mouse.click(x, y, { button });
  }

  /** Turns the wheel over a cell: down by `notches`, up where they are negative. */
  async wheel(col, row, notches) {
    const { x, y } = await this.#cell(col, row);
    await this.#page.bringToFront();
    await this.#page.mouse.move(x, y);
    for (let i = 0; i < Math.abs(notches); i++) await this.#page.mouse.wheel(0, Math.sign(notches) * 100);
  }

  /** Resizes the terminal; the program gets SIGWINCH. */
  async resize(cols, rows) {
    await this.#writing;
    await this.#page.evaluate(([cols, rows]) => window.terminal.resize(cols, rows), [cols, rows]);
    this.#pty.resize(cols, rows);
  }

  /** The lines of the screen, without the blanks at their ends. */
  async screen() {
    await this.#writing;
    return this.#page.evaluate(() => window.screenText());
  }

  /** Waits until the program has drawn, and saves a screenshot as `<name>.png` beside this module, or at `path`. */
  async still(name, { path = join(HERE, `${name}.png`) } = {}) {
    await this.#quiet();
    await this.#page.bringToFront();
    await this.#page.mouse.move(0, 0);
    await this.#page.evaluate(() => window.drawn());
    await this.#page.locator("#frame").screenshot({ path, scale: "device", animations: "disabled", caret: "initial" });
    console.log(path);
  }

  /** Waits until the program exits with `status`. */
  async ended(status = 0, { deadline = DEADLINE_MS } = {}) {
    const exit = await Promise.race([this.#ended, sleep(deadline)]);
    if (!exit) await this.#fail("the program did not end");
    if (exit.exitCode !== status) await this.#fail(`exit status ${exit.exitCode}, not ${status}`);
  }

  /** Kills the program if it still runs, and removes its home folder. */
  close() {
    if (this.#pty && !this.#exit) this.#pty.kill("SIGKILL");
    if (this.#home) rmSync(this.#home, { recursive: true, force: true });
  }

  async #openPage(cols, rows) {
    const page = this.#page;
    page.on("pageerror", (error) => console.error(`in the page: ${error}`));
    await page.setContent(PAGE);
    const modules = join(HERE, "node_modules", "@xterm");
    await page.addStyleTag({ path: join(modules, "xterm", "css", "xterm.css") });
    await page.addScriptTag({ path: join(modules, "xterm", "lib", "xterm.js") });
    await page.addScriptTag({ path: join(modules, "addon-webgl", "lib", "addon-webgl.js") });
    await page.addScriptTag({ path: join(modules, "addon-unicode-graphemes", "lib", "addon-unicode-graphemes.js") });
    await page.exposeFunction("toProgram", (data, encoding) => {
      if (this.#exit) return;
      this.#pty.write(encoding === "binary" ? Buffer.from(data, "binary") : data);
    });
    await page.evaluate(setUpPage, { cols, rows, fontFamily: FONTS, fontSize: FONT_SIZE, theme: THEME });
  }

  #show(data) {
    this.#lastOutput = Date.now();
    this.#writing = this.#writing
      .then(() => this.#page.evaluate((data) => new Promise((done) => window.terminal.write(data, done)), data))
      // The page is closed when the tape has ended; later output is dropped.
      .catch(() => {});
  }

  async #focus() {
    await this.#page.bringToFront();
    await this.#page.evaluate(() => window.terminal.focus());
  }

  async #cell(col, row) {
    return this.#page.evaluate(([col, row]) => window.cellCentre(col, row), [col, row]);
  }

  async #until(holds, what, deadline) {
    const end = Date.now() + deadline;
    while (!holds(await this.screen())) {
      if (this.#exit && !holds(await this.screen())) await this.#fail(`${what}, but the program has ended`);
      if (Date.now() > end) await this.#fail(`${what} for ${deadline} ms`);
      await sleep(20);
    }
  }

  async #quiet() {
    const end = Date.now() + QUIET_DEADLINE_MS;
    while (Date.now() < this.#lastOutput + QUIET_MS) {
      if (Date.now() > end) await this.#fail("the screen kept changing");
      await sleep(20);
    }
    await this.#writing;
  }

  async #fail(what) {
    const screen = await this.screen();
    throw new TapeError(`${what}; the screen:\n${screen.replace(/^/gm, "  | ")}`);
  }
}

// Runs in the page.
function setUpPage({ cols, rows, fontFamily, fontSize, theme }) {
  const terminal = new window.Terminal({
    cols,
    rows,
    fontFamily,
    fontSize,
    theme,
    lineHeight: 1.1,
    allowProposedApi: true,
    cursorBlink: false,
    // The screenshot shows a focused terminal even if the page has no focus.
    cursorInactiveStyle: "block",
    scrollback: 0,
    drawBoldTextInBrightColors: false,
  });
  terminal.loadAddon(new window.UnicodeGraphemesAddon.UnicodeGraphemesAddon());
  terminal.unicode.activeVersion = "15-graphemes";
  terminal.open(document.getElementById("terminal"));
  const webgl = new window.WebglAddon.WebglAddon();
  webgl.onContextLoss(() => {
    throw new Error("the WebGL context was lost");
  });
  terminal.loadAddon(webgl);
  terminal.onData((data) => window.toProgram(data, "text"));
  terminal.onBinary((data) => window.toProgram(data, "binary"));
  terminal.focus();

  window.terminal = terminal;
  window.screenText = () => {
    const buffer = terminal.buffer.active;
    const lines = [];
    for (let row = 0; row < terminal.rows; row++) {
      lines.push(buffer.getLine(buffer.viewportY + row)?.translateToString(true) ?? "");
    }
    return lines.join("\n");
  };
  window.cellCentre = (col, row) => {
    const box = document.querySelector(".xterm-screen").getBoundingClientRect();
    const width = box.width / terminal.cols;
    const height = box.height / terminal.rows;
    return { x: box.left + (col + 0.5) * width, y: box.top + (row + 0.5) * height };
  };
  // Two animation frames: one draws, one presents.
  window.drawn = () =>
    new Promise((done) => {
      terminal.refresh(0, terminal.rows - 1);
      requestAnimationFrame(() => requestAnimationFrame(done));
    });
}

function matches(screen, wanted) {
  return wanted instanceof RegExp ? wanted.test(screen) : screen.includes(wanted);
}

function describe(wanted) {
  return wanted instanceof RegExp ? String(wanted) : JSON.stringify(wanted);
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
