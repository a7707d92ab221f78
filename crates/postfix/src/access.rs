//! Access tables: in which order keys are looked up, and what each action on the right-hand side does.
//! Not here: the tables themselves (`lookup`), the lists that name them (`restrictions`). Source: access(5).

use crate::address::tok::quote_local;
use crate::address::{domain_of, strip_extension};
use crate::maillog::Log;
use crate::restrictions::check::{Check, Judged, Outcome, Unwind, dsn_split};
use crate::restrictions::{Cx, List, Subject, evaluate};
use crate::smtpd::Stop;
use crate::smtpd::hostname::valid_addr;
use machine::Because;
use std::rc::Rc;

/// cleanup's flag for HOLD.
pub(crate) const FLAG_HOLD: u32 = 1 << 2;
/// cleanup's flag for DISCARD.
pub(crate) const FLAG_DISCARD: u32 = 1 << 3;

/// What is looked up where, and how a refusal names it.
pub(crate) struct Key<'a> {
    /// `hash:/etc/postfix/access`
    pub(crate) table: &'a str,
    /// What stands between `<>` in a refusal.
    pub(crate) reply_name: String,
    /// `Sender address`
    pub(crate) class: &'static str,
    /// The restriction that a bare table on the right-hand side stands for.
    pub(crate) bare: Option<&'static str>,
}

/// What a search came to: `None` if the table says nothing.
type Found = Result<Option<Outcome>, Unwind>;

/// Looks one key up; an answer is carried out. `datum` is what warnings name, `by` who looks.
async fn try_key(check: &mut Check, key: &Key<'_>, name: &str, datum: &str, partial: bool, by: &str) -> Found {
    let env = check.env.clone();
    if !env.access.contains(key.table) {
        env.log.warn(format_args!("{by}: unexpected dictionary: {}", key.table));
    }
    let found = env.find(key.table, name, partial, &mut check.ladder).await;
    if found != Ok(None) {
        env.remark(key.table, &mut check.ladder).await;
    }
    match found {
        Ok(None) => Ok(None),
        Ok(Some(value)) => action(check, key, &value, datum).await.map(Some),
        Err(()) => action(check, key, "451 4.3.5 Server configuration error", datum).await.map(Some),
    }
}

/// A name and its parent domains.
pub(crate) async fn by_domain(check: &mut Check, key: &Key<'_>, domain: &str) -> Found {
    let numeric = valid_addr(domain);
    let mut name = domain;
    let mut partial = false;
    while !name.is_empty() {
        if let Some(outcome) = try_key(check, key, name, domain, partial, "check_domain_access").await? {
            return Ok(Some(outcome));
        }
        let Some(dot) = name.get(1..).and_then(|n| n.find('.')).filter(|_| !numeric) else { break };
        // Parents match with a dot in front, or, as smtpd_access_maps asks by default, without it.
        name = &name[dot + 1 + usize::from(check.env.parent_style)..];
        partial = true;
    }
    Ok(None)
}

/// An address and its networks.
pub(crate) async fn by_address(check: &mut Check, key: &Key<'_>, address: &str) -> Found {
    let delimiter = if address.contains(':') { ':' } else { '.' };
    let mut name = address;
    let mut partial = false;
    loop {
        if let Some(outcome) = try_key(check, key, name, address, partial, "check_addr_access").await? {
            return Ok(Some(outcome));
        }
        match name.rsplit_once(delimiter) {
            Some((net, _)) => name = net,
            None => return Ok(None),
        }
        partial = true;
    }
}

/// A mail address: itself, without extension, its domain and parents, its local part.
async fn by_mail(check: &mut Check, key: &Key<'_>, address: &str, subject: Subject) -> Judged {
    let resolved = check.resolve(address, subject == Subject::Sender).await?;
    let full = resolved.recipient.clone();
    let Some(domain) = domain_of(&full) else {
        check.env.log.warn(format_args!("check_mail_access: no @domain in address: {full}"));
        return Ok(Outcome::Dunno);
    };
    let bare = strip_extension(&check.env.cfg, &full).map(|(a, _)| a);
    let mut keys: Vec<(String, bool)> = Vec::new();
    let mut add = |key: &str, partial: bool| {
        let quoted = quote_local(key);
        if quoted != key {
            keys.push((quoted, partial));
        }
        keys.push((key.to_string(), partial));
    };
    add(&full, false);
    if let Some(bare) = &bare {
        add(bare, true);
    }
    let mut name = domain;
    loop {
        keys.push((name.to_string(), true));
        let Some(dot) = name.get(1..).and_then(|n| n.find('.')) else { break };
        name = &name[dot + 1 + usize::from(check.env.parent_style)..];
    }
    for address in [Some(&full), bare.as_ref()].into_iter().flatten() {
        keys.push((address[..address.rfind('@').map_or(0, |at| at + 1)].to_string(), true));
    }
    // A routed recipient is too suspicious for an OK.
    let suspicious = subject == Subject::Recipient && resolved.routed && !check.env.cfg.bool("allow_untrusted_routing");
    for (name, partial) in keys {
        match try_key(check, key, &name, &full, partial, "check_mail_access").await? {
            None => {}
            Some(Outcome::Ok) if suspicious => return Ok(Outcome::Dunno),
            Some(outcome) => return Ok(outcome),
        }
    }
    Ok(Outcome::Dunno)
}

/// Looks the subject up in the table.
pub(crate) async fn by_subject(check: &mut Check, cx: &Cx, subject: Subject, table: &str) -> Judged {
    let from = check.ladder.len();
    let judged = search(check, cx, subject, table).await;
    // That the table is stale matters most where it knows nothing.
    let asked = |row: &Because| matches!(row, Because::Lookup { table: t, result: Some(_), .. } if t == table);
    if !check.ladder.get(from..).unwrap_or_default().iter().any(asked) {
        check.env.clone().remark(table, &mut check.ladder).await;
    }
    judged
}

async fn search(check: &mut Check, cx: &Cx, subject: Subject, table: &str) -> Judged {
    if subject == Subject::Sasl && !check.env.cfg.bool("smtpd_sasl_auth_enable") {
        check.env.log.warn(format_args!("restriction `check_sasl_access' ignored: no SASL support"));
        return Ok(Outcome::Dunno);
    }
    let Some(value) = subject.value(&check.facts) else { return Ok(Outcome::Dunno) };
    let key = Key { table, reply_name: subject.reply_name(&check.facts), class: subject.class(), bare: cx.bare };
    let found = match subject {
        Subject::Client | Subject::ClientName | Subject::ReverseClient => match by_domain(check, &key, &value).await? {
            Some(outcome) => Some(outcome),
            None => {
                let address = check.facts.peer.addr.clone();
                by_address(check, &key, &address).await?
            }
        },
        Subject::Helo | Subject::Etrn => by_domain(check, &key, &value).await?,
        Subject::Sasl if value.is_empty() => None,
        Subject::Sasl => try_key(check, &key, &value, &value, false, "check_access").await?,
        Subject::Sender if value.is_empty() => {
            let null = check.env.cfg.str("smtpd_null_access_lookup_key");
            try_key(check, &key, &null, &null, false, "check_access").await?
        }
        Subject::Sender | Subject::Recipient => return by_mail(check, &key, &value, subject).await,
    };
    Ok(found.unwrap_or(Outcome::Dunno))
}

/// Whether the action can be left to cleanup: not where a filter takes its place, not for ETRN, and not before there is a sender.
fn delegates(check: &Check, key: &Key<'_>, action: &str) -> bool {
    let table = key.table;
    if check.env.filtered() {
        check.env.log.warn(format_args!("access table {table}: with smtpd_proxy_filter specified, action {action} is unavailable"));
        return false;
    }
    if check.facts.place == "ETRN" {
        check.env.log.warn(format_args!("access table {table}: action {action} is unavailable in smtpd_etrn_restrictions"));
        return false;
    }
    has_sender(check, key, action)
}

/// Whether there is a message that the action can be for.
fn has_sender(check: &Check, key: &Key<'_>, action: &str) -> bool {
    let table = key.table;
    if check.facts.sender.is_none() {
        check.env.log.warn(format_args!(
            "access table {table}: with smtpd_delay_reject=no, action {action} is always skipped in Client host or Helo command restrictions"
        ));
        return false;
    }
    true
}

/// An enhanced status code about addresses fitted to what is refused.
pub(crate) fn dsn_fix(log: &Log, dsn: &str, class: &str) -> String {
    let Some(micro) = dsn.get(1..).and_then(|d| d.strip_prefix(".1.")) else { return dsn.to_string() };
    let (sender, recipient) = match micro {
        "1" | "4" | "6" => ("1.7", micro),
        "2" | "8" => ("1.8", "2"),
        "3" | "7" => ("1.7", "3"),
        "5" => ("1.0", "5"),
        _ => ("1.0", "0"),
    };
    let detail = match class {
        "Sender address" => sender.to_string(),
        "Recipient address" => format!("1.{recipient}"),
        _ => "0.0".into(),
    };
    let fixed = format!("{}.{detail}", &dsn[..1]);
    if fixed != dsn {
        log.info(format_args!("mapping DSN status {dsn} into {class} status {fixed}"));
    }
    fixed
}

/// Does what the right-hand side says. `datum`: the key, for warnings.
pub(crate) async fn action(check: &mut Check, key: &Key<'_>, value: &str, datum: &str) -> Judged {
    let (word, text) = match value.find([' ', '\t']) {
        Some(at) => (&value[..at], value[at..].trim_start()),
        None => (value, ""),
    };
    let (table, class) = (key.table, key.class);
    let name = key.reply_name.as_str();
    let log = check.env.log.clone();
    let verb = word.to_ascii_uppercase();
    let rejected = |text: &str, default: &str| format!("<{name}>: {class} rejected: {}", if text.is_empty() { default } else { text });
    match verb.as_str() {
        "DUNNO" => return Ok(Outcome::Dunno),
        "REJECT" | "DEFER" => {
            let (default, parameter) =
                if verb == "REJECT" { ("5.7.1", "access_map_reject_code") } else { ("4.7.1", "access_map_defer_code") };
            let (dsn, text) = dsn_split(default, text);
            let (code, dsn) = (check.code(parameter), dsn_fix(&log, dsn, class));
            return check.reject_policy(code, &dsn, rejected(text, "Access denied"));
        }
        "HANGUP" => {
            check.log("hangup", text);
            return Err(Unwind::Stop(Stop::Quiet));
        }
        "INFO" | "WARN" => {
            check.log(&verb.to_ascii_lowercase(), text);
            return Ok(Outcome::Dunno);
        }
        "FILTER" => {
            if !delegates(check, key, "FILTER") {
            } else if text.is_empty() {
                log.warn(format_args!("access table {table} entry \"{datum}\" has FILTER entry without value"));
            } else if !text.contains(':') {
                log.warn(format_args!("access table {table} entry \"{datum}\" requires transport:destination"));
            } else {
                check.log("filter", &format!("<{name}>: {class} triggers FILTER {text}"));
                check.actions.filter = Some(text.to_string());
            }
            return Ok(Outcome::Dunno);
        }
        "HOLD" => {
            if delegates(check, key, "HOLD") && check.actions.flags & FLAG_HOLD == 0 {
                let text = if text.is_empty() { "triggers HOLD action" } else { text };
                check.log("hold", &format!("<{name}>: {class} {text}"));
                check.actions.flags |= FLAG_HOLD;
            }
            return Ok(Outcome::Dunno);
        }
        "DISCARD" => {
            if !delegates(check, key, "DISCARD") {
                return Ok(Outcome::Dunno);
            }
            let text = if text.is_empty() { "triggers DISCARD action" } else { text };
            check.log("discard", &format!("<{name}>: {class} {text}"));
            check.actions.flags |= FLAG_DISCARD;
            check.actions.discard = true;
            return check.permit(word, class, name, table).await;
        }
        "REDIRECT" | "BCC" => {
            if !delegates(check, key, &verb) {
            } else if !text.contains('@') {
                log.warn(format_args!("access table {table} entry \"{datum}\" requires user@domain target"));
            } else {
                check.log(&verb.to_ascii_lowercase(), &format!("<{name}>: {class} triggers {verb} {text}"));
                match verb.as_str() {
                    "BCC" => check.actions.bcc.push(text.to_string()),
                    _ => check.actions.redirect = Some(text.to_string()),
                }
            }
            return Ok(Outcome::Dunno);
        }
        "DEFER_IF_PERMIT" | "DEFER_IF_REJECT" => {
            let (dsn, text) = dsn_split("4.7.1", text);
            let (code, dsn) = (check.code("access_map_defer_code"), dsn_fix(&log, dsn, class));
            let text = rejected(text, "Service unavailable");
            if verb == "DEFER_IF_PERMIT" {
                return check.if_permit(code, &dsn, text);
            }
            check.if_reject(code, &dsn, text);
            return Ok(Outcome::Dunno);
        }
        "PREPEND" => {
            if !has_sender(check, key, "PREPEND") {
            } else if check.facts.place == "END-OF-MESSAGE" {
                log.warn(format_args!("access table {table}: action PREPEND must be used before smtpd_end_of_data_restrictions"));
            } else if !wire::smtp::is_header(text) {
                log.warn(format_args!("access table {table} entry \"{datum}\" requires header: text"));
            } else {
                check.actions.prepend.push(text.to_string());
            }
            return Ok(Outcome::Dunno);
        }
        "OK" | "RELAY" => return check.permit(word, class, name, table).await,
        _ if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => return check.permit(word, class, name, table).await,
        _ => {}
    }
    if word.len() == 3 && !text.is_empty() && word.starts_with(['4', '5']) && word.bytes().all(|b| b.is_ascii_digit()) {
        let default = format!("{}.7.1", &word[..1]);
        let (dsn, text) = dsn_split(&default, text);
        let dsn = dsn_fix(&log, dsn, class);
        return check.reject_policy(word.parse().unwrap_or(450), &dsn, rejected(text, "Access denied"));
    }
    if value.contains(':') {
        log.warn(format_args!("access table {table} has entry with lookup table: {value}"));
        log.warn(format_args!("do not specify lookup tables inside SMTPD access maps"));
        log.warn(format_args!("define a restriction class and specify its name instead."));
        return Err(check.server_error());
    }
    if check.depth > 100 {
        log.warn(format_args!("access table {table} entry {value} causes unreasonable recursion"));
        return Err(check.server_error());
    }
    let elements = crate::config::split_braced(value);
    if elements.is_empty() {
        log.warn(format_args!("access table {table} entry {value} has empty value"));
        return Ok(Outcome::Ok);
    }
    check.because(Because::Note { what: format!("the table's answer is a list of restrictions: {value}") });
    // They stand where the key does.
    let place = check.ladder.iter().rev().find_map(|row| if let Because::Lookup { place, .. } = row { Some(place.clone()) } else { None });
    let here = || if let Some(Because::Rule { place, .. }) = check.at_work() { place } else { None };
    let place = place.flatten().or_else(here);
    let list = Rc::new(List { name: table.to_string(), place, lines: Vec::new(), elements });
    let cx = Cx { name: name.to_string(), class, bare: key.bare };
    evaluate(check, list, &cx).await
}
