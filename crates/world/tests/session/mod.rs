//! A session of the tutorial, played on a world; what it showed and the digest of all that came out. Shared by the tests of the door.

use std::task::{Context, Poll, Waker};
use world::{Input, Output, TtyId, World};

/// A session as a learner types it: seconds after the start, terminal, text.
const SESSION: &[(u64, u32, &str)] = &[
    (1, 0, "cat /etc/postfix/main.cf | grep my\n"),
    (2, 0, "telnet 192.168.1.103 25\n"),
    (3, 0, "EHLO mail.linuxidc.com\nMAIL FROM:<redhat@linuxidc.com>\nRCPT TO:<root@linuxidc.com>\nRCPT TO:<redhat@126.com>\nDATA\n"),
    (4, 0, "Subject: one\n\ntext\n.\nQUIT\n"),
    (5, 1, "telnet 192.168.1.103 25\nHELO x\nMAIL FROM:<a@b.c>\nRCPT TO:<redhat@126.com>\nQUIT\n"),
    (9, 0, "for i in 1 2 3; do echo $i; sleep 1; done\n"),
    (20, 0, "tail -20 /var/log/maillog; postqueue -p\n"),
    (21, 0, "sleep 100\n"),
    (23, 0, "\x03"),
    (30, 1, "ls -l / | wc -l; echo $RANDOM\n"),
];

/// Empties the tray, opening doors; gives what terminals showed.
pub(crate) fn drain(world: &mut World) -> String {
    let mut screen = String::new();
    while let Some(output) = world.poll() {
        match output {
            Output::Tty { bytes, .. } => screen += &String::from_utf8_lossy(&bytes),
            Output::Load(chunk) => {
                // Outside a split page the code is at hand.
                let loading = (chunk.load)().as_mut().poll(&mut Context::from_waker(Waker::noop()));
                let Poll::Ready(table) = loading else { panic!("{} is closed", chunk.name) };
                world.loaded(chunk.name, table);
            }
            _ => {}
        }
    }
    screen
}

pub(crate) fn run(cut: usize, ticks: bool) -> (u64, String) {
    play(World::new("linuxidc", 7).expect("the lab"), cut, ticks)
}

/// Plays it on this world.
pub(crate) fn play(mut world: World, cut: usize, ticks: bool) -> (u64, String) {
    let mut screen = drain(&mut world);
    let start = world.now();
    for &(secs, tty, text) in SESSION {
        let now = start.plus_secs(secs);
        for bytes in text.as_bytes().chunks(cut) {
            world.handle(now, Input::Tty { tty: TtyId(tty), bytes: bytes.to_vec() });
        }
        if ticks {
            world.handle(now.plus_millis(300), Input::Tick);
        }
        screen += &drain(&mut world);
    }
    world.handle(start.plus_secs(900), Input::Tick);
    screen += &drain(&mut world);
    (world.digest(), screen)
}
