//! Sends stories.
//!
//! In: a target and a story. Out: its transcript. Guarantees: the namespace is new; the definitions that stories use are
//! served before [`install`] returns.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use crate::answer::{Answer, Transcript};
use crate::client::{Reply, Target};
use crate::mask::Mask;
use crate::step::{Body, Step, Story};
use crate::stories::definitions;

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// kube-apiserver delays the first creates of a new kind by up to 2 s; a busy machine needs more.
const SERVED: Duration = Duration::from_secs(60);

/// Makes the definitions of [`definitions`] and waits until objects of theirs can be made.
///
/// # Errors
/// A definition is refused, or is not served in time.
pub async fn install(target: &Target) -> Result<()> {
    for definition in definitions() {
        let step = Step::post(CRDS, definition.clone());
        let reply = send(target, &step, &Names::default()).await?;
        // 409: a server that was used before.
        if !matches!(reply.code, 201 | 409) {
            bail!("{}: {}", reply.code, reply.body);
        }
    }
    for definition in definitions() {
        wait_until_served(target, &definition).await?;
    }
    Ok(())
}

async fn wait_until_served(target: &Target, definition: &Value) -> Result<()> {
    let spec = &definition["spec"];
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
    let namespaced = spec["scope"] == "Namespaced";
    for version in spec["versions"].as_array().into_iter().flatten().filter(|v| v["served"] == true) {
        let version = text(&version["name"]);
        let place = if namespaced { "namespaces/default/" } else { "" };
        let path = format!("/apis/{group}/{version}/{place}{plural}");
        // A dry run that is refused by the schema says that creates have arrived there.
        let body = json!({"apiVersion": format!("{group}/{version}"), "kind": spec["names"]["kind"],
            "metadata": {"name": "served"}});
        let step = Step::post(path, body).with("dryRun", "All");
        let start = Instant::now();
        loop {
            let reply = send(target, &step, &Names::default()).await?;
            if matches!(reply.code, 201 | 422) {
                break;
            }
            if start.elapsed() > SERVED {
                bail!("{} is not served after {SERVED:?}: {} {}", step.path, reply.code, reply.body);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

/// What placeholders stand for.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) namespace: String,
    pub(crate) saved: BTreeMap<&'static str, Value>,
}

impl Names {
    fn fill(&self, text: &str) -> Result<String> {
        let mut out = text.replace("<ns>", &self.namespace);
        for (what, path) in
            [("uid", "/metadata/uid"), ("rv", "/metadata/resourceVersion"), ("continue", "/metadata/continue")]
        {
            let open = format!("<{what} ");
            while let Some(at) = out.find(&open) {
                let end = out[at..].find('>').map(|i| at + i).context("a placeholder has no end")?;
                let name = &out[at + open.len()..end];
                let saved = self.saved.get(name).with_context(|| format!("no answer was saved as `{name}`"))?;
                let value = saved.pointer(path).and_then(Value::as_str).unwrap_or("").to_owned();
                out.replace_range(at..=end, &value);
            }
        }
        Ok(out)
    }

    fn fill_value(&self, value: &Value) -> Result<Value> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(list) => list.iter().map(|v| self.fill_value(v)).collect::<Result<_>>()?,
            Value::Object(map) => {
                let pairs = map.iter().map(|(k, v)| Ok((k.clone(), self.fill_value(v)?)));
                Value::Object(pairs.collect::<Result<_>>()?)
            }
            other => other.clone(),
        })
    }
}

/// Sends a story in a new namespace of this name.
///
/// # Errors
/// A request gets no answer, or names an answer that was not saved.
pub async fn run(target: &Target, story: &Story, namespace: &str) -> Result<Transcript> {
    let mut names = Names { namespace: namespace.to_owned(), saved: BTreeMap::new() };
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "<ns>"}});
    let made = send(target, &Step::post("/api/v1/namespaces", body), &names).await?;
    if made.code != 201 {
        return Err(anyhow!("{}", made.body)).with_context(|| format!("make namespace {namespace}"));
    }
    names.saved.insert("namespace", made.body);
    let mut replies = Vec::new();
    for step in &story.steps {
        let reply = send(target, step, &names).await.with_context(|| format!("`{}`: {}", story.name, step.title()))?;
        if let Some(name) = step.saved {
            names.saved.insert(name, reply.body.clone());
        }
        replies.push(reply);
    }
    let mask = Mask::new(namespace, replies.iter().map(|r| &r.body));
    let answer = |(step, reply): (&Step, &Reply)| Answer {
        request: step.title(),
        code: reply.code,
        warnings: reply.warnings.iter().map(|w| mask.text(w)).collect(),
        body: if step.code_only { json!("<not compared>") } else { mask.body(&reply.body) },
    };
    Ok(Transcript(story.steps.iter().zip(&replies).map(answer).collect()))
}

pub(crate) async fn send(target: &Target, step: &Step, names: &Names) -> Result<Reply> {
    let mut uri = names.fill(&step.path)?;
    for (i, (key, value)) in step.query.iter().enumerate() {
        uri.push(if i == 0 { '?' } else { '&' });
        uri.push_str(key);
        uri.push('=');
        uri.push_str(&encode(&names.fill(value)?));
    }
    let body = match &step.body {
        Body::None => Vec::new(),
        Body::Json(Value::String(raw)) => names.fill(raw)?.into_bytes(),
        Body::Json(value) => serde_json::to_vec(&names.fill_value(value)?)?,
        Body::Edited(saved, edit) => {
            let mut value =
                names.saved.get(saved).with_context(|| format!("no answer was saved as `{saved}`"))?.clone();
            // A refusal is sent as it came.
            if value["kind"] != "Status" {
                edit(&mut value);
            }
            serde_json::to_vec(&names.fill_value(&value)?)?
        }
    };
    let request = http::Request::builder()
        .method(step.method)
        .uri(uri)
        .header(http::header::CONTENT_TYPE, step.content_type)
        .header(http::header::ACCEPT, step.accept)
        .body(body)?;
    let until = step.until.map(|name| names.fill(name)).transpose()?;
    target.send(request, until.as_deref()).await
}

/// Percent-encoding of a parameter's value.
fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
