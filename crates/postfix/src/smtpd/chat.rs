//! The conversation: bytes in and out, time-outs, the transcript for the postmaster.
//! Not here: what to answer (`verbs`), how answers look (`reply`). Source: smtpd_chat, smtp_stream of Postfix.

use crate::config::Config;
use machine::{Errno, Fd, Interest, Sys, TraceId};
use wire::smtp::{BareLf, Ending, Input};

/// The session cannot go on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The client has hung up.
    Eof,
    /// The client has been silent for too long.
    Timeout,
    /// Without a word.
    Quiet,
    /// A list that decides about the client cannot be read.
    LocalError,
    /// The process must end with this status; it has said why.
    Exit(i32),
}

/// One connection.
pub(crate) struct Chat {
    sys: Sys,
    input_fd: Fd,
    output_fd: Fd,
    /// What has come in.
    pub(crate) input: Input,
    out: Vec<(TraceId, Vec<u8>)>,
    eof: bool,
    /// Seconds that a client may be silent.
    pub(crate) timeout: u64,
    /// Microseconds that are left for a whole request (`smtpd_per_request_deadline`).
    pub(super) left: Option<u64>,
    /// Bytes that win a second more of them; 0: none do.
    pub(super) rate: u64,
    /// What is done about a bare LF.
    pub(crate) bare_lf: BareLf,
    /// The transcript, if anybody wants one.
    pub(crate) history: Option<Vec<String>>,
}

impl Chat {
    /// A conversation over these descriptors.
    pub(crate) fn new(sys: &Sys, input_fd: Fd, output_fd: Fd, timeout: u64, history: bool) -> Chat {
        Chat {
            sys: sys.clone(),
            input_fd,
            output_fd,
            input: Input::default(),
            out: Vec::new(),
            eof: false,
            timeout,
            left: None,
            rate: 0,
            bare_lf: BareLf::Allow,
            history: history.then(Vec::new),
        }
    }
    /// Adds a line to the transcript.
    pub(crate) fn remember(&mut self, direction: &str, text: &str) {
        if let Some(history) = &mut self.history {
            history.push(format!("{direction}{text}"));
        }
    }
    /// Adds to what will be sent when the client is waited for.
    pub(crate) fn put(&mut self, trace: TraceId, bytes: &[u8]) {
        self.out.push((trace, bytes.to_vec()));
    }
    /// Throws away what has been put.
    pub(super) fn forget(&mut self) {
        self.out.clear();
    }
    /// Sends what has been put.
    pub(crate) fn flush(&mut self) {
        for (trace, bytes) in self.out.drain(..) {
            self.sys.mark(trace);
            self.sys.put(self.output_fd, &bytes);
        }
        self.sys.mark(TraceId(0));
    }
    /// Begins a request, or its `text`, that has a deadline if the configuration says so.
    pub(super) fn begin_request(&mut self, cfg: &Config, text: bool) {
        self.rate = if text { u64::try_from(cfg.int("smtpd_min_data_rate")).unwrap_or(0) } else { 0 };
        self.left = cfg.bool("smtpd_per_request_deadline").then(|| self.timeout.saturating_mul(1_000_000));
    }
    /// Waits for more bytes.
    async fn fill(&mut self) -> Result<(), Stop> {
        self.flush();
        if self.eof {
            return Err(Stop::Eof);
        }
        let (whole, from) = (self.timeout.saturating_mul(1_000_000), self.sys.now());
        let until = from.plus_micros(self.left.unwrap_or(whole));
        loop {
            match self.sys.poll(&[(self.input_fd, Interest::Read)], Some(until)).await {
                Ok(ready) if ready.is_empty() => return Err(Stop::Timeout),
                Err(Errno::EINTR) => continue,
                Err(_) => return Err(Stop::Eof),
                Ok(_) => break,
            }
        }
        match self.sys.read(self.input_fd, 4096).await {
            Ok(bytes) if !bytes.is_empty() => {
                if let Some(left) = &mut self.left {
                    let won = (bytes.len() as u64 * 1_000_000).checked_div(self.rate).unwrap_or(0);
                    *left = (left.saturating_sub(self.sys.now().0 - from.0) + won).min(whole);
                }
                self.input.push(&bytes);
                Ok(())
            }
            _ => {
                self.eof = true;
                Err(Stop::Eof)
            }
        }
    }
    /// The next line of at most `limit` bytes.
    pub(crate) async fn line(&mut self, limit: usize) -> Result<(Vec<u8>, Ending), Stop> {
        loop {
            if let Some(line) = self.input.line(limit, self.bare_lf) {
                return Ok(line);
            }
            self.fill().await?;
        }
    }
    /// The next command line; what exceeds the limit is skipped.
    pub(crate) async fn command(&mut self, limit: usize) -> Result<(String, Ending), Stop> {
        let (line, ending) = self.line(limit).await?;
        if ending == Ending::Cut {
            while !self.input.skip_line() {
                self.fill().await?;
            }
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        self.remember("In:  ", &text);
        Ok((text, ending))
    }
    /// Exactly so many bytes.
    pub(crate) async fn exactly(&mut self, count: usize) -> Result<Vec<u8>, Stop> {
        // What there is of too few stays: it is counted when the client goes.
        while self.input.rest().len() < count {
            self.fill().await?;
        }
        Ok(self.input.take(count))
    }
    /// What the client has sent ahead of its turn.
    pub(crate) async fn ahead(&mut self) -> &[u8] {
        if self.input.rest().is_empty()
            && !self.eof
            && self.sys.poll(&[(self.input_fd, Interest::Read)], Some(self.sys.now())).await.is_ok_and(|r| !r.is_empty())
        {
            match self.sys.read(self.input_fd, 4096).await {
                Ok(bytes) if !bytes.is_empty() => self.input.push(&bytes),
                _ => self.eof = true,
            }
        }
        self.input.rest()
    }
    /// Cuts the connection.
    pub(crate) async fn close(&mut self) {
        self.flush();
        let _ = self.sys.close(self.output_fd).await;
    }
}

/// Bytes as log lines show them: C escapes.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &b in bytes {
        match b {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            7 => out.push_str("\\a"),
            8 => out.push_str("\\b"),
            11 => out.push_str("\\v"),
            12 => out.push_str("\\f"),
            b' '..=b'~' => out.push(char::from(b)),
            _ => out.push_str(&format!("\\{b:03o}")),
        }
    }
    out
}
