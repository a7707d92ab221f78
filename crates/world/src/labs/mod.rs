//! The labs: which hosts there are, what is on them at the start. One file each; the files of their hosts lie in `labs/` beside `src/`.
//! Not here: how a host is built (`stage`).

mod linuxidc;

use crate::{LabInfo, stage::Stage};

/// A lab: what a page needs to know of it, and how it is set up.
pub(crate) struct Lab {
    pub(crate) info: LabInfo,
    /// Builds it; gives minutes east of UTC.
    pub(crate) build: fn(u64) -> Stage,
}

/// All of them, in the order in which a page offers them.
pub(crate) static LABS: &[Lab] = &[linuxidc::LAB];
