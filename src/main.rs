//! The `runner` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::cli::main()
}
