//! A real Chromium through its WebDriver: open, look, type, wait with a limit, and tell plainly what was missing.
//! Source: W3C WebDriver, and ChromeDriver's own commands for logs and DevTools. Not here: the HTTP below it (`http`).

use crate::http::call;
use crate::wire::{ELEMENT, base64, keys};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long anything may take that should happen at once.
const SOON: Duration = Duration::from_secs(60);

/// A browser with one page. Closed when dropped.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    /// Its profile and sockets: Chromium leaves some of them behind.
    dir: PathBuf,
}

/// Finds Chromium (or Chrome) and its driver: `CHROME` and `CHROMEDRIVER` name them, else they are looked for on the path.
///
/// # Errors
/// One line that says how to install them.
pub fn find() -> Result<(PathBuf, PathBuf), String> {
    let search = |variable: &str, names: &[&str]| {
        std::env::var_os(variable).map(PathBuf::from).or_else(|| {
            let path = std::env::var_os("PATH")?;
            names.iter().find_map(|n| std::env::split_paths(&path).map(|d| d.join(n)).find(|f| f.is_file()))
        })
    };
    let chrome = search("CHROME", &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"]);
    let driver = search("CHROMEDRIVER", &["chromedriver", "chromium.chromedriver"]);
    match (chrome, driver) {
        (Some(c), Some(d)) => Ok((c, d)),
        _ => Err("no Chromium with ChromeDriver here; on Debian: apt-get install chromium chromium-driver".into()),
    }
}

impl Browser {
    /// Starts a browser with an empty profile and a window of 1280 × 800.
    ///
    /// # Errors
    /// A sentence, if it does not start.
    pub fn start() -> Result<Browser, String> {
        let (chrome, driver) = find()?;
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("ehlo-browser-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        let mut child = Command::new(&driver)
            .arg("--port=0")
            .env("TMPDIR", &dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{}: {e}", driver.display()))?;
        let port = child.stdout.take().and_then(read_port);
        let mut browser = Browser { driver: child, port: port.unwrap_or(0), session: String::new(), dir };
        if port.is_none() {
            return Err(format!("{} did not say its port", driver.display()));
        }
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-extensions",
            "--lang=en-US",
            "--window-size=1280,800",
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chrome, "args": args},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let answer = browser.raw("POST", "/session", Some(&wanted))?;
        browser.session = answer["sessionId"].as_str().ok_or("the driver gave no session")?.to_string();
        Ok(browser)
    }

    fn raw(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let mut answer = call(self.port, method, path, body, SOON)?;
        let value = answer["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", value["message"].as_str().unwrap_or("").lines().next().unwrap_or(""))),
            None => Ok(value),
        }
    }
    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.raw("POST", &format!("/session/{}{path}", self.session), Some(body))
    }
    fn get(&self, path: &str) -> Result<Value, String> {
        self.raw("GET", &format!("/session/{}{path}", self.session), None)
    }

    /// Opens an address and waits for its load event.
    ///
    /// # Errors
    /// What the driver says.
    pub fn open(&self, url: &str) -> Result<(), String> {
        self.post("/url", &json!({"url": url})).map(drop)
    }
    /// Loads the page again.
    ///
    /// # Errors
    /// What the driver says.
    pub fn reload(&self) -> Result<(), String> {
        self.post("/refresh", &json!({})).map(drop)
    }
    /// Runs the body of a function in the page and gives what it returns.
    ///
    /// # Errors
    /// What the driver says, an exception in the page too.
    pub fn eval(&self, body: &str) -> Result<Value, String> {
        self.eval_with(body, json!([]))
    }
    /// The same with `arguments`.
    ///
    /// # Errors
    /// What the driver says.
    pub fn eval_with(&self, body: &str, arguments: Value) -> Result<Value, String> {
        self.post("/execute/sync", &json!({"script": body, "args": arguments}))
    }
    /// Runs an `async` function's body in the page and gives what it resolves to.
    ///
    /// # Errors
    /// What the driver says.
    pub fn eval_async(&self, body: &str) -> Result<Value, String> {
        let script = format!(
            "const done = arguments[arguments.length - 1]; (async () => {{ {body} }})().then(done, e => done({{failed: String(e)}}));"
        );
        let value = self.post("/execute/async", &json!({"script": script, "args": []}))?;
        match value["failed"].as_str() {
            Some(e) => Err(e.to_string()),
            None => Ok(value),
        }
    }
    /// Asks the page until `condition`, the body of a function, returns something true.
    ///
    /// # Errors
    /// After `seconds`: `what` was waited for, and the text that the page shows instead.
    pub fn wait(&self, what: &str, seconds: u64, condition: &str) -> Result<Value, String> {
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut last = String::new();
        loop {
            match self.eval(condition) {
                Ok(Value::Null | Value::Bool(false)) => {}
                Ok(Value::String(s)) if s.is_empty() => {}
                Ok(value) => return Ok(value),
                Err(e) => last = format!(" ({e})"),
            }
            if Instant::now() > end {
                let shown = self.eval("return document.body ? document.body.innerText : ''").unwrap_or_default();
                let shown = shown.as_str().unwrap_or("");
                let tail: Vec<&str> = shown.lines().rev().take(40).collect();
                let tail: Vec<&str> = tail.into_iter().rev().collect();
                return Err(format!("waited {seconds} s for {what}{last}; the page shows:\n{}", tail.join("\n")));
            }
            std::thread::sleep(Duration::from_millis(40));
        }
    }
    /// The text that a pane shows.
    ///
    /// # Errors
    /// If there is no such pane.
    pub fn pane(&self, name: &str) -> Result<String, String> {
        let value = self.eval_with(
            "const e = document.querySelector('[data-pane=\"' + arguments[0] + '\"]'); return e && e.innerText",
            json!([name]),
        )?;
        value.as_str().map(str::to_string).ok_or_else(|| format!("the page has no pane {name}"))
    }
    /// Waits until a pane shows `text`.
    ///
    /// # Errors
    /// After `seconds`, with what the page shows.
    pub fn wait_text(&self, pane: &str, text: &str, seconds: u64) -> Result<(), String> {
        let condition = format!(
            "const e = document.querySelector('[data-pane=\"{pane}\"]'); return e && e.innerText.replaceAll('\\u00a0', ' ').includes({})",
            json!(text)
        );
        self.wait(&format!("\"{text}\" in pane {pane}"), seconds, &condition).map(drop)
    }
    /// Types at the element that a CSS selector names. `\n` is Enter; [`crate::Browser::KEYS`] names the keys without a character.
    ///
    /// # Errors
    /// If there is none.
    pub fn type_at(&self, selector: &str, text: &str) -> Result<(), String> {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector})).map_err(|e| format!("{selector}: {e}"))?;
        let id = found[ELEMENT].as_str().ok_or("the driver gave no element")?;
        self.post(&format!("/element/{id}/value"), &json!({"text": keys(text)})).map(drop)
    }
    /// Clicks the element that a CSS selector names.
    ///
    /// # Errors
    /// If there is none, or it cannot be clicked.
    pub fn click(&self, selector: &str) -> Result<(), String> {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector})).map_err(|e| format!("{selector}: {e}"))?;
        let id = found[ELEMENT].as_str().ok_or("the driver gave no element")?;
        self.post(&format!("/element/{id}/click"), &json!({})).map(drop)
    }
    /// Presses keys one after another, wherever the focus is; `\n` is Enter.
    ///
    /// # Errors
    /// What the driver says.
    pub fn press(&self, text: &str) -> Result<(), String> {
        let strokes: Vec<Value> = keys(text)
            .chars()
            .flat_map(|c| [json!({"type": "keyDown", "value": c.to_string()}), json!({"type": "keyUp", "value": c.to_string()})])
            .collect();
        self.post("/actions", &json!({"actions": [{"type": "key", "id": "keys", "actions": strokes}]})).map(drop)
    }
    /// Sends a command of the DevTools protocol.
    ///
    /// # Errors
    /// What the driver says.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Result<Value, String> {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }
    /// The page's console since the last call: errors and warnings, one line each.
    ///
    /// # Errors
    /// What the driver says.
    pub fn complaints(&self) -> Result<Vec<String>, String> {
        let log = self.post("/se/log", &json!({"type": "browser"}))?;
        let rows = log.as_array().cloned().unwrap_or_default();
        let bad = rows.iter().filter(|r| matches!(r["level"].as_str(), Some("SEVERE" | "WARNING")));
        Ok(bad.map(|r| r["message"].as_str().unwrap_or("").to_string()).collect())
    }
    /// The addresses that the page asked for since the last call.
    ///
    /// # Errors
    /// What the driver says.
    pub fn requests(&self) -> Result<Vec<String>, String> {
        let log = self.post("/se/log", &json!({"type": "performance"}))?;
        let mut out = Vec::new();
        for row in log.as_array().into_iter().flatten() {
            let event: Value = serde_json::from_str(row["message"].as_str().unwrap_or("")).unwrap_or_default();
            if event["message"]["method"] == "Network.requestWillBeSent" {
                out.push(event["message"]["params"]["request"]["url"].as_str().unwrap_or("").to_string());
            }
        }
        Ok(out)
    }
    /// Writes a picture of the window to a file.
    ///
    /// # Errors
    /// What the driver or the disk says.
    pub fn screenshot(&self, file: &Path) -> Result<(), String> {
        let picture = self.get("/screenshot")?;
        let bytes = base64(picture.as_str().unwrap_or(""));
        std::fs::write(file, bytes).map_err(|e| format!("{}: {e}", file.display()))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.raw("DELETE", &format!("/session/{}", self.session), None);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// The driver's first lines end in the port it took.
fn read_port(out: std::process::ChildStdout) -> Option<u16> {
    let mut lines = BufReader::new(out).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|l| {
        let (_, rest) = l.split_once("started successfully on port ")?;
        rest.trim_end_matches('.').parse().ok()
    });
    // Whatever else it says is read, so that it never waits for a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    port
}
