//! sudo: run a command as another user, if /etc/sudoers lets one.  Not here: aliases, plugins, sudoedit, -g.
//! Source: sudo(8), sudoers(5) of sudo 1.9.13.

use crate::util::absent::absent;
use crate::util::shadow::{self, Shadow};
use crate::util::users::{Accounts, User};
use crate::{Ex, Spec};
use machine::{Errno, Facility, Ids, STDERR, STDIN, STDOUT, Sys, TraceId};

pub(super) const SPEC: Spec = Spec {
    name: "sudo",
    path: "/usr/bin/sudo",
    synopsis: "[-EHiknSsv] [-u user] [VAR=value] [command [arg ...]]",
    about: "execute a command as another user",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "sudo nosuchcmd", out: "sudo: nosuchcmd: command not found\n", code: 1 }],
};

const USAGE: &str = "usage: sudo -h | -K | -k | -V
usage: sudo -v [-AknS] [-g group] [-h host] [-p prompt] [-u user]
usage: sudo -l [-AknS] [-g group] [-h host] [-p prompt] [-U user] [-u user]
            [command [arg ...]]
usage: sudo [-AbEHknPS] [-r role] [-t type] [-C num] [-D directory] [-g group]
            [-h host] [-p prompt] [-R directory] [-T timeout] [-u user]
            [VAR=value] [-i | -s] [command [arg ...]]
usage: sudo -e [-AknS] [-r role] [-t type] [-C num] [-D directory] [-g group]
            [-h host] [-p prompt] [-R directory] [-T timeout] [-u user] file ...
";

const LECTURE: &str = "
We trust you have received the usual lecture from the local System
Administrator. It usually boils down to these three things:

    #1) Respect the privacy of others.
    #2) Think before you type.
    #3) With great power comes great responsibility.

For security reasons, the password you type will not be visible.

";

const SECURE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What sudoers grants a user: nothing, or a list of commands (`ALL`), with or without a password.
struct Grant {
    commands: Vec<String>,
    password: bool,
}

/// `user HOST=(RUNAS) [NOPASSWD:] COMMANDS`; the last line that fits counts.
async fn grant(sys: &Sys, accounts: &Accounts, user: &User) -> Result<Option<Grant>, Errno> {
    let text = sys.read_file("/etc/sudoers").await?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let groups: Vec<String> = accounts.groups_of(&user.name, user.gid).into_iter().map(|g| accounts.group_name(g)).collect();
    let mut found = None;
    for line in text.lines().map(str::trim) {
        let Some((who, rest)) = line.split_once([' ', '\t']) else { continue };
        if line.starts_with(['#', '@']) || who == "Defaults" {
            continue;
        }
        let fits = who == "ALL" || who == user.name || who.strip_prefix('%').is_some_and(|g| groups.iter().any(|n| n == g));
        let Some((_host, rest)) = rest.split_once('=').filter(|_| fits) else { continue };
        let mut rest = rest.trim();
        if let Some(after) = rest.strip_prefix('(') {
            rest = after.split_once(')').map_or("", |(_, r)| r).trim();
        }
        let mut password = true;
        for (tag, value) in [("NOPASSWD:", false), ("PASSWD:", true)] {
            if let Some(after) = rest.strip_prefix(tag) {
                (password, rest) = (value, after.trim());
            }
        }
        found = Some(Grant { commands: rest.split(',').map(|c| c.trim().to_string()).collect(), password });
    }
    Ok(found)
}

/// What the options say.
#[derive(Default)]
struct Wish {
    user: String,
    login: bool,
    shell: bool,
    keep: bool,
    ask_nobody: bool,
    from_stdin: bool,
    validate: bool,
    list: bool,
    forget: bool,
    prompt: Option<String>,
    vars: Vec<String>,
    command: Vec<String>,
}

fn parse(sys: &Sys) -> Result<Wish, i32> {
    let mut wish = Wish { user: "root".to_string(), ..Wish::default() };
    let mut args = sys.args().iter().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--" {
            wish.command.extend(args.by_ref().cloned());
            break;
        }
        if !arg.starts_with('-') || arg == "-" {
            if arg.contains('=') && wish.command.is_empty() {
                wish.vars.push(arg.clone());
                continue;
            }
            wish.command.push(arg.clone());
            wish.command.extend(args.by_ref().cloned());
            break;
        }
        let letters = match arg.as_str() {
            "--help" => "h",
            "--version" => "V",
            "--user" => "u",
            "--login" => "i",
            "--shell" => "s",
            other => other.trim_start_matches('-'),
        };
        for (i, c) in letters.char_indices() {
            match c {
                'u' | 'p' | 'U' => {
                    let attached = letters.get(i + 1..).unwrap_or("").to_string();
                    let Some(value) = (if attached.is_empty() { args.next().cloned() } else { Some(attached) }) else {
                        sys.print(STDERR, format_args!("sudo: option requires an argument -- '{c}'\n{USAGE}"));
                        return Err(1);
                    };
                    if c == 'p' {
                        wish.prompt = Some(value)
                    } else {
                        wish.user = value
                    }
                    break;
                }
                'i' => wish.login = true,
                's' => wish.shell = true,
                'E' => wish.keep = true,
                'n' => wish.ask_nobody = true,
                'S' => wish.from_stdin = true,
                'v' => wish.validate = true,
                'l' => wish.list = true,
                'k' | 'K' => wish.forget = true,
                'H' | 'b' | 'A' | 'P' => {}
                'V' => {
                    sys.print(STDOUT, format_args!("Sudo version 1.9.13p3\n"));
                    return Err(0);
                }
                'h' => {
                    sys.print(STDOUT, format_args!("sudo - execute a command as another user\n\n{USAGE}"));
                    return Err(0);
                }
                'e' | 'g' | 'r' | 't' | 'C' | 'D' | 'R' | 'T' => {
                    sys.unsupported(&format!("-{c}"));
                    return Err(1);
                }
                _ => {
                    sys.print(STDERR, format_args!("sudo: invalid option -- '{c}'\n{USAGE}"));
                    return Err(1);
                }
            }
        }
    }
    if wish.command.is_empty() && !(wish.login || wish.shell || wish.validate || wish.list || wish.forget) {
        sys.print(STDERR, format_args!("{USAGE}"));
        return Err(1);
    }
    Ok(wish)
}

/// Asks for the user's own password, three times at most; within 15 minutes it is not asked again.
async fn authenticate(sys: &Sys, wish: &Wish, me: &User) -> bool {
    let stamp = format!("/run/sudo/ts/{}", me.name);
    if let Ok(stat) = sys.stat(&stamp).await
        && sys.now().since(stat.mtime) < 15 * 60 * 1_000_000
    {
        return true;
    }
    if wish.ask_nobody {
        sys.print(STDERR, format_args!("sudo: a password is required\n"));
        return false;
    }
    let lectured = format!("/var/lib/sudo/lectured/{}", me.name);
    if sys.stat(&lectured).await.is_err() {
        sys.print(STDERR, format_args!("{LECTURE}"));
        for dir in ["/var/lib/sudo", "/var/lib/sudo/lectured"] {
            let _ = sys.mkdir(dir, 0o700).await;
        }
        let _ = sys.write_file(&lectured, b"", 0o600).await;
    }
    let shadow = Shadow::of(sys, &me.name).await;
    let question = wish.prompt.clone().unwrap_or_else(|| format!("[sudo] password for {}: ", me.name));
    for tries in 1..=3 {
        let Some(password) = shadow::prompt(sys, STDIN, format_args!("{question}")).await else {
            if tries == 1 {
                sys.print(STDERR, format_args!("sudo: no password was provided\nsudo: a password is required\n"));
            } else {
                sys.print(STDERR, format_args!("sudo: {} incorrect password attempt{}\n", tries - 1, if tries == 2 { "" } else { "s" }));
            }
            return false;
        };
        if shadow.is_some() && shadow::fits(sys, &me.name, shadow.as_ref(), &password).await {
            for dir in ["/run/sudo", "/run/sudo/ts"] {
                let _ = sys.mkdir(dir, 0o700).await;
            }
            let _ = sys.write_file(&stamp, b"", 0o600).await;
            return true;
        }
        shadow::explain(sys, format!("sudo: {} is not believed", me.name), &me.name, shadow.as_ref(), false);
        let _ = sys.sleep(2_000_000).await;
        if tries < 3 {
            sys.print(STDERR, format_args!("Sorry, try again.\n"));
            sys.mark(TraceId(0));
        }
    }
    sys.print(STDERR, format_args!("sudo: 3 incorrect password attempts\n"));
    false
}

/// The file of a command, looked for in the secure path.
async fn find(sys: &Sys, name: &str) -> Option<String> {
    if name.contains('/') {
        return sys.stat(name).await.is_ok().then(|| name.to_string());
    }
    for dir in SECURE_PATH.split(':') {
        let path = format!("{dir}/{name}");
        if sys.stat(&path).await.is_ok_and(|s| !s.is_dir() && s.mode & 0o111 != 0) {
            return Some(path);
        }
    }
    None
}

async fn run(sys: Sys) -> i32 {
    let wish = match parse(&sys) {
        Ok(wish) => wish,
        Err(status) => return status,
    };
    if sys.euid() != 0 {
        sys.print(STDERR, format_args!("sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set\n"));
        return 1;
    }
    let accounts = Accounts::read(&sys).await;
    let uid = sys.ids().uid;
    let Some(me) = accounts.user_of(uid).cloned() else {
        sys.print(STDERR, format_args!("sudo: you do not exist in the passwd database\n"));
        return 1;
    };
    if wish.forget {
        let _ = sys.unlink(&format!("/run/sudo/ts/{}", me.name)).await;
        if wish.command.is_empty() {
            return 0;
        }
    }
    let target =
        wish.user.strip_prefix('#').and_then(|n| n.parse().ok()).map_or_else(|| accounts.user(&wish.user), |n| accounts.user_of(n));
    let Some(target) = target.cloned() else {
        sys.print(STDERR, format_args!("sudo: unknown user {}\nsudo: error initializing audit plugin sudoers_audit\n", wish.user));
        return 1;
    };
    let granted = match grant(&sys, &accounts, &me).await {
        Ok(granted) => granted,
        Err(e) => {
            sys.print(STDERR, format_args!("sudo: unable to open /etc/sudoers: {e}\nsudo: no valid sudoers sources found, quitting\n"));
            sys.print(STDERR, format_args!("sudo: error initializing audit plugin sudoers_audit\n"));
            return 1;
        }
    };
    let host = sys.host_name().await;
    if uid != 0 && granted.as_ref().is_none_or(|g| g.password) && !authenticate(&sys, &wish, &me).await {
        return 1;
    }
    let cwd = sys.getcwd().await.unwrap_or_default();
    let tty = sys.tty_name(STDIN).await.map_or("unknown".to_string(), |t| t.trim_start_matches("/dev/").to_string());
    let log = |what: &str, command: &str| {
        let text = format!("{:>8} : {what}TTY={tty} ; PWD={cwd} ; USER={} ; COMMAND={command}", me.name, target.name);
        sys.log(Facility::Authpriv, "sudo:", text, TraceId(0));
    };
    let shell = if wish.login { target.shell.clone() } else { sys.env("SHELL").unwrap_or(&me.shell).to_string() };
    let (path, argv) = if wish.login || wish.shell {
        let base = shell.rsplit('/').next().unwrap_or("sh").to_string();
        let mut argv = vec![if wish.login { format!("-{base}") } else { base }];
        if !wish.command.is_empty() {
            argv.extend(["-c".to_string(), wish.command.join(" ")]);
        }
        (Some(shell.clone()), argv)
    } else {
        let name = wish.command.first().map_or("", String::as_str);
        (find(&sys, name).await, wish.command.clone())
    };
    let shown = path.clone().unwrap_or_default();
    let allowed =
        uid == 0 || granted.as_ref().is_some_and(|g| g.commands.iter().any(|c| c == "ALL" || c.split(' ').next() == Some(&shown)));
    if !allowed {
        log(if granted.is_none() { "user NOT in sudoers ; " } else { "command not allowed ; " }, &shown);
        if granted.is_none() {
            sys.print(
                STDERR,
                format_args!("{} is not in the sudoers file.\nThis incident has been reported to the administrator.\n", me.name),
            );
        } else {
            let line = [vec![shown], wish.command.get(1..).unwrap_or(&[]).to_vec()].concat().join(" ");
            sys.print(STDERR, format_args!("Sorry, user {} is not allowed to execute '{line}' as {} on {host}.\n", me.name, target.name));
        }
        return 1;
    }
    if wish.validate {
        return 0;
    }
    if wish.list {
        let commands =
            granted.map_or("ALL".to_string(), |g| format!("{}{}", if g.password { "" } else { "NOPASSWD: " }, g.commands.join(", ")));
        sys.print(STDOUT, format_args!("User {} may run the following commands on {host}:\n    (ALL : ALL) {commands}\n", me.name));
        return 0;
    }
    let Some(path) = path else {
        let name = wish.command.first().map_or("", String::as_str);
        let why = if absent(name) { "not simulated here" } else { "command not found" };
        sys.print(STDERR, format_args!("sudo: {name}: {why}\n"));
        return 1;
    };
    log("", &[vec![path.clone()], argv.get(1..).unwrap_or(&[]).to_vec()].concat().join(" "));
    let mut env: Vec<String> = if wish.keep {
        sys.environ()
            .iter()
            .filter(|v| !["PATH=", "USER=", "LOGNAME=", "HOME=", "SHELL=", "MAIL="].iter().any(|p| v.starts_with(p)))
            .cloned()
            .collect()
    } else {
        sys.environ()
            .iter()
            .filter(|v| ["TERM=", "LANG=", "LC_", "DISPLAY=", "COLORTERM="].iter().any(|p| v.starts_with(p)))
            .cloned()
            .collect()
    };
    let own_shell = if wish.login { target.shell.clone() } else { shell };
    env.extend([
        format!("PATH={SECURE_PATH}"),
        format!("HOME={}", target.home),
        format!("MAIL=/var/mail/{}", target.name),
        format!("LOGNAME={}", target.name),
        format!("USER={}", target.name),
        format!("SHELL={own_shell}"),
        format!("SUDO_COMMAND={path}"),
        format!("SUDO_USER={}", me.name),
        format!("SUDO_UID={}", me.uid),
        format!("SUDO_GID={}", me.gid),
    ]);
    env.extend(wish.vars);
    if wish.login {
        let _ = sys.chdir(&target.home).await;
    }
    let groups = accounts.groups_of(&target.name, target.gid);
    let ids = Ids { uid: target.uid, euid: target.uid, gid: target.gid, egid: target.gid, groups };
    if sys.set_ids(ids).await.is_err() {
        return 1;
    }
    let e = sys.exec(&path, argv, env).await;
    sys.print(STDERR, format_args!("sudo: unable to execute {path}: {e}\n"));
    1
}
