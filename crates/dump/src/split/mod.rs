//! Cutting a stream of JSON into the objects that matter, while it goes by.
//!
//! In: a reader. Out: [`Piece`]s: chunks of bytes with the ranges of the objects in them, and what is said about each list
//! when it ends. Guarantees: an item is cut where it ends whatever stands in its strings; one chunk and the part of an
//! item that it breaks off are held, never the file; a broken place is an error with its offset, line and column, after
//! everything before it.

mod look;
#[cfg(test)]
mod tests;

use super::spare::Spare;
use api::slim::skip::{self, Nest};
use look::{Look, look_at_document, look_at_tail, skip_separators};
use std::io::Read;
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
    /// Behind a list of null, of which only the end is to be told.
    Ended,
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
    /// How far the item that is broken off at the end of the buffer was looked through.
    scan: Nest,
    largest: usize,
    chunk: usize,
    spare: Spare,
}

impl<R: Read> Splitter<R> {
    /// Cuts what a reader gives; objects of more than `largest` bytes are refused.
    pub(crate) fn new(reader: R, largest: usize, spare: Spare) -> Self {
        Self {
            reader,
            buffer: spare.take(),
            at: 0,
            offset: 0,
            lines: 0,
            ended: false,
            place: Place::Outside,
            header: Header::default(),
            scan: Nest::object(),
            largest,
            chunk: CHUNK,
            spare,
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
            Place::Ended => {
                self.place = Place::Outside;
                Ok(Some(Piece::ListEnds(self.header.clone())))
            }
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
        self.buffer.reserve(want);
        match self.reader.by_ref().take(want as u64).read_to_end(&mut self.buffer) {
            Ok(read) => self.ended = read < want,
            Err(error) => return Err(self.stop(self.buffer.len(), format!("reading fails: {error}"))),
        }
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
            at = skip::space(&self.buffer, at);
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
                Look::Tail(header, end) => {
                    let begun = self.begin_list(header, end);
                    self.place = Place::Ended;
                    return Ok(Some(begun));
                }
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
        self.scan = Nest::object();
        Piece::ListBegins(self.header.clone())
    }

    /// The items of a list that are whole in the buffer.
    fn items(&mut self) -> Result<Piece, Broken> {
        let mut objects = Vec::new();
        let mut at = self.at;
        loop {
            let next = skip_separators(&self.buffer, at);
            match self.buffer.get(next) {
                Some(b'{') => match self.object_end(next) {
                    Some(end) => {
                        objects.push(next..end);
                        self.scan = Nest::object();
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

    /// One past the end of the object at `at`.
    fn object_end(&mut self, at: usize) -> Option<usize> {
        self.scan.to = self.scan.to.max(at);
        self.scan.end(&self.buffer)
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
        let mut rest = self.spare.take();
        rest.extend_from_slice(&self.buffer[to..]);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let batch = Batch { offset: self.offset, lines: self.lines, in_list, objects, bytes };
        self.offset += to as u64;
        self.lines += count_lines(&batch.bytes[..to]);
        self.at = 0;
        self.scan.to = self.scan.to.saturating_sub(to);
        batch
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
