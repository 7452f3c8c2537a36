//! The first and last lines of a snapshot.
//!
//! In: their JSON. Out: [`Manifest`]s, and what is wrong with a snapshot as a whole. Guarantees: only a snapshot with its
//! last line, and with as many objects as that says, is complete in anything; kinds that this program does not know are
//! left out.

use super::{FORMAT, Manifest};
use crate::json::fault::Fault;
use api::slim::{Field, Kind, Time};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One of the two lines.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind")]
pub(crate) enum Record {
    Manifest(First),
    End(Last),
}

#[derive(Debug, Deserialize)]
pub(crate) struct First {
    format: u32,
    #[serde(default)]
    taken: Field<Time>,
    #[serde(default)]
    server: String,
    #[serde(default)]
    order: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Last {
    objects: u64,
    #[serde(default)]
    complete: Vec<String>,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    forbidden: Vec<String>,
}

impl Record {
    pub(crate) fn read(text: &[u8]) -> Result<Self, Fault> {
        let record = serde_json::from_slice(text);
        let record = record.map_err(|error| Fault::new(0, format!("not a line of a snapshot: {error}")))?;
        match record {
            Self::Manifest(First { format, .. }) if format > FORMAT => {
                Err(Fault::new(0, format!("a snapshot of format {format}; this program reads up to {FORMAT}")))
            }
            record => Ok(record),
        }
    }
}

fn kinds<C: FromIterator<Kind>>(resources: &[String]) -> C {
    resources.iter().filter_map(|name| Kind::from_resource(name)).collect()
}

/// The manifests by input, and the inputs that are no whole snapshots. `records`: in order, with their inputs; `objects`:
/// how many objects were in an input, readable or not.
pub(crate) fn manifests(
    records: impl IntoIterator<Item = (u32, Record)>,
    objects: &BTreeMap<u32, u64>,
) -> (BTreeMap<u32, Manifest>, Vec<(u32, String)>) {
    let mut firsts: BTreeMap<u32, First> = BTreeMap::new();
    let mut lasts: BTreeMap<u32, Last> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (input, record) in records {
        let twice = match record {
            Record::Manifest(first) => firsts.insert(input, first).is_some(),
            Record::End(last) => lasts.insert(input, last).is_some(),
        };
        if twice {
            wrong.push((input, "it holds more than one snapshot: name them as files of their own".to_owned()));
        }
    }
    let several: Vec<u32> = wrong.iter().map(|(input, _)| *input).collect();
    let mut found = BTreeMap::new();
    for (input, first) in firsts {
        let mut manifest = Manifest {
            taken: first.taken.get().copied(),
            server: first.server,
            order: kinds(&first.order),
            ..Manifest::default()
        };
        let present = objects.get(&input).copied().unwrap_or(0);
        match lasts.remove(&input) {
            _ if several.contains(&input) => {}
            None => wrong.push((input, "the snapshot has no last line: it was cut off".to_owned())),
            Some(last) if last.objects != present => {
                wrong.push((input, format!("the snapshot has {present} objects and should have {}", last.objects)));
            }
            Some(last) => {
                manifest.complete = kinds(&last.complete);
                manifest.absent = kinds(&last.absent);
                manifest.forbidden = kinds(&last.forbidden);
            }
        }
        found.insert(input, manifest);
    }
    (found, wrong)
}
