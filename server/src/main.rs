//! The program `recado-server`.

use std::process::ExitCode;

fn main() -> ExitCode {
    recado_server::cli::main()
}
