//! YAML documents, each turned into JSON.
//!
//! In: the bytes of a YAML stream. Out: its documents, and the JSON of each. Guarantees: a document that cannot be read
//! does not take the others with it; the items of a list stand one per line, so that they can be named; aliases and nesting
//! are bounded, so that no bomb goes off; numbers with leading noughts and words like `no` stay text.

use serde_json::Value;

/// One document of a stream.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    text: &'a [u8],
    /// Lines before it.
    lines: usize,
}

/// The documents of a stream: cut at lines that begin with `---`.
pub(crate) fn documents(stream: &[u8]) -> Vec<Document<'_>> {
    let mut documents = Vec::new();
    let (mut start, mut start_line, mut at, mut line) = (0, 0, 0, 0);
    for text in stream.split_inclusive(|&b| b == b'\n') {
        let marker = text.starts_with(b"---") && text.get(3).is_none_or(u8::is_ascii_whitespace);
        if marker {
            documents.push(Document { text: &stream[start..at], lines: start_line });
            start = at + text.len();
            start_line = line + 1;
            // `--- {a: 1}`: what follows the marker belongs to the document.
            if text.len() > 4 && !text[3..].trim_ascii().is_empty() && !text[3..].trim_ascii().starts_with(b"#") {
                start = at + 3;
                start_line = line;
            }
        }
        at += text.len();
        line += 1;
    }
    documents.push(Document { text: &stream[start..], lines: start_line });
    documents
}

/// Whether text could be YAML of objects: it has a colon, or a marker, in its first lines.
pub(crate) fn plausible(start: &[u8]) -> bool {
    start.split(|&b| b == b'\n').take(200).any(|line| {
        line.starts_with(b"---")
            || line
                .iter()
                .position(|&b| b == b':')
                .is_some_and(|at| line[..at].iter().all(|b| b.is_ascii_graphic() || *b == b' '))
    })
}

impl Document<'_> {
    /// The document as JSON; nothing where it is empty.
    ///
    /// # Errors
    /// The line, and what is wrong there.
    pub(crate) fn to_json(&self) -> Result<Option<Vec<u8>>, (usize, String)> {
        let text = std::str::from_utf8(self.text).map_err(|error| {
            let before = &self.text[..error.valid_up_to()];
            (self.lines + before.iter().filter(|&&b| b == b'\n').count() + 1, "no UTF-8 text".to_owned())
        })?;
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#') || line.trim() == "...")
        {
            return Ok(None);
        }
        let value: Value = serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
            (
                self.lines + error.location().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0)),
                one_line(&error.to_string()),
            )
        })?;
        if !value.is_object() {
            return Err((self.lines + 1, "the document is no object".to_owned()));
        }
        json(&value).map(Some).map_err(|error| (self.lines + 1, error.to_string()))
    }

    /// The line at which it begins.
    pub(crate) fn line(&self) -> usize {
        let text = self.text.iter().take_while(|b| b.is_ascii_whitespace());
        self.lines + 1 + text.filter(|&&b| b == b'\n').count()
    }
}

/// A document as JSON, the items of a list one per line: so a reader of it can say which one it means.
fn json(value: &Value) -> serde_json::Result<Vec<u8>> {
    let (Some(fields), Some(Value::Array(items))) = (value.as_object(), value.get("items")) else {
        return serde_json::to_vec(value);
    };
    let mut json = vec![b'{'];
    let others = fields.iter().filter(|(key, _)| *key != "items");
    for (key, field) in others {
        serde_json::to_writer(&mut json, key)?;
        json.push(b':');
        serde_json::to_writer(&mut json, field)?;
        json.push(b',');
    }
    json.extend_from_slice(b"\"items\":[");
    for (i, item) in items.iter().enumerate() {
        json.extend_from_slice(if i == 0 { b"\n" } else { b",\n" });
        serde_json::to_writer(&mut json, item)?;
    }
    json.extend_from_slice(b"]}");
    Ok(json)
}

/// The first line of a message, without the place: the position says it already, and by the lines of the whole file.
fn one_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    line.rsplit_once(" at line ").map_or(line, |(what, _)| what).to_owned()
}

/// A dump of a million objects has some hundred million nodes: the bounds are raised to that, and stay.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: Some(2 << 30),
            max_events: 400_000_000,
            max_nodes: 200_000_000,
            max_documents: 1 << 20,
            max_total_scalar_bytes: 2 << 30,
            // kubectl writes no anchors; a file written by hand may have some.
            max_aliases: 10_000,
            max_anchors: 10_000,
            max_depth: MAX_DEPTH,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_alias_expansions_per_anchor: 1_000,
        },
        leading_zero_numbers_as_strings: true,
        strict_booleans: true,
        with_snippet: false,
    }
}

/// Deeper than any Kubernetes object: a pod's affinity is about twenty deep.
const MAX_DEPTH: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Vec<Result<Option<Value>, (usize, String)>> {
        let documents = documents(text.as_bytes());
        documents
            .iter()
            .map(|document| document.to_json().map(|json| json.map(|json| serde_json::from_slice(&json).unwrap())))
            .collect()
    }

    #[test]
    fn a_bad_document_does_not_take_the_others_with_it() {
        let read = json(
            "# a dump\nkind: A\n---\nkind: [\n---\n\n---\nkind: C\nspec: {mac: 00:00:5e:00:53:01, on: no, port: 012}\n",
        );
        assert_eq!(read.len(), 4);
        assert_eq!(read[0], Ok(Some(serde_json::json!({"kind": "A"}))));
        let (line, reason) = read[1].clone().unwrap_err();
        assert!((4..=5).contains(&line), "{line}: {reason}");
        assert_eq!(read[2], Ok(None));
        let spec = read[3].clone().unwrap().unwrap()["spec"].clone();
        assert_eq!(spec, serde_json::json!({"mac": "00:00:5e:00:53:01", "on": "no", "port": "012"}));
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for i in 1..12 {
            bomb += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(","));
        }
        assert!(json(&bomb)[0].is_err());
    }

    #[test]
    fn a_deep_document_is_refused() {
        assert!(json(&format!("a: {}{}", "[".repeat(5000), "]".repeat(5000)))[0].is_err());
    }
}
