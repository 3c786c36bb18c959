//! Rule 5: the databases themselves refuse a module that reaches for another module's tables.

use diesel::prelude::*;
use diesel::sql_types::Text;
use kernel::CallError;
use kernel::db::{Db, Failure, Schema};
use kernel::testing::{Backend, TestHome, backends};

fn schemas() -> Vec<Schema> {
    vec![
        accounts::schema(),
        billing::schema(),
        cart::schema(),
        catalog::schema(),
        inventory::schema(),
        orders::schema(),
        freestone::assemble::schema(),
    ]
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

async fn names(db: &Db, query: &'static str) -> Vec<String> {
    let rows = db.read(move |conn| -> Result<Vec<Name>, Failure> { Ok(diesel::sql_query(query).load(conn)?) });
    rows.await.expect(query).into_iter().map(|row| row.name).collect()
}

/// What the database answers to `statement`, when it refuses.
async fn refusal(db: &Db, statement: String) -> Option<String> {
    let done = db.write(move |conn| -> Result<(), Failure> {
        diesel::sql_query(statement).execute(conn)?;
        Ok(())
    });
    match done.await {
        Ok(()) => None,
        Err(CallError::Internal(cause)) => Some(cause),
        Err(other) => Some(other.to_string()),
    }
}

async fn homes(backend: Backend) -> (TestHome, Vec<Db>) {
    let home = TestHome::new(backend);
    let mut dbs = Vec::new();
    for schema in schemas() {
        dbs.push(home.open(schema).await);
    }
    (home, dbs)
}

#[tokio::test]
async fn rule_5_on_postgresql_a_modules_role_is_denied_every_other_table() {
    let Some(backend) = backends().into_iter().find(|backend| matches!(backend, Backend::Postgres(_))) else {
        println!("NOT RUN: FREESTONE_TEST_POSTGRES is not set");
        return;
    };
    let (_home, dbs) = homes(backend).await;
    let mut pairs = 0;
    for owner in &dbs {
        let schema = names(owner, "SELECT current_schema()::text AS name").await.swap_remove(0);
        let tables =
            names(owner, "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()").await;
        assert!(tables.len() > 3, "{schema} holds {tables:?}");
        for table in tables {
            let own = refusal(owner, format!("SELECT 1 FROM \"{schema}\".\"{table}\"")).await;
            assert_eq!(own, None, "{} cannot read its own {table}", owner.module());
            for other in dbs.iter().filter(|other| other.module() != owner.module()) {
                for reach in ["SELECT 1 FROM", "DELETE FROM", "LOCK TABLE"] {
                    let said = refusal(other, format!("{reach} \"{schema}\".\"{table}\"")).await.unwrap_or_default();
                    let who = format!("{}: {reach} {}.{table}", other.module(), owner.module());
                    assert!(said.contains("permission denied"), "{who} answered {said:?}");
                    pairs += 1;
                }
            }
        }
        for other in dbs.iter().filter(|other| other.module() != owner.module()) {
            let said = refusal(other, format!("CREATE TABLE \"{schema}\".planted (id INT)")).await.unwrap_or_default();
            assert!(said.contains("permission denied"), "{} could build in {schema}: {said:?}", other.module());
        }
    }
    println!("{pairs} attempts were denied");
}

#[tokio::test]
async fn rule_5_on_sqlite_a_module_cannot_name_another_modules_file() {
    let (_home, dbs) = homes(Backend::Sqlite).await;
    for owner in &dbs {
        let tables = names(owner, "SELECT name FROM sqlite_schema WHERE type = 'table'").await;
        for other in dbs.iter().filter(|other| other.module() != owner.module()) {
            for table in &tables {
                let reach = format!("SELECT 1 FROM \"{}\".\"{table}\"", owner.module());
                let said = refusal(other, reach).await.unwrap_or_default();
                assert!(
                    said.contains("no such table"),
                    "{} named {}.{table}: {said:?}",
                    other.module(),
                    owner.module()
                );
            }
        }
        let files = names(owner, "SELECT name FROM pragma_database_list").await;
        assert_eq!(files, ["main"], "{} has another file open", owner.module());
    }
}
