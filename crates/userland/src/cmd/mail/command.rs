//! The commands of mail: their table, and what each does. Not here: showing and saving (`show`), letters (`compose`),
//! message lists (`list`). Follows bsd-mailx 8.1.2 (cmdtab.c, cmd1.c, cmd3.c).

use super::mbox::flag;
use super::{Leave, Mail, compose};
use machine::STDOUT;

/// How a command's arguments are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Args {
    /// A message list; without one, the nearest message.
    List,
    /// A message list of deleted messages.
    Deleted,
    /// A message list, may be empty.
    Any,
    /// A message list in front of a text.
    ListText,
    Text,
    Words,
    No,
}

/// The command changes the mailbox (not when it is read only); not while a letter is written; not in a start-up file; while only sending, too.
const W: u8 = 1;
const R: u8 = 2;
const I: u8 = 4;
const M: u8 = 8;
/// Also where `if` says no.
const F: u8 = 16;
/// Does not count as the first command.
const T: u8 = 32;

/// Name, arguments, and when it may be used. The first that begins with what is typed is meant.
const COMMANDS: [(&str, Args, u8); 70] = [
    ("next", Args::Any, 0),
    ("alias", Args::Words, M),
    ("print", Args::List, 0),
    ("type", Args::List, 0),
    ("Type", Args::List, 0),
    ("Print", Args::List, 0),
    ("visual", Args::List, I),
    ("top", Args::List, 0),
    ("touch", Args::List, W),
    ("preserve", Args::List, W),
    ("delete", Args::List, W),
    ("dp", Args::List, W),
    ("dt", Args::List, W),
    ("undelete", Args::Deleted, 0),
    ("unset", Args::Words, M),
    ("mail", Args::Text, R | M | I),
    ("mbox", Args::List, W),
    ("pipe", Args::ListText, 0),
    ("|", Args::ListText, 0),
    ("more", Args::List, 0),
    ("page", Args::List, 0),
    ("More", Args::List, 0),
    ("Page", Args::List, 0),
    ("unread", Args::List, 0),
    ("Unread", Args::List, 0),
    ("!", Args::Text, I),
    ("copy", Args::Text, M),
    ("chdir", Args::Words, M),
    ("cd", Args::Words, M),
    ("save", Args::Text, 0),
    ("source", Args::Words, M),
    ("set", Args::Words, M),
    ("shell", Args::No, I),
    ("version", Args::No, M),
    ("group", Args::Words, M),
    ("write", Args::Text, 0),
    ("from", Args::List, 0),
    ("file", Args::Words, T | M),
    ("folder", Args::Words, T | M),
    ("folders", Args::Text, T | M),
    ("?", Args::No, M),
    ("z", Args::Text, M),
    ("headers", Args::List, 0),
    ("help", Args::No, M),
    ("=", Args::No, 0),
    ("Reply", Args::List, R | I),
    ("Respond", Args::List, R | I),
    ("reply", Args::List, R | I),
    ("respond", Args::List, R | I),
    ("edit", Args::List, I),
    ("echo", Args::Words, M),
    ("quit", Args::No, 0),
    ("list", Args::No, M),
    ("xit", Args::No, M),
    ("exit", Args::No, M),
    ("size", Args::List, 0),
    ("hold", Args::List, W),
    ("if", Args::Words, F | M),
    ("else", Args::Words, F | M),
    ("endif", Args::Words, F | M),
    ("alternates", Args::Words, M),
    ("ignore", Args::Words, M),
    ("discard", Args::Words, M),
    ("retain", Args::Words, M),
    ("saveignore", Args::Words, M),
    ("savediscard", Args::Words, M),
    ("saveretain", Args::Words, M),
    ("#", Args::No, M),
    ("inc", Args::No, T),
    ("new", Args::List, 0),
];

const HELP: &str = include_str!("help.txt");

impl Mail {
    /// Carries out one command line. `composing`: from inside a letter.
    pub(super) async fn execute(&mut self, line: &str, composing: bool) -> Option<Leave> {
        let line = line.trim_start();
        if let Some(command) = line.strip_prefix('!') {
            self.bang(command).await;
            return None;
        }
        let end = line.find(|c| " \t0123456789$^.:/-+*'\"".contains(c)).unwrap_or(line.len());
        let (word, rest) = line.split_at(end);
        if self.sourcing && word.is_empty() {
            return None;
        }
        let word = if word.starts_with('#') { "#" } else { word };
        let found = COMMANDS.iter().find(|(name, ..)| name.starts_with(word)).copied();
        let Some((name, args, when)) = found else {
            self.say(&format!("Unknown command: \"{word}\""));
            return self.failed();
        };
        if when & F == 0 && self.condition == Some(false) {
            return None;
        }
        let refusal = if !self.receiving && when & M == 0 {
            format!("May not execute \"{name}\" while sending")
        } else if self.sourcing && when & I != 0 {
            format!("May not execute \"{name}\" while sourcing")
        } else if self.read_only && when & W != 0 {
            format!("May not execute \"{name}\" -- message file is read only")
        } else if composing && when & R != 0 {
            format!("Cannot recursively invoke \"{name}\"")
        } else {
            String::new()
        };
        if !refusal.is_empty() {
            self.say(&refusal);
            return self.failed();
        }
        let done = match args {
            Args::No => match name {
                "quit" => return Some(Leave::Quit),
                "xit" | "exit" => return Some(Leave::Exit),
                _ => self.plain(name).await,
            },
            Args::Text => self.with_text(name, rest.trim_start()).await,
            Args::Words => self.with_words(name, &words(rest)).await,
            Args::Any => match self.list(rest, false) {
                Some(list) => self.next(&list).await,
                None => false,
            },
            Args::List | Args::Deleted | Args::ListText => {
                let deleted = args == Args::Deleted;
                let (list, text) = match args {
                    Args::ListText => {
                        let rest = rest.trim_start();
                        let end = if rest.starts_with(|c: char| c.is_ascii_digit() || c == ':') { rest.find([' ', '\t']) } else { Some(0) };
                        let (list, text) = rest.split_at(end.unwrap_or(rest.len()));
                        (self.list(list, false), text.trim_start())
                    }
                    // A deleted message may be undeleted, and so may one that is not.
                    _ => (self.list(rest, deleted), ""),
                };
                let list = match list {
                    Some(list) if list.is_empty() => self.first(deleted).into_iter().collect(),
                    Some(list) => list,
                    None => return self.failed(),
                };
                if list.is_empty() {
                    self.say("No applicable messages");
                    false
                } else {
                    self.with_list(name, &list, text).await
                }
            }
        };
        if done && !self.sourcing && when & T == 0 {
            self.saw_command = true;
        }
        if done { None } else { self.failed() }
    }

    /// A mistake ends a start-up file.
    fn failed(&self) -> Option<Leave> {
        self.sourcing.then_some(Leave::Quit)
    }

    async fn plain(&mut self, name: &str) -> bool {
        match name {
            "=" => self.say(&(self.dot + 1).to_string()),
            "help" | "?" => self.sys.put(STDOUT, HELP.as_bytes()),
            "version" => self.say("Version 8.1.2 01/15/2001"),
            "shell" => {
                let shell = self.value("SHELL").unwrap_or("/bin/sh").to_string();
                self.shell(&shell, None, false).await;
                self.say("");
            }
            "list" => {
                self.say("Commands are:");
                let mut column = 0;
                for (i, (name, ..)) in COMMANDS.iter().enumerate() {
                    column += name.len() + 2;
                    if column > 72 {
                        self.say("");
                        column = name.len() + 2;
                    }
                    self.sys.print(STDOUT, format_args!("{name}{}", if i + 1 < COMMANDS.len() { ", " } else { "\n" }));
                }
            }
            "inc" => {
                let fresh = super::mbox::part(&self.fresh().await);
                if fresh.is_empty() {
                    self.say("No new mail.");
                } else {
                    self.size += fresh.iter().map(|m| m.text.len()).sum::<usize>();
                    let old = self.messages.len();
                    self.messages.extend(fresh);
                    self.dot = self.info(old);
                }
            }
            _ => {}
        }
        true
    }

    async fn with_text(&mut self, name: &str, text: &str) -> bool {
        match name {
            "mail" => compose::letter(self, text).await,
            "!" => self.bang(text).await,
            "save" => return self.save(text, true, "save", false).await,
            "copy" => return self.save(text, false, "copy", false).await,
            "write" => return self.save(text, true, "write", true).await,
            "z" => {
                let last = self.messages.len().saturating_sub(1) / self.height().await.max(1);
                match text {
                    "" | "+" if self.screen >= last => self.say("On last screenful of messages"),
                    "-" if self.screen == 0 => self.say("On first screenful of messages"),
                    "" | "+" => {
                        self.screen += 1;
                        return self.headers(None).await;
                    }
                    "-" => {
                        self.screen -= 1;
                        return self.headers(None).await;
                    }
                    _ => {
                        self.say(&format!("Unrecognized scrolling command \"{text}\""));
                        return false;
                    }
                }
            }
            _ => {
                let folder = self.value("folder").map_or(self.home.clone(), String::from);
                self.shell(&format!("cd {folder}; ls {text}"), None, false).await;
            }
        }
        true
    }

    async fn bang(&mut self, command: &str) {
        let mut whole = String::new();
        let mut changed = false;
        let mut chars = command.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '!' => {
                    whole.push_str(&self.last_bang);
                    changed = true;
                }
                '\\' if chars.peek() == Some(&'!') => {
                    chars.next();
                    whole.push('!');
                    changed = true;
                }
                c => whole.push(c),
            }
        }
        if changed {
            self.say(&format!("!{whole}"));
        }
        self.shell(&whole, None, false).await;
        self.last_bang = whole;
        self.say("!");
    }

    async fn with_list(&mut self, name: &str, list: &[usize], text: &str) -> bool {
        let last = list.last().copied().unwrap_or(self.dot);
        match name {
            "print" | "type" => self.show(list, None, true, false).await,
            "Print" | "Type" => self.show(list, None, false, false).await,
            "more" | "page" => self.show(list, None, true, true).await,
            "More" | "Page" => self.show(list, None, false, true).await,
            "pipe" | "|" => self.show(list, Some(text), false, false).await,
            "headers" => return self.headers(Some(list[0])).await,
            "from" => {
                for &i in list {
                    self.head(i).await;
                }
                self.dot = last;
            }
            "size" => list.iter().for_each(|&i| {
                let m = &self.messages[i];
                self.say(&format!("{}: {}/{}", i + 1, m.lines, m.text.len()));
            }),
            "top" => {
                let lines = self.value("toplines").and_then(|n| n.parse().ok()).unwrap_or(5usize);
                for &i in list {
                    self.messages[i].touch();
                    self.dot = i;
                    self.say(&format!("Message {}:", i + 1));
                    for line in self.messages[i].text.split_inclusive(|&b| b == b'\n').take(lines + 1) {
                        self.sys.put(STDOUT, line);
                    }
                }
            }
            "delete" => {
                self.delete(list);
            }
            "dp" | "dt" => {
                let old = self.dot;
                if !self.delete(list) {
                    self.say("No more messages");
                } else if self.dot > old {
                    self.messages[self.dot].touch();
                    self.show(&[self.dot], None, true, false).await;
                } else {
                    self.say("At EOF");
                }
            }
            "Reply" | "Respond" | "reply" | "respond" => {
                let all = name.starts_with('r') != self.value("Replyall").is_some();
                return compose::answer(self, list, all).await;
            }
            "preserve" | "hold" if self.edit => {
                self.say("Cannot \"preserve\" in edit mode");
                return false;
            }
            "visual" | "edit" => {
                self.sys.unsupported(name);
                return false;
            }
            _ => {
                let (set, clear) = match name {
                    "undelete" => (flag::TOUCHED | flag::READ | flag::STATUS, flag::DELETED),
                    "touch" => (flag::TOUCHED, flag::PRESERVE),
                    "mbox" => (flag::TOUCHED | flag::MBOX, flag::PRESERVE),
                    "preserve" | "hold" => (flag::PRESERVE, flag::MBOX),
                    "new" => (flag::NEW | flag::STATUS, flag::MBOX | flag::READ | flag::TOUCHED),
                    _ => (flag::STATUS, flag::READ | flag::TOUCHED),
                };
                for &i in list {
                    self.messages[i].flags = self.messages[i].flags & !clear | set;
                }
                self.dot = last;
            }
        }
        true
    }
}

/// Splits a command's arguments: quotes hold words together.
fn words(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c == ' ' || c == '\t' => all.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    all
}
