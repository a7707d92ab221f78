//! su: become another user.  Source: su(1) of util-linux 2.38.1, login.defs(5), pam_unix(8), and its recordings.

use crate::util::shadow::{self, Shadow};
use crate::util::users::{Accounts, User};
use crate::{Arg, Ex, Opt, Spec};
use machine::{ChildStatus, Errno, Facility, Ids, KillTarget, STDIN, STDOUT, Signal, Spawn, Sys, TraceId, WaitFor};

pub(super) const SPEC: Spec = Spec {
    name: "su",
    path: "/usr/bin/su",
    synopsis: "[options] [-] [<user> [<argument>...]]",
    about: "run a command with substitute user and group ID",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex {
        sh: "su nosuch -c id",
        out: "su: user nosuch does not exist or the user entry does not contain all the required fields\n",
        code: 1,
    }],
};

const HELP: &str = "
Usage:
 su [options] [-] [<user> [<argument>...]]

Change the effective user ID and group ID to that of <user>.
A mere - implies -l.  If <user> is not given, root is assumed.

Options:
 -m, -p, --preserve-environment      do not reset environment variables
 -w, --whitelist-environment <list>  don't reset specified variables

 -g, --group <group>             specify the primary group
 -G, --supp-group <group>        specify a supplemental group

 -, -l, --login                  make the shell a login shell
 -c, --command <command>         pass a single command to the shell with -c
 --session-command <command>     pass a single command to the shell with -c
                                   and do not create a new session
 -f, --fast                      pass -f to the shell (for csh or tcsh)
 -s, --shell <shell>             run <shell> if /etc/shells allows it
 -P, --pty                       create a new pseudo-terminal

 -h, --help                      display this help
 -V, --version                   display version

For more details see su(1).
";

const OPTIONS: &[Opt] = &[
    Opt(b'm', "", Arg::No),
    Opt(b'p', "preserve-environment", Arg::No),
    Opt(b'w', "whitelist-environment", Arg::Yes),
    Opt(b'g', "group", Arg::Yes),
    Opt(b'G', "supp-group", Arg::Yes),
    Opt(b'l', "login", Arg::No),
    Opt(b'c', "command", Arg::Yes),
    Opt(0, "session-command", Arg::Yes),
    Opt(b'f', "fast", Arg::No),
    Opt(b's', "shell", Arg::Yes),
    Opt(b'P', "pty", Arg::No),
    Opt(b'h', "help", Arg::No),
    Opt(b'V', "version", Arg::No),
];

/// A setting of /etc/login.defs.
async fn login_defs(sys: &Sys, key: &str) -> Option<String> {
    let text = sys.read_file("/etc/login.defs").await.ok()?;
    let text = String::from_utf8_lossy(&text);
    text.lines().find_map(|l| Some(l.strip_prefix(key)?.strip_prefix([' ', '\t'])?.trim().to_string()))
}

/// Replaces or adds a variable.
fn set(env: &mut Vec<String>, name: &str, value: &str) {
    env.retain(|v| !v.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')));
    env.push(format!("{name}={value}"));
}

/// Asks for the password unless root asks; whether it was right.
async fn allowed(sys: &Sys, user: &User, service: &str, tty: &str) -> bool {
    let me = sys.ids();
    if me.uid == 0 {
        return true;
    }
    let shadow = Shadow::of(sys, &user.name).await;
    let password = shadow::prompt(sys, STDIN, format_args!("Password: ")).await;
    let right = match password {
        Some(password) => shadow.is_some() && shadow::fits(sys, &user.name, shadow.as_ref(), &password).await,
        None => false,
    };
    if right {
        return true;
    }
    let accounts = Accounts::read(sys).await;
    let from = accounts.user_name(me.uid);
    let on = if tty.is_empty() { String::new() } else { format!("/dev/{tty}") };
    let text = format!(
        "pam_unix({service}:auth): authentication failure; logname= uid={} euid=0 tty={on} ruser={from} rhost=  user={}",
        me.uid, user.name
    );
    let id = shadow::explain(sys, format!("su to {}: Authentication failure", user.name), &user.name, shadow.as_ref(), false);
    sys.log(Facility::Authpriv, "su:", text, id);
    let _ = sys.sleep(2_000_000).await;
    false
}

async fn run(sys: Sys) -> i32 {
    let mut given = match crate::parse(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.has(OPTIONS, b'h') {
        sys.print(STDOUT, format_args!("{HELP}"));
        return 0;
    }
    if given.has(OPTIONS, b'V') {
        sys.print(STDOUT, format_args!("su from util-linux 2.38.1\n"));
        return 0;
    }
    for (letter, name) in [(b'P', "--pty"), (b'g', "--group"), (b'G', "--supp-group")] {
        if given.has(OPTIONS, letter) {
            sys.unsupported(name);
            return 1;
        }
    }
    let mut login = given.has(OPTIONS, b'l');
    if given.operands.first().is_some_and(|o| o == "-") {
        login = true;
        given.operands.remove(0);
    }
    let name = if given.operands.is_empty() { "root".to_string() } else { given.operands.remove(0) };
    let accounts = Accounts::read(&sys).await;
    let Some(user) = accounts.user(&name).cloned() else {
        sys.complain(format_args!("user {name} does not exist or the user entry does not contain all the required fields"));
        return 1;
    };
    let service = if login { "su-l" } else { "su" };
    let me = sys.ids();
    let from = accounts.user_name(me.uid);
    let tty = match sys.tty_name(STDIN).await {
        Ok(name) => name.trim_start_matches("/dev/").to_string(),
        Err(_) => String::new(),
    };
    let on = if tty.is_empty() { "none" } else { tty.as_str() };
    if !allowed(&sys, &user, service, &tty).await {
        sys.log(Facility::Auth, "su", format!("FAILED SU (to {name}) {from} on {on}"), TraceId(0));
        sys.complain(format_args!("Authentication failure"));
        return 1;
    }
    sys.log(Facility::Auth, "su", format!("(to {name}) {from} on {on}"), TraceId(0));
    let session = |what: &str, by: &str| {
        sys.log(Facility::Authpriv, "su", format!("pam_unix({service}:session): session {what} for user {name}{by}"), TraceId(0));
    };
    session("opened", &format!("(uid={}) by (uid={})", user.uid, me.uid));

    let keep = given.has(OPTIONS, b'm') || given.has(OPTIONS, b'p');
    let mut shell = if keep && !login { sys.env("SHELL").unwrap_or(&user.shell).to_string() } else { user.shell.clone() };
    if let Some(other) = given.value(OPTIONS, b's') {
        let listed = sys.read_file("/etc/shells").await.unwrap_or_default();
        let listed = String::from_utf8_lossy(&listed).into_owned();
        if me.uid == 0 || listed.lines().any(|l| l == user.shell) {
            shell = other.to_string();
        } else {
            sys.complain(format_args!("using restricted shell {}", user.shell));
        }
    }
    let mut env: Vec<String> = sys.environ().to_vec();
    if login {
        let kept: Vec<&str> = given.value(OPTIONS, b'w').unwrap_or("").split(',').chain(["TERM", "COLORTERM", "NO_COLOR"]).collect();
        env.retain(|v| kept.contains(&v.split('=').next().unwrap_or("")));
        let key = if user.uid == 0 { "ENV_SUPATH" } else { "ENV_PATH" };
        let path = login_defs(&sys, key).await.unwrap_or_else(|| "/usr/local/bin:/bin:/usr/bin".to_string());
        set(&mut env, "PATH", path.trim_start_matches("PATH="));
    }
    if login || !keep {
        set(&mut env, "HOME", &user.home);
        set(&mut env, "SHELL", &shell);
        if login || user.uid != 0 {
            set(&mut env, "USER", &user.name);
            set(&mut env, "LOGNAME", &user.name);
        }
        set(&mut env, "MAIL", &format!("/var/mail/{}", user.name));
    }
    let base = shell.rsplit('/').next().unwrap_or("sh").to_string();
    let mut argv = vec![if login { format!("-{base}") } else { base }];
    if given.has(OPTIONS, b'f') {
        argv.push("-f".to_string());
    }
    let command = given.value(OPTIONS, b'c').or(given.value_long(OPTIONS, "session-command"));
    if let Some(command) = command {
        argv.extend(["-c".to_string(), command.to_string()]);
    }
    argv.append(&mut given.operands);
    let groups = accounts.groups_of(&user.name, user.gid);
    let mut spawn = Spawn::exec(shell.clone(), argv);
    spawn.ids = Some(Ids { uid: user.uid, euid: user.uid, gid: user.gid, egid: user.gid, groups });
    spawn.env = Some(env);
    if login && let Err(e) = sys.chdir(&user.home).await {
        sys.complain(format_args!("warning: cannot change directory to {}: {e}", user.home));
    }
    let status = match sys.spawn(spawn).await {
        Ok(pid) => wait(&sys, pid).await,
        Err(e) => {
            sys.complain(format_args!("failed to execute {shell}: {e}"));
            if e == Errno::ENOENT { 127 } else { 126 }
        }
    };
    session("closed", "");
    status
}

/// Stays until the shell has ended; stops and goes on with it.
async fn wait(sys: &Sys, pid: machine::Pid) -> i32 {
    for signal in [Signal::Int, Signal::Quit] {
        sys.on_signal(signal, machine::OnSignal::Ignore).await;
    }
    loop {
        match sys.wait(WaitFor::Pid(pid), true, true).await {
            Ok(Some((_, ChildStatus::Exited(status)))) => return status,
            Ok(Some((_, ChildStatus::Signaled(signal)))) => {
                let what = match signal {
                    Signal::Kill => "Killed",
                    Signal::Term => "Terminated",
                    Signal::Hup => "Hangup",
                    _ => "",
                };
                if !what.is_empty() {
                    sys.print(machine::STDERR, format_args!("{what}\n"));
                }
                return 128 + signal as i32;
            }
            Ok(Some((_, ChildStatus::Stopped(_)))) => {
                let _ = sys.kill(KillTarget::Pid(sys.pid()), Some(Signal::Stop)).await;
                // Here again after SIGCONT.
                let _ = sys.kill(KillTarget::Pid(pid), Some(Signal::Cont)).await;
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return 1,
        }
    }
}
