//! postcat(1): shows the records of a queue file, or the message in it. Source: postcat(1), rec_type(3). Not simulated: -v (verbose logging;
//! padding and pointers are shown).

use super::Getopt;
use crate::config::{Config, cut, split_nameval};
use crate::ipc::record_at;
use crate::maillog::Log;
use crate::queue::{self, id, rec};
use machine::{DateTime, Errno, STDIN, STDOUT, SimTime, Sys};

const NAMES: &[(u8, &str)] = &[
    (b'C', "message_size"),
    (b'T', "message_arrival_time"),
    (b'c', "queue_file_create_time"),
    (b'F', "sender_fullname"),
    (b'I', "content_inspector"),
    (b'L', "content_filter"),
    (b'S', "sender"),
    (b'D', "done_recipient"),
    (b'/', "canceled_recipient"),
    (b'R', "recipient"),
    (b'O', "original_recipient"),
    (b'W', "warning_message_time"),
    (b'A', "named_attribute"),
    (b'p', "pointer_record"),
    (b'K', "killed_record"),
    (b'N', "regular_text"),
    (b'w', "padding"),
    (b'r', "return_receipt"),
    (b'e', "errors_to"),
    (b'P', "priority"),
    (b'V', "verp_delimiters"),
    (b'>', "redirect_to"),
    (b'f', "flags"),
    (b'<', "dsn_return_flags"),
    (b'i', "dsn_envelope_id"),
    (b'o', "dsn_original_recipient"),
    (b'n', "dsn_notify_flags"),
];
const ENVELOPE: &[u8] = b"MCTcFILSDRO/WVA>K<ion";
const QUEUES: [&str; 6] = ["maildrop", "incoming", "active", "deferred", "hold", "saved"];

fn usage(sys: &Sys) -> String {
    let options = "[-b (body text)] [-c config_dir] [-d (decimal record type)] [-e (envelope records)] [-h (header text)] ";
    format!("usage: {} {options}[-q (access queue)] [-v] [file(s)...]", sys.arg(0))
}

#[derive(Default)]
struct Flags {
    envelope: bool,
    header: bool,
    body: bool,
    decimal: bool,
    offset: bool,
    raw: bool,
    verbose: bool,
    start: usize,
}

/// The program.
pub(crate) async fn main(sys: Sys) -> i32 {
    let log = Log::console(&sys);
    match run(&sys, &log).await {
        Ok(()) => 0,
        Err(text) => log.fatal(&text).await,
    }
}

async fn run(sys: &Sys, log: &Log) -> Result<(), String> {
    let mut flags = Flags::default();
    let mut dir = sys.env("MAIL_CONFIG").unwrap_or("/etc/postfix").to_string();
    let mut search = false;
    let mut opts = Getopt::named(sys, sys.arg(0));
    while let Some((letter, value)) = opts.next("bc:dehoqrs:v") {
        match letter {
            'b' => flags.body = true,
            'c' => dir = value,
            'd' => flags.decimal = true,
            'e' => flags.envelope = true,
            'h' => flags.header = true,
            'o' => flags.offset = true,
            'q' => search = true,
            'r' => flags.raw = true,
            's' => flags.start = value.parse().map_err(|_| format!("bad offset: {value}"))?,
            'v' => flags.verbose = true,
            _ => return Err(usage(sys)),
        }
    }
    if !flags.envelope && !flags.header && !flags.body {
        (flags.envelope, flags.header, flags.body) = (true, true, true);
    }
    let cfg = Config::load(log, &dir, &[]).await?;
    if opts.rest().is_empty() {
        // What cannot be read is empty.
        let bytes = sys.read_all(STDIN).await.unwrap_or_default();
        return show(sys, log, &flags, "stdin", &bytes);
    }
    if search {
        let queue = cfg.str("queue_directory");
        sys.chdir(&queue).await.map_err(|e| format!("chdir {queue}: {e}"))?;
    }
    for name in opts.rest() {
        let (path, bytes) = if search { find(sys, name).await? } else { (name.clone(), sys.read_file(name).await) };
        let bytes = bytes.map_err(|e| if search { format!("open queue file {name}: {e}") } else { format!("open {name}: {e}") })?;
        show(sys, log, &flags, &path, &bytes)?;
    }
    Ok(())
}

/// The file of a message in one of the queues.
async fn find(sys: &Sys, name: &str) -> Result<(String, Result<Vec<u8>, Errno>), String> {
    if !id::is_valid(name) {
        return Err(format!("bad mail queue ID: {name}"));
    }
    let mut last = Errno::ENOENT;
    for queue in QUEUES {
        let path = queue::path(queue, name);
        match sys.read_file(&path).await {
            Ok(bytes) => return Ok((path, Ok(bytes))),
            Err(e) => last = e,
        }
    }
    Ok((name.to_string(), Err(last)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Envelope,
    Header,
    Body,
}

struct Printer<'a> {
    sys: &'a Sys,
    flags: &'a Flags,
    path: &'a str,
}

impl Printer<'_> {
    fn columns(&self, at: usize, kind: u8) {
        if self.flags.offset {
            self.sys.print(STDOUT, format_args!("{at:9} "));
        }
        if self.flags.decimal {
            self.sys.print(STDOUT, format_args!("{kind:3} "));
        }
    }
    fn marker(&self, at: usize, kind: u8, text: &str) {
        if self.flags.envelope {
            self.columns(at, kind);
            self.sys.print(STDOUT, format_args!("*** {text} {} ***\n", self.path));
        }
    }
    fn prints(&self, part: Part) -> bool {
        match part {
            Part::Envelope => self.flags.envelope,
            Part::Header => self.flags.header,
            Part::Body => self.flags.body,
        }
    }
    /// A record's name and value.
    fn pair(&self, name: &str, value: &[u8]) {
        self.sys.print(STDOUT, format_args!("{name}: "));
        self.sys.put(STDOUT, value);
        self.sys.put(STDOUT, b"\n");
    }
    fn time(&self, name: &str, secs: &str) {
        let secs = secs.split_whitespace().next().and_then(|s| s.parse().ok()).unwrap_or(0);
        let t = DateTime::new(SimTime::from_secs(secs), self.sys.utc_offset());
        let (day, month) = (t.day_name(), t.month_name());
        let clock = format!("{:02}:{:02}:{:02} {}", t.hour, t.minute, t.second, t.year);
        self.sys.print(STDOUT, format_args!("{name}: {day} {month} {:2} {clock}\n", t.day));
    }
}

fn is_header(text: &[u8]) -> bool {
    let Some(colon) = text.iter().position(|&b| b == b':') else { return false };
    let name = text[..colon].trim_ascii_end();
    !name.is_empty() && name.iter().all(|b| (33..127).contains(b))
}

fn show(sys: &Sys, log: &Log, flags: &Flags, path: &str, bytes: &[u8]) -> Result<(), String> {
    let out = Printer { sys, flags, path };
    let mut at = flags.start;
    if at == 0 {
        if bytes.first().is_some_and(|b| !ENVELOPE.contains(b)) {
            log.warn(format_args!("{path}: input is not a valid queue file"));
            return Ok(());
        }
        if flags.envelope && !bytes.is_empty() {
            sys.print(STDOUT, format_args!("*** ENVELOPE RECORDS {path} ***\n"));
        }
    }
    let mut part = Part::Envelope;
    let mut previous = 0;
    let mut sized: Option<(usize, usize)> = None;
    let skip_text = |sized: Option<(usize, usize)>| sized.map(|(size, offset)| size.saturating_add(offset));
    while at < bytes.len() {
        let here = at;
        let Some((kind, from, to)) = record_at(bytes, at) else { return Err("record read error".to_string()) };
        let data = &bytes[from..to];
        at = to;
        let text = String::from_utf8_lossy(data);
        let name = NAMES.iter().find(|(k, _)| *k == kind).map_or("unknown_record_type", |(_, n)| n);
        let prints = out.prints(part);
        match kind {
            rec::CONT | rec::NORM => {
                let starts = part == Part::Header && previous != rec::CONT;
                if starts && (flags.header || flags.body) && !is_header(data) && !data.starts_with(b" ") && !data.starts_with(b"\t") {
                    part = Part::Body;
                    if !flags.body && !flags.envelope {
                        break;
                    }
                    if !flags.body
                        && let Some(end) = skip_text(sized)
                    {
                        at = end;
                        continue;
                    }
                }
            }
            rec::MESG => {
                if part != Part::Envelope {
                    log.warn(format_args!("{path}: out-of-order message content marker"));
                }
                out.marker(here, kind, "MESSAGE CONTENTS");
                if !flags.header
                    && !flags.body
                    && let Some(end) = skip_text(sized)
                {
                    at = end;
                }
                part = Part::Header;
                continue;
            }
            rec::XTRA => {
                if part == Part::Envelope {
                    log.warn(format_args!("{path}: out-of-order extracted segment marker"));
                }
                if prints && previous == rec::CONT {
                    sys.put(STDOUT, b"\n");
                }
                out.marker(here, kind, "HEADER EXTRACTED");
                part = Part::Envelope;
                if !flags.envelope {
                    break;
                }
                continue;
            }
            rec::END => {
                if part != Part::Envelope {
                    log.warn(format_args!("{path}: out-of-order message end marker"));
                }
                out.marker(here, kind, "MESSAGE FILE END");
                if flags.raw {
                    continue;
                }
                break;
            }
            rec::PTR => {
                if prints && flags.verbose {
                    out.columns(here, kind);
                    out.pair(name, data);
                }
                let target: usize = text.trim().parse().unwrap_or(0);
                if !flags.raw && target > 0 {
                    // Only forwards: a ring of pointers would never end.
                    at = target.max(at);
                }
                continue;
            }
            rec::SIZE => {
                if prints {
                    out.columns(here, kind);
                    out.pair(name, data);
                }
                let mut numbers = text.split_whitespace().map_while(|n| n.parse::<usize>().ok());
                match (sized, numbers.next(), numbers.next()) {
                    (Some(_), ..) => log.warn(format_args!("file contains multiple size records")),
                    (None, Some(size), Some(offset)) if size > 0 && offset > 0 => {
                        sized = Some((size, offset));
                        if !flags.envelope {
                            at = offset;
                            part = Part::Header;
                        }
                    }
                    _ => log.warn(format_args!("invalid size record: {}", cut(&text, 100).0)),
                }
                continue;
            }
            rec::DTXT if !flags.verbose => continue,
            _ => {}
        }
        if !out.prints(part) {
            continue;
        }
        out.columns(here, kind);
        previous = kind;
        match kind {
            rec::TIME | rec::WARN => out.time(name, &text),
            rec::CONT if part == Part::Envelope => {
                out.pair(name, data);
                previous = 0;
            }
            rec::CONT | rec::NORM => {
                if flags.verbose {
                    sys.print(STDOUT, format_args!("{}: ", if kind == rec::CONT { "unterminated_text" } else { name }));
                }
                sys.put(STDOUT, data);
                if kind == rec::NORM || flags.verbose || flags.offset {
                    sys.put(STDOUT, b"\n");
                    previous = if kind == rec::CONT { 0 } else { kind };
                }
            }
            rec::ATTR => match split_nameval(&text) {
                Ok(("create_time", secs)) => out.time("create_time", secs),
                Ok((attr, value)) => out.pair(name, format!("{attr}={value}").as_bytes()),
                Err(why) => log.warn(format_args!("{path}: malformed attribute: {why}: {}", cut(&text, 100).0)),
            },
            _ => out.pair(name, data),
        }
    }
    Ok(())
}
