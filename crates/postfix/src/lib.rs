//! Postfix: one module per daemon and tool.

mod access;
mod account;
mod address;
mod anvil;
mod bounce;
mod cleanup;
mod cli;
mod config;
mod deliver;
mod ehlo;
mod error;
mod flush;
mod ipc;
mod local;
mod lookup;
mod mailbox;
mod maillog;
mod master;
mod mime;
mod params;
mod pickup;
mod pipe;
mod policy;
mod post;
mod probe;
mod proxymap;
mod qmgr;
mod queue;
mod report;
mod restrictions;
mod rewrite_clnt;
mod sasl;
mod server;
mod showq;
mod smtp;
mod smtpd;
mod spawn;
mod status;
mod transcript;
mod trivial_rewrite;
mod verify;
pub mod view;
mod virtual_;
mod why;

/// `TABLE behind door: name path main …`: a table that only says where the programs' files are; their code is behind the door, and
/// with it the parts of programs whose beginning is elsewhere (`and name part …`).
macro_rules! programs {
    ($(#[$doc:meta])* $table:ident behind $door:ident:
        $($name:literal $path:literal $($main:ident)::+,)* $(and $part_name:literal $($part:ident)::+,)*) => {
        $(#[$doc])*
        pub static $table: &[machine::Program] =
            &[$(machine::Program { name: $name, path: $path, main: machine::Main::In(&$door::CHUNK) },)*
              $(machine::Program { name: $part_name, path: "", main: machine::Main::In(&$door::CHUNK) },)*];
        machine::lazy!($door, &[
            $(machine::Program { name: $name, path: $path, main: machine::Main::Here(|sys| Box::pin($($main)::+(sys))) },)*
            $(machine::Program { name: $part_name, path: "", main: machine::Main::Part(&$($part)::+) },)*
        ]);
    };
}

programs! {
    /// The commands of Postfix, fetched at first use or when idle.
    TOOLS behind mailtools:
        "mailq" "/usr/bin/mailq" cli::sendmail::main,
        "newaliases" "/usr/bin/newaliases" cli::sendmail::main,
        "postalias" "/usr/sbin/postalias" cli::postmap::postalias,
        "postcat" "/usr/sbin/postcat" cli::postcat::main,
        "postdrop" "/usr/sbin/postdrop" cli::postdrop::main,
        "postkick" "/usr/sbin/postkick" cli::postkick::main,
        "postmap" "/usr/sbin/postmap" cli::postmap::main,
        "postmulti" "/usr/sbin/postmulti" cli::postmulti::main,
        "postqueue" "/usr/sbin/postqueue" cli::postqueue::main,
        "sendmail" "/usr/sbin/sendmail" cli::sendmail::main,
        and "postconf, the rest" cli::postconf::REST,
}

programs! {
    /// What runs from the start of the mail system to the first HELO: fetched when it starts.
    SYSTEM behind postfix:
        "master" "/usr/lib/postfix/sbin/master" master::main,
        "pickup" "/usr/lib/postfix/sbin/pickup" pickup::main,
        "postconf" "/usr/sbin/postconf" cli::postconf::main,
        "postfix" "/usr/sbin/postfix" cli::postfix::main,
        "postlog" "/usr/sbin/postlog" cli::postlog::main,
        "postsuper" "/usr/sbin/postsuper" cli::postsuper::main,
        "qmgr" "/usr/lib/postfix/sbin/qmgr" qmgr::main,
        "smtpd" "/usr/lib/postfix/sbin/smtpd" smtpd::main,
}

programs! {
    /// The daemons that a message needs on its way, and what those above need for one: fetched with the first message, or when idle.
    DELIVERY behind delivery:
        "anvil" "/usr/lib/postfix/sbin/anvil" anvil::main,
        "bounce" "/usr/lib/postfix/sbin/bounce" bounce::main,
        "cleanup" "/usr/lib/postfix/sbin/cleanup" cleanup::main,
        "discard" "/usr/lib/postfix/sbin/discard" error::discard,
        "error" "/usr/lib/postfix/sbin/error" error::main,
        "flush" "/usr/lib/postfix/sbin/flush" flush::main,
        "lmtp" "/usr/lib/postfix/sbin/lmtp" smtp::main,
        "local" "/usr/lib/postfix/sbin/local" local::main,
        "pipe" "/usr/lib/postfix/sbin/pipe" pipe::main,
        "proxymap" "/usr/lib/postfix/sbin/proxymap" proxymap::main,
        "showq" "/usr/lib/postfix/sbin/showq" showq::main,
        "smtp" "/usr/lib/postfix/sbin/smtp" smtp::main,
        "spawn" "/usr/lib/postfix/sbin/spawn" spawn::main,
        "trivial-rewrite" "/usr/lib/postfix/sbin/trivial-rewrite" trivial_rewrite::main,
        "verify" "/usr/lib/postfix/sbin/verify" verify::main,
        "virtual" "/usr/lib/postfix/sbin/virtual" virtual_::main,
        and "pickup, with a message" pickup::LOOK,
        and "qmgr, with messages" qmgr::MANAGE,
        and "smtpd, after the greeting" smtpd::LATER,
}
