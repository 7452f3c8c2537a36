//! Cutting a stream of YAML documents into objects by their lines.
//!
//! In: a buffer that grows at its end and is cut at its start. Out: where objects and items begin and end; what lists say
//! about themselves. Guarantees: holds one item. Rests on what YAML says of block style: a line with less indentation
//! than an item's ends it, whatever its text contains, and `---` at the start of a line ends a document even inside text.

use crate::json::fault::Fault;
use crate::json::header::Header;
use crate::json::split::{Ended, Item, TooLarge};
use crate::limits::{MAX_HEADER, MAX_OBJECT};
use api::slim::Kind;

/// Where the next line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// At the top of a document: not in `items`, or not in any that can be cut.
    #[default]
    Top,
    /// Behind the line `items:`.
    FirstItem,
    /// In `items`, whose dashes have this indentation. Where the open item begins, unless it was given up.
    Items(usize, Option<usize>),
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    /// The start of the first line that was not looked at.
    scanned: usize,
    place: Place,
    /// Where the document begins, as long as it may be a single object that is kept.
    document: usize,
    /// Whether the document has anything in it.
    content: bool,
    /// Whether it was given up.
    dropped: bool,
    /// The list that the document turned out to be, and its lines around `items`.
    list: Option<(u32, Vec<u8>)>,
    header: Header,
    lists: u32,
    pub(crate) items: Vec<Item>,
    pub(crate) ended: Vec<Ended>,
    pub(crate) too_large: Vec<TooLarge>,
}

/// A line's indentation, and what follows it; `None` for a line that says nothing.
fn content(line: &[u8]) -> Option<(usize, &[u8])> {
    let indent = line.iter().position(|&byte| byte != b' ')?;
    let rest = line[indent..].trim_ascii_end();
    (!rest.is_empty() && rest[0] != b'#').then_some((indent, rest))
}

/// Whether a line begins with this mark of a document's start or end.
fn is_mark(line: &[u8], mark: &[u8]) -> bool {
    line.strip_prefix(mark).is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

fn is_dash(rest: &[u8]) -> bool {
    rest[0] == b'-' && rest.get(1).is_none_or(|&next| next == b' ' || next == b'\t')
}

/// Whether a line without indentation is the key `items`, with a block below it.
fn is_items(rest: &[u8]) -> bool {
    let Some(value) = rest.strip_prefix(b"items:") else { return false };
    let value = value.trim_ascii();
    value.is_empty() || value[0] == b'#'
}

impl Splitter {
    /// Looks at what the buffer has gained. With `last`, nothing more will come.
    ///
    /// # Errors
    /// A line that is longer than an object may be.
    pub(crate) fn scan(&mut self, buffer: &[u8], last: bool) -> Result<(), Fault> {
        while let Some(length) = memchr::memchr(b'\n', &buffer[self.scanned..]) {
            self.line(buffer, self.scanned, self.scanned + length);
            self.scanned += length + 1;
        }
        if last {
            if self.scanned < buffer.len() {
                self.line(buffer, self.scanned, buffer.len());
                self.scanned = buffer.len();
            }
            self.end_document(buffer.len());
            return Ok(());
        }
        self.give_up_what_is_too_large();
        if buffer.len() - self.scanned > MAX_OBJECT {
            return Err(Fault::new(self.scanned, format!("a line of more than {} MiB", MAX_OBJECT >> 20)));
        }
        Ok(())
    }

    /// The start of the buffer up to here is not needed any more, except for what was found in it.
    pub(crate) fn needed_from(&self) -> usize {
        match self.place {
            Place::Items(_, Some(start)) => start,
            _ if self.list.is_none() && !self.dropped => self.document,
            _ => self.scanned,
        }
    }

    /// The list that is open, and what it said about itself so far.
    pub(crate) fn open_list(&self) -> Option<(u32, &Header)> {
        Some((self.list.as_ref()?.0, &self.header))
    }

    /// Takes note that the buffer now begins `by` bytes later.
    pub(crate) fn cut(&mut self, by: usize) {
        self.scanned = self.scanned.saturating_sub(by);
        self.document = self.document.saturating_sub(by);
        if let Place::Items(_, Some(start)) = &mut self.place {
            *start = start.saturating_sub(by);
        }
    }

    fn line(&mut self, buffer: &[u8], start: usize, end: usize) {
        let line = &buffer[start..end];
        if is_mark(line, b"---") || is_mark(line, b"...") {
            self.end_document(start);
            // Text may stand behind the dashes.
            self.document = if line[0] == b'-' { start + 3 } else { end };
            self.content = line[0] == b'-' && content(&line[3..]).is_some();
            return;
        }
        let Some((indent, rest)) = content(line) else { return };
        if !self.content && rest[0] == b'%' {
            // A directive: behind it comes `---`.
            self.document = end;
            return;
        }
        self.content = true;
        match self.place {
            Place::Top => self.top(line, indent, rest),
            Place::FirstItem if is_dash(rest) => self.begin_list(buffer, indent, start),
            Place::FirstItem => {
                self.place = Place::Top;
                self.top(line, indent, rest);
            }
            Place::Items(dashes, item) if indent == dashes && is_dash(rest) => {
                self.end_item(item, start);
                self.place = Place::Items(dashes, Some(start));
            }
            Place::Items(dashes, item) if indent < dashes || (indent == 0 && dashes == 0) => {
                self.end_item(item, start);
                self.place = Place::Top;
                self.top(line, indent, rest);
            }
            Place::Items(..) => {}
        }
    }

    fn top(&mut self, line: &[u8], indent: usize, rest: &[u8]) {
        if indent == 0 && is_items(rest) {
            self.place = Place::FirstItem;
        } else if let Some((_, header)) = &mut self.list {
            // One byte too many makes it too large, and that is told.
            header.extend_from_slice(&line[..line.len().min(MAX_HEADER + 1)]);
            header.push(b'\n');
            header.truncate(MAX_HEADER + 1);
        }
    }

    fn begin_list(&mut self, buffer: &[u8], indent: usize, start: usize) {
        self.place = Place::Items(indent, Some(start));
        if self.list.is_some() {
            return;
        }
        let before = if self.dropped { &[] } else { &buffer[self.document..start] };
        let header = before.split_inclusive(|&byte| byte == b'\n').filter(|line| !is_items(line)).flatten().copied();
        let header: Vec<u8> = header.take(MAX_HEADER + 1).collect();
        self.header = super::convert::header(&header);
        self.list = Some((self.lists, header));
        self.lists += 1;
    }

    fn end_item(&mut self, start: Option<usize>, end: usize) {
        if let (Some(start), Some((list, _))) = (start, &self.list) {
            self.items.push(Item { start, end, list: Some(*list) });
        }
    }

    fn end_document(&mut self, end: usize) {
        if let Place::Items(_, item) = self.place {
            self.end_item(item, end);
        }
        match self.list.take() {
            Some((list, text)) => {
                self.ended.push(Ended { list, header: super::convert::header(&text) });
                self.header = Header::default();
            }
            None if self.content && !self.dropped => {
                self.items.push(Item { start: self.document, end, list: None });
            }
            None => {}
        }
        (self.place, self.document, self.content, self.dropped) = (Place::Top, end, false, false);
    }

    fn give_up_what_is_too_large(&mut self) {
        let start = self.needed_from();
        if self.scanned.saturating_sub(start) <= MAX_OBJECT {
            return;
        }
        match &mut self.place {
            Place::Items(_, item) => {
                *item = None;
                self.too_large.push(TooLarge { start, list: self.list.as_ref().map(|(list, _)| *list) });
            }
            _ => {
                self.dropped = true;
                self.too_large.push(TooLarge { start, list: None });
            }
        }
    }
}

/// The kind and name of an object in block style, as far as its lines show them: for what cannot be parsed.
pub(crate) fn identify(text: &[u8]) -> (Option<Kind>, Option<String>) {
    let mut found: [Option<String>; 4] = Default::default();
    let mut top = None;
    // The indentation of the fields of `metadata`, once one was seen; `None` outside of it.
    let mut metadata: Option<Option<usize>> = None;
    for (number, line) in text[..text.len().min(MAX_HEADER)].split(|&byte| byte == b'\n').enumerate() {
        let Some((mut indent, mut rest)) = content(line) else { continue };
        if number == 0 && is_dash(rest) {
            indent += 2;
            rest = rest.get(2..).unwrap_or_default();
        }
        let top = *top.get_or_insert(indent);
        let Some(colon) = rest.iter().position(|&byte| byte == b':') else { continue };
        let (key, value) = (&rest[..colon], unquoted(&rest[colon + 1..]));
        if indent == top {
            metadata = (key == b"metadata").then_some(None);
        }
        let in_metadata = indent > top
            && metadata.as_mut().is_some_and(|fields| *fields.get_or_insert(indent) == indent);
        let slot = match key {
            b"apiVersion" if indent == top => 0,
            b"kind" if indent == top => 1,
            b"namespace" if in_metadata => 2,
            b"name" if in_metadata => 3,
            _ => continue,
        };
        found[slot].get_or_insert(value);
    }
    let [api, kind, namespace, name] = found;
    let kind = Kind::from_api(&api.unwrap_or_default(), &kind.unwrap_or_default());
    let name = name.map(|name| match namespace {
        Some(namespace) if !namespace.is_empty() => format!("{namespace}/{name}"),
        _ => name,
    });
    (kind, name)
}

fn unquoted(value: &[u8]) -> String {
    let value = value.trim_ascii();
    let inner = match value {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        plain => plain,
    };
    String::from_utf8_lossy(&inner[..inner.len().min(300)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of the items, with the lists that they are of, and the kinds of the lists.
    fn split(text: &str, step: usize) -> (Vec<(Option<u32>, String)>, Vec<Option<String>>) {
        let mut splitter = Splitter::default();
        let mut buffer = Vec::new();
        let mut items = Vec::new();
        let mut kinds = Vec::new();
        let chunks: Vec<&[u8]> = text.as_bytes().chunks(step).collect();
        for (number, chunk) in chunks.iter().enumerate() {
            buffer.extend_from_slice(chunk);
            splitter.scan(&buffer, number + 1 == chunks.len()).unwrap();
            for item in splitter.items.drain(..) {
                items.push((item.list, String::from_utf8(buffer[item.start..item.end].to_vec()).unwrap()));
            }
            kinds.extend(splitter.ended.drain(..).map(|ended| ended.header.kind()));
            let at = splitter.needed_from().min(buffer.len());
            buffer.drain(..at);
            splitter.cut(at);
        }
        (items, kinds)
    }

    #[test]
    fn a_list_of_kubectl_is_cut_into_its_items() {
        let text = "apiVersion: v1\nitems:\n- a: 1\n  text: |\n    - not: an item\n\n    kind: none\n- a: 2\nkind: List\nmetadata:\n  resourceVersion: \"\"\n";
        for step in [1, 3, 7, 1000] {
            let (items, kinds) = split(text, step);
            assert_eq!(items.len(), 2, "{items:?}");
            assert_eq!(items[0], (Some(0), "- a: 1\n  text: |\n    - not: an item\n\n    kind: none\n".to_owned()));
            assert_eq!(items[1].1, "- a: 2\n");
            assert_eq!(kinds, [Some("List".to_owned())]);
        }
    }

    #[test]
    fn dashes_may_be_indented() {
        let (items, kinds) = split("kind: PodList\nitems:\n  - a: 1\n    b:\n    - 2\n  -\n    a: 2\nmetadata: {}\n", 5);
        assert_eq!(items.len(), 2, "{items:?}");
        assert_eq!(items[1].1, "  -\n    a: 2\n");
        assert_eq!(kinds, [Some("PodList".to_owned())]);
    }

    #[test]
    fn documents_end_at_their_marks_and_empty_ones_are_none() {
        let (items, _) = split("%YAML 1.2\n---\na: 1\n--- # next\n\nb: 2\n...\n---\n---\n# only a comment\n", 4);
        let texts: Vec<&str> = items.iter().map(|(_, text)| text.trim()).collect();
        assert_eq!(texts, ["a: 1", "# next\n\nb: 2"]);
    }

    #[test]
    fn an_object_with_items_of_another_form_is_one_object() {
        for text in ["kind: X\nitems:\n  a: 1\n", "kind: X\nitems: [1, 2]\n", "kind: X\nitems:\nother: 1\n"] {
            let (items, kinds) = split(text, 1000);
            assert_eq!(items, [(None, text.to_owned())]);
            assert!(kinds.is_empty());
        }
    }

    #[test]
    fn what_cannot_be_parsed_is_still_identified() {
        let text = b"- apiVersion: v1\n  kind: Pod\n  metadata:\n    labels:\n      name: not-this\n    name: \"web-0\"\n    namespace: shop\n  spec: {oops\n";
        assert_eq!(identify(text), (Some(Kind::Pod), Some("shop/web-0".to_owned())));
        assert_eq!(identify(b"what: ever"), (None, None));
    }
}
