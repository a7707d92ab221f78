//! sed: lines from one file after the other; files that are changed in place.
//! Not here: what is done to a line (`run`).

use super::*;

impl Machine<'_> {
    /// Makes sure that the next line is in `ahead`; false at the end of the input (of the file, where files are separate).
    pub(super) async fn advance(&mut self) -> bool {
        while self.ahead.is_none() {
            if self.reader.is_none() && !self.open_next().await {
                return false;
            }
            let Some(reader) = self.reader.as_mut() else { continue };
            match reader.next_by(self.sys, self.set.end).await {
                Ok(Some(line)) => self.ahead = Some(line),
                Ok(None) => self.close_input().await,
                Err(e) => {
                    let name = if self.name == "-" { "stdin" } else { &self.name };
                    self.sys.complain(format_args!("read error on {name}: {e}"));
                    self.status = 4;
                    self.files = Vec::new().into_iter();
                    self.close_input().await;
                }
            }
        }
        true
    }
    pub(super) async fn open_next(&mut self) -> bool {
        let Some(name) = self.files.next() else { return false };
        if self.set.suffix.is_some() && name != "-" {
            let stat = self.sys.stat(&name).await;
            if stat.as_ref().is_ok_and(|s| s.kind != FileKind::File) {
                self.sys.complain(format_args!("couldn't edit {name}: not a regular file"));
                self.status = 4;
                return true;
            }
        }
        match Reader::open(self.sys, &name).await {
            Ok(reader) => {
                self.reader = Some(reader);
                self.name = name;
                if self.set.separate {
                    self.line = 0;
                    self.ranges.fill(Range::Out);
                }
                if self.set.suffix.is_some() && self.name != "-" {
                    self.edited = Some(Vec::new());
                }
            }
            Err(e) => {
                self.sys.complain(format_args!("can't read {name}: {e}"));
                self.status = 2;
            }
        }
        true
    }
    /// Ends with a file; one that is changed in place is written.
    pub(super) async fn close_input(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.close(self.sys).await;
        }
        let Some(text) = self.edited.take() else { return };
        let sys = self.sys;
        let name = self.name.clone();
        let done = async {
            let old = sys.stat(&name).await?;
            let temporary = join(parent(&name), &format!("sed{:06}", sys.random().await % 1_000_000));
            if let Err(e) = sys.write_file(&temporary, &text, 0o600).await {
                sys.complain(format_args!("couldn't open temporary file {temporary}: {e}"));
                return Ok(false);
            }
            sys.chmod(&temporary, old.mode).await?;
            let _ = sys.chown(&temporary, Some(old.uid), Some(old.gid), true).await;
            if let Some(suffix) = self.set.suffix.as_ref().filter(|s| !s.is_empty()) {
                let backup = if suffix.contains('*') { suffix.replace('*', base(&name)) } else { format!("{}{suffix}", base(&name)) };
                let backup = if backup.contains('/') { backup } else { join(parent(&name), &backup) };
                sys.rename(&name, &backup).await?;
            }
            sys.rename(&temporary, &name).await.map(|()| true)
        }
        .await;
        match done {
            Ok(true) => {}
            Ok(false) => self.status = 4,
            Err(e) => {
                let e: Errno = e;
                sys.complain(format_args!("cannot rename {name}: {e}"));
                self.status = 4;
            }
        }
    }
    pub(super) async fn is_last(&mut self) -> bool {
        if self.set.separate {
            // The end of this file counts.
            if self.ahead.is_none()
                && let Some(reader) = self.reader.as_mut()
                && let Ok(line) = reader.next_by(self.sys, self.set.end).await
            {
                self.ahead = line;
            }
            return self.ahead.is_none();
        }
        !self.advance().await
    }
    /// Reads the next line into the pattern space, or behind what is in it.
    pub(super) async fn read(&mut self, append: bool) -> bool {
        if !self.advance().await {
            return false;
        }
        let Some(mut line) = self.ahead.take() else { return false };
        self.ended = line.last() == Some(&self.set.end);
        if self.ended {
            line.pop();
        }
        self.line += 1;
        self.replaced = false;
        if append {
            self.space.push(self.set.end);
            self.space.extend_from_slice(&line);
        } else {
            self.space = line;
        }
        true
    }
}
