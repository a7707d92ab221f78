//! find: the command line: paths, options, and the expression with its complaints.
//! Not here: what a test finds (`find`). Source: GNU findutils 4.9.0.

mod tree;

use crate::util::perm::Change;
use crate::util::quote::quote;
use crate::util::users::Accounts;
use crate::util::zone::Zone;
use crate::util::{gnu, when};
use machine::{STDERR, Sys};
use pattern::Regex;
pub(super) use tree::*;

#[derive(Default)]
pub(super) struct Options {
    pub(super) follow: bool,
    pub(super) follow_operands: bool,
    pub(super) depth: bool,
    pub(super) min: u64,
    pub(super) max: Option<u64>,
}

struct Parser<'a> {
    sys: &'a Sys,
    accounts: &'a Accounts,
    zone: &'a Zone,
    args: &'a [String],
    at: usize,
    opts: Options,
    syntax: pattern::Syntax,
    acts: bool,
    execs: usize,
    depth: u32,
    /// The last test that is not an option.
    tested: Option<String>,
}

type Res<T> = Result<T, String>;

/// Whether an argument belongs to the expression.
fn begins(arg: &str) -> bool {
    arg.len() > 1 && arg.starts_with('-') || arg == "(" || arg == "!"
}

/// Reads the whole command line.
pub(super) async fn parse(sys: &Sys, accounts: &Accounts, zone: &Zone, args: &[String]) -> Res<(Vec<String>, Expr, Options)> {
    let mut p = Parser {
        sys,
        accounts,
        zone,
        args,
        at: 0,
        opts: Options::default(),
        syntax: pattern::Syntax::Basic,
        acts: false,
        execs: 0,
        depth: 0,
        tested: None,
    };
    while let Some(arg) = args.get(p.at) {
        match arg.as_str() {
            "-H" => (p.opts.follow, p.opts.follow_operands) = (false, true),
            "-L" => p.opts.follow = true,
            "-P" => (p.opts.follow, p.opts.follow_operands) = (false, false),
            _ => break,
        }
        p.at += 1;
    }
    let start = p.at;
    while args.get(p.at).is_some_and(|a| !begins(a)) {
        p.at += 1;
    }
    let mut paths = args[start..p.at].to_vec();
    if paths.is_empty() {
        paths.push(".".into());
    }
    let mut expr = if p.at < args.len() { p.comma().await? } else { Expr::Test(Test::Bool(true)) };
    if let Some(arg) = args.get(p.at) {
        if arg == ")" {
            return Err("you have too many ')'".into());
        }
        return Err(p.misplaced(arg).await);
    }
    if !p.acts {
        expr = Expr::And(Box::new(expr), Box::new(Expr::Test(Test::Print('\n'))));
    }
    Ok((paths, expr, p.opts))
}

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.args.get(self.at).map(String::as_str)
    }
    /// A file's name where none may stand. If it is there, a pattern may have been expanded by the shell.
    async fn misplaced(&self, arg: &str) -> String {
        let mut text = format!("paths must precede expression: `{arg}'");
        let name = self.tested.as_ref().filter(|n| ["-name", "-iname", "-path", "-ipath"].contains(&n.as_str()));
        if let (Some(name), true) = (name, self.sys.lstat(arg).await.is_ok()) {
            text.push_str(&format!("\nfind: possible unquoted pattern after predicate `{name}'?"));
        }
        text
    }
    async fn comma(&mut self) -> Res<Expr> {
        let mut left = self.or().await?;
        while self.peek() == Some(",") {
            self.at += 1;
            left = Expr::Comma(Box::new(left), Box::new(self.or().await?));
        }
        Ok(left)
    }
    async fn or(&mut self) -> Res<Expr> {
        let mut left = self.and().await?;
        while matches!(self.peek(), Some("-o" | "-or")) {
            self.at += 1;
            left = Expr::Or(Box::new(left), Box::new(self.and().await?));
        }
        Ok(left)
    }
    async fn and(&mut self) -> Res<Expr> {
        let mut left = self.not().await?;
        loop {
            match self.peek() {
                None | Some(")" | "-o" | "-or" | ",") => return Ok(left),
                Some("-a" | "-and") => self.at += 1,
                Some(_) => {}
            }
            left = Expr::And(Box::new(left), Box::new(self.not().await?));
        }
    }
    fn not(&mut self) -> std::pin::Pin<Box<dyn Future<Output = Res<Expr>> + '_>> {
        Box::pin(async move {
            let Some(arg) = self.peek().map(String::from) else {
                let last = self.args.last().map_or("", String::as_str);
                return Err(match last {
                    "(" => "invalid expression; expected to find a ')' but didn't see one. Perhaps you need an extra predicate after '('"
                        .into(),
                    _ => format!("expected an expression after '{last}'"),
                });
            };
            self.at += 1;
            match arg.as_str() {
                "!" | "-not" => Ok(Expr::Not(Box::new(self.not().await?))),
                "(" => {
                    self.depth += 1;
                    if self.depth > 100 {
                        return Err("expression too deep".into());
                    }
                    if self.peek() == Some(")") {
                        return Err("invalid expression; empty parentheses are not allowed.".into());
                    }
                    let inner = self.comma().await?;
                    if self.peek() != Some(")") {
                        return Err("invalid expression; I was expecting to find a ')' somewhere but did not see one.".into());
                    }
                    self.at += 1;
                    self.depth -= 1;
                    Ok(inner)
                }
                "-o" | "-or" | "-a" | "-and" | "," => {
                    Err(format!("invalid expression; you have used a binary operator '{arg}' with nothing before it."))
                }
                _ => self.primary(&arg).await.map(Expr::Test),
            }
        })
    }
    fn argument(&mut self, name: &str) -> Res<String> {
        let Some(value) = self.args.get(self.at) else { return Err(format!("missing argument to `{name}'")) };
        self.at += 1;
        Ok(value.clone())
    }
    fn count(&mut self, name: &str) -> Res<Count> {
        let text = self.argument(name)?;
        number(&text).ok_or_else(|| format!("invalid argument `{text}' to `{name}'"))
    }
    /// An option for all of the expression: a warning on a terminal if tests stand before it.
    async fn global(&mut self, name: &str) {
        if let (Some(before), true) = (&self.tested, self.sys.is_tty(machine::STDIN).await) {
            self.sys.print(
                STDERR,
                format_args!(
                    "find: warning: you have specified the global option {name} after the argument {before}, but global options are not positional, i.e., {name} affects tests specified before it as well as those specified after it.  Please specify global options before other arguments.\n"
                ),
            );
        }
    }
    async fn primary(&mut self, name: &str) -> Res<Test> {
        if !name.starts_with('-') {
            return Err(self.misplaced(name).await);
        }
        let yes = Ok(Test::Bool(true));
        match name {
            "-maxdepth" | "-mindepth" => {
                self.global(name).await;
                let text = self.argument(name)?;
                let Some(n) = gnu::digits(&text) else {
                    return Err(format!("Expected a positive decimal integer argument to {name}, but got {}", quote(&text)));
                };
                if name == "-maxdepth" {
                    self.opts.max = Some(n);
                } else {
                    self.opts.min = n;
                }
                return yes;
            }
            "-depth" | "-d" => {
                self.global(name).await;
                self.opts.depth = true;
                return yes;
            }
            "-follow" => {
                self.opts.follow = true;
                return yes;
            }
            // There is one file system, and no leaf is guessed.
            "-mount" | "-xdev" | "-noleaf" | "-warn" | "-nowarn" | "-ignore_readdir_race" => return yes,
            "-regextype" => {
                let text = self.argument(name)?;
                self.syntax = match text.as_str() {
                    "posix-extended" | "posix-egrep" | "egrep" => pattern::Syntax::Egrep,
                    "awk" | "posix-awk" | "gnu-awk" => pattern::Syntax::Awk,
                    _ => pattern::Syntax::Basic,
                };
                return yes;
            }
            _ => {}
        }
        let before = self.tested.replace(name.to_string());
        Ok(match name {
            "-true" => Test::Bool(true),
            "-false" => Test::Bool(false),
            "-name" | "-iname" => Test::Glob { pattern: self.argument(name)?, whole: false, casefold: name == "-iname" },
            "-path" | "-wholename" | "-ipath" | "-iwholename" => {
                Test::Glob { pattern: self.argument(name)?, whole: true, casefold: name.starts_with("-i") }
            }
            "-lname" | "-ilname" => Test::LinkName(self.argument(name)?, name == "-ilname"),
            "-regex" | "-iregex" => {
                let text = self.argument(name)?;
                let options = pattern::Options { icase: name == "-iregex", utf8: true, ..pattern::Options::default() };
                let regex = Regex::new(text.as_bytes(), self.syntax, options)
                    .map_err(|e| format!("failed to compile regular expression '{text}': {e}"))?;
                Test::Regex(Box::new(regex))
            }
            "-type" | "-xtype" => {
                let text = self.argument(name)?;
                if text.is_empty() {
                    return Err("Arguments to -type should contain at least one letter".into());
                }
                if let Some(c) = text.split(',').flat_map(str::chars).find(|c| !"bcdpflsD".contains(*c)) {
                    return Err(format!("Unknown argument to {name}: {c}"));
                }
                Test::Type(text)
            }
            "-perm" => {
                let text = self.argument(name)?;
                let sign = text.bytes().next().filter(|c| matches!(c, b'-' | b'/')).unwrap_or(b'=');
                let mode = if sign == b'=' { text.as_str() } else { &text[1..] };
                let Some(change) = Change::parse(mode) else { return Err(format!("invalid mode {}", quote(&text))) };
                Test::Perm(sign, change.apply(0, false, 0))
            }
            "-size" => {
                let text = self.argument(name)?;
                let (digits, unit) = match text.bytes().last() {
                    Some(b'c') => (&text[..text.len() - 1], 1),
                    Some(b'w') => (&text[..text.len() - 1], 2),
                    Some(b'b') => (&text[..text.len() - 1], 512),
                    Some(b'k') => (&text[..text.len() - 1], 1024),
                    Some(b'M') => (&text[..text.len() - 1], 1 << 20),
                    Some(b'G') => (&text[..text.len() - 1], 1 << 30),
                    Some(b'0'..=b'9') => (text.as_str(), 512),
                    _ => return Err(format!("invalid -size type `{}'", text.chars().last().map_or(String::new(), |c| c.to_string()))),
                };
                Test::Size(number(digits).ok_or_else(|| format!("Invalid argument `{text}' to -size"))?, unit)
            }
            "-mtime" | "-atime" | "-ctime" => Test::Age(Age { which: name.as_bytes()[1], count: self.count(name)?, unit: 86_400 }),
            "-mmin" | "-amin" | "-cmin" => Test::Age(Age { which: name.as_bytes()[1], count: self.count(name)?, unit: 60 }),
            "-newer" | "-anewer" | "-cnewer" => {
                let file = self.argument(name)?;
                let stat = self.sys.stat(&file).await.map_err(|e| format!("{}: {e}", quote(&file)))?;
                let which = if name == "-newer" { b'm' } else { name.as_bytes()[1] };
                Test::Newer(which, stat.mtime)
            }
            "-newermt" | "-newerat" | "-newerct" => {
                let text = self.argument(name)?;
                let now = self.sys.now();
                let at = when::parse(&text, now, self.zone)
                    .ok_or_else(|| format!("I cannot figure out how to interpret {} as a date or time", quote(&text)))?;
                Test::Newer(name.as_bytes()[6], at)
            }
            "-uid" | "-gid" => {
                let text = self.argument(name)?;
                let n = text.parse().map_err(|_| format!("invalid argument `{text}' to `{name}'"))?;
                if name == "-uid" { Test::User(n) } else { Test::Group(n) }
            }
            "-user" => {
                let text = self.argument(name)?;
                Test::User(self.accounts.uid(&text).ok_or_else(|| format!("{} is not the name of a known user", quote(&text)))?)
            }
            "-group" => {
                let text = self.argument(name)?;
                let unknown = || format!("{} is not the name of an existing group", quote(&text));
                Test::Group(self.accounts.gid(&text).ok_or_else(unknown)?)
            }
            "-nouser" => Test::NoUser,
            "-nogroup" => Test::NoGroup,
            "-empty" => Test::Empty,
            "-links" => Test::Links(self.count(name)?),
            "-inum" => Test::Inode(self.count(name)?),
            "-samefile" => {
                let file = self.argument(name)?;
                let stat = self.sys.stat(&file).await.map_err(|e| format!("{}: {e}", quote(&file)))?;
                Test::Inode(Count { sign: b'=', n: stat.ino.into() })
            }
            "-readable" => Test::Access(true, false, false),
            "-writable" => Test::Access(false, true, false),
            "-executable" => Test::Access(false, false, true),
            "-prune" => Test::Prune,
            "-quit" => Test::Quit,
            "-print" | "-print0" | "-ls" | "-delete" | "-printf" | "-exec" | "-execdir" | "-ok" | "-okdir" => {
                self.acts = true;
                match name {
                    "-print" => Test::Print('\n'),
                    "-print0" => Test::Print('\0'),
                    "-ls" => Test::Ls,
                    "-printf" => Test::Printf(self.argument(name)?),
                    "-delete" => {
                        self.opts.depth = true;
                        Test::Delete
                    }
                    _ => Test::Exec(self.exec(name)?),
                }
            }
            "-fprint" | "-fprint0" | "-fprintf" | "-fls" | "-used" | "-context" | "-fstype" | "-newerBt" | "-files0-from" | "-daystart" => {
                return Err(format!("{name}: not simulated here"));
            }
            _ => {
                self.tested = before;
                return Err(format!("unknown predicate `{name}'"));
            }
        })
    }
    fn exec(&mut self, name: &str) -> Res<Exec> {
        let mut argv = Vec::new();
        let mut many = false;
        loop {
            let Some(arg) = self.args.get(self.at) else { return Err(format!("missing argument to `{name}'")) };
            self.at += 1;
            if arg == ";" {
                break;
            }
            if arg == "+" && argv.last().is_some_and(|l| l == "{}") && name.starts_with("-exec") {
                many = true;
                break;
            }
            argv.push(arg.clone());
        }
        if argv.is_empty() {
            return Err(format!("invalid argument `;' to `{name}'"));
        }
        self.execs += 1;
        let in_dir = name.ends_with("dir");
        Ok(Exec { number: self.execs, argv, many: many && !in_dir, ask: name.starts_with("-ok"), in_dir })
    }
}

fn number(text: &str) -> Option<Count> {
    let sign = text.bytes().next().filter(|c| matches!(c, b'-' | b'+')).unwrap_or(b'=');
    let digits = if sign == b'=' { text } else { &text[1..] };
    gnu::digits(digits).map(|n| Count { sign, n })
}
