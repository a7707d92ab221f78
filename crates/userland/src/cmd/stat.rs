//! stat: display file or file system status.  Source: coreutils 9.1. Not here: precision and time zones in formats, security contexts.

use crate::util::date::strftime;
use crate::util::quote::{quoteaf, shell_escape};
use crate::util::users::Accounts;
use crate::util::zone::Zone;
use crate::util::{gnu, perm};
use crate::{Arg, Ex, Opt, Spec};
use machine::{FileKind, STDIN, STDOUT, SimTime, Stat, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "stat",
    path: "/usr/bin/stat",
    synopsis: "[OPTION]... FILE...",
    about: "display file or file system status",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex {
            sh: "echo hello > a; stat -c '%n %s %a %A %U %F' a /",
            out: "a 6 644 -rw-r--r-- root regular file\n/ 4096 755 drwxr-xr-x root directory\n",
            code: 0,
        },
        Ex { sh: "stat nosuch", out: "stat: cannot statx 'nosuch': No such file or directory\n", code: 1 },
        Ex {
            sh: "touch f; stat f | head -2",
            out: "  File: f\n  Size: 0         \tBlocks: 0          IO Block: 4096   regular empty file\n",
            code: 0,
        },
    ],
};

const HELP: &str = "Usage: stat [OPTION]... FILE...\nDisplay file or file system status.\n\n";

const OPTIONS: &[Opt] = &[
    Opt(b'L', "dereference", Arg::No),
    Opt(b'f', "file-system", Arg::No),
    Opt(0, "cached", Arg::Yes),
    Opt(b'c', "format", Arg::Yes),
    Opt(0, "printf", Arg::Yes),
    Opt(b't', "terse", Arg::No),
];

/// Major and minor number of the disk.
const DEVICE: (u32, u32) = (254, 1);

/// What a directive stands for, before its width.
struct File<'a> {
    sys: &'a Sys,
    name: &'a str,
    stat: Stat,
    link: Option<String>,
    mount: &'static str,
    accounts: &'a Accounts,
    zone: &'a Zone,
}

impl File<'_> {
    fn time(&self, letter: char, t: SimTime) -> String {
        if letter.is_ascii_uppercase() {
            return t.secs().to_string();
        }
        strftime("%Y-%m-%d %H:%M:%S.%N %z", t, self.zone)
    }
    fn field(&self, c: char, before: Option<char>, always: bool) -> String {
        let s = &self.stat;
        let char_dev = s.kind == FileKind::CharDev;
        let kind = match s.kind {
            FileKind::File => 0o100_000,
            FileKind::Dir => 0o040_000,
            FileKind::Symlink => 0o120_000,
            FileKind::CharDev => 0o020_000,
            FileKind::Fifo => 0o010_000,
            FileKind::Socket => 0o140_000u32,
        };
        match (before, c) {
            (Some('H'), 'd') => return DEVICE.0.to_string(),
            (Some('L'), 'd') => return DEVICE.1.to_string(),
            (Some('H'), 'r') => return s.rdev.0.to_string(),
            (Some('L'), 'r') => return s.rdev.1.to_string(),
            _ => {}
        }
        match c {
            'a' => format!("{:o}", s.mode),
            'A' => perm::full(s),
            'b' => s.blocks().to_string(),
            'B' => "512".into(),
            'C' => "?".into(),
            'd' => (DEVICE.0 << 8 | DEVICE.1).to_string(),
            'D' => format!("{:x}", DEVICE.0 << 8 | DEVICE.1),
            'f' => format!("{:x}", kind | u32::from(s.mode)),
            'F' => perm::kind_name(s).to_string(),
            'g' => s.gid.to_string(),
            'G' => self.accounts.group_of(s.gid).map_or("UNKNOWN".into(), |g| g.name.clone()),
            'h' => s.nlink.to_string(),
            'i' => s.ino.to_string(),
            'm' => self.mount.to_string(),
            'n' => self.name.to_string(),
            'N' => match &self.link {
                Some(to) => format!("{} -> {}", shell_escape(self.name, always, false), shell_escape(to, always, false)),
                None => shell_escape(self.name, always, false),
            },
            'o' => "4096".into(),
            's' => s.size.to_string(),
            'r' if char_dev => (s.rdev.0 << 8 | s.rdev.1).to_string(),
            't' if char_dev => format!("{:x}", s.rdev.0),
            'T' if char_dev => format!("{:x}", s.rdev.1),
            'r' | 't' | 'T' => "0".into(),
            'u' => s.uid.to_string(),
            'U' => self.accounts.user_of(s.uid).map_or("UNKNOWN".into(), |u| u.name.clone()),
            'w' => "-".into(),
            'W' => "0".into(),
            'x' | 'X' => self.time(c, s.atime),
            'y' | 'Y' => self.time(c, s.mtime),
            'z' | 'Z' => self.time(c, s.ctime),
            _ => "?".into(),
        }
    }
}

/// Replaces the directives of a format by what `field` gives for them.
fn fill(format: &str, escapes: bool, field: &dyn Fn(char, Option<char>) -> String) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && escapes {
            match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('a') => out.push('\u{7}'),
                Some('e') => out.push('\u{1b}'),
                Some('r') => out.push('\r'),
                Some('0') => out.push('\0'),
                Some(c) => out.push(c),
                None => out.push('\\'),
            }
            continue;
        }
        if c != '%' {
            out.push(c);
            continue;
        }
        let (mut flags, mut width) = (String::new(), 0usize);
        while let Some(f) = chars.next_if(|c| matches!(c, '-' | '0' | '+' | ' ' | '#' | '\'')) {
            flags.push(f);
        }
        while let Some(d) = chars.next_if(char::is_ascii_digit) {
            width = (width * 10 + d as usize - '0' as usize).min(1000);
        }
        let mut precision = None;
        if chars.next_if_eq(&'.').is_some() {
            let mut p = 0usize;
            while let Some(d) = chars.next_if(char::is_ascii_digit) {
                p = (p * 10 + d as usize - '0' as usize).min(1000);
            }
            precision = Some(p);
        }
        let before = chars.next_if(|c| matches!(c, 'H' | 'L'));
        let mut one = match chars.next() {
            None | Some('%') => "%".to_string(),
            Some(c) => {
                let mut text = field(c, before);
                if flags.contains('#') && c == 'a' {
                    text.insert(0, '0');
                }
                if let (Some(p), false) = (precision, matches!(c, 'X' | 'Y' | 'Z')) {
                    text = text.chars().take(p).collect();
                }
                text
            }
        };
        let zero = flags.contains('0') && !flags.contains('-') && one.bytes().all(|b| b.is_ascii_digit());
        while one.chars().count() < width {
            if flags.contains('-') {
                one.push(' ');
            } else {
                one.insert(0, if zero { '0' } else { ' ' });
            }
        }
        out.push_str(&one);
    }
    out
}

const TERSE: &str = "%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o";
const LONG: &str = "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: %Hd,%Ld\tInode: %-10i  Links: ";
const REST: &str = "\nAccess: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w";
const FS: &str = "  File: \"%n\"\n    ID: %-8i Namelen: %-7l Type: %T\nBlock size: %-10s Fundamental block size: %S\nBlocks: Total: %-10b Free: %-10f Available: %a\nInodes: Total: %-10c Free: %d";
const FS_TERSE: &str = "%n %i %l %t %s %S %b %f %a %c %d";

async fn run(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.operands.is_empty() {
        return gnu::missing(&sys, None);
    }
    let has = |c| given.has(OPTIONS, c);
    let printf = given.options.iter().rev().find(|(i, _)| OPTIONS[*i].0 == b'c' || OPTIONS[*i].1 == "printf");
    let escapes = printf.is_some_and(|(i, _)| OPTIONS[*i].1 == "printf");
    let format = printf.and_then(|(_, v)| v.as_deref());
    let end = if escapes { "" } else { "\n" };
    let (accounts, zone) = (Accounts::read(&sys).await, Zone::of(&sys));
    let mut status = 0;
    for name in &given.operands {
        if has(b'f') {
            status |= file_system(&sys, name, format, escapes, has(b't')).await;
            continue;
        }
        let stat = match name.as_str() {
            "-" => sys.fstat(STDIN).await,
            _ if has(b'L') => sys.stat(name).await,
            _ => sys.lstat(name).await,
        };
        let stat = match stat {
            Ok(s) => s,
            Err(e) => {
                sys.complain(format_args!("cannot statx {}: {e}", quoteaf(name)));
                status = 1;
                continue;
            }
        };
        let link = if stat.kind == FileKind::Symlink { sys.read_link(name).await.ok() } else { None };
        let file = File { sys: &sys, name, stat, link, mount: "/", accounts: &accounts, zone: &zone };
        let text = match format {
            Some(f) => fill(f, escapes, &|c, b| file.field(c, b, true)),
            None if has(b't') => fill(TERSE, false, &|c, b| file.field(c, b, true)),
            None => {
                let links = if file.stat.kind == FileKind::CharDev { "%-5h Device type: %Hr,%Lr" } else { "%h" };
                fill(&format!("{LONG}{links}{REST}"), false, &|c, b| file.field(c, b, false))
            }
        };
        file.sys.print(STDOUT, format_args!("{text}{end}"));
    }
    status
}

async fn file_system(sys: &Sys, name: &str, format: Option<&str>, escapes: bool, terse: bool) -> i32 {
    let (used, total) = match sys.statfs(name).await {
        Ok(u) => u,
        Err(e) => {
            sys.complain(format_args!("cannot read file system information for {}: {e}", quoteaf(name)));
            return 1;
        }
    };
    let free = total.saturating_sub(used) / 4096;
    let field = |c: char, _: Option<char>| match c {
        'n' => name.to_string(),
        'i' => "6c6ddae2a0a0fe01".into(),
        'l' => "255".into(),
        'T' => "ext2/ext3".into(),
        't' => "ef53".into(),
        's' | 'S' => "4096".into(),
        'b' => (total / 4096).to_string(),
        'f' | 'a' => free.to_string(),
        'c' => (total / 16384).to_string(),
        'd' => (free / 4).to_string(),
        _ => "?".into(),
    };
    let text = fill(format.unwrap_or(if terse { FS_TERSE } else { FS }), escapes, &field);
    sys.print(STDOUT, format_args!("{text}{}", if escapes { "" } else { "\n" }));
    0
}
