//! `myelin`: the command line of Myelin.

use std::process::ExitCode;

fn main() -> ExitCode {
    myelin_cli::main()
}
