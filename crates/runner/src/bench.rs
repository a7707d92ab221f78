//! `ehlo bench`: how fast the engine is on this machine, in one thread: start, replay, dialogues a second, and what growing logs, tables and
//! queues do to a dialogue. Not here: the page (`cargo xtask bench page`).

use std::time::Instant;
use world::{Input, Output, SimTime, TtyId, World};

/// One dialogue as a learner types it: a message for a local user.
const DIALOGUE: &[&str] = &[
    "telnet 192.168.1.103 25",
    "EHLO client",
    "MAIL FROM:<redhat@linuxidc.com>",
    "RCPT TO:<student@linuxidc.com>",
    "DATA",
    "Subject: bench\n\ntext\n.",
    "QUIT",
];

struct Bench {
    world: World,
    now: SimTime,
}

impl Bench {
    fn new() -> Result<Bench, String> {
        let world = World::new("linuxidc", 1)?;
        let now = world.now();
        let mut bench = Bench { world, now };
        bench.drain();
        Ok(bench)
    }
    fn drain(&mut self) -> usize {
        let mut bytes = 0;
        while let Some(output) = self.world.poll() {
            if let Output::Tty { bytes: b, .. } = output {
                bytes += b.len();
            }
        }
        bytes
    }
    fn line(&mut self, tty: u32, line: &str) {
        self.now = self.now.plus_millis(50);
        self.world.handle(self.now, Input::Tty { tty: TtyId(tty), bytes: format!("{line}\n").into_bytes() });
        self.drain();
    }
    fn dialogue(&mut self) {
        for line in DIALOGUE {
            self.line(1, line);
        }
        self.now = self.now.plus_secs(1);
        self.world.handle(self.now, Input::Tick);
        self.drain();
    }
    /// Milliseconds of one dialogue, over so many.
    fn dialogues(&mut self, count: u32) -> f64 {
        let start = Instant::now();
        for _ in 0..count {
            self.dialogue();
        }
        millis(start) / f64::from(count)
    }
    fn write(&mut self, path: &str, text: String) {
        self.world.handle(self.now, Input::Write { host: "mail".into(), path: path.into(), bytes: text.into_bytes() });
        self.drain();
    }
}

fn millis(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

/// Runs the command.
pub(crate) fn main() -> Result<(), String> {
    let start = Instant::now();
    let mut bench = Bench::new()?;
    println!("a lab from nothing to its prompts         {:8.1} ms", millis(start));
    let each = bench.dialogues(143);
    println!("1000 inputs (143 dialogues by telnet)     {:8.1} ms  (budget in a browser 150)", each * 143.0);
    println!("dialogues a second                        {:8.0}", 1000.0 / each);
    println!("\none dialogue, in ms, when there are         100      1000     10000");
    row("lines in the mail log before", |n| {
        let mut b = Bench::new()?;
        b.write("/var/log/maillog", "Aug 11 03:49:00 station78 postfix/smtpd[99]: connect from unknown[1.2.3.4]\n".repeat(n));
        Ok(b.dialogues(30))
    })?;
    row("entries in an access table", |n| {
        let mut b = Bench::new()?;
        let table: String = (0..n).map(|i| format!("user{i}@example.com REJECT\n")).collect();
        b.write("/etc/postfix/access_file", table);
        b.line(0, "echo 'smtpd_sender_restrictions = check_sender_access hash:/etc/postfix/access_file' >>/etc/postfix/main.cf");
        b.line(0, "/usr/sbin/postmap /etc/postfix/access_file; /usr/sbin/postfix reload");
        b.now = b.now.plus_secs(5);
        Ok(b.dialogues(30))
    })?;
    row("messages on hold in the queue", |n| {
        let mut b = Bench::new()?;
        b.line(
            0,
            "echo 'smtpd_recipient_restrictions = check_sender_access static:HOLD, permit_mynetworks, reject' >>/etc/postfix/main.cf",
        );
        b.line(0, "/usr/sbin/postfix reload");
        b.now = b.now.plus_secs(2);
        for _ in 0..n {
            b.dialogue();
        }
        b.line(0, "/usr/sbin/postconf -e 'smtpd_recipient_restrictions = permit_mynetworks, reject'; /usr/sbin/postfix reload");
        b.now = b.now.plus_secs(2);
        Ok(b.dialogues(30))
    })
}

fn row(what: &str, time: impl Fn(usize) -> Result<f64, String>) -> Result<(), String> {
    let times = [100, 1000, 10_000].map(time);
    print!("{what:<40}");
    for t in times {
        print!("{:10.2}", t?);
    }
    println!();
    Ok(())
}
