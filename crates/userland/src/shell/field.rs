//! The words that expansions make: joining, splitting at `$IFS`. Not here: the expansions. Source: POSIX XCU 2.6.5.

/// One word in the making.
#[derive(Default)]
pub(super) struct Field {
    pub(super) text: String,
    /// The same as a pattern: quoted characters behind backslashes.
    pub(super) pattern: String,
    /// Kept even if empty: something was quoted.
    pub(super) some: bool,
    pub(super) magic: bool,
}

/// What an expansion has made so far.
pub(super) struct Out {
    pub(super) fields: Vec<Field>,
    /// Results of expansions are split at `$IFS` and make further words.
    pub(super) split: bool,
    /// The pattern is a regular expression.
    regex: bool,
    ifs: String,
    /// The field is ended; what comes begins another.
    pub(super) ended: bool,
    /// `"$@"` came to nothing.
    pub(super) nothing: bool,
}

impl Out {
    pub(super) fn new(split: bool, regex: bool, ifs: String) -> Out {
        Out { fields: vec![Field::default()], split, regex, ifs, ended: false, nothing: false }
    }
    pub(super) fn field(&mut self) -> &mut Field {
        if self.ended || self.fields.is_empty() {
            self.ended = false;
            self.fields.push(Field::default());
        }
        let last = self.fields.len() - 1;
        &mut self.fields[last]
    }
    /// Text that stays together.
    pub(super) fn push(&mut self, s: &str, quoted: bool) {
        let regex = self.regex;
        let field = self.field();
        field.some |= quoted;
        field.text.push_str(s);
        if quoted {
            for c in s.chars() {
                let special = if regex { ".[]{}()*+?^$|\\".contains(c) } else { c.is_ascii_punctuation() && c != '/' };
                if special {
                    field.pattern.push('\\');
                }
                field.pattern.push(c);
            }
        } else {
            field.magic |= s.contains(['*', '?', '[']);
            field.pattern.push_str(s);
        }
    }
    /// The result of an expansion.
    pub(super) fn result(&mut self, s: &str, quoted: bool) {
        if quoted || !self.split {
            if quoted || !s.is_empty() {
                self.push_result(s, quoted);
            }
            return;
        }
        let ifs = std::mem::take(&mut self.ifs);
        let white = |c: char| matches!(c, ' ' | '\t' | '\n') && ifs.contains(c);
        let mut rest = s;
        while let Some(c) = rest.chars().next() {
            if !ifs.contains(c) {
                let len = rest.find(|c| ifs.contains(c)).unwrap_or(rest.len());
                self.push(&rest[..len], false);
                rest = &rest[len..];
                continue;
            }
            rest = rest.trim_start_matches(white);
            let hard = rest.starts_with(|c| ifs.contains(c));
            if hard {
                rest = rest[rest.chars().next().map_or(0, char::len_utf8)..].trim_start_matches(white);
                // An empty field before a hard delimiter counts.
                self.field().some = true;
                self.ended = true;
            } else if self.fields.last().is_some_and(|f| f.some || !f.text.is_empty()) {
                self.ended = true;
            }
        }
        self.ifs = ifs;
    }
    fn push_result(&mut self, s: &str, quoted: bool) {
        self.push(s, quoted);
    }
    /// The results of `$@` and the like: a word each.
    pub(super) fn many(&mut self, list: &[String], quoted: bool) {
        self.nothing |= quoted && list.is_empty();
        // Where a delimiter is no blank, elements that are empty count.
        if let Some(c) = self.ifs.chars().next().filter(|c| self.split && !quoted && !" \t\n".contains(*c)) {
            return self.result(&list.join(c.encode_utf8(&mut [0; 4])), false);
        }
        for (n, s) in list.iter().enumerate() {
            if n > 0 {
                if self.split {
                    self.ended = quoted || self.ended || self.fields.last().is_some_and(|f| f.some || !f.text.is_empty());
                } else {
                    self.push(" ", quoted);
                }
            }
            self.result(s, quoted);
        }
    }
    pub(super) fn text(self) -> String {
        self.fields.into_iter().map(|f| f.text).collect::<Vec<_>>().join(" ")
    }
}
