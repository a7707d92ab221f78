//! The tasks of the house: `cargo xtask help`. One file per task, listed once in [`TASKS`].

mod bench;
mod ci;
mod fuzz;
mod page;
mod parts;
mod run;
mod scaffold;
mod serve;
mod site;
mod size;
mod tidy;
mod trunk;

use run::{Done, say};
use std::process::ExitCode;

/// A task: its words, what it does, its code, which gets the words behind.
struct Task(&'static str, &'static str, fn(&[String]) -> Done);

const TASKS: &[Task] = &[
    Task("serve [--port N]", "build the page, serve it at http://127.0.0.1:8080/, build again on change", |words| {
        let port = match words {
            [] => 8080,
            [option, n] if option == "--port" => n.parse().map_err(|_| format!("{n} is no port"))?,
            _ => return Err("usage: cargo xtask serve [--port N]".into()),
        };
        serve::serve(port)
    }),
    Task("build", "write dist/, to be served by any static server under any path", |_| site::build()),
    Task("test", "everything: lints, tests, documentation, sizes, the page in a real browser", |_| ci::full()),
    Task("ci quick", "before every commit: format, tidy, clippy, unit tests", |_| ci::quick()),
    Task("ci full", "the same as test", |_| ci::full()),
    Task("tidy", "floors, file sizes, headers, tables, links", |_| tidy::tidy()),
    Task("size", "sizes of the built page and its chunks, raw and gzip, against their bounds", |_| size::size()),
    Task("bench [engine|page|replay]", "the figures of docs/performance.md, on this machine", bench::bench),
    Task("diff-fuzz --recorder FILE", "random dialogues on the real Postfix and here; [--count N] [--seed N] [--smaller]", fuzz::fuzz),
    Task("bless [NAME]", "rewrite the goldens of the tests; read the difference before committing it", |words| {
        let mut command = run::cargo(&["test", "--workspace"]);
        run::run(command.args(words).env("EHLO_BLESS", "1"))
    }),
    Task("new KIND NAME", "the file of a new command, restriction, pane or lab, and its place in the tables", scaffold::new),
    Task("help", "this list", |_| {
        help();
        Ok(())
    }),
];

fn help() {
    println!("usage: cargo xtask TASK\n");
    for Task(words, what, _) in TASKS {
        println!("  {words:<26}{what}");
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    if let Err(e) = std::env::set_current_dir(root) {
        say!("{root}: {e}");
        return ExitCode::FAILURE;
    }
    let found = TASKS.iter().filter(|t| {
        let names: Vec<&str> = t.0.split(' ').take_while(|w| !w.starts_with(['[', '-']) && w.to_lowercase() == **w).collect();
        words.len() >= names.len() && names.iter().zip(&words).all(|(a, b)| a == b)
    });
    let Some(task) = found.max_by_key(|t| t.0.len()) else {
        help();
        return if words.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    };
    let names = task.0.split(' ').take_while(|w| !w.starts_with(['[', '-']) && w.to_lowercase() == **w).count();
    match (task.2)(&words[names..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            say!("{e}");
            ExitCode::FAILURE
        }
    }
}
