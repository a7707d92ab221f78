//! The home page: what this is, one button into the lab, and a worked example of *why*. Not here: the course map, which comes with lessons.

use crate::app::Prefs;
use crate::i18n::{self, Lang, Msg};
use crate::icons::{self, icon};
use crate::{platform, storage};
use gloo::timers::callback::Timeout;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) prefs: Prefs,
    pub(crate) on_prefs: Callback<Prefs>,
    /// Why somebody landed here.
    pub(crate) note: Option<Msg>,
}

/// Language and theme, as two groups of two buttons.
pub(crate) fn switches(prefs: Prefs, on: &Callback<Prefs>) -> Html {
    let set = |new: Prefs| {
        let on = on.clone();
        Callback::from(move |_: MouseEvent| on.emit(new))
    };
    let pressed = |yes: bool| if yes { "true" } else { "false" };
    let lang = |lang| Prefs { lang, ..prefs };
    let dark = |dark| Prefs { dark, ..prefs };
    let t = |m| prefs.lang.t(m);
    html! {<>
        <div class="seg" role="group" aria-label={t(i18n::LANGUAGE)}>
            <button class="btn" lang="zh-CN" aria-pressed={pressed(prefs.lang == Lang::Zh)} onclick={set(lang(Lang::Zh))}>{ "中文" }</button>
            <button class="btn" lang="en" aria-pressed={pressed(prefs.lang == Lang::En)} onclick={set(lang(Lang::En))}>{ "English" }</button>
        </div>
        <div class="seg" role="group" aria-label={t(i18n::THEME)}>
            <button class="btn ico" aria-label={t(i18n::THEME_LIGHT)} aria-pressed={pressed(!prefs.dark)} onclick={set(dark(false))}>{ icon(icons::SUN) }</button>
            <button class="btn ico" aria-label={t(i18n::THEME_DARK)} aria-pressed={pressed(prefs.dark)} onclick={set(dark(true))}>{ icon(icons::MOON) }</button>
        </div>
    </>}
}

/// The home page.
#[component]
pub(crate) fn Home(props: &Props) -> Html {
    let lang = props.prefs.lang;
    let t = |m| lang.t(m);
    platform::title("Ehlo");
    use_effect_with((), |()| {
        let soon = Timeout::new(1000, crate::driver::fetch_first);
        move || drop(soon)
    });
    let begun = platform::load(&storage::key("linuxidc")).is_some();
    let go = if begun { i18n::CONTINUE_LAB } else { i18n::OPEN_LAB };
    let row = |n: &'static str, rule: &'static str, note: &'static str, verdict: &'static str, class: &'static str| {
        html! {
            <div class="dw"><span class="n">{ n }</span><span><span class="mono">{ rule }</span><small>{ note }</small></span>
                <span class={classes!("v", class)}>{ verdict }</span></div>
        }
    };
    html! {<div>
        <header class="hb wrap"><a class="brand" href="#/">{ "EHLO" }</a><span class="tag">{ t(i18n::TAGLINE) }</span><span class="sp"></span>
            { switches(props.prefs, &props.on_prefs) }</header>
        <main class="home wrap">
            if let Some(note) = props.note { <p class="msg" role="status">{ t(note) }</p> }
            <section class="hero">
                <div>
                    <h1><span class="ph">{ t(i18n::HEADLINE_1) }</span>{ if lang == Lang::En { " " } else { "" } }<span class="ph">{ t(i18n::HEADLINE_2) }</span></h1>
                    <p>{ t(i18n::LEAD) }</p>
                    <div class="cta"><a class="btn pri" href="#/lab/linuxidc">{ icon(icons::PLAY) }{ t(go) }</a><small>{ t(i18n::NOTHING_TO_INSTALL) }</small></div>
                </div>
                <figure class="demo">
                    <div class="tt"><span>{ "telnet mail.linuxidc.com 25" }</span><span>{ t(i18n::C_AND_S) }</span></div>
                    <div class="tl c"><span class="g" aria-hidden="true">{ "C" }</span><span><span class="sr">{ t(i18n::YOU_TYPED) }</span>{ "RCPT TO:redhat@126.com" }</span></div>
                    <div class="tl s lit"><span class="g" aria-hidden="true">{ "S" }</span><span><span class="sr">{ t(i18n::SERVER) }</span>
                        <span class="rc x">{ "554" }</span>{ " 5.7.1 <redhat@126.com>: Relay access denied" }</span><span class="why hot">{ t(i18n::WHY_BUTTON) }</span></div>
                    { row("1", "permit_mynetworks", t(i18n::OUTSIDE), "DUNNO", "d") }
                    { row("2", "permit_sasl_authenticated", t(i18n::NO_LOGIN_YET), "DUNNO", "d") }
                    { row("3", "reject_unauth_destination", "main.cf:17", "REJECT", "r") }
                </figure>
            </section>
            <nav class="doors"><a class="door" href="#/lab/linuxidc">{ icon(icons::TERMINAL) }<b>{ t(i18n::LAB_NAME) }</b><small>{ t(i18n::LAB_HOSTS) }</small></a></nav>
            <footer class="hf"><span>{ t(i18n::KEPT_HERE) }</span></footer>
        </main>
    </div>}
}
