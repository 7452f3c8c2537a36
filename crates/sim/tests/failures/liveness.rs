//! No request and no amount of objects stops the others.

use crate::cast::*;
use crate::common::sampled as sweep;

/// B01.
#[test]
fn b01_a_request_outside_the_block_is_in_nobodys_way() {
    let end = sweep("b01", vec![fixed("far", "10.99.0.1"), pod("p")]);
    assert_eq!((end.pods["far"].0.as_str(), end.pods["p"].0.as_str()), ("Pending", "Running"));
    assert!(told(&end, "far").contains("AddressOutOfRange"), "{}", told(&end, "far"));
}
