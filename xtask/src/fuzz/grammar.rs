//! Random text from a context-free grammar, and the random numbers for it. Not here: the grammar (grammar.txt, whose head explains its form),
//! what is made of the text (`scenario`).

use std::collections::BTreeMap;

/// splitmix64: the same numbers for the same seed everywhere.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// A number below `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
    /// Whether a chance in a hundred came true.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// The alternatives of a rule.
#[derive(Default)]
struct Rule {
    lines: bool,
    ways: Vec<(usize, String)>,
}

/// The rules by name.
pub(super) struct Grammar(BTreeMap<String, Rule>);

/// The deepest nesting: beyond it only the first alternatives, which must not nest.
const DEPTH: usize = 40;

impl Grammar {
    /// Reads the text of a grammar.
    pub(super) fn new(text: &str) -> Result<Grammar, String> {
        let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
        let mut name = String::new();
        for line in text.lines().map(str::trim_end).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            if let Some(way) = line.strip_prefix("    ") {
                let (weight, way) = match way.split_once("x ") {
                    Some((n, rest)) if n.parse::<usize>().is_ok() => (n.parse().unwrap_or(1), rest),
                    _ => (1, way),
                };
                rules.entry(name.clone()).or_default().ways.push((weight, way.to_string()));
            } else {
                let head = line.strip_suffix(':').ok_or_else(|| format!("grammar: no rule: {line}"))?;
                name = head.trim_end_matches('/').to_string();
                rules.entry(name.clone()).or_default().lines = head.ends_with('/');
            }
        }
        let grammar = Grammar(rules);
        for (name, rule) in &grammar.0 {
            for part in rule.ways.iter().flat_map(|(_, way)| way.split('`').skip(1).step_by(2)) {
                if !grammar.0.contains_key(count(part).0) {
                    return Err(format!("grammar: {name} uses {part}, which is no rule"));
                }
            }
        }
        Ok(grammar)
    }
    /// One expansion of a rule.
    pub(super) fn expand(&self, rule: &str, random: &mut Random) -> String {
        let mut out = String::new();
        self.add(rule, random, 0, &mut out);
        out
    }
    fn add(&self, name: &str, random: &mut Random, depth: usize, out: &mut String) {
        let Some(rule) = self.0.get(name) else { return };
        let mut at = random.below(rule.ways.iter().map(|(weight, _)| weight).sum());
        let way = rule.ways.iter().find(|(weight, _)| {
            let here = at < *weight || depth > DEPTH;
            at = at.saturating_sub(*weight);
            here
        });
        for (i, part) in way.map_or("", |(_, way)| way).split('`').enumerate() {
            if i % 2 == 0 {
                unescape(part, out);
                continue;
            }
            let (name, how, n) = count(part);
            let times = match how {
                '?' => usize::from(random.chance(n)),
                '*' => random.below(n + 1),
                '+' => 1 + random.below(n),
                _ => 1,
            };
            (0..times).for_each(|_| self.add(name, random, depth + 1, out));
        }
        if rule.lines {
            out.push('\n');
        }
    }
}

/// `rule*3`: the rule, how it is repeated, the number.
fn count(part: &str) -> (&str, char, usize) {
    match part.find(['?', '*', '+']) {
        Some(at) => (&part[..at], part[at..].chars().next().unwrap_or(' '), part[at + 1..].parse().unwrap_or(1)),
        None => (part, ' ', 1),
    }
}

fn unescape(text: &str, out: &mut String) {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('s') => out.push(' '),
            Some('e') => {}
            Some('\\') => out.push('\\'),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_can_be_read_and_the_same_seed_gives_the_same_text() {
        let grammar = Grammar::new(super::super::scenario::GRAMMAR).unwrap();
        for rule in grammar.0.keys() {
            for seed in 0..20 {
                assert_eq!(grammar.expand(rule, &mut Random(seed)), grammar.expand(rule, &mut Random(seed)), "{rule}");
            }
        }
    }
}
