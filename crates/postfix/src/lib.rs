//! Postfix 3.7: one module per daemon and tool.
