//! man, whatis, apropos: short pages made of what each command says of itself, and those of `man/pages.txt` about Postfix, which are
//! there where it is installed. Source: man(1) of man-db 2.11.2 for messages and layout. Not here: the real manual pages.

use super::pages;
use crate::{Ex, Spec};
use machine::{STDERR, STDOUT, Spawn, Sys, WaitFor};

pub(super) const SPEC: Spec = Spec {
    name: "man",
    path: "/usr/bin/man",
    synopsis: "[-f|-k] [SECTION] PAGE...",
    about: "an interface to the system reference manuals",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "man nosuch", out: "No manual entry for nosuch\n", code: 16 },
        Ex { sh: "man -f true", out: "true (1)             - do nothing, successfully\n", code: 0 },
    ],
};

pub(super) const APROPOS: Spec = Spec {
    name: "apropos",
    path: "/usr/bin/apropos",
    synopsis: "KEYWORD...",
    about: "search the manual page names and descriptions",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "apropos zzzz", out: "zzzz: nothing appropriate.\n", code: 16 }],
};

pub(super) const WHATIS: Spec = Spec {
    name: "whatis",
    path: "/usr/bin/whatis",
    synopsis: "NAME...",
    about: "display one-line manual page descriptions",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "whatis nosuch", out: "nosuch: nothing appropriate.\n", code: 16 }],
};

/// The pages of Postfix, in the order in which man looks through the sections. A page begins with `= NAME SECTION` and a line that says
/// what it is about.
static TEXTS: &str = include_str!("man/pages.txt");

/// A manual page.
struct Doc {
    name: &'static str,
    section: u8,
    about: &'static str,
    /// What follows the name: headings, and lines below them.
    body: Body,
}

enum Body {
    Text(&'static str),
    Command(&'static crate::spec::Page),
}

/// The pages of this host.
async fn docs(sys: &Sys) -> Vec<Doc> {
    // Programs of the administrator have their pages in section 8.
    let command = |p: &'static crate::spec::Page| Doc {
        name: p.name,
        section: if p.path.starts_with("/usr/sbin/") { 8 } else { 1 },
        about: p.about,
        body: Body::Command(p),
    };
    let mut docs: Vec<Doc> = pages().map(command).collect();
    let postfix = sys.stat("/etc/postfix").await.is_ok();
    for text in TEXTS.trim_start_matches("= ").split("\n= ").filter(|_| postfix) {
        let Some((head, text)) = text.split_once('\n') else { continue };
        let (about, body) = text.split_once('\n').unwrap_or((text, ""));
        let (name, section) = head.split_once(' ').unwrap_or((head, "1"));
        docs.push(Doc { name, section: section.parse().unwrap_or(1), about, body: Body::Text(body) });
    }
    docs
}

async fn run(sys: Sys) -> i32 {
    let mut how = match sys.name() {
        "whatis" => 'f',
        "apropos" => 'k',
        _ => ' ',
    };
    let mut words = Vec::new();
    for arg in sys.args().iter().skip(1) {
        match arg.as_str() {
            "-k" | "--apropos" => how = 'k',
            "-f" | "--whatis" => how = 'f',
            "-V" | "--version" => {
                sys.print(STDOUT, format_args!("{} 2.11.2\n", sys.name()));
                return 0;
            }
            "-a" | "--all" => {}
            _ if arg.len() > 1 && arg.starts_with('-') => {
                sys.unsupported(arg);
                return 1;
            }
            _ => words.push(arg.clone()),
        }
    }
    let mut wanted = None;
    if how == ' ' && words.len() > 1 && words[0].len() == 1 && words[0].as_bytes()[0].is_ascii_digit() {
        wanted = words.remove(0).parse::<u8>().ok();
    }
    if words.is_empty() {
        let text = if how == ' ' { "What manual page do you want?\nFor example, try 'man man'." } else { "apropos what?" };
        sys.print(STDERR, format_args!("{}\n", if sys.name() == "whatis" { "whatis what?" } else { text }));
        return 1;
    }
    let docs = docs(&sys).await;
    let mut status = 0;
    for word in words {
        if how != ' ' {
            let low = word.to_ascii_lowercase();
            let fits =
                |p: &&Doc| if how == 'f' { p.name == word } else { p.name.contains(&low) || p.about.to_ascii_lowercase().contains(&low) };
            let mut found: Vec<&Doc> = docs.iter().filter(fits).collect();
            machine::sort_by_key(&mut found, |p| (p.name, p.section));
            if found.is_empty() {
                sys.print(STDERR, format_args!("{word}: nothing appropriate.\n"));
                status = 16;
            }
            for page in found {
                sys.print(STDOUT, format_args!("{:20} - {}\n", format!("{} ({})", page.name, page.section), page.about));
            }
            continue;
        }
        match docs.iter().find(|p| p.name == word && wanted.is_none_or(|s| s == p.section)) {
            Some(page) => show(&sys, page).await,
            None => {
                let place = wanted.map_or(String::new(), |s| format!(" in section {s}"));
                sys.print(STDERR, format_args!("No manual entry for {word}{place}\n"));
                status = 16;
            }
        }
    }
    status
}

/// A page through the pager, or (into a pipe) as it is.
async fn show(sys: &Sys, page: &Doc) {
    let width = match sys.tty_size(STDOUT).await {
        Ok((cols, _)) => usize::from(cols).clamp(40, 100),
        Err(_) => 80,
    };
    let text = render(page, width);
    let pager = sys.env("MANPAGER").or(sys.env("PAGER")).unwrap_or("less").to_string();
    if sys.is_tty(STDOUT).await
        && let Ok((read, write)) = sys.pipe().await
    {
        let mut spawn = Spawn::exec("/bin/sh", ["sh", "-c", &pager].map(String::from).to_vec());
        spawn.fds = vec![(0, read), (1, 1), (2, 2)];
        let child = sys.spawn(spawn).await;
        let _ = sys.close(read).await;
        if child.is_ok() {
            let _ = sys.write(write, text.as_bytes()).await;
        }
        let _ = sys.close(write).await;
        if let Ok(pid) = child {
            let _ = sys.wait(WaitFor::Pid(pid), true, false).await;
            return;
        }
    }
    sys.print(STDOUT, format_args!("{text}"));
}

fn render(page: &Doc, width: usize) -> String {
    let head = format!("{}({})", page.name.to_ascii_uppercase(), page.section);
    let middle = match page.section {
        5 => "File Formats Manual",
        8 => "System Administration",
        _ => "User Commands",
    };
    let gap = width.saturating_sub(2 * head.len() + middle.len());
    let (left, right) = (" ".repeat(gap / 2), " ".repeat(gap - gap / 2));
    let mut out = format!("{head}{left}{middle}{right}{head}\n\n");
    out += &format!("NAME\n       {} - {}\n\n", page.name, page.about);
    let command = match page.body {
        Body::Command(command) => command,
        Body::Text(text) => {
            for line in text.lines() {
                let heading = !line.is_empty() && line.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
                out += if heading || line.is_empty() { "" } else { "       " };
                out += line;
                out.push('\n');
            }
            return out;
        }
    };
    out += &format!("SYNOPSIS\n       {} {}\n\n", page.name, command.synopsis);
    if !command.examples.is_empty() {
        out += "EXAMPLES\n";
        for ex in command.examples {
            out += &format!("       $ {}\n", ex.sh);
            for line in ex.out.lines() {
                out += &format!("       {line}\n");
            }
            out.push('\n');
        }
    }
    out += &format!("FILES\n       {}\n\n", command.path);
    out += &format!("SEE ALSO\n       This is a short page. {} --help may say more about its options.\n", page.name);
    out
}
