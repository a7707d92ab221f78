//! Letters: collecting one from the user, its header, and handing it to sendmail.
//! Not here: the mailbox, the escapes themselves (`tilde`). Follows bsd-mailx 8.1.2 (collect.c, send.c, names.c).

use super::mbox::{append, skin};
use super::tilde::tilde;
use super::{Line, Mail};
use crate::util::getopt::Letters;
use machine::{ChildStatus, OnSignal, STDERR, STDOUT, Signal, Spawn, WaitFor};

/// A letter's header.
#[derive(Default)]
pub(super) struct Head {
    from: Option<String>,
    pub(super) to: Vec<String>,
    pub(super) subject: Option<String>,
    pub(super) cc: Vec<String>,
    pub(super) bcc: Vec<String>,
    /// Whole lines.
    more: Vec<String>,
    in_reply_to: Option<String>,
}

/// Addresses sorted, each once.
fn elide(mut names: Vec<String>) -> Vec<String> {
    machine::sort(&mut names);
    names.dedup();
    names
}

/// The addresses in a text that a user typed.
pub(super) fn extract(text: &str) -> Vec<String> {
    let split: Vec<&str> = if text.contains('<') { text.split(',').collect() } else { text.split([',', ' ', '\t', '\n']).collect() };
    split.into_iter().map(str::trim).filter(|n| !n.is_empty()).map(String::from).collect()
}

/// The character set of the locale.
fn charset(mail: &Mail) -> &'static str {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|n| mail.sys.env(n).filter(|v| !v.is_empty())).unwrap_or("");
    if locale.to_ascii_lowercase().replace('-', "").contains("utf8") { "UTF-8" } else { "ANSI_X3.4-1968" }
}

/// A field of addresses, folded.
fn folded(name: &str, names: &[String], comma: bool) -> String {
    let mut out = String::from(name);
    let mut column = name.len();
    for (i, one) in names.iter().enumerate() {
        let comma = usize::from(comma && i + 1 < names.len());
        column += 1;
        if column + one.len() + comma > 72 && column > 4 {
            out.push_str("\n    ");
            column = 4;
        } else {
            out.push(' ');
        }
        out.push_str(one);
        if comma > 0 {
            out.push(',');
        }
        column += one.len() + comma;
    }
    out.push('\n');
    out
}

impl Head {
    pub(super) fn text(&self, mail: &Mail, sent: bool) -> String {
        let mut out = String::new();
        if let (true, Some(from)) = (sent, &self.from) {
            out.push_str(&format!("From: {from}\n"));
        }
        if !self.to.is_empty() {
            out.push_str(&folded("To:", &self.to, sent));
        }
        if let Some(subject) = &self.subject {
            out.push_str(&format!("Subject: {subject}\n"));
        }
        for (name, list) in [("Cc:", &self.cc), ("Bcc:", &self.bcc)] {
            if !list.is_empty() {
                out.push_str(&folded(name, list, sent));
            }
        }
        for line in &self.more {
            out.push_str(line);
            out.push('\n');
        }
        out.push_str(&format!(
            "MIME-Version: 1.0\nContent-Type: text/plain; charset=\"{}\"\nContent-Transfer-Encoding: 8bit\n",
            charset(mail)
        ));
        if let (true, Some(id)) = (sent, &self.in_reply_to) {
            out.push_str(&format!("In-Reply-To: {id}\n"));
        }
        out
    }
}

/// Sends a letter to the operands of the command line.
pub(super) async fn from_options(mail: &mut Mail, given: &Letters, operands: &[String]) -> i32 {
    let all = |letter: u8| given.options.iter().filter(|(l, _)| *l == letter).flat_map(|(_, v)| extract(v)).collect();
    let head = Head {
        from: given.value(b'r').map(String::from),
        to: operands.iter().flat_map(|o| extract(o)).collect(),
        subject: given.value(b's').map(String::from),
        cc: all(b'c'),
        bcc: all(b'b'),
        more: given.options.iter().filter(|(l, _)| *l == b'a').map(|(_, v)| v.clone()).collect(),
        in_reply_to: None,
    };
    if mail.interactive() {
        mail.sys.on_signal(Signal::Int, OnSignal::Catch).await;
    }
    i32::from(!send(mail, head, false).await)
}

/// `mail NAMES` at the prompt.
pub(super) async fn letter(mail: &mut Mail, names: &str) {
    send(mail, Head { to: extract(names), ..Head::default() }, false).await;
}

/// Answers messages: to all whom the message names, or to their authors.
pub(super) async fn answer(mail: &mut Mail, list: &[usize], all: bool) -> bool {
    if all && list.len() > 1 {
        mail.say("Sorry, can't reply to multiple messages at once");
        return false;
    }
    let mut head = Head::default();
    for &i in list {
        let (to, cc) = mail.answer_to(i, all);
        head.to.extend(to);
        head.cc.extend(cc);
    }
    let first = &mail.messages[list[0]];
    head.subject = first.field("subject").or_else(|| first.field("subj")).map(|s| {
        let answered = s.get(..3).is_some_and(|p| p.eq_ignore_ascii_case("re:"));
        if answered { s } else { format!("Re: {s}") }
    });
    head.in_reply_to = first.field("message-id");
    send(mail, head, true).await;
    true
}

/// Collects and sends a letter. `false`: it could not be sent.
async fn send(mail: &mut Mail, mut head: Head, show: bool) -> bool {
    let sys = mail.sys.clone();
    let Some(body) = collect(mail, &mut head, show).await else { return true };
    if body.is_empty() {
        if mail.value("skipempty").is_some() {
            return true;
        }
        let subject = head.subject.as_ref().is_some_and(|s| !s.is_empty());
        mail.say(if subject { "Null message body; hope that's ok" } else { "No message, no subject; hope that's ok" });
    }
    for list in [&mut head.to, &mut head.cc, &mut head.bcc] {
        *list = elide(list.drain(..).flat_map(|name| aliased(&mail.aliases, name, 0)).collect());
    }
    // Each gets it once: as To, else as Cc, else as Bcc.
    head.cc.retain(|n| !head.to.contains(n));
    head.bcc.retain(|n| !head.to.contains(n) && !head.cc.contains(n));
    if head.to.is_empty() && head.cc.is_empty() && head.bcc.is_empty() {
        mail.say("No recipients specified");
        dead_letter(mail, &body).await;
        return false;
    }
    let mut text = head.text(mail, true).into_bytes();
    text.push(b'\n');
    text.extend(&body);
    if let Some(record) = mail.value("record").map(String::from)
        && let Some(path) = mail.expand(&record)
    {
        let date = machine::DateTime::new(sys.now(), sys.utc_offset());
        let line = format!(
            "From {} {} {} {:2} {:02}:{:02}:{:02} {}\n",
            mail.me,
            date.day_name(),
            date.month_name(),
            date.day,
            date.hour,
            date.minute,
            date.second,
            date.year
        );
        if let Err(e) = append(&sys, &path, &[line.as_bytes(), &text, b"\n"].concat(), 0o600).await {
            sys.complain(format_args!("{path}: {e}"));
        }
    }
    let program = mail.value("sendmail").unwrap_or("/usr/sbin/sendmail").to_string();
    let mut argv = vec!["sendmail".to_string(), "-i".into(), "-t".into()];
    if mail.value("verbose").is_some() {
        argv.push("-v".into());
    }
    if let Some(from) = &head.from {
        argv.extend(["-f".to_string(), from.clone()]);
    }
    let Ok((r, w)) = sys.pipe().await else { return false };
    let mut child = Spawn::exec(program.clone(), argv);
    child.fds[0] = (0, r);
    for signal in [Signal::Hup, Signal::Int, Signal::Quit, Signal::Tstp, Signal::Ttin, Signal::Ttou] {
        child.signals.push((signal, OnSignal::Ignore));
    }
    let started = sys.spawn(child).await;
    let _ = sys.close(r).await;
    let pid = match started {
        Ok(pid) => pid,
        Err(e) => {
            sys.complain(format_args!("{program}: {e}"));
            dead_letter(mail, &body).await;
            let _ = sys.close(w).await;
            return false;
        }
    };
    sys.on_signal(Signal::Pipe, OnSignal::Ignore).await;
    let _ = sys.write(w, &text).await;
    let _ = sys.close(w).await;
    sys.on_signal(Signal::Pipe, OnSignal::Default).await;
    match sys.wait(WaitFor::Pid(pid), true, false).await {
        Ok(Some((_, ChildStatus::Exited(status)))) if status != 0 => {
            sys.print(STDERR, format_args!("Can't send mail: sendmail process failed with error code {status}\n"));
            false
        }
        _ => true,
    }
}

fn aliased(aliases: &[(String, Vec<String>)], name: String, depth: u32) -> Vec<String> {
    match aliases.iter().find(|(n, _)| *n == name) {
        Some((_, list)) if depth < 10 => list.iter().flat_map(|n| aliased(aliases, n.clone(), depth + 1)).collect(),
        _ => vec![name],
    }
}

/// Keeps a letter that is not sent.
async fn dead_letter(mail: &Mail, body: &[u8]) {
    if body.is_empty() || mail.value("nosave").is_some() {
        return;
    }
    let path = mail.value("DEAD").map_or_else(|| format!("{}/dead.letter", mail.home), String::from);
    // Nobody is left to be told.
    let _ = append(&mail.sys, &path, body, 0o600).await;
}

/// A letter whose writing may be broken off.
pub(super) struct Draft {
    pub(super) body: Vec<u8>,
    interrupted: bool,
}

impl Draft {
    /// ^C: the first one warns, the second keeps the letter in dead.letter. `true`: it is over.
    async fn abort(&mut self, mail: &Mail) -> bool {
        if !self.interrupted && mail.interactive() {
            if mail.value("ignore").is_some() {
                mail.say("@");
            } else {
                mail.sys.print(STDERR, format_args!("\n(Interrupt -- one more to kill letter)\n"));
                self.interrupted = true;
            }
            return false;
        }
        dead_letter(mail, &self.body).await;
        true
    }

    /// Asks for a field; what it holds already stands behind the prompt and stays. `None`: broken off.
    pub(super) async fn ask(&mut self, mail: &mut Mail, prompt: &str, old: &str) -> Option<String> {
        self.interrupted = false;
        loop {
            mail.sys.print(STDOUT, format_args!("{prompt}{old}"));
            match mail.line().await {
                Line::Text(typed) => return Some(format!("{old}{typed}")),
                Line::End => {
                    return Some(old.to_string());
                }
                Line::Interrupt if self.abort(mail).await => return None,
                Line::Interrupt => {}
            }
        }
    }
}

/// Reads a letter from the user. `None`: it was broken off.
async fn collect(mail: &mut Mail, head: &mut Head, show: bool) -> Option<Vec<u8>> {
    let sys = mail.sys.clone();
    let interactive = mail.interactive();
    if !interactive {
        // Whatever the first reader holds comes first.
        let mut body = Vec::new();
        while let Ok(Some(line)) = mail.input.next(&sys).await {
            body.extend(line);
        }
        return Some(body);
    }
    let mut draft = Draft { body: Vec::new(), interrupted: false };
    let ask = head.subject.is_none() && (mail.value("ask").is_some() || mail.value("asksub").is_some());
    if show {
        sys.print(STDOUT, format_args!("{}", head.text(mail, false)));
        if !ask {
            mail.say("");
        }
    }
    if ask {
        let subject = draft.ask(mail, "Subject: ", "").await?;
        head.subject = Some(subject);
    }
    let escape = mail.value("escape").and_then(|e| e.chars().next()).unwrap_or('~');
    let mut asking = true;
    loop {
        let line = match mail.line().await {
            Line::Text(line) => line,
            Line::Interrupt if draft.abort(mail).await => return None,
            Line::Interrupt => continue,
            Line::End if mail.value("ignoreeof").is_some() => {
                mail.say("Use \".\" to terminate letter");
                continue;
            }
            Line::End => break,
        };
        draft.interrupted = false;
        if line == "." && (mail.value("dot").is_some() || mail.value("ignoreeof").is_some()) {
            break;
        }
        let Some(command) = line.strip_prefix(escape) else {
            draft.body.extend_from_slice(line.as_bytes());
            draft.body.push(b'\n');
            continue;
        };
        let letter = command.chars().next().unwrap_or('\0');
        let text = command.get(letter.len_utf8()..).unwrap_or("").to_string();
        match letter {
            '.' => {
                asking = false;
                break;
            }
            'q' => {
                draft.interrupted = true;
                draft.abort(mail).await;
                sys.print(STDERR, format_args!("Interrupt\n"));
                return None;
            }
            'x' => return None,
            _ => {
                if tilde(mail, head, &mut draft, letter, &text, escape).await? {
                    mail.say("(continue)");
                }
            }
        }
    }
    if asking {
        match (mail.value("askcc").is_some(), mail.value("askbcc").is_some()) {
            (false, false) => mail.say("EOT"),
            (cc, bcc) => {
                if cc {
                    head.cc = extract(&draft.ask(mail, "Cc: ", &head.cc.join(" ")).await?);
                }
                if bcc {
                    head.bcc = extract(&draft.ask(mail, "Bcc: ", &head.bcc.join(" ")).await?);
                }
            }
        }
    }
    Some(draft.body)
}

impl Mail {
    /// The addresses that an answer to this message goes to: `all` of them, or its author.
    fn answer_to(&mut self, i: usize, all: bool) -> (Vec<String>, Vec<String>) {
        self.messages[i].touch();
        self.dot = i;
        let m = &self.messages[i];
        let names =
            |body: Option<String>| -> Vec<String> { skin(&body.unwrap_or_default()).split_whitespace().map(String::from).collect() };
        let author = vec![m.sender()];
        if !all {
            return (author, Vec::new());
        }
        let mine = |name: &String| *name == self.me || self.alternates.contains(name);
        let reply_to = names(m.field("reply-to"));
        let given = !reply_to.is_empty();
        let mut to: Vec<String> = if given { reply_to } else { names(m.field("to")) };
        to.retain(|n| !mine(n));
        if !given || to.is_empty() {
            to.extend(author);
        }
        let mut cc = if given { Vec::new() } else { names(m.field("cc")) };
        cc.retain(|n| !mine(n));
        (elide(to), elide(cc))
    }
}
