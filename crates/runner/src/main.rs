//! The native command `ehlo`. Only owner of sockets, files and the wall clock. Not here yet: any of its subcommands.

fn main() -> std::process::ExitCode {
    eprintln!("ehlo: replay, shell and bench are not built yet");
    std::process::ExitCode::FAILURE
}
