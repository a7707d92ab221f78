//! The builtins: their table, their options and their usage messages. Not here: what they do (the files beside).
//! Source: bash(1) "SHELL BUILTIN COMMANDS", and the messages of version 5.2.

mod declare;
mod dirs;
mod flow;
pub(super) mod help;
mod info;
pub(super) mod io;
mod job;
mod printf;
mod set;

use super::expand::Fut;
use super::{Run, Shell};

/// A builtin.
pub(super) struct Builtin {
    pub(super) name: &'static str,
    /// Its synopsis behind the name.
    pub(super) usage: &'static str,
    /// One line of what it does.
    pub(super) about: &'static str,
    /// `--help` is an argument like any other.
    pub(super) plain: bool,
    /// What it does; `None`: that lies behind another door ([`LATER`]).
    run: Option<Work>,
}

/// What carries out a builtin.
pub(crate) type Work = for<'a> fn(&'a mut Shell, &'a [String]) -> Fut<'a, Run>;

macro_rules! work {
    () => {
        None
    };
    ($run:path) => {
        Some(|s, a| Box::pin($run(s, a)))
    };
}

macro_rules! table {
    ($($name:literal $plain:literal $($run:path)?, $usage:literal, $about:literal;)*) => {
        /// All builtins, sorted by name.
        pub(super) static ALL: &[Builtin] =
            &[$(Builtin { name: $name, usage: $usage, about: $about, plain: $plain, run: work!($($run)?) }),*];
    };
}

macro_rules! later {
    ($($name:literal $run:path;)*) => {
        /// The builtins that no shell needs to start.
        pub(crate) static LATER: &[(&str, Work)] = &[$(($name, |s, a| Box::pin($run(s, a)))),*];
    };
}

table! {
    "." false flow::source, "filename [arguments]", "Execute commands from a file in the current shell.";
    ":" true flow::nothing, "", "Null command.";
    "[" true super::test::bracket, "arg... ]", "Evaluate conditional expression.";
    "alias" false, "[-p] [name[=value] ... ]", "Define or display aliases.";
    "bg" false, "[job_spec ...]", "Move jobs to the background.";
    "bind" false, "[-lpsvPSVX] [-m keymap] [-f filename] [-q name] [-u name] [-r keyseq] [-x keyseq:shell-command] [keyseq:readline-function or readline-command]", "Set Readline key bindings and variables.";
    "break" false flow::leave_loop, "[n]", "Exit for, while, or until loops.";
    "builtin" false, "[shell-builtin [arg ...]]", "Execute shell builtins.";
    "caller" false, "[expr]", "Return the context of the current subroutine call.";
    "cd" false, "[-L|[-P [-e]] [-@]] [dir]", "Change the shell working directory.";
    "command" false, "[-pVv] command [arg ...]", "Execute a simple command or display information about commands.";
    "compgen" false, "[-abcdefgjksuv] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [word]", "Display possible completions depending on the options.";
    "complete" false, "[-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [name ...]", "Specify how arguments are to be completed by Readline.";
    "compopt" false, "[-o|+o option] [-DEI] [name ...]", "Modify or display completion options.";
    "continue" false flow::leave_loop, "[n]", "Resume for, while, or until loops.";
    "coproc" false, "[NAME] command [redirections]", "Create a coprocess named NAME.";
    "declare" false declare::declare, "[-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]", "Set variable values and attributes.";
    "dirs" false, "[-clpv] [+N] [-N]", "Display directory stack.";
    "disown" false, "[-h] [-ar] [jobspec ... | pid ...]", "Remove jobs from current shell.";
    "echo" true io::echo, "[-neE] [arg ...]", "Write arguments to the standard output.";
    "enable" false, "[-a] [-dnps] [-f filename] [name ...]", "Enable and disable shell builtins.";
    "eval" false flow::eval, "[arg ...]", "Execute arguments as a shell command.";
    "exec" false, "[-cl] [-a name] [command [argument ...]] [redirection ...]", "Replace the shell with the given command.";
    "exit" false flow::exit, "[n]", "Exit the shell.";
    "export" false declare::export, "[-fn] [name[=value] ...] or export -p", "Set export attribute for shell variables.";
    "false" true flow::nothing, "", "Return an unsuccessful result.";
    "fc" false, "[-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]", "Display or execute commands from the history list.";
    "fg" false, "[job_spec]", "Move job to the foreground.";
    "getopts" false, "optstring name [arg ...]", "Parse option arguments.";
    "hash" false, "[-lr] [-p pathname] [-dt] [name ...]", "Remember or display program locations.";
    "help" false, "[-dms] [pattern ...]", "Display information about builtin commands.";
    "history" false, "[-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]", "Display or manipulate the history list.";
    "jobs" false, "[-lnprs] [jobspec ...] or jobs -x command [args]", "Display status of jobs.";
    "kill" true, "[-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]", "Send a signal to a job.";
    "let" false flow::let_, "arg [arg ...]", "Evaluate arithmetic expressions.";
    "local" false declare::local, "[option] name[=value] ...", "Define local variables.";
    "logout" false flow::exit, "[n]", "Exit a login shell.";
    "mapfile" false, "[-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]", "Read lines from the standard input into an indexed array variable.";
    "popd" false, "[-n] [+N | -N]", "Remove directories from stack.";
    "printf" false, "[-v var] format [arguments]", "Formats and prints ARGUMENTS under control of the FORMAT.";
    "pushd" false, "[-n] [+N | -N | dir]", "Add directories to stack.";
    "pwd" false, "[-LP]", "Print the name of the current working directory.";
    "read" false, "[-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]", "Read a line from the standard input and split it into fields.";
    "readarray" false, "[-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]", "Read lines from a file into an array variable.";
    "readonly" false declare::readonly, "[-aAf] [name[=value] ...] or readonly -p", "Mark shell variables as unchangeable.";
    "return" false flow::return_, "[n]", "Return from a shell function.";
    "set" false, "[-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]", "Set or unset values of shell options and positional parameters.";
    "shift" false flow::shift, "[n]", "Shift positional parameters.";
    "shopt" false set::shopt, "[-pqsu] [-o] [optname ...]", "Set and unset shell options.";
    "source" false flow::source, "filename [arguments]", "Execute commands from a file in the current shell.";
    "suspend" false, "[-f]", "Suspend shell execution.";
    "test" true super::test::test, "[expr]", "Evaluate conditional expression.";
    "times" false, "", "Display process times.";
    "trap" false, "[-lp] [[arg] signal_spec ...]", "Trap signals and other events.";
    "true" true flow::nothing, "", "Return a successful result.";
    "type" false, "[-afptP] name [name ...]", "Display information about command type.";
    "typeset" false declare::declare, "[-aAfFgiIlnrtux] name[=value] ... or typeset -p [-aAfFilnrtux] [name ...]", "Set variable values and attributes.";
    "ulimit" false, "[-SHabcdefiklmnpqrstuvxPRT] [limit]", "Modify shell resource limits.";
    "umask" false set::umask, "[-p] [-S] [mode]", "Display or set file mode mask.";
    "unalias" false, "[-a] name [name ...]", "Remove each NAME from the list of defined aliases.";
    "unset" false, "[-f] [-v] [-n] [name ...]", "Unset values and attributes of shell variables and functions.";
    "wait" false, "[-fn] [-p var] [id ...]", "Wait for job completion and return exit status.";
}

later! {
    "alias" info::alias;
    "bg" job::bg;
    "bind" info::absent;
    "builtin" info::builtin;
    "caller" info::caller;
    "cd" dirs::cd;
    "command" info::command;
    "compgen" info::absent;
    "complete" info::absent;
    "compopt" info::absent;
    "coproc" info::absent;
    "dirs" dirs::dirs;
    "disown" job::disown;
    "enable" info::enable;
    "exec" flow::exec;
    "fc" info::absent;
    "fg" job::fg;
    "getopts" flow::getopts;
    "hash" info::hash;
    "help" help::help;
    "history" info::history;
    "jobs" job::jobs;
    "kill" job::kill;
    "mapfile" io::mapfile;
    "popd" dirs::popd;
    "printf" printf::printf;
    "pushd" dirs::pushd;
    "pwd" dirs::pwd;
    "read" io::read;
    "readarray" io::mapfile;
    "set" set::set;
    "suspend" job::suspend;
    "times" flow::times;
    "trap" flow::trap;
    "type" info::type_;
    "ulimit" set::ulimit;
    "unalias" info::unalias;
    "unset" declare::unset;
    "wait" job::wait;
}

/// The builtin of this name.
pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    ALL.binary_search_by(|b| b.name.cmp(name)).ok().map(|i| &ALL[i])
}

/// Options given, each with its value, and the index of the first operand.
pub(super) type Options = (Vec<(char, String)>, usize);

impl Shell {
    /// Carries out a builtin.
    pub(super) async fn carry_out(&mut self, builtin: &Builtin, argv: &[String]) -> Run {
        if let Some(work) = builtin.run {
            return work(self, argv).await;
        }
        let later: &&[(&str, Work)] = self.sys.part("bash, the other builtins").await;
        let (_, work) = later.iter().find(|(name, _)| *name == builtin.name).expect("a builtin is here or among the others");
        work(self, argv).await
    }

    /// Reads options in getopt's way; letters in `table` followed by `:` take a value. `Err`: status, after the message.
    pub(super) fn options(&self, argv: &[String], table: &str) -> Result<Options, i32> {
        let mut given = Vec::new();
        let mut i = 1;
        while let Some(arg) = argv.get(i).filter(|a| a.len() > 1 && a.starts_with('-')) {
            i += 1;
            if arg == "--" {
                break;
            }
            let mut rest = arg[1..].chars();
            while let Some(c) = rest.next() {
                match table.find(c).filter(|_| c != ':') {
                    None => {
                        self.error(format_args!("{}: -{c}: invalid option", argv[0]));
                        if !self.dash() {
                            self.usage(&argv[0]);
                        }
                        return Err(2);
                    }
                    Some(at) if table[at + 1..].starts_with(':') => {
                        let mut value = rest.as_str().to_string();
                        if value.is_empty() {
                            let Some(next) = argv.get(i) else {
                                self.error(format_args!("{}: -{c}: option requires an argument", argv[0]));
                                self.usage(&argv[0]);
                                return Err(2);
                            };
                            value.clone_from(next);
                            i += 1;
                        }
                        given.push((c, value));
                        break;
                    }
                    Some(_) => given.push((c, String::new())),
                }
            }
        }
        Ok((given, i))
    }

    /// Prints a builtin's usage line.
    pub(super) fn usage(&self, name: &str) {
        if let Some(b) = find(name) {
            self.sys.print(self.fd(2), format_args!("{name}: usage: {name}{}{}\n", if b.usage.is_empty() { "" } else { " " }, b.usage));
        }
    }

    /// Complains as a builtin.
    pub(super) fn complain(&self, name: &str, text: &str) -> i32 {
        self.error(format_args!("{name}: {text}"));
        1
    }
}

/// Whether an option was given.
pub(super) fn has(given: &[(char, String)], c: char) -> bool {
    given.iter().any(|(o, _)| *o == c)
}

/// Value of the last option of this letter.
pub(super) fn value(given: &[(char, String)], c: char) -> Option<&str> {
    given.iter().rev().find(|(o, _)| *o == c).map(|(_, v)| v.as_str())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tables_are_sorted() {
        assert!(super::ALL.is_sorted_by(|a, b| a.name < b.name));
        let elsewhere = super::ALL.iter().filter(|b| b.run.is_none()).map(|b| b.name);
        assert!(elsewhere.eq(super::LATER.iter().map(|l| l.0)));
    }
}
