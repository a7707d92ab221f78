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

/// The one field of the front terminal.
pub(crate) const PROMPT: &str = "[data-pane=\"terminal\"] input:not([disabled])";

impl Page {
    /// Opens the lab and waits until its shell is at its prompt.
    pub(crate) fn lab() -> Page {
        let page = Page::open("#/lab/linuxidc");
        page.shows("terminal", "[root@mail ~]# ");
        page
    }
    /// Waits until a pane shows a text.
    pub(crate) fn shows(&self, pane: &str, text: &str) {
        self.browser.wait_text(pane, text, 30).unwrap_or_else(|e| panic!("{e}"));
    }
    /// Types a line into the front terminal and waits for what follows it.
    pub(crate) fn types(&self, line: &str, then: &str) {
        // What stood there before does not count.
        let count = format!("return ({SEEN}).split({then:?}).length");
        let before = self.browser.eval(&count).unwrap_or_else(|e| panic!("{e}"));
        self.browser.type_at(PROMPT, &format!("{line}\n")).unwrap_or_else(|e| panic!("{e}"));
        self.wait(&format!("{then:?} after {line:?}"), &format!("return ({SEEN}).split({then:?}).length > {before}"));
    }
    /// Types lines one after the other; each is a line and what to wait for behind it.
    pub(crate) fn session(&self, lines: &[(&str, &str)]) {
        for (line, then) in lines {
            self.types(line, then);
        }
    }
    pub(crate) fn click(&self, selector: &str) {
        self.wait(selector, &format!("return document.querySelector({selector:?}) !== null"));
        self.browser.click(selector).unwrap_or_else(|e| panic!("{e}"));
    }
    pub(crate) fn eval(&self, body: &str) -> serde_json::Value {
        self.browser.eval(body).unwrap_or_else(|e| panic!("{e}"))
    }
    /// Nothing has been complained of on the page's console.
    pub(crate) fn is_quiet(&self) {
        let complaints = self.browser.complaints().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(complaints, Vec::<String>::new(), "the console is not empty");
    }
}

/// The text of the terminal, blanks made plain.
const SEEN: &str = "document.querySelector('[data-pane=\"terminal\"]').innerText.replaceAll('\\u00a0', ' ')";

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
