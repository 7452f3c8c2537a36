//! Lists: pages, versions, selectors.

use serde_json::json;

use super::{MAPS, THINGS, map, thing};
use crate::step::{Step, Story};

pub(super) fn stories() -> Vec<Story> {
    let make = |names: &[&str]| names.iter().map(|n| Step::post(MAPS, map(n))).collect::<Vec<_>>();
    let labelled =
        |name: &str, x: &str| Step::post(MAPS, json!({"metadata": {"name": name, "labels": {"x": x, "n": "5"}}}));
    let select = |selector: &str| Step::get(MAPS).with("labelSelector", selector);
    vec![
        Story {
            name: "pages show one revision from first to last",
            steps: [
                make(&["a", "b", "c", "d", "e"]),
                vec![
                    Step::get(MAPS).with("limit", "2").save("one"),
                    Step::delete(format!("{MAPS}/d")),
                    Step::post(MAPS, map("bb")),
                    Step::post(MAPS, map("f")),
                    Step::get(MAPS).with("limit", "2").with("continue", "<continue one>").save("two"),
                    Step::get(MAPS).with("limit", "2").with("continue", "<continue two>"),
                    Step::get(MAPS).with("continue", "<continue two>"),
                    Step::get(MAPS).with("limit", "5"),
                    Step::get(MAPS).with("limit", "6"),
                    Step::get(MAPS).with("limit", "0"),
                    Step::get(MAPS).with("limit", "-1"),
                    Step::get(MAPS).with("limit", "x"),
                    Step::get(MAPS).with("timeout", "1m"),
                    Step::get(MAPS).with("timeout", "soon"),
                    Step::get(MAPS).with("continue", "nonsense"),
                    Step::get(MAPS).with("limit", "2").with("continue", "<continue one>").with("resourceVersion", "5"),
                ],
            ]
            .concat(),
        },
        Story {
            name: "lists of things come in pages too",
            steps: vec![
                Step::get(THINGS),
                Step::post(THINGS, thing("a", json!({"text": "x"}))),
                Step::post(THINGS, thing("b", json!({"text": "y"}))),
                Step::post(THINGS, thing("c", json!({"text": "x"}))),
                Step::get(THINGS).with("limit", "2").save("one"),
                Step::get(THINGS).with("limit", "2").with("continue", "<continue one>"),
                Step::get(THINGS).with("fieldSelector", "spec.text=x"),
                Step::get(THINGS).with("fieldSelector", "spec.text!=x,metadata.name!=z"),
                Step::get(THINGS).with("fieldSelector", "spec.count=1"),
                Step::get(THINGS).with("fieldSelector", "spec.text=x").with("limit", "1"),
            ],
        },
        Story {
            name: "versions match as asked",
            steps: vec![
                Step::post(MAPS, map("a")).save("a"),
                Step::post(MAPS, map("b")).save("b"),
                Step::get(MAPS).with("resourceVersion", "<rv a>").with("resourceVersionMatch", "Exact"),
                // The later one first: what is not older than the earlier one may be, in a server that is slow, either.
                Step::get(MAPS).with("resourceVersion", "<rv b>").with("resourceVersionMatch", "NotOlderThan"),
                Step::get(MAPS).with("resourceVersion", "<rv a>").with("resourceVersionMatch", "NotOlderThan"),
                Step::get(MAPS).with("resourceVersion", "<rv a>").with("limit", "5"),
                Step::get(MAPS).with("resourceVersion", "0").with("resourceVersionMatch", "Exact"),
                Step::get(MAPS).with("resourceVersionMatch", "Exact"),
                Step::get(MAPS).with("resourceVersion", "<rv a>").with("resourceVersionMatch", "Sometimes"),
                Step::get(MAPS).with("resourceVersion", "x"),
                Step::get(format!("{MAPS}/a")).with("resourceVersion", "<rv b>"),
                Step::get(format!("{MAPS}/a")).with("resourceVersion", "0"),
                Step::get(format!("{MAPS}/a")).with("resourceVersion", "x"),
            ],
        },
        Story {
            name: "selectors select",
            steps: vec![
                labelled("a", "1"),
                labelled("b", "2"),
                Step::post(MAPS, map("c")),
                select("x=1"),
                select("x==1,n=5"),
                select("x!=1"),
                select("x in (1,2)"),
                select("x notin (1)"),
                select("x"),
                select("!x"),
                select("n>4"),
                select("n<4"),
                select("x=1,x=2"),
                Step::get(MAPS).with("fieldSelector", "metadata.name=b"),
                Step::get(MAPS).with("fieldSelector", "metadata.name!=b"),
                Step::get(MAPS).with("fieldSelector", "metadata.namespace=<ns>,metadata.name=a"),
                Step::get(MAPS).with("fieldSelector", "metadata.namespace=other"),
                Step::get(MAPS).with("fieldSelector", "data.a=1"),
                Step::get(MAPS).with("fieldSelector", "metadata.name"),
                Step::get(MAPS).with("labelSelector", "x=1").with("limit", "1"),
            ],
        },
        Story {
            name: "selectors that cannot be read are refused",
            steps: ["x in 1", "x in (1", ",x", "x,", "x y", "!", "x=y=z", "-x=1", "x>y", "=", "x in ()", "x=a b"]
                .map(select)
                .to_vec(),
        },
        Story {
            name: "metadata alone is shown on demand",
            steps: vec![
                Step::post(MAPS, json!({"metadata": {"name": "a", "labels": {"x": "1"}}, "data": {"k": "v"}})),
                Step::get(MAPS).accept("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
                Step::get(format!("{MAPS}/a")).accept("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"),
                Step::get(format!("{MAPS}/none"))
                    .accept("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"),
            ],
        },
    ]
}
