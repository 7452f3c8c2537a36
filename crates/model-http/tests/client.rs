//! The kube client talks to the model as to any API server.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::{Stream, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions, WatchParams};
use kube::core::{DynamicObject, GroupVersionKind, WatchEvent};
use kube::{Api, Client, Config, ResourceExt};
use model::{Options, Server};
use model_http::{Model, serve, system_time};
use serde_json::json;
use tokio::net::TcpListener;

/// Long enough for a busy machine; a test that waits for it has failed.
const DEADLINE: Duration = Duration::from_secs(20);

async fn bed() -> Result<(Model, Client)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?).parse()?;
    let model = Model::new(Server::new(1, Options { start: system_time(), ..Options::default() }), system_time);
    tokio::spawn(serve(model.clone(), listener));
    Ok((model, Client::try_from(Config::new(url))?))
}

fn map(name: &str) -> ConfigMap {
    let mut map = ConfigMap { data: Some(BTreeMap::from([("a".into(), "1".into())])), ..ConfigMap::default() };
    map.metadata.name = Some(name.into());
    map
}

#[tokio::test]
async fn objects_are_made_read_patched_listed_and_deleted() -> Result<()> {
    let (_model, client) = bed().await?;
    let maps: Api<ConfigMap> = Api::namespaced(client, "default");
    let made = maps.create(&PostParams::default(), &map("a")).await?;
    assert_eq!(maps.get("a").await?, made);
    let patch = Patch::Merge(json!({"metadata": {"labels": {"x": "1"}}}));
    maps.patch("a", &PatchParams::default(), &patch).await?;
    assert_eq!(maps.list(&ListParams::default().labels("x=1")).await?.items.len(), 1);
    let conflict = maps.replace("a", &PostParams::default(), &made).await.unwrap_err();
    assert!(matches!(&conflict, kube::Error::Api(status) if status.is_conflict()), "{conflict:?}");
    let stale = Preconditions { uid: Some("x".into()), resource_version: None };
    let params = DeleteParams { preconditions: Some(stale), ..DeleteParams::default() };
    let refused = maps.delete("a", &params).await.unwrap_err();
    assert!(matches!(&refused, kube::Error::Api(status) if status.is_conflict()), "{refused:?}");
    maps.delete("a", &DeleteParams::default()).await?;
    let gone = maps.get("a").await.unwrap_err();
    assert!(matches!(&gone, kube::Error::Api(status) if status.is_not_found()), "{gone:?}");
    Ok(())
}

#[tokio::test]
async fn a_watch_streams_events_as_they_happen() -> Result<()> {
    let (model, client) = bed().await?;
    let maps: Api<ConfigMap> = Api::namespaced(client, "default");
    let version = model.with(|s| s.revision()).to_string();
    let events = maps.watch(&WatchParams::default(), &version).await?;
    let mut events = events.boxed();
    maps.create(&PostParams::default(), &map("a")).await?;
    let first = tokio::time::timeout(DEADLINE, events.try_next()).await??;
    assert!(matches!(&first, Some(WatchEvent::Added(m)) if m.name_any() == "a"), "{first:?}");
    maps.delete("a", &DeleteParams::default()).await?;
    let second = tokio::time::timeout(DEADLINE, events.try_next()).await??;
    assert!(matches!(&second, Some(WatchEvent::Deleted(m)) if m.name_any() == "a"), "{second:?}");
    Ok(())
}

#[tokio::test]
async fn a_watch_of_no_seconds_lasts_as_long_as_is_usual() -> Result<()> {
    let (model, client) = bed().await?;
    let maps: Api<ConfigMap> = Api::namespaced(client, "default");
    let version = model.with(|s| s.revision()).to_string();
    let mut events = maps.watch(&WatchParams::default().timeout(0), &version).await?.boxed();
    maps.create(&PostParams::default(), &map("a")).await?;
    let first = tokio::time::timeout(DEADLINE, events.try_next()).await??;
    assert!(matches!(&first, Some(WatchEvent::Added(m)) if m.name_any() == "a"), "{first:?}");
    Ok(())
}

/// Names of the ADDED events up to the bookmark that ends the initial state.
async fn initial_state<S>(events: &mut S) -> Result<Vec<String>>
where
    S: Stream<Item = kube::Result<WatchEvent<ConfigMap>>> + Unpin,
{
    let mut names = Vec::new();
    loop {
        match tokio::time::timeout(DEADLINE, events.try_next()).await??.context("stream ended")? {
            WatchEvent::Added(m) => names.push(m.name_any()),
            WatchEvent::Bookmark(b) => {
                assert_eq!(b.metadata.annotations["k8s.io/initial-events-end"], "true");
                return Ok(names);
            }
            other => anyhow::bail!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn state_comes_in_pages_or_as_a_stream_that_goes_on() -> Result<()> {
    let (_model, client) = bed().await?;
    let maps: Api<ConfigMap> = Api::namespaced(client, "default");
    for name in ["a", "b", "c"] {
        maps.create(&PostParams::default(), &map(name)).await?;
    }
    let page = maps.list(&ListParams::default().limit(2)).await?;
    let token = page.metadata.continue_.context("the first page has a token")?;
    let rest = maps.list(&ListParams::default().limit(2).continue_token(&token)).await?;
    let names = |maps: &[ConfigMap]| maps.iter().map(ResourceExt::name_any).collect::<Vec<_>>();
    assert_eq!((names(&page.items), names(&rest.items)), (vec!["a".into(), "b".into()], vec!["c".into()]));
    assert_eq!(rest.metadata.continue_, None);

    let mut events = maps.watch(&WatchParams::default().initial_events(), "0").await?.boxed();
    assert_eq!(initial_state(&mut events).await?, ["a", "b", "c"]);
    maps.create(&PostParams::default(), &map("d")).await?;
    let event = tokio::time::timeout(DEADLINE, events.try_next()).await??;
    assert!(matches!(&event, Some(WatchEvent::Added(m)) if m.name_any() == "d"), "{event:?}");
    Ok(())
}

#[tokio::test]
async fn definitions_make_kinds_that_discovery_finds() -> Result<()> {
    let (model, client) = bed().await?;
    let definition = json!({"metadata": {"name": "things.test.io"}, "spec": {"group": "test.io", "scope": "Cluster",
        "names": {"plural": "things", "kind": "Thing"},
        "versions": [{"name": "v1", "served": true, "storage": true,
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}});
    let path = model::definitions_path();
    assert_eq!(model.handle(model::Request::post(path, definition)).code, 201);
    let discovery = kube::Discovery::new(client.clone()).run().await?;
    let kind = GroupVersionKind::gvk("test.io", "v1", "Thing");
    let (resource, _) = discovery.resolve_gvk(&kind).context("Thing is not discovered")?;
    let things: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let thing: DynamicObject = serde_json::from_value(json!({
        "apiVersion": "test.io/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": {"x": 1}}))?;
    things.create(&PostParams::default(), &thing).await?;
    let aggregated = kube::Discovery::new(client).run_aggregated().await?;
    assert!(aggregated.resolve_gvk(&kind).is_some());
    assert_eq!(things.list_metadata(&ListParams::default()).await?.items[0].name_any(), "t");
    Ok(())
}

#[tokio::test]
async fn pods_are_evicted_and_bound_through_their_subresources() -> Result<()> {
    let (_model, client) = bed().await?;
    let pods: Api<Pod> = Api::namespaced(client, "default");
    let pod: Pod = serde_json::from_value(json!({"metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "busybox"}]}}))?;
    pods.create(&PostParams::default(), &pod).await?;
    let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"},
        "target": {"kind": "Node", "name": "n1"}});
    let _: serde_json::Value = pods.create_subresource("binding", "p", &PostParams::default(), &binding).await?;
    assert_eq!(pods.get("p").await?.spec.unwrap().node_name.as_deref(), Some("n1"));
    pods.evict("p", &kube::api::EvictParams::default()).await?;
    assert!(pods.get("p").await?.metadata.deletion_timestamp.is_some());
    Ok(())
}
