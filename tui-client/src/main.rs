//! The program `recado`; [`recado::cli`] is all of it.

fn main() -> std::process::ExitCode {
    recado::cli::main()
}
