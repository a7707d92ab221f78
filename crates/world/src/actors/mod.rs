//! The parts of a lab's world that no student logs in to: its name server, the mail servers of others.
//! Not here: the hosts they run on (`labs`).

use machine::{Main, Program};

mod dnsd;
mod mx;
mod wire;

/// The actors as programs, for the program list of every host.
pub(crate) static ACTORS: &[Program] = &[
    Program { name: "dnsd", path: "/usr/lib/ehlo/dnsd", main: Main::Here(|sys| Box::pin(dnsd::main(sys))) },
    Program { name: "mx", path: "/usr/lib/ehlo/mx", main: Main::Here(|sys| Box::pin(mx::main(sys))) },
    Program { name: "wire", path: "/usr/lib/ehlo/wire", main: Main::Here(|sys| Box::pin(wire::main(sys))) },
];
