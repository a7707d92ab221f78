//! `:set`: the options. Source: vim's options.txt. Options that only concern what is not simulated are kept and have no effect.

use super::Vi;

#[derive(Clone, PartialEq)]
enum Value {
    Switch(bool),
    Number(usize),
}
use Value::{Number, Switch};

/// Full name, short name, value at the start; sorted by name.
const TABLE: &[(&str, &str, Value)] = &[
    ("autoindent", "ai", Switch(false)),
    ("backup", "bk", Switch(false)),
    ("compatible", "cp", Switch(false)),
    ("cursorline", "cul", Switch(false)),
    ("expandtab", "et", Switch(false)),
    ("hlsearch", "hls", Switch(false)),
    ("ignorecase", "ic", Switch(false)),
    ("incsearch", "is", Switch(false)),
    ("list", "list", Switch(false)),
    ("modifiable", "ma", Switch(true)),
    ("mouse", "mouse", Number(0)),
    ("number", "nu", Switch(false)),
    ("paste", "paste", Switch(false)),
    ("readonly", "ro", Switch(false)),
    ("ruler", "ru", Switch(true)),
    ("scrolloff", "so", Number(0)),
    ("shiftwidth", "sw", Number(8)),
    ("showcmd", "sc", Switch(false)),
    ("showmatch", "sm", Switch(false)),
    ("showmode", "smd", Switch(true)),
    ("smartcase", "scs", Switch(false)),
    ("smartindent", "si", Switch(false)),
    ("smarttab", "sta", Switch(false)),
    ("softtabstop", "sts", Number(0)),
    ("tabstop", "ts", Number(8)),
    ("textwidth", "tw", Number(0)),
    ("wrap", "wrap", Switch(true)),
    ("wrapscan", "ws", Switch(true)),
];

/// Options whose value is text: taken and forgotten.
const TEXTS: &[&str] = &[
    "background",
    "bg",
    "encoding",
    "enc",
    "fileencoding",
    "fenc",
    "fileencodings",
    "fencs",
    "fileformat",
    "ff",
    "filetype",
    "ft",
    "mouse",
    "syntax",
    "syn",
    "termencoding",
    "tenc",
    "backspace",
    "bs",
];

/// What the options are set to, in the order of the table.
pub(super) struct Values(Vec<Value>);

impl Default for Values {
    fn default() -> Self {
        Values(TABLE.iter().map(|o| o.2.clone()).collect())
    }
}

fn find(name: &str) -> Option<usize> {
    TABLE.iter().position(|o| o.0 == name || o.1 == name)
}

impl Values {
    pub(super) fn on(&self, name: &str) -> bool {
        find(name).is_some_and(|i| self.0[i] == Switch(true))
    }
    pub(super) fn number(&self, name: &str) -> usize {
        match find(name).map(|i| &self.0[i]) {
            Some(Number(n)) => *n,
            _ => 0,
        }
    }
    pub(super) fn set_readonly(&mut self, on: bool) {
        if let Some(i) = find("readonly") {
            self.0[i] = Switch(on);
        }
    }
    fn shown(&self, i: usize) -> String {
        match &self.0[i] {
            Switch(true) => format!("  {}", TABLE[i].0),
            Switch(false) => format!("no{}", TABLE[i].0),
            Number(n) => format!("  {}={n}", TABLE[i].0),
        }
    }
}

impl Vi {
    /// `:set`.
    pub(super) async fn set(&mut self, args: &str) {
        if args.is_empty() || args == "all" {
            let differs = |i: &usize| args == "all" || self.options.0[*i] != TABLE[*i].2;
            let mut list = vec![String::from("--- Options ---")];
            list.extend((0..TABLE.len()).filter(differs).map(|i| self.options.shown(i)));
            self.show(&list).await;
            return;
        }
        for arg in args.split_ascii_whitespace() {
            let name = arg.split(['=', ':', '?', '!', '&']).next().unwrap_or(arg);
            let bare = find(name).map(|i| (i, true)).or_else(|| find(name.strip_prefix("no")?).map(|i| (i, false)));
            let bare = bare.or_else(|| find(name.strip_prefix("inv")?).map(|i| (i, true)));
            let rest = &arg[name.len()..];
            let Some((i, on)) = bare else {
                if TEXTS.contains(&name) {
                    continue;
                }
                self.fail(format!("E518: Unknown option: {arg}"));
                return;
            };
            let current = self.options.0[i].clone();
            self.options.0[i] = match (&current, rest) {
                (_, "?") | (Number(_), "") => {
                    let text = self.options.shown(i);
                    self.say(text);
                    continue;
                }
                (_, "&") => TABLE[i].2.clone(),
                (Switch(old), "!") => Switch(!old),
                (Switch(old), "") if name.starts_with("inv") => Switch(!old),
                (Switch(_), "") => Switch(on),
                (Number(_), value) if value.starts_with(['=', ':']) => match value[1..].parse() {
                    Ok(n) => Number(n),
                    Err(_) if TEXTS.contains(&name) => continue,
                    Err(_) => {
                        self.fail(format!("E521: Number required after =: {arg}"));
                        return;
                    }
                },
                _ => {
                    self.fail(format!("E474: Invalid argument: {arg}"));
                    return;
                }
            };
        }
        self.drawn.clear();
    }
}
