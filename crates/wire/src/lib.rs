//! Pure codecs: SMTP, SASL, DNS, RFC 5322 and MIME. They parse and format, and never decide.

pub mod dns;
