//! Tables for the pure parts: grammar and messages, printing again, history, completion; and noise that must not panic.

use super::complete::complete;
use super::history::History;
use super::parse::Parser;
use super::unparse::{command_text, function_text};
use machine::CompleteEnv;

fn check_parse(text: &str, want: &str) {
    let mut parser = Parser::new(text);
    let got = loop {
        match parser.command_line() {
            Ok(Some(_)) => {}
            Ok(None) => break "ok".to_string(),
            Err(e) if e.near => break format!("{}: {} / {}", e.line, e.text, parser.line_text(e.line)),
            Err(e) => break format!("{}: {}", e.line, e.text),
        }
    };
    assert_eq!(got, want, "{text}");
}

#[test]
fn syntax_errors() {
    let near = |token: &str, text: &str| format!("1: syntax error near unexpected token `{token}' / {text}");
    for (text, token) in [
        ("echo )", ")"),
        ("for", "newline"),
        ("fi", "fi"),
        ("done", "done"),
        ("| wc", "|"),
        ("echo a | | b", "|"),
        ("; echo", ";"),
        ("echo a;; echo b", ";;"),
        ("&& echo", "&&"),
        ("<", "newline"),
        ("ls >", "newline"),
        ("if then fi", "then"),
        ("echo ok; )", ")"),
        ("}", "}"),
        ("if; then echo; fi", ";"),
        ("for i in 1 2; echo $i; done", "echo"),
        ("while true do echo; done", "done"),
        ("{echo a;}", "}"),
        ("f() echo bad; f", "echo"),
        ("(umask 077;openssl) //x", "//x"),
    ] {
        check_parse(text, &near(token, text));
    }
    let eof = "syntax error: unexpected end of file";
    let matching = |c: char| format!("unexpected EOF while looking for matching `{c}'");
    for (text, want) in [
        ("if true; then echo x", format!("2: {eof}")),
        ("echo a &&", format!("2: {eof}")),
        ("{ echo a }", format!("2: {eof}")),
        ("echo 'unclosed", format!("1: {}", matching('\''))),
        ("echo \"unclosed", format!("1: {}", matching('"'))),
        ("echo `unclosed", format!("1: {}", matching('`'))),
        ("echo ${", format!("1: {}", matching('}'))),
        ("echo $(unclosed", format!("2: {}", matching(')'))),
        ("echo a\necho \"x\n", format!("2: {}", matching('"'))),
        ("echo a\nif true\nfi\n", "3: syntax error near unexpected token `fi' / fi".into()),
        ("[[ -f ]]", "1: unexpected argument `]]' to conditional unary operator".into()),
        ("[[ a b ]]", "1: conditional binary operator expected".into()),
        ("cat <<E\na\nE\necho $((1<<2)) $(case x in x) echo;; esac) ${x:-)}", "ok".into()),
        ("for ((i=0;i<3;i++)); do echo; done; [[ a =~ ^(a|b)$ && ! -f x ]]; a=(1 2) b+=3; f() (x); time -p x | y", "ok".into()),
        ("case b in a) echo a;& b) echo b;; (c|d) ;; esac; echo ${x//a/}; echo a#b # c", "ok".into()),
    ] {
        check_parse(text, &want);
    }
}

#[test]
fn commands_print_again() {
    let parse = |text: &str| Parser::new(text).command_line().ok().flatten().unwrap();
    for (text, want) in [
        ("(sleep 0.2;exit 3)", "( sleep 0.2; exit 3 )"),
        ("sleep 50|cat", "sleep 50 | cat"),
        ("a&&b||! c", "a && b || ! c"),
        ("{ a;b; } 2>&1", "{ a; b; } 2>&1"),
        ("for i in 1 2;do sleep 1;done", "for i in 1 2; do\n    sleep 1;\ndone"),
    ] {
        assert_eq!(command_text(&parse(text)), want);
    }
    let text = r#"{ [[ ! -f a && b =~ c ]]; case $1 in a|b) echo;; *) x;& esac; for ((i=0;i<3;i++)); do :; done; while read x; do y; done < f > g; if a; then b; elif c; then d; else e; fi; (( i++ )); ( a; b ) & c | d |& e; ! f && g || h; { i; j; } 2>&1; cat <<E
body
E
time sleep 1; until a; do b; done; for i; do x; done; a=(1 2) b; function q { z; }; select x in a; do b; done;echo <<<x >&2 2>&- &>f; ( x ); }"#;
    assert_eq!(function_text("x", &parse(text)), include_str!("testdata/function.txt").trim_end());
}

#[test]
fn history_expansion() {
    let mut h = History::default();
    for line in ["echo telnet mail 25", "echo one two three", "ls /etc/postfix/main.cf"] {
        h.add(line, 500);
    }
    for (line, want) in [
        ("!!", "ls /etc/postfix/main.cf"),
        ("!ec", "echo one two three"),
        ("cat !$", "cat /etc/postfix/main.cf"),
        ("!1 x", "echo telnet mail 25 x"),
        ("!-2:1-2", "one two"),
        ("!?telnet?:2", "mail"),
        ("^main^master", "ls /etc/postfix/master.cf"),
        ("echo !$:h !$:t !!:$:r", "echo /etc/postfix main.cf /etc/postfix/main"),
        ("!echo:s/one/1/", "echo 1 two three"),
        ("echo 'no !ec'", "-"),
        ("echo a! $!", "-"),
        ("!tel", "error !tel: event not found"),
        ("!99", "error !99: event not found"),
        ("^zzz^y", "error :s^zzz^y: substitution failed"),
        ("echo ${x!}", "error !}: event not found"),
    ] {
        let got = match h.expand(line) {
            Ok(Some(s)) => s,
            Ok(None) => "-".into(),
            Err(e) => format!("error {e}"),
        };
        assert_eq!(got, want, "{line}");
    }
}

struct Fake;
impl CompleteEnv for Fake {
    fn dir(&self, path: &str) -> Vec<(String, bool, bool)> {
        let list: &[(&str, bool, bool)] = match path {
            "/usr/bin" => &[("cat", false, true), ("chmod", false, true), ("telnet", false, true)],
            "" => &[("Maildir", true, true), ("with space", false, false), ("mbox", false, false), (".bashrc", false, false)],
            "/etc/" => &[("postfix", true, true), ("passwd", false, false)],
            "/home/nana/" => &[("mail", true, true)],
            _ => &[],
        };
        list.iter().map(|(n, d, x)| (n.to_string(), *d, *x)).collect()
    }
    fn users(&self) -> Vec<String> {
        vec!["nana".into(), "root".into()]
    }
    fn home(&self, user: &str) -> Option<String> {
        Some(format!("/home/{user}"))
    }
    fn words(&self) -> Vec<String> {
        vec!["cd".into(), "command".into()]
    }
    fn path(&self) -> Vec<String> {
        vec!["/usr/bin".into()]
    }
    fn variables(&self) -> Vec<String> {
        vec!["HOME".into(), "HOSTNAME".into(), "PATH".into()]
    }
}

#[test]
fn completion() {
    for (line, want) in [
        ("tel", "0 'telnet ' telnet"),
        ("c", "0 'c' cat cd chmod command"),
        ("ls M", "3 'Maildir/' Maildir"),
        ("cat wi", "4 'with\\ space ' with space"),
        ("cat \"wi", "4 '\"with space\" ' with space"),
        ("ls /etc/p", "3 '/etc/p' passwd postfix/"),
        ("ls /etc/po", "3 '/etc/postfix/' postfix"),
        ("cd ~na", "3 '~nana/' nana"),
        ("ls ~nana/m", "3 '~nana/mail/' mail"),
        ("echo $HO", "5 '$HO' HOME HOSTNAME"),
        ("echo ${PA", "5 '${PATH} ' PATH"),
        ("echo x | tel", "9 'telnet ' telnet"),
        ("x=1 tel", "4 'telnet ' telnet"),
        ("nosuch", "-"),
        ("cat .b", "4 '.bashrc ' .bashrc"),
    ] {
        let got = match complete(line, line.len(), &Fake) {
            Some((at, text, list)) => format!("{at} '{text}' {}", list.join(" ")),
            None => "-".into(),
        };
        assert_eq!(got, want, "{line}");
    }
}

#[test]
fn noise_never_panics() {
    let parts: Vec<&str> = "$( ` ${ } ) (( )) ' \" \\ <<E < > & | ; a= ( [[ ]] { if then fi case in esac do done for x 邮 # ! $ 1> * [ ] ~ ^ :s/ function f() =~ @( $' .. , \0"
        .split(' ')
        .chain(["\n", " ", "\t", "E\n"])
        .collect();
    let mut seed = 1_u32;
    let mut h = History::default();
    h.add("echo 邮 件 x", 10);
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12345);
            text.push_str(parts[(seed >> 16) as usize % parts.len()]);
        }
        let mut parser = Parser::new(&text);
        parser.extglob = seed & 256 != 0;
        parser.interactive = seed & 512 != 0;
        for _ in 0..20 {
            match parser.command_line() {
                Ok(Some(cmd)) => drop(command_text(&cmd)),
                _ => break,
            }
        }
        let _ = super::brace::braces(&text);
        let _ = h.expand(&text);
        let _ = complete(&text, text.len(), &Fake);
        let _ = super::escape::ansi(&text);
    }
    for deep in ["(", "$(", "${x:-", "{ ", "((", "[[ ( ", "! ", "if ", "`"] {
        let _ = Parser::new(&deep.repeat(5000)).command_line();
    }
}
