//! saslpasswd2 and sasldblistusers2: the passwords that SASL servers keep in clear in /etc/sasldb2, and the list of their owners.
//! A line of the file is name, realm, `userPassword` and the password, with NULs between them; the real one is a Berkeley database.
//! Source: cyrus-sasl 2.1.28 saslpasswd.c and sasldblistusers.c, and their recordings.

use crate::util::{getopt, shadow};
use crate::{Ex, Spec};
use machine::{STDERR, STDIN, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "saslpasswd2",
    path: "/usr/sbin/saslpasswd2",
    synopsis: "[-v] [-c [-p] [-n]] [-d] [-a APPNAME] [-f SASLDB] [-u DOM] USERID",
    about: "set a user's SASL password",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex {
        sh: "echo secret | saslpasswd2 -p -c -u b.example -f /tmp/db a; sasldblistusers2 /tmp/db",
        out: "a@b.example: userPassword\n",
        code: 0,
    }],
};

pub(super) const LIST: Spec = Spec {
    name: "sasldblistusers2",
    path: "/usr/sbin/sasldblistusers2",
    synopsis: "[-v] [[-f] SASLDB]",
    about: "list the users in the SASL password database",
    run: |sys| Box::pin(list(sys)),
    examples: &[],
};

const DATABASE: &str = "/etc/sasldb2";
const PROPERTY: &str = "userPassword";
const COPYRIGHT: &str = "
This product includes software developed by Computing Services
at Carnegie Mellon University (http://www.cmu.edu/computing/).

";
const VERSION: &str = "Built against SASL API version 2.1.28\nLibSasl version 2.1.28 by \"Cyrus SASL\"\n";
const USAGE: &str = "saslpasswd2: usage: saslpasswd2 [-v] [-c [-p] [-n]] [-d] [-a appname] [-f sasldb] [-u DOM] userid
\t-p\tpipe mode -- no prompt, password read on stdin
\t-c\tcreate -- ask mechs to create the account
\t-d\tdisable -- ask mechs to disable/delete the account
\t-n\tno userPassword -- don't set plaintext userPassword property
\t  \t                   (only set mechanism-specific secrets)
\t-f sasldb\tuse given file as sasldb
\t-a appname\tuse appname as application name
\t-u DOM\tuse DOM for user domain
\t-v\tprint version numbers and exit
";
const LIST_USAGE: &str = "sasldblistusers2: usage: sasldblistusers2 [-v] [[-f] sasldb]
\t-f sasldb\tuse given file as sasldb
\t-v\tprint version numbers and exit
";

async fn run(sys: Sys) -> i32 {
    let given = getopt::getopt(&sys, "vcpdnu:f:a:");
    if given.as_ref().is_some_and(|g| g.has(b'v')) {
        sys.print(STDERR, format_args!("{COPYRIGHT}{VERSION}"));
        return 0;
    }
    let Some((given, [user])) = given.as_ref().and_then(|g| Some((g, <&[String; 1]>::try_from(g.operands.as_slice()).ok()?))) else {
        sys.print(STDERR, format_args!("{COPYRIGHT}{USAGE}"));
        return 1;
    };
    let mut password = Vec::new();
    if !given.has(b'd') {
        password = match read_password(&sys, given.has(b'p')).await {
            Some(password) => password,
            None => {
                sys.complain(format_args!("passwords don't match; aborting"));
                return 7;
            }
        };
        if password.is_empty() {
            sys.complain(format_args!("invalid parameter supplied"));
            return 7;
        }
    }
    let path = given.value(b'f').unwrap_or(DATABASE);
    let host = sys.host_name().await;
    let key = format!("{user}\0{}\0{PROPERTY}\0", given.value(b'u').unwrap_or(&host));
    let old = sys.read_file(path).await.unwrap_or_default();
    let mut lines: Vec<Vec<u8>> =
        old.split(|&b| b == b'\n').filter(|l| !l.is_empty() && !l.starts_with(key.as_bytes())).map(<[u8]>::to_vec).collect();
    if !given.has(b'd') && !given.has(b'n') {
        lines.push([key.as_bytes(), &password].concat());
        machine::sort(&mut lines);
    }
    let mut new = lines.join(&b'\n');
    new.push(b'\n');
    if sys.write_file(path, &new, 0o640).await.is_err() {
        sys.complain(format_args!("generic failure"));
        return 1;
    }
    0
}

/// The new password: standard input's first line, or what is typed twice. `None`: not twice the same.
async fn read_password(sys: &Sys, pipe: bool) -> Option<Vec<u8>> {
    if pipe {
        let all = sys.read_all(STDIN).await.unwrap_or_default();
        return all.split(|&b| b == b'\n' || b == b'\r').next().map(<[u8]>::to_vec);
    }
    let first = shadow::prompt(sys, STDIN, format_args!("Password: ")).await.unwrap_or_default();
    let again = shadow::prompt(sys, STDIN, format_args!("Again (for verification): ")).await.unwrap_or_default();
    (first == again).then_some(first)
}

async fn list(sys: Sys) -> i32 {
    let given = getopt::getopt(&sys, "vf:");
    let Some(given) = given else {
        sys.print(STDERR, format_args!("{COPYRIGHT}{LIST_USAGE}Unrecognized command line option\n"));
        return 1;
    };
    if given.has(b'v') {
        sys.print(STDERR, format_args!("{COPYRIGHT}{VERSION}"));
        return 0;
    }
    let path = given.value(b'f').or(given.operands.first().map(String::as_str)).unwrap_or(DATABASE);
    let Ok(bytes) = sys.read_file(path).await else {
        sys.print(STDERR, format_args!("listusers failed\n"));
        return 0;
    };
    for line in String::from_utf8_lossy(&bytes).lines() {
        let mut f = line.split('\0');
        if let (Some(name), Some(realm), Some(property)) = (f.next(), f.next(), f.next()) {
            sys.print(STDOUT, format_args!("{name}@{realm}: {property}\n"));
        }
    }
    0
}
