//! A static server as plain as GitHub Pages: one folder under one prefix, MIME types, gzip, ETag-less, no fallback page.
//! Source: RFC 9110, RFC 9112. Not here: watching and rebuilding (`xtask serve`).

use crate::http::{head, read_head};
use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A running server. Its threads live as long as the process.
pub struct Server {
    address: SocketAddr,
    prefix: String,
}

impl Server {
    /// Serves `folder` under `prefix` (`/` or `/name/`) on 127.0.0.1; port 0 takes a free one.
    ///
    /// # Errors
    /// A sentence, if the port is taken.
    pub fn start(folder: &Path, prefix: &str, port: u16) -> Result<Server, String> {
        let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|e| format!("cannot listen on 127.0.0.1:{port}: {e}"))?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let site = Arc::new((folder.to_path_buf(), prefix.to_string()));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let site = Arc::clone(&site);
                std::thread::spawn(move || serve(stream, &site.0, &site.1));
            }
        });
        Ok(Server { address, prefix: prefix.to_string() })
    }
    /// The address of the page, ending in the prefix.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.prefix)
    }
}

/// Compresses as a web host does, at the highest level.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    // Writing into a Vec cannot fail.
    let _ = out.write_all(bytes);
    out.finish().unwrap_or_default()
}

/// One connection, request after request, until the client has none.
fn serve(stream: TcpStream, folder: &Path, prefix: &str) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    let _ = stream.set_nodelay(true);
    let Ok(mut out) = stream.try_clone() else { return };
    let mut input = BufReader::new(stream);
    while let Some(lines) = read_head(&mut input) {
        let mut words = lines.first().map_or("", String::as_str).split(' ');
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let zipped = head(&lines, "accept-encoding").is_some_and(|v| v.contains("gzip"));
        let reply = match method {
            "GET" | "HEAD" => answer(target, folder, prefix, zipped),
            _ => plain("405 Method Not Allowed", "text/plain", b"only GET here\n"),
        };
        let end = reply.windows(4).position(|w| w == b"\r\n\r\n").map_or(reply.len(), |i| i + 4);
        let sent = if method == "HEAD" { &reply[..end] } else { &reply[..] };
        if out.write_all(sent).is_err() {
            return;
        }
    }
}

fn answer(target: &str, folder: &Path, prefix: &str, zipped: bool) -> Vec<u8> {
    let path = target.split(['?', '#']).next().unwrap_or("");
    let Some(inside) = path.strip_prefix(prefix) else {
        return plain("404 Not Found", "text/plain", b"nothing here\n");
    };
    let inside = if inside.is_empty() || inside.ends_with('/') { format!("{inside}index.html") } else { inside.to_string() };
    let file: PathBuf = folder.join(&inside);
    // Nothing above the folder, whatever the dots say.
    let safe = Path::new(&inside).components().all(|c| matches!(c, Component::Normal(_)));
    match std::fs::read(&file) {
        Ok(bytes) if safe => {
            let kind = mime(&inside);
            if zipped && !kind.starts_with("image/png") {
                with(200, "OK", kind, "Content-Encoding: gzip\r\n", &gzip(&bytes))
            } else {
                with(200, "OK", kind, "", &bytes)
            }
        }
        _ => plain("404 Not Found", "text/plain", b"nothing here\n"),
    }
}

fn plain(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let (code, text) = status.split_once(' ').unwrap_or(("500", status));
    with(code.parse().unwrap_or(500), text, kind, "", body)
}

fn with(code: u16, text: &str, kind: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "HTTP/1.1 {code} {text}\r\nContent-Type: {kind}\r\n{more}Content-Length: {}\r\nCache-Control: no-cache\r\n\r\n",
        body.len()
    )
    .into_bytes();
    out.extend_from_slice(body);
    out
}

fn mime(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
