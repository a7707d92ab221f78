//! Running other commands as execvp(3) finds them: along $PATH, and by sh if a file has no known format.
//! Not here: the shell's own search with its hash table (`shell::external`).

use machine::{ChildStatus, Errno, Pid, Spawn, Sys, Sysret, WaitFor};

/// The files that a name may mean, in the order of trying.
fn candidates(name: &str, env: &[String]) -> Vec<String> {
    if name.contains('/') {
        return vec![name.to_string()];
    }
    if name.is_empty() {
        return Vec::new();
    }
    let path = env.iter().find_map(|v| v.strip_prefix("PATH=")).unwrap_or("/bin:/usr/bin");
    path.split(':').map(|dir| super::walk::join(if dir.is_empty() { "." } else { dir }, name)).collect()
}

/// The arguments with which sh runs a file.
fn by_shell(path: &str, argv: &[String]) -> Vec<String> {
    let mut args = vec!["sh".to_string(), path.to_string()];
    args.extend(argv.iter().skip(1).cloned());
    args
}

/// Becomes another program; returns only on failure.
pub(crate) async fn replace(sys: &Sys, argv: Vec<String>, env: Vec<String>) -> Errno {
    let mut last = Errno::ENOENT;
    for path in candidates(argv.first().map_or("", String::as_str), &env) {
        match sys.exec(&path, argv.clone(), env.clone()).await {
            Errno::ENOENT | Errno::ENOTDIR => {}
            Errno::EACCES => last = Errno::EACCES,
            Errno::ENOEXEC => return sys.exec("/bin/sh", by_shell(&path, &argv), env).await,
            e => return e,
        }
    }
    last
}

/// Starts a child: `make` gets the file and the arguments.
pub(crate) async fn start(sys: &Sys, argv: &[String], make: &dyn Fn(Spawn) -> Spawn) -> Sysret<Pid> {
    let mut last = Errno::ENOENT;
    for path in candidates(argv.first().map_or("", String::as_str), sys.environ()) {
        match sys.spawn(make(Spawn::exec(path.clone(), argv.to_vec()))).await {
            Ok(pid) => return Ok(pid),
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(Errno::EACCES) => last = Errno::EACCES,
            Err(Errno::ENOEXEC) => return sys.spawn(make(Spawn::exec("/bin/sh", by_shell(&path, argv)))).await,
            Err(e) => return Err(e),
        }
    }
    Err(last)
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

/// The status with which wrappers end after a failed exec.
pub(crate) fn status_of(e: Errno) -> i32 {
    if e == Errno::ENOENT { 127 } else { 126 }
}
