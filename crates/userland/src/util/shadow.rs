//! Passwords: /etc/shadow as rows, and whether a password is a user's.
//! Not here: changing them (`passwd`), the hashes themselves (`wire::crypt`). Source: shadow(5), pam_unix(8), unix_chkpwd(8).

use machine::{Because, ChildStatus, Fd, KillTarget, OnSignal, Signal, Spawn, Sys, Trace, TraceId, WaitFor};
use wire::crypt::crypt;

/// One line of /etc/shadow.
#[derive(Clone)]
pub(crate) struct Shadow {
    pub(crate) hash: String,
    /// Day of the last change, least and greatest age, days of warning and of grace, day of expiry; `None`: an empty field.
    pub(crate) days: [Option<i64>; 6],
    /// Its line, from 1.
    pub(crate) line: u32,
}

impl Shadow {
    /// The line of a user; `None` without one (or without the right to look).
    pub(crate) async fn of(sys: &Sys, user: &str) -> Option<Shadow> {
        let text = sys.read_file("/etc/shadow").await.ok()?;
        let text = String::from_utf8_lossy(&text);
        for (i, line) in text.lines().enumerate() {
            let row: Vec<&str> = line.split(':').collect();
            if row[0] == user && row.len() > 1 {
                let mut days = [None; 6];
                for (day, field) in days.iter_mut().zip(&row[2..]) {
                    *day = field.parse().ok();
                }
                return Some(Shadow { hash: row[1].to_string(), days, line: i as u32 + 1 });
            }
        }
        None
    }
    /// Why this password may not be used today, though it is right: the account or the password has run out.
    pub(crate) fn expired(&self, today: i64) -> Option<&'static str> {
        let [changed, _, max, _, _, expire] = self.days;
        if expire.is_some_and(|day| day >= 0 && today >= day) {
            return Some("Account expired");
        }
        match (changed, max) {
            (Some(changed), Some(max)) if max >= 0 && changed.saturating_add(max) < today => Some("Password expired"),
            _ => None,
        }
    }
    /// For "why?": the line in the file.
    pub(crate) fn because(&self, user: &str, right: bool) -> Because {
        let method = match self.hash.as_bytes() {
            [b'$', b'1', ..] => "md5crypt",
            [b'$', b'5', ..] => "sha256crypt",
            [b'$', b'6', ..] => "sha512crypt",
            [b'$', b'y', ..] => "yescrypt",
            [b'!' | b'*', ..] => "locked",
            _ => "unknown method",
        };
        let said = format!("{method}: {}", if right { "the password fits" } else { "the password does not fit" });
        let place = Some(("/etc/shadow".to_string(), self.line));
        Because::Lookup { table: "/etc/shadow".to_string(), key: user.to_string(), result: Some(said), place }
    }
}

/// Records why a password was taken or refused; what is printed next belongs to that decision.
pub(crate) fn explain(sys: &Sys, what: String, user: &str, shadow: Option<&Shadow>, right: bool) -> TraceId {
    let mut trace = Trace::new(sys.name(), what);
    trace.because.push(match shadow {
        Some(shadow) => shadow.because(user, right),
        None => Because::Lookup { table: "/etc/shadow".to_string(), key: user.to_string(), result: None, place: None },
    });
    let id = sys.trace(trace);
    sys.mark(id);
    id
}

/// Days since the epoch.
pub(crate) fn today(sys: &Sys) -> i64 {
    (sys.now().secs() / 86400) as i64
}

/// Whether a password fits a hash. A caller that may not read /etc/shadow, or a yescrypt hash, makes `unix_chkpwd` answer for it, as
/// PAM does: it is the only one that may and knows how.
pub(crate) async fn fits(sys: &Sys, user: &str, shadow: Option<&Shadow>, password: &[u8]) -> bool {
    match shadow.map(|s| s.hash.as_str()) {
        Some("") => password.is_empty(),
        Some(hash) if !hash.starts_with("$y$") => crypt(password, hash).is_some_and(|h| h == hash),
        _ => ask(sys, user, password).await,
    }
}

async fn ask(sys: &Sys, user: &str, password: &[u8]) -> bool {
    let Ok((read, write)) = sys.pipe().await else { return false };
    let argv = ["unix_chkpwd", user, "nullok"].map(String::from).to_vec();
    let mut spawn = Spawn::exec("/usr/sbin/unix_chkpwd", argv);
    spawn.fds = vec![(0, read)];
    let child = sys.spawn(spawn).await;
    let _ = sys.close(read).await;
    let mut text = password.to_vec();
    text.push(0);
    if child.is_ok() {
        let _ = sys.write(write, &text).await;
    }
    let _ = sys.close(write).await;
    let Ok(pid) = child else { return false };
    loop {
        match sys.wait(WaitFor::Pid(pid), true, false).await {
            Ok(Some((_, status))) => return status == ChildStatus::Exited(0),
            Err(machine::Errno::EINTR) => {}
            _ => return false,
        }
    }
}

/// Prompts on standard error's terminal and reads a line without showing it; `None` at the end of file or on ^C.
pub(crate) async fn prompt(sys: &Sys, input: Fd, text: std::fmt::Arguments<'_>) -> Option<Vec<u8>> {
    let tty = sys.is_tty(input).await;
    sys.print(if tty { input } else { machine::STDERR }, text);
    let modes = sys.tty_get(input).await.ok();
    if let Some(modes) = modes {
        let _ = sys.tty_set(input, machine::Termios { echo: false, ..modes }).await;
        // ^C ends the program, but not before the terminal is as it was.
        sys.on_signal(Signal::Int, OnSignal::Catch).await;
    }
    let mut line = Vec::new();
    let end = loop {
        match sys.read(input, 1).await {
            Ok(b) if b == b"\n" => break false,
            Ok(b) if b.is_empty() => break true,
            Ok(b) => line.extend(b),
            Err(_) => break true,
        }
    };
    if let Some(modes) = modes {
        let _ = sys.tty_set(input, modes).await;
        sys.print(input, format_args!("\n"));
        let interrupted = sys.signals().await.contains(&Signal::Int);
        sys.on_signal(Signal::Int, OnSignal::Default).await;
        if interrupted {
            let _ = sys.kill(KillTarget::Pid(sys.pid()), Some(Signal::Int)).await;
        }
    }
    if end && line.is_empty() { None } else { Some(line) }
}
