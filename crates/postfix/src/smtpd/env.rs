//! What an smtpd process reads once, when it starts: parameters, restriction lists, tables, lists of clients.
//! Not here: asking them (`ask`). Source: smtpd(8), pre_jail_init and smtpd_check_init of Postfix for the order.

use crate::address::local::Local;
use crate::anvil;
use crate::config::{Config, boolean, split, split_braced, split_nameval, unbrace};
use crate::lookup::{Maps, MatchKind, MatchList, Tables};
use crate::maillog::Log;
use crate::policy::Service;
use crate::probe::ProbeSender;
use crate::restrictions::check::CLASSES;
use crate::restrictions::dnsbl::Known;
use crate::restrictions::{LISTS, List, RELAY_PROTECTION, protects, takes_policy};
use crate::rewrite_clnt::{Resolved, Resolver};
use crate::sasl;
use machine::{KillTarget, Map, Signal, Sys};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wire::smtp::BareLf;

/// A list of clients by name and address.
pub(crate) struct Clients {
    /// Name of the parameter.
    pub(crate) parameter: &'static str,
    /// Its patterns.
    pub(crate) list: MatchList,
}

/// What a process has read and opened.
pub(crate) struct Env {
    /// The process.
    pub(crate) sys: Sys,
    /// Its voice.
    pub(crate) log: Log,
    /// Its configuration.
    pub(crate) cfg: Config,
    /// The restriction lists, in the order of `restrictions::Stage`.
    pub(crate) lists: Vec<Rc<List>>,
    /// `smtpd_restriction_classes`
    pub(crate) classes: Map<String, Rc<List>>,
    /// Access tables by `type:name`.
    pub(crate) access: Map<String, Maps>,
    /// Tables that a parameter names.
    pub(crate) maps: Map<&'static str, Maps>,
    /// `local_header_rewrite_clients`
    pub(crate) rewrite_clients: Vec<String>,
    /// Lists of clients.
    pub(crate) mynetworks: Clients,
    /// `permit_mx_backup_networks`
    pub(crate) mx_backup_networks: Clients,
    /// `smtpd_client_event_limit_exceptions`
    pub(crate) uncounted: Clients,
    /// `smtpd_authorized_xclient_hosts`
    pub(crate) xclient_hosts: Clients,
    /// `smtpd_authorized_xforward_hosts`
    pub(crate) xforward_hosts: Clients,
    /// `smtpd_authorized_verp_clients`
    pub(crate) verp_clients: Clients,
    /// `smtpd_forbid_bare_newline_exclusions`
    pub(crate) bare_lf_exclusions: Clients,
    /// `smtpd_sasl_exceptions_networks`, unless it is empty.
    pub(crate) sasl_exceptions: Option<Clients>,
    /// Lists of words and domains by parameter.
    pub(crate) words: Map<&'static str, MatchList>,
    /// The domains and addresses of this machine.
    pub(crate) local: Local,
    /// What SASL has read.
    pub(crate) sasl: sasl::Setup,
    /// `myhostname`
    pub(crate) myhostname: String,
    /// `smtputf8_enable`
    pub(crate) utf8: bool,
    /// `soft_bounce`
    pub(crate) soft_bounce: bool,
    /// `message_size_limit`; 0: none.
    pub(crate) message_limit: u64,
    /// `line_length_limit`
    pub(crate) line_limit: usize,
    /// Error limits.
    pub(crate) soft_errors: i64,
    /// `smtpd_hard_error_limit`
    pub(crate) hard_errors: i64,
    /// `smtpd_junk_command_limit`
    pub(crate) junk_limit: i64,
    /// Bits of `notify_classes`.
    pub(crate) notify: u32,
    /// Parents match without a dot (`parent_domain_matches_subdomains` lists `smtpd_access_maps`).
    pub(crate) parent_style: bool,
    /// `receive_override_options` says `no_unknown_recipient_checks`.
    pub(crate) no_recipient_checks: bool,
    /// `smtpd_forbid_bare_newline`
    pub(crate) bare_lf: BareLf,
    /// STARTTLS is offered.
    pub(crate) use_tls: bool,
    /// Most commands wait for STARTTLS.
    pub(crate) enforce_tls: bool,
    /// AUTH waits for STARTTLS.
    pub(crate) tls_auth_only: bool,
    /// Some limit on clients is set: anvil counts them.
    pub(crate) counts: bool,
    /// Policy services as they stand in the lists.
    pub(crate) policies: Map<String, Service>,
    /// What DNS lists have said.
    pub(crate) dnsbl: RefCell<Vec<(String, Rc<Known>)>>,
    /// The warnings about old names that have been given, a bit each.
    pub(super) warned: Cell<u8>,
    /// Whether the recipient, the sender was looked up in the recipient tables. A new session begins with what the last one left: Postfix
    /// clears it before the recipient's lists and the sender's list only, and a list before those finds it as it was.
    pub(crate) listed: [Cell<bool>; 2],
    /// Depth of `smtpd_policy_service_default_action` within itself. One that hangs up is never left, for Postfix.
    pub(crate) policy_depth: Cell<u32>,
    pub(super) resolver: Cell<Option<Resolver>>,
    pub(super) probe: RefCell<Option<ProbeSender>>,
    pub(super) resolved: RefCell<Vec<(String, Rc<Resolved>)>>,
    pub(super) anvil: Cell<Option<anvil::Client>>,
}

/// Opens a list of clients.
async fn clients(tables: &Tables, parameter: &'static str) -> Result<Clients, String> {
    Ok(Clients { parameter, list: MatchList::of(tables, parameter, MatchKind::Clients).await? })
}

/// Tables by parameter, in the order in which they are opened.
const MAPS: [&str; 13] = [
    "local_recipient_maps",
    "sender_canonical_maps",
    "recipient_canonical_maps",
    "canonical_maps",
    "virtual_alias_maps",
    "virtual_mailbox_maps",
    "relay_recipient_maps",
    "rbl_reply_maps",
    "smtpd_sender_login_maps",
    // From here on: opened after the restriction lists.
    "smtpd_command_filter",
    "smtpd_discard_ehlo_keyword_address_maps",
    "smtpd_dns_reply_filter",
    "smtpd_reject_footer_maps",
];

/// Restriction lists and what they name.
struct Lists<'a> {
    tables: &'a Tables,
    access: Map<String, Maps>,
    policies: Map<String, Service>,
}

impl Lists<'_> {
    /// Splits a list and opens the tables in it.
    async fn parse(&mut self, name: &str, value: &str) -> Result<Rc<List>, String> {
        let elements = split_braced(value);
        let mut policy = false;
        for element in &elements {
            if policy {
                if !self.policies.contains(element) {
                    self.policies.insert(element.clone(), Service::parse(self.tables.cfg(), element)?);
                }
            } else if element.starts_with('{') || element.contains(':') {
                match table_of(element) {
                    Ok(table) if !self.access.contains(&table) => {
                        let maps = Maps::open(self.tables, &table, &table).await?;
                        self.access.insert(table, maps);
                    }
                    Ok(_) => {}
                    Err(why) => why.lines().for_each(|line| self.tables.cfg().log().warn(format_args!("{line}"))),
                }
            }
            policy = takes_policy(element);
        }
        let cfg = self.tables.cfg();
        Ok(Rc::new(List { name: name.to_string(), place: cfg.place(name), lines: cfg.lines(name, &elements), elements }))
    }
}

/// The table that an element names: `type:name`, or `{ type:name, ... }` with attributes that are for certificates only.
///
/// # Errors
/// Lines of warnings.
pub(crate) fn table_of(element: &str) -> Result<String, String> {
    if !element.starts_with('{') {
        return Ok(element.to_string());
    }
    let malformed = |what: &str| format!("malformed map specification: '{what}'");
    let inner = unbrace(element).map_err(|why| malformed(&why))?;
    let mut parts = split_braced(&inner).into_iter();
    let table = parts.next().ok_or_else(|| format!("empty map specification: '{element}'"))?;
    if !table.contains(':') {
        return Err(format!("{}\nexpected maptype:mapname instead of '{table}'", malformed(element)));
    }
    parts.find_map(|part| search_fault(&part, element)).map_or(Ok(table), Err)
}

/// What is wrong with an attribute behind a table: only the order of searches is known.
fn search_fault(part: &str, element: &str) -> Option<String> {
    const SEARCHES: [&str; 4] = ["cert_fingerprint", "pubkey_fingerprint", "issuer_cn", "subject_cn"];
    let inner = match part.starts_with('{').then(|| unbrace(part)) {
        None => part.to_string(),
        Some(Ok(inner)) => inner,
        Some(Err(why)) => return Some(format!("malformed map attribute: {why}")),
    };
    match split_nameval(&inner) {
        Err(why) => Some(format!("malformed map attribute in '{element}': '{why}'")),
        Ok((name, value)) if name.eq_ignore_ascii_case("search_order") => {
            let unknown = split(value).into_iter().find(|word| !SEARCHES.iter().any(|s| s.eq_ignore_ascii_case(word)));
            unknown.map(|word| format!("unknown search type '{word}' in '{element}'"))
        }
        Ok((name, _)) => Some(format!("unknown map attribute in '{element}': '{name}'")),
    }
}

/// The TLS level as what it means: offered, enforced.
fn tls_level(log: &Log, cfg: &Config) -> Result<(bool, bool), String> {
    let level = cfg.str("smtpd_tls_security_level");
    let (mut offered, mut enforced) = (cfg.bool("smtpd_use_tls"), cfg.bool("smtpd_enforce_tls"));
    if !cfg.bool("smtpd_tls_wrappermode") && !level.is_empty() {
        (offered, enforced) = match level.as_str() {
            "none" => (false, false),
            "may" => (true, false),
            "encrypt" => (true, true),
            "secure" | "verify" | "fingerprint" => {
                log.warn(format_args!("smtpd_tls_security_level: unsupported TLS level \"{level}\", using \"encrypt\""));
                (true, true)
            }
            _ => return Err(format!("Invalid TLS level \"{level}\"")),
        };
    }
    enforced |= cfg.bool("smtpd_tls_wrappermode");
    let certificates = ["smtpd_tls_cert_file", "smtpd_tls_eccert_file", "smtpd_tls_dcert_file", "smtpd_tls_chain_files"];
    if (offered || enforced) && certificates.iter().all(|c| cfg.str(c).is_empty()) {
        log.warn(format_args!("No server certs available. TLS won't be enabled"));
    }
    Ok((offered || enforced, enforced))
}

impl Env {
    /// Reads everything.
    ///
    /// # Errors
    /// The text of a fatal message.
    pub(crate) async fn open(sys: &Sys, tables: &Tables) -> Result<Env, String> {
        let tables = tables.clone();
        let cfg = tables.cfg();
        let log = cfg.log().clone();
        let mut words = Map::new();
        for parameter in ["smtpd_noop_commands", "smtpd_forbidden_commands"] {
            words.insert(parameter, MatchList::of(&tables, parameter, MatchKind::Strings).await?);
        }
        let verp_clients = clients(&tables, "smtpd_authorized_verp_clients").await?;
        let xclient_hosts = clients(&tables, "smtpd_authorized_xclient_hosts").await?;
        let xforward_hosts = clients(&tables, "smtpd_authorized_xforward_hosts").await?;
        let uncounted = clients(&tables, "smtpd_client_event_limit_exceptions").await?;
        let bare_lf_exclusions = clients(&tables, "smtpd_forbid_bare_newline_exclusions").await?;
        let bare = cfg.str("smtpd_forbid_bare_newline");
        let bare_lf = match bare.as_str() {
            "no" => BareLf::Allow,
            "yes" | "normalize" => BareLf::Normalize,
            "reject" => BareLf::Reject,
            _ => return Err(format!("bad parameter value: 'smtpd_forbid_bare_newline = {bare}'")),
        };
        let mynetworks = clients(&tables, "mynetworks").await?;
        let mx_backup_networks = clients(&tables, "permit_mx_backup_networks").await?;
        let mut maps = Map::new();
        // A user's own `sendmail -bs` checks nobody, and could not open every table.
        let uid = sys.ids().uid;
        let checks = uid == 0 || crate::account::by_name(sys, &cfg.str("mail_owner")).await.is_some_and(|a| a.uid == uid);
        for parameter in &MAPS[..9] {
            let text = if checks { cfg.str(parameter) } else { String::new() };
            maps.insert(*parameter, Maps::open(&tables, parameter, &text).await?);
        }
        let mut lists = Lists { tables: &tables, access: Map::new(), policies: Map::new() };
        let mut parsed: Vec<Option<Rc<List>>> = vec![None; LISTS.len()];
        // Client, HELO, sender, relay, recipient, ETRN, DATA, end of data.
        for i in [0, 1, 2, 3, 4, 7, 5, 6] {
            let text = if checks { cfg.str(LISTS[i]) } else { String::new() };
            parsed[i] = Some(lists.parse(LISTS[i], &text).await?);
        }
        let parsed: Vec<Rc<List>> = parsed.into_iter().flatten().collect();
        let mut classes = Map::new();
        for name in cfg.list("smtpd_restriction_classes") {
            let value = cfg.str(&name);
            if value.is_empty() {
                return Err(format!("restriction class `{name}' needs a definition"));
            }
            let list = lists.parse(&name, &value).await?;
            classes.insert(name, list);
        }
        let mismatch = "reject_authenticated_sender_login_mismatch reject_unauthenticated_sender_login_mismatch";
        let name = "reject_sender_login_mismatch";
        classes.insert(name.to_string(), lists.parse(name, mismatch).await?);
        let protected = |list: &List| protects(list, &classes, &log, 0);
        let safe = protected(&parsed[4]).and_then(|yes| if yes { Some(true) } else { protected(&parsed[3]) });
        if checks && safe.is_none() {
            // A class that names itself: the real process breaks down here.
            let _ = sys.kill(KillTarget::Pid(sys.pid()), Some(Signal::Segv)).await;
        }
        if checks && safe == Some(false) {
            let (last, first) = (RELAY_PROTECTION[5], &RELAY_PROTECTION[..5]);
            return Err(format!(
                "in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at least one working instance of: {} or {last}",
                first.join(", ")
            ));
        }
        let rewrite_clients = split_braced(&cfg.str("local_header_rewrite_clients"));
        for element in &rewrite_clients {
            lists.parse("local_header_rewrite_clients", element).await?;
        }
        let (access, policies) = (lists.access, lists.policies);
        for parameter in ["unknown_helo_hostname", "unknown_address", "unverified_recipient", "unverified_sender"] {
            let parameter = format!("{parameter}_tempfail_action");
            let value = cfg.str(&parameter);
            if !["defer", "defer_if_permit"].iter().any(|v| v.eq_ignore_ascii_case(&value)) {
                return Err(format!("bad configuration: {parameter} = {value}"));
            }
        }
        words.insert(
            "smtpd_log_access_permit_actions",
            MatchList::of(&tables, "smtpd_log_access_permit_actions", MatchKind::Strings).await?,
        );
        let sasl = if cfg.bool("smtpd_sasl_auth_enable") { sasl::Setup::read(sys, cfg).await? } else { sasl::Setup::default() };
        let sasl_exceptions = match cfg.str("smtpd_sasl_exceptions_networks").is_empty() {
            true => None,
            false => Some(clients(&tables, "smtpd_sasl_exceptions_networks").await?),
        };
        for parameter in &MAPS[9..] {
            maps.insert(*parameter, Maps::of(&tables, parameter).await?);
        }
        let (use_tls, enforce_tls) = tls_level(&log, cfg)?;
        if cfg.bool("smtpd_sasl_auth_enable") {
            let parameter = "smtpd_sasl_mechanism_filter";
            words.insert(parameter, MatchList::of(&tables, parameter, MatchKind::Strings).await?);
        }
        words.insert("fast_flush_domains", MatchList::of(&tables, "fast_flush_domains", MatchKind::Domains).await?);
        let (free, size) = (cfg.int("queue_minfree"), cfg.int("message_size_limit"));
        if free > 0 && size > 0 && free.saturating_mul(2) < size.saturating_mul(3) {
            log.warn(format_args!("queue_minfree({free}) should be at least 1.5*message_size_limit({size})"));
        }
        crate::post::old_from(cfg)?;
        let positive = |name: &str| u64::try_from(cfg.int(name)).unwrap_or(0);
        let notify = cfg
            .list("notify_classes")
            .iter()
            .filter_map(|w| CLASSES.iter().find(|(n, _)| n == w))
            .fold(0, |mask, (_, class)| mask | *class as u32);
        let limits = ["connection_rate", "connection_count", "message_rate", "recipient_rate", "new_tls_session_rate", "auth_rate"];
        let counts = limits.iter().any(|l| cfg.int(&format!("smtpd_client_{l}_limit")) != 0);
        let yes = |name: &str| boolean(name, &cfg.str(name)).unwrap_or(false);
        Ok(Env {
            sys: sys.clone(),
            lists: parsed,
            classes,
            access,
            maps,
            rewrite_clients,
            mynetworks,
            mx_backup_networks,
            uncounted,
            xclient_hosts,
            xforward_hosts,
            verp_clients,
            bare_lf_exclusions,
            sasl_exceptions,
            words,
            local: Local::open(sys, &tables).await?,
            sasl,
            myhostname: cfg.str("myhostname"),
            utf8: yes("smtputf8_enable"),
            soft_bounce: yes("soft_bounce"),
            message_limit: positive("message_size_limit"),
            line_limit: usize::try_from(cfg.int("line_length_limit")).unwrap_or(2048),
            soft_errors: cfg.int("smtpd_soft_error_limit"),
            hard_errors: cfg.int("smtpd_hard_error_limit"),
            junk_limit: cfg.int("smtpd_junk_command_limit"),
            notify,
            parent_style: cfg.list("parent_domain_matches_subdomains").iter().any(|p| p == "smtpd_access_maps"),
            no_recipient_checks: cfg.list("receive_override_options").iter().any(|o| o == "no_unknown_recipient_checks"),
            bare_lf,
            use_tls,
            enforce_tls,
            tls_auth_only: yes("smtpd_tls_auth_only") || enforce_tls,
            counts,
            policies,
            dnsbl: RefCell::new(Vec::new()),
            resolver: Cell::new(Some(Resolver::new(sys, &log))),
            probe: RefCell::new(None),
            warned: Cell::new(0),
            listed: [Cell::new(false), Cell::new(false)],
            policy_depth: Cell::new(0),
            resolved: RefCell::new(Vec::new()),
            anvil: Cell::new(None),
            cfg: cfg.clone(),
            log,
        })
    }
}
