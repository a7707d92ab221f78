//! The little of HTTP/1.1 that both ends need: heads, and one request with a JSON body.  RFC 9112.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The lines of a message head without its empty line; nothing at the end of the stream.
pub(crate) fn read_head(input: &mut impl BufRead) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            return Some(lines);
        }
        lines.push(line.to_string());
    }
}

/// The value of a field, its name in lower case.
pub(crate) fn head<'a>(lines: &'a [String], name: &str) -> Option<&'a str> {
    lines.iter().filter_map(|l| l.split_once(':')).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim())
}

/// Sends one request to a port of this machine and reads the JSON that comes back. Waits at most `limit`.
pub(crate) fn call(port: u16, method: &str, path: &str, body: Option<&Value>, limit: Duration) -> Result<Value, String> {
    let fail = |e: std::io::Error| format!("{method} {path}: {e}");
    let stream = TcpStream::connect(("127.0.0.1", port)).map_err(fail)?;
    stream.set_read_timeout(Some(limit)).map_err(fail)?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut out = stream.try_clone().map_err(fail)?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    out.write_all(request.as_bytes()).map_err(fail)?;
    let mut input = BufReader::new(stream);
    let lines = read_head(&mut input).ok_or_else(|| format!("{method} {path}: no answer"))?;
    let mut bytes = Vec::new();
    match head(&lines, "content-length").and_then(|v| v.parse::<u64>().ok()) {
        Some(n) => input.take(n).read_to_end(&mut bytes).map_err(fail)?,
        None => input.read_to_end(&mut bytes).map_err(fail)?,
    };
    serde_json::from_slice(&bytes).map_err(|e| format!("{method} {path}: {e}: {}", String::from_utf8_lossy(&bytes)))
}
