//! Texts about the editor of the user.

pub(crate) fn not_found(command: &str) -> String {
    format!("Cannot find the editor {command:?}. Set VISUAL or EDITOR to one that is installed")
}

pub(crate) fn cannot_run(command: &str, why: &str) -> String {
    format!("Cannot run the editor {command:?}, {why}. Check VISUAL and EDITOR")
}

/// `status` is such as `exit status: 1`.
pub(crate) fn failed(command: &str, status: &str) -> String {
    format!("The editor {command:?} failed ({status}). The text is as it was before")
}

pub(crate) fn cannot_write(why: &str) -> String {
    format!("Cannot write the text for the editor, {why}. Check the free space")
}

pub(crate) fn cannot_read(why: &str) -> String {
    format!("Cannot read the edited text, {why}. The text is as it was before")
}

pub(crate) fn too_long(len: usize, most: usize) -> String {
    format!(
        "The text has {len} bytes, and a message at most {most}. It is in the input box: shorten or split it"
    )
}

pub(crate) const OPEN_FIRST: &str = "Open a conversation first, then write";
