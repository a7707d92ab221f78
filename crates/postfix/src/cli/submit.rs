//! A message from sendmail's standard input to postdrop: envelope records, text, recipients from the header section.
//! Not here: options (`sendmail`), the queue (`postdrop`). Source: sendmail(1), rec_type(3).

use crate::address::tok::{Tok, internal, parse};
use crate::config::Config;
use crate::ipc::{Conn, put_record};
use crate::post::stat;
use crate::queue::rec;
use crate::report::flag;
use machine::{Lines, STDIN, STDOUT, Spawn, Sys, WaitFor};

/// What is to be submitted, from the command line.
#[derive(Default)]
pub(super) struct Submission {
    pub(super) encoding: Option<&'static str>,
    pub(super) full_name: Option<String>,
    pub(super) sender: Option<String>,
    pub(super) envid: Option<String>,
    pub(super) notify: i64,
    pub(super) ret: i64,
    /// Rewritten as mail from strangers is (`-G`).
    pub(super) remote: bool,
    pub(super) verp: Option<String>,
    /// A line with one dot ends the message.
    pub(super) dots_end: bool,
    /// Recipients stand in the message (`-t`).
    pub(super) from_headers: bool,
    pub(super) trace: i64,
    pub(super) recipients: Vec<String>,
}

/// The addresses of a text as an address list.
fn addresses(text: &str) -> Vec<String> {
    parse(text).iter().filter_map(|t| if let Tok::Addr(a) = t { Some(internal(a, false)) } else { None }).collect()
}

/// Whose message it is: user name and, from the account's comment, the full name.
async fn account(sys: &Sys) -> Option<(String, String)> {
    let account = crate::account::by_uid(sys, sys.ids().uid).await?;
    let mut full = String::new();
    for c in account.gecos.chars().take_while(|c| !matches!(c, ',' | ';' | '%')) {
        if c == '&' {
            let mut name = account.name.clone();
            if let Some(first) = name.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            full += &name;
        } else {
            full.push(c);
        }
    }
    Some((account.name, full))
}

/// Records on their way to postdrop.
struct Writer {
    conn: Conn,
    buf: Vec<u8>,
    broken: bool,
}

impl Writer {
    fn put(&mut self, kind: u8, data: &[u8]) {
        put_record(&mut self.buf, kind, data);
    }
    fn attr(&mut self, name: &str, value: &str) {
        self.put(rec::ATTR, format!("{name}={value}").as_bytes());
    }
    async fn flush(&mut self, all: bool) {
        if self.buf.len() > 4096 || all {
            self.broken |= self.conn.write(&std::mem::take(&mut self.buf)).await.is_err();
        }
    }
}

/// Submits the message.
pub(super) async fn submit(cfg: &Config, job: &Submission) -> Result<i32, String> {
    let sys = cfg.log().sys();
    let uid = sys.ids().uid;
    super::may(cfg, "authorized_submit_users", "submit mail").await?;
    let me = account(sys).await;
    let sender = match &job.sender {
        Some(text) => {
            let all = addresses(text);
            if all.len() > 1 {
                cfg.log().warn(format_args!("-f option specified malformed sender: {text}"));
            }
            all.into_iter().next().unwrap_or_default()
        }
        None => match &me {
            Some((name, _)) => name.clone(),
            None => return Err(format!("no login name found for user ID {uid}")),
        },
    };
    let who = format!("{sender}({uid})");
    let fail = |text: &str| format!("{who}: {text}");
    let (conn, mut answers, pid, _) = start_postdrop(cfg).await.map_err(|text| fail(&text))?;
    let mut writer = Writer { conn, buf: Vec::new(), broken: false };
    let put_rcpts = |w: &mut Writer, all: &[String]| {
        for rcpt in all {
            if job.notify != 0 {
                w.attr("notify_flags", &job.notify.to_string());
            }
            w.put(rec::RCPT, rcpt.as_bytes());
        }
    };
    if let Some(envid) = &job.envid {
        writer.attr("envelope_id", envid);
    }
    if job.ret != 0 {
        writer.attr("ret_flags", &job.ret.to_string());
    }
    writer.attr("rewrite_context", if job.remote { "remote" } else { "local" });
    let full_name = job.full_name.clone().or_else(|| sys.env("NAME").map(String::from)).or(me.map(|(_, full)| full));
    if let Some(name) = full_name {
        writer.put(rec::FULL, name.as_bytes());
    }
    writer.put(rec::FROM, sender.as_bytes());
    if job.verp.is_some() && sender.is_empty() {
        return Err(fail("-V option requires non-null sender address"));
    }
    if let Some(encoding) = job.encoding {
        writer.attr("encoding", encoding);
    }
    if job.trace != 0 {
        writer.attr("trace_flags", &job.trace.to_string());
    }
    if let Some(verp) = &job.verp {
        writer.put(rec::VERP, verp.as_bytes());
    }
    let mut count = 0;
    for text in &job.recipients {
        let mut all = addresses(text);
        if all.is_empty() {
            writer.put(rec::RCPT, b"");
            count += 1;
        }
        count += all.len();
        put_rcpts(&mut writer, &std::mem::take(&mut all));
    }
    writer.put(rec::MESG, b"");
    let mut found = Vec::new();
    if job.trace & flag::USR_VRFY != 0 {
        probe(&mut writer, &sender, &job.recipients);
    } else {
        found = copy_text(sys, cfg, job, &mut writer).await.map_err(|text| fail(&text))?;
    }
    writer.put(rec::XTRA, b"");
    count += found.len();
    put_rcpts(&mut writer, &found);
    if count == 0 {
        return Err(fail(if job.from_headers {
            "No recipient addresses found in message header"
        } else {
            "Recipient addresses must be specified on the command line or via the -t option"
        }));
    }
    writer.put(rec::END, b"");
    writer.flush(true).await;
    if writer.broken {
        return Err(fail("error writing queue file: Broken pipe"));
    }
    let answer = answers.recv().await;
    if !matches!(sys.wait(WaitFor::Pid(pid), true, false).await, Ok(Some((_, machine::ChildStatus::Exited(0))))) {
        cfg.log().warn(format_args!("mail_stream_cleanup: close error"));
    }
    let (status, why) = answer.map_or((stat::WRITE, String::new()), |a| (a.num("status"), a.get("reason").to_string()));
    if status != 0 {
        return Err(fail(if why.is_empty() { stat::detail(status).2 } else { &why }));
    }
    if job.trace != 0 {
        sys.print(STDOUT, format_args!("Mail Delivery Status Report will be mailed to <{sender}>.\n"));
    }
    Ok(0)
}

/// Starts postdrop and waits until it has a queue file: the way to it, its answers, its process, its queue id.
///
/// # Errors
/// Why it cannot be.
pub(crate) async fn start_postdrop(cfg: &Config) -> Result<(Conn, Conn, i32, String), String> {
    let sys = cfg.log().sys();
    let path = format!("{}/postdrop", cfg.str("command_directory"));
    let cannot = |e: &str| format!("unable to execute {path} -r: {e}");
    let (Ok((from, to)), Ok((answers, out))) = (sys.pipe().await, sys.pipe().await) else {
        return Err(cannot("Too many open files"));
    };
    sys.on_signal(machine::Signal::Pipe, machine::OnSignal::Ignore).await;
    let argv = vec![path.clone(), "-r".to_string()];
    let child = Spawn { fds: vec![(STDIN, from), (STDOUT, out), (2, 2)], ..Spawn::exec(path.clone(), argv) };
    let pid = sys.spawn(child).await.map_err(|e| cannot(e.text()))?;
    let _ = sys.close(from).await;
    let _ = sys.close(out).await;
    let mut answers = Conn::new(sys, answers);
    let id = answers.recv().await.map_or_else(String::new, |a| a.get("queue_id").to_string());
    if id.is_empty() {
        let ended = sys.wait(WaitFor::Pid(pid), true, false).await;
        if let Ok(Some((_, machine::ChildStatus::Exited(status)))) = ended {
            cfg.log().warn(format_args!("command \"{path} -r\" exited with status {status}"));
        }
        return Err(cannot("Application error"));
    }
    Ok((Conn::new(sys, to), answers, pid, id))
}

/// The text of a message that only asks how it would be delivered.
fn probe(w: &mut Writer, sender: &str, recipients: &[String]) {
    if !sender.is_empty() {
        w.put(rec::NORM, format!("From: {sender}").as_bytes());
    }
    w.put(rec::NORM, b"Subject: probe");
    if !recipients.is_empty() {
        w.put(rec::CONT, b"To:");
    }
    for (i, rcpt) in recipients.iter().enumerate() {
        let comma = if i + 1 < recipients.len() { "," } else { "" };
        w.put(rec::NORM, format!("\t{rcpt}{comma}").as_bytes());
    }
}

/// Recipients found in the header section so far.
#[derive(Default)]
struct Headers {
    plain: Vec<String>,
    resent: Option<Vec<String>>,
    field: Vec<u8>,
}

impl Headers {
    /// The field that is complete now.
    fn finish(&mut self) {
        let field = String::from_utf8_lossy(&std::mem::take(&mut self.field)).into_owned();
        let Some((name, body)) = field.split_once(':') else { return };
        let name = name.trim_end().to_ascii_lowercase();
        match name.as_str() {
            "resent-to" | "resent-cc" | "resent-bcc" => self.resent.get_or_insert_default().extend(addresses(body)),
            "to" | "cc" | "bcc" if self.resent.is_none() => self.plain.extend(addresses(body)),
            _ => {}
        }
    }
    /// Takes a line; false where the header section has ended.
    fn line(&mut self, line: &[u8]) -> bool {
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        if !folded || self.field.is_empty() {
            self.finish();
            if !is_field(line) {
                return false;
            }
        }
        if !self.field.is_empty() {
            self.field.push(b'\n');
        }
        self.field.extend_from_slice(line);
        true
    }
}

fn is_field(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|&b| b == b':') else { return false };
    let name = line[..colon].trim_ascii_end();
    !name.is_empty() && name.iter().all(|b| (33..127).contains(b))
}

/// Copies the message from standard input, and gives the recipients that its header section names.
async fn copy_text(sys: &Sys, cfg: &Config, job: &Submission, w: &mut Writer) -> Result<Vec<String>, String> {
    let limit = cfg.int("line_length_limit").max(1) as usize;
    let fix = cfg.str("sendmail_fix_line_endings");
    let mut strip_cr = match fix.as_str() {
        "always" => Some(true),
        "never" => Some(false),
        "strict" => None,
        _ => return Err(format!("invalid sendmail_fix_line_endings value: {fix}")),
    };
    let mut lines = Lines::new(STDIN);
    let mut headers = Headers::default();
    let mut in_headers = job.from_headers;
    let mut first = true;
    loop {
        let mut line = match lines.next(sys).await {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(e) => return Err(format!("error reading input: {e}")),
        };
        let whole = line.pop_if(|b| *b == b'\n').is_some();
        if whole && strip_cr.is_none() {
            strip_cr = Some(line.ends_with(b"\r"));
        }
        if first && whole && is_from_line(&line) {
            continue;
        }
        first = false;
        if whole && strip_cr == Some(true) {
            while line.ends_with(b"\r") {
                line.pop();
            }
        }
        if job.dots_end && line == b"." {
            break;
        }
        if in_headers && !headers.line(&line) {
            in_headers = false;
            if !line.is_empty() {
                w.put(rec::NORM, b"");
            }
        }
        let mut rest = line.as_slice();
        while rest.len() > limit {
            let (part, more) = rest.split_at(limit);
            w.put(rec::CONT, part);
            rest = more;
        }
        w.put(if whole { rec::NORM } else { rec::CONT }, rest);
        w.flush(false).await;
    }
    headers.finish();
    Ok(headers.resent.unwrap_or(headers.plain))
}

/// A line that a mailbox puts before a message, perhaps quoted.
fn is_from_line(line: &[u8]) -> bool {
    let quotes = line.iter().take_while(|b| **b == b'>').count();
    line[quotes..].starts_with(b"From ")
}
