//! `openssl SUBCOMMAND …`: finds the subcommand; `help` and `version`; what the subcommands' options have in common.
//! Not here: `enc` and `base64` (`enc`). Source: openssl(1).

use machine::{STDERR, STDOUT, Sys};

/// All names that `openssl help` lists, in its columns.
const HELP: &str = include_str!("cmd/help.txt");
const VERSION_HELP: &str = include_str!("cmd/version.txt");
const VERSION: &str = "OpenSSL 3.0.19 27 Jan 2026 (Library: OpenSSL 3.0.19 27 Jan 2026)";

/// What each option of `version` shows, in the order in which they are shown.
const VERSION_PARTS: [(u8, &str); 10] = [
    (b'v', VERSION),
    (b'b', "built on: Fri Apr  3 12:29:32 2026 UTC"),
    (b'p', "platform: debian-amd64"),
    (b'o', "options:  bn(64,64)"),
    (
        b'f',
        "compiler: gcc -fPIC -pthread -m64 -Wa,--noexecstack -Wall -fzero-call-used-regs=used-gpr -DOPENSSL_TLS_SECURITY_LEVEL=2 -Wa,--noexecstack -g -O2 -ffile-prefix-map=/build/reproducible-path/openssl-3.0.19=. -fstack-protector-strong -Wformat -Werror=format-security -DOPENSSL_USE_NODELETE -DL_ENDIAN -DOPENSSL_PIC -DOPENSSL_BUILDING_OPENSSL -DNDEBUG -Wdate-time -D_FORTIFY_SOURCE=2",
    ),
    (b'd', "OPENSSLDIR: \"/usr/lib/ssl\""),
    (b'e', "ENGINESDIR: \"/usr/lib/x86_64-linux-gnu/engines-3\""),
    (b'm', "MODULESDIR: \"/usr/lib/x86_64-linux-gnu/ossl-modules\""),
    (b'r', "Seeding source: os-specific"),
    (b'c', "CPUINFO: OPENSSL_ia32cap=0xfffa3203078bffff:0x405fc6f1bf07ab"),
];

/// Runs the command.
pub(crate) async fn run(sys: Sys) -> i32 {
    let name = match sys.arg(1) {
        "" | "-help" | "--help" | "-h" => "help",
        name => name,
    };
    match name {
        "help" => match sys.arg(2) {
            "" => {
                sys.put(STDERR, HELP.as_bytes());
                0
            }
            "enc" | "base64" => crate::enc::help(&sys, sys.arg(2)),
            "version" => {
                sys.put(STDERR, VERSION_HELP.as_bytes());
                0
            }
            other => unknown(&sys, other),
        },
        "version" => version(&sys),
        "enc" | "base64" => crate::enc::run(&sys, name).await,
        other => unknown(&sys, other),
    }
}

/// A subcommand that is not here, or nowhere.
fn unknown(sys: &Sys, name: &str) -> i32 {
    if listed(name) {
        sys.unsupported(name);
    } else {
        sys.print(STDERR, format_args!("Invalid command '{name}'; type \"help\" for a list.\n"));
    }
    1
}

/// Whether `openssl help` lists this name.
pub(crate) fn listed(name: &str) -> bool {
    HELP.lines().filter(|l| !l.contains('(') && !l.contains("commands")).any(|l| l.split_whitespace().any(|w| w == name))
}

/// `version: text` and the hint that follows every mistake in the options.
pub(crate) fn misuse(sys: &Sys, name: &str, text: &str) -> i32 {
    if !text.is_empty() {
        sys.print(STDERR, format_args!("{name}: {text}\n"));
    }
    sys.print(STDERR, format_args!("{name}: Use -help for summary.\n"));
    1
}

fn version(sys: &Sys) -> i32 {
    let mut wanted = Vec::new();
    for arg in &sys.args()[2..] {
        match arg.strip_prefix("--").or(arg.strip_prefix('-')) {
            Some("help") => {
                sys.put(STDERR, VERSION_HELP.as_bytes());
                return 0;
            }
            Some("a") => wanted.extend(VERSION_PARTS.iter().map(|p| p.0)),
            Some(letter) if letter.len() == 1 && VERSION_PARTS.iter().any(|p| letter.as_bytes()[0] == p.0) => {
                wanted.push(letter.as_bytes()[0]);
            }
            Some(_) => return misuse(sys, "version", &format!("Unknown option: {arg}")),
            None => return misuse(sys, "version", ""),
        }
    }
    if wanted.is_empty() {
        wanted.push(b'v');
    }
    for (_, text) in VERSION_PARTS.iter().filter(|(l, _)| wanted.contains(l)) {
        sys.print(STDOUT, format_args!("{text}\n"));
    }
    0
}
