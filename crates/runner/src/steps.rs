//! The steps of a scenario that run commands: on pipes (`sh`), on a terminal (`tty`, `live`, `screen`), and those that write files or wait.
//! Not here: sessions of a network client (`traffic`). Source: the recorder, whose waits are repeated here in simulated time.

use crate::replay::text;
use crate::scenario::Scene;
use serde_json::{Map, Value, json};
use world::machine::{ChildStatus, Ids, Signal, Termios};

/// Longest that a command may take, in milliseconds.
const COMMAND: u64 = 60_000;

fn string<'a>(step: &'a Value, key: &str) -> Option<&'a str> {
    step.get(key).and_then(Value::as_str)
}

/// Exit status as Python counts it: minus the signal's number.
fn exit_code(status: Option<ChildStatus>) -> i32 {
    match status {
        Some(ChildStatus::Exited(code)) => code,
        Some(ChildStatus::Signaled(signal)) => -(signal as i32),
        _ => -(Signal::Kill as i32),
    }
}

/// Environment, ids, home and working directory of a step's user, and the host it runs at.
struct Who {
    host: usize,
    user: String,
    ids: Ids,
    env: Vec<String>,
    cwd: String,
}

impl Scene {
    /// Does a step, and gives what the recorder would have written of it.
    pub(crate) fn step(&mut self, step: &Value) -> Value {
        let done = if step.get("sh").is_some() {
            self.sh(step)
        } else if let Some(command) = string(step, "tty") {
            self.tty(step, command)
        } else if let Some(command) = string(step, "live") {
            self.live(step, command)
        } else if step.get("stop").is_some() {
            self.stop(step)
        } else if let Some(command) = string(step, "screen") {
            return json!({"screens": [], "exit": -1, "error": format!("{command}: full-screen programs are not replayed here")});
        } else if let Some(session) = step.get("smtp") {
            Some(self.smtp(session))
        } else if let Some(session) = step.get("pop3").or(step.get("imap")) {
            Some(self.refused(session))
        } else {
            self.files(step);
            Some(json!({}))
        };
        done.unwrap_or_else(|| json!({"error": "no such user"}))
    }

    fn files(&mut self, step: &Value) {
        let mail = self.mail;
        for (key, append) in [("write", false), ("append", true)] {
            for (path, content) in step.get(key).and_then(Value::as_object).into_iter().flatten() {
                let content = content.as_str().unwrap_or_default().as_bytes();
                if append {
                    self.stage.append(mail, path, content)
                } else {
                    self.stage.file(mail, path, content)
                }
                if path == "/etc/postfix/main.cf" {
                    self.stage.age(mail, path, 10);
                }
            }
        }
        if step.get("settle").is_some() {
            self.settle(150);
        }
        if let Some(secs) = step.get("sleep").and_then(Value::as_f64) {
            self.pass((secs * 1000.0) as u64);
        }
    }

    fn who(&self, step: &Value, term: &str) -> Option<Who> {
        let host = if string(step, "at") == Some("client") { self.client } else { self.mail };
        let user = string(step, "user").unwrap_or("root").to_string();
        let account = self.stage.account(host, &user)?;
        let mut env = world::stage::environment(&user, &account.home);
        env.retain(|e| !e.starts_with("TERM="));
        env.push(format!("TERM={term}"));
        for (name, value) in step.get("env").and_then(Value::as_object).into_iter().flatten() {
            env.retain(|e| e.split('=').next() != Some(name));
            env.push(format!("{name}={}", value.as_str().unwrap_or_default()));
        }
        let cwd = string(step, "cwd").map_or(account.home, String::from);
        Some(Who { host, user, ids: Ids { groups: Vec::new(), ..account.ids }, env, cwd })
    }

    fn sh(&mut self, step: &Value) -> Option<Value> {
        let who = self.who(step, "dumb")?;
        let argv = ["/usr/bin/bash", "-c", string(step, "sh").unwrap_or_default()];
        let argv0 = ["bash", argv[1], argv[2]];
        let stdin = string(step, "stdin").map(str::as_bytes);
        let modes = Termios { onlcr: false, ..Termios::SANE };
        let tty = self.stage.kernel.bare_tty(who.host, &who.user, modes);
        let command = self.stage.kernel.start_piped(who.host, argv[0], &argv0, &who.env, who.ids, &who.cwd, stdin, tty).ok()?;
        let mut out = Vec::new();
        let end = self.now().plus_millis(COMMAND);
        let mut quiet = 0;
        loop {
            self.pass(if quiet == 0 { 0 } else { 10 });
            let (bytes, open) = self.stage.kernel.caught(&command);
            quiet = if bytes.is_empty() { quiet + 1 } else { 1 };
            out.extend(bytes);
            let over = self.stage.kernel.ended(command.host, command.pid).is_some();
            if !open || over && quiet > 5 || self.now() >= end || self.stage.kernel.stalled().is_some() {
                break;
            }
        }
        let late = self.now().plus_millis(10_000);
        while self.stage.kernel.ended(command.host, command.pid).is_none() && self.now() < late {
            self.pass(10);
        }
        self.pass(50);
        self.stage.kernel.let_go(command);
        let err = self.shown.remove(&tty).unwrap_or_default();
        let exit = exit_code(self.stage.kernel.ended(command.host, command.pid));
        self.settle(150);
        Some(json!({"stdout": text(&out), "stderr": text(&err), "exit": exit}))
    }

    /// Starts a command on a terminal of its own.
    fn terminal(&mut self, step: &Value, command: &str) -> Option<u32> {
        let who = self.who(step, "dumb")?;
        let argv = ["bash", "-c", command];
        let tty = self.stage.kernel.open_tty(who.host, &who.user, "/usr/bin/bash", &argv, &who.env, who.ids, &who.cwd).ok()?;
        self.stage.kernel.set_modes(tty, Termios { onlcr: false, ..Termios::SANE });
        let cols = step.get("cols").and_then(Value::as_u64).unwrap_or(80);
        self.stage.kernel.resize(tty, cols as u16, 24);
        let leader = self.stage.kernel.leader(tty);
        self.stage.kernel.watch(who.host, leader);
        Some(tty)
    }
    fn over(&self, tty: u32) -> Option<ChildStatus> {
        let host = self.stage.kernel.tty(tty)?.host;
        self.stage.kernel.ended(host, self.stage.kernel.leader(tty))
    }

    fn tty(&mut self, step: &Value, command: &str) -> Option<Value> {
        let tty = self.terminal(step, command)?;
        let mut out: Vec<u8> = Vec::new();
        let mut seen = 0;
        let prompt = string(step, "prompt");
        let stop = self.now().plus_millis(60_000);
        for item in step.get("send").and_then(Value::as_array).into_iter().flatten() {
            if self.now() > stop {
                break;
            }
            let wait = item.get("wait").and_then(Value::as_f64);
            let expect = string(item, "expect");
            let prompt = prompt.filter(|_| item.get("noprompt").is_none());
            let (idle, limit) = if let Some(w) = wait { (u64::MAX, (w * 1000.0) as u64) } else { (400, 10_000) };
            let prompt = prompt.filter(|_| wait.is_none());
            let live = self.pump(tty, &mut out, &mut seen, expect, idle, limit, prompt);
            if !live {
                break;
            }
            self.stage.kernel.type_bytes(tty, &keys(item));
        }
        let end = self.now().plus_millis(15_000);
        while self.pump(tty, &mut out, &mut seen, None, 400, 10_000, None) && self.over(tty).is_none() && self.now() < end {}
        self.pass(0);
        out.extend(self.shown.remove(&tty).unwrap_or_default());
        let status = self.over(tty);
        if status.is_none() {
            out.extend_from_slice(b"\n<killed by the recorder>");
            self.stage.kernel.hang_up(tty);
        }
        self.settle(150);
        Some(json!({"output": text(&out), "exit": exit_code(status)}))
    }

    /// Collects output until `expect` or `prompt` has come, or nothing for `idle` milliseconds, for `limit` at most. `false`: it ended.
    #[allow(clippy::too_many_arguments)]
    fn pump(
        &mut self,
        tty: u32,
        out: &mut Vec<u8>,
        seen: &mut usize,
        expect: Option<&str>,
        idle: u64,
        limit: u64,
        prompt: Option<&str>,
    ) -> bool {
        let end = self.now().plus_millis(limit);
        let mut last = self.now();
        let mut first = true;
        while self.now() < end {
            self.pass(if first { 0 } else { 20 });
            first = false;
            if let Some(bytes) = self.shown.remove(&tty) {
                out.extend(bytes);
                last = self.now();
            } else if self.over(tty).is_some() && !self.stage.kernel.tty_held(tty) {
                return false;
            }
            let new = out.get(*seen..).unwrap_or_default();
            let stop = match (expect, prompt) {
                (Some(e), _) => new.windows(e.len().max(1)).any(|w| w == e.as_bytes()),
                (None, Some(p)) => new.ends_with(p.as_bytes()),
                (None, None) => self.now().since(last) > idle.saturating_mul(1000),
            };
            if stop {
                break;
            }
        }
        *seen = out.len();
        true
    }

    fn live(&mut self, step: &Value, command: &str) -> Option<Value> {
        let tty = self.terminal(step, &format!("exec {command}"))?;
        let ready = string(step, "ready").unwrap_or("");
        let mut out = Vec::new();
        let mut seen = 0;
        self.pump(tty, &mut out, &mut seen, Some(ready), 0, 15_000, None);
        self.pass(after(step));
        self.live = Some((tty, out));
        Some(json!({}))
    }
    fn stop(&mut self, step: &Value) -> Option<Value> {
        let (tty, mut out) = self.live.take()?;
        self.pass(after(step));
        if self.over(tty).is_none() && step.get("ended").is_none() {
            self.stage.kernel.type_bytes(tty, string(step, "keys").unwrap_or("\x03").as_bytes());
        }
        let mut seen = 0;
        let end = self.now().plus_millis(15_000);
        while self.over(tty).is_none() && self.now() < end && self.pump(tty, &mut out, &mut seen, None, 100, 1000, None) {}
        self.pass(0);
        out.extend(self.shown.remove(&tty).unwrap_or_default());
        let status = self.over(tty);
        self.stage.kernel.hang_up(tty);
        self.settle(150);
        Some(json!({"output": text(&out), "exit": exit_code(status)}))
    }
}

fn after(step: &Value) -> u64 {
    (step.get("after").and_then(Value::as_f64).unwrap_or(0.5) * 1000.0) as u64
}

/// The bytes that an item of `send` types.
fn keys(item: &Value) -> Vec<u8> {
    let empty = Map::new();
    let map = item.as_object().unwrap_or(&empty);
    if let Some(keys) = map.get("keys").and_then(Value::as_str) {
        // ^C throws away what a terminal received with it in one write, before a program could read it.
        return keys.as_bytes()[keys.rfind('\x03').unwrap_or(0)..].to_vec();
    }
    if map.contains_key("eof") {
        return vec![4];
    }
    let line = item.as_str().or_else(|| map.get("line").and_then(Value::as_str)).unwrap_or_default();
    format!("{line}\n").into_bytes()
}
