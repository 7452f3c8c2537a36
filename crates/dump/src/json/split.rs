//! Cutting a stream of JSON documents into objects, without parsing them.
//!
//! In: a buffer that grows at its end and is cut at its start, with documents one after the other: objects, and lists
//! whose items are objects. Out: where objects begin and end, and what the lists say about themselves, wherever in the
//! list it stands. Guarantees: looks at each byte once, most of them 64 at a time; needs no more of the text than the
//! object that is open; what is inside objects is not judged here, only counted through: whoever parses them does that.

use super::block::{BLOCK, Brackets, Carry, Strings, brackets, classes, padded};
use super::fault::Fault;
use super::header::{Header, Key};
use crate::limits::{MAX_HEADER, MAX_OBJECT};

/// An object, or what stands where one should, by its place in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The list that it is an item of, counted from the first one in this stream.
    pub(crate) list: Option<u32>,
}

/// A list that ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) list: u32,
    pub(crate) header: Header,
}

/// An object that is larger than [`MAX_OBJECT`]: its beginning is at this place of the buffer, and it is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge {
    pub(crate) start: usize,
    pub(crate) list: Option<u32>,
}

/// Where in the grammar the next token is, as far down as lists and their items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between documents.
    Outside,
    /// In a document, before its first key.
    FirstKey,
    /// In a document, after a comma.
    NextKey,
    /// After the key that begins here.
    Colon(usize),
    /// Before the value of this key.
    Value(Key),
    /// After a value; the scalar that begins here ends before the next token.
    AfterValue(Option<(Key, usize)>),
    /// In `items`, before the first one.
    FirstItem,
    /// In `items`, after a comma.
    NextItem,
    /// In `items`, after an item; the scalar that begins here ends before the next token.
    AfterItem(Option<usize>),
    /// Inside a value of a document's key; where it begins, if it is wanted.
    InValue(Key, Option<usize>),
    /// Inside an item; where it begins, unless it was given up.
    InItem(Option<usize>),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Splitter {
    carry: Carry,
    /// 1 if the block before ended in a scalar.
    scalar: u64,
    /// How much of the buffer was looked at.
    scanned: usize,
    depth: usize,
    place: Place,
    /// Where the open document begins, as long as it may be a single object that is kept.
    document: Option<usize>,
    header: Header,
    /// The list that the open document turned out to be.
    list: Option<u32>,
    lists: u32,
    /// What was found since the last [`Splitter::cut`].
    pub(crate) items: Vec<Item>,
    pub(crate) ended: Vec<Ended>,
    pub(crate) too_large: Vec<TooLarge>,
}

impl Default for Splitter {
    fn default() -> Self {
        Self {
            carry: Carry::default(),
            scalar: 0,
            scanned: 0,
            depth: 0,
            place: Place::Outside,
            document: None,
            header: Header::default(),
            list: None,
            lists: 0,
            items: Vec::new(),
            ended: Vec::new(),
            too_large: Vec::new(),
        }
    }
}

impl Splitter {
    /// Looks at what the buffer has gained. With `last`, nothing more will come.
    ///
    /// # Errors
    /// The text is no sequence of objects, or ends inside one. What was found before stays found; there is no going on.
    pub(crate) fn scan(&mut self, buffer: &[u8], last: bool) -> Result<(), Fault> {
        let fresh = buffer.get(self.scanned..).unwrap_or_default();
        let (blocks, rest) = fresh.as_chunks::<BLOCK>();
        for block in blocks {
            self.block(buffer, block)?;
        }
        if last {
            if !rest.is_empty() {
                self.block(buffer, &padded(rest))?;
            }
            self.scanned = buffer.len();
            return self.finish(buffer);
        }
        self.give_up_what_is_too_large(buffer)
    }

    /// The start of the buffer up to here is not needed any more, except for what was found in it.
    pub(crate) fn needed_from(&self) -> usize {
        if let Some(start) = self.document {
            return start;
        }
        match self.place {
            Place::Colon(start)
            | Place::AfterValue(Some((_, start)))
            | Place::AfterItem(Some(start))
            | Place::InValue(_, Some(start))
            | Place::InItem(Some(start)) => start,
            _ => self.scanned,
        }
    }

    /// The list that is open, and what it said about itself so far.
    pub(crate) fn open_list(&self) -> Option<(u32, &Header)> {
        Some((self.list?, &self.header))
    }

    /// What the text ended in the middle of: where it begins, and the list that it is an item of.
    pub(crate) fn open_object(&self) -> Option<(usize, Option<u32>)> {
        match self.place {
            Place::InItem(Some(start)) => Some((start, self.list)),
            _ => Some((self.document?, None)),
        }
    }

    /// Takes note that the buffer now begins `by` bytes later.
    pub(crate) fn cut(&mut self, by: usize) {
        let earlier = |start: &mut usize| *start = start.saturating_sub(by);
        earlier(&mut self.scanned);
        if let Some(start) = &mut self.document {
            earlier(start);
            self.header.cut(by);
        }
        match &mut self.place {
            Place::Colon(start)
            | Place::AfterValue(Some((_, start)))
            | Place::AfterItem(Some(start))
            | Place::InValue(_, Some(start))
            | Place::InItem(Some(start)) => earlier(start),
            _ => {}
        }
    }

    /// The depth at which the value ends that the next token is in; `None` if every token counts.
    fn ends_at(&self) -> Option<usize> {
        match self.place {
            Place::InItem(_) => Some(2),
            Place::InValue(..) => Some(1),
            _ => None,
        }
    }

    #[inline]
    fn block(&mut self, buffer: &[u8], block: &[u8; BLOCK]) -> Result<(), Fault> {
        let Brackets { quote, backslash, open, close } = brackets(block);
        let strings = self.carry.strings(quote, backslash);
        if let Some(floor) = self.ends_at() {
            let outside = !strings.inside;
            if let Some(depth) = depth_after(self.depth, floor, open & outside, close & outside) {
                (self.depth, self.scalar) = (depth, 0);
                self.scanned += BLOCK;
                return Ok(());
            }
        }
        let base = self.scanned;
        self.scanned += BLOCK;
        self.tokens(buffer, block, base, &strings)
    }

    /// Goes through the tokens of a block one by one.
    fn tokens(&mut self, buffer: &[u8], block: &[u8; BLOCK], base: usize, strings: &Strings) -> Result<(), Fault> {
        let classes = classes(block);
        let outside = !(strings.inside | strings.quotes);
        let scalar = outside & !(classes.operator | classes.blank);
        let starts = scalar & !(scalar << 1 | self.scalar);
        self.scalar = scalar >> 63;
        let mut tokens = starts | (classes.operator & outside) | (strings.quotes & strings.inside);
        while tokens != 0 {
            let bit = tokens.trailing_zeros() as usize;
            tokens &= tokens - 1;
            self.token(buffer, base + bit, block[bit])?;
        }
        Ok(())
    }

    fn token(&mut self, buffer: &[u8], at: usize, byte: u8) -> Result<(), Fault> {
        match self.place {
            Place::InItem(_) | Place::InValue(..) => self.inside(buffer, at, byte),
            Place::FirstItem | Place::NextItem => self.item(at, byte)?,
            Place::AfterItem(scalar) => self.after_item(buffer, scalar, at, byte)?,
            Place::Outside => self.begin(at, byte)?,
            Place::FirstKey if byte == b'}' => self.end(buffer, at),
            Place::FirstKey | Place::NextKey if byte == b'"' => self.place = Place::Colon(at),
            Place::Colon(start) if byte == b':' => {
                self.place = Place::Value(Key::of(trimmed(&buffer[start..at])));
            }
            Place::Value(key) => self.value(buffer, key, at, byte)?,
            Place::AfterValue(scalar) => self.after_value(buffer, scalar, at, byte)?,
            Place::FirstKey => return Err(unexpected(at, byte, "a key in quotes or `}`")),
            Place::NextKey => return Err(unexpected(at, byte, "a key in quotes")),
            Place::Colon(_) => return Err(unexpected(at, byte, "`:`")),
        }
        Ok(())
    }

    fn inside(&mut self, buffer: &[u8], at: usize, byte: u8) {
        match byte {
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => return,
        }
        match self.place {
            Place::InItem(start) if self.depth == 2 => {
                if let Some(start) = start {
                    self.items.push(Item { start, end: at + 1, list: self.list });
                }
                self.place = Place::AfterItem(None);
            }
            Place::InValue(key, start) if self.depth == 1 => {
                self.keep_header(buffer, key, start, at + 1);
                self.place = Place::AfterValue(None);
            }
            _ => {}
        }
    }

    fn begin(&mut self, at: usize, byte: u8) -> Result<(), Fault> {
        if byte != b'{' {
            return Err(match byte {
                b'[' => Fault::new(at, "expected an object or a List of objects, found an array"),
                _ => unexpected(at, byte, "an object or a List of objects"),
            });
        }
        self.depth = 1;
        self.document = Some(at);
        self.header = Header::default();
        self.place = Place::FirstKey;
        Ok(())
    }

    fn value(&mut self, buffer: &[u8], key: Key, at: usize, byte: u8) -> Result<(), Fault> {
        match byte {
            b'[' if key == Key::Items && self.header.may_be_list(buffer) => {
                self.begin_list(buffer);
                (self.depth, self.place) = (2, Place::FirstItem);
            }
            b'{' | b'[' => (self.depth, self.place) = (2, Place::InValue(key, (key != Key::Other).then_some(at))),
            b'}' | b']' | b':' | b',' => return Err(unexpected(at, byte, "a value")),
            _ => self.place = Place::AfterValue(Some((key, at))),
        }
        Ok(())
    }

    fn begin_list(&mut self, buffer: &[u8]) {
        if self.list.is_none() {
            self.header.detach(buffer);
            self.document = None;
            self.list = Some(self.lists);
            self.lists += 1;
        }
    }

    fn after_value(
        &mut self,
        buffer: &[u8],
        scalar: Option<(Key, usize)>,
        at: usize,
        byte: u8,
    ) -> Result<(), Fault> {
        if let Some((key, start)) = scalar {
            self.keep_header(buffer, key, Some(start), start + trimmed(&buffer[start..at]).len());
        }
        match byte {
            b',' => self.place = Place::NextKey,
            b'}' => self.end(buffer, at),
            _ => return Err(unexpected(at, byte, "`,` or `}`")),
        }
        Ok(())
    }

    fn keep_header(&mut self, buffer: &[u8], key: Key, start: Option<usize>, end: usize) {
        let Some(start) = start else { return };
        self.header.set(key, start, end);
        if self.document.is_none() {
            self.header.detach(buffer);
        }
    }

    /// A document ends at the bracket `at`.
    fn end(&mut self, buffer: &[u8], at: usize) {
        let document = self.document.take();
        (self.depth, self.place) = (0, Place::Outside);
        if let (None, Some(start)) = (self.list, document) {
            if !self.header.is_list(buffer) {
                self.items.push(Item { start, end: at + 1, list: None });
                return;
            }
            // A list without `items`, or with something else there than a list.
            self.header.detach(buffer);
            self.list = Some(self.lists);
            self.lists += 1;
        }
        if let Some(list) = self.list.take() {
            self.ended.push(Ended { list, header: std::mem::take(&mut self.header) });
        }
    }

    fn item(&mut self, at: usize, byte: u8) -> Result<(), Fault> {
        match byte {
            b']' if self.place == Place::FirstItem => (self.depth, self.place) = (1, Place::AfterValue(None)),
            b'{' | b'[' => (self.depth, self.place) = (3, Place::InItem(Some(at))),
            b'}' | b']' | b':' | b',' => return Err(unexpected(at, byte, "an object")),
            _ => self.place = Place::AfterItem(Some(at)),
        }
        Ok(())
    }

    fn after_item(&mut self, buffer: &[u8], scalar: Option<usize>, at: usize, byte: u8) -> Result<(), Fault> {
        if let Some(start) = scalar {
            let end = start + trimmed(&buffer[start..at]).len();
            self.items.push(Item { start, end, list: self.list });
        }
        match byte {
            b',' => self.place = Place::NextItem,
            b']' => (self.depth, self.place) = (1, Place::AfterValue(None)),
            _ => return Err(unexpected(at, byte, "`,` or `]`")),
        }
        Ok(())
    }

    fn finish(&mut self, buffer: &[u8]) -> Result<(), Fault> {
        if self.place == Place::Outside && !self.carry.in_string() {
            return Ok(());
        }
        Err(Fault::end(buffer.len()))
    }

    /// Lets go of an object, or of a value of a header, that has grown too large; goes on behind it.
    fn give_up_what_is_too_large(&mut self, buffer: &[u8]) -> Result<(), Fault> {
        let start = self.needed_from();
        let size = self.scanned.saturating_sub(start);
        match &mut self.place {
            _ if size <= MAX_HEADER => {}
            Place::InItem(kept @ Some(_)) if size > MAX_OBJECT => {
                *kept = None;
                self.too_large.push(TooLarge { start, list: self.list });
            }
            _ if self.document.is_some() => {
                if size > MAX_OBJECT {
                    self.header.detach(buffer);
                    self.document = None;
                    self.too_large.push(TooLarge { start, list: None });
                }
            }
            Place::InValue(key, kept @ Some(_)) => {
                self.header.too_large(*key);
                *kept = None;
            }
            Place::Colon(_) | Place::AfterValue(Some(_)) | Place::AfterItem(Some(_)) if size > MAX_OBJECT => {
                return Err(Fault::new(start, format!("a text of more than {} MiB", MAX_OBJECT >> 20)));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The depth after a block, if it stays above `floor` all through it.
#[inline]
fn depth_after(before: usize, floor: usize, open: u64, close: u64) -> Option<usize> {
    let (opened, closed) = (open.count_ones() as usize, close.count_ones() as usize);
    if before > floor + closed {
        return Some(before + opened - closed);
    }
    // It may come down to the floor: look at the brackets one by one.
    let mut depth = before;
    let mut either = open | close;
    while either != 0 {
        let bit = either & either.wrapping_neg();
        either &= either - 1;
        if open & bit != 0 {
            depth += 1;
        } else {
            depth -= 1;
            if depth == floor {
                return None;
            }
        }
    }
    Some(depth)
}

fn unexpected(at: usize, found: u8, expected: &str) -> Fault {
    let found = if found.is_ascii_graphic() { char::from(found).to_string() } else { format!("byte {found:#04x}") };
    Fault::new(at, format!("expected {expected}, found `{found}`"))
}

/// Without the white space at its end.
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&byte| byte > b' ').map_or(0, |last| last + 1);
    &text[..end]
}
