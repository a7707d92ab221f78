//! The tables of `set` and `shopt` options. Not here: the builtins (`builtins/set`). Source: bash(1) "SHELL BUILTIN COMMANDS".

use super::Shell;

/// Names of `set -o` and their letters, sorted by name; digits stand for options that have no letter.
pub(super) const LONG: [(&str, char); 27] = [
    ("allexport", 'a'),
    ("braceexpand", 'B'),
    ("emacs", '4'),
    ("errexit", 'e'),
    ("errtrace", 'E'),
    ("functrace", 'T'),
    ("hashall", 'h'),
    ("histexpand", 'H'),
    ("history", '6'),
    ("ignoreeof", '2'),
    ("interactive-comments", '7'),
    ("keyword", 'k'),
    ("monitor", 'm'),
    ("noclobber", 'C'),
    ("noexec", 'n'),
    ("noglob", 'f'),
    ("nolog", '8'),
    ("notify", 'b'),
    ("nounset", 'u'),
    ("onecmd", 't'),
    ("physical", 'P'),
    ("pipefail", '1'),
    ("posix", '3'),
    ("privileged", 'p'),
    ("verbose", 'v'),
    ("vi", '5'),
    ("xtrace", 'x'),
];

/// Names of `shopt`, sorted, and whether they are on at the start.
pub(super) const SHOPTS: [(&str, bool); 57] = [
    ("autocd", false),
    ("assoc_expand_once", false),
    ("cdable_vars", false),
    ("cdspell", false),
    ("checkhash", false),
    ("checkjobs", false),
    ("checkwinsize", true),
    ("cmdhist", true),
    ("compat31", false),
    ("compat32", false),
    ("compat40", false),
    ("compat41", false),
    ("compat42", false),
    ("compat43", false),
    ("compat44", false),
    ("complete_fullquote", true),
    ("direxpand", false),
    ("dirspell", false),
    ("dotglob", false),
    ("execfail", false),
    ("expand_aliases", false),
    ("extdebug", false),
    ("extglob", false),
    ("extquote", true),
    ("failglob", false),
    ("force_fignore", true),
    ("globasciiranges", true),
    ("globskipdots", true),
    ("globstar", false),
    ("gnu_errfmt", false),
    ("histappend", false),
    ("histreedit", false),
    ("histverify", false),
    ("hostcomplete", true),
    ("huponexit", false),
    ("inherit_errexit", false),
    ("interactive_comments", true),
    ("lastpipe", false),
    ("lithist", false),
    ("localvar_inherit", false),
    ("localvar_unset", false),
    ("login_shell", false),
    ("mailwarn", false),
    ("no_empty_cmd_completion", false),
    ("nocaseglob", false),
    ("nocasematch", false),
    ("noexpand_translation", false),
    ("nullglob", false),
    ("patsub_replacement", true),
    ("progcomp", true),
    ("progcomp_alias", false),
    ("promptvars", true),
    ("restricted_shell", false),
    ("shift_verbose", false),
    ("sourcepath", true),
    ("varredir_close", false),
    ("xpg_echo", false),
];

pub(super) fn shopt_defaults() -> Vec<bool> {
    SHOPTS.iter().map(|s| s.1).collect()
}

fn bit(letter: char) -> u64 {
    let n = match letter {
        'a'..='z' => letter as u32 - 'a' as u32,
        'A'..='Z' => letter as u32 - 'A' as u32 + 26,
        c => c.to_digit(10).unwrap_or(9) + 52,
    };
    1 << n
}

/// Whether `set` knows the letter.
pub(super) fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() && LONG.iter().any(|&(_, l)| l == c)
}

impl Shell {
    /// Whether a `set` option is on.
    pub(super) fn opt(&self, letter: char) -> bool {
        self.opts & bit(letter) != 0
    }
    pub(super) fn set_opt(&mut self, letter: char, on: bool) {
        if on {
            self.opts |= bit(letter);
        } else {
            self.opts &= !bit(letter);
        }
    }
    /// Switches several options on.
    pub(super) fn set_opts(&mut self, letters: &str) {
        for letter in letters.chars() {
            self.set_opt(letter, true);
        }
    }
    /// Sets an option by name; false if there is none.
    pub(super) fn set_long(&mut self, name: &str, on: bool) -> bool {
        let found = LONG.iter().find(|&&(n, _)| n == name);
        if let Some(&(_, letter)) = found {
            self.set_opt(letter, on);
        }
        found.is_some()
    }
    /// Whether a `shopt` option is on.
    pub(super) fn shopt(&self, name: &str) -> bool {
        SHOPTS.iter().position(|s| s.0 == name).is_some_and(|i| self.shopts[i])
    }
    /// Sets a `shopt` option; false if there is none.
    pub(super) fn set_shopt(&mut self, name: &str, on: bool) -> bool {
        let found = SHOPTS.iter().position(|s| s.0 == name);
        if let Some(i) = found {
            self.shopts[i] = on;
        }
        found.is_some()
    }
    /// `$-`.
    pub(super) fn option_letters(&self) -> String {
        "abefhikmnptuvxBCEHPTcs".chars().filter(|&c| self.opt(c) && !(self.dash() && "cH".contains(c))).collect()
    }
}
