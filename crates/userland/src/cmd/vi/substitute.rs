//! `:s`, `&` and `:g`. Source: vim's change.txt, repeat.txt.

use super::Vi;
use super::operator::REPORT;
use super::search::split;
use super::text::{Line, pos};
use crate::util::keys::ESC;
use pattern::{Match, Regex};

/// The last `:s`.
#[derive(Clone)]
pub(super) struct Substitution {
    with: String,
    flags: String,
}

/// The text that replaces a match.
fn replacement(with: &str, line: &[u8], m: &Match) -> String {
    let group = |n: usize| String::from_utf8_lossy(m.text(line, n)).into_owned();
    let mut out = String::new();
    // `\u` and `\l` change one character, `\U` and `\L` all up to `\E`.
    let (mut once, mut all) = (None, None);
    let mut chars = with.chars();
    while let Some(c) = chars.next() {
        let part = match c {
            '&' => group(0),
            '\\' => match chars.next() {
                Some(d) if d.is_ascii_digit() => group(d.to_digit(10).unwrap_or(0) as usize),
                Some('n') => "\0".into(),
                Some('r') => "\n".into(),
                Some('t') => "\t".into(),
                Some(c @ ('u' | 'l')) => {
                    once = Some(c == 'u');
                    continue;
                }
                Some(c @ ('U' | 'L')) => {
                    all = Some(c == 'U');
                    continue;
                }
                Some('e' | 'E') => {
                    all = None;
                    continue;
                }
                Some(c) => c.into(),
                None => "\\".into(),
            },
            '\r' => "\n".into(),
            c => c.into(),
        };
        for c in part.chars() {
            let upper = once.take().or(all);
            out.push(match upper {
                Some(true) => c.to_ascii_uppercase(),
                Some(false) => c.to_ascii_lowercase(),
                None => c,
            });
        }
    }
    out
}

impl Vi {
    /// `:s/pattern/string/flags`, or with nothing but flags the last one again.
    pub(super) async fn substitute(&mut self, from: usize, to: usize, args: &str) {
        let (mut pattern, mut sub) = (String::new(), self.substitution.clone());
        let mut rest = args.trim_start();
        let tail;
        if let Some(mark) = rest.chars().next().filter(|c| !c.is_ascii_alphanumeric() && !matches!(c, '"' | '|' | '&' | ' ' | '\\')) {
            let (p, more) = split(&rest[mark.len_utf8()..], mark);
            pattern = p;
            let (with, flags) = split(more.as_deref().unwrap_or(""), mark);
            // A tilde stands for the last string.
            let old = sub.map(|s| s.with).unwrap_or_default();
            let with = if with == "~" { old } else { with };
            sub = Some(Substitution { with, flags: String::new() });
            tail = flags.unwrap_or_default();
            rest = &tail;
        }
        let Some(mut sub) = sub else {
            self.fail("E35: No previous regular expression");
            return;
        };
        let letters: String = rest.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '&').collect();
        let count: Option<usize> = rest[letters.len()..].trim().parse().ok();
        if count.is_none() && !rest[letters.len()..].trim().is_empty() {
            self.fail(format!("E488: Trailing characters: {}", rest[letters.len()..].trim()));
            return;
        }
        sub.flags = letters.replace('&', &sub.flags);
        let (from, to) = match count {
            Some(n) => (to, (to + n.max(1) - 1).min(self.text.len() - 1)),
            None => (from, to),
        };
        let Some(regex) = self.compile(&pattern) else { return };
        self.substitution = Some(sub.clone());
        let (mut row, mut last) = (from, to);
        let (mut changes, mut lines, mut quit, mut all) = (0usize, 0usize, false, false);
        while row <= last && !quit {
            let made = self.substitute_line(&regex, row, &sub, &mut changes, &mut quit, &mut all).await;
            if let Some(added) = made {
                lines += 1;
                row += added;
                last += added;
                if !sub.flags.contains('n') {
                    self.at = pos(row, self.text.indent(row));
                }
            }
            row += 1;
        }
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        if sub.flags.contains('n') && changes > 0 {
            self.say(format!("{changes} match{} on {lines} line{}", if changes == 1 { "" } else { "es" }, plural(lines)));
        } else if changes == 0 && !quit && !sub.flags.contains('e') {
            self.fail(format!("E486: Pattern not found: {}", self.pattern));
        } else if changes > REPORT {
            self.say(format!("{changes} substitution{} on {lines} line{}", plural(changes), plural(lines)));
        }
    }

    /// One line: how many lines it has become more, or `None` if nothing matched.
    async fn substitute_line(
        &mut self,
        regex: &Regex,
        row: usize,
        sub: &Substitution,
        changes: &mut usize,
        quit: &mut bool,
        all: &mut bool,
    ) -> Option<usize> {
        let (text, starts) = self.line_bytes(row);
        let bytes = text.as_bytes();
        let (mut out, mut at, mut done, mut copied) = (String::new(), 0, false, 0);
        while let Some(m) = regex.find(bytes, at) {
            let mut yes = true;
            if sub.flags.contains('c') && !*all {
                let col = starts.binary_search(&m.start()).unwrap_or_else(|i| i);
                self.at = pos(row, col);
                match self.ask_replace(&sub.with).await {
                    'y' => {}
                    'l' => *quit = true,
                    'a' => *all = true,
                    'n' => yes = false,
                    _ => {
                        *quit = true;
                        break;
                    }
                }
            }
            if yes {
                *changes += 1;
                done = true;
                out.push_str(text.get(copied..m.start()).unwrap_or(""));
                out.push_str(&replacement(&sub.with, bytes, &m));
                copied = m.end();
            }
            // An empty match moves on by one character.
            at = if m.end() > m.start() { m.end() } else { starts.iter().copied().find(|&s| s > m.end()).unwrap_or(bytes.len() + 1) };
            if !sub.flags.contains('g') || at > bytes.len() || *quit || m.end() == bytes.len() {
                break;
            }
        }
        if !done || sub.flags.contains('n') {
            return done.then_some(0);
        }
        out.push_str(text.get(copied..).unwrap_or(""));
        let new: Vec<Line> = out.split('\n').map(|l| Line::new(l.chars().collect())).collect();
        let added = new.len() - 1;
        *self.text.edit(row) = new[0].to_vec();
        self.text.insert(row + 1, new[1..].to_vec());
        Some(added)
    }

    async fn ask_replace(&mut self, with: &str) -> char {
        self.say(format!("replace with {with}? (y)es/(n)o/(a)ll/(q)uit/(l)ast/scroll up(^E)/down(^Y)"));
        loop {
            let key = self.key().await;
            if matches!(key, 'y' | 'n' | 'a' | 'q' | 'l' | ESC) {
                self.say("");
                return key;
            }
        }
    }

    /// `:g/pattern/command` and `:v`.
    pub(super) async fn global(&mut self, from: usize, to: usize, args: &str, inverse: bool) {
        let Some(mark) = args.chars().next() else {
            self.fail("E148: Regular expression missing from :global");
            return;
        };
        let (pattern, command) = split(&args[mark.len_utf8()..], mark);
        let command = command.filter(|c| !c.is_empty()).unwrap_or_else(|| "p".into());
        let Some(regex) = self.compile(&pattern) else { return };
        // The lines are marked first: commands may move them.
        let hit = |row: &usize| regex.find(self.line_bytes(*row).0.as_bytes(), 0).is_some() != inverse;
        let marked: Vec<Line> = (from..=to).filter(hit).map(|row| self.text.lines[row].clone()).collect();
        if marked.is_empty() {
            self.fail(format!("{}: {}", if inverse { "Pattern found in every line" } else { "E486: Pattern not found" }, self.pattern));
            return;
        }
        let before = self.text.len();
        self.text.begin();
        let mut start = from;
        let mut printed = Vec::new();
        for line in marked {
            // The same line, if it is still there: lines are told apart by where they are kept.
            let same = |l: &Line| std::rc::Rc::ptr_eq(l, &line);
            let Some(row) = self.text.lines[start.min(self.text.len())..].iter().position(same).map(|i| i + start) else { continue };
            self.at = pos(row, 0);
            if command.starts_with('p') || command.starts_with("nu") || command == "#" {
                let text: String = line.iter().collect();
                printed.push(if command.starts_with('p') { text } else { format!("{:3} {text}", row + 1) });
            } else {
                self.execute(&command).await;
            }
            start = row.min(self.text.len().saturating_sub(1));
            if self.bad {
                break;
            }
        }
        if !printed.is_empty() {
            self.show(&printed).await;
        }
        self.report(before);
    }
}
