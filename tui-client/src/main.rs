//! The program `recado`: arguments to run.

use std::process::ExitCode;

use clap::Parser as _;
use recado::cli::{self, Arguments};
use recado::exit::Exit;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            cli::complain(&format!("Cannot start the runtime: {error}"));
            return Exit::Failure.into();
        }
    };
    let exit = match runtime.block_on(cli::run(arguments)) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            cli::complain(&failure.text);
            failure.exit
        }
    };
    // A thread that waits for standard input would otherwise be waited for.
    runtime.shutdown_background();
    exit.into()
}
