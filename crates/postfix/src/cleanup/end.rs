//! What becomes of a message at its end: the decision in words, and the return of what cannot be accepted. Source: cleanup_bounce(3).

use super::{Cleanup, Message};
use crate::ipc::Attrs;
use crate::post::{clean, stat};
use crate::queue::envelope::Envelope;
use crate::report::{Dsn, Job, Outcome, Reporter, Stats, split_status};
use crate::why;
use machine::{Trace, TraceId};

impl Cleanup {
    /// Says what became of the message, which addresses were changed, and why.
    pub(super) fn trace(&self, id: TraceId, m: &Message, status: i64) {
        let what = match () {
            () if m.flags & clean::DISCARD != 0 => "discarded".to_string(),
            () if status == 0 => ["into the queue ", m.queue].concat(),
            () if m.reason.is_empty() => {
                let (code, dsn, text) = stat::detail(status);
                format!("{code} {dsn} {text}")
            }
            () => m.reason.clone(),
        };
        let mut trace = Trace::new(self.d.log.tag(), format!("{}: {what}", m.id));
        trace.queue_id = Some(m.id.clone());
        trace.because = [m.because.as_slice(), m.against.as_slice()].concat();
        if trace.because.is_empty() {
            trace.because.push(why::note("no table and no rule changed an address"));
        }
        self.d.sys.trace_as(id, trace);
    }
    /// Returns a message that cannot be accepted from a client that asked for it.
    pub(super) async fn bounce(&mut self, m: &mut Message) {
        let (_, dsn, text) = stat::detail(m.errs);
        let (dsn, text) = if m.reason.is_empty() { (dsn, text) } else { split_status("5.0.0", &m.reason) };
        let dsn = Dsn::new(dsn, text);
        let soft = self.d.cfg.bool("soft_bounce");
        if soft {
            return;
        }
        let sys = self.d.sys.clone();
        let mut rcpts = Envelope::parse(&m.out).unwrap_or_default().rcpts;
        if m.errs & stat::SIZE != 0 {
            // The file ends where the limit is, in the midst of a record.
            m.out.truncate(usize::try_from(m.limit).unwrap_or(usize::MAX));
            rcpts.retain(|r| r.offset < m.out.len() as u64);
        }
        let _ = sys.write(m.fd, &m.out).await;
        let reporter = Reporter::new(&self.d).await;
        let stats = Stats { incoming: m.arrival.unwrap_or(m.created), ..Stats::default() };
        let job = Job { flags: 0, id: m.id.clone(), stats, because: m.because.clone() };
        let too_big = m.errs & stat::SIZE != 0 && m.out.len() as i64 == m.limit;
        let cut = if too_big { crate::queue::envelope::cut_record(&m.out, 0) } else { None };
        let complain = |log: &crate::maillog::Log| cut.iter().for_each(|what| log.warn(format_args!("{}/{}: {what}", m.queue, m.id)));
        let unnamed = rcpts.is_empty();
        if unnamed {
            complain(&self.d.log);
            // A message without recipients is returned all the same.
            rcpts.push(crate::queue::envelope::Rcpt { addr: "unknown".to_string(), ..Default::default() });
        }
        for rcpt in &rcpts {
            reporter.report(Outcome::Bounced, &job, rcpt, "none", &dsn, &[]).await;
        }
        // The file was read to its end for them.
        if !unnamed {
            complain(&self.d.log);
        }
        let ask = Attrs::new()
            .with_num("flags", 0)
            .with("queue_name", m.queue)
            .with("queue_id", &m.id)
            .with("encoding", m.attr("encoding").unwrap_or(""))
            .with("sender", m.sender.as_deref().unwrap_or(""))
            .with("envelope_id", m.attr("envelope_id").unwrap_or(""))
            // What was not checked to the end is not sent back.
            .with_num("ret_flags", if m.errs & (stat::CONT | stat::SIZE) != 0 { 2 } else { m.ret });
        if reporter.notice("private/bounce", crate::bounce::FLUSH, &ask).await {
            m.errs = 0;
            m.flags |= clean::DISCARD;
        } else {
            self.d.log.warn(format_args!("{}: bounce message failure", m.id));
            m.errs = stat::WRITE;
        }
    }
}
