//! awk: pattern scanning and processing language.  Source: POSIX awk; mawk 1.3.4, which Debian 12 has.
//! Here: the command line. Tokens: `awk/lex.rs`; grammar: `awk/parse.rs`; running: `awk/run.rs`, `awk/text.rs`, `awk/value.rs`, `awk/io.rs`.

mod io;
mod lex;
mod parse;
mod run;
mod text;
mod value;

use crate::util::gnu;
use crate::{Ex, Spec};
use machine::{STDERR, STDOUT, Sys};

pub(super) const SPEC: Spec = Spec {
    name: "awk",
    path: "/usr/bin/awk",
    synopsis: "[-W option] [-F value] [-v var=value] [--] 'program text' [file ...]",
    about: "pattern scanning and text processing language",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "printf 'root:0\\nmail:8\\n' | awk -F: '$2>5{print $1, NR}'", out: "mail 2\n", code: 0 },
        Ex {
            sh: "seq 4 | awk '{s+=$1} END{print s, s/NR; printf \"%.2f|%-3d|%c\\n\", 3.14159, 7, 65}'",
            out: "10 2.5\n3.14|7  |A\n",
            code: 0,
        },
        Ex {
            sh: "echo 'a b c' | awk '{$2=\"x\"; print; gsub(/[ac]/, \"<&>\"); print; print NF, $NF}'",
            out: "a x c\n<a> x <c>\n3 <c>\n",
            code: 0,
        },
        Ex {
            sh: "awk 'function f(a,n){a[n]=n*2; return n<3 ? f(a,n+1) : n} BEGIN{print f(z,1); for(k in z) t+=z[k]; print t, length(z), 2^10, -7%3}'",
            out: "3\n12 3 1024 -1\n",
            code: 0,
        },
        Ex {
            sh: "awk 'BEGIN{\"echo hi\" | getline x; print x | \"cat\"; close(\"cat\"); while(i<3){if(++i==2)continue; print i}; exit 4}'",
            out: "hi\n1\n3\n",
            code: 4,
        },
        Ex { sh: "awk '{print $1'", out: "awk: line 2: missing } near end of file\n", code: 2 },
    ],
};

pub(super) const MAWK: Spec = Spec {
    name: "mawk",
    path: "/usr/bin/mawk",
    synopsis: "[-W option] [-F value] [-v var=value] [--] 'program text' [file ...]",
    about: "pattern scanning and text processing language",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "mawk 'BEGIN{print 1/3, 1e6, \"10\"<\"9\"}'", out: "0.333333 1000000 1\n", code: 0 }],
};

const USAGE: &str = "Usage: mawk [Options] [Program] [file ...]\n\nProgram:\n    The -f option value is the name of a file containing program text.\n    If no -f option is given, a \"--\" ends option processing; the following\n    parameters are the program text.\n\nOptions:\n    -f program-file  Program  text is read from file instead of from the\n                     command-line.  Multiple -f options are accepted.\n    -F value         sets the field separator, FS, to value.\n    -v var=value     assigns value to program variable var.\n    --               unambiguous end of options.\n\n    Implementation-specific options are prefixed with \"-W\".  They can be\n    abbreviated:\n\n    -W version       show version information and exit.\n    -W dump          show assembler-like listing of program and exit.\n    -W help          show this message and exit.\n    -W interactive   set unbuffered output, line-buffered input.\n    -W exec file     use file as program as well as last option.\n    -W random=number set initial random seed.\n    -W sprintf=number adjust size of sprintf buffer.\n    -W posix_space   do not consider \"\\n\" a space.\n    -W usage         show this message and exit.\n";

async fn run(sys: Sys) -> i32 {
    let name = sys.name().to_string();
    let fail = |text: std::fmt::Arguments<'_>| {
        sys.print(STDERR, format_args!("{name}: {text}\n"));
        2
    };
    let args = sys.args().to_vec();
    let (mut program, mut assigned, mut separator) = (None::<Vec<u8>>, Vec::new(), None);
    let mut at = 1;
    while let Some(arg) = args.get(at).filter(|a| a.len() > 1 && a.starts_with('-')) {
        at += 1;
        if arg == "--" {
            break;
        }
        let letter = arg.as_bytes()[1];
        if !b"fFvW".contains(&letter) || arg == "--help" || arg.starts_with("--") {
            return fail(format_args!("not an option: {arg}"));
        }
        let value = if arg.len() > 2 {
            arg[2..].to_string()
        } else {
            let Some(value) = args.get(at) else { return fail(format_args!("option {arg} lacks argument")) };
            at += 1;
            value.clone()
        };
        match letter {
            b'f' => match gnu::slurp(&sys, &value).await {
                Ok(text) => {
                    let all = program.get_or_insert_with(Vec::new);
                    all.extend_from_slice(&text);
                    if !all.ends_with(b"\n") {
                        all.push(b'\n');
                    }
                }
                Err(e) => return fail(format_args!("cannot open {value} ({e})")),
            },
            b'F' => separator = Some(lex::unescape(value.as_bytes())),
            b'v' => match io::assignment(value.as_bytes()) {
                Some(a) => assigned.push(a),
                None => return fail(format_args!("improper assignment: -v {value}")),
            },
            _ if "version".starts_with(value.as_str()) => {
                sys.print(
                    STDOUT,
                    format_args!(
                        "mawk 1.3.4 20200120\nCopyright 2008-2019,2020, Thomas E. Dickey\nCopyright 1991-1996,2014, Michael D. Brennan\n"
                    ),
                );
                sys.print(STDERR, format_args!("random-funcs:       srandom/random\nregex-funcs:        internal\ncompiled limits:\nsprintf buffer      8192\nmaximum-integer     2147483647\n"));
                return 0;
            }
            _ if value == "help" || value == "usage" => {
                sys.print(STDERR, format_args!("{USAGE}"));
                return 0;
            }
            _ => sys.unsupported(&format!("-W {value}")),
        }
    }
    let program = match program {
        Some(text) => text,
        None => match args.get(at) {
            Some(text) => {
                at += 1;
                text.clone().into_bytes()
            }
            None => {
                sys.print(STDERR, format_args!("{USAGE}"));
                return 0;
            }
        },
    };
    let program = match lex::lex(&program).and_then(parse::parse) {
        Ok(p) => p,
        Err(text) => return fail(format_args!("{text}")),
    };
    let mut argv = vec![name.clone()];
    argv.extend(args[at..].iter().cloned());
    match run::Machine::new(&sys, program, argv).await {
        Ok(mut machine) => {
            if let Some(fs) = separator {
                machine.assign("FS", &fs);
            }
            for (name, value) in assigned {
                machine.assign(&name, &value);
            }
            machine.run().await
        }
        Err(text) => fail(format_args!("{text}")),
    }
}
