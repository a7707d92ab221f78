//! login: ask for name and password and start a session's shell.  Source: login(1) of shadow 4.13, pam_unix(8), nologin(5).
//! Not here: remote hosts, time limits, /etc/motd.d.

use crate::Spec;
use crate::util::shadow::{self, Shadow};
use crate::util::users::Accounts;
use machine::{Facility, Ids, STDERR, STDIN, STDOUT, Sys, TraceId};

pub(super) const SPEC: Spec = Spec {
    name: "login",
    path: "/usr/bin/login",
    synopsis: "[-p] [-f] [NAME]",
    about: "begin session on the system",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

async fn run(sys: Sys) -> i32 {
    let mut name = None;
    let mut trusted = false;
    for arg in sys.args().iter().skip(1) {
        match arg.as_str() {
            "-f" => trusted = true,
            "-p" | "--" => {}
            _ if arg.starts_with('-') => {
                sys.print(STDERR, format_args!("Usage: login [-p] [name]\n       login [-p] [-h host] [-f name]\n"));
                return 1;
            }
            _ => name = Some(arg.clone()),
        }
    }
    if sys.euid() != 0 {
        sys.print(STDERR, format_args!("login: Cannot possibly work without effective root\n"));
        return 1;
    }
    let trusted = trusted && sys.ids().uid == 0 && name.is_some();
    let host = sys.host_name().await;
    let tty = sys.tty_name(STDIN).await.unwrap_or_default();
    let log = |text: String| sys.log(Facility::Authpriv, "login", text, TraceId(0));
    for _ in 0..5 {
        let user = match name.take() {
            Some(user) => user,
            None => {
                sys.print(STDOUT, format_args!("{} login: ", host.split('.').next().unwrap_or("")));
                let mut line = Vec::new();
                loop {
                    match sys.read(STDIN, 1).await {
                        Ok(b) if b == b"\n" => break,
                        Ok(b) if !b.is_empty() => line.extend(b),
                        _ => return 1,
                    }
                }
                String::from_utf8_lossy(&line).trim().to_string()
            }
        };
        if user.is_empty() {
            continue;
        }
        let accounts = Accounts::read(&sys).await;
        let found = accounts.user(&user).cloned();
        let shadow = if found.is_some() { Shadow::of(&sys, &user).await } else { None };
        let mut right = trusted && found.is_some();
        if !right {
            let Some(password) = shadow::prompt(&sys, STDIN, format_args!("Password: ")).await else { return 1 };
            right = shadow.is_some() && shadow::fits(&sys, &user, shadow.as_ref(), &password).await;
        }
        let Some(account) = found.filter(|_| right) else {
            shadow::explain(&sys, format!("login of {user}: Login incorrect"), &user, shadow.as_ref(), false);
            log(format!("pam_unix(login:auth): authentication failure; logname=LOGIN uid=0 euid=0 tty={tty} ruser= rhost=  user={user}"));
            log(format!("FAILED LOGIN (1) on '{tty}' FOR '{user}', Authentication failure"));
            let _ = sys.sleep(3_000_000).await;
            sys.print(STDOUT, format_args!("\nLogin incorrect\n"));
            sys.mark(TraceId(0));
            continue;
        };
        log(format!("pam_unix(login:session): session opened for user {user}(uid={}) by LOGIN(uid=0)", account.uid));
        let motd = sys.read_file("/etc/motd").await.unwrap_or_default();
        sys.put(STDOUT, &motd);
        if sys.chdir(&account.home).await.is_err() {
            sys.print(STDOUT, format_args!("No directory, logging in with HOME=/\n"));
            let _ = sys.chdir("/").await;
        }
        let mut env: Vec<String> = sys.environ().iter().filter(|v| v.starts_with("TERM=") || v.starts_with("LANG=")).cloned().collect();
        env.extend([
            format!("HOME={}", account.home),
            format!("USER={user}"),
            format!("LOGNAME={user}"),
            format!("SHELL={}", account.shell),
            format!("MAIL=/var/mail/{user}"),
            "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games".to_string(),
        ]);
        if !tty.is_empty() {
            let _ = sys.chown(&tty, Some(account.uid), None, true).await;
        }
        let groups = accounts.groups_of(&user, account.gid);
        let _ = sys.set_ids(Ids { uid: account.uid, euid: account.uid, gid: account.gid, egid: account.gid, groups }).await;
        let argv0 = format!("-{}", account.shell.rsplit('/').next().unwrap_or("sh"));
        let e = sys.exec(&account.shell, vec![argv0], env).await;
        sys.print(STDERR, format_args!("login: Cannot execute {}: {e}\n", account.shell));
        return 1;
    }
    sys.print(STDOUT, format_args!("Maximum number of tries exceeded (5)\n"));
    1
}
