//! find: search for files in a directory hierarchy.  Source: POSIX find, GNU findutils 4.9.0.
//! Here: walking and deciding. The expression's grammar: `find/expr.rs`; -printf and -ls: `find/show.rs`.

mod expr;
mod show;

use crate::util::quote::quote;
use crate::util::users::Accounts;
use crate::util::walk::{base, join, parent};
use crate::util::zone::Zone;
use crate::util::{gnu, search};
use crate::{Ex, Spec};
use expr::{Age, Count, Expr, Test};
use machine::{ChildStatus, Errno, FileKind, STDERR, STDOUT, SimTime, Stat, Sys};
use pattern::{GlobFlags, fnmatch};
use std::pin::Pin;

pub(super) const SPEC: Spec = Spec {
    name: "find",
    path: "/usr/bin/find",
    synopsis: "[-H] [-L] [-P] [path...] [expression]",
    about: "search for files in a directory hierarchy",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex {
            sh: "mkdir -p t/s; touch t/a.cf t/s/b.key; find t; find t -name '*.cf' -o -type d -empty",
            out: "t\nt/a.cf\nt/s\nt/s/b.key\nt/a.cf\n",
            code: 0,
        },
        Ex { sh: "touch a b; find . -type f -exec echo {} + -printf '%f %s\\n'", out: "a 0\nb 0\n./a ./b\n", code: 0 },
        Ex { sh: "find nosuch", out: "find: ‘nosuch’: No such file or directory\n", code: 1 },
        Ex { sh: "find -nosuch", out: "find: unknown predicate `-nosuch'\n", code: 1 },
    ],
};

/// A file that has been come across.
struct File {
    path: String,
    start: String,
    depth: u64,
    stat: Stat,
}

struct Find {
    sys: Sys,
    accounts: Accounts,
    zone: Zone,
    now: SimTime,
    opts: expr::Options,
    /// Files that wait for `-exec … +`, by the number of the action.
    waiting: Vec<(usize, Vec<String>)>,
    status: i32,
    prune: bool,
    quit: bool,
}

async fn run(sys: Sys) -> i32 {
    let args: Vec<String> = sys.args().iter().skip(1).cloned().collect();
    if args.iter().any(|a| a == "--version" || a == "-version") {
        sys.print(STDOUT, format_args!("find (GNU findutils) 4.9.0\n"));
        return 0;
    }
    if args.iter().any(|a| a == "--help" || a == "-help") {
        sys.print(STDOUT, format_args!("Usage: find [-H] [-L] [-P] [-Olevel] [-D debugopts] [path...] [expression]\n\nDefault path is the current directory; default expression is -print.\nExpression may consist of: operators, options, tests, and actions.\n"));
        return 0;
    }
    let accounts = Accounts::read(&sys).await;
    let zone = Zone::of(&sys);
    let (paths, expr, opts) = match expr::parse(&sys, &accounts, &zone, &args).await {
        Ok(parsed) => parsed,
        Err(text) => {
            sys.complain(format_args!("{text}"));
            return 1;
        }
    };
    let now = sys.now();
    let mut find = Find { sys: sys.clone(), accounts, zone, now, opts, waiting: Vec::new(), status: 0, prune: false, quit: false };
    for path in paths {
        if find.quit {
            break;
        }
        find.walk(&path, &expr).await;
    }
    for (number, names) in std::mem::take(&mut find.waiting) {
        find.exec_many(&expr, number, names).await;
    }
    find.status
}

impl Find {
    fn fail(&mut self, path: &str, e: Errno) {
        self.sys.complain(format_args!("{}: {e}", quote(path)));
        self.status = 1;
    }
    async fn look(&self, path: &str, operand: bool) -> Result<Stat, Errno> {
        if self.opts.follow || operand && self.opts.follow_operands {
            match self.sys.stat(path).await {
                Err(e) if e != Errno::ELOOP => {}
                found => return found,
            }
        }
        self.sys.lstat(path).await
    }
    async fn walk(&mut self, start: &str, expr: &Expr) {
        // The last one comes next; a directory comes again behind its files where those are first.
        let mut todo = vec![(start.to_string(), 0u64, false)];
        while let Some((path, depth, again)) = todo.pop() {
            if self.quit {
                return;
            }
            let stat = match self.look(&path, depth == 0).await {
                Ok(s) => s,
                Err(e) => {
                    self.fail(&path, e);
                    continue;
                }
            };
            let dir = stat.is_dir();
            let file = File { path, start: start.to_string(), depth, stat };
            let below = dir && !again && self.opts.max.is_none_or(|m| depth < m);
            self.prune = false;
            if depth >= self.opts.min && (again || !(self.opts.depth && below)) {
                self.eval(expr, &file).await;
            }
            if !below || self.prune && !self.opts.depth || self.quit {
                continue;
            }
            if self.opts.depth {
                todo.push((file.path.clone(), depth, true));
            }
            match self.sys.read_dir(&file.path).await {
                Ok(names) => todo.extend(names.iter().rev().map(|e| (join(&file.path, &e.name), depth + 1, false))),
                Err(e) => self.fail(&file.path, e),
            }
        }
    }
    fn eval<'a>(&'a mut self, expr: &'a Expr, file: &'a File) -> Pin<Box<dyn Future<Output = bool> + 'a>> {
        Box::pin(async move {
            match expr {
                Expr::And(a, b) => self.eval(a, file).await && self.eval(b, file).await,
                Expr::Or(a, b) => self.eval(a, file).await || self.eval(b, file).await,
                Expr::Comma(a, b) => {
                    self.eval(a, file).await;
                    self.eval(b, file).await
                }
                Expr::Not(a) => !self.eval(a, file).await,
                Expr::Test(test) => self.test(test, file).await,
            }
        })
    }
    fn age(&self, age: &Age, s: &Stat) -> bool {
        let t = match age.which {
            b'a' => s.atime,
            b'c' => s.ctime,
            _ => s.mtime,
        };
        let old = self.now.since(t) / 1_000_000;
        let (n, unit) = (age.count.n, age.unit);
        match (age.count.sign, unit) {
            (b'-', _) => old < n.saturating_mul(unit),
            (b'+', 60) => old > n.saturating_mul(unit),
            (b'+', _) => old >= n.saturating_add(1).saturating_mul(unit),
            (_, 60) => old > n.saturating_sub(1).saturating_mul(unit) && old <= n.saturating_mul(unit),
            _ => old / unit == n,
        }
    }
    async fn test(&mut self, test: &Test, file: &File) -> bool {
        let (s, path) = (&file.stat, file.path.as_str());
        match test {
            Test::Bool(b) => *b,
            Test::Glob { pattern, whole, casefold } => {
                let flags = GlobFlags { casefold: *casefold, ..GlobFlags::default() };
                fnmatch(pattern, if *whole { path } else { base(path) }, flags)
            }
            Test::LinkName(pattern, casefold) => match self.sys.read_link(path).await {
                Ok(to) => fnmatch(pattern, &to, GlobFlags { casefold: *casefold, ..GlobFlags::default() }),
                Err(_) => false,
            },
            Test::Regex(regex) => regex.find(path.as_bytes(), 0).is_some_and(|m| (m.start(), m.end()) == (0, path.len())),
            Test::Type(kinds) => kinds.contains(show::letter(s.kind)),
            Test::Perm(how, mode) => match how {
                b'-' => s.mode & mode == *mode,
                b'/' => *mode == 0 || s.mode & mode != 0,
                _ => s.mode == *mode,
            },
            Test::Size(count, unit) => count.fits(s.size.div_ceil(*unit)),
            Test::Age(age) => self.age(age, s),
            Test::Newer(which, at) => {
                *at < match which {
                    b'a' => s.atime,
                    b'c' => s.ctime,
                    _ => s.mtime,
                }
            }
            Test::User(uid) => s.uid == *uid,
            Test::Group(gid) => s.gid == *gid,
            Test::NoUser => self.accounts.user_of(s.uid).is_none(),
            Test::NoGroup => self.accounts.group_of(s.gid).is_none(),
            Test::Empty => match s.kind {
                FileKind::Dir => self.sys.read_dir(path).await.is_ok_and(|e| e.is_empty()),
                FileKind::File => s.size == 0,
                _ => false,
            },
            Test::Links(count) => count.fits(s.nlink.into()),
            Test::Inode(count) => count.fits(s.ino.into()),
            Test::Access(r, w, x) => self.sys.access(path, *r, *w, *x).await.is_ok(),
            Test::Print(end) => {
                self.sys.print(STDOUT, format_args!("{path}{end}"));
                true
            }
            Test::Printf(format) => {
                let text = show::printf(&self.sys, &self.accounts, &self.zone, format, file).await;
                self.sys.put(STDOUT, text.as_bytes());
                true
            }
            Test::Ls => {
                let text = show::ls(&self.sys, &self.accounts, &self.zone, file).await;
                self.sys.put(STDOUT, text.as_bytes());
                true
            }
            Test::Prune => {
                self.prune = true;
                true
            }
            Test::Quit => {
                // Nothing more happens, not even the printing that was left unsaid.
                self.quit = true;
                false
            }
            Test::Delete => {
                if path == "." {
                    return true;
                }
                let done = if s.is_dir() { self.sys.rmdir(path).await } else { self.sys.unlink(path).await };
                if let Err(e) = done {
                    self.sys.complain(format_args!("cannot delete {}: {e}", quote(path)));
                    self.status = 1;
                }
                done.is_ok()
            }
            Test::Exec(exec) if exec.many => {
                match self.waiting.iter_mut().find(|w| w.0 == exec.number) {
                    Some(w) => w.1.push(path.to_string()),
                    None => self.waiting.push((exec.number, vec![path.to_string()])),
                }
                true
            }
            Test::Exec(exec) => {
                let inside = exec.in_dir.then(|| parent(path).to_string());
                let name = if exec.in_dir { format!("./{}", base(path)) } else { path.to_string() };
                let argv: Vec<String> = exec.argv.iter().map(|a| a.replace("{}", &name)).collect();
                if exec.ask {
                    let command = exec.argv.first().map_or("", String::as_str);
                    if !gnu::yes(&self.sys, format_args!("< {command} ... {path} > ? ")).await {
                        return false;
                    }
                }
                self.command(&argv, inside.as_deref()).await
            }
        }
    }
    async fn command(&mut self, argv: &[String], dir: Option<&str>) -> bool {
        let make = |mut spawn: machine::Spawn| {
            spawn.cwd = dir.map(String::from);
            spawn
        };
        match search::run(&self.sys, argv, &make).await {
            Ok(ChildStatus::Exited(n)) => n == 0,
            Ok(_) => false,
            Err(e) => {
                self.sys.print(STDERR, format_args!("find: {}: {e}\n", quote(argv.first().map_or("", String::as_str))));
                false
            }
        }
    }
    /// Runs a command on all files that have waited for it.
    async fn exec_many(&mut self, expr: &Expr, number: usize, names: Vec<String>) {
        let Some(exec) = expr.exec(number) else { return };
        for part in names.chunks(1000) {
            let mut argv: Vec<String> = exec.argv[..exec.argv.len() - 1].to_vec();
            argv.extend(part.iter().cloned());
            if !self.command(&argv, None).await {
                self.status = 1;
            }
        }
    }
}

impl Count {
    fn fits(&self, n: u64) -> bool {
        match self.sign {
            b'+' => n > self.n,
            b'-' => n < self.n,
            _ => n == self.n,
        }
    }
}
