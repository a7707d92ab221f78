//! passwd: change a password, or look at and change how long it lives.  Source: passwd(1) of shadow 4.13, pam_unix(8) with `obscure
//! yescrypt`, and its recordings.

use crate::util::etc::{self, Table};
use crate::util::shadow::{self, Shadow, prompt};
use crate::util::users::Accounts;
use crate::util::yescrypt;
use crate::{Arg, Ex, Opt, Spec, opts};
use machine::{DateTime, Facility, STDERR, STDIN, STDOUT, SimTime, Sys, TraceId};

pub(super) const SPEC: Spec = Spec {
    name: "passwd",
    path: "/usr/bin/passwd",
    synopsis: "[options] [LOGIN]",
    about: "change user password",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "passwd nosuch", out: "passwd: user 'nosuch' does not exist\n", code: 1 },
        Ex { sh: "passwd -l daemon; passwd -S daemon | cut -d' ' -f1,2", out: "passwd: password changed.\ndaemon L\n", code: 0 },
    ],
};

const USAGE: &str = "Usage: passwd [options] [LOGIN]

Options:
  -a, --all                     report password status on all accounts
  -d, --delete                  delete the password for the named account
  -e, --expire                  force expire the password for the named account
  -h, --help                    display this help message and exit
  -k, --keep-tokens             change password only if expired
  -i, --inactive INACTIVE       set password inactive after expiration
                                to INACTIVE
  -l, --lock                    lock the password of the named account
  -n, --mindays MIN_DAYS        set minimum number of days before password
                                change to MIN_DAYS
  -q, --quiet                   quiet mode
  -r, --repository REPOSITORY   change password in REPOSITORY repository
  -R, --root CHROOT_DIR         directory to chroot into
  -S, --status                  report password status on the named account
  -u, --unlock                  unlock the password of the named account
  -w, --warndays WARN_DAYS      set expiration warning days to WARN_DAYS
  -x, --maxdays MAX_DAYS        set maximum number of days before password
                                change to MAX_DAYS

";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "all", Arg::No),
    Opt(b'd', "delete", Arg::No),
    Opt(b'e', "expire", Arg::No),
    Opt(b'h', "help", Arg::No),
    Opt(b'k', "keep-tokens", Arg::No),
    Opt(b'i', "inactive", Arg::Yes),
    Opt(b'l', "lock", Arg::No),
    Opt(b'n', "mindays", Arg::Yes),
    Opt(b'q', "quiet", Arg::No),
    Opt(b'r', "repository", Arg::Yes),
    Opt(b'R', "root", Arg::Yes),
    Opt(b'S', "status", Arg::No),
    Opt(b'u', "unlock", Arg::No),
    Opt(b'w', "warndays", Arg::Yes),
    Opt(b'x', "maxdays", Arg::Yes),
];

/// The numbers of days: option letter, field of /etc/shadow.
const DAYS: [(u8, usize); 4] = [(b'n', 3), (b'x', 4), (b'w', 5), (b'i', 6)];

async fn run(sys: Sys) -> i32 {
    let given = match opts::parse_usage(&sys, OPTIONS, USAGE, 6) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.has(OPTIONS, b'h') {
        sys.print(STDOUT, format_args!("{USAGE}"));
        return 0;
    }
    let has = |letter| given.has(OPTIONS, letter);
    for (letter, _) in DAYS {
        if let Some(text) = given.value(OPTIONS, letter)
            && text.parse::<i32>().map_or(true, |n| n < -1)
        {
            sys.complain(format_args!("invalid numeric argument '{text}'"));
            sys.print(STDERR, format_args!("{USAGE}"));
            return 6;
        }
    }
    if has(b'R') || has(b'r') {
        sys.unsupported(if has(b'R') { "--root" } else { "--repository" });
        return 1;
    }
    let accounts = Accounts::read(&sys).await;
    let me = sys.ids();
    let Some(own) = accounts.user_of(me.uid).map(|u| u.name.clone()) else {
        sys.complain(format_args!("Cannot determine your user name."));
        return 1;
    };
    let root = me.uid == 0;
    if has(b'a') && has(b'S') && given.operands.is_empty() {
        if !root {
            sys.complain(format_args!("Permission denied."));
            return 1;
        }
        for user in &accounts.users {
            status(&sys, &user.name).await;
        }
        return 0;
    }
    let changes = has(b'l') || has(b'u') || has(b'd') || has(b'e') || DAYS.iter().any(|(l, _)| has(*l));
    if given.operands.len() > 1 || has(b'a') || (changes && given.operands.is_empty()) || (changes && has(b'S')) {
        sys.print(STDERR, format_args!("{USAGE}"));
        return 6;
    }
    let name = given.operands.first().cloned().unwrap_or_else(|| own.clone());
    let Some(user) = accounts.user(&name) else {
        sys.complain(format_args!("user '{name}' does not exist"));
        return 1;
    };
    if !root && (changes || user.uid != me.uid) {
        if changes {
            sys.complain(format_args!("Permission denied."));
        } else {
            sys.complain(format_args!("You may not view or modify password information for {name}."));
            etc::note(&sys, format!("passwd: can't view or modify password information for {name}"));
        }
        return 1;
    }
    if has(b'S') {
        status(&sys, &name).await;
        return 0;
    }
    if !changes {
        return change(&sys, &name, root).await;
    }
    let mut table = Table::read(&sys, "/etc/shadow").await;
    let hash = table.field(&name, 1).unwrap_or("").to_string();
    if has(b'u') && hash.trim_start_matches('!').is_empty() && hash.starts_with('!') {
        sys.complain(format_args!("unlocking the password would result in a passwordless account."));
        sys.print(STDERR, format_args!("You should set a password with usermod -p to unlock the password of this account.\n"));
        return 3;
    }
    if has(b'd') {
        table.set(&name, 1, "");
    }
    if has(b'l') && !hash.starts_with('!') {
        table.set(&name, 1, format!("!{hash}"));
    }
    if has(b'u') {
        table.set(&name, 1, hash.strip_prefix('!').unwrap_or(&hash));
    }
    if has(b'l') || has(b'u') || has(b'd') {
        table.set(&name, 2, shadow::today(&sys).to_string());
    }
    if has(b'e') {
        table.set(&name, 2, "0");
    }
    for (letter, field) in DAYS {
        if let Some(text) = given.value(OPTIONS, letter) {
            table.set(&name, field, if text == "-1" { "" } else { text });
        }
    }
    if table.save(&sys).await.is_err() {
        sys.complain(format_args!("failure while writing changes to /etc/shadow"));
        return 5;
    }
    etc::note(&sys, format!("password for '{name}' changed by '{own}'"));
    if !has(b'q') {
        sys.print(STDOUT, format_args!("passwd: password changed.\n"));
    }
    0
}

/// `redhat P 2026-11-24 0 99999 7 -1`
async fn status(sys: &Sys, name: &str) {
    let Some(Shadow { hash, days, .. }) = Shadow::of(sys, name).await else { return };
    let state = match hash.as_bytes() {
        [] => "NP",
        [b'!' | b'*', ..] => "L",
        _ => "P",
    };
    let day = DateTime::new(SimTime::from_secs(days[0].unwrap_or(0).max(0) as u64 * 86400), 0);
    let number = |i: usize| days[i].unwrap_or(-1);
    let date = format_args!("{}-{:02}-{:02}", day.year, day.month, day.day).to_string();
    sys.print(STDOUT, format_args!("{name} {state} {date} {} {} {} {}\n", number(1), number(2), number(3), number(4)));
}

/// pam_chauthtok: asks for the old password (unless root does it) and twice for the new one.
async fn change(sys: &Sys, name: &str, root: bool) -> i32 {
    let give_up = || {
        sys.complain(format_args!("Authentication token manipulation error"));
        sys.complain(format_args!("password unchanged"));
        10
    };
    let log = |text: String| sys.log(Facility::Authpriv, "passwd", format!("pam_unix(passwd:chauthtok): {text}"), TraceId(0));
    let mut old = Vec::new();
    if !root {
        sys.print(STDOUT, format_args!("Changing password for {name}.\n"));
        let Some(typed) = prompt(sys, STDIN, format_args!("Current password: ")).await else { return give_up() };
        let shadow = Shadow::of(sys, name).await;
        if shadow.is_none() || !shadow::fits(sys, name, shadow.as_ref(), &typed).await {
            shadow::explain(sys, format!("passwd {name}: the current password is wrong"), name, shadow.as_ref(), false);
            log(format!("authentication failure; logname= uid={} euid=0 tty= ruser= rhost=  user={name}", sys.ids().uid));
            let _ = sys.sleep(2_000_000).await;
            return give_up();
        }
        old = typed;
    }
    for _ in 0..3 {
        let Some(new) = prompt(sys, STDIN, format_args!("New password: ")).await else { return give_up() };
        let Some(again) = prompt(sys, STDIN, format_args!("Retype new password: ")).await else { return give_up() };
        if new != again {
            sys.print(STDERR, format_args!("Sorry, passwords do not match.\n"));
            return give_up();
        }
        let complaint = match () {
            () if new.is_empty() => "No password has been supplied.",
            () if !root && new == old => "The password has not been changed.",
            () if !root => weakness(&old, &new),
            () => "",
        };
        if complaint.is_empty() {
            return match store(sys, name, &new).await {
                true => {
                    log(format!("password changed for {name}"));
                    sys.print(STDERR, format_args!("passwd: password updated successfully\n"));
                    0
                }
                false => give_up(),
            };
        }
        sys.print(STDERR, format_args!("{complaint}\n"));
    }
    log("new password not acceptable".to_string());
    give_up()
}

/// What pam_unix's `obscure` says against a user's new password.
fn weakness(old: &[u8], new: &[u8]) -> &'static str {
    let lower = |text: &[u8]| text.to_ascii_lowercase();
    let (old_low, new_low) = (lower(old), lower(new));
    let kinds = [u8::is_ascii_digit, u8::is_ascii_uppercase, u8::is_ascii_lowercase].iter().filter(|k| new.iter().any(**k)).count()
        + usize::from(new.iter().any(|b| !b.is_ascii_alphanumeric()));
    match () {
        () if new.len() < 6 => "You must choose a longer password.",
        () if new_low.iter().eq(new_low.iter().rev()) => "Bad: new password cannot be a palindrome",
        () if old_low == new_low => "Bad: new and old password must differ by more than just case",
        () if new.len() < 8 && old.len() == new.len() && new.iter().filter(|b| old.contains(b)).count() * 2 > new.len() => {
            "Bad: new and old password are too similar"
        }
        // Each further kind of character is worth one letter; nine in all are wanted.
        () if new.len() + kinds < 9 => "Bad: new password is too simple",
        () if [old_low.as_slice(), &old_low].concat().windows(new_low.len()).any(|w| w == new_low) => {
            "Bad: new password is just a wrapped version of the old one"
        }
        () => "",
    }
}

/// Hashes a password as Debian does and puts it into /etc/shadow.
pub(super) async fn store(sys: &Sys, name: &str, password: &[u8]) -> bool {
    let setting = yescrypt::setting([sys.random().await, sys.random().await]);
    let Some(hash) = yescrypt::hash(password, &setting) else { return false };
    let mut table = Table::read(sys, "/etc/shadow").await;
    if !table.has(name) {
        return false;
    }
    table.set(name, 1, hash);
    table.set(name, 2, shadow::today(sys).to_string());
    table.save(sys).await.is_ok()
}
