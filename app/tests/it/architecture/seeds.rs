//! Violations, planted into a copy of the tree: a rule whose violation passes is not a rule.

use std::collections::BTreeSet;

use accounts_api::Permission;
use actix_web::http::Method;
use freestone::routes::{Access, Cache, Csrf, Rate};

use super::routes::{self, Declared};
use super::rules;
use super::text::code_of;
use super::tree::{Dependency, Kind, Tree};

/// Plants a violation and expects `rule` to say something new about it that names `culprit`.
#[track_caller]
fn bites(rule: fn(&Tree) -> Vec<String>, culprit: &str, plant: impl FnOnce(&mut Tree)) {
    let mut tree = Tree::of_this_workspace();
    let before: BTreeSet<String> = rule(&tree).into_iter().collect();
    plant(&mut tree);
    let after: BTreeSet<String> = rule(&tree).into_iter().collect();
    let said: Vec<_> = after.difference(&before).collect();
    assert!(said.iter().any(|words| words.contains(culprit)), "nothing was said of {culprit}, only {said:?}");
}

/// Plants something harmless and expects `rule` to say nothing new.
#[track_caller]
fn lets_pass(rule: fn(&Tree) -> Vec<String>, plant: impl FnOnce(&mut Tree)) {
    let mut tree = Tree::of_this_workspace();
    let before = rule(&tree);
    plant(&mut tree);
    assert_eq!(rule(&tree), before);
}

fn on(name: &str) -> Dependency {
    Dependency { name: name.to_owned(), kind: Kind::Normal, optional: false, features: Vec::new() }
}

/// `package` depends on `dependency`, and not in another way too.
fn depend(tree: &mut Tree, package: &str, dependency: Dependency) {
    let dependencies = &mut tree.package(package).dependencies;
    dependencies.retain(|known| known.name != dependency.name);
    dependencies.push(dependency);
}

fn write(tree: &mut Tree, path: &str, text: &str) {
    tree.files.insert(path.to_owned(), text.to_owned());
}

fn append(tree: &mut Tree, path: &str, text: &str) {
    tree.files.get_mut(path).expect(path).push_str(text);
}

/// A migration of `module` for both databases, so that only its words can be wrong.
fn migrate(tree: &mut Tree, module: &str, sql: &str) {
    for database in ["postgres", "sqlite"] {
        let folder = format!("migrations/{module}/{database}/2030-01-01-000000_seed");
        write(tree, &format!("{folder}/up.sql"), sql);
        write(tree, &format!("{folder}/down.sql"), "SELECT 1;");
    }
}

#[test]
fn rule_1_bites_an_api_that_depends_on_another_api() {
    bites(rules::api_crates_are_plain, "cart-api depends on catalog-api", |tree| {
        depend(tree, "cart-api", on("catalog-api"))
    });
}

#[test]
fn rule_1_bites_an_api_that_depends_on_an_implementation() {
    bites(rules::api_crates_are_plain, "orders-api depends on billing", |tree| {
        depend(tree, "orders-api", on("billing"))
    });
}

#[test]
fn rule_1_bites_an_api_that_depends_on_a_database() {
    bites(rules::api_crates_are_plain, "billing-api depends on diesel", |tree| {
        depend(tree, "billing-api", Dependency { kind: Kind::Dev, ..on("diesel") });
    });
}

#[test]
fn rule_1_bites_an_api_with_the_store_of_the_kernel() {
    bites(rules::api_crates_are_plain, "catalog-api switches on", |tree| {
        depend(tree, "catalog-api", Dependency { features: vec!["store".to_owned()], ..on("kernel") });
    });
}

#[test]
fn rule_1_bites_a_feature_that_brings_the_store_in() {
    bites(rules::api_crates_are_plain, "the feature full of inventory-api", |tree| {
        tree.package("inventory-api").features.insert("full".to_owned(), vec!["kernel/store".to_owned()]);
    });
}

#[test]
fn rule_1_bites_default_features_of_the_kernel() {
    bites(rules::api_crates_are_plain, "default features", |tree| {
        tree.package("kernel").features.insert("default".to_owned(), vec!["store".to_owned()]);
    });
}

#[test]
fn rule_2_bites_a_module_that_depends_on_another() {
    bites(rules::modules_are_apart, "cart depends on inventory", |tree| depend(tree, "cart", on("inventory")));
}

#[test]
fn rule_2_bites_a_module_that_tests_with_another() {
    bites(rules::modules_are_apart, "orders depends on billing", |tree| {
        depend(tree, "orders", Dependency { kind: Kind::Dev, ..on("billing") });
    });
}

#[test]
fn rule_2_bites_a_module_that_always_has_the_host() {
    bites(rules::modules_are_apart, "catalog depends on host", |tree| depend(tree, "catalog", on("host")));
}

#[test]
fn rule_2_bites_the_host_outside_of_the_binary() {
    bites(rules::modules_are_apart, "modules/catalog/src/lib.rs names the host", |tree| {
        append(tree, "modules/catalog/src/lib.rs", "\n#[cfg(feature = \"service\")]\nuse host ::Settings;\n");
    });
}

#[test]
fn rule_2_bites_the_host_behind_another_feature() {
    bites(rules::modules_are_apart, "the feature remote of cart", |tree| {
        tree.package("cart").features.insert("remote".to_owned(), vec!["dep:host".to_owned()]);
    });
}

#[test]
fn rule_2_bites_a_module_that_renders_pages() {
    bites(rules::modules_are_apart, "accounts depends on tera", |tree| depend(tree, "accounts", on("tera")));
    bites(rules::modules_are_apart, "billing depends on actix-web", |tree| depend(tree, "billing", on("actix-web")));
    bites(rules::modules_are_apart, "orders depends on config", |tree| depend(tree, "orders", on("config")));
}

#[test]
fn rule_2_bites_a_host_that_knows_a_module() {
    bites(rules::modules_are_apart, "host depends on orders-api", |tree| depend(tree, "host", on("orders-api")));
    bites(rules::modules_are_apart, "host depends on catalog,", |tree| depend(tree, "host", on("catalog")));
}

#[test]
fn rule_2_bites_a_kernel_that_knows_what_is_above_it() {
    bites(rules::modules_are_apart, "kernel depends on host", |tree| {
        depend(tree, "kernel", Dependency { kind: Kind::Build, ..on("host") });
    });
}

#[test]
fn rule_2_bites_code_of_another_module_taken_in_by_its_path() {
    bites(rules::modules_are_apart, "modules/cart/src/prices.rs:1", |tree| {
        write(tree, "modules/cart/src/prices.rs", "#[path = \"../../catalog/src/store/mod.rs\"]\nmod store;\n");
    });
}

#[test]
fn rule_3_bites_a_query_in_a_use_case() {
    bites(rules::diesel_stays_in_stores, "modules/orders/src/cancel.rs", |tree| {
        write(tree, "modules/orders/src/cancel.rs", "use diesel::prelude::*;\n");
    });
}

#[test]
fn rule_3_bites_a_query_in_a_handler() {
    bites(rules::diesel_stays_in_stores, "app/src/storefront/lookup.rs", |tree| {
        write(tree, "app/src/storefront/lookup.rs", "fn all() { let _ = ::diesel::sql_query(\"SELECT 1\"); }\n");
    });
}

#[test]
fn rule_3_bites_a_database_under_another_name() {
    bites(rules::diesel_stays_in_stores, "modules/cart/src/totals.rs", |tree| {
        write(tree, "modules/cart/src/totals.rs", "// \"\nuse {diesel as database};\n");
    });
}

#[test]
fn rule_3_bites_the_kernel_outside_of_its_store() {
    bites(rules::diesel_stays_in_stores, "modules/kernel/src/contract/cache.rs", |tree| {
        write(tree, "modules/kernel/src/contract/cache.rs", "use r2d2::Pool;\n");
    });
}

#[test]
fn rule_3_lets_words_and_stores_pass() {
    lets_pass(rules::diesel_stays_in_stores, |tree| {
        write(
            tree,
            "modules/orders/src/words.rs",
            "//! Not by diesel::sql.\n/* diesel */ const A: &str = r#\"diesel \"::\"#;\n",
        );
        write(tree, "modules/orders/src/store/words.rs", "use diesel::prelude::*;\n");
    });
}

#[test]
fn rule_4_bites_a_foreign_key_to_another_module() {
    bites(rules::migrations_stay_at_home, "names orders", |tree| {
        migrate(tree, "billing", "CREATE TABLE dues (id TEXT, order_id TEXT REFERENCES orders (id));");
    });
}

#[test]
fn rule_4_bites_data_taken_from_another_module() {
    bites(rules::migrations_stay_at_home, "names products", |tree| {
        migrate(tree, "cart", "CREATE TABLE names (t TEXT); INSERT INTO names SELECT title FROM products;");
    });
}

#[test]
fn rule_4_bites_a_change_of_another_modules_table() {
    bites(rules::migrations_stay_at_home, "names users", |tree| {
        migrate(tree, "orders", "ALTER TABLE users ADD x TEXT;")
    });
    bites(rules::migrations_stay_at_home, "names carts", |tree| {
        migrate(tree, "orders", "UPDATE carts SET version = 1;")
    });
    bites(rules::migrations_stay_at_home, "names stock_levels", |tree| {
        migrate(tree, "catalog", "CREATE INDEX a ON stock_levels (sku);");
    });
    bites(rules::migrations_stay_at_home, "names payments", |tree| {
        migrate(tree, "orders", "DROP TABLE IF EXISTS payments;")
    });
}

#[test]
fn rule_4_bites_a_name_with_a_schema() {
    bites(rules::migrations_stay_at_home, "names catalog.products", |tree| {
        migrate(tree, "cart", "CREATE VIEW p AS SELECT c.id FROM carts c JOIN catalog.products x ON x.id = c.id;");
    });
}

#[test]
fn rule_4_bites_a_change_of_the_kernels_tables() {
    bites(rules::migrations_stay_at_home, "names outbox", |tree| migrate(tree, "orders", "DELETE FROM outbox;"));
    bites(rules::migrations_stay_at_home, "belongs to the kernel", |tree| {
        migrate(tree, "cart", "CREATE TABLE inbox (id TEXT);")
    });
}

#[test]
fn rule_4_bites_a_migration_for_one_database_only() {
    bites(rules::migrations_stay_at_home, "has no migrations/cart/sqlite/2030-01-01-000000_seed/up.sql", |tree| {
        migrate(tree, "cart", "SELECT 1;");
        tree.files.retain(|path, _| !path.starts_with("migrations/cart/sqlite/2030"));
    });
}

#[test]
fn rule_4_bites_a_migration_that_cannot_be_undone() {
    bites(rules::migrations_stay_at_home, "has no migrations/cart/postgres/2030-01-01-000000_seed/down.sql", |tree| {
        migrate(tree, "cart", "SELECT 1;");
        tree.files.remove("migrations/cart/postgres/2030-01-01-000000_seed/down.sql");
    });
}

#[test]
fn rule_4_bites_a_second_file_on_a_connection() {
    bites(rules::migrations_stay_at_home, "uses attach", |tree| migrate(tree, "cart", "ATTACH 'orders.sqlite' AS o;"));
    bites(rules::migrations_stay_at_home, "modules/cart/src/store/peek.rs opens", |tree| {
        write(tree, "modules/cart/src/store/peek.rs", "const PEEK: &str = \"attach 'orders.sqlite' as o\";");
    });
}

#[test]
fn rule_4_bites_a_module_that_migrates_another() {
    bites(rules::migrations_stay_at_home, "modules/cart/src/schemas.rs runs the migrations of \"orders\"", |tree| {
        write(tree, "modules/cart/src/schemas.rs", "embed_migrations!(\"../../migrations/orders/sqlite\");");
    });
}

#[test]
fn rule_4_lets_ordinary_sql_pass() {
    lets_pass(rules::migrations_stay_at_home, |tree| {
        migrate(
            tree,
            "cart",
            "-- products and orders\n\
             CREATE TABLE notes (id TEXT REFERENCES carts (id) ON DELETE CASCADE, x TEXT CHECK (x <> 'FROM orders'));\n\
             CREATE UNIQUE INDEX notes_x ON notes (x) WHERE x IS NOT NULL;\n\
             CREATE TRIGGER t BEFORE UPDATE ON notes BEGIN SELECT RAISE(ABORT, 'no'); END;\n\
             INSERT INTO notes (id) SELECT id FROM json_each('[]') ON CONFLICT DO NOTHING;\n\
             UPDATE notes SET x = '1' WHERE x IS DISTINCT FROM id;\n\
             ALTER TABLE notes RENAME TO remarks;",
        );
    });
}

/// Changes the route of `method` and `path`, and expects rule 7 to say why that does not fit.
#[track_caller]
fn misfits(method: &Method, path: &str, why: &str, change: impl FnOnce(&mut Declared)) {
    let mut routes = routes::of_the_table();
    let route = routes.iter_mut().find(|route| route.method == *method && route.path == path).expect(path);
    change(route);
    let said = routes::classes_fit(&routes);
    assert!(said.iter().any(|words| words.contains(path) && words.contains(why)), "{why}: {said:?}");
}

#[test]
fn rule_7_bites_a_change_without_a_guard() {
    misfits(&Method::POST, "/cart/lines", "not guarded", |route| route.csrf = Csrf::Safe);
    misfits(&Method::POST, "/cart/lines", "is signed by a provider", |route| route.csrf = Csrf::Signed);
    misfits(&Method::POST, "/webhooks/{provider}", "is signed by a provider", |route| route.csrf = Csrf::Token);
}

#[test]
fn rule_7_bites_a_private_page_that_is_kept() {
    misfits(&Method::GET, "/admin/orders", "may be kept", |route| route.cache = Cache::Public);
    misfits(&Method::GET, "/o/{secret}", "class Secret", |route| route.cache = Cache::Private);
}

#[test]
fn rule_7_bites_a_staff_page_for_everybody() {
    misfits(&Method::GET, "/admin/orders", "open to everybody", |route| route.access = Access::Public);
}

#[test]
fn rule_7_bites_a_door_that_can_be_tried_without_limit() {
    misfits(&Method::POST, "/admin/sign-in", "without limit", |route| route.rate = Rate::Browse);
}

#[test]
fn rule_7_bites_a_sensitive_page_that_does_not_ask_for_the_password_again() {
    let may = Access::May(Permission::ManageOrders);
    misfits(&Method::POST, "/admin/orders/{order}/paid", "password again", |route| route.access = may);
    misfits(&Method::GET, "/admin/export/products.csv", "password again", |route| route.access = Access::Staff);
}

#[test]
fn rule_7_bites_a_route_that_is_there_twice() {
    let mut routes = routes::of_the_table();
    let first = routes[0].clone();
    routes.insert(1, first.clone());
    assert!(routes::classes_fit(&routes).iter().any(|words| words.contains("twice")));
    routes.remove(1);
    routes.push(Declared { method: Method::POST, csrf: Csrf::Token, cache: Cache::Private, ..first });
    assert!(routes::classes_fit(&routes).iter().any(|words| words.contains("stands apart")));
}

#[test]
fn rule_7_bites_a_route_beside_the_table() {
    bites(routes::all_in_the_table, "app/src/admin/secret_door.rs", |tree| {
        write(tree, "app/src/admin/secret_door.rs", "fn add(app: App) { app.route(\"/door\", web::get().to(open)); }");
    });
    bites(routes::all_in_the_table, "app/src/web/other.rs", |tree| {
        write(tree, "app/src/web/other.rs", "#[get(\"/door\")]\nasync fn door() {}");
    });
}

#[test]
fn rule_8_bites_a_path_that_was_moved() {
    bites(rules::maps_are_true, "ARCHITECTURE.md names app/src/router.rs", |tree| {
        append(tree, "ARCHITECTURE.md", "\nEvery URL is in `app/src/router.rs`.\n");
    });
}

#[test]
fn rule_8_bites_a_path_that_is_misspelt() {
    bites(rules::maps_are_true, "names moduls/cart/src/lib.rs", |tree| {
        append(tree, "ARCHITECTURE.md", "\nSee [the cart](moduls/cart/src/lib.rs).\n");
    });
}

#[test]
fn rule_8_bites_one_of_several() {
    bites(rules::maps_are_true, "names migrations/cart/mysql", |tree| {
        append(tree, "ARCHITECTURE.md", "\n`migrations/cart/{postgres,mysql}`\n");
    });
}

#[test]
fn rule_8_bites_a_canvas() {
    bites(rules::maps_are_true, "modules/cart/README.md names src/wishes.rs", |tree| {
        append(tree, "modules/cart/README.md", "\n- `src/wishes.rs`: keeps wishes\n");
    });
    bites(rules::maps_are_true, "modules/billing/README.md, the canvas, is not there", |tree| {
        tree.files.remove("modules/billing/README.md");
    });
}

#[test]
fn rule_8_lets_urls_and_placeholders_pass() {
    lets_pass(rules::maps_are_true, |tree| {
        let text = "\n`/p/{slug}` `text/html` `modules/<m>/src` `cargo run` [a](https://example.org/a.md) `app/src/*.rs` `app`\n";
        append(tree, "ARCHITECTURE.md", text);
    });
}

#[test]
fn rule_9_bites_a_contract_that_offers_too_much() {
    bites(rules::contracts_are_small, "modules/cart/api/src/lib.rs offers 28 methods", |tree| {
        append(tree, "modules/cart/api/src/lib.rs", &"    async fn wish(&self);\n".repeat(16));
    });
}

#[test]
fn code_is_told_from_words() {
    let rust = "let a = 'd'; /* x /* y */ z */ let b: &'static str = \"d\\\"iesel\"; // diesel\nbr#\"x\"y\"# r\"\\\" b'\\'' end";
    assert_eq!(code_of(rust), "let a = \"\";   let b: &'static str = \"\";  \n\"\" \"\" b\"\" end");
}
