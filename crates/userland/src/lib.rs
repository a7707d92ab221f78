//! The shell and the tools of a simulated host.
