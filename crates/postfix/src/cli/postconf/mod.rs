//! postconf(1): what the parameters are, where they come from, and changing them. Not here: the table of names and values (`names`),
//! master.cf (`services`), writing the files (`edit`), what else is asked for (`rest`). Source: postconf(1). Not simulated: -T, -v.

mod edit;
mod names;
mod rest;
mod services;

use super::Getopt;
use crate::maillog::Log;
use machine::{Guest, STDOUT, Sys};
use names::Names;

/// Options by their letters; the order is that of Postfix's messages.
const LETTERS: &str = "aAbCdefFhHlmMnopPtTxX#";
const MAJOR: &str = "aAblmtpMFPT";
/// Options of which only one may be given.
const EXCLUSIVE: [&str; 6] = [MAJOR, "den#X", "fe#X", "xe#X", "ode#X", "he#XH"];
/// An option, and the only ones that go with it.
const COMPATIBLE: [(char, &str); 12] = [
    ('a', ""),
    ('A', ""),
    ('b', ""),
    ('l', ""),
    ('m', ""),
    ('T', ""),
    ('t', ""),
    ('p', "eX#fhCxdnoH"),
    ('M', "eX#fox"),
    ('F', "efhoxH"),
    ('P', "eXfhoxH"),
    ('C', "pdn"),
];

const USAGE: [&str; 24] = [
    "-a (server SASL types)",
    "-A (client SASL types)",
    "-b (bounce templates)",
    "-c config_dir",
    "-c param_class",
    "-d (parameter defaults)",
    "-e (edit configuration)",
    "-f (fold lines)",
    "-F (master.cf fields)",
    "-h (no names)",
    "-H (no values)",
    "-l (lock types)",
    "-m (map types)",
    "-M (master.cf)",
    "-n (non-default parameters)",
    "-o name=value (override parameter value)",
    "-p (main.cf, default)",
    "-P (master.cf parameters)",
    "-t (bounce templates)",
    "-T compile-version|run-version|public-key-algorithms",
    "-v (verbose)",
    "-x (expand parameter values)",
    "-X (exclude)",
    "-# (comment-out)",
];

const MAPS: &str = "btree cidr environ fail hash inline internal memcache nis pcre pipemap proxy randmap regexp socketmap static tcp \
    texthash unionmap unix";

/// Whether there is a lookup table type of this name.
pub(super) fn is_map(name: &str) -> bool {
    MAPS.split_whitespace().any(|m| m == name)
}

/// What was asked for: the letters given, in no order, and values.
pub(super) struct Mode {
    letters: String,
    pub(super) dir: String,
    overrides: Vec<String>,
    class: u8,
}

impl Mode {
    /// Whether an option was given.
    pub(super) fn has(&self, letter: char) -> bool {
        self.letters.contains(letter)
    }
    fn set(&mut self, letter: char) {
        if !self.has(letter) {
            self.letters.push(letter);
        }
    }
    /// Those of `set` that were given, in words: `-d -n`.
    fn given(&self, set: &str) -> Vec<String> {
        LETTERS.chars().filter(|&c| set.contains(c) && self.has(c)).map(|c| format!("-{c}")).collect()
    }
}

/// The program: what the parameters are. All else is behind another door.
pub(crate) async fn main(sys: Sys) -> i32 {
    let log = Log::console(&sys);
    let done = plain(&sys, &log).await;
    end(&log, done).await
}

/// Changing parameters, and what is not one: services, types, texts of notices.
pub(crate) static REST: fn(Sys) -> Guest = |sys| {
    Box::pin(async move {
        let log = Log::console(&sys);
        let done = rest::run(&sys, &log).await;
        end(&log, done).await
    })
};

async fn end(log: &Log, done: Result<i32, String>) -> i32 {
    match done {
        Ok(status) => status,
        Err(text) => log.fatal(&text).await,
    }
}

async fn plain(sys: &Sys, log: &Log) -> Result<i32, String> {
    let (mode, names) = asked(sys).await?;
    if mode.has('v') {
        sys.unsupported("-v");
    }
    if !mode.has('p') || !mode.given("eX#").is_empty() {
        let rest: &fn(Sys) -> Guest = sys.part("postconf, the rest").await;
        return Ok(rest(sys.clone()).await);
    }
    let mut table = if mode.has('d') { Names::defaults(log, &mode).await? } else { Names::main(log, &mode).await? };
    table.read_services(&mode, false).await?;
    if !mode.has('d') {
        table.scan()?;
    }
    show(log, &mode, &table, &names)?;
    if !mode.has('d') {
        table.warn_unused(true);
    }
    Ok(0)
}

/// What the arguments ask for, and the names or values among them.
async fn asked(sys: &Sys) -> Result<(Mode, Vec<String>), String> {
    sys.umask(Some(0o022)).await;
    let dir = sys.env("MAIL_CONFIG").unwrap_or("/etc/postfix").to_string();
    let mut elsewhere = sys.env("MAIL_CONFIG").is_some();
    let mut mode = Mode { letters: String::new(), dir, overrides: Vec::new(), class: names::ALL };
    let mut opts = Getopt::named(sys, sys.arg(0));
    while let Some((letter, value)) = opts.next("aAbc:C:deEfFhHlmMno:pPtT:vxX#") {
        match letter {
            'c' => (mode.dir, elsewhere) = (value, true),
            'C' => {
                mode.class = names::classes(&value)?;
                mode.set('C');
            }
            'o' => {
                mode.overrides.push(value);
                mode.set('o');
            }
            'b' | 't' if mode.has('b') || mode.has('t') => return Err("specify one of -b and -t".to_string()),
            c if LETTERS.contains(c) => mode.set(c),
            _ => return Err(format!("usage: {} [{}] [name...]", sys.arg(0), USAGE.join("] ["))),
        }
    }
    if elsewhere {
        mode.overrides.push(format!("config_directory={}", mode.dir));
    }
    let names = opts.rest().to_vec();
    if mode.given(MAJOR).is_empty() {
        mode.set('p');
    }
    if !mode.given("pMFP").is_empty() && names.first().is_some_and(|n| n.contains('=')) {
        mode.set('e');
    }
    for set in EXCLUSIVE {
        let given = mode.given(set);
        if given.len() > 1 {
            return Err(format!("specify one of {}", given.join(" ")));
        }
    }
    for (letter, with) in COMPATIBLE {
        let excess: String = mode.letters.chars().filter(|&c| c != letter && !with.contains(c)).collect();
        if mode.has(letter) && !excess.is_empty() {
            return Err(format!("with option -{letter}, do not specify {}", mode.given(&excess).join(" ")));
        }
    }
    if mode.has('e') && names.is_empty() {
        return Err("-e requires name=value argument".to_string());
    }
    Ok((mode, names))
}

fn show(log: &Log, mode: &Mode, table: &Names, names: &[String]) -> Result<(), String> {
    if names.is_empty() {
        for name in table.all(mode.class) {
            show_one(log, mode, table, &name)?;
        }
        return Ok(());
    }
    for name in names {
        if table.knows(name) {
            show_one(log, mode, table, name)?;
        } else {
            log.warn(format_args!("{name}: unknown parameter"));
        }
    }
    Ok(())
}

fn show_one(log: &Log, mode: &Mode, table: &Names, name: &str) -> Result<(), String> {
    let Some(mut value) = table.value(name, None, mode.has('d'), mode.has('n')) else { return Ok(()) };
    if mode.has('x') && !table.is_raw(name) {
        value = table.expand(&value, None, mode.has('d'))?;
    }
    print_pair(log.sys(), mode, name, &value);
    Ok(())
}

/// Prints `name = value`, or what of it is wanted, with single blanks between words; long lines are folded if that is wanted.
pub(super) fn print_pair(sys: &Sys, mode: &Mode, name: &str, value: &str) {
    let text = if mode.has('H') {
        name.to_string()
    } else if mode.has('h') {
        value.to_string()
    } else {
        format!("{name} = {value}")
    };
    let mut column = 0;
    for word in text.split([' ', '\t', '\r', '\n']).filter(|w| !w.is_empty()) {
        if column > 0 {
            if !mode.has('f') || column + word.len() < LINE {
                sys.print(STDOUT, format_args!(" "));
                column += 1;
            } else {
                sys.print(STDOUT, format_args!("\n{INDENT}"));
                column = INDENT.len();
            }
        }
        sys.print(STDOUT, format_args!("{word}"));
        column += word.len();
    }
    sys.print(STDOUT, format_args!("\n"));
}

/// Where lines are folded, and how the rest is indented.
pub(super) const LINE: usize = 80;
pub(super) const INDENT: &str = "    ";
