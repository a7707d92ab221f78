//! Commands with words as arguments, those of start-up files above all: variables, fields, aliases, conditions, files.
//! Not here: the table of commands (`command`). Follows bsd-mailx 8.1.2 (cmd3.c).

use super::Mail;
use super::mbox::flag;
use machine::Errno;

impl Mail {
    pub(super) async fn with_words(&mut self, name: &str, args: &[String]) -> bool {
        match name {
            "set" if args.is_empty() => {
                for (name, value) in &self.vars {
                    self.say(&format!("{name}\t{value}"));
                }
            }
            "set" => {
                for arg in args {
                    let (name, value) = arg.split_once('=').unwrap_or((arg, ""));
                    if name.is_empty() {
                        self.say("Non-null variable name required");
                        return false;
                    }
                    self.set(name, value);
                }
            }
            "unset" => {
                for arg in args {
                    match self.vars.iter().position(|(n, _)| n == arg) {
                        Some(i) => drop(self.vars.remove(i)),
                        None if self.sourcing => {}
                        None => self.say(&format!("\"{arg}\": undefined variable")),
                    }
                }
            }
            "ignore" | "discard" | "retain" | "saveignore" | "savediscard" | "saveretain" => {
                let list = match name {
                    "ignore" | "discard" => &mut self.ignore,
                    "retain" => &mut self.retain,
                    "saveretain" => &mut self.save_retain,
                    _ => &mut self.save_ignore,
                };
                list.extend(args.iter().map(|a| a.to_ascii_lowercase()));
                if args.is_empty() {
                    let mut list = list.clone();
                    machine::sort(&mut list);
                    if list.is_empty() {
                        self.say("No fields currently being ignored.");
                    }
                    list.iter().for_each(|f| self.say(f));
                }
            }
            "alternates" if args.is_empty() => {
                if !self.alternates.is_empty() {
                    self.say(&format!("{} ", self.alternates.join(" ")));
                }
            }
            "alternates" => self.alternates = args.to_vec(),
            "alias" | "group" => match args.split_first() {
                None => {
                    let mut all: Vec<_> = self.aliases.clone();
                    machine::sort(&mut all);
                    all.iter().for_each(|(name, list)| self.say(&format!("{name}\t {}", list.join(" "))));
                }
                Some((name, [])) => match self.aliases.iter().find(|(n, _)| n == name) {
                    Some((_, list)) => self.say(&format!("{name}\t {}", list.join(" "))),
                    None => self.say(&format!("\"{name}\": not a group")),
                },
                Some((name, list)) => match self.aliases.iter_mut().find(|(n, _)| n == name) {
                    Some((_, old)) => old.extend_from_slice(list),
                    None => self.aliases.push((name.clone(), list.to_vec())),
                },
            },
            "cd" | "chdir" => {
                let Some(path) = self.expand(args.first().map_or("~", String::as_str)) else { return false };
                if let Err(e) = self.sys.chdir(&path).await {
                    self.sys.complain(format_args!("{path}: {e}"));
                    return false;
                }
            }
            "source" => {
                let Some(path) = self.expand(args.first().map_or("", String::as_str)) else { return false };
                if !Box::pin(self.source(&path)).await {
                    self.sys.complain(format_args!("{path}: {}", Errno::ENOENT));
                    return false;
                }
            }
            "echo" => {
                let all: Vec<String> = args.iter().filter_map(|a| self.expand(a)).collect();
                self.say(&all.join(" "));
            }
            "file" | "folder" => match args.first() {
                None => {
                    self.info(0);
                    self.messages.iter_mut().for_each(|m| m.flags &= !flag::NEW);
                }
                Some(name) => {
                    if !self.open(name).await {
                        return false;
                    }
                    self.announce().await;
                }
            },
            "if" => {
                self.condition = Some(match args.first().map_or("", String::as_str) {
                    w if w.starts_with(['r', 'R']) => self.receiving,
                    w if w.starts_with(['s', 'S']) => !self.receiving,
                    w => {
                        self.say(&format!("Unrecognized if-keyword: \"{w}\""));
                        return false;
                    }
                });
            }
            "else" => self.condition = self.condition.map(|c| !c),
            _ => self.condition = None,
        }
        true
    }
}
