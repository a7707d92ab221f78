//! Postfix: one module per daemon and tool.

#[allow(dead_code, unused_imports)]
mod access;
#[allow(dead_code, unused_imports)]
mod account;
#[allow(dead_code, unused_imports)]
mod address;
#[allow(dead_code, unused_imports)]
mod anvil;
#[allow(dead_code, unused_imports)]
mod bounce;
#[allow(dead_code, unused_imports)]
mod cleanup;
#[allow(dead_code, unused_imports)]
mod cli;
#[allow(dead_code, unused_imports)]
mod config;
#[allow(dead_code, unused_imports)]
mod deliver;
#[allow(dead_code, unused_imports)]
mod error;
#[allow(dead_code, unused_imports)]
mod flush;
#[allow(dead_code, unused_imports)]
mod ipc;
#[allow(dead_code, unused_imports)]
mod local;
#[allow(dead_code, unused_imports)]
mod lookup;
#[allow(dead_code, unused_imports)]
mod mailbox;
#[allow(dead_code, unused_imports)]
mod maillog;
#[allow(dead_code, unused_imports)]
mod master;
#[allow(dead_code, unused_imports)]
mod params;
#[allow(dead_code, unused_imports)]
mod pickup;
#[allow(dead_code, unused_imports)]
mod pipe;
#[allow(dead_code, unused_imports)]
mod policy;
#[allow(dead_code, unused_imports)]
mod post;
#[allow(dead_code, unused_imports)]
mod proxymap;
#[allow(dead_code, unused_imports)]
mod qmgr;
#[allow(dead_code, unused_imports)]
mod queue;
#[allow(dead_code, unused_imports)]
mod report;
#[allow(dead_code, unused_imports)]
mod restrictions;
#[allow(dead_code, unused_imports)]
mod rewrite_clnt;
#[allow(dead_code, unused_imports)]
mod sasl;
#[allow(dead_code, unused_imports)]
mod server;
#[allow(dead_code, unused_imports)]
mod showq;
#[allow(dead_code, unused_imports)]
mod smtp;
#[allow(dead_code, unused_imports)]
mod smtpd;
#[allow(dead_code, unused_imports)]
mod spawn;
#[allow(dead_code, unused_imports)]
mod trivial_rewrite;
#[allow(dead_code, unused_imports)]
mod verify;
pub mod view;
#[allow(dead_code, unused_imports)]
mod virtual_;
#[allow(dead_code, unused_imports)]
mod why;

use machine::{Main, Program};

/// The commands of Postfix.
pub static TOOLS: &[Program] = &[
    Program { name: "mailq", path: "/usr/bin/mailq", main: Main::Here(|sys| Box::pin(cli::sendmail::main(sys))) },
    Program { name: "newaliases", path: "/usr/bin/newaliases", main: Main::Here(|sys| Box::pin(cli::sendmail::main(sys))) },
    Program { name: "postalias", path: "/usr/sbin/postalias", main: Main::Here(|sys| Box::pin(cli::postmap::postalias(sys))) },
    Program { name: "postdrop", path: "/usr/sbin/postdrop", main: Main::Here(|sys| Box::pin(cli::postdrop::main(sys))) },
    Program { name: "postcat", path: "/usr/sbin/postcat", main: Main::Here(|sys| Box::pin(cli::postcat::main(sys))) },
    Program { name: "postconf", path: "/usr/sbin/postconf", main: Main::Here(|sys| Box::pin(cli::postconf::main(sys))) },
    Program { name: "postfix", path: "/usr/sbin/postfix", main: Main::Here(|sys| Box::pin(cli::postfix::main(sys))) },
    Program { name: "postlog", path: "/usr/sbin/postlog", main: Main::Here(|sys| Box::pin(cli::postlog::main(sys))) },
    Program { name: "postmap", path: "/usr/sbin/postmap", main: Main::Here(|sys| Box::pin(cli::postmap::main(sys))) },
    Program { name: "postmulti", path: "/usr/sbin/postmulti", main: Main::Here(|sys| Box::pin(cli::postmulti::main(sys))) },
    Program { name: "postqueue", path: "/usr/sbin/postqueue", main: Main::Here(|sys| Box::pin(cli::postqueue::main(sys))) },
    Program { name: "postsuper", path: "/usr/sbin/postsuper", main: Main::Here(|sys| Box::pin(cli::postsuper::main(sys))) },
    Program { name: "sendmail", path: "/usr/sbin/sendmail", main: Main::Here(|sys| Box::pin(cli::sendmail::main(sys))) },
];

/// The programs that master(8) starts.
pub static DAEMONS: &[Program] = &[
    Program { name: "anvil", path: "/usr/lib/postfix/sbin/anvil", main: Main::Here(|sys| Box::pin(anvil::main(sys))) },
    Program { name: "bounce", path: "/usr/lib/postfix/sbin/bounce", main: Main::Here(|sys| Box::pin(bounce::main(sys))) },
    Program { name: "cleanup", path: "/usr/lib/postfix/sbin/cleanup", main: Main::Here(|sys| Box::pin(cleanup::main(sys))) },
    Program { name: "discard", path: "/usr/lib/postfix/sbin/discard", main: Main::Here(|sys| Box::pin(error::discard(sys))) },
    Program { name: "error", path: "/usr/lib/postfix/sbin/error", main: Main::Here(|sys| Box::pin(error::main(sys))) },
    Program { name: "flush", path: "/usr/lib/postfix/sbin/flush", main: Main::Here(|sys| Box::pin(flush::main(sys))) },
    Program { name: "lmtp", path: "/usr/lib/postfix/sbin/lmtp", main: Main::Here(|sys| Box::pin(smtp::main(sys))) },
    Program { name: "local", path: "/usr/lib/postfix/sbin/local", main: Main::Here(|sys| Box::pin(local::main(sys))) },
    Program { name: "master", path: "/usr/lib/postfix/sbin/master", main: Main::Here(|sys| Box::pin(master::main(sys))) },
    Program { name: "pickup", path: "/usr/lib/postfix/sbin/pickup", main: Main::Here(|sys| Box::pin(pickup::main(sys))) },
    Program { name: "pipe", path: "/usr/lib/postfix/sbin/pipe", main: Main::Here(|sys| Box::pin(pipe::main(sys))) },
    Program { name: "proxymap", path: "/usr/lib/postfix/sbin/proxymap", main: Main::Here(|sys| Box::pin(proxymap::main(sys))) },
    Program { name: "qmgr", path: "/usr/lib/postfix/sbin/qmgr", main: Main::Here(|sys| Box::pin(qmgr::main(sys))) },
    Program { name: "showq", path: "/usr/lib/postfix/sbin/showq", main: Main::Here(|sys| Box::pin(showq::main(sys))) },
    Program { name: "smtp", path: "/usr/lib/postfix/sbin/smtp", main: Main::Here(|sys| Box::pin(smtp::main(sys))) },
    Program { name: "smtpd", path: "/usr/lib/postfix/sbin/smtpd", main: Main::Here(|sys| Box::pin(smtpd::main(sys))) },
    Program { name: "spawn", path: "/usr/lib/postfix/sbin/spawn", main: Main::Here(|sys| Box::pin(spawn::main(sys))) },
    Program {
        name: "trivial-rewrite",
        path: "/usr/lib/postfix/sbin/trivial-rewrite",
        main: Main::Here(|sys| Box::pin(trivial_rewrite::main(sys))),
    },
    Program { name: "verify", path: "/usr/lib/postfix/sbin/verify", main: Main::Here(|sys| Box::pin(verify::main(sys))) },
    Program { name: "virtual", path: "/usr/lib/postfix/sbin/virtual", main: Main::Here(|sys| Box::pin(virtual_::main(sys))) },
];
