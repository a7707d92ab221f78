//! The kernel from outside: guests written here, driven through its doors.

use machine::*;
use std::net::Ipv4Addr;

async fn cat(sys: Sys) -> i32 {
    loop {
        match sys.read(STDIN, 100).await {
            Ok(b) if b.is_empty() => return 0,
            Ok(b) => sys.put(STDOUT, &b),
            Err(_) => return 1,
        }
    }
}

/// `echo hello | cat` by hand, with fork, pipe and wait.
async fn pipeline(sys: Sys) -> i32 {
    let (r, w) = sys.pipe().await.unwrap();
    let mut s = Spawn::exec("/usr/bin/cat", vec!["cat".into()]);
    s.fds = vec![(0, r), (1, 1), (2, 2)];
    s.foreground = true;
    s.pgrp = Some(0);
    let pid = sys.spawn(s).await.unwrap();
    sys.close(r).await.unwrap();
    sys.write(w, b"hello\n").await.unwrap();
    sys.close(w).await.unwrap();
    let got = sys.wait(WaitFor::Pid(pid), true, false).await.unwrap();
    sys.print(STDOUT, format_args!("{}\n", matches!(got, Some((_, ChildStatus::Exited(0))))));
    0
}

async fn server(sys: Sys) -> i32 {
    let l = sys.tcp_listen(Ipv4Addr::UNSPECIFIED, 25).await.unwrap();
    let (c, peer) = sys.accept(l).await.unwrap();
    let id = sys.trace(Trace::new("server", "greeting"));
    sys.mark(id);
    sys.print(c, format_args!("220 {}\r\n", peer.unwrap().ip));
    let line = sys.read(c, 100).await.unwrap();
    sys.put(c, &line);
    sys.log(Facility::Mail, "server", "bye".into(), id);
    0
}

async fn client(sys: Sys) -> i32 {
    let to = SockAddr { ip: Ipv4Addr::new(10, 0, 0, 1), port: 25 };
    let c = sys.tcp_connect(to, None, None).await.unwrap();
    let b = sys.read(c, 100).await.unwrap();
    sys.put(STDOUT, &b);
    sys.write(c, b"quit\r\n").await.unwrap();
    let b = sys.read_all(c).await.unwrap();
    sys.put(STDOUT, &b);
    let refused = sys.tcp_connect(SockAddr { port: 26, ..to }, None, None).await;
    sys.print(STDOUT, format_args!("{}\n", refused.unwrap_err()));
    let nobody = sys.tcp_connect(SockAddr { ip: Ipv4Addr::new(10, 0, 0, 9), port: 25 }, None, None).await;
    sys.print(STDOUT, format_args!("{}\n", nobody.unwrap_err()));
    0
}

static PROGRAMS: &[Program] = &[
    Program { name: "cat", path: "/usr/bin/cat", main: Main::Here(|s| Box::pin(cat(s))) },
    Program { name: "client", path: "/usr/bin/client", main: Main::Here(|s| Box::pin(client(s))) },
    Program { name: "pipeline", path: "/usr/bin/pipeline", main: Main::Here(|s| Box::pin(pipeline(s))) },
    Program { name: "server", path: "/usr/bin/server", main: Main::Here(|s| Box::pin(server(s))) },
];

fn kernel() -> Kernel {
    let mut k = Kernel::new(SimTime::from_secs(1_795_490_631), 1, vec![PROGRAMS]);
    for (i, label) in ["a", "b"].iter().enumerate() {
        let addr = Ipv4Addr::new(10, 0, 0, 1 + i as u8);
        let spec = HostSpec { label: label.to_string(), name: label.to_string(), addrs: vec![(addr, 24)], shares_disk: None, offset: 480 };
        let h = k.add_host(spec);
        k.put_file(h, "/var/log/maillog", b"").unwrap();
    }
    k
}

/// Runs until nothing is due any more; gives what terminals showed, `|` before each change of decision.
fn screen(k: &mut Kernel) -> String {
    let mut out = String::new();
    let mut last = 0;
    for _ in 0..100 {
        while let Some(e) = k.poll() {
            if let Event::Tty { bytes, trace, .. } = e {
                if trace.0 != last {
                    out.push('|');
                    last = trace.0;
                }
                out.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
        match k.next_alarm() {
            Some((at, ..)) => k.advance(at),
            None => break,
        }
    }
    out
}

fn tty(k: &mut Kernel, host: usize, name: &str) -> u32 {
    let path = format!("/usr/bin/{name}");
    let n = k.open_tty(host, "root", &path, &[name], &[], Ids::ROOT, "/root").unwrap();
    k.advance(k.now());
    n
}

#[test]
fn a_pipeline_runs() {
    let mut k = kernel();
    tty(&mut k, 0, "pipeline");
    assert_eq!(screen(&mut k), "hello\r\ntrue\r\n");
}

#[test]
fn lines_are_edited_echoed_and_ended() {
    let mut k = kernel();
    let n = tty(&mut k, 0, "cat");
    k.type_bytes(n, b"ab\x7fc\n\x04");
    assert_eq!(screen(&mut k), "ab\x08 \x08c\r\nac\r\n");
    let n = tty(&mut k, 0, "cat");
    k.type_bytes(n, b"x");
    k.type_bytes(n, b"\x03");
    assert_eq!(screen(&mut k), "x^C");
    assert!(k.tty(n).unwrap().closed);
}

#[test]
fn connections_carry_bytes_and_decisions() {
    let mut k = kernel();
    k.start(0, "/usr/bin/server", &["server"], &[], Ids::ROOT, "/").unwrap();
    tty(&mut k, 1, "client");
    assert_eq!(screen(&mut k), "|220 10.0.0.2\r\r\n|quit\r\r\nConnection refused\r\nNo route to host\r\n");
    let log = String::from_utf8(k.disk(0).unwrap().read("/var/log/maillog").unwrap().to_vec()).unwrap();
    assert_eq!(log, "Nov 24 11:23:51 a server[1]: bye\n");
}
