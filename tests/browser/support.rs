//! What the browser tests share: the served page, an open browser, and a picture of the page when a test fails.

use browser::{Browser, Server};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The page's path on the server.
pub(crate) const PREFIX: &str = "/ehlo/";

/// A browser with the page open; it writes a picture when the test fails.
pub(crate) struct Page {
    pub(crate) browser: Browser,
    pub(crate) base: String,
}

impl Page {
    /// Opens the page at a route, `#/lab/linuxidc`.
    pub(crate) fn open(route: &str) -> Page {
        let base = base();
        let browser = Browser::start().unwrap_or_else(|e| panic!("{e}"));
        let page = Page { browser, base };
        page.browser.open(&format!("{}{route}", page.base)).unwrap_or_else(|e| panic!("{e}"));
        page
    }
    /// Waits until the condition, the body of a function, returns something true.
    pub(crate) fn wait(&self, what: &str, condition: &str) {
        self.browser.wait(what, 20, condition).unwrap_or_else(|e| panic!("{e}"));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let name = std::thread::current().name().unwrap_or("page").replace("::", "-");
            let file = std::env::temp_dir().join(format!("ehlo-{name}.png"));
            if self.browser.screenshot(&file).is_ok() {
                eprintln!("the page as it was: {}", file.display());
            }
        }
    }
}

/// The built page: `dist/`, or the folder that `EHLO_DIST` names.
pub(crate) fn dist() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::env::var_os("EHLO_DIST").map_or_else(|| root.join("dist"), |d| root.join(d))
}

/// Address of the page, on a server that lives as long as the tests.
fn base() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        assert!(dist().join("index.html").is_file(), "{} is not built: run `cargo xtask build`", dist().display());
        Server::start(&dist(), PREFIX, 0).unwrap_or_else(|e| panic!("{e}"))
    });
    server.url()
}
