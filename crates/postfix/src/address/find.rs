//! Looking an address up in tables: whole, without extension, local part, domain; and putting an extension back on a result.
//! Source: mail_addr_find(3), mail_addr_crunch(3), mail_addr_map(3); the order is in canonical(5), virtual(5), transport(5).

use super::local::Local;
use super::tok::{Tok, external, internal, parse, quote_local};
use super::{cut, strip_extension};
use crate::config::Config;
use crate::lookup::{Hit, Maps, TableError};
use crate::rewrite_clnt::Resolver;
use machine::Because;

/// Which keys are tried.
#[derive(Clone, Copy)]
pub(crate) enum Keys<'a> {
    /// Whole address, then local part alone where the domain is this machine, then `@domain`.
    Usual(&'a Local),
    /// Whole address, then domain and its parents: transport tables. True: parents match bare, else as `.domain`.
    Domains(bool),
}

/// A result and the extension that was left off to find it.
pub(crate) struct Found {
    pub(crate) hit: Hit,
    pub(crate) extension: Option<String>,
}

/// A lookup as a reason.
pub(crate) fn looked_up(hit: &Hit) -> Because {
    Because::Lookup { table: hit.table.to_string(), key: hit.key.clone(), result: Some(hit.value.clone()), place: hit.place.clone() }
}

async fn ask(maps: &Maps, key: &str, whole: bool) -> Result<Option<Hit>, TableError> {
    let quoted = quote_local(key);
    let mut hit = if whole { maps.find(&quoted).await? } else { maps.find_fixed(&quoted).await? };
    if hit.is_none() && quoted != key {
        hit = if whole { maps.find(key).await? } else { maps.find_fixed(key).await? };
    }
    Ok(hit)
}

/// Looks an address (internal form) up.
///
/// # Errors
/// A table failed.
pub(crate) async fn find(cfg: &Config, maps: &Maps, addr: &str, keys: Keys<'_>) -> Result<Option<Found>, TableError> {
    let found = |hit, extension: Option<&String>| Ok(Some(Found { hit, extension: extension.cloned() }));
    let bare = strip_extension(cfg, addr);
    let extension = bare.as_ref().map(|(_, e)| e);
    if let Some(hit) = ask(maps, addr, true).await? {
        return found(hit, None);
    }
    if let Some((stripped, _)) = &bare
        && let Some(hit) = ask(maps, stripped, false).await?
    {
        return found(hit, extension);
    }
    let (local, domain) = cut(addr);
    if domain.is_empty() {
        return Ok(None);
    }
    match keys {
        Keys::Usual(here) => {
            if domain.eq_ignore_ascii_case(&cfg.str("myorigin")) || here.is_local(domain).await? {
                if let Some(hit) = ask(maps, local, false).await? {
                    return found(hit, None);
                }
                if let Some((stripped, _)) = &bare
                    && let Some(hit) = ask(maps, cut(stripped).0, false).await?
                {
                    return found(hit, extension);
                }
            }
            match maps.find_fixed(&format!("@{domain}")).await? {
                Some(hit) => found(hit, None),
                None => Ok(None),
            }
        }
        Keys::Domains(parents) => {
            let mut name = domain;
            loop {
                if let Some(hit) = maps.find_fixed(name).await? {
                    return found(hit, None);
                }
                let Some(dot) = name.get(1..).and_then(|n| n.find('.')) else { return Ok(None) };
                name = &name[dot + 1 + usize::from(parents)..];
                if name.is_empty() {
                    return Ok(None);
                }
            }
        }
    }
}

/// Puts an extension before the `@` of an address.
fn append_extension(addr: &str, extension: &str) -> String {
    let (local, domain) = match addr.rfind('@') {
        Some(at) => addr.split_at(at),
        None => (addr, ""),
    };
    format!("{local}{extension}{domain}")
}

/// The addresses of a result: `@domain` results keep the local part, extensions go on, everything in standard form (internal).
pub(crate) async fn crunch(resolver: &mut Resolver, found: &Found, addr: &str, propagate: bool, why: &mut Vec<Because>) -> Vec<String> {
    let mut out = Vec::new();
    for t in parse(&found.hit.value) {
        let Tok::Addr(inner) = t else { continue };
        let mut text = external(&inner, false, false);
        if text.starts_with('@') {
            text = format!("{}{text}", quote_local(cut(addr).0));
        }
        let standard = resolver.rewrite("local", &text, why).await;
        let mut new = super::tok::unquote(&standard);
        if propagate && let Some(extension) = &found.extension {
            new = append_extension(&new, extension);
        }
        out.push(new);
    }
    out
}

/// Maps an address once without asking trivial-rewrite: for generic tables. `None`: not in the tables.
///
/// # Errors
/// A table failed.
pub(crate) async fn map_plain(cfg: &Config, here: &Local, maps: &Maps, addr: &str, propagate: bool) -> Result<Option<String>, TableError> {
    let Some(found) = find(cfg, maps, addr, Keys::Usual(here)).await? else { return Ok(None) };
    let Some(inner) = parse(&found.hit.value).into_iter().find_map(|t| if let Tok::Addr(a) = t { Some(a) } else { None }) else {
        return Ok(None);
    };
    let mut text = internal(&inner, false);
    if text.starts_with('@') {
        text = format!("{}{text}", cut(addr).0);
    } else if !text.contains('@') {
        text = format!("{text}@{}", cfg.str("myorigin"));
    }
    if propagate && let Some(extension) = &found.extension {
        text = append_extension(&text, extension);
    }
    Ok(Some(text))
}
