//! The user's editor (`$VISUAL`, `$EDITOR`) on a text of the input box, while it has the terminal.
//!
//! The text is in a private folder of its own, which goes with all that the editor leaves beside it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::future::pending;
use std::io::{self, Read as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;

use recado_shared::io_reason::describe;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::{Driver, Host, State};
use crate::app::Event;
use crate::app::composer::MAX_LEN;
use crate::{files, strings};

/// What a shell returns for a program that it cannot run or does not find.
const CANNOT_RUN: [i32; 2] = [126, 127];

/// Bytes that are read of an edited file: more than the input box holds, so that it says so.
const MAX_READ: u64 = 2 * MAX_LEN as u64;

/// The command of the editor, and the folder in which its files are made.
#[derive(Clone, Debug)]
pub struct Editor {
    command: OsString,
    folder: PathBuf,
}

impl Editor {
    /// An editor by its command, as a shell reads it, that works below a folder. The folder belongs
    /// to one client, which removes what an earlier run left there.
    pub fn new(command: impl Into<OsString>, folder: PathBuf) -> Self {
        // Mostly there is none. One that cannot be removed cannot be made anew either, which is told then.
        let _ = fs::remove_dir_all(&folder);
        Self {
            command: command.into(),
            folder,
        }
    }

    /// The editor that the environment names: `VISUAL`, else `EDITOR`, else `vi`.
    pub fn from_environment(folder: PathBuf) -> Self {
        let named = |name| std::env::var_os(name).filter(|command| !command.is_empty());
        let command = named("VISUAL").or_else(|| named("EDITOR"));
        Self::new(command.unwrap_or_else(|| "vi".into()), folder)
    }

    fn make_file(&self, text: &str) -> io::Result<Draft> {
        files::make_folder(&self.folder).map_err(|error| error.source)?;
        let folder = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&self.folder)?;
        let path = folder.path().join("message.md");
        files::write(&path, text.as_bytes()).map_err(|error| error.source)?;
        Ok(Draft {
            path,
            _folder: folder,
        })
    }

    /// Starts the editor in the terminal of this process.
    fn start(&self, text: &str) -> Result<RunningEditor, String> {
        let cannot_write = |error: io::Error| strings::editor::cannot_write(&describe(&error));
        let draft = self.make_file(text).map_err(cannot_write)?;
        let name = self.command.to_string_lossy().into_owned();
        let mut script = self.command.clone();
        script.push(" \"$@\"");
        let child = Command::new("/bin/sh")
            .arg("-c")
            .arg(script)
            .arg(&self.command)
            .arg(&draft.path)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| strings::editor::cannot_run(&name, &describe(&error)))?;
        Ok(RunningEditor { child, draft, name })
    }
}

/// The file with the text. Its folder is removed with it.
#[derive(Debug)]
struct Draft {
    path: PathBuf,
    _folder: TempDir,
}

impl Draft {
    /// The text as it was saved last, without the line end that editors put at the end.
    fn read(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        File::open(&self.path)?
            .take(MAX_READ)
            .read_to_end(&mut bytes)?;
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if text.ends_with('\n') {
            text.pop();
        }
        Ok(text)
    }
}

#[derive(Debug)]
pub(super) struct RunningEditor {
    child: Child,
    draft: Draft,
    name: String,
}

impl RunningEditor {
    fn outcome(&self, ended: &io::Result<ExitStatus>) -> Result<String, String> {
        let name = self.name.as_str();
        match ended {
            Ok(status) if status.success() => self
                .draft
                .read()
                .map_err(|error| strings::editor::cannot_read(&describe(&error))),
            Ok(status) if status.code().is_some_and(|code| CANNOT_RUN.contains(&code)) => {
                Err(strings::editor::not_found(name))
            }
            Ok(status) => Err(strings::editor::failed(name, &status.to_string())),
            Err(error) => Err(strings::editor::cannot_run(name, &describe(error))),
        }
    }
}

/// The end of the editor; waits for ever while none runs. Cancelling it loses nothing.
pub(super) async fn ended(running: &mut Option<RunningEditor>) -> io::Result<ExitStatus> {
    match running {
        Some(running) => running.child.wait().await,
        None => pending().await,
    }
}

impl<W: Write, H: Host> Driver<W, H> {
    /// Gives the terminal to the editor. Nothing is drawn and no key is read until it ends.
    pub(super) fn open_editor(&mut self, text: &str) -> io::Result<()> {
        self.host.lend()?;
        match self.editor.start(text) {
            Ok(running) => {
                self.running_editor = Some(running);
                self.state = State::Suspended;
                Ok(())
            }
            Err(why) => self.take_back_terminal(Err(why)),
        }
    }

    pub(super) fn take_edited(&mut self, ended: &io::Result<ExitStatus>) -> io::Result<()> {
        match self.running_editor.take() {
            Some(running) => self.take_back_terminal(running.outcome(ended)),
            None => Ok(()),
        }
    }

    fn take_back_terminal(&mut self, outcome: Result<String, String>) -> io::Result<()> {
        self.host.resume()?;
        self.display.forget();
        self.state = State::Changed;
        self.handle(Event::Edited(outcome));
        Ok(())
    }

    /// Ends the editor with the client: what was saved so far becomes the draft.
    pub(super) fn end_editor(&mut self) {
        if let Some(running) = self.running_editor.take()
            && let Ok(text) = running.draft.read()
        {
            self.handle(Event::Edited(Ok(text)));
        }
    }
}
