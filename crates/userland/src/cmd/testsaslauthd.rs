//! testsaslauthd: ask saslauthd whether a password is right.  Source: cyrus-sasl 2.1.28 testsaslauthd.c and its recordings.

use crate::util::getopt;
use crate::{Ex, Spec};
use machine::{Fd, STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "testsaslauthd",
    path: "/usr/sbin/testsaslauthd",
    synopsis: "-u USERNAME -p PASSWORD [-r REALM] [-s SERVICENAME] [-f SOCKET] [-R REPEATNUM]",
    about: "test utility for the SASL authentication server",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "testsaslauthd -u a -p b -f /run/nosuch", out: "0: connect() : No such file or directory\n", code: 255 }],
};

async fn run(sys: Sys) -> i32 {
    let usage = || {
        sys.print(STDERR, format_args!("testsaslauthd: usage: testsaslauthd -u username -p password\n"));
        sys.print(STDERR, format_args!("              [-r realm] [-s servicename]\n              [-f socket path] [-R repeatnum]\n"));
        1
    };
    let Some(given) = getopt::getopt(&sys, "p:u:r:s:f:R:") else { return usage() };
    let (Some(user), Some(password)) = (given.value(b'u'), given.value(b'p')) else { return usage() };
    let service = given.value(b's').unwrap_or("imap");
    let realm = given.value(b'r').unwrap_or("");
    let path = given.value(b'f').unwrap_or("/var/run/saslauthd/mux");
    let times: u32 = given.value(b'R').and_then(|n| n.parse().ok()).unwrap_or(1).max(1);
    let mut status = 0;
    for i in 0..times {
        sys.print(STDOUT, format_args!("{i}: "));
        let fd = match sys.unix_connect(path).await {
            Ok(fd) => fd,
            Err(e) => {
                sys.print(STDERR, format_args!("connect() : {e}\n"));
                return 255;
            }
        };
        let mut request = Vec::new();
        for field in [user, password, service, realm] {
            let len = u16::try_from(field.len()).unwrap_or(u16::MAX);
            request.extend(len.to_be_bytes());
            request.extend_from_slice(&field.as_bytes()[..usize::from(len)]);
        }
        if sys.write(fd, &request).await.is_err() {
            sys.print(STDERR, format_args!("write failed\n"));
            return 255;
        }
        let answer = sys.read_all(fd).await.unwrap_or_default();
        let _ = sys.close(fd).await;
        status = verdict(&sys, STDOUT, &answer);
    }
    status
}

/// Prints what came back, and gives the status.
fn verdict(sys: &Sys, fd: Fd, answer: &[u8]) -> i32 {
    match answer.get(2..4) {
        _ if answer.len() < 2 => {
            sys.print(STDERR, format_args!("size read failed\n"));
            255
        }
        Some(b"OK") => {
            sys.print(fd, format_args!("OK \"Success.\"\n"));
            0
        }
        Some(b"NO") => {
            sys.print(fd, format_args!("NO \"authentication failed\"\n"));
            255
        }
        _ => {
            sys.print(STDERR, format_args!("bad response from saslauthd\n"));
            255
        }
    }
}
