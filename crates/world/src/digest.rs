//! A digest of all events: two runs with the same digest showed, logged and decided the same. Not here: what a digest is compared with.
//! Source: FNV-1a, 64 bits.

use machine::Event;

/// The running digest.
pub(crate) struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    fn bytes(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.step(u64::from(*b)));
    }
    fn step(&mut self, what: u64) {
        self.0 = (self.0 ^ what).wrapping_mul(0x0100_0000_01b3);
    }
    /// Takes an event in. How a terminal's bytes are cut into events does not count; doors do not either, for a native build has none.
    pub(crate) fn event(&mut self, event: &Event) {
        match event {
            Event::Tty { tty, typed, bytes, trace } => {
                // One step for a byte and what it belongs to: most of what happens are such bytes.
                let with = u64::from(*typed) << 8 | u64::from(*tty) << 9 | u64::from(trace.0) << 24;
                for b in bytes {
                    self.step(with | u64::from(*b));
                }
            }
            Event::Closed(tty) => self.bytes(&[2, *tty as u8]),
            Event::Log(line) => {
                self.bytes(&line.at.0.to_le_bytes());
                self.bytes(line.line.as_bytes());
                self.bytes(&line.trace.0.to_le_bytes());
            }
            Event::Trace(trace) => {
                self.bytes(&trace.id.0.to_le_bytes());
                self.bytes(trace.what.as_bytes());
            }
            Event::TtyChanged(_) | Event::Packet(_) | Event::Load(_) => {}
        }
    }
    /// Its value so far.
    pub(crate) fn value(&self) -> u64 {
        self.0
    }
}
