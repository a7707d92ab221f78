//! The native command `ehlo`. Only owner of sockets, files and the wall clock. Not here: any behaviour of the simulated machines (`world`).

mod bench;
mod compare;
mod normal;
mod replay;
mod scenario;
mod shell;
mod steps;
mod traffic;

use std::process::ExitCode;

const USAGE: &str = "usage: ehlo replay [--why] [--out DIR] FILE...
                                         runs recorded scenarios on the simulation and prints them with what it did,
                                         or with --why every decision that it took and its reasons
       ehlo shell [LAB [HOST [USER]]]   a terminal of a lab in this terminal (default: linuxidc mail root)
       ehlo compare RECORDED REPLAYED    two directories of scenarios in normal form
       ehlo bench                        how fast this machine runs it
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.first().map(String::as_str) {
        Some("replay") => replay::main(&args[1..]),
        Some("compare") => compare::main(&args[1..]),
        Some("bench") => bench::main(),
        Some("shell") => shell::main(&args[1..]),
        Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => Err(USAGE.to_string()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}
