//! Completion of the word before the cursor: commands, files, users, variables. Pure: directories are listed by the caller.
//! Source: readline's completion as bash uses it.

use super::escape::backslashed;
use super::lex::unquote;
use super::scan::Scan;
use machine::CompleteEnv;

/// What Tab does at byte `cursor` of `line`: start of the word, text to put there, candidates. `None`: nothing fits.
pub(super) fn complete(line: &str, cursor: usize, env: &dyn CompleteEnv) -> Option<(usize, String, Vec<String>)> {
    let head = line.get(..cursor)?;
    let (start, command) = word_start(head);
    let word = &head[start..];
    let quote = word.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let plain = unquote(word);
    let mut found: Vec<(String, char)> = Vec::new();
    if let Some(name) = word.strip_prefix('$').filter(|_| quote.is_none()) {
        let brace = name.starts_with('{');
        let name = name.trim_start_matches('{');
        found.extend(env.variables().into_iter().filter(|v| v.starts_with(name)).map(|v| (v, ' ')));
        let open = if brace { "${" } else { "$" };
        let close = if brace { "}" } else { "" };
        return finish(start, found, |v| format!("{open}{v}{close}"));
    }
    if let Some(user) = plain.strip_prefix('~').filter(|u| !u.contains('/') && quote.is_none()) {
        found.extend(env.users().into_iter().filter(|u| u.starts_with(user)).map(|u| (u, '/')));
        return finish(start, found, |u| format!("~{u}"));
    }
    if command && !plain.contains('/') {
        found.extend(env.words().into_iter().filter(|w| w.starts_with(&plain)).map(|w| (w, ' ')));
        for dir in env.path() {
            found.extend(env.dir(&dir).into_iter().filter(|(n, d, x)| *x && !*d && n.starts_with(&plain)).map(|(n, _, _)| (n, ' ')));
        }
    }
    let (dir, base) = plain.rsplit_once('/').map_or(("", plain.as_str()), |(d, b)| (&plain[..=d.len()], b));
    if !command || !dir.is_empty() || found.is_empty() {
        let mut real = dir.to_string();
        if let Some(rest) = dir.strip_prefix('~') {
            let (user, tail) = rest.split_once('/').unwrap_or((rest, ""));
            real = format!("{}/{tail}", env.home(user)?);
        }
        let hidden = base.starts_with('.');
        for (name, is_dir, exec) in env.dir(&real) {
            if name.starts_with(base) && (hidden || !name.starts_with('.')) && (!command || is_dir || exec) {
                found.push((name, if is_dir { '/' } else { ' ' }));
            }
        }
    }
    let dir = dir.to_string();
    finish(start, found, |name| {
        let text = format!("{dir}{name}");
        match quote {
            Some(q) => format!("{q}{text}"),
            None if text.starts_with('~') => format!("~{}", backslashed(&text[1..])),
            None => backslashed(&text),
        }
    })
    .map(|(start, mut text, list)| {
        if let Some(q) = quote
            && list.len() == 1
            && text.ends_with(' ')
        {
            text.insert(text.len() - 1, q);
        }
        (start, text, list)
    })
}

fn finish(start: usize, mut found: Vec<(String, char)>, shape: impl Fn(&str) -> String) -> Option<(usize, String, Vec<String>)> {
    machine::sort(&mut found);
    found.dedup();
    let first = found.first()?.clone();
    if found.len() == 1 {
        let name = shape(&first.0);
        return Some((start, format!("{name}{}", first.1), vec![first.0]));
    }
    let mut common = first.0;
    for (name, _) in &found {
        while !name.starts_with(&common) {
            common.pop();
        }
    }
    let text = if common.is_empty() { shape("") } else { shape(&common) };
    let list = found.into_iter().map(|(n, end)| if end == '/' { n + "/" } else { n }).collect();
    Some((start, text.trim_end_matches("''").to_string(), list))
}

/// Where the last word begins, and whether a command is expected there.
fn word_start(head: &str) -> (usize, bool) {
    let scan = Scan::new(head);
    let (mut i, mut start, mut command, mut assigns) = (0, 0, true, false);
    while i < head.len() {
        match scan.s[i] {
            b' ' | b'\t' => {
                if start < i {
                    let word = &head[start..i];
                    let keeps = matches!(word, "then" | "do" | "else" | "if" | "while" | "until" | "!" | "{" | "time" | "sudo");
                    command = assigns || keeps;
                    assigns = false;
                }
                i += 1;
                start = i;
            }
            b';' | b'|' | b'&' | b'(' | b'`' => {
                i += 1;
                start = i;
                command = true;
            }
            b'<' | b'>' => {
                i += 1;
                start = i;
                command = false;
            }
            b'$' if scan.s.get(i + 1) == Some(&b'(') && scan.dollar(i, false).is_err() => {
                i += 2;
                start = i;
                command = true;
            }
            b'=' if command => {
                i += 1;
                start = i;
                (command, assigns) = (false, true);
            }
            // An open quote reaches to the end.
            _ => i = scan.part(i).unwrap_or(head.len()),
        }
    }
    (start.min(head.len()), command)
}
