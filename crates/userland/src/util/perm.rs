//! Permission bits: `-rwxr-xr-x`, and the modes that chmod, mkdir and umask understand.
//! Not here: setting them. Source: POSIX chmod, GNU's additions.

use machine::{FileKind, Stat};

/// The letter `ls -l` begins with.
pub(crate) fn letter(kind: FileKind) -> char {
    match kind {
        FileKind::File => '-',
        FileKind::Dir => 'd',
        FileKind::Symlink => 'l',
        FileKind::CharDev => 'c',
        FileKind::Fifo => 'p',
        FileKind::Socket => 's',
    }
}

/// `rwxr-xr-x` with s and t.
pub(crate) fn bits(mode: u16) -> String {
    let mut out = String::with_capacity(9);
    for (shift, special, on) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let three = mode >> shift & 7;
        out.push(if three & 4 != 0 { 'r' } else { '-' });
        out.push(if three & 2 != 0 { 'w' } else { '-' });
        out.push(match (mode & special != 0, three & 1 != 0) {
            (true, true) => on,
            (true, false) => on.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    out
}

/// `drwxr-xr-x`.
pub(crate) fn full(stat: &Stat) -> String {
    let mut out = letter(stat.kind).to_string();
    out.push_str(&bits(stat.mode));
    out
}

/// What GNU calls a kind of file.
pub(crate) fn kind_name(stat: &Stat) -> &'static str {
    match stat.kind {
        FileKind::File if stat.size == 0 => "regular empty file",
        FileKind::File => "regular file",
        FileKind::Dir => "directory",
        FileKind::Symlink => "symbolic link",
        FileKind::CharDev => "character special file",
        FileKind::Fifo => "fifo",
        FileKind::Socket => "socket",
    }
}

/// A change of mode.
pub(crate) struct Change(Vec<Clause>);

struct Clause {
    /// Bits of the classes it touches; 0: all, less the umask.
    who: u16,
    op: u8,
    /// Bits, for all classes; X apart.
    bits: u16,
    copy: Option<u16>,
    x: bool,
    /// Given in octal: bits 07777 are set, and a directory keeps its s bits unless five digits name them.
    octal: Option<usize>,
}

impl Change {
    /// Reads `644`, `u+x`, `go-r,a=X`; `None`: not a mode.
    pub(crate) fn parse(text: &str) -> Option<Change> {
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let mode = u16::from_str_radix(text, 8).ok().filter(|m| *m <= 0o7777)?;
            let clause = Clause { who: 0o7777, op: b'=', bits: mode, copy: None, x: false, octal: Some(text.len()) };
            return Some(Change(vec![clause]));
        }
        let mut clauses = Vec::new();
        for part in text.split(',') {
            let ops = part.find(['+', '-', '='])?;
            let mut who = 0;
            for c in part[..ops].bytes() {
                who |= match c {
                    b'u' => 0o4700,
                    b'g' => 0o2070,
                    b'o' => 0o1007,
                    b'a' => 0o7777,
                    _ => return None,
                };
            }
            let mut rest = part[ops..].bytes().peekable();
            while let Some(op) = rest.next() {
                let mut clause = Clause { who, op, bits: 0, copy: None, x: false, octal: None };
                while let Some(c) = rest.next_if(|c| !matches!(c, b'+' | b'-' | b'=')) {
                    match c {
                        b'r' => clause.bits |= 0o444,
                        b'w' => clause.bits |= 0o222,
                        b'x' => clause.bits |= 0o111,
                        b's' => clause.bits |= 0o6000,
                        b't' => clause.bits |= 0o1000,
                        b'X' => clause.x = true,
                        b'u' if clause.copy.is_none() => clause.copy = Some(6),
                        b'g' if clause.copy.is_none() => clause.copy = Some(3),
                        b'o' if clause.copy.is_none() => clause.copy = Some(0),
                        _ => return None,
                    }
                }
                clauses.push(clause);
            }
        }
        Some(Change(clauses))
    }
    /// The mode that `old` becomes.
    pub(crate) fn apply(&self, old: u16, dir: bool, umask: u16) -> u16 {
        let mut mode = old & 0o7777;
        for c in &self.0 {
            let mut bits = c.bits;
            if let Some(shift) = c.copy {
                let three = mode >> shift & 7;
                bits |= three << 6 | three << 3 | three;
            }
            if c.x && (dir || mode & 0o111 != 0) {
                bits |= 0o111;
            }
            if let Some(digits) = c.octal {
                let keep = if dir && digits < 5 { mode & 0o6000 } else { 0 };
                mode = bits | keep;
                continue;
            }
            let reach = if c.who == 0 { 0o7777 & !umask } else { c.who };
            bits &= reach;
            match c.op {
                b'+' => mode |= bits,
                b'-' => mode &= !bits,
                _ => {
                    let clear = if c.who == 0 { 0o7777 } else { c.who };
                    let keep = if dir { 0o6000 & !c.bits } else { 0 };
                    mode = mode & (!clear | keep) | bits;
                }
            }
        }
        mode
    }
    /// Whether some clause names no class, so that the umask has a say.
    pub(crate) fn by_umask(&self) -> bool {
        self.0.iter().any(|c| c.who == 0)
    }
}
