//! execvp(3): the file of a command by PATH, and running it.
//! Not here: the shell's own table of commands (`shell::external`).

use machine::{ChildStatus, Errno, Pid, Spawn, Sys, Sysret, WaitFor};

/// The file of a command: as it is if it has a slash, else the first that can be executed along `PATH`.
pub(crate) async fn search(sys: &Sys, name: &str) -> Sysret<String> {
    search_in(sys, name, sys.env("PATH").unwrap_or("/bin:/usr/bin")).await
}

async fn search_in(sys: &Sys, name: &str, path: &str) -> Sysret<String> {
    if name.contains('/') {
        return Ok(name.to_string());
    }
    let mut error = Errno::ENOENT;
    for dir in path.split(':') {
        let path = if dir.is_empty() { name.to_string() } else { format!("{dir}/{name}") };
        match sys.stat(&path).await {
            Ok(stat) if stat.is_dir() || stat.mode & 0o111 == 0 => error = Errno::EACCES,
            Ok(_) if !name.is_empty() => return Ok(path),
            _ => {}
        }
    }
    Err(error)
}

/// Becomes another program; comes back only with the reason why not.
pub(crate) async fn exec(sys: &Sys, argv: Vec<String>, env: Vec<String>) -> Errno {
    let name = argv.first().cloned().unwrap_or_default();
    let dirs = env.iter().find_map(|v| v.strip_prefix("PATH=")).unwrap_or("/bin:/usr/bin");
    let path = match search_in(sys, &name, dirs).await {
        Ok(path) => path,
        Err(e) => return e,
    };
    match sys.exec(&path, argv.clone(), env.clone()).await {
        Errno::ENOEXEC => {
            // A script without its first line is the shell's.
            let mut script = vec!["sh".to_string(), path];
            script.extend(argv.into_iter().skip(1));
            sys.exec("/bin/sh", script, env).await
        }
        e => e,
    }
}

/// Starts a child; `make` may change how.
pub(crate) async fn start(sys: &Sys, argv: &[String], make: &dyn Fn(Spawn) -> Spawn) -> Sysret<Pid> {
    let path = search(sys, argv.first().map_or("", String::as_str)).await?;
    match sys.spawn(make(Spawn::exec(path.clone(), argv.to_vec()))).await {
        Err(Errno::ENOEXEC) => {
            let mut script = vec!["sh".to_string(), path];
            script.extend(argv.iter().skip(1).cloned());
            sys.spawn(make(Spawn::exec("/bin/sh", script))).await
        }
        done => done,
    }
}

/// Starts a child and waits for its end.
pub(crate) async fn run(sys: &Sys, argv: &[String], make: &dyn Fn(Spawn) -> Spawn) -> Sysret<ChildStatus> {
    let pid = start(sys, argv, make).await?;
    loop {
        match sys.wait(WaitFor::Pid(pid), true, false).await {
            Ok(Some((_, status))) => return Ok(status),
            Ok(None) | Err(Errno::EINTR) => sys.yield_now().await,
            Err(e) => return Err(e),
        }
    }
}

/// The status of a command that could not be started.
pub(crate) fn status(e: Errno) -> i32 {
    if e == Errno::ENOENT { 127 } else { 126 }
}
