//! Builtins about jobs and processes: jobs, fg, bg, wait, kill, disown, suspend.

use super::super::{Run, Shell};
use super::has;
use machine::{ChildStatus, Errno, KillTarget, Signal, WaitFor};

impl Shell {
    /// Number of the job that `%…` names.
    fn job_spec(&self, spec: &str) -> Option<usize> {
        let (current, previous) = self.current;
        let body = spec.strip_prefix('%').unwrap_or(spec);
        let number = match body {
            "" | "%" | "+" => current,
            "-" => previous,
            b if b.bytes().all(|c| c.is_ascii_digit()) => b.parse().unwrap_or(0),
            b => {
                let hit = |text: &str| match b.strip_prefix('?') {
                    Some(part) => text.contains(part),
                    None => text.starts_with(b),
                };
                self.jobs.iter().find(|j| hit(&j.text)).map_or(0, |j| j.number)
            }
        };
        self.jobs.iter().any(|j| j.number == number).then_some(number)
    }

    fn job_or_complain(&self, name: &str, spec: Option<&String>) -> Option<usize> {
        let found = self.job_spec(spec.map_or("%%", String::as_str));
        if found.is_none() {
            self.complain(name, &format!("{}: no such job", spec.map_or("current", String::as_str)));
        }
        found
    }

    /// Lets a stopped job go on.
    async fn resume(&mut self, number: usize) {
        let Some(job) = self.jobs.iter_mut().find(|j| j.number == number) else { return };
        for proc in &mut job.procs {
            if matches!(proc.status, Some(ChildStatus::Stopped(_))) {
                proc.status = None;
            }
        }
        job.changed = false;
        let group = job.group();
        let _ = self.sys.kill(KillTarget::Group(group), Some(Signal::Cont)).await;
    }

    /// Waits for a job's processes, or (`None`) for those of whichever ends first; its status.
    async fn wait_job(&mut self, number: Option<usize>) -> Run {
        loop {
            let job = match number {
                Some(n) => self.jobs.iter().find(|j| j.number == n),
                None => self.jobs.iter().find(|j| j.ended()).or(self.jobs.iter().find(|j| !j.stopped())),
            };
            let Some(job) = job else { return Ok(127) };
            let (status, number) = (job.status(), job.number);
            if job.ended() || job.stopped() {
                return Ok(status);
            }
            match self.sys.wait(WaitFor::Any, true, self.job_control).await {
                Ok(Some((pid, status))) => self.child_news(pid, status),
                Err(Errno::EINTR) => {
                    self.note_signals().await;
                    if let Some(signal) = self.signals.first().copied() {
                        self.run_traps().await?;
                        return Ok(128 + signal as i32);
                    }
                    self.check_interrupt()?;
                }
                // Not a child of this shell, but of the one it was copied from.
                _ => self.forget(Some(number)),
            }
        }
    }
}

pub(super) async fn jobs(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "lnprsx") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    if sh.subshell == 0 {
        sh.reap().await;
    }
    let mut numbers: Vec<usize> = sh.jobs.iter().map(|j| j.number).collect();
    let mut status = 0;
    if a.len() > at {
        numbers.clear();
        for spec in &a[at..] {
            match sh.job_or_complain("jobs", Some(spec)) {
                Some(n) => numbers.push(n),
                None => status = 1,
            }
        }
    }
    for number in numbers {
        let Some(job) = sh.jobs.iter().find(|j| j.number == number) else { continue };
        if has(&given, 'r') && (job.stopped() || job.ended()) || has(&given, 's') && !job.stopped() {
            continue;
        }
        if has(&given, 'p') {
            sh.out(&format!("{}\n", job.group()));
            continue;
        }
        sh.tell(number, has(&given, 'l'), 1);
        if let Some(job) = sh.jobs.iter_mut().find(|j| j.number == number) {
            job.changed = false;
        }
    }
    sh.forget(None);
    Ok(status)
}

pub(super) async fn fg(sh: &mut Shell, a: &[String]) -> Run {
    if !sh.job_control {
        return Ok(sh.complain("fg", "no job control"));
    }
    let Some(number) = sh.job_or_complain("fg", a.get(1)) else { return Ok(1) };
    let Some(job) = sh.jobs.iter().find(|j| j.number == number) else { return Ok(1) };
    let group = job.group();
    sh.out(&format!("{}\n", job.text));
    let _ = sh.sys.tty_foreground(Some(group)).await;
    sh.set_current(number);
    sh.resume(number).await;
    let done = sh.wait_job(Some(number)).await;
    let _ = sh.sys.tty_foreground(Some(sh.pid)).await;
    let status = done?;
    if let Some(job) = sh.jobs.iter_mut().find(|j| j.number == number) {
        job.changed = false;
        let last = job.procs.last().and_then(|p| p.status);
        if job.stopped() {
            sh.sys.print(sh.fd(2), format_args!("\n"));
            sh.set_current(number);
            sh.tell(number, false, 2);
        } else {
            match last {
                Some(ChildStatus::Signaled(Signal::Int)) => {
                    sh.sys.print(sh.fd(2), format_args!("\n"));
                    (sh.interrupted, sh.newline_due) = (true, false);
                }
                Some(ChildStatus::Signaled(s)) if s != Signal::Pipe => {
                    sh.sys.print(sh.fd(2), format_args!("{}\n", super::super::jobs::describe(s)));
                }
                _ => {}
            }
            sh.forget(Some(number));
        }
    }
    Ok(status)
}

pub(super) async fn bg(sh: &mut Shell, a: &[String]) -> Run {
    if !sh.job_control {
        return Ok(sh.complain("bg", "no job control"));
    }
    let specs: Vec<Option<&String>> = if a.len() > 1 { a[1..].iter().map(Some).collect() } else { vec![None] };
    let mut status = 0;
    for spec in specs {
        let Some(number) = sh.job_or_complain("bg", spec) else {
            status = 1;
            continue;
        };
        let Some(job) = sh.jobs.iter().find(|j| j.number == number) else { continue };
        if !job.stopped() {
            sh.error(format_args!("bg: job {number} already in background"));
            continue;
        }
        let text = job.text.clone();
        sh.resume(number).await;
        let mark = sh.mark(number);
        sh.out(&format!("[{number}]{mark} {text} &\n"));
    }
    Ok(status)
}

pub(super) async fn wait(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "fnp:") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    let mut status = 0;
    if a.len() <= at {
        if has(&given, 'n') {
            status = sh.wait_job(None).await?;
            if let Some(number) = sh.jobs.iter().find(|j| j.ended()).map(|j| j.number).filter(|_| !sh.interactive) {
                sh.forget(Some(number));
            }
        } else {
            let numbers: Vec<usize> = sh.jobs.iter().map(|j| j.number).collect();
            for number in numbers {
                let done = sh.wait_job(Some(number)).await?;
                if sh.jobs.iter().any(|j| j.number == number && !j.ended() && !j.stopped()) {
                    // A trap has ended the wait.
                    return Ok(done);
                }
            }
        }
    }
    for spec in &a[at.min(a.len())..] {
        let number = if spec.starts_with('%') {
            match sh.job_or_complain("wait", Some(spec)) {
                Some(n) => n,
                None => {
                    status = 127;
                    continue;
                }
            }
        } else {
            let Ok(pid) = spec.parse::<i32>() else {
                sh.error(format_args!("wait: `{spec}': not a pid or valid job spec"));
                status = 1;
                continue;
            };
            match sh.jobs.iter().find(|j| j.procs.iter().any(|p| p.pid == pid)) {
                Some(job) => job.number,
                None => {
                    sh.error(format_args!("wait: pid {pid} is not a child of this shell"));
                    status = 127;
                    continue;
                }
            }
        };
        status = sh.wait_job(Some(number)).await?;
        if !sh.interactive {
            sh.tell_dead().await;
            sh.jobs.retain(|j| j.number != number || !j.ended());
        }
    }
    if sh.interactive && sh.subshell == 0 {
        sh.notify().await;
    } else if a.len() <= at {
        sh.tell_dead().await;
        sh.forget(None);
    }
    Ok(status)
}

/// The name of a signal by its number, also of those that the kernel here does not send.
fn signal_name(n: usize) -> Option<String> {
    const NAMES: &str = "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";
    Some(match n {
        34 => "RTMIN".into(),
        35..=49 => format!("RTMIN+{}", n - 34),
        50..=63 => format!("RTMAX-{}", 64 - n),
        64 => "RTMAX".into(),
        _ => NAMES.split(' ').nth(n.checked_sub(1)?)?.to_string(),
    })
}

/// `kill -l`.
pub(super) fn list_signals(sh: &Shell) {
    let mut out = String::new();
    let names = (1..=64).filter_map(|n| signal_name(n).map(|name| (n, name)));
    for (i, (n, name)) in names.enumerate() {
        out.push_str(&format!("{n:2}) SIG{name}{}", if i % 5 == 4 { "\n" } else { "\t" }));
    }
    sh.out(&format!("{out}\n"));
}

pub(super) async fn kill(sh: &mut Shell, a: &[String]) -> Run {
    let mut signal = Some(Signal::Term);
    let mut i = 1;
    let Some(first) = a.get(1) else {
        sh.usage("kill");
        return Ok(2);
    };
    if let Some(spec) = first.strip_prefix('-').filter(|s| !s.is_empty()) {
        i = 2;
        let text = match spec {
            "l" | "L" => {
                if a.len() == 2 {
                    list_signals(sh);
                }
                for arg in &a[2..] {
                    let text = match arg.parse::<i32>() {
                        Ok(n) => signal_name((n & 127) as usize),
                        Err(_) => {
                            let upper = arg.to_ascii_uppercase();
                            let name = upper.strip_prefix("SIG").unwrap_or(&upper);
                            (1..=64).find(|n| signal_name(*n).is_some_and(|s| s == name)).map(|n| n.to_string())
                        }
                    };
                    match text {
                        Some(t) => sh.out(&format!("{t}\n")),
                        None => return Ok(sh.complain("kill", &format!("{arg}: invalid signal specification"))),
                    }
                }
                return Ok(0);
            }
            "s" | "n" => {
                i = 3;
                a.get(2).map_or("", String::as_str)
            }
            "-" => "TERM",
            s => s,
        };
        signal = match text.parse::<i32>() {
            Ok(0) => None,
            Ok(n) if Signal::from_number(n).is_some() => Signal::from_number(n),
            _ => match Signal::from_name(&text.to_ascii_uppercase()) {
                Some(s) => Some(s),
                None => return Ok(sh.complain("kill", &format!("{text}: invalid signal specification"))),
            },
        };
    }
    if i >= a.len() {
        sh.usage("kill");
        return Ok(2);
    }
    let mut status = 0;
    for target in &a[i..] {
        let to = if target.starts_with('%') {
            match sh.job_spec(target).and_then(|n| sh.jobs.iter().find(|j| j.number == n)) {
                Some(job) if sh.job_control => KillTarget::Group(job.group()),
                Some(job) => KillTarget::Pid(job.group()),
                None => {
                    status = sh.complain("kill", &format!("{target}: no such job"));
                    continue;
                }
            }
        } else {
            match target.parse::<i32>() {
                Ok(-1) => KillTarget::All,
                Ok(0) => KillTarget::Group(0),
                Ok(n) if n < 0 => KillTarget::Group(n.saturating_neg()),
                Ok(n) => KillTarget::Pid(n),
                Err(_) => {
                    status = sh.complain("kill", &format!("{target}: arguments must be process or job IDs"));
                    continue;
                }
            }
        };
        if let Err(e) = sh.sys.kill(to, signal).await {
            status = sh.complain("kill", &format!("({target}) - {e}"));
        }
    }
    Ok(status)
}

pub(super) async fn disown(sh: &mut Shell, a: &[String]) -> Run {
    let (given, at) = match sh.options(a, "har") {
        Ok(o) => o,
        Err(status) => return Ok(status),
    };
    if has(&given, 'h') {
        return Ok(0);
    }
    if has(&given, 'a') || has(&given, 'r') {
        let running = has(&given, 'r');
        sh.jobs.retain(|j| running && j.stopped());
        return Ok(0);
    }
    let specs: Vec<Option<&String>> = if a.len() > at { a[at..].iter().map(Some).collect() } else { vec![None] };
    for spec in specs {
        match sh.job_or_complain("disown", spec) {
            Some(number) => sh.forget(Some(number)),
            None => return Ok(1),
        }
    }
    Ok(0)
}

pub(super) async fn suspend(sh: &mut Shell, a: &[String]) -> Run {
    let given = match sh.options(a, "f") {
        Ok((given, _)) => given,
        Err(status) => return Ok(status),
    };
    if sh.login && !has(&given, 'f') {
        return Ok(sh.complain("suspend", "cannot suspend a login shell"));
    }
    let _ = sh.sys.kill(KillTarget::Pid(sh.sys.pid()), Some(Signal::Stop)).await;
    Ok(0)
}
