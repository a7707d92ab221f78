//! Patterns against what regcomp(3) of glibc 2.36 and PCRE2 10.42 do with them, and a bounded run of random ones.

use pattern::{Options, Regex, Syntax};

fn outcome(syntax: Syntax, flags: &str, pattern: &str, text: &str) -> String {
    let has = |c: char| flags.contains(c);
    let options = Options { icase: has('i'), newline: has('n'), utf8: has('u'), ..Options::default() };
    let regex = match Regex::new(pattern.as_bytes(), syntax, options) {
        Ok(regex) => regex,
        Err(e) => return format!("{} @{}", e.text, e.offset),
    };
    let Some(found) = regex.find(text.as_bytes(), 0) else { return "-".into() };
    let groups: Vec<String> = (0..=regex.groups())
        .map(|g| found.get(g).map_or("-".into(), |(a, b)| String::from_utf8_lossy(&text.as_bytes()[a..b]).into_owned()))
        .collect();
    groups.join("|")
}

#[test]
fn basic_and_extended() {
    use Syntax::{Awk, Basic, Egrep, Extended, Sed};
    let cases = [
        (Basic, "", r"\(.*\)@\(.*\)", "redhat@a.org", "redhat@a.org|redhat|a.org"),
        (Basic, "", "*a", "x*a", "*a"),
        (Basic, "", r"a\{2\}", "root:x:aab", "aa"),
        (Basic, "", r"a\|b", "xb", "b"),
        (Basic, "", "a^b$c", "a^b$c", "a^b$c"),
        (Basic, "", r"\(ab*\)\1", "xabbabb", "abbabb|abb"),
        (Basic, "", r"\<r\w*", "for redhat", "redhat"),
        (Basic, "", r"\(a", "a", r"Unmatched ( or \( @0"),
        (Basic, "", "[a", "a", "Unmatched [, [^, [:, [., or [= @0"),
        (Basic, "", "[", "a", "Invalid regular expression @0"),
        (Basic, "", r"a\", "a", "Trailing backslash @0"),
        (Basic, "", "[[:foo:]]", "a", "Invalid character class name @0"),
        (Basic, "", "[z-a]", "a", "Invalid range end @0"),
        (Basic, "", "[:space:]", "a", "character class syntax is [[:space:]], not [:space:] @0"),
        (Extended, "", "(a|ab)(c|bcd)", "abcd", "abcd|a|bcd"),
        (Extended, "", "a|ab|abc", "abcd", "abc"),
        (Extended, "", "x*", "aaa", ""),
        (Extended, "", "(a*)*", "b", "|"),
        (Extended, "", "(a|(b))+", "ab", "ab|b|b"),
        (Extended, "", "^[a-z]+:x:50[01]", "redhat:x:500:", "redhat:x:500"),
        (Extended, "", "[]x]+", "a]x]", "]x]"),
        (Extended, "", "[^]x]", "]a", "a"),
        (Extended, "", "[a-]+", "b-a", "-a"),
        (Extended, "", "a{,2}b", "aaab", "aab"),
        (Extended, "", "*a", "a", "Invalid preceding regular expression @0"),
        (Extended, "", "a{1", "a", r"Unmatched \{ @0"),
        (Extended, "", "a{2,1}", "a", r"Invalid content of \{\} @0"),
        (Extended, "", "a{99999}", "a", "Regular expression too big @0"),
        (Extended, "", r"\1", "a", "Invalid back reference @0"),
        (Extended, "", "a)", "a)", "a)"),
        (Extended, "i", "ROOT", "xRoot", "Root"),
        (Extended, "i", "[[:upper:]]+", "ab", "ab"),
        (Extended, "n", "^b.*", "a\nbc\nd", "bc"),
        (Extended, "", "a.b", "a\nb", "a\nb"),
        (Extended, "u", "^.$", "邮", "邮"),
        (Extended, "u", "[邮-邯]+[[:alpha:]]", "x邮件", "邮件"),
        (Extended, "", "^..$", "邮", "-"),
        (Sed, "", "a)", "a", r"Unmatched ) or \) @0"),
        (Egrep, "", "*b", "a*b", "b"),
        (Egrep, "", "a{x", "a{x", "a{x"),
        (Awk, "", r"a\/b\.", "xa/b.", "a/b."),
        (Awk, "", "a{2}", "a{2}", "a{2}"),
        (Awk, "", r"[\]]", "]", "]"),
    ];
    for (syntax, flags, pattern, text, want) in cases {
        assert_eq!(outcome(syntax, flags, pattern, text), want, "{pattern} on {text}");
    }
}

#[test]
fn perl() {
    let cases = [
        ("", r"\d{3}:", "x:501:501", "501:"),
        ("", "a|ab", "ab", "a"),
        ("", "<(.+?)>", "<a><b>", "<a>|a"),
        ("", r"(?i)spam\b", "no SPAM here", "SPAM"),
        ("", "(?:a|b)+(?=c)", "abac", "aba"),
        ("", "(?<!x)y", "xy y", "y"),
        ("", "(?<=user=)[a-z]+", "user=wang", "wang"),
        ("", r"(?<u>\w+)@\k<u>", "a@b b@b", "b@b|b"),
        ("", "a$", "a\n", "a"),
        ("", "(?x) a b # two\n c", "abc", "abc"),
        ("", "(?>a+)ab", "aaab", "-"),
        ("", r"\Qa.b\E.", "a.bc", "a.bc"),
        ("", "(", "", "missing closing parenthesis @1"),
        ("", "a)", "", "unmatched closing parenthesis @1"),
        ("", "[a", "", "missing terminating ] for character class @2"),
        ("", "*a", "", "quantifier does not follow a repeatable item @0"),
        ("", r"a\", "", r"\ at end of pattern @2"),
        ("", "[z-a]", "", "range out of order in character class @3"),
        ("", "[[:foo:]]", "", "unknown POSIX class name @3"),
        ("", "[:alpha:]", "", "POSIX named classes are supported only within a class @0"),
        ("", r"(a)\2", "", "reference to non-existent subpattern @4"),
        ("", "(?z)", "", "unrecognized character after (? or (?- @2"),
        ("", "(?<=a*)b", "", "lookbehind assertion is not fixed length @0"),
        ("", r"\y", "", r"unrecognized character follows \ @1"),
    ];
    for (flags, pattern, text, want) in cases {
        assert_eq!(outcome(Syntax::Perl, flags, pattern, text), want, "{pattern} on {text}");
    }
}

#[test]
fn nothing_runs_for_ever() {
    let text = "a".repeat(3000);
    for (syntax, pattern) in [
        (Syntax::Extended, "(a*)*b"),
        (Syntax::Extended, "(a|aa)+$x"),
        (Syntax::Extended, "(a*)*\\1b"),
        (Syntax::Perl, "(?:(?:a+)+)+b"),
        (Syntax::Perl, "(?=(a+)+b)x"),
        (Syntax::Extended, "((((a{1,90}){1,90}){1,90}){1,90}){1,90}"),
        (Syntax::Perl, "(?:(?:(?:){65535}){65535}){65535}"),
    ] {
        assert!(["-", "", "Regular expression too big @0"].contains(&outcome(syntax, "", pattern, &text).as_str()), "{pattern}");
    }
    let deep = "(".repeat(100_000);
    for syntax in [Syntax::Extended, Syntax::Perl, Syntax::Egrep] {
        assert_ne!(outcome(syntax, "", &deep, "a"), "");
        assert_ne!(outcome(syntax, "", &format!("a{}", "*+?".repeat(100_000)), "a"), "");
    }
}

#[test]
fn random_patterns() {
    let pieces = [
        "a",
        "b",
        "é",
        ".",
        "*",
        "+",
        "?",
        "(",
        ")",
        "|",
        "[ab]",
        "[^a",
        "]",
        "^",
        "$",
        "{2}",
        "{1,}",
        "{",
        "}",
        "\\1",
        "\\b",
        "\\w",
        "\\(",
        "\\)",
        "\\{2\\}",
        "[[:alpha:]]",
        "[",
        "\\",
        "(?:",
        "(?=",
        "(?!",
        "(?<=a)",
        "(?i)",
        "*?",
        "++",
        "(?<n>",
        "\\k<n>",
        "-",
        "\\x",
        "\\Q",
    ];
    let syntaxes = [Syntax::Basic, Syntax::Extended, Syntax::Egrep, Syntax::Sed, Syntax::Awk, Syntax::Perl];
    let mut seed: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut next = |n: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % n as u64) as usize
    };
    for _ in 0..20_000 {
        let pattern: String = (0..next(9)).map(|_| pieces[next(pieces.len())]).collect();
        let mut text: Vec<u8> = (0..next(12)).map(|_| b"aab\n\xc3\xa9\xff x"[next(9)]).collect();
        text.extend_from_slice("é".as_bytes());
        let options = Options { icase: next(2) == 0, newline: next(2) == 0, utf8: next(2) == 0, ..Options::default() };
        let Ok(regex) = Regex::new(pattern.as_bytes(), syntaxes[next(6)], options) else { continue };
        let mut at = 0;
        while let Some(found) = regex.find(&text, at) {
            assert!(found.start() <= found.end() && found.end() <= text.len(), "{pattern}");
            at = found.end().max(at + 1);
        }
    }
}
