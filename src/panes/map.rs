//! The map: the processes and queues of Postfix as a picture, messages on their way through it, and the same as a table of steps.
//! Not here: where a message is (`model`, which reads the mail log), walking on (`lab`). The picture's plan is Postfix's OVERVIEW_README.

use crate::driver::Driver;
use crate::i18n::{self, Lang};
use crate::icons::{self, icon};
use crate::lab::links::{Sel, line_event};
use crate::lab::{Lab, Msg};
use crate::model::{Hop, LogRow, Node, daemon_class};
use crate::panes::plan::{NARROW, Plan, WIDE};
use crate::panes::why;
use crate::platform;
use web_sys::HtmlInputElement;
use yew::html::Scope;
use yew::prelude::*;

/// What the map shows.
#[derive(Default)]
pub(crate) struct Walk {
    /// Queue id of the chosen message; empty: the newest.
    chosen: String,
    /// The first of the messages that are shown.
    root: usize,
    /// How many steps of their way are shown.
    shown: usize,
    /// Somebody stepped back and looks at a step that is over.
    held: bool,
}

impl Walk {
    /// Steps that have happened.
    fn total(&self, d: &Driver) -> usize {
        d.map.way(self.root).len()
    }
    /// Shows another message, or the newest, as it stands.
    pub(crate) fn choose(&mut self, d: &Driver, id: &str) {
        self.chosen = id.into();
        self.held = false;
        self.root = self.newest(d);
        self.shown = self.total(d);
    }
    fn newest(&self, d: &Driver) -> usize {
        let last = d.map.messages.len().saturating_sub(1);
        d.map.root(d.map.find(&self.chosen).unwrap_or(last))
    }
    /// Goes to a step.
    pub(crate) fn step(&mut self, d: &Driver, to: usize) {
        let total = self.total(d);
        self.shown = to.clamp(1.min(total), total);
        self.held = self.shown < total;
    }
    /// Lets the picture follow again, from this step on.
    pub(crate) fn play(&mut self) {
        self.shown = 0;
        self.held = false;
    }
    /// Takes the next step if one is due. Whether it did.
    pub(crate) fn on(&mut self, d: &Driver) -> bool {
        let root = self.newest(d);
        if root != self.root && !self.held {
            (self.root, self.shown) = (root, 0);
        }
        let due = self.due(d);
        self.shown += usize::from(due);
        due
    }
    /// Whether something happened that is not shown yet.
    pub(crate) fn due(&self, d: &Driver) -> bool {
        !self.held && (self.newest(d) != self.root || self.shown < self.total(d))
    }
}

/// The queue in which a message lies now. `postsuper -h ALL` moves messages and logs none of them.
fn lies(queue: &[world::Queued], id: &str) -> Option<Node> {
    let row = queue.iter().find(|q| q.id == id)?;
    [Node::Incoming, Node::Active, Node::Deferred, Node::Hold]
        .into_iter()
        .zip(["incoming", "active", "deferred", "hold"])
        .find(|n| n.1 == row.queue)
        .map(|n| n.0)
}

fn is_queue(node: Node) -> bool {
    matches!(node, Node::Incoming | Node::Active | Node::Deferred | Node::Hold)
}

/// Whether this message has come along this way.
fn walked(hops: &[Hop], msg: usize, made: bool, from: Node, to: Node) -> bool {
    let start = if made { Node::Bounce } else { Node::Network };
    let mut before = start;
    let mut seen = vec![start];
    for hop in hops.iter().filter(|h| h.msg == msg) {
        // A step whose way is not drawn straight came from a place where the message has been: the queue manager moves what was deferred.
        let straight = NARROW.ways.iter().any(|w| (w.0, w.1) == (before, hop.node));
        if hop.node == to && (before == from || !straight && seen.contains(&from)) {
            return true;
        }
        before = hop.node;
        seen.push(before);
    }
    false
}

/// The pane.
pub(crate) fn pane(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let d = lab.shared.borrow();
    let t = |m| lang.t(m);
    let way = d.map.way(lab.walk.root);
    let total = way.len();
    let shown = lab.walk.shown.min(total);
    let hops = &way[..shown];
    let plan = if lab.full && !platform::matches("(max-width: 62rem)") { &WIDE } else { &NARROW };
    let Some(now) = hops.last() else {
        return html! {<>{ picture(plan, &d, &[], true, &lab.pin, lang) }<div class="empty-s"><b>{ t(i18n::MAP_EMPTY) }</b>{ t(i18n::MAP_EMPTY_TEXT) }</div></>};
    };
    let roots = (0..d.map.messages.len()).rev().filter(|n| d.map.root(*n) == *n).take(6);
    let chips: Vec<usize> = roots.collect();
    let id = |msg: usize| d.map.messages[msg].id.clone();
    let chip = |n: &usize| {
        let id = id(*n);
        let pressed = if *n == lab.walk.root { "true" } else { "false" };
        let label = [d.map.letter(&id).map(|l| l.0.to_string()).unwrap_or_default(), " ".into(), id.clone()].concat();
        html! { <button class="btn mono" aria-pressed={pressed} onclick={link.callback(move |_| Msg::MapOf(id.clone()))}>{ label }</button> }
    };
    let go = |label: i18n::Msg, path: &'static str, to: usize| {
        html! { <button class="btn ico" aria-label={t(label)} title={t(label)} onclick={link.callback(move |_| Msg::Step(to))}>{ icon(path) }</button> }
    };
    let slide = link.callback(|e: InputEvent| Msg::Step(e.target_unchecked_into::<HtmlInputElement>().value().parse().unwrap_or(1)));
    let now_id = id(now.msg);
    let lies = (shown == total).then(|| lies(&d.world.queue("mail"), &now_id)).flatten();
    let agent = d.world.log().get(now.line as usize).map_or("", |l| LogRow::new(&l.line).daemon);
    let name = |place: Node, label| if matches!(place, Node::Local | Node::Smtp) { agent } else { t(label) };
    let at = NARROW.places.iter().find(|p| p.0 == lies.unwrap_or(now.node)).map(|p| lang.fill(i18n::MAP_AT, &[name(p.0, p.3)]));
    let find = {
        let id = now_id.clone();
        link.callback(move |_| Msg::LogFind(id.clone()))
    };
    let sel = lab.sel().within(|event| way.iter().any(|h| event_of(&d, h) == event));
    html! {<>
        if chips.len() > 1 { <div class="chips" role="group" aria-label={t(i18n::MAP_MESSAGES)}>{ for chips.iter().map(chip) }</div> }
        { picture(plan, &d, hops, shown == total, lab.sel(), lang) }
        if lab.full { { legend(lang) } }
        <div class="stick"><div class="ptool">{ super::qid(&d, &now_id, find) }<span>{ at.unwrap_or_else(|| t(i18n::MAP_GONE).into()) }</span></div>
        <div class="ptool">
            { go(i18n::HOP_BACK, icons::BACK, shown.saturating_sub(1)) }
            <input type="range" style="flex:1;min-width:4rem" aria-label={t(i18n::HOP)} min="1" max={total.to_string()} value={shown.to_string()} oninput={slide} />
            { go(i18n::HOP_ON, icons::PLAY, shown + 1) }
            <span class="mono">{ shown }{ " / " }{ total }</span>
            <button class="btn" onclick={link.callback(|_| Msg::Replay)}>{ t(i18n::MAP_REPLAY) }</button>
        </div></div>
        <table class="evt"><thead><tr>{ for [i18n::HOP, i18n::TIME, i18n::PROCESS, i18n::WHAT, i18n::DECIDED_BY].into_iter().take(if lab.full { 5 } else { 4 }).map(|m| html! { <th scope="col">{ t(m) }</th> }) }</tr></thead>
            <tbody>{ for way.iter().enumerate().map(|(i, hop)| row(&d, i + 1, (shown, lab.full), hop, &sel, link, lang)) }</tbody></table>
    </>}
}

fn event_of(d: &Driver, hop: &Hop) -> u32 {
    d.world.log().get(hop.line as usize).map_or(0, |l| line_event(hop.line as usize, l))
}

/// A step as a row of the table.
fn row(d: &Driver, n: usize, (shown, wide): (usize, bool), hop: &Hop, sel: &Sel, link: &Scope<Lab>, lang: Lang) -> Html {
    let Some(line) = d.world.log().get(hop.line as usize) else { return Html::default() };
    let log = LogRow::new(&line.line);
    let id = d.map.messages[hop.msg].id.clone();
    let event = line_event(hop.line as usize, line);
    let label = NARROW.places.iter().find(|p| p.0 == hop.node).map_or("", |p| lang.t(p.3));
    let what = match hop.node {
        node if is_queue(node) => lang.fill(i18n::MAP_INTO, &[label]),
        Node::Mailbox => lang.t(i18n::MAP_INTO_BOX).into(),
        Node::Remote => log.text.split_once("relay=").map_or("", |r| r.1.split(',').next().unwrap_or("")).into(),
        _ => match (log.text.split_once(','), log.text.split_once("status=")) {
            (Some((to, _)), Some((_, status))) => [to, " ", status].concat(),
            _ => log.text.into(),
        },
    };
    // Who decided, as a way to the whole reason.
    let trace = line.trace.0;
    let by = d.world.trace(line.trace).and_then(why::decider).map(|d| d.0).filter(|by| !by.is_empty());
    let decided = by.map(|by| html! { <button class="linkb" title={lang.t(i18n::DECIDED_BY)} onclick={link.callback(move |_| Msg::Why(trace))}>{ by }</button> });
    let class = classes!((n == shown).then_some("on"), (n > shown).then_some("later"), sel.lights(event, &id).then_some("lit"));
    let find = {
        let id = id.clone();
        link.callback(move |_| Msg::LogFind(id.clone()))
    };
    html! {
        <tr {class} tabindex="-1" data-event={event.to_string()} data-msg={id.clone()}>
            <td><button class="linkb" onclick={link.callback(move |_| Msg::Step(n))}>{ n }</button></td>
            <td class="mono">{ log.time }</td>
            <td class={classes!("mono", daemon_class(log.daemon))}>{ log.daemon }</td>
            <td>{ super::qid(d, &id, find) }{ " " }{ what }if !wide { { decided.clone().map(|by| html! { <small>{ by }</small> }).unwrap_or_default() } }</td>
            if wide { <td class="by">{ decided.unwrap_or_default() }</td> }
        </tr>
    }
}

/// What stands beside the way: asked on it, or where it begins.
fn beside(plan: &Plan, (by, x, y, name, way): (Node, i32, i32, &'static str, &'static str), seen: &dyn Fn(Node, &str) -> bool) -> Html {
    let on = seen(by, name).then_some("seen");
    let wide = if name.len() > 12 { 24 } else { 0 };
    let (w, h) = ((plan.size.0 + wide).to_string(), plan.size.1.to_string());
    let x = x - wide / 2;
    let kind = if name == "sendmail" { "ext" } else { "proc" };
    html! {<>
        <path class="edge" d={way} marker-end="url(#aw)" />
        if !name.is_empty() {
            <g transform={["translate(", &x.to_string(), " ", &y.to_string(), ")"].concat()}><rect class={classes!(kind, on)} width={w} height={h} rx={if kind == "ext" { "21" } else { "8" }} />
                <text x={((plan.size.0 + wide) / 2).to_string()} y={(plan.size.1 / 2 + 5).to_string()}>{ name }</text></g>
        }
    </>}
}

/// What the picture's shapes stand for.
fn legend(lang: Lang) -> Html {
    let shape = |class: &'static str, label: i18n::Msg| {
        html! { <span><svg class="map key" viewBox="0 0 34 20" aria-hidden="true">if class.starts_with("path") { <path {class} d="M1 10H33" /> } else { <rect {class} x="2" y="2" width="30" height="16" rx={if class == "queue" { "0" } else { "5" }} /> }</svg>{ lang.t(label) }</span> }
    };
    let rows = [
        ("proc", i18n::MAP_BIG_PROCESS),
        ("queue", i18n::MAP_BIG_QUEUE),
        ("ext", i18n::MAP_BIG_OUTSIDE),
        ("path", i18n::MAP_BIG_WAY),
        ("path B", i18n::MAP_BIG_BOUNCE),
        ("hot", i18n::MAP_BIG_HERE),
    ];
    html! { <div class="legend">{ for rows.map(|(class, label)| shape(class, label)) }</div> }
}

/// The picture, with the way that these steps have gone; at its end a message stands where it really is.
fn picture(plan: &Plan, d: &Driver, hops: &[Hop], end: bool, sel: &Sel, lang: Lang) -> Html {
    let mut messages: Vec<usize> = hops.iter().map(|h| h.msg).collect();
    messages.sort_unstable();
    messages.dedup();
    let made = |msg: usize| d.map.messages[msg].parent.is_some();
    let queue = d.world.queue("mail");
    let now = |msg: usize| if end { lies(&queue, &d.map.messages[msg].id) } else { None };
    let here = hops.last().map(|h| now(h.msg).unwrap_or(h.node));
    let ways = plan.ways.iter().map(|(from, to, path)| {
        let who = messages.iter().find(|m| walked(hops, **m, made(**m), *from, *to));
        let (class, end) = match who {
            None => ("edge", "url(#aw)"),
            Some(m) if made(*m) => ("path B", "url(#pw)"),
            Some(_) => ("path", "url(#pw)"),
        };
        html! { <path {class} d={*path} marker-end={end} /> }
    });
    let places = plan.places.iter().map(|(node, x, y, label)| {
        let (x, y, node) = (*x, *y, *node);
        let kind = match node {
            Node::Network | Node::Remote => "ext",
            _ if is_queue(node) => "queue",
            _ => "proc",
        };
        let first = |of_made: bool| hops.iter().position(|h| h.node == node && made(h.msg) == of_made);
        let (first, second) = (first(false), first(true));
        let class = classes!(kind, first.or(second).map(|_| "seen"), (here == Some(node)).then_some("hot"));
        let (w, h) = (plan.size.0, plan.size.1);
        let at = |n: i32| n.to_string();
        let cut = ["M0 ", &at(h), "V6L6 0H", &at(w - 6), "L", &at(w), " 6V", &at(h), "z"].concat();
        let round = match kind {
            "ext" => "21",
            "proc" => "8",
            _ => "0",
        };
        // The delivery agents by their own names.
        let agent = hops.iter().rev().find(|h| h.node == node).and_then(|h| d.world.log().get(h.line as usize)).map(|l| LogRow::new(&l.line).daemon);
        let name = lang.t(*label);
        let name = if matches!(node, Node::Local | Node::Smtp) { agent.unwrap_or(name) } else { name };
        let count = queue.iter().filter(|q| q.queue == name).count();
        html! {<g transform={["translate(", &x.to_string(), " ", &y.to_string(), ")"].concat()}>
            if node == Node::Mailbox { <path {class} d={cut} /> } else { <rect {class} width={at(w)} height={at(h)} rx={round} /> }
            if kind == "queue" { <path class="edge" d={["M6 0v", &at(h), "M11 0v", &at(h)].concat()} /> }
            <text x={at(w / 2 + if kind == "queue" { 5 } else { 0 })} y={at(h / 2 + if count > 0 { -1 } else { 5 })}>{ name }</text>
            if count > 0 { <text class="sub" x={at(w / 2 + 5)} y={at(h / 2 + 13)}>{ count }</text> }
            if let Some(n) = first { <circle class="hop" r="9" /><text class="hopt" y="4">{ n + 1 }</text> }
            if let Some(n) = second { <circle class="hop B" cx={at(w)} cy={at(h)} r="9" /><text class="hopt B" x={at(w)} y={at(h + 4)}>{ n + 1 }</text> }
        </g>}
    });
    let mut taken: Vec<(i32, i32)> = Vec::new();
    let mut token = |msg: usize| {
        let last = hops.iter().rev().filter(|h| h.msg == msg && h.node != Node::Gone).map(|h| h.node).next()?;
        let (_, x, y, _) = plan.places.iter().find(|p| p.0 == now(msg).unwrap_or(last))?;
        let gone = hops.iter().any(|h| h.msg == msg && h.node == Node::Gone);
        let (x, mut y) = ((x + plan.size.0 / 2 - 74).clamp(plan.token.0, plan.token.1), y + plan.size.1 - 5);
        // No envelope lies on another one.
        while taken.iter().any(|t| t.0.abs_diff(x) < 148 && t.1.abs_diff(y) < 24) {
            y -= 24;
        }
        taken.push((x, y));
        let id = &d.map.messages[msg].id;
        let letter = d.map.letter(id).map(|l| l.0.to_string()).unwrap_or_default();
        let class = classes!("tok", made(msg).then_some("B"), gone.then_some("gone"), sel.lights(0, id).then_some("lit"));
        let place = ["transform:translate(", &x.to_string(), "px,", &y.to_string(), "px)"].concat();
        Some(html! {
            <g key={msg} {class} style={place} data-msg={id.clone()}><rect width="148" height="22" rx="4" />
                <path d="M8 5h16v12h-16zm0 0 8 6 8-6" /><text x="86" y="15.5">{ letter }{ " " }{ id }</text></g>
        })
    };
    // The login server was asked if the session logged in; the others are asked for every message.
    let seen = |node: Node, name: &str| {
        hops.iter()
            .filter(|h| h.node == node)
            .any(|h| name != "saslauthd" || d.world.log().get(h.line as usize).is_some_and(|l| l.line.contains("sasl_method=")))
    };
    let label = {
        let names = hops.iter().filter_map(|h| NARROW.places.iter().find(|p| p.0 == h.node)).map(|p| lang.t(p.3));
        [lang.t(i18n::MAP), ": ", &names.collect::<Vec<_>>().join(", ")].concat()
    };
    let head = |id: &'static str, class: &'static str, size: &'static str| {
        html! {
            <marker {id} viewBox="0 0 10 10" refX="8" refY="5" markerWidth={size} markerHeight={size} orient="auto-start-reverse"><path {class} d="M0 0 10 5 0 10z" /></marker>
        }
    };
    html! {
        <svg class={plan.class} viewBox={plan.view} role="img" aria-label={label}>
            <defs>{ head("aw", "ah", "7") }{ head("pw", "ahp", "4") }</defs>
            { for plan.beside.iter().map(|b| beside(plan, *b, &seen)) }{ for ways }{ for places }{ for messages.iter().filter_map(|m| token(*m)) }
        </svg>
    }
}
