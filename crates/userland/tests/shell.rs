//! The shell from outside: scripts and what bash 5.2.15 of Debian 12 does with them (`tests/shell/*.case`, written by `record.py`).
//!
//! A case: `$ ` and `> ` lines are the script, `| ` lines its standard output, `! ` lines its standard error (`:` and `;` instead: the last
//! line has no newline), `? N` its exit status if it is not 0. The cases of a file run one after the other in the same home directory.

use machine::*;

/// Runs `bash -c` on the script in /case/script and leaves what came of it beside it.
async fn case(sys: Sys) -> i32 {
    let script = String::from_utf8_lossy(&sys.read_file("/case/script").await.unwrap()).into_owned();
    let null = sys.open("/dev/null", Open::READ, 0).await.unwrap();
    let out = sys.open("/case/out", Open::CREATE, 0o600).await.unwrap();
    let err = sys.open("/case/err", Open::CREATE, 0o600).await.unwrap();
    let mut spawn = Spawn::exec("/bin/bash", vec!["bash".into(), "-c".into(), script]);
    spawn.fds = vec![(0, null), (1, out), (2, err)];
    let pid = sys.spawn(spawn).await.unwrap();
    let status = match sys.wait(WaitFor::Pid(pid), true, false).await {
        Ok(Some((_, ChildStatus::Exited(n)))) => n,
        Ok(Some((_, ChildStatus::Signaled(s)))) => -(s as i32),
        _ => -999,
    };
    sys.write_file("/case/exit", status.to_string().as_bytes(), 0o600).await.unwrap();
    0
}

static CASE: &[Program] = &[Program { name: "case", path: "/usr/bin/case", main: Main::Here(|s| Box::pin(case(s))) }];

fn kernel() -> Kernel {
    let mut k = Kernel::new(
        SimTime::from_secs(1_795_490_631),
        1,
        vec![CASE, userland::RESIDENT, userland::BASE, userland::COMMON, userland::TOOLS, userland::SCREEN],
    );
    let h = k.add_host(HostSpec { label: "a".into(), name: "station78".into(), addrs: vec![], shares_disk: None, offset: 480 });
    k.put_file(h, "/etc/passwd", b"root:x:0:0:root:/root:/bin/bash\nredhat:x:500:500::/home/redhat:/bin/bash\n").unwrap();
    k.put_file(h, "/etc/group", b"root:x:0:\nredhat:x:500:\n").unwrap();
    k
}

fn run(k: &mut Kernel, script: &str) -> String {
    for f in ["out", "err", "exit"] {
        k.put_file(0, &format!("/case/{f}"), b"").unwrap();
    }
    k.put_file(0, "/case/script", script.as_bytes()).unwrap();
    let env = ["HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"].map(String::from);
    let pid = k.start(0, "/usr/bin/case", &["case"], &env, Ids::ROOT, "/root").unwrap();
    k.advance(k.now());
    for _ in 0..20_000 {
        if !k.alive(0, pid) {
            break;
        }
        match k.next_alarm() {
            Some((at, ..)) => k.advance(at),
            None => break,
        }
    }
    if k.alive(0, pid) {
        let rows: Vec<String> = k.processes(0).iter().map(|p| format!("{} {} {:?}", p.pid, p.state, p.argv)).collect();
        return format!("hangs:\n{}\n", rows.join("\n"));
    }
    let read = |name: &str| String::from_utf8_lossy(k.disk(0).unwrap().read(&format!("/case/{name}")).unwrap()).into_owned();
    let mut text = String::new();
    for (name, whole, part) in [("out", "|", ":"), ("err", "!", ";")] {
        for line in read(name).split_inclusive('\n') {
            let (line, mark) = line.strip_suffix('\n').map_or((line, part), |l| (l, whole));
            text.push_str(&if line.is_empty() { format!("{mark}\n") } else { format!("{mark} {line}\n") });
        }
    }
    match read("exit").as_str() {
        "0" => {}
        n => text.push_str(&format!("? {n}\n")),
    }
    text
}

/// Scripts and what is expected of them.
fn cases(text: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(first) = line.strip_prefix("$ ") {
            all.push((first.to_string(), String::new()));
        } else if let Some((script, want)) = all.last_mut() {
            if let Some(more) = line.strip_prefix('>') {
                script.push('\n');
                script.push_str(more.strip_prefix(' ').unwrap_or(more));
            } else if line.starts_with(['|', '!', ':', ';', '?']) {
                want.push_str(line);
                want.push('\n');
            }
        }
    }
    all
}

#[test]
fn scripts_do_what_bash_does() {
    let (mut bad, mut count) = (String::new(), 0);
    for (file, text) in [
        ("control", include_str!("shell/control.case")),
        ("redirect", include_str!("shell/redirect.case")),
        ("words", include_str!("shell/words.case")),
        ("errors", include_str!("shell/errors.case")),
        ("everyday", include_str!("shell/everyday.case")),
        ("awk", include_str!("shell/awk.case")),
        ("tools", include_str!("shell/tools.case")),
    ] {
        let mut k = kernel();
        for (script, want) in cases(text) {
            count += 1;
            let got = run(&mut k, &script);
            if got != want {
                bad.push_str(&format!("--- {file}\n$ {script}\n{want}--- got\n{got}\n"));
            }
        }
    }
    assert!(bad.is_empty(), "{bad}of {count} cases");
}

/// A terminal session: `@ ` the command, `> ` a line typed when a prompt (`]# `, `> `) stands at the end of the screen, `~ SECONDS KEYS`
/// keys typed after a time, `| ` what the terminal shows (`:`: without a newline), `? N` the exit status.
struct Session {
    command: String,
    send: Vec<(Option<u64>, String)>,
    want: String,
}

fn sessions(text: &str) -> Vec<Session> {
    let mut all: Vec<Session> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("@ ") {
            all.push(Session { command: command.into(), send: Vec::new(), want: String::new() });
            continue;
        }
        let Some(last) = all.last_mut() else { continue };
        if let Some(typed) = line.strip_prefix('>') {
            last.send.push((None, format!("{}\n", typed.strip_prefix(' ').unwrap_or(typed))));
        } else if let Some((time, keys)) = line.strip_prefix("~ ").and_then(|l| l.split_once(' ')) {
            let micros = (time.parse::<f64>().unwrap() * 1e6) as u64;
            last.send.push((Some(micros), unescape(keys)));
        } else if line.starts_with(['|', ':', '?']) {
            last.want.push_str(line);
            last.want.push('\n');
        }
    }
    all
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('x') => {
                let hex: String = chars.by_ref().take(2).collect();
                out.push(char::from(u8::from_str_radix(&hex, 16).unwrap()));
            }
            Some(c) => out.push(c),
            None => {}
        }
    }
    out
}

/// Lets time pass until `until`, or `done` says that the screen is as it should be.
fn pass(k: &mut Kernel, screen: &mut String, until: SimTime, done: &dyn Fn(&str) -> bool) {
    loop {
        k.advance(k.now());
        while let Some(e) = k.poll() {
            if let Event::Tty { bytes, .. } = e {
                let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
                screen.push_str(&text);
            }
        }
        if done(screen) {
            return;
        }
        match k.next_alarm().filter(|(at, ..)| *at <= until) {
            Some((at, ..)) => k.advance(at),
            None => return k.advance(until),
        }
    }
}

/// `[1] 49` without the number, which depends on what ran before.
fn without_pid(line: &str) -> String {
    match line.split_once("] ") {
        Some((job, pid)) if line.starts_with('[') && pid.trim_end().bytes().all(|b| b.is_ascii_digit()) => format!("{job}] PID\n"),
        _ => line.to_string(),
    }
}

/// What comes of a session.
fn talk(k: &mut Kernel, s: &Session) -> String {
    let env = ["HOME=/root", "LANG=C.UTF-8", "LOGNAME=root", "USER=root", "TERM=dumb", "PAGER=cat", "SHELL=/bin/bash"].map(String::from);
    let n = k.open_tty(0, "root", "/usr/bin/bash", &["bash", "-c", &s.command], &env, Ids::ROOT, "/root").unwrap();
    let mut screen = String::new();
    for (time, keys) in &s.send {
        let until = k.now().plus_micros(time.unwrap_or(60_000_000));
        let at_prompt = |screen: &str| time.is_none() && (screen.ends_with("]# ") || screen.ends_with("> "));
        pass(k, &mut screen, until, &at_prompt);
        if k.tty(n).is_none_or(|t| t.closed) {
            break;
        }
        // ^C throws away what was written with it in one piece.
        k.type_bytes(n, &keys.as_bytes()[keys.rfind('\x03').filter(|&i| i == 0 || !keys[..i].ends_with('\x16')).unwrap_or(0)..]);
    }
    let until = k.now().plus_secs(60);
    pass(k, &mut screen, until, &|_| false);
    let mut text = String::new();
    let screen = screen.split_inclusive('\n').map(without_pid).collect::<String>();
    for line in screen.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some("") => text.push_str("|\n"),
            Some(line) => text.push_str(&format!("| {line}\n")),
            None => text.push_str(&format!(": {line}\n")),
        }
    }
    if !k.tty(n).unwrap().closed {
        text.push_str("still open\n");
    }
    text
}

#[test]
fn terminals_show_what_bash_shows() {
    let (mut bad, mut count) = (String::new(), 0);
    let mut k = kernel();
    for session in sessions(include_str!("shell/interactive.tty")) {
        count += 1;
        let got = talk(&mut k, &session);
        if got != session.want {
            bad.push_str(&format!("--- \n@ {}\n{}--- got\n{got}\n", session.command, session.want));
        }
    }
    assert!(bad.is_empty(), "{bad}of {count} sessions");
}
