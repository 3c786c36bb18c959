//! The OpenAPI 3.1 description: the API of the shop, and the contracts of the modules, from which its types come.

use actix_web::HttpResponse;
use kernel::contract::{Description, describe};
use serde_json::{Map, Value, json};

use crate::web::{Answer, Visit};

/// `GET /api/openapi.json`
///
/// # Errors
/// Never.
pub async fn show(_: Visit) -> Answer {
    Ok(HttpResponse::Ok().json(document()))
}

/// The document.
pub fn document() -> Value {
    let contracts = [
        describe::<dyn catalog_api::Catalog>(),
        describe::<dyn inventory_api::Inventory>(),
        describe::<dyn billing_api::Billing>(),
        describe::<dyn orders_api::Orders>(),
        describe::<dyn cart_api::Carts>(),
        describe::<dyn accounts_api::Accounts>(),
    ];
    let mut paths = store_paths();
    let mut schemas = Map::new();
    for contract in &contracts {
        add_contract(contract, &mut paths, &mut schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Freestone",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "`/api/v1` is the shop's API. `/contract` is how its modules call each other, on the internal listener only.",
        },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn store_paths() -> Map<String, Value> {
    let parameter = |name: &str, place: &str, schema: Value| json!({ "name": name, "in": place, "required": place == "path", "schema": schema });
    let text = || json!({ "type": "string" });
    let number = |maximum: u32| json!({ "type": "integer", "minimum": 1, "maximum": maximum });
    let list = json!({
        "type": "object",
        "required": ["items", "total"],
        "properties": {
            "items": { "type": "array", "items": { "$ref": "#/components/schemas/catalog.ProductCard" } },
            "total": { "type": "integer" },
        },
    });
    let answers = |schema: Value| {
        json!({
            "200": { "description": "Found.", "content": { "application/json": { "schema": schema } } },
            "400": { "description": "A parameter is unknown or wrong.", "content": { "application/problem+json": {} } },
            "404": { "description": "There is none for sale.", "content": { "application/problem+json": {} } },
        })
    };
    let mut paths = Map::new();
    paths.insert(
        "/api/v1/store/products".to_owned(),
        json!({ "get": {
            "operationId": "listProducts",
            "summary": "A page of products that are for sale.",
            "parameters": [
                parameter("category", "query", text()),
                parameter("q", "query", text()),
                parameter("sort", "query", json!({ "enum": ["newest", "price", "-price", "title"] })),
                parameter("page", "query", number(100_000)),
                parameter("limit", "query", number(100)),
            ],
            "responses": answers(list),
        } }),
    );
    paths.insert(
        "/api/v1/store/products/{slug}".to_owned(),
        json!({ "get": {
            "operationId": "showProduct",
            "summary": "One product that is for sale.",
            "parameters": [parameter("slug", "path", text())],
            "responses": answers(json!({ "$ref": "#/components/schemas/catalog.Product" })),
        } }),
    );
    paths
}

/// Schemas of different modules may have the same name, so each gets its module's in front.
fn add_contract(contract: &Description, paths: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let own = |value: &Value| {
        let text =
            value.to_string().replace("#/components/schemas/", &format!("#/components/schemas/{}.", contract.module));
        // A value that was just written can be read.
        serde_json::from_str::<Value>(&text).unwrap_or_default()
    };
    for (name, schema) in &contract.schemas {
        schemas.insert(format!("{}.{name}", contract.module), own(schema));
    }
    for method in &contract.methods {
        let content =
            |schema: &Value| json!({ "application/json": { "schema": own(schema) }, "application/msgpack": {} });
        let operation = json!({ "post": {
            "operationId": format!("{}.{}", contract.module, method.name),
            "summary": method.summary,
            "tags": [contract.module],
            "x-kind": method.kind,
            "x-idempotent-by": method.idempotent_by,
            "requestBody": { "required": true, "content": content(&method.schemas.request) },
            "responses": {
                "200": { "description": "Done.", "content": content(&method.schemas.response) },
                "422": { "description": "Refused.", "content": content(&method.schemas.error) },
            },
        } });
        paths.insert(format!("/contract/{}/{}", contract.module, method.name), operation);
    }
}
