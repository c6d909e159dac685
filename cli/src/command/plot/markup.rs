//! Elements of SVG and HTML.
//!
//! The crate `svg` writes them: it has no dependencies, escapes text and sorts attributes, so that a picture is the
//! same whenever it is drawn. `plotters`, which draws whole charts, writes colours into each element: a reader's dark
//! mode, patterns beside colours, and names of values under the pointer are out of its reach.

use svg::node::element::Element;
use svg::node::{Node, Text, Value};

use crate::output::text::escape;

/// An element. Attributes are words and numbers of this program alone: only text is escaped.
#[derive(Clone)]
pub(super) struct Tag(Element);

impl Tag {
    /// Returns an element without attributes and content.
    pub(super) fn new(name: &str) -> Self {
        Self(Element::new(name))
    }

    /// Sets an attribute.
    pub(super) fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.assign(name, value);
        self
    }

    /// Sets an attribute to a length, to a tenth of a unit.
    pub(super) fn px(self, name: &str, length: f64) -> Self {
        self.set(name, px(length))
    }

    /// Adds an element to the content.
    pub(super) fn add(mut self, child: Self) -> Self {
        self.push(child);
        self
    }

    /// Adds elements to the content.
    pub(super) fn add_all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().for_each(|child| self.push(child));
        self
    }

    /// Adds an element to the content.
    pub(super) fn push(&mut self, child: Self) {
        self.0.append(child.0);
    }

    /// Adds text to the content. A stranger may have chosen it.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.0.append(Text::new(escape(text)));
        self
    }

    /// Adds the text of a style sheet, which holds none of the characters that are escaped.
    pub(super) fn style(mut self, css: &str) -> Self {
        self.0.append(Text::new(css));
        self
    }
}

impl core::fmt::Display for Tag {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns a length to a tenth of a unit.
pub(super) fn px(length: f64) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let tag = Tag::new("p").px("x", 1.0).px("a", 2.25).add(Tag::new("b").text("<script>&\u{1b}\u{202e}"));
        assert_eq!(tag.to_string(), "<p a=\"2.2\" x=\"1\">\n<b>&lt;script&gt;&amp;\\u{1b}\\u{202e}</b>\n</p>");
    }
}
