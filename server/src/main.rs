//! The program `recado-server`.

use std::process::ExitCode;

use clap::Parser as _;
use recado_server::cli::{self, Arguments};

fn main() -> ExitCode {
    match cli::run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::report(&error);
            cli::code_of(&error)
        }
    }
}
