//! Other programs, and text shown over the screen until Enter is typed. Source: vim's various.txt, message.txt.

use super::Vi;
use crate::util::keys::ESC;
use machine::{Run, STDOUT, Spawn, WaitFor};

impl Vi {
    /// What a shell command makes of some bytes.
    pub(super) async fn filter(&mut self, command: &str, input: &[u8]) -> Vec<u8> {
        let (Ok((in_r, in_w)), Ok((out_r, out_w))) = (self.sys.pipe().await, self.sys.pipe().await) else { return Vec::new() };
        let sys = self.sys.clone();
        let mut spawn = Spawn::exec("/bin/bash", vec!["bash".into(), "-c".into(), command.into()]);
        spawn.fds = vec![(0, in_r), (1, out_w), (2, out_w)];
        let child = sys.spawn(spawn).await;
        let _ = (sys.close(in_r).await, sys.close(out_w).await);
        // The input is written by a process of its own: neither side waits for the other for ever.
        let bytes = input.to_vec();
        let mut writer = Spawn::exec("", sys.args().to_vec());
        writer.run = Run::Fork(Box::new(move |sys| {
            Box::pin(async move {
                let _ = sys.write(1, &bytes).await;
                0
            })
        }));
        writer.fds = vec![(1, in_w)];
        let writer = sys.spawn(writer).await;
        let _ = sys.close(in_w).await;
        let out = sys.read_all(out_r).await.unwrap_or_default();
        let _ = sys.close(out_r).await;
        for pid in [child, writer].into_iter().flatten() {
            let _ = sys.wait(WaitFor::Pid(pid), true, false).await;
        }
        out
    }

    /// Runs a shell on the terminal as it was, and waits for Enter.
    pub(super) async fn outside(&mut self, title: &str, args: Vec<String>) {
        self.text.commit(self.sys.now());
        self.keys.leave().await;
        if !title.is_empty() {
            self.sys.print(STDOUT, format_args!("\n"));
            if self.text.modified() {
                self.sys.print(STDOUT, format_args!("[No write since last change]\n"));
            }
        }
        let mut argv = vec!["bash".to_string()];
        argv.extend(args);
        let status = match self.sys.spawn(Spawn::exec("/bin/bash", argv)).await {
            Ok(pid) => self.sys.wait(WaitFor::Pid(pid), true, false).await,
            Err(_) => Ok(None),
        };
        if !title.is_empty() {
            if let Ok(Some((_, machine::ChildStatus::Exited(n)))) = status
                && n != 0
            {
                self.sys.print(STDOUT, format_args!("\nshell returned {n}\n"));
            }
            self.sys.print(STDOUT, format_args!("\nPress ENTER or type command to continue"));
            self.keys.raw().await;
            self.wait_enter().await;
            self.sys.print(STDOUT, format_args!("\r\n"));
        }
        self.keys.enter().await;
        self.drawn.clear();
    }

    async fn wait_enter(&mut self) {
        let key = self.keys.key().await;
        if key == ':' {
            self.queue.push_front(key);
        }
    }

    /// Shows lines over the text and waits for Enter.
    pub(super) async fn show(&mut self, lines: &[String]) {
        match lines {
            [one] => self.say(one.clone()),
            _ => self.show_all(lines, true).await,
        }
    }
    /// `below`: below the bottom line; else in its place.
    pub(super) async fn show_all(&mut self, lines: &[String], below: bool) {
        self.draw();
        self.sys.print(STDOUT, format_args!("\x1b[{};1H{}", self.height() + 1, if below { "\r\n" } else { "\x1b[2K" }));
        let page = self.height();
        for (n, line) in lines.iter().enumerate() {
            self.sys.print(STDOUT, format_args!("{line}\r\n"));
            if n % page == page - 1 && n + 1 < lines.len() {
                self.sys.print(STDOUT, format_args!("\x1b[1m-- More --\x1b[m"));
                let key = self.keys.key().await;
                self.sys.print(STDOUT, format_args!("\r\x1b[K"));
                if matches!(key, 'q' | ESC | '\u{3}') {
                    break;
                }
            }
        }
        self.sys.print(STDOUT, format_args!("Press ENTER or type command to continue"));
        self.wait_enter().await;
        self.say("");
        self.drawn.clear();
    }
    pub(super) async fn show_bytes(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let list: Vec<String> = text.lines().map(String::from).collect();
        if !list.is_empty() {
            self.show(&list).await;
        }
    }
}
