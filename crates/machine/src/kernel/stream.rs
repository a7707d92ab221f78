//! Byte streams with marks: the buffers of pipes, unix sockets and TCP ends. A read never crosses a change of mark, so the decision
//! that bytes belong to survives any number of programs that copy them.

use crate::TraceId;
use std::collections::VecDeque;

/// Capacity of a pipe, as on Linux.
pub(crate) const PIPE_BYTES: usize = 65536;

pub(crate) struct Stream {
    chunks: VecDeque<(Vec<u8>, TraceId)>,
    len: usize,
    pub(crate) readers: u32,
    pub(crate) writers: u32,
    /// Its writer went without having read all that had come: the reader hears of it once, after the last byte.
    pub(crate) reset: bool,
    /// The named pipe it belongs to: file system and inode.
    pub(crate) fifo: Option<(usize, u32)>,
}

impl Stream {
    pub(crate) fn new(readers: u32, writers: u32) -> Self {
        Stream { chunks: VecDeque::new(), len: 0, readers, writers, reset: false, fifo: None }
    }
    pub(crate) fn len(&self) -> usize {
        self.len
    }
    pub(crate) fn room(&self) -> usize {
        PIPE_BYTES.saturating_sub(self.len)
    }
    pub(crate) fn push(&mut self, bytes: &[u8], mark: TraceId) {
        if bytes.is_empty() {
            return;
        }
        self.len += bytes.len();
        match self.chunks.back_mut() {
            Some((last, m)) if *m == mark => last.extend_from_slice(bytes),
            _ => self.chunks.push_back((bytes.to_vec(), mark)),
        }
    }
    /// What the next reader of so many bytes would get.
    pub(crate) fn front(&self, max: usize) -> Vec<u8> {
        self.chunks.front().map_or(Vec::new(), |(first, _)| first[..max.min(first.len())].to_vec())
    }
    pub(crate) fn pull(&mut self, max: usize) -> (Vec<u8>, TraceId) {
        let Some((first, mark)) = self.chunks.front_mut() else { return (Vec::new(), TraceId(0)) };
        let mark = *mark;
        let out = if first.len() <= max {
            let whole = std::mem::take(first);
            self.chunks.pop_front();
            whole
        } else {
            first.drain(..max).collect()
        };
        self.len -= out.len();
        (out, mark)
    }
}
