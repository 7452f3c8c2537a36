//! Cutting a stream of JSON into the objects that matter, while it goes by.
//!
//! In: a reader. Out: [`Piece`]s: chunks of bytes with the ranges of the objects in them, and what is said about each list
//! when it ends. Guarantees: an item is cut where it ends whatever stands in its strings; one chunk and the part of an
//! item that it breaks off are held, never the file; a broken place is an error with its offset, line and column, after
//! everything before it.

use super::peek::{skip_space, string_end, value_end};
use memchr::{memchr2, memchr3};
use std::io::{self, Read};
use std::ops::Range;

/// How much is read at a time: large enough that handing a batch over costs nothing beside parsing it.
const CHUNK: usize = 1 << 20;

/// A part of a document.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Objects of a list, or objects that stand by themselves.
    Objects(Batch),
    /// A list has begun whose items come next.
    ListBegins(Header),
    /// A list has ended; what was said after its items is added.
    ListEnds(Header),
}

/// Bytes with objects in them.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) objects: Vec<Range<usize>>,
    /// Offset of the bytes in the stream.
    pub(crate) offset: u64,
    /// Lines before the bytes.
    pub(crate) lines: u64,
    /// Whether they are items of a list.
    pub(crate) in_list: bool,
}

/// What a list says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Header {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    /// Whether `metadata.continue` says that there is more.
    pub(crate) continued: bool,
}

/// A place where the stream is no JSON of this shape.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) offset: u64,
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) reason: String,
}

/// Where in a document the splitter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between documents.
    Outside,
    /// Among the items of a list.
    Items,
    /// After the items, among the list's other keys.
    Tail,
    /// Nothing follows.
    End,
}

/// Cuts a stream into pieces.
pub(crate) struct Splitter<R> {
    reader: R,
    /// The bytes that were read and not handed over yet.
    buffer: Vec<u8>,
    /// Up to here the buffer is dealt with.
    at: usize,
    /// Offset and lines of the buffer's first byte.
    offset: u64,
    lines: u64,
    ended: bool,
    place: Place,
    header: Header,
    scan: Scan,
    largest: usize,
    chunk: usize,
}

/// How far the item at `at` was looked through, so that a long item is looked through once.
#[derive(Debug, Clone, Copy, Default)]
struct Scan {
    to: usize,
    depth: usize,
    in_string: bool,
}

/// What a look at the buffer gave.
enum Look {
    /// More bytes are needed.
    More,
    /// An object ends here.
    Object(usize),
    /// A list's items begin here.
    List(Header, usize),
    /// The document ends here; its header.
    Tail(Header, usize),
    /// It is broken here.
    Broken(usize, String),
}

impl<R: Read> Splitter<R> {
    /// Cuts what a reader gives; objects of more than `largest` bytes are refused.
    pub(crate) fn new(reader: R, largest: usize) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            at: 0,
            offset: 0,
            lines: 0,
            ended: false,
            place: Place::Outside,
            header: Header::default(),
            scan: Scan::default(),
            largest,
            chunk: CHUNK,
        }
    }

    /// With chunks of another size, so that tests meet their borders.
    #[cfg(test)]
    fn with_chunk(self, chunk: usize) -> Self {
        Self { chunk, ..self }
    }

    /// How many bytes were read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.offset + self.buffer.len() as u64
    }

    /// The next piece; nothing at the end of the stream.
    pub(crate) fn next_piece(&mut self) -> Result<Option<Piece>, Broken> {
        match self.place {
            Place::Outside => self.outside(),
            Place::Items => self.items().map(Some),
            Place::Tail => self.tail().map(Some),
            Place::End => Ok(None),
        }
    }

    fn broken(&self, at: usize, reason: impl Into<String>) -> Broken {
        let before = &self.buffer[..at.min(self.buffer.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        Broken {
            offset: self.offset + at as u64,
            line: self.lines + count_lines(before) + 1,
            column: (before.len() - line_start) as u64 + 1,
            reason: reason.into(),
        }
    }

    /// Stops here: what comes after a broken place cannot be told apart.
    fn stop(&mut self, at: usize, reason: impl Into<String>) -> Broken {
        self.place = Place::End;
        self.broken(at, reason)
    }

    /// Reads another chunk behind what is left in the buffer.
    fn fill(&mut self) -> Result<(), Broken> {
        self.drop_done();
        let from = self.buffer.len();
        if from > self.largest {
            return Err(self.stop(0, format!("an object of more than {} MiB", self.largest >> 20)));
        }
        // A long object doubles the buffer, so that looking through it again stays linear.
        let want = self.chunk.max(from);
        self.buffer.resize(from + want, 0);
        let mut filled = from;
        while filled < from + want {
            match self.reader.read(&mut self.buffer[filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffer.truncate(filled);
                    return Err(self.stop(filled, format!("reading fails: {error}")));
                }
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }

    /// Forgets the bytes before `at`.
    fn drop_done(&mut self) {
        self.offset += self.at as u64;
        self.lines += count_lines(&self.buffer[..self.at]);
        self.buffer.drain(..self.at);
        self.scan.to = self.scan.to.saturating_sub(self.at);
        self.at = 0;
    }

    /// The first byte from `at` on that is not between documents: white space and record separators (RFC 7464) are, and a
    /// byte order mark at the very beginning.
    fn skip_between(&self, mut at: usize) -> usize {
        loop {
            at = skip_space(&self.buffer, at);
            match self.buffer.get(at) {
                Some(0x1e) => at += 1,
                Some(0xef) if self.offset == 0 && self.buffer[at..].starts_with(b"\xef\xbb\xbf") => at += 3,
                _ => return at,
            }
        }
    }

    /// Objects that stand by themselves, as many as are whole in the buffer; or the beginning of a list.
    fn outside(&mut self) -> Result<Option<Piece>, Broken> {
        let mut objects = Vec::new();
        let mut at = self.at;
        loop {
            let next = self.skip_between(at);
            let look = match self.buffer.get(next) {
                Some(b'{') => look_at_document(&self.buffer, next),
                Some(b'[') => Look::Broken(next, "a bare JSON array; expected an object or a List".to_owned()),
                Some(_) => Look::Broken(next, "neither JSON nor YAML objects".to_owned()),
                None => Look::More,
            };
            match look {
                Look::Object(end) => {
                    objects.push(next..end);
                    at = end;
                }
                // Whatever else comes, the objects before it go first.
                _ if !objects.is_empty() => return Ok(Some(Piece::Objects(self.hand_over(objects, next, false)))),
                Look::List(header, from) => return Ok(Some(self.begin_list(header, from))),
                Look::Broken(at, reason) => return Err(self.stop(at, reason)),
                Look::Tail(_, end) => return Err(self.stop(end, "an end without a beginning")),
                Look::More if self.ended && next == self.buffer.len() => {
                    self.place = Place::End;
                    return Ok(None);
                }
                Look::More => {
                    self.at = next;
                    self.more("the input ends in the middle of an object: it was cut off")?;
                    at = self.at;
                }
            }
        }
    }

    fn begin_list(&mut self, header: Header, from: usize) -> Piece {
        self.at = from;
        self.header = header;
        self.place = Place::Items;
        self.scan = Scan::default();
        Piece::ListBegins(self.header.clone())
    }

    /// The items of a list that are whole in the buffer.
    fn items(&mut self) -> Result<Piece, Broken> {
        let mut objects = Vec::new();
        let mut at = self.at;
        loop {
            let next = skip_separators(&self.buffer, at);
            match self.buffer.get(next) {
                Some(b'{') => match object_end(&self.buffer, next, &mut self.scan) {
                    Some(end) => {
                        objects.push(next..end);
                        self.scan = Scan::default();
                        at = end;
                    }
                    None if !objects.is_empty() => return Ok(Piece::Objects(self.hand_over(objects, next, true))),
                    None => {
                        self.at = next;
                        self.more("the input ends in the middle of an item: it was cut off")?;
                        at = self.at;
                    }
                },
                Some(b']') if !objects.is_empty() => return Ok(Piece::Objects(self.hand_over(objects, next, true))),
                Some(b']') => {
                    self.at = next + 1;
                    self.place = Place::Tail;
                    return self.tail();
                }
                Some(_) if !objects.is_empty() => return Ok(Piece::Objects(self.hand_over(objects, next, true))),
                Some(_) => return Err(self.stop(next, "an item of the list that is no object")),
                None if !objects.is_empty() => return Ok(Piece::Objects(self.hand_over(objects, next, true))),
                None => {
                    self.at = next;
                    self.more("the input ends among the items of a list: it was cut off")?;
                    at = self.at;
                }
            }
        }
    }

    fn more(&mut self, at_end: &str) -> Result<(), Broken> {
        if self.ended {
            let at = self.buffer.len();
            return Err(self.stop(at, at_end));
        }
        // The scan counts from the beginning of the buffer, which moves.
        self.fill()
    }

    fn tail(&mut self) -> Result<Piece, Broken> {
        loop {
            match look_at_tail(&self.buffer, self.at, self.header.clone()) {
                Look::Tail(header, end) => {
                    self.at = end;
                    self.place = Place::Outside;
                    return Ok(Piece::ListEnds(header));
                }
                Look::More if self.ended => {
                    let at = self.buffer.len();
                    return Err(self.stop(at, "the input ends after the items of a list: it was cut off"));
                }
                Look::More => self.fill()?,
                Look::Broken(at, reason) => return Err(self.stop(at, reason)),
                Look::Object(at) | Look::List(_, at) => return Err(self.stop(at, "a second list of items in one List")),
            }
        }
    }

    /// Gives away the buffer up to `to`, and keeps the rest.
    fn hand_over(&mut self, objects: Vec<Range<usize>>, to: usize, in_list: bool) -> Batch {
        let rest = self.buffer[to..].to_vec();
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let batch = Batch { offset: self.offset, lines: self.lines, in_list, objects, bytes };
        self.offset += to as u64;
        self.lines += count_lines(&batch.bytes[..to]);
        self.at = 0;
        self.scan = Scan { to: self.scan.to.saturating_sub(to), ..self.scan };
        batch
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

impl Batch {
    /// Line and column of a place in the bytes.
    pub(crate) fn position(&self, at: usize) -> (u64, u64) {
        let before = &self.bytes[..at.min(self.bytes.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        (self.lines + count_lines(before) + 1, (before.len() - line_start) as u64 + 1)
    }
}

/// White space and commas between items.
fn skip_separators(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at.min(bytes.len())..];
    rest.iter().position(|b| !matches!(b, b' ' | b'\n' | b'\r' | b'\t' | b',')).map_or(bytes.len(), |n| at + n)
}

/// One past the end of the object at `at`; where the bytes end first, the scan says how far they were looked through.
fn object_end(bytes: &[u8], at: usize, scan: &mut Scan) -> Option<usize> {
    let mut next = scan.to.max(at);
    loop {
        if scan.in_string {
            match bytes.get(next..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
                None => break,
                Some(hit) if bytes[next + hit] == b'"' => {
                    scan.in_string = false;
                    next += hit + 1;
                }
                // The escaped byte may not be there yet: look at the backslash again then.
                Some(hit) if next + hit + 2 > bytes.len() => {
                    scan.to = next + hit;
                    return None;
                }
                Some(hit) => next += hit + 2,
            }
            continue;
        }
        let Some(hit) = bytes.get(next..).and_then(|rest| memchr3(b'"', b'{', b'}', rest)) else { break };
        let byte = bytes[next + hit];
        next += hit + 1;
        match byte {
            b'"' => scan.in_string = true,
            b'{' => scan.depth += 1,
            _ => {
                scan.depth = scan.depth.saturating_sub(1);
                if scan.depth == 0 {
                    return Some(next);
                }
            }
        }
    }
    scan.to = bytes.len();
    None
}

/// Whether the document at `at` is an object or a list, by its own keys.
fn look_at_document(bytes: &[u8], at: usize) -> Look {
    look_at_keys(bytes, at + 1, Header::default(), true)
}

/// The keys of a list after its items.
fn look_at_tail(bytes: &[u8], at: usize, header: Header) -> Look {
    let next = skip_space(bytes, at);
    match bytes.get(next) {
        None => Look::More,
        Some(b'}') => Look::Tail(header, next + 1),
        Some(b',') => look_at_keys(bytes, next + 1, header, false),
        Some(_) => Look::Broken(next, "expected `,` or `}` after the items of a list".to_owned()),
    }
}

fn look_at_keys(bytes: &[u8], from: usize, mut header: Header, may_hold_items: bool) -> Look {
    let mut at = skip_space(bytes, from);
    if bytes.get(at) == Some(&b'}') {
        return if may_hold_items { Look::Object(at + 1) } else { Look::Tail(header, at + 1) };
    }
    loop {
        at = skip_space(bytes, at);
        match bytes.get(at) {
            None => return Look::More,
            Some(b'"') => {}
            Some(_) => return Look::Broken(at, "expected a key in quotes".to_owned()),
        }
        let Some(end) = string_end(bytes, at) else { return Look::More };
        let key = &bytes[at + 1..end - 1];
        at = skip_space(bytes, end);
        match bytes.get(at) {
            None => return Look::More,
            Some(b':') => {}
            Some(_) => return Look::Broken(at, "expected `:` after a key".to_owned()),
        }
        at = skip_space(bytes, at + 1);
        let Some(&first) = bytes.get(at) else { return Look::More };
        let is_list = header.kind.is_empty() || header.kind.ends_with("List");
        if key == b"items" && is_list {
            match first {
                b'[' if may_hold_items => return Look::List(header, at + 1),
                b'[' => return Look::List(header, at),
                b'n' if header.kind.ends_with("List") => {}
                _ => return Look::Broken(at, "`items` is no list".to_owned()),
            }
        }
        let Some(end) = value_end(bytes, at) else { return Look::More };
        note(&mut header, key, &bytes[at..end]);
        at = skip_space(bytes, end);
        match bytes.get(at) {
            None => return Look::More,
            Some(b',') => at += 1,
            Some(b'}') if may_hold_items => return Look::Object(at + 1),
            Some(b'}') => return Look::Tail(header, at + 1),
            Some(_) => return Look::Broken(at, "expected `,` or `}`".to_owned()),
        }
    }
}

/// Takes a key of a list.
fn note(header: &mut Header, key: &[u8], value: &[u8]) {
    match key {
        b"apiVersion" => header.api_version = serde_json::from_slice(value).unwrap_or_default(),
        b"kind" => header.kind = serde_json::from_slice(value).unwrap_or_default(),
        b"metadata" => {
            #[derive(serde::Deserialize)]
            struct ListMeta {
                #[serde(default, rename = "continue")]
                token: Option<String>,
            }
            let meta: Option<ListMeta> = serde_json::from_slice(value).ok();
            header.continued = meta.and_then(|meta| meta.token).is_some_and(|token| !token.is_empty());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// Objects as text, and the error at the end, with chunks of any size.
    fn split(json: &[u8], step: usize) -> (Vec<Value>, Vec<Header>, Option<Broken>) {
        struct Slow<'a>(&'a [u8], usize);
        impl Read for Slow<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let n = self.0.len().min(self.1).min(buffer.len());
                buffer[..n].copy_from_slice(&self.0[..n]);
                self.0 = &self.0[n..];
                Ok(n)
            }
        }
        let mut splitter = Splitter::new(Slow(json, step), 1 << 20).with_chunk(1 << 8);
        let (mut objects, mut headers) = (Vec::new(), Vec::new());
        loop {
            match splitter.next_piece() {
                Ok(None) => return (objects, headers, None),
                Err(broken) => return (objects, headers, Some(broken)),
                Ok(Some(Piece::ListBegins(_))) => {}
                Ok(Some(Piece::ListEnds(header))) => headers.push(header),
                Ok(Some(Piece::Objects(batch))) => {
                    objects.extend(
                        batch.objects.iter().map(|range| serde_json::from_slice(&batch.bytes[range.clone()]).unwrap()),
                    );
                }
            }
        }
    }

    #[test]
    fn lists_objects_and_streams_of_both_are_cut() {
        let json = br#"{"apiVersion":"v1","items":[{"a":"}"},{"b":[{"c":"\\\""}]}],"kind":"List","metadata":{"continue":"x"}}
            {"kind":"Pod","metadata":{"items":[1]}} {"kind":"PodList","apiVersion":"v1","items":null}{"kind":"PodList","items":[]}"#;
        let (objects, headers, broken) = split(json, 7);
        assert!(broken.is_none(), "{broken:?}");
        assert_eq!(objects.len(), 4, "{objects:?}");
        assert_eq!(headers[0], Header { api_version: "v1".into(), kind: "List".into(), continued: true });
        assert_eq!(headers[1].kind, "PodList");
    }

    #[test]
    fn a_file_cut_off_anywhere_keeps_what_came_before_and_says_where() {
        let json = br#"{"apiVersion": "v1", "items": [{"a": 1}, {"b": "x\"y"}], "kind": "List"}"#;
        for cut in 1..json.len() {
            let (objects, _, broken) = split(&json[..cut], 1 << 16);
            let broken = broken.unwrap_or_else(|| panic!("cut at {cut} goes unnoticed"));
            assert_eq!(broken.offset, cut as u64);
            assert!(objects.len() <= 2);
            if cut > 40 {
                assert!(!objects.is_empty(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_place() {
        for (json, column) in
            [("\n  [1]", 3), ("\n hello", 2), ("\n{\"items\": 3}", 11), ("\n{\"items\": [3]}", 12), ("\n{3}", 2)]
        {
            let (_, _, broken) = split(json.as_bytes(), 64);
            let broken = broken.unwrap();
            assert_eq!((broken.line, broken.column), (2, column), "{json}: {broken:?}");
        }
    }

    #[test]
    fn a_deep_object_is_cut_without_recursion() {
        let deep = format!("{{\"items\":[{{\"a\":{}{}}}]}}", "[".repeat(200_000), "]".repeat(200_000));
        let mut splitter = Splitter::new(deep.as_bytes(), 1 << 20);
        assert!(matches!(splitter.next_piece(), Ok(Some(Piece::ListBegins(_)))));
        assert!(matches!(splitter.next_piece(), Ok(Some(Piece::Objects(batch))) if batch.objects.len() == 1));
    }

    fn object() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            "[\\\\\"{}\\[\\],:]{0,8}".prop_map(Value::from)
        ];
        let value = leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-c\\\\\"{}]{1,3}", inner, 0..3)
                    .prop_map(|map| Value::from(map.into_iter().collect::<serde_json::Map<_, _>>())),
            ]
        });
        prop::collection::btree_map("[a-c\\\\\"{}]{1,3}", value, 0..3)
            .prop_map(|map| Value::from(map.into_iter().collect::<serde_json::Map<_, _>>()))
    }

    proptest! {
        #[test]
        fn items_come_out_as_they_went_in(items in prop::collection::vec(object(), 0..6), step in 1usize..40, pretty: bool) {
            let list = serde_json::json!({"apiVersion": "v1", "items": items, "kind": "List"});
            let text = if pretty { serde_json::to_string_pretty(&list).unwrap() } else { list.to_string() };
            let (objects, headers, broken) = split(text.as_bytes(), step);
            prop_assert!(broken.is_none(), "{:?}", broken);
            prop_assert_eq!(objects, items);
            prop_assert_eq!(headers.len(), 1);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, step in 1usize..40) {
            let mut splitter = Splitter::new(&bytes[..], 1 << 10).with_chunk(step);
            while let Ok(Some(_)) = splitter.next_piece() {}
        }
    }
}
