//! map
use crate::i18n::Lang;
use crate::lab::{Lab, Msg};
use yew::html::Scope;
use yew::prelude::*;

/// The pane.
pub(crate) fn pane(_lab: &Lab, _link: &Scope<Lab>, _lang: Lang) -> Html {
    Html::default()
}
