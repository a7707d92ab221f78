//! `ehlo shell`: a terminal of a lab in this terminal, line by line; the clock follows the wall clock. Not here: keys (full-screen programs
//! and Tab need the page, or a raw terminal).

use std::io::{BufRead, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use world::{Input, Output, SimTime, TtyId, World};

/// Runs the command.
pub(crate) fn main(args: &[String]) -> Result<(), String> {
    let arg = |i: usize, default: &str| args.get(i).map_or(default.to_string(), String::clone);
    let (lab, host, user) = (arg(0, "linuxidc"), arg(1, "mail"), arg(2, "root"));
    let mut world = World::new(&lab, 1)?;
    while world.poll().is_some() {}
    let begun = (Instant::now(), world.now());
    let now = || SimTime(begun.1.0 + begun.0.elapsed().as_micros() as u64);
    world.handle(begun.1, Input::Open { host: host.clone(), user: user.clone() });
    let mut tty = None;
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() || send.send(line).is_err() {
                break;
            }
        }
    });
    loop {
        let mut next = None;
        while let Some(output) = world.poll() {
            match output {
                Output::Opened { tty: t, .. } => tty = Some(t),
                Output::Tty { tty: t, bytes, origin: world::Origin::Program, .. } if Some(t) == tty || tty.is_none() => {
                    let mut out = std::io::stdout().lock();
                    let _ = out.write_all(&bytes).and_then(|()| out.flush());
                }
                Output::Closed(t) if Some(t) == tty => return Ok(()),
                Output::Wake { at, .. } => next = Some(at),
                _ => {}
            }
        }
        let Some(tty): Option<TtyId> = tty else { return Err(format!("no user {user} on a host {host} of lab {lab}")) };
        let wait = next.map_or(Duration::from_secs(3600), |at| Duration::from_micros(at.since(now())));
        match lines.recv_timeout(wait) {
            Ok(line) => {
                let line = line.map_err(|e| e.to_string())? + "\n";
                world.handle(now(), Input::Tick);
                world.handle(now(), Input::Tty { tty, bytes: line.into_bytes() });
            }
            Err(mpsc::RecvTimeoutError::Timeout) => world.handle(now(), Input::Tick),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}
