//! The dialog that offers a lab as a link and says what is in it. Not here: the link's form (`crate::share`).

use crate::i18n::{self, Lang};
use crate::lab::{Lab, Msg};
use yew::html::Scope;
use yew::prelude::*;

/// A link that is offered.
pub(crate) struct Offer {
    pub(crate) link: String,
    /// Commands and lines that it holds.
    pub(crate) commands: usize,
    /// Paths of the files that were saved in the editor.
    pub(crate) files: Vec<String>,
    /// Whether their content is in the link.
    pub(crate) with_files: bool,
    pub(crate) copied: bool,
}

/// The dialog.
pub(crate) fn dialog(lab: &Lab, link: &Scope<Lab>, lang: Lang) -> Html {
    let Some(offer) = &lab.offer else { return Html::default() };
    let t = |m| lang.t(m);
    let with = offer.with_files;
    html! {
        <div id="pop" class="dialog" role="dialog" aria-modal="true" aria-label={t(i18n::SHARE)}><div>
            <p>{ lang.fill(i18n::SHARE_SAYS, &[&offer.commands.to_string()]) }</p>
            if !offer.files.is_empty() {
                <p><label><input type="checkbox" checked={with} onchange={link.callback(move |_| Msg::Share(!with))} />{ " " }
                    { lang.fill(i18n::SHARE_FILES, &[&offer.files.join(", ")]) }</label>
                    if !with { <small>{ " " }{ t(i18n::SHARE_LEFT_OUT) }</small> }</p>
            }
            <p class="row2"><input id="sl" class="in mono" style="flex:1" readonly=true aria-label={t(i18n::SHARE)} value={offer.link.clone()} /></p>
            <div class="row2"><button class="btn pri" onclick={link.callback(|_| Msg::Copy)}>{ t(i18n::SHARE_COPY) }</button>
                <button class="btn" onclick={link.callback(|_| Msg::CloseMenu)}>{ t(i18n::CLOSE) }</button>
                <span>{ offer.link.len() }{ " B" }</span>
                if offer.copied { <span class="badge ok">{ t(i18n::SHARE_COPIED) }</span> }</div>
        </div></div>
    }
}
