//! `cargo xtask bench`: the figures of docs/performance.md, on this machine. The engine by the native runner, start-up and typing
//! in a real Chromium slowed down through its own tools, on the built `dist/`. Not here: bytes (`size`).

use crate::run::{Done, cargo, run, say};
use browser::{Browser, Server};
use serde_json::json;
use std::path::Path;

/// Runs of a start-up; keys of a typing run.
const RUNS: usize = 5;
const KEYS: usize = 60;

/// The input that takes keys at a prompt.
const PROMPT: &str = "[data-pane=\"terminal\"] input:not([disabled])";

/// Prints everything; `words` name the parts: `engine`, `page`, and of it `replay`.
pub(crate) fn bench(words: &[String]) -> Done {
    let wanted = |part: &str| words.is_empty() || words.iter().any(|w| w == part);
    if wanted("engine") {
        say!("the engine, native");
        run(&mut cargo(&["run", "--quiet", "--profile", "native", "--package", "runner", "--", "bench"]))?;
    }
    if wanted("page") || wanted("replay") {
        if !Path::new("dist/index.html").is_file() {
            return Err("dist/ is not built: run `cargo xtask build` first".into());
        }
        let server = Server::start(Path::new("dist"), "/ehlo/", 0)?;
        let url = format!("{}#/lab/linuxidc", server.url());
        if wanted("page") {
            start_up(&url)?;
            typing(&url)?;
        }
        replay(&url)?;
    }
    Ok(())
}

/// The field takes keys as soon as the page runs, and keeps a line until its shell is there. So both are measured: the field and the shell.
fn start_up(url: &str) -> Done {
    let (mut paint, mut prompt, mut shell) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        // A new browser each time: nothing is cached.
        let page = Browser::start()?;
        let watch = format!(
            "new MutationObserver((_, o) => {{\
               if (!window.promptAt && document.querySelector('{PROMPT}')) window.promptAt = performance.now();\
               if (document.querySelector('[data-pane=\"terminal\"]')?.innerText.includes('~]#')) {{ o.disconnect(); window.shellAt = performance.now(); }}\
             }}).observe(document, {{childList: true, subtree: true, attributes: true}});"
        );
        page.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": watch}))?;
        page.devtools("Network.enable", &json!({}))?;
        let line = json!({"offline": false, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750});
        page.devtools("Network.emulateNetworkConditions", &line)?;
        page.devtools("Emulation.setCPUThrottlingRate", &json!({"rate": 4}))?;
        page.open(url)?;
        shell.push(page.wait("the shell", 30, "return window.shellAt")?.as_f64().unwrap_or(0.0));
        prompt.push(page.wait("the prompt", 1, "return window.promptAt")?.as_f64().unwrap_or(0.0));
        let first = "const p = performance.getEntriesByName('first-contentful-paint')[0]; return p && p.startTime";
        paint.push(page.wait("the first paint", 10, first)?.as_f64().unwrap_or(0.0));
    }
    println!("Slow 4G, CPU x4, cold: first paint        {:>6.0} ms  (budget 400, median of {RUNS})", quantile(&mut paint, 50));
    println!("Slow 4G, CPU x4, cold: prompt takes key   {:>6.0} ms  (budget 2000)", quantile(&mut prompt, 50));
    println!("Slow 4G, CPU x4, cold: the shell is there {:>6.0} ms", quantile(&mut shell, 50));
    Ok(())
}

fn typing(url: &str) -> Done {
    let page = Browser::start()?;
    page.open(url)?;
    let there = format!("return document.querySelector('{PROMPT}') !== null");
    page.wait("the prompt", 30, &there)?;
    page.type_at(PROMPT, "seq 1 10000\n")?;
    page.wait_text("terminal", "10000", 60)?;
    page.wait("the prompt", 30, &there)?;
    page.devtools("Emulation.setCPUThrottlingRate", &json!({"rate": 4}))?;
    let script = format!(
        "const input = document.querySelector('{PROMPT}'), out = [];
         const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
         for (let i = 0; i < {KEYS}; i++) {{
             const start = performance.now();
             set.call(input, input.value + 'x');
             input.dispatchEvent(new InputEvent('input', {{bubbles: true, data: 'x', inputType: 'insertText'}}));
             for (let j = 0; j < 8; j++) await Promise.resolve();
             document.body.offsetHeight;
             out.push(performance.now() - start);
             await new Promise(r => requestAnimationFrame(() => setTimeout(r)));
         }}
         return out;"
    );
    let times = page.eval_async(&script)?;
    let mut times: Vec<f64> = times.as_array().into_iter().flatten().filter_map(serde_json::Value::as_f64).collect();
    println!(
        "a key, 10 000 lines of scrollback, CPU x4: median {:.1} ms (budget 8), p95 {:.1} ms (budget 16)",
        quantile(&mut times, 50),
        quantile(&mut times, 95)
    );
    Ok(())
}

/// A message as a learner sends it from the client: each line is an input.
const DIALOGUE: [&str; 10] = [
    "telnet 192.168.1.103 25",
    "EHLO client",
    "MAIL FROM:<redhat@linuxidc.com>",
    "RCPT TO:<student@linuxidc.com>",
    "DATA",
    "Subject: bench",
    "",
    "text",
    ".",
    "QUIT",
];

/// How long a saved lab takes to come back, with one input and with a thousand: the difference is their replay.
fn replay(url: &str) -> Done {
    let page = Browser::start()?;
    // The page keeps an entry in its storage for as long as it replays.
    let watch = "for (const name of ['setItem', 'removeItem']) {
        const real = Storage.prototype[name];
        Storage.prototype[name] = function (key, ...rest) {
            if (key.startsWith('ehlo.replaying.')) (window.replaying ??= []).push([name, performance.now()]);
            return real.call(this, key, ...rest);
        };
    }";
    page.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": watch}))?;
    // On a busy machine only the processor's time tells of the page.
    page.devtools("Performance.enable", &json!({"timeDomain": "threadTicks"}))?;
    let took = || -> Done<[f64; 2]> {
        let (mut times, mut script) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            page.reload()?;
            let took = "const all = window.replaying ?? [], start = all.find(e => e[0] === 'setItem');
                const end = start && all.find(e => e[0] === 'removeItem' && e[1] > start[1]);
                return end && end[1] - start[1]";
            times.push(page.wait("the end of the replay", 30, took)?.as_f64().unwrap_or(0.0));
            let metrics = page.devtools("Performance.getMetrics", &json!({}))?;
            let spent = metrics["metrics"].as_array().into_iter().flatten().find(|m| m["name"] == "ScriptDuration");
            script.push(spent.and_then(|m| m["value"].as_f64()).unwrap_or(0.0) * 1000.0);
        }
        Ok([quantile(&mut times, 50), quantile(&mut script, 50)])
    };
    page.open(url)?;
    page.wait("the prompt", 30, &format!("return document.querySelector('{PROMPT}') !== null"))?;
    page.click("[data-pane=\"terminal\"] .tabs [role=tab]:nth-child(2)")?;
    page.wait_text("terminal", "[root@client ~]# ", 30)?;
    page.type_at(PROMPT, "\n")?;
    let one = took()?;
    page.click("[data-pane=\"terminal\"] .tabs [role=tab]:nth-child(2)")?;
    let script = format!(
        // What is typed before telnet has gone would be telnet's.
        "const pause = () => new Promise(r => setTimeout(r, 40));
         const ready = () => document.querySelector('[data-pane=\"terminal\"]').innerText.trimEnd().endsWith('[root@client ~]#');
         for (let i = 0; i < 10; i++) {{
             for (const line of {}) {{
                 const input = document.querySelector('{PROMPT}');
                 input.value = line;
                 input.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, cancelable: true}}));
                 await pause();
             }}
             for (let n = 0; n < 100 && !ready(); n++) await pause();
         }}",
        json!(DIALOGUE)
    );
    for _ in 0..10 {
        page.eval_async(&script)?;
    }
    let all = took()?;
    page.click("[data-pane=\"terminal\"] .tabs [role=tab]:nth-child(1)")?;
    page.type_at(PROMPT, "grep -c status=sent /var/log/maillog\n")?;
    page.wait_text("terminal", "\n100\n", 30)?;
    let row = |what: &str, [time, script]: [f64; 2]| println!("{what:<40}{time:>6.0} ms, {script:.0} ms of the processor");
    row("a saved lab comes back after one input", one);
    row("the same after 1000 more", all);
    row("replay of 1000 inputs, 100 messages", [all[0] - one[0], all[1] - one[1]]);
    println!("{:<40}   (budget 150, median of {RUNS})", "");
    Ok(())
}

/// The value below which so many of a hundred lie.
fn quantile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len() * percent / 100).min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}
