//! Pipelines, background commands, `time`.
//! Not here: the table of jobs (`jobs`). Source: POSIX XCU 2.9.2, 2.9.3.1, bash(1) "Pipelines".

use super::ast::{Cmd, Kind};
use super::exec::Job;
use super::{Run, Shell};
use machine::{Fd, STDERR};

impl Shell {
    pub(super) async fn pipe(&mut self, cmd: &Cmd, time: Option<bool>, bang: bool, stages: &[Cmd]) -> Run {
        let start = self.sys.now();
        self.line = cmd.line;
        self.no_errexit += u32::from(bang);
        let done = match stages {
            [] => Ok(0),
            [one] => self.run(one).await,
            _ => self.stages(cmd, stages).await,
        };
        self.no_errexit -= u32::from(bang);
        if let Some(posix) = time {
            let ms = self.sys.now().since(start) / 1000;
            let (minutes, secs, ms) = (ms / 60_000, ms / 1000 % 60, ms % 1000);
            let err = self.fd(STDERR);
            if posix {
                self.sys.print(err, format_args!("real {}.{:02}\nuser 0.00\nsys 0.00\n", minutes * 60 + secs, ms / 10));
            } else {
                self.sys.print(err, format_args!("\nreal\t{minutes}m{secs}.{ms:03}s\nuser\t0m0.000s\nsys\t0m0.000s\n"));
            }
        }
        let status = done?;
        Ok(if bang { i32::from(status == 0) } else { status })
    }

    async fn stages(&mut self, cmd: &Cmd, stages: &[Cmd]) -> Run {
        let procs = self.start_stages(stages, true).await;
        if procs.is_empty() {
            return Ok(254);
        }
        Ok(self.foreground(procs, cmd).await)
    }

    /// Starts all stages of a pipeline, each in a process of its own.
    async fn start_stages(&mut self, stages: &[Cmd], foreground: bool) -> Vec<(i32, Cmd)> {
        let mut procs: Vec<(i32, Cmd)> = Vec::new();
        let mut input: Option<Fd> = None;
        for (n, stage) in stages.iter().enumerate() {
            let pipe = if n + 1 < stages.len() { self.sys.pipe().await.ok() } else { None };
            let mut extra = Vec::new();
            extra.extend(input.map(|r| (0, r)));
            extra.extend(pipe.map(|(_, w)| (1, w)));
            let group = self.job_control.then(|| procs.first().map_or(0, |p| p.0));
            // Only the first process makes its group the foreground one.
            let front = foreground && self.job_control && n == 0;
            self.starting_stage = !matches!(stage.kind, Kind::Subshell(_));
            let pid = self.fork(Job::Node(stage.clone()), &extra, group, front).await;
            self.starting_stage = false;
            for fd in input.into_iter().chain(pipe.map(|(_, w)| w)) {
                let _ = self.sys.close(fd).await;
            }
            input = pipe.map(|(r, _)| r);
            let Some(pid) = pid else { break };
            procs.push((pid, stage.clone()));
        }
        if let Some(fd) = input {
            let _ = self.sys.close(fd).await;
        }
        procs
    }

    /// `command &`.
    pub(super) async fn background(&mut self, cmd: &Cmd) {
        self.starting_background = true;
        let null = if self.job_control { None } else { self.sys.open("/dev/null", machine::Open::READ, 0).await.ok() };
        let procs = match &cmd.kind {
            Kind::Pipe { time: None, bang: false, stages } if stages.len() > 1 && null.is_none() => self.start_stages(stages, false).await,
            _ => {
                let group = self.job_control.then_some(0);
                let extra: Vec<(Fd, Fd)> = null.map(|fd| (0, fd)).into_iter().collect();
                let pid = self.fork(Job::Node(cmd.clone()), &extra, group, false).await;
                pid.map(|pid| (pid, cmd.clone())).into_iter().collect()
            }
        };
        self.starting_background = false;
        if let Some(fd) = null {
            let _ = self.sys.close(fd).await;
        }
        let Some(&(pid, _)) = procs.last() else {
            self.status = 254;
            return;
        };
        self.last_background = Some(pid);
        self.reap().await;
        let number = self.add_job(procs, cmd, true);
        if self.interactive && self.subshell == 0 {
            self.sys.print(self.fd(STDERR), format_args!("[{number}] {pid}\n"));
        }
        self.status = 0;
    }
}
