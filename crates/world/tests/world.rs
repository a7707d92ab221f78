//! The door of the world: the same inputs give the same outputs, however they are cut and on whatever machine, and no input makes it panic.
//! Not here: what any program answers (the recordings).

mod session;

use session::{drain, play, run};
use world::{Input, TtyId, World};

#[test]
fn the_same_inputs_give_the_same_outputs_however_they_are_cut() {
    let (whole, screen) = run(usize::MAX, false);
    assert!(screen.contains("Trying 192.168.1.103"), "{screen}");
    for (cut, ticks) in [(usize::MAX, false), (usize::MAX, true), (1, false), (3, true), (7, false)] {
        let (digest, other) = run(cut, ticks);
        assert_eq!(screen, other, "cut at {cut}, ticks {ticks}");
        assert_eq!(whole, digest, "cut at {cut}, ticks {ticks}");
    }
}

#[test]
fn waiting_for_code_leaves_no_trace() {
    for (cut, ticks) in [(usize::MAX, false), (1, true)] {
        let closed = World::with_closed_doors("linuxidc", 7).expect("the lab");
        assert_eq!(play(closed, cut, ticks), run(usize::MAX, false), "cut at {cut}, ticks {ticks}");
    }
}

/// splitmix64.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z ^ (z >> 27)
}

/// Pieces from which random input is made: words that lead somewhere, and bytes that lead nowhere.
const PIECES: &[&str] = &[
    "telnet mail 25\n",
    "EHLO x\n",
    "MAIL FROM:<",
    "RCPT TO:<",
    "redhat",
    "@126.com>",
    ">\n",
    "DATA\n",
    ".\n",
    "QUIT\n",
    "AUTH LOGIN\n",
    "cmVkaGF0\n",
    "\n",
    "\x03",
    "\x04",
    "\x1a",
    "\x1c",
    "\x15",
    "\x17",
    "\x7f",
    "\x1b[A",
    "\x1b",
    ":wq\n",
    "vi /etc/postfix/main.cf\n",
    "less /etc/passwd\n",
    "su - redhat\n",
    "mail\n",
    "cat <<E\n",
    "E\n",
    "$(",
    ")",
    "`",
    "'",
    "\"",
    "\\",
    "${x:-",
    "}",
    "((",
    "))",
    "[[ ",
    " ]]",
    " | ",
    " && ",
    " & ",
    "; ",
    " > /tmp/x",
    " < /tmp/x",
    " 2>&1",
    "*",
    "?",
    "~",
    "for i in 1 2; do ",
    "done\n",
    "if true; then ",
    "fi\n",
    "while read x; do ",
    "case x in ",
    "esac\n",
    "f() { ",
    "ls -l ",
    "grep -r ",
    "sed s/a/b/ ",
    "find / ",
    "awk '{print $",
    "sort ",
    "postfix reload\n",
    "postmap ",
    "newaliases\n",
    "postqueue -p\n",
    "postsuper -d ALL\n",
    "postconf -n\n",
    "kill -9 ",
    "kill -",
    "12",
    "-1",
    "99999999999999999999",
    "%1",
    "!!",
    "!tel",
    "!-1",
    "fg\n",
    "bg\n",
    "jobs\n",
    "echo ",
    "printf '%*d' ",
    "x=",
    "export ",
    "cd ",
    "/",
    "..",
    "sleep 1\n",
    "exit\n",
    "head -c ",
    "tail -f ",
    "/var/log/maillog",
    "/etc/aliases",
    "/dev/zero",
    "/proc/",
    "openssl base64 ",
    "dig ",
    "ping -c1 ",
    "nc ",
    "\u{4f60}\u{597d}",
    "\u{e9}",
    "\0",
    "\t",
    "{a,b}{1..3}",
    "$((1/0))",
    "$((2**63))",
    "chmod 7777 ",
    "rm -rf ",
    "tr a-z ",
    "cut -f",
    "xargs ",
    "base64 -d ",
];

#[test]
fn no_input_makes_it_panic() {
    for round in 0..40u64 {
        let mut seed = round;
        let mut typed = String::new();
        let mut play = || {
            let mut world = World::new("linuxidc", round).expect("the lab");
            let mut now = world.now();
            for _ in 0..60 {
                now = now.plus_millis(next(&mut seed) % 3000);
                let tty = TtyId((next(&mut seed) % 4) as u32);
                let mut bytes = Vec::new();
                for _ in 0..next(&mut seed) % 8 + 1 {
                    bytes.extend_from_slice(PIECES[(next(&mut seed) % PIECES.len() as u64) as usize].as_bytes());
                }
                if next(&mut seed).is_multiple_of(8) {
                    bytes.push((next(&mut seed) & 255) as u8);
                }
                let line = String::from_utf8_lossy(&bytes).into_owned();
                typed += &format!("{now:?} {}: {line:?}\n", tty.0);
                let input = match next(&mut seed) % 40 {
                    0 => Input::Open { host: "mail".into(), user: "redhat".into() },
                    1 => Input::Size { tty, cols: (next(&mut seed) % 200) as u16, rows: (next(&mut seed) % 60) as u16 },
                    2 => Input::Close { tty },
                    3 => Input::Write { host: "mail".into(), path: "/etc/postfix/main.cf".into(), bytes },
                    _ => Input::Tty { tty, bytes },
                };
                world.handle(now, input);
                let _ = world.complete(tty, &line, line.len());
                drain(&mut world);
            }
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut play));
        assert!(outcome.is_ok(), "round {round} panicked after\n{typed}");
    }
}
