//! Message lists: numbers, ranges, `^ $ . * + -`, `:new`, `/subject`, senders. Not here: what is done with them.
//! Follows bsd-mailx 8.1.2 (list.c).

use super::Mail;
use super::mbox::flag;

/// Letters behind a colon: flag to look at, and whether it must be set.
const COLONS: [(char, u16, bool); 5] =
    [('n', flag::NEW, true), ('o', flag::NEW, false), ('u', flag::READ, false), ('d', flag::DELETED, true), ('r', flag::READ, true)];

impl Mail {
    /// The nearest message, from the current one on and then back, that is deleted or (the usual case) not.
    pub(super) fn first(&self, deleted: bool) -> Option<usize> {
        let fits = |&i: &usize| self.messages.get(i).is_some_and(|m| (m.flags & flag::DELETED != 0) == deleted);
        (self.dot..self.messages.len()).find(fits).or_else(|| (0..self.dot.min(self.messages.len())).rev().find(fits))
    }

    /// The messages that `text` names, in their order; `deleted`: deleted ones are meant. `None`: a mistake, which has been reported.
    pub(super) fn list(&mut self, text: &str, deleted: bool) -> Option<Vec<usize>> {
        let count = self.messages.len();
        if count == 0 {
            return Some(Vec::new());
        }
        let gone = |m: &super::Message| m.flags & flag::DELETED != 0;
        let mut marked = vec![false; count];
        let (mut star, mut other, mut numbers) = (false, false, false);
        let mut begin: Option<usize> = None;
        let (mut names, mut colons): (Vec<String>, Vec<(char, u16, bool)>) = (Vec::new(), Vec::new());
        let mut rest = text.trim_start_matches([' ', '\t']);
        while let Some(c) = rest.chars().next() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let mut used = c.len_utf8();
            let number = match c {
                _ if digits > 0 => {
                    used = digits;
                    Some(rest[..digits].parse().unwrap_or(usize::MAX))
                }
                '.' => Some(self.dot + 1),
                '^' | '$' => {
                    let fits = |&i: &usize| gone(&self.messages[i]) == deleted;
                    let found = if c == '^' { (0..count).find(fits) } else { (0..count).rev().find(fits) };
                    let Some(found) = found else {
                        self.say("No applicable messages");
                        return None;
                    };
                    Some(found + 1)
                }
                _ => None,
            };
            rest = &rest[used..];
            if let Some(n) = number {
                if star {
                    self.say("No numbers mixed with *");
                    return None;
                }
                if n < 1 || n > count {
                    self.say(&format!("{n}: Invalid message number"));
                    return None;
                }
                if !deleted && gone(&self.messages[n - 1]) {
                    self.say(&format!("{n}: Inappropriate message"));
                    return None;
                }
                (numbers, other) = (true, true);
                match begin.take() {
                    Some(from) => {
                        for i in from..=n {
                            marked[i - 1] |= deleted || !gone(&self.messages[i - 1]);
                        }
                    }
                    None if rest.trim_start_matches([' ', '\t']).starts_with('-') => begin = Some(n),
                    None => marked[n - 1] = true,
                }
            } else if c == '+' || (c == '-' && begin.is_none()) {
                if begin.is_some() {
                    self.say("Non-numeric second argument");
                    return None;
                }
                let fits = |&i: &usize| gone(&self.messages[i]) == deleted;
                let found = if c == '+' { (self.dot + 1..count).find(fits) } else { (0..self.dot).rev().find(fits) };
                let Some(found) = found else {
                    self.say(if c == '+' { "Referencing beyond EOF" } else { "Referencing before 1" });
                    return None;
                };
                marked[found] = true;
            } else if c == '*' {
                if other {
                    self.say("Can't mix \"*\" with anything");
                    return None;
                }
                star = true;
            } else if c != '-' {
                if begin.is_some() {
                    self.say("Non-numeric second argument");
                    return None;
                }
                other = true;
                let end = match c {
                    '"' | '\'' => rest.find(c),
                    _ => None,
                };
                let word = match end {
                    Some(end) => {
                        let word = rest[..end].to_string();
                        rest = &rest[end + 1..];
                        word
                    }
                    None => {
                        let end = rest.find([' ', '\t']).unwrap_or(rest.len());
                        let word = format!("{c}{}", &rest[..end]);
                        rest = &rest[end..];
                        word
                    }
                };
                match word.strip_prefix(':') {
                    None => names.push(word),
                    Some(letter) => match COLONS.iter().find(|(l, ..)| letter.starts_with(*l)) {
                        Some(found) => colons.push(*found),
                        None => {
                            self.say(&format!("Unknown colon modifier \"{word}\""));
                            return None;
                        }
                    },
                }
            }
            rest = rest.trim_start_matches([' ', '\t']);
        }
        if star || ((!names.is_empty() || !colons.is_empty()) && !numbers) {
            for (mark, m) in marked.iter_mut().zip(&self.messages) {
                *mark |= gone(m) == deleted;
            }
            if star && !marked.contains(&true) {
                self.say("No applicable messages.");
                return None;
            }
        }
        if !names.is_empty() {
            for (i, mark) in marked.iter_mut().enumerate() {
                *mark &= names.iter().any(|name| named(&self.messages[i], name, &self.last_search));
            }
            if let Some(search) = names.iter().rev().find_map(|n| n.strip_prefix('/')).filter(|s| !s.is_empty()) {
                self.last_search = search.to_string();
            }
            if !marked.contains(&true) {
                self.say(&format!("No applicable messages from {{{}}}", names.join(", ")));
                return None;
            }
        }
        if !colons.is_empty() {
            for (mark, m) in marked.iter_mut().zip(&self.messages) {
                *mark &= colons.iter().all(|&(_, flag, set)| (m.flags & flag != 0) == set);
            }
            if !marked.contains(&true) {
                let letters: String = COLONS.iter().filter(|c| colons.contains(c)).map(|c| format!(" :{}", c.0)).collect();
                self.say(&format!("No messages satisfy{letters}"));
                return None;
            }
        }
        Some((0..count).filter(|&i| marked[i]).collect())
    }
}

/// Whether a message is from this sender, or has `/this` in its subject.
fn named(m: &super::Message, name: &str, last: &str) -> bool {
    let (text, what) = match name.strip_prefix('/') {
        Some("") => (m.field("subject").unwrap_or_default(), last),
        Some(search) => (m.field("subject").unwrap_or_default(), search),
        None => (m.sender(), name),
    };
    !what.is_empty() && text.to_ascii_lowercase().contains(&what.to_ascii_lowercase())
}
