//! readlink, realpath: where links lead.  Source: coreutils 9.1.

use crate::util::gnu;
use crate::util::walk::{base, join, parent};
use crate::{Arg, Ex, Opt, Spec};
use machine::{Errno, STDOUT, Sys, Sysret};

pub(super) const SPEC: Spec = Spec {
    name: "readlink",
    path: "/usr/bin/readlink",
    synopsis: "[OPTION]... FILE...",
    about: "print resolved symbolic links or canonical file names",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "ln -s f l; readlink l; readlink -f l; readlink -f nosuch/f", out: "f\n/work/f\n", code: 1 },
        Ex { sh: "readlink -m nosuch/../x", out: "/work/x\n", code: 0 },
    ],
};

pub(super) const REALPATH: Spec = Spec {
    name: "realpath",
    path: "/usr/bin/realpath",
    synopsis: "[OPTION]... FILE...",
    about: "print the resolved path",
    run: |sys| Box::pin(realpath(sys)),
    examples: &[Ex {
        sh: "touch f; ln -s f l; realpath l; realpath no/such",
        out: "/work/f\nrealpath: no/such: No such file or directory\n",
        code: 1,
    }],
};

const HELP: &str = "Usage: readlink [OPTION]... FILE...\nPrint value of a symbolic link or canonical file name\n\n";
const REALPATH_HELP: &str =
    "Usage: realpath [OPTION]... FILE...\nPrint the resolved absolute file name;\nall but the last component must exist\n\n";

const OPTIONS: &[Opt] = &[
    Opt(b'f', "canonicalize", Arg::No),
    Opt(b'e', "canonicalize-existing", Arg::No),
    Opt(b'm', "canonicalize-missing", Arg::No),
    Opt(b'n', "no-newline", Arg::No),
    Opt(b'q', "quiet", Arg::No),
    Opt(b's', "silent", Arg::No),
    Opt(b'v', "verbose", Arg::No),
    Opt(b'z', "zero", Arg::No),
];

const REALPATH_OPTIONS: &[Opt] = &[
    Opt(b'e', "canonicalize-existing", Arg::No),
    Opt(b'm', "canonicalize-missing", Arg::No),
    Opt(b'L', "logical", Arg::No),
    Opt(b'P', "physical", Arg::No),
    Opt(b'q', "quiet", Arg::No),
    Opt(0, "relative-to", Arg::Yes),
    Opt(0, "relative-base", Arg::Yes),
    Opt(b's', "strip", Arg::No),
    Opt(0, "no-symlinks", Arg::No),
    Opt(b'z', "zero", Arg::No),
];

/// A path without links and dots. `mode`: `e` all must exist, `f` all but the last part, `m` nothing.
async fn canonical(sys: &Sys, path: &str, mode: u8) -> Sysret<String> {
    let mut path = path.to_string();
    let mut missing: Vec<String> = Vec::new();
    for _ in 0..64 {
        match sys.real_path(&path).await {
            Ok(real) => {
                let mut real = real;
                for part in missing.iter().rev() {
                    real = match part.as_str() {
                        "." => real,
                        ".." => parent(&real).to_string(),
                        part => join(&real, part),
                    };
                }
                return Ok(real);
            }
            Err(Errno::ENOENT) if mode != b'e' && !path.is_empty() => {}
            Err(Errno::ENOTDIR) if mode == b'm' => {}
            Err(e) => return Err(e),
        }
        // A link to nothing is followed; otherwise the last part is what is missing.
        if let Ok(target) = sys.read_link(&path).await {
            path = if target.starts_with('/') { target } else { join(parent(&path), &target) };
            continue;
        }
        if mode == b'f' && !missing.is_empty() {
            return Err(Errno::ENOENT);
        }
        missing.push(base(&path).to_string());
        path = parent(&path).to_string();
    }
    Err(Errno::ELOOP)
}

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.operands.is_empty() {
        return gnu::missing(&sys, None);
    }
    let mode = given.options.iter().rev().map(|(i, _)| OPTIONS[*i].0).find(|c| b"fem".contains(c));
    let mut end = if given.has(OPTIONS, b'z') { "\0" } else { "\n" };
    if given.has(OPTIONS, b'n') {
        if given.operands.len() > 1 {
            sys.complain(format_args!("ignoring --no-newline with multiple arguments"));
        } else {
            end = "";
        }
    }
    let mut status = 0;
    for name in &given.operands {
        let found = match mode {
            Some(mode) => canonical(&sys, name, mode).await,
            None => sys.read_link(name).await,
        };
        match found {
            Ok(text) => sys.print(STDOUT, format_args!("{text}{end}")),
            Err(e) => {
                status = 1;
                if given.has(OPTIONS, b'v') {
                    sys.complain(format_args!("{}: {e}", gnu::colon(name)));
                }
            }
        }
    }
    status
}

/// A path seen from a directory.
fn relative(path: &str, from: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (path.split('/').skip(1).collect(), from.split('/').skip(1).filter(|p| !p.is_empty()).collect());
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let mut parts: Vec<&str> = vec![".."; b.len() - same];
    parts.extend(a[same..].iter().filter(|p| !p.is_empty()));
    if parts.is_empty() { ".".into() } else { parts.join("/") }
}

async fn realpath(sys: Sys) -> i32 {
    let table = REALPATH_OPTIONS;
    let given = match gnu::options(&sys, table, REALPATH_HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    for long in ["no-symlinks", "relative-base", "logical", "strip"] {
        if given.has_long(table, long) {
            sys.unsupported(&format!("--{long}"));
            return 1;
        }
    }
    if given.operands.is_empty() {
        return gnu::missing(&sys, None);
    }
    let mode = given.options.iter().rev().map(|(i, _)| table[*i].0).find(|c| b"em".contains(c)).unwrap_or(b'f');
    let mut from = None;
    if let Some(dir) = given.value_long(table, "relative-to") {
        match canonical(&sys, dir, mode).await {
            Ok(path) => from = Some(path),
            Err(e) => {
                sys.complain(format_args!("{}: {e}", gnu::colon(dir)));
                return 1;
            }
        }
    }
    let end = if given.has(table, b'z') { '\0' } else { '\n' };
    let mut status = 0;
    for name in &given.operands {
        match canonical(&sys, name, mode).await {
            Ok(path) => {
                let path = from.as_ref().map_or(path.clone(), |f| relative(&path, f));
                sys.print(STDOUT, format_args!("{path}{end}"));
            }
            Err(e) => {
                status = 1;
                if !given.has(table, b'q') {
                    sys.complain(format_args!("{}: {e}", gnu::colon(name)));
                }
            }
        }
    }
    status
}
