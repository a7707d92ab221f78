//! sed: a stream editor.  Source: POSIX sed, GNU sed 4.9.
//! Here: options and files. The script's grammar: `sed/script.rs`; running it: `sed/run.rs`. Not here: the `e` command, --debug.

mod run;
mod script;

use crate::util::gnu;
use crate::{Arg, Ex, Opt, Spec};
use machine::{STDERR, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "sed",
    path: "/usr/bin/sed",
    synopsis: "[OPTION]... {script-only-if-no-other-script} [input-file]...",
    about: "stream editor for filtering and transforming text",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "echo redhat@a.org | sed 's/\\(.*\\)@\\(.*\\)/\\2 \\1/'", out: "a.org redhat\n", code: 0 },
        Ex { sh: "seq 5 | sed -n '2,3p;$='", out: "2\n3\n5\n", code: 0 },
        Ex { sh: "seq 3 | sed '1!G;h;$!d'; seq 2 | sed '1a\\  x'", out: "3\n2\n1\n1\n  x\n2\n", code: 0 },
        Ex { sh: "echo a > f; sed -i.bak s/a/b/ f; cat f f.bak", out: "b\na\n", code: 0 },
        Ex { sh: "echo baaac | sed -E 's/a*/<&>/g;s/x|$/!/2'", out: "<>b<aaa>c<>\n", code: 0 },
        Ex { sh: "sed 's/a/b'", out: "sed: -e expression #1, char 5: unterminated `s' command\n", code: 1 },
    ],
};

const HELP: &str = "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n\n  -n, --quiet, --silent\n                 suppress automatic printing of pattern space\n      --debug\n                 annotate program execution\n  -e script, --expression=script\n                 add the script to the commands to be executed\n  -f script-file, --file=script-file\n                 add the contents of script-file to the commands to be executed\n  --follow-symlinks\n                 follow symlinks when processing in place\n  -i[SUFFIX], --in-place[=SUFFIX]\n                 edit files in place (makes backup if SUFFIX supplied)\n  -l N, --line-length=N\n                 specify the desired line-wrap length for the `l' command\n  --posix\n                 disable all GNU extensions.\n  -E, -r, --regexp-extended\n                 use extended regular expressions in the script\n                 (for portability use POSIX -E).\n  -s, --separate\n                 consider files as separate rather than as a single,\n                 continuous long stream.\n      --sandbox\n                 operate in sandbox mode (disable e/r/w commands).\n  -u, --unbuffered\n                 load minimal amounts of data from the input files and flush\n                 the output buffers more often\n  -z, --null-data\n                 separate lines by NUL characters\n      --help     display this help and exit\n      --version  output version information and exit\n\nIf no -e, --expression, -f, or --file option is given, then the first\nnon-option argument is taken as the sed script to interpret.  All\nremaining arguments are names of input files; if no input files are\nspecified, then the standard input is read.\n\nGNU sed home page: <https://www.gnu.org/software/sed/>.\nGeneral help using GNU software: <https://www.gnu.org/gethelp/>.\n";

const OPTIONS: &[Opt] = &[
    Opt(b'n', "quiet", Arg::No),
    Opt(b'n', "silent", Arg::No),
    Opt(0, "debug", Arg::No),
    Opt(b'e', "expression", Arg::Yes),
    Opt(b'f', "file", Arg::Yes),
    Opt(0, "follow-symlinks", Arg::No),
    Opt(b'i', "in-place", Arg::Maybe),
    Opt(b'l', "line-length", Arg::Yes),
    Opt(0, "posix", Arg::No),
    Opt(b'E', "regexp-extended", Arg::No),
    Opt(b'r', "", Arg::No),
    Opt(b's', "separate", Arg::No),
    Opt(0, "sandbox", Arg::No),
    Opt(b'u', "unbuffered", Arg::No),
    Opt(b'z', "null-data", Arg::No),
];

async fn run(sys: Sys) -> i32 {
    let args: Vec<String> = sys.args().iter().skip(1).cloned().collect();
    let given = match gnu::options_usage(&sys, &args, OPTIONS, HELP, 1, HELP) {
        Ok(g) => g,
        Err(status) => return status,
    };
    let has = |c| given.has(OPTIONS, c);
    for long in ["debug", "sandbox", "posix"] {
        if given.has_long(OPTIONS, long) {
            sys.unsupported(&format!("--{long}"));
            return 1;
        }
    }
    let mut operands = given.operands.clone();
    let mut parts: Vec<script::Part> = Vec::new();
    let mut number = 0;
    for (i, value) in &given.options {
        let text = value.as_deref().unwrap_or("");
        match OPTIONS[*i].0 {
            b'e' => {
                number += 1;
                parts.push(script::Part { name: format!("-e expression #{number}"), text: text.as_bytes().to_vec(), file: false });
            }
            b'f' => match gnu::slurp(&sys, text).await {
                Ok(mut bytes) => {
                    if bytes.last() == Some(&b'\n') {
                        bytes.pop();
                    }
                    parts.push(script::Part { name: format!("file {text}"), text: bytes, file: true });
                }
                Err(e) => {
                    sys.complain(format_args!("couldn't open file {text}: {e}"));
                    return 4;
                }
            },
            b'l' if gnu::digits(text).is_none() => {
                sys.complain(format_args!("invalid line length: {text}"));
                return 1;
            }
            _ => {}
        }
    }
    if parts.is_empty() {
        if operands.is_empty() {
            sys.print(STDERR, format_args!("{HELP}"));
            return 1;
        }
        let text = operands.remove(0).into_bytes();
        parts.push(script::Part { name: "-e expression #1".into(), text, file: false });
    }
    let utf8 = gnu::utf8(&sys);
    let script = match script::parse(&parts, has(b'E') || has(b'r'), utf8) {
        Ok(s) => s,
        Err(text) => {
            sys.complain(format_args!("{text}"));
            return 1;
        }
    };
    let suffix = has(b'i').then(|| given.value(OPTIONS, b'i').unwrap_or("").to_string());
    let width = given.value(OPTIONS, b'l').and_then(gnu::digits).unwrap_or(70);
    let settings = run::Settings {
        quiet: has(b'n') || script.quiet,
        separate: has(b's') || suffix.is_some(),
        suffix,
        end: if has(b'z') { 0 } else { b'\n' },
        width: usize::try_from(width).unwrap_or(70),
        utf8,
    };
    run::Machine::new(&sys, script, settings, gnu::or_stdin(operands)).run().await
}
