//! less: a file or a pipe by screens, forwards and backwards.  Source: less 590 (less(1) and its messages).
//! Not simulated: tags, editing, logs, preprocessors, options that are not in the table.

mod help;
mod talk;
mod view;

use crate::util::keys::Keys;
use crate::{Ex, Spec};
use machine::{Errno, Fd, Interest, Open, STDERR, STDIN, STDOUT, Sys};
use view::View;

pub(super) const SPEC: Spec = Spec {
    name: "less",
    path: "/usr/bin/less",
    synopsis: "[-eEFiINnRSsX] [+command] [file ...]",
    about: "display the contents of a file in a terminal",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "printf 'a\\nb\\n' | less", out: "a\nb\n", code: 0 },
        Ex { sh: "less nosuch", out: "nosuch: No such file or directory\n", code: 1 },
    ],
};

/// Options that are letters: what they do and whether they are on, as `-N` typed tells it.
const SWITCHES: &[(u8, &str, &str)] = &[
    (b'N', "Constantly display line numbers", "Don't use line numbers"),
    (b'S', "Chop long lines", "Fold long lines"),
    (b'i', "Ignore case in searches", "Case is significant in searches"),
    (b'I', "Ignore case in searches and in patterns", "Case is significant in searches"),
    (b'F', "Quit if entire file fits on first screen", "Don't quit if entire file fits on first screen"),
    (b'e', "Quit at end-of-file", "Don't quit at end-of-file"),
    (b'E', "Quit at end-of-file", "Don't quit at end-of-file"),
    (b'X', "Don't send the terminal (de)initialization string", "Send the terminal (de)initialization string"),
    (b'R', "Display ANSI sequences directly, other control characters as ^X", "Display control characters as ^X"),
    (b's', "Squeeze multiple blank lines", "Display all blank lines"),
    (b'n', "Don't use line numbers", "Use line numbers"),
    (b'M', "Long prompt", "Short prompt"),
    (b'm', "Medium prompt", "Short prompt"),
    (b'q', "Ring the bell for errors but not at eof/bof", "Ring the bell for errors AND at eof/bof"),
    (b'g', "Highlight matches for previous search only", "Highlight all matches"),
    (b'G', "Don't highlight search matches", "Highlight all matches"),
];

/// What `less` knows of its screen.
struct Less {
    sys: Sys,
    keys: Keys,
    view: View,
    files: Vec<String>,
    file: usize,
    /// Input that is still read, and bytes of an unfinished line.
    input: Option<Fd>,
    partial: Vec<u8>,
    /// The prompt shows the file's name.
    fresh: bool,
    pattern: String,
    forward: bool,
    marks: Vec<(char, usize)>,
    before: usize,
    half: usize,
    message: String,
    /// An option that is switched when the message about it was read.
    switch: Option<u8>,
    status: Option<i32>,
}

async fn run(sys: Sys) -> i32 {
    let (mut files, mut commands, mut on) = (Vec::new(), Vec::new(), Vec::new());
    let mut plain = false;
    for arg in sys.args().iter().skip(1) {
        match arg.as_str() {
            "--" => plain = true,
            a if !plain && a.starts_with('+') && a.len() > 1 => commands.push(a[1..].to_string()),
            "--help" | "-?" if !plain => {
                sys.put(STDOUT, help::TEXT.as_bytes());
                return 0;
            }
            "-V" | "--version" if !plain => {
                sys.print(STDOUT, format_args!("less 590 (GNU regular expressions)\n"));
                return 0;
            }
            a if !plain && a.starts_with('-') && a.len() > 1 => {
                for b in a.bytes().skip(1) {
                    if !SWITCHES.iter().any(|s| s.0 == b) {
                        sys.unsupported(a);
                        return 1;
                    }
                    on.push(b);
                }
            }
            a => files.push(a.to_string()),
        }
    }
    if files.is_empty() && sys.is_tty(STDIN).await {
        sys.print(STDERR, format_args!("Missing filename (\"less --help\" for help)\n"));
        return 1;
    }
    if files.is_empty() {
        files.push("-".into());
    }
    if !sys.is_tty(STDOUT).await {
        return copy(&sys, &files).await;
    }
    // The first file that can be shown.
    let mut status = 0;
    let mut good = Vec::new();
    for name in files {
        match open(&sys, &name).await {
            Ok(fd) => {
                if fd != STDIN {
                    let _ = sys.close(fd).await;
                }
                good.push(name);
            }
            Err(text) => {
                status = 1;
                sys.print(STDERR, format_args!("{text}\n"));
            }
        }
    }
    if good.is_empty() {
        return status;
    }
    let Ok(tty) = sys.open("/dev/tty", Open::RDWR, 0).await else { return copy(&sys, &good).await };
    let alternate = !on.contains(&b'X');
    let mut size = (80, 24);
    if let Ok((c, r)) = sys.tty_size(tty).await {
        size = (usize::from(c), usize::from(r));
    }
    let mut view = View::new(size, on.clone());
    let bytes = if on.contains(&b'F') && good.len() == 1 { short(&sys, &good[0], &mut view).await } else { None };
    if let Some(Ok(bytes)) = bytes {
        sys.put(STDOUT, &bytes);
        return 0;
    }
    let Some(keys) = Keys::open(&sys, tty, alternate).await else { return 1 };
    view.size = keys.size;
    let mut less = Less {
        sys,
        keys,
        view,
        files: good,
        file: 0,
        input: None,
        partial: Vec::new(),
        fresh: true,
        pattern: String::new(),
        forward: true,
        marks: Vec::new(),
        before: 0,
        half: 0,
        message: String::new(),
        switch: None,
        status: None,
    };
    if let Some(Err(bytes)) = bytes {
        less.view.push(&bytes, &mut less.partial);
        less.end_of_input();
    } else {
        less.start_file().await;
    }
    for command in commands {
        less.fill(0).await;
        match command.strip_prefix('/') {
            Some(pattern) => less.search(pattern, true, 1).await,
            None => {
                let digits: String = command.chars().take_while(char::is_ascii_digit).collect();
                let key = command.chars().nth(digits.len()).unwrap_or('g');
                less.command(key, digits.parse().ok()).await;
            }
        }
    }
    less.fresh = true;
    let code = less.talk().await;
    if !alternate {
        less.sys.print(STDOUT, format_args!("\r\x1b[K"));
    }
    less.keys.leave().await;
    code
}

/// Opens an operand; `Err`: less's message.
async fn open(sys: &Sys, name: &str) -> Result<Fd, String> {
    if name == "-" {
        return Ok(STDIN);
    }
    if sys.stat(name).await.is_ok_and(|s| s.is_dir()) {
        return Err(format!("{name} is a directory"));
    }
    sys.open(name, Open::READ, 0).await.map_err(|e| format!("{name}: {e}"))
}

/// To what is no terminal, less writes as cat does.
async fn copy(sys: &Sys, files: &[String]) -> i32 {
    let mut status = 0;
    for name in files {
        match open(sys, name).await {
            Ok(fd) => {
                while let Ok(part) = sys.read(fd, 1 << 16).await {
                    if part.is_empty() {
                        break;
                    }
                    if sys.write(STDOUT, &part).await.is_err() {
                        return 1;
                    }
                }
            }
            Err(text) => {
                status = 1;
                sys.print(STDERR, format_args!("{text}\n"));
            }
        }
    }
    status
}

/// For -F: the content if it fits on the screen, else what was read.
async fn short(sys: &Sys, name: &str, view: &mut View) -> Option<Result<Vec<u8>, Vec<u8>>> {
    let fd = open(sys, name).await.ok()?;
    let bytes = sys.read_all(fd).await.ok()?;
    let mut partial = Vec::new();
    view.push(&bytes, &mut partial);
    let rows = view.rows.len() + usize::from(!partial.is_empty());
    view.clear();
    Some(if rows < view.size.1 { Ok(bytes) } else { Err(bytes) })
}

impl Less {
    async fn start_file(&mut self) {
        self.view.clear();
        self.partial.clear();
        self.fresh = true;
        let name = self.files[self.file].clone();
        self.input = open(&self.sys, &name).await.ok();
    }

    fn end_of_input(&mut self) {
        let rest = std::mem::take(&mut self.partial);
        if !rest.is_empty() {
            self.view.line(&rest, false);
        }
        self.input = None;
    }

    /// Reads until there are so many rows, the input ends, or a key is typed.
    async fn fill(&mut self, rows: usize) {
        let want = rows.saturating_add(self.view.height() + 1);
        while let Some(fd) = self.input.filter(|_| self.view.rows.len() < want) {
            let name = &self.files[self.file];
            if name == "-" && self.keys.or(fd, Interest::Read).await {
                return;
            }
            match self.sys.read(fd, 1 << 16).await {
                Ok(part) if part.is_empty() => {
                    self.end_of_input();
                    if fd != STDIN {
                        let _ = self.sys.close(fd).await;
                    }
                }
                Ok(part) => self.view.push(&part, &mut self.partial),
                Err(Errno::EINTR) => drop(self.sys.signals().await),
                Err(_) => self.end_of_input(),
            }
        }
    }

    fn at_end(&self) -> bool {
        self.input.is_none() && self.view.top + self.view.height() >= self.view.rows.len()
    }

    fn prompt(&mut self) -> String {
        if !self.message.is_empty() {
            return format!("{}  (press RETURN)", self.message);
        }
        let name = &self.files[self.file];
        let mut text = String::new();
        if self.fresh && name != "-" {
            text.push_str(name);
            if self.files.len() > 1 {
                text.push_str(&format!(" (file {} of {})", self.file + 1, self.files.len()));
            }
        }
        if self.at_end() {
            text.push_str(if text.is_empty() { "(END)" } else { " (END)" });
            if let Some(next) = self.files.get(self.file + 1) {
                text.push_str(&format!(" - Next: {next}"));
            }
        }
        if text.is_empty() { ":".into() } else { text }
    }
}
