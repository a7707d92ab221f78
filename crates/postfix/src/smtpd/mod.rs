//! smtpd(8): the server side of SMTP. Accepts connections one after another, each is a session.
//! Not here: access rules (`crate::restrictions`, `crate::access`), SASL (`crate::sasl`). Source: smtpd(8), RFC 5321.

mod ask;
mod chat;
mod decide;
mod ends;
pub(crate) mod env;
pub(crate) mod expand;
pub(crate) mod hostname;
mod message;
mod path;
pub(crate) mod peer;
mod proxy;
mod reply;
mod session;
mod stream;
mod transcript;
mod upstream;
mod verbs;

use crate::maillog::Log;
use crate::server::Daemon;
use chat::Chat;
pub(crate) use chat::Stop;
use env::Env;
use machine::{STDIN, STDOUT, Sys};
use peer::Peer;
use session::Session;
use std::rc::Rc;
pub(crate) use verbs::LATER;

/// Serves one client; the status to end with, if the process must end.
async fn serve(env: &Rc<Env>, chat: Chat, peer: Peer, service: &str, alone: bool) -> Option<i32> {
    let known = peer.known;
    let mut session = Session::new(env, chat, peer, service, alone);
    session.hangup = !known;
    env.log.info(format_args!("connect from {}", session.namaddr()));
    if !alone {
        let peer = session.check.facts.peer.clone();
        session.xclient = env.xclient_hosts.matches(env, &peer, &mut Vec::new()).await;
        session.xforward = env.xforward_hosts.matches(env, &peer, &mut Vec::new()).await;
        session.set_bare_lf().await;
    }
    let end = session.run().await;
    if end.is_none() {
        let statistics = session.statistics();
        env.log.info(format_args!("disconnect from {}{statistics}", session.namaddr()));
        session.chat.close().await;
    }
    end
}

/// The daemon.
pub(crate) async fn main(sys: Sys) -> i32 {
    let mut daemon = match Daemon::start(&sys).await {
        Ok(daemon) => daemon,
        Err(status) => return status,
    };
    let log: Log = daemon.log.clone();
    let env = match Env::open(&sys, &daemon.tables).await {
        Ok(env) => Rc::new(env),
        Err(text) => return log.fatal(&text).await,
    };
    let timeout = u64::try_from(daemon.cfg.time("smtpd_timeout")).unwrap_or(300);
    let history = env.notify != 0;
    let service = daemon.server.service.clone();
    if daemon.server.alone {
        let chat = Chat::new(&sys, STDIN, STDOUT, timeout, history);
        return serve(&env, chat, Peer::local(), &service, true).await.unwrap_or(0);
    }
    daemon.watch_tables();
    daemon.jail().await;
    loop {
        let Some((fd, from)) = daemon.server.accept().await else { return 0 };
        if let Some(arg) = daemon.server.args.first() {
            return log.fatal(&format!("unexpected command-line argument: {arg}")).await;
        }
        crate::policy::tidy(&env).await;
        let peer = match Peer::at(&env, fd, from).await {
            Ok(peer) => peer,
            Err(why) => return log.fatal(&why).await,
        };
        let chat = Chat::new(&sys, fd, fd, timeout, history);
        if let Some(status) = serve(&env, chat, peer, &service, false).await {
            return status;
        }
    }
}
