//! An open watch as a stream of lines.
//!
//! Guarantees: an event is sent once it is due; nothing is buffered for a client that does not read (its watch then falls
//! behind the history and gets 410, as with the real server).

use std::time::Duration;

use hyper::body::Bytes;
use model::{Event, WatchId};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, sleep_until};

use crate::{Model, partial};

/// kube-apiserver sends a bookmark about every minute.
const BOOKMARKS: Duration = Duration::from_secs(60);
/// `--min-request-timeout` of kube-apiserver: watches without a time of their own last this long at least.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1800);

/// Starts to feed a watch; the receiver is the body.
pub(crate) fn stream(model: Model, id: WatchId, timeout: Option<Duration>, metadata_only: bool) -> Receiver<Bytes> {
    let (sender, receiver) = channel(16);
    let end = Instant::now() + timeout.unwrap_or(DEFAULT_TIMEOUT);
    tokio::spawn(async move {
        feed(&model, id, &sender, end, metadata_only).await;
        model.with(|server| server.close(id));
    });
    receiver
}

async fn feed(model: &Model, id: WatchId, sender: &Sender<Bytes>, end: Instant, metadata_only: bool) {
    let mut written = model.subscribe();
    let mut bookmark = Instant::now() + BOOKMARKS;
    loop {
        written.mark_unchanged();
        let (events, over) = model.with(|server| (server.poll(id), server.is_over(id)));
        for event in events {
            if sender.send(line(&event, metadata_only)).await.is_err() {
                return;
            }
        }
        if over {
            return;
        }
        tokio::select! {
            biased;
            () = sender.closed() => return,
            changed = written.changed() => if changed.is_err() { return },
            () = sleep_until(end) => return,
            () = sleep_until(bookmark) => {
                bookmark = Instant::now() + BOOKMARKS;
                if let Some(event) = model.with(|server| server.bookmark(id))
                    && sender.send(line(&event, metadata_only)).await.is_err()
                {
                    return;
                }
            }
        }
    }
}

fn line(event: &Event, metadata_only: bool) -> Bytes {
    let mut value = event.to_value();
    if metadata_only && let Some(object) = value.get_mut("object") {
        *object = partial::strip(object.take());
    }
    let mut text = value.to_string();
    text.push('\n');
    Bytes::from(text)
}
