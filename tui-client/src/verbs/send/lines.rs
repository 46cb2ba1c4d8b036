//! Lines of standard input for `recado send --each-line`, read by a thread of its own. The thread reads
//! at most [`LINES_AHEAD`] lines ahead of the network, so the program that writes them waits.

use std::io::{self, BufRead, Read as _};
use std::thread;

use recado_shared::limits::MAX_BODY_LEN;
use tokio::sync::mpsc::{self, Receiver};

const LINES_AHEAD: usize = 1;

/// Bytes after which a line is cut. Each byte that is not UTF-8 becomes U+FFFD, which has three.
const MAX_PIECE: usize = MAX_BODY_LEN / 3;

/// A line, or a part of a long one, without its line break, and its number from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) text: String,
}

/// Starts the thread. It ends with the input, with an error of it, or with the receiver.
pub(super) fn read_stdin() -> io::Result<Receiver<io::Result<Line>>> {
    let (lines, receiver) = mpsc::channel(LINES_AHEAD);
    thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            let mut reader = LineReader::new(io::stdin().lock());
            while let Some(line) = reader.next().transpose() {
                let is_last = line.is_err();
                if lines.blocking_send(line).is_err() || is_last {
                    break;
                }
            }
        })?;
    Ok(receiver)
}

struct LineReader<R> {
    input: R,
    /// Number of the line that is read next.
    number: u64,
    /// The first bytes of a character whose rest comes with the next piece.
    rest: Vec<u8>,
}

impl<R: BufRead> LineReader<R> {
    fn new(input: R) -> Self {
        Self {
            input,
            number: 1,
            rest: Vec::new(),
        }
    }

    /// `None` at the end of the input.
    fn next(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = std::mem::take(&mut self.rest);
        let room = MAX_PIECE - bytes.len();
        let mut input = (&mut self.input).take(u64::try_from(room).unwrap_or(u64::MAX));
        input.read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let number = self.number;
        if bytes.ends_with(b"\n") {
            self.number += 1;
        } else if bytes.len() == MAX_PIECE {
            let unfinished = bytes.utf8_chunks().last();
            let unfinished = unfinished.map_or(0, |chunk| chunk.invalid().len());
            self.rest = bytes.split_off(MAX_PIECE - unfinished);
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        Ok(Some(Line { number, text }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Vec<(u64, String)> {
        let mut reader = LineReader::new(input);
        std::iter::from_fn(|| reader.next().unwrap())
            .map(|line| (line.number, line.text))
            .collect()
    }

    #[test]
    fn lines_lose_their_breaks_and_the_last_needs_none() {
        let lines = read(b"one\ntwo\r\n\nlast");
        let expected = [(1, "one"), (2, "two"), (3, ""), (4, "last")];
        assert_eq!(lines, expected.map(|(n, text)| (n, text.to_owned())));
        assert_eq!(read(b""), []);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        for lead in 0..4 {
            let text = "x".repeat(lead) + &"\u{1f980}".repeat(MAX_PIECE);
            let input = format!("{text}\nnext\n");
            let lines = read(input.as_bytes());
            let (next, pieces) = lines.split_last().unwrap();
            assert_eq!(next, &(2, "next".to_owned()));
            let whole: String = pieces.iter().map(|(_, piece)| piece.as_str()).collect();
            assert_eq!(whole, text);
            assert!(pieces.iter().all(|(number, _)| *number == 1));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_and_fit_into_a_message() {
        assert_eq!(read(b"a\xffb\n"), [(1, "a\u{fffd}b".to_owned())]);
        let lines = read(&vec![0xff; 2 * MAX_PIECE]);
        assert!(lines.iter().all(|(_, line)| line.len() <= MAX_BODY_LEN));
        let replaced: usize = lines.iter().map(|(_, line)| line.chars().count()).sum();
        assert_eq!(replaced, 2 * MAX_PIECE);
    }
}
