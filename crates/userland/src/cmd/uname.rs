//! uname, arch, nproc, tty: what the machine is, and which terminal this is.  Source: coreutils 9.1, Debian 12 on x86_64.

use crate::util::gnu;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDIN, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "uname",
    path: "/usr/bin/uname",
    synopsis: "[OPTION]...",
    about: "print system information",
    run: |sys| Box::pin(uname(sys)),
    examples: &[
        Ex { sh: "uname; uname -ms", out: "Linux\nLinux x86_64\n", code: 0 },
        Ex { sh: "uname x", out: "uname: extra operand ‘x’\nTry 'uname --help' for more information.\n", code: 1 },
    ],
};

pub(super) const ARCH: Spec = Spec {
    name: "arch",
    path: "/usr/bin/arch",
    synopsis: "[OPTION]...",
    about: "print machine hardware name",
    run: |sys| Box::pin(simple(sys)),
    examples: &[Ex { sh: "arch", out: "x86_64\n", code: 0 }],
};

pub(super) const NPROC: Spec = Spec {
    name: "nproc",
    path: "/usr/bin/nproc",
    synopsis: "[OPTION]...",
    about: "print the number of processing units available",
    run: |sys| Box::pin(simple(sys)),
    examples: &[Ex { sh: "nproc", out: "2\n", code: 0 }],
};

pub(super) const TTY: Spec = Spec {
    name: "tty",
    path: "/usr/bin/tty",
    synopsis: "[OPTION]...",
    about: "print the file name of the terminal connected to standard input",
    run: |sys| Box::pin(simple(sys)),
    examples: &[Ex { sh: "tty", out: "not a tty\n", code: 1 }],
};

const HELP: &str = "Usage: uname [OPTION]...
Print certain system information.  With no OPTION, same as -s.

  -a, --all                print all information, in the following order,
                             except omit -p and -i if unknown:
  -s, --kernel-name        print the kernel name
  -n, --nodename           print the network node hostname
  -r, --kernel-release     print the kernel release
  -v, --kernel-version     print the kernel version
  -m, --machine            print the machine hardware name
  -p, --processor          print the processor type (non-portable)
  -i, --hardware-platform  print the hardware platform (non-portable)
  -o, --operating-system   print the operating system
      --help        display this help and exit
      --version     output version information and exit
";
const HELP_ARCH: &str = "Usage: arch [OPTION]...
Print machine architecture.

      --help        display this help and exit
      --version     output version information and exit
";
const HELP_NPROC: &str = "Usage: nproc [OPTION]...
Print the number of processing units available to the current process,
which may be less than the number of online processors

      --all      print the number of installed processors
      --ignore=N  if possible, exclude N processing units
      --help        display this help and exit
      --version     output version information and exit
";
const HELP_TTY: &str = "Usage: tty [OPTION]...
Print the file name of the terminal connected to standard input.

  -s, --silent, --quiet   print nothing, only return an exit status
      --help        display this help and exit
      --version     output version information and exit
";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "all", Arg::No),
    Opt(b's', "kernel-name", Arg::No),
    Opt(b'n', "nodename", Arg::No),
    Opt(b'r', "kernel-release", Arg::No),
    Opt(b'v', "kernel-version", Arg::No),
    Opt(b'm', "machine", Arg::No),
    Opt(b'p', "processor", Arg::No),
    Opt(b'i', "hardware-platform", Arg::No),
    Opt(b'o', "operating-system", Arg::No),
];

async fn uname(sys: Sys) -> i32 {
    let given = match gnu::options(&sys, OPTIONS, HELP, 1, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if let Some(extra) = given.operands.first() {
        return gnu::extra(&sys, extra);
    }
    let node = sys.host_name().await;
    let rows = [
        (b's', "Linux"),
        (b'n', node.as_str()),
        (b'r', "6.1.0-35-amd64"),
        (b'v', "#1 SMP PREEMPT_DYNAMIC Debian 6.1.137-1 (2025-05-07)"),
        (b'm', "x86_64"),
        (b'p', "unknown"),
        (b'i', "unknown"),
        (b'o', "GNU/Linux"),
    ];
    let all = given.has(OPTIONS, b'a');
    let none = given.options.is_empty();
    // With -a, what is unknown is left out.
    let shown = rows.iter().filter(|(l, text)| given.has(OPTIONS, *l) || (all && *text != "unknown") || (none && *l == b's'));
    let words: Vec<&str> = shown.map(|(_, text)| *text).collect();
    sys.print(STDOUT, format_args!("{}\n", words.join(" ")));
    0
}

async fn simple(sys: Sys) -> i32 {
    let silent = &[Opt(b's', "silent", Arg::No), Opt(b's', "quiet", Arg::No)][..];
    let processors = &[Opt(0, "all", Arg::No), Opt(0, "ignore", Arg::Yes)][..];
    let (help, table) = match sys.name() {
        "arch" => (HELP_ARCH, &[][..]),
        "nproc" => (HELP_NPROC, processors),
        _ => (HELP_TTY, silent),
    };
    let given = match gnu::options(&sys, table, help, if sys.name() == "tty" { 2 } else { 1 }, false) {
        Ok(g) => g,
        Err(status) => return status,
    };
    if let Some(extra) = given.operands.first() {
        let status = gnu::extra(&sys, extra);
        return if sys.name() == "tty" { 2 } else { status };
    }
    match sys.name() {
        "arch" => sys.print(STDOUT, format_args!("x86_64\n")),
        "nproc" => {
            let less = match given.value_long(table, "ignore") {
                None => 0,
                Some(text) => match gnu::digits(text) {
                    Some(n) => n,
                    None => {
                        sys.complain(format_args!("invalid number: {}", crate::util::quote::quote(text)));
                        return 1;
                    }
                },
            };
            sys.print(STDOUT, format_args!("{}\n", 2u64.saturating_sub(less).max(1)));
        }
        _ => {
            let name = sys.tty_name(STDIN).await;
            let status = i32::from(name.is_err());
            if !given.has(table, b's') {
                sys.print(STDOUT, format_args!("{}\n", name.as_deref().unwrap_or("not a tty")));
            }
            return status;
        }
    }
    0
}
