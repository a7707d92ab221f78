//! The `openssl` command.
