//! The terminal: entered by a guard, given back on every way out, panics and signals included.
//!
//! It writes modes and reads inputs; what is drawn is up to the driver.

mod event_stream;
mod inputs;
mod panic;
pub mod parser;
mod signals;
mod tmux;
mod tty;

use std::io::{self, IsTerminal as _, Stdout, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{SetCursorStyle, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
    KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::execute;
use crossterm::style::{Print, ResetColor};
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::layout::Size;
use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};

pub use self::event_stream::EventStream;
pub use self::inputs::Inputs;
pub use self::panic::{install_panic_hook, install_panic_hook_without_files};
pub use self::signals::StopSignals;
pub(crate) use self::tmux::{Answer as TmuxAnswer, Question as TmuxQuestion, TmuxHandle};
pub use self::tmux::{Multiplexer, Tmux};
use crate::cells::{PROBE_ROW, Probe};
use crate::driver::{Host, TerminalIo};
use crate::strings;

/// Clicks and the wheel, in SGR coordinates. Motion is not asked for: it would wake the program.
const ENABLE_MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
const DISABLE_MOUSE: &str = "\x1b[?1006l\x1b[?1000l";

/// Of xterm: keys with Alt or Meta send an escape byte and the character. Its default is the character with the eighth bit, so
/// that Alt+A would type an á. The values before are saved, as people set them, and other terminals ignore all three
/// (XTSAVE, DECSET, XTRESTORE in <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>).
const ENABLE_ALT_ESCAPE: &str = "\x1b[?1036;1039s\x1b[?1036;1039h";
const RESTORE_ALT_ESCAPE: &str = "\x1b[?1036;1039r";

/// Asks for the colour of the background (OSC 11). The answer is an event like a key; nothing waits for it.
const ASK_BACKGROUND: &str = "\x1b]11;?\x1b\\";

/// Prints each probe, concealed, and asks where the cursor is behind it (CPR). The first frame covers it all.
/// Without UTF-8, the bytes of most could be control characters, so only the first is printed.
fn probes(is_utf8_locale: bool) -> String {
    let probe = |probe: Probe| {
        format!(
            "\x1b[{PROBE_ROW};1H\x1b[8m{}\x1b[6n\r\x1b[m\x1b[K",
            probe.text()
        )
    };
    let count = if is_utf8_locale { Probe::ALL.len() } else { 1 };
    Probe::ALL[..count].iter().map(|it| probe(*it)).collect()
}

/// Of the kitty keyboard protocol: keys told apart, and their place on the keyboard beside their character, so that shortcuts
/// work in every script.
const KEYBOARD: KeyboardEnhancementFlags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES
    .union(KeyboardEnhancementFlags::REPORT_ALTERNATE_KEYS);

/// Whether the terminal is in our modes. Global because a panic hook has no other way to know.
static IS_ENTERED: AtomicBool = AtomicBool::new(false);

/// Holds the terminal in the client's modes and gives it back when dropped.
#[derive(Debug)]
pub struct Guard(());

/// Whether input and output are a terminal that can show a full screen. `TERM` names the terminal; a `dumb` one has no cursor.
pub fn is_usable() -> bool {
    let name = std::env::var_os("TERM").unwrap_or_default();
    let can_draw = !name.is_empty() && name != "dumb";
    can_draw && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Takes the terminal: raw mode, alternate screen, pastes in brackets, mouse, focus, and keys told
/// apart where the terminal can. Nothing waits for what it is asked.
///
/// # Errors
/// If there is no terminal, or signals cannot be listened to.
pub fn open() -> io::Result<TerminalIo<Stdout, Inputs, Guard>> {
    open_with(StopSignals::new()?)
}

/// Takes the terminal as [`open`], for a program that already listens to the signals.
///
/// # Errors
/// As [`open`].
pub fn open_with(stop: StopSignals) -> io::Result<TerminalIo<Stdout, Inputs, Guard>> {
    if !is_usable() {
        return Err(io::Error::other(strings::errors::NEEDS_TERMINAL));
    }
    let size = size()?;
    let inputs = Inputs::new(stop)?;
    let host = Guard(());
    enter_modes()?;
    execute!(io::stdout(), Print(probes(has_utf8_locale())))?;
    Ok(TerminalIo {
        host,
        writer: io::stdout(),
        inputs,
        size,
        multiplexer: Multiplexer::from_environment(),
    })
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

impl Host for Guard {
    /// Stops the whole job, as the terminal's own suspend key would. A session leader has no
    /// shell to return to and would hang.
    fn suspend(&mut self) -> io::Result<bool> {
        if getsid(None)? == getpgrp() {
            return Ok(false);
        }
        restore();
        kill_current_process_group(Signal::STOP)?;
        Ok(true)
    }

    fn lend(&mut self) -> io::Result<()> {
        restore();
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        // A stop from outside (SIGSTOP) leaves the terminal in the modes of this program.
        restore();
        enter_modes()
    }

    fn leave(&mut self) {
        restore();
    }

    fn is_ours(&self) -> bool {
        !panic::HAS_PANICKED.load(Ordering::SeqCst)
    }
}

fn size() -> io::Result<Size> {
    let (width, height) = crossterm::terminal::size()?;
    Ok(Size::new(width, height))
}

fn enter_modes() -> io::Result<()> {
    enable_raw_mode()?;
    IS_ENTERED.store(true, Ordering::SeqCst);
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange,
        Print(ENABLE_MOUSE),
        Print(ENABLE_ALT_ESCAPE),
        PushKeyboardEnhancementFlags(KEYBOARD),
        SetCursorStyle::SteadyBar,
        Print(ASK_BACKGROUND),
    )
}

/// Gives the terminal back and returns whether it was ours. Does nothing if it was not; may be
/// called from a panic hook.
pub fn restore() -> bool {
    if !IS_ENTERED.swap(false, Ordering::SeqCst) {
        return false;
    }
    // Each is tried, whatever came of the others: there is no better place to report it to.
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        SetCursorStyle::DefaultUserShape,
        PopKeyboardEnhancementFlags,
        Print(RESTORE_ALT_ESCAPE),
        Print(DISABLE_MOUSE),
        DisableFocusChange,
        DisableBracketedPaste,
        ResetColor,
        LeaveAlternateScreen,
        Show,
    );
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
    true
}

/// Whether the encoding of the locale is UTF-8. No locale at all is the locale C, whose encoding is not.
pub fn has_utf8_locale() -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let mut values = names.filter_map(|name| std::env::var(name).ok());
    is_utf8(&values.find(|value| !value.is_empty()).unwrap_or_default())
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Whether the environment allows colours (<https://no-color.org>).
pub fn wants_colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_the_encoding() {
        for (locale, expected) in [
            ("en_GB.UTF-8", true),
            ("de_DE.utf8", true),
            ("UTF-8", true),
            ("de_DE.ISO-8859-1", false),
            ("C", false),
            ("", false),
        ] {
            assert_eq!(is_utf8(locale), expected, "{locale}");
        }
        assert_eq!(probes(false), "\x1b[2;1H\x1b[8mñ\x1b[6n\r\x1b[m\x1b[K");
    }
}
