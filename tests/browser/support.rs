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
    /// Waits until the condition, the body of a function, returns something true, and gives it.
    pub(crate) fn wait(&self, what: &str, condition: &str) -> serde_json::Value {
        self.browser.wait(what, 20, condition).unwrap_or_else(|e| panic!("{e}"))
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
        let last =
            self.eval("return Math.max(-1, ...[...document.querySelectorAll('[data-pane=\"terminal\"] .li')].map(e => +e.dataset.n))");
        self.browser.type_at(PROMPT, &format!("{line}\n")).unwrap_or_else(|e| panic!("{e}"));
        self.wait(&format!("{then:?} after {line:?}"), &format!("const last = {last}; return ({NEW}).includes({then:?})"));
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
    /// Opens a file in vim from the shell, types keys (`\x1b` is Esc), and waits until the shell has the terminal again.
    pub(crate) fn vim(&self, path: &str, keys: &str) {
        self.browser.type_at(PROMPT, &format!("vim {path}\n")).unwrap_or_else(|e| panic!("{e}"));
        self.wait(&format!("vim {path}"), "return document.querySelector('[data-pane=\"terminal\"] .grid') !== null");
        self.browser.type_at(PROMPT, keys).unwrap_or_else(|e| panic!("{e}"));
        self.wait(&format!("the end of vim {path}"), "return document.querySelector('[data-pane=\"terminal\"] .grid') === null");
    }
    /// Presses `why?` at the last line of a pane that holds a text; gives what the why pane says, its blanks made one.
    pub(crate) fn why(&self, pane: &str, text: &str) -> String {
        let press = format!(
            "const rows = [...document.querySelectorAll('[data-pane={pane:?}] .tl, [data-pane={pane:?}] .lr')].reverse();
             const why = rows.find(r => r.innerText.includes({text:?}) && r.querySelector('.why'))?.querySelector('.why');
             why?.click();
             return why !== undefined"
        );
        self.wait(&format!("why? at {text:?}"), &press);
        let open = format!(
            "return [...document.querySelectorAll('.why[aria-expanded=true]')].some(e => e.parentElement.closest('.tl, .lr')?.innerText.includes({text:?}))"
        );
        self.wait("the reasons", &open);
        self.browser.pane("why").unwrap_or_else(|e| panic!("{e}")).split_whitespace().collect::<Vec<_>>().join(" ")
    }
    /// Presses every `why?` of a server's reply that the front terminal shows, and looks that each has a reason with a file and line, a
    /// default, or a rule of the protocol.
    pub(crate) fn every_reply_has_a_reason(&self) {
        let replies = "[...document.querySelectorAll('[data-pane=\"terminal\"] .tl.s .why')]";
        let count = self.eval(&format!("return {replies}.length")).as_u64().unwrap_or(0);
        assert!(count > 0, "no reply is to be seen");
        for i in 0..count {
            let reply = self.eval(&format!("const w = {replies}[{i}]; w?.click(); return w?.parentElement.innerText"));
            let Some(reply) = reply.as_str() else { continue };
            self.wait(
                &format!("a reason for {reply}"),
                &format!(
                    "return {replies}[{i}]?.ariaExpanded === 'true'
                        && document.querySelector('[data-pane=\"why\"] .wl')?.querySelector('.fl, .it small, .fold') !== null"
                ),
            );
        }
    }
    /// Chooses the terminal with this number in its tabs, from 1.
    pub(crate) fn terminal(&self, n: usize) {
        self.click(&format!("[data-pane=\"terminal\"] .tabs [role=tab]:nth-child({n})"));
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

/// The text of the terminal behind the row `last`, the line with the prompt, a full screen; blanks made plain.
const NEW: &str = "[...document.querySelectorAll('[data-pane=\"terminal\"] :is(.li, .tscr > .tl, .grid)')]
    .filter(e => !(e.dataset.n <= last)).map(e => e.innerText).join('\\n').replaceAll('\\u00a0', ' ')";

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
