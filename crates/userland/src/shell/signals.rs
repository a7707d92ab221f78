//! Signals that came to the shell: ^C, and those with traps.
//! Not here: the builtin `trap` (`builtins/flow`), messages about children that a signal ended (`jobs`). Source: POSIX XCU 2.11, 2.14.

use super::{Flow, Run, Shell};
use machine::{STDERR, Signal};

impl Shell {
    /// Fetches the signals that came: ^C is kept for [`Shell::check_interrupt`], those with traps for [`Shell::run_traps`].
    pub(super) async fn note_signals(&mut self) {
        for signal in self.sys.signals().await {
            let name = Signal::ALL.iter().find(|s| s.0 == signal).map_or("", |s| s.1);
            if self.traps.contains(name) {
                self.signals.push(signal);
            } else if signal == Signal::Int {
                self.interrupted = true;
                self.newline_due = self.interactive;
            }
        }
    }

    /// Gives up what is being run if ^C was typed.
    pub(super) fn check_interrupt(&mut self) -> Run<()> {
        if !self.interrupted {
            return Ok(());
        }
        self.status = 130;
        if self.subshell > 0 || !self.interactive {
            return Err(Flow::Exit);
        }
        if std::mem::take(&mut self.newline_due) {
            self.sys.print(self.fd(STDERR), format_args!("\n"));
        }
        Err(Flow::Discard)
    }

    /// Runs the traps of signals that have come.
    pub(super) async fn run_traps(&mut self) -> Run<()> {
        if self.traps.is_empty() || self.in_trap {
            return Ok(());
        }
        self.note_signals().await;
        while !self.signals.is_empty() {
            let signal = self.signals.remove(0);
            let name = Signal::ALL.iter().find(|s| s.0 == signal).map_or("", |s| s.1);
            let Some(action) = self.traps.get(name).cloned() else { continue };
            self.trap_action(&action, "trap").await?;
        }
        Ok(())
    }
}
