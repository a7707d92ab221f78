//! chpasswd: change many passwords from lines `user:password`.  Source: chpasswd(8) of shadow 4.13 and its recordings.

use crate::util::{etc::Table, gnu, shadow, yescrypt};
use crate::{Arg, Ex, Opt, Spec, opts};
use machine::{Facility, STDIN, STDOUT, Sys, TraceId};

pub(super) const SPEC: Spec = Spec {
    name: "chpasswd",
    path: "/usr/sbin/chpasswd",
    synopsis: "[options]",
    about: "update passwords in batch mode",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "echo bad | chpasswd", out: "chpasswd: line 1: missing new password\n", code: 1 }],
};

const USAGE: &str = "Usage: chpasswd [options]

Options:
  -c, --crypt-method METHOD     the crypt method (one of NONE DES MD5 SHA256 SHA512 YESCRYPT)
  -e, --encrypted               supplied passwords are encrypted
  -h, --help                    display this help message and exit
  -m, --md5                     encrypt the clear text password using
                                the MD5 algorithm
  -R, --root CHROOT_DIR         directory to chroot into
  -s, --sha-rounds              number of rounds for the SHA, BCRYPT
                                or YESCRYPT crypt algorithms

";

const OPTIONS: &[Opt] = &[
    Opt(b'c', "crypt-method", Arg::Yes),
    Opt(b'e', "encrypted", Arg::No),
    Opt(b'h', "help", Arg::No),
    Opt(b'm', "md5", Arg::No),
    Opt(b'R', "root", Arg::Yes),
    Opt(b's', "sha-rounds", Arg::Yes),
];

async fn run(sys: Sys) -> i32 {
    let given = match opts::parse_usage(&sys, OPTIONS, USAGE, 2) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if given.has(OPTIONS, b'h') {
        sys.print(STDOUT, format_args!("{USAGE}"));
        return 0;
    }
    for (letter, name) in [(b'R', "--root"), (b's', "--sha-rounds")] {
        if given.has(OPTIONS, letter) {
            sys.unsupported(name);
            return 1;
        }
    }
    let encrypted = given.has(OPTIONS, b'e');
    let method = if given.has(OPTIONS, b'm') { Some("MD5") } else { given.value(OPTIONS, b'c') };
    // Number of the method, length of its salt.
    let (id, length) = match method {
        None | Some("YESCRYPT") => ("y", 0),
        Some("MD5") => ("1", 8),
        Some("SHA256") => ("5", 16),
        Some("SHA512") => ("6", 16),
        Some(other @ ("NONE" | "DES")) => {
            sys.unsupported(&format!("-c {other}"));
            return 1;
        }
        Some(other) => {
            sys.complain(format_args!("unsupported crypt method: {other}"));
            sys.print(machine::STDERR, format_args!("{USAGE}"));
            return 2;
        }
    };
    let input = sys.read_all(STDIN).await.unwrap_or_default();
    let mut table = Table::read(&sys, "/etc/shadow").await;
    let root = sys.ids().uid == 0;
    let mut failed = false;
    for (i, line) in gnu::lines(&input).into_iter().enumerate() {
        let line = String::from_utf8_lossy(line).into_owned();
        let n = i + 1;
        let Some((name, password)) = line.split_once(':') else {
            sys.complain(format_args!("line {n}: missing new password"));
            failed = true;
            continue;
        };
        if !root || !table.has(name) || (password.is_empty() && !encrypted) {
            if !table.has(name) {
                let text = format!("pam_unix(chpasswd:chauthtok): user \"{name}\" does not exist in /etc/passwd");
                sys.log(Facility::Authpriv, "chpasswd", text, TraceId(0));
            }
            sys.complain(format_args!("(user {name}) pam_chauthtok() failed, error:"));
            sys.print(machine::STDERR, format_args!("Authentication token manipulation error\n"));
            sys.complain(format_args!("(line {n}, user {name}) password not changed"));
            failed = true;
            continue;
        }
        let random = [sys.random().await, sys.random().await];
        let hash = match id {
            _ if encrypted => Some(password.to_string()),
            "y" => yescrypt::hash(password.as_bytes(), &yescrypt::setting(random)),
            _ => {
                let mut salt = String::new();
                for n in random {
                    wire::crypt::to64(&mut salt, n as u32, 4);
                    wire::crypt::to64(&mut salt, (n >> 32) as u32, 4);
                }
                salt.truncate(length);
                wire::crypt::crypt(password.as_bytes(), &format!("${id}${salt}$"))
            }
        };
        table.set(name, 1, hash.unwrap_or_default());
        table.set(name, 2, shadow::today(&sys).to_string());
        let text = format!("pam_unix(chpasswd:chauthtok): password changed for {name}");
        sys.log(Facility::Authpriv, "chpasswd", text, TraceId(0));
    }
    if table.save(&sys).await.is_err() {
        sys.complain(format_args!("failure while writing changes to /etc/shadow"));
        return 1;
    }
    i32::from(failed)
}
