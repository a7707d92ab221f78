//! Rewriting an address to standard form: source routes, `site!user`, `user%domain`, missing domains.
//! Not here: finding its transport (`trivial_rewrite`), tables (`cleanup`). Source: trivial-rewrite(8) "STANDARDS", postconf(5).

use super::tok::{Tok, external, internal, quote_local, scan};
use machine::Because;

/// The parameters that the standard form depends on.
#[derive(Clone)]
pub(crate) struct Rules {
    /// `swap_bangpath`
    pub(crate) swap_bangpath: bool,
    /// `allow_percent_hack`
    pub(crate) percent_hack: bool,
    /// `append_at_myorigin`
    pub(crate) append_at_myorigin: bool,
    /// `append_dot_mydomain`
    pub(crate) append_dot_mydomain: bool,
    /// Appended after `@`: `myorigin`, or `remote_header_rewrite_domain` for headers from elsewhere.
    pub(crate) origin: String,
    /// Appended after `.`: `mydomain`, or the same.
    pub(crate) domain: String,
    /// Name of the parameter behind `origin`, for explanations.
    pub(crate) origin_name: &'static str,
    /// Name of the parameter behind `domain`.
    pub(crate) domain_name: &'static str,
}

fn is_op(t: &Tok, op: u8) -> bool {
    *t == Tok::Op(op)
}

/// Position of the first operator.
pub(crate) fn find(tree: &[Tok], op: u8) -> Option<usize> {
    tree.iter().position(|t| is_op(t, op))
}

/// Position of the last operator.
pub(crate) fn rfind(tree: &[Tok], op: u8) -> Option<usize> {
    tree.iter().rposition(|t| is_op(t, op))
}

/// Cuts off a dot at the end, unless what stands before it makes the address bad anyway.
fn strip_dot(tree: &mut Vec<Tok>) {
    if let [.., before, last] = tree.as_slice()
        && is_op(last, b'.')
        && !is_op(before, b'.')
        && !is_op(before, b'@')
    {
        tree.pop();
    }
}

fn note(why: &mut Vec<Because>, before: &str, tree: &[Tok], by: &str) {
    let to = external(tree, false, false);
    if to != before {
        why.push(Because::Rewrite { from: before.to_string(), to, by: by.to_string(), place: None });
    }
}

/// Rewrites the tokens of one address in place; each step that changes something is noted in `why`.
pub(crate) fn rewrite_tree(rules: &Rules, tree: &mut Vec<Tok>, why: &mut Vec<Because>) {
    match tree.as_slice() {
        [] => return,
        [Tok::Quoted(s)] if s.is_empty() => return,
        [t] if is_op(t, b'@') => {
            *tree = vec![Tok::Quoted(String::new())];
            return;
        }
        _ => {}
    }
    let mut before = external(tree, false, false);
    let mut step = |tree: &mut Vec<Tok>, by: &str| {
        note(why, &before, tree, by);
        before = external(tree, false, false);
    };
    if tree.first().is_some_and(|t| is_op(t, b'@'))
        && let Some(colon) = find(tree, b':')
        && colon + 1 < tree.len()
    {
        tree.drain(..=colon);
        step(tree, "source route");
    }
    if rfind(tree, b'@').is_none() {
        if rules.swap_bangpath
            && let Some(bang) = find(tree, b'!')
        {
            let mut local = tree.split_off(bang + 1);
            tree.pop();
            local.push(Tok::Op(b'@'));
            local.append(tree);
            *tree = local;
            step(tree, "swap_bangpath");
        } else if rules.percent_hack
            && let Some(percent) = rfind(tree, b'%')
        {
            tree[percent] = Tok::Op(b'@');
            step(tree, "allow_percent_hack");
        } else if rules.append_at_myorigin && !rules.origin.is_empty() {
            tree.push(Tok::Op(b'@'));
            tree.extend(scan(&rules.origin));
            step(tree, rules.origin_name);
        }
    }
    if rules.append_dot_mydomain
        && !rules.domain.is_empty()
        && let Some(at) = rfind(tree, b'@')
        && at + 1 < tree.len()
        && !tree[at..].iter().any(|t| matches!(t, Tok::Literal(_) | Tok::Op(b'.')))
    {
        tree.push(Tok::Op(b'.'));
        tree.extend(scan(&rules.domain));
        step(tree, rules.domain_name);
    }
    strip_dot(tree);
}

/// Rewrites an address in external form.
pub(crate) fn rewrite(rules: &Rules, addr: &str, why: &mut Vec<Because>) -> String {
    if addr.is_empty() {
        return String::new();
    }
    let mut tree = scan(addr);
    rewrite_tree(rules, &mut tree, why);
    // Quotes that are not needed are lost.
    quote_local(&internal(&tree, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_form() {
        let rules = Rules {
            swap_bangpath: true,
            percent_hack: true,
            append_at_myorigin: true,
            append_dot_mydomain: true,
            origin: "o.test".into(),
            domain: "d.test".into(),
            origin_name: "myorigin",
            domain_name: "mydomain",
        };
        for (from, to) in [
            ("a", "a@o.test"),
            ("a@b", "a@b.d.test"),
            ("a@b.c", "a@b.c"),
            ("a@b.c.", "a@b.c"),
            ("@x.y:a@b.c", "a@b.c"),
            ("site!user", "user@site.d.test"),
            ("u%d.e", "u@d.e"),
            ("a@[1.2.3.4]", "a@[1.2.3.4]"),
            ("\"a b\"", "\"a b\"@o.test"),
            ("@", "\"\""),
            ("a@b.c  d", "a@b.c d"),
            ("\"a\"@b.c", "a@b.c"),
        ] {
            assert_eq!(rewrite(&rules, from, &mut Vec::new()), to, "{from}");
        }
    }
}
