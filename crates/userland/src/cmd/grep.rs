//! grep, egrep, fgrep: print lines that match patterns.  Source: POSIX grep, GNU grep 3.8.
//! Here: options, patterns, which files. Reading and printing: `grep/scan.rs`. Not here: -z.

mod notation;
mod scan;

use crate::util::gnu;
use crate::util::walk::{base, join};
use crate::{Arg, Ex, Opt, Spec};
use machine::{FileKind, STDERR, STDOUT, Sys};
use notation::*;
use pattern::{GlobFlags, Options, Syntax, fnmatch};
use scan::Scan;

pub(super) const SPEC: Spec = Spec {
    name: "grep",
    path: "/usr/bin/grep",
    synopsis: "[OPTION...] PATTERNS [FILE...]",
    about: "print lines that match patterns",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "printf 'one\\ntwo\\nthree\\n' | grep -n t", out: "2:two\n3:three\n", code: 0 },
        Ex { sh: "printf 'a.b\\naxb\\n' | grep -F a.b", out: "a.b\n", code: 0 },
        Ex { sh: "seq 9 | grep -C1 5", out: "4\n5\n6\n", code: 0 },
        Ex { sh: "mkdir d; echo root > d/f; grep -r root .; grep root d", out: "./d/f:root\ngrep: d: Is a directory\n", code: 2 },
        Ex { sh: "echo a1b22 | grep -oE '[0-9]+'", out: "1\n22\n", code: 0 },
        Ex {
            sh: "echo foo | grep --color=always o",
            out: "f\u{1b}[01;31m\u{1b}[Ko\u{1b}[m\u{1b}[K\u{1b}[01;31m\u{1b}[Ko\u{1b}[m\u{1b}[K\n",
            code: 0,
        },
    ],
};

pub(super) const EGREP: Spec = Spec {
    name: "egrep",
    path: "/usr/bin/egrep",
    synopsis: "[OPTION...] PATTERNS [FILE...]",
    about: "print lines that match patterns",
    run: |sys| Box::pin(other(sys, "-E")),
    examples: &[Ex { sh: "printf 'a\\nb\\nc\\n' | egrep 'a|c'", out: "a\nc\n", code: 0 }],
};

pub(super) const FGREP: Spec = Spec {
    name: "fgrep",
    path: "/usr/bin/fgrep",
    synopsis: "[OPTION...] PATTERNS [FILE...]",
    about: "print lines that match patterns",
    run: |sys| Box::pin(other(sys, "-F")),
    examples: &[Ex { sh: "printf 'a.\\nab\\n' | fgrep a.", out: "a.\n", code: 0 }],
};

const USAGE: &str = "Usage: grep [OPTION]... PATTERNS [FILE]...\n";
const HELP: &str = "Usage: grep [OPTION]... PATTERNS [FILE]...\nSearch for PATTERNS in each FILE.\nExample: grep -i 'hello world' menu.h main.c\nPATTERNS can contain multiple patterns separated by newlines.\n\n";

const OPTIONS: &[Opt] = &[
    Opt(b'A', "after-context", Arg::Yes),
    Opt(b'a', "text", Arg::No),
    Opt(b'B', "before-context", Arg::Yes),
    Opt(b'b', "byte-offset", Arg::No),
    Opt(0, "binary-files", Arg::Yes),
    Opt(b'C', "context", Arg::Yes),
    Opt(b'c', "count", Arg::No),
    Opt(0, "color", Arg::Maybe),
    Opt(0, "colour", Arg::Maybe),
    Opt(b'D', "devices", Arg::Yes),
    Opt(b'd', "directories", Arg::Yes),
    Opt(b'E', "extended-regexp", Arg::No),
    Opt(b'e', "regexp", Arg::Yes),
    Opt(0, "exclude", Arg::Yes),
    Opt(0, "exclude-dir", Arg::Yes),
    Opt(0, "exclude-from", Arg::Yes),
    Opt(b'F', "fixed-strings", Arg::No),
    Opt(b'f', "file", Arg::Yes),
    Opt(b'G', "basic-regexp", Arg::No),
    Opt(b'H', "with-filename", Arg::No),
    Opt(b'h', "no-filename", Arg::No),
    Opt(b'I', "", Arg::No),
    Opt(b'i', "ignore-case", Arg::No),
    Opt(b'y', "", Arg::No),
    Opt(0, "no-ignore-case", Arg::No),
    Opt(0, "include", Arg::Yes),
    Opt(b'L', "files-without-match", Arg::No),
    Opt(b'l', "files-with-matches", Arg::No),
    Opt(0, "label", Arg::Yes),
    Opt(0, "line-buffered", Arg::No),
    Opt(b'm', "max-count", Arg::Yes),
    Opt(b'n', "line-number", Arg::No),
    Opt(b'o', "only-matching", Arg::No),
    Opt(b'P', "perl-regexp", Arg::No),
    Opt(b'q', "quiet", Arg::No),
    Opt(b'q', "silent", Arg::No),
    Opt(b'R', "dereference-recursive", Arg::No),
    Opt(b'r', "recursive", Arg::No),
    Opt(b's', "no-messages", Arg::No),
    Opt(b'T', "initial-tab", Arg::No),
    Opt(b'U', "binary", Arg::No),
    Opt(b'v', "invert-match", Arg::No),
    Opt(b'w', "word-regexp", Arg::No),
    Opt(b'x', "line-regexp", Arg::No),
    Opt(b'Z', "null", Arg::No),
    Opt(b'z', "null-data", Arg::No),
    Opt(b'0', "", Arg::No),
    Opt(b'1', "", Arg::No),
    Opt(b'2', "", Arg::No),
    Opt(b'3', "", Arg::No),
    Opt(b'4', "", Arg::No),
    Opt(b'5', "", Arg::No),
    Opt(b'6', "", Arg::No),
    Opt(b'7', "", Arg::No),
    Opt(b'8', "", Arg::No),
    Opt(b'9', "", Arg::No),
];

/// The scripts egrep and fgrep: grep with an option more.
async fn other(sys: Sys, option: &str) -> i32 {
    let mut args = vec!["grep".to_string(), option.to_string()];
    args.extend(sys.args().iter().skip(1).cloned());
    let e = sys.exec("/usr/bin/grep", args, sys.environ().to_vec()).await;
    sys.complain(format_args!("/usr/bin/grep: {e}"));
    127
}

async fn run(sys: Sys) -> i32 {
    let given = match options(&sys, sys.args().get(1..).unwrap_or(&[])) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |c| given.has(OPTIONS, c);
    if has(b'z') {
        sys.unsupported("-z");
        return 2;
    }
    let utf8 = gnu::utf8(&sys);
    let icase = given.options.iter().rev().find_map(|(i, _)| match (OPTIONS[*i].0, OPTIONS[*i].1) {
        (b'i' | b'y', _) => Some(true),
        (_, "no-ignore-case") => Some(false),
        _ => None,
    });
    let mut notation = Notation {
        syntax: Syntax::Basic,
        fixed: false,
        options: Options { icase: icase == Some(true), utf8, ..Options::default() },
        words: has(b'w'),
        lines: has(b'x'),
    };
    let (mut before, mut after, mut recursive, mut follow, mut skip_dirs) = (None, None, false, false, false);
    let (mut names, mut color, mut max, mut text) = (None, false, None, has(b'a'));
    let (mut patterns, mut no_binary) = (None::<Vec<u8>>, has(b'I'));
    let mut filters: Vec<(bool, bool, String)> = Vec::new();
    let mut context = None;
    for (i, value) in &given.options {
        let arg = value.as_deref().unwrap_or("");
        let Opt(letter, long, _) = OPTIONS[*i];
        match letter {
            b'E' => (notation.syntax, notation.fixed) = (Syntax::Egrep, false),
            b'G' => (notation.syntax, notation.fixed) = (Syntax::Basic, false),
            b'P' => (notation.syntax, notation.fixed) = (Syntax::Perl, false),
            b'F' => notation.fixed = true,
            b'r' | b'R' => (recursive, follow) = (true, letter == b'R'),
            b'H' => names = Some(true),
            b'h' => names = Some(false),
            b'A' | b'B' | b'C' => {
                let Some(n) = gnu::digits(arg) else {
                    sys.complain(format_args!("{arg}: invalid context length argument"));
                    return 2;
                };
                if letter != b'A' {
                    before = Some(n);
                }
                if letter != b'B' {
                    after = Some(n);
                }
            }
            b'0'..=b'9' => {
                // The digits of `-12` follow one another.
                let n: u64 = context.unwrap_or(0);
                context = Some(n.saturating_mul(10).saturating_add(u64::from(letter - b'0')));
                (before, after) = (context, context);
            }
            b'm' => match arg.parse::<i64>() {
                Ok(n) => max = u64::try_from(n).ok(),
                Err(_) => {
                    sys.complain(format_args!("invalid max count"));
                    return 2;
                }
            },
            b'd' => match arg {
                "recurse" => recursive = true,
                "skip" => skip_dirs = true,
                "read" => (recursive, skip_dirs) = (false, false),
                _ => return bad_word(&sys, arg, "--directories", &["read", "recurse", "skip"]),
            },
            b'D' if arg != "read" && arg != "skip" => {
                sys.complain(format_args!("unknown devices method"));
                return 2;
            }
            b'e' => patterns = Some(add(patterns.take(), arg.as_bytes())),
            b'f' => match gnu::slurp(&sys, arg).await {
                Ok(bytes) => {
                    let bytes = bytes.strip_suffix(b"\n").map_or(bytes.as_slice(), |b| b);
                    // An empty file has no pattern, not an empty one.
                    patterns = if bytes.is_empty() && patterns.is_none() { Some(vec![0]) } else { Some(add(patterns.take(), bytes)) };
                }
                Err(e) => {
                    sys.complain(format_args!("{arg}: {e}"));
                    return 2;
                }
            },
            _ => match long {
                "color" | "colour" => match value.as_deref().unwrap_or("auto") {
                    "always" | "yes" | "force" => color = true,
                    "never" | "no" | "none" => color = false,
                    "auto" | "tty" | "if-tty" => color = sys.is_tty(STDOUT).await && sys.env("TERM").is_some_and(|t| t != "dumb"),
                    _ => {
                        sys.print(STDERR, format_args!("{USAGE}Try 'grep --help' for more information.\n"));
                        return 2;
                    }
                },
                "binary-files" => match arg {
                    "text" => text = true,
                    "binary" => (text, no_binary) = (false, false),
                    "without-match" => no_binary = true,
                    _ => {
                        sys.complain(format_args!("invalid argument {} for {}", crate::util::quote::quote(arg), "‘--binary-files’"));
                        return 2;
                    }
                },
                "include" | "exclude" | "exclude-dir" => filters.push((long == "exclude-dir", long == "include", arg.to_string())),
                "exclude-from" => {
                    let bytes = gnu::slurp(&sys, arg).await.unwrap_or_default();
                    let lines = gnu::lines(&bytes).into_iter().map(|l| (false, false, String::from_utf8_lossy(l).into_owned()));
                    filters.extend(lines);
                }
                _ => {}
            },
        }
    }
    let mut operands = given.operands.clone();
    let patterns = match patterns {
        Some(p) => p,
        None if operands.is_empty() => {
            sys.print(STDERR, format_args!("{USAGE}Try 'grep --help' for more information.\n"));
            return 2;
        }
        None => operands.remove(0).into_bytes(),
    };
    let none = patterns == [0];
    let lines: Vec<&[u8]> = if none { Vec::new() } else { patterns.split(|b| *b == b'\n').collect() };
    if notation.syntax == Syntax::Perl && !notation.fixed && lines.len() > 1 {
        sys.complain(format_args!("the -P option only supports a single pattern"));
        return 2;
    }
    let mut regexes = Vec::new();
    for line in lines {
        match notation.compile(line) {
            Ok(r) => {
                if let Some(warning) = r.warning() {
                    sys.complain(format_args!("warning: {warning}"));
                }
                regexes.push(r);
            }
            Err(e) => {
                sys.complain(format_args!("{e}"));
                return 2;
            }
        }
    }
    let perl = notation.syntax == Syntax::Perl && !notation.fixed;
    let mode = given.options.iter().rev().find_map(|(i, _)| match OPTIONS[*i].0 {
        c @ (b'l' | b'L') => Some(c),
        _ => None,
    });
    let implied = recursive && operands.is_empty();
    if operands.is_empty() {
        operands.push(if recursive { "." } else { "-" }.to_string());
    }
    let mut scan = Scan {
        sys: sys.clone(),
        regexes,
        words: has(b'w') && !perl && !has(b'x'),
        lines: has(b'x') && !perl,
        invert: has(b'v'),
        only: has(b'o'),
        count: has(b'c'),
        list: mode,
        quiet: has(b'q'),
        number: has(b'n'),
        offset: has(b'b'),
        tab: has(b'T'),
        null: has(b'Z'),
        names: names.unwrap_or(operands.len() > 1 || recursive),
        color,
        before: before.unwrap_or(0),
        after: after.unwrap_or(0),
        context: before.is_some() || after.is_some(),
        max,
        text,
        no_binary,
        utf8,
        label: given.value_long(OPTIONS, "label").unwrap_or("(standard input)").to_string(),
        printed: false,
        matched: false,
    };
    if names.is_none() && recursive && operands.len() == 1 && !implied {
        // One file alone is not named; a directory's files are.
        scan.names = operands[0] == "-" || sys.stat(&operands[0]).await.map_or(true, |s| s.is_dir());
    }
    let quiet_errors = has(b's');
    let mut failed = false;
    let flags = GlobFlags::default();
    let passed_over = |name: &str, path: &str, dir: bool, operand: bool| {
        let hit = |p: &str| fnmatch(p, base(name), flags) || fnmatch(p, path, flags);
        let includes = filters.iter().any(|f| f.1);
        if dir {
            return filters.iter().any(|f| f.0 && (!operand || base(name) != ".") && hit(f.2.trim_end_matches('/')));
        }
        match filters.iter().rev().find(|f| !f.0 && hit(&f.2)) {
            Some(f) => !f.1,
            None => includes && filters.iter().find(|f| !f.0).is_some_and(|f| f.1),
        }
    };
    let mut todo: Vec<(String, bool)> = operands.into_iter().rev().map(|o| (o, true)).collect();
    while let Some((path, operand)) = todo.pop() {
        if scan.quiet && scan.matched {
            break;
        }
        if path != "-" {
            let stat = if operand || follow { sys.stat(&path).await } else { sys.lstat(&path).await };
            let dir = stat.as_ref().is_ok_and(|s| s.is_dir());
            if passed_over(&path, &path, dir, operand) && (dir || recursive || !filters.is_empty()) {
                continue;
            }
            if dir && recursive {
                match sys.read_dir(&path).await {
                    Ok(all) => {
                        let inside = |name: &str| if implied && path == "." { name.to_string() } else { join(&path, name) };
                        todo.extend(all.iter().rev().map(|e| (inside(&e.name), false)));
                    }
                    Err(e) => {
                        if !quiet_errors {
                            sys.complain(format_args!("{path}: {e}"));
                        }
                        failed = true;
                    }
                }
                continue;
            }
            let odd = stat.as_ref().is_ok_and(|s| s.kind != FileKind::File && s.kind != FileKind::Dir);
            if !operand && odd || dir && skip_dirs {
                continue;
            }
        }
        if let Err(e) = scan.file(&path).await {
            if !quiet_errors {
                sys.complain(format_args!("{}: {e}", if path == "-" { &scan.label } else { &path }));
            }
            failed = true;
        }
    }
    match scan.matched {
        true if scan.quiet || !failed => 0,
        _ if failed => 2,
        _ => 1,
    }
}

/// Options, with grep's own line in front of the hint after a mistake.
fn options(sys: &Sys, args: &[String]) -> Result<crate::Given, i32> {
    let hint = format!("{USAGE}Try 'grep --help' for more information.\n");
    gnu::options_usage(sys, args, OPTIONS, HELP, 2, &hint)
}
