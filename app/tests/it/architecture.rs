//! The rules that keep the modules apart, each a function over the tree, and seeded violations that prove each one bites.
//!
//! Rules 1 to 4, 8 and 9 read the crates and the files, rule 5 asks the databases, rule 7 the table of routes. Rule 6 (no call inside a unit of work) is
//! proved where it is made, in `modules/kernel/tests/contract/transaction.rs`.

mod fences;
mod routes;
mod rules;
mod seeds;
mod text;
mod tree;

use tree::Tree;

fn assert_holds(rule: fn(&Tree) -> Vec<String>) {
    let violations = rule(&Tree::of_this_workspace());
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn rule_1_an_api_crate_depends_on_the_kernel_and_plain_values_only() {
    assert_holds(rules::api_crates_are_plain);
}

#[test]
fn rule_2_a_module_knows_other_modules_by_their_api_only() {
    assert_holds(rules::modules_are_apart);
}

#[test]
fn rule_3_only_stores_speak_to_databases() {
    assert_holds(rules::diesel_stays_in_stores);
}

#[test]
fn rule_4_migrations_name_their_own_tables_and_have_twins() {
    assert_holds(rules::migrations_stay_at_home);
}

#[test]
fn rule_7_every_route_is_in_the_table_and_its_classes_fit() {
    assert_holds(routes::all_in_the_table);
    let violations = routes::classes_fit(&routes::of_the_table());
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn rule_8_every_path_in_the_maps_exists() {
    assert_holds(rules::maps_are_true);
}

#[test]
fn rule_9_contracts_are_small() {
    assert_holds(rules::contracts_are_small);
}
