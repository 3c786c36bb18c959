//! The categories of the navigation.

use catalog_api::Category;
use kernel::db::Db;

use crate::{Answer, store};

pub(crate) async fn categories(db: &Db) -> Answer<Vec<Category>> {
    db.read(|conn| Ok(store::categories_all(conn)?)).await
}
