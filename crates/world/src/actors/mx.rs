//! mx: a mail server elsewhere in the world that answers as its script says, and keeps what it was told.
//! Not here: a real MTA (`postfix`). A script of `KEY VALUE` lines; a key given several times is answered in turn, one a time, the
//! last one for ever; `\n` in a reply makes it a multi-line one:
//!
//! ```text
//! addr 220.181.15.141           where it listens (port 25)
//! name mx.126.com               what it calls itself
//! ehlo PIPELINING               a keyword (each line one; `ehlo` alone: none). Default: PIPELINING, 8BITMIME
//! banner 220 mx.126.com ESMTP   also: mail, data, end (of the message), default (any recipient not named below; & in it: the address)
//! rcpt a@126.com 550 5.1.1 no such user
//! ```
//!
//! Arguments: the script, and a directory. Each connection is written there when it ends, as a file named by its number (from 0, in the
//! order of connecting): `C command` for each command, `M` where a message begins, `T text` for each of its lines.

use machine::{Fd, Guest, Lines, Map, Open, Run, Spawn, Sys, WaitFor};
use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;

/// The script, and how often each of its answers has been given. The connections share it, as threads would.
#[derive(Default)]
struct Script {
    replies: Map<String, (Vec<String>, usize)>,
}

impl Script {
    fn parse(text: &str) -> Script {
        let mut script = Script::default();
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            let (key, value) = match (key, value.split_once(' ')) {
                ("rcpt", Some((address, reply))) => (format!("rcpt {address}"), reply),
                _ => (key.to_string(), value),
            };
            script.replies.entry(key, Default::default).0.push(value.replace("\\n", "\n"));
        }
        script
    }
    fn first(&self, key: &str) -> &str {
        self.replies.get(key).and_then(|(all, _)| all.first()).map_or("", String::as_str)
    }
    /// The next answer under this key.
    fn next(&mut self, key: &str, default: &str) -> String {
        match self.replies.get_mut(key) {
            None => default.to_string(),
            Some((all, given)) => {
                let i = (*given).min(all.len() - 1);
                *given += 1;
                all[i].clone()
            }
        }
    }
    /// The answer to RCPT. Addresses without an answer of their own share the default's text, but are counted one by one.
    fn recipient(&mut self, address: &str) -> String {
        let key = format!("rcpt {address}");
        if !self.replies.contains(&key) {
            let default = self.replies.get("default").map_or_else(|| vec!["250 2.1.5 Ok".to_string()], |(all, _)| all.clone());
            let default = default.into_iter().map(|reply| reply.replace('&', address)).collect();
            self.replies.insert(key.clone(), (default, 0));
        }
        self.next(&key, "")
    }
    fn keywords(&self) -> Vec<String> {
        match self.replies.get("ehlo") {
            Some((all, _)) => all.iter().filter(|k| !k.is_empty()).cloned().collect(),
            None => vec!["PIPELINING".into(), "8BITMIME".into()],
        }
    }
}

/// The server.
pub(super) async fn main(sys: Sys) -> i32 {
    let text = sys.read_file(sys.arg(1)).await.unwrap_or_default();
    let script = Rc::new(RefCell::new(Script::parse(&String::from_utf8_lossy(&text))));
    let ip = script.borrow().first("addr").parse().unwrap_or(Ipv4Addr::UNSPECIFIED);
    let listener = match sys.tcp_listen(ip, 25).await {
        Ok(fd) => fd,
        Err(e) => {
            sys.complain(format_args!("{ip}:25: {e}"));
            return 1;
        }
    };
    for number in 0u32.. {
        let Ok((conn, _)) = sys.accept(listener).await else { break };
        let path = format!("{}/{number}", sys.arg(2));
        let script = script.clone();
        let serve = move |sys: Sys| -> Guest { Box::pin(serve(sys, script, path)) };
        let mut spawn = Spawn::exec("", sys.args().to_vec());
        spawn.run = Run::Fork(Box::new(serve));
        spawn.fds = vec![(3, conn)];
        let _ = sys.spawn(spawn).await;
        let _ = sys.close(conn).await;
        while let Ok(Some(_)) = sys.wait(WaitFor::Any, false, false).await {}
    }
    1
}

async fn serve(sys: Sys, script: Rc<RefCell<Script>>, path: String) -> i32 {
    // What the client says is there while it speaks.
    let Ok(record) = sys.open(&path, Open::CREATE, 0o644).await else { return 1 };
    // A client that hangs up ends the session.
    let _ = session(&sys, &script, record).await;
    let _ = sys.close(3).await;
    i32::from(sys.close(record).await.is_err())
}

fn say(sys: &Sys, reply: &str) {
    reply.split('\n').for_each(|line| sys.print(3, format_args!("{line}\r\n")));
}

async fn session(sys: &Sys, script: &RefCell<Script>, record: Fd) -> machine::Sysret<()> {
    let name = script.borrow().first("name").to_string();
    say(sys, &script.borrow_mut().next("banner", &format!("220 {name} ESMTP")));
    let mut lines = Lines::new(3);
    let mut good = false;
    while let Some(line) = lines.text(sys).await? {
        sys.print(record, format_args!("C {line}\n"));
        let verb = line.split([':', ' ']).next().unwrap_or("").to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                let mut all = script.borrow().keywords();
                all.insert(0, name.clone());
                let last = all.len() - 1;
                all.iter().enumerate().for_each(|(i, k)| sys.print(3, format_args!("250{}{k}\r\n", if i < last { '-' } else { ' ' })));
            }
            "HELO" => say(sys, &format!("250 {name}")),
            "MAIL" => {
                good = false;
                say(sys, &script.borrow_mut().next("mail", "250 2.1.0 Ok"));
            }
            "RCPT" => {
                let Some(address) = line.split_once('<').and_then(|(_, r)| r.split_once('>')).map(|(a, _)| a) else { return Ok(()) };
                let reply = script.borrow_mut().recipient(address);
                good |= reply.starts_with('2');
                say(sys, &reply);
            }
            "DATA" if !good => say(sys, "554 5.5.1 Error: no valid recipients"),
            "DATA" => {
                let reply = script.borrow_mut().next("data", "354 End data with <CR><LF>.<CR><LF>");
                say(sys, &reply);
                if !reply.starts_with('3') {
                    continue;
                }
                let mut message = "M\n".to_string();
                while let Some(text) = lines.text(sys).await? {
                    if text == "." {
                        break;
                    }
                    message += &format!("T {text}\n");
                }
                sys.print(record, format_args!("{message}"));
                say(sys, &script.borrow_mut().next("end", "250 2.0.0 Ok: accepted"));
            }
            "QUIT" => {
                say(sys, "221 2.0.0 Bye");
                return Ok(());
            }
            "RSET" | "NOOP" => say(sys, "250 2.0.0 Ok"),
            _ => say(sys, "502 5.5.2 Error: command not recognized"),
        }
    }
    Ok(())
}
