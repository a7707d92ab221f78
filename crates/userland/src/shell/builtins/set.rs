//! Builtins that set options: set, shopt, umask, ulimit.

use super::super::options::{LONG, SHOPTS, is_letter};
use super::super::{Run, Shell};
use super::has;

pub(super) async fn set(sh: &mut Shell, a: &[String]) -> Run {
    if a.len() == 1 {
        sh.out(&sh.list_variables());
        return Ok(0);
    }
    let mut i = 1;
    while let Some(arg) = a.get(i) {
        if arg == "--" || arg == "-" {
            if arg == "-" {
                sh.set_opt('x', false);
                sh.set_opt('v', false);
            }
            if arg == "--" || a.len() > i + 1 {
                sh.args = a[i + 1..].to_vec();
            }
            return Ok(0);
        }
        if arg.len() < 2 || !arg.starts_with(['-', '+']) {
            sh.args = a[i..].to_vec();
            return Ok(0);
        }
        i += 1;
        let on = arg.starts_with('-');
        for c in arg.chars().skip(1) {
            if c == 'o' {
                let Some(name) = a.get(i) else {
                    show_options(sh, on);
                    return Ok(0);
                };
                i += 1;
                if !sh.set_long(name, on) {
                    sh.complain("set", &format!("{name}: invalid option name"));
                    return Ok(2);
                }
            } else if is_letter(c) {
                sh.set_opt(c, on);
            } else {
                sh.error(format_args!("set: {}{c}: invalid option", &arg[..1]));
                sh.usage("set");
                return Ok(2);
            }
        }
    }
    Ok(0)
}

fn show_options(sh: &Shell, table: bool) {
    for (name, letter) in LONG {
        let on = sh.opt(letter);
        if table {
            sh.out(&format!("{name:<15}\t{}\n", if on { "on" } else { "off" }));
        } else {
            sh.out(&format!("set {}o {name}\n", if on { '-' } else { '+' }));
        }
    }
}

pub(super) async fn shopt(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "pqsuo") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let (long, print) = (has(&given, 'o'), has(&given, 'p'));
    let wanted = if has(&given, 's') {
        Some(true)
    } else if has(&given, 'u') {
        Some(false)
    } else {
        None
    };
    let names: Vec<String> = if a.len() > at {
        a[at..].to_vec()
    } else if long {
        LONG.iter().map(|l| l.0.to_string()).collect()
    } else {
        SHOPTS.iter().map(|s| s.0.to_string()).collect()
    };
    let mut status = 0;
    for name in names {
        let state = if long {
            LONG.iter().find(|l| l.0 == name).map(|l| sh.opt(l.1))
        } else {
            SHOPTS.iter().any(|s| s.0 == name).then(|| sh.shopt(&name))
        };
        let Some(state) = state else {
            status = sh.complain("shopt", &format!("{name}: invalid {}option name", if long { "" } else { "shell " }));
            continue;
        };
        match wanted {
            Some(on) if a.len() > at => {
                let _ = if long { sh.set_long(&name, on) } else { sh.set_shopt(&name, on) };
                continue;
            }
            Some(on) if on != state => continue,
            _ => {}
        }
        if a.len() > at && !state {
            status = 1;
        }
        if has(&given, 'q') {
            continue;
        }
        if print {
            let word =
                if long { format!("set {}o", if state { '-' } else { '+' }) } else { format!("shopt -{}", if state { 's' } else { 'u' }) };
            sh.out(&format!("{word} {name}\n"));
        } else {
            sh.out(&format!("{name:<15}\t{}\n", if state { "on" } else { "off" }));
        }
    }
    Ok(status)
}

/// `u=rwx,g=rx,o=`.
fn symbolic(mask: u16) -> String {
    let part = |who: char, shift: u16| {
        let bits = !(mask >> shift) & 7;
        let letters: String = [(4, 'r'), (2, 'w'), (1, 'x')].iter().filter(|(b, _)| bits & b != 0).map(|(_, c)| *c).collect();
        format!("{who}={letters}")
    };
    [part('u', 6), part('g', 3), part('o', 0)].join(",")
}

fn parse_symbolic(text: &str, mask: u16) -> Option<u16> {
    let mut allowed = !mask & 0o777;
    for clause in text.split(',') {
        let op = clause.find(['=', '+', '-'])?;
        let mut who = 0;
        for c in clause[..op].chars() {
            who |= match c {
                'u' => 0o700,
                'g' => 0o070,
                'o' => 0o007,
                'a' => 0o777,
                _ => return None,
            };
        }
        let who = if who == 0 { 0o777 } else { who };
        let mut bits = 0;
        for c in clause[op + 1..].chars() {
            bits |= match c {
                'r' => 0o444,
                'w' => 0o222,
                'x' | 'X' => 0o111,
                _ => return None,
            };
        }
        match clause.as_bytes()[op] {
            b'=' => allowed = allowed & !who | bits & who,
            b'+' => allowed |= bits & who,
            _ => allowed &= !(bits & who),
        }
    }
    Some(!allowed & 0o777)
}

pub(super) async fn umask(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "pS") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let mask = sh.sys.umask(None).await;
    let Some(text) = a.get(at) else {
        let prefix = if has(&given, 'p') { "umask " } else { "" };
        sh.out(&if has(&given, 'S') { format!("{prefix}{}\n", symbolic(mask)) } else { format!("{prefix}{mask:04o}\n") });
        return Ok(0);
    };
    let new = if text.starts_with(|c: char| c.is_ascii_digit()) {
        match u16::from_str_radix(text, 8).ok().filter(|m| *m <= 0o777) {
            Some(m) => m,
            None => return Ok(sh.complain("umask", &format!("{text}: octal number out of range"))),
        }
    } else {
        match parse_symbolic(text, mask) {
            Some(m) => m,
            None => return Ok(sh.complain("umask", &format!("`{}': invalid symbolic mode operator", text.chars().next().unwrap_or(' ')))),
        }
    };
    sh.sys.umask(Some(new)).await;
    if has(&given, 'S') {
        sh.out(&format!("{}\n", symbolic(new)));
    }
    Ok(0)
}

/// Letters, names and values of the limits that this machine has; nothing enforces them.
const LIMITS: [(char, &str, &str); 7] = [
    ('c', "core file size              (blocks, -c)", "0"),
    ('f', "file size                   (blocks, -f)", "unlimited"),
    ('n', "open files                          (-n)", "1024"),
    ('s', "stack size                  (kbytes, -s)", "8192"),
    ('u', "max user processes                  (-u)", "7823"),
    ('v', "virtual memory              (kbytes, -v)", "unlimited"),
    ('x', "file locks                          (-x)", "unlimited"),
];

pub(super) async fn ulimit(sh: &mut Shell, a: &[String]) -> Run {
    let flags: String = a[1..].iter().filter(|x| x.starts_with('-')).map(|x| &x[1..]).collect();
    let all = flags.contains('a');
    if let Some(c) = flags.chars().find(|c| !"aSH".contains(*c) && !LIMITS.iter().any(|l| l.0 == *c)) {
        sh.error(format_args!("ulimit: -{c}: invalid option"));
        sh.usage("ulimit");
        return Ok(2);
    }
    let which = flags.chars().find(|c| LIMITS.iter().any(|l| l.0 == *c)).unwrap_or('f');
    for (letter, name, value) in LIMITS {
        if all {
            sh.out(&format!("{name} {value}\n"));
        } else if letter == which && !a[1..].iter().any(|x| !x.starts_with('-')) {
            sh.out(&format!("{value}\n"));
        }
    }
    Ok(0)
}
