//! postmulti(1): several mail systems on one machine. Not simulated. Source: postmulti(1), MULTI_INSTANCE_README.

use machine::Sys;

/// The program: it says that it is not simulated.
pub(crate) async fn main(sys: Sys) -> i32 {
    sys.unsupported("several instances of Postfix");
    1
}
