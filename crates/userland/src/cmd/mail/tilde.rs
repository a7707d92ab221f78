//! The tilde escapes of a letter that is being written. Not here: the letter (`compose`). Follows bsd-mailx 8.1.2 (collect.c).

use super::Mail;
use super::compose::{Draft, Head, extract};
use super::mbox::Fields;
use machine::{Errno, Open, STDERR, STDOUT};

const HELP: &str = include_str!("tilde.txt");

/// One tilde escape; whether `(continue)` is said. `None`: the letter was broken off.
pub(super) async fn tilde(mail: &mut Mail, head: &mut Head, draft: &mut Draft, letter: char, text: &str, escape: char) -> Option<bool> {
    let sys = mail.sys.clone();
    let rest = text.trim_start();
    match letter {
        c if c == escape => {
            draft.body.extend_from_slice(format!("{escape}{text}\n").as_bytes());
        }
        '!' => Box::pin(mail.execute(&format!("!{text}"), true)).await.map_or((), |_| ()),
        ':' | '_' => {
            Box::pin(mail.execute(text, true)).await;
            return Some(true);
        }
        'h' => {
            head.to = extract(&draft.ask(mail, "To: ", &head.to.join(" ")).await?);
            head.subject = Some(draft.ask(mail, "Subject: ", &head.subject.clone().unwrap_or_default()).await?);
            head.cc = extract(&draft.ask(mail, "Cc: ", &head.cc.join(" ")).await?);
            head.bcc = extract(&draft.ask(mail, "Bcc: ", &head.bcc.join(" ")).await?);
            return Some(true);
        }
        't' => head.to.extend(extract(rest)),
        'c' => head.cc.extend(extract(rest)),
        'b' => head.bcc.extend(extract(rest)),
        's' => head.subject = Some(rest.to_string()),
        'd' | 'r' | '<' => {
            let name = if letter == 'd' { format!("{}/dead.letter", mail.home) } else { rest.to_string() };
            if name.is_empty() {
                mail.say("Interpolate what file?");
                return Some(false);
            }
            let Some(path) = mail.expand(&name) else { return Some(false) };
            match sys.read_file(&path).await {
                Err(Errno::EISDIR) => mail.say(&format!("{path}: Directory")),
                Err(e) => sys.complain(format_args!("{path}: {e}")),
                Ok(mut bytes) => {
                    if bytes.last().is_some_and(|&b| b != b'\n') {
                        bytes.push(b'\n');
                    }
                    mail.say(&format!("\"{path}\" {}/{}", bytes.iter().filter(|&&b| b == b'\n').count(), bytes.len()));
                    draft.body.extend(bytes);
                }
            }
        }
        'w' => {
            if rest.is_empty() {
                sys.print(STDERR, format_args!("Write what file!?\n"));
                return Some(false);
            }
            let Some(path) = mail.expand(rest) else { return Some(false) };
            sys.print(STDOUT, format_args!("\"{path}\" "));
            let new = Open { write: true, create: true, excl: true, ..Open::default() };
            match sys.open(&path, new, 0o666).await {
                Err(Errno::EEXIST) => sys.print(STDERR, format_args!("File exists\n")),
                Err(e) => sys.complain(format_args!("{e}")),
                Ok(fd) => {
                    let _ = sys.write(fd, &draft.body).await;
                    let _ = sys.close(fd).await;
                    mail.say(&format!("{}/{}", draft.body.iter().filter(|&&b| b == b'\n').count(), draft.body.len()));
                }
            }
        }
        'm' | 'M' | 'f' | 'F' => {
            let Some(mut list) = mail.list(text, false) else { return Some(true) };
            if list.is_empty() {
                list.extend(mail.first(false));
            }
            if list.is_empty() {
                mail.say("No appropriate messages");
                return Some(true);
            }
            let prefix = match letter {
                'm' | 'M' => mail.value("indentprefix").unwrap_or("\t").to_string(),
                _ => String::new(),
            };
            sys.print(STDOUT, format_args!("Interpolating:"));
            for i in list {
                mail.messages[i].touch();
                sys.print(STDOUT, format_args!(" {}", i + 1));
                let fields = if letter.is_ascii_uppercase() { Fields::All } else { mail.fields() };
                draft.body.extend(mail.messages[i].copy(fields, &prefix));
            }
            mail.say("");
            return Some(true);
        }
        '?' => sys.put(STDOUT, HELP.as_bytes()),
        'p' => {
            sys.print(STDOUT, format_args!("-------\nMessage contains:\n{}\n", head.text(mail, false)));
            sys.put(STDOUT, &draft.body);
            return Some(true);
        }
        '|' => {
            match mail.shell(rest, Some(&draft.body), true).await {
                Some(new) if !new.is_empty() => draft.body = new,
                _ => sys.print(STDERR, format_args!("No bytes from \"{text}\" !?\n")),
            }
            return Some(true);
        }
        'v' | 'e' => {
            let editor = mail.value(if letter == 'v' { "VISUAL" } else { "EDITOR" }).unwrap_or("vi").to_string();
            let path = format!("/tmp/mail.Re{:08x}", sys.random().await as u32);
            if sys.write_file(&path, &draft.body, 0o600).await.is_ok() {
                mail.shell(&format!("{editor} {path}"), None, false).await;
                draft.body = sys.read_file(&path).await.unwrap_or_default();
                let _ = sys.unlink(&path).await;
            }
            return Some(true);
        }
        _ => mail.say("Unknown tilde escape."),
    }
    Some(false)
}
