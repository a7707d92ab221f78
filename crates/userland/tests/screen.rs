//! Full-screen programs from outside: keys, and what vim 9.0 and less 590 of Debian 12 then show and write (`tests/screen/*.keys`,
//! written by `record.py` there).
//!
//! `% ` lines are the file `f` (for all cases until others come), `@ ` begins a case: the command; `~ ` the keys (`\e` is ESC), typed line
//! by line; `| ` the screen after them, `> ` the file's lines if they have changed.

use machine::*;

const COLS: u16 = 60;
const ROWS: u16 = 10;

fn kernel() -> Kernel {
    let mut k = Kernel::new(
        SimTime::from_secs(1_795_490_631),
        1,
        vec![userland::RESIDENT, userland::BASE, userland::COMMON, userland::TOOLS, userland::SCREEN],
    );
    let h = k.add_host(HostSpec { label: "a".into(), name: "station78".into(), addrs: vec![], shares_disk: None, offset: 480 });
    k.put_file(h, "/etc/passwd", b"root:x:0:0:root:/root:/bin/bash\nredhat:x:500:500::/home/redhat:/bin/bash\n").unwrap();
    k
}

/// A small terminal: what full-screen programs here send.
struct Grid {
    cells: Vec<Vec<char>>,
    main: (Vec<Vec<char>>, (usize, usize)),
    at: (usize, usize),
}

impl Grid {
    fn new() -> Grid {
        let cells = vec![vec![' '; COLS as usize]; ROWS as usize];
        Grid { main: (cells.clone(), (0, 0)), cells, at: (0, 0) }
    }
    fn feed(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\x1b' => {
                    assert_eq!(chars.next(), Some('['), "only CSI sequences");
                    let mut args = String::new();
                    let end = loop {
                        match chars.next().expect("whole sequences") {
                            c if c.is_ascii_alphabetic() => break c,
                            c => args.push(c),
                        }
                    };
                    self.control(&args, end);
                }
                '\r' => self.at.1 = 0,
                '\n' if self.at.0 + 1 < self.cells.len() => self.at = (self.at.0 + 1, 0),
                '\n' => {
                    self.cells.remove(0);
                    self.cells.push(vec![' '; COLS as usize]);
                    self.at.1 = 0;
                }
                '\x08' => self.at.1 = self.at.1.saturating_sub(1),
                '\x07' => {}
                c => {
                    let wide = c as u32 >= 0x2E80;
                    if self.at.1 + usize::from(wide) >= COLS as usize {
                        self.feed("\n");
                    }
                    self.cells[self.at.0][self.at.1] = c;
                    self.at.1 += 1;
                    if wide {
                        self.cells[self.at.0][self.at.1] = '\0';
                        self.at.1 += 1;
                    }
                }
            }
        }
    }
    fn control(&mut self, args: &str, end: char) {
        let n: Vec<usize> = args.split(';').map(|a| a.parse().unwrap_or(0)).collect();
        match (args, end) {
            ("?1049", 'h') => self.main = (std::mem::replace(&mut self.cells, vec![vec![' '; COLS as usize]; ROWS as usize]), self.at),
            ("?1049", 'l') => (self.cells, self.at) = self.main.clone(),
            ("2", 'J') => self.cells = vec![vec![' '; COLS as usize]; ROWS as usize],
            (_, 'H') => self.at = (n[0].max(1) - 1, n.get(1).copied().unwrap_or(1).max(1) - 1),
            ("2", 'K') => self.cells[self.at.0].fill(' '),
            ("", 'J') => {
                self.cells[self.at.0][self.at.1..].fill(' ');
                self.cells[self.at.0 + 1..].iter_mut().for_each(|r| r.fill(' '));
            }
            ("", 'K') => self.cells[self.at.0][self.at.1..].fill(' '),
            (_, 'm') => {}
            _ => panic!("ESC[{args}{end}"),
        }
    }
    fn rows(&self) -> String {
        let row = |r: &Vec<char>| r.iter().filter(|c| **c != '\0').collect::<String>();
        self.cells.iter().map(|r| format!("| {}", row(r)).trim_end().to_string() + "\n").collect()
    }
}

struct Case {
    file: String,
    command: String,
    keys: Vec<String>,
    want: String,
}

fn cases(text: &str) -> Vec<Case> {
    let (mut all, mut file, mut inside): (Vec<Case>, String, bool) = (Vec::new(), String::new(), false);
    for line in text.lines() {
        match (line.as_bytes().first(), line.get(2..).unwrap_or("")) {
            (Some(b'%'), rest) => {
                if !inside {
                    file.clear();
                }
                inside = true;
                file.push_str(rest);
                file.push('\n');
                continue;
            }
            (Some(b'@'), rest) => all.push(Case { file: file.clone(), command: rest.into(), keys: Vec::new(), want: String::new() }),
            (Some(b'~'), rest) => {
                all.last_mut().unwrap().keys.push(rest.replace("\\e", "\x1b").replace("\\r", "\r").replace("\\t", "\t").replace("\\w", ""))
            }
            (Some(b'|' | b'>'), _) => all.last_mut().unwrap().want.push_str(&format!("{}\n", line.trim_end())),
            _ => {}
        }
        inside = false;
    }
    for case in &mut all {
        for n in 0..26u8 {
            let from = format!("^{}", char::from(b'A' + n));
            for keys in &mut case.keys {
                *keys = keys.replace(&from, &char::from(n + 1).to_string());
            }
        }
    }
    all
}

fn pass(k: &mut Kernel, grid: &mut Grid, micros: u64) {
    k.advance(k.now().plus_micros(micros));
    while let Some(e) = k.poll() {
        if let Event::Tty { bytes, .. } = e {
            grid.feed(&String::from_utf8_lossy(&bytes));
        }
    }
}

fn run(case: &Case) -> String {
    let mut k = kernel();
    k.put_file(0, "/root/f", case.file.as_bytes()).unwrap();
    let env = ["HOME=/root", "PATH=/usr/bin", "TERM=xterm", "LANG=C.UTF-8"].map(String::from);
    let n = k.open_tty(0, "root", "/usr/bin/bash", &["bash", "-c", &case.command], &env, Ids::ROOT, "/root").unwrap();
    k.resize(n, COLS, ROWS);
    let mut grid = Grid::new();
    pass(&mut k, &mut grid, 100_000);
    for keys in &case.keys {
        for part in keys.split_inclusive('\x1b') {
            k.type_bytes(n, part.as_bytes());
            // A lone ESC is told from the start of a sequence by the time that passes.
            let sequence = keys.contains("\x1b[");
            pass(&mut k, &mut grid, if sequence { 0 } else { 100_000 });
        }
        pass(&mut k, &mut grid, 200_000);
    }
    let mut got = if k.tty(n).is_some_and(|t| t.closed) { "| (ended)\n".into() } else { grid.rows() };
    let file = String::from_utf8_lossy(k.disk(0).unwrap().read("/root/f").unwrap_or_default()).into_owned();
    if file != case.file {
        got.extend(file.lines().map(|l| format!("> {l}").trim_end().to_string() + "\n"));
    }
    got
}

fn check(text: &str) {
    let (mut bad, mut count) = (String::new(), 0);
    for case in cases(text) {
        count += 1;
        let got = run(&case);
        if got != case.want {
            bad.push_str(&format!("@ {}\n~ {:?}\n{}--- got\n{got}\n", case.command, case.keys, case.want));
        }
    }
    assert!(bad.is_empty(), "{bad}of {count} cases");
}

#[test]
fn vi_shows_and_writes_what_vim_does() {
    check(include_str!("screen/vi.keys"));
}

#[test]
fn less_and_more_show_what_theirs_do() {
    check(include_str!("screen/less.keys"));
}
