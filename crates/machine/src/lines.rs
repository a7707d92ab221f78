//! Reading a descriptor line by line. Not here: what a line means; SMTP's own reading (`postfix::server`).

use crate::trap::Fd;
use crate::{Sys, Sysret};

/// Reads lines from a descriptor; what has been read beyond a line waits here for the next call.
pub struct Lines {
    fd: Fd,
    buffer: Vec<u8>,
}

impl Lines {
    /// A reader of `fd`.
    pub fn new(fd: Fd) -> Lines {
        Lines { fd, buffer: Vec::new() }
    }
    /// The next line with its newline (the last one may have none); `None` at the end.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn next(&mut self, sys: &Sys) -> Sysret<Option<Vec<u8>>> {
        self.next_by(sys, b'\n').await
    }
    /// The same where lines end with another byte.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn next_by(&mut self, sys: &Sys, end: u8) -> Sysret<Option<Vec<u8>>> {
        let mut seen = 0;
        loop {
            if let Some(i) = self.buffer[seen..].iter().position(|&b| b == end) {
                let rest = self.buffer.split_off(seen + i + 1);
                return Ok(Some(std::mem::replace(&mut self.buffer, rest)));
            }
            seen = self.buffer.len();
            let more = sys.read(self.fd, 4096).await?;
            if more.is_empty() {
                let last = std::mem::take(&mut self.buffer);
                return Ok(if last.is_empty() { None } else { Some(last) });
            }
            self.buffer.extend_from_slice(&more);
        }
    }
    /// The next line as text, without its end (`\n`, `\r\n`).
    ///
    /// # Errors
    /// Those of reading.
    pub async fn text(&mut self, sys: &Sys) -> Sysret<Option<String>> {
        Ok(self.next(sys).await?.map(|line| String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_string()))
    }
}
