//! The contract as data, from which OpenAPI, the module map and the comparison of releases are made.

use std::collections::BTreeSet;

use kernel::contract::{Contract as _, Description, MethodKind, describe};
use kernel::{CallCtx, CallError, Money, contract};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::stall::{Stall, StallError};

/// Declares a contract that differs in one thing from the next one.
macro_rules! kiosk {
    ($name:ident { $(#[$kind:meta])+ look($(#[$doc:meta])* $request:ident { $($(#[$about:meta])* $field:ident: $type:ty),* }) }) => {
        mod $name {
            use super::*;

            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
            #[schemars(rename = "Question")]
            pub(crate) struct $request {
                $($(#[$about])* pub(crate) $field: $type),*
            }

            #[contract(module = "kiosk", version = 1)]
            pub(crate) trait Kiosk {
                $(#[$kind])+
                async fn look(&self, ctx: &CallCtx, request: $request) -> Result<(), CallError<StallError>>;
            }
        }
    };
}

kiosk!(plain { #[read] look(Question { color: String, shade: String, price: Money }) });
kiosk!(documented {
    #[doc = "Now with words."]
    #[read]
    look(#[doc = "A question."] Question { #[doc = "Of the chalk."] color: String, shade: String, #[doc = "Of one."] price: Money })
});
kiosk!(with_a_field { #[read] look(Question { color: String, shade: String, price: Money, form: Option<u8> }) });
kiosk!(with_another_type { #[read] look(Question { color: String, shade: String, price: Option<Money> }) });
kiosk!(as_a_write { #[write(idempotent_by = color)] look(Question { color: String, shade: String, price: Money }) });
kiosk!(by_another_field { #[write(idempotent_by = shade)] look(Question { color: String, shade: String, price: Money }) });

fn stall() -> Description {
    describe::<dyn Stall>()
}

#[test]
fn methods_kinds_and_events_are_as_declared() {
    let described: Vec<_> =
        stall().methods.iter().map(|method| (method.name, method.kind, method.idempotent_by, method.summary)).collect();
    assert_eq!(
        described,
        [
            ("look", "read", None, "What lies on a shelf, and what a stick costs."),
            ("buy", "write", Some("key"), "Sells chalk, once per key."),
        ]
    );
    assert_eq!((stall().module, stall().version, stall().events), ("stall", 1, &["chalk.sold"][..]));
    assert_eq!(<dyn Stall>::METHODS[1].kind, MethodKind::Write { idempotent_by: "key" });
}

#[test]
fn the_hash_changes_with_the_contract_and_not_with_its_words() {
    let hash = describe::<dyn plain::Kiosk>().hash;
    assert_eq!(hash, describe::<dyn plain::Kiosk>().hash);
    assert_eq!(hash, describe::<dyn documented::Kiosk>().hash, "comments do not travel");
    let changed = [
        describe::<dyn with_a_field::Kiosk>().hash,
        describe::<dyn with_another_type::Kiosk>().hash,
        describe::<dyn as_a_write::Kiosk>().hash,
        describe::<dyn by_another_field::Kiosk>().hash,
    ];
    let different: BTreeSet<_> = changed.iter().chain([&hash]).collect();
    assert_eq!(different.len(), 5, "{hash} {changed:?}");
}

/// Every `$ref` in `value`.
fn references<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_schema_that_is_referred_to_is_there() {
    let description = serde_json::to_value(stall()).unwrap();
    let mut found = BTreeSet::new();
    references(&description, &mut found);
    assert!(found.contains("#/components/schemas/Money"), "{found:?}");
    for reference in found {
        let name = reference.strip_prefix("#/components/schemas/").expect(reference);
        assert!(description["schemas"][name].is_object(), "{name}");
    }
}

#[test]
fn the_schemas_say_what_travels() {
    let description = stall();
    let buy = &description.methods[1].schemas;
    assert_eq!(buy.request["$ref"], "#/components/schemas/Buy");
    assert_eq!(buy.response["$ref"], "#/components/schemas/Receipt");
    assert_eq!(buy.error["$ref"], "#/components/schemas/StallError");
    let request = &description.schemas["Buy"];
    assert_eq!(request["required"], serde_json::json!(["key", "color", "quantity"]));
    assert_eq!(request["properties"]["quantity"]["allOf"][0]["$ref"], "#/components/schemas/Quantity");
    assert!(request["properties"]["note"].is_object());
}
