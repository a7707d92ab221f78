//! Jobs: waiting in the foreground, the table of background jobs, their states and messages.
//! Not here: the builtins (`builtins/job`), signals and traps (`signals`). Source: POSIX XCU 2.11, bash(1) "JOB CONTROL".

use super::Shell;
use super::ast::Cmd;
use super::unparse::command_text;
use machine::{ChildStatus, Errno, Fd, Pid, STDERR, Signal, WaitFor};
use std::rc::Rc;

/// A job: the processes of a pipeline.
#[derive(Clone)]
pub(crate) struct BackJob {
    pub(super) number: usize,
    pub(super) procs: Vec<Proc>,
    pub(super) text: String,
    /// Its state has changed and was not told yet.
    pub(super) changed: bool,
    /// The directory it was started in.
    wd: Rc<str>,
    pub(super) quiet: bool,
}

#[derive(Clone)]
pub(super) struct Proc {
    pub(super) pid: Pid,
    pub(super) status: Option<ChildStatus>,
    pub(super) text: String,
}

impl BackJob {
    pub(super) fn stopped(&self) -> bool {
        self.procs.iter().any(|p| matches!(p.status, Some(ChildStatus::Stopped(_))))
    }
    pub(super) fn ended(&self) -> bool {
        self.procs.iter().all(|p| matches!(p.status, Some(ChildStatus::Exited(_) | ChildStatus::Signaled(_))))
    }
    pub(super) fn group(&self) -> Pid {
        self.procs.first().map_or(0, |p| p.pid)
    }
    /// Status of the last process.
    pub(super) fn status(&self) -> i32 {
        self.procs.last().and_then(|p| p.status).map_or(0, code)
    }
    fn state(&self) -> String {
        if self.stopped() {
            return "Stopped".into();
        }
        self.procs.last().and_then(|p| p.status).map_or("Running".into(), state_of)
    }
}

fn state_of(status: ChildStatus) -> String {
    match status {
        ChildStatus::Exited(0) => "Done".into(),
        ChildStatus::Exited(n) => format!("Exit {n}"),
        ChildStatus::Signaled(s) => describe(s).into(),
        ChildStatus::Stopped(_) => "Stopped".into(),
        ChildStatus::Continued => "Running".into(),
    }
}

/// The status that `$?` shows for what became of a child.
pub(super) fn code(status: ChildStatus) -> i32 {
    match status {
        ChildStatus::Exited(n) => n,
        ChildStatus::Signaled(s) | ChildStatus::Stopped(s) => 128 + s as i32,
        ChildStatus::Continued => 0,
    }
}

/// What strsignal says.
pub(super) fn describe(signal: Signal) -> &'static str {
    match signal {
        Signal::Hup => "Hangup",
        Signal::Int => "Interrupt",
        Signal::Quit => "Quit",
        Signal::Ill => "Illegal instruction",
        Signal::Trap => "Trace/breakpoint trap",
        Signal::Abrt => "Aborted",
        Signal::Bus => "Bus error",
        Signal::Fpe => "Floating point exception",
        Signal::Kill => "Killed",
        Signal::Usr1 => "User defined signal 1",
        Signal::Segv => "Segmentation fault",
        Signal::Usr2 => "User defined signal 2",
        Signal::Pipe => "Broken pipe",
        Signal::Alrm => "Alarm clock",
        Signal::Term => "Terminated",
        _ => "Stopped",
    }
}

impl Shell {
    /// Waits for the processes of a foreground pipeline; gives its status.
    pub(super) async fn foreground(&mut self, procs: Vec<(Pid, Cmd)>, cmd: &Cmd) -> i32 {
        let mut list: Vec<Proc> = procs.iter().map(|(pid, _)| Proc { pid: *pid, status: None, text: String::new() }).collect();
        while list.iter().any(|p| p.status.is_none()) {
            let Some((pid, status)) = self.wait_any(self.job_control).await else { break };
            match list.iter_mut().find(|p| p.pid == pid) {
                Some(_) if status == ChildStatus::Continued => {}
                Some(proc) => proc.status = Some(status),
                None => self.child_news(pid, status),
            }
        }
        let stopped = list.iter().any(|p| matches!(p.status, Some(ChildStatus::Stopped(_))));
        if self.job_control {
            let _ = self.sys.tty_foreground(Some(self.pid)).await;
        }
        if stopped {
            for (proc, (_, cmd)) in list.iter_mut().zip(&procs) {
                proc.text = command_text(cmd);
            }
            return self.put_stopped(list, command_text(cmd));
        }
        self.pipe_status = list.iter().map(|p| p.status.map_or(0, code)).collect();
        let last = list.last().and_then(|p| p.status).unwrap_or(ChildStatus::Exited(127));
        for (proc, (_, cmd)) in list.iter_mut().zip(&procs) {
            proc.text = if procs.len() > 1 { command_text(cmd) } else { String::new() };
        }
        if let [one] = list.as_mut_slice() {
            one.text = command_text(cmd);
        }
        self.tell_signal(last, &list);
        self.tell_dead().await;
        if self.interactive && self.subshell == 0 {
            self.notify().await;
        }
        match list.iter().rev().map(|p| p.status.map_or(0, code)).find(|s| *s != 0) {
            Some(status) if self.opt('1') => status,
            _ => code(last),
        }
    }

    /// Waits for one process that has no command of its own to show.
    pub(super) async fn foreground_pid(&mut self, pid: Pid) -> i32 {
        let status = self.wait_pid(pid, self.job_control).await;
        if self.job_control {
            let _ = self.sys.tty_foreground(Some(self.pid)).await;
        }
        status
    }

    /// Waits for one child to end, or to stop, whatever else happens; gives its status.
    pub(super) async fn wait_pid(&mut self, pid: Pid, stops: bool) -> i32 {
        while let Some((child, status)) = self.wait_any(stops).await {
            if child != pid {
                self.child_news(child, status);
            } else if status != ChildStatus::Continued {
                return code(status);
            }
        }
        127
    }

    /// Waits for news of any child: none stays a zombie because another one is waited for.
    async fn wait_any(&mut self, stops: bool) -> Option<(Pid, ChildStatus)> {
        loop {
            match self.sys.wait(WaitFor::Any, true, stops).await {
                Ok(news) => return news,
                Err(Errno::EINTR) => self.note_signals().await,
                Err(_) => return None,
            }
        }
    }

    fn put_stopped(&mut self, procs: Vec<Proc>, text: String) -> i32 {
        let status = procs.iter().find_map(|p| p.status.filter(|s| matches!(s, ChildStatus::Stopped(_)))).map_or(148, code);
        self.sys.print(self.fd(STDERR), format_args!("\n"));
        let number = self.insert_job(procs, text, false);
        self.tell(number, false, STDERR);
        status
    }

    /// Says that a foreground command was ended by a signal.
    fn tell_signal(&mut self, status: ChildStatus, procs: &[Proc]) {
        let ChildStatus::Signaled(signal) = status else { return };
        let err = self.fd(STDERR);
        match signal {
            Signal::Int if self.interactive && self.subshell == 0 => {
                self.sys.print(err, format_args!("\n"));
                (self.interrupted, self.newline_due) = (true, false);
            }
            Signal::Int | Signal::Pipe => {}
            _ if self.comsub => {}
            _ if self.interactive || signal == Signal::Term => self.sys.print(err, format_args!("{}\n", describe(signal))),
            _ => self.tell_killed(procs),
        }
    }

    /// `bash: line 1:    49 Killed                  sleep 5`, as a script says it.
    fn tell_killed(&self, procs: &[Proc]) {
        for (i, proc) in procs.iter().enumerate() {
            let state = proc.status.map_or("Running".into(), state_of);
            if i == 0 {
                self.error(format_args!("{:5} {state:<24}{}", proc.pid, proc.text));
            } else {
                self.sys.print(self.fd(STDERR), format_args!("     {:5} {state:<24}| {}\n", proc.pid, proc.text));
            }
        }
    }

    /// In a script: says which background jobs were killed, other than by a plain `kill`.
    pub(super) async fn tell_dead(&mut self) {
        if self.interactive || self.comsub || self.jobs.is_empty() {
            return;
        }
        self.reap().await;
        for i in 0..self.jobs.len() {
            let job = &mut self.jobs[i];
            if !job.ended() || !std::mem::take(&mut job.changed) {
                continue;
            }
            let last = job.procs.last().and_then(|p| p.status);
            if let Some(ChildStatus::Signaled(s)) = last
                && !matches!(s, Signal::Int | Signal::Pipe | Signal::Term)
            {
                let procs = job.procs.clone();
                self.tell_killed(&procs);
            }
        }
    }

    fn insert_job(&mut self, procs: Vec<Proc>, text: String, quiet: bool) -> usize {
        let number = self.jobs.iter().map(|j| j.number).max().unwrap_or(0) + 1;
        let wd = self.vars.text("PWD").unwrap_or_default().into();
        let stopped = procs.iter().any(|p| matches!(p.status, Some(ChildStatus::Stopped(_))));
        self.jobs.push(BackJob { number, procs, text, wd, changed: false, quiet });
        if stopped {
            self.set_current(number);
        } else {
            self.reset_current();
        }
        number
    }

    /// Notes a background job; gives its number.
    pub(super) fn add_job(&mut self, procs: Vec<(Pid, Cmd)>, cmd: &Cmd, _background: bool) -> usize {
        let procs = procs.into_iter().map(|(pid, cmd)| Proc { pid, status: None, text: command_text(&cmd) }).collect();
        if !self.interactive {
            // Nobody will be told of the ended ones; their statuses are kept for `wait`.
            let keep = 64;
            while self.jobs.len() > keep && self.jobs[0].ended() {
                self.jobs.remove(0);
            }
        }
        self.insert_job(procs, command_text(cmd), false)
    }

    /// Makes a job the current one; the previous one becomes what bash makes it.
    pub(super) fn set_current(&mut self, number: usize) {
        if self.current.0 != number {
            self.current = (number, self.current.0);
        }
        let (now, before) = self.current;
        if before != now && self.job(before).is_some_and(BackJob::stopped) {
            return;
        }
        let newest = |sh: &Shell, stopped: bool| {
            let fits = |j: &&BackJob| if stopped { j.stopped() } else { !j.stopped() && !j.ended() };
            sh.jobs.iter().rev().filter(|j| j.number != now).find(fits).map(|j| j.number)
        };
        let stopped = newest(self, true).filter(|_| self.job(now).is_some_and(BackJob::stopped));
        self.current.1 = stopped.or(newest(self, false)).unwrap_or(now);
    }

    /// Chooses the current job anew: after a start, or when one was forgotten.
    pub(super) fn reset_current(&mut self) {
        let (now, before) = self.current;
        let stopped = |sh: &Shell, n: usize| sh.job(n).is_some_and(BackJob::stopped);
        let mut choice = [now, before].into_iter().find(|&n| stopped(self, n));
        choice = choice.or(self.jobs.iter().rev().find(|j| j.stopped()).map(|j| j.number));
        choice = choice.or(self.jobs.iter().rev().find(|j| !j.ended()).map(|j| j.number));
        match choice {
            Some(n) => self.set_current(n),
            None => self.current = (0, 0),
        }
    }

    /// Forgets jobs that ended, or one.
    pub(super) fn forget(&mut self, number: Option<usize>) {
        self.jobs.retain(|j| number.map_or(!j.ended(), |n| j.number != n));
        let (now, before) = self.current;
        if self.job(now).is_none() || self.job(before).is_none() {
            self.reset_current();
        }
    }

    fn job(&self, number: usize) -> Option<&BackJob> {
        self.jobs.iter().find(|j| j.number == number)
    }

    /// `+` for the current job, `-` for the previous one.
    pub(super) fn mark(&self, number: usize) -> char {
        match self.current {
            (now, _) if now == number => '+',
            (_, before) if before == number => '-',
            _ => ' ',
        }
    }

    /// Prints a job's line. `long`: with process ids.
    pub(super) fn tell(&mut self, number: usize, long: bool, fd: Fd) {
        let Some(job) = self.job(number) else { return };
        let mark = self.mark(number);
        let state = job.state();
        let mut tail = String::from(if state == "Running" { " &" } else { "" });
        if self.vars.text("PWD").is_some_and(|pwd| *pwd != *job.wd) {
            tail.push_str(&format!("  (wd: {})", self.tilde_path(&job.wd)));
        }
        let fd = self.fd(fd);
        if long {
            let last = job.procs.len().saturating_sub(1);
            for (i, proc) in job.procs.iter().enumerate() {
                let tail = if i == last { tail.as_str() } else { "" };
                if i == 0 {
                    self.sys.print(fd, format_args!("[{number}]{mark} {:5} {state:<24}{}{tail}\n", proc.pid, proc.text));
                } else {
                    self.sys.print(fd, format_args!("     {:5} {:21} | {}{tail}\n", proc.pid, "", proc.text));
                }
            }
        } else {
            self.sys.print(fd, format_args!("[{number}]{mark}  {state:<24}{}{tail}\n", job.text));
        }
    }

    /// Takes note of what became of a child.
    pub(super) fn child_news(&mut self, pid: Pid, status: ChildStatus) {
        let mut stops = None;
        for job in &mut self.jobs {
            for proc in &mut job.procs {
                if proc.pid == pid {
                    let was = job.quiet;
                    proc.status = if status == ChildStatus::Continued { None } else { Some(status) };
                    job.changed = !was && status != ChildStatus::Continued;
                    if let ChildStatus::Stopped(_) = status {
                        stops = Some(job.number);
                    }
                }
            }
        }
        if let Some(number) = stops {
            self.set_current(number);
        }
    }

    /// Asks for news of children without waiting.
    pub(super) async fn reap(&mut self) {
        while let Ok(Some((pid, status))) = self.sys.wait(WaitFor::Any, false, self.job_control).await {
            self.child_news(pid, status);
        }
    }

    /// Before a prompt: tells of jobs that ended or stopped, and forgets the ended ones.
    pub(super) async fn notify(&mut self) {
        self.reap().await;
        let numbers: Vec<usize> = self.jobs.iter().filter(|j| j.changed && (j.ended() || j.stopped())).map(|j| j.number).collect();
        for number in numbers {
            if self.job(number).is_some_and(BackJob::stopped) {
                self.sys.print(self.fd(STDERR), format_args!("\n"));
            }
            self.tell(number, false, STDERR);
            let pwd = self.vars.text("PWD").unwrap_or_default();
            if let Some(job) = self.job(number)
                && *job.wd != *pwd
                && job.ended()
            {
                self.sys.print(self.fd(STDERR), format_args!("(wd now: {})\n", self.tilde_path(pwd)));
            }
            if let Some(job) = self.jobs.iter_mut().find(|j| j.number == number) {
                job.changed = false;
            }
        }
        self.forget(None);
    }
}
