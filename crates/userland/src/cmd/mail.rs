//! mail, mailx: reads and sends mail. Options, start-up files, the command loop.
//! Not here: the mailbox (`mbox`), message lists (`list`), the commands (`command`), writing a letter (`compose`).
//! Follows bsd-mailx 8.1.2.

use crate::util::getopt::getopt;
use crate::util::users::Accounts;
use crate::{Ex, Spec};
use machine::{Errno, Lines, OnSignal, STDERR, STDIN, STDOUT, Signal, Spawn, Sys, WaitFor};

mod command;
mod compose;
mod list;
mod mbox;
mod settings;
mod show;
mod tilde;

use mbox::Message;

pub(super) const SPEC: Spec = Spec {
    name: "mail",
    path: "/usr/bin/mail",
    synopsis: "[-dEIinv] [-a header] [-b bcc-addr] [-c cc-addr] [-r from-addr] [-s subject] [--] to-addr ...",
    about: "send and receive mail",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "mail -f nosuch", out: "mail: nosuch: No such file or directory\n", code: 1 }],
};

/// The same program under its other names.
pub(super) const MAILX: Spec = Spec { name: "mailx", path: "/usr/bin/mailx", examples: &[], ..SPEC };
/// The same program under its package's name.
pub(super) const BSD_MAILX: Spec = Spec { name: "bsd-mailx", path: "/usr/bin/bsd-mailx", examples: &[], ..SPEC };

const USAGE: &str = "\
usage: mail [-dEIinv] [-a header] [-b bcc-addr] [-c cc-addr] [-r from-addr] [-s subject] [--] to-addr ...
       mail [-dEIiNnv] -f [name]
       mail [-dEIiNnv] [-u user]
";

/// Why the command loop is left.
enum Leave {
    Quit,
    /// Without changing the mailbox.
    Exit,
}

/// How a line was read.
enum Line {
    Text(String),
    End,
    Interrupt,
}

struct Mail {
    sys: Sys,
    input: Lines,
    /// Variables in the order of their names.
    vars: Vec<(String, String)>,
    /// Header fields not to be shown; those not to be saved; if not empty, the only ones to be shown.
    ignore: Vec<String>,
    save_ignore: Vec<String>,
    save_retain: Vec<String>,
    retain: Vec<String>,
    aliases: Vec<(String, Vec<String>)>,
    alternates: Vec<String>,
    me: String,
    home: String,
    messages: Vec<Message>,
    /// The current message.
    dot: usize,
    file: String,
    previous: String,
    /// Bytes of the file when it was read.
    size: usize,
    /// Another file than the system mailbox is read.
    edit: bool,
    read_only: bool,
    /// There is a mailbox: the program does not only send.
    receiving: bool,
    sourcing: bool,
    /// A command has been given.
    saw_command: bool,
    screen: usize,
    /// `if`: whether commands count. `None`: no `if`.
    condition: Option<bool>,
    last_search: String,
    last_bang: String,
}

async fn run(sys: Sys) -> i32 {
    let Some(given) = getopt(&sys, "+EINa:b:c:definr:s:u:v") else {
        sys.print(STDERR, format_args!("{USAGE}"));
        return 1;
    };
    let account = Accounts::read(&sys).await;
    let user = account.user_of(sys.ids().uid);
    let mut mail = Mail {
        input: Lines::new(STDIN),
        vars: Vec::new(),
        ignore: Vec::new(),
        save_ignore: Vec::new(),
        save_retain: Vec::new(),
        retain: Vec::new(),
        aliases: Vec::new(),
        alternates: Vec::new(),
        me: user.map_or_else(|| sys.env("USER").unwrap_or("nobody").to_string(), |u| u.name.clone()),
        home: sys.env("HOME").unwrap_or("/").to_string(),
        messages: Vec::new(),
        dot: 0,
        file: String::new(),
        previous: String::new(),
        size: 0,
        edit: false,
        read_only: false,
        receiving: false,
        sourcing: false,
        saw_command: false,
        screen: 0,
        condition: None,
        last_search: String::new(),
        last_bang: String::new(),
        sys: sys.clone(),
    };
    mail.set("SHELL", sys.env("SHELL").unwrap_or("/bin/sh"));
    mail.set("PAGER", sys.env("PAGER").unwrap_or("more"));
    if given.has(b'I') || sys.is_tty(STDIN).await {
        mail.set("interactive", "");
    }
    for (letter, name) in [(b'i', "ignore"), (b'v', "verbose"), (b'N', "noheader"), (b'E', "skipempty")] {
        if given.has(letter) {
            mail.set(name, "");
        }
    }
    let mut operands = given.operands.clone();
    let mut file = String::from("%");
    if let Some(user) = given.value(b'u') {
        if account.user(user).is_none() {
            sys.complain(format_args!("\"{user}\" is not a user of this system"));
            return 1;
        }
        mail.me = user.to_string();
    }
    if given.has(b'f') {
        file = match operands.first() {
            Some(name) => name.clone(),
            None => "&".to_string(),
        };
        operands.clear();
    }
    if operands.is_empty() {
        let sending: &[u8] = b"sbcar";
        if sending.iter().any(|&l| given.has(l)) {
            sys.print(STDERR, format_args!("Send options without primary recipient specified.\n{USAGE}"));
            return 1;
        }
    }
    mail.receiving = operands.is_empty();
    if !given.has(b'n') {
        mail.source("/etc/mail.rc").await;
    }
    let rc = sys.env("MAILRC").map_or_else(|| format!("{}/.mailrc", mail.home), String::from);
    mail.source(&rc).await;
    if !mail.receiving {
        return compose::from_options(&mut mail, &given, &operands).await;
    }
    if !mail.open(&file).await {
        return 1;
    }
    if mail.value("quiet").is_none() {
        sys.print(STDOUT, format_args!("Mail version 8.1.2 01/15/2001.  Type ? for help.\n"));
    }
    mail.announce().await;
    if mail.interactive() {
        sys.on_signal(Signal::Int, OnSignal::Catch).await;
    }
    if let Leave::Quit = mail.commands().await {
        mail.quit().await;
    }
    0
}

impl Mail {
    fn value(&self, name: &str) -> Option<&str> {
        self.vars.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).or_else(|| self.sys.env(name))
    }
    fn set(&mut self, name: &str, value: &str) {
        match self.vars.binary_search_by(|(n, _)| n.as_str().cmp(name)) {
            Ok(i) => self.vars[i].1 = value.to_string(),
            Err(i) => self.vars.insert(i, (name.to_string(), value.to_string())),
        }
    }
    fn interactive(&self) -> bool {
        self.value("interactive").is_some()
    }
    fn say(&self, text: &str) {
        self.sys.print(STDOUT, format_args!("{text}\n"));
    }

    /// Reads a line from the user.
    async fn line(&mut self) -> Line {
        match self.input.next(&self.sys).await {
            Ok(Some(line)) => Line::Text(String::from_utf8_lossy(&line).trim_end_matches('\n').to_string()),
            Err(Errno::EINTR) => {
                self.sys.signals().await;
                Line::Interrupt
            }
            _ => Line::End,
        }
    }

    /// Carries out the commands of a file, until one fails.
    async fn source(&mut self, path: &str) -> bool {
        let Ok(text) = self.sys.read_file(path).await else { return false };
        let outer = std::mem::replace(&mut self.sourcing, true);
        let mut whole = String::new();
        for line in String::from_utf8_lossy(&text).lines() {
            match line.strip_suffix('\\') {
                Some(part) => {
                    whole.push_str(part);
                    whole.push(' ');
                }
                None => {
                    whole.push_str(line);
                    if let Some(Leave::Quit) = self.execute(&std::mem::take(&mut whole), false).await {
                        break;
                    }
                }
            }
        }
        self.sourcing = outer;
        true
    }

    /// The command loop.
    async fn commands(&mut self) -> Leave {
        let mut ends = 0;
        loop {
            if self.interactive() {
                self.sys.print(STDOUT, format_args!("& "));
            }
            let mut line = match self.line().await {
                Line::Text(line) => line,
                Line::Interrupt => {
                    self.saw_command = true;
                    self.sys.print(STDERR, format_args!("\nInterrupt\n"));
                    continue;
                }
                Line::End => {
                    ends += 1;
                    if self.interactive() && self.value("ignoreeof").is_some() && ends < 25 {
                        self.say("Use \"quit\" to quit.");
                        continue;
                    }
                    return Leave::Quit;
                }
            };
            while let Some(part) = line.strip_suffix('\\') {
                let Line::Text(more) = self.line().await else { break };
                line = format!("{part} {more}");
            }
            ends = 0;
            if let Some(leave) = Box::pin(self.execute(&line, false)).await {
                return leave;
            }
        }
    }

    /// The file that a name stands for: `%` system mailbox, `&` mbox, `#` the previous file, `+` in the folder, `~` at home.
    fn expand(&self, name: &str) -> Option<String> {
        Some(match name {
            "&" => match self.value("MBOX") {
                Some(path) if path != "&" => return self.expand(path),
                _ => format!("{}/mbox", self.home),
            },
            "#" if self.previous.is_empty() => {
                self.say("No previous file");
                return None;
            }
            "#" => self.previous.clone(),
            _ => {
                if let Some(user) = name.strip_prefix('%') {
                    match self.sys.env("MAIL").filter(|_| user.is_empty() && self.me == self.sys.env("USER").unwrap_or("")) {
                        Some(path) => path.to_string(),
                        None => format!("/var/mail/{}", if user.is_empty() { &self.me } else { user }),
                    }
                } else if let (Some(rest), Some(folder)) = (name.strip_prefix('+'), self.value("folder")) {
                    let base = if folder.starts_with('/') { folder.to_string() } else { format!("{}/{folder}", self.home) };
                    format!("{base}/{rest}")
                } else if name == "~" || name.starts_with("~/") {
                    format!("{}{}", self.home, &name[1..])
                } else {
                    name.to_string()
                }
            }
        })
    }

    /// Runs a command with the shell, `input` as its standard input; its output instead of this program's if `take`.
    async fn shell(&self, command: &str, input: Option<&[u8]>, take: bool) -> Option<Vec<u8>> {
        let sys = &self.sys;
        let shell = self.value("SHELL").unwrap_or("/bin/sh").to_string();
        let name = shell.rsplit('/').next().unwrap_or_default().to_string();
        let mut child = Spawn::exec(shell, vec![name, "-c".into(), command.to_string()]);
        let mut feed = None;
        if let Some(bytes) = input {
            let (r, w) = sys.pipe().await.ok()?;
            child.fds[0] = (0, r);
            feed = Some((r, w, bytes));
        }
        let mut taken = None;
        if take {
            let (r, w) = sys.pipe().await.ok()?;
            child.fds[1] = (1, w);
            taken = Some((r, w));
        }
        let pid = sys.spawn(child).await.ok()?;
        if let Some((r, w, bytes)) = feed {
            let _ = sys.close(r).await;
            sys.on_signal(Signal::Pipe, OnSignal::Ignore).await;
            let _ = sys.write(w, bytes).await;
            sys.on_signal(Signal::Pipe, OnSignal::Default).await;
            let _ = sys.close(w).await;
        }
        let mut out = Vec::new();
        if let Some((r, w)) = taken {
            let _ = sys.close(w).await;
            out = sys.read_all(r).await.unwrap_or_default();
            let _ = sys.close(r).await;
        }
        while sys.wait(WaitFor::Pid(pid), true, false).await == Err(Errno::EINTR) {
            sys.signals().await;
        }
        Some(out)
    }
}
