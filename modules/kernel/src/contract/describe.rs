//! A contract described as data, for OpenAPI, the module map and the handshake between processes.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use serde::Serialize;
use serde_json::Value;

use super::{Contract, MethodKind};
use crate::secret::sha256_hex;

/// A contract as data.
#[derive(Clone, Debug, Serialize)]
pub struct Description {
    /// The module.
    pub module: &'static str,
    /// Of the contract.
    pub version: u32,
    /// SHA-256 over methods and schemas; equal exactly when two builds speak the same.
    pub hash: String,
    /// In the order of the trait.
    pub methods: Vec<MethodDescription>,
    /// Kinds of the events that the module tells.
    pub events: &'static [&'static str],
    /// Shared schemas by name, to which the others refer as `#/components/schemas/…`.
    pub schemas: serde_json::Map<String, Value>,
}

/// A method as data.
#[derive(Clone, Debug, Serialize)]
pub struct MethodDescription {
    /// As in the path.
    pub name: &'static str,
    /// `read` or `write`.
    pub kind: &'static str,
    /// The field of the request that makes a repeat harmless.
    pub idempotent_by: Option<&'static str>,
    /// What it does.
    #[serde(skip)]
    pub summary: &'static str,
    /// Schemas.
    #[serde(flatten)]
    pub schemas: MethodSchemas,
}

/// The schemas of a method.
#[derive(Clone, Debug, Serialize)]
pub struct MethodSchemas {
    /// What it takes.
    pub request: Value,
    /// What it gives.
    pub response: Value,
    /// How it refuses.
    pub error: Value,
}

/// Describes a contract.
pub fn describe<T: Contract + ?Sized>() -> Description {
    let mut generator = SchemaSettings::openapi3().into_generator();
    let schemas = T::schemas(&mut generator);
    let methods: Vec<MethodDescription> = T::METHODS
        .iter()
        .zip(schemas)
        .map(|(method, schemas)| {
            let (kind, idempotent_by) = match method.kind {
                MethodKind::Read => ("read", None),
                MethodKind::Write { idempotent_by } => ("write", Some(idempotent_by)),
            };
            MethodDescription { name: method.name, kind, idempotent_by, summary: method.summary, schemas }
        })
        .collect();
    let schemas = generator.take_definitions(true);
    let hash = sha256_hex(spoken(&methods, &schemas).to_string().as_bytes());
    Description { module: T::MODULE, version: T::VERSION, hash, methods, events: T::EVENTS, schemas }
}

/// What travels, without the words that explain it: two builds that differ in comments speak the same.
fn spoken(methods: &[MethodDescription], schemas: &serde_json::Map<String, Value>) -> Value {
    let wordless = |schema: &Value| {
        let mut schema = Schema::try_from(schema.clone()).unwrap_or_default();
        RecursiveTransform(remove_words).transform(&mut schema);
        schema.to_value()
    };
    let method = |method: &MethodDescription| {
        let MethodSchemas { request, response, error } = &method.schemas;
        let schemas = [wordless(request), wordless(response), wordless(error)];
        serde_json::json!([method.name, method.kind, method.idempotent_by, schemas])
    };
    let methods: Vec<Value> = methods.iter().map(method).collect();
    let schemas: serde_json::Map<String, Value> =
        schemas.iter().map(|(name, schema)| (name.clone(), wordless(schema))).collect();
    serde_json::json!({ "methods": methods, "schemas": schemas })
}

fn remove_words(schema: &mut Schema) {
    schema.remove("description");
    // OpenAPI 3.0 has no words beside a reference, so a field with both is wrapped.
    let only = schema.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.get("allOf")?.as_array());
    if let Some([inner]) = only.map(Vec::as_slice) {
        *schema = Schema::try_from(inner.clone()).unwrap_or_default();
    }
}
