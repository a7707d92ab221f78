//! execvp(3): the file of a command by PATH, and running it.
//! Not here: the shell's own table of commands (`shell::external`).

use machine::{Errno, Sys, Sysret};

/// The file of a command: as it is if it has a slash, else the first that can be executed along `PATH`.
pub(crate) async fn search(sys: &Sys, name: &str) -> Sysret<String> {
    if name.contains('/') {
        return Ok(name.to_string());
    }
    let mut error = Errno::ENOENT;
    for dir in sys.env("PATH").unwrap_or("/bin:/usr/bin").split(':') {
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
    let path = match search(sys, &name).await {
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

/// The status of a command that could not be started.
pub(crate) fn status(e: Errno) -> i32 {
    if e == Errno::ENOENT { 127 } else { 126 }
}
