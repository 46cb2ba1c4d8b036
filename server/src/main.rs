//! The program `recado-server`: arguments to run.

use std::process::ExitCode;

use clap::Parser as _;
use recado_server::cli::{self, Arguments};

fn main() -> ExitCode {
    match cli::run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::complain(&error);
            cli::code_of(&error)
        }
    }
}
