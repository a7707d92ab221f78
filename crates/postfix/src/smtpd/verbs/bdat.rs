//! BDAT: the message in chunks of known size. Source: RFC 3030; bdat_cmd of Postfix for what happens after an error.

use super::Run;
use crate::post::stat;
use crate::restrictions::check::printable;
use crate::smtpd::chat::Stop;
use crate::smtpd::proxy;
use crate::smtpd::reply::{Reply, Then};
use crate::smtpd::session::{Phase, Session};
use wire::smtp::{BareLf, Ending, Input, Token};

/// Throws a chunk away and goes on doing so until LAST or RSET.
async fn skip(session: &mut Session, size: u64, last: bool, reply: Reply) -> Result<Reply, Stop> {
    // What was wrong is known before the chunk is there: the client may go first.
    if let Some(class) = reply.class {
        session.check.error(class);
    }
    let mut left = size;
    while left > 0 {
        let part = left.min(4096);
        session.chat.exactly(part as usize).await?;
        left -= part;
    }
    if last {
        return Ok(reply.then(Then::Reset));
    }
    session.phase = match std::mem::replace(&mut session.phase, Phase::Idle) {
        Phase::Mail(t) | Phase::Chunks(t, ..) => Phase::Broken(Some(t)),
        Phase::Broken(t) => Phase::Broken(t),
        Phase::Idle => Phase::Broken(None),
    };
    Ok(reply)
}

fn parse(argv: &[Token]) -> Option<(u64, bool)> {
    // No larger than the offset of a file may be.
    let size = argv.get(1).map(|t| t.text.as_str()).filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?;
    let last = match argv.get(2) {
        None => false,
        Some(word) if argv.len() == 3 && word.text.eq_ignore_ascii_case("LAST") => true,
        Some(_) => return None,
    };
    Some((size.parse::<i64>().ok()?.unsigned_abs(), last))
}

/// Adds the lines of a chunk; a piece without end waits for the next chunk. Status and whether a bare LF was there.
async fn add(session: &mut Session, bytes: &[u8], last: bool) -> (i64, bool) {
    let policy = session.chat.bare_lf;
    let limit = session.check.env.line_limit;
    let mut input = Input::default();
    let mut cut = false;
    if let Phase::Chunks(_, held, was_cut) = &mut session.phase {
        input.push(&std::mem::take(held));
        cut = *was_cut;
    }
    input.push(bytes);
    let (mut status, mut bare) = (0, false);
    while let Some((line, ending)) = input.line(limit, policy) {
        if !cut {
            session.stuff(&line);
        }
        cut = ending == Ending::Cut;
        bare |= ending == Ending::Bare && policy == BareLf::Reject;
        if status == 0 && !bare && !session.add_text(&line, cut).await {
            status = stat::SIZE;
        }
    }
    let rest = input.rest().to_vec();
    if last {
        if !cut {
            session.stuff(&rest);
        }
        if !rest.is_empty() && status == 0 && !bare && !session.add_text(&rest, false).await {
            status = stat::SIZE;
        }
    } else if let Phase::Chunks(_, held, was_cut) = &mut session.phase {
        (*held, *was_cut) = (rest, cut);
    }
    (status, bare)
}

pub(super) fn run<'a>(session: &'a mut Session, argv: &'a [Token]) -> Run<'a> {
    Box::pin(async move {
        if session.discards("CHUNKING") {
            return Ok(Reply::wrong("521 5.5.1 Error: command not implemented").by(super::DISCARD));
        }
        let env = session.check.env.clone();
        session.chat.begin_request(&env.cfg, true);
        let id = session.check.facts.queue_id.clone().unwrap_or_else(|| "NOQUEUE".into());
        let Some((size, last)) = parse(argv) else {
            let shown: String = printable(&session.line, '?', env.utf8).chars().take(100).collect();
            env.log.warn(format_args!("{id}: malformed BDAT command syntax from {}: {shown}", session.namaddr()));
            return Ok(Reply::wrong("521 5.5.4 Syntax: BDAT count [LAST]"));
        };
        if size == 0 && !last {
            env.log.warn(format_args!("{id}: null BDAT request from {}", session.namaddr()));
            return skip(session, size, last, Reply::no("551 5.7.1 Null BDAT request")).await;
        }
        if matches!(session.phase, Phase::Broken(_)) {
            let reply = Reply::no(format!("551 5.0.0 Discarded {size} bytes after earlier error"));
            return skip(session, size, last, reply).await;
        }
        let first = !session.in_chunks();
        if first {
            if session.check.facts.rcpt_count == 0 {
                let reply = if session.in_transaction() {
                    Reply::no("554 5.5.1 Error: no valid recipients")
                } else {
                    Reply::wrong("503 5.5.1 Error: need RCPT command")
                };
                return skip(session, size, last, reply).await;
            }
            if !session.alone
                && let Some(refusal) = session.check.data(false).await
            {
                return skip(session, size, last, Reply::no(refusal)).await;
            }
            if let Some(refusal) = session.pass_on(proxy::MORE, "DATA").await {
                return skip(session, size, last, refusal).await;
            }
        }
        let limit = env.message_limit;
        if limit > 0 && session.check.facts.act_size.saturating_add(size) > limit {
            env.log.warn(format_args!("{id}: BDAT request from {} exceeds message size limit", session.namaddr()));
            return skip(session, size, last, Reply::forbidden("552 5.3.4 Chunk exceeds message size limit").by(&["message_size_limit"]))
                .await;
        }
        if first {
            session.needs_stream().await;
            session.begin_text();
            session.phase = match std::mem::replace(&mut session.phase, Phase::Idle) {
                Phase::Mail(t) => Phase::Chunks(t, Vec::new(), false),
                other => other,
            };
        }
        session.check.facts.place = "BDAT content";
        let (mut left, mut status, mut bare) = (size, session.trouble(), false);
        loop {
            let part = left.min(4096);
            let bytes = session.chat.exactly(part as usize).await?;
            left -= part;
            if bytes.contains(&b'\n') || last && left == 0 && size > 0 {
                session.needs_stream().await;
            }
            let (s, b) = add(session, &bytes, last && left == 0).await;
            (status, bare) = (status | s, bare | b);
            if left == 0 {
                break;
            }
        }
        if last {
            session.check.facts.place = "END-OF-MESSAGE";
            let reply = session.end_of_message(status, bare).await;
            let then = if reply.then == Then::Keep { Then::Keep } else { Then::Finish };
            return Ok(reply.then(then));
        }
        if status != 0 || bare {
            let reply = session.end_of_message(status, bare).await;
            session.after_message().await;
            session.phase = Phase::Broken(None);
            return Ok(reply);
        }
        Ok(Reply::yes(format!("250 2.0.0 Ok: {size} bytes")))
    })
}
