//! Pure codecs: SMTP, SASL, DNS, RFC 5322 and MIME. They parse and format, and never decide.

pub mod base64;
pub mod crypt;
pub mod dns;
pub mod idna;
pub mod md5;
pub mod sha2;
pub mod smtp;
