//! diff: compare files line by line.  Source: POSIX diff, GNU diffutils 3.8.
//! Here: options, files and directories. Which lines differ: `diff/script.rs`; how that is written: `diff/show.rs`.

mod script;
mod show;

use crate::util::gnu;
use crate::util::walk::{base, join};
use crate::util::zone::Zone;
use crate::{Arg, Ex, Given, Opt, Spec};
use machine::{Errno, FileKind, STDIN, STDOUT, Stat, Sys};
use show::{Side, Style};
use std::pin::Pin;

pub(super) const SPEC: Spec = Spec {
    name: "diff",
    path: "/usr/bin/diff",
    synopsis: "[OPTION]... FILES",
    about: "compare files line by line",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "printf '1\\n2\\n3\\n' > a; printf '1\\n3\\n4\\n' > b; diff a b", out: "2d1\n< 2\n3a3\n> 4\n", code: 1 },
        Ex {
            sh: "printf '1\\n2\\n' > a; printf '1\\n3' > b; diff -U1 --label x --label y a b",
            out: "--- x\n+++ y\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n\\ No newline at end of file\n",
            code: 1,
        },
        Ex {
            sh: "mkdir d e; echo 1 > d/x; echo 2 > e/x; touch e/z; diff -rq d e",
            out: "Files d/x and e/x differ\nOnly in e: z\n",
            code: 1,
        },
        Ex { sh: "diff x", out: "diff: missing operand after 'x'\ndiff: Try 'diff --help' for more information.\n", code: 2 },
    ],
};

const HELP: &str = "Usage: diff [OPTION]... FILES\nCompare FILES line by line.\n\n";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "text", Arg::No),
    Opt(b'B', "ignore-blank-lines", Arg::No),
    Opt(b'b', "ignore-space-change", Arg::No),
    Opt(0, "brief", Arg::No),
    Opt(b'q', "", Arg::No),
    Opt(0, "color", Arg::Maybe),
    Opt(b'C', "context", Arg::Yes),
    Opt(b'c', "", Arg::No),
    Opt(b'd', "minimal", Arg::No),
    Opt(b'e', "ed", Arg::No),
    Opt(b'E', "ignore-tab-expansion", Arg::No),
    Opt(b'i', "ignore-case", Arg::No),
    Opt(b'L', "label", Arg::Yes),
    Opt(b'N', "new-file", Arg::No),
    Opt(b'n', "rcs", Arg::No),
    Opt(0, "normal", Arg::No),
    Opt(b'p', "show-c-function", Arg::No),
    Opt(b'r', "recursive", Arg::No),
    Opt(b's', "report-identical-files", Arg::No),
    Opt(0, "strip-trailing-cr", Arg::No),
    Opt(0, "suppress-common-lines", Arg::No),
    Opt(b't', "expand-tabs", Arg::No),
    Opt(b'T', "initial-tab", Arg::No),
    Opt(b'U', "unified", Arg::Yes),
    Opt(b'u', "", Arg::No),
    Opt(b'W', "width", Arg::Yes),
    Opt(b'w', "ignore-all-space", Arg::No),
    Opt(b'x', "exclude", Arg::Yes),
    Opt(b'y', "side-by-side", Arg::No),
    Opt(b'Z', "ignore-trailing-space", Arg::No),
    Opt(b'v', "version", Arg::No),
];

/// What of a line does not count.
#[derive(Clone, Copy, Default)]
pub(super) struct Blind {
    case: bool,
    space_change: bool,
    all_space: bool,
    trailing: bool,
    blank_lines: bool,
    cr: bool,
}

struct Diff {
    sys: Sys,
    zone: Zone,
    style: Style,
    blind: Blind,
    brief: bool,
    same: bool,
    recursive: bool,
    new_file: bool,
    text: bool,
    labels: Vec<String>,
    exclude: Vec<String>,
    /// The options as `diff -r` shows them in front of two names.
    words: String,
    status: i32,
}

fn misuse(sys: &Sys, text: std::fmt::Arguments<'_>) -> i32 {
    sys.complain(text);
    sys.complain(format_args!("Try 'diff --help' for more information."));
    2
}

async fn run(sys: Sys) -> i32 {
    let args: Vec<String> = sys.args().iter().skip(1).cloned().collect();
    let hint = "diff: Try 'diff --help' for more information.\n";
    if args.iter().any(|a| a == "--version" || a == "-v") {
        sys.print(STDOUT, format_args!("diff (GNU diffutils) 3.8\n"));
        return 0;
    }
    // `--context` and `--unified` do without a number, too.
    let args: Vec<String> = args
        .iter()
        .map(|a| match a.as_str() {
            "--unified" => "-u".into(),
            "--context" => "-c".into(),
            _ => a.clone(),
        })
        .collect();
    let given = match crate::opts::parse_hint(&sys, &args, OPTIONS, HELP, 2, false, hint) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let mut diff = match options(&sys, &given) {
        Ok(d) => d,
        Err(status) => return status,
    };
    let last_option = args.iter().rposition(|a| a.starts_with('-') && a.len() > 1).map_or(0, |i| i + 1);
    diff.words = args[..last_option].iter().filter(|a| a.starts_with('-')).map(|a| format!(" {a}")).collect();
    match given.operands.as_slice() {
        [] => misuse(&sys, format_args!("missing operand after '{}'", sys.args().last().map_or("diff", String::as_str))),
        [one] => misuse(&sys, format_args!("missing operand after '{one}'")),
        [a, b] => {
            diff.pair(a.clone(), b.clone(), true).await;
            diff.status
        }
        [_, _, extra, ..] => misuse(&sys, format_args!("extra operand '{extra}'")),
    }
}

fn options(sys: &Sys, given: &Given) -> Result<Diff, i32> {
    let has = |c| given.has(OPTIONS, c);
    let number = |text: &str, what: &str| match gnu::digits(text) {
        Some(n) => Ok(usize::try_from(n).unwrap_or(usize::MAX)),
        None => Err(misuse(sys, format_args!("invalid {what} '{text}'"))),
    };
    let mut style = Style::Normal;
    let (mut context, mut width) = (3, 130);
    let (mut labels, mut exclude) = (Vec::new(), Vec::new());
    for (i, value) in &given.options {
        let text = value.as_deref().unwrap_or("");
        match (OPTIONS[*i].0, OPTIONS[*i].1) {
            (b'u', _) => style = Style::Unified(context),
            (b'c', _) => style = Style::Context(context),
            (b'U', _) => {
                context = number(text, "context length")?;
                style = Style::Unified(context);
            }
            (b'C', _) => {
                context = number(text, "context length")?;
                style = Style::Context(context);
            }
            (b'e', _) => style = Style::Ed,
            (b'y', _) => style = Style::Beside(width),
            (b'W', _) => {
                width = number(text, "width")?;
                if let Style::Beside(w) = &mut style {
                    *w = width;
                }
            }
            (b'L', _) => labels.push(text.to_string()),
            (b'x', _) => exclude.push(text.to_string()),
            (b'n' | b'p' | b't' | b'T', long) => {
                sys.unsupported(&format!("--{long}"));
                return Err(2);
            }
            (_, "suppress-common-lines") => {
                sys.unsupported("--suppress-common-lines");
                return Err(2);
            }
            (_, "color") if text == "always" => {
                sys.unsupported("--color=always");
                return Err(2);
            }
            _ => {}
        }
    }
    Ok(Diff {
        sys: sys.clone(),
        zone: Zone::of(sys),
        style,
        blind: Blind {
            case: has(b'i'),
            space_change: has(b'b') || has(b'E'),
            all_space: has(b'w'),
            trailing: has(b'Z'),
            blank_lines: has(b'B'),
            cr: given.has_long(OPTIONS, "strip-trailing-cr"),
        },
        brief: has(b'q') || given.has_long(OPTIONS, "brief"),
        same: has(b's'),
        recursive: has(b'r'),
        new_file: has(b'N'),
        text: has(b'a'),
        labels,
        exclude,
        words: String::new(),
        status: 0,
    })
}

impl Diff {
    fn trouble(&mut self, name: &str, e: Errno) {
        self.sys.complain(format_args!("{name}: {e}"));
        self.status = 2;
    }
    fn differ(&mut self) {
        self.status = self.status.max(1);
    }
    async fn look(&self, name: &str) -> Result<Stat, Errno> {
        if name == "-" { self.sys.fstat(STDIN).await } else { self.sys.stat(name).await }
    }
    fn pair(&mut self, mut a: String, mut b: String, top: bool) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            let (mut sa, mut sb) = (self.look(&a).await, self.look(&b).await);
            let dir = |s: &Result<Stat, Errno>| s.as_ref().is_ok_and(Stat::is_dir);
            // A file and a directory: the file of the same name in it.
            if top && dir(&sa) != dir(&sb) && sa.is_ok() && sb.is_ok() {
                if dir(&sa) {
                    a = join(&a, base(&b));
                    sa = self.look(&a).await;
                } else {
                    b = join(&b, base(&a));
                    sb = self.look(&b).await;
                }
            }
            let mut missing = false;
            for (name, stat) in [(&a, &sa), (&b, &sb)] {
                if let Err(e) = stat
                    && !(self.new_file && *e == Errno::ENOENT)
                {
                    self.trouble(name, *e);
                    missing = true;
                }
            }
            if missing || sa.is_err() && sb.is_err() {
                if !missing {
                    self.trouble(&a, Errno::ENOENT);
                    self.trouble(&b, Errno::ENOENT);
                }
                return;
            }
            match (dir(&sa), dir(&sb)) {
                (true, true) if top || self.recursive => return self.directories(&a, &b).await,
                (true, true) => return self.sys.print(STDOUT, format_args!("Common subdirectories: {a} and {b}\n")),
                (x, y) if x != y && sa.is_ok() && sb.is_ok() => {
                    let kind = |s: &Result<Stat, Errno>| s.as_ref().map_or("regular file", crate::util::perm::kind_name);
                    self.sys.print(STDOUT, format_args!("File {a} is a {} while file {b} is a {}\n", kind(&sa), kind(&sb)));
                    return self.differ();
                }
                _ => {}
            }
            let mut sides = Vec::new();
            for (i, (name, stat)) in [(&a, sa), (&b, sb)].into_iter().enumerate() {
                let bytes = match &stat {
                    Ok(_) => gnu::slurp(&self.sys, name).await,
                    Err(_) => Ok(Vec::new()),
                };
                let bytes = match bytes {
                    Ok(bytes) => bytes,
                    Err(e) => return self.trouble(name, e),
                };
                let time = stat.map_or(machine::SimTime::default(), |s| if s.kind == FileKind::File { s.mtime } else { self.sys.now() });
                let stamp = crate::util::date::strftime("%Y-%m-%d %H:%M:%S.%N %z", time, &self.zone);
                let title = self.labels.get(i).cloned().unwrap_or_else(|| format!("{name}\t{stamp}"));
                sides.push(Side::new(bytes, title));
            }
            self.files(&a, &b, &sides[0], &sides[1], top);
        })
    }
    async fn directories(&mut self, a: &str, b: &str) {
        let mut names: Vec<(String, usize)> = Vec::new();
        for (i, dir) in [a, b].iter().enumerate() {
            match self.sys.read_dir(dir).await {
                Ok(all) => {
                    for e in all {
                        let skipped = |p: &String| pattern::fnmatch(p, &e.name, pattern::GlobFlags::default());
                        if self.exclude.iter().any(skipped) {
                            continue;
                        }
                        match names.iter_mut().find(|n| n.0 == e.name) {
                            Some(n) => n.1 |= i + 1,
                            None => names.push((e.name, i + 1)),
                        }
                    }
                }
                Err(e) => self.trouble(dir, e),
            }
        }
        machine::sort(&mut names);
        for (name, where_) in names {
            if where_ == 3 || self.new_file {
                self.pair(join(a, &name), join(b, &name), false).await;
            } else {
                let dir = if where_ == 1 { a } else { b };
                self.sys.print(STDOUT, format_args!("Only in {dir}: {name}\n"));
                self.differ();
            }
        }
    }
    fn files(&mut self, a: &str, b: &str, left: &Side, right: &Side, top: bool) {
        if !self.text && (left.binary() || right.binary()) {
            if left.bytes != right.bytes {
                let what = if self.brief { "Files" } else { "Binary files" };
                self.sys.print(STDOUT, format_args!("{what} {a} and {b} differ\n"));
                self.differ();
            } else if self.same {
                self.sys.print(STDOUT, format_args!("Files {a} and {b} are identical\n"));
            }
            return;
        }
        let changes = script::compare(left, right, self.blind);
        if changes.is_empty() {
            if self.same {
                self.sys.print(STDOUT, format_args!("Files {a} and {b} are identical\n"));
            }
            if !matches!(self.style, Style::Beside(_)) || self.brief {
                return;
            }
        } else {
            self.differ();
        }
        if self.brief {
            self.sys.print(STDOUT, format_args!("Files {a} and {b} differ\n"));
            return;
        }
        if !top {
            self.sys.print(STDOUT, format_args!("diff{} {a} {b}\n", self.words));
        }
        show::show(&self.sys, &self.style, left, right, &changes);
    }
}
