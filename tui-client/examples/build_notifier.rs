//! Runs a command and tells a person or a room how it ended:
//!
//! ```sh
//! recado ci --yes < /dev/null       # creates the account, once
//! RECADO_NAME=ci cargo run -p recado --example build_notifier -- '#builds' make test
//! ```
//!
//! Its exit status is that of the command.

use std::process::{Command, ExitCode, Output};
use std::time::{Duration, Instant};

use recado::client::Client;
use recado::exit::{Exit, Failure};

/// How much of the end of the output is told.
const LINES: usize = 10;
const MAX_CHARS: usize = 2000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [to, program, rest @ ..] = arguments.as_slice() else {
        let usage = "usage: build_notifier NAME-or-#ROOM COMMAND [ARGUMENT]...";
        return Err(Failure::new(Exit::Usage, usage));
    };
    // Before the work, so that a wrong name does not show only after an hour.
    let mut client = Client::from_env().await?;
    client.find(to).await?;
    let started = Instant::now();
    let output = Command::new(program).args(rest).output()?;
    let text = report(&arguments[1..].join(" "), &output, started.elapsed());
    client.send(to, &text).await?;
    client.leave().await;
    let code = output
        .status
        .code()
        .and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn report(command: &str, output: &Output, took: Duration) -> String {
    let mark = if output.status.success() {
        "✔"
    } else {
        "✘"
    };
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let all = String::from_utf8_lossy(&all);
    let lines: Vec<&str> = all.lines().rev().take(LINES).collect();
    let last: Vec<&str> = lines.into_iter().rev().collect();
    let text = format!(
        "{mark} {command}: {} after {took:.1?}\n{}",
        output.status,
        last.join("\n")
    );
    let text: String = text.chars().take(MAX_CHARS).collect();
    // What cannot be sent, such as colours, is left out.
    recado_shared::text::sanitise_input(text.trim_end())
}
