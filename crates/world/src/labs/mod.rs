//! The labs: which hosts there are, what is on them at the start. One file each; the files of their hosts lie in `labs/` beside `src/`.
//! Not here: how a host is built (`stage`).

mod linuxidc;

use crate::{LabInfo, SimTime, stage::Stage};

/// A lab: what a page needs to know of it, and how it is set up.
pub(crate) struct Lab {
    pub(crate) info: LabInfo,
    /// When its clock begins; its machines start before that.
    pub(crate) start: SimTime,
    /// Builds it, up to the switching on of its machines.
    pub(crate) build: fn(u64) -> Stage,
}

/// All of them, in the order in which a page offers them.
pub(crate) static LABS: &[Lab] = &[linuxidc::LAB];
