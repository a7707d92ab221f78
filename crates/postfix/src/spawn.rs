//! spawn(8): runs a command for each connection, with the connection as its standard input, output and error.
//! Source: spawn(8), master(5).

use crate::account;
use crate::server::Daemon;
use machine::{ChildStatus, Errno, Ids, KillTarget, OnSignal, Signal, Spawn, Sys, WaitFor};

/// What the service's arguments ask for.
struct Command {
    argv: Vec<String>,
    ids: Ids,
    /// Seconds that it may take.
    limit: u64,
}

impl Command {
    async fn read(d: &Daemon) -> Result<Command, String> {
        let (mut user, mut argv) = (None, Vec::new());
        let mut args = d.server.args.iter();
        while let Some(arg) = args.next() {
            match arg.split_once('=') {
                Some(("user", name)) => user = Some(name.to_string()),
                Some(("argv", first)) => {
                    argv.push(first.to_string());
                    argv.extend(args.by_ref().cloned());
                }
                _ => return Err(format!("unknown attribute: {arg}")),
            }
        }
        let user = user.ok_or("missing user= attribute")?;
        let (name, group) = user.split_once(':').map_or((user.as_str(), None), |(n, g)| (n, Some(g)));
        let who = account::by_name(&d.sys, name).await.ok_or_else(|| format!("unknown username: {name}"))?;
        let gid = match group {
            Some(group) => account::group(&d.sys, group).await.ok_or_else(|| format!("unknown group: {group}"))?,
            None => who.gid,
        };
        if argv.is_empty() {
            return Err("missing argv= attribute".into());
        }
        if who.uid == 0 {
            return Err("user= attribute specifies root privileges".into());
        }
        let owner = d.cfg.str("mail_owner");
        if name == owner {
            return Err(format!("user= attribute specifies mail system owner {owner}"));
        }
        let limit = format!("{}_time_limit", d.server.service);
        let limit = u64::try_from(d.cfg.time(&limit)).unwrap_or(1000);
        Ok(Command { argv, ids: Ids::user(who.uid, gid, Vec::new()), limit })
    }
}

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut d = match Daemon::start(&sys).await {
        Ok(d) => d,
        Err(status) => return status,
    };
    let command = match Command::read(&d).await {
        Ok(command) => command,
        Err(why) => return d.log.fatal(&why).await,
    };
    sys.on_signal(Signal::Chld, OnSignal::Catch).await;
    while let Some((fd, _)) = d.server.accept().await {
        let spawn = Spawn {
            fds: vec![(0, fd), (1, fd), (2, fd)],
            ids: Some(command.ids.clone()),
            pgrp: Some(0),
            ..Spawn::exec(command.argv[0].clone(), command.argv.clone())
        };
        let child = sys.spawn(spawn).await;
        let shown = &command.argv[0];
        match child {
            Ok(pid) => {
                let end = sys.now().plus_secs(command.limit);
                let status = loop {
                    match sys.wait(WaitFor::Pid(pid), false, false).await {
                        Ok(Some((_, status))) => break status,
                        Ok(None) if sys.now() >= end => {
                            d.log.warn(format_args!("{shown}: process id {pid}: command time limit exceeded"));
                            let _ = sys.kill(KillTarget::Group(pid), Some(Signal::Kill)).await;
                            break ChildStatus::Exited(0);
                        }
                        Ok(None) => match sys.poll(&[], Some(end)).await {
                            Ok(_) | Err(Errno::EINTR) => drop(sys.signals().await),
                            Err(_) => break ChildStatus::Exited(0),
                        },
                        Err(_) => break ChildStatus::Exited(0),
                    }
                };
                match status {
                    ChildStatus::Exited(0) => {}
                    ChildStatus::Exited(n) => d.log.warn(format_args!("command {shown} exit status {n}")),
                    ChildStatus::Signaled(s) => d.log.warn(format_args!("command {shown} killed by signal {}", s as i32)),
                    _ => {}
                }
            }
            // execvp's failure shows as the child's own last words.
            Err(e) => {
                d.log.say(crate::maillog::Level::Fatal, format_args!("spawn_command: execvp {shown}: {e}"), machine::TraceId(0));
                d.log.warn(format_args!("command {shown} exit status 1"));
            }
        }
        // Kept until now: the client sees the end only after the log has it.
        let _ = sys.close(fd).await;
    }
    0
}
